//! Accepted and durable deliveries a second, beside a bare loop that takes a body and commits a row for
//! it, in groups as we do. Run by `cargo xtask bench webhook`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement says what went wrong by ending")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use patchbay_auth::Authoriser;
use patchbay_auth::webhook::{AddressKey, Arrived, WebhookSecrets};
use patchbay_connector::Compiled;
use patchbay_ingest::gateway::{Definitions, Gateway, GatewaySettings, Site, token};
use patchbay_model::event::NoEvents;
use patchbay_model::{Clock, Connection, ConnectionState, ConnectorId, SystemClock};
use patchbay_net::listen;
use patchbay_store::{OpenOptions, Store};
use patchbay_tests::figures::sync_p50;
use patchbay_tests::root;
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde_json::json;
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

const SENDERS: usize = 32;
const EACH: usize = 400;
const SECRET: &str = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ==";

struct Known(Arc<Compiled>);

impl Definitions for Known {
    fn compiled(&self, _: &ConnectorId) -> Option<Arc<Compiled>> {
        Some(self.0.clone())
    }
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    println!("one fdatasync here: p50 {:.2} ms", sync_p50(folder.path()).as_secs_f64() * 1_000.0);
    let bare = bare(folder.path()).await;
    let bare = send_all("bare axum loop", bare, "/", |_, _| Vec::new()).await;
    let ours = ours(folder.path()).await;
    println!("ours is {:.0} % of the bare loop (bars: 3,000/s, p99 50 ms)", 100.0 * ours / bare);
}

async fn ours(folder: &std::path::Path) -> f64 {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = OpenOptions { dir: folder.join("ours"), clock: clock.clone(), machine: "m".into() };
    let store = Store::open(options).await.unwrap();
    let net = patchbay_net::Client::new(clock.clone()).unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::default()), "w"));
    let text = std::fs::read_to_string(root().join("descriptors/sandbox-sheet.json")).unwrap();
    let descriptor = patchbay_descriptor::read(&text, "sandbox-sheet").unwrap();
    let connection = Connection {
        name: "sheet".into(),
        state: ConnectionState::Connected,
        ..Connection::new(descriptor.id.clone(), descriptor.version.clone(), clock.now())
    };
    store.connection_insert(&connection, None).await.unwrap();
    let token = token().unwrap();
    store.webhook_make(&connection.id, &token).await.unwrap();
    store.webhook_enable(&connection.id, true).await.unwrap();
    let authoriser = Authoriser::new(vault, store.clone(), net.clone(), clock.clone());
    let sealed = authoriser.seal_webhook(&connection.id, &Secret::new(SECRET.into()), None).await.unwrap();
    store.webhook_secret_set(&connection.id, &sealed, None).await.unwrap();
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
    let site = Site {
        workspace: "default".into(),
        store: store.clone(),
        authoriser,
        definitions: Arc::new(Known(compiled.clone())),
        addresses: AddressKey::of(&token),
        events: Arc::new(NoEvents),
        asked: Arc::new(|| {}),
        at_once: Arc::new(|| 10),
    };
    let gateway = Gateway::new(clock, net, GatewaySettings { port: 0, ..GatewaySettings::default() });
    gateway.open(site).await.unwrap();
    let port = gateway.state().listening.unwrap().port();
    let path = format!("/webhooks/sandbox-sheet/{token}");
    let sign = move |id: &str, body: &[u8]| {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        let arrived = Arrived { method: "POST", headers: &headers, body, url: "", id: None };
        let now = SystemClock::new().now();
        let scheme = compiled.webhook().unwrap().scheme();
        let mut signed = WebhookSecrets::of_fixture(SECRET).sign(scheme, &arrived, now).unwrap();
        signed.push(("webhook-id".to_owned(), id.to_owned()));
        signed
    };
    let rate = send_all("the gateway", port, &path, sign).await;
    assert_eq!(store.inbox_count(&connection.id).await.unwrap(), (SENDERS * EACH) as u64);
    rate
}

/// Takes a body, has a row for it committed together with those of others, and answers.
async fn bare(folder: &std::path::Path) -> u16 {
    type Waiting = (Vec<u8>, oneshot::Sender<()>);
    let (queue, mut waiting) = mpsc::unbounded_channel::<Waiting>();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE inbox (id INTEGER PRIMARY KEY, body BLOB)")
        .execute(&mut connection)
        .await
        .unwrap();
    tokio::spawn(async move {
        while let Some(first) = waiting.recv().await {
            let mut batch = vec![first];
            while batch.len() < 256
                && let Ok(more) = waiting.try_recv()
            {
                batch.push(more);
            }
            let mut transaction = connection.begin().await.unwrap();
            for (body, _) in &batch {
                sqlx::query("INSERT INTO inbox (body) VALUES (?)")
                    .bind(body)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
            }
            transaction.commit().await.unwrap();
            for (_, reply) in batch {
                let _ = reply.send(());
            }
        }
    });
    let handler = move |body: axum::body::Bytes| {
        let queue = queue.clone();
        async move {
            let (reply, done) = oneshot::channel();
            queue.send((body.to_vec(), reply)).unwrap();
            done.await.unwrap();
        }
    };
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let port = listener.addr().port();
    let router = axum::Router::new().fallback(axum::routing::any(handler));
    tokio::spawn(async move { listener.serve(router, std::future::pending()).await });
    port
}

/// Sends from many at once, one after another each, and prints how fast they were answered.
async fn send_all<F>(name: &str, port: u16, path: &str, sign: F) -> f64
where
    F: Fn(&str, &[u8]) -> Vec<(String, String)>,
{
    let mut requests: Vec<Vec<Vec<u8>>> = Vec::new();
    for sender in 0..SENDERS {
        let mut own = Vec::new();
        for number in 0..EACH {
            let id = format!("msg_{sender}_{number}");
            let row = 10_000 + sender * EACH + number;
            let body = json!({"type": "row.added", "timestamp": "2026-03-02T10:00:00Z", "row": {
                "id": row, "name": "A row of the usual length, with some words", "amount": 12.5, "status": "open",
                "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:00:00Z"}})
            .to_string();
            let mut text = format!(
                "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            );
            for (name, value) in sign(&id, body.as_bytes()) {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            own.push(format!("{text}\r\n{body}").into_bytes());
        }
        requests.push(own);
    }
    let begun = Instant::now();
    let senders = requests.into_iter().map(|own| {
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut times = Vec::with_capacity(own.len());
            let mut answer = [0; 1_024];
            for request in own {
                let begun = Instant::now();
                stream.write_all(&request).await.unwrap();
                let read = stream.read(&mut answer).await.unwrap();
                assert!(
                    answer[..read].starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&answer[..read])
                );
                times.push(begun.elapsed());
            }
            times
        })
    });
    let mut times: Vec<Duration> = Vec::new();
    for sender in senders.collect::<Vec<_>>() {
        times.extend(sender.await.unwrap());
    }
    let whole = begun.elapsed().as_secs_f64();
    times.sort();
    let at = |share: usize| times[(times.len() * share).div_ceil(100) - 1].as_secs_f64() * 1_000.0;
    let rate = times.len() as f64 / whole;
    println!("{name:<16} {rate:>8.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms", at(50), at(99));
    rate
}
