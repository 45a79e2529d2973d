//! Turns events into runs, exactly one run of each chain that waits for an event, and says whose turn
//! it is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::chain::ChainVersion;
use patchbay_model::run::{Run, RunState};
use patchbay_model::trigger::{FiringResult, Overlap, RunOrigin, Trigger};
use patchbay_model::{ChainId, Clock, ConnectionId, EventKind, RunId, Timestamp};
use patchbay_store::{Store, Taken, TriggerEvent};
use serde_json::Value;

use crate::error::ChainError;
use crate::triggers::{Circumstances, Turns, Verdict, judge};

/// Events that are read at once.
const BATCH: u32 = 200;
/// A signal that tells of a change this long before our effect, or after it, is taken for its echo: the
/// clocks of services differ.
const ECHO: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(60));

/// Turns events into runs. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    /// Where events and runs are kept.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What the events of a moment came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dispatched {
    /// Events that were taken.
    pub events: u64,
    /// Runs that were asked for.
    pub started: u64,
    /// Runs that are to be stopped for newer ones.
    pub cancel: Vec<RunId>,
}

impl Dispatcher {
    /// Takes every event that waits. Nothing is taken while triggers are paused.
    pub async fn take(&self) -> Result<Dispatched, ChainError> {
        let mut sum = Dispatched::default();
        while !self.store.triggers_paused() {
            let open = self.store.triggers_open(BATCH).await?;
            let whole = open.len() == BATCH as usize;
            for (at, event) in open.iter().enumerate() {
                let superseded = open[at + 1..].iter().any(|later| {
                    (&later.event.kind, &later.event.subject) == (&event.event.kind, &event.event.subject)
                });
                self.take_one(event, superseded, &mut sum).await?;
            }
            if !whole {
                break;
            }
        }
        Ok(sum)
    }

    async fn take_one(
        &self,
        event: &TriggerEvent,
        superseded: bool,
        sum: &mut Dispatched,
    ) -> Result<(), ChainError> {
        let kind: Option<EventKind> = serde_json::from_value(Value::String(event.event.kind.clone())).ok();
        let Some(kind) = kind else {
            // Nothing waits for what this version does not know.
            self.store.trigger_handled(event.id).await?;
            return Ok(());
        };
        let mut taken = Vec::new();
        let mut cancel = Vec::new();
        let waiting = self.store.chains_waiting(kind).await?;
        let paths = if waiting.is_empty() { Vec::new() } else { self.paths(kind, event).await? };
        for version in waiting {
            let (connection, other) = self.named(&version.chain.trigger).await?;
            // The others let every event in, whatever stands there already.
            let standing = match version.chain.concurrency.overlap {
                Overlap::Skip | Overlap::CancelOldest => self.store.runs_standing(&version.id).await?,
                Overlap::Queue | Overlap::Parallel => Vec::new(),
            };
            let around = Circumstances {
                now: self.clock.now(),
                connection: connection.as_ref(),
                other: other.as_ref(),
                paths: &paths,
                effects_today: self.store.effects_today(&version.id).await?,
                superseded,
                standing: &standing,
            };
            let chain = version.id.clone();
            match judge(&version, kind, event, around) {
                Verdict::Pass => {}
                Verdict::Refuse(result) => taken.push(Taken { chain, result, run: None }),
                Verdict::Start { lane, most, path, cancel: others } => {
                    cancel.extend(others);
                    let origin = RunOrigin {
                        goes_on: None,
                        kind: version.chain.trigger.origin(),
                        event: Some(event.id),
                        lane: Some(lane),
                        most: Some(most),
                        of: None,
                        path,
                        counted: false,
                    };
                    let run = self.run(version, event.event.payload.clone(), origin);
                    taken.push(Taken { chain, result: FiringResult::Started, run: Some(run) });
                }
            }
        }
        let started = taken.iter().filter(|one| one.run.is_some()).count() as u64;
        if self.store.trigger_take(event.id, kind, taken).await? {
            sum.events += 1;
            sum.started += started;
            sum.cancel.extend(cancel);
        }
        Ok(())
    }

    fn run(&self, version: ChainVersion, input: Value, origin: RunOrigin) -> Run {
        Run {
            id: RunId::generate(),
            chain_id: version.id,
            chain_version: version.version,
            chain_hash: version.hash,
            snapshot: version.chain,
            input,
            dry_run: false,
            state: RunState::Queued,
            boot: None,
            origin,
            created_at: self.clock.now(),
            finished_at: None,
        }
    }

    /// What the trigger's names stand for.
    async fn named(&self, trigger: &Trigger) -> Result<(Option<ConnectionId>, Option<ChainId>), ChainError> {
        let connection = match trigger.connection() {
            Some(name) => self.store.connection_named(name).await?.map(|found| found.id),
            None => None,
        };
        let other = match trigger {
            Trigger::Chain { chain, .. } => self.store.chain_named(chain).await?.map(|found| found.id),
            _ => None,
        };
        Ok((connection, other))
    }

    /// The chains that made or changed what a signal or a delivery tells of.
    async fn paths(&self, kind: EventKind, event: &TriggerEvent) -> Result<Vec<Vec<ChainId>>, ChainError> {
        if !matches!(kind, EventKind::Signal | EventKind::Webhook) {
            return Ok(Vec::new());
        }
        let payload = &event.event.payload;
        let Some(external) = text(&payload["externalId"]) else {
            return Ok(Vec::new());
        };
        let told = payload["timestamp"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        let at = told.unwrap_or(event.at);
        let around = (at.checked_sub(ECHO.1).unwrap_or(at), at.checked_add(ECHO.0).unwrap_or(at));
        let connection = ConnectionId::new(event.event.subject.clone());
        Ok(self.store.effect_paths(&connection, &external, around).await?)
    }

    /// The runs whose turn it is: those that a step of another run waits for, which would be held up for ever
    /// if they waited too, and of those that events asked for as many as [`Turns`] says.
    pub async fn due(&self, free: usize) -> Result<Vec<Run>, ChainError> {
        let mut due: Vec<RunId> = self.store.runs_called().await?.into_iter().map(|run| run.id).collect();
        let mut turns = Turns::new(&self.store.runs_begun().await?, free);
        let mut after = None;
        while !turns.over() {
            let waiting = self.store.runs_waiting(after.as_ref(), BATCH).await?;
            due.extend(waiting.iter().filter(|run| turns.comes(run)).map(|run| run.id.clone()));
            if waiting.len() < BATCH as usize {
                break;
            }
            after = waiting.into_iter().last();
        }
        let mut runs = Vec::new();
        for id in due {
            runs.extend(self.store.run(&id).await?.filter(|run| !run.state.is_final()));
        }
        Ok(runs)
    }
}

/// The identifiers that a call's parameters and result name: what a signal of it may carry.
pub(crate) fn identifiers(params: &Value, output: &Value) -> Vec<String> {
    const NAMES: [&str; 8] = ["id", "key", "number", "uuid", "gid", "ts", "iid", "node_id"];
    let mut found = BTreeSet::new();
    for (place, value) in [(0, output), (1, params)] {
        for (name, value) in value.as_object().into_iter().flatten() {
            let names = NAMES.contains(&name.as_str())
                || (place == 1 && (name.ends_with("_id") || name.ends_with("Id") || name.ends_with("_number")));
            if let Some(value) = text(value).filter(|_| names) {
                found.insert(value);
            }
        }
    }
    found.into_iter().filter(|id| id.len() <= 200).take(8).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
