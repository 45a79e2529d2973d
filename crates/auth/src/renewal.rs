//! Renews tokens: one renewal at a time for a connection, written down before the service is asked, and
//! the new tokens durable before they are used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::descriptor::{AuthMethod, Descriptor, Grant, OAuth2Auth};
use patchbay_model::{Connection, ConnectionId, SealedBytes};
use patchbay_vault::{Origin, Secret};
use serde_json::Value;

use crate::authoriser::{Authoriser, check_approved};
use crate::credential::{Credential, REFRESH_TOKEN};
use crate::error::AuthError;
use crate::oauth::{Calls, Server, SignInError, TokenEndpoint, revoke};
use crate::session;
use crate::sign_in::{settings, tokens};

/// Tokens that end within this time are renewed before they are used. The service's own word counts
/// more: a refused token is renewed whatever our clock says.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// How long a failure stands for those who wait for the same renewal.
const FAILURE: Duration = Duration::from_secs(3);

/// One renewal at a time for each connection. The data folder has one owner, so that no other process
/// renews.
#[derive(Clone, Default)]
pub(crate) struct Renewals(Arc<Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<Last>>>>>);

/// What came of a connection's last renewal.
#[derive(Default)]
pub(crate) struct Last {
    /// Tokens that the service has given and that could not be kept: the old ones are of no more use.
    unkept: Option<(SealedBytes, Credential)>,
    /// The number of the tokens that could not be renewed, why, and when by the monotonic clock.
    failure: Option<(Option<u64>, SignInError, Duration)>,
}

impl Renewals {
    fn of(&self, id: &ConnectionId) -> Arc<tokio::sync::Mutex<Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id.clone()).or_default().clone()
    }

    fn all(&self) -> Vec<Arc<tokio::sync::Mutex<Last>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl Authoriser {
    /// The credential with tokens that are good for a while, as far as our clock can tell.
    pub(crate) async fn fresh(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        method: &AuthMethod,
        credential: Credential,
    ) -> Result<Credential, AuthError> {
        let Some(end) = credential.expires_at() else { return Ok(credential) };
        let now = self.clock.now();
        let left = end.duration_since(now);
        // Of what lives for a minute a quarter is kept back.
        let life = credential.renewed_at().map(|at| end.duration_since(at));
        let margin = life.map_or(MARGIN, |life| (life / 4).min(MARGIN));
        if left > margin || !can_renew(method, &credential) {
            return Ok(credential);
        }
        match self.renew(connection, descriptor, credential.number()).await {
            // It is still good for a moment, and the trouble may have passed by then.
            Err(AuthError::SignIn(error)) if left.is_positive() && error.may_pass() => {
                tracing::info!(connection = %connection.id, %error, "tokens are not renewed yet");
                Ok(credential)
            }
            renewed => renewed,
        }
    }

    /// Renews the tokens after the service has refused the one with this number. Where another
    /// task did so meanwhile, its tokens are given. Whether there is anything to try again with.
    pub async fn renew_refused(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        refused: Option<u64>,
    ) -> Result<(), AuthError> {
        self.renew(connection, descriptor, refused).await.map(|_| ())
    }

    /// Renews tokens that have not been renewed for that long: some services let unused ones die. Whether
    /// there was anything to do.
    pub async fn renew_unused(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        unused: Duration,
    ) -> Result<bool, AuthError> {
        let method = descriptor.auth_method_of(connection).filter(|m| m.oauth().is_some());
        if method.is_none() {
            return Ok(false);
        }
        method.map_or(Ok(()), |method| check_approved(connection, method))?;
        let credential = self.stored(connection).await?;
        let Some(at) = credential.renewed_at().filter(|_| credential.get(REFRESH_TOKEN).is_some()) else {
            return Ok(false);
        };
        let idle = Duration::try_from(self.clock.now().duration_since(at)).unwrap_or_default();
        if idle < unused {
            return Ok(false);
        }
        self.renew(connection, descriptor, credential.number()).await.map(|_| true)
    }

    /// Waits until no renewal is under way: a program that ends in order takes no token with it.
    pub async fn settled(&self) {
        for lock in self.renewals.all() {
            let _ended = lock.lock().await;
        }
    }

    /// In a task of its own: a caller that goes away must not take a token with it that the service has
    /// just put in the place of the old one.
    async fn renew(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        seen: Option<u64>,
    ) -> Result<Credential, AuthError> {
        let (this, connection, descriptor) = (self.clone(), connection.clone(), descriptor.clone());
        let task = tokio::spawn(async move { this.renew_alone(&connection, &descriptor, seen).await });
        task.await.map_err(|_| AuthError::Interrupted)?
    }

    async fn renew_alone(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        seen: Option<u64>,
    ) -> Result<Credential, AuthError> {
        let lock = self.renewals.of(&connection.id);
        let mut last = lock.lock().await;
        // All the while: what is sealed anew meanwhile would not be the one that is renewed.
        let _sealing = self.seals().read().await;
        let (before, credential) = self.kept(connection).await?;
        if let Some((of, unkept)) = last.unkept.take()
            && of == before
        {
            return self.keep(connection, &mut last, before, unkept).await;
        }
        if credential.number() != seen {
            return Ok(credential);
        }
        if let Some((number, error, at)) = &last.failure
            && *number == seen
            && self.clock.monotonic().saturating_sub(*at) < FAILURE
        {
            return Err(error.clone().into());
        }
        let unknown = || AuthError::Method { method: connection.auth_method.clone().unwrap_or_default() };
        let method = descriptor.auth_method_of(connection).ok_or_else(unknown)?;
        check_approved(connection, method)?;
        if !can_renew(method, &credential) {
            return Err(SignInError::Ended("there is no refresh token".to_owned()).into());
        }
        self.store.renewal_begin(&connection.id).await?;
        match self.ask(connection, descriptor, method, credential).await {
            Ok(renewed) => self.keep(connection, &mut last, before, renewed).await,
            Err(error) => {
                last.failure = Some((seen, error.clone(), self.clock.monotonic()));
                self.store.renewal_end(&connection.id).await?;
                Err(error.into())
            }
        }
    }

    /// Makes renewed tokens durable. Those that cannot be kept, because the keyring was locked or the disk is
    /// full, are kept in memory and written by the next one who needs them.
    async fn keep(
        &self,
        connection: &Connection,
        last: &mut Last,
        before: SealedBytes,
        renewed: Credential,
    ) -> Result<Credential, AuthError> {
        let kept = async {
            let sealed = self.sealed(&connection.id, &renewed, Origin::Renewed).await?;
            Ok::<_, AuthError>(self.store.credential_renewed(&connection.id, &before, &sealed).await?)
        };
        match kept.await {
            Ok(true) => Ok(renewed),
            // Somebody has signed in again, or disconnected.
            Ok(false) => self.stored(connection).await,
            Err(error) => {
                last.unkept = Some((before, renewed));
                Err(error)
            }
        }
    }

    /// Waits until no renewal of a connection is under way, and keeps others from beginning.
    pub async fn alone(&self, id: &ConnectionId) -> impl Drop + use<> {
        self.renewals.of(id).lock_owned().await
    }

    async fn ask(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        method: &AuthMethod,
        credential: Credential,
    ) -> Result<Credential, SignInError> {
        let calls = self.calls(connection);
        let settings = settings(descriptor, &connection.config)?;
        let oauth = match method {
            AuthMethod::OAuth2(oauth) => oauth,
            AuthMethod::Session(auth) => {
                return session::login(&calls, auth, &settings, credential, &self.clock).await;
            }
            AuthMethod::ApiKey(_) | AuthMethod::Pat(_) | AuthMethod::Basic(_) | AuthMethod::SigV4(_) => {
                return Err(SignInError::Definition("a key is not renewed".to_owned()));
            }
        };
        let server = Server::for_tokens(&calls, oauth, &settings).await?;
        let endpoint = self.endpoint(calls, oauth, server, settings, credential);
        let started = self.clock.now();
        let answer = match endpoint.credential.get(REFRESH_TOKEN) {
            Some(token) => endpoint.refresh(&Secret::new(token.to_owned())).await?,
            None => endpoint.client_credentials(&connection.scopes).await?,
        };
        let tokens = tokens(answer, oauth);
        Ok(endpoint.credential.with_tokens(tokens, started))
    }

    /// Where tokens of a connection are asked for and given back.
    fn endpoint(
        &self,
        calls: Calls,
        oauth: &OAuth2Auth,
        server: Server,
        settings: Value,
        credential: Credential,
    ) -> TokenEndpoint {
        TokenEndpoint { calls, oauth: oauth.clone(), server, settings, credential, clock: self.clock.clone() }
    }

    fn calls(&self, connection: &Connection) -> Calls {
        Calls {
            net: self.net.clone(),
            origins: connection.origins.clone(),
            allow_private: connection.allow_private,
        }
    }

    /// Gives the tokens back to the service, the refresh token first (RFC 7009 section 2.1: the access token
    /// goes with it). Whether the service has a way to.
    pub async fn revoke(&self, connection: &Connection, descriptor: &Descriptor) -> Result<bool, AuthError> {
        let method = descriptor.auth_method_of(connection);
        let Some(oauth) = method.and_then(AuthMethod::oauth) else { return Ok(false) };
        method.map_or(Ok(()), |method| check_approved(connection, method))?;
        let credential = self.stored(connection).await?;
        let settings = settings(descriptor, &connection.config)?;
        let calls = self.calls(connection);
        let server = Server::for_revocation(&calls, oauth, &settings, credential.revocation_url()).await?;
        let endpoint = self.endpoint(calls, oauth, server, settings, credential);
        let (mut done, mut failed) = (false, None);
        for (name, kind) in
            [(REFRESH_TOKEN, "refresh_token"), (crate::credential::ACCESS_TOKEN, "access_token")]
        {
            if let Some(token) = endpoint.credential.get(name) {
                match revoke(&endpoint, &Secret::new(token.to_owned()), kind).await {
                    Ok(told) => done |= told,
                    Err(error) => failed = Some(error),
                }
            }
        }
        failed.map_or(Ok(done), |error| Err(error.into()))
    }
}

/// Whether new tokens can be got without the person.
fn can_renew(method: &AuthMethod, credential: &Credential) -> bool {
    match method {
        AuthMethod::OAuth2(oauth) => {
            credential.get(REFRESH_TOKEN).is_some() || oauth.grant == Grant::ClientCredentials
        }
        AuthMethod::Session(_) => true,
        AuthMethod::ApiKey(_) | AuthMethod::Pat(_) | AuthMethod::Basic(_) | AuthMethod::SigV4(_) => false,
    }
}
