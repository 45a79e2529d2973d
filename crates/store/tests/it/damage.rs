use std::fs;

use patchbay_model::{Code, Problem};
use patchbay_store::StoreError;

use crate::house::{House, add_connection, add_signal, codes, connections, stranger};

/// What befalls a file.
type Damage = fn(&mut Vec<u8>);

const DAMAGES: [(&str, Damage); 4] = [
    ("no database at all", |bytes| bytes.fill(b'?')),
    ("a header that lies", |bytes| bytes[16..100].fill(0xff)),
    ("pages of rubbish", |bytes| bytes[4_096..].fill(0x5a)),
    ("one page that nobody reads at the start", |bytes| {
        let last = bytes.len() - 4_096;
        bytes[last..].fill(0x5a);
    }),
];

fn damage(house: &House, how: Damage) {
    let mut bytes = fs::read(house.database()).unwrap();
    how(&mut bytes);
    fs::write(house.database(), bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_database_is_set_aside_and_the_newest_good_copy_restored() {
    for (name, how) in DAMAGES {
        let root = tempfile::tempdir().unwrap();
        let house = House::at(root.path());
        let store = house.open().await;
        add_connection(&store, "in the copy").await;
        let copy = store.daily_copy().await.unwrap().unwrap();
        // A newer copy that is no good itself.
        let bad = house.dir.join("backups/daily-20991231T000000Z.db");
        fs::write(bad, b"SQLite format 3\0 and then nothing").unwrap();
        add_connection(&store, "after the copy").await;
        store.close().await;
        damage(&house, how);
        let damaged = fs::read(house.database()).unwrap();

        let store = house.open().await;
        assert_eq!(connections(&store).await, ["in the copy"], "{name}");
        assert_eq!(codes(&store.notes()), ["STORAGE_CORRUPT"], "{name}");
        let copy = copy.path.file_name().unwrap().to_str().unwrap().to_owned();
        let hint = store.notes()[0].hint();
        assert!(hint.contains(&copy), "{name}: {hint}");
        let aside = house.dir.join("patchbay.db.corrupt-20261120T120000Z");
        assert_eq!(fs::read(aside).unwrap(), damaged, "{name}: kept as it was");
        add_connection(&store, "goes on").await;
        store.close().await;
        let store = house.open().await;
        assert_eq!(codes(&store.notes()), Vec::<&str>::new(), "said once");
        assert_eq!(connections(&store).await, ["goes on", "in the copy"]);
    }
}

#[tokio::test]
async fn a_log_left_by_a_kill_is_not_played_onto_the_restored_copy() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(&root.path().join("alive"));
    let store = house.open().await;
    add_connection(&store, "in the copy").await;
    store.daily_copy().await.unwrap().unwrap();
    let id = add_connection(&store, "after the copy").await;
    store.close().await;
    // From here on the log holds only what changes.
    let store = house.open().await;
    for i in 0..20 {
        add_signal(&store, &id, &i.to_string(), 4_000).await.unwrap();
    }
    // What a kill would leave: the log has not been folded into the database.
    let killed = House::at(&root.path().join("killed"));
    let files = ["patchbay.db", "patchbay.db-wal"];
    fs::create_dir_all(killed.dir.join("backups")).unwrap();
    for file in files {
        fs::copy(house.dir.join(file), killed.dir.join(file)).unwrap();
    }
    for copy in store.backups().unwrap() {
        let name = copy.path.file_name().unwrap();
        fs::copy(&copy.path, killed.dir.join("backups").join(name)).unwrap();
    }
    let left = fs::read(killed.dir.join(files[1])).unwrap();
    assert!(left.len() > 80_000);
    let whole = House::at(&root.path().join("whole"));
    fs::create_dir_all(&whole.dir).unwrap();
    for file in files {
        fs::copy(killed.dir.join(file), whole.dir.join(file)).unwrap();
    }
    let recovered = whole.open().await;
    assert_eq!(connections(&recovered).await, ["after the copy", "in the copy"]);
    assert_eq!(codes(&recovered.notes()), Vec::<&str>::new());
    damage(&killed, |bytes| bytes.fill(b'?'));
    let store = killed.open().await;
    assert_eq!(connections(&store).await, ["in the copy"]);
    assert_eq!(store.integrity().await.unwrap(), Vec::<String>::new());
    assert_eq!(codes(&store.notes()), ["STORAGE_CORRUPT"]);
    let log = killed.dir.join("patchbay.db.corrupt-20261120T120000Z-wal");
    assert_eq!(fs::read(log).unwrap(), left, "kept with the file it belongs to");
}

#[tokio::test]
async fn without_a_good_copy_a_fresh_database_is_begun_and_said_so() {
    for (name, how) in DAMAGES {
        let root = tempfile::tempdir().unwrap();
        let house = House::at(root.path());
        let store = house.open().await;
        add_connection(&store, "lost").await;
        store.close().await;
        damage(&house, how);
        let store = house.open().await;
        assert_eq!(codes(&store.notes()), ["STORAGE_CORRUPT"], "{name}");
        let hint = store.notes()[0].hint();
        assert!(hint.contains("fresh database"), "{name}: {hint}");
        assert_eq!(connections(&store).await, Vec::<String>::new());
        add_connection(&store, "goes on").await;
        let kept = house.names();
        assert!(kept.iter().any(|n| n.starts_with("patchbay.db.corrupt-")), "{kept:?}");
    }
}

#[tokio::test]
async fn damage_met_while_running_is_named_and_the_next_start_mends_it() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    let store = house.open().await;
    let id = add_connection(&store, "tracker").await;
    store.daily_copy().await.unwrap().unwrap();
    for i in 0..50 {
        add_signal(&store, &id, &i.to_string(), 4_000).await.unwrap();
    }
    store.close().await;
    let store = house.open().await;
    // Behind the running store's back, past what it has looked at.
    damage(&house, |bytes| bytes[8_192..].fill(0x5a));
    let met = store.signal_list(Some(&id), 100).await.unwrap_err();
    assert_eq!(Problem::from(met).code(), Code::StorageCorrupt);
    store.close().await;
    let store = house.open().await;
    assert_eq!(codes(&store.notes()), ["STORAGE_CORRUPT"]);
    assert_eq!(connections(&store).await, ["tracker"]);
}

#[tokio::test]
async fn a_newer_database_is_refused_and_not_touched() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    house.open().await.close().await;
    let mut other = stranger(&house.database()).await;
    sqlx::query("PRAGMA user_version = 99").execute(&mut other).await.unwrap();
    sqlx::Connection::close(other).await.unwrap();
    let before = fs::read(house.database()).unwrap();
    let refused = house.try_open().await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }));
    assert_eq!(Problem::from(refused).code(), Code::StorageNewer);
    assert_eq!(fs::read(house.database()).unwrap(), before);
    assert!(!house.names().iter().any(|n| n.contains("corrupt")));
}

#[tokio::test]
async fn a_start_that_was_cut_off_before_its_first_commit_is_begun_again() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    fs::write(house.database(), b"").unwrap();
    let store = house.open().await;
    assert_eq!(codes(&store.notes()), Vec::<&str>::new());
    add_connection(&store, "tracker").await;
}
