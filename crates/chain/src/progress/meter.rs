//! How long a run has taken, as far as that counts against the time that its chain allows.

use jiff::SignedDuration;
use patchbay_model::Timestamp;
use patchbay_model::run::Fact;

use super::Progress;
use crate::items::{Counts, Items};
use crate::plan::Plan;

/// Adds up the time between facts while it counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    spent: SignedDuration,
    /// It counts since then.
    since: Option<Timestamp>,
    /// What does not count of the time since then.
    left_out: SignedDuration,
    /// Nor does what passes now.
    rests: bool,
}

impl Meter {
    /// What has been spent now. A clock that was put back adds nothing.
    pub(crate) fn spent(&self, now: Timestamp) -> SignedDuration {
        let open = self.since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        self.spent.saturating_add(open.saturating_sub(self.left_out).max(SignedDuration::ZERO))
    }

    /// When so much will be spent, where nothing keeps the time from counting; none where it does not count.
    pub(crate) fn due(&self, allowed_ms: u64) -> Option<Timestamp> {
        let allowed = SignedDuration::from_millis(i64::try_from(allowed_ms).unwrap_or(i64::MAX));
        let left = allowed.saturating_sub(self.spent).saturating_add(self.left_out);
        self.since.filter(|_| !self.rests)?.checked_add(left).ok()
    }

    /// Leaves out so much of the time since the last fact.
    pub(crate) fn leave_out(&mut self, passed: SignedDuration) {
        self.left_out = self.left_out.saturating_add(passed.max(SignedDuration::ZERO));
    }

    /// From now on what passes is left out, or is not any more.
    pub(crate) fn rest(&mut self, rests: bool) {
        self.rests = rests;
    }

    /// What was left out since the last fact.
    pub(crate) fn left_out(&self) -> SignedDuration {
        self.left_out
    }
}

impl Progress {
    /// Takes in one fact.
    pub fn apply(&mut self, plan: &Plan, at: Timestamp, fact: &Fact) {
        if let Fact::Idle { ms } = fact {
            self.meter.left_out = SignedDuration::from_millis(i64::try_from(*ms).unwrap_or(i64::MAX));
        }
        // While no engine worked on the run, none could get on with it.
        if !matches!(fact, Fact::Started { recovered: true, .. }) {
            self.meter.spent = self.meter.spent(at);
        }
        self.take(plan, at, fact);
        self.meter.left_out = SignedDuration::ZERO;
        self.meter.since = self.is_counted().then_some(at);
    }

    /// Whether the time that passes now counts: not what a person is waited for, nor what comes after the main
    /// part.
    fn is_counted(&self) -> bool {
        let rests = !self.checked || self.paused || self.held || self.stuck;
        if rests || self.ended.is_some() || self.finished.is_some() {
            return false;
        }
        let all = || self.steps.iter().filter_map(|step| step.items.as_ref()).map(Items::counts);
        let of = |count: fn(Counts) -> u32| all().map(count).sum::<u32>();
        of(|counts| counts.in_flight) > 0 || of(|counts| counts.asking + counts.doubts) == 0
    }

    /// Whether its steps are to send nothing more because they have taken too long.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.timed_out && self.ended.is_none()
    }
}
