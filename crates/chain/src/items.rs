//! The items of a step. What is settled and needed by nobody is kept as a word each, so that a run over
//! many items needs little memory; how many are in which state is counted, so that nobody walks over
//! all of them for it. Pure.

use patchbay_model::Problem;
use patchbay_model::run::{UndoOutcome, Why};
use serde_json::Value;

use crate::machine::waits_for_person;
use crate::progress::{ItemProgress, UndoProgress};

/// The items of a step, numbered from 0.
#[derive(Clone, Debug, Default)]
pub struct Items {
    /// The first ones, of which only the end is known.
    ends: Vec<End>,
    /// The others.
    live: Vec<ItemProgress>,
    /// Everything before this one is settled.
    first_open: u32,
    counts: Counts,
}

/// How many items are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not settled.
    pub open: u32,
    /// Sent or undone by this engine start and not answered, or done by another run.
    pub in_flight: u32,
    /// Certainly not done.
    pub failed: u32,
    /// They did not fit.
    pub quarantined: u32,
    /// Nobody knows.
    pub doubts: u32,
    /// Left out, because nobody knows whether an earlier run did them.
    pub unknown_before: u32,
    /// A person has to say something, or unlock something.
    pub asking: u32,
}

/// How an item ended that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Undone,
    NotUndone,
    Kept,
    NotDone,
    Quarantined,
    LeftOut(Why),
    Shown,
}

const DONE: &ItemProgress =
    &ItemProgress::Done { output: Value::Null, output_missing: true, undo: UndoProgress::None };
const UNDONE: &ItemProgress = &ItemProgress::Done {
    output: Value::Null,
    output_missing: true,
    undo: UndoProgress::Over(UndoOutcome::Undone),
};
const NOT_UNDONE: &ItemProgress = &ItemProgress::Done {
    output: Value::Null,
    output_missing: true,
    undo: UndoProgress::Over(UndoOutcome::Impossible),
};
const KEPT: &ItemProgress = &ItemProgress::Kept(Value::Null);
const FAILED: &ItemProgress = &ItemProgress::LeftOut(Why::Failed);
const FILTERED: &ItemProgress = &ItemProgress::LeftOut(Why::Filtered);
const NOT_TAKEN: &ItemProgress = &ItemProgress::LeftOut(Why::NotTaken);
const REFUSED: &ItemProgress = &ItemProgress::LeftOut(Why::Refused);
const UNKNOWN_BEFORE: &ItemProgress = &ItemProgress::LeftOut(Why::Unknown);
const SHOWN: &ItemProgress = &ItemProgress::Shown;

impl End {
    fn of(item: &ItemProgress) -> Option<Self> {
        Some(match item {
            ItemProgress::Done { undo: UndoProgress::None, .. } => Self::Done,
            ItemProgress::Done {
                undo: UndoProgress::Over(UndoOutcome::Undone | UndoOutcome::ByHand), ..
            } => Self::Undone,
            ItemProgress::Done { undo: UndoProgress::Over(_), .. } => Self::NotUndone,
            ItemProgress::Kept(_) => Self::Kept,
            ItemProgress::NotDone(_) => Self::NotDone,
            ItemProgress::Quarantined(_) => Self::Quarantined,
            ItemProgress::LeftOut(why) => Self::LeftOut(*why),
            ItemProgress::Shown => Self::Shown,
            _ => return None,
        })
    }

    fn item(self) -> &'static ItemProgress {
        match self {
            Self::Done => DONE,
            Self::Undone => UNDONE,
            Self::NotUndone => NOT_UNDONE,
            Self::Kept => KEPT,
            // Whoever goes by it wants to know that later steps do without.
            Self::NotDone | Self::Quarantined | Self::LeftOut(Why::Failed) => FAILED,
            Self::LeftOut(Why::Filtered) => FILTERED,
            Self::LeftOut(Why::NotTaken) => NOT_TAKEN,
            Self::LeftOut(Why::Refused) => REFUSED,
            Self::LeftOut(Why::Unknown) => UNKNOWN_BEFORE,
            Self::Shown => SHOWN,
        }
    }
}

impl Counts {
    fn add(&mut self, item: &ItemProgress, by: i32) {
        let add = |count: &mut u32| *count = count.saturating_add_signed(by);
        if !item.is_settled() {
            add(&mut self.open);
        }
        match item {
            ItemProgress::InFlight(_)
            | ItemProgress::Child(_)
            | ItemProgress::Done { undo: UndoProgress::InFlight { .. }, .. } => add(&mut self.in_flight),
            ItemProgress::NotDone(_) => add(&mut self.failed),
            ItemProgress::Quarantined(_) => add(&mut self.quarantined),
            ItemProgress::Doubt(_) => add(&mut self.doubts),
            ItemProgress::LeftOut(Why::Unknown) => add(&mut self.unknown_before),
            ItemProgress::Asking { .. } => add(&mut self.asking),
            ItemProgress::Deferred { problem, .. } if waits_for_person(problem.code()) => add(&mut self.asking),
            _ => {}
        }
    }
}

impl Items {
    /// So many items of which nothing has happened.
    pub fn fresh(count: u32) -> Self {
        let mut items = Self::default();
        items.extend(count);
        items
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        (self.ends.len() + self.live.len()) as u32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many are in which state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether every item is settled.
    pub fn is_settled(&self) -> bool {
        self.counts.open == 0
    }

    /// Where they are the pages of a list: whether all that is open is a page behind the first that nobody asked
    /// for yet.
    pub(crate) fn rests_at_a_page(&self) -> bool {
        self.len() > 1 && !self.is_settled() && self.open().all(|(_, page)| matches!(page, ItemProgress::Fresh))
    }

    /// More of which nothing has happened.
    pub(crate) fn extend(&mut self, more: u32) {
        self.counts.open += more;
        self.live.extend(std::iter::repeat_n(ItemProgress::Fresh, more as usize));
    }

    /// One item.
    pub fn get(&self, item: u32) -> Option<&ItemProgress> {
        let at = item as usize;
        match self.ends.get(at) {
            Some(end) => Some(end.item()),
            None => self.live.get(at - self.ends.len()),
        }
    }

    /// All items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &ItemProgress> + ExactSizeIterator {
        (0..self.len() as usize).map(|at| match self.ends.get(at) {
            Some(end) => end.item(),
            None => &self.live[at - self.ends.len()],
        })
    }

    /// All items, in order, for good.
    pub(crate) fn into_each(self) -> impl Iterator<Item = ItemProgress> {
        self.ends.into_iter().map(|end| end.item().clone()).chain(self.live)
    }

    /// Those that are not settled, with their numbers.
    pub fn open(&self) -> impl Iterator<Item = (u32, &ItemProgress)> {
        let first = self.first_open as usize;
        let skip = first.saturating_sub(self.ends.len());
        let from = (self.ends.len() + skip) as u32;
        (from..).zip(self.live.iter().skip(skip)).filter(|(_, item)| !item.is_settled())
    }

    /// Puts an item into another state.
    pub(crate) fn set(&mut self, item: u32, next: ItemProgress) {
        let Some(slot) = (item as usize).checked_sub(self.ends.len()).and_then(|at| self.live.get_mut(at))
        else {
            return;
        };
        self.counts.add(slot, -1);
        self.counts.add(&next, 1);
        *slot = next;
        self.first_open = self.first_open.min(item);
        while self.get(self.first_open).is_some_and(ItemProgress::is_settled) {
            self.first_open += 1;
        }
    }

    /// Puts every item that is kept into the state that follows from the one it is in.
    pub(crate) fn revise(&mut self, next: impl Fn(&ItemProgress) -> Option<ItemProgress>) {
        for item in self.ends.len()..self.len() as usize {
            if let Some(next) = self.live.get(item - self.ends.len()).and_then(&next) {
                self.set(item as u32, next);
            }
        }
    }

    /// Lets go of what is settled, from the first on.
    pub(crate) fn compact(&mut self) {
        self.compact_before(self.len());
    }

    /// Lets go of what is settled before an item.
    pub(crate) fn compact_before(&mut self, item: u32) {
        let most = (item as usize).saturating_sub(self.ends.len()).min(self.live.len());
        let ends: Vec<End> = self.live.iter().take(most).map_while(End::of).collect();
        for (slot, _) in self.live.drain(..ends.len()).zip(&ends) {
            drop(slot);
        }
        self.ends.extend(ends);
        self.live.shrink_to(256);
    }
}

/// The problem of an item that failed.
pub(crate) fn problem(item: &ItemProgress) -> Option<&Problem> {
    match item {
        ItemProgress::NotDone(problem) | ItemProgress::Quarantined(problem) => Some(problem),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::Code;
    use serde_json::json;

    use super::*;
    use crate::progress::done;

    #[test]
    fn what_is_let_go_of_is_still_counted_and_ended_as_it_did() {
        let mut items = Items::fresh(5);
        items.set(0, done(json!({"id": 1})));
        items.set(1, ItemProgress::NotDone(Problem::new(Code::NotFound)));
        items.set(2, ItemProgress::LeftOut(Why::Filtered));
        items.set(4, done(json!(5)));
        let before = items.counts();
        items.compact();
        assert_eq!(items.len(), 5);
        assert_eq!(items.counts(), before, "letting go changes no figure");
        assert_eq!((before.open, before.failed), (1, 1));
        assert!(
            matches!(items.get(0), Some(ItemProgress::Done { output_missing: true, .. })),
            "done, without result"
        );
        assert_eq!(items.get(1), Some(&ItemProgress::LeftOut(Why::Failed)));
        assert_eq!(items.get(4), Some(&done(json!(5))), "what stands behind an open one stays");
        assert_eq!(items.open().map(|(at, _)| at).collect::<Vec<_>>(), [3]);
        items.extend(2);
        items.set(3, done(json!(4)));
        assert_eq!(items.open().map(|(at, _)| at).collect::<Vec<_>>(), [5, 6]);
        items.compact_before(4);
        assert!(items.get(4).unwrap().output().is_some());
        items.set(0, ItemProgress::Fresh);
        assert_eq!(items.counts().open, 2, "what is let go of does not begin again");
        let doubt = |items: &mut Items| items.set(6, ItemProgress::Fresh);
        doubt(&mut items);
        assert_eq!(items.counts().open, 2);
    }
}
