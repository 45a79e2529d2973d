//! Calls: one row for each time a connection was used, for the figures people see.

use patchbay_model::{Code, ConnectionId, ConnectionState, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::call_records::{self, Record};
use crate::{Store, StoreError, column};

/// What a connection was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// To see whether it works.
    Test,
    /// To read a stream.
    Sync,
    /// To run an operation.
    Operation,
    /// To ask whether an operation took effect.
    Lookup,
    /// To read an address the user named.
    Read,
    /// To sign in or to renew a sign-in.
    SignIn,
}

/// One use of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it began.
    pub at: Timestamp,
    /// The connection.
    pub connection: ConnectionId,
    /// The operation or stream.
    pub operation: String,
    /// What for.
    pub kind: CallKind,
    /// How long it took in milliseconds, retries included.
    pub duration_ms: u64,
    /// Whether it succeeded.
    pub success: bool,
    /// Items read or written.
    pub records: u64,
    /// What went wrong.
    pub code: Option<Code>,
    /// Requests beyond the first.
    pub retries: u32,
    /// Bytes received.
    pub bytes: u64,
}

/// What a call says of its connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Seen {
    /// Nothing.
    #[default]
    Nothing,
    /// It works.
    Works,
    /// It does not work.
    Fails {
        /// How it is now.
        state: ConnectionState,
        /// Why.
        problem: Problem,
    },
}

struct Row {
    at: i64,
    connection: String,
    operation: String,
    kind: String,
    duration_ms: i64,
    success: bool,
    records: i64,
    code: Option<String>,
    retries: i64,
    bytes: i64,
}

impl TryFrom<Row> for Call {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            at: column::time(row.at)?,
            connection: ConnectionId::new(row.connection),
            operation: row.operation,
            kind: column::from_word("call's kind", row.kind)?,
            duration_ms: column::count(row.duration_ms),
            success: row.success,
            records: column::count(row.records),
            code: row.code.map(|code| column::from_word("call's code", code)).transpose()?,
            retries: u32::try_from(row.retries).unwrap_or(u32::MAX),
            bytes: column::count(row.bytes),
        })
    }
}

impl Store {
    /// Keeps a call, counts it on its connection, and writes down what it says of that, in one commit.
    pub async fn call_record(&self, call: Call, seen: Seen) -> Result<(), StoreError> {
        let call = Record::of(call, &seen)?;
        self.write(move |tx| Box::pin(async move { call_records::write(tx, &[&call], 0).await })).await
    }

    /// The same for somebody who goes on without waiting. What is asked for later is not durable before it.
    ///
    /// # Errors
    /// [`StoreError::Closed`]; that it could not be written is only logged.
    pub fn call_queue(&self, call: Call, seen: &Seen) -> Result<(), StoreError> {
        self.queue_call(Record::of(call, seen)?)
    }

    /// The calls of a connection from `since` on, the oldest first.
    pub async fn calls_since(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        let (connection, since) = (connection.as_str(), column::millis(since));
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT at, connection, operation, kind, duration_ms, success AS "success: bool",
                   records, code, retries, bytes
               FROM calls WHERE connection = ? AND at >= ? ORDER BY at, id"#,
            connection,
            since
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Call::try_from).collect()
    }

    /// The calls of all connections from `since` on, in no order.
    pub async fn calls_of_all_since(&self, since: Timestamp) -> Result<Vec<Call>, StoreError> {
        let since = column::millis(since);
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT at, connection, operation, kind, duration_ms, success AS "success: bool",
                   records, code, retries, bytes
               FROM calls WHERE at >= ?"#,
            since
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Call::try_from).collect()
    }

    /// When the connection was last read to the end of a page without a failure.
    pub async fn last_sync(&self, connection: &ConnectionId) -> Result<Option<Timestamp>, StoreError> {
        let connection = connection.as_str();
        let at = sqlx::query_scalar!(
            "SELECT at FROM calls WHERE connection = ? AND kind = 'sync' AND success = 1
             ORDER BY at DESC LIMIT 1",
            connection
        )
        .fetch_optional(self.readers())
        .await?;
        at.map(column::time).transpose()
    }

    /// Deletes at most `most` calls from before `before` and returns how many.
    pub(crate) async fn calls_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fixture::{fixture, noon};

    #[tokio::test]
    async fn calls_are_kept_by_connection_and_time_until_pruned() {
        let f = fixture().await;
        let kinds = [
            CallKind::Test,
            CallKind::Sync,
            CallKind::Operation,
            CallKind::Lookup,
            CallKind::Read,
            CallKind::SignIn,
        ];
        let calls: Vec<_> = (0_u32..)
            .zip(kinds)
            .map(|(i, kind)| Call {
                at: noon() + Duration::from_secs(u64::from(i)),
                connection: ConnectionId::from("a"),
                operation: "issues".into(),
                kind,
                duration_ms: 10,
                success: i % 2 == 0,
                records: u64::MAX / 4,
                code: (i % 2 == 1).then_some(Code::RateLimited),
                retries: i,
                bytes: 7,
            })
            .collect();
        for call in calls.iter().rev() {
            f.store.call_record(call.clone(), Seen::Nothing).await.unwrap();
        }
        let a = ConnectionId::from("a");
        assert_eq!(f.store.calls_since(&a, noon()).await.unwrap(), calls);
        let later = noon() + Duration::from_secs(4);
        assert_eq!(f.store.calls_since(&a, later).await.unwrap(), calls[4..]);
        let other = ConnectionId::from("b");
        assert_eq!(f.store.calls_since(&other, noon()).await.unwrap(), []);
        assert_eq!(f.store.calls_prune(later, 3).await.unwrap(), 3);
        assert_eq!(f.store.calls_prune(later, 3).await.unwrap(), 1);
        assert_eq!(f.store.calls_since(&a, noon()).await.unwrap(), calls[4..]);
    }
}
