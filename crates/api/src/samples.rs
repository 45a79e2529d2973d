//! Values that results of steps had: what mappings are matched and shown on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use patchbay_chain::journal;
use patchbay_chain::mapping::{Samples, TRIGGER};
use patchbay_model::chain::{Chain, Step};
use patchbay_model::descriptor::Descriptor;
use patchbay_model::problem::Problem;
use patchbay_model::run::{Fact, JournalEntry, Outcome, Run};
use patchbay_model::trigger::Trigger;
use patchbay_model::{ChainId, Signal, StepId};
use serde::Serialize;
use serde_json::Value;

use crate::pins;
use crate::workspace::Workspace;

/// At most this many per step.
const MOST: usize = 20;
/// Runs that are looked through for the last one of a chain.
const RUNS: u32 = 1_000;
/// Of these at most so many are read.
const LOOKED_AT: usize = 5;

/// Samples of a chain's steps.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// By step.
    pub(crate) values: Samples,
    /// Where they come from.
    pub(crate) origin: BTreeMap<String, SampleOrigin>,
}

/// Where samples come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SampleOrigin {
    /// The chain's last run.
    LastRun,
    /// The connection's last signals, as the service sent them.
    Signals,
    /// The signal that a person chose.
    Chosen,
    /// The run that a person chose.
    ChosenRun,
    /// What a person keeps of the step.
    Pinned,
}

/// Samples of every step that has some: what is pinned, else from the last run, else the last signals of a
/// list step's connection.
pub(crate) async fn of_chain<'d>(
    workspace: &Workspace,
    id: Option<&ChainId>,
    chain: &Chain,
    descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
) -> Result<Found, Problem> {
    let mut found = latest(workspace, id, chain, descriptor_of).await?;
    if let Some(id) = id {
        found.pin(workspace, id, chain).await?;
    }
    Ok(found)
}

/// The same without what is pinned.
pub(crate) async fn latest<'d>(
    workspace: &Workspace,
    id: Option<&ChainId>,
    chain: &Chain,
    descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
) -> Result<Found, Problem> {
    let mut found = Found::default();
    if let Some(id) = id {
        found.values = last_run(workspace, id, chain).await?;
        found.origin = found.values.keys().map(|step| (step.clone(), SampleOrigin::LastRun)).collect();
    }
    if let Trigger::Signal { connection, stream, .. } = &chain.trigger
        && let Some(connection) = workspace.store().connection_named(connection).await?
    {
        let signals = workspace.store().signal_list(Some(&connection.id), MOST as u32).await?;
        let fits = |signal: &Signal| stream.as_ref().is_none_or(|stream| *stream == signal.stream);
        let inputs: Vec<Value> = signals.into_iter().filter(fits).map(|signal| input_of(&signal)).collect();
        if !inputs.is_empty() {
            found.values.insert(TRIGGER.to_owned(), inputs);
            found.origin.insert(TRIGGER.to_owned(), SampleOrigin::Signals);
        }
    }
    for step in &chain.steps {
        let lists = descriptor_of(&step.connection)
            .and_then(|d| d.operation(&step.operation))
            .is_some_and(|operation| operation.verb.yields_items());
        if !lists || found.values.contains_key(step.id.as_str()) {
            continue;
        }
        let Some(connection) = workspace.store().connection_named(&step.connection).await? else { continue };
        let signals = workspace.store().signal_list(Some(&connection.id), MOST as u32).await?;
        if !signals.is_empty() {
            let values = signals.into_iter().map(|s| s.raw).filter(|raw| !raw.is_null()).collect();
            found.values.insert(step.id.to_string(), values);
            found.origin.insert(step.id.to_string(), SampleOrigin::Signals);
        }
    }
    Ok(found)
}

/// What a chain that waits for a signal is started with.
pub(crate) fn input_of(signal: &Signal) -> Value {
    serde_json::to_value(signal).unwrap_or_default()
}

impl Found {
    /// Puts a signal that a person chose in the place of what starts the chain.
    pub(crate) fn choose(&mut self, signal: &Signal) {
        self.values.insert(TRIGGER.to_owned(), vec![input_of(signal)]);
        self.origin.insert(TRIGGER.to_owned(), SampleOrigin::Chosen);
    }

    /// Puts what a run gave that a person chose in the place of what came last; what is pinned stays.
    pub(crate) async fn choose_run(
        &mut self,
        workspace: &Workspace,
        run: &Run,
        chain: &Chain,
    ) -> Result<(), Problem> {
        let mut values = of_run(workspace, run, chain).await?;
        if !run.input.is_null() {
            values.insert(TRIGGER.to_owned(), vec![run.input.clone()]);
        }
        for (step, values) in values {
            if self.origin.get(&step) != Some(&SampleOrigin::Pinned) {
                self.origin.insert(step.clone(), SampleOrigin::ChosenRun);
                self.values.insert(step, values);
            }
        }
        Ok(())
    }

    async fn pin(&mut self, workspace: &Workspace, id: &ChainId, chain: &Chain) -> Result<(), Problem> {
        for pin in workspace.store().pins(id).await?.into_iter().filter(|pin| pins::holds(pin, chain)) {
            let mut values = Vec::new();
            for output in pin.outputs.into_iter().flatten() {
                add(&mut values, output);
            }
            if !values.is_empty() {
                self.origin.insert(pin.step.to_string(), SampleOrigin::Pinned);
                self.values.insert(pin.step.to_string(), values);
            }
        }
        Ok(())
    }
}

/// What the steps of the chain's last run that gave something gave.
async fn last_run(workspace: &Workspace, id: &ChainId, chain: &Chain) -> Result<Samples, Problem> {
    let runs = workspace.store().run_list(RUNS, 0).await?.items;
    // A run that ended before its first step gave nothing: the one before it may have.
    for run in runs.into_iter().filter(|run| run.chain_id == *id && !run.dry_run).take(LOOKED_AT) {
        let samples = of_run(workspace, &run, chain).await?;
        if !samples.is_empty() {
            return Ok(samples);
        }
    }
    Ok(Samples::new())
}

/// What the steps of a run gave, as far as the chain still has them.
async fn of_run(workspace: &Workspace, run: &Run, chain: &Chain) -> Result<Samples, Problem> {
    let mut samples = Samples::new();
    // What another operation gave says nothing about this one.
    let same =
        |now: &&Step| run.snapshot.step(&now.id).is_some_and(|(_, then)| pins::calls_the_same(then, now));
    let mut wanted: BTreeSet<StepId> = chain.all_steps().filter(same).map(|step| step.id.clone()).collect();
    let take = |entry: JournalEntry| {
        let (step, outputs) = match entry.fact {
            Fact::Result { step, outcome: Outcome::Done { output, .. }, .. }
            | Fact::Kept { step, outcome: Outcome::Done { output, .. }, .. } => (step, vec![output]),
            Fact::Computed { step, results } => (step, results.into_iter().map(|(_, output)| output).collect()),
            _ => return ControlFlow::Continue(()),
        };
        if wanted.contains(&step) {
            let values = samples.entry(step.to_string()).or_default();
            for output in outputs {
                add(values, output);
            }
            if values.len() == MOST {
                wanted.remove(&step);
            }
        }
        // Of a long journal the beginning is enough.
        if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    journal::until(workspace.store(), &run.id, take).await?;
    samples.retain(|_, values| !values.is_empty());
    Ok(samples)
}

/// One more result, or those of a list.
fn add(values: &mut Vec<Value>, output: Value) {
    match output {
        Value::Array(items) => values.extend(items),
        Value::Null => {}
        one => values.push(one),
    }
    values.truncate(MOST);
}
