//! What this computer offers, through the program a user starts: chains over files, undo, kills, and
//! what is refused.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use patchbay_tests::{Cli, SandboxProcess, root};
use serde_json::{Value, json};

/// A folder that chains may use, and a connection to it.
fn granted(cli: &Cli) -> PathBuf {
    let folder = cli.folder().join("granted");
    std::fs::create_dir(&folder).unwrap();
    cli.ok(&["connect", "local-files", "--name", "Files", "--set", &format!("folders={}", folder.display())]);
    folder
}

/// The chain "Log": each open issue becomes a row; `last` follows.
fn chain(cli: &Cli, last: &[Value]) {
    let mut steps = vec![
        json!({"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"}),
        json!({"id": "log", "connection": "Files", "operation": "append_csv", "forEach": "issues", "mapping": [
            {"target": "/file", "source": {"type": "fixed", "value": "issues.csv"}},
            {"target": "/row/number", "source": {"type": "path", "path": "$.item.number"}},
            {"target": "/row/title", "source": {"type": "path", "path": "$.item.title"}}]}),
    ];
    steps.extend_from_slice(last);
    let file = cli.file("log.json", &json!({"schema": 1, "name": "Log", "steps": steps}).to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
}

/// The numbers in a table, in order.
fn numbers(folder: &std::path::Path) -> Vec<u64> {
    let text = std::fs::read_to_string(folder.join("issues.csv")).unwrap_or_default();
    let mut numbers: Vec<u64> =
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_chain_writes_a_table_and_a_dry_run_writes_nothing() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let folder = granted(&cli);
    chain(&cli, &[]);
    let check = cli.ok(&["chain", "check", "Log"]);
    assert!(check.to_string().contains("can be undone"), "{check:#}");
    let shown = cli.ok(&["run", "Log", "--dry-run"]);
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "a dry run writes nothing");
    assert!(!cli.data_dir().join("local-files/notes").exists(), "nor does it note anything");
    let report = cli.ok(&["run", "Log"]);
    assert_eq!((&report["state"], &report["steps"][1]["done"]), (&json!("done"), &json!(7)), "{report:#}");
    assert_eq!(numbers(&folder).len(), 7);
    // What it wrote is brought in as a signal, once.
    assert_eq!(cli.ok(&["sync", "Files"])["streams"][0]["new"], 1);
    assert_eq!(cli.ok(&["sync", "Files"])["streams"][0]["new"], 0);
    let health = cli.ok(&["health"]);
    assert_eq!(health["connections"].as_array().unwrap().len(), 3, "{health:#}");
    assert_eq!(cli.ok(&["test", "Files"])["test"]["problem"], Value::Null);
}

#[test]
fn rows_and_files_are_taken_back_where_a_later_step_fails() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let folder = granted(&cli);
    std::fs::write(folder.join("note.txt"), "before").unwrap();
    let write = json!({"id": "note", "connection": "Files", "operation": "write_text", "mapping": [
        {"target": "/file", "source": {"type": "fixed", "value": "note.txt"}},
        {"target": "/text", "source": {"type": "fixed", "value": "after"}}]});
    let close = json!({"id": "close", "connection": "Sandbox Tracker", "operation": "close_issue", "forEach": "issues",
        "policy": {"parallel": 1, "tries": 1, "onFailure": "stop_and_undo"}});
    chain(&cli, &[write, close]);
    sandbox.faults(&json!({"tracker": [{"fault": "down", "on": "PATCH"}]}));
    let run = cli.run(&["run", "Log"]);
    let report = run.json();
    assert_eq!((run.code, report["state"].as_str()), (1, Some("failed_undone")), "{report:#}");
    assert_eq!(report["undo"].as_array().unwrap().len(), 8, "{report:#}");
    assert!(!folder.join("issues.csv").exists(), "the table was new, and is gone");
    assert_eq!(std::fs::read_to_string(folder.join("note.txt")).unwrap(), "before");
}

#[test]
fn no_row_is_lost_or_doubled_when_the_program_is_killed() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let folder = granted(&cli);
    chain(&cli, &[]);
    let mut in_the_middle = 0;
    for round in 0..12_usize {
        let _ = std::fs::remove_file(folder.join("issues.csv"));
        let mut child = cli.start(&["run", "Log"]);
        // Until so many rows are there, or a little later.
        let started = Instant::now();
        while numbers(&folder).len() < round % 7 && started.elapsed() < Duration::from_secs(30) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let left = numbers(&folder).len();
        let open = cli.run(&["wait", "last"]).json();
        if open["problem"]["code"] == "NOT_FOUND" || left == 0 && numbers(&folder).is_empty() {
            continue;
        }
        in_the_middle += usize::from((1..7).contains(&left));
        assert_eq!(open["state"], "done", "round {round}, {left} rows left: {open:#}");
        let mut all = numbers(&folder);
        let count = all.len();
        all.dedup();
        assert_eq!((all.len(), count), (7, 7), "round {round}, {left} rows left");
    }
    assert!(in_the_middle >= 3, "only {in_the_middle} kills came in the middle");
}

#[test]
fn a_kill_while_a_file_is_written_leaves_the_old_one_or_the_new_one() {
    let cli = Cli::new();
    let folder = granted(&cli);
    let whole = |letter: char| String::from(letter).repeat(3_000_000);
    std::fs::write(folder.join("a.txt"), whole('o')).unwrap();
    let params = cli.file("params.json", &json!({"file": "a.txt", "text": whole('n')}).to_string());
    let args = ["call", "Files", "write_text", "--params", params.to_str().unwrap()];
    let started = Instant::now();
    cli.ok(&args);
    let usual = started.elapsed();
    let (mut old, mut new) = (0, 0);
    for round in 0..24_u32 {
        std::fs::write(folder.join("a.txt"), whole('o')).unwrap();
        let mut child = cli.start(&args);
        std::thread::sleep(usual * (round + 4) / 30);
        child.kill().unwrap();
        child.wait().unwrap();
        let text = std::fs::read_to_string(folder.join("a.txt")).unwrap();
        match text {
            text if text == whole('o') => old += 1,
            text if text == whole('n') => new += 1,
            text => panic!("round {round}: {} bytes are neither", text.len()),
        }
    }
    println!("{old} old, {new} new");
    assert!(old > 0, "every kill came too late");
    // What the kills left beside it is no file to anybody, and the next write takes it away.
    let listed = cli.ok(&["call", "Files", "list_files"]);
    assert_eq!(listed["result"].as_array().map(Vec::len), Some(1), "{listed:#}");
    cli.ok(&args);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn what_is_not_granted_is_refused_when_connecting_changing_and_calling() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let folder = granted(&cli);
    let shown = cli.ok(&["connection", "show", "Files"]);
    assert_eq!(shown["origins"], json!([format!("file://{}", folder.canonicalize().unwrap().display())]));
    for wrong in ["/", "/proc", "relative", cli.folder().to_str().unwrap(), cli.data_dir().to_str().unwrap()] {
        let set = format!("folders={wrong}");
        let refused = cli.run(&["connection", "set", "Files", "--set", &set]);
        assert_eq!(refused.json()["problem"]["subject"]["name"], "folders", "{refused:?}");
    }
    assert_eq!(cli.ok(&["connection", "show", "Files"])["origins"], shown["origins"], "nothing changed");
    let http = ["connect", "http-request", "--name", "Web", "--allow-private", "--set"];
    let refused = cli.run(&[&http[..], &["origins=http://example.com"]].concat());
    assert_eq!(refused.json()["problem"]["subject"]["name"], "origins", "{refused:?}");
    cli.ok(&[&http[..], &["origins=http://127.0.0.1:9"]].concat());
    let before = sandbox.counters();
    let params = cli.file("p.json", &json!({"url": format!("{}/control/reset", sandbox.url)}).to_string());
    let refused = cli.run(&["call", "Web", "send", "--params", params.to_str().unwrap()]);
    assert_eq!(refused.json()["problem"]["code"], "TARGET_BLOCKED", "{refused:?}");
    assert_eq!(sandbox.counters(), before, "nothing came there");
    cli.ok(&["connect", "desktop-notifications", "--name", "Desk"]);
    let params = cli.file("n.json", r#"{"title": "Hello"}"#);
    let refused = cli.run(&["call", "Desk", "show", "--params", params.to_str().unwrap()]);
    assert_eq!(refused.json()["problem"]["code"], "NOT_OFFERED", "{refused:?}");
}

#[test]
fn a_definition_of_ones_own_reaches_no_adapter() {
    let cli = Cli::new();
    let text = std::fs::read_to_string(root().join("descriptors/local-files.json")).unwrap();
    let refused = |text: &str, what: &str| {
        let file = cli.file("own.json", text);
        let added = cli.run(&["descriptor", "add", file.to_str().unwrap()]);
        let problem = &added.json()["problem"];
        assert_eq!(problem["subject"]["pointer"], what, "{added:?}");
        assert!(problem["subject"]["line"].is_u64(), "{added:?}");
    };
    refused(&text, "/id");
    refused(&text.replacen("\"id\": \"local-files\"", "\"id\": \"my-files\"", 1), "/kind");
    let newer = cli.file("newer.json", &text.replacen("\"version\": \"1.0.0\"", "\"version\": \"2.0.0\"", 1));
    let validated = cli.run(&["validate", newer.to_str().unwrap()]);
    assert!(validated.stdout.contains("serves versions ^1, not 2.0.0"), "{validated:?}");
}
