//! The run report, from journal rows only. What the journal does not say, the report does not say.

mod html;
mod markdown;
mod narrowed;
mod questions;
mod step;
mod words;

use patchbay_model::Step;
use patchbay_model::check::Level;
use patchbay_model::report::{ConnectionReport, RunReport, StepState};
use patchbay_model::run::{Fact, JournalEntry, Narrowed, Run, RunState};

use self::questions::{held_question, stuck_question};
use self::step::StepFold;
use crate::calls::Calls;

pub use html::html;
pub use markdown::markdown;

/// Builds the report of a run from its journal, complete or not.
pub fn build(run: &Run, journal: &[JournalEntry]) -> RunReport {
    let steps: Vec<&Step> = run.snapshot.all_steps().collect();
    let mut folds: Vec<StepFold> = steps.iter().map(|_| StepFold::default()).collect();
    let mut report = RunReport {
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
        started_at: journal.first().map(|entry| entry.at),
        finished_at: None,
        recoveries: 0,
        check: Vec::new(),
        steps: Vec::new(),
        connections: Vec::new(),
        needs_you: Vec::new(),
        undo: Vec::new(),
    };
    let (mut stuck, mut held, mut wished) = (None, None, false);
    for entry in journal {
        match &entry.fact {
            // Taken up because the user wants it undone, not because an engine had ended.
            Fact::Started { recovered, .. } => {
                report.recoveries += u32::from(*recovered && !std::mem::take(&mut wished));
            }
            Fact::Narrowed(narrowed) => report.narrowed = narrowed.clone(),
            Fact::Checked { findings } => {
                report.check = findings.iter().filter(|f| f.level != Level::Pass).cloned().collect();
            }
            Fact::Finished { state } => {
                report.state = *state;
                report.finished_at = Some(entry.at);
            }
            Fact::Stuck { recoveries } => stuck = Some(*recoveries),
            Fact::Held { effects } => held = Some(*effects),
            Fact::UndoRequested => (stuck, held, wished, report.finished_at) = (None, None, true, None),
            Fact::StopRequested { .. } | Fact::Resumed => (stuck, held) = (None, None),
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
    if report.state == RunState::NeedsYou || report.state.is_final() {
        folds.iter_mut().for_each(StepFold::give_up_waiting);
    }
    for (step, fold) in steps.iter().zip(&folds) {
        report.needs_you.extend(fold.questions(step));
        report.steps.push(fold.report(step, report.state));
    }
    if let Some(recoveries) = stuck.filter(|_| report.state == RunState::NeedsYou) {
        // One question at a time: what is not known of single items is asked once the run goes on.
        report.needs_you = stuck_question(run, journal, recoveries).into_iter().collect();
    }
    if let Some(effects) = held.filter(|_| report.state == RunState::NeedsYou) {
        report.needs_you = held_question(run, effects).into_iter().collect();
    }
    mark_undone(&mut report);
    report.connections = connections(&steps, &folds);
    report.headline = words::headline(&report);
    report
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

fn headline(report: &RunReport) -> String {
    let total = report.steps.len();
    let done = report.steps.iter().filter(|s| s.state == StepState::Done).count();
    let mut parts = vec![match report.state {
        RunState::Done if report.dry_run => "Dry run finished; nothing was sent".to_owned(),
        RunState::Stopped => format!("Stopped after {done} of {total} steps"),
        _ => format!("{done} of {total} steps done"),
    }];
    parts.extend(narrowed::words(&report.narrowed));
    for step in report
        .steps
        .iter()
        .filter(|s| s.items_in > 0 && s.items_in != s.done + s.passed + s.kept && s.done + s.failed > 0)
    {
        let mut text = format!("\"{}\": {} of {} items went through", step.name, step.done, step.items_in);
        let rest = [
            (step.failed, "failed"),
            (step.quarantined, "did not fit"),
            (step.unknown, "not known"),
            (step.skipped, "left out"),
        ];
        for (count, word) in rest.into_iter().filter(|(count, _)| *count > 0) {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {count} {word}");
        }
        parts.push(text);
    }
    let stays = report.undo.iter().filter(|u| !u.undone).count();
    if !report.undo.is_empty() {
        let undone = report.undo.len() - stays;
        parts.push(match stays {
            0 => format!("All {undone} changes were undone"),
            _ => format!("{undone} changes were undone, {stays} could not be"),
        });
    }
    match report.needs_you.len() {
        0 => {}
        1 if matches!(report.needs_you[0].problem.code(), Code::RunStuck | Code::EffectsUsedUp) => {
            parts.push(report.needs_you[0].problem.title());
        }
        1 => parts.push("One outcome is not known and waits for your answer".to_owned()),
        n => parts.push(format!("{n} outcomes are not known and wait for your answer")),
    }
    if let Some(blocker) = report.check.iter().find(|f| f.level == Level::Blocker) {
        parts.push(format!("Nothing was sent: {}", blocker.text.trim_end_matches('.')));
    }
    parts.join(". ") + "."
}

/// The words of a run's state on the screen.
pub(crate) fn run_state_words(report: &RunReport) -> &'static str {
    match report.state {
        _ if report.interrupted => "Interrupted",
        RunState::Queued => "Queued",
        RunState::Running => "Running",
        RunState::Waiting => "Waiting",
        RunState::Paused => "Paused",
        RunState::NeedsYou => "Needs you",
        RunState::Done => "Done",
        RunState::DoneWithProblems => "Done with problems",
        RunState::Failed => "Failed",
        RunState::FailedUndone => "Failed, undone",
        RunState::Stopped => "Stopped",
    }
}

/// The words of a step's state on the screen.
pub(crate) fn step_state_words(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "Waiting",
        StepState::Running => "Running",
        StepState::Retrying => "Retrying",
        StepState::Done => "Done",
        StepState::Failed => "Failed",
        StepState::Skipped => "Skipped",
        StepState::NotKnown => "Not known",
        StepState::Undone => "Undone",
        StepState::CouldNotUndo => "Could not undo",
    }
}

/// A duration for people.
pub(crate) fn duration_words(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// Milliseconds from one moment to another; 0 where they are out of order.
pub(crate) fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
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
