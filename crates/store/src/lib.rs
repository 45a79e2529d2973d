//! One SQLite file per workspace: what is known, what happened, what is to be done.
//!
//! Every write goes through one writer that commits in groups and answers only once the commit is
//! durable (`WAL`, `synchronous=FULL`). Reads use a few connections that cannot write. Each table
//! has a file under `tables` with its row, its queries and its tests.
//!
//! # SQL and its offline data
//!
//! Queries are checked at compile time against `.sqlx/`, so that a build needs no database. After
//! a query or a migration has changed:
//!
//! 1. run `cargo run -p patchbay-store --features scratch --bin scratch-database -- <new file>`,
//!    which makes an empty database from `migrations/` without compiling any query;
//! 2. empty `crates/store/.sqlx/`;
//! 3. set the modification time of this file to now, because cargo does not watch the variables;
//! 4. run `cargo check -p patchbay-store` with `DATABASE_URL=sqlite://<the file>`,
//!    `SQLX_OFFLINE=false` and `SQLX_OFFLINE_DIR=<absolute path of crates/store/.sqlx>`: the macros
//!    look at the database and write one file per query;
//! 5. delete the scratch file and set this file's modification time again.
#![cfg(not(feature = "scratch"))]

mod awake;
mod backup;
mod column;
mod error;
mod files;
#[cfg(test)]
mod fixture;
mod migrations;
mod open;
mod owner;
mod retention;
mod store;
mod tables;
mod together;
mod workspaces;
mod writer;

pub use backup::BackupCopy;
pub use error::StoreError;
pub use open::{OpenOptions, Tuning};
pub use owner::OwnerLock;
pub use retention::Retained;
pub use store::Store;
pub use tables::answers::KeptAnswer;
pub use tables::audit::{AuditEntry, AuditFilter};
pub use tables::calls::{Call, CallKind, Seen};
pub use tables::chains::ChainState;
pub use tables::connections::ConnectionFilter;
pub use tables::credentials::KeptCredential;
pub use tables::effects::OwnEffect;
pub use tables::erasure::Erased;
pub use tables::gaps::Gap;
pub use tables::health::HealthSample;
pub use tables::health_buckets::{HALF_HOUR, HealthBucket, HealthWindow};
pub use tables::health_changes::HealthChange;
pub use tables::health_operations::FailureGroup;
pub use tables::history::Happened;
pub use tables::inbox::{DeliveryResult, DeliveryState, Kept, NewDelivery, SeenDelivery, WaitingDelivery};
pub use tables::job_list::{JobEntry, JobFilter, QueueFigures};
pub use tables::job_turns::{EndedJob, JobEnd};
pub use tables::jobs::{Job, Merge, NewJob, UniqueJob};
pub use tables::journal::Also;
pub use tables::links::RecordLink;
pub use tables::memory::{MemoryEntry, Remembered};
pub use tables::page::{Came, Page, PageCommit, PageResult};
pub use tables::pins::Pin;
pub use tables::quarantine::{Quarantined, QuarantinedItem};
pub use tables::runs_kept::RunRoom;
pub use tables::schedule_course::Went;
pub use tables::schedules::{Fired, Rhythm, Schedule, ScheduleKey, ScheduleKind};
pub use tables::sign_ins::{SignInAttempt, SignInRate};
pub use tables::signal_search::{After, COUNTED, FoundSignal, SignalKind};
pub use tables::standing::Standing;
pub use tables::step_calls::{StepCall, StepFigures};
pub use tables::timers::{Timer, TimerFired};
pub use tables::triggers::{NewTrigger, Taken, TriggerEvent};
pub use tables::webhooks::{RestoredWebhook, WebhookCount, WebhookRow};
pub use workspaces::workspaces;
pub use writer::WriterCounts;
