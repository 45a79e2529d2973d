//! The connector descriptor: everything the engine knows of a tool, as data.
//!
//! One JSON file per connector. Field names are those of the file (camelCase). Unknown fields are
//! errors, so that a typing mistake is found when the file is read and not when a chain runs.
//! `crates/descriptor` reads, migrates and validates; this module only names the shapes.

mod auth;
mod choices;
mod oauth;
mod operation;
mod request;
mod stream;
mod verification;
mod webhook;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Connection;

pub use auth::{
    AuthHelp, AuthMethod, BasicAuth, CredentialField, CredentialKind, Inject, InjectAt, KeyAuth, SigV4Auth,
};
pub use choices::ChoicesFrom;
pub use oauth::{
    Access, AfterSignIn, Capture, CaptureFrom, ClientAuthentication, Grant, OAuth2Auth, OAuthClient, Pkce,
    Redirect, RedirectHost, Scope, ScopeSeparator, Scopes, SessionAuth, TokenBody, TokenResponse,
    TokenTypeCheck,
};
pub use operation::{Before, Idempotency, Lookup, Operation, Undo, Verb};
pub use request::{
    AnswerFormat, BodyFormat, Cached, ErrorAction, ErrorRule, GraphQl, Method, Predicate, PredicateOperator,
    QueryLists, RequestTemplate, StatusMatch,
};
pub use stream::{
    CursorSource, Delta, FieldMapping, ForEach, Pagination, Paging, PriorityRule, SignalTypeRule, Stream,
    TimeFormat, TokenPlace, Until,
};
pub use verification::{
    Alternatives, AsymmetricVerification, DeliveryTime, HmacAlgorithm, HmacVerification, KeyEncoding,
    SecretEncoding, SignatureAlgorithm, SignatureEncoding, SignatureList, SignedPart, StandardWebhooks,
    TokenVerification, Unverified, Verification, signed_parts,
};
pub use webhook::{
    DeliveryValue, EventRule, EventType, Handshake, HandshakeValue, MOST_DELIVERY_BYTES, Renew, SampleDelivery,
    SecretSource, Subscribe, Subscription, SubscriptionCall, Webhook, WebhookMethod, WebhookSecret,
};

use crate::id::ConnectorId;
use crate::rate::RateWindow;

/// A connector. See the module documentation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Descriptor {
    /// Where editors find the JSON Schema. Ignored by the engine.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Unique identifier: lower-case letters, digits and hyphens, such as `github-issues`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{1,63}$"))]
    pub id: ConnectorId,
    /// The tool's name as people know it.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// One or two sentences for the catalogue.
    #[schemars(length(min = 1, max = 300))]
    pub description: String,
    /// Where the catalogue lists it.
    pub category: Category,
    /// Slug of a brand icon, where one is free to use, or `bell`, `folder`, `globe`; a monogram is drawn
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Interpreted from this file, or bound to an adapter in code.
    #[serde(default)]
    pub kind: Kind,
    /// Version of this definition (semantic versioning 2.0).
    pub version: String,
    /// The vendor's documentation that this definition follows. `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
    /// Where calls go, without a trailing slash. May use `{{config.…}}`. The user can point a
    /// connection elsewhere by setting `baseUrl`. A native connector has none: its adapter knows where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_url: String,
    /// Settings the user gives per connection, apart from secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config_fields: Vec<ConfigField>,
    /// Ways to sign in; the user picks one. The first is recommended. Empty means none is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth: Vec<AuthMethod>,
    /// What every request shares.
    #[serde(default)]
    pub defaults: Defaults,
    /// How fast we may call, and how long we wait.
    #[serde(default)]
    pub limits: Limits,
    /// What can be read continuously.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Stream>,
    /// What chains can call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// What the tool sends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Box<Webhook>>,
    /// How to find out whether the connection works, and whose it is.
    pub health_check: HealthCheck,
}

impl Descriptor {
    /// The operation with this id.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|o| o.id == id)
    }

    /// The stream with this id.
    pub fn stream(&self, id: &str) -> Option<&Stream> {
        self.streams.iter().find(|s| s.id == id)
    }

    /// Settings as templates see them: with what stands before and after each.
    pub fn settings_in_templates(&self, config: &Map<String, Value>) -> Map<String, Value> {
        let mut filled = config.clone();
        for field in self.config_fields.iter().filter(|f| f.prefix.is_some() || f.suffix.is_some()) {
            if let Some(Value::String(text)) = filled.get_mut(&field.key) {
                let (before, after) = (field.prefix.as_deref(), field.suffix.as_deref());
                *text = [before.unwrap_or_default(), text, after.unwrap_or_default()].concat();
            }
        }
        filled
    }

    /// Settings that nobody enters: what signing in brings.
    pub fn captured_settings(&self) -> impl Iterator<Item = &str> {
        self.auth.iter().filter_map(AuthMethod::oauth).flat_map(|oauth| {
            let called = oauth.after_sign_in.iter().flat_map(|after| after.settings.keys());
            oauth.captures.iter().map(|capture| &capture.name).chain(called).map(String::as_str)
        })
    }

    /// Whether a setting is asked for, given the others.
    pub fn asks_for(&self, field: &ConfigField, config: &Map<String, Value>) -> bool {
        let Some(when) = &field.visible_when else { return true };
        let before = self.config_fields.iter().take_while(|other| other.key != field.key);
        let named = before.into_iter().find(|other| other.key == when.field);
        named.is_some_and(|other| {
            let value = config.get(&other.key).or(other.default.as_ref());
            value == Some(&when.equals) && self.asks_for(other, config)
        })
    }

    /// Whether an adapter in the program answers in the place of requests.
    pub fn is_native(&self) -> bool {
        self.kind == Kind::Native
    }

    /// The sign-in with this id, or the recommended one.
    pub fn auth_method(&self, id: Option<&str>) -> Option<&AuthMethod> {
        match id {
            Some(id) => self.auth.iter().find(|a| a.id() == id),
            None => self.auth.first(),
        }
    }

    /// The sign-in that a connection was made with; none where it needs none, or where this definition does
    /// not have it.
    pub fn auth_method_of(&self, connection: &Connection) -> Option<&AuthMethod> {
        connection.auth_method.as_deref().and_then(|id| self.auth_method(Some(id)))
    }
}

/// Where the catalogue lists a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Issues, tasks, boards.
    ProjectManagement,
    /// Messages, mail, alerts to people.
    Communication,
    /// Code, deployments, monitoring.
    CodeAndDevops,
    /// Pages, notes, files.
    Documents,
    /// Made by the user.
    Custom,
}

/// Who interprets the descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The engine, from this file alone.
    #[default]
    Generic,
    /// An adapter in the program, registered under the connector's id. Streams, operations and the
    /// health check have no `request` then. Only connectors that ship with the program.
    Native,
}

/// A setting that is not a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigField {
    /// Name in templates: `{{config.<key>}}`.
    #[schemars(regex(pattern = r"^[a-z][A-Za-z0-9]{0,39}$"))]
    pub key: String,
    /// What the form says.
    pub label: String,
    /// What may be entered.
    #[serde(rename = "type", default)]
    pub kind: ConfigKind,
    /// Must be given before the connection can be tested.
    #[serde(default)]
    pub required: bool,
    /// Used where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Linear-time regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Choices of an `enum` field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Shown greyed in the empty field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// One sentence below the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_text: Option<String>,
    /// The vendor's page about it. `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_url: Option<String>,
    /// Stands before what is entered, such as `https://`: shown beside the field, kept apart from the
    /// value and put before it in templates. Only for `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The same after what is entered, such as `.zendesk.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// Not asked for: the default holds, unless the command line says otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Asked for only where another setting, which stands before it, has a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<VisibleWhen>,
    /// Where the tool itself lists what may be entered. Only for `text`, and only an offer: another value may
    /// be typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<ChoicesFrom>,
}

/// When a setting is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VisibleWhen {
    /// The key of the other setting.
    pub field: String,
    /// What it must be.
    pub equals: Value,
}

/// What may be entered in a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ConfigKind {
    /// One line of text.
    #[default]
    Text,
    /// An absolute `https` address (plain `http` only on this computer).
    Url,
    /// A number.
    Number,
    /// Yes or no.
    Bool,
    /// One of `options`.
    Enum,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// Several lines of text, one value each.
    List,
    /// Several lines of text, each a folder of this computer. The form offers to choose them.
    Folders,
}

/// What every request of a connector shares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// Headers of every request; templates allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Query parameters of every request; templates allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Value>,
    /// How to page where a stream or operation does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Paging>,
    /// What unusual answers mean, first match wins. Before the general taxonomy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorRule>,
}

/// How fast we may call, and how long we wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Windows that all hold at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate: Vec<RateWindow>,
    /// Calls under way at the same time; 4 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Whole time of one request in milliseconds; 60,000 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Time to reach the service in milliseconds, from 100 to 60,000; 5,000 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// How reads are repeated after a fault that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<ReadRetry>,
    /// Tells how many seconds are left, or when calls are allowed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_header: Option<ResetHeader>,
}

/// How reads are repeated after a fault that passes. What changes something is never repeated so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadRetry {
    /// Repeats after the first try, at most 10; 4 where absent. Somebody who waits for the answer waits
    /// for two at most.
    #[serde(default = "four")]
    #[schemars(range(max = 10))]
    pub count: u32,
    /// The longest pause before the first repeat in milliseconds; 300 where absent. It doubles with each
    /// repeat, and any pause up to it may be taken.
    #[serde(default = "first_pause")]
    pub first_pause_ms: u64,
    /// The longest pause of all in milliseconds; 20,000 where absent.
    #[serde(default = "longest_pause")]
    pub longest_pause_ms: u64,
}

impl Default for ReadRetry {
    fn default() -> Self {
        Self { count: four(), first_pause_ms: first_pause(), longest_pause_ms: longest_pause() }
    }
}

fn four() -> u32 {
    4
}

fn first_pause() -> u64 {
    300
}

fn longest_pause() -> u64 {
    20_000
}

/// A header that says when calls are allowed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetHeader {
    /// The header's name.
    pub name: String,
    /// What its number means.
    pub meaning: ResetMeaning,
    /// A header with the calls left; the reset counts only when it says `0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<String>,
}

/// What a reset header's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetMeaning {
    /// Seconds from now.
    Seconds,
    /// Seconds since 1970.
    Epoch,
    /// An HTTP date (RFC 9110 section 5.6.7).
    HttpDate,
}

impl ConfigKind {
    /// Whether a value of it is a list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Folders)
    }
}

/// How to find out whether a connection works. Must have no effect in the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HealthCheck {
    /// The request to make. A native connector has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestTemplate>,
    /// Status codes that mean healthy; any 2xx where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect_status: Vec<u16>,
    /// What the body must say (for services that report errors inside a 200).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Predicate>,
    /// JSONPath to the account's lasting identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id_path: Option<String>,
    /// JSONPath to the account's readable name ("signed in as").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_path: Option<String>,
    /// Whole time in milliseconds; 10,000 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}
