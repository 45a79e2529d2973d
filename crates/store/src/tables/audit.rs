//! The audit trail: who did what here. Never holds secrets.

use patchbay_model::Timestamp;
use serde_json::Value;

use crate::{Store, StoreError, column};

/// One act.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What was done, such as `connection_created`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More, without secrets; null where there is none.
    pub detail: Value,
}

struct Row {
    at: i64,
    action: String,
    subject: String,
    detail: String,
}

impl TryFrom<Row> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            at: column::time(row.at)?,
            action: row.action,
            subject: row.subject,
            detail: column::from_json("audit entry", &row.detail)?,
        })
    }
}

impl Store {
    /// Notes an act.
    pub async fn audit(&self, action: &str, subject: &str, detail: &Value) -> Result<(), StoreError> {
        let (action, subject) = (action.to_owned(), subject.to_owned());
        let detail = column::json("audit entry", detail)?;
        let at = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!(
                    "INSERT INTO audit (at, action, subject, detail) VALUES (?, ?, ?, ?)",
                    at,
                    action,
                    subject,
                    detail
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The latest acts, the latest first.
    pub async fn audit_list(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT at, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?",
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{fixture, noon};

    #[tokio::test]
    async fn acts_are_listed_the_latest_first() {
        let f = fixture().await;
        for (action, detail) in [("made", Value::Null), ("renamed", json!({"from": "a"}))] {
            f.store.audit(action, "tracker", &detail).await.unwrap();
        }
        let latest = AuditEntry {
            at: noon(),
            action: "renamed".into(),
            subject: "tracker".into(),
            detail: json!({"from": "a"}),
        };
        assert_eq!(f.store.audit_list(1).await.unwrap(), [latest]);
        assert_eq!(f.store.audit_list(10).await.unwrap().len(), 2);
    }
}
