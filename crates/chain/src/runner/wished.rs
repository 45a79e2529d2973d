//! What the user wishes of a run that has ended.

use std::collections::BTreeMap;

use patchbay_model::StepId;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, RunState, UndoOutcome};

/// What was wished of a run since it ended, and what became of it.
#[derive(Default)]
pub(super) struct Wished {
    ended: Option<RunState>,
    undo: bool,
    /// What was to be undone and has not ended.
    open: BTreeMap<(StepId, u32), Undo>,
}

/// An undo that has not ended.
#[derive(Clone, Copy, Default)]
struct Undo {
    /// It was sent, and not answered.
    sent: bool,
    /// Nobody knows what became of it when it was sent before: a later answer says nothing of that.
    doubted: bool,
}

impl Wished {
    /// Takes in the next fact.
    pub(super) fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Finished { state } => *self = Self { ended: Some(*state), ..Self::default() },
            Fact::UndoRequested => self.undo = true,
            // What another run undoes was never sent by this one.
            Fact::UndoAgain { step, item } | Fact::ChainUndo { step, item, .. } => {
                self.open.insert((step.clone(), *item), Undo::default());
            }
            Fact::UndoIntent { step, item, .. } => {
                self.open.entry((step.clone(), *item)).or_default().sent = true;
            }
            // It was answered: only what was sent before that is open still.
            Fact::UndoDeferred { step, item, unknown, .. } => {
                let undo = self.open.entry((step.clone(), *item)).or_default();
                *undo = Undo { sent: false, doubted: undo.doubted || *unknown };
            }
            Fact::UndoResult { step, item, .. } => {
                self.open.remove(&(step.clone(), *item));
            }
            _ => {}
        }
    }

    /// Of a run that cannot be taken up to be undone: how it had ended, and that what was to be tried once more was
    /// not; of what was sent before nobody knows. None where nothing of that kind was wished.
    pub(super) fn not_undone(self, problems: &[Problem]) -> Option<(RunState, Vec<Fact>)> {
        let state = self.ended.filter(|_| self.undo)?;
        let problem = problems.first().cloned().unwrap_or_else(|| Problem::new(Code::CompensationFailed));
        let failed = |((step, item), undo): (_, Undo)| Fact::UndoResult {
            step,
            item,
            outcome: UndoOutcome::Failed { problem: problem.clone(), unknown: undo.sent || undo.doubted },
            took_ms: None,
        };
        Some((state, self.open.into_iter().map(failed).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_that_cannot_go_on_tells_what_was_done_from_what_was_sent_and_what_was_not() {
        let undone =
            |item| Fact::UndoResult { step: "tell".into(), item, outcome: UndoOutcome::Undone, took_ms: None };
        let intent = |item| Fact::UndoIntent {
            step: "tell".into(),
            item,
            attempt: 1,
            request: patchbay_model::run::RequestSummary {
                method: "DELETE".into(),
                url: "https://chat.example/m".into(),
                body: None,
                hash: "h".into(),
            },
            key: None,
        };
        let deferred = |item, unknown| Fact::UndoDeferred {
            unknown,
            step: "tell".into(),
            item,
            attempt: 1,
            until: patchbay_model::Timestamp::UNIX_EPOCH,
            problem: Problem::new(Code::RateLimited),
            took_ms: Some(1),
        };
        let again = |item| Fact::UndoAgain { step: "tell".into(), item };
        let mut wished = Wished::default();
        let facts = [
            intent(9),
            Fact::Finished { state: RunState::Failed },
            again(0),
            again(1),
            again(2),
            Fact::UndoRequested,
            intent(0),
            undone(0),
            intent(1),
            intent(3),
            deferred(3, false),
            // Nobody knows of the first one, whatever is known of the second.
            intent(4),
            deferred(4, true),
            intent(4),
            deferred(4, false),
        ];
        for fact in &facts {
            wished.take(fact);
        }
        let (state, said) = wished.not_undone(&[Problem::new(Code::NotFound)]).unwrap();
        let said: Vec<_> = said
            .iter()
            .map(|fact| match fact {
                Fact::UndoResult { item, outcome: UndoOutcome::Failed { unknown, .. }, .. } => {
                    (*item, *unknown)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((state, said), (RunState::Failed, vec![(1, true), (2, false), (3, false), (4, true)]));
        let mut ended = Wished::default();
        ended.take(&Fact::Finished { state: RunState::Done });
        assert!(ended.not_undone(&[]).is_none(), "nothing was wished");
    }
}
