//! One connector in full: what its panel and the connect wizard show.

use patchbay_map::Template;
use patchbay_model::ConnectorId;
use patchbay_model::descriptor::{
    AuthHelp, AuthMethod, ConfigField, CredentialField, Descriptor, Grant, OAuth2Auth, OAuthClient, Operation,
    Scope, Stream, Verb,
};
use patchbay_model::privacy::PrivateField;
use patchbay_model::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{ConnectorSummary, summary};
use crate::connectors::Known;
use crate::hub::Hub;
use crate::private_fields;

/// A connector by its identifier.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ConnectorRef {
    /// Its identifier.
    pub connector: ConnectorId,
}

/// One connector in full.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectorDetail {
    /// What its card shows.
    pub summary: ConnectorSummary,
    /// Ways to sign in, the recommended one first; empty where none is needed.
    pub auth: Vec<AuthDetail>,
    /// What the connection is set up with.
    pub settings: Vec<ConfigField>,
    /// Where the service is, with holes for settings.
    pub base_url: String,
    /// What can be read continuously.
    pub streams: Vec<StreamDetail>,
    /// What chains can call.
    pub operations: Vec<OperationDetail>,
    /// Whether the tool sends by itself what happens.
    pub webhook: bool,
    /// The slowest pace that the service asks for, in words.
    pub pace: Option<String>,
    /// The service's own documentation.
    pub docs_url: Option<String>,
    /// The definition itself.
    pub definition: Value,
}

/// One way to sign in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuthDetail {
    /// Its identifier.
    pub id: String,
    /// Its kind: `api_key`, `pat`, `basic`, `oauth2` or `session`.
    pub method: String,
    /// What signing in on the tool's own pages needs, where it is that.
    pub oauth: Option<OAuthDetail>,
    /// What a person reads.
    pub label: String,
    /// What is asked.
    pub fields: Vec<CredentialField>,
    /// Where the person finds it.
    pub help: Option<AuthHelp>,
    /// Settings that signing in needs, by key: they are asked first.
    pub before: Vec<String>,
}

/// What signing in on the tool's own pages needs.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OAuthDetail {
    /// How access is granted.
    pub grant: Grant,
    /// Whether the person has to register an application with the tool first.
    pub registers: bool,
    /// What to register as redirect URI; one without a port stands for any port (RFC 8252 section 7.3).
    pub redirect_uris: Vec<String>,
    /// The address of the page that opens, with holes for settings.
    pub page: Option<String>,
    /// Permissions that are always asked for.
    pub always: Vec<String>,
    /// What each permission means.
    pub scopes: Vec<Scope>,
}

/// Something that can be read continuously.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StreamDetail {
    /// Its identifier.
    pub id: String,
    /// What a person reads.
    pub title: String,
    /// Permissions that it needs.
    pub scopes: Vec<String>,
    /// Fields of what it brings that are private, as those of an operation are.
    pub private: Vec<PrivateField>,
}

/// Something that chains can call.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OperationDetail {
    /// Its identifier.
    pub id: String,
    /// What a person reads.
    pub title: String,
    /// What it does.
    pub verb: Verb,
    /// What it does it to.
    pub entity: String,
    /// Whether it changes anything in the service.
    pub effect: bool,
    /// Whether it gives a list that later steps can go through.
    pub items: bool,
    /// Whether it can be undone.
    pub undoable: bool,
    /// Permissions that it needs.
    pub scopes: Vec<String>,
    /// Fields of what it takes, sends and gives that are private: those that its schemas mark (`x-private`,
    /// `writeOnly` or the format `password`), and the places of its request that are filled from them.
    pub private: Vec<PrivateField>,
}

/// Shows one connector.
pub async fn show(hub: &Hub, _: &str, request: ConnectorRef) -> Result<ConnectorDetail, Problem> {
    let compiled = hub.connectors().get(&request.connector)?;
    let descriptor = compiled.descriptor();
    let definition = serde_json::to_value(descriptor.as_ref())
        .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    Ok(ConnectorDetail {
        summary: summary(&Known {
            descriptor: descriptor.clone(),
            mine: !hub.connectors().is_built_in(&descriptor.id),
        }),
        auth: descriptor.auth.iter().map(|method| auth(descriptor, method)).collect(),
        settings: descriptor.config_fields.clone(),
        base_url: descriptor.base_url.clone(),
        streams: descriptor.streams.iter().map(stream).collect(),
        webhook: descriptor.webhook.is_some(),
        operations: descriptor.operations.iter().map(operation).collect(),
        pace: pace(descriptor),
        docs_url: descriptor.docs_url.clone(),
        definition,
    })
}

fn auth(descriptor: &Descriptor, method: &AuthMethod) -> AuthDetail {
    AuthDetail {
        id: method.id().to_owned(),
        method: method.method().to_owned(),
        label: method.label().to_owned(),
        fields: method.credential_fields().to_vec(),
        help: method.help().cloned(),
        before: settings_before(descriptor, method),
        oauth: method.oauth().map(oauth),
    }
}

fn oauth(oauth: &OAuth2Auth) -> OAuthDetail {
    let (host, path) = (oauth.redirect.host.as_str(), oauth.redirect.path.as_deref().unwrap_or("/callback"));
    let mut redirect_uris: Vec<String> =
        oauth.redirect.ports.iter().map(|port| format!("http://{host}:{port}{path}")).collect();
    if redirect_uris.is_empty() {
        redirect_uris.push(format!("http://{host}{path}"));
    }
    OAuthDetail {
        grant: oauth.grant,
        registers: oauth.client == OAuthClient::Own {},
        redirect_uris,
        page: oauth.authorization_url.clone().or_else(|| oauth.issuer.clone()),
        always: oauth.scopes.always.clone(),
        scopes: oauth.scopes.known.clone(),
    }
}

/// Settings that the addresses of the sign-in, or where calls go, are made with. What signing in brings is
/// not among them.
fn settings_before(descriptor: &Descriptor, method: &AuthMethod) -> Vec<String> {
    let addresses: Vec<&str> = match method {
        AuthMethod::OAuth2(oauth) => oauth.called_urls().chain(oauth.authorization_url.as_deref()).collect(),
        AuthMethod::Session(session) => vec![&session.login_url],
        AuthMethod::ApiKey(_) | AuthMethod::Pat(_) | AuthMethod::Basic(_) | AuthMethod::SigV4(_) => {
            return Vec::new();
        }
    };
    let uses = |key: &str| {
        let name = format!("config.{key}");
        let all = addresses.iter().copied().chain([descriptor.base_url.as_str()]);
        all.filter_map(|text| Template::compile(text).ok()).any(|template| template.names().contains(&name))
    };
    descriptor.config_fields.iter().map(|field| field.key.clone()).filter(|key| uses(key)).collect()
}

fn stream(stream: &Stream) -> StreamDetail {
    StreamDetail {
        id: stream.id.clone(),
        title: stream.title.clone(),
        scopes: stream.scopes.clone(),
        private: private_fields::of_stream(stream),
    }
}

fn operation(operation: &Operation) -> OperationDetail {
    OperationDetail {
        id: operation.id.clone(),
        title: operation.title.clone(),
        verb: operation.verb,
        entity: operation.entity.clone(),
        effect: operation.verb.has_effect(),
        items: operation.verb.yields_items(),
        undoable: operation.undo.is_some(),
        scopes: operation.scopes.clone(),
        private: private_fields::of_operation(operation),
    }
}

fn pace(descriptor: &Descriptor) -> Option<String> {
    let window = descriptor.limits.rate.first()?;
    let span = match window.seconds {
        1 => "second".to_owned(),
        60 => "minute".to_owned(),
        3_600 => "hour".to_owned(),
        seconds => format!("{seconds} seconds"),
    };
    Some(format!("{} calls per {span}", window.calls))
}
