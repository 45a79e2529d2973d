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
}

impl Meter {
    /// What has been spent now. A clock that was put back adds nothing.
    pub(crate) fn spent(&self, now: Timestamp) -> SignedDuration {
        let open = self.since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        self.spent.saturating_add(open.max(SignedDuration::ZERO))
    }

    /// When so much will be spent, where nothing keeps the time from counting; none where it does not count.
    pub(crate) fn due(&self, allowed_ms: u64) -> Option<Timestamp> {
        let allowed = SignedDuration::from_millis(i64::try_from(allowed_ms).unwrap_or(i64::MAX));
        self.since?.checked_add(allowed.saturating_sub(self.spent)).ok()
    }
}

impl Progress {
    /// Takes in one fact.
    pub fn apply(&mut self, plan: &Plan, at: Timestamp, fact: &Fact) {
        // While no engine worked on the run, none could get on with it.
        if !matches!(fact, Fact::Started { recovered: true, .. }) {
            self.meter.spent = self.meter.spent(at);
        }
        self.take(plan, at, fact);
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
