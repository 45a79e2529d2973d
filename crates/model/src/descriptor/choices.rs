//! Values of a setting that the tool itself lists.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An operation that lists what may be entered in a setting, and what of its items is entered and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChoicesFrom {
    /// One of this connector's operations of verb `list` or `search` that can be called without parameters,
    /// and that does not need the setting itself.
    pub operation: String,
    /// JSONPath (RFC 9535) in an item: what is entered. A text or a number.
    pub value: String,
    /// JSONPath in an item: what people read. The value where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Other settings of type `text` that the same choice fills in, each with a JSONPath in the item: the
    /// owner with the repository.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fills: BTreeMap<String, String>,
}
