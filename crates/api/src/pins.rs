//! Results of steps that a person keeps with the draft of a chain. Its previews, and a step that is done
//! alone, go on from them; no run of the chain reads them.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_chain::reached::Reached;
use patchbay_chain::{Plan, journal};
use patchbay_connector::sha256_hex;
use patchbay_map::canonical_json;
use patchbay_model::chain::{Chain, ChosenBy, FieldMap, Step};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Fact, JournalEntry, Outcome, Why};
use patchbay_model::{Event, RunId, StepId, Timestamp};
use patchbay_store::Pin;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::chains::{self, ChainRef};
use crate::hub::Hub;
use crate::privacy::Privacy;
use crate::run_data::{self, ItemData, RunDataResponse, StepItems};
use crate::runs;

/// The largest result that is kept, in bytes of JSON.
const LARGEST: usize = 1 << 20;
/// Runs of a chain that are looked through for one that did the step.
const LOOKED_AT: u32 = 20;
/// Items in one answer.
const SHOWN: usize = 200;

/// Which result to keep.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct StepPinRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// The step of its latest version.
    pub step: StepId,
    /// The run that it is taken of; the latest that did the step where absent.
    #[serde(default)]
    pub run: Option<String>,
}

/// A step of a chain.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PinRef {
    /// The chain, by identifier or name.
    pub chain: String,
    /// The step.
    pub step: StepId,
}

/// Which items of what is kept.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct PinShowRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// The step.
    pub step: StepId,
    /// How many items to pass over; an answer has 200 at most.
    #[serde(default)]
    pub offset: Option<u32>,
}

/// What is kept of a chain's steps.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PinsResponse {
    /// One for each step of which something is kept.
    pub pins: Vec<PinView>,
}

/// That something is kept of a step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PinView {
    /// The step.
    pub step: StepId,
    /// Since when.
    pub at: Timestamp,
    /// How many items it has.
    pub items: usize,
    /// Whether the step is still what gave it, its mapping and conditions included: else it is not used.
    pub holds: bool,
}

/// Keeps what a step gave. `CONFLICT` where no run did the step, or where it gave more than 1 MiB.
pub async fn pin(hub: &Hub, workspace: &str, request: StepPinRequest) -> Result<PinsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = chains::find(&workspace, &request.chain).await?;
    let about = || Subject::Chain { id: version.id.to_string(), step: Some(request.step.to_string()) };
    let refused = |message: &str| {
        Problem::new(Code::Conflict).with("item", "What the step gave").with("message", message).about(about())
    };
    let Some((_, step)) = version.chain.step(&request.step) else {
        return Err(missing(&request.step).about(about()));
    };
    let runs = match &request.run {
        Some(run) => vec![runs::of_chain(&workspace, run, &version.id).await?],
        None => workspace.store().runs_of(&version.id, LOOKED_AT).await?,
    };
    let mut found = None;
    for run in runs {
        let same = run.snapshot.step(&request.step).is_some_and(|(_, then)| made_by(then) == made_by(step));
        if !same || run.dry_run {
            continue;
        }
        let mut items = StepItems::of(&request.step);
        journal::each(workspace.store(), &run.id, |entry| items.take(entry.fact)).await?;
        let outputs = outputs_of(items);
        if outputs.iter().any(Option::is_some) {
            found = Some(outputs);
            break;
        }
    }
    let outputs = found
        .ok_or_else(|| refused("It gave nothing yet as it is now. Run the chain, or only this step, once."))?;
    let size = serde_json::to_string(&outputs).map_or(usize::MAX, |text| text.len());
    if size > LARGEST {
        return Err(refused("It is more than 1 MiB. Run the chain with fewer items first."));
    }
    let pin = Pin {
        step: request.step.clone(),
        connection: step.connection.clone(),
        operation: step.operation.clone(),
        made_by: made_by(step),
        outputs,
        at: hub.clock().now(),
    };
    workspace.store().pin(&version.id, &pin).await?;
    workspace.events().emit(Event::ChainsChanged);
    list(hub, workspace.name(), ChainRef { chain: version.id.to_string() }).await
}

/// Lets go of what was kept of a step.
pub async fn unpin(hub: &Hub, workspace: &str, request: PinRef) -> Result<PinsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = chains::find(&workspace, &request.chain).await?;
    if workspace.store().unpin(&version.id, &request.step).await? {
        workspace.events().emit(Event::ChainsChanged);
    }
    list(hub, workspace.name(), ChainRef { chain: version.id.to_string() }).await
}

/// Says what is kept of a chain's steps.
pub async fn list(hub: &Hub, workspace: &str, request: ChainRef) -> Result<PinsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = chains::find(&workspace, &request.chain).await?;
    let pins = workspace.store().pins(&version.id).await?;
    let view = |pin: Pin| PinView {
        holds: holds(&pin, &version.chain),
        items: items(&pin.outputs),
        step: pin.step,
        at: pin.at,
    };
    Ok(PinsResponse { pins: pins.into_iter().map(view).collect() })
}

/// How many items a result has: those of its lists, where it is of lists.
fn items(outputs: &[Option<Value>]) -> usize {
    outputs.iter().flatten().map(|output| output.as_array().map_or(1, Vec::len)).sum()
}

/// Shows what is kept of a step, as its data.
pub async fn show(hub: &Hub, workspace: &str, request: PinShowRequest) -> Result<RunDataResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = chains::find(&workspace, &request.chain).await?;
    let pin = workspace.store().pins(&version.id).await?.into_iter().find(|pin| pin.step == request.step);
    let outputs = pin.ok_or_else(|| missing(&request.step))?.outputs;
    let total = outputs.len() as u32;
    let item = |(item, output): (u32, Option<Value>)| ItemData {
        item,
        outcome: Some(output.map_or(Outcome::Skipped, run_data::done)),
        ..ItemData::default()
    };
    let offset = request.offset.unwrap_or(0) as usize;
    let items = (0..).zip(outputs).skip(offset).take(SHOWN).map(item).collect();
    let privacy = Privacy::of_chain(&workspace, &version.chain, &Reached::default()).await?;
    Ok(RunDataResponse::of(items, total, privacy, &request.step, None))
}

fn missing(step: &StepId) -> Problem {
    Problem::new(Code::NotFound).with("item", format!("The step \"{step}\""))
}

/// Whether two steps call the same.
pub(crate) fn calls_the_same(one: &Step, other: &Step) -> bool {
    (&one.connection, &one.operation) == (&other.connection, &other.operation)
}

/// What of a step decides what it gives, as a hash: not how it is called, who chose its mapping, or how often it
/// is tried.
fn made_by(step: &Step) -> String {
    let field = |map: &FieldMap| FieldMap {
        always: false,
        seen: false,
        by: ChosenBy::default(),
        confidence: None,
        reason: None,
        ..map.clone()
    };
    let told = json!({
        "connection": step.connection,
        "operation": step.operation,
        "logic": step.logic,
        "on": step.on,
        "handles": step.handles,
        "forEach": step.for_each,
        "mapping": step.mapping.iter().map(field).collect::<Vec<_>>(),
    });
    sha256_hex(canonical_json(&told).as_bytes())
}

/// Whether a chain's step is still what gave a pin.
pub(crate) fn holds(pin: &Pin, chain: &Chain) -> bool {
    chain.step(&pin.step).is_some_and(|(_, step)| {
        if pin.made_by.is_empty() {
            // From before more was kept: what works by itself may be anything by now.
            return step.logic.is_none()
                && (step.connection.as_str(), step.operation.as_str())
                    == (pin.connection.as_str(), pin.operation.as_str());
        }
        pin.made_by == made_by(step)
    })
}

/// What a step gave for each of its items.
fn outputs_of(items: StepItems) -> Vec<Option<Value>> {
    let mut items = items.into_map();
    let count = items.keys().next_back().map_or(0, |last| last + 1);
    let output = |item: u32| match items.remove(&item).and_then(|data| data.outcome) {
        Some(Outcome::Done { output, output_missing: None }) => Some(output),
        _ => None,
    };
    (0..count).map(output).collect()
}

/// Which of the steps before another are taken from what is pinned, and not from what a run gave. Its journal may
/// be long, and is taken in twice: to look, and to give it on.
pub(crate) struct Looking<'p> {
    plan: &'p Plan,
    until: usize,
    /// What is pinned, by place in the plan, beside what the run gave.
    pins: BTreeMap<usize, (&'p Pin, StepItems<'p>)>,
    /// Steps of which the run did something.
    done: BTreeSet<usize>,
    opened: BTreeSet<usize>,
}

impl<'p> Looking<'p> {
    /// For the steps of a chain before the place `until`.
    pub(crate) fn of(plan: &'p Plan, chain: &Chain, pins: &'p [Pin], until: usize) -> Self {
        let of_plan = |pin: &'p Pin| {
            let at = plan.index(&pin.step).filter(|at| *at < until)?;
            Some((at, (pin, StepItems::of(&pin.step))))
        };
        let pins = pins.iter().filter(|pin| holds(pin, chain)).filter_map(of_plan).collect();
        Self { plan, until, pins, done: BTreeSet::new(), opened: BTreeSet::new() }
    }

    /// Takes in the next fact of the run.
    pub(crate) fn take(&mut self, fact: Fact) {
        let Some(at) = fact.step().and_then(|step| self.plan.index(step)).filter(|at| *at < self.until) else {
            return;
        };
        if matches!(fact, Fact::StepOpened { .. }) {
            self.opened.insert(at);
        }
        if let Some((_, items)) = self.pins.get_mut(&at) {
            items.take(fact);
        } else if run_data::says_something(&fact) {
            self.done.insert(at);
        }
    }

    /// What is taken from pins.
    ///
    /// # Errors
    /// `CONFLICT` where a step that is not pinned went through other items than those that are.
    pub(crate) fn placed(self, chain: &Chain) -> Result<Placed<'p>, Problem> {
        let Self { plan, until, pins, mut done, opened } = self;
        let mut placed = BTreeMap::new();
        for (at, (pin, items)) in pins {
            let gave = outputs_of(items);
            if gave == pin.outputs {
                // What the run itself gave, and was pinned: all that followed of it stands.
                done.extend((!gave.is_empty()).then_some(at));
            } else {
                placed.insert(at, pin);
            }
        }
        for (at, step) in plan.steps.iter().enumerate().take(until).filter(|(at, _)| !placed.contains_key(at)) {
            let Some(pin) = step.root.and_then(|root| placed.get(&root)) else { continue };
            let title = |id: &StepId| chain.step(id).map_or(id.as_str(), |(_, step)| step.title()).to_owned();
            if done.contains(&at) {
                let (own, list) = (title(&step.id), title(&pin.step));
                let message = format!(
                    "\"{own}\" went through other items than those pinned of \"{list}\". Pin what it gave too, or run the chain."
                );
                let problem = Problem::new(Code::Conflict).with("item", "What the step needs");
                return Err(problem.with("message", message));
            }
        }
        Ok(Placed { plan, pins: placed, opened })
    }
}

/// What of a run's journal is taken from pins.
pub(crate) struct Placed<'p> {
    plan: &'p Plan,
    pins: BTreeMap<usize, &'p Pin>,
    /// The steps that the run itself began.
    opened: BTreeSet<usize>,
}

impl Placed<'_> {
    /// The places in the plan of the steps whose results are pinned ones.
    pub(crate) fn pinned(&self) -> Vec<usize> {
        self.pins.keys().copied().collect()
    }

    /// What stands before the first entry of the journal: pins of steps that the run never began.
    pub(crate) fn first(&self) -> Vec<JournalEntry> {
        let unopened = self.pins.iter().filter(|(at, _)| !self.opened.contains(at));
        unopened.flat_map(|(at, pin)| self.entries(*at, pin)).collect()
    }

    /// What stands in the place of an entry: itself, what is pinned, or nothing.
    pub(crate) fn instead(&self, entry: JournalEntry) -> Vec<JournalEntry> {
        let at = entry.fact.step().and_then(|step| self.plan.index(step));
        match at.and_then(|at| Some((at, self.pins.get(&at)?))) {
            Some((at, pin)) if matches!(entry.fact, Fact::StepOpened { .. }) => self.entries(at, pin),
            Some(_) => Vec::new(),
            None => vec![entry],
        }
    }

    fn entries(&self, at: usize, pin: &Pin) -> Vec<JournalEntry> {
        let step = self.plan.steps[at].id.clone();
        let mut facts = vec![Fact::StepOpened { step: step.clone(), items: pin.outputs.len() as u32 }];
        let mut left_out = Vec::new();
        for (item, output) in (0_u32..).zip(&pin.outputs) {
            match output {
                Some(output) => {
                    let outcome = run_data::done(output.clone());
                    facts.push(Fact::Kept { step: step.clone(), item, outcome, next: None });
                }
                None => left_out.push(item),
            }
        }
        if !left_out.is_empty() {
            facts.push(Fact::LeftOut { step, items: left_out, why: Why::Filtered });
        }
        // It is in nobody's journal: whose it is does not matter.
        let entry = |fact| JournalEntry { run: RunId::new(""), seq: 0, at: pin.at, fact };
        facts.into_iter().map(entry).collect()
    }
}

#[cfg(test)]
#[path = "pins/tests.rs"]
mod tests;
