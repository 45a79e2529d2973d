use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use patchbay_model::{Connection, ConnectorId, SystemClock};
use patchbay_store::{OpenOptions, Store};
use patchbay_vault::StoreKind;
use serde_json::json;

use super::*;

/// What is kept when everything else dies.
type Kept = Arc<Mutex<BTreeMap<String, Secret>>>;

/// A secret store whose program dies: from one operation on nothing is answered any more.
struct Dying {
    kept: Kept,
    left: Mutex<usize>,
    /// Whether the last operation still takes effect before its answer is lost.
    takes_effect: bool,
}

impl Dying {
    fn new(kept: &Kept, operations: usize, takes_effect: bool) -> Arc<Self> {
        Arc::new(Self { kept: kept.clone(), left: Mutex::new(operations), takes_effect })
    }

    fn act<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Secret>) -> T) -> Result<T, VaultError> {
        let mut left = self.left.lock().unwrap();
        let dead = || Err(VaultError::Unavailable("dead".to_owned()));
        match *left {
            0 => dead(),
            1 => {
                *left = 0;
                if self.takes_effect {
                    act(&mut self.kept.lock().unwrap());
                }
                dead()
            }
            _ => {
                *left -= 1;
                Ok(act(&mut self.kept.lock().unwrap()))
            }
        }
    }
}

impl SecretStore for Dying {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        self.act(|kept| kept.get(name).cloned())
    }
    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.act(|kept| drop(kept.insert(name.to_owned(), secret.clone())))
    }
    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.act(|kept| drop(kept.remove(name)))
    }
    fn kind(&self) -> StoreKind {
        StoreKind::Keyring
    }
}

const NEVER: usize = usize::MAX;

async fn open(dir: &Path, secrets: Arc<Dying>) -> (Authoriser, Store) {
    let clock = Arc::new(SystemClock::new());
    let store = Store::open(OpenOptions { dir: dir.to_owned(), clock, machine: "m".into() }).await.unwrap();
    let vault = Arc::new(Vault::new(secrets, "default"));
    (crate::authoriser::tests::over(&vault, &store), store)
}

fn credential(text: &str) -> Credential {
    Credential::new([("token".to_owned(), Secret::new(text.to_owned()))].into())
}

/// Three connections whose keys are called as they are.
async fn connect(authoriser: &Authoriser, store: &Store) {
    for name in ["one", "two", "three"] {
        let mut connection =
            Connection::new(ConnectorId::from("tool"), "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap());
        connection.name = name.to_owned();
        let sealed = authoriser.seal(&connection.id, &credential(name)).await.unwrap();
        store.connection_insert(&connection, Some(&sealed)).await.unwrap();
    }
}

/// What opens with what is kept, by connection.
async fn opens(dir: &Path, kept: &Kept) -> BTreeMap<String, String> {
    let (authoriser, store) = open(dir, Dying::new(kept, NEVER, false)).await;
    let mut found = BTreeMap::new();
    for one in store.credentials_kept().await.unwrap() {
        let secret = authoriser.vault.open(&one.sealed, &place(&one.connection)).unwrap();
        found.insert(one.name, secret.expose().to_owned());
    }
    store.close().await;
    found
}

#[tokio::test]
async fn a_rotation_that_dies_at_any_point_loses_no_key() {
    let (mut died, mut done) = (0, false);
    for takes_effect in [false, true] {
        for operations in 1.. {
            let dir = tempfile::tempdir().unwrap();
            let kept = Kept::default();
            let (authoriser, store) = open(dir.path(), Dying::new(&kept, NEVER, false)).await;
            connect(&authoriser, &store).await;
            store.close().await;
            let first: Vec<String> = kept.lock().unwrap().keys().cloned().collect();
            let before = opens(dir.path(), &kept).await;
            assert_eq!(before.len(), 3);

            let (authoriser, store) = open(dir.path(), Dying::new(&kept, operations, takes_effect)).await;
            let result = authoriser.rotate().await;
            store.close().await;
            assert_eq!(opens(dir.path(), &kept).await, before, "died at operation {operations}");

            // The next start takes away what is of no more use.
            let (authoriser, store) = open(dir.path(), Dying::new(&kept, NEVER, false)).await;
            authoriser.tidy_keys().await.unwrap();
            let again = authoriser.rotate().await.unwrap();
            assert_eq!(again, Rotated { credentials: 3, lost: 0 });
            store.close().await;
            assert_eq!(opens(dir.path(), &kept).await, before);
            assert!(!kept.lock().unwrap().contains_key(&first[0]), "the first key is gone in the end");
            match result {
                Err(_) => died += 1,
                Ok(rotated) => {
                    assert_eq!(rotated, Rotated { credentials: 3, lost: 0 });
                    done = true;
                    break;
                }
            }
        }
    }
    assert!(done && died >= 8, "every operation was tried: {died}");
}

#[tokio::test]
async fn after_a_rotation_the_old_key_opens_no_old_copy() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Kept::default();
    let (authoriser, store) = open(dir.path(), Dying::new(&kept, NEVER, false)).await;
    connect(&authoriser, &store).await;
    let copies = store.credentials_kept().await.unwrap();
    authoriser.rotate().await.unwrap();
    assert_eq!(kept.lock().unwrap().len(), 1, "one key, the new one");
    for copy in copies {
        assert!(matches!(
            authoriser.vault.open(&copy.sealed, &place(&copy.connection)),
            Err(VaultError::KeyMissing)
        ));
    }
}

#[tokio::test]
async fn forgetting_all_leaves_neither_keys_nor_seals() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Kept::default();
    let (authoriser, store) = open(dir.path(), Dying::new(&kept, NEVER, false)).await;
    connect(&authoriser, &store).await;
    assert_eq!(authoriser.forget_all().await.unwrap().len(), 3);
    assert!(kept.lock().unwrap().is_empty());
    assert!(store.credentials().await.unwrap().is_empty());
    assert!(!authoriser.vault.holds_keys());
}

#[tokio::test]
async fn a_sealed_copy_gives_every_credential_back() {
    let dir = tempfile::tempdir().unwrap();
    let (authoriser, store) = open(dir.path(), Dying::new(&Kept::default(), NEVER, false)).await;
    connect(&authoriser, &store).await;
    let pass = || Secret::new("correct horse".to_owned());
    let text = authoriser.seal_copy(&json!({"a": 1}), pass()).await.unwrap();
    assert!(authoriser.matches_copy(text.clone(), pass(), &json!({"a": 1})).await.unwrap());
    assert!(!authoriser.matches_copy(text.clone(), pass(), &json!({"a": 2})).await.unwrap());
    let back = open_copy(text.clone(), pass()).await.unwrap();
    assert_eq!(back.document, json!({"a": 1}));
    assert_eq!(back.credentials.len(), 3);
    assert_eq!(back.credentials["two"], credential("two"));
    let one = store.credentials_kept().await.unwrap().remove(0);
    let other = authoriser.seal(&one.connection, &credential("changed")).await.unwrap();
    store.credential_replace(&one.connection, &other).await.unwrap();
    assert!(!authoriser.matches_copy(text.clone(), pass(), &json!({"a": 1})).await.unwrap());
    assert!(open_copy(text, Secret::new("wrong horse it is".to_owned())).await.is_err());
}
