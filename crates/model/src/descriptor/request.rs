//! Requests as templates, and what answers mean.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rate::RateWindow;

/// An HTTP method (RFC 9110 section 9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of the RFC")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method's name as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Safe methods change nothing in the service (RFC 9110 section 9.2.1).
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// A request with holes. A string that is exactly one `{{ expression }}` keeps the value's type and
/// is left out where the value is absent; in longer strings an absent value is an error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestTemplate {
    /// `GET` where absent.
    #[serde(default)]
    pub method: Method,
    /// Path below `baseUrl`, starting with `/`. Inserted values are percent-encoded.
    pub path: String,
    /// Query parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Value>,
    /// How a list among them is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub query_lists: QueryLists,
    /// Headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// How the body is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub body_format: BodyFormat,
    /// A GraphQL request in the place of a body. Errors inside a 200 are understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graphql: Option<GraphQl>,
    /// How the answer is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answer_format: AnswerFormat,
    /// Elements of an XML answer that may come several times, by name: each is a list however often it
    /// comes. Only with `answerFormat` `xml`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xml_lists: Vec<String>,
    /// The last good answer is kept, and the service is asked whether it still holds (ETag,
    /// Last-Modified). Only for what is read with GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<Cached>,
    /// What unusual answers to this request mean. Before the connector's own rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorRule>,
    /// How fast this request may go, where the service counts it apart. The connector's windows hold
    /// too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate: Vec<RateWindow>,
}

/// How the last good answer is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cached {
    /// Seconds for which it answers without asking the service. 0 where absent. Operations only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fresh_seconds: u32,
    /// Seconds for which it answers where the service cannot be reached, has a fault or asks to wait;
    /// its age is shown. 0 where absent. Operations only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stale_seconds: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How a list in the query is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueryLists {
    /// Its values with commas between.
    #[default]
    Commas,
    /// A parameter for each value. An empty list is left out.
    Repeated,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`: the members of an object; a list repeats its name.
    Form,
    /// The same with what is nested in brackets: `{"items": [{"price": "p"}]}` is `items[0][price]=p`.
    FormBrackets,
    /// `multipart/form-data` (RFC 7578): the members of an object; a list repeats its name. A member
    /// that is an object with `content` is a file, with `filename` and `contentType`; `"base64": true`
    /// says that its content is written so.
    Multipart,
    /// A text, sent as it is (`text/plain` where no header says otherwise).
    Text,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    /// JSON.
    #[default]
    Json,
    /// A JSON value on each line. Paths see a list of them.
    JsonLines,
    /// Comma-separated values with a line of names (RFC 4180). Paths see a list of objects with texts.
    Csv,
    /// XML. The root element is a member of its name. An element with text alone is that text; else it
    /// is an object: attributes as `@name`, elements by name, text as `#text`. An element that comes
    /// several times, or that `xmlLists` names, is a list.
    Xml,
    /// JSON where it is JSON, else the text as it is. An empty body is null.
    Any,
}

/// A GraphQL request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GraphQl {
    /// The document: one query or mutation. Sent as it is; what varies goes into `variables`.
    pub query: String,
    /// Variables; templates allowed. Page tokens and times go to `/variables/…` in the body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
}

/// A question about a JSON value that is answered yes or no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// JSONPath (RFC 9535) to the value in question.
    pub path: String,
    /// How to compare. `exists` where absent.
    #[serde(default)]
    pub operator: PredicateOperator,
    /// What to compare with: text, number, boolean, or a list for `in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// How a predicate compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PredicateOperator {
    /// The path finds at least one value that is not null.
    #[default]
    Exists,
    /// The path finds nothing, or only null.
    Absent,
    /// A found value equals `value`.
    Equals,
    /// No found value equals `value`.
    NotEquals,
    /// A found text contains `value`, or a found list has it as an element.
    Contains,
    /// A found value is one of the list `value`.
    In,
    /// A found text matches the linear-time regular expression `value`.
    Matches,
}

impl PredicateOperator {
    /// As it stands in a sentence: those of the screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exists => "is there",
            Self::Absent => "is not there",
            Self::Equals => "is",
            Self::NotEquals => "is not",
            Self::Contains => "contains",
            Self::In => "is one of",
            Self::Matches => "matches",
        }
    }
}

/// What an unusual answer means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorRule {
    /// Which status codes it is about; all where absent (errors inside a 200 too).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusMatch>,
    /// What the body says; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Predicate>,
    /// What a response header says, as a linear-time regular expression by header name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What to do.
    pub action: ErrorAction,
    /// JSONPath to the service's own words, for the problem's detail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_path: Option<String>,
}

/// One status code or an inclusive range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StatusMatch {
    /// Exactly this code.
    One(u16),
    /// From the first to the second, both included.
    Range([u16; 2]),
}

impl StatusMatch {
    /// Does it cover `status`?
    pub fn covers(self, status: u16) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Range([from, to]) => (from..=to).contains(&status),
        }
    }
}

/// What an error rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorAction {
    /// Not an error: go on with the body as it is.
    Ignore,
    /// Not an error: there is nothing.
    Empty,
    /// The service is at fault; safe requests are repeated.
    Retry,
    /// We were asked to wait.
    RateLimited,
    /// The credential was refused.
    Reauth,
    /// A permission is missing.
    Forbidden,
    /// The thing does not exist.
    NotFound,
    /// The place from which to go on is forgotten: the stream is read from its start once. Of a request
    /// that goes on from nowhere it is an error.
    Stale,
    /// The request was refused before it took effect.
    Fail,
}
