//! A workspace folder with a clock that stands still, and what is put into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::time::ManualClock;
use patchbay_model::{Connection, ConnectionId, ConnectionState, ConnectorId, Problem, Signal, Timestamp};
use patchbay_store::{Came, OpenOptions, PageCommit, Store, StoreError, Tuning};
use serde_json::{Map, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

/// One workspace folder.
pub(crate) struct House {
    pub(crate) dir: PathBuf,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) machine: String,
}

impl House {
    pub(crate) fn at(dir: &Path) -> Self {
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        Self { dir: dir.to_owned(), clock: Arc::new(ManualClock::at(noon)), machine: "this-machine".into() }
    }

    pub(crate) async fn try_open(&self) -> Result<Store, StoreError> {
        let options =
            OpenOptions { dir: self.dir.clone(), clock: self.clock.clone(), machine: self.machine.clone() };
        let tuning = Tuning { busy_timeout: Duration::from_millis(50), ..Tuning::default() };
        Store::open_tuned(options, tuning).await
    }

    pub(crate) async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("patchbay.db")
    }

    /// Names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.dir).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A connection of its own to a database, as another program would make it.
pub(crate) async fn stranger(database: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(database);
    options.connect().await.unwrap()
}

pub(crate) async fn add_connection(store: &Store, name: &str) -> ConnectionId {
    let connection = Connection {
        id: ConnectionId::generate(),
        name: name.into(),
        connector: ConnectorId::from("sandbox-tracker"),
        descriptor_version: "1.0.0".into(),
        auth_method: None,
        config: Map::new(),
        origins: vec![],
        allow_private: true,
        state: ConnectionState::Connected,
        paused: false,
        scopes: vec![],
        account: None,
        metadata: Map::new(),
        created_at: Timestamp::UNIX_EPOCH,
        last_connected_at: None,
        last_tested_at: None,
        last_error: None,
        calls_ok: 0,
        calls_failed: 0,
    };
    store.connection_insert(&connection, None).await.unwrap();
    connection.id
}

/// The names of all connections.
pub(crate) async fn connections(store: &Store) -> Vec<String> {
    let filter = patchbay_store::ConnectionFilter { limit: 100, ..Default::default() };
    let page = store.connection_list(filter).await.unwrap();
    page.items.into_iter().map(|c| c.name).collect()
}

/// Stores one item of about `bytes` bytes.
pub(crate) async fn add_signal(
    store: &Store,
    connection: &ConnectionId,
    external_id: &str,
    bytes: usize,
) -> Result<(), StoreError> {
    let signal = Signal {
        connection: connection.clone(),
        connector: ConnectorId::from("sandbox-tracker"),
        stream: "issues".into(),
        external_id: external_id.into(),
        version: "1".into(),
        signal_type: "issue_created".into(),
        timestamp: Timestamp::UNIX_EPOCH,
        summary: "Issue".into(),
        priority: None,
        participants: vec![],
        tags: vec![],
        related: vec![],
        url: None,
        raw: json!("x".repeat(bytes)),
    };
    let page = PageCommit {
        connection,
        stream: "issues",
        signals: &[signal],
        quarantined: &[],
        checkpoint: Some(&json!(external_id)),
        call: None,
        came: Came::Asked,
    };
    store.page_commit(page).await.map(|_| ())
}

pub(crate) fn codes(notes: &[Problem]) -> Vec<&'static str> {
    notes.iter().map(|p| p.code().as_str()).collect()
}
