use crate::house::{House, codes};

#[tokio::test]
async fn data_from_another_computer_pauses_triggers_until_confirmed() {
    let root = tempfile::tempdir().unwrap();
    let mut house = House::at(root.path());
    let first = house.open().await;
    assert!(!first.triggers_paused(), "made here");
    first.close().await;
    house.machine = "other-machine".into();
    for _ in 0..2 {
        let store = house.open().await;
        assert!(store.triggers_paused(), "asks at every start until answered");
        assert_eq!(codes(&store.notes()), ["DATA_MOVED"]);
        store.close().await;
    }
    let store = house.open().await;
    store.confirm_machine().await.unwrap();
    assert!(!store.triggers_paused());
    store.close().await;
    let store = house.open().await;
    assert!(!store.triggers_paused(), "the answer is kept");
    assert_eq!(codes(&store.notes()), Vec::<&str>::new());
    store.close().await;
    house.machine = "this-machine".into();
    assert!(house.open().await.triggers_paused(), "the first computer has given it away");
}
