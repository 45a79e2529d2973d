use patchbay_model::time::ManualClock;
use serde_json::json;

use super::*;
use crate::commands::dispatch;
use crate::workspace::tests::hub;

/// A workspace with the sandbox's connections.
struct Desk {
    hub: Hub,
    _dir: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let desk = Self { hub, _dir: dir };
        desk.call("sandbox_start", json!({})).await.unwrap();
        desk
    }

    async fn call(&self, command: &str, request: Value) -> Result<Value, Problem> {
        dispatch(&self.hub, "default", command, request).await
    }
}

/// A chain with every place in which a connection can be named.
fn everywhere() -> Value {
    json!({"schema": 1, "name": "Everywhere",
        "trigger": {"type": "signal", "connection": "Sandbox Tracker", "stream": "issues"},
        "steps": [{"id": "tell", "connection": "Sandbox Chat", "operation": "send_message",
            "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "Something is new"}}]}],
        "onFailure": [{"id": "sorry", "connection": "Sandbox Chat", "operation": "announce",
            "mapping": [{"target": "/text", "source": {"type": "template", "template": "Sorry: {{error.title}}"}}]}],
        "finally": [{"id": "row", "connection": "Sandbox Sheet", "operation": "add_row",
            "mapping": [{"target": "/name", "source": {"type": "fixed", "value": "Once"}}]}]})
}

fn chosen() -> Value {
    json!({"sandbox-tracker": "Sandbox Tracker", "sandbox-chat": "Sandbox Chat", "sandbox-sheet": "Sandbox Sheet"})
}

#[tokio::test]
async fn a_shared_chain_names_nobodys_connections_and_comes_back_whole_and_off() {
    let desk = Desk::new().await;
    let id = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap()["id"].clone();
    let shared = desk.call("chain_share", json!({ "chain": id })).await.unwrap();
    let text = shared["document"].to_string();
    for own in ["Sandbox Tracker", "Sandbox Chat", "Sandbox Sheet"] {
        assert!(!text.contains(own), "{own} is nobody else's business: {text}");
    }
    let places: Vec<&str> = shared["document"]["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["name"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["sandbox-tracker", "sandbox-chat", "sandbox-sheet"]);
    let values: Vec<&str> =
        shared["values"].as_array().unwrap().iter().map(|v| v["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["Something is new", "Sorry: {{error.title}}", "Once"], "what goes along is said");

    let request = json!({"chain": shared["document"], "connections": chosen()});
    let back = desk.call("chain_import", request).await.unwrap();
    assert_eq!(back["name"], "Everywhere 2", "it replaces nothing");
    assert_ne!(back["id"], id);
    let kept = desk.call("chain_export", json!({ "chain": id })).await.unwrap()["chain"].clone();
    let mut renamed = back["chain"].clone();
    renamed["name"] = json!("Everywhere");
    assert_eq!(renamed, kept, "filled in, it is the chain that was shared");
    let work = desk.call("chain_show", json!({"chain": back["id"]})).await.unwrap();
    assert_eq!(
        (work["on"].clone(), work["published"].clone()),
        (json!(false), Value::Null),
        "nothing starts it"
    );
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn what_it_does_and_where_it_sends_is_shown_before_it_is_taken_in() {
    let desk = Desk::new().await;
    let shared = json!({"shared": 1,
        "connections": [{"name": "from", "connector": "sandbox-tracker"}, {"name": "to", "connector": "slack"},
            {"name": "gone", "connector": "no-such-tool"}],
        "chain": {"schema": 1, "name": "Look", "trigger": {"type": "chain", "chain": "Before"}, "steps": [
            {"id": "issues", "connection": "from", "operation": "list_issues"},
            {"id": "tell", "connection": "to", "operation": "post_message", "forEach": "issues"}]}});
    let before = desk.call("chain_list", json!({})).await.unwrap();
    let shown = desk.call("chain_preview", json!({ "chain": shared })).await.unwrap();
    assert_eq!(
        shown["effects"],
        json!([
            "\"List issues\" in Sandbox Tracker (only reads).",
            "\"Post message\" in Slack once for each item (can be undone)."
        ])
    );
    let places = shown["placeholders"].as_array().unwrap();
    assert_eq!(places[0]["candidates"][0]["name"], "Sandbox Tracker");
    assert!(places[0]["candidates"][0]["origins"][0].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(places[1]["origins"], json!(["https://slack.com"]), "{shown}");
    assert_eq!(places[1]["candidates"], json!([]));
    assert_eq!(places[2]["tool"], Value::Null, "a tool that is not known here");
    assert_eq!(shown["chains"], json!(["Before"]));
    assert_eq!(desk.call("chain_list", json!({})).await.unwrap(), before, "looking keeps nothing");
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn each_placeholder_wants_a_connection_of_its_own_tool() {
    let desk = Desk::new().await;
    let id = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap()["id"].clone();
    let document = desk.call("chain_share", json!({ "chain": id })).await.unwrap()["document"].clone();
    let count = async || desk.call("chain_list", json!({})).await.unwrap()["chains"].as_array().unwrap().len();
    let before = count().await;
    let with = |place: &str, connection: Option<&str>| {
        let mut connections = chosen();
        match connection {
            Some(name) => connections[place] = json!(name),
            None => drop(connections.as_object_mut().unwrap().remove(place)),
        }
        json!({ "chain": document, "connections": connections })
    };
    let mut twice = document.clone();
    twice["connections"].as_array_mut().unwrap().push(json!({"name": "sandbox-chat", "connector": "slack"}));
    let mut unnamed = document.clone();
    unnamed["connections"].as_array_mut().unwrap().clear();
    let mut later = document.clone();
    later["shared"] = json!(2);
    for (request, code, why) in [
        (with("sandbox-chat", None), Code::InputInvalid, "nothing chosen"),
        (with("sandbox-chat", Some("Sandbox Sheet")), Code::InputInvalid, "another tool"),
        (with("sandbox-chat", Some("Nowhere")), Code::NotFound, "not there"),
        (json!({"chain": twice, "connections": chosen()}), Code::InputInvalid, "which of the two"),
        (json!({"chain": unnamed, "connections": chosen()}), Code::InputInvalid, "names what it does not list"),
        (json!({"chain": later, "connections": chosen()}), Code::InputInvalid, "a later shape"),
    ] {
        let problem = desk.call("chain_import", request).await.unwrap_err();
        assert_eq!(problem.code(), code, "{why}: {problem}");
    }
    assert_eq!(count().await, before, "nothing of what was refused is kept");
    desk.hub.shut_down().await;
}
