//! Where each stream goes on.

use patchbay_model::{ConnectionId, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// Moves a stream's place; only together with the page that leads there.
pub(super) async fn set(
    tx: &mut SqliteConnection,
    connection: &str,
    stream: &str,
    value: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now = column::millis(now);
    sqlx::query!(
        "INSERT INTO checkpoints (connection, stream, value, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (connection, stream) DO UPDATE SET value = excluded.value, at = excluded.at",
        connection,
        stream,
        value,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// Where a stream goes on; none where it has not begun.
    pub async fn checkpoint(
        &self,
        connection: &ConnectionId,
        stream: &str,
    ) -> Result<Option<Value>, StoreError> {
        let connection = connection.as_str();
        sqlx::query_scalar!(
            "SELECT value FROM checkpoints WHERE connection = ? AND stream = ?",
            connection,
            stream
        )
        .fetch_optional(self.readers())
        .await?
        .map(|value| column::from_json("checkpoint", &value))
        .transpose()
    }

    /// Forgets where a stream goes on: the service no longer knows the place, or the user wants to
    /// read it all again. What is stored stays and is not stored twice.
    pub async fn checkpoint_clear(&self, connection: &ConnectionId, stream: &str) -> Result<(), StoreError> {
        let (connection, stream) = (connection.clone(), stream.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let connection = connection.as_str();
                sqlx::query!("DELETE FROM checkpoints WHERE connection = ? AND stream = ?", connection, stream)
                    .execute(tx)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}
