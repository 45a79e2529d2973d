//! What a run will need, as far as it can be known before: permissions, the pace that services allow,
//! and a figure that changes with what the run would do.

use std::collections::BTreeMap;

use patchbay_connector::{Engine, sha256_hex};
use patchbay_model::chain::ChainVersion;
use patchbay_model::check::{Finding, Level, Remedy};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::rate::RateWindow;
use patchbay_model::run::{Fact, Run};
use patchbay_model::trigger::OriginKind;
use patchbay_model::{Chain, ChainId, StepId};
use serde_json::json;

use super::{Live, Runner, others};
use crate::difference::seconds_words;
use crate::plan::Plan;

/// Runs of a chain that are looked through for the figures of the last one.
const LOOKED_AT: u32 = 10;
/// Facts that are read of it.
const FACTS: u32 = 60_000;
/// A run that takes less is not worth a word.
const SLOW_SECONDS: u64 = 60;

/// How many items each step of a chain had when it last ran to its end.
pub async fn last_counts(runner: &Runner, chain: &ChainId) -> BTreeMap<StepId, u32> {
    let mut counts = BTreeMap::new();
    let Ok(runs) = runner.store.runs_of(chain, LOOKED_AT).await else {
        return counts;
    };
    let whole = |run: &Run| {
        let kind = run.origin.kind;
        !matches!(kind, OriginKind::FailedItems | OriginKind::FromStep) && run.state.is_final() && !run.dry_run
    };
    for last in runs.into_iter().filter(whole) {
        let journal = runner.store.journal_part(&last.id, 0, FACTS).await.unwrap_or_default();
        // One that was narrowed says nothing of how much there is.
        if journal.iter().any(|entry| matches!(entry.fact, Fact::Narrowed(_))) {
            continue;
        }
        for entry in &journal {
            count(&entry.fact, &mut counts);
        }
        break;
    }
    counts
}

/// The same with no more items of a list than the step takes that gives it: it may have taken more before.
pub(super) fn limited(plan: &Plan, counts: &BTreeMap<StepId, u32>) -> BTreeMap<StepId, u32> {
    let mut counts = counts.clone();
    for step in &plan.steps {
        let limit = step.root.and_then(|list| plan.steps[list].policy.limit);
        if let (Some(limit), Some(count)) = (limit, counts.get_mut(&step.id)) {
            *count = limit.min(*count);
        }
    }
    counts
}

/// Takes in how many items a fact tells of. A list comes in pages: when a step begins, those of the first are
/// known.
fn count(fact: &Fact, counts: &mut BTreeMap<StepId, u32>) {
    let (step, items) = match fact {
        Fact::StepOpened { step, items } => (step, *items),
        Fact::Result { step, item, .. } | Fact::Kept { step, item, .. } => (step, item + 1),
        Fact::Computed { step, results } => (step, results.iter().map(|(item, _)| item + 1).max().unwrap_or(0)),
        Fact::LeftOut { step, items, .. } => (step, items.iter().map(|item| item + 1).max().unwrap_or(0)),
        _ => return,
    };
    match counts.get_mut(step) {
        Some(known) => *known = items.max(*known),
        None => {
            counts.insert(step.clone(), items);
        }
    }
}

/// Permissions that an operation needs and the sign-in was not granted. Said as a warning: some services
/// let one permission stand for others.
pub(super) fn scopes(chain: &Chain, live: &Live) -> Vec<Finding> {
    let mut found = Vec::new();
    for (step, live) in chain.all_steps().zip(&live.steps) {
        let Some(called) = live.called() else { continue };
        let granted = &called.target.connection.scopes;
        let missing: Vec<&str> = called
            .operation
            .scopes
            .iter()
            .filter(|scope| !granted.is_empty() && !granted.contains(scope))
            .map(String::as_str)
            .collect();
        if missing.is_empty() {
            continue;
        }
        let name = &called.target.connection.name;
        found.push(Finding {
            level: Level::Warning,
            step: Some(step.id.clone()),
            text: format!(
                "\"{}\" may not be allowed: the sign-in of {name} lacks {}.",
                step.title(),
                missing.join(", ")
            ),
            problem: Some(
                Problem::new(Code::PermissionDenied)
                    .with("tool", &called.target.descriptor.descriptor().name)
                    .with("name", name)
                    .with("permission", missing.join(", "))
                    .about(Subject::Connection { name: name.clone() }),
            ),
            remedy: None,
        });
    }
    found
}

/// Steps that the pace of a service makes slow, by what the last run had to do.
pub(super) fn pace(
    engine: &Engine,
    chain: &Chain,
    live: &Live,
    counts: &BTreeMap<StepId, u32>,
) -> Vec<Finding> {
    let mut calls: BTreeMap<&str, (u64, Vec<RateWindow>, &StepId)> = BTreeMap::new();
    for (step, live) in chain.all_steps().zip(&live.steps) {
        let Some(called) = live.called() else { continue };
        let paces = || (0, engine.paces(&called.target), &step.id);
        let entry = calls.entry(&called.target.connection.name).or_insert_with(paces);
        let own = u64::from(counts.get(&step.id).copied().unwrap_or(1));
        if own > entry.0 {
            entry.2 = &step.id;
        }
        entry.0 += own;
    }
    let mut found = Vec::new();
    for (name, (calls, windows, step)) in calls {
        let slowest =
            windows.iter().map(|window| (seconds(calls, *window), *window)).max_by_key(|(needed, _)| *needed);
        let Some((needed, window)) = slowest.filter(|(needed, _)| *needed >= SLOW_SECONDS) else { continue };
        found.push(Finding {
            level: Level::Warning,
            step: Some(step.clone()),
            text: format!(
                "This may be slow. {name} allows {} calls in {}; about {calls} calls, as in the last run, need about {}.",
                window.calls,
                seconds_words(u64::from(window.seconds)),
                about(needed)
            ),
            problem: None, remedy: Some(Remedy::FewerItems) });
    }
    found
}

/// The seconds that so many calls need within a window.
fn seconds(calls: u64, window: RateWindow) -> u64 {
    let at_once = u64::from(window.burst.unwrap_or(window.calls / 10).clamp(1, (window.calls / 2).max(1)));
    calls.saturating_sub(at_once) * u64::from(window.seconds) / u64::from(window.calls.max(1))
}

/// A length of time as people say it, rounded up.
fn about(seconds: u64) -> String {
    match seconds {
        0..60 => seconds_words(seconds),
        60..3_600 => seconds_words(seconds.div_ceil(60) * 60),
        _ => seconds_words(seconds.div_ceil(3_600) * 3_600),
    }
}

/// SHA-256 in hexadecimal of what a run would do: the document, the connections that it uses, their
/// connectors, where their requests go and as whom, and the other chains that it runs. Something approved is what
/// is done as long as this stays the same.
pub async fn plan_hash(runner: &Runner, version: &ChainVersion, live: &Live) -> String {
    let steps = live.plan.steps.iter().zip(&live.steps).map(|(plan, step)| {
        let called = step.called();
        json!({
            "step": plan.id,
            "connection": called.map(|c| &c.target.connection.id),
            // Its definition as a whole: a version says nothing where somebody edits their own.
            "connector": called.map(|c| c.target.descriptor.descriptor().as_ref()),
            "origins": called.map(|c| &c.target.connection.origins),
            "settings": called.map(|c| &c.target.connection.config),
            "account": called.map(|c| &c.target.connection.account),
        })
    });
    let steps: Vec<_> = steps.collect();
    let others = others::hashes(&runner.store, &version.chain).await;
    let told = json!({ "chain": version.hash, "steps": steps, "others": others });
    sha256_hex(patchbay_map::canonical_json(&told).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_later_pages_are_counted_and_not_only_those_that_a_step_began_with() {
        let facts = json!([
            {"fact": "step_opened", "step": "list", "items": 1},
            {"fact": "result", "step": "list", "item": 1, "attempt": 1, "tookMs": 1, "bytes": 1,
                "outcome": {"outcome": "done", "output": []}},
            {"fact": "step_opened", "step": "tell", "items": 100},
            {"fact": "left_out", "step": "tell", "items": [3, 11_999], "why": "filtered"},
            {"fact": "result", "step": "tell", "item": 4, "attempt": 1, "tookMs": 1, "bytes": 1,
                "outcome": {"outcome": "done", "output": {}}},
            {"fact": "computed", "step": "make", "results": [[0, 1], [7, 1]]},
        ]);
        let mut counts = BTreeMap::new();
        serde_json::from_value::<Vec<Fact>>(facts).unwrap().iter().for_each(|fact| count(fact, &mut counts));
        let found: Vec<_> = counts.iter().map(|(step, count)| (step.as_str(), *count)).collect();
        assert_eq!(found, [("list", 2), ("make", 8), ("tell", 12_000)]);
    }

    #[test]
    fn the_time_that_calls_need_is_that_of_the_pace_beyond_the_first_burst() {
        let window = |calls, seconds, burst| RateWindow { calls, seconds, burst };
        assert_eq!(seconds(400, window(2, 1, None)), 199);
        assert_eq!(seconds(10, window(100, 60, None)), 0);
        assert_eq!(seconds(12_000, window(60, 60, Some(10))), 11_990);
        assert_eq!(about(199), "4 minutes");
        assert_eq!(about(11_990), "4 hours");
        assert_eq!(about(30), "30 seconds");
    }
}
