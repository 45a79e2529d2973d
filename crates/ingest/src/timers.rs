//! Chains that the clock starts. What is due next stands in rows, so that a start, a sleep or a clock that
//! jumps neither loses a start nor heaps them up: however often a time was missed, it comes once, and the
//! chain's own trigger says whether it is made up for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::chain::ChainVersion;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::trigger::Trigger;
use patchbay_model::{Clock, EventKind, Timestamp};
use patchbay_store::{Store, TimerFired};

use crate::rhythm;

/// The shortest interval between two starts.
const SHORTEST: Duration = Duration::from_secs(10);
/// A plan that was made so much later than now was made under a clock that has been put back since.
const BACK: Duration = Duration::from_secs(30);

/// Writes the events of chains that the clock starts.
pub struct Timers {
    /// Where rows are kept.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Timers {
    /// Plans what is not planned yet, writes what is due, and says when the next is.
    pub async fn look(&self) -> Result<Option<Timestamp>, Problem> {
        // Later is soon enough: what was missed meanwhile comes once.
        if self.store.triggers_paused() {
            return Ok(None);
        }
        let mut waiting = self.store.chains_waiting(EventKind::Schedule).await?;
        waiting.extend(self.store.chains_waiting(EventKind::Interval).await?);
        let known = self.store.timers().await?;
        let wanted: BTreeSet<&str> = waiting.iter().map(|version| version.id.as_str()).collect();
        for timer in known.iter().filter(|timer| !wanted.contains(timer.chain.as_str())) {
            self.store.timer_remove(&timer.chain).await?;
        }
        let now = self.clock.now();
        let mut soonest: Option<Timestamp> = None;
        for version in &waiting {
            let trigger = serde_json::to_string(&version.chain.trigger)
                .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
            let planned = known.iter().find(|timer| timer.chain == version.id && timer.trigger == trigger);
            let limit = now.checked_add(BACK).unwrap_or(now);
            let next = match planned.filter(|timer| timer.planned_at <= limit) {
                Some(timer) => self.fire(version, timer.next_at, now).await?,
                None => {
                    let next = next(version, None, now);
                    self.store.timer_plan(&version.id, &trigger, next).await?;
                    next
                }
            };
            soonest = soonest.into_iter().chain(next).min();
        }
        Ok(soonest)
    }

    /// Writes the event of a timer that is due. Gives when it is due then.
    async fn fire(
        &self,
        version: &ChainVersion,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Problem> {
        let Some((due, kind)) = due.filter(|due| *due <= now).zip(version.chain.trigger.kind()) else {
            return Ok(due);
        };
        let next = next(version, Some(due), now);
        self.store.timer_fire(TimerFired { chain: version.id.clone(), kind, due, next }).await?;
        Ok(next)
    }
}

/// When a chain is due after `now`, having been due at `due`. An interval keeps its step.
fn next(version: &ChainVersion, due: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    match &version.chain.trigger {
        Trigger::Schedule { cron, zone, .. } => match rhythm::next_of_pattern(cron, Some(zone), now) {
            Ok(next) => next,
            Err(problem) => {
                tracing::warn!(chain = %version.id, %problem, "no time is planned");
                None
            }
        },
        Trigger::Interval { seconds, .. } => {
            let step = Duration::from_secs(*seconds).max(SHORTEST);
            let from = due.filter(|due| *due <= now).unwrap_or(now);
            let passed = Duration::try_from(now.duration_since(from)).unwrap_or_default();
            let steps = u32::try_from(passed.as_millis() / step.as_millis()).ok()?.checked_add(1)?;
            from.checked_add(step.checked_mul(steps)?).ok()
        }
        Trigger::Manual { .. }
        | Trigger::Signal { .. }
        | Trigger::Webhook { .. }
        | Trigger::Chain { .. }
        | Trigger::File { .. } => None,
    }
}
