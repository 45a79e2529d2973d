//! Waiting for a person: as long as they have, and until they no longer want to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::Clock;
use tokio::sync::Notify;

/// How often the clock is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(100);

/// A wait that can be ended and lengthened by whoever shows it.
pub(super) struct Wait {
    clock: Arc<dyn Clock>,
    /// On the monotonic clock.
    deadline: Mutex<Duration>,
    cancelled: AtomicBool,
    woken: Notify,
}

impl Wait {
    /// Begins, for so long from now.
    pub(super) fn begin(clock: Arc<dyn Clock>, time: Duration) -> Self {
        let deadline = Mutex::new(clock.monotonic() + time);
        Self { clock, deadline, cancelled: AtomicBool::new(false), woken: Notify::new() }
    }

    /// How much time is left.
    pub(super) fn left(&self) -> Duration {
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.saturating_sub(self.clock.monotonic())
    }

    /// Gives that much time from now, and says how much is left. A wait that is over stays over.
    pub(super) fn extend(&self, time: Duration) -> Duration {
        if !self.left().is_zero() {
            let mut deadline = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
            *deadline = self.clock.monotonic() + time;
        }
        self.left()
    }

    /// Ends it.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.woken.notify_one();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Returns when somebody may have ended it, or when it is time to look at the clock.
    pub(super) async fn moment(&self) {
        tokio::select! {
            () = self.woken.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }

    /// Returns when somebody has ended it.
    pub(super) async fn cancelled(&self) {
        while !self.is_cancelled() {
            self.woken.notified().await;
        }
    }
}
