//! Adapters: how they are registered and asked, and HTTP requests to allowed origins.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::extract::Request;
use axum::response::Response;
use patchbay_auth::{Authoriser, Credential};
use patchbay_connector::classify::Meaning;
use patchbay_connector::native::{Answer, Ask, Call, Delivery, HttpRequests, Read, Work};
use patchbay_connector::{
    Adapter, Adapters, Compiled, ConnectorError, Engine, SyncOptions, Target, TargetCredential, TestPart,
    Verdict,
};
use patchbay_descriptor::Catalogue;
use patchbay_model::problem::Problem;
use patchbay_model::run::Outcome;
use patchbay_model::{Code, Connection, ConnectionId, ConnectionState, Descriptor, SystemClock};
use patchbay_net::{Client, listen};
use patchbay_store::{OpenOptions, Store};
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde_json::{Map, Value, json};
use url::Url;

const KEY: &str = "Bearer canary-of-the-tests";
const MINUTE: Duration = Duration::from_secs(60);

/// Does what its name says.
#[derive(Clone, Default)]
struct Tool {
    id: &'static str,
    version: &'static str,
    serves: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tool {
    fn new() -> Self {
        Self { id: "tool", version: "1.0.0", serves: "^1.2", asked: Arc::default() }
    }

    fn note(&self, what: &str, value: &Value) {
        self.asked.lock().unwrap().push(format!("{what} {value}"));
    }
}

#[async_trait]
impl Adapter for Tool {
    fn id(&self) -> &'static str {
        self.id
    }
    fn version(&self) -> &'static str {
        self.version
    }
    fn serves(&self) -> &'static str {
        self.serves
    }
    fn grants(&self, _: &Map<String, Value>) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }
    fn plan(&self, _: &Connection, _: Ask<'_>) -> Result<Work, Problem> {
        Ok(Work::Here("DO", Url::parse("tool:thing").unwrap()))
    }
    async fn health(&self, _: &Connection) -> Answer {
        self.note("health", &Value::Null);
        Answer::done(json!({ "name": "Amira" }))
    }
    async fn backfill(&self, _: &Connection, read: Read<'_>) -> Answer {
        self.note("backfill", read.asked);
        let page = |id: u32, next: Value| json!({ "items": [{ "id": id, "at": format!("2026-11-20T10:00:0{id}Z") }], "next": next });
        Answer::done(if read.asked["cursor"].is_null() { page(1, json!("two")) } else { page(2, Value::Null) })
    }
    async fn delta(&self, _: &Connection, read: Read<'_>) -> Answer {
        self.note("delta", read.asked);
        Answer::done(json!({ "items": [], "next": null }))
    }
    async fn call(&self, _: &Connection, call: Call<'_>) -> Answer {
        self.note(call.operation, &json!({ "params": call.params, "key": call.key }));
        match call.operation {
            "hang" | "look" => std::future::pending().await,
            "lose" => Answer { meaning: Meaning::Unknown(Problem::new(Code::Internal)), body: Value::Null },
            _ => Answer::done(json!({ "ok": true })),
        }
    }
}

/// Nothing but what must be there.
struct Silent;

#[async_trait]
impl Adapter for Silent {
    fn id(&self) -> &'static str {
        "silent"
    }
    fn version(&self) -> &'static str {
        "1.0.0"
    }
    fn serves(&self) -> &'static str {
        "*"
    }
    fn grants(&self, _: &Map<String, Value>) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }
    fn plan(&self, _: &Connection, _: Ask<'_>) -> Result<Work, Problem> {
        Err(Problem::new(Code::NotOffered))
    }
    async fn health(&self, _: &Connection) -> Answer {
        Answer::done(Value::Null)
    }
}

fn descriptor(id: &str, version: &str) -> Arc<Descriptor> {
    let operation = |id: &str, verb: &str| {
        json!({ "id": id, "title": id, "verb": verb, "entity": "thing", "idempotency": {"type": "key", "ttlSeconds": 60},
            "params": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } } })
    };
    let document = json!({
        "id": id, "name": "Tool", "description": "A tool.", "category": "custom", "version": version, "kind": "native",
        "streams": [{ "id": "items", "title": "Items",
            "pagination": { "next": { "type": "cursor", "cursorPath": "$.next", "param": "cursor", "place": "body" } },
            "delta": { "type": "timestamp_filter", "param": "since", "place": "body" },
            "mapping": { "itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at",
                "summaryTemplate": "{{id}}", "signalTypeRules": [], "defaultSignalType": "thing" } }],
        "operations": [operation("act", "create"), operation("hang", "create"), operation("lose", "create"),
            operation("look", "get")],
        "healthCheck": { "identityPath": "$.name" }
    });
    Arc::new(patchbay_descriptor::read(&document.to_string(), "tool.json").unwrap())
}

struct Bench {
    engine: Engine,
    store: Store,
    target: Target,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn new(compiled: Arc<Compiled>, config: Map<String, Value>, secret: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() };
        let store = Store::open(options).await.unwrap();
        let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
        let net = Client::new(clock.clone()).unwrap();
        let authoriser = Authoriser::new(vault, store.clone(), net, clock.clone());
        let connection = Connection {
            id: ConnectionId::generate(),
            name: "work".into(),
            auth_method: secret.map(|_| "header".to_owned()),
            origins: compiled.origins(&config, None).unwrap(),
            config,
            allow_private: true,
            state: ConnectionState::Connected,
            ..Connection::new(
                compiled.descriptor().id.clone(),
                compiled.descriptor().version.clone(),
                "2026-11-20T12:00:00Z".parse().unwrap(),
            )
        };
        let values = secret.map(|secret| {
            Credential::new(BTreeMap::from([("value".to_owned(), Secret::new(secret.to_owned()))]))
        });
        let sealed = match &values {
            Some(values) => Some(authoriser.seal(&connection.id, values).await.unwrap()),
            None => None,
        };
        store.connection_insert(&connection, sealed.as_ref()).await.unwrap();
        let engine = Engine::new(Client::new(clock.clone()).unwrap(), authoriser, store.clone(), clock);
        let target = Target { descriptor: compiled, connection, credential: TargetCredential::Stored };
        Self { engine, store, target, _dir: dir }
    }

    async fn call(&self, operation: &str, params: Value, timeout: Duration) -> Outcome {
        let planned = self.engine.plan(&self.target, operation, &params).unwrap();
        self.engine.call(&self.target, &planned, Some("key-1"), timeout).await.outcome
    }
}

async fn tool() -> (Bench, Arc<Mutex<Vec<String>>>) {
    let tool = Tool::new();
    let asked = tool.asked.clone();
    let adapters = Adapters::default().with(Arc::new(tool)).unwrap();
    let compiled = Compiled::with(descriptor("tool", "1.2.3"), &adapters).unwrap();
    (Bench::new(Arc::new(compiled), Map::new(), None).await, asked)
}

#[test]
fn an_adapter_is_registered_once_and_serves_what_it_says() {
    let twice = Adapters::default().with(Arc::new(Tool::new())).unwrap().with(Arc::new(Tool::new()));
    assert_eq!(twice.err().map(|problem| problem.code()), Some(Code::DescriptorInvalid));
    for (version, serves) in [("1", "^1"), ("1.0.0", "newest"), ("", "^1"), ("1.0.0", "")] {
        let odd = Adapters::default().with(Arc::new(Tool { version, serves, ..Tool::new() }));
        assert!(odd.is_err(), "{version} {serves}");
    }
    let adapters = Adapters::default().with(Arc::new(Tool::new())).unwrap();
    for (id, version, pointer) in [
        ("tool", "1.2.0", None),
        ("tool", "1.9.0", None),
        ("tool", "1.1.9", Some("/version")),
        ("tool", "2.0.0", Some("/version")),
        ("tool", "1.3.0-beta.1", Some("/version")),
        ("tools", "1.2.0", Some("/kind")),
    ] {
        let found = adapters.of(&descriptor(id, version)).err().map(|why| why.pointer);
        assert_eq!(found, pointer, "{id} {version}");
        let compiled = Compiled::with(descriptor(id, version), &adapters);
        assert_eq!(matches!(compiled, Err(ConnectorError::NoAdapter(_))), pointer.is_some(), "{id} {version}");
    }
    assert!(matches!(Compiled::new(descriptor("tool", "1.2.0")), Err(ConnectorError::NoAdapter(_))));
    // What is interpreted from its file needs none, whatever is registered.
    let chat = Catalogue::built_in().get(&"sandbox-chat".into()).unwrap().clone();
    assert!(adapters.of(&chat).unwrap().is_none());
}

#[tokio::test]
async fn parts_that_an_adapter_has_not_say_so() {
    let (bench, _) = tool().await;
    let connection = &bench.target.connection;
    let not_offered = |answer: Answer| match answer.meaning {
        Meaning::NotDone(problem) => assert_eq!(problem.code(), Code::NotOffered),
        other => panic!("{other:?}"),
    };
    let (nothing, read) = (Value::Null, |asked| Read { stream: "x", asked });
    not_offered(Silent.backfill(connection, read(&nothing)).await);
    not_offered(Silent.delta(connection, read(&nothing)).await);
    not_offered(Silent.webhook(connection, Delivery { headers: &[], body: b"" }).await);
    not_offered(Silent.call(connection, Call { operation: "x", params: &nothing, key: None }).await);
    assert_eq!(Silent.authorise(connection).await.unwrap_err().code(), Code::NotOffered);
    assert_eq!(Silent.refresh(connection).await.unwrap_err().code(), Code::NotOffered);
}

#[tokio::test]
async fn a_native_call_goes_the_way_of_every_call() {
    let (b, asked) = tool().await;
    let problem = b.engine.plan(&b.target, "act", &json!({ "n": "text" })).unwrap_err();
    assert_eq!(problem.code(), Code::SchemaMismatch);
    let planned = b.engine.plan(&b.target, "act", &json!({ "n": 1 })).unwrap();
    assert_eq!((planned.summary.method.as_str(), planned.summary.url.as_str()), ("DO", "tool:thing"));
    assert!(planned.effect);
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new(), "planning asks nobody for anything");
    let outcome = b.call("act", json!({ "n": 1 }), MINUTE).await;
    assert_eq!(outcome, Outcome::Done { output: json!({ "ok": true }), output_missing: None });
    assert_eq!(*asked.lock().unwrap(), [r#"act {"params":{"n":1},"key":"key-1"}"#]);
    assert_eq!(b.engine.health(&b.target).await.unwrap().account.unwrap().label, "Amira");
    let calls =
        b.store.calls_since(&b.target.connection.id, "2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(calls.len(), 2, "both are written down");
}

#[tokio::test]
async fn an_effect_that_does_not_end_is_unknown_and_a_read_is_not_done() {
    let (b, asked) = tool().await;
    let started = Instant::now();
    let short = Duration::from_millis(200);
    let outcome = b.call("hang", json!({ "n": 1 }), short).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { problem } if problem.code() == Code::TimeoutResponse),
        "{outcome:?}"
    );
    let outcome = b.call("look", json!({ "n": 1 }), short).await;
    assert!(
        matches!(&outcome, Outcome::NotDone { problem } if problem.code() == Code::TimeoutResponse),
        "{outcome:?}"
    );
    assert!(matches!(b.call("lose", json!({ "n": 1 }), MINUTE).await, Outcome::Unknown { .. }));
    assert!(started.elapsed() < Duration::from_secs(5));
    let effects = asked.lock().unwrap().iter().filter(|asked| !asked.starts_with("look")).count();
    assert_eq!(effects, 2, "an effect is tried once");
}

#[tokio::test]
async fn a_native_stream_goes_on_where_it_was() {
    let (b, asked) = tool().await;
    let sync = async || b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let first = sync().await;
    assert_eq!((first.pages, first.new, first.complete), (2, 2, true), "{first:?}");
    assert_eq!(sync().await.new, 0);
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked[..2], ["backfill {}", r#"backfill {"cursor":"two"}"#]);
    assert!(asked[2].starts_with(r#"delta {"since":"2026-11-20T10:00:0"#), "{asked:?}");
    assert_eq!(b.engine.test(&b.target).await.problem, None);
    let shown = b.engine.explain(&b.target, "items", 2).await.unwrap();
    assert_eq!((shown.pages.len(), shown.problem.is_none()), (2, true), "{shown:?}");
    assert_eq!(b.engine.get(&b.target, "/x", &[]).await.unwrap_err().code(), Code::NotOffered);
}

type Seen = Arc<Mutex<Vec<(String, BTreeMap<String, String>, String)>>>;

/// A service that notes what comes and answers by path.
async fn serve(
    answer: impl Fn(&str) -> (u16, Option<String>, String) + Send + Sync + 'static,
) -> (String, Seen) {
    let seen = Seen::default();
    let (all, answer) = (seen.clone(), Arc::new(answer));
    let handler = move |request: Request| {
        let (all, answer) = (all.clone(), answer.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let headers = parts
                .headers
                .iter()
                .map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()))
                .collect();
            let line = format!("{} {}", parts.method, parts.uri);
            all.lock().unwrap().push((line, headers, String::from_utf8_lossy(&body).into_owned()));
            let (status, location, body) = answer(parts.uri.path());
            let mut response = Response::builder().status(status);
            if let Some(location) = location {
                response = response.header("Location", location);
            }
            response.body(axum::body::Body::from(body)).unwrap()
        }
    };
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}", listener.addr());
    tokio::spawn(listener.serve(axum::Router::new().fallback(handler), std::future::pending()));
    (base, seen)
}

async fn http(origins: &[&str], config: &[(&str, &str)]) -> Bench {
    let adapters = Adapters::default().with(Arc::new(HttpRequests)).unwrap();
    let descriptor = Catalogue::built_in().get(&"http-request".into()).unwrap().clone();
    let compiled = Arc::new(Compiled::with(descriptor.clone(), &adapters).unwrap());
    let mut given = BTreeMap::from([("origins".to_owned(), origins.join("\n"))]);
    given.extend(config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let settings = patchbay_connector::settings(&descriptor, &given).unwrap();
    Bench::new(compiled, settings, Some(KEY)).await
}

#[tokio::test]
async fn an_allowed_origin_gets_the_request_and_the_key_under_the_chosen_header() {
    let (base, seen) = serve(|_| (200, None, r#"{"id":1}"#.into())).await;
    let b = http(&[&base], &[("header", "X-Key")]).await;
    let params = json!({ "method": "PUT", "url": "/a/../tasks?x=1", "query": { "y": 2 }, "headers": { "X-Trace": "t" },
        "body": { "title": "Paper jam" } });
    let outcome = b.call("send", params, MINUTE).await;
    assert_eq!(outcome, Outcome::Done { output: json!({ "id": 1 }), output_missing: None });
    let text = json!({ "url": format!("{base}/notes"), "text": "Hello", "headers": { "Content-Type": "text/markdown" } });
    b.call("send", text, MINUTE).await;
    let seen = seen.lock().unwrap();
    assert_eq!((seen[0].0.as_str(), seen[0].2.as_str()), ("PUT /tasks?x=1&y=2", r#"{"title":"Paper jam"}"#));
    assert_eq!((seen[0].1["x-key"].as_str(), seen[0].1["x-trace"].as_str()), (KEY, "t"));
    assert_eq!((seen[1].1["content-type"].as_str(), seen[1].2.as_str()), ("text/markdown", "Hello"));
}

#[tokio::test]
async fn nobody_who_was_not_asked_is_said_to_have_answered() {
    let bench = http(&["http://127.0.0.1:9"], &[]).await;
    let report = bench.engine.test(&bench.target).await;
    let lines: Vec<_> = report.lines.iter().map(|line| (line.part, line.verdict, line.ms)).collect();
    assert_eq!(
        lines,
        [
            (TestPart::Reached, Verdict::NotRun, None),
            (TestPart::SignedIn, Verdict::NotRun, None),
            (TestPart::Permissions, Verdict::NotRun, None),
            (TestPart::Sample, Verdict::NotRun, None),
        ]
    );
    assert!(report.problem.is_none());
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_before_a_byte_leaves() {
    let (allowed, seen) = serve(|_| (200, None, "{}".into())).await;
    let (elsewhere, other) = serve(|_| (200, None, "{}".into())).await;
    let b = http(&[&allowed], &[]).await;
    let port = allowed.rsplit(':').next().unwrap();
    for url in [
        elsewhere.clone(),
        format!("{elsewhere}/x"),
        format!("http://localhost:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://user:pass@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@{}/", elsewhere.trim_start_matches("http://")),
        format!("//{}/", elsewhere.trim_start_matches("http://")),
        "file:///etc/passwd".into(),
        "javascript:alert(1)".into(),
        "tasks".into(),
        "http://".into(),
    ] {
        for operation in ["get", "send"] {
            let refused = b.engine.plan(&b.target, operation, &json!({ "url": url })).unwrap_err();
            assert!(matches!(refused.code(), Code::TargetBlocked | Code::InputInvalid), "{url}: {refused:?}");
        }
    }
    // Allowed when it was planned and not any more: the layers below look again.
    let mut moved = b.target.clone();
    let planned = b.engine.plan(&b.target, "send", &json!({ "url": "/x" })).unwrap();
    moved.connection.origins = vec![elsewhere];
    let outcome = b.engine.call(&moved, &planned, None, MINUTE).await.outcome;
    assert!(
        matches!(&outcome, Outcome::NotDone { problem } if problem.code() == Code::TargetBlocked),
        "{outcome:?}"
    );
    assert_eq!((seen.lock().unwrap().len(), other.lock().unwrap().len()), (0, 0));
    for wrong in [
        "http://example.com",
        "https://a.example/path",
        "https://u@a.example",
        "ftp://a.example",
        "a.example",
        "https://",
    ] {
        let config = Map::from_iter([("origins".to_owned(), json!([wrong]))]);
        assert_eq!(HttpRequests.grants(&config).unwrap_err().code(), Code::InputInvalid, "{wrong}");
    }
}

#[tokio::test]
async fn each_step_of_a_redirect_is_decided_anew() {
    let (elsewhere, other) = serve(|_| (200, None, "{}".into())).await;
    let to = elsewhere.clone();
    let (base, seen) = serve(move |path| match path {
        "/away" => (302, Some(format!("{to}/x")), String::new()),
        "/here" => (302, Some("/there".into()), String::new()),
        "/round" => (302, Some("/round".into()), String::new()),
        _ => (200, None, r#""arrived""#.into()),
    })
    .await;
    // Even where both are allowed: the first one may not decide what the second gets.
    let b = http(&[&base, &elsewhere], &[]).await;
    let code = |outcome: &Outcome| match outcome {
        Outcome::NotDone { problem } => Some(problem.code()),
        _ => None,
    };
    let outcome = b.call("get", json!({ "url": "/here" }), MINUTE).await;
    assert_eq!(outcome, Outcome::Done { output: json!("arrived"), output_missing: None });
    for path in ["/away", "/round"] {
        let outcome = b.call("get", json!({ "url": path }), MINUTE).await;
        assert_eq!(code(&outcome), Some(Code::RedirectRefused), "{path}: {outcome:?}");
    }
    // What takes a form acts first and sends the browser on then: nobody knows of any address.
    for path in ["/away", "/here"] {
        let outcome = b.call("send", json!({ "url": path }), MINUTE).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{path}: {outcome:?}");
    }
    assert_eq!(other.lock().unwrap().len(), 0, "the key never went elsewhere");
    let sent = seen.lock().unwrap().iter().filter(|(line, ..)| line.starts_with("POST")).count();
    assert_eq!(sent, 2, "an effect is sent once");
}

#[tokio::test]
async fn what_became_of_a_request_is_judged_as_everywhere() {
    for (status, sent_is_unknown) in
        [(500, true), (502, true), (408, true), (503, false), (404, false), (422, false)]
    {
        let (base, seen) = serve(move |_| (status, None, "{}".into())).await;
        let b = http(&[&base], &[]).await;
        let outcome = b.call("send", json!({ "url": "/x" }), MINUTE).await;
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), sent_is_unknown, "{status}: {outcome:?}");
        assert_eq!(seen.lock().unwrap().len(), 1, "{status}");
    }
    let (base, _) = serve(|path| match path {
        "/text" => (200, None, "plain words".into()),
        "/none" => (204, None, String::new()),
        "/echo" => (200, None, format!("you sent {KEY}")),
        _ => (401, None, String::new()),
    })
    .await;
    let b = http(&[&base], &[("testUrl", "/me")]).await;
    let get = async |path: &str| b.call("get", json!({ "url": path }), MINUTE).await;
    assert_eq!(get("/text").await, Outcome::Done { output: json!("plain words"), output_missing: None });
    assert_eq!(get("/none").await, Outcome::Done { output: Value::Null, output_missing: None });
    let echoed = serde_json::to_string(&get("/echo").await).unwrap();
    assert!(!echoed.contains("canary") && echoed.contains("•••"), "{echoed}");
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::AuthInvalid);
}
