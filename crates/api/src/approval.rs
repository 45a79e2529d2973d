//! What a connection's key may do: where it may go, and how it is sent. The person approves it when
//! connecting, and again where a definition or an import asks for something else.

use patchbay_auth::consent;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Connection, Event};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::workspace::Workspace;

/// What the person approves.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveRequest {
    /// The connection.
    pub name: String,
    /// Every address as the person saw it. Nothing is approved where the connection wants another.
    pub origins: Vec<String>,
    /// Every change of the sign-in as the person saw it. Nothing is approved where there is another.
    #[serde(default)]
    pub changes: Vec<SignInChange>,
    /// Whether private addresses are allowed; stays as it is where absent.
    #[serde(default)]
    pub allow_private: Option<bool>,
}

/// What a connection wants and what it may.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Approval {
    /// Where its settings lead.
    pub wanted: Vec<String>,
    /// Where its key may go.
    pub approved: Vec<String>,
    /// In what its sign-in is not as it was approved.
    pub changes: Vec<SignInChange>,
}

/// One thing in a sign-in that is not as it was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SignInChange {
    /// What, as the definition calls it, such as `tokenUrl`.
    pub what: String,
    /// As it was approved; empty where it was not there.
    pub before: String,
    /// As it is now; empty where it is gone.
    pub now: String,
}

/// Says where a connection's settings lead, how its sign-in has changed, and what of it is approved.
pub async fn show(
    hub: &Hub,
    workspace: &str,
    request: crate::connections::ConnectionName,
) -> Result<Approval, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    of(&workspace, connection)
}

fn of(workspace: &Workspace, connection: Connection) -> Result<Approval, Problem> {
    let compiled = workspace.connectors().get(&connection.connector)?;
    let method = compiled.descriptor().auth_method_of(&connection);
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let differences = consent::differences(&connection, method);
    let changes = differences.into_iter().map(|difference| SignInChange {
        what: difference.what,
        before: text(&difference.before),
        now: text(&difference.now),
    });
    Ok(Approval {
        wanted: compiled.origins(&connection.config, method)?,
        changes: changes.collect(),
        approved: connection.origins,
    })
}

/// Approves where a connection's key may go and how it is sent, as after an import or another definition.
pub async fn approve(hub: &Hub, workspace: &str, request: ApproveRequest) -> Result<Approval, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut connection = workspace.connection(&request.name).await?;
    let Approval { wanted, changes, .. } = of(&workspace, connection.clone())?;
    if wanted != request.origins || changes != request.changes {
        let what: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
        let message = match what.as_slice() {
            [] => format!("It leads to {}. Look again before you approve.", wanted.join(", ")),
            what => format!(
                "It leads to {}, and its sign-in has changed in {}. Look again before you approve.",
                wanted.join(", "),
                what.join(", ")
            ),
        };
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("The connection \"{}\"", connection.name))
            .with("message", message)
            .about(Subject::Connection { name: connection.name }));
    }
    connection.origins.clone_from(&wanted);
    if let Some(allow) = request.allow_private {
        connection.allow_private = allow;
    }
    let compiled = workspace.connectors().get(&connection.connector)?;
    let method = compiled.descriptor().auth_method_of(&connection);
    consent::approve(&mut connection.metadata, method);
    workspace.store().connection_update(&connection).await?;
    workspace.note("connection_approved").await;
    workspace.resume_reading(&connection.id).await;
    workspace.events().emit(Event::ConnectionChanged { id: connection.id });
    Ok(Approval { approved: wanted.clone(), wanted, changes: Vec::new() })
}
