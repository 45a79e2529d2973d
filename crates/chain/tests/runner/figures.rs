//! What a run did in figures: the report in all its forms, and what Health reads, beside what the service
//! counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Json, Router};
use patchbay_chain::calls::answered;
use patchbay_chain::report;
use patchbay_model::report::ChangeState;
use patchbay_model::{Clock, Code, RunState, SystemClock};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// What the service saw.
#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    /// How often each text was sent.
    texts: Mutex<BTreeMap<String, u32>>,
}

/// A service that is down once for "b", takes no "c", and does not let go of "b" again.
async fn bench() -> (Bench, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let (lists, tells, takes) = (seen.clone(), seen.clone(), seen.clone());
    let router = Router::new()
        .route(
            "/items",
            axum::routing::get(move || async move {
                lists.requests.fetch_add(1, Ordering::SeqCst);
                Json(json!([{"name": "a"}, {"name": "b"}]))
            }),
        )
        .route(
            "/told",
            axum::routing::post(move |Json(body): Json<Value>| async move {
                tells.requests.fetch_add(1, Ordering::SeqCst);
                let text = body["text"].as_str().unwrap().to_owned();
                let mut texts = tells.texts.lock().unwrap();
                let count = texts.entry(text.clone()).or_default();
                *count += 1;
                let status = match (text.as_str(), *count) {
                    ("b", 1) => StatusCode::SERVICE_UNAVAILABLE,
                    ("c", _) => StatusCode::BAD_REQUEST,
                    _ => StatusCode::OK,
                };
                (status, Json(json!({"id": text})))
            }),
        )
        .route(
            "/told/{id}",
            axum::routing::delete(move |Path(id): Path<String>| async move {
                takes.requests.fetch_add(1, Ordering::SeqCst);
                if id == "b" { StatusCode::FORBIDDEN } else { StatusCode::NO_CONTENT }
            }),
        )
        .fallback(|| async { Json(json!({})) });
    let operations = json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
            "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "undo": {"operation": "take_back", "params": {"id": "{{result.id}}"}},
            "result": {"type": "object"}},
        {"id": "take_back", "title": "Take back", "verb": "delete", "entity": "message",
            "request": {"method": "DELETE", "path": "/told/{{params.id}}"},
            "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
    ]);
    (Bench::new(router, &operations, Tuning::default()).await, seen)
}

#[tokio::test]
async fn the_report_and_health_count_what_the_service_counted() {
    let (b, seen) = bench().await;
    let policy = json!({"tries": 3, "backoffMs": 1, "parallel": 1, "onFailure": "stop_and_undo"});
    let run = b
        .run(json!([
            {"id": "list", "connection": "work", "operation": "list"},
            {"id": "tell", "connection": "work", "operation": "tell", "forEach": "list", "policy": policy,
                "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.name"}}]},
            {"id": "break", "connection": "work", "operation": "tell", "policy": policy,
                "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "c"}}]},
        ]))
        .await;
    let begun = SystemClock::new().now() - Duration::from_secs(3_600);
    assert_eq!(b.execute(&run).await, RunState::Failed);
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let report = report::build(&run, &journal);

    let tell = &report.steps[1];
    assert_eq!(
        *seen.texts.lock().unwrap(),
        [("a", 1), ("b", 2), ("c", 1)].map(|(t, n)| (t.to_owned(), n)).into()
    );
    assert_eq!((tell.calls, tell.calls_ok, tell.calls_failed, tell.calls_held), (3, 2, 1, 0));
    assert_eq!((tell.changes, tell.undone, tell.stay), (2, 1, 1));
    let reasons: Vec<_> = tell.retry_reasons.iter().map(|one| (one.code, one.count)).collect();
    assert_eq!((tell.retries, reasons), (1, vec![(Some(Code::ServiceDown), 1)]));
    let sent: Vec<_> = tell.sent.iter().map(|one| (one.item, one.attempts, one.state)).collect();
    assert_eq!(sent, [(0, 1, ChangeState::Undone), (1, 2, ChangeState::Stays)]);

    let work = &report.connections[0];
    assert_eq!((report.connections.len(), work.connection.as_str()), (1, "work"));
    assert_eq!(u64::from(work.calls), seen.requests.load(Ordering::SeqCst), "the service's own count");
    assert_eq!((work.calls, work.calls_ok, work.calls_failed, work.retries), (7, 4, 3, 1));
    assert!(work.p50_ms.is_some() && work.p50_ms <= work.p95_ms && work.p95_ms <= work.p99_ms);

    // What Health reads was written with the journal, and is what can be counted from it again.
    let id = b.store.connection_named("work").await.unwrap().unwrap().id;
    let figures = b.store.step_figures(&id, begun).await.unwrap();
    let ended: Vec<_> = journal.iter().filter_map(|entry| answered(&entry.fact)).collect();
    assert_eq!(ended.len(), 7);
    for one in &figures {
        let own = ended.iter().filter(|(step, ..)| step.as_str() == one.step);
        let codes: Vec<_> = own.map(|(.., answer)| answer.code).collect();
        let ok = codes.iter().filter(|code| code.is_none()).count();
        assert_eq!((one.ok, one.failed + one.held), (ok as u64, (codes.len() - ok) as u64), "{}", one.step);
        assert_eq!(one.chain, run.chain_id.to_string());
    }
    let all: u64 = figures.iter().map(|one| one.ok + one.failed + one.held).sum();
    assert_eq!((figures.len(), all), (3, u64::from(work.calls)));
    assert_eq!(figures.iter().map(|one| one.retries).sum::<u64>(), u64::from(work.retries));

    let wire = serde_json::to_value(&report).unwrap();
    assert_eq!(wire["steps"][1]["retryReasons"][0]["code"], "SERVICE_DOWN");
    assert_eq!(wire["connections"][0]["callsFailed"], 3);
    let (text, page) = (report::markdown(&report), report::html(&report));
    for (shown, forms) in [
        ("| work | 7 | 4 | 3 | 0 | 1 |", "<tr><td>work<td>7<td>4<td>3<td>0<td>1<td>"),
        ("- tell, once: Tool ", "<li>tell, once: Tool "),
        (
            "- tell: 2 made, 1 undone, 1 could not be undone",
            "<li>tell: 2 made, 1 undone, 1 could not be undone",
        ),
        ("could not be undone, 2 attempts", "could not be undone, 2 attempts"),
    ] {
        assert!(text.contains(shown), "{shown} in\n{text}");
        assert!(page.contains(forms), "{forms} in\n{page}");
    }
}
