//! The schema's history. Migrations are additive: a column or table is added, never changed or
//! dropped, so that a copy from before still opens. Each file ends by setting `user_version` to
//! its own number; the highest one is the newest schema this program knows.

use sqlx::SqliteConnection;

/// In order; the first has number 1. Append only.
const FILES: &[&str] = &[include_str!("../migrations/0001_begin.sql")];

/// The newest schema this program knows.
pub(crate) const NEWEST: i64 = FILES.len() as i64;

/// The schema of an open database; 0 where it has no tables yet.
pub(crate) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(connection)
        .await
}

/// Brings a database from schema `from` to the newest one. Each step is one transaction, version
/// included: a kill in between leaves a schema that the next start goes on from.
pub(crate) async fn apply(connection: &mut SqliteConnection, from: i64) -> Result<(), sqlx::Error> {
    let done = usize::try_from(from).unwrap_or(0);
    for file in FILES.iter().skip(done) {
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut *connection)
            .await?;
        sqlx::raw_sql(*file).execute(&mut *connection).await?;
        sqlx::query("COMMIT").execute(&mut *connection).await?;
    }
    Ok(())
}
