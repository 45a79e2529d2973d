//! Where everything is kept, and what opens the secrets in it: the same for every host, so that
//! the window and the command line find each other.

use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};

use crate::secrets::SecretsChoice;
use crate::security::keyring_chosen;

/// Where the key that locks the secrets is kept, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsKind {
    /// The system's keyring.
    Keyring,
    /// A file in the data folder, locked with a passphrase.
    Passphrase,
    /// Memory: gone when the program ends.
    Memory,
}

impl SecretsKind {
    /// The store of this name: `keyring`, `passphrase` or `memory`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "keyring" => Some(Self::Keyring),
            "passphrase" => Some(Self::Passphrase),
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }
}

/// The data folder: as given, else the place that the system gives programs (XDG Base Directory
/// Specification 0.8). `INPUT_INVALID` where there is none.
pub fn data_dir(given: Option<&Path>) -> Result<PathBuf, Problem> {
    if let Some(dir) = given {
        return std::path::absolute(dir).map_err(|error| no_place(&error.to_string()));
    }
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    base.or_else(home).map(|base| base.join("patchbay")).ok_or_else(|| no_place("HOME is not set"))
}

fn no_place(reason: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", "The data folder")
        .with("message", format!("Name it with --data-dir or PATCHBAY_DATA_DIR: {reason}."))
        .about(Subject::Field { name: "data-dir".into() })
}

/// The store as asked for. Where nothing is asked: a passphrase where one is given or was used
/// with this folder before, else the keyring. Where the passphrase is wanting the store is to be
/// unlocked later; `SECRET_STORE_LOCKED` where there is none to unlock.
pub fn secrets(
    asked: Option<SecretsKind>,
    passphrase: Option<String>,
    data_dir: &Path,
) -> Result<SecretsChoice, Problem> {
    let passphrase = passphrase.filter(|text| !text.is_empty());
    let by_passphrase = passphrase.is_some() || data_dir.join("vault.json").exists();
    match (asked, passphrase) {
        (Some(SecretsKind::Memory), _) => Ok(SecretsChoice::Memory),
        (Some(SecretsKind::Keyring), _) => Ok(SecretsChoice::Keyring),
        // What was chosen for the folder holds against a variable that is still set.
        (None, _) if keyring_chosen(data_dir) => Ok(SecretsChoice::Keyring),
        (None, _) if !by_passphrase => Ok(SecretsChoice::Keyring),
        (_, Some(passphrase)) => Ok(SecretsChoice::passphrase(passphrase)),
        (_, None) if data_dir.join("vault.json").exists() => Ok(SecretsChoice::Locked),
        (_, None) => Err(Problem::new(Code::SecretStoreLocked)
            .detail("Set PATCHBAY_PASSPHRASE to the passphrase of this data folder.")
            .about(Subject::Field { name: "PATCHBAY_PASSPHRASE".into() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_store_is_the_one_asked_for_or_the_one_used_before() {
        let fresh = tempfile::tempdir().unwrap();
        let used = tempfile::tempdir().unwrap();
        std::fs::write(used.path().join("vault.json"), "{}").unwrap();
        let chosen = tempfile::tempdir().unwrap();
        std::fs::write(chosen.path().join("security.json"), r#"{"keyringChosen": true}"#).unwrap();
        let text = || Some("word".to_owned());
        let name = |choice: Result<SecretsChoice, Problem>| match choice {
            Ok(SecretsChoice::Keyring) => "keyring",
            Ok(SecretsChoice::Passphrase(_)) => "passphrase",
            Ok(SecretsChoice::Memory) => "memory",
            Ok(SecretsChoice::Locked) => "locked",
            Ok(SecretsChoice::Kept(_)) => "kept",
            Err(problem) => problem.code().as_str(),
        };
        let cases = [
            (None, None, &fresh, "keyring"),
            (None, Some(String::new()), &fresh, "keyring"),
            (None, text(), &fresh, "passphrase"),
            (None, None, &used, "locked"),
            (SecretsKind::named("passphrase"), None, &used, "locked"),
            (None, text(), &chosen, "keyring"),
            (SecretsKind::named("passphrase"), text(), &chosen, "passphrase"),
            (None, text(), &used, "passphrase"),
            (SecretsKind::named("keyring"), text(), &used, "keyring"),
            (SecretsKind::named("memory"), None, &used, "memory"),
            (SecretsKind::named("passphrase"), None, &fresh, "SECRET_STORE_LOCKED"),
            (SecretsKind::named("passphrase"), text(), &fresh, "passphrase"),
        ];
        for (asked, passphrase, dir, want) in cases {
            let got = name(secrets(asked, passphrase.clone(), dir.path()));
            assert_eq!(got, want, "{asked:?}, passphrase given: {}", passphrase.is_some());
        }
        assert_eq!(SecretsKind::named("Keyring"), None);
    }
}
