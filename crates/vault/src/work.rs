//! From a passphrase to a key: Argon2id (RFC 9106), with work that the file itself names.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::VaultError;
use crate::seal::Key;
use crate::secret::Secret;

/// Work per guess: 64 MiB, three passes, one lane (above the minimum of the OWASP cheat sheet).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// What a file may ask for at most, so that a file from elsewhere cannot exhaust memory.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 100;

/// Fewer characters than this are refused where a passphrase is chosen.
pub const SHORTEST_PASSPHRASE: usize = 12;

/// What it takes to derive a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// 16 random bytes, in Base64.
    pub(crate) salt: String,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Work {
    /// Today's work with a new salt.
    pub(crate) fn new() -> Result<Self, VaultError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| VaultError::NoRandom)?;
        Ok(Self { salt: STANDARD.encode(salt), memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES })
    }

    /// The key; none where the parameters cannot be used.
    pub(crate) fn key(&self, passphrase: &Secret) -> Option<Key> {
        if self.memory_kib > MOST_MEMORY_KIB || self.passes > MOST_PASSES {
            return None;
        }
        let salt = STANDARD.decode(&self.salt).ok()?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let mut key = Key::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut_slice())
            .ok()?;
        Some(key)
    }
}

/// Refuses a passphrase that is too short to be chosen. One that opens what is there already is never
/// asked this.
///
/// # Errors
/// [`VaultError::PassphraseShort`].
pub fn check_passphrase(passphrase: &Secret) -> Result<(), VaultError> {
    let mut letters: Vec<char> = passphrase.expose().chars().collect();
    let long = letters.len() >= SHORTEST_PASSPHRASE;
    letters.sort_unstable();
    letters.dedup();
    // "aaaaaaaaaaaa" is long and no secret.
    if long && letters.len() >= 4 { Ok(()) } else { Err(VaultError::PassphraseShort) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_that_is_chosen_is_long_enough() {
        let takes = |text: &str| check_passphrase(&Secret::new(text.to_owned())).is_ok();
        for good in ["correct horse", "zwölf Zeichen", "twelve chars"] {
            assert!(takes(good), "{good}");
        }
        for bad in ["", "eleven char", "aaaaaaaaaaaaaaaa", "            "] {
            assert!(!takes(bad), "{bad:?}");
        }
    }
}
