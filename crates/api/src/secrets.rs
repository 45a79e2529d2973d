//! Secrets on their way in. They never come out again.

use std::path::Path;
use std::sync::Arc;

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_vault::{Keeper, KeyringStore, MemoryStore, PassphraseStore, Secret, SecretStore, StoreKind};
use serde::{Deserialize, Deserializer};

/// A secret in a request: it can be read from the wire and not written to it.
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub struct SecretInput(Secret);

impl SecretInput {
    /// Wraps a secret that the engine itself has, such as a key of the sandbox.
    pub(crate) fn new(text: &str) -> Self {
        Self(Secret::new(text.to_owned()))
    }

    /// The secret itself, for sealing.
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // People paste keys with a line break at the end.
        String::deserialize(deserializer).map(|text| Self(Secret::new(text.trim().to_owned())))
    }
}

impl std::fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretInput(…)")
    }
}

/// A passphrase in a request: taken as it is, blanks at its ends included.
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub struct PassphraseInput(Secret);

impl PassphraseInput {
    /// The passphrase itself.
    pub(crate) fn into_secret(self) -> Secret {
        self.0
    }

    #[cfg(test)]
    pub(crate) fn new(text: &str) -> Self {
        Self(Secret::new(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for PassphraseInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl std::fmt::Debug for PassphraseInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PassphraseInput(…)")
    }
}

/// Where the master key is kept.
pub enum SecretsChoice {
    /// The system's keyring.
    Keyring,
    /// A file in the data folder, locked with a passphrase.
    Passphrase(Secret),
    /// The same, to be unlocked later.
    Locked,
    /// Memory: gone when the program ends.
    Memory,
    /// A store that stands for the keyring.
    #[cfg(test)]
    Kept(Arc<dyn SecretStore>),
}

impl SecretsChoice {
    /// A passphrase, from here on zeroed when it is dropped.
    pub fn passphrase(text: String) -> Self {
        Self::Passphrase(Secret::new(text))
    }

    /// Opens the store.
    pub(crate) fn open(self, data_dir: &Path) -> Result<Keeper, Problem> {
        let store: Arc<dyn SecretStore> = match self {
            Self::Locked => return Ok(Keeper::locked(StoreKind::Passphrase)),
            #[cfg(test)]
            Self::Kept(store) => store,
            Self::Keyring => Arc::new(KeyringStore::new()),
            Self::Memory => Arc::new(MemoryStore::new()),
            Self::Passphrase(passphrase) if passphrase.expose().is_empty() => {
                return Err(Problem::new(Code::InputInvalid)
                    .with("field", "The passphrase")
                    .with("message", "It is empty.")
                    .about(Subject::Field { name: "passphrase".into() }));
            }
            Self::Passphrase(passphrase) => Arc::new(
                PassphraseStore::open(&data_dir.join("vault.json"), passphrase).map_err(Problem::from)?,
            ),
        };
        Ok(Keeper::open(store))
    }
}
