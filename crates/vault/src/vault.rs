//! Seals and opens with the workspace's master key.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_model::SealedBytes;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::seal::{Key, new_key, open, seal};
use crate::secret::Secret;
use crate::stores::SecretStore;

/// Seals and opens with one workspace's master key, which is fetched when it is first needed.
pub struct Vault {
    store: Arc<dyn SecretStore>,
    name: String,
    key: Mutex<Option<Key>>,
}

/// How the secret store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultStatus {
    /// It answers.
    Unlocked,
    /// It waits for the user.
    Locked,
    /// There is none.
    Unavailable,
}

impl Vault {
    /// The vault of a workspace. Nothing is contacted yet.
    pub fn new(store: Arc<dyn SecretStore>, workspace: &str) -> Self {
        Self { store, name: format!("patchbay/{workspace}"), key: Mutex::new(None) }
    }

    /// Seals a secret for a place, such as `connection:<id>`; it opens only for the same place.
    ///
    /// A new master key is made only while no sealed secrets exist. Otherwise its absence is
    /// [`VaultError::KeyMissing`]: a new key would silently make every stored secret unreadable.
    pub fn seal(&self, plain: &Secret, place: &str, sealed_exist: bool) -> Result<SealedBytes, VaultError> {
        let key = match self.key()? {
            Some(key) => key,
            None if sealed_exist => return Err(VaultError::KeyMissing),
            None => self.make_key()?,
        };
        seal(&key, plain.expose().as_bytes(), place).map(SealedBytes::new)
    }

    /// Opens a secret that was sealed for this place.
    pub fn open(&self, sealed: &SealedBytes, place: &str) -> Result<Secret, VaultError> {
        let key = self.key()?.ok_or(VaultError::KeyMissing)?;
        let plain = open(&key, sealed.as_bytes(), place)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Sealed)?;
        Ok(Secret::new(text.to_owned()))
    }

    /// How the secret store is.
    pub fn status(&self) -> VaultStatus {
        match self.store.get(&self.name) {
            Ok(_) => VaultStatus::Unlocked,
            Err(VaultError::Locked) => VaultStatus::Locked,
            Err(_) => VaultStatus::Unavailable,
        }
    }

    /// Drops the key from memory; the next use fetches it again.
    pub fn forget_key(&self) {
        *self.cached() = None;
    }

    /// Deletes the master key: everything sealed with it can never be opened again.
    pub fn destroy_key(&self) -> Result<(), VaultError> {
        self.forget_key();
        self.store.delete(&self.name)
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Option<Key>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self) -> Result<Option<Key>, VaultError> {
        let mut cached = self.cached();
        if let Some(key) = cached.as_ref() {
            return Ok(Some(key.clone()));
        }
        let Some(text) = self.store.get(&self.name)? else {
            return Ok(None);
        };
        let bytes = Zeroizing::new(STANDARD.decode(text.expose()).map_err(|_| VaultError::KeyMissing)?);
        let mut key = Key::default();
        if bytes.len() != key.len() {
            return Err(VaultError::KeyMissing);
        }
        key.copy_from_slice(&bytes);
        *cached = Some(key.clone());
        Ok(Some(key))
    }

    fn make_key(&self) -> Result<Key, VaultError> {
        let key = new_key()?;
        self.store.set(&self.name, &Secret::new(STANDARD.encode(key.as_slice())))?;
        *self.cached() = Some(key.clone());
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::{Code, Problem};

    use super::*;
    use crate::memory::MemoryStore;
    use crate::stores::StoreKind;

    fn secret() -> Secret {
        Secret::new("canary".into())
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_workspace_only() {
        let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "connection:1", false).unwrap();
        vault.forget_key();
        assert_eq!(vault.open(&sealed, "connection:1").unwrap(), secret());
        assert!(vault.open(&sealed, "connection:2").is_err());
        let other = Vault::new(store, "other");
        other.seal(&secret(), "connection:1", false).unwrap();
        assert!(other.open(&sealed, "connection:1").is_err(), "workspaces share no key");
    }

    #[test]
    fn a_vanished_key_is_an_error_and_never_a_new_key() {
        let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "p", false).unwrap();
        vault.destroy_key().unwrap();
        assert!(matches!(vault.seal(&secret(), "p", true), Err(VaultError::KeyMissing)));
        assert!(matches!(vault.open(&sealed, "p"), Err(VaultError::KeyMissing)));
        assert!(store.get("patchbay/default").unwrap().is_none(), "no key was made");
        assert_eq!(Problem::from(VaultError::KeyMissing).code(), Code::SecretMissing);
    }

    /// A store in one of its bad moods.
    struct Moody(fn() -> VaultError);

    impl SecretStore for Moody {
        fn get(&self, _: &str) -> Result<Option<Secret>, VaultError> {
            Err(self.0())
        }
        fn set(&self, _: &str, _: &Secret) -> Result<(), VaultError> {
            Err(self.0())
        }
        fn delete(&self, _: &str) -> Result<(), VaultError> {
            Err(self.0())
        }
        fn kind(&self) -> StoreKind {
            StoreKind::Keyring
        }
    }

    #[test]
    fn locked_dismissed_and_absent_are_problems_with_a_fix() {
        type Case = (fn() -> VaultError, Code, VaultStatus);
        let cases: [Case; 2] = [
            (|| VaultError::Locked, Code::SecretStoreLocked, VaultStatus::Locked),
            (
                || VaultError::Unavailable("no bus".into()),
                Code::SecretStoreUnavailable,
                VaultStatus::Unavailable,
            ),
        ];
        for (mood, code, status) in cases {
            let vault = Vault::new(Arc::new(Moody(mood)), "default");
            let problem = Problem::from(vault.seal(&secret(), "p", false).unwrap_err());
            assert_eq!(problem.code(), code);
            assert!(!problem.fix().label.is_empty());
            assert_eq!(vault.status(), status);
        }
    }
}
