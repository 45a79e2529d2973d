//! The check before a run: everything in parallel, nothing sent that changes anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use patchbay_connector::Target;
use patchbay_model::check::{Finding, Level};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Chain, ChainId, ConnectionId, StepId};

use super::live::LiveStep;
use super::{Live, Runner, deliveries, foresee, others};
use crate::mapping;
use crate::plan::PlanStep;

/// How long a connection that answered counts as answering, for runs that events start.
const FRESH: Duration = Duration::from_secs(30);
/// The longest that one connection's test may take.
const TEST_CAP: Duration = Duration::from_secs(10);

/// Checks connections and mappings, and says what the run will do. Blockers first. `counts` says how many
/// items steps had when the chain last ran; `watched` whether a person asked for it.
pub async fn check(
    runner: &Runner,
    (id, chain): (&ChainId, &Chain),
    live: &Live,
    counts: &BTreeMap<StepId, u32>,
    watched: bool,
) -> Vec<Finding> {
    let targets: BTreeMap<&str, &Target> = live
        .steps
        .iter()
        .filter_map(LiveStep::called)
        .map(|c| (c.target.connection.name.as_str(), &c.target))
        .collect();
    let counts = &foresee::limited(&live.plan, counts);
    let tests = targets.iter().map(|(name, target)| test_or_recall(runner, name, target, watched));
    let mut findings: Vec<Finding> = join_all(tests).await;
    findings.extend(mapping::findings(chain, |name| {
        targets.get(name).map(|target| target.descriptor.descriptor().as_ref())
    }));
    findings.extend(deliveries::findings(runner, chain).await);
    findings.extend(foresee::scopes(chain, live));
    findings.extend(foresee::pace(&runner.engine, chain, live, counts));
    findings.extend(effects(chain, live, counts));
    findings.extend(others::findings(runner, id, chain).await);
    findings.sort_by_key(|finding| finding.level);
    findings
}

/// Connections that answered a moment ago. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<Mutex<HashMap<ConnectionId, (Duration, Finding)>>>);

impl Recent {
    fn get(&self, id: &ConnectionId, now: Duration) -> Option<Finding> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, finding) = all.get(id)?;
        (now.saturating_sub(*at) < FRESH).then(|| finding.clone())
    }

    fn keep(&self, id: &ConnectionId, now: Duration, finding: &Finding) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if finding.level == Level::Pass {
            all.insert(id.clone(), (now, finding.clone()));
        } else {
            all.remove(id);
        }
    }
}

/// The same; one that answered a moment ago is not asked again where nobody watches.
async fn test_or_recall(runner: &Runner, name: &str, target: &Target, watched: bool) -> Finding {
    let (id, now) = (&target.connection.id, runner.clock.monotonic());
    if !watched
        && !target.connection.paused
        && let Some(finding) = runner.recent.get(id, now)
    {
        return finding;
    }
    let finding = test(runner, name, target).await;
    runner.recent.keep(id, now, &finding);
    finding
}

async fn test(runner: &Runner, name: &str, target: &Target) -> Finding {
    let tool = &target.descriptor.descriptor().name;
    let found = |level, problem: Problem| Finding::of_connection(level, name, tool, problem);
    if runner.recorded.is_some() {
        return Finding {
            level: Level::Pass,
            step: None,
            text: format!("{name} answers."),
            problem: None,
            remedy: None,
        };
    }
    if target.connection.paused {
        let problem = Problem::new(Code::InputInvalid)
            .with("field", format!("The connection \"{name}\""))
            .with("message", "It is paused. Resume it to run this chain.");
        return found(Level::Blocker, problem);
    }
    match tokio::time::timeout(TEST_CAP, runner.engine.health(target)).await {
        Ok(Ok(health)) => Finding {
            level: Level::Pass,
            step: None,
            text: match &health.account {
                Some(account) => format!("{name} answers; signed in as {}.", account.label),
                None => format!("{name} answers."),
            },
            problem: None,
            remedy: None,
        },
        // What passes by itself is waited for during the run; it need not stop it from starting.
        Ok(Err(problem)) if problem.code().retry() == patchbay_model::problem::Retry::Wait => {
            found(Level::Warning, problem)
        }
        Ok(Err(problem)) => found(Level::Blocker, problem),
        Err(_) => found(Level::Blocker, Problem::new(Code::TimeoutResponse)),
    }
}

/// What the run will do, and what of it cannot be undone.
pub(super) fn effects(chain: &Chain, live: &Live, counts: &BTreeMap<StepId, u32>) -> Vec<Finding> {
    let mut found = Vec::new();
    let steps: Vec<_> = chain.all_steps().collect();
    for (index, step) in live.steps.iter().enumerate() {
        let Some(step) = step.called() else { continue };
        let planned = &live.plan.steps[index];
        let count = steps.get(index).and_then(|step| counts.get(&step.id)).copied();
        let words = effect_words(&step.operation.title, &step.target.connection.name, planned, count);
        found.push(Finding {
            level: Level::Effect,
            step: steps.get(index).map(|step| step.id.clone()),
            text: words,
            problem: None,
            remedy: None,
        });
    }
    found
}

/// What a step will do, as a sentence; `count` says how many items it had when the chain last ran.
pub fn effect_words(title: &str, tool: &str, step: &PlanStep, count: Option<u32>) -> String {
    let each = if step.root.is_some() { " once for each item" } else { "" };
    let about = count.filter(|_| !each.is_empty()).map_or_else(String::new, |count| format!("about {count}; "));
    let undo = match (step.effect, &step.undo) {
        (false, _) => "only reads",
        (true, Some(_)) => "can be undone",
        (true, None) => "cannot be undone",
    };
    format!("\"{title}\" in {tool}{each} ({about}{undo}).")
}
