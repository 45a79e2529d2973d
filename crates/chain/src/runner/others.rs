//! Other chains that steps run: which they are, and what they will do.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_model::chain::ChainVersion;
use patchbay_model::check::{Finding, Level};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Chain, ChainId, StepId};
use patchbay_store::Store;

use super::check::effects;
use super::{Live, Runner};
use crate::triggers::LONGEST_PATH;

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
    if runner.recorded.is_some() {
        // How their runs ended was recorded with the rest; here they are not run.
        return found;
    }
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
