//! The secrets of a connection's webhook: sealed as credentials are, opened for checking alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use patchbay_model::{Connection, ConnectionId, SealedBytes, Timestamp};
use patchbay_net::Request;
use patchbay_vault::{Origin, Secret};
use zeroize::Zeroizing;

use super::{Arrived, Refusal, Scheme};
use crate::authoriser::Authoriser;
use crate::credential::Credential;
use crate::error::AuthError;
use crate::redact::Redactor;

const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";

/// A secret that we made, for the one time that it is shown.
pub struct MadeSecret(Secret);

impl MadeSecret {
    /// The secret itself, to be entered on the tool's pages.
    pub fn show_once(self) -> String {
        self.0.expose().to_owned()
    }
}

impl std::fmt::Debug for MadeSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MadeSecret(…)")
    }
}

/// A secret that a tool gave in its answer, on its way to be sealed. Prints nothing.
#[derive(Clone)]
pub struct BroughtSecret(Secret);

impl BroughtSecret {
    /// Holds what stood in the answer.
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }
}

impl std::fmt::Debug for BroughtSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BroughtSecret(…)")
    }
}

/// What a webhook is checked with. Prints nothing.
#[derive(Clone)]
pub struct WebhookSecrets {
    current: Option<Secret>,
    previous: Option<(Secret, Option<Timestamp>)>,
}

impl std::fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecrets(…)")
    }
}

impl WebhookSecrets {
    /// One that stands in a fixture and keeps nothing.
    pub fn of_fixture(text: &str) -> Self {
        Self { current: Some(Secret::new(text.to_owned())), previous: None }
    }

    /// Those that hold at `now`, the current one first.
    fn valid(&self, now: Timestamp) -> Vec<Secret> {
        let previous = self.previous.as_ref().filter(|(_, until)| until.is_none_or(|until| now < until));
        self.current.iter().chain(previous.map(|(secret, _)| secret)).cloned().collect()
    }

    /// Whether a delivery is genuine.
    pub fn verify(&self, scheme: &Scheme, arrived: &Arrived<'_>, now: Timestamp) -> Result<(), Refusal> {
        scheme.verify(&self.valid(now), arrived, now)
    }

    /// The headers that sign a delivery as the tool would; none where we cannot.
    pub fn sign(
        &self,
        scheme: &Scheme,
        arrived: &Arrived<'_>,
        now: Timestamp,
    ) -> Option<Vec<(String, String)>> {
        let nothing = Secret::new(String::new());
        scheme.sign(self.current.as_ref().unwrap_or(&nothing), arrived, now)
    }

    /// The keyed hash of what a tool asks.
    pub fn hmac_hex(&self, scheme: &Scheme, value: &str) -> Option<String> {
        scheme.hmac_hex(self.current.as_ref()?, value)
    }

    /// The current one, for a tool whose pages ask for what it sent. Whoever calls says when that may be.
    pub fn shown(&self) -> Option<MadeSecret> {
        self.current.clone().map(MadeSecret)
    }

    /// What takes them out of data and text.
    pub fn redactor(&self) -> Redactor {
        let previous = self.previous.iter().map(|(secret, _)| secret);
        Redactor::of(self.current.iter().chain(previous).map(Secret::expose))
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.current.is_some()
    }
}

/// Opened secrets by connection, with the seal that they came out of.
#[derive(Clone, Default)]
pub(crate) struct Opened(Arc<Mutex<HashMap<ConnectionId, (SealedBytes, WebhookSecrets)>>>);

impl Opened {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ConnectionId, (SealedBytes, WebhookSecrets)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops all of them.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }
}

/// The place that sealed webhook secrets belong to.
pub(crate) fn place(connection: &ConnectionId) -> String {
    format!("webhook:{connection}")
}

impl Authoriser {
    /// The secrets out of a webhook's seal. They stay open until the secret store is locked: deliveries
    /// come thousands a second.
    pub async fn webhook_secrets(
        &self,
        connection: &ConnectionId,
        sealed: Option<&SealedBytes>,
        previous_until: Option<Timestamp>,
    ) -> Result<WebhookSecrets, AuthError> {
        let Some(sealed) = sealed else {
            return Ok(WebhookSecrets { current: None, previous: None });
        };
        let until = |mut secrets: WebhookSecrets| {
            if let Some((_, end)) = &mut secrets.previous {
                *end = previous_until;
            }
            secrets
        };
        if let Some((own, secrets)) = self.opened.lock().get(connection)
            && own == sealed
        {
            return Ok(until(secrets.clone()));
        }
        let (vault, place, bytes) = (self.vault.clone(), place(connection), sealed.clone());
        let secret = tokio::task::spawn_blocking(move || vault.open(&bytes, &place))
            .await
            .map_err(|_| AuthError::Interrupted)??;
        let values = Credential::from_secret(&secret)?;
        let get = |name| values.get(name).map(|text| Secret::new(text.to_owned()));
        let secrets =
            WebhookSecrets { current: get(CURRENT), previous: get(PREVIOUS).map(|secret| (secret, None)) };
        self.opened.lock().insert(connection.clone(), (sealed.clone(), secrets.clone()));
        Ok(until(secrets))
    }

    /// What takes a webhook's secrets out of data, where they are open: they are when a delivery has just
    /// been checked.
    pub fn webhook_redactor(&self, connection: &ConnectionId) -> Option<Redactor> {
        let opened = self.opened.lock();
        opened.get(connection).map(|(_, secrets)| secrets.redactor())
    }

    /// Seals a webhook's secret, with the one before it where that goes on holding for a while. The caller
    /// holds the workspace's seals until it is stored.
    pub async fn seal_webhook(
        &self,
        connection: &ConnectionId,
        secret: &Secret,
        before: Option<&WebhookSecrets>,
    ) -> Result<SealedBytes, AuthError> {
        let mut values = BTreeMap::from([(CURRENT.to_owned(), Secret::new(secret.expose().to_owned()))]);
        if let Some(previous) = before.and_then(|before| before.current.clone()) {
            values.insert(PREVIOUS.to_owned(), previous);
        }
        self.sealed_at(place(connection), &Credential::new(values), Origin::Entered).await
    }

    /// Seals a secret that a handshake brought. The caller holds the workspace's seals until it is stored.
    pub async fn seal_captured(
        &self,
        connection: &ConnectionId,
        scheme: &Scheme,
        value: &str,
    ) -> Result<SealedBytes, AuthError> {
        let secret = Secret::new(value.to_owned());
        scheme.takes(&secret).map_err(AuthError::Unusable)?;
        self.seal_webhook(connection, &secret, None).await
    }

    /// Seals a secret that a tool gave in its answer. The caller holds the workspace's seals until it is
    /// stored.
    pub async fn seal_brought(
        &self,
        connection: &ConnectionId,
        scheme: &Scheme,
        secret: &BroughtSecret,
    ) -> Result<SealedBytes, AuthError> {
        scheme.takes(&secret.0).map_err(AuthError::Unusable)?;
        self.seal_webhook(connection, &secret.0, None).await
    }

    /// Seals a secret of our own, as the tool wants it written.
    pub async fn make_webhook_secret(
        &self,
        connection: &ConnectionId,
        scheme: &Scheme,
        before: Option<&WebhookSecrets>,
    ) -> Result<(SealedBytes, MadeSecret), AuthError> {
        let secret = scheme.generate()?;
        Ok((self.seal_webhook(connection, &secret, before).await?, MadeSecret(secret)))
    }

    /// Adds the secret of a connection's webhook to the body of a request that tells the tool our address.
    /// The origin was checked when the request was authorised.
    pub async fn add_webhook_secret(
        &self,
        connection: &Connection,
        pointer: &str,
        request: &mut Request,
    ) -> Result<(), AuthError> {
        let missing = || AuthError::Missing { name: connection.name.clone() };
        let row = self.store.webhook(&connection.id).await?.ok_or_else(missing)?;
        let secrets = self.webhook_secrets(&connection.id, row.sealed.as_ref(), row.previous_until).await?;
        let current = secrets.current.ok_or_else(missing)?;
        let value = Zeroizing::new(current.expose().to_owned());
        request.secret_members.push((pointer.to_owned(), value));
        Ok(())
    }

    /// Seals the current secret alone: the one before it holds no longer.
    pub async fn end_previous(
        &self,
        connection: &ConnectionId,
        secrets: &WebhookSecrets,
    ) -> Result<Option<SealedBytes>, AuthError> {
        match &secrets.current {
            Some(current) => Ok(Some(self.seal_webhook(connection, current, None).await?)),
            None => Ok(None),
        }
    }
}
