//! How what comes again went, and what follows for when it comes next.

use patchbay_model::problem::Problem;
use patchbay_model::{ConnectionId, Timestamp};
use sqlx::SqliteConnection;

use super::schedules::{Bound, ScheduleKey, bound, plan};
use crate::{Store, StoreError, column};

/// How something that comes again went.
#[derive(Clone, Debug, PartialEq)]
pub enum Went {
    /// Well, and so much was new.
    Well {
        /// What was new.
        new: u64,
        /// Whether it has now been read to its end.
        whole: bool,
    },
    /// Not well; it goes on by itself.
    Badly(Problem),
    /// Not well; it waits for the user.
    Stopped(Problem),
}

impl Store {
    /// Writes down how it went, and when it comes next where that is given.
    pub async fn schedule_went(
        &self,
        key: &ScheduleKey,
        went: Went,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (key, now, next) = (bound(key)?, column::millis(self.now()), next.map(column::millis));
        self.write(move |tx| {
            Box::pin(async move {
                match went {
                    Went::Well { new, whole } => {
                        let new = column::stored(new);
                        sqlx::query!(
                            "UPDATE schedules SET last_at = ?1, last_ok_at = ?1, last_new = ?2,
                                 last_problem = NULL, failures = 0, stopped = 0,
                                 backfilled_at = CASE WHEN ?3 THEN coalesce(backfilled_at, ?1)
                                     ELSE backfilled_at END
                             WHERE connection = ?4 AND kind = ?5 AND stream = ?6",
                            now,
                            new,
                            whole,
                            key.connection,
                            key.kind,
                            key.stream
                        )
                        .execute(&mut *tx)
                        .await?;
                    }
                    Went::Badly(problem) => failed(&mut *tx, &key, &problem, false, now).await?,
                    Went::Stopped(problem) => failed(&mut *tx, &key, &problem, true, now).await?,
                }
                if next.is_some() {
                    plan(tx, &key, next, now).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Keeps how many items a page may have.
    pub async fn schedule_page_size(&self, key: &ScheduleKey, size: Option<u32>) -> Result<(), StoreError> {
        let key = bound(key)?;
        changed!(
            self,
            "UPDATE schedules SET page_size = ? WHERE connection = ? AND kind = ? AND stream = ?",
            size,
            key.connection,
            key.kind,
            key.stream
        )
        .map(drop)
    }

    /// What fails by itself, and does not wait for the user, comes at `next`: its reason may be gone. Returns
    /// how many.
    pub async fn schedules_hasten(
        &self,
        connection: &ConnectionId,
        next: Timestamp,
    ) -> Result<u64, StoreError> {
        let (connection, next) = (connection.as_str().to_owned(), column::millis(next));
        let now = column::millis(self.now());
        changed!(
            self,
            "UPDATE schedules SET next_at = min(next_at, ?2), planned_at = ?3
                     WHERE connection = ?1 AND failures > 0 AND NOT stopped AND kind = 'sync'",
            connection,
            next,
            now
        )
    }

    /// The user has acted: what waited for that comes at `next`. Returns how many.
    pub async fn schedules_resume(
        &self,
        connection: &ConnectionId,
        next: Timestamp,
    ) -> Result<u64, StoreError> {
        let (connection, next) = (connection.as_str().to_owned(), column::millis(next));
        let now = column::millis(self.now());
        changed!(
            self,
            "UPDATE schedules SET stopped = 0, failures = 0, next_at = ?2, planned_at = ?3
                     WHERE connection = ?1 AND (stopped OR failures > 0)",
            connection,
            next,
            now
        )
    }
}

async fn failed(
    tx: &mut SqliteConnection,
    key: &Bound,
    problem: &Problem,
    stopped: bool,
    now: i64,
) -> Result<(), StoreError> {
    let problem = column::json("schedule's problem", problem)?;
    sqlx::query!(
        "UPDATE schedules SET last_at = ?1, last_problem = ?2, failures = failures + 1, stopped = ?3
         WHERE connection = ?4 AND kind = ?5 AND stream = ?6",
        now,
        problem,
        stopped,
        key.connection,
        key.kind,
        key.stream
    )
    .execute(tx)
    .await?;
    Ok(())
}
