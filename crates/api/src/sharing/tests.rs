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

#[test]
fn no_two_placeholders_have_one_name() {
    let mut taken: Vec<Placeholder> = Vec::new();
    for connector in ["sheet", "sheet-2", "sheet", "sheet-2", "sheet"].map(ConnectorId::from) {
        let name = free_place(&connector, &taken);
        taken.push(Placeholder { name, connector });
    }
    let names: Vec<&str> = taken.iter().map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["sheet", "sheet-2", "sheet-3", "sheet-2-2", "sheet-4"]);
}

#[test]
fn everything_that_somebody_wrote_into_a_chain_is_shown_before_it_leaves() {
    let when = json!([{"path": "$.item.owner", "operator": "in", "value": ["ann", "ben"]}]);
    let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Words", "description": "For ann",
        "trigger": {"type": "webhook", "connection": "Mine",
            "filter": [{"path": "$.body.team", "operator": "equals", "value": "core"}]},
        "concurrency": {"key": "{{ body.customer }}"},
        "steps": [
            {"id": "keep", "name": "Only ann's", "logic": {"type": "filter", "when": when}},
            {"id": "pick", "logic": {"type": "branch", "ways": [{"name": "ours", "when": when}]}},
            {"id": "pause", "logic": {"type": "wait", "until": "{{ item.due }}"}},
            {"id": "ask", "logic": {"type": "approval", "question": "Send it to ann?", "within": 60}},
            {"id": "hear", "connection": "Mine", "logic": {"type": "delivery",
                "when": [{"path": "$.body.by", "operator": "equals", "value": "ben"}],
                "ties": [{"path": "$.body.id", "equals": "{{ steps.tell.id }}"}]}},
            {"id": "keep_it", "logic": {"type": "remember", "key": "last {{ item.id }}", "value": "done by ann"}},
            {"id": "row", "logic": {"type": "lookup", "table": "customers", "key": "{{ item.id }}", "otherwise": 7}},
            {"id": "tell", "connection": "Mine", "operation": "send", "mapping": [
                {"target": "/text", "source": {"type": "fixed", "value": "Hello"}},
                {"target": "/note", "source": {"type": "path", "path": "$.item.note"}, "default": "(none)"}]}],
        "finally": [{"id": "end", "logic": {"type": "approval", "question": "All well?"}}]}))
    .unwrap();
    let said = written::written(&chain).unwrap();
    let lines: Vec<String> =
        said.iter().map(|one| format!("{} {} {}: {}", one.step, one.target, one.what, one.value)).collect();
    let text = lines.join("\n");
    for wanted in [
        " /description The description: \"For ann\"",
        " /trigger/filter/0/value A value that is compared with or kept: \"core\"",
        " /concurrency/key A template: \"{{ body.customer }}\"",
        "keep /name The step's name: \"Only ann's\"",
        "keep /when/0/value A value that is compared with or kept: [\"ann\",\"ben\"]",
        "pick /ways/0/name A name: \"ours\"",
        "pick /ways/0/when/0/value A value that is compared with or kept: [\"ann\",\"ben\"]",
        "pause /until The time until which it waits: \"{{ item.due }}\"",
        "ask /question A question: \"Send it to ann?\"",
        "hear /when/0/value A value that is compared with or kept: \"ben\"",
        "hear /ties/0/equals A template: \"{{ steps.tell.id }}\"",
        "keep_it /key A template: \"last {{ item.id }}\"",
        "keep_it /value A value that is compared with or kept: \"done by ann\"",
        "row /table A table's name: \"customers\"",
        "row /otherwise A text: 7",
        "tell /text A fixed value: \"Hello\"",
        "tell /note What stands there where nothing else does: \"(none)\"",
        "end /question A question: \"All well?\"",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} is not in\n{text}");
    }
    assert!(!text.contains("Mine") && !text.contains("Words"), "connections are placeholders: {text}");
}

#[tokio::test]
async fn a_document_of_ones_own_replaces_a_chain_only_where_that_is_asked_for() {
    let desk = Desk::new().await;
    let first = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap();
    let again = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap();
    assert_eq!((&again["id"], &again["version"]), (&first["id"], &json!(1)), "the same replaces nothing");
    let mut other = everywhere();
    other["steps"][0]["mapping"][0]["source"]["value"] = json!("Something else is new");
    let preview = |chain: &Value| json!({ "chain": chain });
    assert_eq!(desk.call("chain_preview", preview(&other)).await.unwrap()["replaces"], true);
    assert_eq!(desk.call("chain_preview", preview(&everywhere())).await.unwrap()["replaces"], false);
    let refused = desk.call("chain_import", json!({ "chain": other })).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let kept = desk.call("chain_export", json!({ "chain": first["id"] })).await.unwrap();
    assert_eq!(kept["chain"], first["chain"], "nothing was changed");
    let saved = desk.call("chain_import", json!({ "chain": other, "replace": true })).await.unwrap();
    assert_eq!((&saved["id"], &saved["version"]), (&first["id"], &json!(2)));
    desk.hub.shut_down().await;
}

#[tokio::test]
async fn an_input_that_is_too_large_starts_nothing_and_says_what_to_do() {
    let desk = Desk::new().await;
    let chain = json!({"schema": 1, "name": "Take", "steps": [{"id": "make", "logic": {"type": "map"}}]});
    desk.call("chain_import", json!({ "chain": chain })).await.unwrap();
    // With its quotation marks exactly as large as it may be, and one byte more.
    let most = json!("x".repeat((16 << 20) - 2));
    let run = desk.call("run_start", json!({"chain": "Take", "input": most})).await.unwrap();
    desk.call("run_wait", json!({ "run": run["id"] })).await.unwrap();
    let large = json!("x".repeat((16 << 20) - 1));
    for (command, request) in [
        ("run_start", json!({"chain": "Take", "input": large})),
        ("run_again", json!({"runs": [run["id"]], "input": large})),
    ] {
        let problem = desk.call(command, request).await.unwrap_err();
        assert_eq!(problem.code(), Code::InputInvalid, "{command}");
        let said = format!("{} {}", problem.title(), problem.hint());
        for part in ["input of the run", "16 MiB", "nothing was started", "several runs"] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
    assert_eq!(desk.call("run_list", json!({})).await.unwrap()["total"], 1);
    desk.hub.shut_down().await;
}
