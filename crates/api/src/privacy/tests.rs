//! What of a run is private is known after its connections were renamed, let go of or replaced.

use std::collections::BTreeMap;

use patchbay_model::run::{Fact, RunState};
use patchbay_model::{Problem, RunId};
use serde_json::{Value, json};

use crate::Hub;
use crate::commands::dispatch;
use crate::workspace::tests::sandboxed;

struct House {
    _dir: tempfile::TempDir,
    hub: Hub,
}

impl House {
    async fn new() -> Self {
        let (dir, _, hub) = sandboxed().await;
        Self { _dir: dir, hub }
    }

    async fn call(&self, command: &str, request: Value) -> Result<Value, Problem> {
        dispatch(&self.hub, "default", command, request).await
    }

    /// A run that reads issues and passes them through a step that works by itself.
    async fn run(&self) -> Value {
        let steps = json!([
            {"id": "find", "connection": "Sandbox Tracker", "operation": "list_issues"},
            {"id": "shape", "logic": {"type": "map"}, "forEach": "find",
                "mapping": [{"target": "/title", "source": {"type": "path", "path": "$.item.title"}}]}
        ]);
        let chain = json!({"schema": 1, "name": "Chain", "steps": steps});
        let chain = self.call("chain_import", json!({"chain": chain, "taken": "replace"})).await.unwrap();
        let run = self.call("run_start", json!({"chain": chain["id"]})).await.unwrap();
        self.call("run_wait", json!({"run": run["id"]})).await.unwrap()["run"].clone()
    }

    /// What is said of it in the report, and with the data of a step.
    async fn told(&self, run: &Value, step: &str) -> (Value, Value) {
        let report = self.call("run_report", json!({ "run": run })).await.unwrap()["report"].clone();
        let data = self.call("run_data", json!({"run": run, "step": step})).await.unwrap();
        assert_eq!(report["private"], data["private"], "one answer in both places");
        let steps = report["steps"].as_array().unwrap();
        let own = steps.iter().find(|own| own["step"] == step).unwrap();
        assert_eq!(own["privacy"], data["privacy"], "one answer in both places");
        (report, data)
    }

    /// The same run, as if its engine had reached these connectors. An empty list is that of a run from before
    /// they were kept.
    async fn reached(&self, run: &Value, connectors: &[(&str, &str)]) -> Value {
        let workspace = self.hub.workspace("default").await.unwrap();
        let mut other = workspace.run(&RunId::new(run.as_str().unwrap())).await.unwrap();
        other.id = RunId::generate();
        let name = |(name, connector): &(&str, &str)| ((*name).to_owned(), (*connector).into());
        let connectors: BTreeMap<_, _> = connectors.iter().map(name).collect();
        let boot = workspace.store().boot().clone();
        let facts = vec![
            Fact::Started { boot, recovered: false, connectors },
            Fact::StepOpened { step: "find".into(), items: 1 },
            Fact::Finished { state: RunState::Done },
        ];
        workspace.store().run_begin(&other, facts).await.unwrap();
        json!(other.id)
    }
}

fn names_the_author(told: &Value) -> bool {
    told["private"].as_array().unwrap().contains(&json!(["author", "email"]))
}

const TRACKER: &str = "Sandbox Tracker";

#[tokio::test]
async fn masks_hold_after_a_connection_was_renamed_and_let_go_of() {
    let house = House::new().await;
    let run = house.run().await;
    for (what, command, request) in [
        ("as it was", "connection_list", json!({})),
        ("renamed", "connection_rename", json!({"name": TRACKER, "newName": "Bugs"})),
        ("gone", "connection_disconnect", json!({"name": "Bugs"})),
    ] {
        house.call(command, request).await.unwrap();
        for step in ["find", "shape"] {
            let (report, data) = house.told(&run, step).await;
            assert!(names_the_author(&report), "{what}, {step}: {:?}", report["private"]);
            assert_eq!(data["privacy"]["unknown"], json!(false), "{what}, {step}");
            assert_eq!(data["givenUnknown"], json!(false), "{what}, {step}");
        }
    }
}

#[tokio::test]
async fn what_nobody_can_tell_is_said_to_be_unknown() {
    let house = House::new().await;
    let run = house.run().await;
    let old = house.reached(&run, &[]).await;
    let replaced = house.reached(&run, &[(TRACKER, "sandbox-chat")]).await;
    let removed = house.reached(&run, &[(TRACKER, "a-tool-of-my-own")]).await;
    let unknown = async |run: &Value, step: &str| {
        let (_, data) = house.told(run, step).await;
        (data["privacy"]["unknown"] == true, data["givenUnknown"] == true)
    };
    assert_eq!(unknown(&old, "find").await, (false, false), "the connection is there and tells");
    assert_eq!(unknown(&replaced, "find").await, (true, false), "its tool does not know the step");
    assert_eq!(unknown(&removed, "find").await, (true, false), "its tool is not here");
    assert_eq!(unknown(&removed, "shape").await, (true, true), "it passes on what the other step gave");
    house.call("connection_rename", json!({"name": TRACKER, "newName": "Bugs"})).await.unwrap();
    assert_eq!(unknown(&old, "find").await, (false, false), "it tells under its other name");
    house.call("connection_disconnect", json!({"name": "Bugs"})).await.unwrap();
    assert_eq!(unknown(&old, "find").await, (true, false), "nothing tells of the connection any more");
}

#[tokio::test]
async fn what_a_run_took_over_is_told_by_the_run_that_it_repeats() {
    let house = House::new().await;
    let run = house.run().await;
    let again = house.call("run_from_step", json!({"run": run, "step": "shape"})).await.unwrap();
    let again = house.call("run_wait", json!({"run": again["id"]})).await.unwrap()["run"].clone();
    // Another tool takes the name: only the first run knows whose the issues are.
    let workspace = house.hub.workspace("default").await.unwrap();
    let first = workspace.run(&RunId::new(again.as_str().unwrap())).await.unwrap();
    let later = house.reached(&run, &[(TRACKER, "sandbox-sheet")]).await;
    let mut other = workspace.run(&RunId::new(later.as_str().unwrap())).await.unwrap();
    (other.id, other.origin) = (RunId::generate(), first.origin);
    let boot = workspace.store().boot().clone();
    let connectors = BTreeMap::from([(TRACKER.to_owned(), "sandbox-sheet".into())]);
    let facts = vec![Fact::Started { boot, recovered: false, connectors }];
    workspace.store().run_begin(&other, facts).await.unwrap();
    let (report, _) = house.told(&json!(other.id), "find").await;
    assert!(names_the_author(&report), "{:?}", report["private"]);
}

#[tokio::test]
async fn what_starts_a_chain_is_told_too() {
    let house = House::new().await;
    let trigger = json!({"type": "signal", "connection": TRACKER, "stream": "issues"});
    let steps = json!([{"id": "shape", "logic": {"type": "map"},
        "mapping": [{"target": "/title", "source": {"type": "path", "path": "$.input.summary"}}]}]);
    let chain = json!({"schema": 1, "name": "Chain", "trigger": trigger, "steps": steps});
    let chain = house.call("chain_import", json!({"chain": chain, "taken": "replace"})).await.unwrap();
    let input = json!({"summary": "One", "raw": {"author": {"email": "amira@example.test"}}});
    let run = house.call("run_start", json!({"chain": chain["id"], "input": input})).await.unwrap();
    let run = house.call("run_wait", json!({"run": run["id"]})).await.unwrap()["run"].clone();
    house.call("connection_disconnect", json!({ "name": TRACKER })).await.unwrap();
    let (_, data) = house.told(&run, "shape").await;
    assert!(names_the_author(&data), "{data:#}");
    assert_eq!(data["givenUnknown"], json!(false));
    let removed = house.reached(&run, &[(TRACKER, "a-tool-of-my-own")]).await;
    let (_, data) = house.told(&removed, "shape").await;
    assert_eq!(data["givenUnknown"], json!(true));
}

#[tokio::test]
async fn what_another_chain_gave_is_masked_as_a_whole() {
    let house = House::new().await;
    let chain = |name: &str, steps: Value| json!({"chain": {"schema": 1, "name": name, "steps": steps}, "taken": "replace"});
    let find = json!([{"id": "find", "connection": TRACKER, "operation": "list_issues"}]);
    house.call("chain_import", chain("Inner", find)).await.unwrap();
    let outer = json!([{"id": "inner", "logic": {"type": "chain", "chain": "Inner"}}]);
    let outer = house.call("chain_import", chain("Outer", outer)).await.unwrap();
    let run = house.call("run_start", json!({"chain": outer["id"], "queueOnly": true})).await.unwrap();
    let (_, data) = house.told(&run["id"], "inner").await;
    assert_eq!(data["privacy"]["unknown"], json!(true), "its tools are those of the other run");
}
