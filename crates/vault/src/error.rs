//! Why a secret cannot be had.

use patchbay_model::problem::{Code, Problem, Subject};

/// Why a secret cannot be sealed, opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keyring is locked, or the user dismissed its prompt.
    #[error("the keyring is locked")]
    Locked,
    /// No secret store answers.
    #[error("no secret store answers: {0}")]
    Unavailable(String),
    /// The master key is gone while sealed secrets exist.
    #[error("the key that opens stored secrets is gone")]
    KeyMissing,
    /// Sealed bytes do not open with this key: another key, another place, or altered bytes.
    #[error("the stored secret does not open")]
    Sealed,
    /// The passphrase does not open the file.
    #[error("the passphrase does not open the vault")]
    PassphraseWrong,
    /// The passphrase is too short to be chosen.
    #[error("the passphrase is too short")]
    PassphraseShort,
    /// The passphrase file cannot be read or written.
    #[error("{file}: {reason}")]
    File {
        /// Its name.
        file: String,
        /// Why.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        let problem = match &error {
            VaultError::Locked => Self::new(Code::SecretStoreLocked),
            VaultError::Unavailable(reason) => Self::new(Code::SecretStoreUnavailable).detail(reason),
            VaultError::KeyMissing | VaultError::Sealed => {
                Self::new(Code::SecretMissing).detail(error.to_string())
            }
            VaultError::PassphraseWrong => Self::new(Code::PassphraseWrong),
            VaultError::PassphraseShort => {
                return Self::new(Code::InputInvalid)
                    .with("field", "The passphrase")
                    .with("message", "Use at least 12 characters, and not the same few again and again.")
                    .about(Subject::Field { name: "passphrase".into() });
            }
            VaultError::File { .. } => Self::new(Code::SecretStoreUnavailable).detail(error.to_string()),
            VaultError::NoRandom => Self::new(Code::Internal).detail(error.to_string()),
        };
        problem.about(Subject::Computer)
    }
}
