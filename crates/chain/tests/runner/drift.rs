//! A service that gives something else than before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use axum::routing::{get, post};
use patchbay_chain::drift;
use patchbay_model::check::Level;
use patchbay_model::problem::Code;
use patchbay_model::run::{Fact, Outcome};
use patchbay_model::{Chain, Descriptor, RunState};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// Runs a chain whose items once had a title, over these; gives the state, what was sent and why it failed.
async fn run_over(items: Value) -> (RunState, usize, Option<String>) {
    run_once(items, json!({"forEach": "list"}), "$.item.title").await
}

/// The same with a step that reads one record, which had a title often.
async fn run_on(record: Value) -> (RunState, usize, Option<String>) {
    run_once(record, json!({}), "$.steps.get.title").await
}

/// The same with one that had a title the one time it was read, for an operation that needs one.
async fn run_needing(record: Value) -> (RunState, usize, Option<String>) {
    run_once(record, json!({"operation": "must"}), "$.steps.get.title").await
}

async fn run_once(items: Value, mut add: Value, path: &str) -> (RunState, usize, Option<String>) {
    let posts = Arc::new(AtomicUsize::new(0));
    let posted = posts.clone();
    let me = get(|| async { Json(json!({"id": 1})) });
    let router =
        axum::Router::new().route("/me", me).route("/items", get(move || async move { Json(items) })).route(
            "/items",
            post(move || async move { Json(json!({"id": posted.fetch_add(1, Ordering::SeqCst)})) }),
        );
    let operations = json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item",
         "request": {"method": "GET", "path": "/items"}, "params": {"type": "object"},
         "result": {"type": "object"}},
        {"id": "get", "title": "Get", "verb": "get", "entity": "item",
         "request": {"method": "GET", "path": "/items"}, "params": {"type": "object"},
         "result": {"type": "object"}},
        {"id": "add", "title": "Add", "verb": "create", "entity": "item",
         "request": {"method": "POST", "path": "/items", "body": {"name": "{{params.name}}"}},
         "params": {"type": "object", "properties": {"name": {"type": "string"}}},
         "result": {"type": "object"}},
        {"id": "must", "title": "Must", "verb": "create", "entity": "item",
         "request": {"method": "POST", "path": "/items", "body": {"name": "{{params.name}}"}},
         "params": {"type": "object", "required": ["name"], "properties": {"name": {"type": ["string", "null"]}}},
         "result": {"type": "object"}}]);
    let b = Bench::new(router, &operations, Tuning::default()).await;
    let reads = if add["forEach"].is_null() { "get" } else { "list" };
    let needs = add["operation"] == "must";
    (add["id"], add["connection"]) = (json!("add"), json!("work"));
    let mut map = json!({"target": "/name", "source": {"type": "path", "path": path}, "seen": true});
    if !needs {
        (add["operation"], map["default"], map["always"]) = (json!("add"), json!("(no title)"), json!(true));
    }
    add["mapping"] = json!([map]);
    let run = b.run(json!([{"id": reads, "connection": "work", "operation": reads}, add])).await;
    let state = b.execute(&run).await;
    let why = b.store.journal(&run.id, 0).await.unwrap().into_iter().find_map(|entry| match entry.fact {
        Fact::Result { outcome: Outcome::NotDone { problem }, .. }
            if problem.code() == Code::SchemaMismatch =>
        {
            Some(problem.hint())
        }
        _ => None,
    });
    (state, posts.load(Ordering::SeqCst), why)
}

#[tokio::test]
async fn nothing_is_sent_when_a_field_is_gone_and_what_looks_like_it_is_named() {
    let (state, sent, why) = run_over(json!([{"headline": "a"}, {"headline": "b"}, {"headline": "c"}])).await;
    assert_eq!((state, sent), (RunState::Failed, 0));
    let why = why.unwrap();
    assert!(why.contains("\"title\"") && why.contains("Nothing was sent"), "{why}");
}

#[tokio::test]
async fn one_item_without_it_stops_nothing() {
    let (state, sent, why) = run_over(json!([{"title": "a"}, {"headline": "b"}, {"title": "c"}])).await;
    assert_eq!((state, sent, why), (RunState::Done, 3, None));
}

#[tokio::test]
async fn a_single_record_whose_field_has_another_name_now_is_not_sent_on() {
    let (state, sent, why) = run_on(json!({"id": 7, "headline": "a"})).await;
    assert_eq!((state, sent), (RunState::Failed, 0));
    let why = why.unwrap();
    assert!(why.contains("\"title\"") && why.contains("\"headline\" looks like it"), "{why}");
    for as_ever in [json!({"id": 7, "title": "a"}), json!({"id": 7, "title": null, "headline": "b"})] {
        assert_eq!(run_on(as_ever).await, (RunState::Done, 1, None));
    }
    let bare = run_on(json!({"id": 7})).await;
    assert_eq!(bare, (RunState::Done, 1, None), "some services leave out what is empty");
}

#[tokio::test]
async fn a_single_record_without_what_is_needed_is_not_sent_on_though_it_was_seen_once() {
    let (state, sent, why) = run_needing(json!({"id": 7})).await;
    assert_eq!((state, sent), (RunState::Failed, 0));
    let why = why.unwrap();
    assert!(why.contains("\"title\"") && why.contains("the service may give something else"), "{why}");
    for as_ever in [json!({"id": 7, "title": "a"}), json!({"title": "a"})] {
        assert_eq!(run_needing(as_ever).await, (RunState::Done, 1, None), "nobody maps the identifier");
    }
}

#[test]
fn before_a_run_one_record_is_a_reason_to_look_and_several_are_one_to_stop() {
    let descriptor: Descriptor = serde_json::from_value(json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example", "healthCheck": {"request": {"path": "/me"}},
        "operations": [
            {"id": "get", "title": "Get", "verb": "get", "entity": "item", "request": {"path": "/item"},
                "params": {"type": "object"}, "result": {"type": "object"}},
            {"id": "add", "title": "Add", "verb": "create", "entity": "item",
                "request": {"method": "POST", "path": "/items"}, "params": {"type": "object", "required": ["name"],
                    "properties": {"name": {"type": "string"}}}}],
    }))
    .unwrap();
    let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Chain", "steps": [
        {"id": "get", "connection": "work", "operation": "get"},
        {"id": "add", "connection": "work", "operation": "add", "mapping": [{"target": "/name", "seen": true,
            "always": true, "source": {"type": "path", "path": "$.steps.get.title"}}]},
    ]}))
    .unwrap();
    for (records, level) in [(1, Level::Warning), (5, Level::Blocker)] {
        let samples = [("get".to_owned(), vec![json!({"id": 7}); records])].into();
        let found = drift::findings(&chain, |_| Some(&descriptor), &samples);
        assert_eq!(
            found.iter().map(|finding| finding.level).collect::<Vec<_>>(),
            [level],
            "{records}: {found:#?}"
        );
    }
}
