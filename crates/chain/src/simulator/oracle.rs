//! What the report says, field by field, beside what the service and the pretend computer counted.

use std::collections::BTreeMap;

use patchbay_model::problem::Retry;
use patchbay_model::report::{ChangeState, RunReport, StepReport};
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
    undos_failed: u32,
    undos_held: u32,
    /// Of those that were heard: nobody understood the answer.
    undos_lost: u32,
}

/// Counts what happens where it happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    lines: BTreeMap<usize, Line>,
    /// What is known of the last attempt of an item.
    last: BTreeMap<(usize, u32), Cause>,
    /// What can be known of each item that something was sent of.
    items: BTreeMap<(usize, u32), Known>,
    /// Items of which an attempt before the last one is open.
    doubts: BTreeSet<(usize, u32)>,
}

/// What can be known of an item, by whoever saw all that was sent and all that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It happened.
    Done,
    /// It did not happen, and may yet.
    NotDone,
    /// It did not happen, and will not.
    Rejected,
    /// An attempt was sent that nobody knows the end of.
    Open,
}

impl Ledger {
    pub(super) fn announced(&mut self, step: usize, item: u32, effect: bool) {
        if !effect {
            // What was read is not lost: it can be read again.
            self.doubts.remove(&(step, item));
        }
        let line = self.lines.entry(step).or_default();
        line.announced += 1;
        self.items.insert((step, item), Known::Open);
        if let Some(cause) = self.last.insert((step, item), Cause::Died) {
            *line.again.entry(cause).or_default() += 1;
        }
    }

    pub(super) fn got(&mut self, step: usize) {
        self.lines.entry(step).or_default().got += 1;
    }

    /// The engine wrote down what the service had answered.
    pub(super) fn heard(&mut self, step: usize, item: u32, outcome: &Outcome) {
        let doubted = self.doubts.contains(&(step, item));
        let known = match outcome {
            Outcome::Done { .. } => Known::Done,
            // That this attempt was refused says nothing of the one before.
            Outcome::NotDone { .. } if doubted => Known::Open,
            Outcome::NotDone { problem } if matches!(problem.code().retry(), Retry::Never | Retry::User) => {
                Known::Rejected
            }
            Outcome::NotDone { .. } => Known::NotDone,
            _ => Known::Open,
        };
        self.learn(step, item, known);
        let line = self.lines.entry(step).or_default();
        match outcome {
            Outcome::NotDone { problem } | Outcome::Unknown { problem } => {
                let code = problem.code();
                // What is not there, or put off, says nothing against the service.
                if matches!(code, Code::NotFound | Code::RateLimited) {
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

    pub(super) fn resolved(&mut self, step: usize, item: u32, happened: bool, cause: Cause) {
        self.learn(step, item, if happened { Known::Done } else { Known::NotDone });
        self.last.insert((step, item), cause);
    }

    fn learn(&mut self, step: usize, item: u32, known: Known) {
        self.items.insert((step, item), known);
        if known == Known::Open {
            self.doubts.insert((step, item));
        } else {
            self.doubts.remove(&(step, item));
        }
    }

    /// An engine died: what it had sent and not heard the end of is in doubt from now on.
    pub(super) fn died(&mut self) {
        let open = self.items.iter().filter(|(_, known)| **known == Known::Open).map(|(at, _)| *at);
        self.doubts.extend(open);
    }

    /// How many items of a step are known to be so.
    fn count(&self, step: usize, known: Known) -> u32 {
        self.items.iter().filter(|((own, _), is)| *own == step && **is == known).count() as u32
    }

    pub(super) fn undo_announced(&mut self, step: usize) {
        self.lines.entry(step).or_default().undos_announced += 1;
    }

    pub(super) fn undo_got(&mut self, step: usize) {
        self.lines.entry(step).or_default().undos_got += 1;
    }

    /// The engine wrote down what the service had answered to an undo.
    pub(super) fn undo_heard(&mut self, step: usize, refused: Option<Code>) {
        let line = self.lines.entry(step).or_default();
        line.undos_heard += 1;
        match refused {
            None => {}
            Some(Code::RateLimited) => line.undos_held += 1,
            Some(Code::TimeoutResponse) => {
                line.undos_failed += 1;
                line.undos_lost += 1;
            }
            Some(_) => line.undos_failed += 1,
        }
    }
}

pub(super) fn run_of(plan: &Plan, state: RunState) -> Run {
    let mut chain = Chain::named("Simulated");
    chain.policy.timeout_ms = plan.allowed_ms;
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
    let unknown: u32 = report.steps.iter().map(|step| step.unknown).sum();
    let questions = report.needs_you.iter().filter(|question| question.approval.is_none()).count();
    assert_eq!(questions, report.needs_you.len(), "{context}: nothing is asked of a run that has ended");
    assert_eq!(questions as u32, unknown, "{context}: what stays unknown is named");
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
        changes(world, index, planned, said, &line, &context);
        items(world, index, planned, said, state, &context);
        sum.announced += line.announced + line.undos_announced;
        sum.ok += line.ok + line.undos_heard - line.undos_failed - line.undos_held;
        sum.failed += line.failed + line.undos_failed;
        sum.held += line.held + line.undos_held;
    }
    assert!(report.connections.len() <= 1, "{context}");
    let tool = report.connections.first();
    let figures =
        tool.map_or((0, 0, 0, 0), |tool| (tool.calls, tool.calls_ok, tool.calls_failed, tool.calls_held));
    assert_eq!(figures, (sum.announced, sum.ok, sum.failed, sum.held), "{context}: calls of the connection");
}

fn changes(world: &World, index: usize, planned: &PlanStep, said: &StepReport, line: &Line, context: &str) {
    let mut counts = (0, 0, 0);
    for change in &said.sent {
        let stands = world.effects.contains_key(&(index, change.item));
        let right = match change.state {
            ChangeState::Made => stands,
            ChangeState::Undone => !stands,
            // Where its undo was sent and nobody heard the answer, nobody can know.
            ChangeState::Stays => stands || line.undos_got + line.undos_lost > line.undos_heard,
            ChangeState::NotKnown => world.ledger.items.get(&(index, change.item)) == Some(&Known::Open),
        };
        assert!(right, "{context}: item {} is said to be {:?}", change.item, change.state);
        counts.0 += u32::from(change.state != ChangeState::NotKnown);
        counts.1 += u32::from(change.state == ChangeState::Undone);
        counts.2 += u32::from(change.state == ChangeState::Stays);
    }
    // A run of another chain tells of its changes itself.
    if planned.kind == Does::Call {
        assert_eq!((said.changes, said.undone, said.stay), counts, "{context}: counts of changes");
        let listed = |item: &u32| said.sent.iter().any(|change| change.item == *item);
        let own = world.effects.keys().filter(|(step, _)| *step == index).map(|(_, item)| item);
        let missing: Vec<_> = own.filter(|item| !listed(item)).collect();
        assert!(missing.is_empty(), "{context}: {missing:?} happened, and the report does not say so");
    }
}

/// What became of each item, in figures.
fn items(world: &World, index: usize, planned: &PlanStep, said: &StepReport, state: RunState, context: &str) {
    let sum =
        said.done + said.failed + said.quarantined + said.skipped + said.passed + said.kept + said.unknown;
    assert_eq!(sum, said.items_in, "{context}: each item is counted once: {said:?}");
    if state == RunState::Done && planned.phase != Phase::OnFailure {
        let listed: usize = world.pages.iter().filter_map(Value::as_array).map(Vec::len).sum();
        let all = match planned.root {
            Some(_) => listed,
            None if planned.paged => world.pages.len(),
            None => 1,
        };
        assert_eq!(said.items_in as usize, all, "{context}: items");
    }
    if planned.kind != Does::Call {
        return;
    }
    let known = |known| world.ledger.count(index, known);
    assert_eq!(said.done, known(Known::Done), "{context}: done");
    let open = if planned.effect { known(Known::Open) } else { 0 };
    assert_eq!(said.unknown, open, "{context}: not known");
    // What was refused and would have been tried again has failed where the run was stopped before.
    let refused = known(Known::Rejected)..=known(Known::Rejected) + known(Known::NotDone);
    assert!(refused.contains(&said.failed), "{context}: {} failed of {refused:?}", said.failed);
}
