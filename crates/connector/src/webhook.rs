//! What a tool sends by itself: read as the definition says, and mapped to signals. Whether it is genuine
//! is asked of `auth`; what is stored is decided above.

use std::collections::BTreeMap;

use patchbay_auth::webhook::Scheme;
use patchbay_map::{Path, SignalMapper, Test, canonical_json};
use patchbay_model::descriptor::{Delta, Descriptor, Handshake, Stream, Verification, Webhook, WebhookMethod};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::text::display_line;
use patchbay_model::{Connection, Signal, Timestamp};
use patchbay_store::Quarantined;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::compiled::Compiled;
use crate::error::ConnectorError;
use crate::sha256_hex;

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The longest name of a delivery that is used as it is, in bytes.
const LONGEST_ID: usize = 200;
/// The longest value that a handshake gives back, in bytes.
const LONGEST_VALUE: usize = 1_024;
/// The longest address of an item, in characters.
const LONGEST_URL: usize = 2_000;
/// Kinds of events that one delivery may tell of.
const MOST_KINDS: usize = 100;
/// Items of one delivery.
const MOST_ITEMS: usize = 10_000;

/// A connector's webhook with everything compiled.
pub struct CompiledWebhook {
    shape: Webhook,
    scheme: Scheme,
    id_header: Option<String>,
    id_path: Option<Path>,
    kind_path: Option<Path>,
    handshakes: Vec<CompiledHandshake>,
    events: Vec<CompiledEvent>,
    /// Where the answer to `subscribe` has the secret.
    secret_path: Option<Path>,
}

struct CompiledHandshake {
    when: Option<Test>,
    path: Option<Path>,
}

struct CompiledEvent {
    when: Option<Test>,
    items: Path,
    mapper: SignalMapper,
    /// Whether versions of an item are told apart by their content, as where everything is read each time.
    by_content: bool,
}

/// Headers by name in lower case, those that are there once.
pub type SaidHeaders = BTreeMap<String, String>;

/// A handshake that a request is.
#[derive(Debug)]
pub struct Greeting<'w> {
    /// What the definition says of it.
    pub shape: &'w Handshake,
    /// The value that it is about.
    pub value: Option<String>,
}

impl Greeting<'_> {
    /// The body of our answer. `hmac` makes the keyed hash of a value.
    pub fn answer(&self, hmac: impl Fn(&str) -> Option<String>) -> Option<Value> {
        let value = self.value.as_deref().unwrap_or_default();
        let hash = || hmac(value).unwrap_or_default();
        // One pass: a value that looks like a hole stays as it is.
        let fill = |text: &str| {
            let mut filled = String::new();
            let mut rest = text;
            while let Some((before, after)) = rest.split_once("{{") {
                filled.push_str(before);
                let (name, after) = after.split_once("}}").unwrap_or((after, ""));
                match name {
                    "value" => filled.push_str(value),
                    "hmac" => filled.push_str(&hash()),
                    _ => {}
                }
                rest = after;
            }
            filled.push_str(rest);
            filled
        };
        self.shape.answer.as_ref().map(|answer| filled(answer, &fill))
    }
}

/// A value with its texts filled in.
fn filled(value: &Value, fill: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::from(fill(text)),
        Value::Array(items) => items.iter().map(|item| filled(item, fill)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), filled(member, fill))).collect()
        }
        other => other.clone(),
    }
}

/// A delivery, read.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its headers.
    pub headers: &'a SaidHeaders,
    /// Its body.
    pub body: &'a Value,
    /// When it came.
    pub received_at: Timestamp,
}

/// What comes of a delivery.
#[derive(Clone, Debug, Default)]
pub struct MappedDelivery {
    /// The kinds of events it tells of.
    pub kinds: Vec<String>,
    /// The stream of its items; none where no rule is about it.
    pub stream: Option<String>,
    /// Whether it says only that something of the stream changed.
    pub hint: bool,
    /// Its signals.
    pub signals: Vec<Signal>,
    /// Items that did not fit.
    pub quarantined: Vec<Quarantined>,
    /// Items that the mapping passes over.
    pub filtered: usize,
}

impl CompiledWebhook {
    pub(crate) fn new(descriptor: &Descriptor, webhook: &Webhook) -> Result<Self, ConnectorError> {
        let path = |text: &Option<String>| text.as_deref().map(Path::compile).transpose();
        let own = webhook.delivery_id.as_ref();
        let standard = webhook.verify.ways().iter().find_map(|way| match way {
            Verification::StandardWebhooks(standard) => Some(format!("{}-id", standard.header_prefix)),
            _ => None,
        });
        Ok(Self {
            scheme: Scheme::compile(&webhook.verify)?,
            id_header: own.and_then(|id| id.header.clone()).or(standard.filter(|_| own.is_none())),
            id_path: own.map(|id| path(&id.path)).transpose()?.flatten(),
            kind_path: webhook.event_type.as_ref().map(|kind| path(&kind.path)).transpose()?.flatten(),
            handshakes: webhook
                .handshakes
                .iter()
                .map(|handshake| {
                    Ok(CompiledHandshake {
                        when: handshake.when.as_ref().map(Test::compile).transpose()?,
                        path: handshake.value.as_ref().map(|value| path(&value.path)).transpose()?.flatten(),
                    })
                })
                .collect::<Result<_, ConnectorError>>()?,
            events: webhook
                .events
                .iter()
                .map(|rule| {
                    let stream: Option<&Stream> = descriptor.stream(&rule.stream);
                    let Some(mapping) = rule.mapping.as_ref().or(stream.map(|stream| &stream.mapping)) else {
                        return Err(ConnectorError::NoStream(rule.stream.clone()));
                    };
                    let items = match (&rule.mapping, &rule.items_path) {
                        (Some(own), _) => &own.items_path,
                        (None, Some(path)) => path,
                        (None, None) => "$",
                    };
                    Ok(CompiledEvent {
                        when: rule.when.as_ref().map(Test::compile).transpose()?,
                        items: Path::compile(items)?,
                        mapper: SignalMapper::compile(mapping)?,
                        by_content: rule.mapping.is_none()
                            && stream.is_some_and(|stream| stream.delta == Delta::None),
                    })
                })
                .collect::<Result<_, ConnectorError>>()?,
            secret_path: webhook
                .subscription
                .as_ref()
                .map(|subscription| path(&subscription.subscribe.secret_path))
                .transpose()?
                .flatten(),
            shape: webhook.clone(),
        })
    }

    /// Where the answer to an operation has a secret that the tool made.
    pub(crate) fn answered_secret(&self, operation: &str) -> Option<&Path> {
        let subscribe = &self.shape.subscription.as_ref()?.subscribe;
        self.secret_path.as_ref().filter(|_| subscribe.operation == operation)
    }

    /// What the definition says.
    pub fn shape(&self) -> &Webhook {
        &self.shape
    }

    /// How a delivery is told from a forgery.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The headers that are kept with a delivery, in lower case. None of them carries a signature.
    pub fn kept_headers(&self) -> impl Iterator<Item = String> {
        let kind = self.shape.event_type.as_ref().and_then(|kind| kind.header.clone());
        self.id_header.clone().into_iter().chain(kind).map(|name| name.to_ascii_lowercase())
    }

    /// The header that names a delivery, where one does.
    pub fn id_headers(&self) -> impl Iterator<Item = String> {
        self.id_header.clone().into_iter()
    }

    /// Reads a body as the definition says: which reader it is, is never the sender's choice alone.
    /// `essence` is one of the media types that the definition takes.
    pub fn read(&self, essence: &str, body: &[u8]) -> Result<Value, Problem> {
        let unreadable =
            |why: &str| Problem::new(Code::MalformedResponse).with("tool", "The sender").detail(why);
        if essence != FORM {
            return serde_json::from_slice(body).map_err(|_| unreadable("the delivery is not JSON"));
        }
        if std::str::from_utf8(body).is_err() {
            return Err(unreadable("the form is not text"));
        }
        let mut fields = form_urlencoded::parse(body);
        match &self.shape.form_field {
            Some(name) => {
                let found = fields.find(|(own, _)| own == name);
                let (_, text) =
                    found.ok_or_else(|| unreadable("the form lacks the field with the delivery"))?;
                serde_json::from_str(&text).map_err(|_| unreadable("the form's field is not JSON"))
            }
            None => {
                let mut members = Map::new();
                for (name, value) in fields {
                    members.entry(name.into_owned()).or_insert_with(|| Value::from(value.into_owned()));
                }
                Ok(Value::Object(members))
            }
        }
    }

    /// What names a delivery, where it says. A long name stands for itself by its hash.
    pub fn delivery_id(&self, headers: &SaidHeaders, body: Option<&Value>) -> Option<String> {
        let text = match (&self.id_header, &self.id_path) {
            (Some(header), _) => headers.get(&header.to_ascii_lowercase()).cloned(),
            (_, Some(path)) => body.and_then(|body| path.first(body)).and_then(as_name),
            (None, None) => None,
        }?;
        match text.trim() {
            "" => None,
            name if name.len() <= LONGEST_ID => Some(name.to_owned()),
            name => Some(format!("sha256:{}", sha256_hex(name.as_bytes()))),
        }
    }

    /// Whether the name of a delivery stands in its body.
    pub fn id_is_inside(&self) -> bool {
        self.id_header.is_none() && self.id_path.is_some()
    }

    /// The handshake that a request is; none where it is an event.
    pub fn greeting(
        &self,
        method: WebhookMethod,
        headers: &SaidHeaders,
        query: &str,
        body: Option<&Value>,
    ) -> Option<Greeting<'_>> {
        self.shape.handshakes.iter().zip(&self.handshakes).find_map(|(shape, ready)| {
            if shape.method != method {
                return None;
            }
            if let Some(when) = &ready.when
                && !body.is_some_and(|body| when.holds(body))
            {
                return None;
            }
            let value = match &shape.value {
                None => None,
                Some(place) => {
                    let found = match (&place.header, &place.query, &ready.path) {
                        (Some(header), _, _) => headers.get(&header.to_ascii_lowercase()).cloned(),
                        (_, Some(name), _) => form_urlencoded::parse(query.as_bytes())
                            .find(|(own, _)| own == name)
                            .map(|(_, value)| value.into_owned()),
                        (_, _, path) => path.as_ref().and_then(|path| path.first(body?)).and_then(as_name),
                    };
                    let fits = |text: &String| {
                        !text.is_empty() && text.len() <= LONGEST_VALUE && !text.contains(char::is_control)
                    };
                    Some(found.filter(fits)?)
                }
            };
            Some(Greeting { shape, value })
        })
    }

    /// Headers that a handshake looks at, in lower case.
    pub fn greeting_headers(&self) -> impl Iterator<Item = String> {
        let values = self.shape.handshakes.iter().filter_map(|handshake| handshake.value.as_ref());
        values.filter_map(|value| value.header.as_ref()).map(|name| name.to_ascii_lowercase())
    }

    /// The kinds of events that a delivery tells of.
    pub fn kinds(&self, said: Said<'_>) -> Vec<String> {
        let Some(kind) = &self.shape.event_type else { return Vec::new() };
        let header = kind
            .header
            .as_ref()
            .and_then(|name| said.headers.get(&name.to_ascii_lowercase()))
            .map(|text| display_line(text, 100));
        let mut inside: Vec<String> = self
            .kind_path
            .iter()
            .flat_map(|path| path.all(said.body))
            .filter_map(as_name)
            .map(|text| display_line(&text, 100))
            .take(MOST_KINDS)
            .collect();
        inside.dedup();
        match (header, inside.is_empty()) {
            (Some(header), true) => vec![header],
            (Some(header), false) => {
                inside.iter().map(|part| [&header, kind.separator.as_str(), part].concat()).collect()
            }
            (None, _) => inside,
        }
    }

    /// What comes of a delivery to a connection.
    pub fn map(&self, descriptor: &Descriptor, connection: &Connection, said: Said<'_>) -> MappedDelivery {
        let kinds = self.kinds(said);
        let fits = |(rule, ready): &(&patchbay_model::descriptor::EventRule, &CompiledEvent)| {
            rule.is_about(&kinds) && ready.when.as_ref().is_none_or(|when| when.holds(said.body))
        };
        let Some((rule, ready)) = self.shape.events.iter().zip(&self.events).find(fits) else {
            return MappedDelivery { kinds, ..MappedDelivery::default() };
        };
        let mut mapped =
            MappedDelivery { kinds, stream: Some(rule.stream.clone()), ..MappedDelivery::default() };
        if rule.hint {
            return MappedDelivery { hint: true, ..mapped };
        }
        let config = descriptor.settings_in_templates(&connection.config);
        let origin = patchbay_map::Origin {
            connection: &connection.id,
            connector: &connection.connector,
            stream: &rule.stream,
            config: &config,
        };
        let event = json!({
            "type": mapped.kinds.first(),
            "id": self.delivery_id(said.headers, Some(said.body)),
            "receivedAt": said.received_at.to_string(),
        });
        for item in ready.items.all(said.body).into_iter().take(MOST_ITEMS) {
            let mut with_event = item.clone();
            if let Value::Object(members) = &mut with_event {
                members.insert("_event".to_owned(), event.clone());
            }
            match ready.mapper.signal(&with_event, &origin) {
                Ok(Some(mut signal)) => {
                    // As it was sent: what we added was for the mapping alone.
                    if let Value::Object(members) = &mut signal.raw {
                        members.shift_remove("_event");
                    }
                    if ready.by_content {
                        let content = sha256_hex(canonical_json(&signal.raw).as_bytes());
                        content[..16].clone_into(&mut signal.version);
                    }
                    signal.url = signal.url.filter(|url| *url == display_line(url, LONGEST_URL));
                    mapped.signals.push(signal);
                }
                Ok(None) => mapped.filtered += 1,
                Err(error) => mapped.quarantined.push(Quarantined {
                    external_id: ready.mapper.external_id(item),
                    problem: Problem::from(error).with("tool", &descriptor.name),
                    raw: item.clone(),
                }),
            }
        }
        mapped
    }
}

/// A text or number as a name.
fn as_name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Compiled {
    /// What the connector's tool sends by itself.
    pub fn webhook(&self) -> Option<&CompiledWebhook> {
        self.webhook.as_ref()
    }
}
