//! The secret values of one connection.

use std::collections::BTreeMap;

use patchbay_vault::Secret;
use zeroize::Zeroizing;

use crate::error::AuthError;

/// Secret values by the field they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential(BTreeMap<String, Secret>);

impl Credential {
    /// Wraps values.
    pub fn new(values: BTreeMap<String, Secret>) -> Self {
        Self(values)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, secret)| (name.as_str(), secret.expose()))
    }

    /// As one text, for sealing.
    pub(crate) fn to_secret(&self) -> Secret {
        let object: serde_json::Map<_, _> =
            self.0.iter().map(|(name, secret)| (name.clone(), secret.expose().into())).collect();
        let text = Zeroizing::new(serde_json::Value::Object(object).to_string());
        Secret::new(text.to_string())
    }

    pub(crate) fn from_secret(secret: &Secret) -> Result<Self, AuthError> {
        let values: BTreeMap<String, String> =
            serde_json::from_str(secret.expose()).map_err(|_| patchbay_vault::VaultError::Sealed)?;
        Ok(Self(values.into_iter().map(|(name, text)| (name, Secret::new(text))).collect()))
    }
}
