//! The run report: what happened, derived from journal rows only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::Finding;
use crate::id::{ChainId, RunId, StepId};
use crate::problem::Problem;
use crate::run::{RequestSummary, RunState};
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
    /// What waits for the user.
    pub needs_you: Vec<OpenQuestion>,
    /// What was undone and what stays.
    pub undo: Vec<UndoReport>,
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
    /// Requests sent.
    pub calls: u32,
    /// Requests beyond the first of an item.
    pub retries: u32,
    /// Bytes received.
    pub bytes: u64,
    /// Time in calls, in milliseconds, over all items.
    pub call_ms: u64,
    /// Median time of a call in milliseconds.
    pub p50_ms: Option<u64>,
    /// 95th percentile of a call's time in milliseconds.
    pub p95_ms: Option<u64>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When its last item ended.
    pub finished_at: Option<Timestamp>,
    /// Items that failed or were put aside, at most 100.
    pub problems: Vec<ItemProblem>,
    /// What would have been sent, in a dry run; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<RequestSummary>,
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
    /// Why not.
    pub problem: Option<Problem>,
    /// What stays, as the service called it.
    pub remains: Option<Value>,
}
