//! Files in granted folders: nothing outside is reached, nothing is half written, nothing happens
//! twice.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use patchbay_model::time::ManualClock;
use patchbay_model::{ConnectionId, ConnectionState};

use super::*;

mod changes;
mod listing;
mod reach;
mod tables;

struct Bench {
    dir: tempfile::TempDir,
    files: LocalFiles,
    connection: Connection,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["data", "home", "granted", "granted/sub", "outside"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let home = dir.path().join("home");
        let files = LocalFiles::new(&dir.path().join("data"), Some(&home), clock);
        let connection = connection(files.grants(&folders(&[&dir.path().join("granted")])).unwrap());
        Self { dir, files, connection }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("granted").join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    async fn call(&self, operation: &str, params: Value, key: Option<&str>) -> Answer {
        self.files.call(&self.connection, Call { operation, params: &params, key }).await
    }

    async fn done(&self, operation: &str, params: Value, key: &str) -> Value {
        let answer = self.call(operation, params.clone(), Some(key)).await;
        assert_eq!(answer.meaning, Meaning::Done, "{operation} {params}");
        answer.body
    }

    async fn code(&self, operation: &str, params: Value) -> Option<Code> {
        code(&self.call(operation, params, None).await)
    }
}

fn code(answer: &Answer) -> Option<Code> {
    match &answer.meaning {
        Meaning::NotDone(problem) => Some(problem.code()),
        _ => None,
    }
}

fn folders(paths: &[&Path]) -> Map<String, Value> {
    Map::from_iter([("folders".to_owned(), json!(paths))])
}

fn connection(origins: Vec<String>) -> Connection {
    Connection {
        id: ConnectionId::new("c"),
        name: "Files".into(),
        config: Map::new(),
        origins,
        state: ConnectionState::Connected,
        ..Connection::new("local-files".into(), "1.0.0".into(), patchbay_model::Timestamp::UNIX_EPOCH)
    }
}
