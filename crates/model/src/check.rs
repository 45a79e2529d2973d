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
    /// What mends it, where no problem says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// What mends a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Remedy {
    /// A look at where a field comes from.
    Field {
        /// The field, as a JSON pointer (RFC 6901) into the parameters.
        target: String,
    },
    /// Fewer items.
    FewerItems,
    /// The settings of webhooks.
    Webhooks,
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
