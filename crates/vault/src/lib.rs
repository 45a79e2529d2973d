//! Secrets at rest: a master key that only the keyring (or a passphrase) holds, and bytes sealed
//! with it. Keeps no rows: where sealed bytes live is `store`'s business.
//!
//! Calls may block on the keyring; asynchronous callers use a blocking thread.

mod error;
mod keeper;
mod keyring;
mod memory;
mod passphrase;
mod rotate;
mod seal;
mod sealed_file;
mod secret;
mod stores;
mod vault;
mod work;

pub use error::VaultError;
pub use keeper::Keeper;
pub use keyring::KeyringStore;
pub use memory::MemoryStore;
pub use passphrase::PassphraseStore;
pub use rotate::Resealed;
pub use sealed_file::{is_sealed_file, open_file, seal_file};
pub use secret::Secret;
pub use stores::{SecretStore, StoreKind};
pub use vault::{Origin, Vault, VaultStatus};
pub use work::{SHORTEST_PASSPHRASE, check_passphrase};
