//! Health checks that come by themselves: cheap, spread, and rarer while they fail.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_connector::{Engine, Target, TargetCredential};
use patchbay_model::problem::{HealthEffect, Problem};
use patchbay_model::{Clock, ConnectionId, Event, EventSink};
use patchbay_store::{Job, Store, Went};
use tokio::sync::watch;

use crate::dice::Dice;
use crate::jobs::{Outcome, Work};
use crate::rhythm;
use crate::schedule::{Connectors, Defaults, health_key};

/// Does health checks. What a check shows is written down by the interpreter: sample, call and state.
pub struct Checks {
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
    /// Chance.
    pub dice: Dice,
    /// What the user decides.
    pub defaults: watch::Receiver<Defaults>,
}

#[async_trait]
impl Work for Checks {
    async fn perform(&self, job: &Job) -> Outcome {
        let Some(connection) = &job.connection else { return Outcome::Done(None) };
        match self.check(connection).await {
            Ok(()) => Outcome::Done(None),
            Err(problem) => Outcome::Failed(problem),
        }
    }
}

impl Checks {
    /// An error is about this computer: what is wrong with the connection is what the check found.
    async fn check(&self, id: &ConnectionId) -> Result<(), Problem> {
        let Some(connection) = self.store.connection(id).await? else { return Ok(()) };
        if connection.paused || !connection.state.is_usable() {
            return Ok(());
        }
        let key = health_key(id);
        let Some(schedule) = self.store.schedule(&key).await? else { return Ok(()) };
        let descriptor = self.connectors.compiled(&connection.connector)?;
        let before = (connection.state, connection.last_error.clone());
        let target = Target { descriptor, connection, credential: TargetCredential::Stored };
        let found = self.engine.health(&target).await;
        let (now, usual) = (self.clock.now(), self.defaults.borrow().health_seconds_of(id));
        let (rhythm, chance) = (&schedule.rhythm, self.dice.throw());
        match found {
            Ok(_) => {
                let went = Went::Well { new: 0, whole: false };
                self.store.schedule_went(&key, went, rhythm::next(rhythm, usual, now, chance)).await?;
                if schedule.failures > 0 {
                    // It is there again: what fails because of it need not wait for its own time.
                    self.store.schedules_hasten(id, now).await?;
                    self.events.emit(Event::SyncChanged { connection: id.clone(), stream: None });
                }
            }
            // Trouble of this computer is no reason to ask less often.
            Err(problem) if matches!(problem.code().health(), HealthEffect::Ok | HealthEffect::Global) => {
                self.store.schedules_plan(plans(&key, rhythm::next(rhythm, usual, now, chance))).await?;
            }
            Err(problem) => {
                let failures = schedule.failures.saturating_add(1);
                let next = rhythm::next_after_failures(rhythm, usual, failures, now, chance);
                self.store.schedule_went(&key, Went::Badly(problem), next).await?;
            }
        }
        if let Some(after) = self.store.connection(id).await?
            && (after.state, &after.last_error) != (before.0, &before.1)
        {
            self.events.emit(Event::ConnectionChanged { id: id.clone() });
        }
        Ok(())
    }
}

fn plans(
    key: &patchbay_store::ScheduleKey,
    next: Option<patchbay_model::Timestamp>,
) -> Vec<(patchbay_store::ScheduleKey, patchbay_model::Timestamp)> {
    next.map(|at| (key.clone(), at)).into_iter().collect()
}
