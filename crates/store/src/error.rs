//! What can go wrong while storing, and which problem it is.

use std::io;
use std::path::Path;
use std::sync::Arc;

use patchbay_model::ChainId;
use patchbay_model::problem::{Code, Problem, Subject};

/// Why something could not be stored or read. Cheap to clone: one failed commit answers every
/// operation that was in it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left. What was acknowledged is safe; the same operation succeeds once there is
    /// space.
    #[error("the disk is full")]
    Full,
    /// Another program holds the database longer than the busy timeout.
    #[error("another program holds the database")]
    Busy,
    /// The file is damaged. The next opening restores the newest good copy.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The file was written by a newer version.
    #[error("the database has schema {found}; this version knows {known}")]
    Newer {
        /// The file's schema.
        found: i64,
        /// The newest schema this version knows.
        known: i64,
    },
    /// Another process owns the data folder.
    #[error("another process owns this data folder")]
    InUse,
    /// There is no such row or file.
    #[error("{0} was not found")]
    NotFound(String),
    /// The name or identifier is taken.
    #[error("{item} exists already")]
    Exists {
        /// What exists, in words.
        item: String,
        /// What to do about it.
        message: &'static str,
    },
    /// A chain was saved by somebody else since it was read.
    #[error("the chain {chain} was changed meanwhile")]
    Changed {
        /// The chain.
        chain: ChainId,
        /// Its name as it is now.
        name: String,
    },
    /// A stored value does not have the shape this version writes.
    #[error("a stored {what} cannot be read: {why}")]
    Unreadable {
        /// What kind of value, never its content.
        what: &'static str,
        /// Why, without the value.
        why: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The file system refused.
    #[error("{doing} failed: {source}")]
    File {
        /// What was being done, to what.
        doing: String,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// SQLite refused for a reason that none of the above names: a bug.
    #[error("the database refused: {0}")]
    Database(Arc<sqlx::Error>),
}

/// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
mod sqlite {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const NOTADB: i32 = 26;
    /// Too big, constraint and mismatch: the statement was refused, the transaction stands.
    pub(super) const OF_THE_STATEMENT: [i32; 3] = [18, 19, 20];
    /// Extended: SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE.
    pub(super) const TAKEN: [i32; 2] = [1555, 2067];
    /// Extended: SQLITE_CONSTRAINT_FOREIGNKEY.
    pub(super) const FOREIGN: i32 = 787;
}

/// Less than this is a full disk: the log's shared memory takes 32 KiB at once.
const BYTES_NEEDED: u64 = 64 << 10;
/// The log, its shared memory, and a copy. SQLite removes what it could make before it gives up.
const FILES_NEEDED: u64 = 3;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match extended_code(&error).map(|code| code & 0xff) {
            Some(sqlite::FULL) => Self::Full,
            Some(sqlite::BUSY | sqlite::LOCKED) => Self::Busy,
            Some(sqlite::CORRUPT | sqlite::NOTADB) => Self::Corrupt(error.to_string()),
            _ => match error {
                sqlx::Error::PoolClosed => Self::Closed,
                sqlx::Error::PoolTimedOut => Self::Busy,
                other => Self::Database(Arc::new(other)),
            },
        }
    }
}

fn extended_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Whether an insertion failed because its name or identifier is taken.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    extended_code(error).is_some_and(|code| sqlite::TAKEN.contains(&code))
}

/// Whether an insertion failed because what it belongs to is not there.
pub(crate) fn is_foreign(error: &sqlx::Error) -> bool {
    extended_code(error) == Some(sqlite::FOREIGN)
}

impl StoreError {
    /// The file system's refusal while `doing` something to `path`.
    pub(crate) fn file(doing: &str, path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::Full;
        }
        Self::File { doing: format!("{doing} {}", path.display()), source: Arc::new(source) }
    }

    /// The same error, told apart by whether the disk that holds `dir` is full: where no file can
    /// be made or grown, SQLite says only that it cannot open or write one.
    pub(crate) fn on_disk(self, dir: &Path) -> Self {
        let Self::Database(error) = &self else {
            return self;
        };
        let primary = extended_code(error).map(|code| code & 0xff);
        let unspecific = matches!(primary, Some(sqlite::CANTOPEN | sqlite::IOERR));
        let full = nix::sys::statvfs::statvfs(dir).is_ok_and(|disk| {
            let bytes = disk.blocks_available().saturating_mul(disk.fragment_size());
            // Some file systems count no files at all.
            let no_files = disk.files() > 0 && disk.files_available() < FILES_NEEDED;
            bytes < BYTES_NEEDED || no_files
        });
        if unspecific && full { Self::Full } else { self }
    }

    /// Whether the connection that met this error stays as good as it was: nothing was wrong with
    /// it, the operation itself declined.
    pub(crate) fn leaves_connection_usable(&self) -> bool {
        match self {
            Self::NotFound(_) | Self::Exists { .. } | Self::Changed { .. } | Self::Unreadable { .. } => true,
            Self::Database(error) => {
                extended_code(error).is_some_and(|code| sqlite::OF_THE_STATEMENT.contains(&(code & 0xff)))
            }
            Self::Full
            | Self::Busy
            | Self::Corrupt(_)
            | Self::Newer { .. }
            | Self::InUse
            | Self::Closed
            | Self::File { .. } => false,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::Full => Self::new(Code::StorageFull).about(Subject::Computer),
            StoreError::Busy => Self::new(Code::StorageBusy).about(Subject::Computer),
            StoreError::Corrupt(_) => Self::new(Code::StorageCorrupt)
                .with("message", "Restart Patchbay: it then restores the newest good copy.")
                .about(Subject::Computer)
                .detail(detail),
            StoreError::Newer { .. } => Self::new(Code::StorageNewer).about(Subject::Computer).detail(detail),
            StoreError::InUse => Self::new(Code::InUse).about(Subject::Computer),
            StoreError::NotFound(item) => Self::new(Code::NotFound).with("item", item),
            StoreError::Exists { item, message } => {
                Self::new(Code::Conflict).with("item", item).with("message", message)
            }
            StoreError::Changed { chain, name } => Self::new(Code::Conflict)
                .with("item", format!("The chain \"{name}\""))
                .with("message", "It was changed elsewhere meanwhile, and nothing was overwritten.")
                .about(Subject::Chain { id: chain.to_string(), step: None }),
            StoreError::Unreadable { what, .. } => Self::new(Code::StorageCorrupt)
                .with("message", format!("A stored {what} cannot be read."))
                .about(Subject::Computer)
                .detail(detail),
            StoreError::Closed | StoreError::File { .. } | StoreError::Database(_) => {
                Self::new(Code::Internal).detail(detail)
            }
        }
    }
}
