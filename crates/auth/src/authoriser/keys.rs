//! All credentials of a workspace at once: under another master key, or in and out of a file that is
//! sealed with a passphrase. What is opened here goes nowhere else.

use std::collections::BTreeMap;

use patchbay_model::{ConnectionId, SealedBytes};
use patchbay_vault::{Secret, SecretStore, Vault, VaultError, seal_file};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Authoriser, place};
use crate::credential::Credential;
use crate::error::AuthError;
use crate::webhook;

/// How many credentials are under another master key now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Those sealed anew.
    pub credentials: usize,
    /// Those whose key is lost: they stay as they are until they are entered again.
    pub lost: usize,
}

/// The content of a sealed file while it is being written.
#[derive(Serialize)]
struct Outgoing<'a> {
    document: &'a Value,
    /// The credential of each connection, by name, as JSON text.
    secrets: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Incoming {
    document: Value,
    secrets: BTreeMap<String, String>,
}

/// What a sealed file holds.
#[derive(Debug)]
pub struct Unsealed {
    /// What is not secret.
    pub document: Value,
    /// The credential of each connection, by name.
    pub credentials: BTreeMap<String, Credential>,
}

impl Authoriser {
    /// Seals every credential with another master key. The new key is durable before the first seal;
    /// all seals change in one transaction; the old key goes after it. A kill in between leaves what
    /// opens, and at worst an old key that [`Authoriser::tidy_keys`] takes away.
    ///
    /// Nobody else may seal meanwhile: the caller holds the workspace's seals.
    pub async fn rotate(&self) -> Result<Rotated, AuthError> {
        self.tidy_keys().await?;
        // One list of all that is sealed: the credentials first, and the secrets of webhooks after them.
        let credentials = self.store.credentials_kept().await?;
        let webhooks = self.store.webhook_seals().await?;
        let own = credentials.iter().map(|one| (place(&one.connection), &one.connection, &one.sealed));
        let sent = webhooks.iter().map(|(id, sealed)| (webhook::place(id), id, sealed));
        let kept: Vec<_> = own.chain(sent).collect();
        let before: Vec<SealedBytes> = kept.iter().map(|(_, _, sealed)| (*sealed).clone()).collect();
        let places: Vec<_> = kept.iter().map(|(at, _, sealed)| (at.clone(), (*sealed).clone())).collect();
        let vault = self.vault.clone();
        let resealed = blocking(move || vault.reseal(&places)).await?;
        let rotated = Rotated { credentials: resealed.len(), lost: kept.len() - resealed.len() };
        let mut now = before.clone();
        let (mut rows, mut webhook_rows) = (Vec::new(), Vec::new());
        for one in resealed {
            let Some((_, connection, old)) = kept.get(one.index) else { continue };
            now[one.index] = one.sealed.clone();
            let of = if one.index < credentials.len() { &mut rows } else { &mut webhook_rows };
            of.push(((*connection).clone(), (*old).clone(), one.sealed));
        }
        self.store.credentials_reseal(rows, webhook_rows, &Vault::retired(&before, &now)).await?;
        self.tidy_keys().await?;
        Ok(rotated)
    }

    /// Deletes keys that nothing is sealed with any more from the secret store, where a rotation did not
    /// come to that.
    pub async fn tidy_keys(&self) -> Result<(), AuthError> {
        let retired = self.store.retired_keys().await?;
        if retired.is_empty() {
            return Ok(());
        }
        let (vault, now) = (self.vault.clone(), self.store.credentials().await?);
        blocking(move || vault.forget_retired(&retired, &now)).await?;
        self.store.retired_keys_gone().await?;
        Ok(())
    }

    /// Destroys the master keys and every credential: nothing of it can ever be opened again, in copies of
    /// the database neither. Says whose the credentials were. The keys go first: a kill in between leaves
    /// seals without a key, which say so.
    pub async fn forget_all(&self) -> Result<Vec<ConnectionId>, AuthError> {
        self.tidy_keys().await?;
        let (vault, kept) = (self.vault.clone(), self.store.credentials().await?);
        blocking(move || vault.destroy_keys(&kept)).await?;
        let gone = self.store.credentials_forget().await?;
        self.forget();
        Ok(gone)
    }

    /// Copies the master keys into another secret store; says their names in it.
    pub async fn copy_keys(&self, to: std::sync::Arc<dyn SecretStore>) -> Result<Vec<String>, AuthError> {
        let (vault, kept) = (self.vault.clone(), self.store.credentials().await?);
        blocking(move || vault.copy_keys(&kept, to.as_ref())).await
    }

    /// Drops every secret and key that is in memory. What is being sent at this moment keeps its own.
    pub fn forget(&self) {
        self.vault.forget_keys();
        self.redactors().clear();
        self.opened.forget();
    }

    /// A file with `document` and every credential, sealed with a passphrase.
    pub async fn seal_copy(&self, document: &Value, passphrase: Secret) -> Result<String, AuthError> {
        let kept = self.store.credentials_kept().await?;
        let (vault, document) = (self.vault.clone(), document.clone());
        blocking(move || {
            let mut opened = Vec::new();
            for one in &kept {
                opened.push((one.name.as_str(), vault.open(&one.sealed, &place(&one.connection))?));
            }
            let secrets = opened.iter().map(|(name, secret)| (*name, secret.expose())).collect();
            // Long enough from the start: a text that grows leaves copies of itself in memory.
            let room: usize =
                opened.iter().map(|(name, secret)| 6 * (name.len() + secret.expose().len()) + 8).sum();
            let document_room = document.to_string().len();
            let mut text = Vec::with_capacity(room + document_room + 64);
            serde_json::to_writer(&mut text, &Outgoing { document: &document, secrets })
                .map_err(|_| VaultError::Sealed)?;
            let text = Secret::new(String::from_utf8(text).map_err(|_| VaultError::Sealed)?);
            seal_file(&text, &passphrase)
        })
        .await
    }

    /// Whether a sealed copy gives back `document` and every credential as it is kept.
    pub async fn matches_copy(
        &self,
        text: String,
        passphrase: Secret,
        document: &Value,
    ) -> Result<bool, AuthError> {
        let back = open_copy(text, passphrase).await?;
        let (vault, kept) = (self.vault.clone(), self.store.credentials_kept().await?);
        let same_document = back.document == *document;
        blocking(move || {
            for one in &kept {
                let secret = vault.open(&one.sealed, &place(&one.connection))?;
                let own = Credential::from_secret(&secret).map_err(|_| VaultError::Sealed)?;
                if back.credentials.get(&one.name) != Some(&own) {
                    return Ok(false);
                }
            }
            Ok(same_document && back.credentials.len() == kept.len())
        })
        .await
    }
}

/// Opens what [`Authoriser::seal_copy`] made.
pub async fn open_copy(text: String, passphrase: Secret) -> Result<Unsealed, AuthError> {
    blocking(move || {
        let plain = patchbay_vault::open_file(&text, &passphrase)?;
        let Incoming { document, secrets } = serde_json::from_str(plain.expose()).map_err(|error| {
            VaultError::File { file: "The sealed file".to_owned(), reason: error.to_string() }
        })?;
        let mut credentials = BTreeMap::new();
        for (name, text) in secrets {
            let text = Zeroizing::new(text);
            let credential = Credential::from_secret(&Secret::new(text.to_string()));
            credentials.insert(name, credential.map_err(|_| VaultError::Sealed)?);
        }
        Ok(Unsealed { document, credentials })
    })
    .await
}

/// The keyring may keep us waiting, and deriving a key takes its time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, AuthError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AuthError::Interrupted)?.map_err(AuthError::from)
}

#[cfg(test)]
mod tests;
