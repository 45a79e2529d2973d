//! Sealing: XChaCha20-Poly1305 with a random nonce and associated data that names the place.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::VaultError;

/// The layout of sealed bytes: this byte, 24 bytes of nonce, ciphertext with tag.
const LAYOUT: u8 = 1;
const NONCE: usize = 24;

/// A 256-bit key, zeroed when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// A new random key.
pub(crate) fn new_key() -> Result<Key, VaultError> {
    let mut key = Key::default();
    getrandom::fill(key.as_mut_slice()).map_err(|_| VaultError::NoRandom)?;
    Ok(key)
}

/// Seals bytes. 24-byte nonces may be chosen at random for any number of messages.
pub(crate) fn seal(key: &Key, plain: &[u8], place: &str) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandom)?;
    let sealed = XChaCha20Poly1305::new(key.as_slice().into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: place.as_bytes() })
        .map_err(|_| VaultError::Sealed)?;
    let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
    bytes.push(LAYOUT);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(bytes)
}

/// Opens sealed bytes; any altered bit, another key or another place is an error.
pub(crate) fn open(key: &Key, sealed: &[u8], place: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (layout, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
    if *layout != LAYOUT || rest.len() < NONCE {
        return Err(VaultError::Sealed);
    }
    let (nonce, body) = rest.split_at(NONCE);
    XChaCha20Poly1305::new(key.as_slice().into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: place.as_bytes() })
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_altered_byte_another_place_and_another_key_are_noticed() {
        let key = new_key().unwrap();
        let sealed = seal(&key, b"token", "connection:1").unwrap();
        assert_eq!(open(&key, &sealed, "connection:1").unwrap().as_slice(), b"token");
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert!(open(&key, &altered, "connection:1").is_err(), "byte {i}");
        }
        assert!(open(&key, &sealed, "connection:2").is_err());
        assert!(open(&new_key().unwrap(), &sealed, "connection:1").is_err());
        for cut in 0..sealed.len() {
            assert!(open(&key, &sealed[..cut], "connection:1").is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let key = new_key().unwrap();
        assert_ne!(seal(&key, b"x", "p").unwrap(), seal(&key, b"x", "p").unwrap());
    }
}
