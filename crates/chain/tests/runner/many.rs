//! A hundred thousand items through three steps: each is done once, and memory holds a page, not the list.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::Query;
use axum::{Json, Router};
use patchbay_chain::report;
use patchbay_model::RunState;
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

const PAGE: u64 = 500;

/// What of this process's memory is its own, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_items_go_through_three_steps_in_flat_memory() {
    let items: u64 = if std::env::var_os("PATCHBAY_FULL").is_some() { 100_000 } else { 3_000 };
    let (told, pages) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (tells, lists) = (told.clone(), pages.clone());
    let router = Router::new()
        .route(
            "/items",
            axum::routing::get(
                move |Query(query): Query<std::collections::BTreeMap<String, u64>>| async move {
                    lists.fetch_add(1, Ordering::SeqCst);
                    let from = (query.get("page").copied().unwrap_or(1) - 1) * PAGE;
                    let row =
                        |n: u64| json!({"id": n, "text": format!("Item {n} with some more text about it")});
                    Json((from..items.min(from + PAGE)).map(row).collect::<Vec<Value>>())
                },
            ),
        )
        .route(
            "/told",
            axum::routing::post(move |Json(body): Json<Value>| async move {
                assert!(body["text"].as_str().unwrap().starts_with("Told: Item "), "{body}");
                let count = tells.fetch_add(1, Ordering::SeqCst);
                Json(json!({ "id": count }))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    let operations = json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
         "params": {"type": "object"}, "result": {"type": "object"},
         "pagination": {"next": {"type": "page", "param": "page", "start": 1}, "until": "empty_page"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message", "idempotency": {"type": "natural"},
         "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
         "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
         "result": {"type": "object"}},
    ]);
    let b = Bench::new(router, &operations, Tuning::default()).await;
    let from = |path: &str| json!([{"target": "/text", "source": {"type": "path", "path": path}}]);
    let told_text = json!({"type": "template", "template": "Told: {{item.text}}"});
    let run = b
        .run(json!([
            {"id": "list", "connection": "work", "operation": "list"},
            {"id": "make", "forEach": "list", "logic": {"type": "map"},
             "mapping": [{"target": "/text", "source": told_text}]},
            {"id": "tell", "connection": "work", "operation": "tell", "forEach": "list",
             "policy": {"parallel": 16}, "mapping": from("$.steps.make.text")},
        ]))
        .await;
    let (runner, work) = (b.runner.clone(), run.clone());
    let begun = Instant::now();
    let working = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&work, &mut wishes).await.unwrap()
    });
    let (mut at_start, mut most) = (None, 0);
    while !working.is_finished() {
        assert!(begun.elapsed() < Duration::from_secs(3_600), "it takes for ever: {told:?} of {items}");
        let now = memory();
        // Once a page is through, everything that is kept for one is there.
        if at_start.is_none() && told.load(Ordering::SeqCst) >= PAGE {
            at_start = Some(now);
        }
        most = most.max(now);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(working.await.unwrap(), RunState::Done);
    let at_start = at_start.unwrap_or(most);
    println!("{items} items: {:?}, {at_start} MiB after a page, at most {most} MiB", begun.elapsed());
    assert_eq!(told.load(Ordering::SeqCst), items, "each item is told once");
    assert_eq!(pages.load(Ordering::SeqCst), items / PAGE + 1);
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let before = memory();
    let (mut building, mut seq) = (report::Building::of(&run), 0);
    loop {
        let part = b.store.journal_part(&run.id, seq, 2_000).await.unwrap();
        let Some(last) = part.last() else { break };
        seq = last.seq;
        for entry in &part {
            building.take(entry);
        }
    }
    let reported = memory().saturating_sub(before);
    println!("{seq} facts: the report took {reported} MiB");
    let steps = building.finish().steps;
    let done: Vec<u64> = steps.iter().map(|step| u64::from(step.done)).collect();
    assert_eq!(done, [items / PAGE + 1, items, items]);
    assert_eq!(u64::from(steps[2].changes), items);
    assert_eq!(steps[2].sent.len(), 100, "the first ones are listed");
    assert!(reported < 60, "{reported} MiB for the report of {items} items");
    assert!(most - at_start < 60, "{} MiB more for {items} items", most - at_start);
}
