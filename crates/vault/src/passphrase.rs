//! A file locked with a passphrase, for computers without a keyring service.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::VaultError;
use crate::seal::{Key, open, seal};
use crate::secret::Secret;
use crate::stores::{SecretStore, StoreKind};
use crate::work::{Work, check_passphrase};

/// What the right passphrase opens.
const PROBE: &str = "patchbay";

/// The layout of the file.
const VERSION: u32 = 1;

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
            if content.version != VERSION {
                return Err(fault("another version of Patchbay wrote it".into()));
            }
            let key =
                derive(&content, &passphrase).ok_or_else(|| fault("its parameters cannot be used".into()))?;
            let probe = STANDARD.decode(&content.probe).map_err(|error| fault(error.to_string()))?;
            open(&key, &probe, PROBE).map_err(|_| VaultError::PassphraseWrong)?;
            return Ok(Self { file: file.to_owned(), key, content: Mutex::new(content) });
        }
        Self::make(file, &passphrase)
    }

    /// Makes the file with a passphrase that the user has chosen.
    ///
    /// # Errors
    /// [`VaultError::PassphraseShort`]; [`VaultError::File`] where the file is there already.
    pub fn create(file: &Path, passphrase: &Secret) -> Result<Self, VaultError> {
        check_passphrase(passphrase)?;
        if file.exists() {
            return Err(VaultError::File { file: name(file), reason: "it is there already".to_owned() });
        }
        Self::make(file, passphrase)
    }

    /// Opens a file that has to be there.
    ///
    /// # Errors
    /// [`VaultError::PassphraseWrong`]; [`VaultError::File`] where the file is gone.
    pub fn reopen(file: &Path, passphrase: Secret) -> Result<Self, VaultError> {
        if !file.exists() {
            return Err(VaultError::File { file: name(file), reason: "it is gone".to_owned() });
        }
        Self::open(file, passphrase)
    }

    /// Locks what a file holds with another passphrase. The file is replaced as a whole: a kill leaves it
    /// opening with one of the two. Whoever has the store open from before must not write to it any more.
    ///
    /// # Errors
    /// [`VaultError::PassphraseWrong`] where `before` does not open it; [`VaultError::PassphraseShort`];
    /// [`VaultError::File`].
    pub fn relock(file: &Path, before: Secret, passphrase: &Secret) -> Result<Self, VaultError> {
        check_passphrase(passphrase)?;
        let old = Self::reopen(file, before)?;
        let names: Vec<String> =
            old.content.lock().unwrap_or_else(PoisonError::into_inner).secrets.keys().cloned().collect();
        let (key, mut content) = Self::begin(file, passphrase)?;
        for name in names {
            if let Some(secret) = old.get(&name)? {
                let sealed = STANDARD.encode(seal(&key, secret.expose().as_bytes(), &name)?);
                content.secrets.insert(name, sealed);
            }
        }
        write(file, &content)?;
        Ok(Self { file: file.to_owned(), key, content: Mutex::new(content) })
    }

    fn make(file: &Path, passphrase: &Secret) -> Result<Self, VaultError> {
        let (key, content) = Self::begin(file, passphrase)?;
        write(file, &content)?;
        Ok(Self { file: file.to_owned(), key, content: Mutex::new(content) })
    }

    /// A key of this passphrase, and a file without secrets that it opens.
    fn begin(file: &Path, passphrase: &Secret) -> Result<(Key, Content), VaultError> {
        if passphrase.expose().is_empty() {
            return Err(VaultError::PassphraseWrong);
        }
        let work = Work::new()?;
        let key = work.key(passphrase).ok_or_else(|| VaultError::File {
            file: name(file),
            reason: "the key cannot be derived".to_owned(),
        })?;
        let Work { salt, memory_kib, passes, lanes } = work;
        let probe = STANDARD.encode(seal(&key, PROBE.as_bytes(), PROBE)?);
        let content =
            Content { version: VERSION, salt, memory_kib, passes, lanes, probe, secrets: BTreeMap::new() };
        Ok((key, content))
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

impl std::fmt::Debug for PassphraseStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassphraseStore").finish_non_exhaustive()
    }
}

fn derive(content: &Content, passphrase: &Secret) -> Option<Key> {
    let Content { salt, memory_kib, passes, lanes, .. } = content;
    Work { salt: salt.clone(), memory_kib: *memory_kib, passes: *passes, lanes: *lanes }.key(passphrase)
}

/// Writes beside the file, makes that durable, and puts it in the file's place.
fn write(file: &Path, content: &Content) -> Result<(), VaultError> {
    let fault = |error: std::io::Error| VaultError::File { file: name(file), reason: error.to_string() };
    let text = serde_json::to_vec_pretty(content).map_err(|error| fault(error.into()))?;
    let beside = file.with_extension("new");
    // What an interrupted write left is not reused: its permissions, or where it points, may be
    // another's choice.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(error)),
        _ => {}
    }
    let mut out =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(fault)?;
    out.write_all(&text).and_then(|()| out.sync_all()).map_err(fault)?;
    std::fs::rename(&beside, file).map_err(fault)?;
    if let Some(folder) = file.parent() {
        // The parent of a bare file name is empty and means the current folder.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
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

    #[test]
    fn what_an_interrupted_write_left_is_neither_used_nor_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, beside) = (folder.path().join("vault.json"), folder.path().join("vault.new"));
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "untouched").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &beside).unwrap();
        let store = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        std::fs::write(&beside, "half").unwrap();
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o644)).unwrap();
        store.set("master", &secret("canary")).unwrap();
        assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "untouched");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!beside.exists());
    }

    #[test]
    fn another_passphrase_opens_what_is_there_and_the_old_one_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        let store = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        for name in ["one", "two"] {
            store.set(name, &secret(&format!("canary of {name}"))).unwrap();
        }
        let before = std::fs::read(&file).unwrap();
        let relock = |before: &str, now: &str| PassphraseStore::relock(&file, secret(before), &secret(now));
        assert!(matches!(relock("correct house", "battery staple"), Err(VaultError::PassphraseWrong)));
        assert!(matches!(relock("correct horse", "short"), Err(VaultError::PassphraseShort)));
        assert_eq!(std::fs::read(&file).unwrap(), before, "what is refused changes nothing");
        let store = relock("correct horse", "battery staple").unwrap();
        assert_eq!(store.get("one").unwrap().unwrap(), secret("canary of one"));
        assert!(matches!(
            PassphraseStore::open(&file, secret("correct horse")),
            Err(VaultError::PassphraseWrong)
        ));
        let again = PassphraseStore::open(&file, secret("battery staple")).unwrap();
        assert_eq!(again.get("two").unwrap().unwrap(), secret("canary of two"));
        let salt = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["salt"].clone();
        assert_ne!(salt(&before), salt(&std::fs::read(&file).unwrap()), "its key has a salt of its own");
    }

    #[test]
    fn an_empty_passphrase_protects_nothing_and_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        assert!(matches!(PassphraseStore::open(&file, secret("")), Err(VaultError::PassphraseWrong)));
        assert!(!file.exists());
    }

    #[test]
    fn the_file_tells_its_parameters_and_a_later_layout_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        let store = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        store.set("master", &secret("canary")).unwrap();
        let shown = format!("{store:?} {:?}", store.get("master").unwrap());
        assert!(!shown.contains("canary") && !shown.contains("correct"), "{shown}");
        let mut content: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(content["memory_kib"], 65_536);
        assert_eq!(content["passes"], 3);
        content["version"] = 2.into();
        std::fs::write(&file, content.to_string()).unwrap();
        let error = PassphraseStore::open(&file, secret("correct horse")).unwrap_err();
        assert!(matches!(error, VaultError::File { .. }), "{error:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content.to_string());
    }

    #[test]
    fn a_secret_moved_to_another_name_or_altered_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vault.json");
        let store = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        store.set("one", &secret("canary")).unwrap();
        let mut content: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        content["secrets"]["two"] = content["secrets"]["one"].clone();
        content["secrets"]["three"] = "AAAA".into();
        content["secrets"]["four"] = "no base64!".into();
        std::fs::write(&file, content.to_string()).unwrap();
        let again = PassphraseStore::open(&file, secret("correct horse")).unwrap();
        assert_eq!(again.get("one").unwrap().unwrap(), secret("canary"));
        for name in ["two", "three", "four"] {
            assert!(matches!(again.get(name), Err(VaultError::Sealed)), "{name}");
        }
    }
}
