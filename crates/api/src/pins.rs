//! Results of steps that a person keeps with the draft of a chain. Its previews, and a step that is done
//! alone, go on from them; no run of the chain reads them.

use std::collections::BTreeMap;

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
    Ok(RunDataResponse { items, total })
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

/// A run's journal with what is pinned in it.
pub(crate) struct Placed {
    /// The journal.
    pub(crate) journal: Vec<JournalEntry>,
    /// The places in the plan of the steps whose results are pinned ones.
    pub(crate) pinned: Vec<usize>,
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

/// The journal of a run with what is pinned in the place of what its steps gave, as far as `until`.
///
/// # Errors
/// `CONFLICT` where a step that is not pinned went through other items than those that are.
pub(crate) fn in_place(
    plan: &Plan,
    chain: &Chain,
    journal: Vec<JournalEntry>,
    pins: &[Pin],
    until: usize,
) -> Result<Placed, Problem> {
    let mut placed: BTreeMap<usize, &Pin> = BTreeMap::new();
    for pin in pins.iter().filter(|pin| holds(pin, chain)) {
        let Some(at) = plan.index(&pin.step).filter(|at| *at < until) else { continue };
        // What the run itself gave, and was pinned: all that followed of it stands.
        if outputs_of(StepItems::in_journal(&pin.step, &journal)) != pin.outputs {
            placed.insert(at, pin);
        }
    }
    for (at, step) in plan.steps.iter().enumerate().take(until).filter(|(at, _)| !placed.contains_key(at)) {
        let Some(pin) = step.root.and_then(|root| placed.get(&root)) else { continue };
        let title = |id: &StepId| chain.step(id).map_or(id.as_str(), |(_, step)| step.title()).to_owned();
        if !StepItems::in_journal(&plan.steps[at].id, &journal).into_map().is_empty() {
            let (own, list) = (title(&step.id), title(&pin.step));
            let message = format!(
                "\"{own}\" went through other items than those pinned of \"{list}\". Pin what it gave too, or run the chain."
            );
            let problem = Problem::new(Code::Conflict).with("item", "What the step needs");
            return Err(problem.with("message", message));
        }
    }
    let run = journal.first().map_or_else(|| RunId::new(""), |entry| entry.run.clone());
    let facts = |at: usize, pin: &Pin| {
        let step = plan.steps[at].id.clone();
        let mut facts = vec![Fact::StepOpened { step: step.clone(), items: pin.outputs.len() as u32 }];
        let mut left_out = Vec::new();
        for (item, output) in (0_u32..).zip(&pin.outputs) {
            match output {
                Some(output) => {
                    facts.push(Fact::Kept {
                        step: step.clone(),
                        item,
                        outcome: run_data::done(output.clone()),
                    });
                }
                None => left_out.push(item),
            }
        }
        if !left_out.is_empty() {
            facts.push(Fact::LeftOut { step, items: left_out, why: Why::Filtered });
        }
        let entry = |fact| JournalEntry { run: run.clone(), seq: 0, at: pin.at, fact };
        facts.into_iter().map(entry).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let opened = |step: &StepId| {
        journal.iter().any(|entry| matches!(&entry.fact, Fact::StepOpened { step: own, .. } if own == step))
    };
    for (at, pin) in placed.iter().filter(|(at, _)| !opened(&plan.steps[**at].id)) {
        found.extend(facts(*at, pin));
    }
    for entry in journal {
        let at = entry.fact.step().and_then(|step| plan.index(step));
        match at.and_then(|at| Some((at, placed.get(&at)?))) {
            Some((at, pin)) if matches!(entry.fact, Fact::StepOpened { .. }) => found.extend(facts(at, pin)),
            Some(_) => {}
            None => found.push(entry),
        }
    }
    Ok(Placed { journal: found, pinned: placed.into_keys().collect() })
}

#[cfg(test)]
#[path = "pins/tests.rs"]
mod tests;
