//! An undo that brings back what was there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use patchbay_chain::Control;
use patchbay_model::RunState;
use patchbay_model::run::{Fact, UndoOutcome};
use patchbay_store::Tuning;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::bench::Bench;

/// One item, and how often it was read and changed.
#[derive(Clone, Default)]
struct Service {
    item: Arc<Mutex<Map<String, Value>>>,
    calls: Arc<Mutex<Vec<String>>>,
    /// So many changes happen and their answers are lost.
    lost: Arc<Mutex<u32>>,
    /// Reads are refused.
    closed: Arc<Mutex<bool>>,
    /// Each read waits here, where it is set.
    gate: Arc<Mutex<Option<Arc<Semaphore>>>>,
    /// Each change likewise.
    hold: Arc<Mutex<Option<Arc<Semaphore>>>>,
    /// The next change is put off, and somebody makes the item this one meanwhile.
    overtaken: Arc<Mutex<Option<Map<String, Value>>>>,
}

impl Service {
    fn router(&self) -> axum::Router {
        let read = |State(service): State<Service>, Path(id): Path<String>| async move {
            service.calls.lock().unwrap().push(format!("read {id}"));
            let gate = service.gate.lock().unwrap().clone();
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            if *service.closed.lock().unwrap() {
                Err(StatusCode::FORBIDDEN)
            } else {
                service.calls.lock().unwrap().push(format!("told {id}"));
                Ok(Json(json!({"fields": service.item.lock().unwrap().clone(), "key": id})))
            }
        };
        let change = |State(service): State<Service>, Path(id): Path<String>, Json(body): Json<Value>| async move {
            service.calls.lock().unwrap().push(format!("change {id}"));
            let hold = service.hold.lock().unwrap().clone();
            if let Some(hold) = hold {
                hold.acquire().await.unwrap().forget();
            }
            if let Some(other) = service.overtaken.lock().unwrap().take() {
                *service.item.lock().unwrap() = other;
                return Err((StatusCode::TOO_MANY_REQUESTS, [("Retry-After", "1")]).into_response());
            }
            for (name, value) in body.as_object().unwrap() {
                service.item.lock().unwrap().insert(name.clone(), value.clone());
            }
            let mut lost = service.lost.lock().unwrap();
            if *lost > 0 {
                *lost -= 1;
                return Err(StatusCode::BAD_GATEWAY.into_response());
            }
            Ok(Json(json!({"ok": true})))
        };
        axum::Router::new()
            .route("/me", axum::routing::get(|| async { Json(json!({})) }))
            .route("/items/{id}", axum::routing::get(read).put(change))
            .route(
                "/items",
                axum::routing::get(|| async {
                    Json(json!([{"id": "1", "title": "A"}, {"id": "2", "title": "B"}, {"id": "3", "title": "C"}]))
                }),
            )
            .route("/broken", axum::routing::post(|| async { StatusCode::BAD_REQUEST }))
            .with_state(self.clone())
    }
}

async fn bench(service: &Service) -> Bench {
    let text = json!({"type": ["string", "null"]});
    let operations = json!([
        {"id": "get", "title": "Get", "verb": "get", "entity": "item",
         "request": {"path": "/items/{{params.id}}"},
         "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
        {"id": "change", "title": "Change", "verb": "update", "entity": "item",
         "request": {"method": "PUT", "path": "/items/{{params.id}}",
            "body": {"title": "{{params.title}}", "note": "{{params.note}}"}},
         "params": {"type": "object", "required": ["id"],
            "properties": {"id": {"type": "string"}, "title": text, "note": text}},
         "idempotency": {"type": "natural"},
         "undo": {"operation": "change",
            "before": {"operation": "get", "params": {"id": "{{params.id}}"}},
            "params": {"id": "{{params.id}}", "title": "{{ before.fields.title if params.title }}",
                "note": "{{ before.fields.note if params.note }}"}}},
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
         "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "broken", "title": "Break", "verb": "create", "entity": "item",
         "request": {"method": "POST", "path": "/broken"}, "params": {"type": "object"}},
    ]);
    Bench::new(service.router(), &operations, Tuning::default()).await
}

fn steps(tries: u32) -> Value {
    let policy = json!({"tries": tries, "backoffMs": 1, "timeoutMs": 5_000, "parallel": 1, "onFailure": "stop_and_undo"});
    let fixed =
        |target: &str, value: &str| json!({"target": target, "source": {"type": "fixed", "value": value}});
    json!([
        {"id": "change", "connection": "work", "operation": "change", "policy": policy,
         "mapping": [fixed("/id", "7"), fixed("/title", "New"), fixed("/note", "Mine")]},
        {"id": "break", "connection": "work", "operation": "broken", "policy": policy, "mapping": []},
    ])
}

/// A list, and a change of each of its items, two at a time.
fn each_of_a_list() -> Value {
    let policy = json!({"tries": 1, "backoffMs": 1, "timeoutMs": 60_000, "parallel": 2});
    let from = |target: &str, path: &str| json!({"target": target, "source": {"type": "path", "path": path}});
    json!([
        {"id": "list", "connection": "work", "operation": "list"},
        {"id": "change", "connection": "work", "operation": "change", "policy": policy, "forEach": "list",
         "mapping": [from("/id", "$.item.id"), from("/title", "$.item.title")]},
    ])
}

fn item(title: &str) -> Map<String, Value> {
    let item = json!({"title": title, "note": null, "other": "stays", "secretive": "not wanted"});
    item.as_object().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_brings_back_what_was_there_and_only_that_is_kept() {
    let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
    let b = bench(&service).await;
    let run = b.run(steps(1)).await;
    assert_eq!(b.execute(&run).await, RunState::FailedUndone);
    assert_eq!(*service.item.lock().unwrap(), item("Old"), "as before, what was empty too");
    assert_eq!(*service.calls.lock().unwrap(), ["read 7", "told 7", "change 7", "change 7"]);
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    let kept: Vec<_> = journal
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Intent { before, .. } => before.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(kept, [json!({"fields": {"title": "Old", "note": null}})], "with the intent, and no more of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_our_own_lost_attempt_did_is_not_taken_for_what_was_there() {
    let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
    *service.lost.lock().unwrap() = 1;
    let b = bench(&service).await;
    let run = b.run(steps(3)).await;
    assert_eq!(b.execute(&run).await, RunState::FailedUndone);
    assert_eq!(*service.item.lock().unwrap(), item("Old"));
    let calls = service.calls.lock().unwrap().clone();
    assert_eq!(calls.iter().filter(|call| *call == "read 7").count(), 1, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_did_while_a_change_was_put_off_is_what_was_there() {
    for lost in [0, 1] {
        let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
        *service.overtaken.lock().unwrap() = Some(item("Somebody's"));
        *service.lost.lock().unwrap() = lost;
        let b = bench(&service).await;
        let run = b.run(steps(3)).await;
        assert_eq!(b.execute(&run).await, RunState::FailedUndone);
        assert_eq!(*service.item.lock().unwrap(), item("Somebody's"), "{lost} answers lost after it");
        let calls = service.calls.lock().unwrap().clone();
        assert_eq!(calls.iter().filter(|call| *call == "read 7").count(), 2, "{lost} answers lost: {calls:?}");
    }
}

/// Once nobody knew what became of an attempt, what is there may be our own doing, whatever was answered since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_once_in_doubt_is_not_read_again() {
    let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
    let b = bench(&service).await;
    let run = b.run(steps(3)).await;
    let request = patchbay_model::run::RequestSummary {
        method: "PUT".into(),
        url: String::new(),
        body: None,
        hash: String::new(),
    };
    let step = || patchbay_model::StepId::from("change");
    let until = "2026-11-20T12:00:00Z".parse().unwrap();
    let before = Some(json!({"fields": {"title": "Old", "note": null}}));
    let intent = |attempt, before| Fact::Intent {
        step: step(),
        item: 0,
        attempt,
        effect: true,
        request: request.clone(),
        key: None,
        before,
    };
    let boot = b.store.boot().clone();
    let started = |recovered| Fact::Started {
        boot: boot.clone(),
        recovered,
        connectors: std::collections::BTreeMap::new(),
    };
    let denied = Fact::Resolved {
        step: step(),
        item: 0,
        decision: patchbay_model::run::Decision::NotHappened,
        by_lookup: false,
        output: None,
    };
    let problem = patchbay_model::Problem::new(patchbay_model::Code::RateLimited);
    let put_off =
        Fact::Deferred { step: step(), item: 0, attempt: 2, until, problem, took_ms: Some(1), bytes: 0 };
    let facts = vec![
        started(false),
        Fact::Checked { findings: Vec::new() },
        Fact::StepOpened { step: step(), items: 1 },
        intent(1, before),
        started(true),
        denied,
        intent(2, None),
        put_off,
    ];
    b.store.journal_append(&run.id, facts, RunState::Queued).await.unwrap();
    // What somebody said had not happened had happened after all.
    service.item.lock().unwrap().insert("title".into(), json!("New"));
    assert_eq!(b.execute(&run).await, RunState::FailedUndone);
    assert_eq!(service.item.lock().unwrap()["title"], json!("Old"));
    assert_eq!(*service.calls.lock().unwrap(), ["change 7", "change 7"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_before_is_not_changed() {
    let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
    *service.closed.lock().unwrap() = true;
    let b = bench(&service).await;
    let run = b.run(steps(1)).await;
    assert_eq!(b.execute(&run).await, RunState::FailedUndone);
    assert_eq!(*service.calls.lock().unwrap(), ["read 7"], "nothing was changed");
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    assert!(!journal.iter().any(|entry| matches!(entry.fact, Fact::Intent { effect: true, .. })));
    let undone = |fact: &Fact| matches!(fact, Fact::UndoResult { outcome: UndoOutcome::Undone, .. });
    assert!(!journal.iter().any(|entry| undone(&entry.fact)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_written_down_while_another_change_waits_to_be_read() {
    let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
    let gate = Arc::new(Semaphore::new(0));
    *service.gate.lock().unwrap() = Some(gate.clone());
    let b = bench(&service).await;
    let run = b.run(each_of_a_list()).await;
    let (runner, work) = (b.runner.clone(), run.clone());
    let working = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&work, &mut wishes).await.unwrap()
    });
    // The first is changed; what was there before the others is not told for now.
    gate.add_permits(1);
    let changed = |entry: &patchbay_model::JournalEntry| matches!(&entry.fact, Fact::Result { step, attempt: 1, .. } if step.as_str() == "change");
    let durable = async {
        while b.store.journal(&run.id, 0).await.unwrap().iter().filter(|entry| changed(entry)).count() < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), durable).await;
    assert!(waited.is_ok(), "an answer is not kept in memory while something else is read");
    let reads = service.calls.lock().unwrap().iter().filter(|call| call.starts_with("read")).count();
    assert!(reads >= 2, "another one was being read meanwhile: {reads}");
    gate.add_permits(100);
    assert_eq!(working.await.unwrap(), RunState::Done);
    let mut calls = service.calls.lock().unwrap().clone();
    calls.retain(|call| !call.starts_with("told"));
    calls.sort();
    assert_eq!(calls, ["change 1", "change 2", "change 3", "read 1", "read 2", "read 3"], "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_before_a_change_is_read_anew_once_a_held_run_goes_on() {
    let service = Service { item: Arc::new(Mutex::new(item("Old"))), ..Service::default() };
    let (gate, hold) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    *service.gate.lock().unwrap() = Some(gate.clone());
    *service.hold.lock().unwrap() = Some(hold.clone());
    let b = bench(&service).await;
    let run = b.run(each_of_a_list()).await;
    let (runner, work) = (b.runner.clone(), run.clone());
    let (wish, mut wishes) = tokio::sync::mpsc::channel(1);
    let working = tokio::spawn(async move { runner.execute(&work, &mut wishes).await.unwrap() });
    let until = async |what: &str, count: usize| {
        let reached = async {
            while service.calls.lock().unwrap().iter().filter(|call| call.starts_with(what)).count() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
    };
    // Of one the service has told, and the change is under way; then the run is held.
    until("read", 2).await;
    gate.add_permits(1);
    until("change", 1).await;
    wish.send(Control::Pause).await.unwrap();
    let paused = async {
        let is_paused = |entry: &patchbay_model::JournalEntry| entry.fact == Fact::Paused;
        while !b.store.journal(&run.id, 0).await.unwrap().iter().any(is_paused) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), paused).await.unwrap();
    // Of the other it tells only now, and somebody changes it while the run is held.
    gate.add_permits(1);
    until("told", 2).await;
    *service.item.lock().unwrap() = item("Somebody's");
    wish.send(Control::Resume).await.unwrap();
    gate.add_permits(100);
    until("told", 3).await;
    hold.add_permits(100);
    assert_eq!(working.await.unwrap(), RunState::Done);
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    let mut kept = journal.iter().filter_map(|entry| match &entry.fact {
        Fact::Intent { before, .. } => before.as_ref().map(|before| before["fields"]["title"].clone()),
        _ => None,
    });
    assert_eq!(kept.next(), Some(json!("Old")));
    assert_eq!(kept.next(), Some(json!("Somebody's")), "an undo would else take away what somebody did since");
}
