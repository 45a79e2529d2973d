//! All credentials of a workspace at once: under another master key, or in and out of a file that is
//! sealed with a passphrase. What is opened here goes nowhere else.

use std::collections::BTreeMap;

use patchbay_model::{ConnectionId, SealedBytes};
use patchbay_vault::{Origin, Secret, SecretStore, Vault, VaultError, seal_file};
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
    /// The secrets of each connection's webhook, in the same way.
    webhooks: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Incoming {
    document: Value,
    secrets: BTreeMap<String, String>,
    /// Absent in files of earlier versions.
    #[serde(default)]
    webhooks: BTreeMap<String, String>,
}

/// What a sealed file holds.
#[derive(Debug)]
pub struct Unsealed {
    /// What is not secret.
    pub document: Value,
    /// The credential of each connection, by name.
    pub credentials: BTreeMap<String, Credential>,
    /// The secrets of each connection's webhook, by name.
    pub webhooks: BTreeMap<String, Credential>,
}

/// One seal among all that a copy takes: whose it is, where it belongs, and whether it is a webhook's.
struct Sealed {
    name: String,
    place: String,
    bytes: SealedBytes,
    webhook: bool,
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

    /// A file with `document`, every credential and the secrets of every webhook, sealed with a passphrase.
    pub async fn seal_copy(&self, document: &Value, passphrase: Secret) -> Result<String, AuthError> {
        let kept = self.all_sealed().await?;
        let (vault, document) = (self.vault.clone(), document.clone());
        blocking(move || {
            let mut opened = Vec::new();
            for one in &kept {
                opened.push((one, vault.open(&one.bytes, &one.place)?));
            }
            let texts = |webhook: bool| {
                let own = opened.iter().filter(move |(one, _)| one.webhook == webhook);
                own.map(|(one, secret)| (one.name.as_str(), secret.expose())).collect()
            };
            let (secrets, webhooks) = (texts(false), texts(true));
            // Long enough from the start: a text that grows leaves copies of itself in memory.
            let room: usize =
                opened.iter().map(|(one, secret)| 6 * (one.name.len() + secret.expose().len()) + 8).sum();
            let document_room = document.to_string().len();
            let mut text = Vec::with_capacity(room + document_room + 64);
            serde_json::to_writer(&mut text, &Outgoing { document: &document, secrets, webhooks })
                .map_err(|_| VaultError::Sealed)?;
            let text = Secret::new(String::from_utf8(text).map_err(|_| VaultError::Sealed)?);
            seal_file(&text, &passphrase)
        })
        .await
    }

    /// Whether a sealed copy gives back `document` and every secret as it is kept.
    pub async fn matches_copy(
        &self,
        text: String,
        passphrase: Secret,
        document: &Value,
    ) -> Result<bool, AuthError> {
        let back = open_copy(text, passphrase).await?;
        let (vault, kept) = (self.vault.clone(), self.all_sealed().await?);
        let same_document = back.document == *document;
        blocking(move || {
            for one in &kept {
                let secret = vault.open(&one.bytes, &one.place)?;
                let own = Credential::from_secret(&secret).map_err(|_| VaultError::Sealed)?;
                let of = if one.webhook { &back.webhooks } else { &back.credentials };
                if of.get(&one.name) != Some(&own) {
                    return Ok(false);
                }
            }
            Ok(same_document && back.credentials.len() + back.webhooks.len() == kept.len())
        })
        .await
    }

    /// Everything that is sealed for connections, by name.
    async fn all_sealed(&self) -> Result<Vec<Sealed>, AuthError> {
        let mut all = Vec::new();
        for one in self.store.credentials_kept().await? {
            let place = place(&one.connection);
            all.push(Sealed { name: one.name, place, bytes: one.sealed, webhook: false });
        }
        for (id, bytes) in self.store.webhook_seals().await? {
            let Some(connection) = self.store.connection(&id).await? else { continue };
            all.push(Sealed { name: connection.name, place: webhook::place(&id), bytes, webhook: true });
        }
        Ok(all)
    }

    /// Seals the secrets of a webhook that came in such a file. The caller holds the workspace's seals until
    /// they are stored.
    pub async fn seal_webhook_copy(
        &self,
        connection: &ConnectionId,
        secrets: &Credential,
    ) -> Result<SealedBytes, AuthError> {
        self.sealed_at(webhook::place(connection), secrets, Origin::Entered).await
    }
}

/// Opens what [`Authoriser::seal_copy`] made.
pub async fn open_copy(text: String, passphrase: Secret) -> Result<Unsealed, AuthError> {
    blocking(move || {
        let plain = patchbay_vault::open_file(&text, &passphrase)?;
        let Incoming { document, secrets, webhooks } =
            serde_json::from_str(plain.expose()).map_err(|error| VaultError::File {
                file: "The sealed file".to_owned(),
                reason: error.to_string(),
            })?;
        let read = |texts: BTreeMap<String, String>| {
            let one = |(name, text): (String, String)| {
                let text = Zeroizing::new(text);
                let values = Credential::from_secret(&Secret::new(text.to_string()));
                Ok((name, values.map_err(|_| VaultError::Sealed)?))
            };
            texts.into_iter().map(one).collect::<Result<BTreeMap<_, _>, VaultError>>()
        };
        Ok(Unsealed { document, credentials: read(secrets)?, webhooks: read(webhooks)? })
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
