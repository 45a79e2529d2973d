//! What to do about requests of which nobody knows what became.

use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::Timestamp;

use super::{Command, Round};
use crate::progress::Doubt;

/// How long a request may still be working its way through a service after we lost it. A lookup
/// that finds nothing before that proves nothing.
pub const LOOKUP_GRACE: Duration = Duration::from_secs(5);

/// A clock that says a time so much earlier than what is written down was put back.
const PUT_BACK: SignedDuration = SignedDuration::from_secs(30);

#[expect(clippy::large_enum_variant, reason = "one at a time, passed on at once")]
pub(super) enum Resolution {
    Do(Command),
    Later(Timestamp),
    User,
}

impl Round<'_> {
    /// Whether the clock was put back since something was written down. A pause that was meant to be short
    /// would take as long as the clock was moved.
    pub(super) fn was_put_back(&self, since: Timestamp) -> bool {
        since.duration_since(self.now) > PUT_BACK
    }

    /// What to do about a request of which nobody knows what became.
    pub(super) fn resolve(&self, step: usize, item: u32, doubt: &Doubt) -> Resolution {
        let plan = &self.plan.steps[step];
        let again = Resolution::Do(Command::Attempt { step, item, attempt: doubt.sent.attempt + 1 });
        if !plan.effect {
            return again;
        }
        let tries_left = doubt.problem.is_none() || doubt.sent.counted < plan.policy.tries;
        let repeatable = plan.repeat.is_recognised(doubt.sent.first_at, self.now);
        match doubt.not_before {
            _ if !(repeatable && tries_left) => self.ask(step, item, doubt),
            Some(at) if at > self.now && !self.was_put_back(doubt.sent.at) => Resolution::Later(at),
            _ => again,
        }
    }

    /// Asks the service where the operation declares how; else the user decides.
    pub(super) fn ask(&self, step: usize, item: u32, doubt: &Doubt) -> Resolution {
        let plan = &self.plan.steps[step];
        if !plan.lookup || doubt.asked >= plan.policy.tries.max(2) {
            return Resolution::User;
        }
        // How long ago it was sent is not known then, and asked too early the service proves nothing.
        if self.was_put_back(doubt.sent.at) {
            return Resolution::User;
        }
        let grace = SignedDuration::try_from(LOOKUP_GRACE).unwrap_or(SignedDuration::ZERO);
        let earliest = doubt.sent.at.checked_add(grace).unwrap_or(doubt.sent.at);
        match doubt.not_before.map_or(earliest, |at| at.max(earliest)) {
            at if at > self.now => Resolution::Later(at),
            _ => Resolution::Do(Command::AskService { step, item }),
        }
    }
}
