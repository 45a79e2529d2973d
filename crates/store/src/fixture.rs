//! What the tests of this crate start from.

use std::path::Path;
use std::sync::Arc;

use patchbay_model::time::ManualClock;
use patchbay_model::{
    Chain, ChainId, Connection, ConnectionId, ConnectionState, ConnectorId, Fact, Run, RunId, RunState, Signal,
    StepId, Timestamp,
};
use serde_json::{Map, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{OpenOptions, Store};

/// A store in a folder of its own, on a clock that stands still.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) dir: TempDir,
}

pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(crate) async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(noon()));
    let store = open(dir.path(), clock.clone()).await;
    Fixture { store, clock, dir }
}

pub(crate) async fn open(dir: &Path, clock: Arc<ManualClock>) -> Store {
    let options = OpenOptions { dir: dir.to_owned(), clock, machine: "this-machine".into() };
    Store::open(options).await.unwrap()
}

/// A connection of this name, as just made.
pub(crate) fn connection(name: &str) -> Connection {
    Connection {
        id: ConnectionId::generate(),
        name: name.into(),
        connector: ConnectorId::from("sandbox-tracker"),
        descriptor_version: "1.0.0".into(),
        auth_method: Some("token".into()),
        config: Map::from_iter([("baseUrl".into(), json!("http://127.0.0.1:1/tracker"))]),
        origins: vec!["http://127.0.0.1:1".into()],
        allow_private: true,
        state: ConnectionState::Connected,
        paused: false,
        scopes: vec!["read".into()],
        account: None,
        metadata: Map::new(),
        created_at: noon(),
        last_connected_at: Some(noon()),
        last_tested_at: None,
        last_error: None,
        calls_ok: 0,
        calls_failed: 0,
    }
}

/// A chain that is on and waits for this.
pub(crate) async fn waiting_chain(store: &Store, name: &str, trigger: serde_json::Value) -> ChainId {
    let chain = Chain { trigger: serde_json::from_value(trigger).unwrap(), ..chain(name) };
    let version = store.chain_save(None, &chain, name).await.unwrap();
    store.chain_publish(&version).await.unwrap();
    store.chain_switch(&version.id, true).await.unwrap();
    version.id
}

/// A version of an item that came through a connection.
pub(crate) fn signal(connection: &ConnectionId, external_id: &str, version: &str) -> Signal {
    Signal {
        connection: connection.clone(),
        connector: ConnectorId::from("sandbox-tracker"),
        stream: "issues".into(),
        external_id: external_id.into(),
        version: version.into(),
        signal_type: "issue_created".into(),
        timestamp: noon(),
        summary: format!("Issue {external_id}"),
        priority: None,
        participants: vec!["amira@example.test".into()],
        tags: vec![],
        related: vec![],
        url: None,
        raw: json!({"id": external_id}),
    }
}

pub(crate) fn chain(name: &str) -> Chain {
    serde_json::from_value(json!({"schema": 1, "name": name, "steps": []})).unwrap()
}

/// A run that was asked for and not begun.
pub(crate) fn run() -> Run {
    Run {
        id: RunId::generate(),
        chain_id: ChainId::generate(),
        chain_version: 1,
        chain_hash: "00".into(),
        snapshot: chain("Issues to chat"),
        input: json!({"since": "yesterday"}),
        dry_run: false,
        state: RunState::Queued,
        boot: None,
        origin: patchbay_model::RunOrigin::default(),
        created_at: noon(),
        finished_at: None,
    }
}

pub(crate) fn opened(items: u32) -> Fact {
    Fact::StepOpened { step: StepId::from("post"), items }
}

/// A stand-in for the hash of a chain's document: the document.
pub(crate) fn unhashed(chain: &Chain) -> Option<String> {
    serde_json::to_string(chain).ok()
}

/// Keeps the writer busy until told: what is queued meanwhile shares a commit.
pub(crate) async fn held(store: &Store) -> oneshot::Sender<()> {
    let ((go, gate), (begun, begins)) = (oneshot::channel::<()>(), oneshot::channel::<()>());
    let store = store.clone();
    tokio::spawn(async move {
        let waits = store.write(move |_| {
            Box::pin(async move {
                let _ = begun.send(());
                let _ = gate.await;
                Ok(())
            })
        });
        waits.await.unwrap();
    });
    // Else it might take some of what is queued next along, and leave the rest for another commit.
    begins.await.unwrap();
    go
}

/// Lets a writer go that is kept busy, once what was asked for before is queued.
pub(crate) async fn release(go: oneshot::Sender<()>) {
    tokio::task::yield_now().await;
    go.send(()).unwrap();
}
