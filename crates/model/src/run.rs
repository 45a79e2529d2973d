//! Runs and their journal. The journal is the truth: state, recovery and report derive from it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chain::Chain;
use crate::check::Finding;
use crate::id::{BootId, ChainId, ConnectorId, RunId, StepId};
use crate::problem::Problem;
use crate::time::Timestamp;
use crate::trigger::RunOrigin;

mod outcome;
mod stood;

pub use outcome::{Decision, Outcome, RequestSummary, UndoOutcome};
pub use stood::{Remains, Stood, Why};

/// One execution of a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Never changes.
    pub id: RunId,
    /// The chain it executes.
    pub chain_id: ChainId,
    /// The version it was started with.
    pub chain_version: u32,
    /// SHA-256 of the snapshot.
    pub chain_hash: String,
    /// The document as it was then: editing a chain never changes a run in flight.
    pub snapshot: Chain,
    /// What the run was started with.
    pub input: Value,
    /// Requests are built and shown; effects are not sent.
    pub dry_run: bool,
    /// Derived from the journal, kept here for lists.
    pub state: RunState,
    /// The engine start that works on it; none while it waits to be claimed.
    pub boot: Option<BootId>,
    /// Why it is there.
    #[serde(default)]
    pub origin: RunOrigin,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Asked for, not started.
    Queued,
    /// Under way.
    Running,
    /// Under way, waiting for time to pass.
    Waiting,
    /// Held by the user.
    Paused,
    /// An unknown outcome or an approval waits for the user.
    NeedsYou,
    /// Everything happened.
    Done,
    /// Ended; some items failed or were put aside.
    DoneWithProblems,
    /// Stopped by a failure; what was done stays.
    Failed,
    /// Stopped by a failure; what was done was undone.
    FailedUndone,
    /// Stopped by the user.
    Stopped,
}

impl RunState {
    /// Whether nothing more will happen by itself or by the user's answer.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::DoneWithProblems | Self::Failed | Self::FailedUndone | Self::Stopped)
    }

    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::NeedsYou => "needs_you",
            Self::Done => "done",
            Self::DoneWithProblems => "done_with_problems",
            Self::Failed => "failed",
            Self::FailedUndone => "failed_undone",
            Self::Stopped => "stopped",
        }
    }
}

/// One row of the journal. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// The run.
    pub run: RunId,
    /// Counts from 1 within the run.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What a run does less than its chain says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Narrowed {
    /// Each list gives its first so many items, those of chains that its steps run too; all of them where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// The steps that were left out, as a person reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Steps whose results were pinned, and made neither by this run nor by those that it goes on from, as a
    /// person reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// The steps that were left out, by identifier; empty in runs from before this was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<StepId>,
}

impl Narrowed {
    /// Whether the run does all that its chain says.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What happened. `item` counts from 0; it is 0 for steps that run once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "fact", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Fact {
    /// An engine took the run up.
    Started {
        /// The engine start.
        boot: BootId,
        /// Whether an earlier one had begun it.
        recovered: bool,
        /// The connectors of the connections that the chain names, by the connection's name: once a connection
        /// is renamed, replaced or gone, nothing else tells whose data it was. Empty where the chain could not be
        /// prepared, and in runs from before this was kept.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        connectors: BTreeMap<String, ConnectorId>,
    },
    /// The user has it do less than its chain says. The first fact of its run.
    Narrowed(Narrowed),
    /// It is a part of another run, whose step allows it so long. Stands before the run begins.
    Limited {
        /// How long it may take, in milliseconds, beside what its chain says.
        allowed_ms: u64,
    },
    /// The check before the first step ended. A blocker ends the run before anything is sent.
    Checked {
        /// What was found.
        findings: Vec<Finding>,
    },
    /// A step began; its items are known.
    StepOpened {
        /// The step.
        step: StepId,
        /// How many items it has.
        items: u32,
    },
    /// A request is about to be sent. Durable before the first byte leaves.
    Intent {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// Counts from 1.
        attempt: u32,
        /// Whether it changes anything outside.
        effect: bool,
        /// What will be sent, without secrets.
        request: RequestSummary,
        /// The idempotency key sent with it, the same for all attempts of one item.
        key: Option<String>,
        /// What the undo needs of what was there before; none where an earlier attempt may have happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Value>,
    },
    /// What became of an intent, or of an item for which nothing had to be sent.
    Result {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The intent's attempt; 0 where nothing was sent.
        attempt: u32,
        /// What became of it.
        outcome: Outcome,
        /// From the first byte sent to the last received, in milliseconds.
        took_ms: u64,
        /// Bytes received.
        bytes: u64,
        /// Where a list goes on after this page; none where that was all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Value>,
    },
    /// What a step that works by itself gave. Nothing was sent.
    Computed {
        /// The step.
        step: StepId,
        /// Items with their results.
        results: Vec<(u32, Value)>,
    },
    /// Items that a step leaves out.
    LeftOut {
        /// The step.
        step: StepId,
        /// The items.
        items: Vec<u32>,
        /// Why.
        why: Why,
    },
    /// What an earlier run did of an item: this one goes on from there.
    Kept {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// What became of it there.
        outcome: Outcome,
        /// Where a list goes on after this page, where it was not read to its end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Value>,
    },
    /// What an earlier run did of an item whose number is not known yet: the list that it comes from is made anew.
    /// Taken over where the step begins, if the item is among its items then.
    Stands {
        /// The step.
        step: StepId,
        /// What tells the item from others, in both runs.
        name: String,
        /// What became of it there.
        stood: Stood,
    },
    /// An item waits for a time.
    Waiting {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// When it goes on.
        until: Timestamp,
    },
    /// An item waits for a delivery.
    Awaited {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// When it has failed.
        until: Timestamp,
    },
    /// The delivery came.
    Arrived {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The event that brought it. One event is the answer to one item of a run.
        event: u64,
        /// The delivery.
        output: Value,
    },
    /// The user is asked whether an item goes on.
    Asked {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// What is asked.
        question: String,
        /// When it counts as refused.
        until: Option<Timestamp>,
    },
    /// The answer.
    Answered {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// Whether it goes on.
        approved: bool,
        /// Nobody answered in time.
        by_time: bool,
    },
    /// So much of the time since the fact before does not count against what the run may take: the computer slept,
    /// its clock was moved, or all that was waited for was a person whom the run of another chain asks.
    Idle {
        /// Milliseconds.
        ms: u64,
    },
    /// A run of another chain does an item. It is there from this commit on.
    ChainStarted {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The other run.
        run: RunId,
    },
    /// An earlier run of another chain did a part of an item: what failed of that is to be done, and no more.
    ChainBefore {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The earlier run.
        run: RunId,
        /// What of it is there.
        #[serde(default, skip_serializing_if = "Remains::is_something")]
        remains: Remains,
    },
    /// The run of another chain ended that does an item. In the commit that says what became of the item.
    ChainEnded {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The other run.
        run: RunId,
        /// What it changed, or may have changed, and did not undo; what runs changed that it was waiting for too.
        changes: u32,
    },
    /// The run of another chain that did an item is to undo what it changed, and is waited for. Its end is said with
    /// one more [`Fact::ChainEnded`], and a [`Fact::UndoResult`].
    ChainUndo {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The other run.
        run: RunId,
    },
    /// The next attempt waits.
    Deferred {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The attempt that failed.
        attempt: u32,
        /// When the next one is due.
        until: Timestamp,
        /// Why.
        problem: Problem,
        /// How long the attempt took, in milliseconds; none where nothing was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ms: Option<u64>,
        /// Bytes received.
        #[serde(default, skip_serializing_if = "crate::chain::is_default")]
        bytes: u64,
    },
    /// An unknown outcome was answered, by the user or by a lookup.
    Resolved {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The answer.
        decision: Decision,
        /// Whether the service itself was asked rather than the user.
        by_lookup: bool,
        /// The result that a lookup found.
        output: Option<Value>,
    },
    /// The user asked to stop.
    StopRequested {
        /// Whether to undo what was done.
        undo: bool,
    },
    /// An undo request is about to be sent.
    UndoIntent {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// Counts from 1.
        attempt: u32,
        /// What will be sent, without secrets.
        request: RequestSummary,
        /// The idempotency key sent with it.
        key: Option<String>,
    },
    /// An undo did not happen, or may be sent again; its next attempt waits.
    UndoDeferred {
        /// Nothing says whether the attempt happened: sent again it is recognised for the same.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unknown: bool,
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// The attempt that failed.
        attempt: u32,
        /// When the next one is due.
        until: Timestamp,
        /// Why.
        problem: Problem,
        /// How long the attempt took, in milliseconds; none where nothing was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ms: Option<u64>,
    },
    /// What became of an undo.
    UndoResult {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
        /// What became of it.
        outcome: UndoOutcome,
        /// How long its request took, in milliseconds; none where none was answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ms: Option<u64>,
    },
    /// Engine start after engine start ended at the same place: nothing more is tried before the
    /// user says so.
    Stuck {
        /// How many starts got nowhere.
        recoveries: u32,
    },
    /// The user holds the run: calls in flight end, then nothing more is sent.
    Paused,
    /// The effects that the chain may have in a day are used up. Nothing more is sent before the user
    /// says so.
    Held {
        /// How many it may have.
        effects: u32,
    },
    /// The run has taken longer than its chain allows, or the step that runs it. Its steps send nothing more.
    TimedOut {
        /// How long it might take, in milliseconds.
        allowed_ms: u64,
    },
    /// The user lets a run go on that was stuck, paused or held.
    Resumed,
    /// The user asks, after the run has ended, that what it did is undone.
    UndoRequested,
    /// The user asks that an undo that failed is tried once more.
    UndoAgain {
        /// The step.
        step: StepId,
        /// The item.
        item: u32,
    },
    /// The main part is over; what comes now tidies up.
    Ended {
        /// How it ended.
        state: RunState,
    },
    /// Nothing more will happen.
    Finished {
        /// How it ended.
        state: RunState,
    },
}

impl Fact {
    /// The step that it is of.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Self::StepOpened { step, .. }
            | Self::Intent { step, .. }
            | Self::Result { step, .. }
            | Self::Computed { step, .. }
            | Self::LeftOut { step, .. }
            | Self::Kept { step, .. }
            | Self::Stands { step, .. }
            | Self::Waiting { step, .. }
            | Self::Awaited { step, .. }
            | Self::Arrived { step, .. }
            | Self::Asked { step, .. }
            | Self::Answered { step, .. }
            | Self::ChainStarted { step, .. }
            | Self::ChainBefore { step, .. }
            | Self::ChainEnded { step, .. }
            | Self::ChainUndo { step, .. }
            | Self::Deferred { step, .. }
            | Self::Resolved { step, .. }
            | Self::UndoIntent { step, .. }
            | Self::UndoDeferred { step, .. }
            | Self::UndoResult { step, .. }
            | Self::UndoAgain { step, .. } => Some(step),
            Self::Started { .. }
            | Self::Narrowed(_)
            | Self::Checked { .. }
            | Self::StopRequested { .. }
            | Self::UndoRequested
            | Self::Stuck { .. }
            | Self::Paused
            | Self::Held { .. }
            | Self::Limited { .. }
            | Self::Idle { .. }
            | Self::TimedOut { .. }
            | Self::Resumed
            | Self::Ended { .. }
            | Self::Finished { .. } => None,
        }
    }
}
