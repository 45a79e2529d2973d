//! Where master keys are kept.

use crate::error::VaultError;
use crate::secret::Secret;

/// Keeps a few small secrets by name.
pub trait SecretStore: Send + Sync {
    /// The secret under this name; none where there is none.
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError>;

    /// Keeps a secret under this name.
    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError>;

    /// Forgets the secret under this name; nothing happens where there is none.
    fn delete(&self, name: &str) -> Result<(), VaultError>;

    /// Whether a secret is kept under this name. Nobody is asked to unlock the store: one that is locked says
    /// [`VaultError::Locked`], also where it cannot tell whether it has the name.
    fn has(&self, name: &str) -> Result<bool, VaultError> {
        self.get(name).map(|found| found.is_some())
    }

    /// Whether it answers at all. Nobody is asked to unlock it.
    fn is_there(&self) -> bool {
        true
    }

    /// What kind of store it is.
    fn kind(&self) -> StoreKind;
}

/// The kinds of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// The system's keyring.
    Keyring,
    /// A file locked with a passphrase.
    Passphrase,
    /// Memory.
    Memory,
}
