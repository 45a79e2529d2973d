//! What was tried to be taken back: one line for each change, as it stands.

use std::collections::BTreeMap;

use patchbay_model::StepId;
use patchbay_model::report::UndoReport;

/// Lines in the making. There may be as many as there are items.
#[derive(Default)]
pub(super) struct Undos {
    /// Each with when it was written, counted.
    lines: BTreeMap<(StepId, u32), (u64, UndoReport)>,
    written: u64,
}

impl Undos {
    /// Takes in how an undo ended; what was said of it before is out of date.
    pub(super) fn put(&mut self, line: UndoReport) {
        self.written += 1;
        self.lines.insert((line.step.clone(), line.item), (self.written, line));
    }

    /// An undo is tried once more: the change stays until it is known to be undone.
    pub(super) fn begin_again(&mut self, step: &StepId, item: u32) {
        if let Some((_, line)) = self.lines.get_mut(&(step.clone(), item)) {
            line.again = false;
        }
    }

    /// The lines, in the order in which they were written.
    pub(super) fn into_lines(self) -> Vec<UndoReport> {
        let mut lines: Vec<_> = self.lines.into_values().collect();
        lines.sort_by_key(|(written, _)| *written);
        lines.into_iter().map(|(_, line)| line).collect()
    }
}
