//! Signing in on the command line, beside the pretend tracker: from the consent page to the revocation.

use std::process::Command;

use patchbay_tests::waiting::answer;
use patchbay_tests::{Cli, Output, SandboxProcess, Visitor, Waiting};
use serde_json::{Value, json};

/// The command line and the tracker it signs in to.
struct Desk {
    cli: Cli,
    sandbox: SandboxProcess,
}

impl Desk {
    fn new() -> Self {
        Self { cli: Cli::new(), sandbox: SandboxProcess::start() }
    }

    /// `connect` with the way to sign in and more, without a browser.
    fn connect(&self, name: &str, more: &[&str]) -> Command {
        let base = format!("baseUrl={}", self.sandbox.access["trackerUrl"].as_str().unwrap());
        let common = ["connect", "sandbox-tracker", "--name", name, "--set", &base, "--allow-private"];
        self.cli.command(&[&common[..], more].concat())
    }

    fn reconnect(&self, name: &str, more: &[&str]) -> Waiting {
        let common = ["connection", "reconnect", name, "--no-browser"];
        Waiting::of(self.cli.command(&[&common[..], more].concat()))
    }

    /// Answers the page on which a command waits, and what came of it.
    fn answered(&self, waiting: Waiting, login: &str, word: &str) -> Output {
        let mut visitor = Visitor::of(&self.sandbox.url);
        let page = visitor.open(&waiting.url).page();
        let back = answer(&mut visitor, &page, login, word);
        assert_eq!(back.status, 200, "{back:?}");
        waiting.finish()
    }

    /// Somebody signs in and connects.
    fn connected(&self, name: &str, login: &str) -> Value {
        let waiting = Waiting::of(self.connect(name, &["--oauth", "--no-browser"]));
        let output = self.answered(waiting, login, "allow");
        assert_eq!(output.code, 0, "{output:?}");
        output.json()
    }

    fn oauth(&self, counter: &str) -> u64 {
        let counters = self.sandbox.counters();
        counters["oauth"][counter].as_u64().unwrap_or_else(|| panic!("{counter}: {counters:#}"))
    }

    fn state(&self, name: &str) -> Value {
        self.cli.ok(&["connection", "show", name])["state"].clone()
    }

    /// Rows of a table of the default workspace, as the file has them.
    fn rows(&self, query: &'static str) -> Vec<(String, Option<String>)> {
        rows(&self.cli, query)
    }
}

/// Rows of a table of the default workspace, as the file has them.
pub(super) fn rows(cli: &Cli, query: &'static str) -> Vec<(String, Option<String>)> {
    use sqlx::ConnectOptions as _;
    let file = cli.data_dir().join("workspaces/default/patchbay.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut database = options.connect().await.unwrap();
        sqlx::query_as(query).fetch_all(&mut database).await.unwrap()
    })
}

fn code(output: &Output) -> String {
    let answer = output.json();
    answer["problem"]["code"].as_str().unwrap_or_else(|| panic!("{output:?}")).to_owned()
}

fn create(cli: &Cli, name: &str, title: &str) -> Output {
    let params = cli.file("params.json", &json!({ "title": title }).to_string());
    cli.run(&["call", name, "create_issue", "--params", params.to_str().unwrap()])
}

#[test]
fn a_sign_in_lives_from_the_consent_page_to_its_revocation() {
    let desk = Desk::new();
    let cli = &desk.cli;
    let waiting = Waiting::of(desk.connect("work", &["--oauth", "--no-browser"]));
    let page = Visitor::of(&desk.sandbox.url).open(&waiting.url).page().text();
    assert!(page.contains("issues:read") && page.contains("issues:write"), "{page}");
    let made = desk.answered(waiting, "amira", "allow");
    assert_eq!(made.code, 0, "{made:?}");
    let made_json = made.json();
    assert_eq!(made_json["connection"]["account"]["label"], "amira", "{made_json:#}");
    assert_eq!(made_json["connection"]["state"], "connected");
    assert!(made.stderr.contains("Signed in as amira."), "{}", made.stderr);

    assert_eq!(cli.ok(&["test", "work"])["connection"]["state"], "connected");
    assert!(cli.ok(&["sync", "work"])["streams"][0]["items"].as_u64().unwrap() >= 7);
    assert_eq!(create(cli, "work", "Made with a token").code, 0);

    // Renewed in silence.
    for round in 1..=3 {
        desk.sandbox.expire_tokens();
        let read = cli.run(&["get", "work", "/me"]);
        assert_eq!((read.code, read.stderr.as_str()), (0, ""), "{read:?}");
        assert_eq!(read.json()["data"]["login"], "amira");
        assert_eq!(desk.oauth("refreshes"), round);
    }
    assert_eq!((desk.oauth("reuses"), desk.oauth("replays")), (0, 0));

    assert_eq!(desk.oauth("liveGrants"), 1);
    let gone = cli.ok(&["connection", "disconnect", "work"]);
    assert_eq!(gone["revoked"], true, "{gone:#}");
    assert_eq!(desk.oauth("liveGrants"), 0);
    assert!(desk.oauth("revocations") >= 1);
    assert_eq!(cli.ok(&["connections"])["total"], 0);
    assert!(desk.rows("SELECT name, NULL FROM connections").is_empty());
    assert!(desk.rows("SELECT connection, NULL FROM renewals").is_empty());
}

#[test]
fn what_the_service_has_withdrawn_is_mended_in_place() {
    let desk = Desk::new();
    let cli = &desk.cli;
    desk.connected("work", "amira");
    let document = json!({"schema": 1, "name": "Look", "steps": [
        {"id": "issues", "connection": "work", "operation": "list_issues"}]});
    let file = cli.file("chain.json", &document.to_string());
    cli.ok(&["chain", "import", file.to_str().unwrap()]);
    let chain = || cli.run(&["chain", "export", "Look"]).stdout;
    let (chain_before, id) = (chain(), cli.ok(&["connection", "show", "work"])["id"].clone());
    assert_eq!(cli.ok(&["run", "Look"])["state"], "done");

    desk.sandbox.revoke_grants();
    let refused = create(cli, "work", "Too late");
    assert_eq!((refused.code, code(&refused).as_str()), (4, "AUTH_REVOKED"), "{refused:?}");
    assert_eq!(desk.state("work"), "stale");
    let tested = cli.run(&["test", "work"]);
    assert_eq!(tested.json()["test"]["problem"]["code"], "AUTH_REVOKED", "{tested:?}");

    // Somebody else is refused, and what was there stays.
    let other = desk.answered(desk.reconnect("work", &[]), "noor", "allow");
    assert_eq!((other.code, code(&other).as_str()), (1, "CONFLICT"), "{other:?}");
    assert_eq!(desk.state("work"), "stale");
    let show = cli.ok(&["connection", "show", "work"]);
    assert_eq!(show["account"]["label"], "amira");

    let mended = desk.answered(desk.reconnect("work", &[]), "amira", "allow");
    assert_eq!(mended.code, 0, "{mended:?}");
    assert_eq!(desk.state("work"), "connected");
    assert_eq!(create(cli, "work", "In time").code, 0);
    assert_eq!(chain(), chain_before, "the chain is the same to the letter");
    assert_eq!(cli.ok(&["connection", "show", "work"])["id"], id);
    assert_eq!(cli.ok(&["run", "Look"])["state"], "done");

    // Denied, and everything works as before.
    let denied = desk.answered(desk.reconnect("work", &[]), "amira", "deny");
    assert_eq!(code(&denied), "SIGN_IN_DENIED", "{denied:?}");
    assert_eq!(create(cli, "work", "As before").code, 0);

    let changed = desk.answered(desk.reconnect("work", &["--other-account"]), "noor", "allow");
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!(cli.ok(&["connection", "show", "work"])["account"]["label"], "noor");
    assert_eq!(cli.ok(&["get", "work", "/me"])["data"]["login"], "noor");
    assert_eq!(chain(), chain_before);

    let live = desk.oauth("liveGrants");
    assert_eq!(cli.ok(&["connection", "disconnect", "work"])["revoked"], true);
    assert_eq!(desk.oauth("liveGrants"), live - 1, "that of the account that it has now");
}

#[test]
fn a_no_is_said_and_nothing_is_kept() {
    let desk = Desk::new();
    for round in 0..3 {
        let waiting = Waiting::of(desk.connect("work", &["--oauth", "--no-browser"]));
        let denied = desk.answered(waiting, "amira", "deny");
        assert_eq!((denied.code, code(&denied).as_str()), (4, "SIGN_IN_DENIED"), "{denied:?}");
        assert_eq!(desk.cli.ok(&["connections"])["total"], 0);
        assert!(desk.rows("SELECT name, NULL FROM connections").is_empty());
        let ends = desk.rows("SELECT id, code FROM sign_in_attempts");
        let said = |(_, code): &(String, Option<String>)| code.as_deref() == Some("SIGN_IN_DENIED");
        assert!(ends.len() == round + 1 && ends.iter().all(said), "how it ended is kept: {ends:?}");
    }
    assert_eq!((desk.oauth("liveGrants"), desk.oauth("denied")), (0, 3));
}

#[test]
fn only_the_permissions_of_what_is_used_are_asked_for() {
    let desk = Desk::new();
    let more = ["--oauth", "--no-browser", "--use", "list_issues"];
    let waiting = Waiting::of(desk.connect("reader", &more));
    let page = Visitor::of(&desk.sandbox.url).open(&waiting.url).page().text();
    assert!(page.contains("issues:read") && !page.contains("issues:write"), "{page}");
    let made = desk.answered(waiting, "amira", "allow");
    assert_eq!(made.code, 0, "{made:?}");
    let before = desk.sandbox.counters()["effects"].clone();
    let refused = create(&desk.cli, "reader", "Not allowed");
    assert_eq!(code(&refused), "PERMISSION_DENIED", "{refused:?}");
    assert_eq!(desk.sandbox.counters()["effects"], before);
    assert_eq!(desk.cli.ok(&["get", "reader", "/me"])["data"]["login"], "amira");
    assert_eq!(desk.cli.ok(&["call", "reader", "list_issues"])["problem"], Value::Null);
    assert_eq!(desk.state("reader"), "connected", "it works as far as it was allowed to");
}

#[test]
fn what_was_chosen_is_kept_asked_for_again_and_all_that_is_read() {
    let desk = Desk::new();
    let waiting = Waiting::of(desk.connect("writer", &["--oauth", "--no-browser", "--use", "create_issue"]));
    let asked = |waiting: &Waiting| Visitor::of(&desk.sandbox.url).open(&waiting.url).page().text();
    assert!(!asked(&waiting).contains("issues:read"), "{}", asked(&waiting));
    let made = desk.answered(waiting, "amira", "allow");
    assert_eq!(made.code, 0, "{made:?}");
    let shown = || desk.cli.ok(&["connection", "show", "writer"]);
    assert_eq!((&shown()["uses"], &shown()["scopes"]), (&json!(["create_issue"]), &json!(["issues:write"])));
    let stream = || desk.cli.ok(&["connection", "streams", "writer"])["streams"][0].clone();
    assert_eq!((&stream()["state"], &stream()["nextAt"]), (&json!("not_permitted"), &Value::Null));
    let refused = desk.cli.run(&["sync", "writer"]);
    assert_eq!(code(&refused), "PERMISSION_DENIED", "{refused:?}");

    // Signing in again asks for the same.
    let waiting = desk.reconnect("writer", &[]);
    assert!(!asked(&waiting).contains("issues:read"), "{}", asked(&waiting));
    assert_eq!(desk.answered(waiting, "amira", "allow").code, 0);
    assert_eq!(shown()["uses"], json!(["create_issue"]));

    let waiting = desk.reconnect("writer", &["--use", "create_issue", "--use", "issues"]);
    assert!(asked(&waiting).contains("issues:read"), "{}", asked(&waiting));
    assert_eq!(desk.answered(waiting, "amira", "allow").code, 0);
    assert_eq!(stream()["state"], "idle");
    assert!(desk.cli.ok(&["sync", "writer"])["streams"][0]["items"].as_u64().unwrap() >= 7);
}

#[test]
fn forgetting_all_ends_sign_ins_at_their_services_and_says_what_could_not_be() {
    let mut desk = Desk::new();
    let cli = &desk.cli;
    desk.connected("work", "amira");
    desk.connected("other", "noor");
    let token = cli.file("token.txt", desk.sandbox.access["trackerToken"].as_str().unwrap());
    let secret = format!("token=@{}", token.display());
    let by_key = patchbay_tests::cli::finish(desk.connect("key", &["--secret", &secret]).spawn().unwrap());
    assert_eq!(by_key.code, 0, "{by_key:?}");
    assert_eq!(desk.oauth("liveGrants"), 2);
    let told = |answer: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ended = answer["ended"].as_array().unwrap().iter();
        ended.map(|one| (text(&one["connection"]), text(&one["there"]))).collect()
    };
    let want = |words: [(&str, &str); 3]| words.map(|(name, there)| (name.to_owned(), there.to_owned()));
    let forgot = cli.ok(&["secrets", "forget-all", "--yes"]);
    assert_eq!(forgot["connections"], 3);
    assert_eq!(told(&forgot), want([("key", "not_offered"), ("other", "revoked"), ("work", "revoked")]));
    assert_eq!(desk.oauth("liveGrants"), 0);
    let kept = "SELECT name, hex(credential) FROM connections";
    assert!(desk.rows(kept).iter().all(|(_, credential)| credential.as_deref().is_none_or(str::is_empty)));

    // A service that is not there keeps nothing here.
    assert_eq!(desk.answered(desk.reconnect("work", &[]), "amira", "allow").code, 0);
    desk.sandbox.stop();
    let forgot = cli.run(&["secrets", "forget-all", "--yes"]);
    assert_eq!(forgot.code, 3, "{forgot:?}");
    assert_eq!(told(&forgot.json()), [("work".to_owned(), "failed".to_owned())]);
    assert_eq!(forgot.json()["ended"][0]["problem"]["code"], "CONNECTION_REFUSED");
    assert!(desk.rows(kept).iter().all(|(_, credential)| credential.as_deref().is_none_or(str::is_empty)));
    assert_eq!(desk.state("work"), "stale");
}

#[test]
fn a_code_is_entered_where_no_browser_is() {
    let desk = Desk::new();
    desk.sandbox.oauth(&json!({ "deviceInterval": 1 }));
    let waiting = Waiting::of(desk.connect("device", &["--auth", "device", "--no-browser"]));
    let code = waiting.user_code().unwrap_or_else(|| panic!("{waiting:?}")).to_owned();
    let mut visitor = Visitor::of(&desk.sandbox.url);
    // The address holds the code already; somebody with another device types both.
    assert!(waiting.url.contains(&code), "{waiting:?}");
    let entry = visitor.open(waiting.url.split('?').next().unwrap()).page();
    let wrong = visitor.send(&entry, &entry.form(), &[("user_code", "BBBB-BBBB")]).page();
    assert!(wrong.text().contains("No device waits with this code"), "{}", wrong.text());
    let consent = visitor.send(&entry, &entry.form(), &[("user_code", &code)]).page();
    let fields = [("account", "amira"), ("answer", "allow")];
    visitor.send(&consent, &consent.form(), &fields).page();
    let made = waiting.finish();
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.json()["connection"]["account"]["label"], "amira");
    desk.sandbox.expire_tokens();
    assert_eq!(create(&desk.cli, "device", "From a device").code, 0);
    assert_eq!(desk.oauth("refreshes"), 1);
    desk.cli.ok(&["connection", "disconnect", "device"]);
    assert_eq!(desk.oauth("liveGrants"), 0);
}

#[test]
fn the_page_opens_in_the_browser_that_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = std::env::var_os("PATH").unwrap();
    if !std::env::split_paths(&path).any(|folder| folder.join("xdg-open").exists()) {
        println!("no xdg-open: the command line has nothing to hand a page to");
        return;
    }
    let desk = Desk::new();
    let opened = desk.cli.folder().join("opened");
    let script =
        format!("#!/bin/sh\nprintf '%s' \"$1\" >'{0}.part' && mv '{0}.part' '{0}'\n", opened.display());
    let browser = desk.cli.file("browser", &script);
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = desk.connect("work", &["--oauth"]);
    command.env("BROWSER", &browser);
    let waiting = Waiting::of(command);
    let patience = std::time::Instant::now();
    while !opened.exists() {
        assert!(patience.elapsed() < std::time::Duration::from_secs(20), "no page was opened: {waiting:?}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), waiting.url);
    let made = desk.answered(waiting, "amira", "allow");
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("the page that opens in your browser"), "{}", made.stderr);
}
