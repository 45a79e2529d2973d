//! Workspaces: one folder, one database and one key namespace each.

use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};

use crate::hub::{Hub, check_workspace_name};

/// The workspace that is there without being asked for.
pub const DEFAULT: &str = "default";

/// Nothing to say.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// The workspaces of a data folder.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WorkspaceList {
    /// Their names, sorted; `default` first.
    pub workspaces: Vec<String>,
}

/// Lists workspaces.
pub async fn list(hub: &Hub, _: &str, _: Empty) -> Result<WorkspaceList, Problem> {
    Ok(WorkspaceList { workspaces: names(hub)? })
}

pub(crate) fn names(hub: &Hub) -> Result<Vec<String>, Problem> {
    let mut workspaces = patchbay_store::workspaces(hub.data_dir()).map_err(Problem::from)?;
    workspaces.retain(|name| name != DEFAULT);
    workspaces.sort();
    workspaces.insert(0, DEFAULT.to_owned());
    Ok(workspaces)
}

/// A workspace by name.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct WorkspaceName {
    /// Letters, digits, hyphens and underscores; at most 40.
    pub name: String,
}

/// Makes a workspace. `CONFLICT` where the name is taken.
pub async fn create(hub: &Hub, _: &str, request: WorkspaceName) -> Result<WorkspaceName, Problem> {
    check_workspace_name(&request.name)?;
    let dir = hub.workspace_dir(&request.name);
    if dir.exists() {
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("The workspace \"{}\"", request.name))
            .with("message", "Choose another name.")
            .about(Subject::Field { name: "name".into() }));
    }
    make_private_dir(&dir)?;
    hub.workspace(&request.name).await?;
    Ok(request)
}

/// Deletes a workspace with everything in it, its key included.
pub async fn delete(hub: &Hub, _: &str, request: WorkspaceName) -> Result<WorkspaceName, Problem> {
    // Opening it first says NOT_FOUND in the usual words.
    let workspace = hub.workspace(&request.name).await?;
    let (vault, kept) = (workspace.vault().clone(), workspace.store().credentials().await?);
    hub.close_workspace(&request.name).await;
    let dir = hub.workspace_dir(&request.name);
    std::fs::remove_dir_all(&dir).map_err(|error| {
        Problem::new(Code::Internal).detail(format!("the workspace's folder could not be deleted: {error}"))
    })?;
    // The folder is gone, so nothing is left to open with the key; a keyring that is locked keeps
    // a key without a lock.
    if let Err(error) = tokio::task::spawn_blocking(move || vault.destroy_keys(&kept)).await.unwrap_or(Ok(())) {
        tracing::warn!(%error, "the deleted workspace's key stays in the secret store");
    }
    Ok(request)
}

fn make_private_dir(dir: &std::path::Path) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| {
        Problem::new(Code::StorageFull).detail(format!("the workspace's folder could not be made: {error}"))
    })
}
