use std::fs;
use std::time::Duration;

use patchbay_model::{Code, Problem};
use patchbay_store::{Store, StoreError};

use crate::child::Other;
use crate::house::{House, add_connection, add_signal, codes, connections, stranger};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn one_copy_a_day_is_made_and_seven_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    let store = house.open().await;
    let mut made = Vec::new();
    for _ in 0..12 * 24 {
        made.extend(store.daily_copy().await.unwrap());
        house.clock.advance(HOUR);
    }
    assert_eq!(made.len(), 12, "one a day, though asked for every hour");
    made.reverse();
    made.truncate(7);
    assert_eq!(store.backups().unwrap(), made, "the newest seven, the newest first");
    house.clock.jump_to("2026-11-01T00:00:00Z".parse().unwrap());
    assert!(store.daily_copy().await.unwrap().is_some(), "a clock that went back does not stop the copies");
}

#[tokio::test]
async fn a_copy_made_while_writing_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    let store = house.open().await;
    let id = add_connection(&store, "tracker").await;
    let file = root.path().join("mine.db");
    let writes = async {
        for i in 0..200 {
            add_signal(&store, &id, &i.to_string(), 1_000).await.unwrap();
        }
    };
    let (copy, ()) = futures_util::future::join(store.backup(&file), writes).await;
    let copy = copy.unwrap();
    assert_eq!(copy.bytes, fs::metadata(&file).unwrap().len());
    let again = store.backup(&file).await.unwrap_err();
    assert_eq!(Problem::from(again).code(), Code::Conflict, "never over a file");
    let mut read = stranger(&file).await;
    let check: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut read).await.unwrap();
    assert_eq!(check, "ok");
    // The page and its checkpoint came in one commit, so a copy has both or neither.
    let signals: i64 = sqlx::query_scalar("SELECT count(*) FROM signals").fetch_one(&mut read).await.unwrap();
    let last: Option<String> =
        sqlx::query_scalar("SELECT value FROM checkpoints").fetch_optional(&mut read).await.unwrap();
    let want = (signals > 0).then(|| format!("\"{}\"", signals - 1));
    assert_eq!(last, want);
}

#[tokio::test]
async fn restoring_puts_the_copy_in_place_and_keeps_what_it_replaced() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(&root.path().join("default"));
    let store = house.open().await;
    add_connection(&store, "then").await;
    let file = root.path().join("mine.db");
    store.backup(&file).await.unwrap();
    let original = fs::read(&file).unwrap();
    add_connection(&store, "now").await;
    store.close().await;
    let aside = Store::restore(&house.dir, &file).await.unwrap().unwrap();
    assert_eq!(fs::read(&file).unwrap(), original, "the copy stays as it is");
    let store = house.open().await;
    assert_eq!(connections(&store).await, ["then"]);
    assert_eq!(codes(&store.notes()), Vec::<&str>::new());
    store.close().await;
    Store::restore(&house.dir, &aside).await.unwrap();
    assert_eq!(connections(&house.open().await).await, ["now", "then"], "and back");

    let elsewhere = House::at(&root.path().join("other"));
    assert_eq!(Store::restore(&elsewhere.dir, &file).await.unwrap(), None);
    assert_eq!(connections(&elsewhere.open().await).await, ["then"]);
}

#[tokio::test]
async fn a_database_that_is_being_written_is_not_replaced() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(&root.path().join("default"));
    let store = house.open().await;
    add_connection(&store, "kept").await;
    let file = root.path().join("mine.db");
    store.backup(&file).await.unwrap();
    store.close().await;
    let other = Other::holding("writer", &house.database());
    assert_eq!(other.said, "writing");
    let refused = Store::restore(&house.dir, &file).await.unwrap_err();
    assert_eq!(Problem::from(refused).code(), Code::StorageBusy);
    other.kill();
    let left = house.names();
    assert!(!left.iter().any(|n| n.contains("restoring") || n.contains("replaced")), "{left:?}");
    Store::restore(&house.dir, &file).await.unwrap();
    assert_eq!(connections(&house.open().await).await, ["kept"]);
}

#[tokio::test]
async fn a_copy_that_is_no_good_replaces_nothing() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(&root.path().join("default"));
    let store = house.open().await;
    add_connection(&store, "kept").await;
    let good = root.path().join("good.db");
    store.backup(&good).await.unwrap();
    store.close().await;
    let bytes = fs::read(&good).unwrap();
    let file = root.path().join("bad.db");
    let newer = root.path().join("newer.db");
    fs::copy(&good, &newer).unwrap();
    sqlx::query("PRAGMA user_version = 99").execute(&mut stranger(&newer).await).await.unwrap();
    let foreign = root.path().join("foreign.db");
    fs::write(&foreign, b"").unwrap();
    sqlx::query("CREATE TABLE t (x)").execute(&mut stranger(&foreign).await).await.unwrap();
    let cases: [(&str, Vec<u8>, Code); 6] = [
        ("empty", vec![], Code::StorageCorrupt),
        ("text", b"hello".repeat(1_000), Code::StorageCorrupt),
        ("cut", bytes[..bytes.len() / 2].to_vec(), Code::StorageCorrupt),
        ("rubbish", [&bytes[..4_096], &vec![0x5a; bytes.len() - 4_096]].concat(), Code::StorageCorrupt),
        ("newer", fs::read(&newer).unwrap(), Code::StorageNewer),
        ("foreign", fs::read(&foreign).unwrap(), Code::StorageCorrupt),
    ];
    for (name, bytes, want) in cases {
        fs::write(&file, bytes).unwrap();
        let refused = Store::restore(&house.dir, &file).await.unwrap_err();
        assert_eq!(Problem::from(refused).code(), want, "{name}");
        let store = house.open().await;
        assert_eq!(connections(&store).await, ["kept"], "{name}");
        store.close().await;
        assert_eq!(house.names(), ["backups", "patchbay.db"], "{name}: nothing lies about");
    }
    let missing = Store::restore(&house.dir, &root.path().join("none.db")).await;
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
}
