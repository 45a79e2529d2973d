//! Time that does not count against what a run may take, as nothing in its journal shows it: the computer slept, its
//! clock was moved, or a person is waited for whom the run of another chain asks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::run::{Fact, Run, RunState};
use patchbay_model::{RunId, Timestamp};

use super::Execution;

/// Clocks differ by less than that without anybody having done anything to them.
const DIFFERENCE: SignedDuration = SignedDuration::from_secs(1);

/// How the run of another chain gets on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rest {
    /// It works.
    #[default]
    Works,
    /// It waits for a time, or for others.
    Waits,
    /// It waits for a person.
    Asks,
}

impl Rest {
    /// What a run in this state does.
    fn of(state: RunState) -> Self {
        match state {
            RunState::NeedsYou | RunState::Paused => Self::Asks,
            RunState::Waiting => Self::Waits,
            _ => Self::Works,
        }
    }
}

/// The runs that wait for nothing but runs of other chains that ask a person, however far down that is. Their state
/// says that they wait. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Asking(Arc<Mutex<BTreeSet<RunId>>>);

impl Asking {
    fn all(&self) -> MutexGuard<'_, BTreeSet<RunId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, run: &RunId, asks: bool) {
        let mut all = self.all();
        if !asks {
            all.remove(run);
        } else if !all.contains(run) {
            all.insert(run.clone());
        }
    }

    /// Whether a run waits for nothing but that.
    pub fn has(&self, run: &RunId) -> bool {
        self.all().contains(run)
    }

    /// How a run gets on.
    pub(super) fn rest_of(&self, run: &Run) -> Rest {
        match Rest::of(run.state) {
            Rest::Waits if self.has(&run.id) => Rest::Asks,
            rest => rest,
        }
    }
}

/// What both clocks said at the last look, and whether a person was waited for from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    pub(super) now: Timestamp,
    monotonic: Duration,
    asks: bool,
}

impl Looked {
    pub(super) fn new(now: Timestamp, monotonic: Duration) -> Self {
        Self { now, monotonic, asks: false }
    }
}

impl Execution<'_> {
    /// Looks at the clocks, and leaves out what does not count of the time since it looked before.
    pub(super) fn look(&mut self) {
        let clock = &self.runner.clock;
        let next = Looked { now: clock.now(), monotonic: clock.monotonic(), asks: self.asks_with_others() };
        self.runner.asking.note(&self.run.id, next.asks);
        let before = std::mem::replace(&mut self.looked, next);
        let passed = next.now.duration_since(before.now);
        let worked = next.monotonic.saturating_sub(before.monotonic);
        let gap = passed.saturating_sub(SignedDuration::try_from(worked).unwrap_or(SignedDuration::MAX));
        if before.asks {
            self.progress.meter.leave_out(passed);
        } else if gap >= DIFFERENCE {
            self.progress.meter.leave_out(gap);
        }
        self.progress.meter.rest(next.asks);
    }

    /// What was left out since the last fact, to be noted before the next one: who reads the journal later has no
    /// clocks to look at. None where nothing limits the run.
    pub(super) fn left_out(&mut self) -> Option<Fact> {
        self.look();
        self.live.plan.allowed_ms.or(self.progress.allowed_ms)?;
        let left_out = Some(self.progress.meter.left_out()).filter(|left_out| *left_out >= DIFFERENCE)?;
        Some(Fact::Idle { ms: u64::try_from(left_out.as_millis()).unwrap_or(u64::MAX) })
    }

    /// Whether all that it does is to wait for runs of other chains that ask a person.
    fn asks_with_others(&self) -> bool {
        self.only_waits() && self.inner.all_rest(|rest| rest == Some(&Rest::Asks))
    }
}

impl Drop for Execution<'_> {
    fn drop(&mut self) {
        self.runner.asking.note(&self.run.id, false);
    }
}
