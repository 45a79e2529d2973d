use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::sys::stat::{Mode, umask};
use patchbay_store::OwnerLock;

use crate::house::{House, add_connection};

fn modes(dir: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let (file, name) = (entry.metadata().unwrap(), entry.file_name());
        let mode = file.permissions().mode() & 0o777;
        found.push((name.into_string().unwrap(), mode));
        if file.is_dir() {
            modes(&entry.path(), found);
        }
    }
}

#[tokio::test]
async fn nobody_else_may_read_anything_whatever_the_umask() {
    umask(Mode::empty());
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    // A folder that was made by hand, and too open.
    fs::create_dir_all(data.join("workspaces/default")).unwrap();
    let _lock = OwnerLock::acquire(&data).unwrap();
    let house = House::at(&data.join("workspaces/default"));
    house.open().await.close().await;
    // As a careless copy back from elsewhere leaves it.
    fs::set_permissions(house.database(), fs::Permissions::from_mode(0o644)).unwrap();
    let store = house.open().await;
    add_connection(&store, "tracker").await;
    store.daily_copy().await.unwrap().unwrap();
    store.backup(&data.join("mine.db")).await.unwrap();
    let mut found = Vec::new();
    modes(&data, &mut found);
    for file in ["patchbay.db", "patchbay.db-wal", "patchbay.db-shm", "owner.lock", "mine.db"] {
        assert!(found.contains(&(file.to_owned(), 0o600)), "{file}: {found:?}");
    }
    for folder in ["default", "backups"] {
        assert!(found.contains(&(folder.to_owned(), 0o700)), "{folder}: {found:?}");
    }
    let open: Vec<_> = found.iter().filter(|(name, mode)| mode & 0o077 != 0 && name != "workspaces").collect();
    assert!(open.is_empty(), "{open:?}");
    let mode = fs::metadata(&data).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "the data folder keeps everybody out");
}
