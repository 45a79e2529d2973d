//! Lists that come page by page, and which item an item comes from.

use serde_json::Value;

use super::{ItemProgress, Progress};
use crate::plan::Plan;

impl Progress {
    /// A page of a list came: the next one is wanted where there is one, what goes through the list has
    /// more items, and what is settled of earlier pages is let go of where nothing needs it any more.
    pub(super) fn page(&mut self, plan: &Plan, list: usize, page: u32, more: bool) {
        if !plan.steps[list].paged {
            return;
        }
        let Some(items) = self.steps[list].items.as_mut() else { return };
        let Some(came) = items.get(page).and_then(ItemProgress::output).and_then(Value::as_array) else {
            return;
        };
        let came = came.len();
        if more && page + 1 == items.len() {
            items.extend(1);
        }
        self.begin_after(list, page, came);
        for later in list + 1..plan.steps.len() {
            if plan.steps[later].root == Some(list)
                && let Some(items) = self.steps[later].items.as_mut()
            {
                if plan.steps[list].forgets {
                    items.compact();
                }
                items.extend(came as u32);
            }
        }
        if plan.steps[list].forgets
            && page > 0
            && let Some(items) = self.steps[list].items.as_mut()
        {
            items.compact_before(page);
        }
    }

    /// A page came in an earlier run. How many items there are of it is said where each step begins.
    pub(super) fn kept_page(&mut self, plan: &Plan, list: usize, page: u32) {
        let came = self.item(list, page).and_then(ItemProgress::output).and_then(Value::as_array).map(Vec::len);
        if let Some(came) = came.filter(|_| plan.steps[list].paged) {
            self.begin_after(list, page, came);
        }
    }

    /// Notes where the page behind one begins. One is asked for again after a failure, not after it came.
    fn begin_after(&mut self, list: usize, page: u32, came: usize) {
        let starts = &mut self.steps[list].starts;
        if starts.is_empty() {
            starts.push(0);
        }
        if let Some(start) = starts.last().copied().filter(|_| starts.len() == page as usize + 1) {
            starts.push(start + came as u32);
        }
    }

    /// The item that each item of a step was made of, where its list was made of items.
    pub(super) fn parents(&self, plan: &Plan, step: usize) -> Vec<u32> {
        let Some(list) = plan.steps[step].root.filter(|list| plan.steps[*list].root.is_some()) else {
            return Vec::new();
        };
        let lengths = self.outputs(list).map(|output| output.and_then(Value::as_array).map_or(0, Vec::len));
        (0_u32..).zip(lengths).flat_map(|(parent, length)| std::iter::repeat_n(parent, length)).collect()
    }

    /// The item of an earlier step that an item of a step comes from: itself where both go through the
    /// same items, the one that it was made of where the step goes through what that one was split into,
    /// the only one of a step that ran once. None where there is no single one.
    pub fn ancestor(&self, plan: &Plan, step: usize, item: u32, earlier: usize) -> Option<u32> {
        let wanted = plan.steps[earlier].root;
        if wanted.is_none() {
            return Some(0);
        }
        let (mut step, mut item) = (step, item);
        while plan.steps[step].root != wanted {
            let list = plan.steps[step].root?;
            item = match self.steps[step].parents.get(item as usize) {
                Some(parent) => *parent,
                None => return None,
            };
            step = list;
        }
        Some(item)
    }
}
