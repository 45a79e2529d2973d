//! Gaps: times from which something may be missing.

use patchbay_model::{ConnectionId, Timestamp};

use crate::{Store, StoreError, column};

/// A time from which something may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The stream; empty where it concerns what a service sends by itself.
    pub stream: String,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Why: a code of the taxonomy, or a word such as `closed` or `too_many_pages`.
    pub reason: String,
    /// When it was noticed.
    pub at: Timestamp,
}

struct Row {
    stream: String,
    from_at: i64,
    to_at: i64,
    reason: String,
    at: i64,
}

impl Store {
    /// Writes a gap down. Does nothing where the connection is gone.
    pub async fn gap_note(
        &self,
        connection: &ConnectionId,
        stream: &str,
        from: Timestamp,
        to: Timestamp,
        reason: &str,
    ) -> Result<(), StoreError> {
        let (connection, stream, reason) = (connection.clone(), stream.to_owned(), reason.to_owned());
        let (from, to, at) = (column::millis(from), column::millis(to), column::millis(self.now()));
        self.write(move |tx| {
            Box::pin(async move {
                let connection = connection.as_str();
                sqlx::query!(
                    "INSERT INTO gaps (connection, stream, from_at, to_at, reason, at)
                     SELECT id, ?2, ?3, ?4, ?5, ?6 FROM connections WHERE id = ?1",
                    connection,
                    stream,
                    from,
                    to,
                    reason,
                    at
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The gaps of a connection that were noticed from `since` on, the latest first.
    pub async fn gaps(&self, connection: &ConnectionId, since: Timestamp) -> Result<Vec<Gap>, StoreError> {
        let (connection, since) = (connection.as_str(), column::millis(since));
        let rows = sqlx::query_as!(
            Row,
            "SELECT stream, from_at, to_at, reason, at FROM gaps WHERE connection = ? AND at >= ?
             ORDER BY at DESC, id DESC LIMIT 1000",
            connection,
            since
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Gap {
                    stream: row.stream,
                    from: column::time(row.from_at)?,
                    to: column::time(row.to_at)?,
                    reason: row.reason,
                    at: column::time(row.at)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fixture::{connection, fixture, noon};

    #[tokio::test]
    async fn gaps_are_kept_with_their_times_and_go_with_their_connection() {
        let f = fixture().await;
        let (made, later) = (connection("tracker"), noon() + Duration::from_secs(60));
        f.store.connection_insert(&made, None).await.unwrap();
        f.store.gap_note(&made.id, "issues", noon(), later, "CHECKPOINT_STALE").await.unwrap();
        let gap = Gap {
            stream: "issues".into(),
            from: noon(),
            to: later,
            reason: "CHECKPOINT_STALE".into(),
            at: noon(),
        };
        assert_eq!(f.store.gaps(&made.id, noon()).await.unwrap(), [gap]);
        assert_eq!(f.store.gaps(&made.id, later).await.unwrap(), [], "not those of before");
        f.store.connection_delete(&made.id, true).await.unwrap();
        f.store.gap_note(&made.id, "issues", noon(), later, "closed").await.unwrap();
        assert_eq!(f.store.gaps(&made.id, noon()).await.unwrap(), []);
    }
}
