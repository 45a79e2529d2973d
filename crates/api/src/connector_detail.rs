//! One connector in full: what its panel and the connect wizard show.

use patchbay_model::ConnectorId;
use patchbay_model::descriptor::{
    AuthHelp, AuthMethod, ConfigField, CredentialField, Descriptor, Operation, Stream, Verb,
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
    /// Its kind: `api_key`, `pat` or `basic`.
    pub method: String,
    /// What a person reads.
    pub label: String,
    /// What is asked.
    pub fields: Vec<CredentialField>,
    /// Where the person finds it.
    pub help: Option<AuthHelp>,
}

/// Something that can be read continuously.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StreamDetail {
    /// Its identifier.
    pub id: String,
    /// What a person reads.
    pub title: String,
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
        auth: descriptor.auth.iter().map(auth).collect(),
        settings: descriptor.config_fields.clone(),
        base_url: descriptor.base_url.clone(),
        streams: descriptor.streams.iter().map(stream).collect(),
        operations: descriptor.operations.iter().map(operation).collect(),
        pace: pace(descriptor),
        docs_url: descriptor.docs_url.clone(),
        definition,
    })
}

fn auth(method: &AuthMethod) -> AuthDetail {
    AuthDetail {
        id: method.id().to_owned(),
        method: method.method().to_owned(),
        label: method.label().to_owned(),
        fields: method.credential_fields().to_vec(),
        help: method.help().cloned(),
    }
}

fn stream(stream: &Stream) -> StreamDetail {
    StreamDetail { id: stream.id.clone(), title: stream.title.clone() }
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
