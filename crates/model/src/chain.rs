//! Chains: ordered steps with a mapping each, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ChainId, StepId};
use crate::logic::{Logic, OnWay};
use crate::time::Timestamp;
use crate::trigger::{Concurrency, Trigger};

pub use crate::mapping::{ChosenBy, Conversion, FieldMap, Source, TextChange, TextForm};

/// The version of the document's shape that this program writes.
pub const CHAIN_SCHEMA: u32 = 1;

/// The document: what is imported, exported, edited and snapshotted into each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chain {
    /// Version of the document's shape; 1.
    pub schema: u32,
    /// What the user calls it; unique in the workspace.
    pub name: String,
    /// One or two sentences.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What starts it.
    #[serde(default)]
    pub trigger: Trigger,
    /// How the runs that its trigger starts stand to each other.
    #[serde(default, skip_serializing_if = "is_default")]
    pub concurrency: Concurrency,
    /// How long a run may take, and what holds for steps that say nothing themselves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: ChainPolicy,
    /// What it does, in this order.
    pub steps: Vec<Step>,
    /// What it does after that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Step>,
    /// What it does at the end in any case, also when it is stopped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finally: Vec<Step>,
}

impl Chain {
    /// A chain without steps.
    pub fn named(name: &str) -> Self {
        Self {
            schema: CHAIN_SCHEMA,
            name: name.to_owned(),
            description: String::new(),
            trigger: Trigger::default(),
            concurrency: Concurrency::default(),
            policy: ChainPolicy::default(),
            steps: Vec::new(),
            on_failure: Vec::new(),
            finally: Vec::new(),
        }
    }

    /// Every step: what it does, then what it does after a failure, then what it does in any case.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain(&self.on_failure).chain(&self.finally)
    }

    /// The same, to be changed.
    pub fn all_steps_mut(&mut self) -> impl Iterator<Item = &mut Step> {
        self.steps.iter_mut().chain(&mut self.on_failure).chain(&mut self.finally)
    }

    /// The step with this id and its place among all.
    pub fn step(&self, id: &StepId) -> Option<(usize, &Step)> {
        self.all_steps().enumerate().find(|(_, s)| s.id == *id)
    }
}

/// Whether a part of a document says nothing but the default, and is left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A chain as saved: the document with its identity and version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChainVersion {
    /// The same for all versions.
    pub id: ChainId,
    /// Counts from 1.
    pub version: u32,
    /// SHA-256 of the document's canonical JSON, in hexadecimal.
    pub hash: String,
    /// The document.
    pub chain: Chain,
    /// When this version was saved.
    pub saved_at: Timestamp,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Unique within the chain: lower-case letters, digits and underscores.
    pub id: StepId,
    /// What a person reads; "Tool: operation" where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The connection, by name; none for a step that works by itself. For a step that waits for a
    /// delivery, the one whose webhook is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// The operation of that connection's connector.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub operation: String,
    /// What the step does by itself, instead of an operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logic: Option<Logic>,
    /// Only where this branch took this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<OnWay>,
    /// Only for what failed in this earlier step, which then stops nothing. Sees `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<StepId>,
    /// Do it once for each item of this earlier step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<StepId>,
    /// Where the parameters come from. What is missing is matched automatically.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mapping: Vec<FieldMap>,
    /// Tries, time and what a failure means.
    #[serde(default)]
    pub policy: StepPolicy,
}

impl Step {
    /// A step that calls an operation, once.
    pub fn call(id: &str, connection: &str, operation: &str) -> Self {
        Self {
            id: id.into(),
            name: None,
            connection: connection.to_owned(),
            operation: operation.to_owned(),
            logic: None,
            on: None,
            handles: None,
            for_each: None,
            mapping: Vec::new(),
            policy: StepPolicy::default(),
        }
    }

    /// A step that works by itself, once.
    pub fn logic(id: &str, logic: Logic) -> Self {
        Self { logic: Some(logic), ..Self::call(id, "", "") }
    }

    /// What a person reads for it.
    pub fn title(&self) -> &str {
        let own = self.logic.as_ref().map_or(self.operation.as_str(), |logic| logic.words());
        self.name.as_deref().unwrap_or(own)
    }
}

/// What holds for a run as a whole, and for steps that say nothing themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChainPolicy {
    /// Longest time of a run in milliseconds, from the end of its check; any where absent. What it waits for
    /// a person does not count, nor does the time while Patchbay is not running. A run that takes longer has
    /// failed: its steps send nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1_000))]
    pub timeout_ms: Option<u64>,
    /// Tries of one item in steps that say nothing, the first included. 1 to 10; 4 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: Option<u32>,
    /// What a failed item means in steps that say nothing: the run stops and keeps what was done where
    /// absent. What was done is undone too where the run takes too long and this says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// Tries, time and what a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StepPolicy {
    /// Tries of one item, the first included. 1 to 10; what the chain says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: Option<u32>,
    /// The first pause between tries in milliseconds; later ones double, with full jitter.
    pub backoff_ms: u64,
    /// Whole time of one try in milliseconds; a minute where absent. For a step that runs another chain, how
    /// long that run may take: any time where this is a minute, which documents say that nobody changed.
    pub timeout_ms: u64,
    /// Items worked on at the same time. 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub parallel: u32,
    /// What a failed item means; what the chain says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// So many items of the list that the step gives are taken, the first ones; all where absent. Nothing more is
    /// asked for once they are there. At least 1. It means nothing for a step that gives no list, or goes through one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub limit: Option<u32>,
}

impl StepPolicy {
    const A_MINUTE: u64 = 60_000;

    /// How long the run of another chain may take that a step with this policy runs; any time where none.
    pub fn inner_ms(&self) -> Option<u64> {
        Some(self.timeout_ms).filter(|allowed| *allowed != Self::A_MINUTE)
    }
}

impl Default for StepPolicy {
    fn default() -> Self {
        Self {
            tries: None,
            backoff_ms: 1_000,
            timeout_ms: Self::A_MINUTE,
            parallel: 4,
            on_failure: None,
            limit: None,
        }
    }
}

/// What a failed item means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run stops; what was done stays.
    #[default]
    StopAndKeep,
    /// The run stops; what was done is undone in reverse.
    StopAndUndo,
    /// The item is left out of later steps; the others go on.
    SkipItem,
    /// Later steps go on without this step's result.
    Continue,
}
