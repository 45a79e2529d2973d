//! One connector in full: what its panel and the connect wizard show.

use patchbay_map::Template;
use patchbay_model::ConnectorId;
use patchbay_model::descriptor::{
    AuthHelp, AuthMethod, ConfigField, CredentialField, Descriptor, Grant, OAuth2Auth, OAuthClient, Operation,
    Scope, Stream, Verb,
};
use patchbay_model::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{ConnectorSummary, summary};
use crate::connectors::Known;
use crate::hub::Hub;

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
    pub private: Vec<Vec<String>>,
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
    /// Fields of what it takes and gives that are private (`x-private`, `writeOnly` or the format `password` of
    /// their schemas): the keys that lead to each, lists left out.
    pub private: Vec<Vec<String>>,
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
        private: private_fields(stream.item_schema.as_ref()),
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
        private: private_fields([Some(&operation.params), operation.result.as_ref()].into_iter().flatten()),
    }
}

/// The private fields of what schemas describe.
fn private_fields<'a>(schemas: impl IntoIterator<Item = &'a Value>) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for schema in schemas {
        private_in(schema, &mut Vec::new(), &mut found);
    }
    found.sort();
    found.dedup();
    found
}

fn private_in(schema: &Value, at: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let says = |keyword: &str| schema[keyword].as_bool() == Some(true);
    if says("x-private") || says("writeOnly") || schema["format"] == "password" {
        // Everything is what the operation is for; it has no field of its own to mask.
        found.extend((!at.is_empty()).then(|| at.clone()));
        return;
    }
    for (key, own) in schema["properties"].as_object().into_iter().flatten() {
        at.push(key.clone());
        private_in(own, at, found);
        at.pop();
    }
    if schema["items"].is_object() {
        private_in(&schema["items"], at, found);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        schema[keyword].as_array().into_iter().flatten().for_each(|own| private_in(own, at, found));
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

#[cfg(test)]
mod tests {
    use patchbay_descriptor::Catalogue;

    #[test]
    fn private_fields_of_what_a_stream_brings_are_named() {
        let catalogue = Catalogue::built_in();
        for (connector, stream, wanted) in [
            ("sandbox-tracker", "issues", vec![vec!["author", "email"]]),
            ("stripe", "charges", vec![vec!["billing_details", "email"]]),
            ("github-issues", "issues", vec![]),
        ] {
            let descriptor = catalogue.get(&connector.into()).unwrap();
            let stream = descriptor.streams.iter().find(|own| own.id == stream).unwrap();
            let found = super::stream(stream).private;
            for field in &wanted {
                assert!(found.iter().any(|own| own == field), "{connector} {field:?}: {found:?}");
            }
            assert!(!wanted.is_empty() || found.is_empty(), "{connector}: {found:?}");
        }
    }
}
