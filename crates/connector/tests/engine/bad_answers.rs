//! Answers that are wrong in every way: each has its code, takes no long time, and loses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use patchbay_connector::SyncOptions;
use patchbay_model::Code;
use patchbay_model::run::Outcome;
use serde_json::{Value, json};

use crate::bench::{MINUTE, Reply, Seen, bench_with, descriptor, ok, page_of};

/// Long enough for two tries of the worst on a busy machine, far shorter than any timeout.
const SOON: Duration = Duration::from_secs(20);

fn patient() -> Value {
    let mut document = descriptor();
    document["limits"] = json!({"retry": {"count": 1, "firstPauseMs": 1, "longestPauseMs": 1}});
    document
}

#[tokio::test]
async fn a_second_page_that_is_wrong_is_told_and_read_again_later() {
    let deep = || ["[".repeat(200_000), "]".repeat(200_000)].concat();
    let cases: Vec<(&str, String, Code)> = vec![
        ("very deep", deep(), Code::MalformedResponse),
        ("cut off", "[{\"id\": 3, \"at\":".into(), Code::MalformedResponse),
        ("a page for people", "<!doctype html><p>Sign in".into(), Code::UnexpectedContent),
        ("empty", String::new(), Code::UnexpectedContent),
        ("too large", " ".repeat(17 << 20), Code::PayloadTooLarge),
        ("the first page again", page_of_first(), Code::MalformedResponse),
    ];
    for (name, body, want) in cases {
        let ill = Arc::new(AtomicBool::new(true));
        let says = ill.clone();
        let b = bench_with(patient(), move |seen, _| match seen.query.get("page").map(String::as_str) {
            Some("2") if says.load(Ordering::SeqCst) => (200, vec![], body.clone()),
            _ => ok(&page_of(seen, 5)),
        })
        .await;
        let started = Instant::now();
        let problem = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap_err();
        assert_eq!(problem.code(), want, "{name}");
        assert!(started.elapsed() < SOON, "{name} took {:?}", started.elapsed());
        let id = &b.target.connection.id;
        assert_eq!(b.store.signal_count(id).await.unwrap(), 2, "{name}: the first page is kept");
        assert_eq!(b.store.checkpoint(id, "items").await.unwrap(), None, "{name}: the place stays");
        ill.store(false, Ordering::SeqCst);
        let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
        assert_eq!(
            (report.new, report.known, report.complete),
            (3, 2, true),
            "{name}: nothing lost or doubled"
        );
    }
}

fn page_of_first() -> String {
    let item = |id: u8| json!({"id": id, "name": format!("n{id}"), "at": format!("2026-11-20T10:00:0{id}Z")});
    json!([item(1), item(2)]).to_string()
}

/// A service that never ends: with a new token each time, and with the same one.
fn endless(seen: &Seen, repeats: bool) -> Reply {
    let page: u64 = seen.query.get("after").map_or(0, |text| text.parse().unwrap());
    let next = if repeats { 1 } else { page + 1 };
    ok(&json!({"items": [{"id": page, "at": "2026-11-20T10:00:00Z"}], "next": next}))
}

#[tokio::test]
async fn a_service_without_an_end_is_read_up_to_the_bound() {
    for repeats in [false, true] {
        let mut document = patient();
        document["streams"][0]["mapping"]["itemsPath"] = json!("$.items[*]");
        document["operations"][1]["resultPath"] = json!("$.items[*]");
        let paging =
            json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "after"}, "maxPages": 25});
        document["streams"][0]["pagination"] = paging.clone();
        document["operations"][1]["pagination"] = paging;
        let b = bench_with(document, move |seen, _| endless(seen, repeats)).await;
        let read = b.engine.sync(&b.target, "items", SyncOptions::default()).await;
        let asked = b.lines().len();
        let planned = b.engine.plan(&b.target, "all", &json!({})).unwrap();
        let listed = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        if repeats {
            assert_eq!(read.unwrap_err().code(), Code::MalformedResponse, "a token that comes again");
            assert_eq!(asked, 2, "it is noticed at once");
            assert!(matches!(listed, Outcome::NotDone { .. }), "half a list is no list");
        } else {
            let report = read.unwrap();
            assert_eq!(
                (report.new, report.complete, asked),
                (25, false, 25),
                "and it is said that there is more"
            );
            assert!(matches!(listed, Outcome::Done { .. }), "a list is bounded on purpose");
        }
        let id = &b.target.connection.id;
        assert_eq!(b.store.checkpoint(id, "items").await.unwrap(), None, "what was not read may be older");
    }
}

#[tokio::test]
async fn one_bad_item_is_put_aside_and_the_others_go_on() {
    let b = bench_with(patient(), |_, _| {
        ok(&json!([{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": {"a": 1}, "at": "2026-11-20T10:00:00Z"},
            {"id": 3, "at": "soon"}, {"at": "2026-11-20T10:00:00Z"}, "text", null, {"id": 7, "at": "2026-11-20T10:00:00Z"}]))
    })
    .await;
    let options = SyncOptions { max_pages: Some(1), ..SyncOptions::default() };
    let report = b.engine.sync(&b.target, "items", options).await.unwrap();
    assert_eq!((report.items, report.new, report.quarantined), (7, 2, 5));
    let said: Vec<Code> = report.problems.iter().map(patchbay_model::Problem::code).collect();
    assert_eq!(said, [Code::SchemaMismatch; 5], "each with its reason");
}
