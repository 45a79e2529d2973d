//! What a workspace takes on the disk.

use std::path::Path;

use serde::Serialize;

/// Bytes on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DiskUse {
    /// The database, with what is not merged into it yet.
    pub database: u64,
    /// Everything of the workspace, copies of the database and the sandbox's files too.
    pub total: u64,
}

/// Adds up a folder. What cannot be looked at counts as nothing: it is a figure for people.
pub(crate) fn disk_use(folder: &Path) -> DiskUse {
    let mut sum = DiskUse::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            // Links are not followed.
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                folders.push(entry.path());
                continue;
            }
            sum.total += meta.len();
            if next == folder && entry.file_name().to_string_lossy().contains(".db") {
                sum.database += meta.len();
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_are_added_up_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| std::fs::write(dir.path().join(name), vec![0; bytes]).unwrap();
        write("workspace.db", 10);
        write("workspace.db-wal", 5);
        std::fs::create_dir(dir.path().join("copies")).unwrap();
        write("copies/old.db", 100);
        std::os::unix::fs::symlink("/", dir.path().join("root")).unwrap();
        let sum = disk_use(dir.path());
        assert_eq!(sum.database, 15);
        assert!((115..300).contains(&sum.total), "{sum:?}");
    }
}
