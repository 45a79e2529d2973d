//! The secret values of one connection.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_model::Timestamp;
use patchbay_vault::{Secret, VaultError};
use serde_json::Value;
use zeroize::Zeroize;

use crate::error::AuthError;

/// Under these names signing in keeps what it gave.
pub(crate) const ACCESS_TOKEN: &str = "accessToken";
pub(crate) const REFRESH_TOKEN: &str = "refreshToken";
const EXPIRES_AT: &str = "expiresAt";
const RENEWED_AT: &str = "renewedAt";
const NUMBER: &str = "number";
/// Where tokens are given back, as the server's own metadata said when somebody signed in.
const REVOCATION_URL: &str = "revocationUrl";

/// What signing in, or renewing it, gave.
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    /// How long the access token lives, where that is known.
    pub(crate) life: Option<Duration>,
}

/// Secret values by the field they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential(BTreeMap<String, Secret>);

impl Credential {
    /// Wraps values.
    pub fn new(values: BTreeMap<String, Secret>) -> Self {
        Self(values)
    }

    /// A value that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose).filter(|text| !text.is_empty())
    }

    /// The same with another value.
    pub(crate) fn with(mut self, name: &str, value: Secret) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The same with what signing in, or renewing it, gave at that time. A refresh token that was not
    /// given anew stays (RFC 6749 section 6).
    pub(crate) fn with_tokens(mut self, tokens: Tokens, at: Timestamp) -> Self {
        self.0.insert(ACCESS_TOKEN.to_owned(), tokens.access);
        if let Some(refresh) = tokens.refresh {
            self.0.insert(REFRESH_TOKEN.to_owned(), refresh);
        }
        match tokens.life.and_then(|life| at.checked_add(life).ok()) {
            Some(end) => self.0.insert(EXPIRES_AT.to_owned(), Secret::new(end.to_string())),
            None => self.0.remove(EXPIRES_AT),
        };
        self.0.insert(RENEWED_AT.to_owned(), Secret::new(at.to_string()));
        // The first one of a sign-in is drawn: one that follows another sign-in must not look like it.
        let number = self.number().map_or_else(drawn, |number| number.wrapping_add(1));
        self.0.insert(NUMBER.to_owned(), Secret::new(number.to_string()));
        self
    }

    /// Tells an access token of this sign-in from the next one: clocks may stand still or jump.
    pub(crate) fn number(&self) -> Option<u64> {
        self.get(NUMBER)?.parse().ok()
    }

    /// The same with the address at which tokens are given back.
    pub(crate) fn with_revocation_url(self, url: &str) -> Self {
        self.with(REVOCATION_URL, Secret::new(url.to_owned()))
    }

    /// Where tokens are given back, where the server's own metadata said so.
    pub(crate) fn revocation_url(&self) -> Option<&str> {
        self.get(REVOCATION_URL)
    }

    /// When the access token ends, where that is known.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.get(EXPIRES_AT)?.parse().ok()
    }

    /// When the tokens were got.
    pub(crate) fn renewed_at(&self) -> Option<Timestamp> {
        self.get(RENEWED_AT)?.parse().ok()
    }

    /// Whether there is a value that is not empty.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Its secret values by field; not what is only written down beside them.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values().filter(|(name, _)| ![EXPIRES_AT, RENEWED_AT, NUMBER, REVOCATION_URL].contains(name))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, secret)| (name.as_str(), secret.expose()))
    }

    /// As one text, for sealing.
    pub(crate) fn to_secret(&self) -> Result<Secret, AuthError> {
        let values: BTreeMap<&str, &str> = self.values().collect();
        // Long enough from the start: a text that grows leaves copies of itself in memory.
        let room = self.values().map(|(name, value)| 6 * (name.len() + value.len()) + 8).sum::<usize>();
        let mut text = Vec::with_capacity(room + 2);
        serde_json::to_writer(&mut text, &values).map_err(|_| VaultError::Sealed)?;
        String::from_utf8(text).map(Secret::new).map_err(|_| VaultError::Sealed.into())
    }

    pub(crate) fn from_secret(secret: &Secret) -> Result<Self, AuthError> {
        let values: BTreeMap<String, String> =
            serde_json::from_str(secret.expose()).map_err(|_| VaultError::Sealed)?;
        Ok(Self(values.into_iter().map(|(name, text)| (name, Secret::new(text))).collect()))
    }
}

/// Where a sign-in begins to count its tokens. It need not be hard to guess.
fn drawn() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes) >> 1,
        Err(_) => 1,
    }
}

/// What templates see while a secret is filled in: wiped when it is dropped.
pub(crate) struct Scope(Value);

impl Scope {
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Wipes every text.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_survives_sealing_and_does_not_print() {
        let values = [("token", "can\"ary \\ \u{1F511}"), ("site", "")];
        let credential = Credential::new(values.map(|(n, v)| (n.to_owned(), Secret::new(v.to_owned()))).into());
        let back = Credential::from_secret(&credential.to_secret().unwrap()).unwrap();
        assert_eq!(back, credential);
        assert!(!format!("{credential:?}").contains("ary"));
        assert!(back.has("token") && !back.has("site") && !back.has("other"));
        assert!(Credential::from_secret(&Secret::new("not JSON".into())).is_err());
    }
}
