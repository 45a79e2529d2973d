//! What a tool offers for a setting, while somebody sets a connection up.

use patchbay_connector::Choices;
use patchbay_model::problem::{Code, Problem};
use serde::Deserialize;

use crate::connections::ConnectRequest;
use crate::data::check_resumed;
use crate::drafts::{draft_so_far, signed_in};
use crate::hub::Hub;

/// A setting, and with what the tool is asked: a connection that is there, or what would be connected.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChoicesRequest {
    /// The setting's key.
    pub setting: String,
    /// The name of a connection that is there.
    #[serde(default)]
    pub connection: Option<String>,
    /// What would be connected, with its settings as far as they are known.
    #[serde(default)]
    pub draft: Option<ConnectRequest>,
}

/// Asks the tool what may be entered. Keeps nothing.
pub async fn list(hub: &Hub, workspace: &str, request: ChoicesRequest) -> Result<Choices, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let target = match (request.connection, request.draft) {
        (Some(name), None) => {
            let target = workspace.target(&name).await?;
            check_resumed(&target)?;
            target
        }
        (None, Some(draft)) => {
            let compiled = workspace.connectors().get(&draft.connector)?;
            let outcome = signed_in(&workspace, &draft)?;
            draft_so_far(hub, compiled, draft, outcome)?.target()
        }
        _ => {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "The connection")
                .with("message", "Give the name of a connection, or what would be connected."));
        }
    };
    workspace.engine().choices(&target, &request.setting).await
}
