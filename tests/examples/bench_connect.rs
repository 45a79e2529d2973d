//! Signing in and connecting, and testing a connection: how long it takes, and how much of that is ours.
//! Run by `cargo xtask bench connect`. The engine is a process of its own; the service answers for the person
//! and counts its own time.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement says what went wrong by ending")]

use std::time::{Duration, Instant};

use patchbay_tests::oauth::definition;
use patchbay_tests::waiting::come_back;
use patchbay_tests::{ScriptedOauth, Served, Visitor};
use serde_json::json;

const ROUNDS: usize = 50;

/// What one thing took.
struct Figures {
    name: &'static str,
    bar: &'static str,
    whole: Vec<Duration>,
    ours: Vec<Duration>,
}

impl Figures {
    fn new(name: &'static str, bar: &'static str) -> Self {
        Self { name, bar, whole: Vec::new(), ours: Vec::new() }
    }

    fn add(&mut self, since: &Moment, server: &ScriptedOauth) {
        let (whole, served) = (since.at.elapsed(), server.spent().saturating_sub(since.spent));
        self.whole.push(whole);
        self.ours.push(whole.saturating_sub(served));
    }

    fn print(&mut self) {
        let name = self.name;
        let [whole, ours] = [&mut self.whole, &mut self.ours].map(|times| {
            times.sort();
            [50, 95].map(|share| times[(times.len() * share).div_ceil(100) - 1].as_secs_f64() * 1_000.0)
        });
        println!(
            "{name:<28} p50 {:>7.1} ms  p95 {:>7.1} ms  of that ours: p50 {:>7.1} ms  p95 {:>7.1} ms  ({})",
            whole[0], whole[1], ours[0], ours[1], self.bar
        );
    }
}

/// A moment, and how long the service had taken by then.
struct Moment {
    at: Instant,
    spent: Duration,
}

impl Moment {
    fn now(server: &ScriptedOauth) -> Self {
        Self { spent: server.spent(), at: Instant::now() }
    }
}

fn main() {
    let (served, server) = (Served::start(), ScriptedOauth::start());
    server.consent(true);
    let document = definition(&server.at("/api"), &server.url(), &json!({}));
    served.rpc("descriptor_add", &json!({ "file": "scripted.json", "text": document.to_string() }));
    let mut establish = Figures::new("begin to Connected", "bar: 2,000 ms");
    let mut after_consent = Figures::new("consent to Connected", "bar: 300 ms of ours");
    let mut test = Figures::new("test of a connection", "bar: 500 ms");
    for round in 0..ROUNDS {
        let name = format!("round {round}");
        let begin =
            json!({ "connector": "scripted", "auth": "oauth", "allowPrivate": true, "noBrowser": true });
        let start = Moment::now(&server);
        let begun = served.rpc("sign_in_begin", &begin);
        let url = begun["url"].as_str().unwrap();
        let back = Visitor::of(url).open(url).away();
        let consent = Moment::now(&server);
        come_back(&back);
        let ended = served.rpc("sign_in_wait", &json!({ "id": begun["id"] }));
        assert_eq!(ended["stage"], "done", "{ended:#}");
        let create = json!({
            "connector": "scripted", "auth": "oauth", "allowPrivate": true, "name": name, "signIn": begun["id"],
        });
        let made = served.rpc("connection_create", &create);
        after_consent.add(&consent, &server);
        establish.add(&start, &server);
        assert_eq!(made["connection"]["state"], "connected", "{made:#}");

        let start = Moment::now(&server);
        let tested = served.rpc("connection_test", &json!({ "name": name }));
        test.add(&start, &server);
        assert_eq!(tested["connection"]["state"], "connected", "{tested:#}");
    }
    for figures in [&mut establish, &mut after_consent, &mut test] {
        figures.print();
    }
}
