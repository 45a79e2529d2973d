//! Events start runs: of the published version, of a chain that is on, once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::time::ManualClock;
use patchbay_model::{Problem, Run, RunState};
use patchbay_store::NewTrigger;
use serde_json::{Value, json};

use crate::commands::dispatch;
use crate::workspace::tests::{hub, sandboxed};
use crate::{Hub, desktop};

struct House {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    hub: Hub,
}

impl House {
    async fn new() -> Self {
        let (dir, clock, hub) = sandboxed().await;
        Self { dir, clock, hub }
    }

    async fn call(&self, command: &str, request: Value) -> Result<Value, Problem> {
        dispatch(&self.hub, "default", command, request).await
    }

    async fn save(&self, chain: &Value) -> String {
        let saved = self.call("chain_import", json!({"chain": chain, "taken": "replace"})).await.unwrap();
        saved["id"].as_str().unwrap().to_owned()
    }

    async fn connection(&self) -> String {
        let workspace = self.hub.workspace("default").await.unwrap();
        workspace.connection("Sandbox Tracker").await.unwrap().id.to_string()
    }

    /// Something comes in.
    async fn comes(&self, kind: &str, subject: &str, key: &str, payload: Value) -> bool {
        let workspace = self.hub.workspace("default").await.unwrap();
        let event = NewTrigger { kind: kind.into(), subject: subject.into(), key: key.into(), payload };
        workspace.store().trigger_record(event, None).await.unwrap()
    }

    async fn runs(&self, chain: &str) -> Vec<Run> {
        let workspace = self.hub.workspace("default").await.unwrap();
        workspace.store().runs_of(&chain.into(), 100).await.unwrap()
    }

    /// Waits until nothing waits to be taken and nothing is under way.
    async fn settled(&self) {
        let workspace = self.hub.workspace("default").await.unwrap();
        let quiet = async {
            loop {
                let open = workspace.store().triggers_open(1).await.unwrap();
                let runs = workspace.store().runs_open().await.unwrap();
                if open.is_empty() && runs.iter().all(|run| run.state == RunState::NeedsYou) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), quiet).await.unwrap();
    }

    async fn restarted(self) -> Self {
        self.hub.shut_down().await;
        let Self { dir, clock, hub: old } = self;
        drop(old);
        Self { hub: hub(dir.path(), &clock), dir, clock }
    }
}

fn file_is_here(dir: &Path) -> bool {
    dir.join("workspaces/default").is_dir()
}

#[expect(clippy::needless_pass_by_value, reason = "literals read better by value")]
fn chain(name: &str, trigger: Value, steps: Value) -> Value {
    json!({"schema": 1, "name": name, "trigger": trigger, "steps": steps})
}

fn reads() -> Value {
    json!([{"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"}])
}

fn webhook() -> Value {
    json!({"type": "webhook", "connection": "Sandbox Tracker"})
}

#[tokio::test]
async fn an_event_starts_the_published_version_of_a_chain_that_is_on_once() {
    let house = House::new().await;
    let id = house.save(&chain("Hook", webhook(), reads())).await;
    let tracker = house.connection().await;
    house.hub.take_up_runs().await.unwrap();
    house.comes("webhook", &tracker, "1", json!({"n": 1})).await;
    house.settled().await;
    assert_eq!(house.runs(&id).await, [], "a chain that is off does not start");
    let shown = house.call("chain_switch", json!({"chain": id, "on": true})).await.unwrap();
    assert_eq!((&shown["published"], &shown["on"]), (&json!(1), &json!(true)), "{shown}");
    // A draft that could not even run.
    house.save(&chain("Hook", webhook(), json!([{"id": "x", "connection": "gone", "operation": "y"}]))).await;
    for _ in 0..3 {
        house.comes("webhook", &tracker, "2", json!({"n": 2})).await;
    }
    house.settled().await;
    let runs = house.runs(&id).await;
    assert_eq!(runs.len(), 1, "the same delivery starts one run");
    let run = &runs[0];
    assert_eq!((run.chain_version, run.state, &run.input), (1, RunState::Done, &json!({"n": 2})));
    let told = house.call("chain_firings", json!({"chain": id})).await.unwrap();
    assert_eq!(told["firings"][0]["run"], json!(run.id), "{told}");
    let refused = house.call("chain_publish", json!({"chain": id})).await.unwrap_err();
    assert!(refused.technical().is_some() || !refused.hint().is_empty(), "{refused:?}");
    assert_eq!(house.call("chain_show", json!({"chain": id})).await.unwrap()["published"], json!(1));
    let versions = house.call("chain_versions", json!({"chain": id})).await.unwrap();
    assert_eq!(
        versions["versions"][0]["changes"][0],
        json!("Removed the step \"Sandbox Tracker: List issues\".")
    );
    assert_eq!(versions["versions"][1]["published"], json!(true));
    house.call("chain_switch", json!({"chain": id, "on": false})).await.unwrap();
    house.comes("webhook", &tracker, "3", json!({"n": 3})).await;
    house.settled().await;
    assert_eq!(house.runs(&id).await.len(), 1);
}

#[tokio::test]
async fn what_came_while_the_engine_was_off_starts_one_run_at_the_next_start() {
    let house = House::new().await;
    let id = house.save(&chain("Hook", webhook(), reads())).await;
    house.call("chain_switch", json!({"chain": id, "on": true})).await.unwrap();
    let tracker = house.connection().await;
    for n in 0..5 {
        house.comes("webhook", &tracker, &n.to_string(), json!({ "n": n })).await;
    }
    assert!(house.runs(&id).await.is_empty(), "nobody takes events yet");
    let house = house.restarted().await;
    house.hub.take_up_runs().await.unwrap();
    // Ended in the middle of it, and started again.
    let house = house.restarted().await;
    house.hub.take_up_runs().await.unwrap();
    house.settled().await;
    let mut runs = house.runs(&id).await;
    runs.reverse();
    let inputs: Vec<_> = runs.iter().map(|run| run.input["n"].clone()).collect();
    assert_eq!(inputs, [0, 1, 2, 3, 4].map(|n| json!(n)), "each one once, in the order they came");
    let ended: Vec<_> = runs.iter().map(|run| (run.finished_at, run.state)).collect();
    assert!(ended.is_sorted_by_key(|(at, _)| *at), "one after the other: {ended:?}");
    assert!(file_is_here(house.dir.path()));
}

#[tokio::test]
async fn data_from_another_computer_starts_nothing_until_that_is_confirmed() {
    let house = House::new().await;
    let id = house.save(&chain("Hook", webhook(), reads())).await;
    house.call("chain_switch", json!({"chain": id, "on": true})).await.unwrap();
    let tracker = house.connection().await;
    house.hub.shut_down().await;
    let House { dir, clock, hub: old } = house;
    drop(old);
    let file = dir.path().join("workspaces/default/patchbay.db");
    let options = patchbay_store::OpenOptions {
        dir: file.parent().unwrap().to_owned(),
        clock: clock.clone(),
        machine: "another".into(),
    };
    let store = patchbay_store::Store::open(options).await.unwrap();
    store.confirm_machine().await.unwrap();
    store.close().await;
    let house = House { hub: hub(dir.path(), &clock), dir, clock };
    house.hub.take_up_runs().await.unwrap();
    house.comes("webhook", &tracker, "1", json!({})).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(house.runs(&id).await, []);
    assert_eq!(house.call("chain_show", json!({"chain": id})).await.unwrap()["paused"], json!(true));
    house.call("machine_confirm", json!({})).await.unwrap();
    house.settled().await;
    assert_eq!(house.runs(&id).await.len(), 1, "confirmed, it starts what waited");
}

#[tokio::test]
async fn what_a_chain_did_itself_does_not_start_it_again_and_another_chain_may_follow_once() {
    let house = House::new().await;
    let tracker = house.connection().await;
    let adds = json!([{"id": "add", "connection": "Sandbox Tracker", "operation": "create_issue",
        "mapping": [{"target": "/title", "source": {"type": "fixed", "value": "Another"}}]}]);
    let signal = json!({"type": "signal", "connection": "Sandbox Tracker"});
    let first = house.save(&chain("Adds", signal, adds)).await;
    let second = house.save(&chain("Follows", json!({"type": "chain", "chain": "Adds"}), reads())).await;
    let third = house.save(&chain("Circle", json!({"type": "chain", "chain": "Follows"}), reads())).await;
    for id in [&first, &second, &third] {
        house.call("chain_switch", json!({"chain": id, "on": true})).await.unwrap();
    }
    house.hub.take_up_runs().await.unwrap();
    let told = |external: String| json!({"stream": "issues", "externalId": external, "timestamp": "2026-11-20T12:00:00Z"});
    house.comes("signal", &tracker, "a", told("77777".into())).await;
    house.settled().await;
    // The ends of the runs come in as events of their own.
    let chained = async {
        while house.runs(&third).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), chained).await.unwrap();
    house.settled().await;
    let runs = house.runs(&first).await;
    assert_eq!((runs.len(), runs[0].state), (1, RunState::Done));
    let follower = &house.runs(&second).await[0];
    assert_eq!(follower.origin.path, [runs[0].chain_id.clone()]);
    assert_eq!(follower.input["run"], json!(runs[0].id));
    let journal = house.call("run_data", json!({"run": runs[0].id, "step": "add"})).await.unwrap();
    let made = &journal["items"][0]["outcome"]["output"]["number"];
    let made = made.as_str().map_or_else(|| made.to_string(), str::to_owned);
    assert_ne!(made, "null", "{journal}");
    house.comes("signal", &tracker, "b", told(made.clone())).await;
    house.settled().await;
    assert_eq!(house.runs(&first).await.len(), 1, "its own effect came back");
    let firings = house.call("chain_firings", json!({"chain": first})).await.unwrap();
    assert_eq!(firings["firings"][0]["result"], json!("echo"), "{firings}");
    // Changed much later, it is news again.
    let later = json!({"stream": "issues", "externalId": made, "timestamp": "2026-11-20T15:00:00Z"});
    house.comes("signal", &tracker, "c", later).await;
    house.settled().await;
    assert_eq!(house.runs(&first).await.len(), 2);
}

#[tokio::test]
async fn only_what_can_run_is_published_and_only_what_has_a_trigger_is_on() {
    let house = House::new().await;
    let id = house.save(&chain("By hand", json!({"type": "manual"}), reads())).await;
    let refused = house.call("chain_switch", json!({"chain": id, "on": true})).await.unwrap_err();
    assert!(refused.hint().contains("Choose what starts it"), "{refused:?}");
    let cases = [
        json!({"type": "schedule", "cron": "0 9 * *", "zone": "UTC"}),
        json!({"type": "schedule", "cron": "0 9 * * *", "zone": ""}),
        json!({"type": "interval", "seconds": 5}),
        json!({"type": "webhook", "connection": "nobody"}),
        json!({"type": "chain", "chain": "No such chain"}),
        json!({"type": "chain", "chain": "Bad"}),
        json!({"type": "signal", "connection": "Sandbox Tracker",
            "filter": [{"path": "$.[", "operator": "exists"}]}),
        json!({"type": "manual", "input": {"type": 7}}),
    ];
    for trigger in cases {
        let id = house.save(&chain("Bad", trigger.clone(), reads())).await;
        let refused = house.call("chain_publish", json!({ "chain": id })).await;
        assert!(refused.is_err(), "{trigger} was published");
    }
    let schema = json!({"type": "object", "required": ["since"]});
    let id = house.save(&chain("Asks", json!({"type": "manual", "input": schema}), reads())).await;
    let refused = house.call("run_start", json!({"chain": id, "input": {}})).await.unwrap_err();
    assert!(refused.hint().contains("since"), "{refused:?}");
    let run = house.call("run_start", json!({"chain": id, "input": {"since": "Monday"}})).await.unwrap();
    assert_eq!(house.call("run_wait", json!({"run": run["id"]})).await.unwrap()["state"], json!("done"));
}

#[tokio::test]
async fn a_run_goes_on_with_the_version_that_it_began_with_whatever_becomes_of_its_chain() {
    let house = House::new().await;
    let say = |id: &str, text: &str| {
        json!({"id": id, "connection": "Sandbox Chat", "operation": "send_message",
            "mapping": [{"target": "/text", "source": {"type": "fixed", "value": text}}]})
    };
    let document = |name: &str, text: &str| {
        json!({"schema": 1, "name": name, "steps": [say("before", text),
            {"id": "ask", "logic": {"type": "approval", "question": "Go on?"}},
            say("after", text), {"id": "link", "logic": {"type": "link", "name": "said", "source": "1", "target": "2"}}]})
    };
    let id = house.save(&document("First", "as it was")).await;
    let run = house.call("run_start", json!({ "chain": id })).await.unwrap()["id"].clone();
    let asks = house.call("run_wait", json!({ "run": run })).await.unwrap();
    assert_eq!(asks["state"], "needs_you");
    // Edited, renamed, published, and at last deleted while it waits.
    let mut other = document("Second", "as it is now");
    other["steps"].as_array_mut().unwrap().remove(0);
    let saved = house.call("chain_save", json!({"id": id, "chain": other})).await.unwrap();
    assert_eq!(saved["version"], 2);
    house.call("chain_publish", json!({ "chain": id })).await.unwrap();
    let shown = house.call("run_report", json!({ "run": run })).await.unwrap()["report"].clone();
    assert_eq!((&shown["chain"], &shown["chainVersion"]), (&json!("First"), &json!(1)));
    house.call("chain_delete", json!({ "chain": id })).await.unwrap();

    let report = house.call("run_answer", json!({"run": run, "approved": true})).await.unwrap();
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(
        (&report["chain"], &report["chainVersion"]),
        (&json!("First"), &json!(1)),
        "what it says it ran"
    );
    let steps: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    assert_eq!(steps, ["before", "ask", "after", "link"]);
    let workspace = house.hub.workspace("default").await.unwrap();
    let journal = workspace.store().journal(&run.as_str().unwrap().into(), 0).await.unwrap();
    let sent: Vec<_> = journal
        .iter()
        .filter_map(|entry| match &entry.fact {
            patchbay_model::Fact::Intent { request, .. } => {
                Some(request.body.as_ref().unwrap()["text"].clone())
            }
            _ => None,
        })
        .collect();
    assert_eq!(sent, ["as it was", "as it was"], "both messages are those of the version it began with");
    house.hub.shut_down().await;
}

#[tokio::test]
async fn runs_that_wait_hold_no_place_of_those_that_work() {
    let house = House::new().await;
    let beside = |name: &str, steps: Value| {
        let mut chain = chain(name, webhook(), steps);
        chain["concurrency"] = json!({"overlap": "parallel", "most": 9});
        chain["trigger"]["filter"] = json!([{"path": "$.for", "operator": "equals", "value": name}]);
        chain
    };
    let waits = |logic: Value| json!([{ "id": "waits", "logic": logic }]);
    let time = house.save(&beside("Time", waits(json!({"type": "wait", "seconds": 3_600})))).await;
    let asks = json!({"type": "approval", "question": "Go on?", "within": 3_600});
    let asks = house.save(&beside("Asks", waits(asks))).await;
    let call = json!({"type": "delivery", "within": 3_600});
    let call = house.save(&beside("Call", waits(call))).await;
    let other = house.save(&beside("Other", waits(json!({"type": "chain", "chain": "Time"})))).await;
    let works = house.save(&beside("Works", reads())).await;
    for id in [&time, &asks, &call, &other, &works] {
        house.call("chain_switch", json!({"chain": id, "on": true})).await.unwrap();
    }
    house.call("engine_settings_set", json!({"values": {"runAtOnce": 1}})).await.unwrap();
    let tracker = house.connection().await;
    house.hub.take_up_runs().await.unwrap();
    for (name, come) in [("Time", 0), ("Asks", 0), ("Call", 0), ("Other", 0), ("Works", 1), ("Works", 2)] {
        house.comes("webhook", &tracker, &format!("{name}{come}"), json!({ "for": name })).await;
        if name == "Works" {
            let done = async {
                let ended = |runs: &[Run]| runs.iter().filter(|run| run.state == RunState::Done).count();
                while ended(&house.runs(&works).await) < come {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), done).await.expect("others only wait");
        }
    }
    // The other chain's run waits for one of its own, which nobody counts among those that events begin.
    let wanted = (vec![RunState::Waiting, RunState::NeedsYou, RunState::Waiting], Vec::new(), 4, 1);
    let seen = async || {
        let mut states = Vec::new();
        for id in [&time, &asks, &call] {
            states.extend(house.runs(id).await.iter().map(|run| run.state).take(1));
        }
        let standing = desktop::standing(&house.hub, "default").await.unwrap();
        (states, standing.under_way, standing.waiting, standing.need_you)
    };
    let rests = async {
        while seen().await != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(20), rests).await.is_err() {
        assert_eq!(seen().await, wanted, "they only wait");
    }
    assert!(!house.runs(&other).await[0].state.is_final());
    desktop::hold_runs(&house.hub, true).await;
    house.comes("webhook", &tracker, "held", json!({ "for": "Works" })).await;
    let asked = async {
        while house.runs(&works).await.len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(house.runs(&works).await[0].state, RunState::Queued, "none begins when the program is to end");
    desktop::hold_runs(&house.hub, false).await;
    let done = async {
        while house.runs(&works).await[0].state != RunState::Done {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.expect("it stays after all");
    house.hub.shut_down().await;
}
