//! Operations: what chains call.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::RequestTemplate;
use super::stream::Paging;

/// One thing the tool can be asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// Name within the connector.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,39}$"))]
    pub id: String,
    /// What a person reads, such as "Create issue".
    pub title: String,
    /// What it does to the service.
    pub verb: Verb,
    /// What it does it to, in one word, such as `issue`.
    pub entity: String,
    /// The request. `{{params.…}}` holds the parameters. An operation of a native connector has none:
    /// its adapter gets the parameters as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestTemplate>,
    /// JSON Schema (2020-12) of the parameters; checked before anything is sent.
    pub params: Value,
    /// JSON Schema (2020-12) of the result (of one item where `resultPath` finds several).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// JSONPath to the result in the answer; the whole answer where absent. For `list` and
    /// `search` each value it finds is one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_path: Option<String>,
    /// Permissions it needs, in the vendor's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Paging of `list` and `search`; the connector's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Paging>,
    /// Whether it may be repeated.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// How to find out later whether it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Lookup>,
    /// How to undo it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Status codes outside the general table that prove it was refused before acting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_status: Vec<u16>,
    /// Example parameters, for the form and the fixtures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

/// What an operation does to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Reads one thing.
    Get,
    /// Reads several things.
    List,
    /// Reads several things that match a question.
    Search,
    /// Makes a thing.
    Create,
    /// Changes a thing.
    Update,
    /// Removes a thing.
    Delete,
    /// Tells people something.
    Send,
}

impl Verb {
    /// Whether it changes anything outside.
    pub fn has_effect(self) -> bool {
        !matches!(self, Self::Get | Self::List | Self::Search)
    }

    /// Whether its result is a list of items.
    pub fn yields_items(self) -> bool {
        matches!(self, Self::List | Self::Search)
    }
}

/// Whether an operation may be repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Idempotency {
    /// Each call acts anew.
    #[default]
    None,
    /// Repeating changes nothing more (setting a value, deleting).
    Natural,
    /// The service recognises a repeated key.
    #[serde(rename_all = "camelCase")]
    Header {
        /// Request header that carries the key.
        name: String,
        /// Seconds for which the service remembers a key.
        ttl_seconds: u64,
    },
    /// The same with the key in the body.
    #[serde(rename_all = "camelCase")]
    Body {
        /// The member that carries the key, by name or JSON pointer.
        name: String,
        /// Seconds for which the service remembers a key.
        ttl_seconds: u64,
    },
    /// The adapter of a native connector recognises a repeated key.
    #[serde(rename_all = "camelCase")]
    Key {
        /// Seconds for which the adapter remembers a key.
        ttl_seconds: u64,
    },
}

/// How to find out whether an operation happened: a read, and what in its answer proves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lookup {
    /// A `get`, `list` or `search` operation of the same connector.
    pub operation: String,
    /// Its parameters; `{{params.…}}` holds those of the call in question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// Template that must come out as `true` for an item that proves it; `{{item.…}}`,
    /// `{{params.…}}` and `{{sentAt}}` (RFC 3339) are in scope.
    pub matches: String,
}

/// How an operation is undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Undo {
    /// An operation of the same connector.
    pub operation: String,
    /// Its parameters; `{{result.…}}` and `{{params.…}}` hold those of the call to undo, and `{{before.…}}`
    /// what was there before it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// What is read before the call, so that its undo can bring it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// A read before a call that changes something. What of it the undo uses is kept with the call's result;
/// where it cannot be read, nothing is changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Before {
    /// A `get` operation of the same connector.
    pub operation: String,
    /// Its parameters; `{{params.…}}` holds those of the call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
}
