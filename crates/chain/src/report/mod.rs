//! The run report, from journal rows only. What the journal does not say, the report does not say.

mod html;
mod item;
mod markdown;
mod masks;
mod narrowed;
mod questions;
mod step;
mod tables;
mod undos;
mod words;

use std::collections::BTreeMap;

use patchbay_model::check::Level;
use patchbay_model::report::{ConnectionReport, Late, RunReport, StepState};
use patchbay_model::run::{Fact, JournalEntry, Narrowed, Run, RunState};
use patchbay_model::{Step, StepId};

use self::questions::{LastTry, held_question, stuck_question};
use self::step::StepFold;
use self::undos::Undos;
use crate::calls::Calls;

pub use html::html;
pub use markdown::markdown;
pub(crate) use step::where_it_did;
pub(crate) use words::late_words;

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
    undos: Undos,
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
            late: None,
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
            private: Vec::new(),
        };
        let folds = steps.iter().map(|_| StepFold::default()).collect();
        Self {
            run,
            steps,
            folds,
            undos: Undos::default(),
            report,
            stuck: None,
            held: None,
            wished: false,
            tried: None,
        }
    }

    /// Takes the next entry in.
    pub fn take(&mut self, entry: &JournalEntry) {
        let Self { run, steps, folds, undos, report, stuck, held, wished, tried } = self;
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
            Fact::TimedOut { allowed_ms } => {
                let by_step = run.snapshot.policy.timeout_ms != Some(*allowed_ms);
                report.late = Some(Late { allowed_ms: *allowed_ms, by_step });
            }
            Fact::UndoRequested => {
                (*stuck, *held, *wished, report.finished_at) = (None, None, true, None);
                // It had ended, and is under way again.
                report.state = run.state;
            }
            Fact::StopRequested { .. } | Fact::Resumed => (*stuck, *held) = (None, None),
            fact => {
                if let Some((index, fold)) = fact
                    .step()
                    .and_then(|id| run.snapshot.step(id).map(|(index, _)| index))
                    .and_then(|index| folds.get_mut(index).map(|fold| (index, fold)))
                {
                    fold.take(entry.at, fact, steps[index], undos);
                }
            }
        }
    }

    /// The report as far as the journal was taken in.
    pub fn finish(self) -> RunReport {
        let Self { run, steps, mut folds, undos, mut report, stuck, held, tried, .. } = self;
        report.undo = undos.into_lines();
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
        for (step, _) in report.steps.iter_mut().zip(&folds).filter(|(_, fold)| fold.undo_waits()) {
            step.state = StepState::Retrying;
        }
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
    let mut undone: BTreeMap<&StepId, bool> = BTreeMap::new();
    for line in &report.undo {
        *undone.entry(&line.step).or_insert(true) &= line.undone;
    }
    for step in &mut report.steps {
        if let Some(all) = undone.get(&step.step) {
            step.state = if *all { StepState::Undone } else { StepState::CouldNotUndo };
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

    fn with(more: impl IntoIterator<Item = Value>) -> Vec<JournalEntry> {
        let mut journal = journal();
        for mut fact in more {
            (fact["run"], fact["at"]) = (json!("run"), json!("2026-01-31T12:00:02Z"));
            fact["seq"] = json!(journal.len() + 1);
            journal.push(serde_json::from_value(fact).unwrap());
        }
        journal
    }

    #[test]
    fn a_run_that_is_undone_after_its_end_is_under_way_and_what_is_tried_again_stays_in_sight() {
        let failed = |unknown: bool| {
            json!({"fact": "undo_result", "step": "tell", "item": 0, "tookMs": 1,
                "outcome": {"outcome": "failed", "problem": {"code": "SERVICE_DOWN"}, "unknown": unknown}})
        };
        let ended = json!({"fact": "finished", "state": "failed"});
        let wish = json!({"fact": "undo_requested"});
        let report = build(&run("failed"), &with([failed(true), ended.clone()]));
        assert_eq!(
            (report.state, report.undo[0].again, report.undo[0].unknown),
            (RunState::Failed, true, true)
        );
        let again = json!({"fact": "undo_again", "step": "tell", "item": 0});
        let facts = [failed(false), ended.clone(), again, wish];
        let report = build(&run("running"), &with(facts.clone()));
        assert_eq!((report.state, report.finished_at), (RunState::Running, None));
        let line = (report.undo.len(), report.undo[0].undone, report.undo[0].again);
        assert_eq!(line, (1, false, false), "{:?}", report.undo);
        assert_eq!(report.steps[1].state, StepState::CouldNotUndo);
        let undone = json!({"fact": "undo_result", "step": "tell", "item": 0, "tookMs": 1, "outcome": {"outcome": "undone"}});
        let facts = facts.into_iter().chain([undone, json!({"fact": "finished", "state": "failed_undone"})]);
        let report = build(&run("failed_undone"), &with(facts));
        assert_eq!((report.state, report.undo.len(), report.undo[0].undone), (RunState::FailedUndone, 1, true));
    }

    #[test]
    fn what_a_lock_keeps_on_this_computer_was_not_sent() {
        let intent = |attempt: u32| {
            json!({"fact": "intent", "step": "tell", "item": 1, "attempt": attempt, "effect": true, "key": "k",
                "request": {"method": "POST", "url": "https://chat.example/m", "body": null, "hash": "h"}})
        };
        let put_off = |attempt: u32, code: &str| {
            json!({"fact": "deferred", "step": "tell", "item": 1, "attempt": attempt, "tookMs": 1, "bytes": 0,
                "until": "2026-01-31T13:00:00Z", "problem": {"code": code}})
        };
        let locked = "SECRET_STORE_LOCKED";
        let facts = [
            intent(1),
            put_off(1, locked),
            intent(2),
            put_off(2, locked),
            intent(3),
            put_off(3, "SERVICE_DOWN"),
            intent(4),
            put_off(4, "NETWORK_UNREADABLE"),
        ];
        let step = &build(&run("running"), &with(facts)).steps[1];
        assert_eq!((step.calls, step.calls_failed, step.calls_held, step.retries), (1, 1, 0, 0), "{step:?}");
        assert_eq!(step.retry_reasons, []);
    }

    #[test]
    fn what_waits_for_its_next_try_is_timed_and_what_waits_for_a_person_is_not() {
        let intent = |attempt: u32| {
            json!({"fact": "intent", "step": "tell", "item": 1, "attempt": attempt, "effect": true, "key": "k",
                "request": {"method": "POST", "url": "https://chat.example/m", "body": null, "hash": "h"}})
        };
        let put_off = |attempt: u32, code: &str| {
            json!({"fact": "deferred", "step": "tell", "item": 1, "attempt": attempt, "tookMs": 1, "bytes": 0,
                "until": "2026-01-31T13:00:00Z", "problem": {"code": code}})
        };
        let facts =
            [intent(1), put_off(1, "SERVICE_DOWN"), intent(2), put_off(2, "SECRET_STORE_LOCKED"), intent(3)];
        let mut entries = with(facts);
        for (at, entry) in entries.iter_mut().skip(journal().len()).enumerate() {
            entry.at = format!("2026-01-31T12:01:{at}0Z").parse().unwrap();
        }
        assert_eq!(build(&run("running"), &entries).steps[1].retry_wait_ms, 10_000);
    }

    #[test]
    fn an_attempt_whose_lookup_finds_the_store_locked_was_sent() {
        let sent = json!({"fact": "intent", "step": "tell", "item": 1, "attempt": 1, "effect": true, "key": "k",
            "request": {"method": "POST", "url": "https://chat.example/m", "body": null, "hash": "h"}});
        let started = json!({"fact": "started", "boot": "b", "recovered": true});
        let asked = json!({"fact": "deferred", "step": "tell", "item": 1, "attempt": 1, "bytes": 0,
            "until": "2026-01-31T13:00:00Z", "problem": {"code": "SECRET_STORE_LOCKED"}});
        let step = &build(&run("running"), &with([sent, started, asked])).steps[1];
        assert_eq!((step.calls, step.retries), (1, 0), "{step:?}");
    }

    #[test]
    fn an_undo_of_an_earlier_build_that_was_sent_and_never_answered_may_have_happened() {
        let sent = json!({"fact": "undo_intent", "step": "tell", "item": 0, "attempt": 1, "key": "k",
            "request": {"method": "DELETE", "url": "https://chat.example/m/1", "body": null, "hash": "h"}});
        let failed = |code: &str, took: Value| {
            json!({"fact": "undo_result", "step": "tell", "item": 0, "tookMs": took,
                "outcome": {"outcome": "failed", "problem": {"code": code}}})
        };
        let (stays, open, none) = ("COMPENSATION_FAILED", "UNKNOWN_OUTCOME", Value::Null);
        let cases = [
            (vec![sent.clone(), failed(stays, none.clone())], true, "no answer came"),
            (vec![sent.clone(), failed(stays, json!(7))], false, "it was refused"),
            (vec![failed(stays, none.clone())], false, "it was never sent"),
            (vec![sent.clone(), failed(open, json!(7))], true, "its problem says so"),
            (
                vec![sent.clone(), failed(stays, json!(7)), failed(stays, none)],
                false,
                "the last one was never sent",
            ),
        ];
        for (facts, unknown, why) in cases {
            let report = build(&run("failed"), &with(facts));
            assert_eq!((report.undo[0].undone, report.undo[0].unknown), (false, unknown), "{why}");
        }
    }

    #[test]
    fn a_list_step_gives_as_many_items_as_it_read() {
        let report = build(&run("running"), &journal());
        let figures: Vec<_> = report.steps.iter().map(|s| (s.items_in, s.items_out)).collect();
        assert_eq!(figures, [(1, 3), (3, 1)]);
    }
}
