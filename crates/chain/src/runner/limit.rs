//! Runs that take the first items of each list only, and steps that take those of theirs.

use patchbay_model::run::{Fact, Narrowed, Outcome};
use serde_json::Value;

use super::Execution;
use crate::plan::Plan;

impl Execution<'_> {
    /// An answer with no more items of a list than the run or its step takes, and where that list goes on: nowhere once
    /// it has them.
    pub(super) fn limited(
        &self,
        step: usize,
        outcome: Outcome,
        next: Option<Value>,
    ) -> (Outcome, Option<Value>) {
        let Outcome::Done { output, output_missing } = outcome else { return (outcome, next) };
        let (output, is_full) = self.cut(step, output);
        (Outcome::Done { output, output_missing }, next.filter(|_| !is_full))
    }

    /// What the run of another chain begins with that a step of this one starts: who wants the first items
    /// of each list wants no more of the lists that are read on the run's behalf.
    pub(super) fn narrows(&self) -> Option<Fact> {
        let items = self.progress.limit?;
        Some(Fact::Narrowed(Narrowed { items: Some(items), ..Narrowed::default() }))
    }

    /// What a step that works by itself gives, likewise.
    pub(super) fn limited_list(&self, step: usize, output: Value) -> Value {
        self.cut(step, output).0
    }

    fn cut(&self, step: usize, mut output: Value) -> (Value, bool) {
        let plan = &self.live.plan;
        let limit = self.progress.limit.into_iter().chain(plan.steps[step].policy.limit).min();
        let (Some(limit), Value::Array(items)) = (limit, &mut output) else {
            return (output, false);
        };
        // What an item is split into is part of that item.
        if plan.steps[step].root.is_some() || !gives_items(plan, step) {
            return (output, false);
        }
        let before = self.progress.steps[step].starts.last().copied().unwrap_or(0);
        let left = limit.saturating_sub(before) as usize;
        let is_full = items.len() >= left;
        items.truncate(left);
        (output, is_full)
    }
}

/// Whether a step is gone through by others, or comes in pages.
fn gives_items(plan: &Plan, step: usize) -> bool {
    plan.steps[step].paged || plan.steps.iter().any(|later| later.root == Some(step))
}
