//! Ways to sign in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::oauth::{OAuth2Auth, SessionAuth};

/// One way to sign in. The engine shows the fields, keeps their values sealed, and adds them to
/// each request that goes to an origin the user approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum AuthMethod {
    /// A key made on the tool's pages for programs.
    ApiKey(KeyAuth),
    /// A personal access token: a key that acts as the person who made it.
    Pat(KeyAuth),
    /// User name and password, or what the vendor uses in their place (RFC 7617).
    Basic(BasicAuth),
    /// On the tool's own pages, or by a grant of OAuth 2.0 (RFC 6749).
    #[serde(rename = "oauth2")]
    OAuth2(Box<OAuth2Auth>),
    /// A login that gives a token for a while.
    Session(Box<SessionAuth>),
    /// Requests signed with a key of Amazon Web Services (Signature Version 4).
    #[serde(rename = "sigv4")]
    SigV4(Box<SigV4Auth>),
}

impl AuthMethod {
    /// The name of this way within the descriptor.
    pub fn id(&self) -> &str {
        match self {
            Self::ApiKey(key) | Self::Pat(key) => &key.id,
            Self::Basic(basic) => &basic.id,
            Self::OAuth2(oauth) => &oauth.id,
            Self::Session(session) => &session.id,
            Self::SigV4(signing) => &signing.id,
        }
    }

    /// What a person reads.
    pub fn label(&self) -> &str {
        match self {
            Self::ApiKey(key) | Self::Pat(key) => &key.label,
            Self::Basic(basic) => &basic.label,
            Self::OAuth2(oauth) => &oauth.label,
            Self::Session(session) => &session.label,
            Self::SigV4(signing) => &signing.label,
        }
    }

    /// The method's name in the file.
    pub fn method(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api_key",
            Self::Pat(_) => "pat",
            Self::Basic(_) => "basic",
            Self::OAuth2(_) => "oauth2",
            Self::Session(_) => "session",
            Self::SigV4(_) => "sigv4",
        }
    }

    /// What the person enters.
    pub fn credential_fields(&self) -> &[CredentialField] {
        match self {
            Self::ApiKey(key) | Self::Pat(key) => &key.credential_fields,
            Self::Basic(basic) => &basic.credential_fields,
            Self::OAuth2(oauth) => &oauth.credential_fields,
            Self::Session(session) => &session.credential_fields,
            Self::SigV4(signing) => &signing.credential_fields,
        }
    }

    /// Where the person finds it.
    pub fn help(&self) -> Option<&AuthHelp> {
        match self {
            Self::ApiKey(key) | Self::Pat(key) => key.help.as_ref(),
            Self::Basic(basic) => basic.help.as_ref(),
            Self::OAuth2(oauth) => oauth.help.as_ref(),
            Self::Session(session) => session.help.as_ref(),
            Self::SigV4(signing) => signing.help.as_ref(),
        }
    }

    /// The OAuth 2.0 settings, where it is that.
    pub fn oauth(&self) -> Option<&OAuth2Auth> {
        match self {
            Self::OAuth2(oauth) => Some(oauth),
            Self::ApiKey(_) | Self::Pat(_) | Self::Basic(_) | Self::Session(_) | Self::SigV4(_) => None,
        }
    }

    /// Whether what is sent with requests is a token that is got from what was entered, and can be got
    /// again.
    pub fn has_tokens(&self) -> bool {
        matches!(self, Self::OAuth2(_) | Self::Session(_))
    }
}

/// One or more keys, each sent where the vendor wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyAuth {
    /// Name of this way within the descriptor.
    pub id: String,
    /// What a person reads, such as "Personal access token".
    pub label: String,
    /// What the person enters.
    pub credential_fields: Vec<CredentialField>,
    /// Where the values go.
    pub inject: Vec<Inject>,
    /// Where the person finds the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<AuthHelp>,
}

/// HTTP Basic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasicAuth {
    /// Name of this way within the descriptor.
    pub id: String,
    /// What a person reads.
    pub label: String,
    /// What the person enters.
    pub credential_fields: Vec<CredentialField>,
    /// Template of the user name, such as `{{secret.email}}`.
    pub username: String,
    /// Template of the password; may be empty.
    #[serde(default)]
    pub password: String,
    /// Where the person finds the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<AuthHelp>,
}

/// AWS Signature Version 4: each request is signed anew, over method, path, query, host, media type and
/// body. The key itself is not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SigV4Auth {
    /// Name of this way within the descriptor.
    pub id: String,
    /// What a person reads.
    pub label: String,
    /// What the person enters.
    pub credential_fields: Vec<CredentialField>,
    /// Template of the key's identifier, such as `{{secret.accessKeyId}}`.
    pub access_key_id: String,
    /// Template of the key.
    pub secret_access_key: String,
    /// Template of the token that comes with keys that last for a while only. Not sent where what it
    /// names was not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// Template of the region, such as `{{config.region}}`.
    pub region: String,
    /// Template of the service's name in signatures, such as `ses`.
    pub service: String,
    /// Where the person finds the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<AuthHelp>,
}

/// Where one value goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inject {
    /// Header, query, cookie or body.
    #[serde(rename = "in")]
    pub at: InjectAt,
    /// Name of the header, parameter or cookie; in the body a member's name or a JSON pointer. That of a
    /// header may use `{{config.…}}`.
    pub name: String,
    /// Template of the value, such as `Bearer {{secret.token}}`.
    pub value: String,
}

/// The part of a request that carries a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InjectAt {
    /// A request header.
    Header,
    /// A query parameter. Never written to logs or reports.
    Query,
    /// A cookie (RFC 6265 section 4.2).
    Cookie,
    /// A member of the body; all requests of the connector carry one then. In a form and in multipart
    /// a field. Never written to logs or reports.
    Body,
}

/// One value of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialField {
    /// Name in templates: `{{secret.<key>}}`.
    #[schemars(regex(pattern = r"^[a-z][A-Za-z0-9]{0,39}$"))]
    pub key: String,
    /// What the form says.
    pub label: String,
    /// Whether it is hidden while typed. Both kinds are kept sealed.
    #[serde(rename = "type", default)]
    pub kind: CredentialKind,
    /// Must be given. True where absent.
    #[serde(default = "yes")]
    pub required: bool,
    /// What it looks like, such as `github_pat_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// Linear-time regular expression that the whole value should match; a mismatch is a warning,
    /// for vendors change their formats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// One sentence below the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_text: Option<String>,
}

fn yes() -> bool {
    true
}

/// Whether a credential is hidden while typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// Hidden.
    #[default]
    Password,
    /// Shown.
    Text,
}

/// Where a person finds what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthHelp {
    /// The vendor's page. `https` only.
    pub url: String,
    /// What to do there, in plain words.
    pub text: String,
}
