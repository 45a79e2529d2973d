//! What happened to a connection, added up by half hours. Whoever counts does so in the transaction of
//! what is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_model::latency::Latency;
use patchbay_model::{Code, ConnectionId, Timestamp};
use sqlx::SqliteConnection;

use super::health::HealthSample;
use crate::{Store, StoreError, column};

/// The length of time that is added up.
pub const HALF_HOUR: Duration = Duration::from_secs(30 * 60);

/// One half hour of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthBucket {
    /// The connection.
    pub connection: String,
    /// When the half hour begins.
    pub at: Timestamp,
    /// Checks that passed.
    pub checks_ok: u64,
    /// Checks that failed.
    pub checks_failed: u64,
    /// Calls that succeeded, those of checks too.
    pub calls_ok: u64,
    /// Calls that [failed](Code::is_failure).
    pub calls_failed: u64,
    /// Calls that did neither: they had to wait, or what they asked for was not there.
    pub calls_held: u64,
    /// How often the service said that there were too many calls.
    pub limit_hits: u64,
    /// Requests beyond the first of a call.
    pub retries: u64,
    /// Signals that were new.
    pub signals: u64,
    /// How long the answers took.
    pub latency: Latency,
}

/// What the rules look at: the calls of a connection from some moment on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthWindow {
    /// Calls that succeeded.
    pub ok: u64,
    /// Calls that [failed](Code::is_failure).
    pub failed: u64,
    /// 95th percentile of the answers in milliseconds.
    pub p95_ms: Option<u64>,
    /// The last code that [failed](Code::is_failure) and when.
    pub last_failure: Option<(Code, Timestamp)>,
}

struct Row {
    connection: String,
    at: i64,
    checks_ok: i64,
    checks_failed: i64,
    calls_ok: i64,
    calls_failed: i64,
    calls_held: i64,
    limit_hits: i64,
    retries: i64,
    signals: i64,
    latency: String,
}

impl TryFrom<Row> for HealthBucket {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let latency = latency_of(&row.latency)?;
        Ok(Self {
            connection: row.connection,
            at: column::time(row.at)?,
            checks_ok: column::count(row.checks_ok),
            checks_failed: column::count(row.checks_failed),
            calls_ok: column::count(row.calls_ok),
            calls_failed: column::count(row.calls_failed),
            calls_held: column::count(row.calls_held),
            limit_hits: column::count(row.limit_hits),
            retries: column::count(row.retries),
            signals: column::count(row.signals),
            latency,
        })
    }
}

/// Counts of answers as they are written.
pub(super) fn latency_of(text: &str) -> Result<Latency, StoreError> {
    let slots: BTreeMap<String, u64> = column::from_json("latency", text)?;
    let mut latency = Latency::default();
    for (slot, n) in slots {
        if let Some(slot) = slot.strip_prefix('s').and_then(|slot| slot.parse().ok()) {
            latency.count_in(slot, n);
        }
    }
    Ok(latency)
}

/// Counts of answers as they are to be written.
pub(super) fn slots(latency: &Latency) -> BTreeMap<String, u64> {
    latency.slots().map(|(slot, n)| (format!("s{slot}"), n)).collect()
}

/// The half hour of a moment, both in milliseconds.
pub(super) fn half_hour(at: i64) -> i64 {
    at - at.rem_euclid(HALF_HOUR.as_millis() as i64)
}

/// Counts a check.
pub(super) async fn count_check(tx: &mut SqliteConnection, sample: &HealthSample) -> Result<(), StoreError> {
    let (connection, at) = (sample.connection.as_str(), half_hour(column::millis(sample.at)));
    sqlx::query!(
        "INSERT INTO health_buckets (connection, at, checks_ok, checks_failed) VALUES (?1, ?2, ?3, 1 - ?3)
         ON CONFLICT (connection, at) DO UPDATE SET checks_ok = checks_ok + excluded.checks_ok,
             checks_failed = checks_failed + excluded.checks_failed",
        connection,
        at,
        sample.ok
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Counts signals that were new and came without a call.
pub(super) async fn count_signals(
    tx: &mut SqliteConnection,
    connection: &str,
    at: Timestamp,
    new: u64,
) -> Result<(), StoreError> {
    if new == 0 {
        return Ok(());
    }
    let (at, new) = (half_hour(column::millis(at)), column::stored(new));
    sqlx::query!(
        "INSERT INTO health_buckets (connection, at, signals) VALUES (?, ?, ?)
         ON CONFLICT (connection, at) DO UPDATE SET signals = signals + excluded.signals",
        connection,
        at,
        new
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets a connection that goes.
pub(super) async fn forget(tx: &mut SqliteConnection, connection: &str) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM health_buckets WHERE connection = ?", connection).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM health_operations WHERE connection = ?", connection).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM step_calls WHERE connection = ?", connection).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM health_changes WHERE connection = ?", connection).execute(tx).await?;
    Ok(())
}

impl Store {
    /// The half hours of one connection or of all that begin at `since` or later, in the order of time.
    pub async fn health_buckets(
        &self,
        connection: Option<&ConnectionId>,
        since: Timestamp,
    ) -> Result<Vec<HealthBucket>, StoreError> {
        let since = column::millis(since);
        let rows = match connection.map(ConnectionId::as_str) {
            Some(connection) => {
                sqlx::query_as!(
                    Row,
                    "SELECT connection, at, checks_ok, checks_failed, calls_ok, calls_failed, calls_held,
                         limit_hits, retries, signals, latency
                     FROM health_buckets WHERE connection = ? AND at >= ? ORDER BY at",
                    connection,
                    since
                )
                .fetch_all(self.readers())
                .await?
            }
            None => {
                sqlx::query_as!(
                    Row,
                    "SELECT connection, at, checks_ok, checks_failed, calls_ok, calls_failed, calls_held,
                         limit_hits, retries, signals, latency
                     FROM health_buckets WHERE at >= ? ORDER BY at",
                    since
                )
                .fetch_all(self.readers())
                .await?
            }
        };
        rows.into_iter().map(HealthBucket::try_from).collect()
    }

    /// What became of a connection's calls from `since` on, or since its key was last set where that is
    /// later: what an old key met says nothing of the new one. Gives when it looked from, too.
    pub async fn health_window(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
    ) -> Result<(HealthWindow, Timestamp), StoreError> {
        let (key, since) = (connection.as_str(), column::millis(since));
        let set_at = sqlx::query_scalar!("SELECT credential_at FROM connections WHERE id = ?", key)
            .fetch_optional(self.readers())
            .await?;
        let since = since.max(set_at.flatten().unwrap_or(since));
        let counts = sqlx::query!(
            r#"SELECT code, count(*) AS "n!: i64", max(at) AS "last!: i64",
                   sum(success = 1 OR duration_ms > 0) AS "answered!: i64"
               FROM calls WHERE connection = ? AND at >= ? GROUP BY code"#,
            key,
            since
        )
        .fetch_all(self.readers())
        .await?;
        let mut window = HealthWindow::default();
        let mut answered = 0;
        for row in counts {
            answered += row.answered;
            let Some(code) = row.code else {
                window.ok += column::count(row.n);
                continue;
            };
            let code: Code = column::from_word("call's code", code)?;
            if code.is_failure() {
                window.failed += column::count(row.n);
                let last = (code, column::time(row.last)?);
                window.last_failure = window.last_failure.filter(|(_, at)| *at > last.1).or(Some(last));
            }
        }
        if answered > 0 {
            let before = (answered * 95 + 99) / 100 - 1;
            let p95 = sqlx::query_scalar!(
                "SELECT duration_ms FROM calls
                 WHERE connection = ? AND at >= ? AND (success = 1 OR duration_ms > 0)
                 ORDER BY duration_ms LIMIT 1 OFFSET ?",
                key,
                since,
                before
            )
            .fetch_optional(self.readers())
            .await?;
            window.p95_ms = p95.map(column::count);
        }
        Ok((window, column::time(since)?))
    }

    /// How many signals of each connection were new in the half hours from `since` on.
    pub async fn health_signals(&self, since: Timestamp) -> Result<Vec<(String, u64)>, StoreError> {
        let since = column::millis(since);
        let rows = sqlx::query!(
            r#"SELECT connection, sum(signals) AS "n!: i64" FROM health_buckets WHERE at >= ?
               GROUP BY connection"#,
            since
        )
        .fetch_all(self.readers())
        .await?;
        Ok(rows.into_iter().map(|row| (row.connection, column::count(row.n))).collect())
    }

    /// When the connection was last checked or called.
    pub async fn last_call(&self, connection: &ConnectionId) -> Result<Option<Timestamp>, StoreError> {
        let connection = connection.as_str();
        let at =
            sqlx::query_scalar!(r#"SELECT max(at) AS "at: i64" FROM calls WHERE connection = ?"#, connection)
                .fetch_one(self.readers())
                .await?;
        at.map(column::time).transpose()
    }

    /// Deletes at most `most` half hours from before `before` and returns how many.
    pub(crate) async fn health_buckets_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM health_buckets WHERE (connection, at) IN
                         (SELECT connection, at FROM health_buckets WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Call;
    use crate::fixture::{Fixture, connection, fixture, noon, signal};
    use crate::{CallKind, Came, PageCommit, Seen};

    const MINUTE: Duration = Duration::from_secs(60);

    fn call(id: &ConnectionId, minute: u32, ms: u64, code: Option<Code>) -> Call {
        Call {
            at: noon() + MINUTE * minute,
            connection: id.clone(),
            operation: "issues".into(),
            kind: CallKind::Sync,
            duration_ms: ms,
            success: code.is_none(),
            records: 0,
            code,
            retries: 1,
            bytes: 0,
        }
    }

    async fn record(f: &Fixture, calls: &[Call]) {
        for call in calls {
            f.store.call_record(call.clone(), Seen::Nothing).await.unwrap();
        }
    }

    #[tokio::test]
    async fn calls_checks_and_signals_are_added_up_by_half_hours() {
        let f = fixture().await;
        let made = connection("tracker");
        let id = made.id.clone();
        f.store.connection_insert(&made, None).await.unwrap();
        let codes = [None, Some(Code::ServiceDown), Some(Code::RateLimited), Some(Code::NotFound), None];
        let mut calls: Vec<Call> = (0_u32..).zip(codes).map(|(i, code)| call(&id, i, 100, code)).collect();
        // Refused before anything was sent: it took no time.
        calls.push(call(&id, 29, 0, Some(Code::CircuitOpen)));
        calls.push(call(&id, 30, 800, None));
        record(&f, &calls).await;
        for (minute, ok) in [(1, true), (2, false), (31, false)] {
            let at = noon() + MINUTE * minute;
            let sample = HealthSample { connection: id.clone(), at, ok, latency_ms: None, code: None };
            f.store.health_sample(sample).await.unwrap();
        }
        let signals = [signal(&id, "1", "1"), signal(&id, "2", "1"), signal(&id, "2", "1")];
        let page = PageCommit {
            connection: &id,
            stream: "issues",
            signals: &signals,
            quarantined: &[],
            checkpoint: None,
            call: None,
            came: Came::Asked,
        };
        f.store.page_commit(page.clone()).await.unwrap();
        f.store.page_commit(page).await.unwrap();
        let buckets = f.store.health_buckets(Some(&id), noon()).await.unwrap();
        let first = HealthBucket {
            connection: id.to_string(),
            at: noon(),
            checks_ok: 1,
            checks_failed: 1,
            calls_ok: 2,
            calls_failed: 1,
            calls_held: 3,
            limit_hits: 1,
            retries: 6,
            signals: 2,
            latency: buckets[0].latency.clone(),
        };
        assert_eq!(buckets[0], first);
        assert_eq!((buckets[0].latency.total(), buckets[0].latency.percentile(0.95)), (5, Some(99)));
        assert_eq!((buckets[1].at, buckets[1].calls_ok, buckets[1].checks_failed), (noon() + HALF_HOUR, 1, 1));
        assert_eq!(f.store.health_buckets(None, noon()).await.unwrap(), buckets);
        assert_eq!(f.store.health_buckets(None, noon() + HALF_HOUR).await.unwrap().len(), 1);
        assert_eq!(f.store.health_failed_in_a_row(&id, noon(), 10).await.unwrap(), 2);
        assert_eq!(f.store.last_call(&id).await.unwrap(), Some(noon() + MINUTE * 30));
        assert_eq!(f.store.last_sync(&id).await.unwrap(), Some(noon() + MINUTE * 30));
        f.store.connection_delete(&id, false).await.unwrap();
        assert_eq!(f.store.health_buckets(None, noon()).await.unwrap(), [], "they go with their connection");
    }

    #[tokio::test]
    async fn a_window_begins_anew_with_a_new_key() {
        let f = fixture().await;
        let made = connection("tracker");
        let id = made.id.clone();
        let sealed = patchbay_model::SealedBytes::new(vec![1]);
        f.store.connection_insert(&made, Some(&sealed)).await.unwrap();
        let calls: Vec<Call> =
            (1..=100).map(|i| call(&id, i, u64::from(i) * 10, (i > 90).then_some(Code::AuthRevoked))).collect();
        record(&f, &calls).await;
        let (window, since) = f.store.health_window(&id, noon() + MINUTE).await.unwrap();
        let last_failure = Some((Code::AuthRevoked, noon() + MINUTE * 100));
        assert_eq!(window, HealthWindow { ok: 90, failed: 10, p95_ms: Some(950), last_failure });
        assert_eq!(since, noon() + MINUTE);
        f.clock.advance(MINUTE * 95);
        f.store.credential_replace(&id, &sealed).await.unwrap();
        let (window, since) = f.store.health_window(&id, noon()).await.unwrap();
        assert_eq!((window.ok, window.failed, since), (0, 6, noon() + MINUTE * 95));
    }
}
