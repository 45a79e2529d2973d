//! Runs once more: nothing that was done is done again, nothing that was not is left.

use std::sync::Arc;

use patchbay_model::Problem;
use patchbay_model::time::ManualClock;
use serde_json::{Value, json};

use crate::Hub;
use crate::commands::dispatch;
use crate::workspace::tests::hub;

struct House {
    _dir: tempfile::TempDir,
    hub: Hub,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let house = Self { hub: hub(dir.path(), &clock), _dir: dir };
        house.call("sandbox_start", json!({})).await.unwrap();
        house
    }

    async fn call(&self, command: &str, request: Value) -> Result<Value, Problem> {
        dispatch(&self.hub, "default", command, request).await
    }

    async fn chain(&self, steps: Value) -> String {
        let chain = json!({"schema": 1, "name": "Chain", "steps": steps});
        self.call("chain_import", json!({ "chain": chain })).await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn run(&self, chain: &str) -> Value {
        let run = self.call("run_start", json!({ "chain": chain })).await.unwrap();
        self.call("run_wait", json!({"run": run["id"]})).await.unwrap()
    }

    async fn wait(&self, run: &Value) -> Value {
        self.call("run_wait", json!({"run": run["id"]})).await.unwrap()
    }

    /// The issues that the pretend tracker has.
    async fn issues(&self) -> usize {
        let request =
            json!({"name": "Sandbox Tracker", "operation": "list_issues", "params": {"state": "all"}});
        let answer = self.call("operation_call", request).await.unwrap();
        answer["result"].as_array().map_or_else(|| panic!("{answer}"), Vec::len)
    }
}

/// Adds one issue for each item; those whose title is empty do not fit.
fn adds() -> Value {
    json!([
        {"id": "rows", "logic": {"type": "split", "path": "$.input.rows"}},
        {"id": "add", "connection": "Sandbox Tracker", "operation": "create_issue", "forEach": "rows",
            "policy": {"tries": 1, "parallel": 1, "onFailure": "skip_item"},
            "mapping": [{"target": "/title", "source": {"type": "path", "path": "$.item.title"}}]},
        {"id": "count", "logic": {"type": "aggregate", "of": "add", "how": "count"}}
    ])
}

#[tokio::test]
async fn what_failed_is_run_once_more_and_what_was_done_is_not() {
    let house = House::new().await;
    let chain = house.chain(adds()).await;
    let before = house.issues().await;
    let rows = json!({"rows": [{"title": "One"}, {"title": ""}, {"title": "Three"}]});
    let run = house.call("run_start", json!({"chain": chain, "input": rows})).await.unwrap();
    let report = house.wait(&run).await;
    assert_eq!((&report["state"], &report["steps"][1]["done"]), (&json!("done_with_problems"), &json!(2)));
    assert_eq!(house.issues().await, before + 2);
    let again = house.call("run_failed", json!({"run": run["id"]})).await.unwrap();
    assert_eq!(again["origin"], json!("failed_items"));
    let report = house.wait(&again).await;
    let figures = |n: usize, what: &str| report["steps"][n][what].clone();
    assert_eq!(
        (figures(1, "kept"), figures(1, "done"), figures(1, "quarantined")),
        (json!(2), json!(0), json!(1))
    );
    assert_eq!(house.issues().await, before + 2, "what was done is not done again");
    let twice = house.call("run_failed", json!({"run": run["id"]})).await.unwrap_err();
    assert!(twice.hint().contains("Go on from that one"), "{twice:?}");
    let whole = json!({"rows": [{"title": "Four"}]});
    let started = house.call("run_again", json!({"runs": [run["id"]], "input": whole})).await.unwrap();
    let report = house.wait(&started["runs"][0]).await;
    assert_eq!(report["state"], json!("done"), "{report:#}");
    assert_eq!(house.issues().await, before + 3);
    let none = house.call("run_failed", json!({"run": started["runs"][0]["id"]})).await.unwrap_err();
    assert!(none.hint().contains("Nothing of it failed"), "{none:?}");
}

#[tokio::test]
async fn a_run_goes_on_from_a_step_with_the_results_before_it() {
    let house = House::new().await;
    let chain = house.chain(adds()).await;
    let before = house.issues().await;
    let rows = json!({"rows": [{"title": "One"}, {"title": "Two"}]});
    let run = house.call("run_start", json!({"chain": chain, "input": rows})).await.unwrap();
    house.wait(&run).await;
    let from = house.call("run_from_step", json!({"run": run["id"], "step": "count"})).await.unwrap();
    let report = house.wait(&from).await;
    assert_eq!((&report["state"], &report["steps"][1]["kept"]), (&json!("done"), &json!(2)), "{report:#}");
    assert_eq!(house.issues().await, before + 2, "steps before it are not done again");
    let from = house.call("run_from_step", json!({"run": run["id"], "step": "add"})).await.unwrap();
    assert_eq!(house.wait(&from).await["steps"][1]["done"], json!(2));
    assert_eq!(house.issues().await, before + 4);
    assert!(house.call("run_from_step", json!({"run": run["id"], "step": "gone"})).await.is_err());
}

#[tokio::test]
async fn a_step_that_asks_is_answered_and_a_held_run_goes_on() {
    let house = House::new().await;
    let asks = json!([{"id": "ask", "logic": {"type": "approval", "question": "Really?"}},
        {"id": "list", "connection": "Sandbox Tracker", "operation": "list_issues"}]);
    let chain = house.chain(asks).await;
    let report = house.run(&chain).await;
    assert_eq!(
        (&report["state"], &report["needsYou"][0]["approval"]),
        (&json!("needs_you"), &json!("Really?"))
    );
    assert!(house.call("run_resolve", json!({"run": report["run"], "decision": "happened"})).await.is_err());
    let held = house.call("run_pause", json!({"run": report["run"]})).await.unwrap();
    assert_eq!(held["state"], json!("paused"));
    house.call("run_resume", json!({"run": report["run"]})).await.unwrap();
    let ended = house.call("run_answer", json!({"run": report["run"], "approved": true})).await.unwrap();
    assert_eq!(ended["state"], json!("done"), "{ended:#}");
    assert!(house.call("run_answer", json!({"run": report["run"], "approved": true})).await.is_err());
}

#[tokio::test]
async fn a_run_does_what_was_approved_or_nothing() {
    let house = House::new().await;
    let reads = json!([{"id": "list", "connection": "Sandbox Tracker", "operation": "list_issues"}]);
    let chain = house.chain(reads).await;
    let plan = house.call("chain_check", json!({ "chain": chain })).await.unwrap()["plan"].clone();
    let start = async || house.call("run_start", json!({"chain": chain, "plan": plan})).await;
    house.wait(&start().await.unwrap()).await;
    house.chain(adds()).await;
    assert!(start().await.unwrap_err().hint().contains("changed"), "the chain does something else now");
    assert_eq!(house.call("run_list", json!({})).await.unwrap()["total"], json!(1));
}
