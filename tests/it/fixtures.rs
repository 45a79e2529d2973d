//! Every connector that ships passes its own fixtures, through the command a user has.

use patchbay_tests::{Cli, root};
use serde_json::json;

#[test]
fn every_connector_passes_its_fixtures() {
    let cli = Cli::new();
    let folder = root().join("descriptors");
    let report = cli.ok(&["test-descriptor", folder.to_str().unwrap(), "--all"]);
    assert_eq!(report["passed"], json!(true), "{report:#}");
    let connectors = report["connectors"].as_array().unwrap();
    assert!(connectors.len() >= 3, "{report:#}");
    for connector in connectors {
        assert!(connector["passed"].as_u64().unwrap() >= 3, "too few fixtures: {connector:#}");
    }
}

#[test]
fn a_fixture_that_expects_something_else_fails() {
    let cli = Cli::new();
    let folder = cli.folder().join("descriptors");
    std::fs::create_dir_all(folder.join("fixtures/sandbox-chat/wrong")).unwrap();
    let definition = std::fs::read_to_string(root().join("descriptors/sandbox-chat.json")).unwrap();
    std::fs::write(folder.join("sandbox-chat.json"), definition).unwrap();
    let fixture = json!({"proof": "fixture_only", "case": {
        "kind": "operation", "operation": "send_message", "params": {"text": "Hello"},
        "request": {"method": "POST", "path": "/channels/elsewhere/messages", "body": {"text": "Hello"}},
        "response": {"status": 201, "body": {"id": 1, "channel": "general", "text": "Hello"}}
    }});
    std::fs::write(folder.join("fixtures/sandbox-chat/wrong/fixture.json"), fixture.to_string()).unwrap();
    let output = cli.run(&["test-descriptor", folder.join("sandbox-chat.json").to_str().unwrap()]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("/channels/elsewhere/messages is expected"), "{output:?}");
}
