//! Undo: what was done goes back in reverse.

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, UndoOutcome};

use super::{Command, Round};
use crate::plan::{Kind, Phase, Repeat};
use crate::progress::UndoProgress;

/// What comes next of an undo.
#[expect(clippy::large_enum_variant, reason = "one at a time, passed on at once")]
pub(super) enum Undoing {
    Do(Command),
    Later(Timestamp),
    /// The run of another chain is waited for.
    Inside,
}

impl Round<'_> {
    /// The latest thing done that is not undone yet: undo goes in reverse. One that was put off is waited for.
    pub(super) fn next_undo(&self) -> Option<Undoing> {
        let again = |step, item, attempt| Some(Undoing::Do(Command::Undo { step, item, attempt }));
        for (step, item, undo) in self.undos() {
            let plan = &self.plan.steps[step];
            match (undo, plan.undo) {
                (UndoProgress::Over(_), _) => {}
                (UndoProgress::Passed, _) => return Some(Undoing::Inside),
                (_, None) if plan.kind == Kind::Chain => return self.pass_on(step, item),
                (_, None) => return Some(self.over(step, item, UndoOutcome::Impossible)),
                (UndoProgress::None, Some(_)) => return again(step, item, 1),
                (UndoProgress::Doubt(sent), Some(repeat)) if repeat.is_recognised(sent.first_at, self.now) => {
                    return again(step, item, sent.attempt + 1);
                }
                (UndoProgress::Doubt(_), Some(repeat)) => return Some(self.nobody_knows(step, item, repeat)),
                (UndoProgress::Deferred { since, until, .. }, Some(_))
                    if *until > self.now && !self.was_put_back(*since) =>
                {
                    return Some(Undoing::Later(*until));
                }
                // One before it may have happened, and meanwhile the service may have forgotten its key.
                (UndoProgress::Deferred { sent, .. }, Some(repeat @ Repeat::WithKey { .. }))
                    if self.progress.undos_in_doubt.contains_key(&(step, item))
                        && !repeat.is_recognised(sent.first_at, self.now) =>
                {
                    return Some(self.nobody_knows(step, item, repeat));
                }
                (UndoProgress::Deferred { sent, .. }, Some(_)) => return again(step, item, sent.attempt + 1),
                (UndoProgress::InFlight(_), _) => return None,
            }
        }
        None
    }

    /// The end of an undo that was sent and is not to be sent again.
    fn nobody_knows(&self, step: usize, item: u32, repeat: Repeat) -> Undoing {
        let text = match repeat {
            Repeat::WithKey { .. } => {
                "The undo was sent, and no answer came; nothing says whether it happened, and by now the \
                 service would not recognise it for the same."
            }
            Repeat::Never | Repeat::Always => {
                "The undo was sent, and no answer came; nothing says whether it happened."
            }
        };
        let problem = Problem::new(Code::CompensationFailed).detail(text);
        self.over(step, item, UndoOutcome::Failed { problem, unknown: true })
    }

    /// The run of another chain is to undo what it changed.
    fn pass_on(&self, step: usize, item: u32) -> Option<Undoing> {
        let run = self.progress.inner.get(&(step, item))?.run.clone();
        let step = self.plan.steps[step].id.clone();
        Some(Undoing::Do(Command::Record(Fact::ChainUndo { step, item, run })))
    }

    /// The end of an undo that was put off, where nothing is to be undone any more. One that another run does is
    /// waited for: that run is stopped too.
    pub(super) fn waiting_undo(&self) -> Option<Undoing> {
        self.undos().find_map(|(step, item, undo)| {
            let problem = match undo {
                UndoProgress::Deferred { problem, .. } => problem,
                UndoProgress::Passed => return Some(Undoing::Inside),
                _ => return None,
            };
            let unknown = self.progress.undos_in_doubt.contains_key(&(step, item));
            let problem = Problem::new(Code::CompensationFailed)
                .detail(format!("It was stopped while it waited. {}", problem.title()));
            Some(self.over(step, item, UndoOutcome::Failed { problem, unknown }))
        })
    }

    /// What was done that can be undone, the latest first, with how its undo stands.
    fn undos(&self) -> impl Iterator<Item = (usize, u32, &UndoProgress)> {
        let own = |at: &usize| self.plan.steps[*at].effect && self.plan.steps[*at].phase == Phase::Main;
        let steps = (0..self.plan.steps.len()).rev().filter(own);
        steps.flat_map(|step| self.progress.undos(self.plan, step).map(move |(item, undo)| (step, item, undo)))
    }

    fn over(&self, step: usize, item: u32, outcome: UndoOutcome) -> Undoing {
        let step = self.plan.steps[step].id.clone();
        Undoing::Do(Command::Record(Fact::UndoResult { step, item, outcome, took_ms: None }))
    }

    pub(super) fn everything_undone(&self) -> bool {
        let effects = (0..self.plan.steps.len()).filter(|step| self.plan.steps[*step].effect);
        effects.into_iter().all(|step| self.progress.is_all_undone(self.plan, step))
    }
}
