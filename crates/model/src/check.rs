//! Findings of the check before a run (pre-flight): what must be mended, what may surprise, what is
//! in order, and what the run will do.

use serde::{Deserialize, Serialize};

use crate::id::StepId;
use crate::problem::Problem;

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How serious.
    pub level: Level,
    /// The step it is about; none where it is about the chain or a connection as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// What a person reads: one or two sentences.
    pub text: String,
    /// The problem behind it, with its fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The run does not start.
    Blocker,
    /// The run starts and may surprise.
    Warning,
    /// In order.
    Pass,
    /// What the run will do.
    Effect,
}
