//! A file locked with a passphrase, for computers without a keyring service.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::VaultError;
use crate::seal::{Key, open, seal};
use crate::secret::Secret;
use crate::stores::{SecretStore, StoreKind};

/// Work per guess: 64 MiB, three passes, one lane (above the minimum of the OWASP cheat sheet).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// What a file may ask for at most, so that a file from elsewhere cannot exhaust memory.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;

/// What the right passphrase opens.
const PROBE: &str = "patchbay";

/// Secrets in a file, locked with a key derived from a passphrase (Argon2id, RFC 9106).
pub struct PassphraseStore {
    file: PathBuf,
    key: Key,
    content: Mutex<Content>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    probe: String,
    secrets: BTreeMap<String, String>,
}

impl PassphraseStore {
    /// Opens the file, or makes it with this passphrase where it is missing. Takes a fraction of a
    /// second on purpose.
    #[expect(clippy::needless_pass_by_value, reason = "the passphrase is of no further use to the caller")]
    pub fn open(file: &Path, passphrase: Secret) -> Result<Self, VaultError> {
        let fault = |reason: String| VaultError::File { file: name(file), reason };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(fault(error.to_string())),
        };
        if let Some(text) = text {
            let content: Content = serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?;
            let key =
                derive(&content, &passphrase).ok_or_else(|| fault("its parameters cannot be used".into()))?;
            let probe = STANDARD.decode(&content.probe).map_err(|error| fault(error.to_string()))?;
            open(&key, &probe, PROBE).map_err(|_| VaultError::PassphraseWrong)?;
            return Ok(Self { file: file.to_owned(), key, content: Mutex::new(content) });
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| VaultError::NoRandom)?;
        let mut content = Content {
            version: 1,
            salt: STANDARD.encode(salt),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            probe: String::new(),
            secrets: BTreeMap::new(),
        };
        let key = derive(&content, &passphrase).ok_or_else(|| fault("the key cannot be derived".into()))?;
        content.probe = STANDARD.encode(seal(&key, PROBE.as_bytes(), PROBE)?);
        write(file, &content)?;
        Ok(Self { file: file.to_owned(), key, content: Mutex::new(content) })
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Result<(), VaultError> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = content.clone();
        change(&mut changed.secrets);
        write(&self.file, &changed)?;
        *content = changed;
        Ok(())
    }
}

impl SecretStore for PassphraseStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sealed) = content.secrets.get(name) else {
            return Ok(None);
        };
        let sealed = STANDARD.decode(sealed).map_err(|_| VaultError::Sealed)?;
        let plain = open(&self.key, &sealed, name)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Sealed)?;
        Ok(Some(Secret::new(text.to_owned())))
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        let sealed = STANDARD.encode(seal(&self.key, secret.expose().as_bytes(), name)?);
        self.change(|secrets| {
            secrets.insert(name.to_owned(), sealed);
        })
    }

    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.change(|secrets| {
            secrets.remove(name);
        })
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Passphrase
    }
}

fn derive(content: &Content, passphrase: &Secret) -> Option<Key> {
    if content.memory_kib > MOST_MEMORY_KIB || content.passes > 100 {
        return None;
    }
    let salt = STANDARD.decode(&content.salt).ok()?;
    let params = Params::new(content.memory_kib, content.passes, content.lanes, Some(32)).ok()?;
    let mut key = Key::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut_slice())
        .ok()?;
    Some(key)
}

/// Writes beside the file, makes that durable, and puts it in the file's place.
fn write(file: &Path, content: &Content) -> Result<(), VaultError> {
    let fault = |error: std::io::Error| VaultError::File { file: name(file), reason: error.to_string() };
    let text = serde_json::to_vec_pretty(content).map_err(|error| fault(error.into()))?;
    let beside = file.with_extension("new");
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(fault)?;
    out.write_all(&text).and_then(|()| out.sync_all()).map_err(fault)?;
    std::fs::rename(&beside, file).map_err(fault)?;
    if let Some(folder) = file.parent() {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)?;
    }
    Ok(())
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn the_right_passphrase_opens_and_a_wrong_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        let store = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        store.set("master", &secret("canary")).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&before).contains("canary"), "the file holds no plain secret");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        assert!(matches!(PassphraseStore::open(&file, secret("wrong")), Err(VaultError::PassphraseWrong)));
        assert_eq!(std::fs::read(&file).unwrap(), before);

        let again = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        assert_eq!(again.get("master").unwrap().unwrap().expose(), "canary");
        again.delete("master").unwrap();
        assert!(again.get("master").unwrap().is_none());
    }

    #[test]
    fn a_damaged_or_greedy_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        std::fs::write(&file, "{").unwrap();
        assert!(matches!(PassphraseStore::open(&file, secret("x")), Err(VaultError::File { .. })));
        let greedy = serde_json::json!({
            "version": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "memory_kib": 4_000_000_000_u32, "passes": 3,
            "lanes": 1, "probe": "", "secrets": {}
        });
        std::fs::write(&file, greedy.to_string()).unwrap();
        assert!(matches!(PassphraseStore::open(&file, secret("x")), Err(VaultError::File { .. })));
    }
}
