//! What could not be undone: tried once more, or done by hand.

use serde_json::{Value, json};

use super::House;

#[tokio::test]
async fn an_undo_that_failed_is_tried_once_more_or_said_to_be_done_by_hand() {
    let house = House::new().await;
    let fixed =
        |target: &str, value: Value| json!({"target": target, "source": {"type": "fixed", "value": value}});
    let steps = json!([
        {"id": "comment", "connection": "Sandbox Tracker", "operation": "add_comment", "policy": {"tries": 1},
            "mapping": [fixed("/number", json!(1)), fixed("/body", json!("Seen"))]},
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "mapping": [fixed("/text", json!("Hello"))]},
        {"id": "announce", "connection": "Sandbox Chat", "operation": "announce", "mapping": [fixed("/text", json!("All"))]}]);
    let run = house.run(&house.chain(steps).await).await;
    assert_eq!(run["state"], "done", "{run:#}");
    let undo = |report: &Value| -> Vec<(String, bool, bool, bool)> {
        let flag = |one: &Value, key: &str| one[key].as_bool().unwrap_or_default();
        let line = |one: &Value| {
            (
                one["step"].as_str().unwrap().to_owned(),
                flag(one, "undone"),
                flag(one, "again"),
                flag(one, "byHand"),
            )
        };
        let mut lines: Vec<_> = report["undo"].as_array().unwrap().iter().map(line).collect();
        lines.sort();
        lines
    };
    house.call("sandbox_fault", json!({"tool": "tracker", "fault": "down"})).await.unwrap();
    house.call("run_undo", json!({"run": run["run"]})).await.unwrap();
    let report = house.call("run_wait", json!({"run": run["run"]})).await.unwrap();
    let line = |step: &str, undone, again, by_hand| (step.to_owned(), undone, again, by_hand);
    let [announced, comment, told] = [
        line("announce", false, false, false),
        line("comment", false, true, false),
        line("tell", true, false, false),
    ];
    assert_eq!(undo(&report), [announced.clone(), comment, told.clone()], "{report:#}");
    let headline = report["headline"].as_str().unwrap();
    assert!(headline.contains("1 change was undone, 2 could not be"), "{headline}");
    assert!(
        report["undo"].to_string().contains("Sandbox Chat: Announce"),
        "in the catalogue's words: {report:#}"
    );

    // While the service is away it fails once more, and is listed once.
    let again = |step: &str, by_hand: bool| json!({"run": run["run"], "step": step, "byHand": by_hand});
    house.call("run_undo_again", again("comment", false)).await.unwrap();
    let report = house.call("run_wait", json!({"run": run["run"]})).await.unwrap();
    assert_eq!((undo(&report).len(), &report["steps"][0]["stay"]), (3, &json!(1)), "{report:#}");
    house.call("sandbox_fault", json!({"tool": "tracker", "fault": null})).await.unwrap();
    let comments = async || {
        let request = json!({"name": "Sandbox Tracker", "operation": "list_comments", "params": {"number": 1}});
        house.call("operation_call", request).await.unwrap()["result"].as_array().unwrap().len()
    };
    let before = comments().await;
    house.call("run_undo_again", again("comment", false)).await.unwrap();
    let report = house.call("run_wait", json!({"run": run["run"]})).await.unwrap();
    assert_eq!(undo(&report), [announced, line("comment", true, false, false), told], "{report:#}");
    assert_eq!(comments().await, before - 1, "it is gone in the tool too");
    assert_eq!(report["steps"][1]["state"], "undone", "what was undone before stays so");
    house.call("run_undo_again", again("comment", false)).await.unwrap_err();

    // What no operation takes back only a person can.
    let refused = house.call("run_undo_again", again("announce", false)).await.unwrap_err();
    assert!(refused.hint().contains("by hand"), "{refused:?}");
    // That the tool is gone by then makes no difference.
    house.call("connection_disconnect", json!({"name": "Sandbox Chat"})).await.unwrap();
    house.call("run_undo_again", json!({"run": run["run"], "byHand": true})).await.unwrap();
    let report = house.call("run_wait", json!({"run": run["run"]})).await.unwrap();
    assert_eq!(undo(&report)[0], line("announce", true, false, true), "{report:#}");
    assert_eq!((&report["state"], &report["steps"][2]["state"]), (&json!("stopped"), &json!("undone")));
    let rendered = house.call("run_report", json!({"run": run["run"], "render": "markdown"})).await.unwrap();
    assert!(rendered["rendered"].as_str().unwrap().contains("Undone by hand"), "{rendered:#}");
    house.hub.shut_down().await;
}

#[tokio::test]
async fn a_stop_is_answered_though_an_undo_waits_for_its_service() {
    let house = House::new().await;
    let steps = json!([
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message",
            "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Hello"}}]},
        {"id": "ask", "logic": {"type": "approval", "question": "Go on?"}}]);
    let run = house.run(&house.chain(steps).await).await;
    assert_eq!(run["state"], "needs_you", "{run:#}");
    house.call("sandbox_fault", json!({"tool": "chat", "fault": "down"})).await.unwrap();
    let stop = house.call("run_stop", json!({"run": run["run"], "undo": true}));
    let report =
        tokio::time::timeout(std::time::Duration::from_secs(60), stop).await.expect("an answer").unwrap();
    assert_eq!(
        (&report["state"], &report["steps"][0]["state"]),
        (&json!("waiting"), &json!("retrying")),
        "{report:#}"
    );
    // Who does not want to wait for it stops that too.
    let report = house.call("run_stop", json!({"run": run["run"]})).await.unwrap();
    assert_eq!(
        (&report["state"], &report["undo"][0]["undone"]),
        (&json!("stopped"), &json!(false)),
        "{report:#}"
    );
    house.hub.shut_down().await;
}

#[tokio::test]
async fn undoing_a_run_undoes_what_the_runs_of_other_chains_did_for_it() {
    let house = House::new().await;
    house.hub.take_up_runs().await.unwrap();
    let says = |id: &str, operation: &str| {
        json!({"id": id, "connection": "Sandbox Chat", "operation": operation,
            "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Hello"}}]})
    };
    let inner = json!({"schema": 1, "name": "Inner", "steps": [says("tell", "send_message")]});
    house.call("chain_import", json!({"chain": inner, "taken": "replace"})).await.unwrap();
    let calls = json!({"id": "inner", "logic": {"type": "chain", "chain": "Inner"}});
    let run = house.run(&house.chain(json!([calls, says("after", "send_message")])).await).await;
    assert_eq!(run["state"], "done", "{run:#}");
    let part = json!({"run": run["steps"][0]["runs"][0]["run"]});
    house.call("run_undo", json!({"run": run["run"]})).await.unwrap();
    let report = house.call("run_wait", json!({"run": run["run"]})).await.unwrap();
    let undone: Vec<_> = report["undo"].as_array().unwrap().iter().map(|one| &one["undone"]).collect();
    assert_eq!((undone, &report["state"]), (vec![&json!(true); 2], &json!("stopped")), "{report:#}");
    assert_eq!(report["steps"][0]["state"], "undone", "{report:#}");
    let inside = house.call("run_wait", part).await.unwrap();
    assert_eq!((&inside["undo"][0]["undone"], &inside["steps"][0]["state"]), (&json!(true), &json!("undone")));
    house.call("run_undo", json!({"run": run["run"]})).await.expect_err("nothing is left to undo");
    house.hub.shut_down().await;
}
