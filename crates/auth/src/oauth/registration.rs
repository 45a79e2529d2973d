//! Registers the application with a service that lets programs do so (RFC 7591).

use patchbay_model::Timestamp;
use patchbay_model::descriptor::{ClientAuthentication, Grant, OAuth2Auth};
use patchbay_vault::Secret;
use serde_json::{Value, json};

use super::answer::{Said, read};
use super::server::missing;
use super::{Calls, Server, SignInError};
use crate::credential::Credential;

/// Registers, and gives the credential with the application's id and what it is to prove itself by.
pub(crate) async fn register(
    calls: &Calls,
    oauth: &OAuth2Auth,
    server: &Server,
    redirect_uri: Option<&str>,
    credential: Credential,
    now: Timestamp,
) -> Result<Credential, SignInError> {
    let url = server.registration.clone().ok_or_else(|| missing("registration endpoint"))?;
    let authentication = match oauth.authentication() {
        ClientAuthentication::None => "none",
        ClientAuthentication::Body => "client_secret_post",
        ClientAuthentication::Basic => "client_secret_basic",
        ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
    };
    let grants = match oauth.grant {
        Grant::AuthorizationCode => json!(["authorization_code", "refresh_token"]),
        Grant::DeviceCode => json!(["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]),
        Grant::ClientCredentials => json!(["client_credentials"]),
        Grant::RefreshToken => json!(["refresh_token"]),
    };
    let mut metadata = json!({
        "client_name": "Patchbay",
        "application_type": "native",
        "token_endpoint_auth_method": authentication,
        "grant_types": grants,
        "redirect_uris": redirect_uri.into_iter().collect::<Vec<_>>(),
        "response_types": if redirect_uri.is_some() { json!(["code"]) } else { json!([]) },
    });
    if redirect_uri.is_none()
        && let Some(members) = metadata.as_object_mut()
    {
        members.remove("redirect_uris");
    }
    let body = metadata.to_string().into_bytes();
    let answer = calls.post(url, Vec::new(), Vec::new(), "application/json", body).await?;
    let document = match read(answer, now)? {
        Said::Document(document) => document,
        Said::Refusal(code) => return Err(SignInError::of_code(&code)),
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("client_id").ok_or_else(|| SignInError::refused("it registered us without an id"))?;
    let mut credential = credential.with("clientId", Secret::new(id.to_owned()));
    if let Some(secret) = text("client_secret") {
        credential = credential.with("clientSecret", Secret::new(secret.to_owned()));
    }
    Ok(credential)
}
