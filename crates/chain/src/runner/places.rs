//! Places for runs that are worked on at the same time. A run that only waits, for its time, for somebody,
//! for a service or for the run of another chain, holds none.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patchbay_model::RunId;
use patchbay_model::run::Run;
use tokio::sync::{Notify, watch};

/// The places of a workspace. Cheap to clone; those of a new one never run out.
#[derive(Clone, Debug)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes one that waits for a place.
    room: Notify,
    /// Counts what was given back, for whoever begins runs.
    freed: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    /// Runs of events at the same time.
    most: usize,
    /// Runs of events that wait for a place.
    waiting: usize,
    /// Who works now, and whether it is counted.
    working: BTreeMap<RunId, bool>,
    /// Nobody begins or goes on: the program is about to end.
    closed: bool,
}

impl State {
    fn counted(&self) -> usize {
        self.working.values().filter(|counted| **counted).count()
    }
}

impl Default for Places {
    fn default() -> Self {
        let state = State { most: usize::MAX, waiting: 0, working: BTreeMap::new(), closed: false };
        Self(Arc::new(Shared { state: Mutex::new(state), room: Notify::new(), freed: watch::Sender::new(0) }))
    }
}

/// A place that a run holds; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    run: RunId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().working.remove(&self.run);
        self.places.0.room.notify_one();
        self.places.0.freed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// One that waits for a place, as long as it does.
struct Waiting<'p>(&'p Places);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

impl Places {
    /// Lets so many runs of events work at the same time from now on. Those that do already go on.
    pub fn set(&self, most: usize) {
        self.lock().most = most.max(1);
        self.tell();
    }

    /// Closed, nobody begins or goes on; who works now does to its end, or until it waits.
    pub fn close(&self, closed: bool) {
        self.lock().closed = closed;
        self.tell();
    }

    /// How many runs of events could begin now. Those that have begun before go first.
    pub fn free(&self) -> usize {
        let state = self.lock();
        if state.closed { 0 } else { state.most.saturating_sub(state.counted() + state.waiting) }
    }

    /// The runs that are worked on at this moment, whoever began them.
    pub fn working(&self) -> Vec<RunId> {
        self.lock().working.keys().cloned().collect()
    }

    /// Changes whenever a place may have become free.
    pub fn freed(&self) -> watch::Receiver<u64> {
        self.0.freed.subscribe()
    }

    /// Waits for a place. Only runs of events are counted: nobody waits for those.
    pub(super) async fn take(&self, run: &Run) -> Place {
        let counted = run.origin.kind.is_event();
        let mut waiting = None;
        loop {
            let mut room = pin!(self.0.room.notified());
            // Before the look, so that nothing is missed between look and wait.
            room.as_mut().enable();
            {
                let mut state = self.lock();
                if !state.closed && (!counted || state.counted() < state.most) {
                    return self.seat(&mut state, run, counted);
                }
                if counted && waiting.is_none() {
                    state.waiting += 1;
                    waiting = Some(Waiting(self));
                }
            }
            room.await;
        }
    }

    /// A place that is not counted, whoever else works: a person wished something of the run.
    pub(super) fn squeeze_in(&self, run: &Run) -> Place {
        self.seat(&mut self.lock(), run, false)
    }

    fn seat(&self, state: &mut State, run: &Run, counted: bool) -> Place {
        state.working.insert(run.id.clone(), counted);
        Place { places: self.clone(), run: run.id.clone() }
    }

    fn tell(&self) {
        self.0.room.notify_waiters();
        self.0.freed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::run::RunState;
    use patchbay_model::trigger::{OriginKind, RunOrigin};
    use serde_json::{Value, json};

    use super::*;

    fn run(kind: OriginKind) -> Run {
        Run {
            id: RunId::generate(),
            chain_id: "chain".into(),
            chain_version: 1,
            chain_hash: String::new(),
            snapshot: serde_json::from_value(json!({"schema": 1, "name": "c", "steps": []})).unwrap(),
            input: Value::Null,
            dry_run: false,
            state: RunState::Queued,
            boot: None,
            origin: RunOrigin { kind, ..RunOrigin::default() },
            created_at: "2026-11-20T12:00:00Z".parse().unwrap(),
            finished_at: None,
        }
    }

    async fn at_once(places: &Places, run: &Run) -> Option<Place> {
        tokio::time::timeout(Duration::from_millis(20), places.take(run)).await.ok()
    }

    #[tokio::test]
    async fn so_many_runs_of_events_work_at_once_and_others_beside_them() {
        let places = Places::default();
        places.set(2);
        let [a, b, c] = [(); 3].map(|()| run(OriginKind::Signal));
        let (first, _second) = (at_once(&places, &a).await.unwrap(), at_once(&places, &b).await.unwrap());
        assert_eq!(places.free(), 0);
        assert!(at_once(&places, &c).await.is_none(), "no third");
        let by_hand = at_once(&places, &run(OriginKind::ByHand)).await;
        assert!(by_hand.is_some(), "a person does not wait");
        let mut freed = places.freed();
        let (third, ()) = tokio::join!(places.take(&c), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(freed.has_changed().unwrap(), "who begins runs is told");
        freed.mark_unchanged();
        assert_eq!(places.working().len(), 3);
        places.set(3);
        assert_eq!((places.free(), freed.has_changed().unwrap()), (1, true));
        drop(third);
        assert_eq!(places.free(), 2);
    }

    #[tokio::test]
    async fn who_has_begun_goes_on_before_others_begin() {
        let places = Places::default();
        places.set(1);
        let held = at_once(&places, &run(OriginKind::Signal)).await.unwrap();
        let back = run(OriginKind::Signal);
        let mut waits = pin!(places.take(&back));
        assert!(futures_util::poll!(waits.as_mut()).is_pending());
        drop(held);
        assert_eq!(places.free(), 0, "the one place is promised");
        drop(waits.await);
        assert_eq!(places.free(), 1, "and given back");
    }

    #[tokio::test]
    async fn closed_nobody_goes_on_and_opened_everybody_does() {
        let places = Places::default();
        let (event, by_hand) = (run(OriginKind::Signal), run(OriginKind::ByHand));
        places.close(true);
        assert_eq!(places.free(), 0);
        assert!(at_once(&places, &event).await.is_none() && at_once(&places, &by_hand).await.is_none());
        drop(places.squeeze_in(&by_hand));
        let both = async { tokio::join!(places.take(&event), places.take(&by_hand)) };
        let (both, ()) = tokio::join!(both, async {
            tokio::task::yield_now().await;
            places.close(false);
        });
        assert_eq!(places.working().len(), 2);
        drop(both);
        assert!(places.working().is_empty());
    }
}
