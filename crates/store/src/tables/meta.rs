//! Facts about the file itself.

use sqlx::SqliteConnection;

use crate::StoreError;

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
