//! Every connector that ships passes its own fixtures, through the command a user has.

use std::collections::BTreeSet;

use patchbay_descriptor::fixture::{Case, load};
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

/// The types of signals that the connectors of the first day bring.
const FIRST_TYPES: [(&str, &[&str]); 10] = [
    ("github-issues", &["issue_created", "issue_updated", "issue_commented"]),
    ("github-pull-requests", &["pr_opened", "pr_merged", "pr_reviewed"]),
    ("linear", &["issue_created", "issue_updated", "cycle_changed"]),
    ("trello", &["card_created", "card_moved", "card_commented"]),
    ("slack", &["message_received", "mention", "reaction"]),
    ("notion", &["page_updated", "database_updated"]),
    ("confluence", &["page_updated", "page_commented"]),
    ("pagerduty", &["incident_triggered", "incident_resolved"]),
    ("sentry", &["error_created", "error_resolved"]),
    ("datadog", &["monitor_triggered", "monitor_resolved"]),
];

#[test]
fn each_type_of_signal_of_the_first_connectors_has_a_fixture() {
    let (mut types, mut absent) = (0, Vec::new());
    for (connector, wanted) in FIRST_TYPES {
        let fixtures = load(&root().join("descriptors/fixtures").join(connector)).unwrap();
        let brings: BTreeSet<_> = fixtures
            .iter()
            .flat_map(|fixture| match fixture.case.as_ref() {
                Case::Stream { signals, .. } | Case::Webhook { signals, .. } => signals.as_slice(),
                Case::Operation { .. } | Case::Health { .. } => &[],
            })
            .filter_map(|signal| signal["signalType"].as_str())
            .collect();
        absent.extend(wanted.iter().filter(|kind| !brings.contains(*kind)).map(|kind| (connector, *kind)));
        types += wanted.len();
    }
    assert_eq!(absent, Vec::<(&str, &str)>::new(), "no fixture shows that such a signal comes");
    assert_eq!(types, 25);
}
