//! Secrets at rest: a master key that only the keyring (or a passphrase) holds, and bytes sealed
//! with it. Keeps no rows: where sealed bytes live is `store`'s business.
//!
//! Calls may block on the keyring; asynchronous callers use a blocking thread.

mod error;
mod keyring;
mod memory;
mod passphrase;
mod seal;
mod secret;
mod stores;
mod vault;

pub use error::VaultError;
pub use keyring::KeyringStore;
pub use memory::MemoryStore;
pub use passphrase::PassphraseStore;
pub use secret::Secret;
pub use stores::{SecretStore, StoreKind};
pub use vault::{Origin, Vault, VaultStatus};
