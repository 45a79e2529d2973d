//! The scheduler: asks for the work that is due. What is due stands in rows, so that a start, a sleep or a
//! clock that jumps loses nothing and hurries nothing.
//!
//! What is more than a moment late was missed: the program was closed, the computer slept, or somebody moved
//! the clock. It is done once, however often it was missed, and spread over time. What was planned under a
//! clock that has been put back since is moved back with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_connector::Compiled;
use patchbay_model::permissions::may_read;
use patchbay_model::problem::Problem;
use patchbay_model::{Clock, ConnectionId, ConnectorId, Timestamp};
use patchbay_store::{
    ConnectionFilter, Fired, Merge, NewJob, Schedule, ScheduleKey, ScheduleKind, Store, UniqueJob,
};
use serde_json::json;
use tokio::sync::watch;

use crate::dice::Dice;
use crate::jobs::Queue;
use crate::rhythm;

/// Where connectors come from.
pub trait Connectors: Send + Sync {
    /// The connector with this id, ready to be interpreted.
    fn compiled(&self, id: &ConnectorId) -> Result<Arc<Compiled>, Problem>;
}

/// What the user decides about work that comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Seconds between two reads of a stream whose connector does not say.
    pub poll_seconds: u32,
    /// Seconds between two health checks.
    pub health_seconds: u32,
    /// The same of connections that have a number of their own.
    pub own_health_seconds: BTreeMap<ConnectionId, u32>,
    /// Tries of a job before it is given up.
    pub tries: u32,
    /// Nothing is read by itself.
    pub sync_paused: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            poll_seconds: 300,
            health_seconds: 900,
            own_health_seconds: BTreeMap::new(),
            tries: 5,
            sync_paused: false,
        }
    }
}

impl Defaults {
    /// Seconds between two health checks of a connection.
    pub fn health_seconds_of(&self, connection: &ConnectionId) -> u32 {
        self.own_health_seconds.get(connection).copied().unwrap_or(self.health_seconds)
    }
}

/// What is later than this was missed.
const MISSED: Duration = Duration::from_secs(60);
/// What was missed begins one after another, with this pause.
const APART: Duration = Duration::from_secs(3);
/// What was missed has begun after this, however much it is.
const WITHIN: Duration = Duration::from_secs(5 * 60);
/// So much of what was missed begins at once, so that a slow computer gets on.
const AT_ONCE: usize = 2;
/// Schedules looked at in one go.
const BATCH: u32 = 1_000;
/// Work that a person asked for goes first, and is done while nothing is read by itself.
pub const BY_HAND: i32 = 10;
/// Clocks that differ by more than this have jumped.
const JUMP: i64 = 30;

/// Asks for the work that is due.
pub struct Scheduler {
    /// Where rows are kept.
    pub store: Store,
    /// The connectors at hand.
    pub connectors: Arc<dyn Connectors>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Dice,
    /// What the user decides; may change.
    pub defaults: watch::Receiver<Defaults>,
    /// The two clocks when we last looked.
    looked: Mutex<Option<(Timestamp, Duration)>>,
    /// Seconds between two reads, where the connector says.
    usual: Mutex<BTreeMap<ScheduleKey, u32>>,
    /// Streams that may not be read.
    withheld: Mutex<BTreeSet<ScheduleKey>>,
}

/// What a look at the schedules did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Work that was asked for.
    pub asked: usize,
    /// Work that was missed and begins later.
    pub spread: usize,
    /// Seconds by which the clock jumped since the last look; 0 where it did not.
    pub jumped: i64,
}

impl Scheduler {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        connectors: Arc<dyn Connectors>,
        clock: Arc<dyn Clock>,
        dice: Dice,
        defaults: watch::Receiver<Defaults>,
    ) -> Self {
        Self {
            store,
            connectors,
            clock,
            dice,
            defaults,
            looked: Mutex::default(),
            usual: Mutex::default(),
            withheld: Mutex::default(),
        }
    }

    /// Makes the schedules of every connection what its connector says: one per stream, and the health check.
    pub async fn reconcile(&self) -> Result<(), Problem> {
        let filter = ConnectionFilter { limit: 100_000, ..ConnectionFilter::default() };
        let known = self.store.schedules(None).await?;
        let known: BTreeSet<ScheduleKey> = known.into_iter().map(|schedule| schedule.key).collect();
        let now = self.clock.now();
        let mut usual = BTreeMap::new();
        let mut withheld = BTreeSet::new();
        for connection in self.store.connection_list(filter).await?.items {
            // A definition that is broken at the moment takes nothing away.
            let Ok(compiled) = self.connectors.compiled(&connection.connector) else { continue };
            let descriptor = compiled.descriptor();
            let streams = descriptor.streams.iter();
            // A stream whose permission was not granted would be refused each time. What was set about it, and
            // how far it was read, stays for the day it is granted.
            let refused = streams.clone().filter(|stream| !may_read(&connection, descriptor, stream));
            withheld.extend(refused.map(|stream| sync_key(&connection.id, &stream.id)));
            let wanted: BTreeSet<ScheduleKey> = streams
                .clone()
                .map(|stream| sync_key(&connection.id, &stream.id))
                .chain([health_key(&connection.id)])
                .collect();
            let said = streams.filter_map(|stream| {
                stream.interval_seconds.map(|seconds| (sync_key(&connection.id, &stream.id), seconds))
            });
            usual.extend(said);
            for key in wanted.difference(&known) {
                let first = match key.kind {
                    ScheduleKind::Sync => now,
                    ScheduleKind::Health => {
                        let seconds = f64::from(self.defaults.borrow().health_seconds_of(&key.connection));
                        now.checked_add(Duration::from_secs_f64(seconds * self.dice.throw())).unwrap_or(now)
                    }
                };
                self.store.schedule_add(key, first).await?;
            }
            for key in known.iter().filter(|key| key.connection == connection.id && !wanted.contains(key)) {
                self.store.schedule_remove(key).await?;
            }
        }
        *self.withheld.lock().unwrap_or_else(PoisonError::into_inner) = withheld;
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner) = usual;
        Ok(())
    }

    /// Asks for what is due.
    pub async fn look(&self) -> Result<Looked, Problem> {
        let mut looked = Looked { jumped: self.jumped(), ..Looked::default() };
        if looked.jumped != 0 {
            tracing::info!(seconds = looked.jumped, "the clock jumped, or the computer slept");
        }
        let now = self.clock.now();
        if self.store.schedules_clock_back().await? > 0 {
            self.plan_patterns(now).await?;
        }
        self.store.job_clock_back().await?;
        // Each kind by itself: however many streams are due, checks are seen.
        let mut due = self.store.schedules_due(ScheduleKind::Health, BATCH).await?;
        if !self.defaults.borrow().sync_paused {
            due.extend(self.store.schedules_due(ScheduleKind::Sync, BATCH).await?);
            due.sort_by_key(|schedule| schedule.next_at);
        }
        // While it is paused they stay due, and are late when it goes on: done once, and spread.
        let withheld = self.withheld.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (withheld, due): (Vec<Schedule>, Vec<Schedule>) =
            due.into_iter().partition(|schedule| withheld.contains(&schedule.key));
        let is_missed = |schedule: &Schedule| {
            schedule.next_at.is_some_and(|at| at.checked_add(MISSED).is_ok_and(|limit| limit < now))
        };
        let (missed, due): (Vec<Schedule>, Vec<Schedule>) = due.into_iter().partition(is_missed);
        let (at_once, later) = missed.split_at(missed.len().min(AT_ONCE));
        let fired: Vec<Fired> =
            at_once.iter().chain(&due).filter_map(|schedule| self.fired(schedule, now)).collect();
        looked.asked = self.store.schedules_fire(fired).await?;
        let step = APART.min(WITHIN / u32::try_from(later.len().max(1)).unwrap_or(u32::MAX));
        let mut at = now;
        let plans = later.iter().map(|schedule| {
            let wait = step.mul_f64(0.5 + self.dice.throw());
            at = at.checked_add(wait).unwrap_or(at);
            (schedule.key.clone(), at)
        });
        let plans: Vec<_> = plans.collect();
        looked.spread = plans.len();
        let later = withheld.iter().filter_map(|one| Some((one.key.clone(), self.next_sync(one, now)?)));
        let plans: Vec<_> = plans.into_iter().chain(later).collect();
        if !plans.is_empty() {
            self.store.schedules_plan(plans).await?;
        }
        Ok(looked)
    }

    /// How far the wall clock moved beside the monotonic one since the last look, in seconds.
    fn jumped(&self) -> i64 {
        let now = (self.clock.now(), self.clock.monotonic());
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = looked.replace(now);
        before.map_or(0, |(wall, monotonic)| {
            let passed = now.1.saturating_sub(monotonic).as_secs() as i64;
            let jumped = now.0.duration_since(wall).as_secs() - passed;
            if jumped.abs() > JUMP { jumped } else { 0 }
        })
    }

    fn fired(&self, schedule: &Schedule, now: Timestamp) -> Option<Fired> {
        let due = schedule.next_at?;
        let defaults = self.defaults.borrow().clone();
        let next = match schedule.key.kind {
            ScheduleKind::Sync => self.next_sync(schedule, now),
            ScheduleKind::Health => {
                let usual = defaults.health_seconds_of(&schedule.key.connection);
                rhythm::next(&schedule.rhythm, usual, now, self.dice.throw())
            }
        };
        let job = match schedule.key.kind {
            ScheduleKind::Sync => sync_job(schedule, now, 0, Merge::Keep, defaults.tries),
            ScheduleKind::Health => health_job(&schedule.key.connection, now),
        };
        Some(Fired { key: schedule.key.clone(), due, next, job })
    }

    fn next_sync(&self, schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
        let usual = self.usual.lock().unwrap_or_else(PoisonError::into_inner).get(&schedule.key).copied();
        let usual = usual.unwrap_or_else(|| self.defaults.borrow().poll_seconds);
        rhythm::next(&schedule.rhythm, usual, now, self.dice.throw())
    }

    /// Patterns name times of the day: by how much the clock was put back says nothing of them.
    async fn plan_patterns(&self, now: Timestamp) -> Result<(), Problem> {
        let all = self.store.schedules(None).await?;
        let plans = all
            .iter()
            .filter(|schedule| schedule.rhythm.cron.is_some())
            .filter_map(|schedule| Some((schedule.key.clone(), self.next_sync(schedule, now)?)));
        Ok(self.store.schedules_plan(plans.collect()).await?)
    }
}

/// The schedule of a stream.
pub fn sync_key(connection: &ConnectionId, stream: &str) -> ScheduleKey {
    ScheduleKey { connection: connection.clone(), kind: ScheduleKind::Sync, stream: stream.to_owned() }
}

/// The schedule of the health check.
pub fn health_key(connection: &ConnectionId) -> ScheduleKey {
    ScheduleKey { connection: connection.clone(), kind: ScheduleKind::Health, stream: String::new() }
}

/// What makes reads of a stream the same work.
pub fn sync_unique_key(connection: &ConnectionId, stream: &str) -> String {
    format!("sync:{connection}:{stream}")
}

/// The work of reading a stream: its first read is apart, because it may be long.
pub fn sync_job(schedule: &Schedule, due_at: Timestamp, priority: i32, merge: Merge, tries: u32) -> UniqueJob {
    let (connection, stream) = (&schedule.key.connection, &schedule.key.stream);
    let queue = if schedule.backfilled_at.is_none() { Queue::Backfill } else { Queue::Delta };
    let payload = json!({ "connection": connection, "stream": stream });
    UniqueJob {
        job: NewJob { queue: queue.as_str().to_owned(), priority, due_at, payload },
        key: sync_unique_key(connection, stream),
        connection: Some(connection.clone()),
        stream: Some(stream.clone()),
        max_attempts: tries,
        merge,
    }
}

/// The work of a health check.
pub fn health_job(connection: &ConnectionId, due_at: Timestamp) -> UniqueJob {
    let payload = json!({ "connection": connection });
    UniqueJob {
        job: NewJob { queue: Queue::Health.as_str().to_owned(), priority: 0, due_at, payload },
        key: format!("health:{connection}"),
        connection: Some(connection.clone()),
        stream: None,
        // The next one comes by itself.
        max_attempts: 1,
        merge: Merge::Keep,
    }
}
