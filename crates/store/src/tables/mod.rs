//! One file per table: its rows, its queries, its tests.

/// A write of one statement: in how many rows it changed something. Takes what `sqlx::query!` takes; whatever
/// is bound must be owned.
macro_rules! changed {
    ($store:expr, $($query:tt)+) => {
        $store
            .write_one(move |tx| {
                Box::pin(async move {
                    let done = sqlx::query!($($query)+).execute(tx).await?;
                    Ok(done.rows_affected())
                })
            })
            .await
    };
}

pub(crate) mod answers;
pub(crate) mod append;
pub(crate) mod audit;
pub(crate) mod awaited;
pub(crate) mod call_records;
pub(crate) mod calls;
pub(crate) mod chains;
mod checkpoints;
mod connection_names;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod effects;
pub(crate) mod erasure;
mod firings;
pub(crate) mod gaps;
pub(crate) mod health;
pub(crate) mod health_buckets;
pub(crate) mod health_changes;
pub(crate) mod health_operations;
pub(crate) mod history;
pub(crate) mod inbox;
pub(crate) mod inbox_keep;
pub(crate) mod job_list;
pub(crate) mod job_turns;
pub(crate) mod jobs;
pub(crate) mod journal;
pub(crate) mod limits;
pub(crate) mod links;
pub(crate) mod memory;
pub(crate) mod meta;
pub(crate) mod page;
pub(crate) mod pins;
pub(crate) mod quarantine;
pub(crate) mod runs;
pub(crate) mod runs_in_parts;
pub(crate) mod runs_kept;
mod saved_filters;
pub(crate) mod schedule_course;
pub(crate) mod schedules;
mod settings;
pub(crate) mod sign_ins;
pub(crate) mod signal_search;
mod signal_words;
mod signals;
pub(crate) mod standing;
pub(crate) mod step_calls;
pub(crate) mod timers;
pub(crate) mod triggers;
pub(crate) mod webhooks;
