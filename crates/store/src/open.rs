//! Opening a database: make it, check it, mend it, bring its schema up to date.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Clock, Timestamp};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::migrations::{self, Schema};
use crate::{StoreError, backup, files};

/// The database's name in its workspace folder.
pub(crate) const DATABASE: &str = "patchbay.db";

/// What to open.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The workspace's folder; made where it is not there.
    pub dir: PathBuf,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Identifies this computer. Data that another one wrote starts with its triggers paused.
    pub machine: String,
}

/// Knobs with defaults that fit production.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How long to wait for another program that holds the database. 5 s.
    pub busy_timeout: Duration,
    /// Connections that read. 4.
    pub readers: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), readers: 4 }
    }
}

/// An open, checked, migrated database.
pub(crate) struct Opened {
    /// For the writer.
    pub(crate) connection: SqliteConnection,
    /// To open it again.
    pub(crate) options: SqliteConnectOptions,
    /// What the user should know.
    pub(crate) notes: Vec<Problem>,
    /// Whether there was no database before.
    pub(crate) fresh: bool,
}

/// How every connection that may write is set up.
fn writing(path: &Path, tuning: &Tuning) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(tuning.busy_timeout)
        // Statement journals of large pages stay in memory: no plain data in a shared /tmp.
        .pragma("temp_store", "MEMORY")
        // A WAL that one large page has blown up is cut again.
        .pragma("journal_size_limit", "16777216")
}

/// Connections that look and never write.
pub(crate) fn reading(path: &Path, tuning: &Tuning) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(tuning.busy_timeout)
        .pragma("temp_store", "MEMORY")
}

/// A connection to a copy, which nobody else uses. It leaves no other files beside it.
pub(crate) fn plain(path: &Path, tuning: &Tuning) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(tuning.busy_timeout)
}

/// Opens the database in `dir`.
pub(crate) async fn open(
    dir: &Path,
    now: Timestamp,
    tuning: &Tuning,
    schema: Schema,
) -> Result<Opened, StoreError> {
    files::private_dir(dir)?;
    backup::sweep(dir)?;
    let path = dir.join(DATABASE);
    let mut notes = Vec::new();
    let mut fresh = is_missing(&path);
    if !fresh {
        files::private_file(&path)?;
        // Read only: a damaged file and its log are kept as they were found. A rollback journal is
        // there only where the very first start was cut off before the switch to WAL; then the file
        // cannot be read until that start is taken back, which has to write.
        let cut_off = files::beside(&path, "-journal").exists();
        let look = if cut_off { plain(&path, tuning) } else { reading(&path, tuning) };
        match examine(look, schema).await {
            Ok(()) => {}
            Err(StoreError::Corrupt(why)) => {
                let restored = mend(dir, &path, now, tuning, schema).await?;
                fresh = restored.is_none();
                notes.push(damage_note(restored.as_deref(), &why));
            }
            Err(error) => return Err(error),
        }
    }
    if fresh {
        files::private_file(&path)?;
        files::sync_dir(dir)?;
    }
    let options = writing(&path, tuning);
    let mut connection = options.connect().await?;
    let found = migrations::version(&mut connection).await?;
    if found < schema.newest() {
        if found > 0 {
            backup::before_schema(dir, &path, schema.newest(), now).await?;
        }
        if let Err(error) = schema.apply(&mut connection, found).await {
            let _ = connection.close().await;
            return Err(error.into());
        }
    }
    Ok(Opened { connection, options, notes, fresh })
}

/// Missing, or empty because a start was cut off before its first commit.
fn is_missing(path: &Path) -> bool {
    !std::fs::metadata(path).is_ok_and(|file| file.len() > 0) && !files::beside(path, "-wal").exists()
}

/// Refuses a damaged or newer file before anything is written to it.
pub(crate) async fn examine(options: SqliteConnectOptions, schema: Schema) -> Result<(), StoreError> {
    let mut connection = options.connect().await?;
    let verdict = look(&mut connection, schema).await;
    // A damaged file may fail to close as well; the verdict says why.
    let closed = connection.close().await;
    verdict?;
    closed?;
    Ok(())
}

async fn look(connection: &mut SqliteConnection, schema: Schema) -> Result<(), StoreError> {
    let found = migrations::version(connection).await?;
    if found > schema.newest() {
        return Err(StoreError::Newer { found, known: schema.newest() });
    }
    let first: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(connection).await?;
    if first == "ok" { Ok(()) } else { Err(StoreError::Corrupt(first)) }
}

/// Sets a damaged database aside and puts the newest good copy in its place. Returns that copy's
/// name; none where a fresh database has to be begun.
async fn mend(
    dir: &Path,
    path: &Path,
    now: Timestamp,
    tuning: &Tuning,
    schema: Schema,
) -> Result<Option<String>, StoreError> {
    let suffix = format!(".corrupt-{}", stamp(now));
    files::set_aside(path, &suffix)?;
    for copy in backup::newest_first(dir)? {
        if examine(plain(&copy.path, tuning), schema).await.is_ok() {
            files::place(&copy.path, path)?;
            return Ok(copy.path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    files::delete(path)?;
    Ok(None)
}

fn damage_note(restored: Option<&str>, why: &str) -> Problem {
    let message = match restored {
        Some(copy) => {
            format!("The copy {copy} was restored; what came after it is missing. The damaged file was kept.")
        }
        None => "There was no good copy, so a fresh database was begun. The damaged file was kept.".to_owned(),
    };
    Problem::new(Code::StorageCorrupt).with("message", message).about(Subject::Computer).detail(why)
}

/// A moment as part of a file name; sorts by time.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::noon;
    use crate::migrations::SCHEMA;

    const OLD: Schema = Schema(&[SCHEMA.0[0]]);
    const NEW: Schema =
        Schema(&[OLD.0[0], "ALTER TABLE audit ADD COLUMN actor TEXT; PRAGMA user_version = 2;"]);
    const BROKEN: Schema = Schema(&[
        OLD.0[0],
        "ALTER TABLE audit ADD COLUMN actor TEXT; SELECT nonsense; PRAGMA user_version = 2;",
    ]);

    async fn open_as(dir: &Path, schema: Schema) -> Result<(i64, SqliteConnection), StoreError> {
        let opened = open(dir, noon(), &Tuning::default(), schema).await?;
        let mut connection = opened.connection;
        Ok((migrations::version(&mut connection).await?, connection))
    }

    #[tokio::test]
    async fn an_older_database_is_copied_before_it_is_migrated() {
        let dir = tempfile::tempdir().unwrap();
        let (version, mut connection) = open_as(dir.path(), OLD).await.unwrap();
        assert_eq!(version, 1);
        crate::tables::meta::set_machine(&mut connection, "m").await.unwrap();
        connection.close().await.unwrap();
        assert_eq!(backup::newest_first(dir.path()).unwrap(), [], "nothing to copy at first");
        let (version, connection) = open_as(dir.path(), NEW).await.unwrap();
        assert_eq!(version, 2);
        connection.close().await.unwrap();
        let copies = backup::newest_first(dir.path()).unwrap();
        let [copy] = copies.as_slice() else {
            panic!("one copy: {copies:?}");
        };
        let options = SqliteConnectOptions::new().filename(&copy.path);
        let mut before = options.connect().await.unwrap();
        assert_eq!(migrations::version(&mut before).await.unwrap(), 1);
        let kept = crate::tables::meta::machine(&mut before).await.unwrap();
        assert_eq!(kept.as_deref(), Some("m"));
        let refused = open_as(dir.path(), OLD).await.map(|(version, _)| version);
        assert!(matches!(refused, Err(StoreError::Newer { found: 2, known: 1 })));
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_database_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (_, connection) = open_as(dir.path(), OLD).await.unwrap();
        connection.close().await.unwrap();
        open_as(dir.path(), BROKEN).await.map(|(version, _)| version).unwrap_err();
        let (version, connection) = open_as(dir.path(), OLD).await.unwrap();
        assert_eq!(version, 1);
        connection.close().await.unwrap();
        let (version, _) = open_as(dir.path(), NEW).await.unwrap();
        assert_eq!(version, 2, "no half of the failed one is in the way");
    }

    /// What a kill leaves in the middle of the first write: pages on disk and the journal to take
    /// them back with.
    #[tokio::test]
    async fn a_start_cut_off_before_the_switch_to_wal_is_taken_back() {
        let (begun, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = begun.path().join(DATABASE);
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        for step in [
            "PRAGMA cache_size = 1",
            "CREATE TABLE before (text TEXT)",
            "BEGIN IMMEDIATE",
            "CREATE TABLE half (text TEXT)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
             INSERT INTO half SELECT hex(randomblob(200)) FROM n",
        ] {
            sqlx::raw_sql(step).execute(&mut connection).await.unwrap();
        }
        for suffix in ["", "-journal"] {
            std::fs::copy(files::beside(&path, suffix), files::beside(&dir.path().join(DATABASE), suffix))
                .unwrap();
        }
        let (version, mut opened) = open_as(dir.path(), SCHEMA).await.unwrap();
        assert_eq!(version, SCHEMA.newest());
        let tables = "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('before', 'half')";
        let kept: String = sqlx::query_scalar(tables).fetch_one(&mut opened).await.unwrap();
        assert_eq!(kept, "before");
    }

    #[tokio::test]
    async fn every_connection_is_set_up_to_be_durable() {
        let dir = tempfile::tempdir().unwrap();
        let (_, mut connection) = open_as(dir.path(), SCHEMA).await.unwrap();
        let journal: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await.unwrap();
        assert_eq!(journal, "wal");
        for (pragma, want) in [
            ("PRAGMA synchronous", 2),
            ("PRAGMA foreign_keys", 1),
            ("PRAGMA busy_timeout", 5_000),
            ("PRAGMA temp_store", 2),
        ] {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(&mut connection).await.unwrap();
            assert_eq!(value, want, "{pragma}");
        }
    }
}
