//! The workspaces of a data folder: one folder, one database each.

use std::path::Path;
use std::{fs, io};

use crate::StoreError;
use crate::open::DATABASE;

/// The names of the workspaces under `<root>/workspaces`, sorted. A folder without a database, or
/// whose name is not UTF-8, is none.
pub fn workspaces(root: &Path) -> Result<Vec<String>, StoreError> {
    let parent = root.join("workspaces");
    let failed = |error| StoreError::file("listing", &parent, error);
    let entries = match fs::read_dir(&parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.path().join(DATABASE).is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
