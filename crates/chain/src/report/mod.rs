//! The run report, from journal rows only. What the journal does not say, the report does not say.

mod html;
mod markdown;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use patchbay_model::check::Level;
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::report::{ItemProblem, OpenQuestion, RunReport, StepReport, StepState, UndoReport};
use patchbay_model::run::{
    Decision, Fact, JournalEntry, Outcome, RequestSummary, Run, RunState, UndoOutcome, Why,
};
use patchbay_model::{Step, Timestamp};
use serde_json::Value;

pub use html::html;
pub use markdown::markdown;

/// At most this many items are listed by name; the counts are always complete.
const LISTED: usize = 100;

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
        headline: String::new(),
        created_at: run.created_at,
        started_at: journal.first().map(|entry| entry.at),
        finished_at: None,
        recoveries: 0,
        check: Vec::new(),
        steps: Vec::new(),
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
                if let Some((index, fold)) = fact_step(fact)
                    .and_then(|id| run.snapshot.step(id).map(|(index, _)| index))
                    .and_then(|index| folds.get_mut(index).map(|fold| (index, fold)))
                {
                    fold.take(entry.at, fact, steps[index], &mut report.undo);
                }
            }
        }
    }
    if report.state == RunState::NeedsYou || report.state.is_final() {
        // Nothing is under way any more: what was sent and never answered is not known.
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
    report.headline = headline(&report);
    report
}

fn fact_step(fact: &Fact) -> Option<&patchbay_model::StepId> {
    match fact {
        Fact::StepOpened { step, .. }
        | Fact::Intent { step, .. }
        | Fact::Result { step, .. }
        | Fact::Computed { step, .. }
        | Fact::LeftOut { step, .. }
        | Fact::Kept { step, .. }
        | Fact::Waiting { step, .. }
        | Fact::Awaited { step, .. }
        | Fact::Arrived { step, .. }
        | Fact::Asked { step, .. }
        | Fact::Answered { step, .. }
        | Fact::ChainStarted { step, .. }
        | Fact::Deferred { step, .. }
        | Fact::Resolved { step, .. }
        | Fact::UndoIntent { step, .. }
        | Fact::UndoResult { step, .. } => Some(step),
        Fact::Started { .. }
        | Fact::Checked { .. }
        | Fact::StopRequested { .. }
        | Fact::UndoRequested
        | Fact::Stuck { .. }
        | Fact::Paused
        | Fact::Held { .. }
        | Fact::Resumed
        | Fact::Ended { .. }
        | Fact::Finished { .. } => None,
    }
}

/// What a stuck run asks: about the last thing that was tried, where anything was.
fn stuck_question(run: &Run, journal: &[JournalEntry], recoveries: u32) -> Option<OpenQuestion> {
    let last = journal.iter().rev().find_map(|entry| match &entry.fact {
        Fact::Intent { step, item, request, .. } | Fact::UndoIntent { step, item, request, .. } => {
            Some((step.clone(), *item, Some(request.clone()), Some(entry.at)))
        }
        _ => None,
    });
    let first = || run.snapshot.all_steps().next().map(|step| (step.id.clone(), 0, None, None));
    let (step, item, request, sent_at) = last.or_else(first)?;
    let problem = Problem::new(Code::RunStuck)
        .with("item", format!("\"{}\"", run.snapshot.name))
        .with("n", recoveries.to_string());
    Some(OpenQuestion { step, item, request, sent_at, approval: None, problem })
}

/// What a run asks whose chain has used up its effects of the day.
fn held_question(run: &Run, effects: u32) -> Option<OpenQuestion> {
    let problem = Problem::new(Code::EffectsUsedUp)
        .with("item", format!("\"{}\"", run.snapshot.name))
        .with("n", effects.to_string());
    let step = run.snapshot.steps.first()?.id.clone();
    Some(OpenQuestion { step, item: 0, request: None, sent_at: None, approval: None, problem })
}

#[derive(Default)]
struct StepFold {
    items_in: u32,
    /// How many items its lists held, where it gave lists.
    listed: Option<u32>,
    items: BTreeMap<u32, ItemFold>,
    calls: u32,
    retries: u32,
    bytes: u64,
    took: Vec<u64>,
    started_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    shown: Vec<RequestSummary>,
}

#[derive(Default)]
struct ItemFold {
    last: Option<Last>,
    effect: bool,
    request: Option<RequestSummary>,
    sent_at: Option<Timestamp>,
    output: Option<Value>,
}

enum Last {
    /// It waits for a time, or for another run.
    Waits,
    /// The user is asked.
    Asks(String, Timestamp),
    /// A filter, a branch or the user left it out.
    Passed,
    /// An earlier run did it.
    Kept,
    Sent,
    Deferred(Problem),
    Done,
    NotDone(Problem),
    Quarantined(Problem),
    Unknown(Problem),
    Skipped,
    Shown,
}

impl StepFold {
    fn take(&mut self, at: Timestamp, fact: &Fact, step: &Step, undo: &mut Vec<UndoReport>) {
        self.started_at.get_or_insert(at);
        self.last_at = Some(at);
        match fact {
            Fact::StepOpened { items, .. } => self.items_in = *items,
            Fact::Intent { item, attempt, effect, request, .. } => {
                self.calls += 1;
                self.retries += u32::from(*attempt > 1);
                let slot = self.items.entry(*item).or_default();
                slot.last = Some(Last::Sent);
                slot.effect = *effect;
                slot.request = Some(request.clone());
                slot.sent_at = Some(at);
            }
            Fact::Result { item, outcome, took_ms, bytes, attempt, .. } => {
                self.bytes += bytes;
                if let Outcome::Done { output: Value::Array(items), .. } = outcome {
                    *self.listed.get_or_insert(0) += items.len() as u32;
                }
                if *attempt > 0 {
                    self.took.push(*took_ms);
                }
                let slot = self.items.entry(*item).or_default();
                slot.last = Some(match outcome {
                    Outcome::Done { output, .. } => {
                        slot.output = Some(output.clone());
                        Last::Done
                    }
                    Outcome::NotDone { problem } => Last::NotDone(problem.clone()),
                    Outcome::Unknown { problem } => Last::Unknown(problem.clone()),
                    Outcome::Quarantined { problem } => Last::Quarantined(problem.clone()),
                    Outcome::Skipped => Last::Skipped,
                    Outcome::Shown { request } => {
                        self.shown.push(request.clone());
                        Last::Shown
                    }
                });
            }
            Fact::Computed { results, .. } => {
                for (item, output) in results {
                    self.count_listed(step, output);
                    self.items.entry(*item).or_default().last = Some(Last::Done);
                }
            }
            Fact::LeftOut { items, why, .. } => {
                for item in items {
                    let last = if *why == Why::Failed { Last::Skipped } else { Last::Passed };
                    self.items.entry(*item).or_default().last = Some(last);
                }
            }
            Fact::Kept { item, outcome, .. } => {
                if let Outcome::Done { output, .. } = outcome {
                    self.count_listed(step, output);
                }
                let last = match outcome {
                    Outcome::Done { .. } => Last::Kept,
                    _ => Last::Skipped,
                };
                self.items.entry(*item).or_default().last = Some(last);
            }
            Fact::Waiting { item, .. } | Fact::Awaited { item, .. } | Fact::ChainStarted { item, .. } => {
                self.items.entry(*item).or_default().last = Some(Last::Waits);
            }
            Fact::Arrived { item, output, .. } => {
                let slot = self.items.entry(*item).or_default();
                slot.output = Some(output.clone());
                slot.last = Some(Last::Done);
            }
            Fact::Asked { item, question, .. } => {
                self.items.entry(*item).or_default().last = Some(Last::Asks(question.clone(), at));
            }
            Fact::Answered { item, approved, .. } => {
                let last = if *approved { Last::Done } else { Last::Passed };
                self.items.entry(*item).or_default().last = Some(last);
            }
            Fact::Deferred { item, until, problem, .. } => {
                let slot = self.items.entry(*item).or_default();
                // A lookup that failed leaves the outcome as unknown as it was.
                if !matches!(slot.last, Some(Last::Unknown(_))) {
                    slot.last = Some(Last::Deferred(problem.clone().retry_at(*until)));
                }
            }
            Fact::Resolved { item, decision, output, .. } => {
                let slot = self.items.entry(*item).or_default();
                match decision {
                    Decision::Happened => {
                        slot.output.clone_from(output);
                        slot.last = Some(Last::Done);
                    }
                    Decision::NotHappened => slot.last = None,
                    Decision::Undo => {}
                }
            }
            Fact::UndoResult { item, outcome, .. } => {
                let (undone, problem) = match outcome {
                    UndoOutcome::Undone => (true, None),
                    UndoOutcome::Failed { problem } => (false, Some(problem.clone())),
                    UndoOutcome::Impossible => (
                        false,
                        Some(
                            Problem::new(Code::CompensationFailed)
                                .with("item", format!("What \"{}\" did", step_name(step)))
                                .with("tool", &step.connection)
                                .detail("The operation cannot be undone."),
                        ),
                    ),
                };
                let remains = if undone { None } else { self.items.get(item).and_then(|i| i.output.clone()) };
                undo.push(UndoReport { step: step.id.clone(), item: *item, undone, problem, remains });
            }
            _ => {}
        }
    }

    /// Counts what a list held.
    fn count_listed(&mut self, step: &Step, output: &Value) {
        let plain = step.logic.as_ref().is_none_or(Logic::yields_items);
        if let Some(items) = output.as_array().filter(|_| plain) {
            *self.listed.get_or_insert(0) += items.len() as u32;
        }
    }

    fn give_up_waiting(&mut self) {
        for slot in self.items.values_mut().filter(|slot| slot.effect) {
            if matches!(slot.last, Some(Last::Sent)) {
                let problem =
                    Problem::new(Code::ConnectionLost).detail("Patchbay was ended before the answer came.");
                slot.last = Some(Last::Unknown(problem));
            }
        }
    }

    fn count(&self, is: impl Fn(&Last) -> bool) -> u32 {
        self.items.values().filter_map(|i| i.last.as_ref()).filter(|last| is(last)).count() as u32
    }

    fn questions(&self, step: &Step) -> Vec<OpenQuestion> {
        let open = self.items.iter().filter_map(|(item, slot)| match &slot.last {
            Some(Last::Unknown(problem)) => Some(OpenQuestion {
                step: step.id.clone(),
                item: *item,
                request: slot.request.clone(),
                sent_at: slot.sent_at,
                approval: None,
                problem: Problem::new(Code::UnknownOutcome)
                    .with("item", format!("\"{}\"", step_name(step)))
                    .with("tool", &step.connection)
                    .detail(format!("{}. {}", problem.title(), problem.technical().unwrap_or_default())),
            }),
            Some(Last::Asks(question, at)) => Some(OpenQuestion {
                step: step.id.clone(),
                item: *item,
                request: None,
                sent_at: Some(*at),
                approval: Some(question.clone()),
                problem: Problem::new(Code::Conflict)
                    .with("item", format!("\"{}\"", step_name(step)))
                    .with("message", question.clone()),
            }),
            _ => None,
        });
        open.collect()
    }

    fn report(&self, step: &Step, run: RunState) -> StepReport {
        // Of a list that comes in pages only the first page is known when a step begins.
        let items_in = self.items_in.max(self.items.last_key_value().map_or(0, |(item, _)| item + 1));
        let mut took = self.took.clone();
        took.sort_unstable();
        let done = self.count(|l| matches!(l, Last::Done));
        let failed = self.count(|l| matches!(l, Last::NotDone(_)));
        let quarantined = self.count(|l| matches!(l, Last::Quarantined(_)));
        let unknown = self.count(|l| matches!(l, Last::Unknown(_)));
        let shown = self.count(|l| matches!(l, Last::Shown));
        let passed = self.count(|l| matches!(l, Last::Passed));
        let kept = self.count(|l| matches!(l, Last::Kept));
        let left_out = self.count(|l| matches!(l, Last::Skipped));
        let settled = done + failed + quarantined + shown + passed + kept + left_out;
        // While a run is under way what has no end yet is still to come, and not left out.
        let skipped = if run.is_final() {
            items_in.saturating_sub(done + failed + quarantined + unknown + shown + passed + kept)
        } else {
            self.count(|l| matches!(l, Last::Skipped))
        };
        let opened = self.started_at.is_some();
        let state = if unknown > 0 {
            StepState::NotKnown
        } else if failed + quarantined > 0 {
            StepState::Failed
        } else if !opened {
            if run.is_final() { StepState::Skipped } else { StepState::Waiting }
        } else if settled >= items_in {
            if done + shown + kept == 0 && items_in > 0 { StepState::Skipped } else { StepState::Done }
        } else if run.is_final() {
            if done > 0 { StepState::Failed } else { StepState::Skipped }
        } else if self.count(|l| matches!(l, Last::Deferred(_))) > 0 {
            StepState::Retrying
        } else {
            StepState::Running
        };
        let problems = self.items.iter().filter_map(|(item, slot)| match &slot.last {
            Some(Last::NotDone(problem) | Last::Quarantined(problem) | Last::Deferred(problem)) => {
                Some(ItemProblem { item: *item, problem: problem.clone() })
            }
            _ => None,
        });
        StepReport {
            step: step.id.clone(),
            name: step_name(step).to_owned(),
            connection: step.connection.clone(),
            operation: step.operation.clone(),
            state,
            items_in,
            items_out: self.listed.unwrap_or(done),
            done,
            failed,
            quarantined,
            skipped,
            passed,
            kept,
            unknown,
            effect: self.items.values().any(|slot| slot.effect),
            calls: self.calls,
            retries: self.retries,
            bytes: self.bytes,
            call_ms: took.iter().sum(),
            p50_ms: percentile(&took, 50),
            p95_ms: percentile(&took, 95),
            started_at: self.started_at,
            finished_at: if settled >= items_in { self.last_at } else { None },
            problems: problems.take(LISTED).collect(),
            shown: self.shown.iter().take(LISTED).cloned().collect(),
        }
    }
}

/// What a person reads for a step.
pub fn step_name(step: &Step) -> &str {
    step.title()
}

/// The nearest-rank percentile of sorted figures.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
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
    use serde_json::json;

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
