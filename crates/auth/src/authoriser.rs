//! Opens a connection's secret and adds it to a request.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_map::Template;
use patchbay_model::descriptor::{AuthMethod, Descriptor, InjectAt};
use patchbay_model::{Connection, ConnectionId, SealedBytes};
use patchbay_net::{Request, origin_of};
use patchbay_store::Store;
use patchbay_vault::Vault;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::credential::Credential;
use crate::error::AuthError;
use crate::redact::Redactor;

/// Opens secrets and authorises requests. Cheap to clone.
#[derive(Clone)]
pub struct Authoriser {
    vault: Arc<Vault>,
    store: Store,
}

impl Authoriser {
    /// Over the vault and database of one workspace.
    pub fn new(vault: Arc<Vault>, store: Store) -> Self {
        Self { vault, store }
    }

    /// Seals a credential for a connection.
    pub async fn seal(&self, connection: &ConnectionId, values: &Credential) -> Result<SealedBytes, AuthError> {
        let exist = self.store.credentials_exist().await?;
        let (vault, secret, place) = (self.vault.clone(), values.to_secret(), place(connection));
        tokio::task::spawn_blocking(move || vault.seal(&secret, &place, exist))
            .await
            .map_err(|_| AuthError::Interrupted)?
            .map_err(AuthError::from)
    }

    /// Adds the connection's stored credential to a request. The origin is checked before the secret
    /// is opened. Gives what masks the secrets in whatever comes of the request.
    pub async fn authorise(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        request: &mut Request,
    ) -> Result<Redactor, AuthError> {
        check_origin(connection, request)?;
        if connection.auth_method.is_none() {
            return Ok(Redactor::default());
        }
        let sealed = self
            .store
            .credential(&connection.id)
            .await?
            .ok_or_else(|| AuthError::Missing { name: connection.name.clone() })?;
        let (vault, place) = (self.vault.clone(), place(&connection.id));
        let secret = tokio::task::spawn_blocking(move || vault.open(&sealed, &place))
            .await
            .map_err(|_| AuthError::Interrupted)??;
        let credential = Credential::from_secret(&secret)?;
        inject(connection, descriptor, &credential, request)?;
        Ok(Redactor::new(&credential))
    }

    /// The same with a credential that is not stored yet, as the connect wizard has it.
    pub fn authorise_with(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        credential: &Credential,
        request: &mut Request,
    ) -> Result<Redactor, AuthError> {
        check_origin(connection, request)?;
        inject(connection, descriptor, credential, request)?;
        Ok(Redactor::new(credential))
    }
}

/// The place that a sealed credential belongs to: it opens for no other connection.
fn place(connection: &ConnectionId) -> String {
    format!("connection:{connection}")
}

fn check_origin(connection: &Connection, request: &Request) -> Result<(), AuthError> {
    let origin = origin_of(&request.url);
    if origin.as_ref().is_some_and(|origin| connection.origins.contains(origin)) {
        return Ok(());
    }
    Err(AuthError::Origin { host: request.url.host_str().unwrap_or_default().to_owned() })
}

fn inject(
    connection: &Connection,
    descriptor: &Descriptor,
    credential: &Credential,
    request: &mut Request,
) -> Result<(), AuthError> {
    let Some(id) = connection.auth_method.as_deref() else {
        return Ok(());
    };
    let method = descriptor
        .auth
        .iter()
        .find(|method| method.id() == id)
        .ok_or_else(|| AuthError::Method { method: id.to_owned() })?;
    let secrets: Value = credential.values().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let scope = json!({ "secret": secrets, "config": connection.config });
    let fill = |template: &str| -> Result<Zeroizing<String>, AuthError> {
        let missing = || AuthError::Missing { name: connection.name.clone() };
        Ok(Zeroizing::new(Template::compile(template)?.text(&scope).map_err(|_| missing())?))
    };
    match method {
        AuthMethod::ApiKey(key) | AuthMethod::Pat(key) => {
            for inject in &key.inject {
                let value = fill(&inject.value)?;
                match inject.at {
                    InjectAt::Header => request.secret_headers.push((inject.name.clone(), value)),
                    InjectAt::Query => request.secret_query.push((inject.name.clone(), value)),
                }
            }
        }
        AuthMethod::Basic(basic) => {
            let password =
                if basic.password.is_empty() { Zeroizing::default() } else { fill(&basic.password)? };
            let pair = Zeroizing::new(format!("{}:{}", *fill(&basic.username)?, *password));
            let value = Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(pair.as_bytes()))));
            request.secret_headers.push(("Authorization".to_owned(), value));
        }
    }
    Ok(())
}
