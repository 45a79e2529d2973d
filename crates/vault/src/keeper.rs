//! The store in use. It can be locked, unlocked and exchanged while everything else holds on to it.

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::VaultError;
use crate::secret::Secret;
use crate::stores::{SecretStore, StoreKind};

/// The store in use.
pub struct Keeper(RwLock<State>);

struct State {
    kind: StoreKind,
    /// None while it is locked: the key that opened it is gone from memory.
    store: Option<Arc<dyn SecretStore>>,
}

impl Keeper {
    /// An open store.
    pub fn open(store: Arc<dyn SecretStore>) -> Self {
        Self(RwLock::new(State { kind: store.kind(), store: Some(store) }))
    }

    /// A store of this kind that is yet to be unlocked.
    pub fn locked(kind: StoreKind) -> Self {
        Self(RwLock::new(State { kind, store: None }))
    }

    /// Whether it has to be unlocked here. A keyring is locked and unlocked by the system and never
    /// counts as locked here.
    pub fn is_locked(&self) -> bool {
        self.read().store.is_none()
    }

    /// Lets go of a passphrase store and of the key that opened it, which is zeroed with its last
    /// user; says whether there was one to lock. A vault keeps keys of its own: see
    /// [`Vault::forget_keys`](crate::Vault::forget_keys), to be called after this.
    pub fn lock(&self) -> bool {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.kind == StoreKind::Passphrase { state.store.take().is_some() } else { false }
    }

    /// Puts an open store in the place of what is there.
    pub fn put(&self, store: Arc<dyn SecretStore>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            State { kind: store.kind(), store: Some(store) };
    }

    /// The open store.
    ///
    /// # Errors
    /// [`VaultError::Locked`].
    pub fn store(&self) -> Result<Arc<dyn SecretStore>, VaultError> {
        self.read().store.clone().ok_or(VaultError::Locked)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretStore for Keeper {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        self.store()?.get(name)
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.store()?.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.store()?.delete(name)
    }

    fn has(&self, name: &str) -> Result<bool, VaultError> {
        self.store()?.has(name)
    }

    fn is_there(&self) -> bool {
        self.store().is_ok_and(|store| store.is_there())
    }

    fn kind(&self) -> StoreKind {
        self.read().kind
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::SealedBytes;

    use super::*;
    use crate::memory::MemoryStore;
    use crate::passphrase::PassphraseStore;
    use crate::vault::{Origin, Vault, VaultStatus};

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_lock_leaves_no_key_behind_and_an_unlock_brings_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        let first: Arc<dyn SecretStore> =
            Arc::new(PassphraseStore::create(&file, &secret("correct horse")).unwrap());
        let inside = Arc::downgrade(&first);
        let keeper = Arc::new(Keeper::open(first));
        let vault = Vault::new(keeper.clone(), "default");
        let sealed: SealedBytes = vault.seal(&secret("canary"), "p", &[], Origin::Entered).unwrap();

        assert!(keeper.lock() && keeper.is_locked());
        vault.forget_keys();
        assert!(inside.upgrade().is_none(), "the store with its key is gone from memory");
        assert!(!vault.holds_keys(), "and so are the keys it gave");
        assert!(matches!(vault.open(&sealed, "p"), Err(VaultError::Locked)));
        let again = vault.seal(&secret("other"), "q", std::slice::from_ref(&sealed), Origin::Entered);
        assert!(matches!(again, Err(VaultError::Locked)), "a locked store is no reason for another key");
        assert_eq!(vault.status(std::slice::from_ref(&sealed)), VaultStatus::Locked);
        assert!(!keeper.lock(), "it is locked already");

        keeper.put(Arc::new(PassphraseStore::open(&file, secret("correct horse")).unwrap()));
        assert_eq!(vault.open(&sealed, "p").unwrap(), secret("canary"));
    }

    #[test]
    fn only_a_passphrase_store_is_locked_here() {
        let keeper = Keeper::open(Arc::new(MemoryStore::new()));
        assert!(!keeper.lock() && !keeper.is_locked());
        assert!(Keeper::locked(StoreKind::Passphrase).get("x").is_err());
    }
}
