//! Calls by operation and outcome, added up by half hours: what failed, where and how often; and how
//! much of it the audit trail holds.

use patchbay_model::{Code, ConnectionId, Timestamp};

use super::calls::CallKind;
use crate::{Store, StoreError, column};

/// Calls of one operation that ended with the same code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureGroup {
    /// The operation or stream.
    pub operation: String,
    /// What for.
    pub kind: CallKind,
    /// Why.
    pub code: Code,
    /// How many.
    pub count: u64,
    /// The last one.
    pub last_at: Timestamp,
}

impl Store {
    /// What went wrong with a connection's calls in the half hours that begin at `since` or later: by
    /// operation and reason, the most frequent first.
    pub async fn health_failures(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<FailureGroup>, StoreError> {
        let (connection, since) = (connection.as_str(), column::millis(since));
        let rows = sqlx::query!(
            r#"SELECT operation AS "operation!", kind AS "kind!", code AS "code!", sum(n) AS "n!: i64", max(last_at) AS "last!: i64"
               FROM health_operations WHERE connection = ? AND at >= ? AND code <> ''
               GROUP BY operation, kind, code ORDER BY sum(n) DESC, max(last_at) DESC"#,
            connection,
            since
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(FailureGroup {
                    operation: row.operation,
                    kind: column::from_word("call's kind", row.kind)?,
                    code: column::from_word("call's code", row.code)?,
                    count: column::count(row.n),
                    last_at: column::time(row.last)?,
                })
            })
            .collect()
    }

    /// Deletes at most `most` rows from before `before` that the audit trail holds, and returns how many.
    pub(crate) async fn health_operations_prune(
        &self,
        before: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM health_operations WHERE (connection, at, operation, kind, code) IN
                         (SELECT connection, at, operation, kind, code FROM health_operations
                          WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Call;
    use crate::Seen;
    use crate::fixture::{fixture, noon};

    #[tokio::test]
    async fn failures_are_grouped_by_operation_and_reason() {
        let f = fixture().await;
        let id = ConnectionId::from("a");
        let said = [
            ("issues", CallKind::Sync, Some(Code::ServiceDown), 0),
            ("issues", CallKind::Sync, Some(Code::ServiceDown), 40),
            ("issues", CallKind::Sync, Some(Code::RateLimited), 41),
            ("send", CallKind::Operation, Some(Code::ServiceDown), 42),
            ("send", CallKind::Operation, None, 43),
        ];
        for (operation, kind, code, minute) in said {
            let call = Call {
                at: noon() + Duration::from_secs(minute * 60),
                connection: id.clone(),
                operation: operation.into(),
                kind,
                duration_ms: 1,
                success: code.is_none(),
                records: 0,
                code,
                retries: 0,
                bytes: 0,
            };
            f.store.call_record(call, Seen::Nothing).await.unwrap();
        }
        let group = |operation: &str, kind, code, count, minute: u64| FailureGroup {
            operation: operation.into(),
            kind,
            code,
            count,
            last_at: noon() + Duration::from_secs(minute * 60),
        };
        assert_eq!(
            f.store.health_failures(&id, noon()).await.unwrap(),
            [
                group("issues", CallKind::Sync, Code::ServiceDown, 2, 40),
                group("send", CallKind::Operation, Code::ServiceDown, 1, 42),
                group("issues", CallKind::Sync, Code::RateLimited, 1, 41),
            ]
        );
        let later = noon() + Duration::from_secs(30 * 60);
        assert_eq!(f.store.health_failures(&id, later).await.unwrap().len(), 3);
        assert_eq!(f.store.health_failures(&ConnectionId::from("b"), noon()).await.unwrap(), []);
    }
}
