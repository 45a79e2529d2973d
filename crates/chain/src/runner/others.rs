//! Other chains that steps run: which they are, what they will do, and how their runs are stopped with the
//! run that they are a part of.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_model::chain::ChainVersion;
use patchbay_model::check::{Finding, Level};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Chain, ChainId, RunId, StepId};
use patchbay_store::Store;
use tokio::sync::mpsc;

use super::check::effects;
use super::{Live, Runner};
use crate::triggers::LONGEST_PATH;

/// Asks that runs are stopped; whoever works on them hears it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stops(mpsc::UnboundedSender<Stop>);

/// A run that is to be stopped, because the run that it is a part of was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The run.
    pub run: RunId,
    /// Whether to undo what it did.
    pub undo: bool,
}

impl Stops {
    /// With the end at which the wishes arrive.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Stop>) {
        let (wishes, arrive) = mpsc::unbounded_channel();
        (Self(wishes), arrive)
    }

    pub(super) fn ask(&self, run: RunId, undo: bool) {
        // Where nobody hears it the program ends; the next start asks again.
        let _ = self.0.send(Stop { run, undo });
    }
}

/// The version of another chain that is run: the published one, else the latest. `NOT_FOUND` where there is
/// no such chain.
pub(super) async fn version(store: &Store, name: &str) -> Result<ChainVersion, Problem> {
    let missing = || Problem::new(Code::NotFound).with("item", format!("The chain \"{name}\""));
    let latest = store.chain_named(name).await.map_err(Problem::from)?.ok_or_else(missing)?;
    Ok(store.chain_published(&latest.id).await.map_err(Problem::from)?.unwrap_or(latest))
}

/// Whether one more chain may follow on those that led here.
pub(super) fn may_follow(path: &[ChainId], next: &ChainId, name: &str) -> Result<(), Problem> {
    if path.contains(next) || path.len() >= LONGEST_PATH {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", format!("The chain \"{name}\""))
            .with("message", "It leads back to the chain that runs it."));
    }
    Ok(())
}

/// The other chains that a chain runs, with the step that does.
fn called(chain: &Chain) -> impl Iterator<Item = (&StepId, &str)> {
    chain.all_steps().filter_map(|step| match &step.logic {
        Some(Logic::Chain { chain }) => Some((&step.id, chain.as_str())),
        _ => None,
    })
}

/// A chain on the way down, with the step of the first one that leads to it.
struct Below {
    step: StepId,
    name: String,
    path: Vec<ChainId>,
}

/// What other chains will do that a chain runs, and what keeps them from it: each is said once, at the step
/// of this chain that leads to it.
pub(super) async fn findings(runner: &Runner, id: &ChainId, chain: &Chain) -> Vec<Finding> {
    let mut found = Vec::new();
    let below = |step: &StepId, name: &str, path: &[ChainId]| Below {
        step: step.clone(),
        name: name.to_owned(),
        path: path.to_vec(),
    };
    let mut open: Vec<Below> =
        called(chain).map(|(step, name)| below(step, name, std::slice::from_ref(id))).collect();
    let mut said = BTreeSet::new();
    while let Some(next) = open.pop() {
        let blocked = |problem: Problem| Finding {
            step: Some(next.step.clone()),
            ..Finding::of(Level::Blocker, problem)
        };
        let other = match version(&runner.store, &next.name).await {
            Ok(other) => other,
            Err(problem) => {
                found.push(blocked(problem));
                continue;
            }
        };
        if let Err(problem) = may_follow(&next.path, &other.id, &next.name) {
            found.push(blocked(problem));
            continue;
        }
        if !said.insert(other.id.clone()) {
            continue;
        }
        match Live::of_chain(runner, &other.chain).await {
            Ok(live) => {
                found.extend(effects(&other.chain, &live, &BTreeMap::new()).into_iter().map(|effect| {
                    Finding {
                        step: Some(next.step.clone()),
                        text: format!("The chain \"{}\" runs: {}", other.chain.name, effect.text),
                        ..effect
                    }
                }));
                if live.plan.steps.iter().any(|step| step.undo.is_some()) {
                    found.push(apart(&next.step, &other.chain.name));
                }
            }
            Err(problems) => found.extend(problems.into_iter().map(|problem| {
                let finding = blocked(problem);
                Finding { text: format!("In the chain \"{}\": {}", other.chain.name, finding.text), ..finding }
            })),
        }
        let path = [next.path.as_slice(), std::slice::from_ref(&other.id)].concat();
        open.extend(called(&other.chain).map(|(_, name)| below(&next.step, name, &path)));
    }
    found
}

/// What can be undone of another chain is not undone with the run that runs it.
fn apart(step: &StepId, name: &str) -> Finding {
    Finding {
        level: Level::Effect,
        step: Some(step.clone()),
        text: format!(
            "What the chain \"{name}\" changes is not undone with this run, but from the report of its own run."
        ),
        problem: None,
        remedy: None,
    }
}

/// What stands for the other chains that a chain runs, and those that they run: the hash of the version of each
/// that would be run, by name; none for one that is not there.
pub(super) async fn hashes(store: &Store, chain: &Chain) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<String> = called(chain).map(|(_, name)| name.to_owned()).collect();
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let other = version(store, &name).await.ok();
        open.extend(other.iter().flat_map(|other| called(&other.chain)).map(|(_, name)| name.to_owned()));
        found.insert(name, other.map(|other| other.hash));
    }
    found
}
