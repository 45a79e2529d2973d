//! Seals and opens with the workspace's master key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_model::SealedBytes;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::seal::{Key, new_key, open, seal};
use crate::secret::Secret;
use crate::stores::SecretStore;

/// Names a master key. Stands in front of what was sealed with it, so that a key that was lost can
/// be followed by another without touching what the lost one sealed: that opens again if it returns.
pub(crate) type KeyId = [u8; 8];

/// Seals and opens with one workspace's master key, which is fetched when it is first needed.
pub struct Vault {
    pub(crate) store: Arc<dyn SecretStore>,
    prefix: String,
    keys: Mutex<Keys>,
}

/// Keys in memory.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) known: BTreeMap<KeyId, Key>,
    /// The one that seals.
    pub(crate) current: Option<KeyId>,
}

/// Where a secret comes from that is to be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user has just entered it. That is the way out of a lost master key: another is made.
    Entered,
    /// The engine renewed it. A lost master key stays an error: nobody would learn of it.
    Renewed,
}

/// How the secret store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultStatus {
    /// It answers, and has every key that is needed.
    Unlocked,
    /// It waits for the user.
    Locked,
    /// There is none.
    Unavailable,
    /// It answers, and a key that is needed is not in it.
    KeyMissing,
}

impl Vault {
    /// The vault of a workspace. Nothing is contacted yet.
    pub fn new(store: Arc<dyn SecretStore>, workspace: &str) -> Self {
        Self { store, prefix: format!("patchbay/{workspace}"), keys: Mutex::default() }
    }

    /// Seals a secret for a place, such as `connection:<id>`; it opens only for the same place.
    ///
    /// `kept` is everything that is sealed already, the newest last: the key that seals is one that
    /// opens some of it. Where all of those are gone, a new key is made only for what the user
    /// [entered](Origin::Entered); otherwise that is [`VaultError::KeyMissing`].
    pub fn seal(
        &self,
        plain: &Secret,
        place: &str,
        kept: &[SealedBytes],
        origin: Origin,
    ) -> Result<SealedBytes, VaultError> {
        // Held until the key is there: two first seals at once must not make two keys.
        let mut keys = self.keys();
        let id = match self.current(&mut keys, kept)? {
            Some(id) => id,
            None if origin == Origin::Renewed => return Err(VaultError::KeyMissing),
            None => self.make_key(&mut keys)?,
        };
        keys.current = Some(id);
        let key = keys.known.get(&id).cloned().ok_or(VaultError::KeyMissing)?;
        drop(keys);
        let mut bytes = id.to_vec();
        bytes.extend(seal(&key, plain.expose().as_bytes(), place)?);
        Ok(SealedBytes::new(bytes))
    }

    /// Opens a secret that was sealed for this place.
    pub fn open(&self, sealed: &SealedBytes, place: &str) -> Result<Secret, VaultError> {
        let (id, bytes) = sealed.as_bytes().split_first_chunk().ok_or(VaultError::Sealed)?;
        let key = self.fetch(&mut self.keys(), *id)?.ok_or(VaultError::KeyMissing)?;
        let plain = open(&key, bytes, place)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Sealed)?;
        Ok(Secret::new(text.to_owned()))
    }

    /// How the secret store is, for what is sealed. A keyring that is locked asks a person, for as long as
    /// nobody answers. While a key is in memory the store is not asked for it.
    pub fn status(&self, kept: &[SealedBytes]) -> VaultStatus {
        let mut keys = self.keys();
        status_of(kept, |id| self.fetch(&mut keys, id).map(|key| key.is_some()))
    }

    /// The same for who only looks: nobody is asked to unlock anything, and no key is fetched. Waits while a
    /// key is being fetched.
    pub fn look(&self, kept: &[SealedBytes]) -> VaultStatus {
        let known: Vec<KeyId> = self.keys().known.keys().copied().collect();
        status_of(kept, |id| if known.contains(&id) { Ok(true) } else { self.store.has(&self.name(id)) })
    }

    /// Whether the secret store answers at all. Nobody is asked to unlock it.
    pub fn is_there(&self) -> bool {
        self.store.is_there()
    }

    /// Drops the keys from memory; the next use fetches them again.
    pub fn forget_keys(&self) {
        *self.keys() = Keys::default();
    }

    /// Whether a master key is in memory.
    pub fn holds_keys(&self) -> bool {
        !self.keys().known.is_empty()
    }

    /// Deletes the master keys of what is sealed: it can never be opened again.
    pub fn destroy_keys(&self, kept: &[SealedBytes]) -> Result<(), VaultError> {
        let mut keys = self.keys();
        let current = std::mem::take(&mut *keys).current;
        drop(keys);
        ids(kept).into_iter().chain(current).try_for_each(|id| self.store.delete(&self.name(id)))
    }

    pub(crate) fn keys(&self) -> std::sync::MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn name(&self, id: KeyId) -> String {
        format!("{}/{:016x}", self.prefix, u64::from_be_bytes(id))
    }

    /// The key that seals: the one in use, else the newest that is still there.
    fn current(&self, keys: &mut Keys, kept: &[SealedBytes]) -> Result<Option<KeyId>, VaultError> {
        if keys.current.is_some() {
            return Ok(keys.current);
        }
        for id in ids(kept).into_iter().rev() {
            match self.fetch(keys, id) {
                Ok(Some(_)) => return Ok(Some(id)),
                Ok(None) | Err(VaultError::KeyMissing) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The key, from memory or from the store; none where the store has none.
    pub(crate) fn fetch(&self, keys: &mut Keys, id: KeyId) -> Result<Option<Key>, VaultError> {
        if let Some(key) = keys.known.get(&id) {
            return Ok(Some(key.clone()));
        }
        let key = self.store.get(&self.name(id))?.map(|text| decode(&text)).transpose()?;
        if let Some(key) = &key {
            keys.known.insert(id, key.clone());
        }
        Ok(key)
    }

    /// Makes a key, and uses it only once the store gives it back: what is sealed with a key that
    /// was not kept could never be opened again. Its name is new, so that no other key is lost.
    pub(crate) fn make_key(&self, keys: &mut Keys) -> Result<KeyId, VaultError> {
        let mut id = KeyId::default();
        getrandom::fill(&mut id).map_err(|_| VaultError::NoRandom)?;
        let key = new_key()?;
        self.store.set(&self.name(id), &Secret::new(STANDARD.encode(key.as_slice())))?;
        match self.fetch(keys, id)? {
            Some(kept) if kept == key => Ok(id),
            _ => {
                keys.known.remove(&id);
                Err(VaultError::Unavailable("the key was not kept".to_owned()))
            }
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// How a store is that has each key of what is kept, or has not.
fn status_of(kept: &[SealedBytes], mut has: impl FnMut(KeyId) -> Result<bool, VaultError>) -> VaultStatus {
    for id in ids(kept) {
        match has(id) {
            Ok(true) => {}
            Ok(false) | Err(VaultError::KeyMissing) => return VaultStatus::KeyMissing,
            Err(VaultError::Locked) => return VaultStatus::Locked,
            Err(_) => return VaultStatus::Unavailable,
        }
    }
    VaultStatus::Unlocked
}

/// The keys that sealed these, each once, in the order of their last use.
pub(crate) fn ids(kept: &[SealedBytes]) -> Vec<KeyId> {
    let mut ids: Vec<KeyId> = Vec::new();
    for id in kept.iter().filter_map(|sealed| sealed.as_bytes().first_chunk()) {
        ids.retain(|other| other != id);
        ids.push(*id);
    }
    ids
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

    const ENTERED: Origin = Origin::Entered;

    fn secret() -> Secret {
        Secret::new("canary".into())
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_workspace_only() {
        let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "connection:1", &[], ENTERED).unwrap();
        vault.forget_keys();
        assert_eq!(vault.open(&sealed, "connection:1").unwrap(), secret());
        assert!(vault.open(&sealed, "connection:2").is_err());
        let other = Vault::new(store, "other");
        other.seal(&secret(), "connection:1", &[], ENTERED).unwrap();
        assert!(other.open(&sealed, "connection:1").is_err(), "workspaces share no key");
    }

    /// The only name in the store.
    fn only_name(store: &MemoryStore) -> String {
        let names = store.names();
        assert_eq!(names.len(), 1, "{names:?}");
        names[0].clone()
    }

    #[test]
    fn a_vanished_key_is_an_error_and_never_a_new_key_by_itself() {
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "p", &[], ENTERED).unwrap();
        store.delete(&only_name(&store)).unwrap();
        vault.forget_keys();
        let kept = [sealed];
        assert!(matches!(vault.seal(&secret(), "p", &kept, Origin::Renewed), Err(VaultError::KeyMissing)));
        assert!(matches!(vault.open(&kept[0], "p"), Err(VaultError::KeyMissing)));
        assert_eq!(vault.status(&kept), VaultStatus::KeyMissing);
        assert!(store.names().is_empty(), "no key was made");
        assert_eq!(Problem::from(VaultError::KeyMissing).code(), Code::SecretMissing);
    }

    #[test]
    fn entering_a_secret_again_makes_another_key_beside_the_lost_one() {
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let mut kept = vec![
            vault.seal(&secret(), "a", &[], ENTERED).unwrap(),
            vault.seal(&secret(), "b", &[], ENTERED).unwrap(),
        ];
        let name = only_name(&store);
        let lost = store.get(&name).unwrap().unwrap();
        store.delete(&name).unwrap();
        vault.forget_keys();

        kept[0] = vault.seal(&secret(), "a", &kept, ENTERED).unwrap();
        assert_eq!(vault.open(&kept[0], "a").unwrap(), secret());
        assert!(matches!(vault.open(&kept[1], "b"), Err(VaultError::KeyMissing)), "not entered again yet");
        assert_eq!(vault.status(&kept), VaultStatus::KeyMissing);
        // From here on there is a key again, in this process and in the next, and no third is made.
        vault.forget_keys();
        let third = vault.seal(&secret(), "c", &kept, Origin::Renewed).unwrap();
        assert_eq!(vault.open(&third, "c").unwrap(), secret());
        assert_eq!(store.names().len(), 1);

        store.set(&name, &lost).unwrap();
        assert_eq!(vault.open(&kept[1], "b").unwrap(), secret(), "the lost key came back");
        assert_eq!(vault.status(&kept), VaultStatus::Unlocked);
        vault.destroy_keys(&kept).unwrap();
        assert!(store.names().is_empty());
    }

    #[test]
    fn a_locked_store_is_no_reason_for_another_key() {
        let vault = Vault::new(Arc::new(Moody(|| VaultError::Locked)), "default");
        let kept = [SealedBytes::new(vec![7; 40])];
        assert!(matches!(vault.seal(&secret(), "p", &kept, ENTERED), Err(VaultError::Locked)));
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
            let problem = Problem::from(vault.seal(&secret(), "p", &[], ENTERED).unwrap_err());
            assert_eq!(problem.code(), code);
            assert!(!problem.fix().label.is_empty());
            let sealed = SealedBytes::new(vec![7; 40]);
            assert_eq!(vault.status(std::slice::from_ref(&sealed)), status);
            assert_eq!(vault.look(&[sealed]), status);
            assert_eq!(vault.status(&[]), VaultStatus::Unlocked, "nothing is sealed: nobody is asked");
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
                        vault.seal(&secret(), "p", &[], ENTERED).unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        vault.forget_keys();
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
            let error = vault.seal(&secret(), "p", &[], ENTERED).unwrap_err();
            assert!(matches!(error, VaultError::Unavailable(_)), "{error:?}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_is_an_error_and_is_left_as_it_is() {
        for damaged in ["", "no base64!", "c2hvcnQ=", &STANDARD.encode([7; 33])] {
            let store = Arc::new(MemoryStore::new());
            let vault = Vault::new(store.clone(), "default");
            let kept = [vault.seal(&secret(), "p", &[], ENTERED).unwrap()];
            let name = only_name(&store);
            store.set(&name, &Secret::new(damaged.to_owned())).unwrap();
            vault.forget_keys();
            assert!(matches!(vault.open(&kept[0], "p"), Err(VaultError::KeyMissing)), "{damaged}");
            assert!(vault.seal(&secret(), "p", &kept, Origin::Renewed).is_err(), "{damaged}");
            vault.seal(&secret(), "p", &kept, ENTERED).unwrap();
            assert_eq!(store.get(&name).unwrap().unwrap().expose(), damaged);
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
        let sealed = vault.seal(&secret(), "p", &[], ENTERED).unwrap();
        let key = store.get(&only_name(&store)).unwrap().unwrap();
        let shown = format!("{vault:?} {store:?} {sealed:?} {key:?} {:?}", vault.open(&sealed, "q"));
        assert!(!shown.contains("canary") && !shown.contains(key.expose()), "{shown}");
    }

    #[test]
    fn an_unlocked_vault_does_not_ask_the_keyring_again() {
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let sealed = vault.seal(&secret(), "p", &[], ENTERED).unwrap();
        let kept = [sealed];
        store.delete(&only_name(&store)).unwrap();
        assert_eq!(vault.status(&kept), VaultStatus::Unlocked);
        assert_eq!(vault.open(&kept[0], "p").unwrap(), secret(), "the key is in memory");
        vault.forget_keys();
        assert!(matches!(vault.open(&kept[0], "p"), Err(VaultError::KeyMissing)));
    }
}
