//! Requests that were sent, and what is known of them.

use patchbay_model::Timestamp;
use patchbay_model::problem::Problem;

use super::{ItemProgress, Progress, UndoProgress};
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

impl Progress {
    /// Whether what is under way for an item, or its undo, is another attempt at the same thing. What a lock kept
    /// on this computer was none.
    pub fn is_again(&self, step: usize, item: u32) -> bool {
        match self.item(step, item) {
            Some(ItemProgress::InFlight(sent)) => sent.left.is_again(),
            Some(ItemProgress::Done { undo: UndoProgress::InFlight(sent), .. }) => sent.left.is_again(),
            _ => false,
        }
    }
}
