//! Time, injected. Wall clock for display, dates from services and token expiry; the monotonic
//! clock for delays, circuits and timeouts, so that a clock jump causes neither a storm nor a stall.

use std::time::{Duration, Instant};

pub use jiff::Timestamp;

/// Where time comes from. Production uses [`SystemClock`]; tests move a clock of their own.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall clock. May jump.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary fixed moment of this process. Never goes back.
    fn monotonic(&self) -> Duration;
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
}

/// A clock that stands still until it is moved. For tests and the crash simulator.
#[derive(Debug)]
pub struct ManualClock {
    state: std::sync::Mutex<(Timestamp, Duration)>,
}

impl ManualClock {
    /// Stands at `now`, with the monotonic clock at zero.
    pub fn at(now: Timestamp) -> Self {
        Self { state: std::sync::Mutex::new((now, Duration::ZERO)) }
    }

    /// Moves both clocks on by `step`.
    pub fn advance(&self, step: Duration) {
        let mut state = self.lock();
        state.0 += jiff::SignedDuration::try_from(step).unwrap_or(jiff::SignedDuration::ZERO);
        state.1 += step;
    }

    /// Moves only the wall clock, as a user or a time server does.
    pub fn jump_to(&self, now: Timestamp) {
        self.lock().0 = now;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Timestamp, Duration)> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().0
    }

    fn monotonic(&self) -> Duration {
        self.lock().1
    }
}
