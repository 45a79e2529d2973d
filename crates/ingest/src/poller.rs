//! The poller: reads streams by the one interpreter, and heals what can be healed.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_connector::{Compiled, Engine, SyncOptions, SyncReport, Target, TargetCredential};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Clock, Connection, ConnectionId, Event, EventSink, Timestamp};
use patchbay_store::{Job, Schedule, ScheduleKey, Store, Went};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::dice::Dice;
use crate::heal::{Healing, heal};
use crate::jobs::{Outcome, Work};
use crate::reading::Reading;
use crate::rhythm;
use crate::schedule::{BY_HAND, Connectors, Defaults, sync_key};

/// A stream is read from its start at most so often in a day: a service that forgets every checkpoint would
/// otherwise be read whole each time.
const STARTS_OVER: usize = 3;
/// Seconds.
const DAY: u64 = 86_400;

/// Reads streams. Cheap to clone.
#[derive(Clone)]
pub struct Poller {
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
    pub defaults: watch::Receiver<Defaults>,
}

/// One read: of what, and what was known before.
struct Read<'r> {
    connection: &'r Connection,
    compiled: &'r Compiled,
    key: ScheduleKey,
    before: Schedule,
}

#[async_trait]
impl Work for Poller {
    async fn perform(&self, job: &Job) -> Outcome {
        let (Some(connection), Some(stream)) = (&job.connection, &job.stream) else {
            return Outcome::GivenUp(Problem::new(Code::Internal).detail("a read without a stream"));
        };
        match self.read(job, connection, stream).await {
            Ok(outcome) => outcome,
            // About this computer: the database, mostly.
            Err(problem) => match heal(&problem, self.clock.now(), None) {
                Healing::Wait(until) => Outcome::Wait { until, problem },
                _ => Outcome::Failed(problem),
            },
        }
    }
}

impl Poller {
    async fn read(&self, job: &Job, connection: &ConnectionId, stream: &str) -> Result<Outcome, Problem> {
        let key = sync_key(connection, stream);
        // Gone, switched off or signed out since it was asked for: it is asked for again in its time.
        let Some(connection) = self.store.connection(connection).await? else { return Ok(Outcome::Done(None)) };
        if connection.paused || !connection.state.is_usable() {
            return Ok(Outcome::Done(None));
        }
        let Some(before) = self.store.schedule(&key).await? else { return Ok(Outcome::Done(None)) };
        let paused = self.defaults.borrow().sync_paused;
        if paused && job.priority < BY_HAND {
            // Asked for by a delivery, or before the pause: read when it goes on.
            self.store.schedules_plan(vec![(key, self.clock.now())]).await?;
            return Ok(Outcome::Done(None));
        }
        let compiled = self.connectors.compiled(&connection.connector)?;
        let target = Target {
            descriptor: compiled.clone(),
            connection: connection.clone(),
            credential: TargetCredential::Stored,
        };
        let read = Read { connection: &connection, compiled: &compiled, key, before };
        let mut size = read.before.page_size;
        let keep_place = self.has_started_over(&read).await?;
        let reader = self.reading.begin(&connection.id, stream, &self.clock, &self.events).await;
        let watch = |report: &SyncReport| reader.went_on(report);
        let result = loop {
            let options = SyncOptions { page_size: size, keep_place, watch: Some(&watch), max_pages: None };
            let result = self.engine.sync(&target, stream, options).await;
            let Err(problem) = &result else { break result };
            let page = compiled.page_size(stream).map(|usual| size.unwrap_or(usual).min(usual));
            let Healing::HalvePage(smaller) = heal(problem, self.clock.now(), page) else { break result };
            size = Some(smaller);
            self.store.schedule_page_size(&read.key, size).await?;
            self.note("sync_page_halved", &read, &json!({ "code": problem.code(), "items": smaller })).await;
        };
        let outcome = match result {
            Ok(report) => self.went_well(&read, report).await?,
            Err(problem) => self.went_badly(&read, job, problem).await?,
        };
        drop(reader);
        self.tell_of_state(&connection).await?;
        Ok(outcome)
    }

    async fn went_well(&self, read: &Read<'_>, report: SyncReport) -> Result<Outcome, Problem> {
        let now = self.clock.now();
        if report.started_over {
            let from = read.before.last_ok_at.unwrap_or(report.at);
            self.gap(read, from, now, Code::CheckpointStale.as_str()).await?;
            self.note("sync_started_over", read, &json!({ "code": Code::CheckpointStale })).await;
        }
        // What was passed over is told as a problem; what is left without one was cut off by a bound.
        let cut = !report.complete && report.problems.is_empty();
        if cut {
            self.gap(read, read.before.last_ok_at.unwrap_or(report.at), now, "too_many_pages").await?;
        }
        if read.before.last_problem.is_some() {
            self.note("sync_recovered", read, &json!({ "failures": read.before.failures })).await;
        }
        let next = rhythm::next(&read.before.rhythm, self.usual(read), now, self.dice.throw());
        let went = Went::Well { new: report.new, whole: !cut };
        self.store.schedule_went(&read.key, went, next).await?;
        if report.new > 0 {
            let connection = read.connection.id.clone();
            self.events.emit(Event::SignalsArrived { connection, count: report.new });
        }
        let mut result = serde_json::to_value(&report)
            .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
        if let Value::Object(members) = &mut result {
            members.remove("stream");
        }
        Ok(Outcome::Done(Some(result)))
    }

    async fn went_badly(&self, read: &Read<'_>, job: &Job, problem: Problem) -> Result<Outcome, Problem> {
        let now = self.clock.now();
        let page = read.compiled.page_size(&read.key.stream);
        let healing = heal(&problem, now, page);
        // An outage is noted once, not at each try.
        let repeats = matches!(healing, Healing::Retry(_)) && (job.attempts > 1 || read.before.failures > 0);
        if let Some(act) = healing.act().filter(|_| !repeats) {
            let until = if let Healing::Wait(until) = &healing { Some(*until) } else { None };
            self.note(act, read, &json!({ "code": problem.code(), "until": until })).await;
        }
        let again = |after: Option<Timestamp>| {
            let failures = read.before.failures.saturating_add(1);
            let (rhythm, usual) = (&read.before.rhythm, self.usual(read));
            let next = rhythm::next_after_failures(rhythm, usual, failures, now, self.dice.throw());
            next.max(after)
        };
        Ok(match healing {
            Healing::Wait(until) => Outcome::Wait { until, problem },
            Healing::Retry(most) if job.attempts < job.max_attempts.min(most) => Outcome::Failed(problem),
            Healing::Retry(_) | Healing::HalvePage(_) => {
                self.store.schedule_went(&read.key, Went::Badly(problem.clone()), again(None)).await?;
                Outcome::GivenUp(problem)
            }
            Healing::Next(after) => {
                self.store.schedule_went(&read.key, Went::Badly(problem.clone()), again(after)).await?;
                Outcome::GivenUp(problem)
            }
            Healing::Stop => {
                self.store.schedule_went(&read.key, Went::Stopped(problem.clone()), None).await?;
                Outcome::GivenUp(problem)
            }
        })
    }

    /// Whether the stream was read from its start as often as it may be in a day.
    async fn has_started_over(&self, read: &Read<'_>) -> Result<bool, Problem> {
        let now = self.clock.now();
        let since = now.checked_sub(std::time::Duration::from_secs(DAY)).unwrap_or(now);
        let gaps = self.store.gaps(&read.connection.id, since).await?;
        let stale = Code::CheckpointStale.as_str();
        let times = gaps.iter().filter(|gap| gap.stream == read.key.stream && gap.reason == stale).count();
        Ok(times >= STARTS_OVER)
    }

    /// Seconds between two reads where the user set nothing.
    fn usual(&self, read: &Read<'_>) -> u32 {
        let said = read.compiled.descriptor().stream(&read.key.stream).and_then(|s| s.interval_seconds);
        said.unwrap_or_else(|| self.defaults.borrow().poll_seconds)
    }

    async fn gap(&self, read: &Read<'_>, from: Timestamp, to: Timestamp, why: &str) -> Result<(), Problem> {
        Ok(self.store.gap_note(&read.connection.id, &read.key.stream, from, to, why).await?)
    }

    /// Notes what was done about a failure. It has been done: a note that cannot be written is logged.
    async fn note(&self, act: &str, read: &Read<'_>, detail: &Value) {
        let mut detail = detail.clone();
        if let Value::Object(members) = &mut detail {
            members.insert("stream".to_owned(), json!(read.key.stream));
        }
        if let Err(error) = self.store.audit(act, &read.connection.name, &detail).await {
            tracing::warn!(%error, act, "the audit note could not be written");
        }
    }

    /// Tells the screens where the read has changed how the connection is.
    async fn tell_of_state(&self, before: &Connection) -> Result<(), Problem> {
        if let Some(now) = self.store.connection(&before.id).await?
            && (now.state, &now.last_error) != (before.state, &before.last_error)
        {
            self.events.emit(Event::ConnectionChanged { id: now.id });
        }
        Ok(())
    }
}
