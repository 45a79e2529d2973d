//! The user's own connectors: add, change, list, remove, and what an editor of them needs.

use patchbay_descriptor::{built_in_text, json_schema, refused};
use patchbay_model::ConnectorId;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_store::ConnectionFilter;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{DescriptorText, first};
use crate::connector_detail::ConnectorRef;
use crate::connectors::unknown;
use crate::hub::Hub;
use crate::own_definitions::{Definition, definition};
use crate::workspaces::{self, Empty};

use patchbay_descriptor::STARTER;
pub use patchbay_descriptor::begin;

/// A connector of the user's own, kept.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DescriptorSaved {
    /// The connector.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
    /// The definition's version.
    pub version: String,
    /// The file's name below `connectors` in the data folder.
    pub file: String,
}

/// Adds a connector of the user's own. Refused with the place of every mistake, and where the
/// identifier is taken.
pub async fn add(hub: &Hub, _: &str, request: DescriptorText) -> Result<DescriptorSaved, Problem> {
    let request_file = request.file.clone();
    let new = checked(hub, request)?;
    if let Some(file) = hub.connectors().own().file(new.id()).map(str::to_owned) {
        let message = format!("the id \"{}\" is that of \"{file}\" already; update that one", new.id());
        return Err(refused(&new.text, &request_file, "/id", &message));
    }
    if hub.connectors().own().is_taken(new.id()) {
        let message = format!("\"{}.json\" is there already and has a mistake; update it", new.id());
        return Err(refused(&new.text, &request_file, "/id", &message));
    }
    keep(hub, &new)
}

/// Changes a connector of the user's own, or mends its file. `NOT_FOUND` where there is none with this
/// identifier.
pub async fn update(hub: &Hub, _: &str, request: DescriptorText) -> Result<DescriptorSaved, Problem> {
    let new = checked(hub, request)?;
    if !hub.connectors().own().is_taken(new.id()) {
        return Err(unknown(new.id()));
    }
    keep(hub, &new)
}

/// A definition as the editor has it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct DescriptorSaveRequest {
    /// Its text.
    pub text: String,
    /// The connector that is edited; a new one where absent.
    #[serde(default)]
    pub connector: Option<ConnectorId>,
}

/// Saves what the editor has. The identifier of a connector stays: its connections name it.
pub async fn save(
    hub: &Hub,
    workspace: &str,
    request: DescriptorSaveRequest,
) -> Result<DescriptorSaved, Problem> {
    let DescriptorSaveRequest { text, connector } = request;
    let file = connector.as_ref().map_or_else(|| "definition".to_owned(), |id| format!("{id}.json"));
    let Some(connector) = connector else {
        return add(hub, workspace, DescriptorText { file, text }).await;
    };
    let new = checked(hub, DescriptorText { file: file.clone(), text })?;
    if hub.connectors().own().get(&connector).is_none() {
        return Err(unknown(&connector));
    }
    if *new.id() != connector {
        let message =
            format!("the id of this connector is \"{connector}\" and stays; duplicate it for another");
        return Err(refused(&new.text, &file, "/id", &message));
    }
    keep(hub, &new)
}

/// The text as a definition that may be kept.
fn checked(hub: &Hub, request: DescriptorText) -> Result<Definition, Problem> {
    hub.refresh_connectors();
    definition(&request.file, request.text, &|id| hub.connectors().is_built_in(id)).map_err(together)
}

/// Every mistake in one problem: the first, with the others in its detail.
fn together(mistakes: Vec<Problem>) -> Problem {
    let others: Vec<String> = mistakes.iter().skip(1).map(Problem::hint).collect();
    let first = first(mistakes);
    if others.is_empty() { first } else { first.detail(others.join("\n")) }
}

fn keep(hub: &Hub, new: &Definition) -> Result<DescriptorSaved, Problem> {
    let file = hub.connectors().own().write(new.id(), &new.text)?;
    hub.refresh_connectors();
    let descriptor = new.compiled.descriptor();
    Ok(DescriptorSaved {
        id: descriptor.id.clone(),
        name: descriptor.name.clone(),
        version: descriptor.version.clone(),
        file,
    })
}

/// The user's own connectors.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DescriptorList {
    /// Those in use, by identifier.
    pub connectors: Vec<OwnConnector>,
    /// What is wrong with any of their files.
    pub problems: Vec<Problem>,
}

/// A connector of the user's own.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OwnConnector {
    /// Its identifier.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
    /// The version in use.
    pub version: String,
    /// The file's name below `connectors` in the data folder.
    pub file: String,
    /// Whether the file has a mistake, and the version from before it is in use.
    pub outdated: bool,
    /// The connections that use it, in every workspace.
    pub connections: Vec<String>,
}

/// Lists the user's own connectors.
pub async fn list(hub: &Hub, _: &str, _: Empty) -> Result<DescriptorList, Problem> {
    hub.refresh_connectors();
    let (mut connectors, problems) = {
        let own = hub.connectors().own();
        let connectors: Vec<OwnConnector> = own
            .used()
            .map(|one| OwnConnector {
                id: one.id().clone(),
                name: one.compiled.descriptor().name.clone(),
                version: one.compiled.descriptor().version.clone(),
                file: own.file(one.id()).unwrap_or_default().to_owned(),
                outdated: !own.problems_of(one.id()).is_empty(),
                connections: Vec::new(),
            })
            .collect();
        (connectors, own.problems().collect())
    };
    for connector in &mut connectors {
        connector.connections = users(hub, &connector.id).await?;
    }
    Ok(DescriptorList { connectors, problems })
}

/// The connections of a connector in every workspace; with the workspace's name where it is not the
/// first one.
async fn users(hub: &Hub, connector: &ConnectorId) -> Result<Vec<String>, Problem> {
    let mut users = Vec::new();
    for name in workspaces::names(hub)? {
        let workspace = hub.workspace(&name).await?;
        let filter =
            ConnectionFilter { connector: Some(connector.clone()), state: None, offset: 0, limit: 1_000 };
        let page = workspace.store().connection_list(filter).await?;
        users.extend(page.items.into_iter().map(|connection| match name.as_str() {
            workspaces::DEFAULT => connection.name,
            other => format!("{} ({other})", connection.name),
        }));
    }
    Ok(users)
}

/// What was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DescriptorRemoved {
    /// The connector.
    pub id: ConnectorId,
}

/// Removes a connector of the user's own with its file. `STILL_USED` while connections need it.
pub async fn remove(hub: &Hub, _: &str, request: ConnectorRef) -> Result<DescriptorRemoved, Problem> {
    let id = request.connector;
    let about = || Subject::Connector { id: id.to_string() };
    hub.refresh_connectors();
    if hub.connectors().is_built_in(&id) {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", format!("The connector \"{id}\""))
            .with("message", "It ships with Patchbay and cannot be removed.")
            .about(about()));
    }
    if hub.connectors().own().get(&id).is_none() {
        return Err(unknown(&id));
    }
    let users = users(hub, &id).await?;
    if !users.is_empty() {
        return Err(Problem::new(Code::StillUsed)
            .with("item", format!("The connector \"{id}\""))
            .with("message", format!("Disconnect first: {}.", users.join(", ")))
            .about(about()));
    }
    hub.connectors().own().delete(&id)?;
    hub.refresh_connectors();
    Ok(DescriptorRemoved { id })
}

/// Whose definition to give.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct DescriptorTextRequest {
    /// The connector; where absent, what a new one begins with.
    #[serde(default)]
    pub connector: Option<ConnectorId>,
}

/// A definition as its author wrote it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DescriptorSource {
    /// What its file holds now, which may have a mistake.
    pub text: String,
    /// Whether the user wrote it, and so can change it.
    pub mine: bool,
}

/// Gives a definition's text.
pub async fn text(hub: &Hub, _: &str, request: DescriptorTextRequest) -> Result<DescriptorSource, Problem> {
    hub.refresh_connectors();
    let Some(id) = request.connector else {
        return Ok(DescriptorSource { text: STARTER.to_owned(), mine: false });
    };
    if let Some(text) = hub.connectors().own().text(&id) {
        return Ok(DescriptorSource { text, mine: true });
    }
    let text = built_in_text(&id).ok_or_else(|| unknown(&id))?;
    Ok(DescriptorSource { text: text.to_owned(), mine: false })
}

/// The JSON Schema of the format.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DescriptorSchema {
    /// Draft 2020-12.
    pub schema: Value,
}

/// Gives the JSON Schema of the format, for editors.
pub async fn schema(_: &Hub, _: &str, _: Empty) -> Result<DescriptorSchema, Problem> {
    Ok(DescriptorSchema { schema: json_schema() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_author_begins_with_is_in_order() {
        assert_eq!(patchbay_descriptor::read(STARTER, "starter.json").err(), None);
    }
}
