//! Tells a tool's deliveries from forgeries: over the bytes as they came, in constant time. What comes
//! out of it is yes or a reason; the secret stays here.

mod address;
mod keep;
mod key;
mod signature;

use http::HeaderMap;
use patchbay_map::{MapError, Path, parse_time};
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{
    AsymmetricVerification, DeliveryTime, HmacAlgorithm, HmacVerification, SecretEncoding, SignatureEncoding,
    SignatureList, SignedPart, TimeFormat, Verification, signed_parts,
};
use patchbay_vault::Secret;
use serde_json::Value;

use crate::redact::MASK;
pub use address::AddressKey;
pub use keep::{BroughtSecret, MadeSecret, WebhookSecrets};
pub(crate) use keep::{Opened, place};
use key::Key;
use signature::{Mac, Signature};

/// Why a delivery is not taken. None says more than a forger may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// There is no secret to check it with: the address is closed.
    NoSecret,
    /// The signature, or what it covers, is not there, or is there twice.
    Unsigned,
    /// The signature does not fit.
    Signature,
    /// It is too old, or from too far ahead, or its time cannot be read.
    Stale,
}

/// A delivery as it came.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The request's method.
    pub method: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, untouched.
    pub body: &'a [u8],
    /// The address to which the tool sends.
    pub url: &'a str,
    /// What names it, where that is known.
    pub id: Option<&'a str>,
}

/// A compiled [`Verification`].
#[derive(Clone, Debug)]
pub struct Scheme(Mode);

#[derive(Clone, Debug)]
enum Mode {
    Signed(Box<Signed>),
    Token {
        header: String,
        prefix: Option<String>,
    },
    TokenInside(Path),
    /// Two or more, the strongest first.
    AnyOf(Vec<Scheme>),
    None,
}

#[derive(Clone, Debug)]
struct Signed {
    header: String,
    prefix: Option<String>,
    list: Option<SignatureList>,
    encoding: SignatureEncoding,
    how: How,
    parts: Vec<SignedPart>,
    time: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Keyed(HmacAlgorithm, SecretEncoding),
    Public(signature::PublicScheme),
}

#[derive(Clone, Debug)]
struct Time {
    at: At,
    format: TimeFormat,
    tolerance: u32,
}

#[derive(Clone, Debug)]
enum At {
    Header(String),
    Field(String),
    Path(Path),
}

/// An empty secret lets nobody in.
fn known(secrets: &[Secret]) -> impl Iterator<Item = &Secret> {
    secrets.iter().filter(|secret| !secret.expose().trim().is_empty())
}

impl Scheme {
    /// Compiles what a definition says.
    pub fn compile(verification: &Verification) -> Result<Self, MapError> {
        Ok(Self(match verification {
            Verification::Hmac(hmac) => Mode::Signed(Box::new(Signed::keyed(hmac)?)),
            Verification::Asymmetric(asymmetric) => Mode::Signed(Box::new(Signed::public(asymmetric)?)),
            Verification::StandardWebhooks(standard) => {
                // Its specification as one of the schemes that can be said.
                let name = |end: &str| format!("{}-{end}", standard.header_prefix);
                let hmac = HmacVerification {
                    header: name("signature"),
                    prefix: None,
                    list: Some(SignatureList {
                        separator: " ".to_owned(),
                        assign: ",".to_owned(),
                        field: "v1".to_owned(),
                    }),
                    algorithm: HmacAlgorithm::Sha256,
                    encoding: SignatureEncoding::Base64,
                    signed: format!("{{{{header:{}}}}}.{{{{timestamp}}}}.{{{{body}}}}", name("id")),
                    timestamp: Some(DeliveryTime {
                        header: Some(name("timestamp")),
                        field: None,
                        path: None,
                        format: TimeFormat::Unix,
                        tolerance_seconds: standard.tolerance_seconds,
                    }),
                    secret_encoding: SecretEncoding::Whsec,
                };
                Mode::Signed(Box::new(Signed::keyed(&hmac)?))
            }
            Verification::Token(token) => match &token.path {
                Some(path) => Mode::TokenInside(Path::compile(path)?),
                None => Mode::Token {
                    header: token.header.clone().unwrap_or_default(),
                    prefix: token.prefix.clone(),
                },
            },
            Verification::AnyOf(alternatives) => {
                Mode::AnyOf(alternatives.ways.iter().map(Self::compile).collect::<Result<_, _>>()?)
            }
            Verification::None(_) => Mode::None,
        }))
    }

    /// Whether a secret can be used, before it is kept. The error says why not, for people.
    pub fn takes(&self, secret: &Secret) -> Result<(), &'static str> {
        if secret.expose().trim().is_empty() {
            return Err("It is empty.");
        }
        match &self.0 {
            Mode::Signed(signed) => Key::read(secret, signed.how).map(|_| ()),
            Mode::Token { .. } | Mode::TokenInside(_) => {
                let sendable = secret.expose().bytes().all(|byte| (0x21..0x7f).contains(&byte));
                sendable.then_some(()).ok_or("It has characters that no header can carry.")
            }
            Mode::AnyOf(ways) => {
                let mut last = Err("It fits none of the ways.");
                for way in ways {
                    last = way.takes(secret);
                    if last.is_ok() {
                        break;
                    }
                }
                last
            }
            Mode::None => Err("This tool signs nothing."),
        }
    }

    /// Whether a delivery is genuine: signed with one of the secrets, and made about `now`. The time is
    /// looked at last, so that a forger learns nothing of our clock.
    pub fn verify(&self, secrets: &[Secret], arrived: &Arrived<'_>, now: Timestamp) -> Result<(), Refusal> {
        match &self.0 {
            Mode::None => Ok(()),
            Mode::Token { header, prefix } => {
                let said = single(arrived.headers, header).ok_or(Refusal::Unsigned)?;
                let said = match prefix {
                    Some(prefix) => said.strip_prefix(prefix.as_str()).ok_or(Refusal::Signature)?,
                    None => said,
                };
                signature::same_text(said, known(secrets))
            }
            Mode::TokenInside(path) => {
                let body: Value = serde_json::from_slice(arrived.body).map_err(|_| Refusal::Unsigned)?;
                let said = path.all(&body);
                if said.is_empty() {
                    return Err(Refusal::Unsigned);
                }
                said.into_iter().try_for_each(|said| {
                    signature::same_text(said.as_str().ok_or(Refusal::Signature)?, known(secrets))
                })
            }
            Mode::AnyOf(ways) => {
                let mut refused = Refusal::NoSecret;
                for way in ways {
                    match way.verify(secrets, arrived, now) {
                        Ok(()) => return Ok(()),
                        // Signed with our secret, and old: no weaker way makes it young again.
                        Err(Refusal::Stale) => return Err(Refusal::Stale),
                        // What comes furthest says best what is wrong.
                        Err(Refusal::Signature) => refused = Refusal::Signature,
                        Err(Refusal::Unsigned) if refused == Refusal::NoSecret => refused = Refusal::Unsigned,
                        Err(Refusal::Unsigned | Refusal::NoSecret) => {}
                    }
                }
                Err(refused)
            }
            Mode::Signed(signed) => signed.verify(secrets, arrived, now),
        }
    }

    /// Takes the secret out of the body of a genuine delivery that carries it there: at the place that the
    /// definition names, and wherever else the same text stands.
    pub fn hide(&self, body: &mut Value) {
        match &self.0 {
            Mode::TokenInside(path) => {
                let found = path.all(body).into_iter().filter_map(Value::as_str);
                let said: Vec<String> = found.filter(|text| !text.is_empty()).map(str::to_owned).collect();
                replace(body, &said);
            }
            Mode::AnyOf(ways) => ways.iter().for_each(|way| way.hide(body)),
            Mode::Signed(_) | Mode::Token { .. } | Mode::None => {}
        }
    }

    /// The time as a delivery writes it outside its body.
    pub fn written_time(&self, arrived: &Arrived<'_>) -> Option<String> {
        if let Mode::AnyOf(ways) = &self.0 {
            return ways.iter().find_map(|way| way.written_time(arrived));
        }
        let Mode::Signed(signed) = &self.0 else { return None };
        let signature = Signature::read(signed, arrived.headers).ok()?;
        signed.written_time(arrived, &signature).ok()?
    }

    /// The headers that sign a delivery as the tool would, at `now`; none where only the tool can.
    pub fn sign(
        &self,
        secret: &Secret,
        arrived: &Arrived<'_>,
        now: Timestamp,
    ) -> Option<Vec<(String, String)>> {
        match &self.0 {
            Mode::None => Some(Vec::new()),
            Mode::Token { header, prefix } => {
                let value = [prefix.as_deref().unwrap_or_default(), secret.expose()].concat();
                Some(vec![(header.clone(), value)])
            }
            Mode::TokenInside(_) => None,
            Mode::AnyOf(ways) => ways.iter().find_map(|way| way.sign(secret, arrived, now)),
            Mode::Signed(signed) => signed.sign(secret, arrived, now),
        }
    }

    /// The keyed hash of a value in hexadecimal, with which some tools make sure of us.
    pub fn hmac_hex(&self, secret: &Secret, value: &str) -> Option<String> {
        if let Mode::AnyOf(ways) = &self.0 {
            return ways.iter().find_map(|way| way.hmac_hex(secret, value));
        }
        let Mode::Signed(signed) = &self.0 else { return None };
        let Key::Keyed(mac) = Key::read(secret, signed.how).ok()? else { return None };
        Some(signature::hex(&mac.of(&[value.as_bytes()])))
    }

    /// Writes the time into a delivery that we sign, where the tool writes it there.
    pub fn stamp(&self, body: &mut Value, now: Timestamp) {
        if let Mode::AnyOf(ways) = &self.0 {
            return ways.iter().for_each(|way| way.stamp(body, now));
        }
        let Mode::Signed(signed) = &self.0 else { return };
        let Some(Time { at: At::Path(path), format, .. }) = &signed.time else { return };
        let mut place = body;
        for name in path.text().trim_start_matches("$.").split('.') {
            let Value::Object(members) = place else { return };
            place = members.entry(name).or_insert(Value::Null);
        }
        *place = patchbay_map::format_time(now, format);
    }

    /// Whether we could sign as the tool does.
    pub fn can_sign(&self) -> bool {
        match &self.0 {
            Mode::Signed(signed) => matches!(signed.how, How::Keyed(..)),
            Mode::Token { .. } | Mode::None => true,
            Mode::AnyOf(ways) => ways.iter().any(Self::can_sign),
            // It would stand in the body, which is not ours to write.
            Mode::TokenInside(_) => false,
        }
    }

    /// A secret of our own, as the tool wants it written.
    pub fn generate(&self) -> Result<Secret, crate::AuthError> {
        let encoding = match &self.0 {
            Mode::Signed(signed) => match signed.how {
                How::Keyed(_, encoding) => encoding,
                How::Public(_) => return Err(crate::AuthError::NotOurs),
            },
            Mode::Token { .. } | Mode::TokenInside(_) => SecretEncoding::Hex,
            Mode::AnyOf(ways) => return ways.first().ok_or(crate::AuthError::NotOurs)?.generate(),
            Mode::None => return Err(crate::AuthError::NotOurs),
        };
        key::generate(encoding)
    }
}

/// Puts the mask in the place of texts.
fn replace(value: &mut Value, texts: &[String]) {
    match value {
        Value::String(text) if texts.contains(text) => MASK.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, texts)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, texts)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Signed {
    fn keyed(hmac: &HmacVerification) -> Result<Self, MapError> {
        Ok(Self {
            header: hmac.header.clone(),
            prefix: hmac.prefix.clone(),
            list: hmac.list.clone(),
            encoding: hmac.encoding,
            how: How::Keyed(hmac.algorithm, hmac.secret_encoding),
            parts: parts(&hmac.signed)?,
            time: hmac.timestamp.as_ref().map(Time::compile).transpose()?,
        })
    }

    fn public(asymmetric: &AsymmetricVerification) -> Result<Self, MapError> {
        Ok(Self {
            header: asymmetric.header.clone(),
            prefix: asymmetric.prefix.clone(),
            list: asymmetric.list.clone(),
            encoding: asymmetric.encoding,
            how: How::Public(signature::PublicScheme {
                algorithm: asymmetric.algorithm,
                key: asymmetric.key_encoding,
            }),
            parts: parts(&asymmetric.signed)?,
            time: asymmetric.timestamp.as_ref().map(Time::compile).transpose()?,
        })
    }

    fn verify(&self, secrets: &[Secret], arrived: &Arrived<'_>, now: Timestamp) -> Result<(), Refusal> {
        let keys: Vec<Key> = secrets.iter().filter_map(|secret| Key::read(secret, self.how).ok()).collect();
        if keys.is_empty() {
            return Err(Refusal::NoSecret);
        }
        let signature = Signature::read(self, arrived.headers)?;
        let written = self.written_time(arrived, &signature)?;
        let message = self.message(arrived, written.as_deref())?;
        let pieces: Vec<&[u8]> = message.iter().map(AsRef::as_ref).collect();
        // Every key and every signature is tried, whichever fits.
        let mut fits = false;
        for key in &keys {
            for candidate in &signature.candidates {
                fits |= key.verifies(&pieces, candidate);
            }
        }
        if !fits {
            return Err(Refusal::Signature);
        }
        match &self.time {
            Some(time) => time.check(arrived, written.as_deref(), now),
            None => Ok(()),
        }
    }

    /// The time as the delivery writes it, where it stands outside the body.
    fn written_time(&self, arrived: &Arrived<'_>, signature: &Signature) -> Result<Option<String>, Refusal> {
        let Some(time) = &self.time else { return Ok(None) };
        match &time.at {
            At::Header(name) => {
                single(arrived.headers, name).map(|text| Some(text.to_owned())).ok_or(Refusal::Unsigned)
            }
            At::Field(name) => signature.field(name).map(|text| Some(text.to_owned())).ok_or(Refusal::Unsigned),
            At::Path(_) => Ok(None),
        }
    }

    /// What is signed, piece by piece.
    fn message<'a>(
        &'a self,
        arrived: &Arrived<'a>,
        written: Option<&str>,
    ) -> Result<Vec<std::borrow::Cow<'a, [u8]>>, Refusal> {
        use std::borrow::Cow;
        self.parts
            .iter()
            .map(|part| {
                Ok(match part {
                    SignedPart::Text(text) => Cow::Borrowed(text.as_bytes()),
                    SignedPart::Body => Cow::Borrowed(arrived.body),
                    SignedPart::Timestamp => Cow::Owned(written.ok_or(Refusal::Unsigned)?.as_bytes().to_vec()),
                    SignedPart::Id => Cow::Borrowed(arrived.id.ok_or(Refusal::Unsigned)?.as_bytes()),
                    SignedPart::Url => Cow::Borrowed(arrived.url.as_bytes()),
                    SignedPart::Method => Cow::Borrowed(arrived.method.as_bytes()),
                    SignedPart::Header(name) => {
                        Cow::Borrowed(single(arrived.headers, name).ok_or(Refusal::Unsigned)?.as_bytes())
                    }
                    SignedPart::SortedForm => Cow::Owned(signature::sorted_form(arrived.body)),
                })
            })
            .collect()
    }

    fn sign(&self, secret: &Secret, arrived: &Arrived<'_>, now: Timestamp) -> Option<Vec<(String, String)>> {
        let Key::Keyed(mac) = Key::read(secret, self.how).ok()? else { return None };
        let mut headers = Vec::new();
        let mut written = None;
        if let Some(time) = &self.time {
            let text = plain_time(now, &time.format);
            match &time.at {
                At::Header(name) => headers.push((name.clone(), text.clone())),
                At::Field(_) | At::Path(_) => {}
            }
            written = Some(text);
        }
        let message = self.message(arrived, written.as_deref()).ok()?;
        let pieces: Vec<&[u8]> = message.iter().map(AsRef::as_ref).collect();
        let mut value = signature::encode(&mac.of(&pieces), self.encoding);
        if let Some(list) = &self.list {
            value = format!("{}{}{value}", list.field, list.assign);
            if let (Some(Time { at: At::Field(name), .. }), Some(text)) = (&self.time, &written) {
                value = format!("{name}{}{text}{}{value}", list.assign, list.separator);
            }
        }
        headers.push((self.header.clone(), [self.prefix.as_deref().unwrap_or_default(), &value].concat()));
        Some(headers)
    }
}

impl Time {
    fn compile(time: &DeliveryTime) -> Result<Self, MapError> {
        let at = match (&time.header, &time.field, &time.path) {
            (Some(header), _, _) => At::Header(header.clone()),
            (_, Some(field), _) => At::Field(field.clone()),
            (_, _, path) => At::Path(Path::compile(path.as_deref().unwrap_or("$"))?),
        };
        Ok(Self { at, format: time.format.clone(), tolerance: time.tolerance_seconds })
    }

    /// Of a delivery whose signature fits: too old, or from too far ahead?
    fn check(&self, arrived: &Arrived<'_>, written: Option<&str>, now: Timestamp) -> Result<(), Refusal> {
        let value = match (&self.at, written) {
            (At::Path(path), _) => {
                let body: Value = serde_json::from_slice(arrived.body).map_err(|_| Refusal::Stale)?;
                path.first(&body).cloned().ok_or(Refusal::Stale)?
            }
            (_, Some(text)) => Value::from(text),
            (_, None) => return Err(Refusal::Stale),
        };
        let made = parse_time(&value, &self.format).ok_or(Refusal::Stale)?;
        let off = now.as_millisecond().abs_diff(made.as_millisecond());
        if off <= u64::from(self.tolerance) * 1_000 { Ok(()) } else { Err(Refusal::Stale) }
    }
}

/// A header that is there exactly once: of two, two readers would take different ones.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    if all.next().is_some() { None } else { Some(first) }
}

fn parts(template: &str) -> Result<Vec<SignedPart>, MapError> {
    signed_parts(template).map_err(|hole| MapError::Template {
        template: template.to_owned(),
        reason: format!("there is nothing called \"{hole}\" in what is signed"),
    })
}

/// A time as a header carries it.
fn plain_time(now: Timestamp, format: &TimeFormat) -> String {
    match patchbay_map::format_time(now, format) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn mac(algorithm: HmacAlgorithm, key: &[u8]) -> Mac {
    Mac::new(algorithm, key)
}

#[cfg(test)]
mod tests;
