//! Opens a connection's secret and adds it to a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_map::Template;
use patchbay_model::descriptor::{AuthMethod, Descriptor, InjectAt};
use patchbay_model::{Clock, Connection, ConnectionId, SealedBytes, Timestamp};
use patchbay_net::{Client, Request, origin_of};
use patchbay_store::Store;
use patchbay_vault::{Origin, Secret, Vault};
use serde_json::{Map, json};
use zeroize::Zeroizing;

use crate::consent;
use crate::credential::{ACCESS_TOKEN, Credential, Scope};
use crate::error::AuthError;
use crate::oauth::SignInError;
use crate::redact::Redactor;
use crate::renewal::Renewals;
use crate::sign_in::{self, Begun, SignInRequest};
use crate::sigv4::Signer;
use crate::webhook::Opened;

/// Opens secrets and authorises requests. Cheap to clone.
#[derive(Clone)]
pub struct Authoriser {
    pub(crate) vault: Arc<Vault>,
    pub(crate) store: Store,
    pub(crate) net: Client,
    pub(crate) clock: Arc<dyn Clock>,
    redactors: Arc<Mutex<HashMap<ConnectionId, Arc<Redactor>>>>,
    pub(crate) renewals: Renewals,
    seals: Arc<tokio::sync::RwLock<()>>,
    pub(crate) opened: Opened,
}

/// What authorising a request gave.
pub struct Authorised {
    /// Masks the secrets in whatever comes of the request.
    pub redactor: Arc<Redactor>,
    /// Tells the access token that was used from the next one; none where the sign-in has no tokens.
    pub token: Option<u64>,
}

impl std::fmt::Debug for Authorised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorised").field("token", &self.token).finish_non_exhaustive()
    }
}

impl Authoriser {
    /// Over the vault and database of one workspace.
    pub fn new(vault: Arc<Vault>, store: Store, net: Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            vault,
            store,
            net,
            clock,
            redactors: Arc::default(),
            renewals: Renewals::default(),
            seals: Arc::default(),
            opened: Opened::default(),
        }
    }

    /// Shared by whoever seals a secret until it is stored; held alone while all are sealed anew.
    pub fn seals(&self) -> &Arc<tokio::sync::RwLock<()>> {
        &self.seals
    }

    /// Begins to sign in, in a way that gives tokens.
    pub async fn sign_in(&self, request: SignInRequest<'_>) -> Result<Begun, SignInError> {
        sign_in::begin(&self.net, &self.clock, request).await
    }

    /// Seals a credential for a connection that the user has just entered. Where the master key is
    /// lost another one is made, and what the lost one sealed stays as it is until it is entered again.
    pub async fn seal(&self, connection: &ConnectionId, values: &Credential) -> Result<SealedBytes, AuthError> {
        self.sealed(connection, values, Origin::Entered).await
    }

    pub(crate) async fn sealed(
        &self,
        connection: &ConnectionId,
        values: &Credential,
        origin: Origin,
    ) -> Result<SealedBytes, AuthError> {
        self.sealed_at(place(connection), values, origin).await
    }

    /// Seals values for a place.
    pub(crate) async fn sealed_at(
        &self,
        place: String,
        values: &Credential,
        origin: Origin,
    ) -> Result<SealedBytes, AuthError> {
        let kept = self.store.credentials().await?;
        let (vault, secret) = (self.vault.clone(), values.to_secret()?);
        tokio::task::spawn_blocking(move || vault.seal(&secret, &place, &kept, origin))
            .await
            .map_err(|_| AuthError::Interrupted)?
            .map_err(AuthError::from)
    }

    /// Adds the connection's stored credential to a request. The origin is checked before the secret
    /// is opened. Tokens that are about to end are renewed first.
    pub async fn authorise(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        request: &mut Request,
    ) -> Result<Authorised, AuthError> {
        check_origin(connection, request)?;
        let Some(method) = method(connection, descriptor)? else {
            return Ok(Authorised { redactor: Arc::default(), token: None });
        };
        check_approved(connection, method)?;
        let mut credential = self.stored(connection).await?;
        if method.has_tokens() {
            credential = self.fresh(connection, descriptor, method, credential).await?;
        }
        inject(connection, descriptor, method, &credential, self.clock.now(), request)?;
        let redactor = Arc::new(Redactor::new(&credential, method));
        self.redactors().insert(connection.id.clone(), redactor.clone());
        Ok(Authorised { redactor, token: credential.number() })
    }

    /// The stored credential, opened.
    pub(crate) async fn stored(&self, connection: &Connection) -> Result<Credential, AuthError> {
        Ok(self.kept(connection).await?.1)
    }

    /// When the connection's access token ends, where that is known. Opens the credential.
    pub async fn token_ends(&self, connection: &Connection) -> Option<Timestamp> {
        // What cannot be opened now is told elsewhere.
        self.kept(connection).await.ok()?.1.expires_at()
    }

    /// What the person once entered for a connection, with what they enter now in its place: an application's
    /// id and secret serve a new sign-in too. [`AuthError::Changed`] where the sign-in is not the one that was
    /// approved: it would go elsewhere than the person knows.
    pub async fn entered(
        &self,
        connection: &Connection,
        method: &AuthMethod,
        now: Credential,
    ) -> Result<Credential, AuthError> {
        if method.credential_fields().is_empty() || connection.auth_method.as_deref() != Some(method.id()) {
            return Ok(now);
        }
        check_approved(connection, method)?;
        let before = match self.stored(connection).await {
            Ok(before) => before,
            // What is lost is entered again.
            Err(AuthError::Missing { .. } | AuthError::Vault(_)) => return Ok(now),
            Err(error) => return Err(error),
        };
        let fields = method.credential_fields().iter();
        let kept = fields.filter(|field| !now.has(&field.key)).filter_map(|field| {
            let value = before.get(&field.key)?;
            Some((field.key.clone(), Secret::new(value.to_owned())))
        });
        Ok(kept.fold(now.clone(), |all, (name, value)| all.with(&name, value)))
    }

    /// The stored credential, sealed and opened.
    pub(crate) async fn kept(&self, connection: &Connection) -> Result<(SealedBytes, Credential), AuthError> {
        let sealed = self
            .store
            .credential(&connection.id)
            .await?
            .ok_or_else(|| AuthError::Missing { name: connection.name.clone() })?;
        let (vault, place, bytes) = (self.vault.clone(), place(&connection.id), sealed.clone());
        let secret = tokio::task::spawn_blocking(move || vault.open(&bytes, &place))
            .await
            .map_err(|_| AuthError::Interrupted)??;
        Ok((sealed, Credential::from_secret(&secret)?))
    }

    /// The same with a credential that is not stored yet, as the connect wizard has it.
    pub fn authorise_with(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        credential: &Credential,
        request: &mut Request,
    ) -> Result<Arc<Redactor>, AuthError> {
        check_origin(connection, request)?;
        let Some(method) = method(connection, descriptor)? else { return Ok(Arc::default()) };
        check_approved(connection, method)?;
        inject(connection, descriptor, method, credential, self.clock.now(), request)?;
        Ok(Arc::new(Redactor::new(credential, method)))
    }

    /// What masks the secrets of a connection in requests that are shown before they are sent. Knows
    /// nothing until the connection's secret was first opened by this process: nothing is opened for
    /// the sake of masking.
    pub fn redactor(&self, connection: &ConnectionId) -> Arc<Redactor> {
        self.redactors().get(connection).cloned().unwrap_or_default()
    }

    /// The same, from the stored credential: opens it. For what leaves the program as a file.
    pub async fn redactor_of(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
    ) -> Result<Arc<Redactor>, AuthError> {
        let Some(method) = descriptor.auth_method_of(connection) else {
            return Ok(Arc::default());
        };
        Ok(Arc::new(Redactor::new(&self.stored(connection).await?, method)))
    }

    fn redactors(&self) -> MutexGuard<'_, HashMap<ConnectionId, Arc<Redactor>>> {
        self.redactors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place that a sealed credential belongs to: it opens for no other connection.
fn place(connection: &ConnectionId) -> String {
    format!("connection:{connection}")
}

/// The definition may have changed since the person approved it: what is sent where, and how.
pub(crate) fn check_approved(connection: &Connection, method: &AuthMethod) -> Result<(), AuthError> {
    match consent::approved(connection) {
        Some(approved) if *approved != consent::essence(method) => Err(AuthError::Changed),
        _ => Ok(()),
    }
}

fn check_origin(connection: &Connection, request: &Request) -> Result<(), AuthError> {
    let origin = origin_of(&request.url);
    if origin.as_ref().is_some_and(|origin| connection.origins.contains(origin)) {
        return Ok(());
    }
    Err(AuthError::Origin { host: request.url.host_str().unwrap_or_default().to_owned() })
}

/// The way to sign in that the connection uses; none where it needs none.
fn method<'d>(
    connection: &Connection,
    descriptor: &'d Descriptor,
) -> Result<Option<&'d AuthMethod>, AuthError> {
    let Some(id) = &connection.auth_method else { return Ok(None) };
    let method = descriptor.auth_method_of(connection);
    method.map(Some).ok_or_else(|| AuthError::Method { method: id.clone() })
}

fn inject(
    connection: &Connection,
    descriptor: &Descriptor,
    method: &AuthMethod,
    credential: &Credential,
    at: Timestamp,
    request: &mut Request,
) -> Result<(), AuthError> {
    let fields = method.credential_fields();
    if fields.iter().any(|field| field.required && !credential.has(&field.key)) {
        return Err(AuthError::Missing { name: connection.name.clone() });
    }
    if method.has_tokens() && !credential.has(ACCESS_TOKEN) {
        return Err(AuthError::Missing { name: connection.name.clone() });
    }
    let mut secrets = Map::new();
    for field in fields {
        secrets.insert(field.key.clone(), "".into());
    }
    secrets.extend(credential.secrets().map(|(name, value)| (name.to_owned(), value.into())));
    let scope = Scope::new(
        json!({ "secret": secrets, "config": descriptor.settings_in_templates(&connection.config) }),
    );
    let fill = |template: &Template| -> Result<Zeroizing<String>, AuthError> {
        Ok(Zeroizing::new(template.text(scope.value())?))
    };
    let injects = match method {
        AuthMethod::ApiKey(key) | AuthMethod::Pat(key) => &key.inject,
        AuthMethod::OAuth2(oauth) => &oauth.inject,
        AuthMethod::Session(session) => &session.inject,
        AuthMethod::Basic(basic) => {
            // RFC 7617 section 2.
            let username = fill(&Template::compile(&basic.username)?)?;
            let password = fill(&Template::compile(&basic.password)?)?;
            let pair = Zeroizing::new([username.as_str(), ":", password.as_str()].concat());
            let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
            let value = Zeroizing::new(["Basic ", encoded.as_str()].concat());
            request.secret_headers.push(("Authorization".to_owned(), value));
            return Ok(());
        }
        AuthMethod::SigV4(signing) => {
            let fill = |text: &String| fill(&Template::compile(text)?);
            let token =
                signing.session_token.as_ref().map(|text| given(text, credential)).transpose()?.flatten();
            let token = token.map(|template| template.text(scope.value()).map(Zeroizing::new)).transpose()?;
            let (id, key) = (fill(&signing.access_key_id)?, fill(&signing.secret_access_key)?);
            let (region, service) = (fill(&signing.region)?, fill(&signing.service)?);
            Signer {
                access_key_id: &id,
                secret_access_key: &key,
                session_token: token.as_ref().map(|token| token.as_str()),
                region: &region,
                service: &service,
                at,
            }
            .sign(request);
            return Ok(());
        }
    };
    for inject in injects {
        let Some(template) = given(&inject.value, credential)? else { continue };
        let value = fill(&template)?;
        // A setting may name the header.
        let name = fill(&Template::compile(&inject.name)?)?.to_string();
        match inject.at {
            InjectAt::Header => request.secret_headers.push((name, value)),
            InjectAt::Query => request.secret_query.push((name, value)),
            InjectAt::Cookie => add_cookie(request, &name, &value)?,
            InjectAt::Body => request.secret_members.push((name, value)),
        }
    }
    Ok(())
}

/// A template, unless it names what was not given: "Bearer " alone would be a wrong key.
fn given(text: &str, credential: &Credential) -> Result<Option<Template>, AuthError> {
    let template = Template::compile(text)?;
    let lacks = |name: &String| name.strip_prefix("secret.").is_some_and(|field| !credential.has(field));
    Ok(Some(template).filter(|template| !template.names().iter().any(lacks)))
}

/// All cookies share one header (RFC 6265 section 4.2.1). A value that would end the cookie is refused:
/// what follows would be another one.
fn add_cookie(request: &mut Request, name: &str, value: &str) -> Result<(), AuthError> {
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';' | '\\');
    if !value.chars().all(fits) {
        return Err(AuthError::Cookie);
    }
    let is_cookie = |name: &String| name.eq_ignore_ascii_case("cookie");
    let mut all = Zeroizing::new(String::new());
    let plain = request.headers.iter().filter(|(own, _)| is_cookie(own)).map(|(_, text)| text.as_str());
    let secret = request.secret_headers.iter().filter(|(own, _)| is_cookie(own)).map(|(_, text)| text.as_str());
    // A secret header takes the place of a plain one, so it carries what that says too.
    for text in secret.clone().next().map_or_else(|| plain.collect(), |_| secret.collect::<Vec<_>>()) {
        all.push_str(text);
        all.push_str("; ");
    }
    all.push_str(&[name, "=", value].concat());
    request.secret_headers.retain(|(own, _)| !is_cookie(own));
    request.secret_headers.push(("Cookie".to_owned(), all));
    Ok(())
}

mod keys;

pub use keys::{Rotated, Unsealed, open_copy};

#[cfg(test)]
mod tests;
