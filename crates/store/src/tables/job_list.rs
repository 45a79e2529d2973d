//! Looking at jobs: what waits, what runs, what was given up; and what a person does about it.

use patchbay_model::problem::{Code, Problem};
use patchbay_model::{ConnectionId, JobId, Timestamp};
use serde_json::Value;

use super::page::Page;
use super::schedules::put_back;
use crate::{Store, StoreError, column};

/// A job as it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct JobEntry {
    /// Never changes.
    pub id: JobId,
    /// Who does it.
    pub queue: String,
    /// `ready`, `claimed`, `done`, `failed` (given up) or `cancelled`.
    pub state: String,
    /// When it is, or was, due.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// The connection that it is for.
    pub connection: Option<ConnectionId>,
    /// The stream that it is for.
    pub stream: Option<String>,
    /// Why it did not succeed, or what it waits for.
    pub problem: Option<Problem>,
    /// What came of it.
    pub result: Option<Value>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was last taken up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Which jobs to list; the latest first.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only those of this queue.
    pub queue: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those for this connection.
    pub connection: Option<ConnectionId>,
    /// How many to pass over.
    pub offset: u32,
    /// At most this many.
    pub limit: u32,
}

/// How a queue is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFigures {
    /// The queue.
    pub queue: String,
    /// Jobs that are due and wait for their turn.
    pub depth: u64,
    /// Jobs that wait for their time.
    pub later: u64,
    /// Jobs under way.
    pub running: u64,
    /// Since when the oldest job that is due waits.
    pub oldest_due_at: Option<Timestamp>,
    /// Jobs that were given up and not looked at.
    pub dead: u64,
    /// Jobs done in the last 24 hours.
    pub done: u64,
    /// Attempts that failed in the last 24 hours.
    pub failed: u64,
    /// How long one took on average in the last 24 hours, in milliseconds.
    pub mean_ms: u64,
}

struct Row {
    id: String,
    queue: String,
    state: String,
    due_at: i64,
    attempts: i64,
    connection: Option<String>,
    stream: Option<String>,
    problem: Option<String>,
    result: Option<String>,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for JobEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: JobId::new(row.id),
            queue: row.queue,
            state: row.state,
            due_at: column::time(row.due_at)?,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            connection: row.connection.map(ConnectionId::new),
            stream: row.stream,
            problem: row.problem.map(|text| column::from_json("job's problem", &text)).transpose()?,
            result: row.result.map(|text| column::from_json("job's result", &text)).transpose()?,
            created_at: column::time(row.created_at)?,
            started_at: column::optional_time(row.started_at)?,
            ended_at: column::optional_time(row.ended_at)?,
        })
    }
}

struct Counts {
    queue: String,
    depth: i64,
    later: i64,
    running: i64,
    oldest: Option<i64>,
    dead: i64,
    done: i64,
    failed: i64,
    took: i64,
}

/// Milliseconds.
const DAY: i64 = 86_400_000;

fn missing(id: &JobId) -> StoreError {
    StoreError::NotFound(format!("The job {id}"))
}

impl Store {
    /// A part of the jobs, the latest first, and how many match in all.
    pub async fn job_list(&self, filter: JobFilter) -> Result<Page<JobEntry>, StoreError> {
        let connection = filter.connection.as_ref().map(ConnectionId::as_str);
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "n!: i64" FROM jobs WHERE (?1 IS NULL OR queue = ?1)
                   AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR connection = ?3)"#,
            filter.queue,
            filter.state,
            connection
        )
        .fetch_one(self.readers())
        .await?;
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, queue, state, due_at, attempts, connection, stream, problem, result, created_at,
                 started_at, ended_at
             FROM jobs WHERE (?1 IS NULL OR queue = ?1) AND (?2 IS NULL OR state = ?2)
                 AND (?3 IS NULL OR connection = ?3)
             ORDER BY coalesce(ended_at, started_at, created_at) DESC, id DESC LIMIT ?4 OFFSET ?5",
            filter.queue,
            filter.state,
            connection,
            filter.limit,
            filter.offset
        )
        .fetch_all(self.readers())
        .await?;
        let items = rows.into_iter().map(JobEntry::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, total: column::count(total) })
    }

    /// The jobs for a connection that wait or run.
    pub async fn jobs_live(&self, connection: &ConnectionId) -> Result<Vec<JobEntry>, StoreError> {
        let connection = connection.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, queue, state, due_at, attempts, connection, stream, problem, result, created_at,
                 started_at, ended_at
             FROM jobs WHERE connection = ? AND state IN ('ready', 'claimed') ORDER BY id",
            connection
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(JobEntry::try_from).collect()
    }

    /// Lets a job that was given up, or that waits for its time, be done now. One that was given up counts its
    /// attempts anew; where the same work is asked for already, it becomes that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it runs, has ended otherwise, or is gone.
    pub async fn job_retry(&self, id: &JobId) -> Result<(), StoreError> {
        let id = id.clone();
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let merged = sqlx::query!(
                    "UPDATE jobs SET due_at = min(due_at, ?2), planned_at = ?2
                     WHERE state = 'ready' AND unique_key =
                         (SELECT unique_key FROM jobs WHERE id = ?1 AND state = 'failed')",
                    key,
                    now
                )
                .execute(&mut *tx)
                .await?;
                let running = sqlx::query!(
                    "UPDATE jobs SET again_at = ?2
                     WHERE state = 'claimed' AND unique_key =
                         (SELECT unique_key FROM jobs WHERE id = ?1 AND state = 'failed')",
                    key,
                    now
                )
                .execute(&mut *tx)
                .await?;
                if merged.rows_affected() + running.rows_affected() > 0 {
                    sqlx::query!("DELETE FROM jobs WHERE id = ?", key).execute(tx).await?;
                    return Ok(());
                }
                let done = sqlx::query!(
                    "UPDATE jobs SET attempts = CASE WHEN state = 'failed' THEN 0 ELSE attempts END,
                         cut_off = 0, state = 'ready', due_at = ?2, planned_at = ?2, ended_at = NULL
                     WHERE id = ?1 AND state IN ('failed', 'ready')",
                    key,
                    now
                )
                .execute(tx)
                .await?;
                if done.rows_affected() == 1 { Ok(()) } else { Err(missing(&id)) }
            })
        })
        .await
    }

    /// Lets go of a job that was given up, or that nobody has begun.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it runs or is gone.
    pub async fn job_drop(&self, id: &JobId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("DELETE FROM jobs WHERE id = ? AND state <> 'claimed'", key)
                    .execute(tx)
                    .await?;
                if done.rows_affected() == 1 { Ok(()) } else { Err(missing(&id)) }
            })
        })
        .await
    }

    /// Stops the live job with this key: one that waits ends, one that runs is marked, so that it is not done
    /// again after a kill. Gives the job where it runs: its worker has to be told.
    pub async fn job_cancel(&self, unique_key: &str) -> Result<Option<JobId>, StoreError> {
        let unique_key = unique_key.to_owned();
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!(
                    "UPDATE jobs SET state = 'cancelled', ended_at = ?2
                     WHERE state = 'ready' AND unique_key = ?1",
                    unique_key,
                    now
                )
                .execute(&mut *tx)
                .await?;
                let running = sqlx::query_scalar!(
                    "UPDATE jobs SET cancelled = 1, again_at = NULL
                     WHERE state = 'claimed' AND unique_key = ?1 RETURNING id",
                    unique_key
                )
                .fetch_optional(tx)
                .await?;
                Ok(running.map(JobId::new))
            })
        })
        .await
    }

    /// Makes due what waits because of `code`: the reason is gone. Returns how many.
    pub async fn job_wake(&self, code: Code) -> Result<u64, StoreError> {
        let (code, now) = (code.as_str(), column::millis(self.now()));
        changed!(
            self,
            "UPDATE jobs SET due_at = min(due_at, ?2), planned_at = ?2
                     WHERE state = 'ready' AND problem ->> 'code' = ?1",
            code,
            now
        )
    }

    /// Moves what was planned under a clock that has been put back since, all by as much. Returns how many jobs.
    pub async fn job_clock_back(&self) -> Result<u64, StoreError> {
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let latest = sqlx::query_scalar!(
                    r#"SELECT max(planned_at) AS "at: i64" FROM jobs WHERE state = 'ready'"#
                )
                .fetch_one(&mut *tx)
                .await?;
                let Some(back) = put_back(latest, now) else { return Ok(0) };
                let done = sqlx::query!(
                    "UPDATE jobs SET due_at = due_at - ?1, planned_at = min(planned_at - ?1, ?2)
                     WHERE state = 'ready' AND planned_at > ?2",
                    back,
                    now
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }

    /// How each queue is that has, or lately had, work.
    pub async fn queue_figures(&self) -> Result<Vec<QueueFigures>, StoreError> {
        let now = column::millis(self.now());
        let since = now - DAY;
        let rows = sqlx::query_as!(
            Counts,
            r#"SELECT queue AS "queue!: String", sum(depth) AS "depth!: i64", sum(later) AS "later!: i64",
                   sum(running) AS "running!: i64", min(oldest) AS "oldest: i64", sum(dead) AS "dead!: i64",
                   sum(done) AS "done!: i64", sum(failed) AS "failed!: i64", sum(took) AS "took!: i64"
               FROM (SELECT queue, state = 'ready' AND due_at <= ?1 AS depth,
                         state = 'ready' AND due_at > ?1 AS later, state = 'claimed' AS running,
                         CASE WHEN state = 'ready' AND due_at <= ?1 THEN due_at END AS oldest,
                         state = 'failed' AS dead, 0 AS done, 0 AS failed, 0 AS took
                     FROM jobs WHERE state IN ('ready', 'claimed', 'failed')
                     UNION ALL
                     SELECT queue, 0, 0, 0, NULL, 0, done, failed, took_ms FROM job_figures WHERE hour > ?2)
               GROUP BY queue ORDER BY queue"#,
            now,
            since
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                let (done, failed) = (column::count(row.done), column::count(row.failed));
                Ok(QueueFigures {
                    queue: row.queue,
                    depth: column::count(row.depth),
                    later: column::count(row.later),
                    running: column::count(row.running),
                    oldest_due_at: column::optional_time(row.oldest)?,
                    dead: column::count(row.dead),
                    done,
                    failed,
                    mean_ms: column::count(row.took) / (done + failed).max(1),
                })
            })
            .collect()
    }

    /// Deletes at most `most` jobs that ended well, or were stopped, before `ended`, and as many that were
    /// given up before `given_up`; figures go with the latter. Returns how many jobs.
    pub async fn job_prune(&self, ended: Timestamp, given_up: Timestamp, most: u32) -> Result<u64, StoreError> {
        let (ended, given_up) = (column::millis(ended), column::millis(given_up));
        self.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query!(
                    "DELETE FROM jobs WHERE rowid IN (SELECT rowid FROM jobs WHERE ended_at IS NOT NULL
                         AND ended_at < CASE WHEN state = 'failed' THEN ?2 ELSE ?1 END
                         AND state IN ('done', 'cancelled', 'failed') LIMIT ?3)",
                    ended,
                    given_up,
                    most
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!("DELETE FROM job_figures WHERE hour < ?", given_up).execute(tx).await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}
