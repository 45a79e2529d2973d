//! Files that leave the program where the user wants them.

use std::path::PathBuf;

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::text::display_line;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// A file to save.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FileSaveRequest {
    /// What it is proposed to be called. Whatever it holds, it is a name and never a path.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Where it is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FileSaved {
    /// None where the user declined.
    pub path: Option<PathBuf>,
}

/// Asks the user where to, and saves.
pub async fn save(hub: &Hub, _: &str, request: FileSaveRequest) -> Result<FileSaved, Problem> {
    let Some(path) = hub.host().place_file(&plain_name(&request.name))? else {
        return Ok(FileSaved { path: None });
    };
    std::fs::write(&path, request.text).map_err(|error| {
        let path = path.display().to_string();
        Problem::new(Code::InputInvalid)
            .with("field", format!("The file \"{path}\""))
            .with("message", "It cannot be written there. Choose another folder.")
            .detail(error.to_string())
            .about(Subject::File { path, line: None, column: None, pointer: None })
    })?;
    Ok(FileSaved { path: Some(path) })
}

/// What a folder is chosen for.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FolderPickRequest {
    /// What the dialog is called.
    pub title: String,
}

/// What was chosen.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FolderPicked {
    /// None where the user declined.
    pub path: Option<PathBuf>,
}

/// Lets the user choose a folder. `NOT_OFFERED` where there is no screen to choose on.
pub async fn pick_folder(hub: &Hub, _: &str, request: FolderPickRequest) -> Result<FolderPicked, Problem> {
    Ok(FolderPicked { path: hub.host().pick_folder(&display_line(&request.title, 80))? })
}

/// A name without what would make it a path, hide it or mislead about its ending.
fn plain_name(name: &str) -> String {
    let line = display_line(name, 120);
    let plain: String = line.chars().map(|c| if matches!(c, '/' | '\\' | ':') { '-' } else { c }).collect();
    match plain.trim_start_matches(['.', ' ', '-']) {
        "" => "patchbay.txt".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn a_name_never_becomes_a_path() {
        for (name, plain) in [
            ("report.json", "report.json"),
            ("../../.ssh/authorized_keys", "ssh-authorized_keys"),
            ("/etc/passwd", "etc-passwd"),
            ("C:\\Windows\\x.txt", "C--Windows-x.txt"),
            (".bashrc", "bashrc"),
            ("", "patchbay.txt"),
        ] {
            assert_eq!(plain_name(name), plain, "{name}");
        }
    }
}
