//! The open store.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use patchbay_model::host::LimitState;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{BootId, Clock, Connection, ConnectionId, LimitStore, RunId, Timestamp};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::task::JoinHandle;

use crate::migrations::SCHEMA;
use crate::open::{self, DATABASE, OpenOptions, Opened, Tuning};
use crate::tables::append::Append;
use crate::tables::call_records::Record;
use crate::tables::inbox_keep::Keeping;
use crate::tables::limits::Limits;
use crate::tables::meta;
use crate::writer::{Shape, Writer, WriterCounts};
use crate::{StoreError, column};

/// How often to look whether the daily copy is due.
const COPY_CHECK: Duration = Duration::from_secs(60 * 60);
/// How long after an opening.
const COPY_WAIT: Duration = Duration::from_secs(30);
/// How far limits on disk may lag behind those in memory.
const LIMITS_LAG: Duration = Duration::from_millis(500);

/// One workspace's database. Clones share it. Every method that writes returns only once the write
/// is durable; times are kept to the millisecond.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    machine: String,
    boot: BootId,
    writer: Writer,
    readers: SqlitePool,
    notes: Vec<Problem>,
    triggers_paused: AtomicBool,
    limits: Arc<Limits>,
    copying: tokio::sync::Mutex<()>,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
    wakes: Wakes,
    keeping: Keeping,
}

/// Tells of rows that somebody may be waiting for. What is due is always read from the rows: a wake
/// that is lost delays.
#[derive(Debug)]
pub(crate) struct Wakes {
    /// Events that may start chains, or runs that wait for their turn.
    pub(crate) triggers: tokio::sync::Notify,
    /// Counts runs that were left: they ended or need somebody.
    pub(crate) runs: tokio::sync::watch::Sender<u64>,
    /// Counts what came in that runs may wait for.
    pub(crate) came: tokio::sync::watch::Sender<u64>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop_tasks();
    }
}

impl Inner {
    fn stop_tasks(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for task in tasks.drain(..) {
            task.abort();
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.inner.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the workspace in `options.dir`, making it where it is not there. A damaged database
    /// is set aside and the newest good copy restored; [`Store::notes`] says so.
    ///
    /// # Errors
    /// [`StoreError::Newer`] where a newer version wrote it, [`StoreError::Busy`] where another
    /// program holds it, [`StoreError::Full`] where it has to be written and cannot.
    pub async fn open(options: OpenOptions) -> Result<Self, StoreError> {
        Self::open_tuned(options, Tuning::default()).await
    }

    /// [`Store::open`] with other than the usual knobs.
    pub async fn open_tuned(options: OpenOptions, tuning: Tuning) -> Result<Self, StoreError> {
        let dir = options.dir.clone();
        Self::begin(options, tuning).await.map_err(|error| error.on_disk(&dir))
    }

    async fn begin(options: OpenOptions, tuning: Tuning) -> Result<Self, StoreError> {
        let OpenOptions { dir, clock, machine } = options;
        let Opened { mut connection, options, mut notes, fresh } =
            open::open(&dir, clock.now(), &tuning, SCHEMA).await?;
        let moved = match meta::machine(&mut connection).await? {
            Some(owner) => owner != machine,
            None => {
                meta::set_machine(&mut connection, &machine).await?;
                false
            }
        };
        if moved {
            notes.push(Problem::new(Code::DataMoved).about(Subject::Computer));
        }
        let limits = Arc::new(Limits::load(&mut connection, clock.clone()).await?);
        let readers = SqlitePoolOptions::new()
            .max_connections(tuning.readers.max(1))
            // A file on this computer does not hang up: asking it before each read took as long as the read.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(open::reading(&dir.join(DATABASE), &tuning));
        let writer = Writer::start(connection, options, &dir)?;
        let store = Self {
            inner: Arc::new(Inner {
                dir,
                clock,
                machine,
                boot: BootId::generate(),
                writer,
                readers,
                notes,
                triggers_paused: AtomicBool::new(moved),
                limits,
                copying: tokio::sync::Mutex::default(),
                tasks: std::sync::Mutex::default(),
                wakes: Wakes {
                    triggers: tokio::sync::Notify::new(),
                    runs: tokio::sync::watch::Sender::new(0),
                    came: tokio::sync::watch::Sender::new(0),
                },
                keeping: Keeping::default(),
            }),
        };
        store.start_tasks(fresh);
        Ok(store)
    }

    fn start_tasks(&self, fresh: bool) {
        let weak = Arc::downgrade(&self.inner);
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tasks.push(tokio::spawn(write_limits(weak.clone(), self.inner.limits.clone())));
        tasks.push(tokio::spawn(copy_daily(weak, fresh)));
    }

    /// What the user should know about the opening: a restored copy, data from another computer.
    pub fn notes(&self) -> Vec<Problem> {
        self.inner.notes.clone()
    }

    /// This opening. Work claimed under another one was left behind by a process that ended.
    pub fn boot(&self) -> &BootId {
        &self.inner.boot
    }

    /// Writes what is still in memory, finishes what is queued and closes every connection. Later
    /// calls give [`StoreError::Closed`].
    pub async fn close(&self) {
        self.inner.stop_tasks();
        if let Err(error) = self.limits_flush().await {
            tracing::warn!(%error, "the limits could not be written on closing");
        }
        self.inner.readers.close().await;
        self.inner.writer.stop().await;
    }

    /// Whether triggers must not start anything: the data came from another computer and nobody
    /// has confirmed that this one runs them.
    pub fn triggers_paused(&self) -> bool {
        self.inner.triggers_paused.load(Ordering::Acquire)
    }

    /// The user confirms that this computer runs the triggers.
    pub async fn confirm_machine(&self) -> Result<(), StoreError> {
        let machine = self.inner.machine.clone();
        self.write(move |tx| Box::pin(async move { meta::set_machine(tx, &machine).await })).await?;
        self.inner.triggers_paused.store(false, Ordering::Release);
        Ok(())
    }

    /// The rate budgets and circuits, kept over restarts.
    pub fn limits(&self) -> Arc<dyn LimitStore> {
        self.inner.limits.clone()
    }

    /// The rate budgets and circuits of a connection's hosts, by key.
    pub fn limits_of(&self, connection: &ConnectionId) -> Vec<(String, LimitState)> {
        self.inner.limits.of(connection)
    }

    /// The same with the budgets of the connection's account, which its other connections use up too.
    pub fn limits_with_account(&self, connection: &Connection) -> Vec<(String, LimitState)> {
        let mut limits = self.inner.limits.of(&connection.id);
        let owner = connection.budget_owner();
        for (key, state) in &mut limits {
            let shared = key.strip_prefix(connection.id.as_str()).map(|at| format!("{owner}{at}"));
            if let Some(kept) = shared.and_then(|shared| self.inner.limits.load(&shared)) {
                state.budget = kept.budget;
            }
        }
        limits
    }

    /// Writes the limits that changed. Done by itself within a second, and on closing.
    pub async fn limits_flush(&self) -> Result<(), StoreError> {
        self.inner.limits.flush(&self.inner.writer).await
    }

    /// How many operations were written in how many commits since the opening.
    pub fn writer_counts(&self) -> WriterCounts {
        self.inner.writer.counts()
    }

    /// The workspace's folder.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Bytes of the database as it is on the disk, its write-ahead log included.
    pub fn bytes(&self) -> u64 {
        let database = self.database();
        let mut log = database.clone().into_os_string();
        log.push("-wal");
        [database, log.into()].iter().map(|file| std::fs::metadata(file).map_or(0, |file| file.len())).sum()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.inner.dir.join(DATABASE)
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Held while a daily copy is made: one at a time.
    pub(crate) fn copying(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.copying
    }

    pub(crate) fn keeping(&self) -> &Keeping {
        &self.inner.keeping
    }

    pub(crate) fn wakes(&self) -> &Wakes {
        &self.inner.wakes
    }

    /// Changes whenever a run is left: it ended, or needs somebody.
    pub fn runs_left(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.wakes.runs.subscribe()
    }

    /// Now, as it will be read back.
    pub(crate) fn now(&self) -> Timestamp {
        column::whole_millis(self.inner.clock.now())
    }

    /// For single statements that only read: their connections cannot write.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// Runs `operation` in the writer's transaction; durable on return.
    pub(crate) async fn write<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.write_as(Shape::Several, operation).await
    }

    /// The same for an operation of one statement, which needs nothing to take it back by.
    pub(crate) async fn write_one<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.write_as(Shape::Single, operation).await
    }

    /// The same for one that concerns this run alone, so that what other runs write meanwhile may be written
    /// before it or behind it.
    pub(crate) async fn write_one_of<T, F>(&self, run: &RunId, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.write_as(Shape::SingleOf(run.clone()), operation).await
    }

    /// Adds facts to a journal together with what other runs add at the moment; gives the number of the last one.
    /// Durable on return.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub(crate) async fn append(&self, append: Append) -> Result<i64, StoreError> {
        self.inner.writer.append(append).await
    }

    /// Queues a call that is kept and counted for somebody who does not wait until it is durable.
    pub(crate) fn queue_call(&self, record: Record) -> Result<(), StoreError> {
        self.inner.writer.queue_call(record)
    }

    /// The same for one that knows only now what it is.
    pub(crate) async fn write_as<T, F>(&self, shape: Shape, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.inner.writer.run(shape, operation).await
    }

    /// Returns once all that was asked for so far is durable, also what nobody waits for.
    pub async fn settled(&self) -> Result<(), StoreError> {
        self.write_one(|_| Box::pin(async { Ok(()) })).await
    }
}

async fn write_limits(inner: Weak<Inner>, limits: Arc<Limits>) {
    loop {
        limits.changed().await;
        tokio::time::sleep(LIMITS_LAG).await;
        let Some(inner) = inner.upgrade() else {
            return;
        };
        if let Err(error) = limits.flush(&inner.writer).await {
            // They stay marked; the next round tries again.
            tracing::warn!(%error, "the limits could not be written");
        }
    }
}

async fn copy_daily(inner: Weak<Inner>, fresh: bool) {
    // A database that was just made has nothing worth copying yet; else, starting comes first.
    tokio::time::sleep(if fresh { COPY_CHECK } else { COPY_WAIT }).await;
    loop {
        let Some(inner) = inner.upgrade() else {
            return;
        };
        if let Err(error) = (Store { inner }).daily_copy().await {
            tracing::warn!(%error, "the daily copy could not be made");
        }
        tokio::time::sleep(COPY_CHECK).await;
    }
}
