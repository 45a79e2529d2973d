//! The system's keyring, through the Secret Service.
//!
//! Each call makes its own connection: the facade crate keeps one process-wide status that stays
//! failed after the first failure, and a keyring that is unlocked later must be found.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;

use crate::error::VaultError;
use crate::secret::Secret;
use crate::stores::{SecretStore, StoreKind};

/// The account under which the keyring lists our keys.
const SERVICE: &str = "Patchbay";

/// The system's keyring.
#[derive(Debug, Default)]
pub struct KeyringStore;

impl KeyringStore {
    /// The keyring of the user's session. Nothing is contacted yet.
    pub fn new() -> Self {
        Self
    }
}

impl SecretStore for KeyringStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        match entry(name)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(named(&error)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        entry(name)?.set_password(secret.expose()).map_err(|error| named(&error))
    }

    fn delete(&self, name: &str) -> Result<(), VaultError> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(named(&error)),
        }
    }

    /// What `get` does asks a person where the keyring is locked; a search does not.
    fn has(&self, name: &str) -> Result<bool, VaultError> {
        // No secret is sent, so that nothing is to be encrypted.
        let service = SecretService::connect(EncryptionType::Plain).map_err(|error| unasked(&error))?;
        let wanted = HashMap::from([("service", SERVICE), ("username", name)]);
        let found = service.search_items(wanted).map_err(|error| unasked(&error))?;
        if !found.unlocked.is_empty() {
            return Ok(true);
        }
        if !found.locked.is_empty() {
            return Err(VaultError::Locked);
        }
        // Some services find nothing in what is locked.
        let default = service.get_default_collection().map_err(|error| unasked(&error))?;
        if default.is_locked().map_err(|error| unasked(&error))? { Err(VaultError::Locked) } else { Ok(false) }
    }

    fn is_there(&self) -> bool {
        zbus_secret_service_keyring_store::Store::new().is_ok()
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Keyring
    }
}

fn entry(name: &str) -> Result<Entry, VaultError> {
    let store: Arc<zbus_secret_service_keyring_store::Store> =
        zbus_secret_service_keyring_store::Store::new().map_err(|error| named(&error))?;
    store.build(SERVICE, name, None).map_err(|error| named(&error))
}

/// Locked, dismissed or absent. The library's messages name no secret.
fn named(error: &Error) -> VaultError {
    match error {
        // The service runs and has no default keyring: nothing that unlocking would mend.
        Error::NoStorageAccess(inner) if inner.to_string().contains("result not returned") => {
            VaultError::Unavailable("there is no default keyring".to_owned())
        }
        Error::NoStorageAccess(_) => VaultError::Locked,
        Error::PlatformFailure(inner) => {
            let text = inner.to_string();
            let lower = text.to_lowercase();
            if ["locked", "dismissed", "prompt"].iter().any(|word| lower.contains(word)) {
                VaultError::Locked
            } else {
                VaultError::Unavailable(text)
            }
        }
        other => VaultError::Unavailable(other.to_string()),
    }
}

/// Why a look brought nothing. Nobody was asked anything.
fn unasked(error: &secret_service::Error) -> VaultError {
    match error {
        secret_service::Error::Locked => VaultError::Locked,
        secret_service::Error::NoResult => VaultError::Unavailable("there is no default keyring".to_owned()),
        other => VaultError::Unavailable(other.to_string()),
    }
}
