//! What becomes of undos.

use patchbay_model::problem::{Code, Problem, Retry};
use patchbay_model::run::UndoOutcome;
use patchbay_model::{StepId, Timestamp};

use super::{ItemProgress, Progress};
use crate::calls::Attempts;
use crate::items::Items;
use crate::machine::waits_for_person;
use crate::plan::Plan;

/// An undo.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoProgress {
    /// Not begun.
    None,
    /// Sent by this engine start.
    InFlight(UndoSent),
    /// Sent, and nothing says what became of it.
    Doubt(UndoSent),
    /// The last attempt did not happen, or may be sent again; another one waits.
    Deferred {
        /// What was sent.
        sent: UndoSent,
        /// When that was written down.
        since: Timestamp,
        /// When the next one is due.
        until: Timestamp,
        /// Why the last one failed.
        problem: Problem,
    },
    /// The run of another chain that did it is to undo it, and is waited for.
    Passed,
    /// Over.
    Over(UndoOutcome),
}

/// The attempts at an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoSent {
    /// The last one; counts from 1. 0 where none was announced.
    pub attempt: u32,
    /// Failures so far that count against the tries.
    pub counted: u32,
    /// The attempts that left this computer, the last one included.
    pub left: Attempts,
    /// When the first of them was written down whose end nobody knows, else the last: a key lives from then.
    pub first_at: Timestamp,
}

impl UndoSent {
    /// None, so far.
    fn none(at: Timestamp) -> Self {
        Self { attempt: 0, counted: 0, left: Attempts::default(), first_at: at }
    }
}

impl UndoProgress {
    fn is_sent(&self) -> bool {
        matches!(self, Self::InFlight(_) | Self::Doubt(_))
    }

    /// What was sent of it so far.
    pub(super) fn sent(&self, at: Timestamp) -> UndoSent {
        match self {
            Self::InFlight(sent) | Self::Doubt(sent) | Self::Deferred { sent, .. } => *sent,
            Self::None | Self::Passed | Self::Over(_) => UndoSent::none(at),
        }
    }

    /// How many failures count against the tries.
    pub fn counted(&self) -> u32 {
        match self {
            Self::InFlight(sent) | Self::Doubt(sent) | Self::Deferred { sent, .. } => sent.counted,
            Self::None | Self::Passed | Self::Over(_) => 0,
        }
    }

    /// From when the key of what was sent lives; none where nothing was.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        match self {
            Self::InFlight(sent) | Self::Doubt(sent) | Self::Deferred { sent, .. } => Some(sent.first_at),
            Self::None | Self::Passed | Self::Over(_) => None,
        }
    }

    /// Once another attempt is announced. `doubted` is since when nobody knows of an earlier one.
    pub(super) fn announced(&self, attempt: u32, at: Timestamp, doubted: Option<Timestamp>) -> Self {
        let mut sent = self.sent(at);
        sent.left.announce();
        Self::InFlight(UndoSent { attempt, first_at: doubted.unwrap_or(at), ..sent })
    }

    /// Once it was put off.
    pub(super) fn put_off(&self, attempt: u32, (at, until): (Timestamp, Timestamp), problem: &Problem) -> Self {
        let mut sent = UndoSent { attempt, ..self.sent(at) };
        // Waiting for a limit to pass is no failure.
        sent.counted += u32::from(problem.code().retry() != Retry::Wait);
        if matches!(self, Self::InFlight(_)) && waits_for_person(problem.code()) {
            sent.left.take_back();
        }
        Self::Deferred { sent, since: at, until, problem: problem.clone() }
    }
}

impl Progress {
    pub(super) fn change_undo(&mut self, plan: &Plan, step: &StepId, item: u32, next: UndoProgress) {
        self.chain_undo(plan, step, item, next.clone());
        self.revise_undo(plan, step, item, |_| next);
    }

    pub(super) fn revise_undo(
        &mut self,
        plan: &Plan,
        step: &StepId,
        item: u32,
        next: impl FnOnce(&UndoProgress) -> UndoProgress,
    ) {
        self.change(plan, step, item, |slot| match slot {
            ItemProgress::Done { output, output_missing, undo } => {
                let (output, undo) = (output.clone(), next(undo));
                Some(ItemProgress::Done { output, output_missing: *output_missing, undo })
            }
            _ => None,
        });
    }

    /// Keeps in mind since when nobody knows what became of an undo that was sent.
    pub(super) fn doubt_undo(&mut self, plan: &Plan, step: &StepId, item: u32, at: Timestamp, unknown: bool) {
        let Some(index) = plan.index(step).filter(|_| unknown) else { return };
        let first_at = match self.item(index, item) {
            Some(ItemProgress::Done { undo, .. }) => undo.sent(at).first_at,
            _ => at,
        };
        self.undos_in_doubt.entry((index, item)).or_insert(first_at);
    }

    /// Until when an undo waits that was put off, and why; none where none does.
    pub(super) fn undo_waits(&self) -> Option<(Timestamp, &Problem)> {
        let items = self.steps.iter().filter_map(|s| s.items.as_ref()).flat_map(Items::iter);
        items.into_iter().find_map(|item| match item {
            ItemProgress::Done { undo: UndoProgress::Deferred { until, problem, .. }, .. } => {
                Some((*until, problem))
            }
            _ => None,
        })
    }
}

/// Whether a failed undo may have happened, also where its fact does not say so: earlier builds wrote it down in the
/// problem only, or not at all. What was sent and never answered is in doubt.
pub(crate) fn may_have_happened(outcome: &UndoOutcome, sent: bool, took_ms: Option<u64>) -> bool {
    match outcome {
        UndoOutcome::Failed { problem, unknown } => {
            *unknown || problem.code() == Code::UnknownOutcome || (sent && took_ms.is_none())
        }
        UndoOutcome::Undone | UndoOutcome::Impossible | UndoOutcome::ByHand => false,
    }
}

/// What became of an undo, with what its fact leaves unsaid.
pub(super) fn undo_outcome(
    slot: Option<&ItemProgress>,
    outcome: &UndoOutcome,
    took_ms: Option<u64>,
) -> UndoOutcome {
    let sent = matches!(slot, Some(ItemProgress::Done { undo, .. }) if undo.is_sent());
    match outcome {
        UndoOutcome::Failed { problem, .. } => {
            UndoOutcome::Failed { problem: problem.clone(), unknown: may_have_happened(outcome, sent, took_ms) }
        }
        other => other.clone(),
    }
}
