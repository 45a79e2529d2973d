//! Jobs: work in the background that outlives the process.
//!
//! A job is a row of the database, written in the commit that causes it, so that what happened and what
//! follows from it are never apart. The workers take what is due under the process's own boot; a process that
//! ends leaves its jobs to the next one.
//!
//! # Another engine
//!
//! [`JobEngine`] is all that the workers know of where jobs are kept. An engine with several processes, on
//! PostgreSQL say, has to promise the same: what [`JobEngine::turn`] gave is given to nobody else until it is
//! ended or its process is known to be gone; what ended is durable when `turn` returns; at most one job with
//! the same key waits or runs. Asking for a job belongs to the rows that cause it
//! ([`patchbay_store::UniqueJob`]), not to this interface.

mod workers;

use std::time::Duration;

use async_trait::async_trait;
use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use patchbay_store::{EndedJob, Job, Store, StoreError};
use serde_json::Value;

pub use workers::{Staff, Workers};

/// Who does what. Each queue has its own workers, so that none keeps another waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// First reads of a stream: long.
    Backfill,
    /// Reads of what is new in a stream.
    Delta,
    /// What services sent.
    Webhook,
    /// Health checks.
    Health,
    /// Runs of chains that nobody waits for.
    Run,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Backfill, Self::Delta, Self::Webhook, Self::Health, Self::Run];

    /// Its name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Delta => "delta",
            Self::Webhook => "webhook",
            Self::Health => "health",
            Self::Run => "run",
        }
    }

    /// Jobs at the same time where nobody says otherwise.
    pub fn usual_concurrency(self) -> u32 {
        match self {
            Self::Backfill => 2,
            Self::Delta => 5,
            Self::Webhook => 10,
            Self::Health => 3,
            // Those that only wait are not counted.
            Self::Run => 4,
        }
    }
}

/// Where jobs are kept; see the module.
#[async_trait]
pub trait JobEngine: Send + Sync {
    /// Writes down what became of jobs and takes up to `limit` that are due, the most urgent first.
    async fn turn(&self, queue: Queue, limit: u32, ended: Vec<EndedJob>) -> Result<Vec<Job>, StoreError>;

    /// When the next job of a queue is due; none where none waits.
    async fn next_due(&self, queue: Queue) -> Result<Option<Timestamp>, StoreError>;

    /// Gives what ended processes left behind to whoever asks next. Returns how much.
    async fn recover(&self) -> Result<u64, StoreError>;
}

#[async_trait]
impl JobEngine for Store {
    async fn turn(&self, queue: Queue, limit: u32, ended: Vec<EndedJob>) -> Result<Vec<Job>, StoreError> {
        self.job_turn(queue.as_str(), self.boot(), limit, ended).await
    }

    async fn next_due(&self, queue: Queue) -> Result<Option<Timestamp>, StoreError> {
        self.job_next_due(queue.as_str()).await
    }

    async fn recover(&self) -> Result<u64, StoreError> {
        self.job_recover(self.boot()).await
    }
}

/// Does the jobs of a queue. What it does may be cut off at every await, by a kill or because the user stops
/// it, and is then done again or not at all.
#[async_trait]
pub trait Work: Send + Sync {
    /// Does one job.
    async fn perform(&self, job: &Job) -> Outcome;
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is done. A result is kept for a while, to be looked at.
    Done(Option<Value>),
    /// It has to wait, which is no failure.
    Wait {
        /// Until when.
        until: Timestamp,
        /// For what.
        problem: Problem,
    },
    /// It failed, and may fare better in a moment. Given up after as many tries as the job allows.
    Failed(Problem),
    /// It failed, and trying again would not help.
    GivenUp(Problem),
}

/// The first pause is up to this.
const FIRST_PAUSE: Duration = Duration::from_secs(4);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// How long to wait before a job is tried again that has failed `attempts` times: anywhere up to a ceiling
/// that doubles (full jitter), so that what failed together does not come back together.
pub(crate) fn pause(attempts: u32, chance: f64) -> Duration {
    let ceiling = FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    ceiling.mul_f64(chance)
}

/// Work that came to an end that it did not choose.
pub(crate) fn broken() -> Problem {
    Problem::new(Code::Internal).detail("the work on a job broke off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_start_anywhere_below() {
        let full = [1, 2, 3, 4, 20, u32::MAX].map(|attempts| pause(attempts, 1.0).as_secs());
        assert_eq!(full, [4, 8, 16, 32, 300, 300]);
        assert_eq!(pause(3, 0.0), Duration::ZERO);
        assert_eq!(pause(3, 0.5), Duration::from_secs(8));
    }

    #[test]
    fn queues_have_the_names_and_sizes_that_the_guide_says() {
        let all = Queue::ALL.map(|queue| (queue.as_str(), queue.usual_concurrency()));
        let guide = [("backfill", 2), ("delta", 5), ("webhook", 10), ("health", 3), ("run", 4)];
        assert_eq!(all, guide);
    }
}
