use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use patchbay_model::{Code, Problem};

use crate::house::{House, add_connection, add_signal, connections};

/// A small file system, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this process may not mount.
    fn mount(at: &Path, options: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
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
        let Some(disk) = SmallDisk::mount(&root.path().join("disk"), "size=4m") else {
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
        add_signal(&store, &id, "healed", 1_000).await.expect("space was made, no restart");
        stored += 1;
        assert_eq!(store.integrity().await.unwrap(), Vec::<String>::new());
        assert_eq!(store.signal_count(&id).await.unwrap(), stored, "what was acknowledged is there");
        store.close().await;
        let store = house.open().await;
        assert_eq!(store.signal_count(&id).await.unwrap(), stored, "and after a restart");
        assert!(store.notes().is_empty(), "{:?}", store.notes());
        store.close().await;
    }
}

/// More pages than an empty database and what is written beside it take.
const PAGES: usize = 400;

#[tokio::test]
async fn opening_with_too_little_space_is_named_and_works_once_there_is_enough() {
    let root = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&root.path().join("disk"), "size=4m") else {
        eprintln!("skipped: this process may not mount a small file system");
        return;
    };
    let mut refused = 0;
    // From nothing to more than an empty database takes, page by page: each step of opening is
    // the first that fails once.
    for pages in (0..PAGES).step_by(2) {
        let house = House::at(&disk.0.join("default"));
        fs::create_dir_all(house.dir.join("backups")).unwrap();
        let mut filler = vec![0; 4 << 20];
        while fs::write(disk.0.join("filler"), &filler).is_err() {
            filler.truncate(filler.len() - 4_096);
        }
        let filler_file = fs::File::options().write(true).open(disk.0.join("filler"));
        let left = filler.len().saturating_sub(pages * 4_096);
        filler_file.unwrap().set_len(left as u64).unwrap();
        match house.try_open().await {
            Ok(store) => store.close().await,
            Err(error) => {
                refused += 1;
                let said = format!("{error:?}");
                assert_eq!(Problem::from(error).code(), Code::StorageFull, "{pages}: {said}");
            }
        }
        fs::remove_file(disk.0.join("filler")).unwrap();
        let store = house.open().await;
        add_connection(&store, "tracker").await;
        assert!(store.notes().is_empty(), "{pages}: {:?}", store.notes());
        store.close().await;
        fs::remove_dir_all(&house.dir).unwrap();
    }
    assert!((10..PAGES / 2).contains(&refused), "{refused} of {} had too little", PAGES / 2);
}

#[tokio::test]
async fn a_disk_that_takes_no_more_files_is_full() {
    let mut refused = 0;
    for files in 2..12 {
        let root = tempfile::tempdir().unwrap();
        let options = format!("size=4m,nr_inodes={files}");
        let Some(disk) = SmallDisk::mount(&root.path().join("disk"), &options) else {
            eprintln!("skipped: this process may not mount a small file system");
            return;
        };
        let house = House::at(&disk.0.join("default"));
        match house.try_open().await {
            Ok(store) => {
                add_connection(&store, "tracker").await;
                store.close().await;
            }
            Err(error) => {
                refused += 1;
                let said = format!("{error:?}");
                assert_eq!(Problem::from(error).code(), Code::StorageFull, "{files}: {said}");
            }
        }
    }
    assert!((2..10).contains(&refused), "{refused} of 10 had too few");
}
