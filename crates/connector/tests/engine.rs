//! The engine against a service on loopback that says what each test wants.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use patchbay_auth::{Authoriser, Credential};
use patchbay_connector::{Compiled, Engine, SyncOptions, Target, TargetCredential, TestPart, Verdict};
use patchbay_model::run::Outcome;
use patchbay_model::{Code, Connection, ConnectionId, ConnectionState, ConnectorId, Descriptor, SystemClock};
use patchbay_net::{Client, listen};
use patchbay_store::{OpenOptions, Store};
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde_json::{Map, Value, json};

const KEY: &str = "sandbox-token-1";
const MINUTE: Duration = Duration::from_secs(60);

/// A request as the service saw it.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Value,
    text: String,
}

/// What the service says: status, headers, body.
type Reply = (u16, Vec<(&'static str, String)>, String);
type Script = Arc<dyn Fn(&Seen, usize) -> Reply + Send + Sync>;

fn ok(body: &Value) -> Reply {
    (200, Vec::new(), body.to_string())
}

struct Bench {
    engine: Engine,
    store: Store,
    target: Target,
    seen: Arc<Mutex<Vec<Seen>>>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.line.clone()).collect()
    }
    fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

async fn serve(script: Script) -> (String, Arc<Mutex<Vec<Seen>>>) {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let all = seen.clone();
    let handler = move |request: Request| {
        let (script, all) = (script.clone(), all.clone());
        async move {
            let (parts, body) = request.into_parts();
            let bytes = to_bytes(body, 1 << 20).await.unwrap();
            let url = url::Url::parse(&format!("http://h{}", parts.uri)).unwrap();
            let one = Seen {
                line: format!("{} {}", parts.method, parts.uri.path()),
                query: url.query_pairs().into_owned().collect(),
                headers: parts
                    .headers
                    .iter()
                    .map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()))
                    .collect(),
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            };
            let number = {
                let mut all = all.lock().unwrap();
                all.push(one.clone());
                all.len()
            };
            let (status, headers, body) = script(&one, number);
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
    };
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}/api", listener.addr());
    let router = axum::Router::new().fallback(handler);
    tokio::spawn(listener.serve(router, std::future::pending()));
    (base, seen)
}

fn descriptor() -> Value {
    json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example",
        "auth": [{"method": "pat", "id": "token", "label": "T", "credentialFields": [{"key": "token", "label": "T"}],
            "inject": [{"in": "header", "name": "Authorization", "value": "Bearer {{secret.token}}"}]}],
        "defaults": {"headers": {"Accept": "application/json"}, "query": {"v": 2}},
        "streams": [{"id": "items", "title": "Items", "request": {"path": "/items"},
            "pagination": {"next": {"type": "page", "param": "page"}, "sizeParam": "size", "pageSize": 2},
            "delta": {"type": "timestamp_filter", "param": "since"},
            "mapping": {"itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{id}}",
                "signalTypeRules": [], "defaultSignalType": "item"}}],
        "operations": [
            {"id": "add", "title": "Add", "verb": "create", "entity": "item",
             "request": {"method": "POST", "path": "/lists/{{params.list}}/items", "query": {"tag": "{{params.tag}}"},
                "body": {"name": "{{params.name}}", "note": "{{params.note}}"}},
             "params": {"type": "object", "required": ["list", "name"], "properties": {
                "list": {"type": "string"}, "name": {"type": "string"}, "note": {"type": "string"}, "tag": {"type": "string"}}},
             "result": {"type": "object"}, "idempotency": {"type": "header", "name": "Idempotency-Key", "ttlSeconds": 3600},
             "lookup": {"operation": "all", "params": {}, "matches": "{{item.name == params.name}}"}},
            {"id": "all", "title": "All", "verb": "list", "entity": "item", "request": {"path": "/items"},
             "params": {"type": "object"}, "resultPath": "$[*]",
             "pagination": {"next": {"type": "page", "param": "page"}, "pageSize": 2}},
            {"id": "one", "title": "One", "verb": "get", "entity": "item",
             "request": {"path": "/items/{{params.id}}"},
             "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
        ],
        "healthCheck": {"request": {"path": "/me"}, "identityPath": "$.name", "accountIdPath": "$.id"},
    })
}

async fn bench(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Bench {
    bench_with(descriptor(), script).await
}

async fn bench_with(document: Value, script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Bench {
    let (base, seen) = serve(Arc::new(script)).await;
    let descriptor: Descriptor = serde_json::from_value(document).unwrap();
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
    let config = Map::from_iter([("baseUrl".to_owned(), json!(base))]);
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let store =
        Store::open(OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() })
            .await
            .unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let authoriser = Authoriser::new(vault, store.clone());
    let connection = Connection {
        id: ConnectionId::generate(),
        name: "work".into(),
        connector: ConnectorId::from("tool"),
        descriptor_version: "1.0.0".into(),
        auth_method: Some("token".into()),
        origins: compiled.origins(&config).unwrap(),
        config,
        allow_private: true,
        state: ConnectionState::Connected,
        paused: false,
        scopes: vec![],
        account: None,
        metadata: Map::new(),
        created_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        last_connected_at: None,
        last_tested_at: None,
        last_error: None,
        calls_ok: 0,
        calls_failed: 0,
    };
    let values = Credential::new(BTreeMap::from([("token".to_owned(), Secret::new(KEY.to_owned()))]));
    let sealed = authoriser.seal(&connection.id, &values).await.unwrap();
    store.connection_insert(&connection, Some(&sealed)).await.unwrap();
    let engine = Engine::new(Client::new(clock.clone()).unwrap(), authoriser, store.clone(), clock);
    let target = Target { descriptor: compiled, connection, credential: TargetCredential::Stored };
    Bench { engine, store, target, seen, _dir: dir }
}

/// Items 1 to `count`, two a page.
fn page_of(seen: &Seen, count: usize) -> Value {
    let page: usize = seen.query.get("page").map_or(1, |page| page.parse().unwrap());
    let item = |id: usize| json!({"id": id, "name": format!("n{id}"), "at": format!("2026-11-20T10:00:0{}Z", id % 10)});
    (page * 2 - 1..=count.min(page * 2)).map(item).collect()
}

fn added() -> Value {
    json!({"list": "a/b", "name": "x"})
}

#[tokio::test]
async fn a_request_is_built_as_declared_and_nothing_odd_is_sent() {
    let b = bench(|_, _| ok(&json!({"id": 1}))).await;
    for (params, field) in [(json!({"name": "x"}), "list"), (json!({"list": "l", "name": 5}), "name")] {
        let problem = b.engine.plan(&b.target, "add", &params).unwrap_err();
        assert_eq!((problem.code(), problem.param("field")), (Code::SchemaMismatch, Some(field)));
    }
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    assert!(planned.effect);
    assert!(planned.summary.url.ends_with("/api/lists/a%2Fb/items"), "{}", planned.summary.url);
    assert_eq!(planned.summary.body, Some(json!({"name": "x"})), "absent members are left out");
    let result = b.engine.call(&b.target, &planned, Some("key-1"), MINUTE).await;
    assert_eq!(result.outcome, Outcome::Done { output: json!({"id": 1}), output_missing: None });
    let seen = b.last();
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(
        (seen.headers["idempotency-key"].as_str(), seen.headers["accept"].as_str()),
        ("key-1", "application/json")
    );
    assert_eq!(seen.query, BTreeMap::from([("v".to_owned(), "2".to_owned())]), "an absent tag is left out");
    assert_eq!(seen.body, json!({"name": "x"}));
    assert_eq!(b.lines().len(), 1, "nothing was sent for what does not fit");
}

#[tokio::test]
async fn an_effect_is_sent_once_whatever_comes_back() {
    for (status, unknown) in [(500, true), (502, true), (408, true), (503, false), (429, false), (400, false)] {
        let b = bench(move |_, _| (status, vec![], "{}".into())).await;
        let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
        let outcome = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), unknown, "{status}: {outcome:?}");
        assert_eq!(b.lines().len(), 1, "{status}");
        let calls = b
            .store
            .calls_since(&b.target.connection.id, "2020-01-01T00:00:00Z".parse().unwrap())
            .await
            .unwrap();
        assert_eq!((calls.len(), calls[0].success), (1, false), "{status}");
    }
}

#[tokio::test]
async fn an_effect_whose_answer_cannot_be_read_is_done_without_its_result() {
    for body in ["<html>", "{\"id\":", ""] {
        let b = bench(move |_, _| (201, vec![], body.to_owned())).await;
        let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
        let outcome = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        let Outcome::Done { output: Value::Null, output_missing: Some(_) } = outcome else {
            panic!("{body:?}: {outcome:?}")
        };
    }
}

#[tokio::test]
async fn a_secret_that_a_service_echoes_reaches_nobody() {
    let b = bench(|seen, number| {
        let echo = json!({"message": format!("bad key {}", seen.headers["authorization"]), "id": seen.headers["authorization"]});
        (if number == 1 { 200 } else { 401 }, vec![], echo.to_string())
    })
    .await;
    let planned = b.engine.plan(&b.target, "add", &json!({"list": KEY, "name": KEY})).unwrap();
    for _ in 0..2 {
        let outcome = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        let kept = serde_json::to_string(&outcome).unwrap();
        assert!(!kept.contains(KEY), "{kept}");
    }
    let shown = b.engine.plan(&b.target, "add", &json!({"list": KEY, "name": KEY})).unwrap().summary;
    let shown = serde_json::to_string(&shown).unwrap();
    assert!(!shown.contains(KEY) && shown.contains("•••"), "{shown}");
}

#[tokio::test]
async fn every_read_is_tried_again_and_no_effect_is() {
    // Each first answer fails in a way that passes.
    let flaky = || {
        bench(|seen, number| match number {
            1 => (502, vec![], "{}".into()),
            _ if seen.line.ends_with("/me") => ok(&json!({"id": 7, "name": "Amira"})),
            _ if seen.line.ends_with("/items/1") => ok(&json!({"id": 1})),
            _ => ok(&page_of(seen, 2)),
        })
    };
    let call = async |b: &Bench, operation: &str, params: &Value| {
        let planned = b.engine.plan(&b.target, operation, params).unwrap();
        b.engine.call(&b.target, &planned, None, MINUTE).await.outcome
    };
    let b = flaky().await;
    assert_eq!(b.engine.health(&b.target).await.unwrap().account.unwrap().label, "Amira");
    let b = flaky().await;
    assert!(matches!(call(&b, "all", &json!({})).await, Outcome::Done { .. }), "the first page of a list");
    let b = flaky().await;
    assert!(matches!(call(&b, "one", &json!({"id": "1"})).await, Outcome::Done { .. }), "one thing");
    let b = flaky().await;
    assert_eq!(b.engine.get(&b.target, "/items/1", &[]).await.unwrap().data, json!({"id": 1}));
    let b = flaky().await;
    assert_eq!(b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap().new, 2);
    let b = flaky().await;
    assert_eq!(b.engine.test(&b.target).await.problem, None);
    let b = flaky().await;
    assert!(matches!(call(&b, "add", &added()).await, Outcome::Unknown { .. }));
    assert_eq!(b.lines().len(), 1, "an effect is sent once");
}

#[tokio::test]
async fn reading_again_ends_with_the_time_that_was_given() {
    let b = bench(|_, _| (502, vec![], "{}".into())).await;
    let planned = b.engine.plan(&b.target, "all", &json!({})).unwrap();
    let given = Duration::from_millis(200);
    let outcome = b.engine.call(&b.target, &planned, None, given).await.outcome;
    let Outcome::NotDone { problem } = outcome else { panic!("{outcome:?}") };
    // On a slow computer the time can end within a try.
    assert!(matches!(problem.code(), Code::ServiceDown | Code::TimeoutResponse), "{problem:?}");
    // The pauses before a fifth try together fit into that time once in thousands of times.
    assert!(b.lines().len() < 5, "{} tries", b.lines().len());
}

#[tokio::test]
async fn a_list_comes_whole_and_its_pages_are_read_again_when_they_fail() {
    let b = bench(|seen, number| match number {
        2 => (500, vec![], "{}".into()),
        _ => ok(&page_of(seen, 5)),
    })
    .await;
    let planned = b.engine.plan(&b.target, "all", &json!({})).unwrap();
    let result = b.engine.call(&b.target, &planned, None, MINUTE).await;
    let Outcome::Done { output, .. } = result.outcome else { panic!("{:?}", result.outcome) };
    let ids: Vec<_> = output.as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert_eq!(b.lines().len(), 4);
}

#[tokio::test]
async fn a_lookup_says_no_only_after_a_whole_readable_answer() {
    let at = "2026-11-20T10:00:00Z".parse().unwrap();
    let ask = async |b: &Bench, name: &str| {
        b.engine.lookup(&b.target, "add", &json!({"list": "l", "name": name}), at).await
    };
    let b = bench(|seen, _| ok(&page_of(seen, 5))).await;
    assert_eq!(ask(&b, "n5").await.unwrap().unwrap()["id"], 5, "it is on the last page");
    assert_eq!(ask(&b, "other").await, Ok(None));

    let b = bench(|_, _| (500, vec![], "{}".into())).await;
    assert!(ask(&b, "n5").await.is_err(), "a service that is down knows nothing");

    let mut bounded = descriptor();
    bounded["operations"][1]["pagination"]["maxPages"] = json!(2);
    let b = bench_with(bounded, |seen, _| ok(&page_of(seen, 9))).await;
    assert_eq!(ask(&b, "n3").await.unwrap().unwrap()["id"], 3);
    assert!(ask(&b, "n9").await.is_err(), "what was not looked at may be there");
}

#[tokio::test]
async fn a_stream_is_stored_page_by_page_and_its_place_moves_at_the_end() {
    let b = bench(|seen, _| ok(&page_of(seen, 5))).await;
    let id = &b.target.connection.id;
    let cut = b.engine.sync(&b.target, "items", SyncOptions { max_pages: Some(2) }).await.unwrap();
    assert_eq!((cut.new, cut.complete), (4, false));
    assert_eq!(b.store.checkpoint(id, "items").await.unwrap(), None, "older items may follow");
    let whole = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    assert_eq!((whole.new, whole.known, whole.complete), (1, 4, true));
    let place = b.store.checkpoint(id, "items").await.unwrap().unwrap();
    assert_eq!(place, json!({"timestamp": "2026-11-20T10:00:05Z"}));
    b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let since = b.seen.lock().unwrap().iter().rev().find_map(|seen| seen.query.get("since").cloned());
    assert_eq!(since.as_deref(), Some("2026-11-20T10:00:04Z"), "equal times are read again");
    assert_eq!(b.store.signal_count(id).await.unwrap(), 5, "and stored once");
}

#[tokio::test]
async fn a_bound_of_the_connector_does_not_move_the_place_past_what_was_not_read() {
    let mut bounded = descriptor();
    bounded["streams"][0]["pagination"]["maxPages"] = json!(1);
    let b = bench_with(bounded, |seen, _| ok(&page_of(seen, 5))).await;
    let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    assert_eq!((report.new, report.complete), (2, false));
    assert_eq!(b.store.checkpoint(&b.target.connection.id, "items").await.unwrap(), None);
}

#[tokio::test]
async fn a_forgotten_place_is_started_over_once() {
    let b = bench(|seen, _| {
        if seen.query.contains_key("since") { (410, vec![], "{}".into()) } else { ok(&page_of(seen, 3)) }
    })
    .await;
    b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let again = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    assert_eq!((again.started_over, again.known, again.complete), (true, 3, true));
}

#[tokio::test]
async fn a_pause_that_a_service_asks_for_is_kept_by_every_later_call() {
    let b = bench(|_, _| (429, vec![("Retry-After", "120".into())], "{}".into())).await;
    let limited = b.engine.health(&b.target).await.unwrap_err();
    assert_eq!(limited.code(), Code::RateLimited);
    let held = b.engine.health(&b.target).await.unwrap_err();
    assert_eq!(held.code(), Code::LocalRateLimited);
    assert!(held.when().is_some());
    assert_eq!(b.lines().len(), 1, "nothing is sent while it lasts");
}

#[tokio::test]
async fn after_five_faults_nothing_is_sent_until_the_user_tries() {
    let b = bench(|seen, number| match number {
        1..=5 => (500, vec![], "{}".into()),
        _ if seen.line.ends_with("/me") => ok(&json!({"id": 7, "name": "Amira"})),
        _ => ok(&page_of(seen, 3)),
    })
    .await;
    // Three tries, and the two after which the circuit opens.
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::ServiceDown);
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::CircuitOpen);
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::CircuitOpen);
    assert_eq!(b.lines().len(), 5);
    let report = b.engine.test(&b.target).await;
    assert_eq!(report.problem, None);
    assert_eq!(report.account.unwrap().label, "Amira");
    let parts: Vec<_> = report.lines.iter().map(|line| (line.part, line.verdict)).collect();
    assert_eq!(
        parts,
        [TestPart::Reached, TestPart::SignedIn, TestPart::Permissions, TestPart::Sample]
            .map(|p| (p, Verdict::Ok))
    );
    assert_eq!(report.signals.len(), 2);
    assert!(b.engine.health(&b.target).await.is_ok(), "the circuit is closed again");
}

#[tokio::test]
async fn every_call_says_how_its_connection_is() {
    let status = Arc::new(std::sync::atomic::AtomicU16::new(200));
    let says = status.clone();
    let b =
        bench(move |_, _| (says.load(std::sync::atomic::Ordering::SeqCst), vec![], "{\"id\":1}".into())).await;
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    let cases = [
        (200, ConnectionState::Connected, None),
        (401, ConnectionState::Stale, Some(Code::AuthInvalid)),
        // One item, or one permission, is not the whole connection.
        (404, ConnectionState::Stale, Some(Code::AuthInvalid)),
        (403, ConnectionState::Stale, Some(Code::AuthInvalid)),
        (200, ConnectionState::Connected, None),
        (409, ConnectionState::Connected, None),
        (500, ConnectionState::Error, Some(Code::ServiceDown)),
        (201, ConnectionState::Connected, None),
    ];
    for (answer, state, code) in cases {
        status.store(answer, std::sync::atomic::Ordering::SeqCst);
        b.engine.call(&b.target, &planned, None, MINUTE).await;
        let now = b.store.connection(&b.target.connection.id).await.unwrap().unwrap();
        assert_eq!(
            (now.state, now.last_error.as_ref().map(patchbay_model::Problem::code)),
            (state, code),
            "after {answer}"
        );
        assert!(now.last_connected_at.is_some(), "after {answer}");
    }
    status.store(200, std::sync::atomic::Ordering::SeqCst);
    b.engine.health(&b.target).await.unwrap();
    let samples = b.store.health_latest().await.unwrap();
    assert_eq!((samples.len(), samples[0].ok), (1, true), "a check leaves a sample");
}

#[tokio::test]
async fn a_test_finds_a_service_that_gives_its_first_page_for_ever() {
    let b = bench(|seen, _| {
        if seen.line.ends_with("/me") {
            ok(&json!({"id": 7}))
        } else {
            ok(&json!([{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": 2, "at": "2026-11-20T10:00:00Z"}]))
        }
    })
    .await;
    let report = b.engine.test(&b.target).await;
    assert_eq!(report.problem.unwrap().code(), Code::MalformedResponse);
    assert_eq!(report.lines.last().unwrap().verdict, Verdict::Failed);
}

#[tokio::test]
async fn a_test_says_how_far_it_came() {
    use Verdict::{Failed, NotRun, Ok};
    for (status, want, code) in [
        (401, [Ok, Failed, NotRun, NotRun], Code::AuthInvalid),
        (403, [Ok, Ok, Failed, NotRun], Code::PermissionDenied),
        (500, [Failed, NotRun, NotRun, NotRun], Code::ServiceDown),
    ] {
        let b = bench(move |_, _| (status, vec![], "{}".into())).await;
        let report = b.engine.test(&b.target).await;
        assert_eq!(report.lines.iter().map(|line| line.verdict).collect::<Vec<_>>(), want, "{status}");
        assert_eq!(report.problem.unwrap().code(), code);
    }
}

#[tokio::test]
async fn a_read_stays_below_the_connections_address() {
    let b = bench(|_, _| ok(&json!({"a": 1}))).await;
    let query = [("q".to_owned(), "a b&c".to_owned())];
    let read = b.engine.get(&b.target, "/things", &query).await.unwrap();
    assert_eq!((read.data, read.status), (json!({"a": 1}), 200));
    assert!(read.url.ends_with("/api/things"));
    assert_eq!(b.last().query["q"], "a b&c");
    for path in ["things", "/../x", "/%2e%2e/x", "//evil.example/../../x", "@evil.example/"] {
        let refused = b.engine.get(&b.target, path, &[]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InputInvalid, "{path}");
    }
    assert_eq!(b.lines().len(), 1);
}

/// Reads the first stream of a document and says which ids came.
async fn ids_of(b: &Bench) -> Vec<String> {
    let mut ids: Vec<String> =
        b.engine.test(&b.target).await.signals.into_iter().map(|s| s.external_id).collect();
    let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    ids.push(format!("{} in {} pages", report.new, report.pages));
    ids
}

#[tokio::test]
async fn graphql_pages_in_its_variables_and_its_errors_inside_a_200_are_errors() {
    let mut document = descriptor();
    document["streams"][0]["request"] = json!({"method": "POST", "path": "/graphql", "graphql": {
        "query": "query($after: String, $since: String) { items(after: $after) { nodes { id at } } }",
        "variables": {"first": 2, "note": "{{config.nothing}}"}}});
    document["configFields"] = json!([{"key": "nothing", "label": "N"}]);
    document["streams"][0]["delta"] =
        json!({"type": "timestamp_filter", "param": "/variables/since", "place": "body"});
    document["streams"][0]["mapping"]["itemsPath"] = json!("$.data.items.nodes[*]");
    document["streams"][0]["pagination"] = json!({"next": {"type": "cursor", "cursorPath": "$.data.items.end",
        "param": "/variables/after", "place": "body", "hasMorePath": "$.data.items.more"}});
    document["healthCheck"] = json!({"request": {"method": "POST", "path": "/graphql", "graphql": {"query": "{ viewer { id } }"}},
        "accountIdPath": "$.data.viewer.id"});
    let b = bench_with(document.clone(), |seen, _| {
        if seen.body["query"].as_str().unwrap().contains("viewer") {
            return ok(&json!({"data": {"viewer": {"id": "u"}}}));
        }
        let from = seen.body["variables"]["after"].as_u64().unwrap_or(0);
        let nodes: Vec<Value> =
            (from + 1..=(from + 2).min(5)).map(|id| json!({"id": id, "at": "2026-11-20T10:00:00Z"})).collect();
        ok(&json!({"data": {"items": {"nodes": nodes, "end": from + 2, "more": from + 2 < 5}}}))
    })
    .await;
    assert_eq!(ids_of(&b).await, ["1", "2", "5 in 3 pages"]);
    b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let since = b
        .seen
        .lock()
        .unwrap()
        .iter()
        .rev()
        .find_map(|seen| seen.body["variables"]["since"].as_str().map(str::to_owned));
    assert_eq!(since.as_deref(), Some("2026-11-20T09:59:59Z"));
    for (code, want) in [
        ("AUTHENTICATION_ERROR", Code::AuthInvalid),
        ("RATELIMITED", Code::RateLimited),
        ("FORBIDDEN", Code::PermissionDenied),
        ("GRAPHQL_VALIDATION_FAILED", Code::InvalidConfig),
    ] {
        let answer = json!({"data": null, "errors": [{"message": "no", "extensions": {"code": code}}]});
        let b = bench_with(document.clone(), move |_, _| ok(&answer)).await;
        assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), want, "{code}");
    }
}

#[tokio::test]
async fn lines_and_tables_are_read_as_lists() {
    let jsonl = "{\"id\":1,\"at\":\"2026-11-20T10:00:00Z\"}\n\n{\"id\":2,\"at\":\"2026-11-20T10:00:00Z\"}\r\n";
    let csv = "\u{feff}id,at,note\r\n1,2026-11-20T10:00:00Z,\"a, \"\"b\"\"\nc\"\r\n2,2026-11-20T10:00:00Z,\r\n";
    for (format, text, broken) in
        [("json_lines", jsonl, "{\"id\":1}\n{\"id\":"), ("csv", csv, "id,at\n1,2026-11-20T10:00:00Z,more\n")]
    {
        let mut document = descriptor();
        document["streams"][0]["request"]["answerFormat"] = json!(format);
        document["streams"][0]["pagination"] = json!({"next": {"type": "none"}});
        let body = Arc::new(Mutex::new(text.to_owned()));
        let says = body.clone();
        let b = bench_with(document, move |seen, _| {
            let me = seen.line.ends_with("/me");
            (200, vec![], if me { "{\"id\":7}".into() } else { says.lock().unwrap().clone() })
        })
        .await;
        assert_eq!(ids_of(&b).await, ["1", "2", "2 in 1 pages"], "{format}");
        for (text, want) in [(broken, Code::MalformedResponse), ("<html>", Code::UnexpectedContent)] {
            text.clone_into(&mut body.lock().unwrap());
            let problem = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap_err();
            assert_eq!(problem.code(), want, "{format}: {text}");
        }
    }
}

#[tokio::test]
async fn a_form_is_sent_as_one_and_a_requests_own_rules_come_first() {
    let mut document = descriptor();
    document["operations"][0]["request"]["bodyFormat"] = json!("form");
    document["operations"][0]["request"]["body"]["tags"] = json!(["a b", "c&d"]);
    document["operations"][0]["request"]["errors"] =
        json!([{"body": {"path": "$.ok", "operator": "equals", "value": false}, "action": "not_found"}]);
    document["defaults"]["errors"] =
        json!([{"body": {"path": "$.ok", "operator": "equals", "value": false}, "action": "reauth"}]);
    let b = bench_with(document, |_, _| ok(&json!({"ok": false}))).await;
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    let Outcome::NotDone { problem } = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome else {
        panic!("it was refused")
    };
    assert_eq!(problem.code(), Code::NotFound);
    let seen = b.last();
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(seen.text, "name=x&tags=a+b&tags=c%26d");
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::AuthInvalid);
}

#[tokio::test]
async fn a_request_that_is_counted_apart_waits_apart() {
    let mut document = descriptor();
    document["operations"][1]["request"]["rate"] = json!([{"calls": 2, "seconds": 600, "burst": 1}]);
    let b = bench_with(document, |seen, _| match seen.line.as_str() {
        "GET /api/items/1" => (429, vec![("Retry-After", "100".into())], "{}".into()),
        _ => ok(&json!([])),
    })
    .await;
    let call = async |operation: &str, params: Value| {
        let planned = b.engine.plan(&b.target, operation, &params).unwrap();
        match b.engine.call(&b.target, &planned, None, Duration::from_secs(1)).await.outcome {
            Outcome::NotDone { problem } => Some(problem.code()),
            _ => None,
        }
    };
    assert_eq!(call("all", json!({})).await, None);
    assert_eq!(call("all", json!({})).await, Some(Code::LocalRateLimited), "its own window is used up");
    assert!(b.engine.health(&b.target).await.is_ok(), "the others go on");
    assert_eq!(call("one", json!({"id": "1"})).await, Some(Code::RateLimited));
    assert!(b.engine.health(&b.target).await.is_err(), "what is not counted apart holds every call");
}

#[tokio::test]
async fn a_parent_that_is_gone_is_passed_over() {
    let mut document = descriptor();
    document["streams"][0]["pagination"] = json!({"next": {"type": "none"}});
    document["streams"][0]["delta"] = json!({"type": "none"});
    let mut notes = document["streams"][0].clone();
    notes["id"] = json!("notes");
    notes["request"]["path"] = json!("/items/{{parent.id}}/notes");
    notes["forEach"] = json!({"stream": "items", "bind": {"id": "$.id"}});
    notes["delta"] = json!({"type": "timestamp_filter", "param": "since"});
    document["streams"].as_array_mut().unwrap().push(notes);
    let b = bench_with(document, |seen, _| match seen.line.as_str() {
        "GET /api/items" => ok(&json!([{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": 2, "at": "2026-11-20T10:00:00Z"}, {"id": 3, "at": "2026-11-20T10:00:00Z"}])),
        "GET /api/items/2/notes" => (404, vec![], "{}".into()),
        line => {
            let id: u64 = line.split('/').nth(3).unwrap().parse().unwrap();
            ok(&json!([{"id": id * 10, "at": "2026-11-20T10:00:05Z"}]))
        }
    })
    .await;
    let report = b.engine.sync(&b.target, "notes", SyncOptions::default()).await.unwrap();
    assert_eq!((report.new, report.pages, report.complete), (2, 2, true));
    let place = b.store.checkpoint(&b.target.connection.id, "notes").await.unwrap().unwrap();
    let at = json!({"timestamp": "2026-11-20T10:00:05Z"});
    assert_eq!(place, json!({"parents": {"1": at, "3": at}}));
    b.engine.sync(&b.target, "notes", SyncOptions::default()).await.unwrap();
    assert_eq!(b.last().query["since"], "2026-11-20T10:00:04Z");
}
