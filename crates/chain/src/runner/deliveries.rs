//! Deliveries that steps wait for: what came for the run is in rows, whoever brought it and whenever.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use patchbay_model::check::{Finding, Level, Remedy};
use patchbay_model::logic::{Logic, Tie};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Fact, Outcome};
use patchbay_model::{Chain, EventKind, RunId, Step, StepId};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::live::Does;
use super::{Execution, Runner};
use crate::error::ChainError;
use crate::logic::Ready;

/// Events that are read at once.
const PART: u32 = 100;
/// How often to look again while much comes in.
const PAUSE: Duration = Duration::from_millis(500);

/// The addresses of steps that wait for a delivery.
pub trait Addresses: Send + Sync {
    /// The address of an item of a step of a run.
    fn of(&self, run: &RunId, step: &StepId, item: u32) -> Option<String>;

    /// Who can call it.
    fn reach(&self) -> Reach;
}

/// Who can call the addresses of steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    /// Nobody: no webhooks are taken. The problem says why, where they should be.
    Nobody(Option<Problem>),
    /// Programs on this computer.
    ThisComputer,
    /// Whoever reaches the user's tunnel.
    Tunnel,
}

/// Where nobody takes webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAddresses;

impl Addresses for NoAddresses {
    fn of(&self, _: &RunId, _: &StepId, _: u32) -> Option<String> {
        None
    }

    fn reach(&self) -> Reach {
        Reach::Nobody(None)
    }
}

/// What was looked at so far.
pub(super) struct Looking {
    came: watch::Receiver<u64>,
    /// Items for which everything was looked at that came before.
    items: BTreeSet<(usize, u32)>,
    /// The last event that was looked at, by whom it is about.
    seen: BTreeMap<String, u64>,
    /// What ties a delivery to an item, in the order of the step's ties.
    tied: BTreeMap<(usize, u32), Vec<Value>>,
}

impl Looking {
    pub(super) fn new(runner: &Runner) -> Self {
        Self {
            came: runner.store.deliveries_came(),
            items: BTreeSet::new(),
            seen: BTreeMap::new(),
            tied: BTreeMap::new(),
        }
    }

    /// Waits until something came, and a moment longer where much comes.
    pub(super) async fn more(&mut self) {
        // The store is never gone while the runner has it.
        let _ = self.came.changed().await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a step waits at an address of its own.
pub fn has_address(step: &Step) -> bool {
    matches!(step.logic, Some(Logic::Delivery { .. })) && step.connection.is_empty()
}

impl Execution<'_> {
    /// Whether an item waits for a delivery.
    pub(super) fn awaits(&self) -> bool {
        !self.progress.awaited.is_empty()
    }

    /// Adds what a step sees of the addresses of steps that wait.
    pub(super) fn add_addresses(&self, scope: &mut Value, step: usize, item: u32) {
        let mut found = Map::new();
        for (at, waits) in self.run.snapshot.all_steps().enumerate().filter(|(_, step)| has_address(step)) {
            let of = match self.live.plan.steps[at].root {
                None => 0,
                root if root == self.live.plan.steps[step].root => item,
                // Which of its items is meant cannot be told.
                Some(_) => continue,
            };
            if let Some(address) = self.runner.addresses.of(&self.run.id, &waits.id, of) {
                found.insert(waits.id.to_string(), Value::String(address));
            }
        }
        if !found.is_empty() {
            scope["addresses"] = Value::Object(found);
        }
    }

    /// What ties a delivery to an item that sees this.
    pub(super) fn ties(&self, step: usize, seen: &Value) -> Result<Vec<Value>, Problem> {
        let Does::Logic(Ready::Delivery { ties, .. }) = &self.live.steps[step].does else {
            return Ok(Vec::new());
        };
        let misfit = |tie: &Tie| {
            Problem::new(Code::SchemaMismatch)
                .with("field", &tie.equals)
                .with("tool", "Patchbay")
                .with("message", "There is no such value to know the delivery by.")
        };
        let logic = self.run.snapshot.all_steps().nth(step).and_then(|step| step.logic.as_ref());
        let Some(Logic::Delivery { ties: written, .. }) = logic else { return Ok(Vec::new()) };
        let mut values = Vec::with_capacity(ties.len());
        for ((_, template), tie) in ties.iter().zip(written) {
            let value = template.value(seen).map_err(Problem::from)?;
            values.push(value.filter(|value| !value.is_null()).ok_or_else(|| misfit(tie))?);
        }
        Ok(values)
    }

    /// Takes in the deliveries that items wait for, and says whether there was one. Everything that came
    /// since the run began is looked at for each item: an answer may be faster than the step that waits.
    pub(super) async fn take_deliveries(&mut self) -> Result<bool, ChainError> {
        if !self.awaits() {
            return Ok(false);
        }
        if let Some(recorded) = &self.runner.recorded {
            let mut facts = Vec::new();
            for (step, item) in &self.progress.awaited {
                let step = self.live.plan.steps[*step].id.clone();
                if let Some((event, output)) = recorded.arrived(&step, *item) {
                    facts.push(Fact::Arrived { step, item: *item, event, output });
                }
            }
            let found = !facts.is_empty();
            for fact in facts {
                self.note(fact);
            }
            return Ok(found);
        }
        if self.progress.awaited.iter().any(|at| !self.looking.items.contains(at)) {
            self.looking.seen.clear();
        }
        self.looking.items.clone_from(&self.progress.awaited);
        let steps: Vec<(StepId, String)> =
            self.run.snapshot.all_steps().map(|step| (step.id.clone(), step.connection.clone())).collect();
        let mut about: BTreeMap<(&str, String), Vec<(usize, u32)>> = BTreeMap::new();
        for at in self.progress.awaited.clone() {
            let name = &steps[at.0].1;
            let subject = match self.live.connections.get(name) {
                _ if name.is_empty() => (EventKind::Answer.as_str(), self.run.id.to_string()),
                Some(named) => (EventKind::Webhook.as_str(), named.id.to_string()),
                None => continue,
            };
            about.entry(subject).or_default().push(at);
        }
        let mut found = false;
        for ((kind, subject), mut waiting) in about {
            let kind = if kind == EventKind::Answer.as_str() { EventKind::Answer } else { EventKind::Webhook };
            loop {
                let after = self.looking.seen.get(&subject).copied().unwrap_or(0);
                let run = &self.run.id;
                let events = self.runner.store.deliveries(run, kind, &subject, after, PART).await?;
                let last = events.len() < PART as usize;
                for event in events {
                    self.looking.seen.insert(subject.clone(), event.id);
                    if self.progress.arrived.contains(&event.id) {
                        continue;
                    }
                    let payload = event.event.payload;
                    let Some(place) = waiting.iter().position(|at| self.fits(*at, &steps[at.0].0, &payload))
                    else {
                        continue;
                    };
                    let (step, item) = waiting.remove(place);
                    let output = match kind {
                        EventKind::Answer => {
                            json!({ "receivedAt": payload["receivedAt"], "body": payload["body"] })
                        }
                        _ => payload,
                    };
                    self.note(Fact::Arrived { step: steps[step].0.clone(), item, event: event.id, output });
                    found = true;
                }
                if last || waiting.is_empty() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Whether a delivery is the one that an item waits for.
    fn fits(&mut self, at: (usize, u32), id: &StepId, payload: &Value) -> bool {
        let own = self.run.snapshot.step(id).is_some_and(|(_, step)| has_address(step));
        if own && (payload["step"].as_str() != Some(id.as_str()) || payload["item"] != json!(at.1)) {
            return false;
        }
        if !self.looking.tied.contains_key(&at) {
            // What cannot be worked out was said when the item began to wait.
            let scope = self.scope(at.0, at.1);
            let tied = self.ties(at.0, scope.seen()).unwrap_or_default();
            self.keep(scope);
            self.looking.tied.insert(at, tied);
        }
        let Does::Logic(Ready::Delivery { when, ties, .. }) = &self.live.steps[at.0].does else {
            return false;
        };
        let tied = self.looking.tied.get(&at).map(Vec::as_slice).unwrap_or_default();
        when.iter().all(|test| test.holds(payload))
            && tied.len() == ties.len()
            && ties
                .iter()
                .zip(tied)
                .all(|((path, _), value)| path.first(payload).is_some_and(|found| text(found) == text(value)))
    }

    /// The time to wait is over: it came at the last moment, or the step has failed.
    pub(super) async fn expire(&mut self, step: usize, item: u32) {
        if let Err(error) = self.take_deliveries().await {
            // It is looked for again at the next turn.
            tracing::warn!(run = %self.run.id, %error, "a delivery cannot be looked for");
            tokio::time::sleep(super::STORAGE_PAUSE).await;
            return;
        }
        if !self.progress.awaited.contains(&(step, item)) {
            return;
        }
        let waits = self.run.snapshot.all_steps().nth(step);
        let tool = waits.map(|step| step.connection.as_str()).filter(|name| !name.is_empty());
        let problem = Problem::new(Code::TimeoutResponse)
            .with("tool", tool.unwrap_or("Whoever was given the address"))
            .detail("No delivery that fits came in the time that the step waits.");
        let outcome = Outcome::NotDone { problem };
        let step = self.live.plan.steps[step].id.clone();
        self.note(Fact::Result { step, item, attempt: 0, outcome, took_ms: 0, bytes: 0, next: None });
    }
}

/// Identifiers are written as text by some and as numbers by others.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether what steps wait for can come.
pub(super) async fn findings(runner: &Runner, chain: &Chain) -> Vec<Finding> {
    let mut found = Vec::new();
    if runner.recorded.is_some() {
        return found;
    }
    for step in chain.all_steps().filter(|step| matches!(step.logic, Some(Logic::Delivery { .. }))) {
        let name = step.title();
        let finding = |level, text: String, problem: Option<Problem>, remedy: Option<Remedy>| Finding {
            level,
            step: Some(step.id.clone()),
            text,
            problem,
            remedy,
        };
        let about = |message: &str| {
            Problem::new(Code::InputInvalid)
                .with("field", format!("The step \"{name}\""))
                .with("message", message)
                .about(Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) })
        };
        if step.connection.is_empty() {
            match runner.addresses.reach() {
                Reach::Tunnel => {}
                Reach::ThisComputer => found.push(finding(
                    Level::Warning,
                    format!(
                        "Only programs on this computer can call the address of \"{name}\". Others can once the \
                         settings name your tunnel."
                    ),
                    None,
                    Some(Remedy::Webhooks),
                )),
                Reach::Nobody(problem) => {
                    let message = "It waits for a webhook, and none are taken. Switch them on in the settings.";
                    let problem = problem.unwrap_or_else(|| about(message));
                    let text = format!("{problem} \"{name}\" would wait in vain.");
                    found.push(finding(Level::Blocker, text, Some(problem), Some(Remedy::Webhooks)));
                }
            }
            continue;
        }
        let connection = runner.store.connection_named(&step.connection).await.ok().flatten();
        let Some(connection) = connection else { continue };
        let webhook = runner.store.webhook(&connection.id).await.ok().flatten();
        if webhook.is_none_or(|webhook| !webhook.enabled) {
            let problem = about(&format!("The webhook of {} is off. Switch it on there.", step.connection))
                .about(Subject::Connection { name: step.connection.clone() });
            let text = format!("\"{name}\" would wait in vain: the webhook of {} is off.", step.connection);
            found.push(finding(Level::Blocker, text, Some(problem), None));
        }
    }
    found
}
