//! What was not made durable first is never sent.

use std::fs::{File, OpenOptions as FileOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Json;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use patchbay_model::run::Fact;
use patchbay_model::{Event, RunState};
use patchbay_store::{Store, Tuning};
use serde_json::json;

use crate::bench::Bench;

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
    let document = json!([{"id": "add", "title": "Add", "verb": "create", "entity": "item",
        "request": {"method": "POST", "path": "/items", "body": {"name": "{{params.name}}"}},
        "params": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        "result": {"type": "object"}}]);
    let tuning = Tuning { busy_timeout: Duration::from_millis(50), ..Tuning::default() };
    let b = Bench::new(router, &document, tuning).await;
    let (store, told) = (b.store.clone(), b.told.clone());
    let run = b
        .run(json!([
            {"id": "add", "connection": "work", "operation": "add",
             "mapping": [{"target": "/name", "source": {"type": "fixed", "value": "x"}}]}
        ]))
        .await;

    let other = OtherWriter::of(&store);
    let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
    let working = {
        let (runner, run) = (b.runner.clone(), run.clone());
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
