//! Text sealed with a passphrase, for files that leave this computer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::seal::{open, seal};
use crate::secret::Secret;
use crate::work::{Work, check_passphrase};

/// What tells such a file from others.
const FORMAT: &str = "patchbay-sealed";
/// The layout of the file.
const VERSION: u32 = 1;

/// The header is read before anything is opened, and is part of what the seal protects.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SealedFile {
    format: String,
    version: u32,
    /// Says which derivation and cipher: Argon2id (RFC 9106) and XChaCha20-Poly1305.
    cipher: String,
    work: Work,
    sealed: String,
}

const CIPHER: &str = "argon2id+xchacha20-poly1305";

/// What the seal is bound to: the header, so that no part of it can be exchanged.
fn place(version: u32, work: &Work) -> String {
    format!("{FORMAT}:{version}:{CIPHER}:{}:{}:{}:{}", work.salt, work.memory_kib, work.passes, work.lanes)
}

/// Whether a text is such a file, whatever is in it.
pub fn is_sealed_file(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value["format"] == FORMAT)
}

/// Seals a text with a passphrase. Takes a fraction of a second on purpose.
///
/// # Errors
/// [`VaultError::PassphraseShort`].
pub fn seal_file(plain: &Secret, passphrase: &Secret) -> Result<String, VaultError> {
    check_passphrase(passphrase)?;
    let work = Work::new()?;
    let key = work.key(passphrase).ok_or(VaultError::Sealed)?;
    let sealed = STANDARD.encode(seal(&key, plain.expose().as_bytes(), &place(VERSION, &work))?);
    let file = SealedFile { format: FORMAT.into(), version: VERSION, cipher: CIPHER.into(), work, sealed };
    serde_json::to_string_pretty(&file).map_err(|_| VaultError::Sealed)
}

/// Opens what [`seal_file`] made.
///
/// # Errors
/// [`VaultError::PassphraseWrong`] where the passphrase does not fit or a byte was altered;
/// [`VaultError::File`] where it is no such file, or one of a later version.
pub fn open_file(text: &str, passphrase: &Secret) -> Result<Secret, VaultError> {
    let fault = |reason: String| VaultError::File { file: "The sealed file".to_owned(), reason };
    let file: SealedFile = serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
    if file.format != FORMAT || file.version != VERSION || file.cipher != CIPHER {
        return Err(fault("another version of Patchbay wrote it".to_owned()));
    }
    let key = file.work.key(passphrase).ok_or_else(|| fault("its parameters cannot be used".to_owned()))?;
    let sealed = STANDARD.decode(&file.sealed).map_err(|error| fault(error.to_string()))?;
    let plain =
        open(&key, &sealed, &place(file.version, &file.work)).map_err(|_| VaultError::PassphraseWrong)?;
    let text = Zeroizing::new(String::from_utf8(plain.to_vec()).map_err(|_| VaultError::Sealed)?);
    Ok(Secret::new(text.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_sealed_file_opens_with_its_passphrase_and_unaltered_only() {
        let text = seal_file(&secret("canary"), &secret("correct horse")).unwrap();
        assert!(is_sealed_file(&text) && !text.contains("canary"));
        assert_eq!(open_file(&text, &secret("correct horse")).unwrap().expose(), "canary");
        assert!(matches!(open_file(&text, &secret("correct house")), Err(VaultError::PassphraseWrong)));

        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let altered = |change: fn(&mut serde_json::Value)| {
            let mut value = value.clone();
            change(&mut value);
            open_file(&value.to_string(), &secret("correct horse"))
        };
        let wrong: [fn(&mut serde_json::Value); 3] = [
            |v| v["work"]["passes"] = 2.into(),
            |v| v["work"]["salt"] = STANDARD.encode([0; 16]).into(),
            |v| {
                let mut bytes = STANDARD.decode(v["sealed"].as_str().unwrap()).unwrap();
                bytes[30] ^= 1;
                v["sealed"] = STANDARD.encode(bytes).into();
            },
        ];
        for change in wrong {
            assert!(matches!(altered(change), Err(VaultError::PassphraseWrong)));
        }
        let refused: [fn(&mut serde_json::Value); 4] = [
            |v| v["version"] = 2.into(),
            |v| v["cipher"] = "none".into(),
            |v| v["more"] = 1.into(),
            |v| v["work"]["memory_kib"] = (64 * 1024 * 1024).into(),
        ];
        for change in refused {
            assert!(matches!(altered(change), Err(VaultError::File { .. })));
        }
        assert!(matches!(open_file("{}", &secret("correct horse")), Err(VaultError::File { .. })));
    }

    #[test]
    fn a_short_passphrase_seals_nothing() {
        assert!(matches!(seal_file(&secret("x"), &secret("short")), Err(VaultError::PassphraseShort)));
    }
}
