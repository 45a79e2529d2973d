//! One file per table: its rows, its queries, its tests.

pub(crate) mod answers;
pub(crate) mod audit;
pub(crate) mod calls;
mod chains;
mod checkpoints;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod gaps;
pub(crate) mod health;
pub(crate) mod inbox;
pub(crate) mod job_list;
pub(crate) mod job_turns;
pub(crate) mod jobs;
mod journal;
pub(crate) mod limits;
pub(crate) mod meta;
pub(crate) mod page;
pub(crate) mod quarantine;
mod runs;
pub(crate) mod schedules;
mod settings;
pub(crate) mod sign_ins;
mod signals;
pub(crate) mod triggers;
pub(crate) mod webhooks;
