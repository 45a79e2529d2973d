//! Requests that were sent, and what is known of them.

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::UndoOutcome;

use super::{ItemProgress, Progress};
use crate::calls::Attempts;

/// A request under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Counts from 1.
    pub attempt: u32,
    /// Failures so far that count against the tries.
    pub counted: u32,
    /// The attempts that left this computer, this one included.
    pub left: Attempts,
    /// When this attempt's intent was written.
    pub at: Timestamp,
    /// When the first attempt's intent was written: a key lives from then.
    pub first_at: Timestamp,
    /// Whether nobody knows what became of an earlier attempt. Then a refusal of this one proves
    /// nothing: the earlier one may have happened.
    pub doubted: bool,
}

/// A request of which nobody knows what became.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// What was sent.
    pub sent: Sent,
    /// What was seen; none where the engine died.
    pub problem: Option<Problem>,
    /// How often the service was asked in vain.
    pub asked: u32,
    /// Not to be asked before.
    pub not_before: Option<Timestamp>,
}

/// An undo.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoProgress {
    /// Not begun.
    None,
    /// Sent by this engine start.
    InFlight {
        /// Counts from 1.
        attempt: u32,
    },
    /// Sent, and nothing says what became of it.
    Doubt {
        /// Counts from 1.
        attempt: u32,
        /// When its intent was written.
        at: Timestamp,
    },
    /// Over.
    Over(UndoOutcome),
}

impl Sent {
    /// The next attempt of an item.
    pub(super) fn after(slot: &ItemProgress, attempt: u32, effect: bool, at: Timestamp) -> Self {
        let (counted, mut left, first_at, doubted) = match slot {
            ItemProgress::Deferred { counted, left, .. } => (*counted, *left, at, false),
            ItemProgress::Doubt(d) => (d.sent.counted, d.sent.left, d.sent.first_at, effect),
            _ => (0, Attempts::default(), at, false),
        };
        left.announce();
        Self { attempt, counted, left, at, first_at, doubted }
    }
}

impl UndoProgress {
    fn is_sent(&self) -> bool {
        matches!(self, Self::InFlight { .. } | Self::Doubt { .. })
    }
}

impl Progress {
    /// Whether what is under way for an item, or its undo, is another attempt at the same thing. What a lock kept
    /// on this computer was none.
    pub fn is_again(&self, step: usize, item: u32) -> bool {
        match self.item(step, item) {
            Some(ItemProgress::InFlight(sent)) => sent.left.is_again(),
            Some(ItemProgress::Done { undo: UndoProgress::InFlight { attempt }, .. }) => *attempt > 1,
            _ => false,
        }
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
