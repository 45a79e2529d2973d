//! The command line: what it takes, what it says, how it ends.

use patchbay_tests::cli::finish;
use patchbay_tests::{Cli, SandboxProcess};
use serde_json::{Value, json};

#[test]
fn the_demonstration_runs_to_its_end_and_tells_the_truth() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let demo = cli.ok(&["demo", "--sandbox", &sandbox.url]);
    assert_eq!(demo["state"], "done");
    assert_eq!(demo["resumed"], false);
    let step = &demo["report"]["steps"][1];
    assert_eq!(step["done"], 7, "{demo:#}");
    assert_eq!(sandbox.counters()["effects"]["message_sent"], step["done"], "the report is what happened");
    let runs = cli.ok(&["runs"]);
    assert_eq!(runs["total"], 1);
    let markdown = cli.run(&["report", "last", "--format", "md"]);
    assert!(markdown.stdout.contains("**Done.** 2 of 2 steps done."), "{markdown:?}");
    let html = cli.run(&["report", "last", "--format", "html"]);
    assert!(html.stdout.starts_with("<!doctype html>") && !html.stdout.contains("<script"), "{html:?}");
    let health = cli.ok(&["health"]);
    assert_eq!(health["secrets"], "unlocked");
    assert_eq!(health["connections"].as_array().unwrap().len(), 2);
}

#[test]
fn the_demonstration_needs_no_sandbox_of_its_own_process() {
    let cli = Cli::new();
    assert_eq!(cli.ok(&["demo"])["state"], "done");
    // The sandbox moved to another port meanwhile, and its state did not.
    let again = cli.ok(&["demo"]);
    assert_eq!(again["state"], "done");
    assert_eq!(again["report"]["steps"][1]["done"], 7);
}

#[test]
fn the_demonstration_works_again_when_its_keys_were_only_in_memory() {
    let cli = Cli::in_memory();
    for _ in 0..2 {
        assert_eq!(cli.ok(&["demo"])["state"], "done");
    }
    // What is not pretend is not forgotten so easily: it says that the key is gone.
    let gone = cli.run(&["test", "Sandbox Chat"]);
    assert_eq!((gone.code, gone.json()["test"]["problem"]["code"].as_str()), (4, Some("SECRET_MISSING")));
}

#[test]
fn without_a_keyring_the_demonstration_says_so_and_runs() {
    let cli = Cli::new();
    let mut command = std::process::Command::new(patchbay_tests::cli::program());
    command
        .args(["--json", "demo"])
        .env_clear()
        .env("HOME", cli.folder())
        .env("PATCHBAY_DATA_DIR", cli.data_dir());
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("No keyring answers here"), "{output:?}");
}

/// Arguments, exit code, and what standard output or error contains.
const WRONG: &[(&[&str], i32, &str)] = &[
    (&["nonsense"], 2, "unrecognized subcommand"),
    (&["connect", "sandbox-chat", "--name", "x", "--secret", "key=plain"], 2, "INPUT_INVALID"),
    (&["connect", "sandbox-chat", "--name", "x", "--set", "novalue"], 2, "INPUT_INVALID"),
    (&["connect", "no-such-tool", "--name", "x"], 1, "NOT_FOUND"),
    (&["connect", "github-issues", "--name", "x"], 2, "repo"),
    (&["connect", "sandbox-chat", "--name", "x", "--set", "baseUrl=http://example.com"], 2, "https"),
    (&["connection", "show", "nobody"], 1, "NOT_FOUND"),
    (&["catalogue", "--auth", "magic"], 2, "api_key"),
    (&["catalogue", "--category", "nowhere"], 2, "INPUT_INVALID"),
    (&["run", "no chain"], 1, "NOT_FOUND"),
    (&["report", "last"], 1, "NOT_FOUND"),
    (&["undo", "last", "--step", "message"], 2, "--again|--by-hand"),
    (&["undo", "last", "--item", "0"], 2, "--again|--by-hand"),
    (&["undo", "last", "--all"], 2, "--again"),
    (&["undo", "last", "--by-hand", "--all"], 2, "--all"),
    (&["undo", "last", "--again", "--all", "--item", "0"], 2, "--item"),
    (&["chain", "import", "missing.json"], 1, "NOT_FOUND"),
    (&["validate", "missing.json"], 1, "NOT_FOUND"),
    (&["restore", "missing.db"], 1, "NOT_FOUND"),
    (&["--workspace", "../other", "health"], 2, "INPUT_INVALID"),
    (&["--workspace", "absent", "health"], 1, "NOT_FOUND"),
    (&["--log-level", "loud", "health"], 2, "INPUT_INVALID"),
];

#[test]
fn wrong_use_is_one_clear_problem_with_the_right_exit_code() {
    let cli = Cli::new();
    for (args, code, words) in WRONG {
        let output = cli.run(args);
        assert_eq!(output.code, *code, "{args:?}: {output:?}");
        let text = format!("{}{}", output.stdout, output.stderr);
        assert!(text.contains(words), "{args:?}: {output:?}");
        if *code != 2 || output.stdout.contains("problem") {
            let problem: Value = serde_json::from_str(&output.stdout).unwrap();
            for field in ["code", "title", "hint", "fix"] {
                assert!(!problem["problem"][field].is_null(), "{args:?}: no {field}: {problem:#}");
            }
        }
    }
}

#[test]
fn a_document_with_a_mistake_says_where_it_is() {
    let cli = Cli::new();
    let broken = cli.file("broken.json", "{\n  \"schema\": 1,\n  oops\n}");
    let output = cli.run(&["chain", "import", broken.to_str().unwrap()]);
    assert_eq!(output.code, 2, "{output:?}");
    let subject = &output.json()["problem"]["subject"];
    assert_eq!((&subject["line"], &subject["column"]), (&json!(3), &json!(3)), "{output:?}");

    let mut definition: Value = serde_json::from_str(
        &std::fs::read_to_string(patchbay_tests::root().join("descriptors/sandbox-chat.json")).unwrap(),
    )
    .unwrap();
    definition["operations"][0]["verbb"] = json!("list");
    let file = cli.file("definition.json", &format!("{definition:#}"));
    let output = cli.run(&["validate", file.to_str().unwrap()]);
    assert_eq!(output.code, 1);
    let problem = &output.json()["files"][0]["problems"][0];
    assert_eq!(problem["subject"]["pointer"], "/operations/0/verbb");
    assert!(problem["subject"]["line"].as_u64().unwrap() > 10, "{problem:#}");
}

#[test]
fn workspaces_share_nothing() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["workspace", "create", "work"]);
    assert_eq!(cli.run(&["workspace", "create", "work"]).code, 1, "the name is taken");
    cli.ok(&["--workspace", "work", "demo", "--sandbox", &sandbox.url]);
    assert_eq!(cli.ok(&["connections"])["total"], 0);
    assert_eq!(cli.ok(&["--workspace", "work", "connections"])["total"], 2);
    cli.ok(&["workspace", "delete", "work"]);
    assert_eq!(cli.ok(&["workspace", "list"])["workspaces"], json!(["default"]));
    assert!(!cli.data_dir().join("workspaces/work").exists(), "deleting one deletes its folder");
}

#[test]
fn a_second_process_hands_its_command_to_the_first() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let mut engine = cli.start(&["engine"]);
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(engine.stdout.as_mut().unwrap()), &mut line)
        .unwrap();
    assert!(line.contains("ready"), "{line}");
    // Forwarded: a lock would refuse it otherwise.
    assert_eq!(cli.ok(&["connections"])["total"], 2);
    let run = cli.ok(&["run", "New issue to team message"]);
    assert_eq!(run["state"], "done");
    let refused = cli.run(&["demo"]);
    assert_eq!(refused.json()["problem"]["code"], "IN_USE", "{refused:?}");
    engine.kill().unwrap();
    finish(engine);
    // The lock went with its owner.
    assert_eq!(cli.ok(&["runs"])["total"], 2);
}

#[test]
fn a_detached_run_goes_on_by_itself() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let run = cli.ok(&["run", "New issue to team message", "--detach"]);
    let id = run["id"].as_str().unwrap();
    // Waits for the process in the background, or goes on itself where that one has ended.
    let report = cli.ok(&["wait", id]);
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(sandbox.counters()["effects"]["message_sent"], 14);
}

#[test]
fn a_copy_can_be_put_back() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let copy = cli.folder().join("copy.db");
    cli.ok(&["backup", copy.to_str().unwrap()]);
    cli.ok(&["connection", "disconnect", "Sandbox Chat"]);
    assert_eq!(cli.ok(&["connections"])["total"], 1);
    cli.ok(&["restore", copy.to_str().unwrap()]);
    assert_eq!(cli.ok(&["connections"])["total"], 2);
    assert_eq!(cli.ok(&["test", "Sandbox Chat"])["connection"]["state"], "connected", "its key is back too");
    let again = cli.run(&["backup", copy.to_str().unwrap()]);
    assert_eq!(again.json()["problem"]["code"], "CONFLICT", "a copy is never written over");
}

#[test]
fn a_dry_run_sends_nothing_and_shows_everything() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    sandbox.reset();
    let report = cli.ok(&["run", "New issue to team message", "--dry-run"]);
    assert_eq!(report["state"], "done");
    assert_eq!(report["steps"][1]["shown"].as_array().unwrap().len(), 7, "{report:#}");
    assert_eq!(sandbox.counters()["effects"], json!({}), "nothing was sent");
}

#[test]
fn a_chain_is_passed_on_with_placeholders_and_taken_in_with_connections() {
    let sandbox = SandboxProcess::start();
    let cli = Cli::new();
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let document = cli.ok(&["chain", "export", "New issue to team message"]);
    assert!(!document.to_string().contains("Sandbox Tracker"), "{document}");
    let file = cli.file("shared.json", &document.to_string());
    let file = file.to_str().unwrap();
    let shown = cli.ok(&["chain", "import", file, "--show"]);
    assert_eq!(shown["placeholders"][0]["candidates"][0]["name"], "Sandbox Tracker", "{shown}");
    let open = cli.run(&["chain", "import", file, "--use", "sandbox-tracker=Sandbox Tracker"]);
    assert_eq!(open.json()["problem"]["code"], "INPUT_INVALID", "one is still open: {open:?}");
    let uses = ["--use", "sandbox-tracker=Sandbox Tracker", "--use", "sandbox-chat=Sandbox Chat"];
    let saved = cli.ok(&[&["chain", "import", file][..], &uses].concat());
    assert_eq!(saved["name"], "New issue to team message 2");
    let listed = cli.ok(&["chain", "list"]);
    assert!(listed["chains"].as_array().unwrap().iter().all(|chain| chain["on"] == json!(false)));
    assert_eq!(cli.ok(&["run", "New issue to team message 2"])["state"], "done");
    let undone = cli.run(&["undo", "last"]);
    assert_eq!(undone.json()["steps"][1]["state"], "undone", "{undone:?}");
}
