//! How a delivery is told from a forgery: what is signed, with what, and where the signature stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stream::TimeFormat;

/// How old or how far ahead a delivery's time may be where a connector says nothing, in seconds.
const TOLERANCE_SECONDS: u32 = 300;

/// How a delivery is told from a forgery. Always over the bytes as they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Verification {
    /// A keyed hash (RFC 2104) in a header.
    Hmac(HmacVerification),
    /// The secret itself, in a header or in the body, compared in constant time.
    Token(TokenVerification),
    /// The scheme of standardwebhooks.com, which Svix and others use.
    StandardWebhooks(StandardWebhooks),
    /// A signature that is checked with the vendor's public key.
    Asymmetric(AsymmetricVerification),
    /// The tool does it in one of several ways, as its pages are set. One that fits is enough.
    AnyOf(Alternatives),
    /// The tool signs nothing: whoever learns the address can send. Shown to people as such.
    None(Unverified),
}

impl Verification {
    /// The mode's name in the file.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Hmac(_) => "hmac",
            Self::Token(_) => "token",
            Self::StandardWebhooks(_) => "standard_webhooks",
            Self::Asymmetric(_) => "asymmetric",
            Self::AnyOf(_) => "any_of",
            Self::None(_) => "none",
        }
    }

    /// Whether nothing is taken without a secret.
    pub fn needs_secret(&self) -> bool {
        !matches!(self, Self::None(_))
    }

    /// The ways that it may be: itself where there is one.
    pub fn ways(&self) -> &[Self] {
        match self {
            Self::AnyOf(alternatives) => &alternatives.ways,
            one => std::slice::from_ref(one),
        }
    }

    /// When a delivery was signed, where it says.
    pub fn timestamp(&self) -> Option<&DeliveryTime> {
        match self {
            Self::Hmac(hmac) => hmac.timestamp.as_ref(),
            Self::Asymmetric(asymmetric) => asymmetric.timestamp.as_ref(),
            Self::StandardWebhooks(_) | Self::Token(_) | Self::AnyOf(_) | Self::None(_) => None,
        }
    }

    /// What is signed, where a connector says it.
    pub fn signed(&self) -> Option<&str> {
        match self {
            Self::Hmac(hmac) => Some(&hmac.signed),
            Self::Asymmetric(asymmetric) => Some(&asymmetric.signed),
            Self::StandardWebhooks(_) | Self::Token(_) | Self::AnyOf(_) | Self::None(_) => None,
        }
    }
}

/// A keyed hash in a header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HmacVerification {
    /// The header with the signature.
    pub header: String,
    /// What stands before the signature, such as `sha256=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The header holds several values, such as `t=…,v1=…,v1=…`. One that fits is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<SignatureList>,
    /// The hash.
    #[serde(default)]
    pub algorithm: HmacAlgorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: SignatureEncoding,
    /// What is signed: text with `{{body}}`, `{{timestamp}}`, `{{id}}`, `{{url}}` (the public address),
    /// `{{method}}`, `{{header:NAME}}` and `{{sortedForm}}` (names and values of a form, by name, without
    /// separators). `{{body}}` where absent.
    #[serde(default = "body_alone")]
    pub signed: String,
    /// When the delivery was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DeliveryTime>,
    /// How the secret is written.
    #[serde(default)]
    pub secret_encoding: SecretEncoding,
}

fn body_alone() -> String {
    "{{body}}".to_owned()
}

/// Several values in one header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureList {
    /// Stands between two values: `,` or a space.
    pub separator: String,
    /// Stands between a value's name and the value, such as `=`.
    pub assign: String,
    /// The name of those that are signatures, such as `v1`.
    pub field: String,
}

/// The hash of a keyed hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1, which some vendors still use. As a keyed hash it is not known to be broken.
    Sha1,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal.
    #[default]
    Hex,
    /// Base64 (RFC 4648 section 4), read strictly: with its padding, and without stray bits.
    Base64,
}

/// How a secret is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretEncoding {
    /// Its text is the key, a `whsec_` before it included (Stripe).
    #[default]
    Raw,
    /// Base64 of the key.
    Base64,
    /// Base64 of the key after `whsec_`, which may be missing (Standard Webhooks).
    Whsec,
    /// Hexadecimal of the key.
    Hex,
}

/// When a delivery was signed. Exactly one of `header`, `field` and `path`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliveryTime {
    /// A request header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A value's name in the `list` of the signature, such as `t`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// JSONPath in the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How it is written.
    #[serde(default = "unix")]
    pub format: TimeFormat,
    /// How old or how far ahead it may be, in seconds, at most a day.
    #[serde(default = "tolerance")]
    #[schemars(range(min = 1, max = 86_400))]
    pub tolerance_seconds: u32,
}

fn unix() -> TimeFormat {
    TimeFormat::Unix
}

fn tolerance() -> u32 {
    TOLERANCE_SECONDS
}

/// The secret itself in the delivery. Exactly one of `header` and `path`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenVerification {
    /// The header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// JSONPath in the delivery. Each value that it finds must be the secret, and it must find one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What stands before the secret in the header, such as `Bearer `.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// The scheme of standardwebhooks.com.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StandardWebhooks {
    /// What stands before `-id`, `-timestamp` and `-signature` in the names of the headers: `webhook`
    /// where absent, `svix` with Svix.
    #[serde(default = "webhook")]
    pub header_prefix: String,
    /// How old or how far ahead a delivery may be, in seconds, at most a day.
    #[serde(default = "tolerance")]
    #[schemars(range(min = 1, max = 86_400))]
    pub tolerance_seconds: u32,
}

fn webhook() -> String {
    "webhook".to_owned()
}

/// A signature that is checked with a public key, which is kept where a secret would be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AsymmetricVerification {
    /// The header with the signature.
    pub header: String,
    /// What stands before the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The header holds several values. One that fits is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<SignatureList>,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: SignatureEncoding,
    /// How the public key is written.
    #[serde(default)]
    pub key_encoding: KeyEncoding,
    /// What is signed. As with `hmac`.
    #[serde(default = "body_alone")]
    pub signed: String,
    /// When the delivery was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DeliveryTime>,
}

/// How something is signed with a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureAlgorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256 with SHA-256, the signature in DER.
    EcdsaP256,
    /// RSA (PKCS #1 v1.5, 2048 to 8192 bits) with SHA-256.
    RsaSha256,
}

/// How a public key is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyEncoding {
    /// The 32 bytes of an Ed25519 key in hexadecimal.
    #[default]
    RawHex,
    /// A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), in base64 or as PEM.
    Spki,
}

/// Several ways to prove the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alternatives {
    /// Two to four of them, the strongest first: a secret of ours is made as the first wants it. None
    /// stands for others again, and none proves nothing.
    pub ways: Vec<Verification>,
}

/// Nothing proves where a delivery comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unverified {
    /// Why it cannot be otherwise. Shown to people before they switch it on.
    pub because: String,
}

/// A part of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedPart {
    /// Text as it stands.
    Text(String),
    /// The bytes of the body.
    Body,
    /// The time, as the delivery writes it.
    Timestamp,
    /// What names the delivery.
    Id,
    /// The public address to which the tool sends.
    Url,
    /// The request's method.
    Method,
    /// A header's value; nothing where it is absent.
    Header(String),
    /// Names and values of the form, in order of their names, without separators.
    SortedForm,
}

/// Takes apart what is signed. The error is the hole that nobody knows.
pub fn signed_parts(template: &str) -> Result<Vec<SignedPart>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        if !before.is_empty() {
            parts.push(SignedPart::Text(before.to_owned()));
        }
        let Some((name, after)) = after.split_once("}}") else { return Err(after.to_owned()) };
        let name = name.trim();
        parts.push(match name {
            "body" => SignedPart::Body,
            "timestamp" => SignedPart::Timestamp,
            "id" => SignedPart::Id,
            "url" => SignedPart::Url,
            "method" => SignedPart::Method,
            "sortedForm" => SignedPart::SortedForm,
            _ => match name.strip_prefix("header:").map(str::trim) {
                Some(header) if !header.is_empty() => SignedPart::Header(header.to_owned()),
                _ => return Err(name.to_owned()),
            },
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(SignedPart::Text(rest.to_owned()));
    }
    Ok(parts)
}
