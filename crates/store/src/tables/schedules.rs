//! Schedules: what comes again and again, and when.

use patchbay_model::problem::Problem;
use patchbay_model::{ConnectionId, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use super::jobs::{UniqueJob, enqueue_unique};
use crate::{Store, StoreError, column};

/// What comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Reading a stream.
    Sync,
    /// The health check.
    Health,
}

/// Which schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleKey {
    /// The connection.
    pub connection: ConnectionId,
    /// What comes again.
    pub kind: ScheduleKind,
    /// The stream; empty for what is not about one.
    pub stream: String,
}

/// When something comes again, as the user set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// Seconds between two.
    pub every_seconds: Option<u32>,
    /// Times as a cron pattern; goes before the interval.
    pub cron: Option<String>,
    /// The time zone of the pattern, as in the IANA database; UTC where absent.
    pub zone: Option<String>,
}

/// What comes again, and how it last went.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Which.
    pub key: ScheduleKey,
    /// When it comes next; none while nothing is planned.
    pub next_at: Option<Timestamp>,
    /// What the user set.
    pub rhythm: Rhythm,
    /// Switched off by the user.
    pub switched_off: bool,
    /// Items per page, where a page was too large.
    pub page_size: Option<u32>,
    /// When it was first read to its end.
    pub backfilled_at: Option<Timestamp>,
    /// When it last came to an end, well or not.
    pub last_at: Option<Timestamp>,
    /// When it last went well.
    pub last_ok_at: Option<Timestamp>,
    /// What was new then.
    pub last_new: Option<u64>,
    /// Why it last did not go well; none where it did.
    pub last_problem: Option<Problem>,
    /// How often it did not, one after another.
    pub failures: u32,
    /// It waits for the user.
    pub stopped: bool,
}

/// What is due: the schedule, where it goes on from there, and the work.
#[derive(Clone, Debug)]
pub struct Fired {
    /// Which.
    pub key: ScheduleKey,
    /// When it was due; where that has changed meanwhile nothing happens.
    pub due: Timestamp,
    /// When it comes next.
    pub next: Option<Timestamp>,
    /// The work.
    pub job: UniqueJob,
}

struct Row {
    connection: String,
    kind: String,
    stream: String,
    next_at: Option<i64>,
    every_seconds: Option<i64>,
    cron: Option<String>,
    zone: Option<String>,
    switched_off: bool,
    page_size: Option<i64>,
    backfilled_at: Option<i64>,
    last_at: Option<i64>,
    last_ok_at: Option<i64>,
    last_new: Option<i64>,
    last_problem: Option<String>,
    failures: i64,
    stopped: bool,
}

impl TryFrom<Row> for Schedule {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            key: ScheduleKey {
                connection: ConnectionId::new(row.connection),
                kind: column::from_word("schedule's kind", row.kind)?,
                stream: row.stream,
            },
            next_at: column::optional_time(row.next_at)?,
            rhythm: Rhythm {
                every_seconds: row.every_seconds.and_then(|n| u32::try_from(n).ok()),
                cron: row.cron,
                zone: row.zone,
            },
            switched_off: row.switched_off,
            page_size: row.page_size.and_then(|n| u32::try_from(n).ok()),
            backfilled_at: column::optional_time(row.backfilled_at)?,
            last_at: column::optional_time(row.last_at)?,
            last_ok_at: column::optional_time(row.last_ok_at)?,
            last_new: row.last_new.map(column::count),
            last_problem: row
                .last_problem
                .map(|text| column::from_json("schedule's problem", &text))
                .transpose()?,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            stopped: row.stopped,
        })
    }
}

/// A key as it is bound to a statement.
pub(super) struct Bound {
    pub(super) connection: String,
    pub(super) kind: String,
    pub(super) stream: String,
}

pub(super) fn bound(key: &ScheduleKey) -> Result<Bound, StoreError> {
    Ok(Bound {
        connection: key.connection.to_string(),
        kind: column::word("schedule's kind", &key.kind)?,
        stream: key.stream.clone(),
    })
}

impl Store {
    /// Adds a schedule where there is none with this key, first due at `next`. Does nothing where the
    /// connection is gone.
    pub async fn schedule_add(&self, key: &ScheduleKey, next: Timestamp) -> Result<(), StoreError> {
        let (key, next, now) = (bound(key)?, column::millis(next), column::millis(self.now()));
        changed!(
            self,
            "INSERT INTO schedules (connection, kind, stream, next_at, planned_at)
                     SELECT id, ?2, ?3, ?4, ?5 FROM connections WHERE id = ?1
                     ON CONFLICT (connection, kind, stream) DO NOTHING",
            key.connection,
            key.kind,
            key.stream,
            next,
            now
        )
        .map(drop)
    }

    /// Removes a schedule: its stream is no more.
    pub async fn schedule_remove(&self, key: &ScheduleKey) -> Result<(), StoreError> {
        let key = bound(key)?;
        changed!(
            self,
            "DELETE FROM schedules WHERE connection = ? AND kind = ? AND stream = ?",
            key.connection,
            key.kind,
            key.stream
        )
        .map(drop)
    }

    /// The schedules of one connection, or all.
    pub async fn schedules(&self, connection: Option<&ConnectionId>) -> Result<Vec<Schedule>, StoreError> {
        let connection = connection.map(ConnectionId::as_str);
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT connection, kind, stream, next_at, every_seconds, cron, zone,
                   switched_off AS "switched_off: bool", page_size, backfilled_at, last_at, last_ok_at,
                   last_new, last_problem, failures, stopped AS "stopped: bool"
               FROM schedules WHERE ?1 IS NULL OR connection = ?1 ORDER BY connection, kind, stream"#,
            connection
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Schedule::try_from).collect()
    }

    /// The schedule with this key.
    pub async fn schedule(&self, key: &ScheduleKey) -> Result<Option<Schedule>, StoreError> {
        let key = bound(key)?;
        sqlx::query_as!(
            Row,
            r#"SELECT connection, kind, stream, next_at, every_seconds, cron, zone,
                   switched_off AS "switched_off: bool", page_size, backfilled_at, last_at, last_ok_at,
                   last_new, last_problem, failures, stopped AS "stopped: bool"
               FROM schedules WHERE connection = ? AND kind = ? AND stream = ?"#,
            key.connection,
            key.kind,
            key.stream
        )
        .fetch_optional(self.readers())
        .await?
        .map(Schedule::try_from)
        .transpose()
    }

    /// What of this kind is due now, the longest due first: of connections that are on and may be used, and of
    /// those schedules that are on and do not wait for the user.
    pub async fn schedules_due(&self, kind: ScheduleKind, limit: u32) -> Result<Vec<Schedule>, StoreError> {
        let (kind, now) = (column::word("schedule's kind", &kind)?, column::millis(self.now()));
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT s.connection, s.kind, s.stream, s.next_at, s.every_seconds, s.cron, s.zone,
                   s.switched_off AS "switched_off: bool", s.page_size, s.backfilled_at, s.last_at,
                   s.last_ok_at, s.last_new, s.last_problem, s.failures, s.stopped AS "stopped: bool"
               FROM schedules AS s JOIN connections AS c ON c.id = s.connection
               WHERE s.kind = ?3 AND s.next_at <= ?1 AND NOT s.switched_off AND NOT s.stopped
                   AND NOT c.paused AND c.state IN ('connected', 'active', 'error', 'testing')
               ORDER BY s.next_at LIMIT ?2"#,
            now,
            limit,
            kind
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Schedule::try_from).collect()
    }

    /// When the next of this kind is due among those that can be; none where there is none.
    pub async fn schedule_next(&self, kind: ScheduleKind) -> Result<Option<Timestamp>, StoreError> {
        let kind = column::word("schedule's kind", &kind)?;
        let next = sqlx::query_scalar!(
            r#"SELECT min(s.next_at) AS "next: i64"
               FROM schedules AS s JOIN connections AS c ON c.id = s.connection
               WHERE s.kind = ? AND NOT s.switched_off AND NOT s.stopped AND NOT c.paused
                   AND c.state IN ('connected', 'active', 'error', 'testing')"#,
            kind
        )
        .fetch_one(self.readers())
        .await?;
        column::optional_time(next)
    }

    /// Asks for the work that is due and moves the schedules on, in one commit. One that was changed
    /// meanwhile, or whose connection is gone, is passed over. Returns how many were not.
    pub async fn schedules_fire(&self, fired: Vec<Fired>) -> Result<usize, StoreError> {
        let now = self.now();
        let mut all = Vec::with_capacity(fired.len());
        for fired in fired {
            all.push((bound(&fired.key)?, fired));
        }
        self.write(move |tx| {
            Box::pin(async move {
                let mut count = 0;
                for (key, fired) in &all {
                    let (due, next) = (column::millis(fired.due), fired.next.map(column::millis));
                    let at = column::millis(now);
                    let done = sqlx::query!(
                        "UPDATE schedules SET next_at = ?1, planned_at = ?2
                         WHERE connection = ?3 AND kind = ?4 AND stream = ?5 AND next_at = ?6",
                        next,
                        at,
                        key.connection,
                        key.kind,
                        key.stream,
                        due
                    )
                    .execute(&mut *tx)
                    .await?;
                    if done.rows_affected() == 1 {
                        enqueue_unique(&mut *tx, &fired.job, now).await?;
                        count += 1;
                    }
                }
                Ok(count)
            })
        })
        .await
    }

    /// Plans schedules anew, in one commit.
    pub async fn schedules_plan(&self, plans: Vec<(ScheduleKey, Timestamp)>) -> Result<(), StoreError> {
        let now = column::millis(self.now());
        let mut all = Vec::with_capacity(plans.len());
        for (key, next) in plans {
            all.push((bound(&key)?, column::millis(next)));
        }
        self.write(move |tx| {
            Box::pin(async move {
                for (key, next) in all {
                    plan(&mut *tx, &key, Some(next), now).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Moves what was planned under a clock that has been put back since, all by as much: what is apart stays
    /// apart. Returns how many.
    pub async fn schedules_clock_back(&self) -> Result<u64, StoreError> {
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let latest = sqlx::query_scalar!(r#"SELECT max(planned_at) AS "at: i64" FROM schedules"#)
                    .fetch_one(&mut *tx)
                    .await?;
                let Some(back) = put_back(latest, now) else { return Ok(0) };
                let done = sqlx::query!(
                    "UPDATE schedules SET next_at = next_at - ?1, planned_at = min(planned_at - ?1, ?2)
                     WHERE planned_at > ?2",
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

    /// Sets what the user decides about a schedule, and when it comes next.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn schedule_set(
        &self,
        key: &ScheduleKey,
        rhythm: Rhythm,
        switched_off: bool,
        next: Timestamp,
    ) -> Result<(), StoreError> {
        let (key, next, now) = (bound(key)?, column::millis(next), column::millis(self.now()));
        self.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query!(
                    "UPDATE schedules SET every_seconds = ?1, cron = ?2, zone = ?3, switched_off = ?4,
                         next_at = ?5, planned_at = ?6
                     WHERE connection = ?7 AND kind = ?8 AND stream = ?9",
                    rhythm.every_seconds,
                    rhythm.cron,
                    rhythm.zone,
                    switched_off,
                    next,
                    now,
                    key.connection,
                    key.kind,
                    key.stream
                )
                .execute(tx)
                .await?;
                if done.rows_affected() == 1 {
                    Ok(())
                } else {
                    Err(StoreError::NotFound(format!("The stream \"{}\"", key.stream)))
                }
            })
        })
        .await
    }
}

/// By how many milliseconds the clock was put back at least, since something was last planned; none where it
/// was not. A minute is no more than what clocks are corrected by.
pub(super) fn put_back(latest: Option<i64>, now: i64) -> Option<i64> {
    latest.map(|latest| latest - now).filter(|back| *back > 60_000)
}

pub(super) async fn plan(
    tx: &mut SqliteConnection,
    key: &Bound,
    next: Option<i64>,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE schedules SET next_at = ?1, planned_at = ?2
         WHERE connection = ?3 AND kind = ?4 AND stream = ?5",
        next,
        now,
        key.connection,
        key.kind,
        key.stream
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::Code;
    use serde_json::json;

    use super::*;
    use crate::fixture::{Fixture, connection, fixture, noon};
    use crate::{Merge, NewJob, Went};

    const MINUTE: Duration = Duration::from_secs(60);

    async fn one(f: &Fixture) -> ScheduleKey {
        let made = connection("tracker");
        f.store.connection_insert(&made, None).await.unwrap();
        let key = ScheduleKey { connection: made.id, kind: ScheduleKind::Sync, stream: "issues".into() };
        f.store.schedule_add(&key, noon()).await.unwrap();
        key
    }

    fn fired(key: &ScheduleKey, due: Timestamp) -> Fired {
        let job = NewJob { queue: "delta".into(), priority: 0, due_at: due, payload: json!(null) };
        let job = UniqueJob {
            job,
            key: "sync".into(),
            connection: Some(key.connection.clone()),
            stream: Some(key.stream.clone()),
            max_attempts: 3,
            merge: Merge::Keep,
        };
        Fired { key: key.clone(), due, next: Some(due + MINUTE), job }
    }

    #[tokio::test]
    async fn what_is_due_is_asked_for_once_and_moves_on_in_the_same_commit() {
        let f = fixture().await;
        let key = one(&f).await;
        let due = f.store.schedules_due(ScheduleKind::Sync, 10).await.unwrap();
        assert_eq!(due.iter().map(|s| &s.key).collect::<Vec<_>>(), [&key]);
        assert_eq!(f.store.schedules_fire(vec![fired(&key, noon())]).await.unwrap(), 1);
        assert_eq!(f.store.schedules_fire(vec![fired(&key, noon())]).await.unwrap(), 0, "seen too late");
        assert_eq!(f.store.schedules_due(ScheduleKind::Sync, 10).await.unwrap(), []);
        assert_eq!(f.store.schedule_next(ScheduleKind::Sync).await.unwrap(), Some(noon() + MINUTE));
        assert_eq!(f.store.job_claim("delta", f.store.boot(), 10).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_paused_switched_off_stopped_or_signed_out_is_not_due() {
        let f = fixture().await;
        let key = one(&f).await;
        let mut made = f.store.connection(&key.connection).await.unwrap().unwrap();
        let due = async || f.store.schedules_due(ScheduleKind::Sync, 10).await.unwrap().len();
        made.paused = true;
        f.store.connection_update(&made).await.unwrap();
        assert_eq!(due().await, 0, "paused");
        made.paused = false;
        made.state = patchbay_model::ConnectionState::Stale;
        f.store.connection_update(&made).await.unwrap();
        assert_eq!(due().await, 0, "signed out");
        made.state = patchbay_model::ConnectionState::Error;
        f.store.connection_update(&made).await.unwrap();
        assert_eq!(due().await, 1);
        let rhythm = Rhythm { every_seconds: Some(60), ..Rhythm::default() };
        f.store.schedule_set(&key, rhythm.clone(), true, noon()).await.unwrap();
        assert_eq!(due().await, 0, "switched off");
        f.store.schedule_set(&key, rhythm, false, noon()).await.unwrap();
        let problem = Problem::new(Code::PermissionDenied);
        f.store.schedule_went(&key, Went::Stopped(problem.clone()), None).await.unwrap();
        assert_eq!(due().await, 0, "waits for the user");
        let kept = f.store.schedule(&key).await.unwrap().unwrap();
        assert_eq!((kept.failures, kept.last_problem, kept.stopped), (1, Some(problem), true));
        assert_eq!(f.store.schedules_resume(&key.connection, noon()).await.unwrap(), 1);
        assert_eq!(due().await, 1, "the user has acted");
    }

    #[tokio::test]
    async fn a_clock_that_is_put_back_puts_nothing_off() {
        let f = fixture().await;
        let key = one(&f).await;
        f.store.schedules_fire(vec![fired(&key, noon())]).await.unwrap();
        let yesterday = noon() - Duration::from_secs(86_400);
        f.clock.jump_to(yesterday);
        assert_eq!(f.store.schedules_clock_back().await.unwrap(), 1);
        assert_eq!(f.store.schedules_clock_back().await.unwrap(), 0, "once");
        assert_eq!(f.store.schedule_next(ScheduleKind::Sync).await.unwrap(), Some(yesterday + MINUTE));
        assert_eq!(f.store.job_clock_back().await.unwrap(), 1);
        assert_eq!(f.store.job_claim("delta", f.store.boot(), 10).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_stream_remembers_when_it_was_first_read_whole() {
        let f = fixture().await;
        let key = one(&f).await;
        let read = async |whole| {
            f.store.schedule_went(&key, Went::Well { new: 7, whole }, Some(noon() + MINUTE)).await.unwrap();
            f.store.schedule(&key).await.unwrap().unwrap()
        };
        assert_eq!(read(false).await.backfilled_at, None);
        assert_eq!(read(true).await.backfilled_at, Some(noon()));
        f.clock.advance(MINUTE);
        let kept = read(true).await;
        assert_eq!((kept.backfilled_at, kept.last_ok_at), (Some(noon()), Some(noon() + MINUTE)));
        assert_eq!((kept.last_new, kept.next_at), (Some(7), Some(noon() + MINUTE)));
        f.store.connection_delete(&key.connection, true).await.unwrap();
        assert_eq!(f.store.schedules(None).await.unwrap(), [], "goes with its connection");
    }
}
