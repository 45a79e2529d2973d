//! Time, injected. Wall clock for display, dates from services and token expiry; the monotonic
//! clock for delays, circuits and timeouts, so that a clock jump causes neither a storm nor a stall.

use std::time::{Duration, Instant};

pub use jiff::Timestamp;

/// Where time comes from. Production uses [`SystemClock`]; tests move a clock of their own.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall clock. May jump.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary fixed moment of this process. Never goes back, and stands still in sleep.
    fn monotonic(&self) -> Duration;

    /// Time since an arbitrary fixed moment, sleep included. Never goes back, and nobody can set it: what
    /// tells a sleep from a clock that was put forward.
    fn with_sleep(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is given")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn with_sleep(&self) -> Duration {
        // proc(5): the time since boot with that spent in suspend, to ten milliseconds. Where there is none,
        // sleep is not counted.
        let read = std::fs::read_to_string("/proc/uptime").ok();
        let seconds = read.and_then(|text| text.split_whitespace().next()?.parse().ok());
        let passed = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        passed.unwrap_or_else(|| self.start.elapsed())
    }
}

/// A clock that stands still until it is moved. For tests and the crash simulator.
#[derive(Debug)]
pub struct ManualClock {
    state: std::sync::Mutex<Hands>,
}

#[derive(Clone, Copy, Debug)]
struct Hands {
    now: Timestamp,
    monotonic: Duration,
    slept: Duration,
}

/// Another clock, which stands where this one does.
impl Clone for ManualClock {
    fn clone(&self) -> Self {
        let hands = *self.lock();
        Self { state: std::sync::Mutex::new(hands) }
    }
}

impl ManualClock {
    /// Stands at `now`, with the monotonic clock at zero.
    pub fn at(now: Timestamp) -> Self {
        let hands = Hands { now, monotonic: Duration::ZERO, slept: Duration::ZERO };
        Self { state: std::sync::Mutex::new(hands) }
    }

    /// Moves all clocks on by `step`.
    pub fn advance(&self, step: Duration) {
        let mut hands = self.lock();
        hands.now += signed(step);
        hands.monotonic += step;
    }

    /// Moves them on as the sleep of a computer does.
    pub fn sleep(&self, step: Duration) {
        let mut hands = self.lock();
        hands.now += signed(step);
        hands.slept += step;
    }

    /// Moves only the wall clock, as a user or a time server does.
    pub fn jump_to(&self, now: Timestamp) {
        self.lock().now = now;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Hands> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn signed(step: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(step).unwrap_or(jiff::SignedDuration::ZERO)
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn monotonic(&self) -> Duration {
        self.lock().monotonic
    }

    fn with_sleep(&self) -> Duration {
        let hands = self.lock();
        hands.monotonic + hands.slept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_counts_sleep_counts_since_the_start_of_the_computer() {
        let clock = SystemClock::new();
        let first = clock.with_sleep();
        assert!(first > Duration::from_secs(1) && clock.with_sleep() >= first, "{first:?}");
    }
}
