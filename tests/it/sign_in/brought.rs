//! Signing in that brings the address calls go to: nothing is sent there before somebody has seen it.

use std::process::Command;

use patchbay_tests::oauth::{Asked, Reply, definition};
use patchbay_tests::{Cli, Output, ScriptedOauth, Waiting};
use serde_json::{Value, json};

/// A connector whose token answer says where its calls go.
struct Service {
    cli: Cli,
    server: ScriptedOauth,
}

impl Service {
    fn new() -> Self {
        let (cli, server) = (Cli::new(), ScriptedOauth::start());
        let captured = json!({"captures": [{"from": "token", "path": "$.instance_url", "as": "instance"}]});
        let mut document = definition("https://replaced.example", &server.url(), &captured);
        document["baseUrl"] = json!("{{config.instance}}/api");
        let file = cli.file("scripted.json", &document.to_string());
        cli.ok(&["descriptor", "add", file.to_str().unwrap()]);
        Self { cli, server }
    }

    /// The person signs in; the answer says that calls go to `instance`.
    fn signs_in(&self, command: Command, instance: &str) -> Output {
        let waiting = Waiting::of(command);
        let asked = self.server.asked(&waiting.url);
        self.server.script([Reply::GoodWith(json!({ "instance_url": instance }))]);
        self.allow(&asked);
        waiting.finish()
    }

    fn allow(&self, asked: &Asked) {
        let code = format!("code-{}", &asked.get("state")[..12]);
        assert_eq!(asked.allow(&code, Some(&self.server.url())).status, 200);
    }

    fn connect(&self, more: &[&str]) -> Command {
        let common = ["connect", "scripted", "--name", "work", "--oauth", "--no-browser", "--allow-private"];
        self.cli.command(&[&common[..], more].concat())
    }

    /// The same server by another name: another origin.
    fn elsewhere(&self) -> String {
        format!("http://localhost:{}", self.server.port)
    }

    fn identity_calls(&self) -> usize {
        self.server.seen("/api/me").len()
    }
}

fn code(output: &Output) -> Value {
    output.json()["problem"]["code"].clone()
}

#[test]
fn a_host_that_signing_in_brings_sees_no_token_before_it_is_approved() {
    let service = Service::new();
    let elsewhere = service.elsewhere();
    for more in [&[][..], &["--origin", "https://other.example"]] {
        let refused = service.signs_in(service.connect(more), &elsewhere);
        assert_eq!((refused.code, code(&refused)), (1, json!("TARGET_BLOCKED")), "{refused:?}");
        assert!(refused.stderr.contains(&elsewhere), "it says where: {refused:?}");
        assert_eq!(service.identity_calls(), 0, "not to ask whose it is either");
        assert_eq!(service.cli.ok(&["connections"])["total"], 0);
    }
    let made = service.signs_in(service.connect(&["--origin", &elsewhere]), &elsewhere);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(service.identity_calls() >= 1);
    let shown = service.cli.ok(&["connection", "show", "work"]);
    assert_eq!(shown["origins"], json!([elsewhere, service.server.url()]));
    assert_eq!(shown["account"]["label"], "Scripted");
}

#[test]
fn what_is_known_already_is_not_asked_about() {
    let service = Service::new();
    // Where the sign-in itself goes.
    let made = service.signs_in(service.connect(&[]), &service.server.url());
    assert_eq!(made.code, 0, "{made:?}");
    let again = |more: &[&str]| {
        let common = ["connection", "reconnect", "work", "--no-browser"];
        service.cli.command(&[&common[..], more].concat())
    };
    // Another site of the service is asked about, and is another account; what was there stays.
    let moved = service.signs_in(again(&[]), &service.elsewhere());
    assert_eq!((moved.code, code(&moved)), (1, json!("TARGET_BLOCKED")), "{moved:?}");
    let moved =
        service.signs_in(again(&["--origin", &service.elsewhere(), "--other-account"]), &service.elsewhere());
    assert_eq!(moved.code, 0, "{moved:?}");
    // The connection has it now: signing in again asks nothing.
    let before = service.identity_calls();
    let same = service.signs_in(again(&[]), &service.elsewhere());
    assert_eq!(same.code, 0, "{same:?}");
    assert!(service.identity_calls() > before);
}
