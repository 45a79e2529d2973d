//! What is pinned is built on by previews and by a step alone, and never by a run.

use patchbay_model::{ChainId, Problem, StepId};
use patchbay_store::Pin;
use serde_json::{Value, json};

use crate::Hub;
use crate::commands::dispatch;
use crate::workspace::tests::sandboxed;

struct Desk {
    _dir: tempfile::TempDir,
    hub: Hub,
    chain: String,
}

fn document(operation: &str) -> Value {
    json!({"schema": 1, "name": "Chain", "steps": [
        {"id": "find", "connection": "Sandbox Tracker", "operation": operation,
            "mapping": [{"target": "/state", "source": {"type": "fixed", "value": "open"}}]},
        {"id": "say", "logic": {"type": "map"}, "forEach": "find",
            "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.title"}, "by": "hand"}]},
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "find",
            "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.title"}, "by": "hand"}]}]})
}

impl Desk {
    async fn new() -> Self {
        let (dir, _, hub) = sandboxed().await;
        let mut desk = Self { _dir: dir, hub, chain: String::new() };
        let saved = desk.call("chain_import", json!({ "chain": document("list_issues") })).await.unwrap();
        desk.chain = saved["id"].as_str().unwrap().to_owned();
        desk
    }

    async fn call(&self, command: &str, request: Value) -> Result<Value, Problem> {
        dispatch(&self.hub, "default", command, request).await
    }

    /// Runs the chain, or does something that starts a run, and waits for its end.
    async fn run(&self, command: &str, mut request: Value) -> Value {
        request["chain"] = json!(self.chain);
        let run = self.call(command, request).await.unwrap();
        self.call("run_wait", json!({"run": run["id"]})).await.unwrap()
    }

    async fn issue(&self, title: &str) {
        let request =
            json!({"name": "Sandbox Tracker", "operation": "create_issue", "params": {"title": title}});
        self.call("operation_call", request).await.unwrap();
    }

    /// What the preview of the last step's text is made of, and where from.
    async fn preview(&self, run: Option<&Value>) -> (Value, Value) {
        let request = json!({"chain": self.chain, "step": "tell", "run": run});
        let answer = self.call("chain_fields", request).await.unwrap();
        let targets = answer["fields"]["targets"].as_array().unwrap();
        let text = targets.iter().find(|field| field["target"] == "/text").unwrap();
        (answer["origin"].clone(), text["result"].clone())
    }
}

#[tokio::test]
async fn what_is_pinned_is_built_on_and_no_run_reads_it() {
    let desk = Desk::new().await;
    let only = |step: &str| json!({ "step": step });
    let none = desk.call("step_pin", json!({"chain": desk.chain, "step": "find"})).await.unwrap_err();
    assert!(none.hint().contains("It gave nothing yet"), "{none:?}");
    let first = desk.run("run_start", json!({"items": 2})).await;
    let title = desk.preview(None).await.1;
    let pinned = desk.call("step_pin", json!({"chain": desk.chain, "step": "find"})).await.unwrap();
    assert_eq!((&pinned["pins"][0]["items"], &pinned["pins"][0]["holds"]), (&json!(2), &json!(true)));
    let shown = desk.call("pin_show", json!({"chain": desk.chain, "step": "find"})).await.unwrap();
    assert_eq!(shown["items"][0]["outcome"]["output"].as_array().unwrap().len(), 2, "{shown}");

    // The service has something new, and a run brings it.
    desk.issue("Newest of all").await;
    let all = desk.run("run_start", json!({})).await;
    assert!(all["steps"][0]["itemsOut"].as_u64().unwrap() > 2, "a run reads no pin: {all:#}");
    assert_eq!(desk.preview(None).await, (json!("pinned"), title.clone()), "a preview does");
    // That run went through other items: what it did for them belongs to them.
    let request = json!({"chain": desk.chain, "step": "tell", "run": all["run"]});
    let mixed = desk.call("step_run", request).await.unwrap_err();
    assert!(mixed.hint().contains("went through other items than those pinned"), "{mixed:?}");
    let alone = desk.run("step_run", only("tell")).await;
    assert_eq!((&alone["steps"][2]["itemsIn"], &alone["state"]), (&json!(2), &json!("done")), "{alone:#}");
    assert_eq!(alone["steps"][0]["calls"], json!(0), "nothing before it is called");
    desk.call("step_pin", json!({"chain": desk.chain, "step": "say", "run": first["run"]})).await.unwrap();

    let left = desk.call("step_unpin", json!({"chain": desk.chain, "step": "find"})).await.unwrap();
    assert_eq!(left["pins"].as_array().unwrap().len(), 1);
    let mixed = desk.call("step_unpin", json!({"chain": desk.chain, "step": "say"})).await.unwrap();
    assert_eq!(mixed["pins"], json!([]));
    assert_eq!(desk.preview(None).await.0, json!("last_run"));
    assert_eq!(desk.preview(Some(&first["run"])).await, (json!("chosen_run"), title), "a run that is chosen");
    let alone = desk.run("step_run", json!({"step": "tell", "run": first["run"]})).await;
    assert_eq!(alone["steps"][2]["itemsIn"], json!(2));
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn pins_of_all_that_is_before_need_no_run_and_another_operation_has_none() {
    let desk = Desk::new().await;
    let run = desk.run("run_start", json!({"items": 1, "dryRun": false})).await;
    for step in ["find", "say"] {
        desk.call("step_pin", json!({"chain": desk.chain, "step": step})).await.unwrap();
    }
    desk.call("run_delete", json!({"runs": [run["run"]]})).await.unwrap();
    let alone = desk.run("step_run", json!({"step": "tell"})).await;
    assert_eq!(alone["steps"][2]["done"], json!(1), "{alone:#}");
    let mut other = document("find_issue");
    other["steps"][0]["mapping"] = json!([]);
    desk.call("chain_save", json!({"id": desk.chain, "chain": other})).await.unwrap();
    let pins = desk.call("pin_list", json!({"chain": desk.chain})).await.unwrap();
    let holds: Vec<&Value> = pins["pins"].as_array().unwrap().iter().map(|pin| &pin["holds"]).collect();
    assert_eq!(holds, [&json!(false), &json!(true)], "it calls something else now");
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn what_is_pinned_is_out_of_date_once_its_step_gives_something_else() {
    let desk = Desk::new().await;
    desk.run("run_start", json!({"items": 2})).await;
    for step in ["find", "say"] {
        desk.call("step_pin", json!({"chain": desk.chain, "step": step})).await.unwrap();
    }
    let state = |value: &str| json!([{"target": "/state", "source": {"type": "fixed", "value": value}}]);
    let filter =
        json!({"type": "filter", "when": [{"path": "$.item.title", "operator": "equals", "value": "x"}]});
    let changes: [(&str, usize, &str, Value, [bool; 2]); 5] = [
        ("another name", 1, "name", json!("Say it"), [true, true]),
        ("more tries", 0, "policy", json!({"tries": 7}), [true, true]),
        ("another value of a mapping", 0, "mapping", state("closed"), [false, true]),
        ("another logic", 1, "logic", filter, [true, false]),
        ("another list", 1, "forEach", Value::Null, [true, false]),
    ];
    for (what, place, part, value, wanted) in changes {
        let mut changed = document("list_issues");
        changed["steps"][place][part] = value;
        if part == "logic" {
            changed["steps"][place]["mapping"] = json!([]);
        }
        if part == "forEach" {
            changed["steps"][place].as_object_mut().unwrap().remove("forEach");
        }
        desk.call("chain_save", json!({"id": desk.chain, "chain": changed})).await.unwrap();
        let pins = desk.call("pin_list", json!({"chain": desk.chain})).await.unwrap();
        let holds: Vec<bool> =
            pins["pins"].as_array().unwrap().iter().map(|pin| pin["holds"].as_bool().unwrap()).collect();
        assert_eq!(holds, wanted, "{what}");
    }
    // What a run gave before the change is not what the step gives now.
    desk.call("chain_save", json!({"id": desk.chain, "chain": document("list_issues")})).await.unwrap();
    let mut changed = document("list_issues");
    changed["steps"][0]["mapping"] = state("closed");
    desk.call("chain_save", json!({"id": desk.chain, "chain": changed})).await.unwrap();
    let refused = desk.call("step_pin", json!({"chain": desk.chain, "step": "find"})).await.unwrap_err();
    assert!(refused.hint().contains("as it is now"), "{refused:?}");
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn a_step_alone_says_what_it_went_on_from() {
    let desk = Desk::new().await;
    let all = desk.run("run_start", json!({})).await;
    let count = all["steps"][0]["itemsOut"].as_u64().unwrap();
    assert!(count > 1, "{all:#}");
    desk.call("step_pin", json!({"chain": desk.chain, "step": "find", "run": all["run"]})).await.unwrap();
    let one = desk.run("run_start", json!({"items": 1})).await;
    let alone = desk.run("step_run", json!({"step": "say"})).await;
    assert_eq!(
        alone["steps"][1]["itemsIn"],
        json!(count),
        "what is pinned, and not the one item of the last run"
    );
    assert_eq!(alone["narrowed"], json!({"pinned": ["list_issues"]}));
    let headline = alone["headline"].as_str().unwrap();
    assert!(headline.contains("With what is pinned of \"list_issues\""), "{headline}");
    assert!(!headline.contains("Only the first"), "{headline}");
    desk.call("step_unpin", json!({"chain": desk.chain, "step": "find"})).await.unwrap();
    let next = desk.run("step_run", json!({"step": "say"})).await;
    assert_eq!(next["narrowed"], json!({"pinned": ["list_issues"]}), "the run that it goes on from had it so");
    let alone = desk.run("step_run", json!({"step": "say", "run": one["run"]})).await;
    assert_eq!((&alone["steps"][1]["itemsIn"], &alone["narrowed"]), (&json!(1), &json!({"items": 1})));
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn a_run_takes_the_first_items_and_leaves_steps_out_and_says_so() {
    let desk = Desk::new().await;
    let report = desk.run("run_start", json!({"items": 2})).await;
    assert_eq!(
        (&report["steps"][0]["itemsOut"], &report["steps"][2]["done"]),
        (&json!(2), &json!(2)),
        "{report:#}"
    );
    assert_eq!(report["narrowed"], json!({"items": 2}));
    let headline = report["headline"].as_str().unwrap();
    assert!(headline.contains("Only the first 2 items of each list"), "{headline}");
    assert_eq!(report["recoveries"], json!(0), "that a run is narrowed is no start of an engine");
    let again = desk.call("run_again", json!({"runs": [report["run"]]})).await.unwrap();
    let again = desk.call("run_wait", json!({"run": again["runs"][0]["id"]})).await.unwrap();
    assert_eq!(again["steps"][2]["done"], json!(2), "once more is as much as before");

    let check = desk.call("chain_check", json!({"chain": desk.chain, "local": true})).await.unwrap();
    assert_eq!(check["spare"], json!(["say", "tell"]), "whose items others go through is needed");
    let report = desk.run("run_start", json!({"items": 1, "without": ["tell"]})).await;
    let steps: Vec<&Value> = report["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, [&json!("find"), &json!("say")]);
    assert!(
        report["headline"].as_str().unwrap().contains("Without \"Sandbox Chat: Send message\""),
        "{report:#}"
    );
    let request = json!({"chain": desk.chain, "without": ["find"]});
    let refused = desk.call("run_start", request).await.unwrap_err();
    assert!(refused.hint().contains("needs what it gives"), "{refused:?}");
    desk.call("run_start", json!({"chain": desk.chain, "items": 0})).await.unwrap_err();
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn what_is_pinned_is_shown_to_its_last_item() {
    let desk = Desk::new().await;
    let pin = Pin {
        step: StepId::new("say"),
        connection: String::new(),
        operation: String::new(),
        made_by: String::new(),
        outputs: (0..450).map(|item| Some(json!({ "text": item }))).collect(),
        at: desk.hub.clock().now(),
    };
    let workspace = desk.hub.workspace("default").await.unwrap();
    workspace.store().pin(&ChainId::new(desk.chain.as_str()), &pin).await.unwrap();
    let mut seen = Vec::new();
    let mut answers = Vec::new();
    for _ in 0..4 {
        let request = json!({"chain": desk.chain, "step": "say", "offset": seen.len()});
        let page = desk.call("pin_show", request).await.unwrap();
        assert_eq!(page["total"], json!(450), "each answer says how many there are");
        let items = page["items"].as_array().unwrap().clone();
        answers.push(items.len());
        seen.extend(items);
    }
    assert_eq!(answers, [200, 200, 50, 0], "none has more than a screen looks through");
    for (place, item) in seen.iter().enumerate() {
        assert_eq!(item["item"], json!(place));
        assert_eq!(item["outcome"]["output"]["text"], json!(place));
    }
    desk.hub.shut_down().await;
}
