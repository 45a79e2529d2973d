//! What a step does by itself, without a tool.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::descriptor::Predicate;
use crate::id::StepId;

/// What a step does by itself. Conditions and templates see what mappings see: `item`, `steps.<id>`,
/// `input`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Logic {
    /// Lets through the items for which all conditions hold. The others are left out of later steps,
    /// which is no failure. Without items: where they do not hold, nothing later is done.
    Filter {
        /// All of these hold.
        when: Vec<Predicate>,
    },
    /// Makes a new value of the mapping.
    Map,
    /// Makes a list of items out of a value. Later steps go through them.
    Split {
        /// JSONPath (RFC 9535) to the list; every value that it finds where it finds several.
        path: String,
    },
    /// Makes one value out of the results of a step that went through items, or that gave a list.
    Aggregate {
        /// The step.
        of: StepId,
        /// JSONPath (RFC 9535) within each result; the result itself where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// How.
        how: Aggregation,
        /// What stands between texts that are joined; a line break where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        between: Option<String>,
    },
    /// Takes one of several ways: the first whose conditions all hold. Steps say with `on` that they are
    /// on one.
    Branch {
        /// The ways, in the order in which they are tried.
        ways: Vec<Way>,
        /// The way where none fits; none of them where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<String>,
    },
    /// Brings the ways of a branch together: gives the result of the first of these steps that has one.
    Join {
        /// The steps.
        of: Vec<StepId>,
    },
    /// Waits.
    Wait {
        /// So long, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
        /// Until the time that this template gives (RFC 3339, or any that is recognised).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
    /// Waits until a webhook is called: that of the step's connection, else an address of the step's own,
    /// which earlier steps send along as `{{ addresses.<id of this step> }}`. The result is the delivery:
    /// `body` and `receivedAt`, and for a connection's also `delivery`, `kinds`, `stream`, `externalId`.
    /// What came for it since the run began counts too.
    Delivery {
        /// All of these hold for the delivery. Others are waited past.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        when: Vec<Predicate>,
        /// What ties the delivery to this run. Others are waited past.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ties: Vec<Tie>,
        /// Seconds after which the step fails; a day where absent, at most 366 days.
        #[serde(default = "a_day")]
        #[schemars(range(min = 1, max = 31_622_400))]
        within: u64,
    },
    /// Asks the user. Where the answer is no, the item is left out of later steps.
    Approval {
        /// What is asked: a template.
        question: String,
        /// Seconds after which it counts as refused; waits for ever where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<u64>,
    },
    /// Runs another chain and waits for its end. The mapping makes its input; the result is what its last
    /// step gave.
    Chain {
        /// The other chain, by name. Its published version is run, else its latest.
        chain: String,
    },
    /// Remembers a value under a key, over runs.
    Remember {
        /// A template.
        key: String,
        /// A template, or a single `{{ expression }}`, which keeps its type. Forgets where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// For all chains of the workspace, instead of this one alone.
        #[serde(default, skip_serializing_if = "crate::chain::is_default")]
        shared: bool,
    },
    /// Gives what is remembered under a key.
    Recall {
        /// A template.
        key: String,
        /// The result where nothing is remembered; null where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Value>,
        /// What all chains of the workspace remember, instead of this one alone.
        #[serde(default, skip_serializing_if = "crate::chain::is_default")]
        shared: bool,
    },
    /// Gives the row of a lookup table with a key.
    Lookup {
        /// The table's name.
        table: String,
        /// A template.
        key: String,
        /// The result where there is no such row; null where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Value>,
    },
    /// Keeps which source made which target, so that a later event changes what an earlier one made.
    Link {
        /// What kind of link.
        name: String,
        /// The source's identifier: a template.
        source: String,
        /// The target's identifier: a template.
        target: String,
    },
    /// Gives what a source made: `{"target": …}`, or null.
    Linked {
        /// What kind of link.
        name: String,
        /// The source's identifier: a template.
        source: String,
    },
}

impl Logic {
    /// Whether later steps can go through what it gives.
    pub fn yields_items(&self) -> bool {
        matches!(self, Self::Split { .. })
    }

    /// What a person reads for it.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "Filter",
            Self::Map => "Make a value",
            Self::Split { .. } => "Split into items",
            Self::Aggregate { .. } => "Put together",
            Self::Branch { .. } => "Branch",
            Self::Join { .. } => "Join",
            Self::Wait { .. } => "Wait",
            Self::Delivery { .. } => "Wait for a webhook",
            Self::Approval { .. } => "Ask me",
            Self::Chain { .. } => "Run a chain",
            Self::Remember { .. } => "Remember",
            Self::Recall { .. } => "Recall",
            Self::Lookup { .. } => "Look up",
            Self::Link { .. } => "Link",
            Self::Linked { .. } => "Find the link",
        }
    }
}

fn a_day() -> u64 {
    86_400
}

/// A value that a delivery and the run have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tie {
    /// JSONPath (RFC 9535) into the delivery, such as `$.body.issue.id`.
    pub path: String,
    /// What is found there: a template, such as `{{ steps.create.id }}`.
    pub equals: String,
}

/// One way of a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Way {
    /// Its name, unique within the branch.
    pub name: String,
    /// All of these hold.
    pub when: Vec<Predicate>,
}

/// How several values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// How many there are.
    Count,
    /// A list of them.
    List,
    /// A list without repeats.
    Distinct,
    /// Texts put together.
    Join,
    /// The sum of numbers.
    Sum,
    /// The smallest number.
    Least,
    /// The largest number.
    Greatest,
    /// The first.
    First,
    /// The last.
    Last,
}

/// The way of a branch that a step is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnWay {
    /// The branch: an earlier step.
    pub branch: StepId,
    /// The name of the way.
    pub way: String,
}
