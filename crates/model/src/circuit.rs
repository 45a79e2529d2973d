//! The circuit breaker: stops calling a service that keeps failing, and says when it tries next.
//!
//! A pure state machine on the monotonic clock. So many service faults in a row open it; while open
//! every call is refused; after a pause one probe is let through (half-open); its result closes or
//! re-opens the circuit with a doubled pause. Our own rather than a library's because it must
//! survive restarts, run on our clock and explain itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::health::CircuitState;

/// Service faults in a row that open the circuit.
pub const FAULTS_TO_OPEN: u32 = 5;
/// The first pause.
pub const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// When a circuit opens, and for how long at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitRules {
    /// Service faults in a row that open it. At least 1.
    pub faults: u32,
    /// The first pause. Each further one is twice as long, up to [`LONGEST_PAUSE`].
    pub pause: Duration,
}

impl Default for CircuitRules {
    fn default() -> Self {
        Self { faults: FAULTS_TO_OPEN, pause: FIRST_PAUSE }
    }
}

/// The state of one circuit, per connection and host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Circuit {
    /// Calls pass.
    Closed {
        /// Service faults since the last success.
        faults: u32,
    },
    /// Calls are refused.
    Open {
        /// When a probe may pass, on the monotonic clock.
        until: Duration,
        /// The pause that led here; the next one is twice as long.
        pause: Duration,
    },
    /// One probe is under way.
    HalfOpen {
        /// The pause before the probe.
        pause: Duration,
    },
}

impl Default for Circuit {
    fn default() -> Self {
        Self::Closed { faults: 0 }
    }
}

impl Circuit {
    /// May a call pass now? `Err` holds how long to wait. Passing an open circuit whose pause is
    /// over makes this call the probe.
    pub fn admit(&mut self, now: Duration) -> Result<(), Duration> {
        match *self {
            Self::Closed { .. } => Ok(()),
            Self::Open { until, pause } if now >= until => {
                *self = Self::HalfOpen { pause };
                Ok(())
            }
            Self::Open { until, .. } => Err(until.saturating_sub(now)),
            Self::HalfOpen { pause } => Err(pause.min(Duration::from_secs(1))),
        }
    }

    /// A call was answered, in whatever words: the service is there.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A service fault happened at `now`.
    pub fn failed(&mut self, now: Duration, rules: CircuitRules) {
        *self = match *self {
            Self::Closed { faults } if faults + 1 < rules.faults => Self::Closed { faults: faults + 1 },
            Self::Closed { .. } => Self::Open { until: now + rules.pause, pause: rules.pause },
            Self::HalfOpen { pause } => {
                let pause = (pause * 2).min(LONGEST_PAUSE);
                Self::Open { until: now + pause, pause }
            }
            // A call that was under way when the circuit opened.
            open @ Self::Open { .. } => open,
        };
    }

    /// The probe ended without saying anything of the service (it was never sent): try again soon.
    pub fn probe_abandoned(&mut self, now: Duration) {
        if let Self::HalfOpen { pause } = *self {
            *self = Self::Open { until: now, pause };
        }
    }

    /// How it is for who asks, and how long until the next call may pass where it is open. One whose pause
    /// is over is half open: the next call decides.
    pub fn state(&self, now: Duration) -> (CircuitState, Option<Duration>) {
        match *self {
            Self::Closed { .. } => (CircuitState::Closed, None),
            Self::Open { until, .. } if until > now => (CircuitState::Open, Some(until.saturating_sub(now))),
            Self::Open { .. } | Self::HalfOpen { .. } => (CircuitState::HalfOpen, None),
        }
    }

    /// The same circuit seen by a process whose monotonic clock reads `new_now` where the old one
    /// read `old_now`. A probe that was under way when the process died is allowed again.
    #[must_use]
    pub fn carried_over(self, old_now: Duration, new_now: Duration) -> Self {
        match self {
            Self::Open { until, pause } => {
                Self::Open { until: new_now + until.saturating_sub(old_now).min(pause), pause }
            }
            Self::HalfOpen { pause } => Self::Open { until: new_now, pause },
            closed @ Self::Closed { .. } => closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn opens_after_five_faults_and_lets_one_probe_through() {
        let mut c = Circuit::default();
        for _ in 0..4 {
            c.failed(S(0), CircuitRules::default());
        }
        assert_eq!(c.admit(S(0)), Ok(()), "four faults are not enough");
        c.failed(S(0), CircuitRules::default());
        assert_eq!(c.admit(S(10)), Err(S(20)), "open says how long to wait");
        assert_eq!(c.state(S(10)), (CircuitState::Open, Some(S(20))));
        assert_eq!(c.state(S(30)), (CircuitState::HalfOpen, None), "nobody has asked yet");
        assert_eq!(c.admit(S(30)), Ok(()), "the probe");
        assert!(c.admit(S(30)).is_err(), "only one probe");
        c.failed(S(31), CircuitRules::default());
        assert_eq!(c.admit(S(31)), Err(S(60)), "the pause doubles");
        assert_eq!(c.admit(S(91)), Ok(()));
        c.succeeded();
        assert_eq!(c, Circuit::default());
    }

    #[test]
    fn opens_after_as_many_faults_and_for_as_long_as_it_is_told() {
        let rules = CircuitRules { faults: 2, pause: S(7) };
        let mut c = Circuit::default();
        c.failed(S(0), rules);
        assert_eq!(c.admit(S(0)), Ok(()), "one fault is not enough");
        c.failed(S(0), rules);
        assert_eq!(c.admit(S(0)), Err(S(7)));
        assert_eq!(c.admit(S(7)), Ok(()), "the probe");
        c.failed(S(7), rules);
        assert_eq!(c.admit(S(7)), Err(S(14)), "the pause doubles");
        let mut strict = Circuit::default();
        strict.failed(S(0), CircuitRules { faults: 1, pause: S(7) });
        assert_eq!(strict.admit(S(0)), Err(S(7)), "the first fault opens it");
    }

    #[test]
    fn a_success_in_between_starts_the_count_again() {
        let mut c = Circuit::default();
        for _ in 0..20 {
            c.failed(S(0), CircuitRules::default());
            c.failed(S(0), CircuitRules::default());
            c.succeeded();
        }
        assert_eq!(c.admit(S(0)), Ok(()));
    }

    #[test]
    fn survives_a_restart_and_never_waits_longer_than_its_pause() {
        let mut c = Circuit::default();
        for _ in 0..5 {
            c.failed(S(100), CircuitRules::default());
        }
        let mut after = c.carried_over(S(110), S(0));
        assert_eq!(after.admit(S(0)), Err(S(20)));
        let mut odd = c.carried_over(S(0), S(0));
        assert_eq!(odd.admit(S(0)), Err(S(30)));
        let mut probing = Circuit::HalfOpen { pause: S(60) }.carried_over(S(5), S(0));
        assert_eq!(probing.admit(S(0)), Ok(()));
    }
}
