//! The JSON that programs rely on: names and types of every member, pinned. Values are the other
//! tests' business.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use patchbay_tests::{Cli, SandboxProcess};
use serde_json::{Value, json};

/// Every path of a document with the types seen there.
fn shape(value: &Value, path: &str, found: &mut BTreeMap<String, Vec<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => {
            for item in items {
                shape(item, &format!("{path}[]"), found);
            }
            "list"
        }
        Value::Object(members) => {
            // What a service sent and what a person named are not ours to pin.
            let open = ["raw", "data", "result", "body", "params", "config", "items"];
            if !open
                .iter()
                .any(|name| path.ends_with(&format!(".{name}")) || path.ends_with(&format!(".{name}[]")))
            {
                for (name, member) in members {
                    shape(member, &format!("{path}.{name}"), found);
                }
            }
            "object"
        }
    };
    let kinds = found.entry(path.to_owned()).or_default();
    if !kinds.contains(&kind) {
        kinds.push(kind);
        kinds.sort_unstable();
    }
}

#[test]
fn the_json_of_every_command_is_pinned() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let mut page = String::new();
    let mut pin = |title: &str, value: &Value| {
        let mut found = BTreeMap::new();
        shape(value, "", &mut found);
        let _ = writeln!(page, "# {title}");
        for (path, kinds) in found {
            let _ = writeln!(page, "{path}: {}", kinds.join(" | "));
        }
    };
    pin("demo", &cli.ok(&["demo", "--sandbox", &sandbox.url]));
    pin("catalogue", &cli.ok(&["catalogue"]));
    pin("connections", &cli.ok(&["connections"]));
    pin("test", &cli.ok(&["test", "Sandbox Tracker"]));
    pin("sync", &cli.ok(&["sync", "Sandbox Tracker"]));
    pin("signals", &cli.ok(&["signals"]));
    pin("get", &cli.ok(&["get", "Sandbox Tracker", "/me"]));
    let params = cli.file("params.json", &json!({"text": "Hello"}).to_string());
    pin("call", &cli.ok(&["call", "Sandbox Chat", "send_message", "--params", params.to_str().unwrap()]));
    let chain = json!({"schema": 1, "name": "Pinned", "steps": [
        {"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"},
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "issues"}]});
    let file = cli.file("chain.json", &chain.to_string());
    pin("chain import", &cli.ok(&["chain", "import", file.to_str().unwrap()]));
    pin("chain export", &cli.ok(&["chain", "export", "Pinned"]));
    pin("chain export with names", &cli.ok(&["chain", "export", "Pinned", "--with-names"]));
    pin("chain list", &cli.ok(&["chain", "list"]));
    pin("chain check", &cli.ok(&["chain", "check", "Pinned"]));
    pin("run", &cli.ok(&["run", "Pinned"]));
    pin("runs", &cli.ok(&["runs"]));
    pin("report", &cli.ok(&["report", "last"]));
    pin("health", &cli.ok(&["health"]));
    pin("workspace list", &cli.ok(&["workspace", "list"]));
    let copy = cli.folder().join("copy.db");
    pin("backup", &cli.ok(&["backup", copy.to_str().unwrap()]));
    pin("connection disconnect", &cli.ok(&["connection", "disconnect", "Sandbox Chat"]));
    pin("problem", &cli.run(&["test", "nobody"]).json());
    insta::assert_snapshot!(page);
}
