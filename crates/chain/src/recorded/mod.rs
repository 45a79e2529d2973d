//! Offline tests: a run that ended, kept with what services, the user and the workspace answered. Replayed,
//! the runner is given the same answers and nothing is sent; what it would send and how it ends is compared.

mod answers;
mod compare;
mod replay;

use std::collections::BTreeMap;

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Fact, JournalEntry, RequestSummary, Run, RunState};
use patchbay_model::{Chain, ConnectorId, RunId, StepId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use answers::Recorded;
pub use compare::differences;
pub use replay::replay;

/// The version of the file's shape that this program writes.
pub const TEST_SCHEMA: u32 = 1;

/// A run as an offline test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainTest {
    /// Version of the file's shape; 1.
    pub schema: u32,
    /// The chain as it was.
    pub chain: Chain,
    /// The run: idempotency keys are made of it.
    pub run: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// What it was started with.
    pub input: Value,
    /// The connections that it used, by name, without their keys.
    pub connections: BTreeMap<String, TestConnection>,
    /// What it took over from another run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub took_over: Vec<Fact>,
    /// What was answered, by step and item.
    pub answers: Vec<Answers>,
    /// What is to come of it.
    pub expected: Expected,
}

/// A connection, as far as requests depend on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestConnection {
    /// Its connector.
    pub connector: ConnectorId,
    /// The connector's version.
    pub version: String,
    /// Its settings.
    #[serde(default)]
    pub config: Map<String, Value>,
}

/// What was answered for one item of a step, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The step.
    pub step: StepId,
    /// The item, from 0.
    pub item: u32,
    /// Results, postponed tries, answers of the user, deliveries, values that were kept.
    pub facts: Vec<Fact>,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// How it ended.
    pub state: Option<RunState>,
    /// By step and item.
    pub items: Vec<ExpectedItem>,
}

/// What came of one item of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedItem {
    /// The step.
    pub step: StepId,
    /// The item, from 0.
    pub item: u32,
    /// How it ended, in a word: `done`, `not_done`, `unknown`, `quarantined`, `left_out`.
    pub end: String,
    /// What was sent for it, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestSummary>,
    /// What undid it, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<RequestSummary>,
    /// What a step that works by itself gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// The test of a run in the making: its journal is taken in entry by entry, as it may be long.
pub struct Recording<'r> {
    run: &'r Run,
    /// When an engine took the run up.
    began: Option<Timestamp>,
    first: Option<Timestamp>,
    before: Vec<Fact>,
    answers: answers::Found,
    came: compare::Came,
    stopped: bool,
}

impl<'r> Recording<'r> {
    /// Of a run of which nothing was taken in yet.
    ///
    /// # Errors
    /// `CONFLICT` where the run has not ended, or showed requests only.
    pub fn of(run: &'r Run) -> Result<Self, Problem> {
        if run.dry_run {
            return Err(refused(run, "A dry run sends nothing that could be compared."));
        }
        if !run.state.is_final() {
            return Err(refused(run, "It has not ended yet."));
        }
        Ok(Self {
            run,
            began: None,
            first: None,
            before: Vec::new(),
            answers: answers::Found::default(),
            came: compare::Came::default(),
            stopped: false,
        })
    }

    /// Takes the next entry in.
    pub fn take(&mut self, entry: JournalEntry) {
        self.first.get_or_insert(entry.at);
        self.stopped |= matches!(entry.fact, Fact::StopRequested { .. });
        if self.began.is_none() && matches!(entry.fact, Fact::Started { .. }) {
            self.began = Some(entry.at);
        }
        if self.began.is_none() {
            // What it took over.
            self.before.push(entry.fact);
        } else {
            self.keep(entry.fact);
        }
    }

    fn keep(&mut self, fact: Fact) {
        self.came.take(&self.run.snapshot, &fact);
        self.answers.take(fact);
    }

    /// The test, with the connections that the run used, by name.
    ///
    /// # Errors
    /// `CONFLICT` where the run was stopped by the user: when that happened cannot be repeated.
    pub fn finish(mut self, connections: BTreeMap<String, TestConnection>) -> Result<ChainTest, Problem> {
        let run = self.run;
        if self.stopped {
            return Err(refused(run, "It was stopped by hand, which no test can repeat."));
        }
        let mut took_over = std::mem::take(&mut self.before);
        if self.began.is_none() {
            // No engine took it up: nothing is from before.
            for fact in std::mem::take(&mut took_over) {
                self.keep(fact);
            }
        }
        Ok(ChainTest {
            schema: TEST_SCHEMA,
            chain: run.snapshot.clone(),
            run: run.id.clone(),
            started_at: self.began.or(self.first).unwrap_or(run.created_at),
            input: run.input.clone(),
            connections,
            took_over,
            answers: self.answers.into_answers(),
            expected: self.came.into_expected(),
        })
    }
}

fn refused(run: &Run, message: &str) -> Problem {
    Problem::new(Code::Conflict)
        .with("item", format!("Run {}", run.id))
        .with("message", message)
        .about(Subject::Run { id: run.id.to_string(), step: None })
}
