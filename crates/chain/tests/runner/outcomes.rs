//! What was done, what was not, and what nobody knows: undo, asking the service, asking the user, and
//! what the report says of each.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use patchbay_chain::report;
use patchbay_model::run::{Decision, Run};
use patchbay_model::{Clock, RunState, StepId, SystemClock};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// What was asked, and how the service answers what makes an item.
#[derive(Clone)]
struct Service {
    asked: Arc<Mutex<Vec<String>>>,
    items: Arc<Mutex<Vec<Value>>>,
    /// For each item to make: whether the answer is lost, and whether it was made.
    lost: Arc<Mutex<Vec<Option<bool>>>>,
}

async fn answer(State(service): State<Service>, method: Method, uri: Uri, body: String) -> Response {
    service.asked.lock().unwrap().push(format!("{method} {}", uri.path()));
    match (method.as_str(), uri.path()) {
        ("POST", "/items") => {
            let mut lost = service.lost.lock().unwrap();
            let lost = if lost.is_empty() { None } else { lost.remove(0) };
            let name = serde_json::from_str::<Value>(&body).unwrap()["name"].clone();
            let mut items = service.items.lock().unwrap();
            let item = json!({"id": items.len() + 1, "name": name, "at": SystemClock::new().now().to_string()});
            if lost != Some(false) {
                items.push(item.clone());
            }
            match lost {
                Some(_) => StatusCode::BAD_GATEWAY.into_response(),
                None => Json(item).into_response(),
            }
        }
        ("GET", "/items") => Json(json!(*service.items.lock().unwrap())).into_response(),
        ("POST", "/broken") => (StatusCode::UNPROCESSABLE_ENTITY, "{}").into_response(),
        _ => Json(json!({})).into_response(),
    }
}

async fn bench(lost: &[Option<bool>], with_lookup: bool) -> (Bench, Service) {
    let service =
        Service { asked: Arc::default(), items: Arc::default(), lost: Arc::new(Mutex::new(lost.to_vec())) };
    let router = Router::new().fallback(answer).with_state(service.clone());
    let name = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let mut add = json!({"id": "add", "title": "Add", "verb": "create", "entity": "item",
        "request": {"method": "POST", "path": "/items", "body": {"name": "{{params.name}}"}},
        "params": name, "result": {"type": "object"},
        "undo": {"operation": "remove", "params": {"id": "{{result.id}}"}}});
    if with_lookup {
        add["lookup"] =
            json!({"operation": "list", "matches": "{{ item.name == params.name and item.at >= sentAt }}"});
    }
    let operations = json!([
        add,
        {"id": "remove", "title": "Remove", "verb": "delete", "entity": "item",
            "request": {"method": "DELETE", "path": "/items/{{params.id}}"},
            "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
            "idempotency": {"type": "natural"}},
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "broken", "title": "Break", "verb": "create", "entity": "item",
            "request": {"method": "POST", "path": "/broken", "body": {}}, "params": {"type": "object"}},
    ]);
    (Bench::new(router, &operations, Tuning::default()).await, service)
}

fn add() -> Value {
    json!({"id": "add", "connection": "work", "operation": "add",
        "mapping": [{"target": "/name", "source": {"type": "fixed", "value": "Paper jam"}}]})
}

impl Service {
    fn count(&self, line: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == line).count()
    }
}

async fn told(bench: &Bench, run: &Run) -> (Value, String) {
    let journal = bench.store.journal(&run.id, 0).await.unwrap();
    let run = bench.store.run(&run.id).await.unwrap().unwrap();
    let built = report::build(&run, &journal);
    let (text, page) = (report::markdown(&built), report::html(&built));
    assert!(page.contains("Chain") && page.starts_with("<!doctype html>"), "{page}");
    (serde_json::to_value(built).unwrap(), text)
}

#[tokio::test]
async fn a_failure_takes_back_what_was_done_where_the_chain_says_so() {
    let (b, service) = bench(&[], false).await;
    let policy =
        json!({"tries": 1, "backoffMs": 1, "timeoutMs": 5_000, "parallel": 1, "onFailure": "stop_and_undo"});
    let run = b
        .run(json!([add(), {"id": "broken", "connection": "work", "operation": "broken", "mapping": [], "policy": policy}]))
        .await;
    assert_eq!(b.execute(&run).await, RunState::FailedUndone);
    assert_eq!((service.count("POST /items"), service.count("DELETE /items/1")), (1, 1));
    let (report, text) = told(&b, &run).await;
    assert_eq!(report["state"], "failed_undone");
    assert!(text.to_lowercase().contains("undone") || text.contains("taken back"), "{text}");
}

#[tokio::test]
async fn the_service_is_asked_about_an_answer_that_was_lost() {
    // Made, and found by asking: it is not made again.
    let (b, service) = bench(&[Some(true)], true).await;
    let run = b.run(json!([add()])).await;
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!((service.count("POST /items"), service.count("GET /items")), (1, 1));
    let (report, _) = told(&b, &run).await;
    assert_eq!(report["state"], "done");
    // Not made: known after a while, and then made once.
    let (b, service) = bench(&[Some(false)], true).await;
    let run = b.run(json!([add()])).await;
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!((service.count("POST /items"), service.items.lock().unwrap().len()), (2, 1));
}

#[tokio::test]
async fn what_nobody_can_know_is_asked_of_the_user_and_each_answer_is_followed() {
    for (decision, state, sent, removed) in [
        (Decision::Happened, RunState::Done, 1, 0),
        (Decision::NotHappened, RunState::Done, 2, 0),
        (Decision::Undo, RunState::Stopped, 1, 0),
    ] {
        let (b, service) = bench(&[Some(true)], false).await;
        let run = b.run(json!([add()])).await;
        assert_eq!(b.execute(&run).await, RunState::NeedsYou, "{decision:?}");
        let (report, text) = told(&b, &run).await;
        assert_eq!(report["state"], "needs_you");
        assert!(!text.is_empty());
        b.runner.resolve(&run, &StepId::from("add"), 0, decision).await.unwrap();
        let ended = b.execute(&run).await;
        assert!(ended == state || (decision == Decision::Undo && ended.is_final()), "{decision:?}: {ended:?}");
        assert_eq!(
            (service.count("POST /items"), service.count("DELETE /items/1")),
            (sent, removed),
            "{decision:?}"
        );
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_with_undo_takes_back_what_is_known_to_be_done() {
    // The second answer is lost: the run waits for somebody after the first was done.
    let (b, service) = bench(&[None, Some(true)], false).await;
    let unknown = json!({"id": "second", "connection": "work", "operation": "add",
        "mapping": [{"target": "/name", "source": {"type": "fixed", "value": "Another"}}]});
    let run = b.run(json!([add(), unknown])).await;
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    b.runner.stop(&run, true).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Stopped);
    assert_eq!((service.count("DELETE /items/1"), service.count("DELETE /items/2")), (1, 0));
    let (report, _) = told(&b, &run).await;
    assert_eq!(report["state"], "stopped");
}

#[tokio::test]
async fn a_chain_whose_connection_is_gone_is_refused_with_the_reason() {
    let (b, service) = bench(&[], false).await;
    let run = b.run(json!([{"id": "add", "connection": "elsewhere", "operation": "add", "mapping": []}])).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert_eq!(service.asked.lock().unwrap().len(), 0, "nothing was sent");
    let (report, text) = told(&b, &run).await;
    assert_eq!(report["state"], "failed");
    assert!(text.contains("elsewhere"), "{text}");
}
