use serde_json::json;

use super::*;
use crate::commands::dispatch;
use crate::workspace::tests::sandboxed;

/// A workspace with the sandbox's connections.
struct Desk {
    hub: Hub,
    _dir: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let (dir, _, hub) = sandboxed().await;
        Self { hub, _dir: dir }
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
    assert_eq!(
        values,
        ["Everywhere", "Something is new", "Sorry: {{error.title}}", "Once"],
        "what goes along is said"
    );

    let places: Vec<&str> =
        shared["values"].as_array().unwrap().iter().map(|v| v["place"].as_str().unwrap()).collect();
    assert_eq!(
        places,
        [
            "Name",
            "Sandbox Chat: Send message · Text",
            "Sandbox Chat: Announce · Text",
            "Sandbox Sheet: Add row · Name"
        ],
        "in the catalogue's words"
    );

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
    assert_eq!((&shown["planned"], &shown["taken"]), (&json!(true), &json!(false)));
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

#[tokio::test]
async fn a_chain_whose_connections_are_not_there_is_neither_run_nor_put_to_work() {
    let desk = Desk::new().await;
    let id = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap()["id"].clone();
    let mut document = desk.call("chain_share", json!({ "chain": id })).await.unwrap()["document"].clone();
    // Somebody takes the list of placeholders away: it looks like a chain of one's own.
    let mut own = document["chain"].take();
    own["name"] = json!("Open");
    desk.call("chain_import", json!({ "chain": own })).await.unwrap();
    let check = desk.call("chain_check", json!({"chain": "Open"})).await.unwrap();
    assert_eq!((&check["ready"], &check["plan"]), (&json!(false), &Value::Null), "{check}");
    assert!(desk.call("chain_publish", json!({"chain": "Open"})).await.is_err(), "nothing starts it");
    assert!(desk.call("chain_switch", json!({"chain": "Open", "on": true})).await.is_err());
    let run = desk.call("run_start", json!({"chain": "Open"})).await.unwrap();
    let report = desk.call("run_wait", json!({ "run": run["id"] })).await.unwrap();
    let calls: u64 = report["steps"].as_array().unwrap().iter().map(|s| s["calls"].as_u64().unwrap()).sum();
    assert_eq!((&report["state"], calls), (&json!("failed"), 0), "{report:#}");
    own["steps"][0]["connection"] = json!("Sandbox Chat");
    own["trigger"]["connection"] = json!("Sandbox Tracker");
    own["onFailure"][0]["connection"] = json!("Sandbox Chat");
    own["finally"][0]["connection"] = json!("Sandbox Sheet");
    desk.call("chain_import", json!({"chain": own, "taken": "replace"})).await.unwrap();
    assert_eq!(desk.call("chain_check", json!({"chain": "Open"})).await.unwrap()["ready"], json!(true));
    desk.call("chain_publish", json!({"chain": "Open"})).await.unwrap();
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

#[tokio::test]
async fn a_document_of_ones_own_replaces_a_chain_only_where_that_is_asked_for() {
    let desk = Desk::new().await;
    let first = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap();
    let again = desk.call("chain_import", json!({ "chain": everywhere() })).await.unwrap();
    assert_eq!((&again["id"], &again["version"]), (&first["id"], &json!(1)), "the same replaces nothing");
    let mut other = everywhere();
    other["steps"][0]["mapping"][0]["source"]["value"] = json!("Something else is new");
    let refused = desk.call("chain_import", json!({ "chain": other })).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    let kept = desk.call("chain_export", json!({ "chain": first["id"] })).await.unwrap();
    assert_eq!(kept["chain"], first["chain"], "nothing was changed");
    let saved = desk.call("chain_import", json!({ "chain": other, "taken": "replace" })).await.unwrap();
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

/// A chain in which every word that a person can write is marked.
fn marked() -> Value {
    let when = json!([{"path": "$.item.w1", "operator": "equals", "value": "mark-a"}]);
    let logic = |id: &str, logic: Value| json!({ "id": id, "name": format!("mark-name-{id}"), "logic": logic });
    json!({"schema": 1, "name": "mark-b", "description": "mark-c",
        "trigger": {"type": "signal", "connection": "Sandbox Tracker", "filter": when},
        "concurrency": {"key": "mark-d {{input.id}}"},
        "steps": [
            {"id": "tell", "name": "mark-e", "connection": "Sandbox Chat", "operation": "send_message", "mapping": [
                {"target": "/text", "source": {"type": "template", "template": "mark-f"}, "default": "mark-g", "by": "hand"},
                {"target": "/channel", "source": {"type": "fixed", "value": "mark-h"}, "by": "hand"}]},
            logic("filter", json!({"type": "filter", "when": when})),
            logic("branch", json!({"type": "branch", "ways": [{"name": "mark-i", "when": when}], "otherwise": "mark-j"})),
            logic("put", json!({"type": "aggregate", "of": "filter", "how": "join", "between": "mark-k"})),
            logic("wait", json!({"type": "wait", "until": "mark-l"})),
            logic("call", json!({"type": "delivery", "when": when, "ties": [{"path": "$.body.id", "equals": "mark-m"}]})),
            logic("ask", json!({"type": "approval", "question": "mark-n?"})),
            logic("sub", json!({"type": "chain", "chain": "mark-o"})),
            logic("keep", json!({"type": "remember", "key": "mark-p", "value": "mark-q"})),
            logic("recall", json!({"type": "recall", "key": "mark-r", "otherwise": "mark-s"})),
            logic("look", json!({"type": "lookup", "table": "mark-t", "key": "mark-u", "otherwise": {"x": "mark-v"}})),
            logic("link", json!({"type": "link", "name": "mark-w", "source": "mark-x", "target": "mark-y"})),
            logic("linked", json!({"type": "linked", "name": "mark-z", "source": "mark-0"}))]})
}

#[tokio::test]
async fn every_word_that_goes_along_is_said() {
    let shared: Chain = serde_json::from_value(marked()).unwrap();
    let said: String =
        words::written(&shared, &BTreeMap::new()).iter().map(|word| format!("{} ", word.value)).collect();
    let mut looked_at = 0;
    for at in marked().to_string().split("mark-").skip(1) {
        let mark: String =
            at.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect();
        assert!(said.contains(&format!("mark-{mark}")), "mark-{mark} goes along and is not said: {said}");
        looked_at += 1;
    }
    assert!(looked_at > 40, "{looked_at}");
    assert!(said.contains("w1 is \\\"mark-a\\\""), "conditions read like sentences: {said}");
    assert!(!said.contains("equals") && !said.contains("$.item"), "{said}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_question() {
    let desk = Desk::new().await;
    let import = async |taken: Option<&str>| {
        desk.call("chain_import", json!({"chain": everywhere(), "taken": taken})).await.unwrap()
    };
    let shown = desk.call("chain_preview", json!({ "chain": everywhere() })).await.unwrap();
    assert_eq!((&shown["planned"], &shown["taken"]), (&json!(true), &json!(false)));
    let first = import(None).await;
    let shown = desk.call("chain_preview", json!({ "chain": everywhere() })).await.unwrap();
    assert_eq!(shown["taken"], json!(true));
    let both = import(Some("keep_both")).await;
    assert_eq!(both["name"], "Everywhere 2");
    assert_ne!(both["id"], first["id"]);
    assert_eq!(import(Some("replace")).await["id"], first["id"]);
    let document = desk.call("chain_share", json!({"chain": first["id"]})).await.unwrap()["document"].clone();
    let mut changed = document;
    changed["chain"]["description"] = json!("Another one");
    let request = json!({"chain": changed, "connections": chosen(), "taken": "replace"});
    let replaced = desk.call("chain_import", request).await.unwrap();
    assert_eq!((&replaced["id"], &replaced["version"]), (&first["id"], &json!(2)), "its next version");
    let work = desk.call("chain_show", json!({"chain": first["id"]})).await.unwrap();
    assert_eq!(work["published"], Value::Null, "and nothing of it is started");
    let mut unknown = everywhere();
    unknown["steps"][0]["connection"] = json!("Not here");
    let shown = desk.call("chain_preview", json!({ "chain": unknown })).await.unwrap();
    assert_eq!(
        (&shown["planned"], &shown["effects"]),
        (&json!(false), &json!([])),
        "what it does is not known yet"
    );
    desk.hub.shut_down().await;
}
