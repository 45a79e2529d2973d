//! A store that forgets everything when the program ends. For tests and trials.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::error::VaultError;
use crate::secret::Secret;
use crate::stores::{SecretStore, StoreKind};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Secret>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of what it keeps.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<String> {
        self.map().keys().cloned().collect()
    }

    fn map(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretStore for MemoryStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.map().get(name).cloned())
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.map().insert(name.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.map().remove(name);
        Ok(())
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Memory
    }
}
