//! What stands of earlier runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::RunId;

/// What became of an item in an earlier run, and stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "stood", rename_all = "snake_case")]
pub enum Stood {
    /// It happened.
    Done {
        /// Its result.
        output: Value,
    },
    /// It was left out.
    LeftOut {
        /// Why.
        why: Why,
    },
    /// The run of another chain did a part of it.
    Begun {
        /// That run.
        run: RunId,
        /// What of it is there.
        #[serde(default, skip_serializing_if = "Remains::is_something")]
        remains: Remains,
    },
}

/// Why an item is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// An earlier step did not get it done.
    Failed,
    /// A filter did not let it through.
    Filtered,
    /// A branch took another way, or there was no failure to handle.
    NotTaken,
    /// The user said no.
    Refused,
    /// An earlier run sent it, and nobody knows whether it happened: sent again, it might happen twice.
    Unknown,
}

/// What is there of what an earlier run of another chain did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Remains {
    /// A part, or all that it came to: only what failed is to be done.
    #[default]
    Something,
    /// Nothing: all of it was undone, or it changed nothing.
    Nothing,
    /// A person took away what it left, and that may have been a part of what an earlier one did.
    Unclear,
}

impl Remains {
    /// Whether it is as usual.
    pub fn is_something(&self) -> bool {
        *self == Self::Something
    }
}
