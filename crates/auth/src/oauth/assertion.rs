//! The signed assertion by which an application proves itself (RFC 7523 section 3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use patchbay_model::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use zeroize::Zeroizing;

use super::SignInError;
use super::exchange::random;
use crate::credential::Credential;

/// How long it is good for, in seconds.
const LIFE: i64 = 60;

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// Signs with RS256 or ES256 (RFC 7518 section 3.1), by the kind of the key.
pub(super) fn sign(
    credential: &Credential,
    client_id: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Zeroizing<String>, SignInError> {
    let unusable =
        || SignInError::Client("the private key cannot be used: give RSA or P-256 as PEM".to_owned());
    let pem = credential.get("privateKey").ok_or_else(unusable)?;
    let key = PrivateKeyDer::from_pem_slice(pem.trim().as_bytes()).map_err(|_| unusable())?;
    let generator = SystemRandom::new();
    let key = match &key {
        PrivateKeyDer::Pkcs1(der) => {
            Key::Rsa(Box::new(RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(|_| unusable())?))
        }
        PrivateKeyDer::Pkcs8(der) => {
            let der = der.secret_pkcs8_der();
            match RsaKeyPair::from_pkcs8(der) {
                Ok(key) => Key::Rsa(Box::new(key)),
                Err(_) => Key::Ec(Box::new(
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &generator)
                        .map_err(|_| unusable())?,
                )),
            }
        }
        _ => return Err(unusable()),
    };
    let mut header = json!({ "alg": if matches!(key, Key::Rsa(_)) { "RS256" } else { "ES256" }, "typ": "JWT" });
    if let Some(id) = credential.get("keyId") {
        header["kid"] = id.into();
    }
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": random()?.expose(),
        "iat": now.as_second(),
        "exp": now.as_second() + LIFE,
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(&claims));
    let signature = match &key {
        Key::Rsa(key) => {
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &generator, text.as_bytes(), &mut signature).map_err(|_| unusable())?;
            signature
        }
        Key::Ec(key) => key.sign(&generator, text.as_bytes()).map_err(|_| unusable())?.as_ref().to_vec(),
    };
    Ok(Zeroizing::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
}
