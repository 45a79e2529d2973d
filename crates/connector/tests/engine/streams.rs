//! Streams: page by page into the store.

use patchbay_connector::SyncOptions;
use patchbay_model::problem::{Code, Problem};
use serde_json::json;

use crate::bench::{bench, bench_with, descriptor, ok, page_of};

#[tokio::test]
async fn a_stream_is_stored_page_by_page_and_its_place_moves_at_the_end() {
    let b = bench(|seen, _| ok(&page_of(seen, 5))).await;
    let id = &b.target.connection.id;
    let cut = b
        .engine
        .sync(&b.target, "items", SyncOptions { max_pages: Some(2), ..SyncOptions::default() })
        .await
        .unwrap();
    assert_eq!((cut.new, cut.complete), (4, false));
    assert_eq!(b.store.checkpoint(id, "items").await.unwrap(), None, "older items may follow");
    let whole = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    assert_eq!((whole.new, whole.known, whole.complete), (1, 4, true));
    let place = b.store.checkpoint(id, "items").await.unwrap().unwrap();
    assert_eq!(place, json!({"timestamp": "2026-11-20T10:00:05Z"}));
    b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let since = b.seen.lock().unwrap().iter().rev().find_map(|seen| seen.query.get("since").cloned());
    assert_eq!(since.as_deref(), Some("2026-11-20T10:00:04Z"), "equal times are read again");
    assert_eq!(b.store.signal_count(id).await.unwrap(), 5, "and stored once");
}

#[tokio::test]
async fn a_bound_of_the_connector_does_not_move_the_place_past_what_was_not_read() {
    let mut bounded = descriptor();
    bounded["streams"][0]["pagination"]["maxPages"] = json!(1);
    let b = bench_with(bounded, |seen, _| ok(&page_of(seen, 5))).await;
    let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    assert_eq!((report.new, report.complete), (2, false));
    assert_eq!(b.store.checkpoint(&b.target.connection.id, "items").await.unwrap(), None);
}

#[tokio::test]
async fn a_forgotten_place_is_started_over_once() {
    let b = bench(|seen, _| {
        if seen.query.contains_key("since") { (410, vec![], "{}".into()) } else { ok(&page_of(seen, 3)) }
    })
    .await;
    b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let again = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    assert_eq!((again.started_over, again.known, again.complete), (true, 3, true));
}

/// The connector with a stream of notes for each item.
fn with_notes() -> serde_json::Value {
    let mut document = descriptor();
    document["streams"][0]["pagination"] = json!({"next": {"type": "none"}});
    document["streams"][0]["delta"] = json!({"type": "none"});
    let mut notes = document["streams"][0].clone();
    notes["id"] = json!("notes");
    notes["request"]["path"] = json!("/items/{{parent.id}}/notes");
    notes["forEach"] = json!({"stream": "items", "bind": {"id": "$.id"}});
    notes["delta"] = json!({"type": "timestamp_filter", "param": "since"});
    document["streams"].as_array_mut().unwrap().push(notes);
    document
}

#[tokio::test]
async fn a_parent_that_is_gone_is_passed_over() {
    let b = bench_with(with_notes(), |seen, _| match seen.line.as_str() {
        "GET /api/items" => ok(&json!([{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": 2, "at": "2026-11-20T10:00:00Z"}, {"id": 3, "at": "2026-11-20T10:00:00Z"}])),
        "GET /api/items/2/notes" => (404, vec![], "{}".into()),
        line => {
            let id: u64 = line.split('/').nth(3).unwrap().parse().unwrap();
            ok(&json!([{"id": id * 10, "at": "2026-11-20T10:00:05Z"}]))
        }
    })
    .await;
    let report = b.engine.sync(&b.target, "notes", SyncOptions::default()).await.unwrap();
    assert_eq!((report.new, report.pages, report.complete), (2, 2, true));
    let place = b.store.checkpoint(&b.target.connection.id, "notes").await.unwrap().unwrap();
    let at = json!({"timestamp": "2026-11-20T10:00:05Z"});
    assert_eq!(place, json!({"parents": {"1": at, "3": at}}));
    b.engine.sync(&b.target, "notes", SyncOptions::default()).await.unwrap();
    assert_eq!(b.last().query["since"], "2026-11-20T10:00:04Z");
}

#[tokio::test]
async fn a_parent_that_may_not_be_read_is_told_of_and_the_others_are_read() {
    let items = json!([{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": 2, "at": "2026-11-20T10:00:00Z"}]);
    for (forbidden, read) in [("1", "2"), ("2", "1")] {
        let (parents, closed) = (items.clone(), format!("GET /api/items/{forbidden}/notes"));
        let b = bench_with(with_notes(), move |seen, _| match seen.line.as_str() {
            "GET /api/items" => ok(&parents),
            line if line == closed => (403, vec![], "{}".into()),
            _ => ok(&json!([{"id": 9, "at": "2026-11-20T10:00:05Z"}])),
        })
        .await;
        let report = b.engine.sync(&b.target, "notes", SyncOptions::default()).await.unwrap();
        assert_eq!((report.new, report.complete), (1, false), "{forbidden}");
        assert_eq!(report.problems.iter().map(Problem::code).collect::<Vec<_>>(), [Code::PermissionDenied]);
        let place = b.store.checkpoint(&b.target.connection.id, "notes").await.unwrap().unwrap();
        assert_eq!(place, json!({"parents": {read: {"timestamp": "2026-11-20T10:00:05Z"}}}));
    }
    // Where none may be read, it is the connection that lacks something.
    let b = bench_with(with_notes(), move |seen, _| match seen.line.as_str() {
        "GET /api/items" => ok(&items),
        _ => (403, vec![], "{}".into()),
    })
    .await;
    let refused = b.engine.sync(&b.target, "notes", SyncOptions::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
