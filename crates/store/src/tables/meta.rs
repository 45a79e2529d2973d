//! Facts about the file itself.

use patchbay_model::Timestamp;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// The computer whose triggers this file runs.
pub(crate) async fn machine(tx: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'machine'").fetch_optional(tx).await?;
    Ok(value)
}

/// Makes `machine` the computer whose triggers this file runs.
pub(crate) async fn set_machine(tx: &mut SqliteConnection, machine: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO meta (key, value) VALUES ('machine', ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        machine
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// When retention last came to its end; none where it never did.
    pub(crate) async fn retained_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'retained_at'")
            .fetch_optional(self.readers())
            .await?;
        // What cannot be read is as good as absent: the next time writes it anew.
        value.and_then(|text| text.parse().ok()).map(column::time).transpose()
    }

    /// Notes that retention came to its end.
    pub(crate) async fn set_retained_at(&self, at: Timestamp) -> Result<(), StoreError> {
        let at = column::millis(at).to_string();
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!(
                    "INSERT INTO meta (key, value) VALUES ('retained_at', ?)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    at
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }
}
