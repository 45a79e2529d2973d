//! What an item is after an attempt.

use patchbay_model::Timestamp;
use patchbay_model::problem::Problem;
use patchbay_model::run::{Decision, Fact, Outcome, Why};

use super::{Doubt, ItemProgress, Sent, UndoProgress};
use crate::calls::Attempts;
use crate::machine::waits_for_person;

pub(super) fn after_deferral(
    slot: &ItemProgress,
    attempt: u32,
    (since, until): (Timestamp, Timestamp),
    problem: &Problem,
) -> ItemProgress {
    // Waiting for a limit to pass is no failure.
    let counts = problem.code().retry() != patchbay_model::problem::Retry::Wait;
    let kept_here = waits_for_person(problem.code());
    match slot {
        // The service was asked what became of it, in vain.
        ItemProgress::Doubt(doubt) => {
            let mut doubt = doubt.clone();
            doubt.asked += 1;
            doubt.not_before = Some(until);
            ItemProgress::Doubt(doubt)
        }
        // An earlier attempt may have happened all the same.
        ItemProgress::InFlight(sent) if sent.doubted => {
            let mut sent = sent.clone();
            sent.counted += u32::from(counts);
            if kept_here {
                sent.left.take_back();
            }
            let (problem, not_before) = (Some(problem.clone()), Some(until));
            ItemProgress::Doubt(Doubt { sent, problem, asked: 0, not_before })
        }
        other => {
            let (before, mut left) = match other {
                ItemProgress::InFlight(sent) => (sent.counted, sent.left),
                ItemProgress::Deferred { counted, left, .. } => (*counted, *left),
                _ => Default::default(),
            };
            if kept_here && matches!(other, ItemProgress::InFlight(_)) {
                left.take_back();
            }
            let counted = before + u32::from(counts);
            ItemProgress::Deferred { attempt, counted, left, since, until, problem: problem.clone() }
        }
    }
}

pub(super) fn after_result(
    slot: &ItemProgress,
    outcome: &Outcome,
    at: Timestamp,
    backoff_ms: u64,
) -> ItemProgress {
    match outcome {
        Outcome::Done { output, output_missing } => ItemProgress::Done {
            output: output.clone(),
            output_missing: output_missing.is_some(),
            undo: UndoProgress::None,
        },
        Outcome::NotDone { problem } => ItemProgress::NotDone(problem.clone()),
        Outcome::Unknown { problem } => {
            let mut sent = match slot {
                ItemProgress::InFlight(sent) => sent.clone(),
                ItemProgress::Doubt(doubt) => doubt.sent.clone(),
                _ => {
                    Sent { attempt: 0, counted: 0, left: Attempts::default(), at, first_at: at, doubted: true }
                }
            };
            let asked = if let ItemProgress::Doubt(doubt) = slot { doubt.asked } else { 0 };
            sent.counted += 1;
            let pause = backoff_ms.saturating_mul(1 << (sent.counted - 1).min(6)).min(60_000);
            let not_before = at.checked_add(jiff::SignedDuration::from_millis(pause as i64)).ok();
            ItemProgress::Doubt(Doubt { sent, problem: Some(problem.clone()), asked, not_before })
        }
        Outcome::Quarantined { problem } => ItemProgress::Quarantined(problem.clone()),
        Outcome::Skipped => ItemProgress::LeftOut(Why::Failed),
        Outcome::Shown { .. } => ItemProgress::Shown,
    }
}

/// Whether a fact brings a run on. What is sent again and again and never answered does not, nor does
/// finding out each time that it did not happen.
pub(super) fn is_progress(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Started { .. }
            | Fact::Idle { .. }
            | Fact::Intent { .. }
            | Fact::UndoIntent { .. }
            | Fact::Stuck { .. }
            | Fact::Resolved { by_lookup: true, decision: Decision::NotHappened, .. }
    )
}
