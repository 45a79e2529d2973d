//! What an answer means: a result, or another try.

use std::time::Duration;

use jiff::SignedDuration;

use patchbay_model::Timestamp;
use patchbay_model::problem::{Problem, Retry};
use patchbay_model::run::{Fact, Outcome};
use serde_json::Value;

use super::waits_for_person;
use crate::plan::{Plan, Policy};
use crate::progress::{ItemProgress, Progress};

/// Turns the answer of one attempt into the fact to record: its result, or another try. `jitter`
/// is a random number from 0 up to 1; `page` is where a list goes on.
#[expect(clippy::too_many_arguments, reason = "all of them are the answer and its circumstances")]
pub fn judge(
    plan: &Plan,
    progress: &Progress,
    (step, item, attempt): (usize, u32, u32),
    outcome: Outcome,
    (took, bytes): (Duration, u64),
    next: Option<Value>,
    now: Timestamp,
    jitter: f64,
) -> Fact {
    let id = plan.steps[step].id.clone();
    if let Outcome::NotDone { problem } = &outcome
        && progress.stop.is_none()
        && !progress.is_out_of_time()
        && !progress.stop_tidying
        && let Some(until) =
            retry_at(plan.steps[step].policy, counted(progress, step, item), attempt, problem, now, jitter)
    {
        let (problem, took_ms) = (problem.clone(), (attempt > 0).then_some(took.as_millis() as u64));
        return Fact::Deferred { step: id, item, attempt, until, problem, took_ms, bytes };
    }
    let doubted = matches!(progress.item(step, item), Some(ItemProgress::InFlight(sent)) if sent.doubted);
    let outcome = match outcome {
        // This attempt was refused; the earlier one may have happened all the same.
        Outcome::NotDone { problem } | Outcome::Quarantined { problem } if doubted => {
            Outcome::Unknown { problem }
        }
        outcome => outcome,
    };
    Fact::Result { step: id, item, attempt, outcome, took_ms: took.as_millis() as u64, bytes, next }
}

/// The same for an undo that certainly did not happen, or of which nobody knows: when it is tried again. None
/// where that is of no use, or where the service would not recognise it for the same by then.
pub fn undo_again_at(
    plan: &Plan,
    progress: &Progress,
    (step, item, attempt): (usize, u32, u32),
    (problem, unknown): (&Problem, bool),
    now: Timestamp,
    jitter: f64,
) -> Option<Timestamp> {
    // Who stops what is being undone wants no more of it.
    if progress.stop == Some(false) {
        return None;
    }
    let (counted, first_at) = match progress.item(step, item) {
        Some(ItemProgress::Done { undo, .. }) => (undo.counted(), undo.first_at()),
        _ => (0, None),
    };
    let at = retry_at(plan.steps[step].policy, counted, attempt, problem, now, jitter)?;
    let recognised = || Some(plan.steps[step].undo?.is_recognised(first_at?, at));
    (!unknown || recognised() == Some(true)).then_some(at)
}

/// How many failures of an item count against its tries.
fn counted(progress: &Progress, step: usize, item: u32) -> u32 {
    match progress.item(step, item) {
        Some(ItemProgress::InFlight(sent)) => sent.counted,
        Some(ItemProgress::Deferred { counted, .. }) => *counted,
        _ => 0,
    }
}

/// When to try again what certainly did not happen; none where that is of no use.
fn retry_at(
    policy: Policy,
    counted: u32,
    attempt: u32,
    problem: &Problem,
    now: Timestamp,
    jitter: f64,
) -> Option<Timestamp> {
    let failures = match problem.code().retry() {
        // It may stay so over night: the pause grows, whatever is counted against the step's tries.
        Retry::Wait if waits_for_person(problem.code()) => attempt,
        Retry::Wait => counted,
        Retry::Safe if counted + 1 < policy.tries => counted + 1,
        Retry::Safe | Retry::Never | Retry::User => return None,
    };
    // Full jitter: anywhere between now and the doubled pause.
    let ceiling = policy.backoff_ms.saturating_mul(1 << failures.min(6)).min(60_000);
    let pause = SignedDuration::from_millis((ceiling as f64 * jitter.clamp(0.0, 1.0)) as i64);
    let own = now.checked_add(pause).ok()?;
    Some(problem.when().map_or(own, |asked| asked.max(own)))
}
