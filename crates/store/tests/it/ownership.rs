use patchbay_model::{Code, Problem};
use patchbay_store::{OwnerLock, StoreError, workspaces};

use crate::child::Other;
use crate::house::{House, add_connection, connections};

#[test]
fn one_process_owns_a_data_folder_until_it_ends_however_it_ends() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data");
    let lock = OwnerLock::acquire(&folder).unwrap();
    assert!(matches!(OwnerLock::acquire(&folder), Err(StoreError::InUse)));
    assert_eq!(Other::holding("owner", &folder).said, "refused");
    drop(lock);
    let other = Other::holding("owner", &folder);
    assert_eq!(other.said, "owner");
    let problem = Problem::from(OwnerLock::acquire(&folder).unwrap_err());
    assert_eq!(problem.code(), Code::InUse);
    other.kill();
    OwnerLock::acquire(&folder).expect("the lock went with the process");
}

#[tokio::test]
async fn a_database_that_another_process_writes_to_is_busy_and_free_again_afterwards() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    let store = house.open().await;
    add_connection(&store, "before").await;
    let other = Other::holding("writer", &house.database());
    assert_eq!(other.said, "writing");
    let refused = store.audit("act", "subject", &serde_json::Value::Null).await;
    assert_eq!(Problem::from(refused.unwrap_err()).code(), Code::StorageBusy);
    assert_eq!(connections(&store).await, ["before"], "reading goes on");
    other.kill();
    add_connection(&store, "after").await;
    assert_eq!(connections(&store).await, ["after", "before"]);
    assert_eq!(store.integrity().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn workspaces_are_the_folders_with_a_database() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(workspaces(root.path()).unwrap(), Vec::<String>::new());
    for name in ["work", "default"] {
        let store = House::at(&root.path().join("workspaces").join(name)).open().await;
        store.close().await;
    }
    std::fs::create_dir_all(root.path().join("workspaces/empty")).unwrap();
    assert_eq!(workspaces(root.path()).unwrap(), ["default", "work"]);
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_refuses_what_comes_later() {
    let root = tempfile::tempdir().unwrap();
    let house = House::at(root.path());
    let store = house.open().await;
    let null = serde_json::Value::Null;
    let queued = futures_util::future::join_all((0..100).map(|_| store.audit("act", "x", &null)));
    let (written, ()) = futures_util::future::join(queued, store.close()).await;
    assert!(written.iter().all(Result::is_ok), "asked for before the close");
    let late = store.audit("act", "x", &null).await;
    assert!(matches!(late, Err(StoreError::Closed)));
    assert!(matches!(store.audit_list(1).await, Err(StoreError::Closed)));
    store.close().await;
    assert!(!house.names().contains(&"patchbay.db-wal".to_owned()), "all is in one file");
    let again = house.open().await;
    assert_eq!(again.audit_list(1_000).await.unwrap().len(), 100);
}
