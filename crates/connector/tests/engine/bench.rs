//! An engine with one connection to a service on loopback that says what each test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use patchbay_auth::{Authoriser, Credential};
use patchbay_connector::{Compiled, Engine, Target, TargetCredential};
use patchbay_model::{Connection, ConnectionId, ConnectionState, Descriptor, SystemClock};
use patchbay_net::{Client, listen};
use patchbay_store::{OpenOptions, Store};
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde_json::{Map, Value, json};

pub(crate) const KEY: &str = "sandbox-token-1";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// A request as the service saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) query: BTreeMap<String, String>,
    /// The query as it was written.
    pub(crate) raw_query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// What the service says: status, headers, body.
pub(crate) type Reply = (u16, Vec<(&'static str, String)>, String);
pub(crate) type Script = Arc<dyn Fn(&Seen, usize) -> Reply + Send + Sync>;

pub(crate) fn ok(body: &Value) -> Reply {
    (200, Vec::new(), body.to_string())
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) target: Target,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.line.clone()).collect()
    }
    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

pub(crate) async fn serve(script: Script) -> (String, Arc<Mutex<Vec<Seen>>>) {
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
                raw_query: url.query().unwrap_or_default().to_owned(),
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

pub(crate) fn descriptor() -> Value {
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

pub(crate) async fn bench(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Bench {
    bench_with(descriptor(), script).await
}

pub(crate) async fn bench_with(
    document: Value,
    script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
) -> Bench {
    bench_set(document, Map::new(), script).await
}

pub(crate) async fn bench_set(
    document: Value,
    settings: Map<String, Value>,
    script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
) -> Bench {
    let (base, seen) = serve(Arc::new(script)).await;
    let descriptor: Descriptor = serde_json::from_value(document).unwrap();
    let mut config = Map::from_iter([("baseUrl".to_owned(), json!(base))]);
    config.extend(settings);
    connected(descriptor, config, seen).await
}

/// An engine with a stored connection of this connector; its sign-in asks for `token`.
pub(crate) async fn connected(
    descriptor: Descriptor,
    config: Map<String, Value>,
    seen: Arc<Mutex<Vec<Seen>>>,
) -> Bench {
    let auth = descriptor.auth.first().map(|method| method.id().to_owned());
    let id = descriptor.id.clone();
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let store =
        Store::open(OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() })
            .await
            .unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let net = Client::new(clock.clone()).unwrap();
    let authoriser = Authoriser::new(vault, store.clone(), net, clock.clone());
    let connection = Connection {
        id: ConnectionId::generate(),
        name: "work".into(),
        auth_method: auth,
        origins: compiled.origins(&config, None).unwrap(),
        config,
        allow_private: true,
        state: ConnectionState::Connected,
        ..Connection::new(id, "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap())
    };
    let values = Credential::new(BTreeMap::from([("token".to_owned(), Secret::new(KEY.to_owned()))]));
    let sealed = authoriser.seal(&connection.id, &values).await.unwrap();
    store.connection_insert(&connection, Some(&sealed)).await.unwrap();
    let engine = Engine::new(Client::new(clock.clone()).unwrap(), authoriser, store.clone(), clock);
    let target = Target { descriptor: compiled, connection, credential: TargetCredential::Stored };
    Bench { engine, store, target, seen, _dir: dir }
}

/// Items 1 to `count`, two a page.
pub(crate) fn page_of(seen: &Seen, count: usize) -> Value {
    let page: usize = seen.query.get("page").map_or(1, |page| page.parse().unwrap());
    let item = |id: usize| json!({"id": id, "name": format!("n{id}"), "at": format!("2026-11-20T10:00:0{}Z", id % 10)});
    (page * 2 - 1..=count.min(page * 2)).map(item).collect()
}

pub(crate) fn added() -> Value {
    json!({"list": "a/b", "name": "x"})
}
