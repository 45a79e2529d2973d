//! Registers the application with a service that lets programs do so (RFC 7591).

use patchbay_model::descriptor::{ClientAuthentication, Grant, OAuthClient};
use patchbay_vault::Secret;
use serde_json::{Value, json};

use super::answer::{Said, read};
use super::server::missing;
use super::{SignInError, TokenEndpoint};

impl TokenEndpoint {
    /// Registers where the definition wants that, and takes the application's id and what it is to prove
    /// itself by into the credential.
    pub(crate) async fn register(&mut self, redirect_uri: Option<&str>) -> Result<(), SignInError> {
        if self.oauth.client != (OAuthClient::Dynamic {}) {
            return Ok(());
        }
        let url = self.server.registration.clone().ok_or_else(|| missing("registration endpoint"))?;
        let authentication = match self.oauth.authentication() {
            ClientAuthentication::None => "none",
            ClientAuthentication::Body => "client_secret_post",
            ClientAuthentication::Basic => "client_secret_basic",
            ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
        };
        let grants = match self.oauth.grant {
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
        let answer = self.calls.post(url, Vec::new(), Vec::new(), "application/json", body).await?;
        let document = match read(answer, self.clock.now())? {
            Said::Document(document) => document,
            Said::Refusal(code) => return Err(SignInError::of_code(&code)),
        };
        let text = |name: &str| document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("client_id").ok_or_else(|| SignInError::refused("it registered us without an id"))?;
        let mut credential = self.credential.clone().with("clientId", Secret::new(id.to_owned()));
        if let Some(secret) = text("client_secret") {
            credential = credential.with("clientSecret", Secret::new(secret.to_owned()));
        }
        self.credential = credential;
        Ok(())
    }
}
