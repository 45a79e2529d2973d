//! Signing in by way of the tool's own pages, or by exchanging one secret for a shorter-lived one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::{AuthHelp, CredentialField, Inject, InjectAt};

/// OAuth 2.0 (RFC 6749) as each vendor speaks it.
///
/// Addresses are templates over `{{config.…}}`, with `{{config.baseUrl}}` for where calls go. What is
/// absent is taken from the metadata of `issuer` (RFC 8414, or OpenID Connect Discovery).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OAuth2Auth {
    /// Name of this way within the descriptor.
    pub id: String,
    /// What a person reads, such as "Sign in with Tracker".
    pub label: String,
    /// How access is granted.
    #[serde(default)]
    pub grant: Grant,
    /// What the person enters first: `clientId` and `clientSecret` of an application that they
    /// registered, `privateKey` (PEM) and `keyId` for `private_key_jwt`, `refreshToken` for the grant
    /// of that name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_fields: Vec<CredentialField>,
    /// Which application the tool sees.
    pub client: OAuthClient,
    /// How the application proves itself to the token endpoint. `none` where absent and the client is
    /// public, `body` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<ClientAuthentication>,
    /// The authorization server's identifier (RFC 8414 section 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Where the person signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
    /// Where codes and refresh tokens are exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Where refresh tokens are exchanged, where that is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_url: Option<String>,
    /// Where tokens are given back (RFC 7009).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_url: Option<String>,
    /// Where device codes are asked for (RFC 8628 section 3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_url: Option<String>,
    /// Where applications are registered (RFC 7591).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_url: Option<String>,
    /// Proof key for code exchange (RFC 7636). `none` only for tools that reject it.
    #[serde(default)]
    pub pkce: Pkce,
    /// Where the tool sends the person back to.
    #[serde(default)]
    pub redirect: Redirect,
    /// Permissions.
    #[serde(default)]
    pub scopes: Scopes,
    /// More parameters of the authorization request, such as `access_type`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub authorization_parameters: BTreeMap<String, String>,
    /// More parameters of the token request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub token_parameters: BTreeMap<String, String>,
    /// More parameters of the refresh request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refresh_parameters: BTreeMap<String, String>,
    /// Parameters that the tool calls otherwise, by the name that RFC 6749 gives them, such as
    /// `"client_id": "client_key"`. Holds for all requests.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameter_names: BTreeMap<String, String>,
    /// Headers of requests to the token endpoint, such as a version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub token_headers: BTreeMap<String, String>,
    /// How the token request is written.
    #[serde(default)]
    pub token_body: TokenBody,
    /// Where the answer's values are, where not at the places of RFC 6749 section 5.1.
    #[serde(default)]
    pub response: TokenResponse,
    /// How long an access token lives in seconds where the answer does not say. For ever where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u64>,
    /// Values of the answers that become settings, such as the address of the person's own site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<Capture>,
    /// A call made once after signing in, whose answer becomes settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_sign_in: Option<AfterSignIn>,
    /// Where the access token goes: `Authorization: Bearer {{secret.accessToken}}` (RFC 6750 section 2.1)
    /// where absent.
    #[serde(default = "bearer")]
    pub inject: Vec<Inject>,
    /// How the person gets what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<AuthHelp>,
}

fn bearer() -> Vec<Inject> {
    vec![Inject {
        at: InjectAt::Header,
        name: "Authorization".to_owned(),
        value: "Bearer {{secret.accessToken}}".to_owned(),
    }]
}

impl OAuth2Auth {
    /// How the application proves itself.
    pub fn authentication(&self) -> ClientAuthentication {
        self.client_authentication.unwrap_or(match self.client {
            OAuthClient::Public { .. } | OAuthClient::Dynamic {} => ClientAuthentication::None,
            OAuthClient::Own {} => ClientAuthentication::Body,
        })
    }

    /// Every address that is called, as templates.
    pub fn called_urls(&self) -> impl Iterator<Item = &str> {
        let after = self.after_sign_in.as_ref().map(|after| after.url.as_str());
        [
            &self.issuer,
            &self.token_url,
            &self.refresh_url,
            &self.revocation_url,
            &self.device_authorization_url,
            &self.registration_url,
        ]
        .into_iter()
        .filter_map(|url| url.as_deref())
        .chain(after)
    }
}

/// How access is granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// In the browser, with a redirect to this computer (RFC 6749 section 4.1, RFC 8252).
    #[default]
    AuthorizationCode,
    /// A code that the person types on any device (RFC 8628).
    DeviceCode,
    /// The application itself, without a person (RFC 6749 section 4.4).
    ClientCredentials,
    /// A refresh token that the person was given (RFC 6749 section 6).
    RefreshToken,
}

/// Which application the tool sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OAuthClient {
    /// One that comes with the connector. Nothing is to be registered.
    Public {
        /// Its identifier. No secret: what ships to everybody is none (RFC 8252 section 8.5).
        id: String,
    },
    /// One that the person registers with the tool, with `clientId` among the credential fields.
    Own {},
    /// One that is registered when it is first needed (RFC 7591).
    Dynamic {},
}

/// How the application proves itself to the token endpoint (OpenID Connect Core section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// By nothing: a public client.
    None,
    /// `client_id` and `client_secret` in the body.
    Body,
    /// HTTP Basic (RFC 6749 section 2.3.1).
    Basic,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
}

/// Proof key for code exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Pkce {
    /// SHA-256 (RFC 7636 section 4.2).
    #[default]
    S256,
    /// None: the tool rejects the parameters.
    #[serde(rename = "none")]
    None,
}

/// Where the tool sends the person back to: a listener on this computer, for this sign-in alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redirect {
    /// The host as the tool has it registered.
    #[serde(default)]
    pub host: RedirectHost,
    /// Ports that the tool has registered; the first free one is taken. Any free port where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// The path that the tool has registered, such as `/callback`. One that cannot be guessed where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// How this computer is called in a redirect (RFC 8252 section 7.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RedirectHost {
    /// The address.
    #[default]
    #[serde(rename = "127.0.0.1")]
    Address,
    /// The name, for tools that refuse addresses.
    #[serde(rename = "localhost")]
    Name,
}

impl RedirectHost {
    /// As it stands in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "127.0.0.1",
            Self::Name => "localhost",
        }
    }
}

/// Permissions that can be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scopes {
    /// Always asked for: what signing in and the health check need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub always: Vec<String>,
    /// What stands between them.
    #[serde(default)]
    pub separator: ScopeSeparator,
    /// What each means, for people. Streams and operations name those that they need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Scope>,
}

/// A permission in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// The vendor's name for it.
    pub name: String,
    /// What it allows, such as "See issues and comments".
    pub label: String,
    /// Whether it lets us change anything.
    #[serde(default)]
    pub access: Access,
}

/// What a permission lets us do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Look.
    #[default]
    Read,
    /// Change.
    Write,
}

/// What stands between permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeSeparator {
    /// A space (RFC 6749 section 3.3).
    #[default]
    Space,
    /// A comma.
    Comma,
    /// A plus sign.
    Plus,
}

impl ScopeSeparator {
    /// The character.
    pub fn as_char(self) -> char {
        match self {
            Self::Space => ' ',
            Self::Comma => ',',
            Self::Plus => '+',
        }
    }
}

/// How a token request is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenBody {
    /// As a form (RFC 6749 section 4.1.3).
    #[default]
    Form,
    /// As a JSON object.
    Json,
}

/// JSONPaths of the values in a token answer. Where nothing is there, the standard place is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenResponse {
    /// The access token; `$.access_token` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// The refresh token; `$.refresh_token` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds that the access token lives; `$.expires_in` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
    /// The granted permissions; `$.scope` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Whether the answer must name the kind of token.
    #[serde(default)]
    pub token_type: TokenTypeCheck,
}

/// Whether the answer must name the kind of token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenTypeCheck {
    /// `token_type` says "bearer" (RFC 6750 section 4).
    #[default]
    Bearer,
    /// It says something of the tool's own, or nothing.
    Any,
}

/// A value of an answer that becomes a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capture {
    /// The answer.
    pub from: CaptureFrom,
    /// JSONPath into it; of the callback, its parameters as an object.
    pub path: String,
    /// The setting: `{{config.<as>}}`. No person enters it.
    #[serde(rename = "as")]
    #[schemars(regex(pattern = r"^[a-z][A-Za-z0-9]{0,39}$"))]
    pub name: String,
}

/// Where a captured value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFrom {
    /// The token endpoint's answer.
    Token,
    /// The parameters that came with the person back to this computer.
    Callback,
}

/// A call made once after signing in, with `GET`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AfterSignIn {
    /// What to read: a whole address, since where calls go may only be known afterwards.
    pub url: String,
    /// Its headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// JSONPath to the sites or accounts that can be chosen among; the answer itself where absent. The
    /// first is taken, and said, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// Settings by name, each with its JSONPath below one of them.
    pub settings: BTreeMap<String, String>,
}

/// A login that gives a token for a while, in a way of the tool's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionAuth {
    /// Name of this way within the descriptor.
    pub id: String,
    /// What a person reads.
    pub label: String,
    /// What the person enters.
    pub credential_fields: Vec<CredentialField>,
    /// Where to log in; a template over `{{config.…}}`, with `{{config.baseUrl}}`.
    pub login_url: String,
    /// What is sent there; templates over `{{secret.…}}` and `{{config.…}}`.
    pub login: BTreeMap<String, String>,
    /// How it is written.
    #[serde(default)]
    pub login_body: TokenBody,
    /// Headers of the login.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub login_headers: BTreeMap<String, String>,
    /// JSONPath to the token in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_path: Option<String>,
    /// The cookie (RFC 6265) that is the token, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_cookie: Option<String>,
    /// The header that is the token, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_header: Option<String>,
    /// How long it lives, in seconds. Until the tool refuses it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u64>,
    /// Where the token goes, as `{{secret.accessToken}}`; `Authorization: Bearer` where absent.
    #[serde(default = "bearer")]
    pub inject: Vec<Inject>,
    /// Where the person finds what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<AuthHelp>,
}
