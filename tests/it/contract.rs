//! GitHub Issues against GitHub's own published schema: a mock refuses what the schema refuses.

use std::io::{Read, Write};

use patchbay_tests::prism::Prism;
use patchbay_tests::{Cli, Output};
use serde_json::json;

fn exchange(prism: &Prism, request: &str, body: &str) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", prism.port)).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
         User-Agent: test\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn github_issues_keeps_to_githubs_own_schema() {
    assert!(
        Prism::installed(),
        "the mock is not installed: `cargo xtask test` does it, or `npm ci --prefix tests/node`"
    );
    let mut prism = Prism::github_issues();

    let bad = exchange(&prism, "POST /repos/o/r/issues", "{\"body\": \"no title\"}");
    assert!(bad.starts_with("HTTP/1.1 422") && bad.contains("sl-violations"), "the mock checks bodies: {bad}");

    let cli = Cli::new();
    let token = cli.file("token.txt", "a-token-for-the-mock");
    let connected = cli.run(&[
        "connect",
        "github-issues",
        "--name",
        "gh",
        "--set",
        "owner=octocat",
        "--set",
        "repo=hello-world",
        "--set",
        &format!("baseUrl={}", prism.url()),
        "--secret",
        &format!("token=@{}", token.display()),
        "--allow-private",
    ]);
    assert_eq!(connected.code, 0, "{connected:?}");
    assert_eq!(connected.json()["connection"]["account"]["label"], "octocat");

    let synced = cli.run(&["sync", "gh"]);
    assert!(matches!(synced.code, 0 | 3), "{synced:?}");
    for stream in synced.json()["streams"].as_array().unwrap() {
        assert!(stream["items"].as_u64().unwrap() > 0 && stream["complete"] == true, "{stream:#}");
    }

    let calls = [
        ("list_issues", json!({"state": "all", "since": "2026-01-31T12:00:00Z"})),
        ("get_issue", json!({"number": 1})),
        ("create_issue", json!({"title": "A title", "body": "Text", "labels": ["bug"]})),
        ("update_issue", json!({"number": 1, "title": "Another", "state": "open"})),
        ("close_issue", json!({"number": 1})),
        ("list_comments", json!({"number": 1})),
        ("create_comment", json!({"number": 1, "body": "Seen."})),
        ("add_labels", json!({"number": 1, "labels": ["bug"]})),
        ("delete_comment", json!({"id": 1})),
    ];
    for (operation, params) in &calls {
        let file = cli.file("params.json", &params.to_string());
        let called: Output = cli.run(&["call", "gh", operation, "--params", file.to_str().unwrap()]);
        assert_eq!(called.code, 0, "{operation}: {called:?}");
        assert!(prism.is_alive(), "{operation} ended the mock");
    }
    assert_eq!(calls.len(), 9, "every operation of the connector");
}
