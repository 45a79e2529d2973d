//! The rate budget: token buckets that pace our calls, learn from what services say and survive
//! restarts. Pure, on the monotonic clock. A connector may declare several windows (3 a second
//! *and* 60 a minute); a call needs a token of each.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// At most `calls` in any `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateWindow {
    /// Calls allowed per window. At least 1.
    #[schemars(range(min = 1))]
    pub calls: u32,
    /// Length of the window in seconds. At least 1.
    #[schemars(range(min = 1))]
    pub seconds: u32,
    /// Calls that may go out at once: at least one, at most half of `calls`; a tenth where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
}

impl RateWindow {
    fn capacity(&self) -> f64 {
        f64::from(self.burst.unwrap_or(self.calls / 10).clamp(1, (self.calls / 2).max(1)))
    }
}

/// The budget of one connection and host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateBudget {
    buckets: Vec<Bucket>,
    /// The service told us to wait until then (monotonic).
    hold_until: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Bucket {
    window: RateWindow,
    tokens: f64,
    filled_at: Duration,
}

impl RateBudget {
    /// Full buckets for these windows; none means no limit of our own.
    ///
    /// A window's bucket holds `burst` tokens and refills at a pace that keeps *any* window of its
    /// length within `calls`: `(calls − burst)` per window.
    pub fn new(windows: &[RateWindow], now: Duration) -> Self {
        let buckets =
            windows.iter().map(|w| Bucket { window: *w, tokens: w.capacity(), filled_at: now }).collect();
        Self { buckets, hold_until: Duration::ZERO }
    }

    /// Takes one token of each window, or says how long until that is possible. Takes nothing then.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        if now < self.hold_until {
            return Err(self.hold_until.saturating_sub(now));
        }
        let mut wait = Duration::ZERO;
        for bucket in &mut self.buckets {
            bucket.refill(now);
            if bucket.tokens < 1.0 {
                let pause = Duration::from_secs_f64((1.0 - bucket.tokens) / bucket.pace());
                wait = wait.max(pause + Duration::from_millis(1));
            }
        }
        if wait > Duration::ZERO {
            return Err(wait);
        }
        for bucket in &mut self.buckets {
            bucket.tokens -= 1.0;
        }
        Ok(())
    }

    /// The service asked us to wait this long (`Retry-After`, or a reset header).
    pub fn hold(&mut self, now: Duration, wait: Duration) {
        self.hold_until = self.hold_until.max(now + wait);
    }

    /// When the pause that the service asked for is over, on the monotonic clock; none where there is none.
    pub fn held(&self, now: Duration) -> Option<Duration> {
        Some(self.hold_until).filter(|until| *until > now)
    }

    /// Of each window: calls that may go out at once now, and at most.
    pub fn left(&self, now: Duration) -> Vec<(RateWindow, u32, u32)> {
        let left = |bucket: &Bucket| {
            let mut bucket = bucket.clone();
            bucket.refill(now);
            (bucket.window, bucket.tokens.floor() as u32, bucket.window.capacity().floor() as u32)
        };
        self.buckets.iter().map(left).collect()
    }

    /// Whether it keeps within exactly these windows.
    pub fn keeps(&self, windows: &[RateWindow]) -> bool {
        self.buckets.len() == windows.len() && self.buckets.iter().zip(windows).all(|(b, w)| b.window == *w)
    }

    /// The windows it keeps within.
    pub fn windows(&self) -> Vec<RateWindow> {
        self.buckets.iter().map(|b| b.window).collect()
    }

    /// The same budget under another monotonic clock, for these windows: no tokens are won by restarting, nor by
    /// changing windows. One that is new begins with no more than the scarcest of those before it has left.
    #[must_use]
    pub fn carried_over(mut self, old_now: Duration, new_now: Duration, windows: &[RateWindow]) -> Self {
        if !self.keeps(windows) {
            let hold = self.hold_until.saturating_sub(old_now);
            for bucket in &mut self.buckets {
                bucket.refill(old_now);
            }
            let scarcest = self.buckets.iter().map(|bucket| bucket.tokens).reduce(f64::min);
            let before = std::mem::take(&mut self.buckets);
            self = Self::new(windows, new_now);
            for bucket in &mut self.buckets {
                let same = before.iter().find(|old| old.window == bucket.window).map(|old| old.tokens);
                bucket.tokens = same.or(scarcest).map_or(bucket.tokens, |left| bucket.tokens.min(left));
            }
            self.hold_until = if hold.is_zero() { Duration::ZERO } else { new_now + hold };
            return self;
        }
        for bucket in &mut self.buckets {
            bucket.refill(old_now);
            bucket.filled_at = new_now;
        }
        let hold = self.hold_until.saturating_sub(old_now);
        self.hold_until = if hold.is_zero() { Duration::ZERO } else { new_now + hold };
        self
    }
}

impl Bucket {
    /// Tokens per second.
    fn pace(&self) -> f64 {
        let calls = f64::from(self.window.calls.max(1));
        let spare = if calls > 1.0 { calls - self.window.capacity() } else { calls };
        spare / f64::from(self.window.seconds.max(1))
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.pace()).min(self.window.capacity());
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(calls: u32, seconds: u32, burst: Option<u32>) -> RateWindow {
        RateWindow { calls, seconds, burst }
    }

    proptest! {
        #[test]
        fn no_window_ever_sees_more_calls_than_allowed(
            calls in 2u32..200, seconds in 1u32..90, share in 1u32..50, restart in 0usize..400,
        ) {
            let burst = (calls * share / 100).max(1);
            let windows = [window(calls, seconds, Some(burst))];
            let mut budget = RateBudget::new(&windows, Duration::ZERO);
            let (mut now, mut sent) = (Duration::ZERO, Vec::new());
            for i in 0..600 {
                if i == restart {
                    budget = budget.carried_over(now, now, &windows);
                }
                match budget.take(now) {
                    Ok(()) => sent.push(now),
                    Err(wait) => now += wait,
                }
            }
            let length = Duration::from_secs(u64::from(seconds));
            for (i, start) in sent.iter().enumerate() {
                let within = sent[i..].iter().take_while(|t| **t < *start + length).count();
                prop_assert!(within <= calls as usize, "{within} calls in {seconds} s, {calls} allowed");
            }
            prop_assert!(sent.len() > 1, "the budget let something through");
        }
    }

    #[test]
    fn what_is_left_is_told_and_nothing_is_taken_by_asking() {
        let mut b = RateBudget::new(&[window(10, 10, Some(5))], Duration::ZERO);
        b.take(Duration::ZERO).unwrap();
        b.take(Duration::ZERO).unwrap();
        let left =
            |b: &RateBudget, s| b.left(Duration::from_secs(s)).iter().map(|w| (w.1, w.2)).collect::<Vec<_>>();
        assert_eq!(left(&b, 0), [(3, 5)]);
        assert_eq!(left(&b, 2), [(4, 5)], "half a call a second comes back");
        assert_eq!(left(&b, 0), [(3, 5)]);
        assert_eq!(b.held(Duration::ZERO), None);
        b.hold(Duration::ZERO, Duration::from_secs(9));
        assert_eq!(b.held(Duration::from_secs(1)), Some(Duration::from_secs(9)));
        assert_eq!(b.held(Duration::from_secs(9)), None);
    }

    #[test]
    fn no_calls_are_won_by_changing_windows() {
        let day = window(100, 86_400, Some(50));
        let mut b = RateBudget::new(&[day], Duration::ZERO);
        while b.take(Duration::ZERO).is_ok() {}
        for windows in [vec![day, window(60, 60, None)], vec![window(60, 60, None)], vec![day]] {
            b = b.carried_over(Duration::ZERO, Duration::ZERO, &windows);
            assert!(b.take(Duration::ZERO).is_err(), "{windows:?}");
        }
    }

    #[test]
    fn a_hold_outlives_a_restart() {
        let mut b = RateBudget::new(&[], Duration::from_secs(50));
        b.hold(Duration::from_secs(50), Duration::from_secs(60));
        let mut b = b.carried_over(Duration::from_secs(60), Duration::ZERO, &[window(10, 1, None)]);
        assert_eq!(b.take(Duration::ZERO), Err(Duration::from_secs(50)), "new windows do not lift a hold");
        assert_eq!(b.take(Duration::from_secs(50)), Ok(()));
    }
}
