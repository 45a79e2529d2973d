//! The run report: what happened, derived from journal rows only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::Finding;
use crate::id::{ChainId, RunId, StepId};
use crate::privacy::{PrivateField, StepPrivacy};
use crate::problem::{Code, Problem};
use crate::run::{Narrowed, RequestSummary, RunState};
use crate::time::Timestamp;

/// A run in figures and sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// Its chain.
    pub chain_id: ChainId,
    /// The chain's name when it ran.
    pub chain: String,
    /// The chain's version.
    pub chain_version: u32,
    /// How it is or ended.
    pub state: RunState,
    /// The engine that worked on it has ended, and none has taken it up yet. The one thing that the
    /// journal cannot tell.
    #[serde(default)]
    pub interrupted: bool,
    /// Requests were built and shown, effects not sent.
    pub dry_run: bool,
    /// What it did less than its chain says, because the user wanted it so.
    #[serde(default, skip_serializing_if = "Narrowed::is_nothing")]
    pub narrowed: Narrowed,
    /// It took longer than it was allowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    /// One sentence: what was reached.
    pub headline: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its first fact was written.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How often an engine start had to take it up again.
    pub recoveries: u32,
    /// What the check before the run found; passes left out.
    pub check: Vec<Finding>,
    /// Its steps, in order.
    pub steps: Vec<StepReport>,
    /// The connections that it called, in the order in which they were first called.
    #[serde(default)]
    pub connections: Vec<ConnectionReport>,
    /// What waits for the user.
    pub needs_you: Vec<OpenQuestion>,
    /// What was undone and what stays.
    pub undo: Vec<UndoReport>,
    /// Fields of what its steps took and gave that are private.
    #[serde(default)]
    pub private: Vec<PrivateField>,
}

/// How long a run might take that took longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Late {
    /// So many milliseconds.
    pub allowed_ms: u64,
    /// Whether the step of the other run that it is a part of says so, and not its own chain.
    pub by_step: bool,
}

/// One step in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// The step.
    pub step: StepId,
    /// What a person reads.
    pub name: String,
    /// The connection it used.
    pub connection: String,
    /// The operation it called.
    pub operation: String,
    /// What the catalogue calls the tool and the operation; empty where it has no words for them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// What of its data is private beyond the fields of the report.
    #[serde(default)]
    pub privacy: StepPrivacy,
    /// How it is or ended.
    pub state: StepState,
    /// Items that came in.
    pub items_in: u32,
    /// Items that came out: those of the list that a list step read, else one for each item done.
    pub items_out: u32,
    /// Items that were done.
    pub done: u32,
    /// Items that certainly were not.
    pub failed: u32,
    /// Items that did not fit.
    pub quarantined: u32,
    /// Items left out, because something failed.
    pub skipped: u32,
    /// Items that a filter, a branch or the user left out.
    #[serde(default)]
    pub passed: u32,
    /// Items that an earlier run had done.
    #[serde(default)]
    pub kept: u32,
    /// Items whose outcome nobody knows.
    pub unknown: u32,
    /// Whether it sent something that changes things.
    pub effect: bool,
    /// Changes that it made, whether they were undone later or not.
    #[serde(default)]
    pub changes: u32,
    /// Those that were undone.
    #[serde(default)]
    pub undone: u32,
    /// Those whose undo was tried or wanted, and that stay.
    #[serde(default)]
    pub stay: u32,
    /// Requests sent.
    pub calls: u32,
    /// Those that succeeded.
    #[serde(default)]
    pub calls_ok: u32,
    /// Those that [failed](Code::is_failure). What is in none of the sums was never answered.
    #[serde(default)]
    pub calls_failed: u32,
    /// Those that did neither: they had to wait, or what they asked for was not there.
    #[serde(default)]
    pub calls_held: u32,
    /// Requests beyond the first of an item.
    pub retries: u32,
    /// Why they were sent, the most frequent reason first.
    #[serde(default)]
    pub retry_reasons: Vec<RetryReason>,
    /// Time in which items waited to be tried again by themselves, in milliseconds, over all items.
    #[serde(default)]
    pub retry_wait_ms: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Time in calls, in milliseconds, over all items.
    pub call_ms: u64,
    /// Median time of a call in milliseconds.
    pub p50_ms: Option<u64>,
    /// 95th percentile of a call's time in milliseconds.
    pub p95_ms: Option<u64>,
    /// 99th percentile of a call's time in milliseconds.
    #[serde(default)]
    pub p99_ms: Option<u64>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When its last item ended.
    pub finished_at: Option<Timestamp>,
    /// Items that failed or were put aside, at most 100.
    pub problems: Vec<ItemProblem>,
    /// The runs of another chain that it started, one for each item, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<InnerRun>,
    /// What it changed, and what it may have changed, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Change>,
    /// What would have been sent, in a dry run; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<RequestSummary>,
}

/// The run of another chain that does an item of a step: it has its own report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct InnerRun {
    /// The item.
    pub item: u32,
    /// The other run.
    pub run: RunId,
}

/// The calls of one connection: those of steps and of their undos. Checks before the run, what is read
/// before a change, and questions about outcomes that are not known are not among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionReport {
    /// Its name.
    pub connection: String,
    /// Requests sent.
    pub calls: u32,
    /// Those that succeeded.
    pub calls_ok: u32,
    /// Those that [failed](Code::is_failure).
    pub calls_failed: u32,
    /// Those that did neither: they had to wait, or what they asked for was not there.
    pub calls_held: u32,
    /// Requests beyond the first for the same thing.
    pub retries: u32,
    /// Bytes received.
    pub bytes: u64,
    /// Time in calls, in milliseconds.
    pub call_ms: u64,
    /// Median time of a call in milliseconds.
    pub p50_ms: Option<u64>,
    /// 95th percentile in milliseconds.
    pub p95_ms: Option<u64>,
    /// 99th percentile in milliseconds.
    pub p99_ms: Option<u64>,
}

/// Why requests were sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RetryReason {
    /// What was wrong with the attempt before; none where nobody answered it: Patchbay was ended, or it was
    /// found out that nothing had happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// In words.
    pub text: String,
    /// How many requests.
    pub count: u32,
}

/// Something that a step changed, or may have changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Change {
    /// The item, from 0.
    pub item: u32,
    /// When the last attempt was sent.
    pub at: Timestamp,
    /// Requests that were sent for it.
    pub attempts: u32,
    /// The HTTP method.
    pub method: String,
    /// The address, without the query.
    pub url: String,
    /// What became of it.
    pub state: ChangeState,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// It was made.
    Made,
    /// Nobody knows whether it was.
    NotKnown,
    /// It was made, and undone.
    Undone,
    /// It was made, and could not be undone.
    Stays,
}

/// How a step is or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Waits before another try.
    Retrying,
    /// Every item was done.
    Done,
    /// At least one item failed.
    Failed,
    /// Left out.
    Skipped,
    /// At least one outcome is not known.
    NotKnown,
    /// Done, then undone.
    Undone,
    /// Done; the undo failed.
    CouldNotUndo,
}

/// One item's problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ItemProblem {
    /// The item, from 0.
    pub item: u32,
    /// What went wrong.
    pub problem: Problem,
}

/// An unknown outcome, or a step that asks, that waits for the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OpenQuestion {
    /// The step.
    pub step: StepId,
    /// The item, from 0.
    pub item: u32,
    /// What was sent.
    pub request: Option<RequestSummary>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// What a step asks: the answer is yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// What was seen.
    pub problem: Problem,
}

/// One undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct UndoReport {
    /// The step.
    pub step: StepId,
    /// The item, from 0.
    pub item: u32,
    /// Whether it is as before.
    pub undone: bool,
    /// Whether the user put it back by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// Whether it can be tried once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// Whether it may have been undone all the same: tried once more, that may happen twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// Why not.
    pub problem: Option<Problem>,
    /// What stays, as the service called it.
    pub remains: Option<Value>,
}
