//! Runs once more: nothing that was done is done again, nothing that was not is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use patchbay_model::Problem;
use patchbay_model::run::{Fact, Outcome, RunState, UndoOutcome};
use serde_json::{Value, json};

use crate::Hub;
use crate::commands::dispatch;
use crate::workspace::tests::sandboxed;

mod undo;

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

    async fn chain(&self, steps: Value) -> String {
        let chain = json!({"schema": 1, "name": "Chain", "steps": steps});
        self.call("chain_import", json!({"chain": chain, "taken": "replace"})).await.unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
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
    let wish = || house.call("run_failed", json!({"run": run["id"]}));
    let (a, b, c, d) = tokio::join!(wish(), wish(), wish(), wish());
    let (done, refused): (Vec<_>, Vec<_>) = [a, b, c, d].into_iter().partition(Result::is_ok);
    let refused: Vec<_> = refused.into_iter().filter_map(Result::err).map(|problem| problem.hint()).collect();
    assert_eq!(done.len(), 1, "of those at once one does it: {refused:?}");
    assert!(refused.iter().all(|hint| hint.contains("Go on from that one")), "{refused:?}");
    let again = done.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(again["origin"], json!("failed_items"));
    let report = house.wait(&again).await;
    let figures = |n: usize, what: &str| report["steps"][n][what].clone();
    assert_eq!(
        (figures(1, "kept"), figures(1, "done"), figures(1, "quarantined")),
        (json!(2), json!(0), json!(1))
    );
    assert_eq!(house.issues().await, before + 2, "what was done is not done again");
    let deleted = async |runs: Value| {
        let gone = house.call("run_delete", json!({ "runs": runs })).await.unwrap();
        [gone["deleted"].as_u64().unwrap(), gone["open"].as_u64().unwrap(), gone["needed"].as_u64().unwrap()]
    };
    assert_eq!(deleted(json!([again["id"]])).await, [0, 0, 1], "without it, it could be done twice");
    let twice = house.call("run_failed", json!({"run": run["id"]})).await.unwrap_err();
    assert!(twice.hint().contains("Go on from that one"), "{twice:?}");
    let whole = json!({"rows": [{"title": "Four"}]});
    let started = house.call("run_again", json!({"runs": [run["id"]], "input": whole})).await.unwrap();
    let report = house.wait(&started["runs"][0]).await;
    assert_eq!(report["state"], json!("done"), "{report:#}");
    assert_eq!(house.issues().await, before + 3);
    let none = house.call("run_failed", json!({"run": started["runs"][0]["id"]})).await.unwrap_err();
    assert!(none.hint().contains("Nothing of it failed"), "{none:?}");
    assert_eq!(deleted(json!([again["id"], run["id"]])).await, [2, 0, 0], "both can go together");
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

/// Two steps that need nothing of each other.
fn apart(ids: [&str; 2]) -> Value {
    let reads = |id: &str| json!({"id": id, "connection": "Sandbox Tracker", "operation": "list_issues"});
    json!([reads(ids[0]), reads(ids[1])])
}

#[tokio::test]
async fn what_was_approved_without_a_step_is_run_without_it() {
    let house = House::new().await;
    let chain = house.chain(apart(["list", "more"])).await;
    let plan = async |without: Value| {
        let check = json!({"chain": chain, "without": without});
        house.call("chain_check", check).await.unwrap()["plan"].clone()
    };
    let start = async |plan: &Value, without: Value| {
        house.call("run_start", json!({"chain": chain, "plan": plan, "without": without})).await
    };
    let (whole, less) = (plan(json!([])).await, plan(json!(["more"])).await);
    let report = house.wait(&start(&less, json!(["more"])).await.unwrap()).await;
    assert_eq!(report["steps"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(start(&less, json!([])).await.unwrap_err().hint().contains("changed"), "less was approved");
    let refused = start(&whole, json!(["more"])).await.unwrap_err();
    assert!(refused.hint().contains("with the same steps left out"), "{refused:?}");
    let needed = house.call("chain_check", json!({"chain": chain, "without": ["list", "more"]})).await;
    assert!(needed.is_err(), "a check is of what can be run");
}

#[tokio::test]
async fn once_more_with_the_latest_version_leaves_out_what_was_left_out() {
    let house = House::new().await;
    let chain = house.chain(apart(["list", "more"])).await;
    let start = json!({"chain": chain, "without": ["more"], "items": 1});
    let first = house.wait(&house.call("run_start", start).await.unwrap()).await;
    let again = async || {
        let runs = house.call("run_again", json!({"runs": [first["run"]], "latest": true})).await.unwrap();
        let report = house.wait(&runs["runs"][0]).await;
        let ids: Vec<String> = report["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["step"].as_str().unwrap().to_owned())
            .collect();
        (ids, report["narrowed"].clone())
    };
    let mut steps = apart(["list", "more"]);
    steps.as_array_mut().unwrap().push(apart(["last", "_"])[0].clone());
    house.chain(steps).await;
    let narrowed = json!({"items": 1, "without": ["Sandbox Tracker: List issues"], "leftOut": ["more"]});
    assert_eq!(again().await, (vec!["list".to_owned(), "last".to_owned()], narrowed));
    // A step that is gone need not be left out.
    house.chain(apart(["list", "last"])).await;
    assert_eq!(again().await, (vec!["list".to_owned(), "last".to_owned()], json!({"items": 1})));
}

#[tokio::test]
async fn what_a_run_did_that_has_ended_is_undone_and_what_failed_is_run_after_it() {
    let house = House::new().await;
    let chain = house
        .chain(json!([
            {"id": "comment", "connection": "Sandbox Tracker", "operation": "add_comment",
                "mapping": [{"target": "/number", "source": {"type": "fixed", "value": 1}},
                    {"target": "/body", "source": {"type": "fixed", "value": "Seen"}}]},
            {"id": "close", "connection": "Sandbox Tracker", "operation": "close_issue",
                "mapping": [{"target": "/number", "source": {"type": "fixed", "value": 1}}]},
            {"id": "ask", "logic": {"type": "approval", "question": "Go on?"}},
            {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message",
                "policy": {"tries": 1, "onFailure": "stop_and_keep"},
                "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Done"}}]}
        ]))
        .await;
    let comments = async || {
        let request = json!({"name": "Sandbox Tracker", "operation": "list_comments", "params": {"number": 1}});
        house.call("operation_call", request).await.unwrap()["result"].as_array().unwrap().len()
    };
    let before = comments().await;
    let run = house.run(&chain).await;
    assert_eq!(run["state"], "needs_you", "{run}");
    // It goes down in the middle: the check found it well.
    house.call("sandbox_fault", json!({"tool": "chat", "fault": "down"})).await.unwrap();
    house.call("run_answer", json!({"run": run["run"], "approved": true})).await.unwrap();
    let run = house.wait(&json!({"id": run["run"]})).await;
    assert_eq!((run["state"].clone(), comments().await), (json!("failed"), before + 1));

    house.call("run_undo", json!({"run": run["run"]})).await.unwrap();
    let undone = house.wait(&json!({"id": run["run"]})).await;
    let state = |step: usize| undone["steps"][step]["state"].clone();
    assert_eq!(
        (state(0), state(1), undone["state"].clone()),
        (json!("undone"), json!("could_not_undo"), json!("failed")),
        "what stays keeps it from being undone as a whole: {undone}"
    );
    assert_eq!(comments().await, before, "the comment is gone");
    assert_eq!(undone["recoveries"], run["recoveries"], "no engine had ended meanwhile");
    let problem = house.call("run_undo", json!({"run": run["run"]})).await.unwrap_err();
    assert_eq!(problem.code(), patchbay_model::Code::Conflict, "nothing is left to undo");

    house.call("sandbox_fault", json!({"tool": "chat", "fault": null})).await.unwrap();
    let again = house.call("run_failed", json!({"run": run["run"]})).await.unwrap();
    let report = house.wait(&again).await;
    assert_eq!(report["state"], "done", "{report}");
    assert_eq!(comments().await, before + 1, "what was undone is done again, once");

    // A run that went well can be taken back too; it stays no failure.
    house.call("run_undo", json!({"run": report["run"]})).await.unwrap();
    let back = house.wait(&json!({"id": report["run"]})).await;
    assert_eq!((back["state"].clone(), back["steps"][3]["state"].clone()), (json!("stopped"), json!("undone")));
    assert_eq!(comments().await, before);
    house.hub.shut_down().await;
}

#[tokio::test]
async fn one_step_is_done_with_what_the_last_run_gave_it() {
    let house = House::new().await;
    let chain = house
        .chain(json!([
            {"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"},
            {"id": "add", "connection": "Sandbox Tracker", "operation": "create_issue",
                "mapping": [{"target": "/title", "source": {"type": "template", "template": "{{steps.issues[0].title}} again"}}]},
            {"id": "more", "connection": "Sandbox Tracker", "operation": "create_issue",
                "mapping": [{"target": "/title", "source": {"type": "fixed", "value": "Never"}}]}
        ]))
        .await;
    let alone = async |step: &str| house.call("step_run", json!({"chain": chain, "step": step})).await;
    let problem = alone("add").await.unwrap_err();
    assert_eq!(problem.code(), patchbay_model::Code::Conflict, "nothing is known yet: {problem}");
    let first = house.wait(&alone("issues").await.unwrap()).await;
    assert_eq!((first["state"].clone(), first["steps"].as_array().unwrap().len()), (json!("done"), 1));
    let before = house.issues().await;
    let report = house.wait(&alone("add").await.unwrap()).await;
    assert_eq!(report["state"], "done", "{report}");
    let figures = |n: usize, what: &str| report["steps"][n][what].clone();
    assert_eq!(
        (figures(0, "calls"), figures(1, "calls")),
        (json!(0), json!(1)),
        "what was read is not read again"
    );
    assert_eq!(report["steps"].as_array().unwrap().len(), 2, "nothing after it is done");
    assert_eq!(house.issues().await, before + 1);
    house.hub.shut_down().await;
}

#[tokio::test]
async fn runs_that_have_ended_are_deleted_and_no_others() {
    let house = House::new().await;
    let chain = house.chain(json!([{"id": "ask", "logic": {"type": "approval", "question": "Go on?"}}])).await;
    let waits = house.run(&chain).await;
    assert_eq!(waits["state"], "needs_you");
    let over = house.run(&chain).await;
    house.call("run_answer", json!({"run": over["run"], "approved": true})).await.unwrap();
    assert_eq!(house.wait(&json!({"id": over["run"]})).await["state"], "done");
    let request = json!({"runs": [waits["run"], over["run"], "nowhere"]});
    assert_eq!(house.call("run_delete", request).await.unwrap(), json!({"deleted": 1, "open": 2, "needed": 0}));
    let left = house.call("run_list", json!({})).await.unwrap();
    let ids: Vec<&Value> = left["runs"].as_array().unwrap().iter().map(|run| &run["id"]).collect();
    assert_eq!(ids, [&waits["run"]]);
    house.hub.shut_down().await;
}

#[tokio::test]
async fn how_the_steps_of_a_chain_do_is_told_in_its_order_and_in_words() {
    let house = House::new().await;
    let fixed = |value: &str| json!([{"target": "/text", "source": {"type": "fixed", "value": value}}]);
    let chain = house
        .chain(json!([
            {"id": "zero", "connection": "Sandbox Tracker", "operation": "list_issues"},
            {"id": "after", "connection": "Sandbox Chat", "operation": "send_message", "mapping": fixed("Hello")}]))
        .await;
    assert_eq!(house.call("chain_figures", json!({ "chain": chain })).await.unwrap()["steps"], json!([]));
    // The list comes in two pages.
    house.run(&chain).await;
    house.run(&chain).await;
    let told = house.call("chain_figures", json!({"chain": "Chain", "range": "1h"})).await.unwrap();
    let steps = told["steps"].as_array().unwrap();
    let lines: Vec<_> =
        steps.iter().map(|one| (&one["name"], &one["connection"], &one["ok"], &one["there"])).collect();
    assert_eq!(
        lines,
        [
            (&json!("Sandbox Tracker: List issues"), &json!("Sandbox Tracker"), &json!(4), &json!(true)),
            (&json!("Sandbox Chat: Send message"), &json!("Sandbox Chat"), &json!(2), &json!(true)),
        ],
        "{told:#}"
    );
    assert!(steps.iter().all(|one| one["p95Ms"].is_u64() && one["failed"] == 0), "{told:#}");
    house.hub.shut_down().await;
}

#[tokio::test]
async fn the_figures_of_a_chain_are_those_of_its_runs() {
    let house = House::new().await;
    let text = json!([{"target": "/text", "source": {"type": "fixed", "value": "Hello"}}]);
    let chain = house
        .chain(json!([
            {"id": "zero", "connection": "Sandbox Tracker", "operation": "list_issues"},
            {"id": "ask", "logic": {"type": "approval", "question": "Go on?"}},
            {"id": "after", "connection": "Sandbox Chat", "operation": "send_message", "mapping": text,
                "policy": {"tries": 1, "onFailure": "stop_and_keep"}}]))
        .await;
    let mut reports = Vec::new();
    // The second time it goes down in the middle.
    for fault in [json!(null), json!("down")] {
        let run = house.run(&chain).await["run"].clone();
        house.call("sandbox_fault", json!({"tool": "chat", "fault": fault})).await.unwrap();
        house.call("run_answer", json!({"run": run, "approved": true})).await.unwrap();
        reports.push(house.wait(&json!({ "id": run })).await);
    }
    let told = house.call("chain_figures", json!({ "chain": chain })).await.unwrap();
    let figures = |step: &str| {
        let one = told["steps"].as_array().unwrap().iter().find(|one| one["step"] == step).unwrap();
        ["calls", "ok", "failed", "held", "retries", "bytes"].map(|figure| one[figure].as_u64().unwrap())
    };
    let counted = |at: usize| {
        let names = ["calls", "callsOk", "callsFailed", "callsHeld", "retries", "bytes"];
        names.map(|figure| reports.iter().map(|r| r["steps"][at][figure].as_u64().unwrap()).sum::<u64>())
    };
    assert_eq!((figures("zero"), figures("after")), (counted(0), counted(2)), "{told:#}");
    // The list comes in two pages.
    assert_eq!((&figures("zero")[..5], &figures("after")[..5]), (&[4, 4, 0, 0, 0][..], &[2, 1, 1, 0, 0][..]));
    assert!(figures("zero")[5] > 1_000, "what came is counted: {told:#}");
    // Health tells of the same call: what failed in the connector's words, and whose it was.
    let detail = house.call("health_detail", json!({"connection": "Sandbox Chat"})).await.unwrap();
    let failures = detail["failures"].as_array().unwrap();
    let lines: Vec<_> =
        failures.iter().map(|one| (&one["operation"], &one["operationTitle"], &one["steps"])).collect();
    let step = json!([{"chain": "Chain", "name": "Sandbox Chat: Send message"}]);
    assert_eq!(lines, [(&json!("send_message"), &json!("Send message"), &step)], "{failures:#?}");
    assert_eq!((&detail["steps"][0]["chain"], &detail["steps"][0]["failed"]), (&json!("Chain"), &json!(1)));
    house.hub.shut_down().await;
}

#[tokio::test]
async fn private_fields_of_operations_are_named() {
    let house = House::new().await;
    let shown = house.call("connector_show", json!({"connector": "sandbox-tracker"})).await.unwrap();
    let private = |id: &str| {
        let operations = shown["operations"].as_array().unwrap();
        operations.iter().find(|own| own["id"] == json!(id)).unwrap()["private"].clone()
    };
    assert_eq!(private("list_issues"), json!([["author", "email"]]));
    assert_eq!(private("delete_comment"), json!([]));
    house.hub.shut_down().await;
}

/// What of this process's memory is its own, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

/// Does something, and says how much more memory it took at most, in MiB.
async fn peak<T>(what: impl Future<Output = T>) -> (T, u64) {
    let before = memory();
    let (most, over) = (Arc::new(AtomicU64::new(before)), Arc::new(AtomicBool::new(false)));
    let looking = std::thread::spawn({
        let (most, over) = (most.clone(), over.clone());
        move || {
            while !over.load(Ordering::SeqCst) {
                most.fetch_max(memory(), Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    let done = what.await;
    over.store(true, Ordering::SeqCst);
    looking.join().unwrap();
    (done, most.load(Ordering::SeqCst) - before)
}

/// Items of the long run, and the bytes that came of each.
const LONG: u32 = 10_000;
const EACH: usize = 6 << 10;

/// A run over many items, which came in two pages, that has ended. Of item 3 nothing is known, and what was
/// done of the last one cannot be undone.
async fn long(house: &House) -> (String, Value) {
    let chain = house
        .chain(json!([
            {"id": "list", "connection": "Sandbox Tracker", "operation": "list_issues"},
            {"id": "other", "connection": "Sandbox Chat", "operation": "send_message",
                "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Hello"}}]},
            {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "list",
                "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.title"}}]}]))
        .await;
    let run = house.call("run_start", json!({"chain": chain, "queueOnly": true})).await.unwrap()["id"].clone();
    let workspace = house.hub.workspace("default").await.unwrap();
    let result = |step: &str, item: u32, output: Value, next: Option<Value>| Fact::Result {
        step: step.into(),
        item,
        attempt: 1,
        outcome: Outcome::Done { output, output_missing: None },
        took_ms: 1,
        bytes: 1,
        next,
    };
    let opened = |step: &str, items: u32| Fact::StepOpened { step: step.into(), items };
    let items = |from: u32| (from..from + LONG / 2).map(|n| json!({ "title": n })).collect();
    let begun = vec![
        opened("list", 1),
        result("list", 0, items(0), Some(json!(2))),
        opened("tell", LONG / 2),
        result("list", 1, items(LONG / 2), None),
    ];
    let id = run.as_str().unwrap().into();
    let store = workspace.store();
    store.journal_append(&id, begun, RunState::Running).await.unwrap();
    let items: Vec<u32> = (0..LONG).filter(|item| *item != 3).collect();
    for some in items.chunks(500) {
        let facts = some.iter().map(|n| result("tell", *n, json!({"id": n, "text": "x".repeat(EACH)}), None));
        store.journal_append(&id, facts.collect(), RunState::Running).await.unwrap();
    }
    let outcome = UndoOutcome::Impossible;
    let stays = Fact::UndoResult { step: "tell".into(), item: LONG - 1, outcome, took_ms: None };
    let end = vec![stays, Fact::Finished { state: RunState::Failed }];
    store.journal_append(&id, end, RunState::Failed).await.unwrap();
    (chain, run)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_of_a_long_run_takes_no_memory_for_what_is_not_shown() {
    let house = House::new().await;
    let (chain, run) = long(&house).await;
    let whole = (u64::from(LONG) * EACH as u64) >> 20;
    let asks = [
        ("run_data", json!({"run": run, "step": "tell", "offset": LONG - 11, "limit": 10})),
        ("run_report", json!({ "run": run })),
        ("run_undo_again", json!({ "run": run })),
        ("run_waits", json!({ "run": run })),
        ("chain_fields", json!({"chain": chain, "step": "tell", "run": run})),
        ("step_pin", json!({"chain": chain, "step": "list", "run": run})),
        ("step_run", json!({"chain": chain, "step": "other", "run": run})),
    ];
    let mut said = std::collections::BTreeMap::new();
    for (command, request) in asks {
        let (answer, more) = peak(house.call(command, request)).await;
        println!("{command}: {more} MiB of {whole}");
        assert!(more < whole * 6 / 10, "{command} took {more} MiB for a run with {whole}");
        said.insert(command, answer);
    }
    let data = said["run_data"].as_ref().unwrap();
    let items = data["items"].as_array().unwrap();
    assert_eq!((&data["total"], items.len()), (&json!(LONG - 1), 10), "those of which something is known");
    for (item, n) in items.iter().zip(LONG - 10..) {
        assert_eq!((&item["item"], &item["given"]), (&json!(n), &json!({ "title": n })));
        assert_eq!(item["outcome"]["output"]["id"], json!(n));
    }
    assert_eq!(said["run_report"].as_ref().unwrap()["report"]["steps"][2]["done"], json!(LONG - 1));
    let stays = said["run_undo_again"].as_ref().unwrap_err();
    assert!(stays.hint().contains("Undo it by hand"), "it is found behind the first page: {stays}");
    assert_eq!(said["step_pin"].as_ref().unwrap()["pins"][0]["items"], json!(LONG));
    assert_eq!(said["chain_fields"].as_ref().unwrap()["origin"], json!("chosen_run"));
    let alone = house.wait(said["step_run"].as_ref().unwrap()).await;
    assert_eq!((&alone["state"], &alone["steps"][1]["done"]), (&json!("done"), &json!(1)), "{alone:#}");
    // A test holds the answers themselves: a few times over, and not with the journal beside them.
    let (test, more) = peak(house.call("run_test", json!({ "run": run }))).await;
    println!("run_test: {more} MiB of {whole}");
    assert!(more < whole * 35 / 10, "run_test took {more} MiB for a run with {whole}");
    assert_eq!(test.unwrap()["test"]["answers"].as_array().unwrap().len(), LONG as usize + 1);
    house.hub.shut_down().await;
}
