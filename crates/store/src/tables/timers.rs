//! Timers: when the clock starts a chain next. A timer fires in the commit that plans its next time, so a
//! kill neither loses a start nor doubles one.

use patchbay_model::{ChainId, EventKind, Timestamp};
use serde_json::json;

use super::triggers::{self, Named};
use crate::{Store, StoreError, column};

/// When the clock starts a chain next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The chain.
    pub chain: ChainId,
    /// The trigger that it was planned for, as JSON.
    pub trigger: String,
    /// When it is due; none where there is no next time.
    pub next_at: Option<Timestamp>,
    /// When that was planned.
    pub planned_at: Timestamp,
}

/// A timer that is due.
#[derive(Clone, Debug)]
pub struct TimerFired {
    /// The chain.
    pub chain: ChainId,
    /// What kind of event it is.
    pub kind: EventKind,
    /// When it was due; where that has changed meanwhile nothing happens.
    pub due: Timestamp,
    /// When it is due next.
    pub next: Option<Timestamp>,
}

struct Row {
    chain: String,
    trigger: String,
    next_at: Option<i64>,
    planned_at: i64,
}

impl TryFrom<Row> for Timer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            chain: ChainId::new(row.chain),
            trigger: row.trigger,
            next_at: column::optional_time(row.next_at)?,
            planned_at: column::time(row.planned_at)?,
        })
    }
}

impl Store {
    /// Every timer, by chain.
    pub async fn timers(&self) -> Result<Vec<Timer>, StoreError> {
        let rows =
            sqlx::query_as!(Row, "SELECT chain, trigger, next_at, planned_at FROM timers ORDER BY chain")
                .fetch_all(self.readers())
                .await?;
        rows.into_iter().map(Timer::try_from).collect()
    }

    /// When the clock starts a chain next; none where it does not.
    pub async fn timer_next(&self, chain: &ChainId) -> Result<Option<Timestamp>, StoreError> {
        let chain = chain.as_str();
        let next = sqlx::query_scalar!("SELECT next_at FROM timers WHERE chain = ?", chain)
            .fetch_optional(self.readers())
            .await?;
        column::optional_time(next.flatten())
    }

    /// Plans a chain's timer, or plans it anew. Does nothing where the chain is gone.
    pub async fn timer_plan(
        &self,
        chain: &ChainId,
        trigger: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (chain, trigger) = (chain.to_string(), trigger.to_owned());
        let (next, now) = (next.map(column::millis), column::millis(self.now()));
        changed!(
            self,
            "INSERT INTO timers (chain, trigger, next_at, planned_at)
                     SELECT id, ?2, ?3, ?4 FROM chains WHERE id = ?1
                     ON CONFLICT (chain) DO UPDATE SET trigger = excluded.trigger, next_at = excluded.next_at,
                         planned_at = excluded.planned_at",
            chain,
            trigger,
            next,
            now
        )
        .map(drop)
    }

    /// Takes a chain's timer away.
    pub async fn timer_remove(&self, chain: &ChainId) -> Result<(), StoreError> {
        let chain = chain.to_string();
        changed!(self, "DELETE FROM timers WHERE chain = ?", chain).map(drop)
    }

    /// Writes the event of a timer that is due and plans its next time, in one commit. False where it was
    /// planned anew meanwhile.
    pub async fn timer_fire(&self, fired: TimerFired) -> Result<bool, StoreError> {
        let now = self.now();
        let chain = fired.chain.to_string();
        let key = fired.due.to_string();
        let payload = column::json("trigger event", &json!({ "due": key }))?;
        let (due, next, at) = (column::millis(fired.due), fired.next.map(column::millis), column::millis(now));
        let is_fired = self
            .write(move |tx| {
                Box::pin(async move {
                    let done = sqlx::query!(
                        "UPDATE timers SET next_at = ?1, planned_at = ?2 WHERE chain = ?3 AND next_at = ?4",
                        next,
                        at,
                        chain,
                        due
                    )
                    .execute(&mut *tx)
                    .await?;
                    if done.rows_affected() == 0 {
                        return Ok(false);
                    }
                    let kind = fired.kind.as_str();
                    // A clock that is put forward and back brings a time twice. Where it was passed over as
                    // missed, it is another event when it really comes.
                    let passed_over = sqlx::query_scalar!(
                        r#"SELECT EXISTS (SELECT 1 FROM trigger_events AS e
                             JOIN firings AS f ON f.event = e.id AND f.chain = e.subject
                             WHERE e.kind = ? AND e.subject = ? AND e.key = ? AND f.result = 'missed')
                             AS "passed_over!: bool""#,
                        kind,
                        chain,
                        key
                    )
                    .fetch_one(&mut *tx)
                    .await?;
                    let key = if passed_over { format!("{key} at {now}") } else { key };
                    let event = Named { kind, subject: &chain, key: &key };
                    triggers::record_waited(tx, event, &payload, now).await?;
                    Ok(true)
                })
            })
            .await?;
        if is_fired {
            self.triggers_changed();
        }
        Ok(is_fired)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::trigger::FiringResult;

    use super::*;
    use crate::Taken;
    use crate::fixture::{fixture, noon, waiting_chain};

    #[tokio::test]
    async fn a_timer_fires_once_for_each_time_it_was_due() {
        let f = fixture().await;
        let trigger = json!({"type": "interval", "seconds": 60});
        let chain = waiting_chain(&f.store, "a", trigger.clone()).await;
        f.store.timer_plan(&chain, &trigger.to_string(), Some(noon())).await.unwrap();
        let next = noon() + Duration::from_secs(60);
        let fired =
            TimerFired { chain: chain.clone(), kind: EventKind::Interval, due: noon(), next: Some(next) };
        assert!(f.store.timer_fire(fired.clone()).await.unwrap());
        assert!(!f.store.timer_fire(fired).await.unwrap(), "it is not due any more");
        assert_eq!(f.store.timer_next(&chain).await.unwrap(), Some(next));
        let open = f.store.triggers_open(10).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].event.payload, json!({"due": "2026-11-20T12:00:00Z"}));
        f.store.chain_delete(&chain).await.unwrap();
        assert_eq!(f.store.timers().await.unwrap(), [], "it goes with its chain");
        f.store.timer_plan(&chain, "{}", Some(next)).await.unwrap();
        assert_eq!(f.store.timers().await.unwrap(), []);
    }
    #[tokio::test]
    async fn a_time_that_was_passed_over_comes_again_and_one_that_started_a_run_does_not() {
        for (result, events) in [(FiringResult::Missed, 2), (FiringResult::Started, 1)] {
            let f = fixture().await;
            let trigger = json!({"type": "schedule", "cron": "0 12 * * *", "zone": "UTC"});
            let chain = waiting_chain(&f.store, "a", trigger.clone()).await;
            let fired = TimerFired { chain: chain.clone(), kind: EventKind::Schedule, due: noon(), next: None };
            f.store.timer_plan(&chain, &trigger.to_string(), Some(noon())).await.unwrap();
            assert!(f.store.timer_fire(fired.clone()).await.unwrap());
            let open = f.store.triggers_open(10).await.unwrap();
            let taken = Taken { chain: chain.clone(), result, run: None };
            f.store.trigger_take(open[0].id, EventKind::Schedule, vec![taken]).await.unwrap();
            // The clock was put back, and the same time is due once more.
            f.store.timer_plan(&chain, &trigger.to_string(), Some(noon())).await.unwrap();
            assert!(f.store.timer_fire(fired).await.unwrap());
            let again = f.store.triggers_open(10).await.unwrap();
            assert_eq!(1 + again.len(), events, "{result:?}");
            assert!(again.iter().all(|one| one.event.payload == open[0].event.payload));
        }
    }
}
