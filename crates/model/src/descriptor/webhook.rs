//! Webhooks: how a tool's deliveries are told from forgeries, and how they become signals.
//!
//! The members were chosen so that the schemes of some forty vendors can be said without code: what is
//! signed, where the signature stands, how old a delivery may be, what the tool asks before it begins
//! to send, and which of our signals comes of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::Predicate;
use super::stream::{FieldMapping, TimeFormat};
use super::verification::Verification;

/// The largest delivery that is taken where a connector says nothing, in bytes.
const DELIVERY_BYTES: u32 = 256 * 1024;
/// The most that a connector may allow, in bytes. GitHub sends no more than that.
pub const MOST_DELIVERY_BYTES: u32 = 25 * 1024 * 1024;

/// What a tool sends by itself, and how it is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhook {
    /// How a delivery is told from a forgery. Without a stored secret nothing is taken.
    pub verify: Verification,
    /// Where the secret comes from.
    #[serde(default)]
    pub secret: WebhookSecret,
    /// What to do on the tool's pages, one step each, in plain words. The address is shown beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<String>,
    /// The vendor's page about it. `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_url: Option<String>,
    /// How deliveries arrive; `POST` alone where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<WebhookMethod>,
    /// Media types that are taken; `application/json` alone where empty. What is
    /// `application/x-www-form-urlencoded` is read as a form, anything else as JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// The field of a form that holds the delivery as JSON. Where absent the fields are the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_field: Option<String>,
    /// The largest delivery in bytes, up to 26,214,400; 262,144 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 26_214_400))]
    pub max_bytes: Option<u32>,
    /// What names a delivery: the same again is answered and not taken again. Where absent, the same
    /// body of the same time is the same delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<DeliveryValue>,
    /// What kind of event a delivery tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventType>,
    /// What the tool asks before it sends events. Tried in this order, before `events`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handshakes: Vec<Handshake>,
    /// Which signals come of which events; the first that fits. What none fits is answered, counted and
    /// passed over.
    pub events: Vec<EventRule>,
    /// How the tool is told our address, where it can be told by calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
    /// A delivery as the tool would send it, for "Send a test event". Written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleDelivery>,
}

/// A delivery as a tool would send it, without its signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SampleDelivery {
    /// Headers that tell the kind of event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl Webhook {
    /// The largest delivery that is taken, in bytes.
    pub fn largest(&self) -> u32 {
        self.max_bytes.unwrap_or(DELIVERY_BYTES).min(MOST_DELIVERY_BYTES)
    }

    /// Whether a delivery may arrive so.
    pub fn takes_method(&self, method: WebhookMethod) -> bool {
        if self.methods.is_empty() { method == WebhookMethod::Post } else { self.methods.contains(&method) }
    }

    /// Whether a delivery of this media type is taken. `essence` is in lower case, without parameters.
    pub fn takes_type(&self, essence: &str) -> bool {
        if self.content_types.is_empty() {
            essence == "application/json"
        } else {
            self.content_types.iter().any(|taken| taken.eq_ignore_ascii_case(essence))
        }
    }
}

/// How a webhook request arrives (RFC 9110 section 9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of the RFC")]
pub enum WebhookMethod {
    #[default]
    Post,
    Put,
    Get,
    Head,
}

impl WebhookMethod {
    /// The method's name as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// Where a delivery's secret comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookSecret {
    /// Who makes it.
    #[serde(default)]
    pub source: SecretSource,
    /// What the tool's pages call it, such as "Signing secret"; "Secret" where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// One sentence below the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_text: Option<String>,
}

/// Who makes a webhook's secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// We do, and the person enters it on the tool's pages. It is shown once.
    #[default]
    Generated,
    /// The tool does, and the person enters it here. Public keys too.
    Entered,
    /// The tool sends it with a handshake that has `capture`, while a person waits for it.
    Captured,
    /// The tool gives it in its answer when it is told our address (`secretPath` of `subscribe`). Who tells
    /// it on its pages enters it here.
    Answered,
}

/// A value of a delivery. Exactly one of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliveryValue {
    /// A request header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// JSONPath in the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What kind of event a delivery tells of. Both parts are joined where both are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventType {
    /// A request header, such as `X-GitHub-Event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// JSONPath in the delivery, such as `$.action`. May find several: the delivery tells of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Stands between the two; `.` where absent.
    #[serde(default = "dot")]
    pub separator: String,
}

fn dot() -> String {
    ".".to_owned()
}

/// A request with which a tool makes sure of us, before it sends events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handshake {
    /// How it arrives.
    #[serde(default)]
    pub method: WebhookMethod,
    /// What the body says of it; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Predicate>,
    /// The value that it is about: `{{value}}` in `answer`. A request without it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<HandshakeValue>,
    /// The value becomes the secret. Only while a person waits for it, ten minutes at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub capture: bool,
    /// The tool's pages ask for the captured value: it is shown for ten minutes after it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shown: bool,
    /// It is signed as deliveries are, and refused where it is not. False where absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
    /// The body of our answer: a text, sent as `text/plain`, or JSON. `{{value}}` is the value, and
    /// `{{hmac}}` its keyed hash in hexadecimal, only of what is `signed`. Empty where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// A header of our answer that carries the value back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_header: Option<String>,
}

/// The value that a handshake is about. Exactly one of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HandshakeValue {
    /// A request header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A query parameter, such as `validationToken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// JSONPath in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Which signals come of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventRule {
    /// The kinds of events it is about, such as `issues.opened`; a `*` at the end stands for any rest.
    /// All where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// What the delivery must say besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Predicate>,
    /// The stream to which the signals belong. An item that is also read gives one signal, not two:
    /// the two have the same identifier and the same time.
    pub stream: String,
    /// It says only that something changed: the stream is read at once, and nothing is mapped. Where the
    /// stream is switched off nothing comes of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hint: bool,
    /// JSONPath to the items in the delivery, mapped as the stream says; the delivery itself where
    /// absent. Not with a `mapping`, which has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_path: Option<String>,
    /// How an item becomes a signal, where it is not as the stream says. Only then may the stream be one
    /// that is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<FieldMapping>,
}

impl EventRule {
    /// Whether it is about one of these kinds of events.
    pub fn is_about(&self, kinds: &[String]) -> bool {
        self.types.is_empty()
            || self.types.iter().any(|rule| match rule.strip_suffix('*') {
                Some(start) => kinds.iter().any(|kind| kind.starts_with(start)),
                None => kinds.contains(rule),
            })
    }
}

/// How a tool is told our address by calls. Needs a public address, and is undone when the connection
/// ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscription {
    /// Asks the tool to send.
    pub subscribe: Subscribe,
    /// Asks it to go on, before it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew: Option<Renew>,
    /// Asks it to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<SubscriptionCall>,
}

/// Asks a tool to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscribe {
    /// An operation of the same connector.
    pub operation: String,
    /// Its parameters. `{{webhook.address}}` is the public address; `{{webhook.until}}` the latest time
    /// for which may be asked (RFC 3339), where `lifetimeSeconds` says one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// JSON pointer in the body of the operation's request to which the secret goes, such as
    /// `/config/secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_at: Option<String>,
    /// JSONPath in the result to a secret that the tool makes. It is sealed, and taken out of the result
    /// whoever calls the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_path: Option<String>,
    /// JSONPath in the result to what names the subscription.
    pub id_path: String,
    /// JSONPath in the result to when it ends. It ends never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_path: Option<String>,
    /// How `expiresPath` is written.
    #[serde(default)]
    pub expires_format: TimeFormat,
    /// For how long to ask, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u32>,
}

/// Asks a tool to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Renew {
    /// An operation of the same connector. Its result says by `expiresPath` when the subscription ends.
    pub operation: String,
    /// Its parameters; besides those of `subscribe` there is `{{subscription.id}}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// How long before its end, in seconds; 86,400 where absent, and never later than halfway.
    #[serde(default = "one_day")]
    pub before_seconds: u32,
}

fn one_day() -> u32 {
    86_400
}

/// A call about a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscriptionCall {
    /// An operation of the same connector.
    pub operation: String,
    /// Its parameters, with `{{subscription.id}}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
}
