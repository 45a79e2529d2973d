//! What a run asks that cannot get on.

use patchbay_model::problem::{Code, Problem};
use patchbay_model::report::OpenQuestion;
use patchbay_model::run::{Fact, JournalEntry, Run};

/// What a stuck run asks: about the last thing that was tried, where anything was.
pub(super) fn stuck_question(run: &Run, journal: &[JournalEntry], recoveries: u32) -> Option<OpenQuestion> {
    let last = journal.iter().rev().find_map(|entry| match &entry.fact {
        Fact::Intent { step, item, request, .. } | Fact::UndoIntent { step, item, request, .. } => {
            Some((step.clone(), *item, Some(request.clone()), Some(entry.at)))
        }
        _ => None,
    });
    let first = || run.snapshot.all_steps().next().map(|step| (step.id.clone(), 0, None, None));
    let (step, item, request, sent_at) = last.or_else(first)?;
    let problem = Problem::new(Code::RunStuck)
        .with("item", format!("\"{}\"", run.snapshot.name))
        .with("n", recoveries.to_string());
    Some(OpenQuestion { step, item, request, sent_at, approval: None, problem })
}

/// What a run asks whose chain has used up its effects of the day.
pub(super) fn held_question(run: &Run, effects: u32) -> Option<OpenQuestion> {
    let problem = Problem::new(Code::EffectsUsedUp)
        .with("item", format!("\"{}\"", run.snapshot.name))
        .with("n", effects.to_string());
    let step = run.snapshot.steps.first()?.id.clone();
    Some(OpenQuestion { step, item: 0, request: None, sent_at: None, approval: None, problem })
}
