//! Items that did not fit, with the reason, until they fit.

use patchbay_model::{ConnectionId, Problem, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// An item that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// The service's identifier, where it can be read.
    pub external_id: Option<String>,
    /// Why it does not fit.
    pub problem: Problem,
    /// The item as the service sent it.
    pub raw: Value,
}

/// An item in quarantine.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantinedItem {
    /// The stream it came through.
    pub stream: String,
    /// The item and the reason.
    pub item: Quarantined,
    /// When it last came in.
    pub at: Timestamp,
}

struct Row {
    stream: String,
    external_id: Option<String>,
    problem: String,
    raw: String,
    at: i64,
}

impl TryFrom<Row> for QuarantinedItem {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            stream: row.stream,
            item: Quarantined {
                external_id: row.external_id,
                problem: column::from_json("quarantined item's problem", &row.problem)?,
                raw: column::from_json("quarantined item", &row.raw)?,
            },
            at: column::time(row.at)?,
        })
    }
}

#[derive(Serialize)]
struct Element<'a> {
    external_id: Option<&'a str>,
    problem: String,
    raw: String,
}

/// The items as one JSON array, as in `signals`.
pub(super) fn rows(items: &[Quarantined]) -> Result<String, StoreError> {
    let elements = items
        .iter()
        .map(|item| {
            Ok(Element {
                external_id: item.external_id.as_deref(),
                problem: column::json("quarantined item's problem", &item.problem)?,
                raw: column::json("quarantined item", &item.raw)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    column::json("page of quarantined items", &elements)
}

/// Puts items aside. One that is there already, by identifier or else by content, is renewed.
pub(super) async fn insert(
    tx: &mut SqliteConnection,
    connection: &str,
    stream: &str,
    rows: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now = column::millis(now);
    // NULLs are distinct to a unique index: items without an identifier are told apart here.
    sqlx::query!(
        "DELETE FROM quarantine WHERE connection = ?1 AND stream = ?2 AND external_id IS NULL
             AND raw IN (SELECT value ->> 'raw' FROM json_each(?3))",
        connection,
        stream,
        rows
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO quarantine (connection, stream, external_id, problem, raw, at)
         SELECT ?1, ?2, value ->> 'external_id', value ->> 'problem', value ->> 'raw', ?4
         FROM json_each(?3) WHERE true
         ON CONFLICT (connection, stream, external_id)
         DO UPDATE SET problem = excluded.problem, raw = excluded.raw, at = excluded.at",
        connection,
        stream,
        rows,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets go of items that came in again and fit now.
pub(super) async fn release(
    tx: &mut SqliteConnection,
    connection: &str,
    stream: &str,
    signals: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM quarantine WHERE connection = ?1 AND stream = ?2
             AND external_id IN (SELECT value ->> 'external_id' FROM jsonb_each(?3))",
        connection,
        stream,
        signals
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// Items of a connection that did not fit, the latest first.
    pub async fn quarantine_list(
        &self,
        connection: &ConnectionId,
        limit: u32,
    ) -> Result<Vec<QuarantinedItem>, StoreError> {
        let connection = connection.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT stream, external_id, problem, raw, at FROM quarantine
             WHERE connection = ? ORDER BY at DESC, id DESC LIMIT ?",
            connection,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(QuarantinedItem::try_from).collect()
    }

    /// Lets go of at most `most` items that last came in before `before` and returns how many.
    pub(crate) async fn quarantine_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}
