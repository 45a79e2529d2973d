//! The one writer. Operations queue up; the writer takes what is queued, runs each in a savepoint
//! of one transaction, commits once, and only then answers. While nothing is queued an operation
//! starts at once: nobody waits for company.
//!
//! On any failure of the connection it is closed and the next transaction opens a new one: after
//! `SQLITE_FULL` a connection that goes on being used can stay inside a transaction that SQLite
//! has rolled back.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;

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

/// Hands operations to the writer task.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    /// Unbounded, for a bounded one does not keep the order of its senders (a task that has used up
    /// its budget is passed over). It is no longer than there are callers that wait.
    queue: mpsc::UnboundedSender<Message>,
    counters: Arc<Counters>,
}

enum Message {
    Work(Box<dyn Work>),
    Stop(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task on an open connection. `options` and `dir` serve to open the next one.
    pub(crate) fn start(connection: SqliteConnection, options: SqliteConnectOptions, dir: PathBuf) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        let task = Task { connection: Some(connection), options, dir, counters: counters.clone() };
        tokio::spawn(task.run(waiting));
        Self { queue, counters }
    }

    /// Runs `operation` in a transaction and returns once its effects are durable. Operations run
    /// in the order in which these futures are first polled. One that returns an error leaves nothing behind. Dropping the
    /// returned future does not take back an operation that is queued.
    pub(crate) async fn run<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Operation { body: Some(operation), result: None, reply };
        self.queue.send(Message::Work(Box::new(work))).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
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

/// One queued operation, whatever it returns.
trait Work: Send {
    /// Runs the operation and keeps its result.
    fn perform<'a>(
        &'a mut self,
        transaction: &'a mut SqliteConnection,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Passes the result on, or the reason why the transaction failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Operation<T, F> {
    body: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Operation<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
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
        // The caller may have stopped waiting.
        let _ = self.reply.send(result);
    }
}

struct Task {
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    dir: PathBuf,
    counters: Arc<Counters>,
}

impl Task {
    async fn run(mut self, mut waiting: mpsc::UnboundedReceiver<Message>) {
        let mut stop = None;
        while stop.is_none() {
            let Some(first) = waiting.recv().await else {
                break;
            };
            let mut batch: Vec<Box<dyn Work>> = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Work(work) => batch.push(work),
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
            if let Message::Work(work) = message {
                rest.push(work);
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

    async fn commit(&mut self, mut batch: Vec<Box<dyn Work>>) {
        if batch.is_empty() {
            return;
        }
        let committed = self.with_tx(&mut batch).await;
        self.counters.operations.fetch_add(batch.len() as u64, Ordering::Relaxed);
        if committed.is_ok() {
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
        }
        for work in batch {
            work.answer(committed.clone());
        }
    }

    /// The one place where a transaction begins. A connection that failed is closed, never reused.
    async fn with_tx(&mut self, batch: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(|error| StoreError::from(error).on_disk(&self.dir))?,
        };
        match transaction(&mut connection, batch).await {
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

/// What ends one operation and what begins the next is handed to the connection's thread at once: each
/// handing over costs about as much as a short statement.
async fn transaction(connection: &mut SqliteConnection, batch: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
    let mut begin = "BEGIN IMMEDIATE; SAVEPOINT operation";
    let mut end = "COMMIT";
    for work in batch {
        execute(connection, begin).await?;
        match work.perform(connection).await {
            Ok(()) => {}
            Err(error) if error.leaves_connection_usable() => {
                execute(connection, "ROLLBACK TO operation").await?;
            }
            Err(error) => return Err(error),
        }
        begin = "RELEASE operation; SAVEPOINT operation";
        end = "RELEASE operation; COMMIT";
    }
    execute(connection, end).await
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::fixture::fixture;

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
            // The note shares the commit of the operation that breaks it.
            let (alongside, broken) = futures_util::future::join(note(), broken).await;
            broken.expect_err(sql);
            alongside.expect_err("what is not durable is not acknowledged");
            note().await.expect("the next one has a connection that works");
        }
        assert_eq!(f.store.audit_list(100).await.unwrap().len(), 3);
    }
}
