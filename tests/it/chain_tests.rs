//! A run saved as an offline test by the program as it ships, and replayed while its service is gone.

use patchbay_tests::{Cli, SandboxProcess};
use serde_json::{Value, json};

#[test]
fn a_run_is_saved_and_replayed_without_its_service_and_a_change_of_the_chain_is_told() {
    let cli = Cli::new();
    let sandbox = SandboxProcess::start();
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let document = json!({"schema": 1, "name": "Tell", "steps": [
        {"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"},
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "issues", "mapping": [
            {"target": "/text", "source": {"type": "template", "template": "New: {{ item.title }}"}}]}
    ]});
    let file = cli.file("chain.json", &document.to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
    assert_eq!(cli.ok(&["run", "Tell"])["state"], "done");
    let saved = file.with_file_name("tell.chain-test.json");
    let saved = saved.to_str().unwrap();
    cli.ok(&["chain", "save-test", "last", saved]);
    assert_eq!(cli.run(&["chain", "save-test", "last", saved]).code, 2, "nothing is replaced");
    let text = std::fs::read_to_string(saved).unwrap();
    assert!(text.contains("New: ") && text.contains("\"answers\""), "{text}");
    let requests = sandbox.counters()["requests"].clone();
    let passed = cli.ok(&["chain", "test", saved]);
    assert_eq!((&passed["failed"], &passed["tests"][0]["passed"]), (&json!(0), &json!(true)), "{passed:#}");
    assert_eq!(passed["tests"][0]["version"], 1);
    assert_eq!(sandbox.counters()["requests"], requests, "nothing is sent");
    assert_eq!(cli.ok(&["runs"])["runs"][0]["chain"], "Tell");

    let mut changed = document;
    changed["steps"][1]["mapping"][0]["source"]["template"] = json!("Old: {{ item.title }}");
    let file = cli.file("changed.json", &changed.to_string());
    let outcome = cli.run(&["chain", "test", saved, "--document", file.to_str().unwrap()]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let differences = outcome.json()["tests"][0]["differences"].clone();
    let said: Vec<&str> = differences.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(said.len(), 7, "one for each item: {said:#?}");
    assert!(said[0].contains("/text \"Old: ") && said[0].contains("instead of \"New: "), "{said:#?}");

    cli.ok(&["chain", "import", "--replace", file.to_str().unwrap()]);
    assert_eq!(
        cli.run(&["chain", "test", saved]).code,
        1,
        "the workspace's own chain is the one that is tested"
    );
}
