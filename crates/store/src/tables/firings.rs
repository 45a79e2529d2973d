//! What became of events for each chain that waited for them.

use patchbay_model::trigger::Firing;
use patchbay_model::{ChainId, EventKind, RunId, Timestamp};
use sqlx::SqliteConnection;

use super::triggers::Taken;
use crate::{Store, StoreError, column};

struct Row {
    event: i64,
    kind: String,
    result: String,
    run: Option<String>,
    at: i64,
}

impl TryFrom<Row> for Firing {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            event: column::count(row.event),
            kind: column::from_word("kind of event", row.kind)?,
            at: column::time(row.at)?,
            result: column::from_word("result of an event", row.result)?,
            run: row.run.map(RunId::new),
        })
    }
}

pub(super) async fn insert(
    tx: &mut SqliteConnection,
    event: i64,
    kind: EventKind,
    taken: &Taken,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (chain, kind) = (taken.chain.as_str(), kind.as_str());
    let result = column::word("result of an event", &taken.result)?;
    let run = taken.run.as_ref().map(|run| run.id.as_str());
    let at = column::millis(now);
    // The chain may have been deleted since it was read: then there is nobody to tell.
    sqlx::query!(
        "INSERT INTO firings (event, chain, kind, result, run, at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM chains WHERE id = ?2)",
        event,
        chain,
        kind,
        result,
        run,
        at
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// What became of events for a chain, the latest first.
    pub async fn firings(&self, chain: &ChainId, limit: u32) -> Result<Vec<Firing>, StoreError> {
        let chain = chain.as_str();
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT event AS "event!: i64", kind, result, run, at FROM firings WHERE chain = ?
             ORDER BY at DESC, event DESC LIMIT ?"#,
            chain,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Firing::try_from).collect()
    }

    /// Deletes at most `most` rows from before `before` and returns how many.
    pub(crate) async fn firings_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM firings WHERE (event, chain) IN
                         (SELECT event, chain FROM firings WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}
