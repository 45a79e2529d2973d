//! Chains that start by themselves, in the program as it ships: by what is read, by the clock, by files.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use patchbay_tests::{Cli, SandboxProcess};
use serde_json::{Value, json};

/// The engine in the background, until it is dropped.
struct Background(Child);

impl Background {
    fn start(cli: &Cli) -> Self {
        let mut child = cli.start(&["engine"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the engine says that it runs");
        Self(child)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Saves a chain that tells the chat and lets it start by itself.
fn turn_on(cli: &Cli, name: &str, trigger: &Value, text: &str) {
    let document = json!({"schema": 1, "name": name, "trigger": trigger, "steps": [
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "mapping": [
            {"target": "/channel", "source": {"type": "fixed", "value": "general"}},
            {"target": "/text", "source": {"type": "template", "template": text}},
        ]}
    ]});
    let file = cli.file("chain.json", &document.to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
    cli.ok(&["chain", "on", name]);
}

/// How many messages of this text came to the sandbox.
fn messages(sandbox: &SandboxProcess, text: &str) -> u64 {
    sandbox.count(&format!("message_sent:general:{text}"))
}

/// Waits until a message of this text came to the sandbox.
fn told(sandbox: &SandboxProcess, text: &str, within: Duration) {
    let until = Instant::now() + within;
    while messages(sandbox, text) == 0 {
        assert!(Instant::now() < until, "\"{text}\" was not told: {:#}", sandbox.counters());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Waits until a stream was read to its end.
fn first_read(cli: &Cli, connection: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let found = cli.ok(&["signals", "--connection", connection]);
        if found["signals"].as_array().or(found.as_array()).is_some_and(|all| !all.is_empty()) {
            return;
        }
        assert!(Instant::now() < until, "{connection} was not read: {found:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn what_comes_into_a_tool_starts_a_chain_once_and_what_was_there_does_not() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let trigger = json!({"type": "signal", "connection": "Sandbox Tracker", "stream": "issues"});
    turn_on(&cli, "Tell of new issues", &trigger, "New: {{input.raw.title}}");
    let _engine = Background::start(&cli);
    first_read(&cli, "Sandbox Tracker");
    let before = sandbox.counters()["effects"]["message_sent"].clone();
    let params = cli.file("issue.json", &json!({"title": "The roof leaks"}).to_string());
    cli.ok(&["call", "Sandbox Tracker", "create_issue", "--params", params.to_str().unwrap()]);
    cli.ok(&["sync", "Sandbox Tracker", "--background"]);
    told(&sandbox, "New: The roof leaks", Duration::from_secs(30));
    cli.ok(&["sync", "Sandbox Tracker", "--background"]);
    std::thread::sleep(Duration::from_secs(2));
    let after = sandbox.counters()["effects"]["message_sent"].clone();
    assert_eq!(after.as_u64().unwrap(), before.as_u64().unwrap() + 1, "once, and for nothing else");
}

#[test]
fn the_clock_and_a_file_start_chains() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let folder = cli.folder().join("letters");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("old.txt"), "x").unwrap();
    let folders = format!("folders={}", json!([folder]));
    cli.ok(&["connect", "local-files", "--name", "Letters", "--set", &folders]);
    turn_on(&cli, "Now and then", &json!({"type": "interval", "seconds": 10}), "Tick");
    let file = json!({"type": "file", "connection": "Letters", "ending": ".txt"});
    turn_on(&cli, "Letters come", &file, "Came: {{input.raw.file}}");
    let _engine = Background::start(&cli);
    first_read(&cli, "Letters");
    std::fs::write(folder.join("note.md"), "x").unwrap();
    std::fs::write(folder.join("new.txt"), "x").unwrap();
    cli.ok(&["sync", "Letters", "--background"]);
    told(&sandbox, "Came: new.txt", Duration::from_secs(30));
    told(&sandbox, "Tick", Duration::from_secs(30));
    assert_eq!(messages(&sandbox, "Came: old.txt") + messages(&sandbox, "Came: note.md"), 0);
}
