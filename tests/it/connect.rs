//! Connecting, using and disconnecting, with good and bad services.

use patchbay_tests::{Cli, SandboxProcess};
use serde_json::json;

fn connect(cli: &Cli, sandbox: &SandboxProcess, name: &str, key: &str) -> patchbay_tests::Output {
    let file = cli.file("key.txt", key);
    let base = format!("baseUrl={}", sandbox.access["chatUrl"].as_str().unwrap());
    let secret = format!("key=@{}", file.display());
    cli.run(&[
        "connect",
        "sandbox-chat",
        "--name",
        name,
        "--set",
        &base,
        "--secret",
        &secret,
        "--allow-private",
    ])
}

fn key(sandbox: &SandboxProcess) -> &str {
    sandbox.access["chatKey"].as_str().unwrap()
}

#[test]
fn a_connection_lives_from_connect_to_disconnect() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let made = connect(&cli, &sandbox, "team", &format!("{}\n", key(&sandbox)));
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.json()["connection"]["account"]["label"], "Patchbay");
    let taken = connect(&cli, &sandbox, "team", key(&sandbox));
    assert_eq!((taken.code, taken.json()["problem"]["code"].as_str()), (1, Some("CONFLICT")));

    let sent = cli.file("params.json", &json!({"channel": "general", "text": "Hello"}).to_string());
    let shown = cli.ok(&["call", "team", "send_message", "--params", sent.to_str().unwrap(), "--dry-run"]);
    assert_eq!(shown["sent"], false);
    assert_eq!(sandbox.count("message_sent:general:Hello"), 0);
    let called = cli.ok(&["call", "team", "send_message", "--params", sent.to_str().unwrap()]);
    assert_eq!(called["result"]["text"], "Hello");
    assert_eq!(sandbox.count("message_sent:general:Hello"), 1);
    let bad = cli.file("bad.json", &json!({"channel": "general"}).to_string());
    let refused = cli.run(&["call", "team", "send_message", "--params", bad.to_str().unwrap()]);
    assert_eq!(refused.json()["problem"]["code"], "SCHEMA_MISMATCH", "checked before anything is sent");

    let read = cli.ok(&["get", "team", "/channels", "--query", "limit=2"]);
    assert_eq!(read["data"]["channels"].as_array().unwrap().len(), 2);
    assert!(!read["url"].as_str().unwrap().contains('?'));
    assert_eq!(cli.run(&["get", "team", "/../tracker/me"]).code, 2);

    cli.ok(&["connection", "rename", "team", "crew"]);
    cli.ok(&["connection", "pause", "crew"]);
    assert_eq!(cli.ok(&["connection", "show", "crew"])["paused"], true);
    for used in
        [&["call", "crew", "send_message", "--params", sent.to_str().unwrap()][..], &["get", "crew", "/me"]]
    {
        let refused = cli.run(used);
        assert_eq!(refused.code, 2, "what is switched off is not used: {refused:?}");
    }
    assert_eq!(sandbox.count("message_sent:general:Hello"), 1);
    cli.ok(&["connection", "resume", "crew"]);
    cli.ok(&["connection", "disconnect", "crew"]);
    assert_eq!(cli.ok(&["connections"])["total"], 0);
}

#[test]
fn a_wrong_key_is_said_at_once_and_nothing_is_kept() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let refused = connect(&cli, &sandbox, "team", "not-the-key");
    assert_eq!(
        (refused.code, refused.json()["problem"]["code"].as_str()),
        (4, Some("AUTH_INVALID")),
        "{refused:?}"
    );
    assert!(!refused.stdout.contains("not-the-key") && !refused.stderr.contains("not-the-key"));
    assert_eq!(cli.ok(&["connections"])["total"], 0);
}

#[test]
fn a_key_can_be_replaced_in_place_and_a_bad_one_leaves_the_old() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    assert_eq!(connect(&cli, &sandbox, "team", key(&sandbox)).code, 0);
    let wrong = cli.file("wrong.txt", "wrong-key");
    let secret = format!("key=@{}", wrong.display());
    assert_eq!(cli.run(&["connection", "replace-key", "team", "--secret", &secret]).code, 4);
    assert_eq!(cli.ok(&["test", "team"])["connection"]["state"], "connected", "the old key still works");
    let right = cli.file("right.txt", key(&sandbox));
    let secret = format!("key=@{}", right.display());
    cli.ok(&["connection", "replace-key", "team", "--secret", &secret]);
}

#[test]
fn a_lost_master_key_is_healed_by_entering_each_key_again() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    assert_eq!(connect(&cli, &sandbox, "one", key(&sandbox)).code, 0);
    assert_eq!(connect(&cli, &sandbox, "two", key(&sandbox)).code, 0);
    assert_eq!(cli.ok(&["health"])["secrets"], "unlocked");
    std::fs::remove_file(cli.data_dir().join("vault.json")).unwrap();
    let lost = |name: &str| {
        let output = cli.run(&["test", name]);
        assert_eq!(output.code, 4, "{output:?}");
        assert_eq!(output.json()["test"]["problem"]["code"], "SECRET_MISSING");
    };
    lost("one");
    assert_eq!(cli.run(&["health"]).json()["secrets"], "missing");
    let file = cli.file("again.txt", key(&sandbox));
    let secret = format!("key=@{}", file.display());
    let healed = cli.ok(&["connection", "replace-key", "one", "--secret", &secret]);
    assert_eq!(healed["connection"]["lastError"], json!(null));
    assert_eq!(cli.ok(&["test", "one"])["connection"]["state"], "connected", "in the next process too");
    lost("two");
    assert_eq!(connect(&cli, &sandbox, "three", key(&sandbox)).code, 0, "new connections can be made");
    cli.ok(&["connection", "replace-key", "two", "--secret", &secret]);
    for name in ["one", "two", "three"] {
        cli.ok(&["test", name]);
    }
    assert_eq!(cli.ok(&["health"])["secrets"], "unlocked");
}

#[test]
fn private_addresses_need_a_word_from_the_user() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let file = cli.file("key.txt", key(&sandbox));
    let base = format!("baseUrl={}", sandbox.access["chatUrl"].as_str().unwrap());
    let secret = format!("key=@{}", file.display());
    let refused = cli.run(&["connect", "sandbox-chat", "--name", "team", "--set", &base, "--secret", &secret]);
    assert_eq!(refused.json()["problem"]["code"], "TARGET_BLOCKED", "{refused:?}");
    assert_eq!(sandbox.counters()["requests"], 0, "nothing was sent");
}

#[test]
fn every_fault_of_a_service_gets_its_name() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    assert_eq!(connect(&cli, &sandbox, "team", key(&sandbox)).code, 0);
    let cases = [
        (json!({"fault": "expired"}), "AUTH_INVALID", 4, "stale"),
        (json!({"fault": "limited", "retryAfter": 7}), "RATE_LIMITED", 1, "error"),
        (json!({"fault": "down"}), "SERVICE_DOWN", 1, "error"),
        (json!({"fault": "broken"}), "SERVICE_DOWN", 1, "error"),
        (json!({"fault": "dies_after_effect"}), "CONNECTION_LOST", 1, "error"),
    ];
    for (fault, code, exit, state) in cases {
        // A connection of its own for each: pauses and circuits are remembered per connection.
        assert_eq!(connect(&cli, &sandbox, code, key(&sandbox)).code, 0, "{code}");
        sandbox.faults(&json!({ "chat": [fault] }));
        let output = cli.run(&["test", code]);
        sandbox.faults(&json!({}));
        let answer = output.json();
        assert_eq!(answer["test"]["problem"]["code"], code, "{fault}: {answer:#}");
        assert_eq!(output.code, exit, "{fault}");
        assert_eq!(answer["connection"]["state"], state, "{fault}");
        cli.ok(&["connection", "disconnect", code]);
    }
}

#[test]
fn reading_a_stream_keeps_each_item_once_and_puts_odd_ones_aside() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let first = cli.ok(&["sync", "Sandbox Tracker"]);
    assert_eq!(first["streams"][0]["new"], 8, "{first:#}");
    assert_eq!(first["streams"][0]["complete"], true);
    let second = cli.ok(&["sync", "Sandbox Tracker"]);
    assert_eq!(second["streams"][0]["new"], 0, "{second:#}");
    assert_eq!(cli.ok(&["signals", "--connection", "Sandbox Tracker"])["signals"].as_array().unwrap().len(), 8);
    sandbox.faults(&json!({"tracker": [{"fault": "odd_data", "on": "GET /issues"}]}));
    let odd = cli.run(&["sync", "Sandbox Tracker"]);
    assert_eq!(odd.code, 3, "{odd:?}");
    assert_eq!(odd.json()["streams"][0]["quarantined"], 2);
    let newest = cli.ok(&["signals", "--limit", "1"]);
    let summary = newest["signals"][0]["summary"].as_str().unwrap();
    assert!(!summary.contains(['\u{202E}', '\u{1b}']), "{summary:?}");
}

#[test]
fn no_secret_is_in_any_file_or_answer() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let log = cli.folder().join("log.txt");
    let log_option = ["--log-level", "trace", "--log-file", log.to_str().unwrap()];
    let mut answers = String::new();
    for args in [
        vec!["demo", "--sandbox", &sandbox.url],
        vec!["test", "Sandbox Chat"],
        vec!["sync", "Sandbox Tracker"],
        vec!["connections"],
        vec!["report", "last"],
        vec!["health"],
    ] {
        let output = cli.run(&[&log_option[..], &args].concat());
        answers.push_str(&output.stdout);
        answers.push_str(&output.stderr);
    }
    let secrets = [key(&sandbox), sandbox.access["trackerToken"].as_str().unwrap(), "a passphrase for tests"];
    let mut files = 0;
    let mut stack = vec![cli.folder().to_path_buf()];
    while let Some(folder) = stack.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                stack.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{} holds a secret", path.display());
            }
        }
    }
    assert!(files >= 4, "the sweep saw only {files} files");
    for secret in secrets {
        assert!(!answers.contains(secret), "an answer holds a secret");
    }
}
