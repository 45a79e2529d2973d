//! What was done, what was not, and what nobody knows: undo, asking the service, asking the user, and
//! what the report says of each.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use patchbay_chain::{mapping, report};
use patchbay_model::run::{Decision, Run};
use patchbay_model::{Chain, Clock, Descriptor, Level, RunState, StepId, SystemClock};
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
        {"id": "fix", "title": "Fix", "verb": "create", "entity": "item",
            "request": {"method": "POST", "path": "/items", "body": {"name": "fixed"}}, "params": {"type": "object"},
            "result": {"type": "object"}, "undo": {"operation": "broken"}},
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

#[tokio::test]
async fn an_undo_that_fails_stands_beside_the_failure_and_never_over_it() {
    let (b, service) = bench(&[], false).await;
    let policy =
        json!({"tries": 1, "backoffMs": 1, "timeoutMs": 5_000, "parallel": 1, "onFailure": "stop_and_undo"});
    let fix = json!({"id": "fix", "connection": "work", "operation": "fix", "mapping": []});
    let broken =
        json!({"id": "broken", "connection": "work", "operation": "broken", "mapping": [], "policy": policy});
    let run = b.run(json!([fix, broken])).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert_eq!(service.count("POST /broken"), 2, "the step and the undo");
    let (report, text) = told(&b, &run).await;
    assert_eq!(report["undo"][0]["problem"]["code"], "COMPENSATION_FAILED", "{report:#}");
    assert!(
        text.contains("## Undo") && text.contains("Could not undo") && text.contains("## Problems"),
        "{text}"
    );
}

#[tokio::test]
async fn each_item_of_a_list_goes_by_itself_and_one_that_does_not_fit_is_put_aside() {
    let (b, service) = bench(&[], false).await;
    let given = [json!({"id": 1, "name": "a"}), json!({"id": 2}), json!({"id": 3, "name": "c"})];
    service.items.lock().unwrap().extend(given);
    let list = json!({"id": "list", "connection": "work", "operation": "list", "mapping": []});
    let mut each = add();
    each["forEach"] = json!("list");
    each["mapping"][0]["source"] = json!({"type": "path", "path": "$.item.name"});
    let run = b.run(json!([list, each])).await;
    assert_eq!(b.execute(&run).await, RunState::DoneWithProblems);
    assert_eq!(service.count("POST /items"), 2);
    let (report, _) = told(&b, &run).await;
    assert_eq!(
        (&report["steps"][1]["done"], &report["steps"][1]["quarantined"]),
        (&json!(2), &json!(1)),
        "{report:#}"
    );
}

#[test]
fn what_has_no_source_stops_a_chain_and_what_is_not_sure_is_pointed_at() {
    let descriptor: Descriptor = serde_json::from_value(json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example", "healthCheck": {"request": {"path": "/me"}},
        "operations": [{"id": "add", "title": "Add", "verb": "create", "entity": "item",
            "request": {"method": "POST", "path": "/items"},
            "params": {"type": "object", "required": ["name", "kind", "size"], "properties": {
                "name": {"type": "string"}, "kind": {"type": "string"}, "size": {"type": "integer", "default": 1}}}}],
    }))
    .unwrap();
    let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Chain", "steps": [
        {"id": "add", "connection": "work", "operation": "add", "mapping": [
            {"target": "/name", "source": {"type": "path", "path": "$.input.title"}, "confidence": 40, "reason": "the names are alike"}]},
        {"id": "gone", "connection": "elsewhere", "operation": "add", "mapping": []},
    ]}))
    .unwrap();
    let found = mapping::findings(&chain, |name| (name == "work").then_some(&descriptor));
    let said: Vec<_> = found.iter().map(|finding| (finding.level, finding.text.as_str())).collect();
    assert_eq!(
        said,
        [
            (
                Level::Warning,
                "Look at \"name\" of \"Add\": the match is not sure (40 of 100; the names are alike)."
            ),
            (Level::Blocker, "\"Add\" cannot run until \"kind\" has a source."),
        ]
    );
}

#[tokio::test]
async fn a_chain_with_mistakes_is_refused_with_all_of_them() {
    let (b, service) = bench(&[], false).await;
    let list = json!({"id": "list", "connection": "work", "operation": "list", "mapping": []});
    let steps = [
        (
            "nothing_like_it",
            json!({"id": "a", "connection": "work", "operation": "nothing_like_it", "mapping": []}),
        ),
        (
            "Two steps are called",
            json!({"id": "list", "connection": "work", "operation": "list", "mapping": []}),
        ),
        (
            "no earlier step",
            json!({"id": "b", "connection": "work", "operation": "add", "forEach": "later", "mapping": []}),
        ),
        (
            "cannot read lists",
            json!({"id": "c", "connection": "work", "operation": "list", "forEach": "list", "mapping": []}),
        ),
        (
            "does not give a list",
            json!({"id": "d", "connection": "work", "operation": "add", "forEach": "fix", "mapping": []}),
        ),
    ];
    let fix = json!({"id": "fix", "connection": "work", "operation": "fix", "mapping": []});
    let mut all = vec![list, fix];
    all.extend(steps.iter().map(|(_, step)| step.clone()));
    let run = b.run(Value::Array(all)).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert_eq!(service.asked.lock().unwrap().len(), 0, "nothing was sent");
    let (report, _) = told(&b, &run).await;
    let report = report.to_string();
    for (mistake, _) in steps {
        assert!(report.contains(mistake), "{mistake}: {report}");
    }
    let run = b.run(json!([])).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert!(told(&b, &run).await.0.to_string().contains("at least one step"));
}
