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
        // Held until the key is there: two first seals at once must not make two keys.
        let mut cached = self.cached();
        let key = match self.fetch(&mut cached)? {
            Some(key) => key,
            None if sealed_exist => return Err(VaultError::KeyMissing),
            None => self.make_key(&mut cached)?,
        };
        drop(cached);
        seal(&key, plain.expose().as_bytes(), place).map(SealedBytes::new)
    }

    /// Opens a secret that was sealed for this place.
    pub fn open(&self, sealed: &SealedBytes, place: &str) -> Result<Secret, VaultError> {
        let key = self.fetch(&mut self.cached())?.ok_or(VaultError::KeyMissing)?;
        let plain = open(&key, sealed.as_bytes(), place)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Sealed)?;
        Ok(Secret::new(text.to_owned()))
    }

    /// How the secret store is. While the key is in memory the store is not asked: a locked keyring
    /// would put its prompt up each time somebody looks.
    pub fn status(&self) -> VaultStatus {
        if self.cached().is_some() {
            return VaultStatus::Unlocked;
        }
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

    /// The key, from memory or from the store; none where the store has none.
    fn fetch(&self, cached: &mut Option<Key>) -> Result<Option<Key>, VaultError> {
        if cached.is_none() {
            *cached = self.store.get(&self.name)?.map(|text| decode(&text)).transpose()?;
        }
        Ok(cached.clone())
    }

    /// Makes a key, and uses it only once the store gives it back: what is sealed with a key that
    /// was not kept could never be opened again.
    fn make_key(&self, cached: &mut Option<Key>) -> Result<Key, VaultError> {
        let key = new_key()?;
        self.store.set(&self.name, &Secret::new(STANDARD.encode(key.as_slice())))?;
        match self.fetch(cached)? {
            Some(kept) if kept == key => Ok(key),
            _ => {
                *cached = None;
                Err(VaultError::Unavailable("the key was not kept".to_owned()))
            }
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A key that is there and cannot be read is as good as gone. It is not replaced: the user may have
/// a copy of the keyring.
fn decode(text: &Secret) -> Result<Key, VaultError> {
    let bytes = Zeroizing::new(STANDARD.decode(text.expose()).map_err(|_| VaultError::KeyMissing)?);
    let mut key = Key::default();
    if bytes.len() != key.len() {
        return Err(VaultError::KeyMissing);
    }
    key.copy_from_slice(&bytes);
    Ok(key)
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

    /// Keeps secrets, counts what is written, and lets other threads run in between.
    #[derive(Default)]
    struct Counting {
        inner: MemoryStore,
        written: std::sync::atomic::AtomicUsize,
        forgetful: bool,
    }

    impl SecretStore for Counting {
        fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
            let found = self.inner.get(name);
            for _ in 0..100 {
                std::thread::yield_now();
            }
            found
        }
        fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
            self.written.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            if self.forgetful { Ok(()) } else { self.inner.set(name, secret) }
        }
        fn delete(&self, name: &str) -> Result<(), VaultError> {
            self.inner.delete(name)
        }
        fn kind(&self) -> StoreKind {
            StoreKind::Memory
        }
    }

    #[test]
    fn first_seals_at_the_same_time_share_one_key() {
        let store = Arc::new(Counting::default());
        let vault = Vault::new(store.clone(), "default");
        let start = std::sync::Barrier::new(16);
        let sealed: Vec<SealedBytes> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        vault.seal(&secret(), "p", false).unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        vault.forget_key();
        for bytes in &sealed {
            assert_eq!(vault.open(bytes, "p").unwrap(), secret(), "each opens with the key that was kept");
        }
        assert_eq!(store.written.load(std::sync::atomic::Ordering::SeqCst), 1);
    }

    #[test]
    fn nothing_is_sealed_with_a_key_that_was_not_kept() {
        let store = Arc::new(Counting { forgetful: true, ..Counting::default() });
        let vault = Vault::new(store, "default");
        for _ in 0..2 {
            let error = vault.seal(&secret(), "p", false).unwrap_err();
            assert!(matches!(error, VaultError::Unavailable(_)), "{error:?}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_is_an_error_and_is_left_as_it_is() {
        for damaged in ["", "no base64!", "c2hvcnQ=", &STANDARD.encode([7; 33])] {
            let store = Arc::new(MemoryStore::new());
            store.set("patchbay/default", &Secret::new(damaged.to_owned())).unwrap();
            let vault = Vault::new(store.clone(), "default");
            assert!(matches!(vault.seal(&secret(), "p", false), Err(VaultError::KeyMissing)), "{damaged}");
            assert_eq!(store.get("patchbay/default").unwrap().unwrap().expose(), damaged);
        }
    }

    #[test]
    fn every_error_is_a_problem_with_a_fix_and_without_the_secret() {
        let file = VaultError::File { file: "vault.json".into(), reason: "no space".into() };
        let cases = [
            (VaultError::Locked, Code::SecretStoreLocked),
            (VaultError::Unavailable("no bus".into()), Code::SecretStoreUnavailable),
            (VaultError::KeyMissing, Code::SecretMissing),
            (VaultError::Sealed, Code::SecretMissing),
            (VaultError::PassphraseWrong, Code::PassphraseWrong),
            (file, Code::SecretStoreUnavailable),
            (VaultError::NoRandom, Code::Internal),
        ];
        for (error, code) in cases {
            let shown = format!("{error} {error:?}");
            let problem = Problem::from(error);
            assert_eq!(problem.code(), code, "{shown}");
            assert!(!problem.fix().label.is_empty(), "{shown}");
        }
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "p", false).unwrap();
        let key = store.get("patchbay/default").unwrap().unwrap();
        let shown = format!("{vault:?} {store:?} {sealed:?} {key:?} {:?}", vault.open(&sealed, "q"));
        assert!(!shown.contains("canary") && !shown.contains(key.expose()), "{shown}");
    }

    #[test]
    fn an_unlocked_vault_does_not_ask_the_keyring_again() {
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "p", false).unwrap();
        store.delete("patchbay/default").unwrap();
        assert_eq!(vault.status(), VaultStatus::Unlocked);
        assert_eq!(vault.open(&sealed, "p").unwrap(), secret(), "the key is in memory");
        vault.forget_key();
        assert!(matches!(vault.open(&sealed, "p"), Err(VaultError::KeyMissing)));
    }
}
