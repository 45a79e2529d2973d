//! What the journal says of one item of a step.

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::RequestSummary;
use serde_json::Value;

use crate::calls::Attempts;

/// Why an attempt was or would be made again.
pub(super) type Reason = (Option<Code>, String);

/// An item. There may be a hundred thousand: what is over is kept small.
#[derive(Default)]
pub(super) struct ItemFold {
    pub(super) last: Option<Last>,
    pub(super) effect: bool,
    pub(super) attempts: Attempts,
    pub(super) sent: Option<Box<Sending>>,
    /// What it gave, as JSON.
    pub(super) output: Option<Box<str>>,
}

/// What is known of an item's calls until nothing is said of them any more.
#[derive(Default)]
pub(super) struct Sending {
    pub(super) request: Option<RequestSummary>,
    pub(super) at: Option<Timestamp>,
    /// Why another attempt would be made.
    pub(super) again: Option<Reason>,
    /// Why the last one was, where it was another one.
    pub(super) sent_again: Option<Reason>,
    /// Why nobody knows whether an effect happened, from the attempt that left it open until something says
    /// which it is: a later attempt that is refused or put off proves nothing of that one.
    pub(super) doubt: Option<Problem>,
}

impl ItemFold {
    pub(super) fn sending(&mut self) -> &mut Sending {
        self.sent.get_or_insert_default()
    }

    pub(super) fn result(&self) -> Option<Value> {
        self.output.as_ref().and_then(|text| serde_json::from_str(text).ok())
    }
}

pub(super) enum Last {
    /// It waits for a time, or for another run.
    Waits,
    /// The user is asked.
    Asks(Box<(String, Timestamp)>),
    /// A filter, a branch or the user left it out.
    Passed,
    /// An earlier run did it.
    Kept,
    Sent,
    Deferred(Box<Problem>),
    Done,
    NotDone(Box<Problem>),
    Quarantined(Box<Problem>),
    Unknown(Box<Problem>),
    Skipped,
    Shown,
}

/// What was wrong with an attempt.
pub(super) fn said(problem: &Problem) -> Reason {
    (Some(problem.code()), problem.title())
}
