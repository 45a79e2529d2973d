//! Jobs: background work as rows, so that asking for it is part of the commit that causes it.

use patchbay_model::problem::{Code, Problem};
use patchbay_model::{BootId, ConnectionId, JobId, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::connections::changed_one;
use crate::{Store, StoreError, column};

/// So many processes may end while they do a job before it is given up.
const MOST_CUT_OFF: i64 = 10;

/// Work to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Who does it.
    pub queue: String,
    /// The higher one goes first.
    pub priority: i32,
    /// Not before then.
    pub due_at: Timestamp,
    /// What it needs to know.
    pub payload: Value,
}

/// Work of which at most one like it waits or runs. Asking for it again is merged with what is there.
#[derive(Clone, Debug, PartialEq)]
pub struct UniqueJob {
    /// The work.
    pub job: NewJob,
    /// Two with the same key are the same work.
    pub key: String,
    /// The connection that it is for; it goes with it.
    pub connection: Option<ConnectionId>,
    /// The stream that it is for.
    pub stream: Option<String>,
    /// How often it may fail before it is given up.
    pub max_attempts: u32,
    /// What becomes of one that is there.
    pub merge: Merge,
}

/// What asking for work does to the same work that waits or runs already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Nothing: a pause that it keeps to is not cut short.
    Keep,
    /// One that waits is due as soon as this would be; one that runs is done once more after it.
    Sooner,
}

/// Work that was claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Never changes.
    pub id: JobId,
    /// Who does it.
    pub queue: String,
    /// The higher one goes first.
    pub priority: i32,
    /// When it was due.
    pub due_at: Timestamp,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// What it needs to know.
    pub payload: Value,
    /// Why the attempt before did not succeed.
    pub problem: Option<Problem>,
    /// How often it may fail before it is given up.
    pub max_attempts: u32,
    /// The connection that it is for.
    pub connection: Option<ConnectionId>,
    /// The stream that it is for.
    pub stream: Option<String>,
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) queue: String,
    pub(super) priority: i64,
    pub(super) due_at: i64,
    pub(super) attempts: i64,
    pub(super) payload: String,
    pub(super) problem: Option<String>,
    pub(super) max_attempts: i64,
    pub(super) connection: Option<String>,
    pub(super) stream: Option<String>,
}

impl TryFrom<Row> for Job {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: JobId::new(row.id),
            queue: row.queue,
            priority: i32::try_from(row.priority).unwrap_or(0),
            due_at: column::time(row.due_at)?,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            payload: column::from_json("job's payload", &row.payload)?,
            problem: row.problem.map(|problem| column::from_json("job's problem", &problem)).transpose()?,
            max_attempts: u32::try_from(row.max_attempts).unwrap_or(u32::MAX),
            connection: row.connection.map(ConnectionId::new),
            stream: row.stream,
        })
    }
}

fn not_claimed(id: &JobId) -> StoreError {
    StoreError::NotFound(format!("The claimed job {id}"))
}

/// Asks for work within the transaction that causes it.
pub(crate) async fn enqueue(
    tx: &mut SqliteConnection,
    job: &NewJob,
    now: Timestamp,
) -> Result<JobId, StoreError> {
    let id = JobId::generate();
    let key = id.as_str();
    let payload = column::json("job's payload", &job.payload)?;
    let (due_at, now) = (column::millis(job.due_at), column::millis(now));
    sqlx::query!(
        "INSERT INTO jobs (id, queue, state, priority, due_at, attempts, payload, created_at, planned_at)
         VALUES (?1, ?2, 'ready', ?3, ?4, 0, ?5, ?6, ?6)",
        key,
        job.queue,
        job.priority,
        due_at,
        payload,
        now
    )
    .execute(tx)
    .await?;
    Ok(id)
}

/// Asks for unique work within the transaction that causes it. Gives the job that waits or runs, which may
/// be an older one.
pub(crate) async fn enqueue_unique(
    tx: &mut SqliteConnection,
    unique: &UniqueJob,
    now: Timestamp,
) -> Result<JobId, StoreError> {
    let id = JobId::generate();
    let (id, job) = (id.as_str(), &unique.job);
    let payload = column::json("job's payload", &job.payload)?;
    let (due_at, now) = (column::millis(job.due_at), column::millis(now));
    let (connection, stream) = (unique.connection.as_ref().map(ConnectionId::as_str), &unique.stream);
    let sooner = unique.merge == Merge::Sooner;
    let kept = sqlx::query_scalar!(
        "INSERT INTO jobs (id, queue, state, priority, due_at, attempts, payload, created_at, planned_at,
             unique_key, connection, stream, max_attempts)
         VALUES (?1, ?2, 'ready', ?3, ?4, 0, ?5, ?6, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'claimed')
         DO UPDATE SET
             priority = CASE WHEN ?11 THEN max(priority, excluded.priority) ELSE priority END,
             again_at = CASE WHEN ?11 AND state = 'claimed'
                 THEN min(coalesce(again_at, excluded.due_at), excluded.due_at) ELSE again_at END,
             planned_at = CASE WHEN ?11 AND state = 'ready' AND excluded.due_at < due_at
                 THEN excluded.planned_at ELSE planned_at END,
             due_at = CASE WHEN ?11 AND state = 'ready' THEN min(due_at, excluded.due_at) ELSE due_at END
         RETURNING id",
        id,
        job.queue,
        job.priority,
        due_at,
        payload,
        now,
        unique.key,
        connection,
        stream,
        unique.max_attempts,
        sooner
    )
    .fetch_one(tx)
    .await?;
    Ok(JobId::new(kept))
}

impl Store {
    /// Asks for work.
    pub async fn job_enqueue(&self, job: NewJob) -> Result<JobId, StoreError> {
        let now = self.now();
        self.write(move |tx| Box::pin(async move { enqueue(tx, &job, now).await })).await
    }

    /// Asks for much work in one commit.
    pub async fn job_enqueue_all(&self, jobs: Vec<NewJob>) -> Result<(), StoreError> {
        let now = self.now();
        self.write(move |tx| {
            Box::pin(async move {
                for job in &jobs {
                    enqueue(tx, job, now).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Asks for work of which one like it may wait or run already; gives that one then.
    pub async fn job_enqueue_unique(&self, job: UniqueJob) -> Result<JobId, StoreError> {
        let now = self.now();
        self.write(move |tx| Box::pin(async move { enqueue_unique(tx, &job, now).await })).await
    }

    /// Takes up to `limit` jobs of a queue that are due, the most urgent first, under `boot`.
    pub async fn job_claim(&self, queue: &str, boot: &BootId, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.job_turn(queue, boot, limit, Vec::new()).await
    }

    /// The work of a claimed job is done: it goes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not claimed.
    pub async fn job_finish(&self, id: &JobId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("DELETE FROM jobs WHERE id = ? AND state = 'claimed'", key)
                    .execute(tx)
                    .await?;
                changed_one(done.rows_affected(), || not_claimed(&id))
            })
        })
        .await
    }

    /// A claimed job did not succeed: it is due again at `next`, or given up where that is none.
    /// Given-up jobs stay, to be looked at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not claimed.
    pub async fn job_fail(
        &self,
        id: &JobId,
        next: Option<Timestamp>,
        problem: &Problem,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        let state = if next.is_some() { "ready" } else { "failed" };
        let next = next.map(column::millis);
        let problem = column::json("job's problem", problem)?;
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE jobs SET state = ?1, due_at = coalesce(?2, due_at), boot = NULL, problem = ?3,
                         planned_at = ?5, started_at = NULL,
                         ended_at = CASE WHEN ?2 IS NULL THEN ?5 END
                     WHERE id = ?4 AND state = 'claimed'",
                    state,
                    next,
                    problem,
                    key,
                    now
                )
                .execute(tx)
                .await?;
                changed_one(done.rows_affected(), || not_claimed(&id))
            })
        })
        .await
    }

    /// Makes jobs that were claimed under any other boot than `boot` ready again, at once: the
    /// process that had them has ended. One that the user stopped ends; one with which process after process
    /// ended is given up. Returns how many there were.
    pub async fn job_recover(&self, boot: &BootId) -> Result<u64, StoreError> {
        let boot = boot.clone();
        let now = column::millis(self.now());
        let problem = Problem::new(Code::Internal).detail("the program ended again and again while it ran");
        let problem = column::json("job's problem", &problem)?;
        self.write(move |tx| {
            Box::pin(async move {
                let boot = boot.as_str();
                let done = sqlx::query!(
                    "UPDATE jobs SET boot = NULL, cut_off = cut_off + 1, started_at = NULL,
                         state = CASE WHEN cancelled THEN 'cancelled'
                             WHEN cut_off + 1 >= ?3 THEN 'failed' ELSE 'ready' END,
                         due_at = min(due_at, ?2), planned_at = ?2, again_at = NULL,
                         problem = CASE WHEN NOT cancelled AND cut_off + 1 >= ?3 THEN ?4 ELSE problem END,
                         ended_at = CASE WHEN cancelled OR cut_off + 1 >= ?3 THEN ?2 END
                     WHERE state = 'claimed' AND boot <> ?1",
                    boot,
                    now,
                    MOST_CUT_OFF,
                    problem
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }

    /// When the next job of a queue is due; none where none waits.
    pub async fn job_next_due(&self, queue: &str) -> Result<Option<Timestamp>, StoreError> {
        let due = sqlx::query_scalar!(
            r#"SELECT min(due_at) AS "due: i64" FROM jobs WHERE state = 'ready' AND queue = ?"#,
            queue
        )
        .fetch_one(self.readers())
        .await?;
        column::optional_time(due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::Code;
    use serde_json::json;

    use super::*;
    use crate::fixture::{fixture, noon};

    fn job(name: &str, priority: i32, due_in_s: u64) -> NewJob {
        NewJob {
            queue: "sync".into(),
            priority,
            due_at: noon() + Duration::from_secs(due_in_s),
            payload: json!({"name": name}),
        }
    }

    fn names(jobs: &[Job]) -> Vec<&str> {
        jobs.iter().map(|j| j.payload["name"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn the_most_urgent_due_job_comes_first_and_only_once() {
        let f = fixture().await;
        let boot = f.store.boot();
        for new in [job("late", 0, 60), job("second", 0, 0), job("first", 5, 0)] {
            f.store.job_enqueue(new).await.unwrap();
        }
        let other = NewJob { queue: "other".into(), ..job("other", 9, 0) };
        f.store.job_enqueue(other).await.unwrap();
        let claimed = f.store.job_claim("sync", boot, 10).await.unwrap();
        assert_eq!(names(&claimed), ["first", "second"]);
        assert_eq!(f.store.job_claim("sync", boot, 10).await.unwrap(), []);
        let due = f.store.job_next_due("sync").await.unwrap();
        assert_eq!(due, Some(noon() + Duration::from_secs(60)));
        f.clock.advance(Duration::from_secs(60));
        let claimed = f.store.job_claim("sync", boot, 10).await.unwrap();
        assert_eq!(names(&claimed), ["late"]);
        assert_eq!(f.store.job_next_due("sync").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_job_that_failed_is_due_later_or_given_up_and_a_finished_one_goes() {
        let f = fixture().await;
        let boot = f.store.boot();
        let id = f.store.job_enqueue(job("a", 0, 0)).await.unwrap();
        let too_early = f.store.job_finish(&id).await;
        assert!(matches!(too_early, Err(StoreError::NotFound(_))));
        f.store.job_claim("sync", boot, 1).await.unwrap();
        let problem = Problem::new(Code::ServiceDown);
        let later = noon() + Duration::from_secs(30);
        f.store.job_fail(&id, Some(later), &problem).await.unwrap();
        assert_eq!(f.store.job_claim("sync", boot, 1).await.unwrap(), []);
        f.clock.advance(Duration::from_secs(30));
        let claimed = f.store.job_claim("sync", boot, 1).await.unwrap();
        assert_eq!((claimed[0].attempts, &claimed[0].problem), (2, &Some(problem.clone())));
        f.store.job_fail(&id, None, &problem).await.unwrap();
        assert_eq!(f.store.job_claim("sync", boot, 1).await.unwrap(), [], "given up");
        let id = f.store.job_enqueue(job("b", 0, 0)).await.unwrap();
        f.store.job_claim("sync", boot, 1).await.unwrap();
        f.store.job_finish(&id).await.unwrap();
        assert_eq!(f.store.job_recover(&BootId::generate()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn jobs_of_an_older_boot_are_ready_again_at_once() {
        let f = fixture().await;
        let older = BootId::generate();
        for name in ["a", "b"] {
            f.store.job_enqueue(job(name, 0, 0)).await.unwrap();
        }
        f.store.job_claim("sync", &older, 1).await.unwrap();
        f.store.job_claim("sync", f.store.boot(), 1).await.unwrap();
        assert_eq!(f.store.job_recover(f.store.boot()).await.unwrap(), 1);
        let again = f.store.job_claim("sync", f.store.boot(), 10).await.unwrap();
        assert_eq!(names(&again), ["a"], "what this boot works on is left to it");
    }
}
