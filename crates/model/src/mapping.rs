//! The mapping of a step: where the value of each parameter comes from, and what happens to it on the way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where one parameter comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldMap {
    /// The parameter, as a JSON pointer (RFC 6901) into the operation's parameters, such as `/text`.
    pub target: String,
    /// Its value.
    pub source: Source,
    /// Change of type, where needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convert: Option<Conversion>,
    /// Change from one way to write text to another, where needed. It comes before `convert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextChange>,
    /// The values that the parameter takes, for the conversion to one of them (`choice`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub among: Vec<Value>,
    /// The longest text that the parameter takes, in characters. Longer text is cut, and ends in "…".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<u32>,
    /// What stands there where the source has nothing: it is absent, null or an empty text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Whether everything that was ever seen of the source had it. Where then nothing of a list has it, the
    /// service has changed what it gives, and nothing is sent before somebody has looked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    /// The same where little was seen: one value is enough. Where then the record of a step that ran once lacks
    /// what a parameter needs, the service has changed what it gives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
    /// Who chose it.
    #[serde(default)]
    pub by: ChosenBy,
    /// How sure the matcher is, 0 to 100. Sure from 90, Likely from 70, Check from 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// Why the matcher proposes it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A value for a parameter. Paths and templates see `item` (the current item of `forEach`),
/// `steps.<id>` (results of earlier steps) and `input` (what the run was started with).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A JSONPath (RFC 9535), such as `$.item.title`.
    Path {
        /// The path.
        path: String,
    },
    /// Text with holes, such as `New: {{item.title}}`.
    Template {
        /// The template.
        template: String,
    },
    /// Always the same.
    Fixed {
        /// The value.
        value: Value,
    },
}

/// A change of type between source and target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Numbers, booleans and times as text; lists joined with ", ".
    Text,
    /// Text that holds a number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true`, `yes`, `1` and their opposites.
    Boolean,
    /// The first element of a list. The others are lost, and the mapping says so.
    First,
    /// A single value as a list of one.
    List,
    /// Any recognised time as RFC 3339.
    DateTime,
    /// Any recognised time as a day; the time of day is lost, and the mapping says so.
    Date,
    /// The first line of a text that is not empty.
    Line,
    /// A list of things as the list of their names.
    Names,
    /// The value of `among` that means the same, such as `high` for `Major`. Where none does, the
    /// parameter is left out.
    Choice,
}

/// A change from one way to write text to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TextChange {
    /// How the source writes it.
    pub from: TextForm,
    /// How the parameter wants it.
    pub to: TextForm,
}

/// A way to write text. JSON Schemas name it as `contentMediaType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// Nothing but characters (`text/plain`).
    #[default]
    Plain,
    /// Markdown (CommonMark and GitHub's tables and strike-through; `text/markdown`).
    Markdown,
    /// HTML (`text/html`).
    Html,
    /// Slack's markup (`text/x-slack-mrkdwn`; docs.slack.dev, "Formatting message text").
    Mrkdwn,
    /// Atlassian's document format: a tree of nodes, not a text (`application/vnd.atlassian.adf+json`;
    /// developer.atlassian.com, "Atlassian Document Format").
    Adf,
}

/// Who chose a mapping. What was chosen by hand is never overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// The user.
    #[default]
    Hand,
    /// The matcher.
    Matcher,
}
