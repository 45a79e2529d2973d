//! Runs of other chains that steps ran, and what stays of what those changed.

use patchbay_model::run::{Remains, UndoOutcome};
use patchbay_model::{RunId, StepId};

use super::{Progress, UndoProgress};
use crate::items::Items;
use crate::plan::{Kind, Plan};
use crate::progress::ItemProgress;

/// The run of another chain that does an item, or did.
#[derive(Clone, Debug, PartialEq)]
pub struct Inner {
    /// The run.
    pub run: RunId,
    /// How much stays of what it changed, or may have changed. None while it works, and where it ended without a
    /// word of that, as runs of earlier builds did.
    pub changes: Option<u32>,
    /// What became of its undo.
    pub undo: UndoProgress,
}

impl Inner {
    fn of(run: RunId) -> Self {
        Self { run, changes: None, undo: UndoProgress::None }
    }

    /// Whether nothing of it is left to undo, as far as anybody knows.
    fn is_undone(&self) -> bool {
        self.changes == Some(0)
            || matches!(self.undo, UndoProgress::Over(UndoOutcome::Undone | UndoOutcome::ByHand))
    }
}

impl Progress {
    /// Takes in that an earlier run of another chain did a part of an item.
    pub(super) fn chain_before(
        &mut self,
        plan: &Plan,
        step: &StepId,
        item: u32,
        (run, remains): (&RunId, Remains),
    ) {
        if let Some(index) = plan.index(step) {
            self.begun_before.insert((index, item), (run.clone(), remains));
        }
    }

    /// The run of another chain that did a part of an item, with what is there of that: done anew as a whole, that
    /// would happen twice.
    pub(crate) fn begun(&self, step: usize, item: u32) -> Option<(&RunId, Remains)> {
        let before = self.begun_before.get(&(step, item));
        let Some(inner) = self.inner.get(&(step, item)) else {
            return before.map(|(run, remains)| (run, *remains));
        };
        // One that went on from another took over what that one had done: its own undo leaves that.
        let took_over = before.is_some_and(|(_, remains)| *remains != Remains::Nothing);
        let remains = match (inner.is_undone(), took_over) {
            (true, false) => Remains::Nothing,
            (true, true) if inner.undo == UndoProgress::Over(UndoOutcome::ByHand) => Remains::Unclear,
            _ => Remains::Something,
        };
        Some((&inner.run, remains))
    }

    /// Takes in that the run of another chain began.
    pub(super) fn chain_started(&mut self, plan: &Plan, step: &StepId, item: u32, run: &RunId) {
        if let Some(index) = plan.index(step) {
            self.children.insert((index, item), run.clone());
            self.inner.insert((index, item), Inner::of(run.clone()));
        }
    }

    /// Takes in how much stays of what the run of another chain changed.
    pub(super) fn chain_ended(&mut self, plan: &Plan, step: &StepId, item: u32, (run, changes): (&RunId, u32)) {
        if let Some(index) = plan.index(step) {
            let inner = self.inner.entry((index, item)).or_insert_with(|| Inner::of(run.clone()));
            inner.changes = Some(changes);
        }
    }

    /// Takes in how the undo of the run of another chain stands, where one did the item.
    pub(super) fn chain_undo(&mut self, plan: &Plan, step: &StepId, item: u32, undo: UndoProgress) {
        if let Some(inner) = plan.index(step).and_then(|index| self.inner.get_mut(&(index, item))) {
            inner.undo = undo;
        }
    }

    /// The runs of other chains that are to undo what they changed, with the items that they did.
    pub(crate) fn undone_inside(&self) -> impl Iterator<Item = ((usize, u32), &RunId)> {
        let passed = self.inner.iter().filter(|(_, inner)| inner.undo == UndoProgress::Passed);
        passed.map(|(place, inner)| (*place, &inner.run))
    }

    /// What a step did that its undo is about, with how that stands: the latest comes first, as undo goes. The run of
    /// another chain that changed nothing, or nothing that stays, is none of it; one that failed may be.
    pub(crate) fn undos<'p>(
        &'p self,
        plan: &Plan,
        step: usize,
    ) -> impl Iterator<Item = (u32, &'p UndoProgress)> + use<'p> {
        let inside = plan.steps[step].kind == Kind::Chain;
        let runs = self.inner.range((step, 0)..=(step, u32::MAX)).rev().filter(move |_| inside);
        let runs = runs.filter_map(|(place, inner)| {
            let ended = self.item(place.0, place.1).is_some_and(ItemProgress::is_settled);
            (ended && inner.changes != Some(0)).then_some((place.1, &inner.undo))
        });
        let items = self.steps[step].items.iter().filter(move |_| !inside);
        let items = items.flat_map(|items| (0..items.len()).rev().zip(items.iter().rev()));
        runs.chain(items.filter_map(|(item, slot)| match slot {
            ItemProgress::Done { undo, .. } => Some((item, undo)),
            _ => None,
        }))
    }

    /// Whether nothing stays of what a step did.
    pub(crate) fn is_all_undone(&self, plan: &Plan, step: usize) -> bool {
        if plan.steps[step].kind == Kind::Chain {
            return self.inner.range((step, 0)..=(step, u32::MAX)).all(|(_, inner)| inner.is_undone());
        }
        self.steps[step].items.iter().flat_map(Items::iter).all(|item| match item {
            ItemProgress::Done { undo, .. } => {
                matches!(undo, UndoProgress::Over(UndoOutcome::Undone | UndoOutcome::ByHand))
            }
            ItemProgress::Doubt(_) => false,
            _ => true,
        })
    }
}
