//! Copies of a workspace's database.

use std::path::PathBuf;

use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::workspaces::Empty;

/// Where to write the copy.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// The file; must not be there yet. Where absent the user chooses it, or, where there is no screen to
    /// choose on, it goes to the folder of the copies that are made by themselves.
    pub file: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BackupResponse {
    /// The file; none where the user declined.
    pub file: Option<PathBuf>,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Writes a copy of the workspace's database. Credentials in it stay sealed: without the secret
/// store of this computer they cannot be opened.
pub async fn backup(hub: &Hub, workspace: &str, request: BackupRequest) -> Result<BackupResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let file = match request.file {
        Some(file) => file,
        None => {
            let stamp = hub.clock().now().strftime("%Y%m%dT%H%M%SZ");
            let name = format!("patchbay-{}-{stamp}.db", workspace.name());
            match hub.host().place_file(&name) {
                Ok(Some(file)) => file,
                Ok(None) => return Ok(BackupResponse { file: None, bytes: 0 }),
                Err(problem) if problem.code() == Code::NotOffered => {
                    hub.workspace_dir(workspace.name()).join("backups").join(format!("asked-for-{stamp}.db"))
                }
                Err(problem) => return Err(problem),
            }
        }
    };
    if file.exists() {
        return Err(file_problem(Code::Conflict, &file, "Choose a file that is not there yet."));
    }
    workspace.store().backup(&file).await?;
    let bytes = std::fs::metadata(&file).map_or(0, |meta| meta.len());
    Ok(BackupResponse { file: Some(file), bytes })
}

/// Puts a copy in the place of a workspace's database. The replaced one is kept aside and named, where
/// there was one. Runs before the workspace is opened, so it is not a command of the list.
pub async fn restore(hub: &Hub, workspace: &str, file: &std::path::Path) -> Result<Option<PathBuf>, Problem> {
    crate::hub::check_workspace_name(workspace)?;
    if !file.is_file() {
        return Err(file_problem(Code::NotFound, file, ""));
    }
    hub.close_workspace(workspace).await;
    Ok(patchbay_store::Store::restore(&hub.workspace_dir(workspace), file).await?)
}

fn file_problem(code: Code, file: &std::path::Path, message: &str) -> Problem {
    let path = file.display().to_string();
    Problem::new(code)
        .with("item", format!("The file \"{path}\""))
        .with("message", message)
        .about(Subject::File { path, line: None, column: None, pointer: None })
}

/// Confirmed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Confirmed {
    /// Always true.
    pub confirmed: bool,
}

/// Confirms that this computer runs the triggers of data that came from another.
pub async fn confirm_machine(hub: &Hub, workspace: &str, _: Empty) -> Result<Confirmed, Problem> {
    hub.workspace(workspace).await?.store().confirm_machine().await?;
    Ok(Confirmed { confirmed: true })
}
