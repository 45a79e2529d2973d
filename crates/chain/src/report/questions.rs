//! What a run asks that cannot get on.

use patchbay_model::problem::{Code, Problem};
use patchbay_model::report::OpenQuestion;
use patchbay_model::run::{Fact, JournalEntry, RequestSummary, Run};
use patchbay_model::{StepId, Timestamp};

/// The last thing that was tried.
pub(super) struct LastTry {
    step: StepId,
    item: u32,
    request: Option<RequestSummary>,
    sent_at: Option<Timestamp>,
}

impl LastTry {
    /// What an entry tells of one.
    pub(super) fn of(entry: &JournalEntry) -> Option<Self> {
        let (Fact::Intent { step, item, request, .. } | Fact::UndoIntent { step, item, request, .. }) =
            &entry.fact
        else {
            return None;
        };
        Some(Self { step: step.clone(), item: *item, request: Some(request.clone()), sent_at: Some(entry.at) })
    }
}

/// What a stuck run asks: about the last thing that was tried, where anything was.
pub(super) fn stuck_question(run: &Run, last: Option<LastTry>, recoveries: u32) -> Option<OpenQuestion> {
    let first = || {
        let step = run.snapshot.all_steps().next()?.id.clone();
        Some(LastTry { step, item: 0, request: None, sent_at: None })
    };
    let LastTry { step, item, request, sent_at } = last.or_else(first)?;
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
