//! Deliveries that open runs wait for. From a run's beginning on, what comes for it is kept, so that an
//! answer that is faster than the run is not lost.

use std::collections::BTreeSet;

use patchbay_model::logic::Logic;
use patchbay_model::{EventKind, Run, RunId, StepId};
use sqlx::SqliteConnection;

use super::triggers::{Row, TriggerEvent};
use crate::{Store, StoreError, column};

/// The connections whose webhooks a run waits for, by name; an empty one for addresses of its own.
pub(super) fn waited_for(run: &Run) -> BTreeSet<String> {
    let waits = |logic: &Option<Logic>| matches!(logic, Some(Logic::Delivery { .. }));
    let steps = run.snapshot.all_steps().filter(|step| !run.dry_run && waits(&step.logic));
    steps.map(|step| step.connection.clone()).collect()
}

/// Notes within the transaction that adds a run what it waits for.
pub(super) async fn insert(
    tx: &mut SqliteConnection,
    run: &RunId,
    names: &BTreeSet<String>,
) -> Result<(), sqlx::Error> {
    let run = run.as_str();
    if !names.is_empty() {
        sqlx::query!(
            "INSERT INTO awaited_since (run, event)
             SELECT ?1, max(last, coalesce((SELECT max(id) FROM trigger_events), 0)) FROM event_numbers",
            run
        )
        .execute(&mut *tx)
        .await?;
    }
    for name in names {
        sqlx::query!(
            "INSERT INTO awaited (run, connection)
             SELECT ?1, '' WHERE ?2 = '' UNION SELECT ?1, id FROM connections WHERE name = ?2",
            run,
            name
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

impl Store {
    /// What came for a subject since an open run was added, behind the event `after`, the oldest first:
    /// deliveries to a connection's webhook, or calls of the addresses of the run's steps. What came before
    /// is told by its number: the clock may have been put back or forward since.
    pub async fn deliveries(
        &self,
        run: &RunId,
        kind: EventKind,
        subject: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<TriggerEvent>, StoreError> {
        let (run, kind, after) = (run.as_str(), kind.as_str(), column::stored(after));
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, kind, subject, key, payload, at FROM trigger_events
             WHERE kind = ? AND subject = ? AND id > ?
                 AND id > (SELECT event FROM awaited_since WHERE run = ?) ORDER BY id LIMIT ?",
            kind,
            subject,
            after,
            run,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(TriggerEvent::try_from).collect()
    }

    /// How many calls of the address of an item of a step are kept.
    pub async fn answers_kept(&self, run: &RunId, step: &StepId, item: u32) -> Result<u64, StoreError> {
        let (run, from, to) = (run.as_str(), format!("{step}/{item}/"), format!("{step}/{item}0"));
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "n!: i64" FROM trigger_events
               WHERE kind = 'answer' AND subject = ? AND key > ? AND key < ?"#,
            run,
            from,
            to
        )
        .fetch_one(self.readers())
        .await?;
        Ok(column::count(count))
    }

    /// How many open runs have steps with addresses of their own.
    pub async fn runs_with_addresses(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(r#"SELECT count(*) AS "n!: i64" FROM awaited WHERE connection = ''"#)
            .fetch_one(self.readers())
            .await?;
        Ok(column::count(count))
    }

    /// What makes the addresses of steps hard to guess: the one that is kept, else `fresh`, kept from now on.
    pub async fn address_key(&self, fresh: String) -> Result<String, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!(
                    "INSERT INTO meta (key, value) VALUES ('address_key', ?) ON CONFLICT (key) DO NOTHING",
                    fresh
                )
                .execute(&mut *tx)
                .await?;
                Ok(sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'address_key'")
                    .fetch_one(tx)
                    .await?)
            })
        })
        .await
    }

    /// Changes whenever something came that a run may wait for.
    pub fn deliveries_came(&self) -> tokio::sync::watch::Receiver<u64> {
        self.wakes().came.subscribe()
    }
}
