//! What a request was, and what became of an item and of its undo.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;

/// A request as the journal and the report keep it: without secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RequestSummary {
    /// The HTTP method.
    pub method: String,
    /// The address, without the query.
    pub url: String,
    /// The JSON body, with secret values masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// SHA-256 over method, address, query and body, in hexadecimal, before secrets are added.
    pub hash: String,
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    Done {
        /// The result; for list operations the list of items.
        output: Value,
        /// Set where the service said yes but its answer was lost or could not be read: the
        /// output is null, and steps that need it cannot run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output_missing: Option<Problem>,
    },
    /// It certainly did not happen.
    NotDone {
        /// Why.
        problem: Problem,
    },
    /// Nothing says whether it happened.
    Unknown {
        /// What was seen.
        problem: Problem,
    },
    /// The item does not fit; nothing was sent.
    Quarantined {
        /// Why.
        problem: Problem,
    },
    /// It was left out, because an earlier step failed for this item or the run stopped.
    Skipped,
    /// A dry run: the request was built and shown, not sent.
    Shown {
        /// What would have been sent.
        request: RequestSummary,
    },
}

/// What became of an undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum UndoOutcome {
    /// It is as before.
    Undone,
    /// It stays, as far as is known.
    Failed {
        /// Why.
        problem: Problem,
        /// The undo may have happened all the same: it was sent, and nothing says what became of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unknown: bool,
    },
    /// The operation declares no undo.
    Impossible,
    /// It stayed, and the user has put it back by hand.
    ByHand,
}

/// The answer to an unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It happened; go on.
    Happened,
    /// It did not; run it again.
    NotHappened,
    /// Stop, and undo what is known to be done.
    Undo,
}
