//! The pretend sheet from the first row to the last word: told our address, it sends; at the end it is told
//! to stop.

use std::time::{Duration, Instant};

use patchbay_tests::{Cli, SandboxProcess};
use serde_json::{Value, json};

use super::kills::{end, set_up};

#[test]
fn a_subscribed_tool_sends_what_happens_and_is_told_to_stop_at_the_end() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let target = set_up(&cli, &sandbox);
    let engine = cli.start(&["engine"]);
    target.wait_until_it_listens();
    let shown = cli.ok(&["webhook", "subscribe", "sheet"]);
    assert!(shown["subscription"]["expiresAt"].is_string(), "{shown:#}");
    let params = cli.file("row.json", &json!({"name": "Stapler", "amount": 9.5}).to_string());
    let call = ["call", "sheet", "add_row", "--params", params.to_str().unwrap()];
    // The first tries fail: the sender comes again.
    cli.ok(&["gateway", "set", "--enabled", "false"]);
    cli.ok(&call);
    std::thread::sleep(Duration::from_millis(300));
    cli.ok(&["gateway", "set", "--enabled", "true"]);
    let signals = wait_for(&cli, |signals| !signals.is_empty());
    assert_eq!(signals.len(), 1, "{signals:#?}");
    assert_eq!(
        (&signals[0]["signalType"], &signals[0]["summary"]),
        (&json!("row_added"), &json!("Stapler (9.5)"))
    );
    // The same row by a read: one signal, not two.
    let read = cli.ok(&["sync", "sheet"]);
    assert_eq!(read["streams"][0]["complete"], true, "{read:#}");
    assert_eq!(wait_for(&cli, |signals| !signals.is_empty()).len(), 1, "read and sent, it is one signal");
    let counters = sandbox.counters();
    assert_eq!(counters["deliveries"]["accepted"], 1);
    assert!(counters["deliveries"]["refused"].as_u64().unwrap() >= 1, "{counters:#}");

    let tested = cli.ok(&["webhook", "test", "sheet"]);
    assert_eq!((&tested["accepted"], &tested["signals"]), (&json!(true), &json!(1)));
    let shown = cli.ok(&["webhook", "show", "sheet"]);
    assert_eq!(shown["hasReceived"], true);
    assert!(shown.to_string().find("whsec_").is_none(), "no command tells a secret again");

    cli.ok(&["connection", "disconnect", "sheet"]);
    let counters = sandbox.counters();
    assert_eq!(counters["effects"]["hook_removed"], 1, "the tool was told to stop: {counters:#}");
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", target.port)).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "nobody is left to listen for");
        std::thread::sleep(Duration::from_millis(20));
    }
    end(engine);
}

fn wait_for(cli: &Cli, there: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let listed = cli.ok(&["signals", "--connection", "sheet"]);
        // Its first rows are read by the engine itself.
        let own = |signal: &&Value| signal["summary"] == "Stapler (9.5)";
        let signals: Vec<Value> = listed["signals"].as_array().unwrap().iter().filter(own).cloned().collect();
        if there(&signals) {
            return signals;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing came: {:#}", sandbox_hint(cli));
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn sandbox_hint(cli: &Cli) -> Value {
    cli.ok(&["webhook", "show", "sheet"])
}
