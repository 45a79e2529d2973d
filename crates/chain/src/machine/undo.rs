//! Undo: what was done goes back in reverse.

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, UndoOutcome};

use super::{Command, Round};
use crate::items::Items;
use crate::plan::{Phase, Repeat};
use crate::progress::{ItemProgress, UndoProgress};

/// What comes next of an undo.
#[expect(clippy::large_enum_variant, reason = "one at a time, passed on at once")]
pub(super) enum Undoing {
    Do(Command),
    Later(Timestamp),
}

impl Round<'_> {
    /// The latest thing done that is not undone yet: undo goes in reverse. One that was put off is waited for.
    pub(super) fn next_undo(&self) -> Option<Undoing> {
        let again = |step, item, attempt| Some(Undoing::Do(Command::Undo { step, item, attempt }));
        for (step, item, undo) in self.undos() {
            let plan = &self.plan.steps[step];
            match (undo, plan.undo) {
                (UndoProgress::Over(_), _) => {}
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

    /// The end of an undo that was put off, where nothing is to be undone any more.
    pub(super) fn waiting_undo(&self) -> Option<Undoing> {
        self.undos().find_map(|(step, item, undo)| {
            let UndoProgress::Deferred { problem, .. } = undo else { return None };
            let unknown = self.progress.undos_in_doubt.contains_key(&(step, item));
            let problem = Problem::new(Code::CompensationFailed)
                .detail(format!("It was stopped while it waited. {}", problem.title()));
            Some(self.over(step, item, UndoOutcome::Failed { problem, unknown }))
        })
    }

    /// What was done that can be undone, the latest first, with how its undo stands.
    fn undos(&self) -> impl Iterator<Item = (usize, u32, &UndoProgress)> {
        let steps = self.progress.steps.iter().enumerate().rev();
        let known = self.progress;
        let own = |at: usize| self.plan.steps[at].effect && self.plan.steps[at].phase == Phase::Main;
        steps.filter(move |(step, _)| own(*step)).flat_map(move |(step, progress)| {
            let items = progress.items.iter().flat_map(|items| (0..items.len()).rev().zip(items.iter().rev()));
            items.filter_map(move |(item, slot)| match slot {
                // The run of another chain that changed nothing leaves nothing to undo.
                ItemProgress::Done { undo, .. } if !known.changed_nothing(step, item) => {
                    Some((step, item, undo))
                }
                _ => None,
            })
        })
    }

    fn over(&self, step: usize, item: u32, outcome: UndoOutcome) -> Undoing {
        let step = self.plan.steps[step].id.clone();
        Undoing::Do(Command::Record(Fact::UndoResult { step, item, outcome, took_ms: None }))
    }

    pub(super) fn everything_undone(&self) -> bool {
        self.progress.steps.iter().enumerate().all(|(step, progress)| {
            let items = (0_u32..).zip(progress.items.iter().flat_map(Items::iter));
            !self.plan.steps[step].effect
                || items.into_iter().all(|(at, item)| match item {
                    ItemProgress::Done { undo, .. } => {
                        matches!(undo, UndoProgress::Over(UndoOutcome::Undone | UndoOutcome::ByHand))
                            || self.progress.changed_nothing(step, at)
                    }
                    // It failed after it had changed something.
                    ItemProgress::NotDone(_) => {
                        self.progress.inner_changes.get(&(step, at)).is_none_or(|changes| *changes == 0)
                    }
                    ItemProgress::Doubt(_) => false,
                    _ => true,
                })
        })
    }
}
