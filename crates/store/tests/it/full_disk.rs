use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use patchbay_model::{Code, Problem};

use crate::house::{House, add_connection, add_signal, connections};

/// A file system of 4 MB, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this process may not mount.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(at)
            .output();
        let done = mounted.is_ok_and(|output| output.status.success());
        done.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_named_damages_nothing_and_heals_without_a_restart() {
    // Large writes fail in the middle of a transaction, small ones on committing.
    for bytes in [200_000, 20_000, 500] {
        let root = tempfile::tempdir().unwrap();
        let Some(disk) = SmallDisk::mount(&root.path().join("disk")) else {
            eprintln!("skipped: this process may not mount a small file system");
            return;
        };
        let house = House::at(&disk.0.join("default"));
        let store = house.open().await;
        let id = add_connection(&store, "tracker").await;
        fs::write(disk.0.join("filler"), vec![0; 1_500_000]).unwrap();
        let mut stored = 0_u64;
        let refused = loop {
            match add_signal(&store, &id, &stored.to_string(), bytes).await {
                Ok(()) => stored += 1,
                Err(error) => break error,
            }
            assert!(stored < 100_000, "the disk is never full");
        };
        assert_eq!(Problem::from(refused).code(), Code::StorageFull);
        assert!(stored > 3, "the disk was full from the start");
        for _ in 0..20 {
            if let Err(error) = add_signal(&store, &id, "again", 300_000).await {
                assert_eq!(Problem::from(error).code(), Code::StorageFull);
            } else {
                panic!("300 kB went onto a full disk");
            }
        }
        let copy = store.backup(&disk.0.join("copy.db")).await.unwrap_err();
        assert_eq!(Problem::from(copy).code(), Code::StorageFull);
        assert_eq!(connections(&store).await, ["tracker"], "reading goes on");
        assert_eq!(store.signal_count(&id).await.unwrap(), stored);

        fs::remove_file(disk.0.join("filler")).unwrap();
        add_signal(&store, &id, "healed", 1_000)
            .await
            .expect("space was made, no restart");
        stored += 1;
        assert_eq!(store.integrity().await.unwrap(), Vec::<String>::new());
        assert_eq!(
            store.signal_count(&id).await.unwrap(),
            stored,
            "what was acknowledged is there"
        );
        store.close().await;
        let store = house.open().await;
        assert_eq!(
            store.signal_count(&id).await.unwrap(),
            stored,
            "and after a restart"
        );
        assert!(store.notes().is_empty(), "{:?}", store.notes());
        store.close().await;
    }
}

#[tokio::test]
async fn opening_on_a_full_disk_is_named_and_works_once_there_is_space() {
    let root = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&root.path().join("disk")) else {
        eprintln!("skipped: this process may not mount a small file system");
        return;
    };
    let house = House::at(&disk.0.join("default"));
    let mut filler = vec![0; 4 << 20];
    while fs::write(disk.0.join("filler"), &filler).is_err() {
        filler.truncate(filler.len() - 4_096);
    }
    let refused = house.try_open().await.unwrap_err();
    assert_eq!(Problem::from(refused).code(), Code::StorageFull);
    fs::remove_file(disk.0.join("filler")).unwrap();
    add_connection(&house.open().await, "tracker").await;
}
