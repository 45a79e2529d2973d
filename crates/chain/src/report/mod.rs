//! The run report, from journal rows only. What the journal does not say, the report does not say.

mod html;
mod markdown;
mod narrowed;
mod questions;
mod step;
mod tables;
mod words;

use patchbay_model::Step;
use patchbay_model::check::Level;
use patchbay_model::report::{ConnectionReport, RunReport, StepState};
use patchbay_model::run::{Fact, JournalEntry, Narrowed, Run, RunState};

use self::questions::{LastTry, held_question, stuck_question};
use self::step::StepFold;
use crate::calls::Calls;

pub use html::html;
pub use markdown::markdown;

/// Builds the report of a run from its journal, complete or not.
pub fn build(run: &Run, journal: &[JournalEntry]) -> RunReport {
    let mut building = Building::of(run);
    for entry in journal {
        building.take(entry);
    }
    building.finish()
}

/// A report in the making. It takes the journal in entry by entry: a long one need not be in memory as a whole.
pub struct Building<'r> {
    run: &'r Run,
    steps: Vec<&'r Step>,
    folds: Vec<StepFold>,
    report: RunReport,
    stuck: Option<u32>,
    held: Option<u32>,
    /// The user wished to undo it after its end.
    wished: bool,
    tried: Option<LastTry>,
}

impl<'r> Building<'r> {
    /// Of a run, with nothing of its journal yet.
    pub fn of(run: &'r Run) -> Self {
        let steps: Vec<&Step> = run.snapshot.all_steps().collect();
        let report = RunReport {
            run: run.id.clone(),
            chain_id: run.chain_id.clone(),
            chain: run.snapshot.name.clone(),
            chain_version: run.chain_version,
            state: run.state,
            interrupted: false,
            dry_run: run.dry_run,
            narrowed: Narrowed::default(),
            headline: String::new(),
            created_at: run.created_at,
            started_at: None,
            finished_at: None,
            recoveries: 0,
            check: Vec::new(),
            steps: Vec::new(),
            connections: Vec::new(),
            needs_you: Vec::new(),
            undo: Vec::new(),
        };
        let folds = steps.iter().map(|_| StepFold::default()).collect();
        Self { run, steps, folds, report, stuck: None, held: None, wished: false, tried: None }
    }

    /// Takes the next entry in.
    pub fn take(&mut self, entry: &JournalEntry) {
        let Self { run, steps, folds, report, stuck, held, wished, tried } = self;
        report.started_at.get_or_insert(entry.at);
        if let Some(last) = LastTry::of(entry) {
            *tried = Some(last);
        }
        match &entry.fact {
            // Taken up because the user wants it undone, not because an engine had ended.
            Fact::Started { recovered, .. } => {
                report.recoveries += u32::from(*recovered && !std::mem::take(wished));
                folds.iter_mut().for_each(StepFold::give_up_waiting);
            }
            Fact::Narrowed(narrowed) => report.narrowed = narrowed.clone(),
            Fact::Checked { findings } => {
                report.check = findings.iter().filter(|f| f.level != Level::Pass).cloned().collect();
            }
            Fact::Finished { state } => {
                report.state = *state;
                report.finished_at = Some(entry.at);
            }
            Fact::Stuck { recoveries } => *stuck = Some(*recoveries),
            Fact::Held { effects } => *held = Some(*effects),
            Fact::UndoRequested => (*stuck, *held, *wished, report.finished_at) = (None, None, true, None),
            Fact::StopRequested { .. } | Fact::Resumed => (*stuck, *held) = (None, None),
            fact => {
                if let Some((index, fold)) = fact
                    .step()
                    .and_then(|id| run.snapshot.step(id).map(|(index, _)| index))
                    .and_then(|index| folds.get_mut(index).map(|fold| (index, fold)))
                {
                    fold.take(entry.at, fact, steps[index], &mut report.undo);
                }
            }
        }
    }

    /// The report as far as the journal was taken in.
    pub fn finish(self) -> RunReport {
        let Self { run, steps, mut folds, mut report, stuck, held, tried, .. } = self;
        if report.state == RunState::NeedsYou || report.state.is_final() {
            folds.iter_mut().for_each(StepFold::give_up_waiting);
        }
        for (step, fold) in steps.iter().zip(&folds) {
            report.needs_you.extend(fold.questions(step, report.state));
            report.steps.push(fold.report(step, report.state));
        }
        if let Some(recoveries) = stuck.filter(|_| report.state == RunState::NeedsYou) {
            // One question at a time: what is not known of single items is asked once the run goes on.
            report.needs_you = stuck_question(run, tried, recoveries).into_iter().collect();
        }
        if let Some(effects) = held.filter(|_| report.state == RunState::NeedsYou) {
            report.needs_you = held_question(run, effects).into_iter().collect();
        }
        mark_undone(&mut report);
        report.connections = connections(&steps, &folds);
        report.headline = words::headline(&report);
        report
    }
}

/// The calls of each connection.
fn connections(steps: &[&Step], folds: &[StepFold]) -> Vec<ConnectionReport> {
    let mut sums: Vec<(&str, Calls)> = Vec::new();
    for (step, fold) in steps.iter().zip(folds) {
        let calls = fold.all_calls();
        match sums.iter_mut().find(|(name, _)| *name == step.connection) {
            _ if calls.sent == 0 => {}
            Some((_, sum)) => sum.add(&calls),
            None => sums.push((&step.connection, calls)),
        }
    }
    sums.into_iter().map(|(name, sum)| sum.report(name.to_owned())).collect()
}

/// What a person reads for a step.
pub fn step_name(step: &Step) -> &str {
    step.title()
}

fn mark_undone(report: &mut RunReport) {
    for step in &mut report.steps {
        let mut undo = report.undo.iter().filter(|u| u.step == step.step).peekable();
        if undo.peek().is_some() {
            step.state = if undo.all(|u| u.undone) { StepState::Undone } else { StepState::CouldNotUndo };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn run(state: &str) -> Run {
        serde_json::from_value(json!({
            "id": "run", "chainId": "chain", "chainVersion": 1, "chainHash": "", "input": null, "dryRun": false,
            "state": state, "boot": null, "createdAt": "2026-01-31T12:00:00Z", "finishedAt": null,
            "snapshot": {"schema": 1, "name": "c", "steps": [
                {"id": "list", "connection": "Tracker", "operation": "list"},
                {"id": "tell", "connection": "Chat", "operation": "send", "forEach": "list"}
            ]},
        }))
        .unwrap()
    }

    fn journal() -> Vec<JournalEntry> {
        let facts = [
            json!({"fact": "step_opened", "step": "list", "items": 1}),
            json!({"fact": "result", "step": "list", "item": 0, "attempt": 1, "tookMs": 2, "bytes": 9,
                "outcome": {"outcome": "done", "output": [1, 2, 3]}}),
            json!({"fact": "step_opened", "step": "tell", "items": 3}),
            json!({"fact": "result", "step": "tell", "item": 0, "attempt": 1, "tookMs": 2, "bytes": 9,
                "outcome": {"outcome": "done", "output": {}}}),
        ];
        let entry = |(seq, mut fact): (usize, Value)| {
            fact["run"] = json!("run");
            fact["seq"] = json!(seq + 1);
            fact["at"] = json!("2026-01-31T12:00:01Z");
            serde_json::from_value(fact).unwrap()
        };
        facts.into_iter().enumerate().map(entry).collect()
    }

    #[test]
    fn items_still_to_come_are_left_out_only_once_the_run_is_over() {
        for (state, skipped) in [("running", 0), ("stopped", 2)] {
            let report = build(&run(state), &journal());
            assert_eq!(report.steps[1].skipped, skipped, "{state}");
            assert_eq!(report.headline.contains("left out"), skipped > 0, "{state}: {}", report.headline);
        }
    }

    #[test]
    fn a_list_step_gives_as_many_items_as_it_read() {
        let report = build(&run("running"), &journal());
        let figures: Vec<_> = report.steps.iter().map(|s| (s.items_in, s.items_out)).collect();
        assert_eq!(figures, [(1, 3), (3, 1)]);
    }
}
