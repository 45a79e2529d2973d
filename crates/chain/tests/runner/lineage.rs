//! A run that goes on from an earlier one, through lists that items were made into and that are made anew.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use patchbay_chain::Plan;
use patchbay_chain::again::{Earlier, Part};
use patchbay_chain::runner::Parts;
use patchbay_model::run::{Fact, Run};
use patchbay_model::{ConnectorId, RunState};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::inner::execute;

/// What the service was told, and what it refuses: orders by number, parts by identifier.
#[derive(Default)]
struct Seen {
    ordered: Vec<u64>,
    told: Vec<String>,
    refused: BTreeSet<String>,
}

/// Orders 1, 2 and 3 have two parts each. Which order of all it is stands in the text of its parts.
struct House {
    bench: Bench,
    /// Tells of each part in a run of another chain, which tells of its end too.
    inside: bool,
    /// Works out the text of each part in a step of its own.
    worded: bool,
    seen: Arc<Mutex<Seen>>,
}

impl House {
    async fn new() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (lists, orders, tells) = (seen.clone(), seen.clone(), seen.clone());
        let items = move || async move {
            if lists.lock().unwrap().refused.contains("list") {
                return (StatusCode::BAD_REQUEST, Json(json!({})));
            }
            (StatusCode::OK, Json(json!([{"id": 1}, {"id": 2}, {"id": 3}])))
        };
        let order = move |Path(n): Path<u64>| async move {
            let mut seen = orders.lock().unwrap();
            if seen.refused.contains(&n.to_string()) {
                return (StatusCode::BAD_REQUEST, Json(json!({})));
            }
            seen.ordered.push(n);
            let turn = seen.ordered.iter().filter(|other| **other == n).count();
            let part =
                |letter: &str| json!({"id": format!("{n}{letter}"), "text": format!("{n}{letter} {turn}")});
            (StatusCode::OK, Json(json!({"id": n, "parts": [part("a"), part("b")]})))
        };
        let told = move |Json(body): Json<Value>| async move {
            let text = body["text"].as_str().unwrap().to_owned();
            let mut seen = tells.lock().unwrap();
            if seen.refused.contains(&text[..2]) {
                return (StatusCode::BAD_REQUEST, Json(json!({})));
            }
            seen.told.push(text);
            (StatusCode::OK, Json(json!({"id": seen.told.len()})))
        };
        let router = Router::new()
            .route("/items", get(items))
            .route("/orders/{n}", post(order))
            .route("/orders/{n}/gone", delete(|| async { Json(json!({})) }))
            .route("/told", post(told))
            .fallback(|| async { Json(json!({})) });
        let operations = json!([
            {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
             "params": {"type": "object"}, "result": {"type": "object"}},
            {"id": "order", "title": "Order", "verb": "create", "entity": "order",
             "request": {"method": "POST", "path": "/orders/{{params.n}}"}, "idempotency": {"type": "natural"},
             "params": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
             "result": {"type": "object"},
             "undo": {"operation": "cancel", "params": {"n": "{{result.id}}"}}},
            {"id": "cancel", "title": "Cancel", "verb": "delete", "entity": "order",
             "request": {"method": "DELETE", "path": "/orders/{{params.n}}/gone"},
             "params": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
             "result": {"type": "object"}},
            {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
             "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
             "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
             "result": {"type": "object"}},
        ]);
        Self {
            bench: Bench::new(router, &operations, Tuning::default()).await,
            inside: false,
            worded: false,
            seen,
        }
    }

    /// The same where the run of another chain does each part.
    async fn with_inner_runs() -> Self {
        let house = Self { inside: true, ..Self::new().await };
        let tell = |id: &str, text: &str| {
            let source = json!({"type": "template", "template": text});
            json!({"id": id, "connection": "work", "operation": "tell", "policy": {"tries": 1},
                "mapping": [{"target": "/text", "source": source}]})
        };
        let steps = json!([tell("begin", "{{input.text}}"), tell("end", "end of {{input.text}}")]);
        let inner = serde_json::from_value(json!({"schema": 1, "name": "Inner", "steps": steps})).unwrap();
        house.bench.store.chain_save(None, &inner, "h").await.unwrap();
        house
    }

    fn refuse(&self, refused: &[&str]) {
        self.seen.lock().unwrap().refused = refused.iter().map(|text| (*text).to_owned()).collect();
    }

    /// Orders each item and tells each part. `on_failure`: what a refusal means.
    fn asked(&self, on_failure: &str) -> Run {
        let policy = json!({"onFailure": on_failure, "parallel": 1, "tries": 1});
        let path = |path: &str| json!({"type": "path", "path": path});
        let mut steps = json!([
            {"id": "list", "connection": "work", "operation": "list", "policy": policy},
            {"id": "order", "connection": "work", "operation": "order", "forEach": "list", "policy": policy,
             "mapping": [{"target": "/n", "source": path("$.item.id")}]},
            {"id": "parts", "forEach": "list", "logic": {"type": "split", "path": "$.steps.order.parts"}},
            {"id": "tell", "connection": "work", "operation": "tell", "forEach": "parts", "policy": policy,
             "mapping": [{"target": "/text", "source": path("$.item.text")}]},
        ]);
        if self.worded {
            steps[3]["mapping"][0]["source"] = path("$.steps.text.text");
            let text = json!({"id": "text", "forEach": "parts", "logic": {"type": "map"},
                "mapping": [{"target": "/text", "source": path("$.item.text")}]});
            steps.as_array_mut().unwrap().insert(3, text);
        }
        if self.inside {
            let step = steps[3].as_object_mut().unwrap();
            step.remove("connection");
            step.remove("operation");
            step.insert("logic".to_owned(), json!({"type": "chain", "chain": "Inner"}));
        }
        self.bench.asked(steps, Value::Null)
    }

    /// Runs it, and gives what was told by it.
    async fn run(&self, run: &Run, facts: Vec<Fact>) -> (RunState, Vec<String>) {
        self.bench.store.run_take_over(run, facts).await.unwrap();
        let (_, mut wishes) = Parts::new();
        let state = execute(&self.bench, &mut wishes, run).await;
        (state, std::mem::take(&mut self.seen.lock().unwrap().told))
    }

    /// Does what failed once more, and gives what was told by it.
    async fn again(&self, run: &Run, on_failure: &str) -> (Run, RunState, Vec<String>) {
        let tool = self.bench.runner.connectors.compiled(&ConnectorId::from("tool")).unwrap();
        let plan = Plan::of(&run.snapshot, |_| Some(tool.descriptor().as_ref())).unwrap();
        let mut earlier = Earlier::for_part(&plan, &Part::Failed);
        for entry in self.bench.store.journal(&run.id, 0).await.unwrap() {
            earlier.take(entry);
        }
        let facts = earlier.kept(run, &Part::Failed).unwrap();
        let next = self.asked(on_failure);
        let (state, told) = self.run(&next, facts).await;
        (next, state, told)
    }
}

#[tokio::test]
async fn what_comes_of_an_item_that_failed_is_done_too_and_nothing_else() {
    let house = House::new().await;
    house.refuse(&["2", "3a"]);
    let run = house.asked("skip_item");
    let (state, told) = house.run(&run, Vec::new()).await;
    assert_eq!((state, told), (RunState::DoneWithProblems, ["1a 1", "1b 1", "3b 1"].map(String::from).into()));
    house.refuse(&["2"]);
    let (again, state, told) = house.again(&run, "skip_item").await;
    assert_eq!((state, told), (RunState::DoneWithProblems, vec!["3a 1".to_owned()]));
    house.refuse(&[]);
    let (_, state, told) = house.again(&again, "skip_item").await;
    assert_eq!((state, told), (RunState::Done, ["2a 1", "2b 1"].map(String::from).into()));
    assert_eq!(house.seen.lock().unwrap().ordered, [1, 3, 2], "each once");
}

#[tokio::test]
async fn what_was_done_with_an_item_that_was_undone_stands_however_often_it_is_made_anew() {
    stands_however_often(House::new().await).await;
}

#[tokio::test]
async fn what_was_worked_out_of_what_was_undone_is_worked_out_anew() {
    stands_however_often(House { worded: true, ..House::new().await }).await;
}

#[tokio::test]
async fn what_stands_is_known_to_each_run_after_that_whether_or_not_it_came_to_it() {
    let house = House::new().await;
    house.refuse(&["3a"]);
    let run = house.asked("skip_item");
    let (_, told) = house.run(&run, Vec::new()).await;
    assert_eq!(told.len(), 5);
    // What was told cannot be taken back.
    house.bench.runner.undo(&run).await.unwrap();
    house.bench.execute(&run).await;
    // It tells of the third order, and does not come to the parts of the second.
    house.refuse(&["2"]);
    let (again, state, told) = house.again(&run, "skip_item").await;
    assert_eq!((state, told), (RunState::DoneWithProblems, vec!["3a 2".to_owned()]));
    house.refuse(&[]);
    let (_, state, told) = house.again(&again, "skip_item").await;
    assert_eq!((state, told), (RunState::Done, vec![]), "the parts of the second were told in the first run");
}

#[tokio::test]
async fn a_run_does_not_go_on_behind_what_was_undone() {
    let house = House::new().await;
    house.refuse(&["3a"]);
    let run = house.asked("stop_and_undo");
    house.run(&run, Vec::new()).await;
    let tool = house.bench.runner.connectors.compiled(&ConnectorId::from("tool")).unwrap();
    let plan = Plan::of(&run.snapshot, |_| Some(tool.descriptor().as_ref())).unwrap();
    for (part, may) in [
        (Part::From("tell".into()), false),
        (Part::Only("tell".into()), false),
        (Part::From("order".into()), true),
    ] {
        let mut earlier = Earlier::for_part(&plan, &part);
        let journal = house.bench.store.journal(&run.id, 0).await.unwrap();
        for entry in journal {
            earlier.take(entry);
        }
        let kept = earlier.kept(&run, &part);
        assert_eq!(kept.is_ok(), may, "{part:?}: {kept:?}");
        if let Err(problem) = kept {
            assert!(problem.hint().contains("was undone"), "{}", problem.hint());
        }
    }
}

async fn stands_however_often(house: House) {
    house.refuse(&["3a"]);
    let run = house.asked("stop_and_undo");
    let (state, told) = house.run(&run, Vec::new()).await;
    let before = ["1a 1", "1b 1", "2a 1", "2b 1"].map(String::from);
    assert_eq!((state, told), (RunState::Failed, before.into()), "what was told cannot be undone");
    // It ends before it comes to the parts.
    house.refuse(&["2"]);
    let (again, state, told) = house.again(&run, "stop_and_undo").await;
    assert_eq!((state, told), (RunState::FailedUndone, vec![]));
    house.refuse(&[]);
    let (_, state, told) = house.again(&again, "stop_and_undo").await;
    // The first order was made three times by now, the third one twice.
    assert_eq!((state, told), (RunState::Done, ["3a 2", "3b 2"].map(String::from).into()));
    assert_eq!(house.seen.lock().unwrap().ordered, [1, 2, 3, 1, 1, 2, 3]);
}

#[tokio::test]
async fn a_list_that_failed_as_a_whole_is_read_and_all_that_comes_of_it_is_done() {
    for on_failure in ["skip_item", "continue", "stop_and_keep"] {
        let house = House::new().await;
        house.refuse(&["list"]);
        let run = house.asked(on_failure);
        let (_, told) = house.run(&run, Vec::new()).await;
        assert!(told.is_empty(), "{on_failure}: {told:?}");
        house.refuse(&[]);
        let (_, state, told) = house.again(&run, on_failure).await;
        let all = ["1a 1", "1b 1", "2a 1", "2b 1", "3a 1", "3b 1"].map(String::from);
        assert_eq!((state, told), (RunState::Done, all.into()), "{on_failure}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_run_of_another_chain_did_of_an_item_stands_though_its_list_is_made_anew() {
    let house = House::with_inner_runs().await;
    // The parts of the second order come to be in the second run only, before those of the third.
    house.refuse(&["2", "en"]);
    let run = house.asked("skip_item");
    let (state, told) = house.run(&run, Vec::new()).await;
    let begun = ["1a 1", "1b 1", "3a 1", "3b 1"].map(String::from);
    assert_eq!((state, told), (RunState::DoneWithProblems, begun.into()));
    house.refuse(&["en"]);
    let (again, _, told) = house.again(&run, "skip_item").await;
    assert_eq!(told, ["2a 1", "2b 1"], "what was begun is not begun again");
    house.refuse(&[]);
    let (_, state, told) = house.again(&again, "skip_item").await;
    let ends = ["1a", "1b", "2a", "2b", "3a", "3b"].map(|part| format!("end of {part} 1"));
    assert_eq!((state, told), (RunState::Done, ends.into()));
}
