//! Workspaces: one folder, one database and one key namespace each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::text::display_line;
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
    /// What the user calls those that were given another name to be shown by.
    pub labels: BTreeMap<String, String>,
}

/// Lists workspaces.
pub async fn list(hub: &Hub, _: &str, _: Empty) -> Result<WorkspaceList, Problem> {
    all(hub)
}

fn all(hub: &Hub) -> Result<WorkspaceList, Problem> {
    let workspaces = names(hub)?;
    let labels =
        workspaces.iter().filter_map(|name| Some((name.clone(), label(&hub.workspace_dir(name))?))).collect();
    Ok(WorkspaceList { workspaces, labels })
}

pub(crate) fn names(hub: &Hub) -> Result<Vec<String>, Problem> {
    let mut workspaces = patchbay_store::workspaces(hub.data_dir()).map_err(Problem::from)?;
    workspaces.retain(|name| name != DEFAULT && !hub.is_leaving(name));
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

/// A workspace to make.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct WorkspaceCreate {
    /// Letters, digits, hyphens and underscores; at most 40.
    pub name: String,
    /// What it is shown as; its name where absent.
    #[serde(default)]
    pub label: Option<String>,
}

/// Makes a workspace. `CONFLICT` where the name is taken, or where another is shown so: nothing is made then.
pub async fn create(hub: &Hub, _: &str, request: WorkspaceCreate) -> Result<WorkspaceName, Problem> {
    check_workspace_name(&request.name)?;
    let label = request.label.as_deref().map(|label| free_label(hub, &request.name, label)).transpose()?;
    let dir = hub.workspace_dir(&request.name);
    if dir.exists() || hub.is_leaving(&request.name) {
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("The workspace \"{}\"", request.name))
            .with("message", "Choose another name.")
            .about(Subject::Field { name: "name".into() }));
    }
    make_private_dir(&dir)?;
    if let Some(label) = label {
        write_label(&dir, &label)?;
    }
    hub.workspace(&request.name).await?;
    Ok(WorkspaceName { name: request.name })
}

/// Deletes a workspace with everything in it, its key included.
pub async fn delete(hub: &Hub, _: &str, request: WorkspaceName) -> Result<WorkspaceName, Problem> {
    // Opening it first says NOT_FOUND in the usual words.
    let workspace = hub.workspace(&request.name).await?;
    let (vault, kept) = (workspace.vault().clone(), workspace.store().credentials().await?);
    let _leaving = hub.close_workspace(&request.name).await;
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

/// What a workspace is to be called.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct WorkspaceRename {
    /// The workspace.
    pub name: String,
    /// What it is shown as: at most [`LONGEST_LABEL`] characters of one line.
    pub label: String,
}

/// Shows a workspace under another name. Its folder, its keys and its webhooks' addresses keep the first
/// one: nothing that refers to it breaks. `CONFLICT` where another is shown so.
pub async fn rename(hub: &Hub, _: &str, request: WorkspaceRename) -> Result<WorkspaceRename, Problem> {
    // Opening it first says NOT_FOUND in the usual words.
    hub.workspace(&request.name).await?;
    let label = free_label(hub, &request.name, &request.label)?;
    write_label(&hub.workspace_dir(&request.name), &label)?;
    Ok(WorkspaceRename { name: request.name, label })
}

/// What a workspace may be shown as: not as another one.
fn free_label(hub: &Hub, name: &str, wanted: &str) -> Result<String, Problem> {
    let label = display_line(wanted, LONGEST_LABEL).trim().to_owned();
    let field = |problem: Problem| problem.about(Subject::Field { name: "label".into() });
    if label.is_empty() || wanted.trim().chars().count() > LONGEST_LABEL {
        return Err(field(
            Problem::new(Code::InputInvalid)
                .with("field", "The workspace's name")
                .with("message", format!("Use at least one character and at most {LONGEST_LABEL}.")),
        ));
    }
    let list = all(hub)?;
    let shown = |name: &String| list.labels.get(name).unwrap_or(name).to_lowercase();
    if list.workspaces.iter().any(|other| *other != name && shown(other) == label.to_lowercase()) {
        return Err(field(
            Problem::new(Code::Conflict)
                .with("item", format!("The workspace \"{label}\""))
                .with("message", "Choose another name."),
        ));
    }
    Ok(label)
}

fn write_label(dir: &Path, label: &str) -> Result<(), Problem> {
    let file = label_file(dir);
    let part = file.with_extension("part");
    std::fs::write(&part, label).and_then(|()| std::fs::rename(&part, &file)).map_err(|error| {
        Problem::new(Code::StorageFull).detail(format!("the workspace's name could not be written: {error}"))
    })
}

/// Characters of the longest name that a workspace is shown by.
const LONGEST_LABEL: usize = 40;

fn label_file(dir: &Path) -> PathBuf {
    dir.join("label")
}

fn label(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(label_file(dir)).ok()?;
    let line = display_line(&text, LONGEST_LABEL).trim().to_owned();
    (!line.is_empty()).then_some(line)
}

fn make_private_dir(dir: &Path) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| {
        Problem::new(Code::StorageFull).detail(format!("the workspace's folder could not be made: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::json;

    use crate::Hub;
    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn a_workspace_is_shown_under_another_name_and_keeps_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let call = async |name: &str, request| dispatch(&hub, "default", name, request).await;
        call("workspace_create", json!({"name": "second"})).await.unwrap();
        call("workspace_rename", json!({"name": "second", "label": " Büro \u{202e}2 "})).await.unwrap();
        let list = call("workspace_list", json!({})).await.unwrap();
        assert_eq!(list, json!({"workspaces": ["default", "second"], "labels": {"second": "Büro 2"}}));
        assert!(dispatch(&hub, "second", "chain_list", json!({})).await.is_ok(), "it answers to its own name");

        let refused = async |label: &str| {
            let problem =
                call("workspace_rename", json!({"name": "default", "label": label})).await.unwrap_err();
            problem.code().to_string()
        };
        assert_eq!(refused("büro 2").await, "CONFLICT", "two that look the same cannot be told apart");
        assert_eq!(refused("   ").await, "INPUT_INVALID");
        assert_eq!(refused(&"x".repeat(41)).await, "INPUT_INVALID");
        let gone = call("workspace_rename", json!({"name": "third", "label": "x"})).await.unwrap_err();
        assert_eq!(gone.code().to_string(), "NOT_FOUND");

        call("workspace_delete", json!({"name": "second"})).await.unwrap();
        assert_eq!(
            call("workspace_list", json!({})).await.unwrap()["labels"],
            json!({}),
            "its name goes with it"
        );
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn pausing_everything_holds_for_workspaces_that_are_broken_and_those_made_later() {
        let dir = tempfile::tempdir().unwrap();
        let start = || hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let mut first = start();
        let call = async |hub: &Hub, name: &str, request| dispatch(hub, "default", name, request).await;
        for name in ["broken", "later"] {
            call(&first, "workspace_create", json!({ "name": name })).await.unwrap();
        }
        first.close_workspace("broken").await;
        // Of a later version, by its header (SQLite file format 1.3, the user version at offset 60).
        let file = dir.path().join("workspaces/broken/patchbay.db");
        let before = std::fs::read(&file).unwrap();
        let mut later = before.clone();
        later[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
        std::fs::write(&file, later).unwrap();
        let paused = async |hub: &Hub, name: &str| {
            hub.workspace(name).await.unwrap().knobs().await.unwrap().defaults.sync_paused
        };
        let said = call(&first, "sync_pause_all", json!({"paused": true})).await.unwrap();
        assert_eq!(said, json!({"paused": true, "untold": ["broken"]}));
        call(&first, "workspace_create", json!({"name": "new"})).await.unwrap();
        for _ in 0..2 {
            for name in ["default", "later", "new"] {
                assert!(paused(&first, name).await, "{name}");
            }
            first.shut_down().await;
            drop(first);
            first = start();
        }
        std::fs::write(&file, before).unwrap();
        assert!(paused(&first, "broken").await, "mended, it is paused as the others");
        let said = call(&first, "sync_pause_all", json!({"paused": false})).await.unwrap();
        assert_eq!(said, json!({"paused": false, "untold": []}));
        for name in ["broken", "default", "later", "new"] {
            assert!(!paused(&first, name).await, "{name}");
        }
        first.shut_down().await;
    }

    #[tokio::test]
    async fn a_workspace_that_cannot_have_its_name_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let make = async |name: &str, label: &str| {
            dispatch(&hub, "default", "workspace_create", json!({"name": name, "label": label})).await
        };
        make("second", "Büro").await.unwrap();
        assert_eq!(make("third", "büro").await.unwrap_err().code().to_string(), "CONFLICT");
        assert_eq!(make("third", " ").await.unwrap_err().code().to_string(), "INPUT_INVALID");
        let list = dispatch(&hub, "default", "workspace_list", json!({})).await.unwrap();
        assert_eq!(list, json!({"workspaces": ["default", "second"], "labels": {"second": "Büro"}}));
        hub.shut_down().await;
    }

    /// Its runs are let end before its folder goes: whoever asks meanwhile would open it again under them.
    #[tokio::test]
    async fn a_workspace_that_is_being_left_is_nobodys_until_that_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let code = async |workspace: &str, name: &str, request| {
            let answer = dispatch(&hub, workspace, name, request).await;
            answer.err().map(|problem| problem.code().to_string())
        };
        assert_eq!(code("default", "workspace_create", json!({"name": "second"})).await, None);
        let leaving = hub.close_workspace("second").await;
        assert!(dir.path().join("workspaces/second").exists(), "its folder is still there");
        assert_eq!(code("second", "chain_list", json!({})).await.as_deref(), Some("NOT_FOUND"));
        assert_eq!(
            code("default", "workspace_create", json!({"name": "second"})).await.as_deref(),
            Some("CONFLICT")
        );
        let list = dispatch(&hub, "default", "workspace_list", json!({})).await.unwrap();
        assert_eq!(list["workspaces"], json!(["default"]));
        drop(leaving);
        assert_eq!(code("second", "chain_list", json!({})).await, None, "it could not be deleted: it is back");
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn a_page_that_reads_a_workspace_while_it_is_deleted_does_not_bring_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        dispatch(&hub, "default", "workspace_create", json!({"name": "second"})).await.unwrap();
        let delete = dispatch(&hub, "default", "workspace_delete", json!({"name": "second"}));
        let read = async {
            let mut read = 0;
            // Reads as fast as it can, until the workspace is gone.
            while dispatch(&hub, "second", "chain_list", json!({})).await.is_ok() {
                read += 1;
                tokio::task::yield_now().await;
                if read > 10_000 {
                    break;
                }
            }
            read
        };
        let (deleted, read) = tokio::join!(delete, read);
        deleted.unwrap();
        assert!(read < 10_000, "the workspace answers although it is gone");
        assert!(!dir.path().join("workspaces/second").exists());
        let gone = dispatch(&hub, "second", "chain_list", json!({})).await.unwrap_err();
        assert_eq!(gone.code().to_string(), "NOT_FOUND");
        dispatch(&hub, "default", "workspace_create", json!({"name": "second"})).await.unwrap();
        hub.shut_down().await;
    }
}
