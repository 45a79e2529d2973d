//! What the user wishes of a run, under way or at rest.

use patchbay_model::run::{Decision, Fact, Run, RunState, UndoOutcome};
use patchbay_model::{Event, StepId};

use super::{Control, Execution, Runner, ended};
use crate::again::Stay;
use crate::error::ChainError;
use crate::progress::ItemProgress;

impl Runner {
    /// Writes down an answer to a run that nobody works on at the moment.
    pub async fn resolve(
        &self,
        run: &Run,
        step: &StepId,
        item: u32,
        decision: Decision,
    ) -> Result<(), ChainError> {
        let fact = Fact::Resolved { step: step.clone(), item, decision, by_lookup: false, output: None };
        self.store.journal_append(&run.id, vec![fact], RunState::Queued).await?;
        Ok(())
    }

    /// Writes down the wish to stop a run that nobody works on at the moment.
    pub async fn stop(&self, run: &Run, undo: bool) -> Result<(), ChainError> {
        self.store.journal_append(&run.id, vec![Fact::StopRequested { undo }], RunState::Queued).await?;
        Ok(())
    }

    /// Writes down the wish to undo what a run did that has ended.
    pub async fn undo(&self, run: &Run) -> Result<(), ChainError> {
        self.store.journal_reopen(&run.id, vec![Fact::UndoRequested], RunState::Queued).await?;
        Ok(())
    }

    /// Writes down the wish to try undos that failed once more, of a run that has ended.
    pub async fn undo_again(&self, run: &Run, stay: &[Stay]) -> Result<(), ChainError> {
        let wish = |stay: &Stay| Fact::UndoAgain { step: stay.step.clone(), item: stay.item };
        // How the run ended is said anew once nothing is left to do.
        let facts = stay.iter().map(wish).chain([Fact::UndoRequested]).collect();
        self.store.journal_reopen(&run.id, facts, RunState::Queued).await?;
        Ok(())
    }

    /// Writes down that the user has undone by hand what could not be undone, of a run that has
    /// ended. Nothing is sent: the tool may be long gone. Gives the state that the run has with that.
    pub async fn undone_by_hand(&self, run: &Run, step: &StepId, item: u32) -> Result<RunState, ChainError> {
        let left = ended::read(&self.store, run).await?;
        let place = (step.clone(), item);
        let stays = left.changes.saturating_sub(left.inside.get(&place).copied().unwrap_or(1));
        let state = match run.state {
            RunState::Failed if stays == 0 => RunState::FailedUndone,
            state => state,
        };
        let result = Fact::UndoResult { step: step.clone(), item, outcome: UndoOutcome::ByHand, took_ms: None };
        let mut facts = vec![result];
        if state != run.state {
            facts.push(Fact::Finished { state });
        }
        let facts = self.store.journal_reopen(&run.id, facts, state).await?;
        self.events.emit(Event::RunChanged { id: run.id.clone(), state, facts });
        Ok(state)
    }

    /// Writes down that the user lets a run go on that was stuck, paused or held.
    pub async fn resume(&self, run: &Run) -> Result<(), ChainError> {
        self.store.journal_append(&run.id, vec![Fact::Resumed], RunState::Queued).await?;
        Ok(())
    }

    /// Writes down the wish to hold a run that nobody works on at the moment.
    pub async fn pause(&self, run: &Run) -> Result<(), ChainError> {
        self.store.journal_append(&run.id, vec![Fact::Paused], RunState::Paused).await?;
        Ok(())
    }

    /// Writes down the answer to a step that asks, of a run that nobody works on at the moment.
    pub async fn answer(&self, run: &Run, step: &StepId, item: u32, approved: bool) -> Result<(), ChainError> {
        let fact = Fact::Answered { step: step.clone(), item, approved, by_time: false };
        self.store.journal_append(&run.id, vec![fact], RunState::Queued).await?;
        Ok(())
    }
}

impl Execution<'_> {
    pub(super) fn take_wish(&mut self, wish: Control) {
        if matches!(wish, Control::Resolve { .. } | Control::Answer { .. }) {
            // The question may have stood for days.
            self.ask_anew();
        }
        match wish {
            Control::Stop { undo } => {
                self.inner.stop_again(self.progress.stop.is_some());
                self.note(Fact::StopRequested { undo });
            }
            Control::Resolve { step, item, decision } => {
                if self.is(&step, item, |slot| matches!(slot, ItemProgress::Doubt(_))) {
                    self.note(Fact::Resolved { step, item, decision, by_lookup: false, output: None });
                }
            }
            Control::Answer { step, item, approved } => {
                if self.is(&step, item, |slot| matches!(slot, ItemProgress::Asking { .. })) {
                    self.note(Fact::Answered { step, item, approved, by_time: false });
                }
            }
            Control::Pause if !self.progress.paused => self.note(Fact::Paused),
            Control::Resume if self.progress.paused || self.progress.held => {
                self.note(Fact::Resumed);
                self.ask_anew();
            }
            Control::Pause | Control::Resume => {}
            // No fact: a start that replays the journal finds it out by trying. What is being asked may be
            // about to hear that the store is locked.
            Control::Unlocked => {
                self.ask_anew();
                self.progress.unlocked(self.runner.clock.now());
            }
        }
    }

    /// What services were asked while the run rested is out of date: somebody may have changed what was there
    /// since.
    fn ask_anew(&mut self) {
        self.told.clear();
        self.asking.values_mut().for_each(|wanted| *wanted = false);
    }

    fn is(&self, step: &StepId, item: u32, state: impl Fn(&ItemProgress) -> bool) -> bool {
        let index = self.live.plan.index(step);
        index.and_then(|index| self.progress.item(index, item)).is_some_and(state)
    }
}
