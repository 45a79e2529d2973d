//! Files that only their owner may read, whatever the umask says.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Makes a folder that only its owner may enter, or makes an existing one so.
pub(crate) fn private_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .and_then(|()| fs::set_permissions(dir, Permissions::from_mode(0o700)))
        .map_err(|error| StoreError::file("making the folder", dir, error))
}

/// Opens a file that only its owner may read, making it where it is not there. SQLite gives the
/// `-wal` and `-shm` files beside a database the database's own permissions.
pub(crate) fn private_file(path: &Path) -> Result<File, StoreError> {
    let failed = |error| StoreError::file("making the file", path, error);
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(file)
}

/// Makes files and renames of a folder survive a power failure.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StoreError::file("writing the folder", dir, error))
}

/// Copies a file into place: beside the target first, then durable, then renamed.
pub(crate) fn place(from: &Path, to: &Path) -> Result<(), StoreError> {
    let part = beside(to, ".part");
    let copied = private_file(&part).and_then(|mut target| {
        let copy = |target: &mut File| {
            target.set_len(0)?;
            let mut source = File::open(from)?;
            std::io::copy(&mut source, target)?;
            target.sync_all()
        };
        copy(&mut target).map_err(|error| StoreError::file("copying", from, error))
    });
    if let Err(error) = copied.and_then(|()| rename(&part, to)) {
        // The space it took is worth more than the half copy.
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    Ok(())
}

/// Renames a file durably.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| StoreError::file("renaming", from, error))?;
    to.parent().map_or(Ok(()), sync_dir)
}

/// Keeps a database under another name, its `-wal` and `-shm` with it, and returns that name. The
/// old name stays until the caller replaces or deletes it, so that a kill in between never leaves
/// a workspace that looks new.
pub(crate) fn set_aside(database: &Path, suffix: &str) -> Result<PathBuf, StoreError> {
    let mut aside = beside(database, suffix);
    let mut again = 2;
    while aside.exists() {
        aside = beside(database, &format!("{suffix}-{again}"));
        again += 1;
    }
    if fs::hard_link(database, &aside).is_err() {
        // A file system without links.
        place(database, &aside)?;
    }
    for part in ["-wal", "-shm"] {
        let file = beside(database, part);
        if file.exists() {
            rename(&file, &beside(&aside, part))?;
        }
    }
    database.parent().map_or(Ok(()), sync_dir)?;
    Ok(aside)
}

/// Deletes a file durably.
pub(crate) fn delete(path: &Path) -> Result<(), StoreError> {
    fs::remove_file(path).map_err(|error| StoreError::file("deleting", path, error))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// The path with `suffix` at the end of its file name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
