//! Trigger events: what came in and may start a chain.

use patchbay_model::trigger::FiringResult;
use patchbay_model::{ChainId, EventKind, Run, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::jobs::{self, NewJob};
use super::{firings, runs};
use crate::{Store, StoreError, column};

/// Something that may start a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTrigger {
    /// What kind, such as `webhook`.
    pub kind: String,
    /// What it is about, such as a connection.
    pub subject: String,
    /// The same key for the same kind and subject is the same event.
    pub key: String,
    /// What it brought.
    pub payload: Value,
}

/// An event that waits to be handled.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerEvent {
    /// Grows with time.
    pub id: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The event.
    pub event: NewTrigger,
}

/// What becomes of an event for one chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The chain.
    pub chain: ChainId,
    /// What becomes of it.
    pub result: FiringResult,
    /// The run that it starts.
    pub run: Option<Run>,
}

/// What an event is known by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) kind: &'a str,
    pub(super) subject: &'a str,
    pub(super) key: &'a str,
}

impl<'a> From<&'a NewTrigger> for Named<'a> {
    fn from(event: &'a NewTrigger) -> Self {
        Self { kind: &event.kind, subject: &event.subject, key: &event.key }
    }
}

/// Writes an event within a transaction, where a chain that is on waits for it (for one of its kind, and of
/// the connection that it came through, where the chain names one), or a run for a delivery to its
/// connection. Says whether it was written.
pub(super) async fn record_waited(
    tx: &mut SqliteConnection,
    event: Named<'_>,
    payload: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let waited = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM chains AS c
             JOIN chain_versions AS v ON v.chain = c.id AND v.version = c.published
             WHERE c.is_on = 1 AND c.waits_for = ?1
               AND coalesce(json_extract(v.document, '$.trigger.connection')
                   = (SELECT name FROM connections WHERE id = ?2), 1))
             OR (?1 = 'webhook' AND EXISTS (SELECT 1 FROM awaited WHERE connection = ?2)) AS "waited!: bool""#,
        event.kind,
        event.subject
    )
    .fetch_one(&mut *tx)
    .await?;
    if !waited {
        return Ok(false);
    }
    record(tx, event, payload, now).await
}

/// Writes an event within a transaction. Says whether it is new.
pub(super) async fn record(
    tx: &mut SqliteConnection,
    event: Named<'_>,
    payload: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let at = column::millis(now);
    let done = sqlx::query!(
        "INSERT INTO trigger_events (kind, subject, key, payload, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (kind, subject, key) DO NOTHING",
        event.kind,
        event.subject,
        event.key,
        payload,
        at
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) struct Row {
    pub(super) id: i64,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) key: String,
    pub(super) payload: String,
    pub(super) at: i64,
}

impl TryFrom<Row> for TriggerEvent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column::count(row.id),
            at: column::time(row.at)?,
            event: NewTrigger {
                kind: row.kind,
                subject: row.subject,
                key: row.key,
                payload: column::from_json("trigger event", &row.payload)?,
            },
        })
    }
}

impl Store {
    /// Records an event, and asks for the work it causes, in one commit. False where the event was
    /// recorded before: then no work is asked for either.
    pub async fn trigger_record(&self, event: NewTrigger, job: Option<NewJob>) -> Result<bool, StoreError> {
        let payload = column::json("trigger event", &event.payload)?;
        let now = self.now();
        let is_new = self
            .write(move |tx| {
                Box::pin(async move {
                    let is_new = record(tx, (&event).into(), &payload, now).await?;
                    if let Some(job) = job.filter(|_| is_new) {
                        jobs::enqueue(tx, &job, now).await?;
                    }
                    Ok(is_new)
                })
            })
            .await?;
        self.triggers_changed();
        Ok(is_new)
    }

    /// Wakes whoever turns events into runs. To be called after events were written in a transaction
    /// of another table; forgotten, they are found a moment later.
    pub fn triggers_changed(&self) {
        self.wakes().triggers.notify_one();
        self.wakes().came.send_modify(|count| *count += 1);
    }

    /// Waits for [`Store::triggers_changed`].
    pub async fn triggers_wait(&self) {
        self.wakes().triggers.notified().await;
    }

    /// Marks an event as handled and writes what became of it for each chain that waited for it, with
    /// the runs that it starts, in one commit. False where the event was handled before: then nothing is
    /// written.
    pub async fn trigger_take(&self, id: u64, kind: EventKind, taken: Vec<Taken>) -> Result<bool, StoreError> {
        let now = self.now();
        let runs = taken.iter().map(|one| one.run.as_ref().map(runs::NewRun::of).transpose());
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        self.write(move |tx| {
            Box::pin(async move {
                let (id, at) = (column::stored(id), column::millis(now));
                let done = sqlx::query!(
                    "UPDATE trigger_events SET handled_at = ? WHERE id = ? AND handled_at IS NULL",
                    at,
                    id
                )
                .execute(&mut *tx)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                for (one, run) in taken.iter().zip(&runs) {
                    if let Some(run) = run {
                        runs::insert(tx, run).await?;
                    }
                    firings::insert(tx, id, kind, one, now).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// Events that nobody has handled, the oldest first.
    pub async fn triggers_open(&self, limit: u32) -> Result<Vec<TriggerEvent>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, kind, subject, key, payload, at FROM trigger_events
             WHERE handled_at IS NULL ORDER BY id LIMIT ?",
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(TriggerEvent::try_from).collect()
    }

    /// Marks an event as handled. False where it was already, or is not there.
    pub async fn trigger_handled(&self, id: u64) -> Result<bool, StoreError> {
        let (id, now) = (column::stored(id), column::millis(self.now()));
        self.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query!(
                    "UPDATE trigger_events SET handled_at = ? WHERE id = ? AND handled_at IS NULL",
                    now,
                    id
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Deletes at most `most` events that were handled before `before` and returns how many.
    pub(crate) async fn triggers_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM trigger_events WHERE id IN
                         (SELECT id FROM trigger_events WHERE handled_at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, fixture, noon};

    #[tokio::test]
    async fn an_event_is_taken_once_with_all_it_starts() {
        let f = fixture().await;
        let (kind, payload) = (EventKind::Webhook, json!(null));
        let event = NewTrigger { kind: kind.as_str().into(), subject: "c".into(), key: "1".into(), payload };
        f.store.trigger_record(event, None).await.unwrap();
        let id = f.store.triggers_open(1).await.unwrap()[0].id;
        let first = f.store.chain_save(None, &fixture::chain("a"), "1").await.unwrap().id;
        let second = f.store.chain_save(None, &fixture::chain("b"), "2").await.unwrap().id;
        let taken = |run: Run| {
            let mut run = Run { chain_id: first.clone(), ..run };
            run.origin.event = Some(id);
            vec![
                Taken { chain: first.clone(), result: FiringResult::Started, run: Some(run) },
                Taken { chain: second.clone(), result: FiringResult::Echo, run: None },
            ]
        };
        let takes = (0..8).map(|_| f.store.trigger_take(id, kind, taken(fixture::run())));
        let told = futures_util::future::try_join_all(takes).await.unwrap();
        assert_eq!(told.iter().filter(|yes| **yes).count(), 1);
        let runs = f.store.runs_open().await.unwrap();
        assert_eq!(runs.len(), 1, "one event starts one run of a chain");
        assert_eq!(f.store.triggers_open(1).await.unwrap(), []);
        for (chain, result, run) in
            [(&first, FiringResult::Started, Some(runs[0].id.clone())), (&second, FiringResult::Echo, None)]
        {
            let told = f.store.firings(chain, 10).await.unwrap();
            let told: Vec<_> = told.into_iter().map(|f| (f.event, f.kind, f.result, f.run)).collect();
            assert_eq!(told, [(id, kind, result, run)]);
        }
        // The database holds the promise too: a second run of the same event is refused whole.
        let (kind, payload) = (EventKind::Webhook, json!(null));
        let event = NewTrigger { kind: kind.as_str().into(), subject: "c".into(), key: "2".into(), payload };
        f.store.trigger_record(event, None).await.unwrap();
        let next = f.store.triggers_open(1).await.unwrap()[0].id;
        assert!(f.store.trigger_take(next, kind, taken(fixture::run())).await.is_err());
        assert_eq!(f.store.triggers_open(1).await.unwrap().len(), 1, "nothing of it was written");
    }

    #[tokio::test]
    async fn the_same_delivery_twice_is_one_event_and_one_job() {
        let f = fixture().await;
        let event = |key: &str| NewTrigger {
            kind: "webhook".into(),
            subject: "tracker".into(),
            key: key.into(),
            payload: json!({"delivery": key}),
        };
        let job = NewJob { queue: "runs".into(), priority: 0, due_at: noon(), payload: json!(null) };
        let deliveries =
            ["1", "2", "1", "1", "2"].map(|key| f.store.trigger_record(event(key), Some(job.clone())));
        let told = futures_util::future::try_join_all(deliveries).await.unwrap();
        assert_eq!(told, [true, true, false, false, false]);
        let jobs = f.store.job_claim("runs", f.store.boot(), 10).await.unwrap();
        assert_eq!(jobs.len(), 2);
        let open = f.store.triggers_open(10).await.unwrap();
        let events: Vec<_> = open.iter().map(|e| e.event.clone()).collect();
        assert_eq!(events, [event("1"), event("2")]);
        assert!(f.store.trigger_handled(open[0].id).await.unwrap());
        assert!(!f.store.trigger_handled(open[0].id).await.unwrap());
        assert_eq!(f.store.triggers_open(10).await.unwrap(), open[1..]);
        assert!(!f.store.trigger_record(event("1"), None).await.unwrap(), "handled, not forgotten");
    }

    #[tokio::test]
    async fn the_number_of_an_event_that_is_gone_is_not_given_again() {
        let f = fixture().await;
        let record = async |key: &str| {
            let payload = json!({"who": key});
            let event = NewTrigger { kind: "webhook".into(), subject: "s".into(), key: key.into(), payload };
            assert!(f.store.trigger_record(event, None).await.unwrap());
            f.store.triggers_open(10).await.unwrap().last().unwrap().id
        };
        let first = record("first").await;
        let second = record("second").await;
        assert!(second > first);
        assert_eq!(f.store.erase("second").await.unwrap().events, 1);
        let third = record("third").await;
        assert!(third > second, "{third} is the number of what was erased");
        f.store.erase("first").await.unwrap();
        assert!(record("fourth").await > third);
        f.store.erase("third").await.unwrap();
        f.store.erase("fourth").await.unwrap();
        assert_eq!(f.store.triggers_open(10).await.unwrap(), []);
        assert!(record("fifth").await > third + 1, "nor where none is left");
    }
}
