//! Signatures: how they are written, and whether one fits.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use patchbay_model::descriptor::{HmacAlgorithm, KeyEncoding, SignatureAlgorithm, SignatureEncoding};
use patchbay_vault::Secret;
use ring::{digest, hmac, signature};
use subtle::{Choice, ConstantTimeEq};

use super::{Refusal, Signed, single};

/// So many signatures of one header are tried; vendors send two while a secret changes.
const MOST_CANDIDATES: usize = 8;

/// The signatures of a request, decoded, and what stands beside them.
pub(super) struct Signature {
    pub(super) candidates: Vec<Vec<u8>>,
    fields: Vec<(String, String)>,
}

impl Signature {
    /// Reads the header with the signature. What is not written as the tool writes it is none.
    pub(super) fn read(scheme: &Signed, headers: &HeaderMap) -> Result<Self, Refusal> {
        let said = single(headers, &scheme.header).ok_or(Refusal::Unsigned)?;
        let said = match &scheme.prefix {
            Some(prefix) => said.strip_prefix(prefix.as_str()).ok_or(Refusal::Signature)?,
            None => said,
        };
        let (texts, fields) = match &scheme.list {
            None => (vec![said.to_owned()], Vec::new()),
            Some(list) => {
                let fields: Vec<(String, String)> = said
                    .split(list.separator.as_str())
                    .filter_map(|item| item.trim().split_once(list.assign.as_str()))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                let own = fields.iter().filter(|(name, _)| *name == list.field);
                (own.map(|(_, value)| value.clone()).collect(), fields)
            }
        };
        let candidates: Vec<Vec<u8>> = texts
            .iter()
            .take(MOST_CANDIDATES)
            .filter_map(|text| decode(text, scheme.encoding))
            .filter(|bytes| !bytes.is_empty())
            .collect();
        if candidates.is_empty() { Err(Refusal::Signature) } else { Ok(Self { candidates, fields }) }
    }

    /// A value beside the signatures, which is there once.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(own, _)| own == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// Hexadecimal in lower case; base64 with its padding and without stray bits. What decodes in several
/// ways to the same bytes would let a delivery be sent again as another one.
pub(super) fn decode(text: &str, encoding: SignatureEncoding) -> Option<Vec<u8>> {
    match encoding {
        SignatureEncoding::Hex => unhex(text),
        SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
    }
}

pub(super) fn encode(bytes: &[u8], encoding: SignatureEncoding) -> String {
    match encoding {
        SignatureEncoding::Hex => hex(bytes),
        SignatureEncoding::Base64 => STANDARD.encode(bytes),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes = text.as_bytes();
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// A keyed hash.
pub(super) struct Mac(hmac::Key);

impl Mac {
    pub(super) fn new(algorithm: HmacAlgorithm, key: &[u8]) -> Self {
        let algorithm = match algorithm {
            HmacAlgorithm::Sha256 => hmac::HMAC_SHA256,
            HmacAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            HmacAlgorithm::Sha512 => hmac::HMAC_SHA512,
        };
        Self(hmac::Key::new(algorithm, key))
    }

    pub(super) fn of(&self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        for piece in pieces {
            context.update(piece);
        }
        context.sign().as_ref().to_vec()
    }

    /// Compares in constant time.
    pub(super) fn fits(&self, pieces: &[&[u8]], candidate: &[u8]) -> bool {
        self.of(pieces).ct_eq(candidate).into()
    }
}

/// How something is signed with a private key.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicScheme {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) key: KeyEncoding,
}

/// Whether a signature fits a public key.
pub(super) fn public_fits(
    algorithm: SignatureAlgorithm,
    key: &[u8],
    pieces: &[&[u8]],
    candidate: &[u8],
) -> bool {
    let verifier: &dyn signature::VerificationAlgorithm = match algorithm {
        SignatureAlgorithm::Ed25519 => &signature::ED25519,
        SignatureAlgorithm::EcdsaP256 => &signature::ECDSA_P256_SHA256_ASN1,
        SignatureAlgorithm::RsaSha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
    };
    let message: Cow<'_, [u8]> = match pieces {
        [one] => Cow::Borrowed(one),
        several => Cow::Owned(several.concat()),
    };
    signature::UnparsedPublicKey::new(verifier, key).verify(&message, candidate).is_ok()
}

/// Whether a text is one of the secrets. Their hashes are compared, so that neither their content nor
/// their length shows in the time it takes.
pub(super) fn same_text<'s>(said: &str, known: impl Iterator<Item = &'s Secret>) -> Result<(), Refusal> {
    let of = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
    let said = of(said);
    let mut any = false;
    let mut same = Choice::from(0);
    for secret in known {
        any = true;
        same |= of(secret.expose()).as_ref().ct_eq(said.as_ref());
    }
    match (any, bool::from(same)) {
        (false, _) => Err(Refusal::NoSecret),
        (true, true) => Ok(()),
        (true, false) => Err(Refusal::Signature),
    }
}

/// The names and values of a form in the order of their names (and values, where a name comes several
/// times; the same pair once), without separators.
pub(super) fn sorted_form(body: &[u8]) -> Vec<u8> {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = url::form_urlencoded::parse(body).collect();
    pairs.sort();
    pairs.dedup();
    pairs.iter().flat_map(|(name, value)| name.bytes().chain(value.bytes())).collect()
}
