//! The gateway from outside: raw calls to its port.

mod answers;
mod handshakes;
mod order;
mod signals;

use std::sync::Arc;

use axum::http::HeaderMap;
use patchbay_auth::Authoriser;
use patchbay_auth::webhook::{Arrived, Scheme};
use patchbay_connector::Compiled;
use patchbay_model::time::ManualClock;
use patchbay_model::{Clock, Connection, ConnectionId, ConnectionState, ConnectorId, Descriptor, Timestamp};
use patchbay_store::{OpenOptions, SeenDelivery, Store};
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

const SECRET: &str = "a secret of the tests";

pub(super) struct World {
    pub(super) gateway: Gateway,
    pub(super) site: Site,
    pub(super) connection: ConnectionId,
    pub(super) token: String,
    pub(super) clock: Arc<ManualClock>,
    pub(super) scheme: Scheme,
    pub(super) dir: tempfile::TempDir,
}

struct One(Arc<Compiled>);

impl Definitions for One {
    fn compiled(&self, id: &ConnectorId) -> Option<Arc<Compiled>> {
        (self.0.descriptor().id == *id).then(|| self.0.clone())
    }
}

/// A connector with one stream and this webhook.
pub(super) fn descriptor(webhook: &Value) -> Descriptor {
    serde_json::from_value(json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example",
        "streams": [{
            "id": "rows", "title": "Rows", "request": {"path": "/rows"},
            "delta": {"type": "timestamp_filter", "param": "since"},
            "mapping": {"itemsPath": "$.rows[*]", "idPath": "$.id", "timestampPath": "$.at",
                "summaryTemplate": "{{ name }}", "tagsPath": "$.tags[*]", "urlPath": "$.link",
                "signalTypeRules": [{"when": {"path": "$._event.type", "operator": "equals", "value": "row.deleted"}, "then": "row_deleted"}],
                "defaultSignalType": "row_changed"}
        }],
        "webhook": webhook,
        "healthCheck": {"request": {"path": "/me"}},
    }))
    .unwrap()
}

/// The webhook of most tests: signed with its time, deliveries named by a header.
pub(super) fn usual() -> Value {
    json!({
        "verify": {"mode": "hmac", "header": "X-Sig", "prefix": "v0=", "signed": "v0:{{timestamp}}:{{body}}",
            "timestamp": {"header": "X-Time"}},
        "deliveryId": {"header": "X-Delivery"},
        "eventType": {"path": "$.type"},
        "events": [{"types": ["row.*"], "stream": "rows", "itemsPath": "$.row"}],
        "sample": {"body": {"type": "row.added", "row": {"id": 1, "name": "A test", "at": "2026-01-01T00:00:00Z"}}},
    })
}

pub(super) async fn world(webhook: Value) -> World {
    let dir = tempfile::tempdir().unwrap();
    let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(noon));
    let store =
        Store::open(OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() })
            .await
            .unwrap();
    let net = patchbay_net::Client::new(clock.clone()).unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::default()), "w"));
    let authoriser = Authoriser::new(vault, store.clone(), net.clone(), clock.clone());
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor(&webhook))).unwrap());
    let scheme = compiled.webhook().unwrap().scheme().clone();
    let connection = Connection {
        name: "sheet".into(),
        state: ConnectionState::Connected,
        ..Connection::new(ConnectorId::from("tool"), "1.0.0".into(), noon)
    };
    store.connection_insert(&connection, None).await.unwrap();
    let token = token().unwrap();
    store.webhook_make(&connection.id, &token).await.unwrap();
    let site = Site {
        workspace: "default".into(),
        store,
        authoriser,
        definitions: Arc::new(One(compiled)),
        addresses: patchbay_auth::webhook::AddressKey::of("key"),
        events: Arc::new(patchbay_model::event::NoEvents),
        asked: Arc::new(|| ()),
        at_once: Arc::new(|| 64),
    };
    let settings = GatewaySettings { port: 0, ..GatewaySettings::default() };
    let gateway = Gateway::new(clock.clone(), net, settings);
    gateway.open(site.clone()).await.unwrap();
    let world = World { gateway, site, connection: connection.id, token, clock, scheme, dir };
    assert!(world.gateway.state().listening.is_none(), "off until a webhook is on");
    world.site.store.webhook_enable(&world.connection, true).await.unwrap();
    world.gateway.refresh("default").await.unwrap();
    world
}

/// The same with a secret.
pub(super) async fn signing(webhook: Value) -> World {
    let world = world(webhook).await;
    world.set_secret(SECRET).await;
    world
}

/// A call as it goes over the wire.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl World {
    pub(super) async fn set_secret(&self, text: &str) {
        let secret = Secret::new(text.to_owned());
        let sealed = self.site.authoriser.seal_webhook(&self.connection, &secret, None).await.unwrap();
        self.site.store.webhook_secret_set(&self.connection, &sealed, None).await.unwrap();
        self.gateway.refresh("default").await.unwrap();
    }

    pub(super) fn port(&self) -> u16 {
        self.gateway.state().listening.unwrap().port()
    }

    pub(super) fn path(&self) -> String {
        format!("/webhooks/tool/{}", self.token)
    }

    /// A signed call with this body.
    pub(super) fn call(&self, body: &Value) -> Call {
        self.signed(body.to_string().into_bytes(), SECRET, self.clock.now())
    }

    pub(super) fn signed(&self, body: Vec<u8>, secret: &str, at: Timestamp) -> Call {
        let mut call = Call {
            method: "POST",
            path: self.path(),
            headers: vec![
                ("Host".into(), format!("127.0.0.1:{}", self.port())),
                ("Content-Type".into(), "application/json".into()),
            ],
            body,
        };
        let headers = HeaderMap::new();
        let url = format!("http://127.0.0.1:{}{}", self.port(), self.path());
        let arrived = Arrived { method: "POST", headers: &headers, body: &call.body, url: &url, id: None };
        let signed = self.scheme.sign(&Secret::new(secret.to_owned()), &arrived, at).unwrap();
        call.headers.extend(signed);
        call
    }

    pub(super) async fn send(&self, call: &Call) -> Answered {
        let mut text = format!("{} {} HTTP/1.1\r\n", call.method, call.path);
        for (name, value) in &call.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            text.push_str(&format!("Content-Length: {}\r\n", call.body.len()));
        }
        text.push_str("Connection: close\r\n\r\n");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        // The gateway may answer before it has read everything.
        let _ = stream.write_all(&call.body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        read_answer(&answer)
    }

    pub(super) async fn status(&self, call: &Call) -> u16 {
        self.send(call).await.status
    }

    /// What the inbox has, once nothing waits.
    pub(super) async fn settled(&self) -> Vec<SeenDelivery> {
        for _ in 0..500 {
            if self.site.store.inbox_backlog().await.unwrap().0 == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.site.store.inbox_list(&self.connection, 1_000).await.unwrap()
    }

    pub(super) async fn kept(&self) -> u64 {
        self.site.store.inbox_count(&self.connection).await.unwrap()
    }

    pub(super) async fn counted(&self, outcome: &str) -> u64 {
        self.gateway.keep_counts(&self.site).await;
        let counts = self.site.store.webhook_counts(self.clock.now()).await.unwrap();
        counts.iter().filter(|count| count.outcome == outcome).map(|count| count.count).sum()
    }
}

impl Call {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self
    }

    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn read_answer(answer: &[u8]) -> Answered {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answered { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

pub(super) fn row(id: u32) -> Value {
    json!({"type": "row.added", "row": {"id": id, "name": format!("Row {id}"), "at": "2026-11-20T11:59:00Z"}})
}

#[tokio::test]
async fn what_was_sent_while_nobody_listened_is_said_to_be_missing_perhaps() {
    let w = world(usual()).await;
    let begun = w.clock.now();
    let listen = async |enabled: bool| {
        w.gateway.configure(GatewaySettings { enabled, port: 0, ..GatewaySettings::default() }).await;
    };
    assert!(w.gateway.inner.beat(&w.site).await);
    listen(false).await;
    w.clock.advance(Duration::from_secs(3_600));
    assert!(!w.gateway.inner.beat(&w.site).await, "it does not listen");
    listen(true).await;
    assert!(w.gateway.inner.beat(&w.site).await);
    let gaps = w.site.store.gaps(&w.connection, begun).await.unwrap();
    let told: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.to, gap.reason.as_str())).collect();
    assert_eq!(told, [(begun, begun + Duration::from_secs(3_600), "closed")]);
    // The end of the program is the last moment that it listened.
    w.clock.advance(Duration::from_secs(60));
    w.gateway.close("default").await;
    assert_eq!(w.site.store.gateway_seen_at().await.unwrap(), Some(begun + Duration::from_secs(3_660)));
}

#[tokio::test]
async fn a_sleep_is_a_time_in_which_nobody_listened_and_a_clock_put_forward_is_none() {
    let w = world(usual()).await;
    let begun = w.clock.now();
    let day = Duration::from_secs(86_400);
    let told = async || {
        let gaps = w.site.store.gaps(&w.connection, begun - day).await.unwrap();
        gaps.into_iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>()
    };
    assert!(w.gateway.inner.beat(&w.site).await);
    for days in [1_i64, -1, -1, 1] {
        w.clock.jump_to(w.clock.now() + jiff::SignedDuration::from_hours(24 * days));
        w.clock.advance(Duration::from_secs(60));
        assert!(w.gateway.inner.beat(&w.site).await);
        assert_eq!(told().await, [], "it listened all the time: {days}");
    }
    let asleep = w.clock.now();
    w.clock.sleep(Duration::from_secs(3_600));
    assert!(w.gateway.inner.beat(&w.site).await);
    assert_eq!(told().await, [(asleep, asleep + Duration::from_secs(3_600))]);
}
