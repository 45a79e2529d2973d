//! The shell around the machine, against a service that counts: what was not made durable first is
//! never sent.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::fs::{File, OpenOptions as FileOptions};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use patchbay_auth::Authoriser;
use patchbay_chain::{Connectors, Runner};
use patchbay_connector::{Compiled, Engine};
use patchbay_model::run::{Fact, Run};
use patchbay_model::{
    Chain, ChainId, Connection, ConnectionId, ConnectionState, ConnectorId, Descriptor, Event, EventSink,
    RunId, RunState, SystemClock,
};
use patchbay_net::{Client, listen};
use patchbay_store::{OpenOptions, Store, Tuning};
use patchbay_vault::{MemoryStore, Vault};
use serde_json::{Map, Value, json};

fn descriptor() -> Descriptor {
    serde_json::from_value(json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example", "auth": [],
        "operations": [{"id": "add", "title": "Add", "verb": "create", "entity": "item",
            "request": {"method": "POST", "path": "/items", "body": {"name": "{{params.name}}"}},
            "params": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "result": {"type": "object"}}],
        "healthCheck": {"request": {"path": "/me"}},
    }))
    .unwrap()
}

struct One(Arc<Compiled>);

impl Connectors for One {
    fn compiled(&self, _: &ConnectorId) -> Option<Arc<Compiled>> {
        Some(self.0.clone())
    }
}

/// What the runner told the screen.
#[derive(Default)]
struct Told(Mutex<Vec<Event>>);

impl EventSink for Told {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// Another program that writes: holds the lock of the write-ahead log
/// (sqlite.org/walformat.html section 2.3.1, the lock at byte 120).
struct OtherWriter(File);

impl OtherWriter {
    fn of(store: &Store) -> Self {
        let shared = shared_memory(store.dir());
        let writer = Self(FileOptions::new().read(true).write(true).open(shared).unwrap());
        writer.lock(libc::F_WRLCK);
        writer
    }

    fn lock(&self, kind: i32) {
        let (l_type, l_whence) = (i16::try_from(kind).unwrap(), i16::try_from(libc::SEEK_SET).unwrap());
        let lock = libc::flock { l_type, l_whence, l_start: 120, l_len: 1, l_pid: 0 };
        fcntl(&self.0, FcntlArg::F_OFD_SETLK(&lock)).unwrap();
    }
}

fn shared_memory(dir: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().find(|path| path.to_string_lossy().ends_with("-shm")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_before_its_intent_is_durable() {
    let (checks, posts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (checked, posted) = (checks.clone(), posts.clone());
    let count = |counter: Arc<AtomicUsize>| {
        move || async move {
            counter.fetch_add(1, Ordering::SeqCst);
            Json(json!({"id": 1}))
        }
    };
    let router = axum::Router::new()
        .route("/me", axum::routing::get(count(checked)))
        .route("/items", axum::routing::post(count(posted)));
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}", listener.addr());
    tokio::spawn(listener.serve(router, std::future::pending()));

    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() };
    let tuning = Tuning { busy_timeout: Duration::from_millis(50), ..Tuning::default() };
    let store = Store::open_tuned(options, tuning).await.unwrap();
    let compiled = Arc::new(Compiled::new(Arc::new(descriptor())).unwrap());
    let config = Map::from_iter([("baseUrl".to_owned(), json!(base))]);
    let connection = Connection {
        id: ConnectionId::generate(),
        name: "work".into(),
        connector: ConnectorId::from("tool"),
        descriptor_version: "1.0.0".into(),
        auth_method: None,
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
    store.connection_insert(&connection, None).await.unwrap();
    let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Add", "steps": [
        {"id": "add", "connection": "work", "operation": "add",
         "mapping": [{"target": "/name", "source": {"type": "fixed", "value": "x"}}]}
    ]}))
    .unwrap();
    let run = Run {
        id: RunId::generate(),
        chain_id: ChainId::generate(),
        chain_version: 1,
        chain_hash: "00".into(),
        snapshot: chain,
        input: Value::Null,
        dry_run: false,
        state: RunState::Queued,
        boot: None,
        created_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        finished_at: None,
    };
    store.run_insert(&run).await.unwrap();
    let authoriser = Authoriser::new(Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w")), store.clone());
    let engine = Engine::new(Client::new(clock.clone()).unwrap(), authoriser, store.clone(), clock.clone());
    let told = Arc::new(Told::default());
    let runner = Runner {
        store: store.clone(),
        engine,
        connectors: Arc::new(One(compiled)),
        clock,
        events: told.clone(),
    };

    let other = OtherWriter::of(&store);
    let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
    let working = {
        let (runner, run) = (runner.clone(), run.clone());
        tokio::spawn(async move { runner.execute(&run, &mut wishes).await })
    };
    // The runner says that it waits for the storage; by then it would have sent what it is about to.
    let waits = async {
        while !told.0.lock().unwrap().iter().any(|event| matches!(event, Event::StorageChanged { .. })) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap();
    assert_eq!(checks.load(Ordering::SeqCst), 1, "what only reads needs no intent: the check went out");
    assert_eq!(posts.load(Ordering::SeqCst), 0, "sent before its intent could be written");
    assert_eq!(store.journal(&run.id, 0).await.unwrap(), []);

    other.lock(libc::F_UNLCK);
    assert_eq!(working.await.unwrap().unwrap(), RunState::Done);
    assert_eq!(posts.load(Ordering::SeqCst), 1);
    let journal = store.journal(&run.id, 0).await.unwrap();
    let place = |is: fn(&Fact) -> bool| journal.iter().position(|entry| is(&entry.fact)).unwrap();
    let (intent, result) =
        (place(|f| matches!(f, Fact::Intent { .. })), place(|f| matches!(f, Fact::Result { .. })));
    assert!(intent < result);
    // Closing it earlier would let go of SQLite's own locks on the file, as POSIX has it.
    store.close().await;
    drop(other);
}
