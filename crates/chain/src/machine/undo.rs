//! Undo: what was done goes back in reverse.

use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, UndoOutcome};

use super::{Command, Round};
use crate::items::Items;
use crate::plan::{Phase, Repeat};
use crate::progress::{ItemProgress, UndoProgress};

impl Round<'_> {
    /// The latest thing done that is not undone yet: undo goes in reverse.
    pub(super) fn next_undo(&self) -> Option<Command> {
        for (step, progress) in self.progress.steps.iter().enumerate().rev() {
            let plan = &self.plan.steps[step];
            if !plan.effect || plan.phase != Phase::Main {
                continue;
            }
            let count = progress.items.as_ref().map_or(0, Items::len);
            for item in (0..count).rev() {
                let Some(ItemProgress::Done { undo, .. }) = self.progress.item(step, item) else {
                    continue;
                };
                let over = |outcome| {
                    let step = plan.id.clone();
                    Some(Command::Record(Fact::UndoResult { step, item, outcome, took_ms: None }))
                };
                match (undo, plan.undo) {
                    (UndoProgress::Over(_), _) => {}
                    (_, None) => return over(UndoOutcome::Impossible),
                    (UndoProgress::None, Some(_)) => {
                        return Some(Command::Undo { step, item, attempt: 1 });
                    }
                    (UndoProgress::Doubt { attempt, .. }, Some(Repeat::Always | Repeat::WithKey { .. })) => {
                        return Some(Command::Undo { step, item, attempt: attempt + 1 });
                    }
                    (UndoProgress::Doubt { .. }, Some(Repeat::Never)) => {
                        let problem = Problem::new(Code::CompensationFailed).detail(
                            "The undo was sent before Patchbay was ended; nothing says whether it happened.",
                        );
                        return over(UndoOutcome::Failed { problem, unknown: true });
                    }
                    (UndoProgress::InFlight { .. }, _) => return None,
                }
            }
        }
        None
    }

    pub(super) fn everything_undone(&self) -> bool {
        self.progress.steps.iter().enumerate().all(|(step, progress)| {
            !self.plan.steps[step].effect
                || progress.items.iter().flat_map(Items::iter).all(|item| match item {
                    ItemProgress::Done { undo, .. } => {
                        matches!(undo, UndoProgress::Over(UndoOutcome::Undone | UndoOutcome::ByHand))
                    }
                    ItemProgress::Doubt(_) => false,
                    _ => true,
                })
        })
    }
}
