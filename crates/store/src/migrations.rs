//! The schema's history. Migrations are additive: a column or table is added, never changed or
//! dropped, so that a copy from before still opens. Each file ends by setting `user_version` to
//! its own number; the highest one is the newest schema this program knows.

use sqlx::SqliteConnection;

/// Migrations in order; the first has number 1. Append only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema(pub(crate) &'static [&'static str]);

/// The schema of this program.
pub(crate) const SCHEMA: Schema = Schema(&[
    include_str!("../migrations/0001_begin.sql"),
    include_str!("../migrations/0002_answers.sql"),
    include_str!("../migrations/0003_sign_ins.sql"),
    include_str!("../migrations/0004_credential_age.sql"),
    include_str!("../migrations/0005_jobs.sql"),
    include_str!("../migrations/0006_inbox.sql"),
    include_str!("../migrations/0007_health.sql"),
    include_str!("../migrations/0008_signals.sql"),
    include_str!("../migrations/0009_chains.sql"),
    include_str!("../migrations/0010_timers.sql"),
    include_str!("../migrations/0011_awaited.sql"),
    include_str!("../migrations/0012_figures.sql"),
    include_str!("../migrations/0013_pins.sql"),
    include_str!("../migrations/0014_pin_made_by.sql"),
    include_str!("../migrations/0015_runs_in_parts.sql"),
    include_str!("../migrations/0016_turns.sql"),
    include_str!("../migrations/0017_runs_ended.sql"),
    include_str!("../migrations/0018_run_connections.sql"),
    include_str!("../migrations/0019_signal_kinds.sql"),
]);

/// The schema of an open database; 0 where it has no tables yet.
pub(crate) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await
}

impl Schema {
    /// The newest version this program knows.
    pub(crate) fn newest(self) -> i64 {
        self.0.len() as i64
    }

    /// Brings a database from version `from` to the newest one. Each step is one transaction,
    /// version included: a kill in between leaves a version that the next start goes on from.
    pub(crate) async fn apply(self, connection: &mut SqliteConnection, from: i64) -> Result<(), sqlx::Error> {
        let done = usize::try_from(from).unwrap_or(0);
        for file in self.0.iter().skip(done) {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
            sqlx::raw_sql(*file).execute(&mut *connection).await?;
            sqlx::query("COMMIT").execute(&mut *connection).await?;
        }
        Ok(())
    }
}
