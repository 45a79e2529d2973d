//! The webhook gateway beside vendors' own libraries, browsers, kills and the system's own account of what
//! reached the disk.

mod answered;
mod deliveries;
mod full_disk;
mod kills;
mod page;
mod screen;
mod sheet;
mod vendors;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use patchbay_auth::Authoriser;
use patchbay_connector::Compiled;
use patchbay_ingest::gateway::{Definitions, Gateway, GatewaySettings, Site, token};
use patchbay_model::event::NoEvents;
use patchbay_model::{Clock, Connection, ConnectionId, ConnectionState, ConnectorId, Descriptor, SystemClock};
use patchbay_store::{OpenOptions, SeenDelivery, Store};
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A gateway of its own for one connector.
pub(crate) struct Gate {
    gateway: Gateway,
    pub(crate) site: Site,
    pub(crate) connection: ConnectionId,
    connector: ConnectorId,
    token: String,
    _folder: tempfile::TempDir,
}

struct One(Arc<Compiled>);

impl Definitions for One {
    fn compiled(&self, id: &ConnectorId) -> Option<Arc<Compiled>> {
        (self.0.descriptor().id == *id).then(|| self.0.clone())
    }
}

/// A delivery as a signer made it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Gate {
    pub(crate) async fn open(descriptor: Descriptor) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), descriptor).await
    }

    pub(crate) async fn open_in(folder: tempfile::TempDir, descriptor: Descriptor) -> Self {
        Self::with(folder, descriptor, BTreeMap::new()).await
    }

    /// The same for a connection with settings.
    pub(crate) async fn with(
        folder: tempfile::TempDir,
        descriptor: Descriptor,
        config: BTreeMap<String, String>,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let options = OpenOptions { dir: folder.path().to_owned(), clock: clock.clone(), machine: "m".into() };
        let store = Store::open(options).await.unwrap();
        let net = patchbay_net::Client::new(clock.clone()).unwrap();
        let vault = Arc::new(Vault::new(Arc::new(MemoryStore::default()), "w"));
        let connector = descriptor.id.clone();
        let connection = Connection {
            name: "it".into(),
            state: ConnectionState::Connected,
            config: config.into_iter().map(|(key, value)| (key, value.into())).collect(),
            ..Connection::new(connector.clone(), descriptor.version.clone(), clock.now())
        };
        store.connection_insert(&connection, None).await.unwrap();
        let token = token().unwrap();
        store.webhook_make(&connection.id, &token).await.unwrap();
        store.webhook_enable(&connection.id, true).await.unwrap();
        let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
        let site = Site {
            workspace: "default".into(),
            authoriser: Authoriser::new(vault, store.clone(), net.clone(), clock.clone()),
            store,
            definitions: Arc::new(One(compiled)),
            events: Arc::new(NoEvents),
            addresses: patchbay_auth::webhook::AddressKey::of("key"),
            asked: Arc::new(|| ()),
            at_once: Arc::new(|| 10),
        };
        let gateway = Gateway::new(clock, net, GatewaySettings { port: 0, ..GatewaySettings::default() });
        gateway.open(site.clone()).await.unwrap();
        Self { gateway, site, connection: connection.id, connector, token, _folder: folder }
    }

    pub(crate) async fn set_secret(&self, text: &str) {
        let secret = Secret::new(text.to_owned());
        let sealed = self.site.authoriser.seal_webhook(&self.connection, &secret, None).await.unwrap();
        self.site.store.webhook_secret_set(&self.connection, &sealed, None).await.unwrap();
        self.gateway.refresh("default").await.unwrap();
    }

    pub(crate) fn port(&self) -> u16 {
        self.gateway.state().listening.unwrap().port()
    }

    pub(crate) fn path(&self) -> String {
        format!("/webhooks/{}/{}", self.connector, self.token)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port(), self.path())
    }

    /// Sends a message and gives the status.
    pub(crate) async fn send(&self, message: &Message) -> u16 {
        let mut text = format!("POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.path(), self.port());
        let mut headers = message.headers.clone();
        headers.entry("content-type".into()).or_insert_with(|| "application/json".into());
        headers.insert("content-length".into(), message.body.len().to_string());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("Connection: close\r\n\r\n");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let _ = stream.write_all(message.body.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let head = String::from_utf8_lossy(&answer);
        head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    pub(crate) async fn kept(&self) -> u64 {
        self.site.store.inbox_count(&self.connection).await.unwrap()
    }

    /// What came of the deliveries, once none waits; the latest first.
    pub(crate) async fn settled(&self) -> Vec<SeenDelivery> {
        for _ in 0..2_000 {
            if self.site.store.inbox_backlog().await.unwrap().0 == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.site.store.inbox_list(&self.connection, 10_000).await.unwrap()
    }
}

/// A connector that ships.
pub(crate) fn shipped(id: &str) -> Descriptor {
    let file = patchbay_tests::root().join(format!("descriptors/{id}.json"));
    patchbay_descriptor::read(&std::fs::read_to_string(file).unwrap(), id).unwrap()
}

/// A connector with nothing but this webhook.
pub(crate) fn only(webhook: &Value) -> Descriptor {
    serde_json::from_value(serde_json::json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example", "webhook": webhook,
        "healthCheck": {"request": {"path": "/me"}},
    }))
    .unwrap()
}
