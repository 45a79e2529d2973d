//! What the report says, field by field, beside what the service and the pretend computer counted.

use std::collections::BTreeMap;

use patchbay_model::report::{ChangeState, RunReport};
use patchbay_model::run::{JournalEntry, Run};
use patchbay_model::{Chain, ChainId, RunOrigin, Step};

use super::*;
use crate::plan::{Kind as Does, Phase};

/// Why an attempt had to be made again, as the one who caused it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// The answer before said so.
    Said(Code),
    /// The engine died before it had written the answer down.
    Died,
    /// The service was asked, and knew of nothing.
    Asked,
    /// The user said that nothing had happened.
    Told,
}

/// What was counted of a step.
#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    /// Requests that were announced.
    announced: u32,
    /// Requests that the service got.
    got: u32,
    ok: u32,
    failed: u32,
    held: u32,
    again: BTreeMap<Cause, u32>,
    undos_announced: u32,
    undos_got: u32,
    undos_heard: u32,
}

/// Counts what happens where it happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    lines: BTreeMap<usize, Line>,
    /// What is known of the last attempt of an item.
    last: BTreeMap<(usize, u32), Cause>,
}

impl Ledger {
    pub(super) fn announced(&mut self, step: usize, item: u32) {
        let line = self.lines.entry(step).or_default();
        line.announced += 1;
        if let Some(cause) = self.last.insert((step, item), Cause::Died) {
            *line.again.entry(cause).or_default() += 1;
        }
    }

    pub(super) fn got(&mut self, step: usize) {
        self.lines.entry(step).or_default().got += 1;
    }

    /// The engine wrote down what the service had answered.
    pub(super) fn heard(&mut self, step: usize, item: u32, outcome: &Outcome) {
        let line = self.lines.entry(step).or_default();
        match outcome {
            Outcome::NotDone { problem } | Outcome::Unknown { problem } => {
                let code = problem.code();
                // What is not there says nothing against the service.
                if code == Code::NotFound {
                    line.held += 1
                } else {
                    line.failed += 1
                }
                self.last.insert((step, item), Cause::Said(code));
            }
            _ => {
                line.ok += 1;
                self.last.remove(&(step, item));
            }
        }
    }

    pub(super) fn resolved(&mut self, step: usize, item: u32, cause: Cause) {
        self.last.insert((step, item), cause);
    }

    pub(super) fn undo(&mut self, step: usize, count: impl FnOnce(&mut [u32; 3])) {
        let line = self.lines.entry(step).or_default();
        let mut counts = [line.undos_announced, line.undos_got, line.undos_heard];
        count(&mut counts);
        [line.undos_announced, line.undos_got, line.undos_heard] = counts;
    }
}

fn run_of(plan: &Plan, state: RunState) -> Run {
    let mut chain = Chain::named("Simulated");
    for step in &plan.steps {
        let connection = if step.kind == Does::Call { "Tool" } else { "" };
        let made = Step::call(step.id.as_str(), connection, "op");
        match step.phase {
            Phase::Main => chain.steps.push(made),
            Phase::OnFailure => chain.on_failure.push(made),
            Phase::Finally => chain.finally.push(made),
        }
    }
    Run {
        id: "run".into(),
        chain_id: ChainId::new("chain"),
        chain_version: 1,
        chain_hash: String::new(),
        snapshot: chain,
        input: Value::Null,
        dry_run: false,
        state,
        boot: None,
        origin: RunOrigin::default(),
        created_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
    }
}

pub(super) fn report_of(plan: &Plan, world: &World, state: RunState) -> RunReport {
    let run = run_of(plan, state);
    let journal: Vec<JournalEntry> = (1..)
        .zip(&world.journal)
        .map(|(seq, (at, fact))| JournalEntry { run: run.id.clone(), seq, at: *at, fact: fact.clone() })
        .collect();
    crate::report::build(&run, &journal)
}

/// Compares a report with what was counted.
pub(super) fn agrees(plan: &Plan, world: &World, state: RunState, context: &str) {
    let report = report_of(plan, world, state);
    assert_eq!(report.state, state, "{context}");
    assert_eq!(report.needs_you, [], "{context}: nothing is asked of a run that has ended");
    let mut sum = Line::default();
    for (index, (planned, said)) in plan.steps.iter().zip(&report.steps).enumerate() {
        let line = world.ledger.lines.get(&index).cloned().unwrap_or_default();
        let context = format!("{context}: the step {}", planned.id);
        let mut again = BTreeMap::new();
        for reason in &said.retry_reasons {
            let cause = match (reason.code, reason.text.as_str()) {
                (Some(code), _) => Cause::Said(code),
                (None, "Patchbay was ended before the answer came") => Cause::Died,
                (None, "The service was asked: it had not happened") => Cause::Asked,
                (None, "You said that it had not happened") => Cause::Told,
                (None, text) => panic!("{context}: {text}"),
            };
            assert_eq!(again.insert(cause, reason.count), None, "{context}: one reason stands twice");
        }
        assert_eq!(said.retries, line.again.values().sum::<u32>(), "{context}: retries");
        assert_eq!(again, line.again, "{context}: reasons of retries");
        let figures = (said.calls, said.calls_ok, said.calls_failed, said.calls_held);
        assert_eq!(figures, (line.announced, line.ok, line.failed, line.held), "{context}: calls");
        let unheard = world.boots - 1;
        assert!(line.announced - line.got <= unheard, "{context}: what was not sent was cut off by a crash");
        changes(&world.effects, index, planned, said, &line, &context);
        sum.announced += line.announced + line.undos_announced;
        sum.ok += line.ok + line.undos_heard;
        sum.failed += line.failed;
        sum.held += line.held;
    }
    let tool = &report.connections[0];
    assert_eq!(report.connections.len(), 1, "{context}");
    let figures = (tool.calls, tool.calls_ok, tool.calls_failed, tool.calls_held);
    assert_eq!(figures, (sum.announced, sum.ok, sum.failed, sum.held), "{context}: calls of the connection");
}

fn changes(
    effects: &BTreeMap<(usize, u32), u32>,
    index: usize,
    planned: &PlanStep,
    said: &patchbay_model::report::StepReport,
    line: &Line,
    context: &str,
) {
    let mut counts = (0, 0, 0);
    for change in &said.sent {
        let stands = effects.contains_key(&(index, change.item));
        let right = match change.state {
            ChangeState::Made => stands,
            ChangeState::Undone => !stands,
            // Where its undo was sent and nobody heard the answer, nobody can know.
            ChangeState::Stays => stands || line.undos_got > line.undos_heard,
            ChangeState::NotKnown => false,
        };
        assert!(right, "{context}: item {} is said to be {:?}", change.item, change.state);
        counts.0 += 1;
        counts.1 += u32::from(change.state == ChangeState::Undone);
        counts.2 += u32::from(change.state == ChangeState::Stays);
    }
    // A run of another chain tells of its changes itself.
    if planned.kind == Does::Call {
        assert_eq!((said.changes, said.undone, said.stay), counts, "{context}: counts of changes");
        let listed = |item: &u32| said.sent.iter().any(|change| change.item == *item);
        let own = effects.keys().filter(|(step, _)| *step == index).map(|(_, item)| item);
        let missing: Vec<_> = own.filter(|item| !listed(item)).collect();
        assert!(missing.is_empty(), "{context}: {missing:?} happened, and the report does not say so");
    }
}
