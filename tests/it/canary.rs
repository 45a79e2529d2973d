//! No secret is anywhere but sealed: what the product leaves behind is swept for canaries.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use patchbay_tests::canary::{Place, forms, sweep};
use patchbay_tests::cli::{Output, finish, program};
use patchbay_tests::echo::Echo;
use patchbay_tests::oauth::{Reply, definition as oauth_definition};
use patchbay_tests::waiting::pass;
use patchbay_tests::{ScriptedOauth, Waiting, root, walks_possible};
use serde_json::{Value, json};

/// The secrets that are looked for: whose, and which. Each has characters that every form writes
/// differently.
const CANARIES: &[(&str, &str)] = &[
    ("the API key", "kEy\"canary\\one/two+three=7f3a9c"),
    ("the password", "pAss\"canary\\four five&six=91be02"),
    ("the passphrase", "pHrase \"canary\" \\seven/eight? 55d1"),
    ("the passphrase of the export", "eXport \"canary\" \\nine/ten? e07a44"),
    ("the client secret", "cLient\"canary\\thirteen/fourteen+=b2d8e1"),
    ("the second key", "nExt\"canary\\eleven/twelve+=c4c4f0"),
];

fn canary(whose: &str) -> &'static str {
    CANARIES.iter().find(|(name, _)| *name == whose).unwrap().1
}

/// A product in folders of its own. What is written for it to read is in `given` and not swept.
struct House {
    folder: tempfile::TempDir,
    outputs: Vec<Place>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["given", "home", "tmp", "run", "made", "log"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, outputs: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that the product is told to read.
    fn given(&self, name: &str, content: &str) -> String {
        let path = self.path("given").join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(["--secrets", "passphrase", "--log-level", "trace", "--log-file"])
            .arg(self.path("log/trace.log"))
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("PATCHBAY_DATA_DIR", self.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command, for a program and for a person, and keeps what it printed.
    fn run(&mut self, args: &[&str]) -> Output {
        self.run_with("passphrase", args)
    }

    fn unlocked(&self, passphrase: &str, args: &[&str]) -> Command {
        let passphrase = format!("--passphrase-file={}", self.path("given").join(passphrase).display());
        self.command(&[&["--json", &passphrase], args].concat())
    }

    fn run_with(&mut self, passphrase: &str, args: &[&str]) -> Output {
        let output = finish(self.unlocked(passphrase, args).spawn().unwrap());
        self.heard(args, &output);
        output
    }

    /// Runs a command that waits for somebody to sign in; `answer` does so at the page it names.
    fn sign_in(&mut self, args: &[&str], answer: impl FnOnce(&str)) -> Output {
        let waiting = Waiting::of(self.unlocked("passphrase", args));
        self.outputs.extend(Place::process(waiting.pid()));
        answer(&waiting.url);
        let output = waiting.finish();
        self.heard(args, &output);
        output
    }

    fn heard(&mut self, args: &[&str], output: &Output) {
        self.outputs.push(Place::new(format!("{args:?}, output"), output.stdout.clone()));
        self.outputs.push(Place::new(format!("{args:?}, messages"), output.stderr.clone()));
    }

    fn ok(&mut self, args: &[&str]) -> Value {
        let output = self.run(args);
        assert_eq!(output.code, 0, "{args:?}: {output:?}");
        output.json()
    }

    /// Everything that the product left or said.
    fn places(&self) -> Vec<Place> {
        let mut places = self.outputs.clone();
        for name in ["data", "home", "tmp", "run", "made", "log"] {
            places.extend(Place::folder(&self.path(name), &["engine.sock"]));
        }
        places
    }
}

/// A tool with a key and a tool with a password, at a service that gives everything back.
fn definition(id: &str, auth: &Value) -> String {
    let operation = |id: &str, method: &str, path: &str| {
        json!({
            "id": id, "title": id, "verb": if method == "GET" { "list" } else { "create" }, "entity": "item",
            "request": { "method": method, "path": path },
            "params": { "type": "object", "properties": {} }, "result": { "type": "object" },
        })
    };
    json!({
        "id": id, "name": id, "description": "Gives back what it is sent.", "category": "custom",
        "version": "1.0.0", "baseUrl": "http://127.0.0.1:1", "auth": [auth],
        "streams": [{
            "id": "items", "title": "Items", "request": { "path": "/items" },
            "mapping": {
                "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{title}} {{echo}}",
                "signalTypeRules": [], "defaultSignalType": "item",
            },
        }],
        "operations": [
            operation("list", "GET", "/items"), operation("add", "POST", "/items"),
            operation("refused", "POST", "/refused"), operation("broken", "GET", "/broken"),
        ],
        "healthCheck": { "request": { "path": "/me" }, "accountIdPath": "$.id", "identityPath": "$.message" },
    })
    .to_string()
}

fn chain(name: &str, connection: &str, operation: &str) -> String {
    json!({
        "schema": 1, "name": name, "trigger": { "type": "manual" },
        "steps": [
            { "id": "items", "connection": connection, "operation": "list" },
            { "id": "does", "connection": connection, "operation": operation },
        ],
    })
    .to_string()
}

fn furnish(house: &mut House, echo: &Echo) {
    house.given("passphrase", canary("the passphrase"));
    house.given("export-passphrase", canary("the passphrase of the export"));
    let key = json!({
        "method": "api_key", "id": "key", "label": "Key", "credentialFields": [{ "key": "token", "label": "Key" }],
        "inject": [
            { "in": "header", "name": "X-Api-Key", "value": "{{secret.token}}" },
            { "in": "query", "name": "key", "value": "{{secret.token}}" },
        ],
    });
    let basic = json!({
        "method": "basic", "id": "basic", "label": "Password", "username": "{{secret.user}}", "password": "{{secret.pass}}",
        "credentialFields": [{ "key": "user", "label": "User", "type": "text" }, { "key": "pass", "label": "Password" }],
    });
    for (id, auth) in [("with-key", key), ("with-password", basic)] {
        let file = house.given(&format!("{id}.json"), &definition(id, &auth));
        house.ok(&["descriptor", "add", &file]);
    }
    let token = format!("token=@{}", house.given("key", canary("the API key")));
    let pass = format!("pass=@{}", house.given("password", canary("the password")));
    let user = format!("user=@{}", house.given("user", "somebody"));
    let base = format!("baseUrl={}", echo.url());
    let common = ["--set", &base, "--allow-private"];
    house.ok(&[&["connect", "with-key", "--name", "key", "--secret", &token], &common[..]].concat());
    house.ok(&[
        &["connect", "with-password", "--name", "password", "--secret", &user, "--secret", &pass],
        &common[..],
    ]
    .concat());
}

fn work(house: &mut House) {
    for name in ["key", "password"] {
        house.ok(&["test", name]);
        house.ok(&["connection", "show", name]);
        house.run(&["sync", name]);
        house.run(&["sync", name, "--explain"]);
        house.run(&["get", name, "/items"]);
        house.run(&["get", name, "/broken"]);
        for operation in ["list", "add", "refused", "broken"] {
            house.run(&["call", name, operation]);
            house.run(&["call", name, operation, "--dry-run"]);
            let title = format!("{name} {operation}");
            let file = house.given("chain.json", &chain(&title, name, operation));
            house.run(&["chain", "import", &file]);
            house.run(&["run", &title]);
            house.run(&["run", &title, "--dry-run"]);
            for format in ["json", "md", "html"] {
                house.run(&["report", "last", "--format", format]);
            }
        }
    }
    let next = format!("token=@{}", house.given("next", canary("the second key")));
    house.ok(&["connection", "replace-key", "key", "--secret", &next]);
    house.ok(&["secrets", "rotate"]);
    house.ok(&["secrets", "status"]);
    house.run(&["health"]);
    house.run(&["signals"]);
    house.run(&["runs"]);
    house.run(&["connections"]);
    let made = |name: &str| house.path("made").join(name).display().to_string();
    let (plain, sealed, copy) = (made("plain.json"), made("sealed.json"), made("copy.db"));
    let word = house.path("given/export-passphrase").display().to_string();
    house.ok(&["export", &plain]);
    house.ok(&["export", &sealed, "--with-secrets", &word]);
    house.ok(&["import", &sealed, "--passphrase", &word]);
    house.ok(&["backup", &copy]);
    // A passphrase that is wrong is said, and not repeated.
    let refused = house.run_with("export-passphrase", &["health"]);
    assert_eq!(refused.json()["problem"]["code"], "PASSPHRASE_WRONG");
}

/// Signs in to a service that repeats what it was sent, in the browser and with a code.
fn sign_in(house: &mut House, server: &ScriptedOauth) {
    let own = json!({
        "client": { "type": "own" }, "clientAuthentication": "body",
        "credentialFields": [
            { "key": "clientId", "label": "Id", "type": "text" }, { "key": "clientSecret", "label": "Secret" },
        ],
    });
    let mut device = own.clone();
    device["grant"] = json!("device_code");
    device["deviceAuthorizationUrl"] = json!(server.at("/device"));
    let mut page = own;
    page["redirect"] = json!({ "path": "/callback" });
    let mut basic = page.clone();
    basic["clientAuthentication"] = json!("basic");
    for (id, changed) in [("with-page", page), ("with-header", basic), ("with-code", device)] {
        let mut document = oauth_definition(&server.at("/api"), &server.url(), &changed);
        document["id"] = json!(id);
        let file = house.given(&format!("{id}.json"), &document.to_string());
        house.ok(&["descriptor", "add", &file]);
    }
    let id = format!("clientId=@{}", house.given("client-id", "an-application"));
    let secret = format!("clientSecret=@{}", house.given("client-secret", canary("the client secret")));
    let secrets = ["--secret", &id, "--secret", &secret, "--allow-private", "--no-browser"];
    server.consent(true);
    for connector in ["with-page", "with-header"] {
        let args = ["connect", connector, "--name", connector, "--oauth"];
        let made = house.sign_in(&[&args[..], &secrets].concat(), |url| drop(pass(url)));
        assert_eq!(made.code, 0, "{made:?}");
    }
    server.script_at("/device", [Reply::GoodWith(json!({ "interval": 1 }))]);
    let made =
        house.sign_in(&[&["connect", "with-code", "--name", "with-code"], &secrets[..]].concat(), |_| ());
    assert_eq!(made.code, 0, "{made:?}");

    for name in ["with-page", "with-header", "with-code"] {
        server.expire();
        house.ok(&["get", name, "/me"]);
        // The service says what it knows of this connection, in the body of its refusal.
        let issued = server.issued();
        let told = format!("{} {}", issued[issued.len() - 2..].join(" "), canary("the client secret"));
        let says = json!({ "error": "invalid_token", "error_description": told, "message": told });
        server.always_at("/api/things", Reply::json(422, &says));
        for args in
            [&["call", name, "create_thing"][..], &["call", name, "get_thing"], &["get", name, "/things"]]
        {
            house.run(args);
        }
        for refused in [Reply::json(400, &says), Reply::error("invalid_grant")] {
            server.expire();
            server.script([refused]);
            house.run(&["get", name, "/me"]);
        }
        // What was entered once is not asked for again.
        server.script_at("/device", [Reply::GoodWith(json!({ "interval": 1 }))]);
        let again = ["connection", "reconnect", name, "--no-browser"];
        let mended = house.sign_in(&again, |url| {
            if name != "with-code" {
                drop(pass(url));
            }
        });
        assert_eq!(mended.code, 0, "{mended:?}");
        server.script([Reply::json(400, &says)]);
        if name != "with-code" {
            let refused = house.sign_in(&again, |url| drop(pass(url)));
            assert_ne!(refused.code, 0, "{refused:?}");
        }
        server.script([]);
    }
    house.ok(&["connection", "disconnect", "with-header"]);
}

/// What only the two sides of a sign-in may know, by name: read from what was sent.
fn tokens(server: &ScriptedOauth) -> Vec<(String, String)> {
    let mut all: Vec<_> =
        server.issued().into_iter().map(|token| ("a token of the sign-in".to_owned(), token)).collect();
    for seen in server.seen("/token") {
        for name in ["code", "code_verifier", "device_code"] {
            all.extend(seen.field(name).map(|value| (name.to_owned(), value.to_owned())));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Starts the page's host with its store locked, and unlocks it in the browser, as a person does.
fn serve(house: &House) -> (Child, String, String) {
    use std::io::{BufRead, BufReader};
    let mut child = house.command(&["--json", "serve"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let token = std::fs::read_to_string(ready["tokenFile"].as_str().unwrap()).unwrap();
    (child, ready["url"].as_str().unwrap().to_owned(), token)
}

fn browse(house: &mut House, url: &str, token: &str) {
    let dom = house.path("made").join("dom.html");
    let walk =
        json!({ "url": url, "token": token, "facts": { "dom": dom, "passphrase": canary("the passphrase") } });
    let output = Command::new("node")
        .arg(root().join("tests/node/walks/dom.mjs"))
        .env("WALK", walk.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    house.outputs.push(Place::new("what the browser said", output.stdout));
    let size = std::fs::metadata(dom).unwrap().len();
    assert!(size > 50_000, "the pages were written down: {size}");
}

fn end(mut child: Child) {
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    child.wait().unwrap();
}

#[test]
fn no_secret_is_anywhere_but_sealed() {
    let (mut house, echo) = (House::new(), Echo::start());
    let server = ScriptedOauth::start();
    furnish(&mut house, &echo);
    sign_in(&mut house, &server);
    work(&mut house);
    server.expire();
    house.ok(&["get", "with-page", "/me"]);
    let (child, url, token) = serve(&house);
    if walks_possible() {
        browse(&mut house, &url, &token);
    }
    // Asked of the engine that runs, from another process.
    house.ok(&["test", "key"]);
    server.expire();
    house.ok(&["test", "with-page"]);
    let mut places = house.places();
    places.extend(Place::process(child.id()));
    end(child);
    places.extend(house.places());

    // The secrets were really used, and came back in full.
    let seen = echo.seen();
    let holds = |secret: &str| {
        seen.iter().filter(|head| !sweep(&[("", secret)], &[Place::new("", head.as_str())]).is_empty()).count()
    };
    for (whose, least) in [("the API key", 20), ("the password", 20), ("the second key", 1)] {
        assert!(holds(canary(whose)) >= least, "{whose} was sent {} times", holds(canary(whose)));
    }
    for wanted in [
        "patchbay.db",
        "patchbay.db-wal",
        "vault.json",
        "trace.log",
        "plain.json",
        "sealed.json",
        "copy.db",
        "/cmdline",
        "/environ",
    ] {
        let place = places.iter().find(|place| place.name.ends_with(wanted));
        assert!(place.is_some_and(|place| !place.content.is_empty()), "{wanted} was not swept");
    }
    let log = places.iter().find(|place| place.name.ends_with("trace.log")).unwrap();
    assert!(log.content.len() > 100, "something was logged: {}", log.content.len());
    let tokens = tokens(&server);
    let secrets: Vec<_> = tokens.iter().map(|(whose, secret)| (whose.as_str(), secret.as_str())).collect();
    let found = sweep(&[CANARIES, &secrets].concat(), &places);
    assert!(found.is_empty(), "{found:#?}");

    // These were used, too, and there was more than one of each.
    for (whose, least) in
        [("a token of the sign-in", 20), ("code", 6), ("code_verifier", 6), ("device_code", 1)]
    {
        let count = secrets.iter().filter(|(own, _)| *own == whose).count();
        assert!(count >= least, "{whose}: {count}");
    }
    let proves = |seen: &patchbay_tests::oauth::Seen| {
        let encoded = url::form_urlencoded::byte_serialize(canary("the client secret").as_bytes());
        let encoded: String = encoded.collect();
        seen.field("client_secret") == Some(canary("the client secret"))
            || seen.basic().is_some_and(|(_, secret)| secret == encoded)
    };
    let token_calls = server.seen("/token");
    assert!(token_calls.len() >= 12 && token_calls.iter().all(proves), "the client secret was sent");
}

/// Puts the text where the product could have left it, and gives the place back as the sweep sees it.
type Plant = fn(&Path, &[u8]) -> Vec<Place>;

#[test]
fn a_sweep_finds_every_form_in_every_place() {
    let in_file: Plant = |folder, text| {
        std::fs::create_dir_all(folder.join("deep/down")).unwrap();
        std::fs::write(folder.join("deep/down/file"), [b"before ", text, b" after"].concat()).unwrap();
        Place::folder(folder, &[])
    };
    let in_database: Plant = |folder, text| {
        let file = folder.join("patchbay.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::ConnectOptions as _;
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
            let mut connection = options.connect().await.unwrap();
            sqlx::query("CREATE TABLE t (x BLOB)").execute(&mut connection).await.unwrap();
            sqlx::query("INSERT INTO t VALUES (?)").bind(text.to_vec()).execute(&mut connection).await.unwrap();
            // While it is open: the row is in the log beside the file.
            let places = Place::folder(folder, &[]);
            assert!(places.iter().any(|place| place.name.ends_with("-wal")));
            places
        })
    };
    let in_process: Plant = |_, text| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let mut child = Command::new("sleep").arg("60").env("PLANTED", text).spawn().unwrap();
        let places = Place::process(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        places
    };
    let in_arguments: Plant = |_, text| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        // It waits for a line that does not come.
        let mut child =
            Command::new("sh").args(["-c", "read -r _", &text]).stdin(Stdio::piped()).spawn().unwrap();
        let places = Place::process(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        places
    };
    let in_output: Plant = |_, text| vec![Place::new("output", text)];
    let plants = [in_file, in_database, in_process, in_arguments, in_output];
    let mut found = 0;
    for (at, plant) in plants.into_iter().enumerate() {
        for (whose, secret) in CANARIES {
            for (form, text) in forms(secret) {
                let folder = tempfile::tempdir().unwrap();
                let places = plant(folder.path(), &text);
                let hits = sweep(&[(whose, secret)], &places);
                assert!(hits.iter().any(|hit| hit.contains(form)), "{whose} as {form} in place {at}: {hits:?}");
                found += 1;
            }
            assert!(
                sweep(&[(whose, secret)], &plant(tempfile::tempdir().unwrap().path(), b"nothing")).is_empty()
            );
        }
    }
    assert!(found >= 5 * 6 * 14, "{found}");
    // A longer text around it, as a pair for a service: each alignment is one that real encoders make.
    for before in ["", "u", "us", "user:"] {
        let text = format!("{before}{}:more", canary("the password"));
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        assert!(!sweep(CANARIES, &[Place::new("pair", text)]).is_empty(), "{before}");
    }
}
