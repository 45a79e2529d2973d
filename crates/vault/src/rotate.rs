//! Another master key for what is sealed already.
//!
//! The order is what makes a kill at any point harmless: the new key is in the store before anything
//! is sealed with it; what it sealed is durable before the old key goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_model::SealedBytes;

use crate::error::VaultError;
use crate::seal::seal;
use crate::secret::Secret;
use crate::stores::SecretStore;
use crate::vault::{KeyId, Vault, ids};

/// One secret, sealed anew.
#[derive(Debug)]
pub struct Resealed {
    /// Its number in what was given.
    pub index: usize,
    /// The same secret, under the new key.
    pub sealed: SealedBytes,
}

impl Vault {
    /// Makes another master key, durable in the store, and seals with it what opens. What a lost key
    /// sealed is passed over: it stays as it is. From here on the new key seals everything.
    ///
    /// Nobody may seal with the old key between the reading of `kept` and the writing of the answer.
    ///
    /// # Errors
    /// The store's. Nothing has changed then, but that the store may hold one key more.
    pub fn reseal(&self, kept: &[(String, SealedBytes)]) -> Result<Vec<Resealed>, VaultError> {
        let mut opened = Vec::new();
        for (index, (place, sealed)) in kept.iter().enumerate() {
            match self.open(sealed, place) {
                Ok(plain) => opened.push((index, place, plain)),
                Err(VaultError::KeyMissing | VaultError::Sealed) => {}
                Err(error) => return Err(error),
            }
        }
        if opened.is_empty() {
            return if kept.is_empty() { Ok(Vec::new()) } else { Err(VaultError::KeyMissing) };
        }
        let mut keys = self.keys();
        let id = self.make_key(&mut keys)?;
        keys.current = Some(id);
        let key = keys.known.get(&id).cloned().ok_or(VaultError::KeyMissing)?;
        drop(keys);
        opened
            .into_iter()
            .map(|(index, place, plain)| {
                let mut bytes = id.to_vec();
                bytes.extend(seal(&key, plain.expose().as_bytes(), place)?);
                let sealed = SealedBytes::new(bytes);
                if self.open(&sealed, place)? != plain {
                    return Err(VaultError::Sealed);
                }
                Ok(Resealed { index, sealed })
            })
            .collect()
    }

    /// The names of the keys that sealed something of `before` and nothing of `now`, as text that can
    /// be kept.
    pub fn retired(before: &[SealedBytes], now: &[SealedBytes]) -> Vec<String> {
        let needed = ids(now);
        let retired = ids(before).into_iter().filter(|id| !needed.contains(id));
        retired.map(|id| format!("{:016x}", u64::from_be_bytes(id))).collect()
    }

    /// Deletes the keys of these names, unless something of `now` needs them.
    pub fn forget_retired(&self, retired: &[String], now: &[SealedBytes]) -> Result<(), VaultError> {
        let needed = ids(now);
        for id in retired.iter().filter_map(|text| u64::from_str_radix(text, 16).ok()) {
            let id: KeyId = id.to_be_bytes();
            if needed.contains(&id) {
                continue;
            }
            self.store.delete(&self.name(id))?;
            let mut keys = self.keys();
            keys.known.remove(&id);
            if keys.current == Some(id) {
                keys.current = None;
            }
        }
        Ok(())
    }

    /// Copies the keys of what is sealed into another store and reads each back; says their names in
    /// the store. A key that is lost is passed over.
    pub fn copy_keys(&self, kept: &[SealedBytes], to: &dyn SecretStore) -> Result<Vec<String>, VaultError> {
        let mut names = Vec::new();
        for id in ids(kept) {
            let key = match self.fetch(&mut self.keys(), id) {
                Ok(Some(key)) => key,
                Ok(None) | Err(VaultError::KeyMissing) => continue,
                Err(error) => return Err(error),
            };
            let (name, text) = (self.name(id), Secret::new(STANDARD.encode(key.as_slice())));
            to.set(&name, &text)?;
            if to.get(&name)?.as_ref() != Some(&text) {
                return Err(VaultError::Unavailable("the key was not kept".to_owned()));
            }
            names.push(name);
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::memory::MemoryStore;
    use crate::vault::Origin;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn vault() -> (Arc<MemoryStore>, Vault, Vec<(String, SealedBytes)>) {
        let store = Arc::new(MemoryStore::new());
        let vault = Vault::new(store.clone(), "default");
        let mut kept = Vec::new();
        for place in ["a", "b"] {
            let before: Vec<_> =
                kept.iter().map(|(_, sealed): &(String, SealedBytes)| sealed.clone()).collect();
            kept.push((place.to_owned(), vault.seal(&secret(place), place, &before, Origin::Entered).unwrap()));
        }
        (store, vault, kept)
    }

    #[test]
    fn another_key_opens_everything_and_the_old_one_nothing() {
        let (store, vault, kept) = vault();
        let before: Vec<_> = kept.iter().map(|(_, sealed)| sealed.clone()).collect();
        let resealed = vault.reseal(&kept).unwrap();
        assert_eq!(store.names().len(), 2, "both keys are there until the new seals are kept");
        let now: Vec<_> = resealed.into_iter().map(|one| one.sealed).collect();
        let retired = Vault::retired(&before, &now);
        assert_eq!(retired.len(), 1);
        vault.forget_retired(&retired, &before).unwrap();
        assert_eq!(store.names().len(), 2, "a key that is needed stays, whatever is said");
        vault.forget_retired(&retired, &now).unwrap();
        vault.forget_keys();
        assert_eq!(store.names().len(), 1);
        for ((place, old), new) in kept.iter().zip(&now) {
            assert_eq!(vault.open(new, place).unwrap(), secret(place));
            assert!(matches!(vault.open(old, place), Err(VaultError::KeyMissing)));
        }
        let later = vault.seal(&secret("c"), "c", &now, Origin::Renewed).unwrap();
        assert_eq!(store.names().len(), 1, "the new key seals from here on");
        assert_eq!(vault.open(&later, "c").unwrap(), secret("c"));
    }

    #[test]
    fn what_a_lost_key_sealed_is_passed_over() {
        let (store, vault, mut kept) = vault();
        let name = store.names().remove(0);
        store.delete(&name).unwrap();
        vault.forget_keys();
        assert!(matches!(vault.reseal(&kept), Err(VaultError::KeyMissing)), "nothing opens");
        assert!(store.names().is_empty(), "and no key was made");
        let all: Vec<_> = kept.iter().map(|(_, sealed)| sealed.clone()).collect();
        kept[1].1 = vault.seal(&secret("b"), "b", &all, Origin::Entered).unwrap();
        let resealed = vault.reseal(&kept).unwrap();
        assert_eq!(resealed.iter().map(|one| one.index).collect::<Vec<_>>(), [1]);
        assert!(vault.reseal(&[]).unwrap().is_empty());
    }

    #[test]
    fn keys_move_to_another_store_as_they_are() {
        let (_, vault, kept) = vault();
        let other = Arc::new(MemoryStore::new());
        let sealed: Vec<_> = kept.iter().map(|(_, sealed)| sealed.clone()).collect();
        let names = vault.copy_keys(&sealed, other.as_ref()).unwrap();
        assert_eq!(names, other.names());
        let moved = Vault::new(other, "default");
        assert_eq!(moved.open(&sealed[0], "a").unwrap(), secret("a"));
    }
}
