//! kill -9 at random moments. The sandbox runs as a process of its own and is the witness: by its
//! counters no effect is lost or doubled, or the run says that it does not know.

use std::time::{Duration, Instant};

use patchbay_tests::{Cli, Random, SandboxProcess, sample};
use serde_json::{Value, json};

/// The open issues of a fresh sandbox.
const ITEMS: u64 = 7;

/// What one kill left behind.
#[derive(Default, Debug)]
struct Tally {
    before_anything: usize,
    in_the_middle: usize,
    after_the_end: usize,
    asked: usize,
}

/// Starts a command, kills it after `delay`, and says whether it had ended by itself.
fn kill_after(cli: &Cli, args: &[&str], delay: Duration) -> bool {
    let mut child = cli.start(args);
    std::thread::sleep(delay);
    let ended = child.try_wait().unwrap().is_some();
    let _ = child.kill();
    let _ = child.wait_with_output();
    ended
}

fn effects(sandbox: &SandboxProcess, kind: &str) -> u64 {
    sandbox.counters()["effects"][kind].as_u64().unwrap_or(0)
}

fn assert_none_doubled(sandbox: &SandboxProcess, kind: &str, context: &str) {
    let counters = sandbox.counters();
    for (content, count) in counters["byContent"].as_object().unwrap() {
        if content.starts_with(kind) {
            assert_eq!(count, 1, "{context}: {content} happened {count} times");
        }
    }
}

/// Goes on with the newest run until it is over; answers questions with what the witness saw.
fn go_on(cli: &Cli, sandbox: &SandboxProcess, kind: &str, tally: &mut Tally) -> Value {
    let mut report = cli.run(&["wait", "last"]).json();
    for _ in 0..20 {
        if report["state"] != "needs_you" {
            return report;
        }
        tally.asked += 1;
        let question = &report["needsYou"][0];
        let text = question["request"]["body"]["text"].as_str().unwrap();
        let happened = sandbox.count(&format!("{kind}:general:{text}")) > 0;
        let answer = if happened { "happened" } else { "not-happened" };
        report = cli.run(&["resolve", "last", answer]).json();
    }
    report
}

fn chain(cli: &Cli, name: &str, operation: &str) {
    let document = json!({"schema": 1, "name": name, "steps": [
        {"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"},
        {"id": "tell", "connection": "Sandbox Chat", "operation": operation, "forEach": "issues",
         "policy": {"parallel": 2}}
    ]});
    let file = cli.file("chain.json", &document.to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
}

fn kill_suite(operation: &str, kind: &str, whole: usize) -> Tally {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    chain(&cli, "Tell", operation);
    // Slow enough that the middle of a run is as likely to be hit as its ends.
    let slow = json!({"chat": [{"fault": "slow", "ms": 15, "on": "POST"}]});
    sandbox.reset();
    sandbox.faults(&slow);
    let started = Instant::now();
    assert_eq!(cli.ok(&["run", "Tell"])["state"], "done");
    let usual = started.elapsed();
    // Starting takes the larger part of a command's time, and there is little to lose in it.
    let started = Instant::now();
    cli.ok(&["runs"]);
    let idle = started.elapsed() * 8 / 10;
    let span = (usual * 11 / 10).saturating_sub(idle);
    let (count, seed) = sample(whole);
    let mut random = Random(seed);
    let mut tally = Tally::default();
    // A loaded computer moves the middle about: kills come sooner after one that came too late, and the other
    // way round, and there are more until enough of them have hit it.
    let mut pace = 1.0;
    for round in 0..count * 4 {
        if round >= count && tally.in_the_middle * 4 >= count {
            break;
        }
        sandbox.reset();
        sandbox.faults(&slow);
        let runs = cli.ok(&["runs"])["total"].as_u64().unwrap();
        let delay = (idle + Duration::from_micros(random.below(span.as_micros() as u64))).mul_f64(pace);
        let ended = kill_after(&cli, &["run", "Tell"], delay);
        let at_kill = effects(&sandbox, kind);
        let context = format!("round {round} of seed {seed}, killed after {delay:?} with {at_kill} effects");
        if cli.ok(&["runs"])["total"] == json!(runs) {
            assert_eq!(at_kill, 0, "{context}: an effect without a run");
            tally.before_anything += 1;
            pace = f64::min(pace * 1.05, 4.0);
            continue;
        }
        let report = go_on(&cli, &sandbox, kind, &mut tally);
        assert_eq!(report["state"], "done", "{context}: {report:#}");
        assert_eq!(effects(&sandbox, kind), ITEMS, "{context}: an effect is lost or doubled");
        assert_none_doubled(&sandbox, kind, &context);
        assert_eq!(report["steps"][1]["done"], ITEMS, "{context}: the report is not what happened");
        if ended {
            tally.after_the_end += 1;
            pace = f64::max(pace * 0.95, 0.1);
        } else if at_kill < ITEMS {
            tally.in_the_middle += 1;
        }
    }
    println!("{operation}: {tally:?}");
    assert!(tally.in_the_middle * 4 >= count, "too few kills hit the middle of a run: {tally:?}");
    tally
}

#[test]
fn no_effect_with_a_key_is_lost_or_doubled_by_a_kill() {
    let tally = kill_suite("send_message", "message_sent", 200);
    assert_eq!(tally.asked, 0, "a key answers what a person would have to");
}

#[test]
fn no_effect_without_a_key_is_lost_or_doubled_or_the_run_asks() {
    kill_suite("announce", "announcement_sent", 200);
}

#[test]
fn the_demonstration_killed_at_any_moment_ends_as_it_should() {
    let (count, seed) = sample(100);
    let mut random = Random(seed);
    let sandbox = SandboxProcess::start();
    let mut interrupted = 0;
    for round in 0..count {
        let cli = Cli::new();
        sandbox.reset();
        for _ in 0..2 {
            let delay = Duration::from_millis(random.below(300));
            let ended = kill_after(&cli, &["demo", "--sandbox", &sandbox.url], delay);
            interrupted += usize::from(!ended);
        }
        let demo = cli.ok(&["demo", "--sandbox", &sandbox.url]);
        assert_eq!(demo["state"], "done", "round {round} of seed {seed}: {demo:#}");
        let sent = effects(&sandbox, "message_sent");
        // One that had ended is started anew and says everything once more; never a part of it.
        assert!(
            sent.is_multiple_of(ITEMS) && (ITEMS..=3 * ITEMS).contains(&sent),
            "round {round} of seed {seed}: {sent} messages"
        );
    }
    assert!(interrupted > 0, "every demonstration had ended before it was killed");
}

/// How many requests a run has sent with its first message: measured on one that nothing disturbs.
fn first_message(cli: &Cli, sandbox: &SandboxProcess) -> u64 {
    let before = requests(sandbox);
    cli.ok(&["run", "Tell"]);
    let count = requests(sandbox) - before - ITEMS + 1;
    sandbox.reset();
    count
}

fn requests(sandbox: &SandboxProcess) -> u64 {
    sandbox.counters()["requests"].as_u64().unwrap()
}

fn wait_for_requests(sandbox: &SandboxProcess, count: u64) {
    let until = Instant::now() + Duration::from_secs(20);
    while requests(sandbox) < count {
        assert!(Instant::now() < until, "too few requests: {}", requests(sandbox));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_interrupted_run_is_called_so_until_somebody_takes_it_up() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    chain(&cli, "Tell", "send_message");
    sandbox.reset();
    let first_message = first_message(&cli, &sandbox);
    sandbox.faults(&json!({"chat": [{"fault": "slow", "ms": 10_000, "on": "POST"}]}));
    let seen = requests(&sandbox);
    let mut child = cli.start(&["run", "Tell"]);
    wait_for_requests(&sandbox, seen + first_message);
    let alive = cli.ok(&["runs"]);
    assert_eq!(alive["runs"][0]["interrupted"], false, "{alive:#}");
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.faults(&json!({}));
    for _ in 0..2 {
        let runs = cli.ok(&["runs"]);
        assert_eq!(runs["runs"][0]["interrupted"], true, "looking takes nothing up: {runs:#}");
        let report = cli.ok(&["report", "last"]);
        assert_eq!((&report["interrupted"], &report["state"]), (&json!(true), &json!("running")), "{report:#}");
        let text = cli.run(&["report", "last", "--format", "md"]).stdout;
        assert!(text.contains("**Interrupted.**") && text.contains("patchbay-cli wait"), "{text}");
        assert_eq!(cli.run(&["health"]).json()["runsInterrupted"], 1);
    }
    let report = cli.ok(&["wait", "last"]);
    assert_eq!((&report["interrupted"], &report["state"]), (&json!(false), &json!("done")), "{report:#}");
    assert_eq!(effects(&sandbox, "message_sent"), ITEMS);
}

#[test]
fn a_run_whose_engine_dies_again_and_again_asks_and_goes_on_when_told() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    chain(&cli, "Tell", "send_message");
    sandbox.reset();
    let first_message = first_message(&cli, &sandbox);
    sandbox.faults(&json!({"chat": [{"fault": "slow", "ms": 60_000, "on": "POST"}]}));
    let mut command = vec!["run", "Tell"];
    for start in 0..3 {
        let seen = requests(&sandbox);
        let mut child = cli.start(&command);
        // The first start checks and lists; from then on it only sends, and never gets an answer.
        wait_for_requests(&sandbox, seen + if start == 0 { first_message } else { 1 });
        child.kill().unwrap();
        child.wait().unwrap();
        command = vec!["wait", "last"];
    }
    sandbox.faults(&json!({}));
    let asked = cli.run(&["wait", "last"]);
    assert_eq!(asked.code, 4, "{asked:?}");
    let report = asked.json();
    assert_eq!(report["needsYou"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["needsYou"][0]["problem"]["code"], "RUN_STUCK");
    assert_eq!(cli.run(&["resolve", "last", "happened"]).json()["problem"]["code"], "CONFLICT");
    let report = cli.ok(&["resolve", "last", "not-happened"]);
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(effects(&sandbox, "message_sent"), ITEMS, "each with its own key: none twice");
}

#[test]
fn an_answer_that_never_comes_is_asked_about_and_never_guessed() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    chain(&cli, "Tell", "announce");
    sandbox.reset();
    sandbox.faults(&json!({"chat": [{"fault": "dies_after_effect", "times": 1, "on": "POST"}]}));
    let run = cli.run(&["run", "Tell"]);
    assert_eq!(run.code, 4, "{run:?}");
    let report = run.json();
    assert_eq!(report["needsYou"].as_array().unwrap().len(), 1, "{report:#}");
    let wrong = cli.run(&["resolve", "last", "happened", "--item", "99"]);
    assert_eq!(wrong.json()["problem"]["code"], "CONFLICT");
    let report = cli.ok(&["resolve", "last", "happened"]);
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(effects(&sandbox, "announcement_sent"), ITEMS);
}

/// Two steps that change something; where the second fails, what the first did is taken back.
fn import_the_chain_that_undoes(cli: &Cli) {
    let document = json!({"schema": 1, "name": "Undo", "steps": [
        {"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"},
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "issues"},
        {"id": "close", "connection": "Sandbox Tracker", "operation": "close_issue", "forEach": "issues",
         "policy": {"parallel": 1, "tries": 1, "onFailure": "stop_and_undo"}}
    ]});
    let file = cli.file("undo.json", &document.to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
}

#[test]
fn a_failure_is_undone_in_reverse_where_the_chain_says_so() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    import_the_chain_that_undoes(&cli);
    sandbox.reset();
    sandbox.faults(&json!({"tracker": [{"fault": "down", "on": "PATCH"}]}));
    let run = cli.run(&["run", "Undo"]);
    let report = run.json();
    assert_eq!((run.code, report["state"].as_str()), (1, Some("failed_undone")), "{report:#}");
    let counters = sandbox.counters();
    // Those of the first page: the next one is not asked for once the run has failed.
    assert_eq!(counters["effects"]["message_sent"], 5);
    assert_eq!(counters["effects"]["message_deleted"], 5, "every message was taken back");
    assert_eq!(report["undo"].as_array().unwrap().len(), 5);
}

#[test]
fn every_undo_that_failed_is_tried_again_at_once() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    let once = json!({"parallel": 1, "tries": 1, "onFailure": "stop_and_undo"});
    let document = json!({"schema": 1, "name": "Undo", "steps": [
        {"id": "issues", "connection": "Sandbox Tracker", "operation": "list_issues"},
        {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "issues", "policy": once},
        {"id": "close", "connection": "Sandbox Tracker", "operation": "close_issue", "forEach": "issues", "policy": once}
    ]});
    let file = cli.file("undo.json", &document.to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
    sandbox.reset();
    let away = |on: &str| json!([{"fault": "down", "on": on}]);
    sandbox.faults(&json!({"tracker": away("PATCH"), "chat": away("DELETE")}));
    let stays = |report: &Value| {
        report["undo"].as_array().unwrap().iter().filter(|line| line["undone"] == json!(false)).count()
    };
    let report = cli.run(&["run", "Undo", "--items", "2"]).json();
    assert_eq!((stays(&report), effects(&sandbox, "message_deleted")), (2, 0), "{report:#}");
    sandbox.faults(&json!({}));
    let elsewhere = cli.run(&["undo", "last", "--again", "--all", "--step", "issues"]);
    assert_eq!(elsewhere.json()["problem"]["code"], "CONFLICT", "nothing of that step stays: {elsewhere:?}");
    let report = cli.run(&["undo", "last", "--again", "--all", "--step", "tell"]).json();
    assert_eq!((stays(&report), effects(&sandbox, "message_deleted")), (0, 2), "{report:#}");
}

/// The messages of the first page: what there is to undo.
const SENT: u64 = 5;

/// Whether everything is sent, and the undo is about to begin or has begun.
fn wait_for_the_undo(sandbox: &SandboxProcess) {
    let until = Instant::now() + Duration::from_secs(30);
    while effects(sandbox, "message_sent") < SENT {
        assert!(Instant::now() < until, "nothing is sent: {:#}", sandbox.counters());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_undo_that_is_killed_undoes_each_effect_once_and_ends() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    import_the_chain_that_undoes(&cli);
    let (count, seed) = sample(200);
    let mut random = Random(seed);
    let (mut in_the_middle, mut again) = (0, 0);
    for round in 0..count * 3 {
        if round >= count && in_the_middle * 2 >= count {
            break;
        }
        sandbox.reset();
        let slow = json!([{"fault": "slow", "ms": 60, "on": "DELETE"}]);
        sandbox.faults(&json!({"tracker": [{"fault": "down", "on": "PATCH"}], "chat": slow}));
        let mut child = cli.start(&["run", "Undo"]);
        wait_for_the_undo(&sandbox);
        let delay = Duration::from_millis(random.below(SENT * 90));
        std::thread::sleep(delay);
        child.kill().unwrap();
        child.wait().unwrap();
        let at_kill = effects(&sandbox, "message_deleted");
        // Half of them are killed once more, wherever the undo is then.
        if round % 2 == 0 && at_kill < SENT {
            let mut child = cli.start(&["wait", "last"]);
            std::thread::sleep(Duration::from_millis(random.below(1_500)));
            child.kill().unwrap();
            child.wait().unwrap();
            again += 1;
        }
        let context =
            format!("round {round} of seed {seed}, killed after {delay:?} with {at_kill} of {SENT} undone");
        let mut report = cli.run(&["wait", "last"]).json();
        if report["state"] == "needs_you" {
            // Killed before the failure was written that the undo comes of: what was lost is asked about.
            assert_eq!((at_kill, &report["steps"][2]["unknown"]), (0, &json!(1)), "{context}: {report:#}");
            cli.run(&["resolve", "last", "not-happened"]);
            report = cli.run(&["wait", "last"]).json();
        }
        assert_none_doubled(&sandbox, "message_deleted", &context);
        assert_none_doubled(&sandbox, "message_sent", &context);
        assert_eq!(report["state"], "failed_undone", "{context}: {report:#}");
        assert_eq!(effects(&sandbox, "message_deleted"), SENT, "{context}: {report:#}");
        let step = &report["steps"][1];
        let said = [&step["changes"], &step["undone"], &step["stay"]].map(|figure| figure.as_u64().unwrap());
        assert_eq!(said, [SENT, SENT, 0], "{context}: the report is not what happened: {report:#}");
        in_the_middle += usize::from(at_kill < SENT);
    }
    println!("killed during the undo: {in_the_middle}, twice: {again}");
    assert!(in_the_middle * 2 >= count, "too few kills hit the undo: {in_the_middle} of {count}");
}

#[test]
fn a_service_that_refuses_twice_is_tried_again_and_one_that_is_down_ends_the_run() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    cli.ok(&["demo", "--sandbox", &sandbox.url]);
    sandbox.reset();
    sandbox.faults(&json!({"chat": [{"fault": "down", "times": 2, "on": "POST"}]}));
    let report = cli.ok(&["run", "New issue to team message"]);
    assert_eq!(effects(&sandbox, "message_sent"), ITEMS, "{report:#}");
    assert!(report["steps"][1]["retries"].as_u64().unwrap() >= 2, "{report:#}");
    sandbox.faults(&json!({"chat": [{"fault": "expired", "on": "POST"}]}));
    let failed = cli.run(&["run", "New issue to team message"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    let problem = &failed.json()["steps"][1]["problems"][0]["problem"];
    assert_eq!(problem["code"], "AUTH_INVALID");
    assert!(problem["fix"]["label"].as_str().is_some());
}
