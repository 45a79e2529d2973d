//! Undos that a service puts off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Json, Router};
use patchbay_chain::{Control, report};
use patchbay_model::report::{RunReport, StepState};
use patchbay_model::run::{Fact, Run, RunState, UndoOutcome};
use patchbay_model::{Code, JournalEntry};
use patchbay_store::Tuning;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::bench::Bench;
use crate::odd::{Shut, until};
use crate::recorded::{replayed, saved};

/// Messages that stand, and how their deletion is answered at first.
#[derive(Clone, Default)]
pub(crate) struct Service {
    messages: Arc<Mutex<BTreeSet<u32>>>,
    pub(crate) deleted: Arc<Mutex<Vec<u32>>>,
    /// How each message's deletion is refused, and how often still.
    refusals: Arc<Mutex<BTreeMap<u32, (u16, u32)>>>,
}

impl Service {
    pub(crate) fn refusing(refusals: impl IntoIterator<Item = (u32, (u16, u32))>) -> Self {
        Self { refusals: Arc::new(Mutex::new(refusals.into_iter().collect())), ..Self::default() }
    }

    pub(crate) fn router(&self) -> Router {
        let make = |State(service): State<Service>| async move {
            let mut messages = service.messages.lock().unwrap();
            let id = messages.last().map_or(1, |last| last + 1);
            messages.insert(id);
            Json(json!({ "id": id }))
        };
        let delete = |State(service): State<Service>, Path(id): Path<u32>| async move {
            service.deleted.lock().unwrap().push(id);
            if let Some((status, left)) = service.refusals.lock().unwrap().get_mut(&id).filter(|r| r.1 > 0) {
                *left -= 1;
                let status = StatusCode::from_u16(*status).unwrap();
                let asks = (status == StatusCode::TOO_MANY_REQUESTS).then_some([("Retry-After", "6")]);
                return (status, asks, Json(json!({}))).into_response();
            }
            service.messages.lock().unwrap().remove(&id);
            Json(json!({})).into_response()
        };
        Router::new()
            .route("/me", axum::routing::get(|| async { Json(json!({})) }))
            .route("/items", axum::routing::get(|| async { Json(json!([1, 2, 3, 4, 5])) }))
            .route("/told", axum::routing::post(make))
            .route("/told/{id}", axum::routing::delete(delete))
            .route("/broken", axum::routing::post(|| async { StatusCode::BAD_REQUEST }))
            .with_state(self.clone())
    }

    pub(crate) fn standing(&self) -> Vec<u32> {
        self.messages.lock().unwrap().iter().copied().collect()
    }
}

pub(crate) fn operations() -> Value {
    json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
         "params": {"type": "object"}, "result": {"type": "integer"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
         "request": {"method": "POST", "path": "/told"}, "params": {"type": "object"},
         "undo": {"operation": "forget", "params": {"id": "{{ result.id|string }}"}}},
        {"id": "forget", "title": "Forget", "verb": "delete", "entity": "message",
         "request": {"method": "DELETE", "path": "/told/{{params.id}}"}, "idempotency": {"type": "natural"},
         "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
        {"id": "broken", "title": "Break", "verb": "create", "entity": "item",
         "request": {"method": "POST", "path": "/broken"}, "params": {"type": "object"}},
    ])
}

/// Tells of each item, then fails and undoes.
fn steps(tries: u32) -> Value {
    let policy = json!({"tries": tries, "backoffMs": 1, "parallel": 1, "onFailure": "stop_and_undo"});
    json!([
        {"id": "list", "connection": "work", "operation": "list"},
        {"id": "tell", "connection": "work", "operation": "tell", "policy": policy, "forEach": "list"},
        {"id": "break", "connection": "work", "operation": "broken", "policy": policy},
    ])
}

fn working(b: &Bench, run: &Run) -> (mpsc::Sender<Control>, tokio::task::JoinHandle<RunState>) {
    let (runner, work) = (b.runner.clone(), run.clone());
    let (wish, mut wishes) = mpsc::channel(1);
    (wish, tokio::spawn(async move { runner.execute(&work, &mut wishes).await.unwrap() }))
}

async fn journal(b: &Bench, run: &Run) -> Vec<JournalEntry> {
    b.store.journal(&run.id, 0).await.unwrap()
}

pub(crate) async fn told(b: &Bench, run: &Run) -> RunReport {
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    report::build(&run, &journal(b, &run).await)
}

fn failed(journal: &[JournalEntry]) -> Vec<(u32, bool)> {
    let failed = journal.iter().filter_map(|entry| match &entry.fact {
        Fact::UndoResult { item, outcome: UndoOutcome::Failed { unknown, .. }, .. } => Some((*item, *unknown)),
        _ => None,
    });
    failed.collect()
}

async fn waits(b: &Bench, run: &Run) {
    until(async || {
        let state = b.store.run(&run.id).await.unwrap().unwrap().state;
        assert!(!state.is_final(), "what is only put off is not given up: {state:?}");
        state == RunState::Waiting
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_is_asked_to_wait_waits_and_nothing_behind_it_fails() {
    let service = Service::refusing([(3, (429, 1))]);
    let b = Bench::new(service.router(), &operations(), Tuning::default()).await;
    let run = b.run(steps(1)).await;
    let (_keep, work) = working(&b, &run);
    waits(&b, &run).await;
    let begun = Instant::now();
    let report = told(&b, &run).await;
    assert_eq!(report.steps[1].state, StepState::Retrying, "{report:?}");
    assert!(!report.headline.contains("could not"), "{}", report.headline);
    assert!(report.undo.iter().all(|line| line.undone), "{:?}", report.undo);
    let waiting: Vec<_> = report.steps[1].problems.iter().map(|one| (one.item, one.problem.code())).collect();
    assert_eq!(waiting, [(2, Code::RateLimited)], "what is waited for is said");
    assert!(report.steps[1].problems[0].problem.when().is_some(), "and until when");
    let state = tokio::time::timeout(Duration::from_secs(40), work).await.unwrap().unwrap();
    assert_eq!(state, RunState::FailedUndone);
    assert!(begun.elapsed() > Duration::from_secs(3), "it was asked to wait: {:?}", begun.elapsed());
    assert_eq!(service.standing(), Vec::<u32>::new());
    assert_eq!(
        *service.deleted.lock().unwrap(),
        [5, 4, 3, 3, 2, 1],
        "in reverse, each once but the one put off"
    );
    assert_eq!(failed(&journal(&b, &run).await), []);
    let report = told(&b, &run).await;
    assert_eq!((report.steps[1].state, report.steps[1].undone), (StepState::Undone, 5));
    let calls = &report.connections[0];
    // The list, five messages, the one that breaks it, six deletions.
    assert_eq!(
        (calls.calls, calls.calls_ok, calls.calls_failed, calls.calls_held),
        (13, 11, 1, 1),
        "{calls:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_is_tried_as_often_as_its_step_and_no_oftener() {
    let service = Service::refusing([(4, (503, 2)), (2, (503, 9))]);
    let b = Bench::new(service.router(), &operations(), Tuning::default()).await;
    let run = b.run(steps(3)).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert_eq!(*service.deleted.lock().unwrap(), [5, 4, 4, 4, 3, 2, 2, 2, 1], "three tries each at most");
    assert_eq!(service.standing(), [2]);
    assert_eq!(failed(&journal(&b, &run).await), [(1, false)], "it was refused each time");
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let test = saved(&b, &run).await;
    assert_eq!(
        replayed(&b, &test, &run.snapshot).await,
        Vec::<String>::new(),
        "kept as a test it does the same"
    );
}

/// What the service does with the deletion of the third message, how often it is then sent, and how it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_whose_answer_nobody_understands_is_sent_again_where_that_changes_nothing_more() {
    let once = json!({"type": "none"});
    let natural = json!({"type": "natural"});
    for (how, lost, sent, ends) in
        [(&natural, 1, 2, None), (&natural, 9, 3, Some(true)), (&once, 1, 1, Some(true))]
    {
        let service = Service::refusing([(3, (500, lost))]);
        let mut operations = operations();
        operations[2]["idempotency"] = how.clone();
        let b = Bench::new(service.router(), &operations, Tuning::default()).await;
        let run = b.run(steps(3)).await;
        let state = b.execute(&run).await;
        let context = format!("{how}, lost {lost} times");
        let wanted = if ends.is_none() { RunState::FailedUndone } else { RunState::Failed };
        assert_eq!(state, wanted, "{context}");
        let deleted = service.deleted.lock().unwrap().iter().filter(|id| **id == 3).count();
        assert_eq!(deleted, sent, "{context}");
        let unknown: Vec<_> = ends.into_iter().map(|unknown| (2, unknown)).collect();
        assert_eq!(failed(&journal(&b, &run).await), unknown, "{context}");
        let report = told(&b, &run).await;
        assert_eq!(report.undo.iter().filter(|line| line.unknown).count(), unknown.len(), "{context}");
        // The list, five messages, the one that breaks it, the deletions of the others.
        let calls = 1 + 5 + 1 + 4 + u32::try_from(sent).unwrap();
        assert_eq!(report.connections[0].calls, calls, "{context}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_for_good_is_not_tried_again() {
    let service = Service::refusing([(3, (403, 1))]);
    let b = Bench::new(service.router(), &operations(), Tuning::default()).await;
    let run = b.run(steps(3)).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert_eq!(*service.deleted.lock().unwrap(), [5, 4, 3, 2, 1]);
    assert_eq!(service.standing(), [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_waits_ends_when_the_user_stops_it_and_says_what_stays() {
    let service = Service::refusing([(3, (429, 1))]);
    let b = Bench::new(service.router(), &operations(), Tuning::default()).await;
    let run = b.run(steps(1)).await;
    let (wish, work) = working(&b, &run);
    waits(&b, &run).await;
    wish.send(Control::Stop { undo: false }).await.unwrap();
    let state = tokio::time::timeout(Duration::from_secs(20), work).await.unwrap().unwrap();
    assert_eq!(state, RunState::Stopped);
    assert_eq!(failed(&journal(&b, &run).await), [(2, false)]);
    assert_eq!(service.standing(), [1, 2, 3]);
    let report = told(&b, &run).await;
    assert_eq!((report.steps[1].undone, report.steps[1].stay), (2, 1));
    assert!(report.undo.iter().any(|line| !line.undone && line.again), "{:?}", report.undo);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_a_person_wished_for_ends_likewise_when_it_is_stopped_while_it_waits() {
    let service = Service::refusing([(3, (429, 1))]);
    let b = Bench::new(service.router(), &operations(), Tuning::default()).await;
    let mut steps = steps(1);
    steps.as_array_mut().unwrap().pop();
    let run = b.run(steps).await;
    assert_eq!(b.execute(&run).await, RunState::Done);
    b.runner.undo(&run).await.unwrap();
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let (wish, work) = working(&b, &run);
    waits(&b, &run).await;
    wish.send(Control::Stop { undo: false }).await.unwrap();
    let state = tokio::time::timeout(Duration::from_secs(4), work).await.expect("before it is due").unwrap();
    assert_eq!((state, service.standing()), (RunState::Stopped, vec![1, 2, 3]));
    assert_eq!(failed(&journal(&b, &run).await), [(2, false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_waits_for_a_locked_secret_store() {
    let service = Service::default();
    let keys = Arc::new(Shut::open());
    let b = Bench::with_key(service.router(), &operations(), keys.clone()).await;
    let mut steps = steps(1);
    steps.as_array_mut().unwrap().pop();
    let run = b.run(steps).await;
    assert_eq!(b.execute(&run).await, RunState::Done);
    keys.locked.store(true, Ordering::SeqCst);
    b.forget_keys();
    b.runner.undo(&run).await.unwrap();
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let (wish, work) = working(&b, &run);
    waits(&b, &run).await;
    assert_eq!(service.standing().len(), 5);
    keys.locked.store(false, Ordering::SeqCst);
    wish.send(Control::Unlocked).await.unwrap();
    let state = tokio::time::timeout(Duration::from_secs(30), work).await.expect("it goes on").unwrap();
    assert_eq!((state, service.standing()), (RunState::Stopped, Vec::new()));
    let report = told(&b, &run).await;
    let calls = &report.connections[0];
    assert_eq!((calls.calls, calls.retries), (11, 0), "what a lock kept here is no call: {calls:?}");
}
