//! The one writer. Operations queue up; the writer takes what is queued, runs it in one transaction, commits
//! once, and only then answers. What can be refused halfway has a savepoint; what several runs add and what
//! calls count is collected and shares one. While nothing is queued an operation starts at once: nobody waits
//! for company.
//!
//! On any failure of the connection it is closed and the next transaction opens a new one: after
//! `SQLITE_FULL` a connection that goes on being used can stay inside a transaction that SQLite
//! has rolled back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use patchbay_model::RunId;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::tables::append::Append;
use crate::tables::call_records::Record;
use crate::together::{Appending, Calling, Together};
use crate::{StoreError, awake};

/// Operations in one commit at most, so that the first is not kept waiting by the last.
const BATCH: usize = 256;

/// How busy the writer was since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterCounts {
    /// Operations run.
    pub operations: u64,
    /// Commits that carried them.
    pub commits: u64,
}

#[derive(Debug, Default)]
struct Counters {
    operations: AtomicU64,
    commits: AtomicU64,
}

/// Hands operations to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    /// Unbounded, for a bounded one does not keep the order of its senders (a task that has used up
    /// its budget is passed over). It is no longer than there are callers that wait.
    queue: mpsc::UnboundedSender<Message>,
    counters: Arc<Counters>,
}

/// Told once an operation is durable, or failed.
type Written<T> = oneshot::Receiver<Result<T, StoreError>>;

enum Message {
    Task(Queued),
    Stop(oneshot::Sender<()>),
}

/// Something to be written.
enum Queued {
    /// By itself, in the order in which it was asked for.
    Work(Box<dyn Work>),
    /// Together with what other runs add.
    Append(Box<Appending>),
    /// Together with other calls.
    Call(Box<Calling>),
}

impl Queued {
    fn answer(self, committed: Result<(), StoreError>) {
        match self {
            Self::Work(work) => work.answer(committed),
            Self::Append(appending) => appending.answer(committed),
            Self::Call(calling) => calling.answer(committed),
        }
    }
}

impl Writer {
    /// Starts the writer on an open connection. `options` and `dir` serve to open the next one.
    pub(crate) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        dir: &Path,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        let brief = Arc::new(AtomicBool::new(false));
        let task = Task {
            connection: Some(connection),
            options,
            dir: dir.to_owned(),
            counters: counters.clone(),
            brief: brief.clone(),
        };
        // A thread of its own beside the connection's: the two hand each statement to one another, and a thread
        // that is woken by the other alone is woken sooner than a task of the runtime, and for less.
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                let _inside = runtime.enter();
                awake::run(task.run(waiting), &brief);
            })
            .map_err(|error| StoreError::file("start the writer of", dir, error))?;
        Ok(Self { queue, counters })
    }

    /// Runs `operation` in a transaction and returns once its effects are durable. Operations run
    /// in the order in which these futures are first polled, but for what concerns one run only, which may pass what
    /// others add. One that returns an error leaves nothing behind. Dropping the
    /// returned future does not take back an operation that is queued.
    pub(crate) async fn run<T, F>(&self, shape: Shape, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.queue(shape, operation)?.await.map_err(|_| StoreError::Closed)?
    }

    /// The same, queued at once: what is queued later is not durable without it.
    pub(crate) fn queue<T, F>(&self, shape: Shape, operation: F) -> Result<Written<T>, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, written) = oneshot::channel();
        let work = Operation { shape, body: Some(operation), result: None, reply };
        self.send(Queued::Work(Box::new(work)))?;
        Ok(written)
    }

    /// Adds to a run's journal and returns the number of its last fact once that is durable. What is queued for the
    /// same run stays in its order; what other runs add may be written before it or behind it.
    pub(crate) async fn append(&self, append: Append) -> Result<i64, StoreError> {
        let (reply, written) = oneshot::channel();
        self.send(Queued::Append(Box::new(Appending::new(append, reply))))?;
        written.await.map_err(|_| StoreError::Closed)?
    }

    /// Queues a call to be kept and counted: what is queued later is not durable without it.
    pub(crate) fn queue_call(&self, record: Record) -> Result<(), StoreError> {
        self.send(Queued::Call(Box::new(Calling::new(record))))
    }

    fn send(&self, queued: Queued) -> Result<(), StoreError> {
        self.queue.send(Message::Task(queued)).map_err(|_| StoreError::Closed)
    }

    /// Finishes what is queued and closes the connection. Later operations are refused.
    pub(crate) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.queue.send(Message::Stop(done)).is_ok() {
            // An error means the task has ended already.
            let _ = stopped.await;
        }
    }

    pub(crate) fn counts(&self) -> WriterCounts {
        WriterCounts {
            operations: self.counters.operations.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }
}

/// How an operation is taken back where it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// To where it began: it is given a savepoint.
    Several,
    /// It is one statement, and one that is refused changes nothing.
    Single,
    /// The same, and nothing that other runs add or calls count changes what becomes of it.
    SingleOf(RunId),
}

/// One queued operation, whatever it returns.
trait Work: Send {
    /// How it is taken back.
    fn shape(&self) -> &Shape;

    /// Runs the operation and keeps its result.
    fn perform<'a>(
        &'a mut self,
        transaction: &'a mut SqliteConnection,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Passes the result on, or the reason why the transaction failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Operation<T, F> {
    shape: Shape,
    body: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Operation<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn perform<'a>(
        &'a mut self,
        transaction: &'a mut SqliteConnection,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let Some(body) = self.body.take() else {
                return Ok(());
            };
            let result = body(transaction).await;
            let verdict = result.as_ref().map(|_| ()).map_err(Clone::clone);
            self.result = Some(result);
            verdict
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            // Its own error says more than the transaction's.
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // The caller may have stopped waiting, or never begun.
        if let Err(Err(error)) = self.reply.send(result) {
            tracing::warn!(%error, "what nobody waits for could not be written");
        }
    }
}

struct Task {
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    dir: PathBuf,
    counters: Arc<Counters>,
    /// What is waited for comes within microseconds, and somebody waits for few.
    brief: Arc<AtomicBool>,
}

impl Task {
    async fn run(mut self, mut waiting: mpsc::UnboundedReceiver<Message>) {
        let mut stop = None;
        while stop.is_none() {
            let Some(first) = waiting.recv().await else {
                break;
            };
            let mut batch: Vec<Queued> = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Task(queued) => batch.push(queued),
                    Message::Stop(done) => {
                        stop = Some(done);
                        waiting.close();
                        break;
                    }
                }
                next = if batch.len() < BATCH { waiting.try_recv().ok() } else { None };
            }
            self.commit(batch).await;
        }
        // What was queued behind the stop is still done.
        let mut rest = Vec::new();
        while let Some(message) = waiting.recv().await {
            if let Message::Task(queued) = message {
                rest.push(queued);
            }
        }
        self.commit(rest).await;
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database's writer did not close cleanly");
        }
        if let Some(done) = stop {
            let _ = done.send(());
        }
    }

    async fn commit(&mut self, mut batch: Vec<Queued>) {
        if batch.is_empty() {
            return;
        }
        let committed = self.with_tx(&mut batch).await;
        self.counters.operations.fetch_add(batch.len() as u64, Ordering::Relaxed);
        if committed.is_ok() {
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
        }
        for queued in batch {
            queued.answer(committed.clone());
        }
    }

    /// The one place where a transaction begins. A connection that failed is closed, never reused.
    async fn with_tx(&mut self, batch: &mut [Queued]) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(|error| StoreError::from(error).on_disk(&self.dir))?,
        };
        match transaction(&mut connection, batch, &self.brief).await {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) => {
                let error = error.on_disk(&self.dir);
                tracing::warn!(%error, "a transaction failed; the connection is closed");
                // Closing rolls back. Whether that went well changes nothing for the caller.
                let _ = connection.close().await;
                Err(error)
            }
        }
    }
}

/// From so many operations in a commit on the writer's thread sleeps while it waits for a statement: others need the processor more than the first needs its answer
/// (32 runs at the same time were a tenth slower with a thread that stays awake).
const MANY: usize = 8;

/// What ends one operation and what begins the next is handed to the connection's thread at once: each
/// handing over costs about as much as a short statement. For the same reason what several runs add is written
/// together, and so are calls.
async fn transaction(
    connection: &mut SqliteConnection,
    batch: &mut [Queued],
    brief: &AtomicBool,
) -> Result<(), StoreError> {
    brief.store(batch.len() < MANY, Ordering::Relaxed);
    let mut transaction = Transaction { connection, begun: false, saved: false };
    let done = statements(&mut transaction, batch).await;
    // A commit waits for the disk.
    brief.store(false, Ordering::Relaxed);
    done?;
    let end = if transaction.saved { "RELEASE operation; COMMIT" } else { "COMMIT" };
    execute(connection, end).await
}

/// Runs the operations of a transaction.
async fn statements(transaction: &mut Transaction<'_>, batch: &mut [Queued]) -> Result<(), StoreError> {
    let mut together = Together::default();
    for queued in batch {
        match queued {
            Queued::Work(work) => {
                if !together.spares(work.shape()) {
                    together.write(transaction).await?;
                }
                let several = *work.shape() == Shape::Several;
                transaction.begin(several).await?;
                match work.perform(transaction.connection).await {
                    Ok(()) => {}
                    Err(error) if error.leaves_connection_usable() => {
                        if several {
                            transaction.take_back().await?;
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            Queued::Append(appending) => {
                if !together.takes(appending) {
                    together.write(transaction).await?;
                }
                together.add_append(appending);
            }
            Queued::Call(calling) => together.add_call(calling),
        }
    }
    together.write(transaction).await
}

/// A transaction that is under way.
pub(crate) struct Transaction<'c> {
    /// What it goes through.
    pub(crate) connection: &'c mut SqliteConnection,
    begun: bool,
    /// Whether a savepoint is open.
    saved: bool,
}

impl Transaction<'_> {
    /// Begins an operation; one that can be taken back is given a savepoint.
    pub(crate) async fn begin(&mut self, several: bool) -> Result<(), StoreError> {
        let before = match (several, self.begun, self.saved) {
            (false, true, _) => None,
            (false, false, _) => Some("BEGIN IMMEDIATE"),
            (true, false, _) => Some("BEGIN IMMEDIATE; SAVEPOINT operation"),
            (true, true, false) => Some("SAVEPOINT operation"),
            (true, true, true) => Some("RELEASE operation; SAVEPOINT operation"),
        };
        if let Some(before) = before {
            execute(self.connection, before).await?;
        }
        self.begun = true;
        self.saved |= several;
        Ok(())
    }

    /// Takes back what was done since the last operation began, which has a savepoint.
    pub(crate) async fn take_back(&mut self) -> Result<(), StoreError> {
        execute(self.connection, "ROLLBACK TO operation").await
    }
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use patchbay_model::{RunId, RunState};

    use crate::StoreError;
    use crate::fixture::{self, fixture, held, opened, release};

    #[tokio::test]
    async fn of_one_commit_each_operation_that_is_refused_goes_alone() {
        let f = fixture().await;
        let (old, new, last) = (fixture::run(), fixture::run(), fixture::run());
        f.store.run_insert(&old).await.unwrap();
        let before = f.store.writer_counts().commits;
        let go = held(&f.store).await;
        let append = |run: RunId, fact: u32| {
            let store = f.store.clone();
            async move { store.journal_append(&run, vec![opened(fact)], RunState::Running).await }
        };
        // Changes something and declines: the one that is taken back.
        let declines = f.store.write(|tx| {
            Box::pin(async move {
                sqlx::query("UPDATE runs SET chain_hash = 'gone'").execute(tx).await?;
                Err::<(), _>(StoreError::NotFound("It".into()))
            })
        });
        let taken = join(f.store.run_insert(&old), join(append(old.id.clone(), 1), declines));
        let added = join(f.store.run_insert(&new), append(RunId::generate(), 2));
        let after = join(f.store.run_insert(&old), append(new.id.clone(), 3));
        let all = join(join(taken, added), join(after, f.store.run_insert(&last)));
        let ((((taken, (first, declined)), (added, nowhere)), ((again, second), ended)), ()) =
            join(all, release(go)).await;
        assert!(declined.is_err() && taken.is_err() && nowhere.is_err() && again.is_err());
        assert!(first.is_ok() && added.is_ok() && second.is_ok() && ended.is_ok());
        // The one that waited, where it had been begun, and all others.
        assert!(f.store.writer_counts().commits <= before + 2, "they share a commit");
        assert_eq!(f.store.run(&old.id).await.unwrap().unwrap().chain_hash, old.chain_hash);
        for (run, facts) in [(old, vec![opened(1)]), (new, vec![opened(3)]), (last, vec![])] {
            let journal = f.store.journal(&run.id, 0).await.unwrap();
            assert_eq!(journal.into_iter().map(|e| e.fact).collect::<Vec<_>>(), facts);
        }
    }

    #[tokio::test]
    async fn a_connection_that_failed_inside_a_transaction_is_never_used_again() {
        let f = fixture().await;
        let note = || f.store.audit("act", "x", &serde_json::Value::Null);
        for sql in
            ["SELECT nonsense", "ROLLBACK", "PRAGMA journal_mode = WAL; ATTACH '/nowhere/at/all.db' AS other"]
        {
            let broken = f.store.write(move |tx| {
                Box::pin(async move {
                    sqlx::raw_sql(sql).execute(tx).await?;
                    Ok(())
                })
            });
            // The note shares the commit of the operation that breaks it: both wait behind one that waits itself.
            let go = held(&f.store).await;
            let both = join(note(), broken);
            let ((alongside, broken), ()) = join(both, release(go)).await;
            broken.expect_err(sql);
            alongside.expect_err("what is not durable is not acknowledged");
            note().await.expect("the next one has a connection that works");
        }
        assert_eq!(f.store.audit_list(100).await.unwrap().len(), 3);
    }
}
