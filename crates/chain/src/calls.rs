//! Calls and what became of them, as facts tell it. The report, and the figures of connections, come from
//! here.

use patchbay_model::StepId;
use patchbay_model::problem::Code;
use patchbay_model::report::ConnectionReport;
use patchbay_model::run::{Fact, Outcome, UndoOutcome};

use crate::machine::waits_for_person;

/// A call that was answered, or that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What went wrong; none where it succeeded.
    pub code: Option<Code>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Bytes received.
    pub bytes: u64,
}

/// The attempts at one thing that left this computer. What a lock kept here was announced, and is none. The
/// report and the figures of steps both count their repeats by this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts(u32);

impl Attempts {
    /// One is about to be sent.
    pub(crate) fn announce(&mut self) {
        self.0 += 1;
    }

    /// The one that was announced last could not be sent.
    pub(crate) fn take_back(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    /// Whether the last one repeats another.
    pub(crate) fn is_again(self) -> bool {
        self.0 > 1
    }

    /// How many there were.
    pub(crate) fn count(self) -> u32 {
        self.0
    }
}

/// The step and the item that a call belongs to whose end a fact tells of, and how it ended.
pub fn answered(fact: &Fact) -> Option<(&StepId, u32, Answered)> {
    match fact {
        Fact::Result { step, item, attempt, outcome, took_ms, bytes, .. } if *attempt > 0 => {
            let code = match outcome {
                Outcome::NotDone { problem }
                | Outcome::Unknown { problem }
                | Outcome::Quarantined { problem } => Some(problem.code()),
                Outcome::Done { .. } | Outcome::Skipped | Outcome::Shown { .. } => None,
            };
            Some((step, *item, Answered { code, took_ms: *took_ms, bytes: *bytes }))
        }
        // What could not leave this computer is no call.
        Fact::Deferred { problem, .. } | Fact::UndoDeferred { problem, .. }
            if waits_for_person(problem.code()) =>
        {
            None
        }
        Fact::Deferred { step, item, problem, took_ms: Some(took_ms), bytes, .. } => {
            let code = Some(problem.code());
            Some((step, *item, Answered { code, took_ms: *took_ms, bytes: *bytes }))
        }
        Fact::UndoDeferred { step, item, problem, took_ms: Some(took_ms), .. } => {
            let code = Some(problem.code());
            Some((step, *item, Answered { code, took_ms: *took_ms, bytes: 0 }))
        }
        Fact::UndoResult { step, item, outcome, took_ms: Some(took_ms) } => {
            let code = match outcome {
                UndoOutcome::Failed { problem, .. } => Some(problem.code()),
                UndoOutcome::Undone | UndoOutcome::Impossible | UndoOutcome::ByHand => None,
            };
            Some((step, *item, Answered { code, took_ms: *took_ms, bytes: 0 }))
        }
        _ => None,
    }
}

/// Calls, added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) sent: u32,
    pub(crate) ok: u32,
    pub(crate) failed: u32,
    pub(crate) held: u32,
    pub(crate) retries: u32,
    pub(crate) bytes: u64,
    took: Vec<u64>,
}

impl Calls {
    /// A request is sent, for the first time or once more.
    pub(crate) fn send(&mut self, again: bool) {
        self.sent += 1;
        self.retries += u32::from(again);
    }

    /// The last request could not be sent.
    pub(crate) fn take_back(&mut self, again: bool) {
        self.sent = self.sent.saturating_sub(1);
        self.retries = self.retries.saturating_sub(u32::from(again));
    }

    /// One ended.
    pub(crate) fn end(&mut self, answer: Answered) {
        match answer.code {
            None => self.ok += 1,
            Some(code) if code.is_failure() => self.failed += 1,
            Some(_) => self.held += 1,
        }
        self.bytes += answer.bytes;
        // What was refused before anything was sent took no time.
        if answer.code.is_none() || answer.took_ms > 0 {
            self.took.push(answer.took_ms);
        }
    }

    /// Takes in what another one counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.ok += other.ok;
        self.failed += other.failed;
        self.held += other.held;
        self.retries += other.retries;
        self.bytes += other.bytes;
        self.took.extend_from_slice(&other.took);
    }

    /// Time in calls, in milliseconds.
    pub(crate) fn took_ms(&self) -> u64 {
        self.took.iter().sum()
    }

    /// The 50th, 95th and 99th percentile of a call's time, in milliseconds, by nearest rank.
    pub(crate) fn percentiles(&self) -> [Option<u64>; 3] {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        [50, 95, 99].map(|percent| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied()
        })
    }

    /// As the report says it of a connection.
    pub(crate) fn report(&self, connection: String) -> ConnectionReport {
        let [p50_ms, p95_ms, p99_ms] = self.percentiles();
        ConnectionReport {
            connection,
            calls: self.sent,
            calls_ok: self.ok,
            calls_failed: self.failed,
            calls_held: self.held,
            retries: self.retries,
            bytes: self.bytes,
            call_ms: self.took_ms(),
            p50_ms,
            p95_ms,
            p99_ms,
        }
    }
}
