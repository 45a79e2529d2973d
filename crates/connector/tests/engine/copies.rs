//! Copies of answers: who may answer in a service's place, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use patchbay_connector::SyncOptions;
use patchbay_model::connection::Account;
use patchbay_model::run::Outcome;
use serde_json::{Value, json};

use crate::bench::{Bench, KEY, MINUTE, Reply, Seen, added, bench_with, descriptor, ok, page_of};

fn cached(fresh: u32, stale: u32) -> Value {
    let mut document = descriptor();
    let said = json!({"freshSeconds": fresh, "staleSeconds": stale});
    document["operations"][2]["request"]["cached"] = said.clone();
    document["operations"][1]["request"]["cached"] = said;
    document["streams"][0]["request"]["cached"] = json!({});
    document["limits"] = json!({"retry": {"count": 0}});
    document
}

/// Answers with a tag, and with "not modified" who has it.
fn tagged(seen: &Seen, body: &Value) -> Reply {
    let tag = format!("\"{}\"", body.to_string().len());
    if seen.headers.get("if-none-match") == Some(&tag) {
        return (304, vec![("ETag", tag)], String::new());
    }
    (200, vec![("ETag", tag)], body.to_string())
}

/// The result of one call as a person sees it, whether it is a copy, and how many requests went out.
async fn shown(b: &Bench) -> (Result<Value, String>, bool, usize) {
    let planned = b.engine.plan(&b.target, "one", &json!({"id": "1"})).unwrap();
    let result = b.engine.call_shown(&b.target, &planned, None, MINUTE).await;
    let said = match result.outcome {
        Outcome::Done { output, .. } => Ok(output),
        Outcome::NotDone { problem } => Err(problem.code().to_string()),
        other => panic!("{other:?}"),
    };
    (said, result.held_at.is_some(), b.lines().len())
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let b = bench_with(cached(0, 0), |seen, _| tagged(seen, &json!({"id": 1}))).await;
    assert_eq!(shown(&b).await, (Ok(json!({"id": 1})), false, 1));
    assert_eq!(shown(&b).await, (Ok(json!({"id": 1})), true, 2));
    assert_eq!(b.last().headers["if-none-match"], "\"8\"");
    let planned = b.engine.plan(&b.target, "one", &json!({"id": "2"})).unwrap();
    b.engine.call(&b.target, &planned, None, MINUTE).await;
    assert!(!b.last().headers.contains_key("if-none-match"), "another request has no copy");
}

#[tokio::test]
async fn a_changed_answer_takes_the_place_of_the_copy() {
    let b = bench_with(cached(0, 600), |seen, number| match number {
        1 | 2 => tagged(seen, &json!({"id": number * 100})),
        _ => (500, vec![], "{}".into()),
    })
    .await;
    shown(&b).await.0.unwrap();
    b.engine
        .call(&b.target, &b.engine.plan(&b.target, "one", &json!({"id": "1"})).unwrap(), None, MINUTE)
        .await;
    assert_eq!(shown(&b).await.0, Ok(json!({"id": 100})), "the tag is the same, so nothing changed");
    let b = bench_with(cached(0, 600), |_, number| match number {
        1 | 2 => (200, vec![("Last-Modified", format!("{number}"))], json!({"id": number}).to_string()),
        _ => (500, vec![], "{}".into()),
    })
    .await;
    shown(&b).await.0.unwrap();
    assert_eq!(shown(&b).await, (Ok(json!({"id": 2})), false, 2));
    assert_eq!(b.last().headers["if-modified-since"], "1");
    assert_eq!(shown(&b).await, (Ok(json!({"id": 2})), true, 3), "the newer one is what is kept");
}

#[tokio::test]
async fn a_fresh_copy_answers_unasked_and_an_old_one_where_the_service_is_away() {
    let status = Arc::new(AtomicU16::new(200));
    let says = status.clone();
    let service = move |_: &Seen, _: usize| (says.load(Ordering::SeqCst), vec![], "{\"id\":1}".to_owned());
    let fresh = bench_with(cached(60, 0), service.clone()).await;
    assert_eq!(shown(&fresh).await, (Ok(json!({"id": 1})), false, 1));
    assert_eq!(shown(&fresh).await, (Ok(json!({"id": 1})), true, 1), "nobody was asked");
    let stale = bench_with(cached(0, 60), service).await;
    assert_eq!(shown(&stale).await, (Ok(json!({"id": 1})), false, 1));
    for (answer, want) in [
        (503, Ok(json!({"id": 1}))),
        (401, Err("AUTH_INVALID".to_owned())),
        (404, Err("NOT_FOUND".to_owned())),
        (429, Ok(json!({"id": 1}))),
    ] {
        status.store(answer, Ordering::SeqCst);
        let (said, copied, _) = shown(&stale).await;
        assert_eq!((said, copied), (want.clone(), want.is_ok()), "{answer}");
    }
    status.store(500, Ordering::SeqCst);
    let planned = stale.engine.plan(&stale.target, "one", &json!({"id": "1"})).unwrap();
    let in_a_run = stale.engine.call(&stale.target, &planned, None, MINUTE).await;
    assert!(matches!(in_a_run.outcome, Outcome::NotDone { .. }), "a run acts on what holds now");
}

#[tokio::test]
async fn a_copy_is_of_one_account_and_holds_no_secret() {
    let b = bench_with(cached(60, 60), |seen, _| {
        let echo = json!({"id": 1, "key": seen.headers["authorization"]});
        (200, vec![("ETag", "\"1\"".into())], echo.to_string())
    })
    .await;
    shown(&b).await.0.unwrap();
    assert_eq!(shown(&b).await.2, 1);
    let mut other = b.target.clone();
    other.connection.account = Some(Account { id: "2".into(), label: "Li".into() });
    let planned = b.engine.plan(&other, "one", &json!({"id": "1"})).unwrap();
    let result = b.engine.call_shown(&other, &planned, None, MINUTE).await;
    assert_eq!((result.held_at, b.lines().len()), (None, 2), "another account asks for itself");
    b.store.close().await;
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(b.store.dir()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap_or_default());
    }
    assert!(bytes.windows(5).any(|part| part == b"\"id\":"), "the answer is kept");
    assert!(!bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()), "the key is not");
}

#[tokio::test]
async fn a_list_and_a_stream_page_through_copies_and_lose_nothing() {
    let b = bench_with(cached(0, 0), |seen, _| match seen.line.as_str() {
        "GET /api/items" if !seen.query.contains_key("since") => tagged(seen, &page_of(seen, 5)),
        _ => ok(&json!([])),
    })
    .await;
    let planned = b.engine.plan(&b.target, "all", &json!({})).unwrap();
    for copied in [false, true] {
        let result = b.engine.call(&b.target, &planned, None, MINUTE).await;
        let Outcome::Done { output, .. } = result.outcome else { panic!("{:?}", result.outcome) };
        assert_eq!((output.as_array().map(Vec::len), result.held_at.is_some()), (Some(5), copied));
    }
    for _ in 0..2 {
        let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
        assert!(report.complete);
        b.store.checkpoint_clear(&b.target.connection.id, "items").await.unwrap();
    }
    assert_eq!(b.store.signal_count(&b.target.connection.id).await.unwrap(), 5);
    let not_modified =
        b.seen.lock().unwrap().iter().filter(|s| s.headers.contains_key("if-none-match")).count();
    assert_eq!(not_modified, 6, "three pages of the list, three of the stream");
}

#[tokio::test]
async fn neither_an_effect_nor_a_lookup_is_answered_from_a_copy() {
    let b = bench_with(cached(600, 600), |seen, _| match seen.line.as_str() {
        "GET /api/items" => tagged(seen, &page_of(seen, 1)),
        _ => tagged(seen, &json!({"id": 1})),
    })
    .await;
    let at = "2026-11-20T10:00:00Z".parse().unwrap();
    let list = b.engine.plan(&b.target, "all", &json!({})).unwrap();
    b.engine.call_shown(&b.target, &list, None, MINUTE).await;
    let before = b.lines().len();
    b.engine.lookup(&b.target, "add", &json!({"list": "l", "name": "n1"}), at).await.unwrap();
    assert_eq!(b.lines().len(), before + 1, "a lookup asks");
    assert!(!b.last().headers.contains_key("if-none-match"));
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    for sent in 1..=2 {
        b.engine.call_shown(&b.target, &planned, None, MINUTE).await;
        assert_eq!(b.lines().len(), before + 1 + sent);
    }
}

#[tokio::test]
async fn an_answer_whose_next_page_names_the_key_is_not_kept() {
    let b = bench_with(cached(600, 600), |_, _| {
        let link = format!("<https://a.example/?page=2&key={KEY}>; rel=prev");
        (200, vec![("ETag", "\"1\"".into()), ("Link", link)], "{\"id\":1}".to_owned())
    })
    .await;
    assert_eq!(shown(&b).await, (Ok(json!({"id": 1})), false, 1));
    assert_eq!(shown(&b).await, (Ok(json!({"id": 1})), false, 2), "it asks again");
}
