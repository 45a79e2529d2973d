//! Rate budgets and circuits. Read from memory; written behind, for they change with every call
//! and losing the last moments of one costs no more than those moments' calls.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patchbay_model::circuit::Circuit;
use patchbay_model::host::LimitState;
use patchbay_model::rate::RateBudget;
use patchbay_model::{Clock, ConnectionId, LimitStore, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use tokio::sync::Notify;

use crate::writer::{Shape, Writer};
use crate::{StoreError, column};

/// The limits in memory, and which of them the disk does not have yet.
#[derive(Debug)]
pub(crate) struct Limits {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    by_key: HashMap<String, LimitState>,
    unwritten: HashSet<String>,
}

/// The column `state`.
#[derive(Serialize, Deserialize)]
struct Stored {
    budget: RateBudget,
    circuit: Circuit,
}

struct Row {
    key: String,
    state: String,
    monotonic: i64,
    at: i64,
}

impl Row {
    /// The limits as the process sees them whose clocks read `wall` and `monotonic`. A wall clock
    /// that went back counts as no time passed.
    fn carried_over(&self, wall: Timestamp, monotonic: Duration) -> Result<LimitState, StoreError> {
        let Stored { budget, circuit } = column::from_json("limit", &self.state)?;
        let passed = column::count(column::millis(wall).saturating_sub(self.at));
        let then = column::count(self.monotonic).saturating_add(passed);
        let then = Duration::from_millis(then);
        let windows = budget.windows();
        Ok(LimitState {
            budget: budget.carried_over(then, monotonic, &windows),
            circuit: circuit.carried_over(then, monotonic),
        })
    }
}

impl Limits {
    /// Reads what an earlier process left.
    pub(crate) async fn load(
        connection: &mut SqliteConnection,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let rows =
            sqlx::query_as!(Row, "SELECT key, state, monotonic, at FROM limits").fetch_all(connection).await?;
        let (wall, monotonic) = (clock.now(), clock.monotonic());
        let mut by_key = HashMap::with_capacity(rows.len());
        for row in rows {
            let limits = row.carried_over(wall, monotonic)?;
            by_key.insert(row.key, limits);
        }
        Ok(Self {
            clock,
            state: Mutex::new(State { by_key, unwritten: HashSet::new() }),
            changed: Notify::new(),
        })
    }

    /// Returns once there may be something to write.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The limits of a connection's hosts, by key.
    pub(crate) fn of(&self, connection: &ConnectionId) -> Vec<(String, LimitState)> {
        let begin = format!("{connection}@");
        let state = self.lock();
        let own = state.by_key.iter().filter(|(key, _)| key.starts_with(&begin));
        own.map(|(key, limits)| (key.clone(), limits.clone())).collect()
    }

    /// Writes what changed. What cannot be written stays marked.
    pub(crate) async fn flush(&self, writer: &Writer) -> Result<(), StoreError> {
        let (rows, keys) = self.unwritten()?;
        if rows.is_empty() {
            return Ok(());
        }
        let written =
            writer.run(Shape::Several, move |tx| Box::pin(async move { write(tx, &rows).await })).await;
        if written.is_err() {
            self.lock().unwritten.extend(keys);
            self.changed.notify_one();
        }
        written
    }

    fn unwritten(&self) -> Result<(Vec<Row>, HashSet<String>), StoreError> {
        let monotonic = self.clock.monotonic().as_millis();
        let monotonic = i64::try_from(monotonic).unwrap_or(i64::MAX);
        let at = column::millis(self.clock.now());
        let mut state = self.lock();
        let rows = state
            .unwritten
            .iter()
            .filter_map(|key| Some((key, state.by_key.get(key)?)))
            .map(|(key, limits)| {
                let stored = Stored { budget: limits.budget.clone(), circuit: limits.circuit };
                Ok(Row { key: key.clone(), state: column::json("limit", &stored)?, monotonic, at })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok((rows, std::mem::take(&mut state.unwritten)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(tx: &mut SqliteConnection, rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        sqlx::query!(
            "INSERT INTO limits (key, state, monotonic, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET state = excluded.state,
                 monotonic = excluded.monotonic, at = excluded.at",
            row.key,
            row.state,
            row.monotonic,
            row.at
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

impl LimitStore for Limits {
    fn load(&self, key: &str) -> Option<LimitState> {
        self.lock().by_key.get(key).cloned()
    }

    fn save(&self, key: &str, limits: &LimitState) {
        let mut state = self.lock();
        state.by_key.insert(key.to_owned(), limits.clone());
        state.unwritten.insert(key.to_owned());
        drop(state);
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::circuit::CircuitRules;
    use patchbay_model::rate::RateWindow;
    use patchbay_model::time::ManualClock;

    use super::*;
    use crate::fixture::{fixture, noon, open};

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn used_up(now: Duration) -> LimitState {
        let window = RateWindow { calls: 60, seconds: 60, burst: Some(1) };
        let mut budget = RateBudget::new(&[window], now);
        budget.take(now).unwrap();
        budget.hold(now, S(100));
        let mut circuit = Circuit::default();
        for _ in 0..5 {
            circuit.failed(now, CircuitRules::default());
        }
        LimitState { budget, circuit }
    }

    #[tokio::test]
    async fn a_restart_wins_no_tokens_and_loses_no_pause() {
        let f = fixture().await;
        f.clock.advance(S(1_000));
        let saved = used_up(f.clock.monotonic());
        f.store.limits().save("tracker", &saved);
        assert_eq!(f.store.limits().load("tracker"), Some(saved), "read from memory");
        f.store.close().await;
        // Ten seconds pass on the wall; the new process's monotonic clock begins at zero.
        let wall = noon() + S(1_010);
        let store = open(f.dir.path(), Arc::new(ManualClock::at(wall))).await;
        let mut carried = store.limits().load("tracker").unwrap();
        assert_eq!(carried.circuit.admit(S(0)), Err(S(20)), "10 of its 30 s are over");
        assert_eq!(carried.budget.take(S(0)), Err(S(90)), "10 of the 100 s are over");
        carried.budget.take(S(90)).unwrap();
        carried.budget.take(S(90)).unwrap_err();
        assert_eq!(store.limits().load("other"), None);
    }

    #[tokio::test]
    async fn a_connection_has_the_limits_of_its_hosts_and_no_others() {
        let f = fixture().await;
        for key in ["a@one", "a@two", "ab@one"] {
            f.store.limits().save(key, &used_up(S(0)));
        }
        let mut keys: Vec<_> =
            f.store.limits_of(&ConnectionId::from("a")).into_iter().map(|(key, _)| key).collect();
        keys.sort();
        assert_eq!(keys, ["a@one", "a@two"]);
    }

    #[tokio::test]
    async fn a_wall_clock_that_went_back_shortens_no_pause() {
        let f = fixture().await;
        f.store.limits().save("tracker", &used_up(S(0)));
        f.store.limits_flush().await.unwrap();
        f.store.close().await;
        let wall = noon() - S(86_400);
        let store = open(f.dir.path(), Arc::new(ManualClock::at(wall))).await;
        let mut carried = store.limits().load("tracker").unwrap();
        assert_eq!(carried.budget.take(S(0)), Err(S(100)));
        assert_eq!(carried.circuit.admit(S(0)), Err(S(30)));
    }

    #[tokio::test]
    async fn limits_reach_the_disk_by_themselves() {
        let f = fixture().await;
        let before = f.store.writer_counts().operations;
        f.store.limits().save("tracker", &used_up(S(0)));
        let written = async {
            while f.store.writer_counts().operations == before {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(S(5), written).await.expect("written behind");
        let kept = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM limits")
            .fetch_one(f.store.readers())
            .await
            .unwrap();
        assert_eq!(kept, 1);
    }
}
