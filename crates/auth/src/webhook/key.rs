//! What a delivery is checked with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_model::descriptor::{KeyEncoding, SecretEncoding, SignatureAlgorithm};
use patchbay_vault::Secret;
use zeroize::Zeroizing;

use super::How;
use super::signature::{Mac, PublicScheme, hex, public_fits, unhex};
use crate::error::AuthError;

/// How many random bytes a secret of ours has.
const BYTES: usize = 32;

/// A secret or a public key, ready to be used.
pub(super) enum Key {
    Keyed(Mac),
    Public(SignatureAlgorithm, Vec<u8>),
}

impl Key {
    /// Reads a secret as it is written. The error says what is wrong, for people.
    pub(super) fn read(secret: &Secret, how: How) -> Result<Self, &'static str> {
        match how {
            How::Keyed(algorithm, encoding) => {
                let bytes = keyed(secret.expose(), encoding)?;
                Ok(Self::Keyed(super::mac(algorithm, &bytes)))
            }
            How::Public(scheme) => Ok(Self::Public(scheme.algorithm, public(secret.expose().trim(), scheme)?)),
        }
    }

    pub(super) fn verifies(&self, pieces: &[&[u8]], candidate: &[u8]) -> bool {
        match self {
            Self::Keyed(mac) => mac.fits(pieces, candidate),
            Self::Public(algorithm, key) => public_fits(*algorithm, key, pieces, candidate),
        }
    }
}

fn keyed(text: &str, encoding: SecretEncoding) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let base64 = |text: &str| STANDARD.decode(text).map(Zeroizing::new).map_err(|_| "It is not base64.");
    let bytes = match encoding {
        SecretEncoding::Raw => Zeroizing::new(text.as_bytes().to_vec()),
        SecretEncoding::Base64 => base64(text.trim())?,
        SecretEncoding::Whsec => base64(text.trim().strip_prefix("whsec_").unwrap_or(text.trim()))?,
        SecretEncoding::Hex => unhex(&Zeroizing::new(text.trim().to_ascii_lowercase()))
            .map(Zeroizing::new)
            .ok_or("It is not hexadecimal.")?,
    };
    // Anybody can sign with an empty key.
    if bytes.iter().all(u8::is_ascii_whitespace) { Err("It is empty.") } else { Ok(bytes) }
}

/// The key itself, as the library wants it: 32 bytes of Ed25519, a point of P-256, an `RSAPublicKey`.
fn public(text: &str, scheme: PublicScheme) -> Result<Vec<u8>, &'static str> {
    const NO_KEY: &str = "It is not a public key as this tool writes it.";
    match scheme.key {
        KeyEncoding::RawHex => {
            let key = unhex(&text.to_ascii_lowercase()).ok_or(NO_KEY)?;
            if key.len() == 32 { Ok(key) } else { Err(NO_KEY) }
        }
        KeyEncoding::Spki => {
            let inner: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
            let der = STANDARD.decode(inner).map_err(|_| NO_KEY)?;
            spki(&der, scheme.algorithm).map(<[u8]>::to_vec).ok_or(NO_KEY)
        }
    }
}

/// The key inside a SubjectPublicKeyInfo of the algorithm (RFC 5280 section 4.1.2.7; the identifiers:
/// RFC 8410 section 3, RFC 5480 section 2.1.1, RFC 3279 section 2.3.1).
fn spki(der: &[u8], algorithm: SignatureAlgorithm) -> Option<&[u8]> {
    const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
    const P256: &[u8] = &[
        0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
        0x01, 0x07,
    ];
    const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let (outer, rest) = element(der, 0x30)?;
    let (identifier, key) = element(outer, 0x30)?;
    let (bits, end) = element(key, 0x03)?;
    let wanted = match algorithm {
        SignatureAlgorithm::Ed25519 => ED25519,
        SignatureAlgorithm::EcdsaP256 => P256,
        SignatureAlgorithm::RsaSha256 => RSA,
    };
    // No unused bits: a key is whole bytes.
    let key = bits.strip_prefix(&[0])?;
    (rest.is_empty() && end.is_empty() && identifier == wanted && !key.is_empty()).then_some(key)
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => {
            let (bytes, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*bytes)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A secret of our own, written so.
pub(super) fn generate(encoding: SecretEncoding) -> Result<Secret, AuthError> {
    let mut bytes = Zeroizing::new([0_u8; BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| AuthError::Random)?;
    let base64 = || Zeroizing::new(STANDARD.encode(bytes.as_slice()));
    Ok(Secret::new(match encoding {
        SecretEncoding::Raw | SecretEncoding::Hex => hex(bytes.as_slice()),
        SecretEncoding::Base64 => base64().to_string(),
        SecretEncoding::Whsec => ["whsec_", &base64()].concat(),
    }))
}
