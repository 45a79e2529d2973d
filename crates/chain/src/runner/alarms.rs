//! When runs that wait are due. One look at the clock stands for all of them: it may be moved, and timers
//! stand still while the computer sleeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::{Clock, Timestamp};
use tokio::sync::{Notify, oneshot};

/// How often the clock is looked at while somebody waits.
const LOOK: Duration = Duration::from_secs(10);

/// A run that waits looks for itself after so long, should nobody have told it.
const OWN_LOOK: Duration = Duration::from_secs(300);

/// A clock that says a time so much earlier than at the last look was put back.
const PUT_BACK: SignedDuration = SignedDuration::from_secs(1);

/// Who waits for which time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Alarms(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Somebody waits for an earlier time than anybody before.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Who waits, the earliest first; the number tells those apart that wait for the same time.
    waiting: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next: u64,
    /// What the clock said at the last look.
    seen: Option<Timestamp>,
    /// Whether a task looks at the clock.
    watched: bool,
}

/// One that waits, as long as it does.
struct Waiting<'a> {
    alarms: &'a Alarms,
    key: (Timestamp, u64),
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.alarms.lock().waiting.remove(&self.key);
    }
}

/// Who looks at the clock. However its task ends, the next that waits begins another one.
struct Watch {
    shared: Weak<Shared>,
    /// It has said so itself.
    ended: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade().filter(|_| !self.ended) {
            Alarms(shared).lock().watched = false;
        }
    }
}

impl Alarms {
    /// Waits until the clock says a time, or was put back since it said `seen`; at most five minutes.
    pub(super) async fn until(&self, clock: &Arc<dyn Clock>, seen: Timestamp, due: Timestamp) {
        let (wake, woken) = oneshot::channel();
        let (waiting, first) = {
            let mut state = self.lock();
            let key = (due, state.next);
            state.next += 1;
            let begins = !std::mem::replace(&mut state.watched, true);
            state.seen = Some(state.seen.filter(|_| !begins).map_or(seen, |last| last.max(seen)));
            let first = state.waiting.keys().next().is_none_or(|earliest| key < *earliest);
            state.waiting.insert(key, wake);
            if begins {
                let watching = Watch { shared: Arc::downgrade(&self.0), ended: false };
                tokio::spawn(watch(watching, clock.clone()));
            }
            (Waiting { alarms: self, key }, first)
        };
        if first {
            self.0.earlier.notify_one();
        }
        let _ = tokio::time::timeout(OWN_LOOK, woken).await;
        drop(waiting);
    }

    /// Looks at the clock and wakes who is due, everybody where it was put back: pauses may have become
    /// longer than they were meant. Gives how long nobody will be due; none where nobody waits.
    pub fn look(&self, clock: &dyn Clock) -> Option<Duration> {
        let now = clock.now();
        let mut state = self.lock();
        let put_back = state.seen.is_some_and(|seen| seen.duration_since(now) > PUT_BACK);
        state.seen = Some(now);
        while let Some(first) = state.waiting.first_entry()
            && (put_back || first.key().0 <= now)
        {
            // Whoever waited may be gone.
            let _ = first.remove().send(());
        }
        let (due, _) = state.waiting.keys().next()?;
        Some(Duration::try_from(due.duration_since(now)).unwrap_or_default())
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the clock as long as somebody waits.
async fn watch(mut watching: Watch, clock: Arc<dyn Clock>) {
    loop {
        let Some(shared) = watching.shared.upgrade() else { return };
        let alarms = Alarms(shared);
        let Some(left) = alarms.look(&*clock) else {
            let mut state = alarms.lock();
            if state.waiting.is_empty() {
                // Said under the lock: whoever comes now begins a new watch.
                (state.watched, watching.ended) = (false, true);
                return;
            }
            continue;
        };
        let pause = (left + Duration::from_millis(1)).min(LOOK);
        let _ = tokio::time::timeout(pause, alarms.0.earlier.notified()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;

    use futures_util::FutureExt;
    use patchbay_model::time::ManualClock;

    use super::*;

    type Wait<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

    /// So many wait for one time, and two for an hour later.
    fn thousand<'a>(alarms: &'a Alarms, clock: &'a Arc<dyn Clock>, hours: i64) -> Vec<Wait<'a>> {
        let now = clock.now();
        let due = now + SignedDuration::from_hours(hours);
        let later = due + SignedDuration::from_hours(1);
        let all = std::iter::repeat_n(due, 1_000).chain([later, later]);
        let mut waits: Vec<Wait<'a>> =
            all.map(|due| Box::pin(alarms.until(clock, now, due)) as Wait<'a>).collect();
        assert_eq!(woken(&mut waits), 0);
        waits
    }

    /// How many have been woken since, who then wait no more.
    fn woken(waits: &mut Vec<Wait<'_>>) -> usize {
        let before = waits.len();
        waits.retain_mut(|wait| tokio::task::unconstrained(wait.as_mut()).now_or_never().is_none());
        before - waits.len()
    }

    #[tokio::test]
    async fn who_waits_is_woken_when_it_is_due_and_not_before() {
        let (alarms, hands) = (Alarms::default(), Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)));
        let clock: Arc<dyn Clock> = hands.clone();
        let mut waits = thousand(&alarms, &clock, 2);
        for _ in 0..100 {
            hands.advance(Duration::from_secs(60));
            assert!(alarms.look(&*clock).is_some());
            assert_eq!(woken(&mut waits), 0, "nothing is due yet");
        }
        hands.advance(Duration::from_secs(1_200));
        assert_eq!(alarms.look(&*clock), Some(Duration::from_secs(3_600)));
        assert_eq!(woken(&mut waits), 1_000);
        hands.sleep(Duration::from_secs(3_600));
        assert_eq!(alarms.look(&*clock), None);
        assert_eq!((woken(&mut waits), waits.len()), (2, 0), "sleep is time too");
    }

    #[tokio::test]
    async fn a_clock_that_is_put_back_wakes_everybody_and_who_has_gone_is_forgotten() {
        let (alarms, hands) = (Alarms::default(), Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)));
        let clock: Arc<dyn Clock> = hands.clone();
        let mut waits = thousand(&alarms, &clock, 2);
        hands.jump_to(Timestamp::UNIX_EPOCH - SignedDuration::from_hours(24));
        alarms.look(&*clock);
        assert_eq!(woken(&mut waits), 1_002);
        let waits = thousand(&alarms, &clock, 2);
        drop(waits);
        assert!(alarms.lock().waiting.is_empty());
        assert_eq!(alarms.look(&*clock), None);
    }

    #[tokio::test]
    async fn one_task_looks_for_all_and_ends_with_the_last_of_them() {
        let alarms = Alarms::default();
        let clock: Arc<dyn Clock> = Arc::new(patchbay_model::SystemClock::new());
        let now = clock.now();
        let soon = now + SignedDuration::from_millis(30);
        let all = std::iter::repeat_with(|| alarms.until(&clock, now, soon)).take(100);
        futures_util::future::join_all(all).await;
        while alarms.lock().watched {
            tokio::task::yield_now().await;
        }
        // And begins anew with the next.
        alarms.until(&clock, soon, soon + SignedDuration::from_millis(5)).await;
    }
}
