//! What runs in a workspace of a program that stays: the scheduler and the workers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use patchbay_connector::Engine;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Clock, EventSink, JobId};
use patchbay_store::{ScheduleKind, Store};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::checks::Checks;
use crate::dice::Dice;
use crate::jobs::{Queue, Staff, Work, Workers};
use crate::poller::Poller;
use crate::reading::Reading;
use crate::schedule::{Connectors, Defaults, Scheduler};
use crate::timers::Timers;

/// How often the scheduler looks when nobody tells it to: no more than this is anything late.
const LOOK: Duration = Duration::from_secs(15);
/// It looks no more often than this.
const SOONEST: Duration = Duration::from_millis(200);
/// Every so many looks the schedules are compared with what the connectors say.
const RECONCILE: u32 = 4;
/// Jobs that ended well are kept for a week, those that were given up for a month.
const KEEP_ENDED: Duration = Duration::from_secs(7 * 86_400);
/// See [`KEEP_ENDED`].
const KEEP_GIVEN_UP: Duration = Duration::from_secs(30 * 86_400);
/// How often what is kept no longer is let go of.
const PRUNE: Duration = Duration::from_secs(60 * 60);
/// Rows that go in one transaction.
const ROWS: u32 = 500;

/// What the user decides about background work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knobs {
    /// Work that comes again.
    pub defaults: Defaults,
    /// Jobs at the same time, where not the usual number.
    pub concurrency: BTreeMap<Queue, u32>,
}

/// What polling needs of a workspace.
pub struct Parts {
    /// Where rows are kept.
    pub store: Store,
    /// The interpreter of connectors.
    pub engine: Engine,
    /// The connectors at hand.
    pub connectors: Arc<dyn Connectors>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Takes events on their way to the screen.
    pub events: Arc<dyn EventSink>,
    /// Who reads what.
    pub reading: Reading,
    /// Chance.
    pub dice: Dice,
    /// What the user decides.
    pub knobs: Knobs,
    /// Who does the jobs of other queues.
    pub others: BTreeMap<Queue, Arc<dyn Work>>,
}

/// The scheduler and the workers of a workspace, running. Dropping it ends them as a kill does.
pub struct Polling {
    workers: Arc<Workers>,
    defaults: watch::Sender<Defaults>,
    concurrency: watch::Sender<BTreeMap<Queue, u32>>,
    wake: Arc<Notify>,
    scheduling: JoinHandle<()>,
    timers_wake: Arc<Notify>,
    timing: JoinHandle<()>,
    pruning: JoinHandle<()>,
}

impl Polling {
    /// Takes up what an earlier start left behind, and starts.
    pub async fn start(parts: Parts) -> Result<Self, Problem> {
        let Parts { store, engine, connectors, clock, events, reading, dice, knobs, others } = parts;
        let defaults = watch::Sender::new(knobs.defaults);
        let concurrency = watch::Sender::new(knobs.concurrency);
        let poller: Arc<dyn Work> = Arc::new(Poller {
            store: store.clone(),
            engine: engine.clone(),
            connectors: connectors.clone(),
            clock: clock.clone(),
            events: events.clone(),
            reading,
            dice: dice.clone(),
            defaults: defaults.subscribe(),
        });
        let checks: Arc<dyn Work> = Arc::new(Checks {
            store: store.clone(),
            engine,
            connectors: connectors.clone(),
            clock: clock.clone(),
            events,
            dice: dice.clone(),
            defaults: defaults.subscribe(),
        });
        let mut work = others;
        work.extend([(Queue::Backfill, poller.clone()), (Queue::Delta, poller), (Queue::Health, checks)]);
        let staff = Staff {
            engine: Arc::new(store.clone()),
            work,
            concurrency: concurrency.subscribe(),
            clock: clock.clone(),
            dice: dice.clone(),
        };
        let workers = Arc::new(Workers::start(staff).await?);
        let wake = Arc::new(Notify::new());
        let scheduler = Scheduler::new(store.clone(), connectors, clock.clone(), dice, defaults.subscribe());
        let scheduling = tokio::spawn(schedule(scheduler, workers.clone(), wake.clone()));
        let timers_wake = Arc::new(Notify::new());
        let timers = Timers { store: store.clone(), clock: clock.clone() };
        let timing = tokio::spawn(time(timers, timers_wake.clone()));
        let pruning = tokio::spawn(prune(store, clock));
        Ok(Self { workers, defaults, concurrency, wake, scheduling, timers_wake, timing, pruning })
    }

    /// Something about connections, their streams or what is due has changed.
    pub fn changed(&self) {
        self.wake.notify_one();
    }

    /// What starts chains has changed.
    pub fn chains_changed(&self) {
        self.timers_wake.notify_one();
    }

    /// Work was asked for.
    pub fn asked(&self) {
        self.workers.wake_all();
    }

    /// Cuts off the work on a job. Whether it ran.
    pub fn cancel(&self, id: &JobId) -> bool {
        self.workers.cancel(id)
    }

    /// Takes what the user decides.
    pub fn set(&self, knobs: Knobs) {
        self.defaults.send_replace(knobs.defaults);
        self.concurrency.send_replace(knobs.concurrency);
        self.changed();
    }

    /// Ends: no more work is begun, what is under way is given a moment.
    pub async fn stop(&self) {
        self.scheduling.abort();
        self.timing.abort();
        self.pruning.abort();
        self.workers.stop().await;
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.scheduling.abort();
        self.timing.abort();
        self.pruning.abort();
    }
}

async fn schedule(scheduler: Scheduler, workers: Arc<Workers>, wake: Arc<Notify>) {
    let mut looks = 0;
    let mut told = true;
    loop {
        // A definition may have changed: nobody tells of that.
        if told || looks % RECONCILE == 0 {
            warn("schedules are not brought up to date", scheduler.reconcile().await);
        }
        looks = looks.wrapping_add(1);
        match scheduler.look().await {
            Ok(looked) if looked.asked > 0 || looked.jumped != 0 => workers.wake_all(),
            Ok(_) => {}
            Err(problem) => tracing::warn!(%problem, "what is due is not asked for now"),
        }
        let now = scheduler.clock.now();
        let mut wait = LOOK;
        let paused = scheduler.defaults.borrow().sync_paused;
        for kind in [ScheduleKind::Sync, ScheduleKind::Health] {
            if paused && kind == ScheduleKind::Sync {
                continue;
            }
            if let Ok(Some(next)) = scheduler.store.schedule_next(kind).await {
                wait = wait.min(Duration::try_from(next.duration_since(now)).unwrap_or_default());
            }
        }
        told = tokio::select! {
            () = tokio::time::sleep(wait.max(SOONEST)) => false,
            () = wake.notified() => true,
        };
    }
}

async fn time(timers: Timers, wake: Arc<Notify>) {
    loop {
        let now = timers.clock.now();
        let wait = match timers.look().await {
            Ok(Some(next)) => Duration::try_from(next.duration_since(now)).unwrap_or_default().min(LOOK),
            Ok(None) => LOOK,
            Err(problem) => {
                tracing::warn!(%problem, "chains are not started by the clock now");
                LOOK
            }
        };
        // Sooner or later does no harm: what is due is looked for anew.
        let _ = tokio::time::timeout(wait.max(SOONEST), wake.notified()).await;
    }
}

async fn prune(store: Store, clock: Arc<dyn Clock>) {
    loop {
        let now = clock.now();
        let before = |keep: Duration| now.checked_sub(keep).unwrap_or(now);
        loop {
            match store.job_prune(before(KEEP_ENDED), before(KEEP_GIVEN_UP), ROWS).await {
                Ok(gone) if gone == u64::from(ROWS) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "jobs that ended are not let go of now");
                    break;
                }
            }
        }
        tokio::time::sleep(PRUNE).await;
    }
}

fn warn(what: &'static str, result: Result<(), Problem>) {
    if let Err(problem) = result
        && problem.code() != Code::Internal
    {
        tracing::warn!(%problem, "{what}");
    }
}
