//! The token endpoint: requests as the `oauth2` crate builds them, written as the vendor wants them.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicRequestTokenError};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, TokenUrl,
};
use patchbay_map::Template;
use patchbay_model::Clock;
use patchbay_model::descriptor::{ClientAuthentication, OAuth2Auth, OAuthClient, TokenBody};
use patchbay_model::problem::Code;
use patchbay_vault::Secret;
use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::answer::{self, Said};
use super::{Calls, Server, SignInError, TokenAnswer, assertion};
use crate::credential::Credential;

/// The client that the library builds requests for.
pub(super) type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The pauses before a request is sent again.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];

/// Whether the service was not reached, or has a problem of its own that may pass in a second.
fn may_help(error: &SignInError) -> bool {
    let passing = [Code::ServiceDown, Code::TimeoutConnect, Code::ConnectionRefused, Code::DnsFailure];
    matches!(error, SignInError::NotReady)
        || matches!(error, SignInError::Call(problem) if passing.contains(&problem.code()))
}

/// The token endpoint of one sign-in.
pub(crate) struct TokenEndpoint {
    pub(crate) calls: Calls,
    pub(crate) oauth: OAuth2Auth,
    pub(crate) server: Server,
    /// What templates see.
    pub(crate) settings: Value,
    /// The application's id and secret among its values.
    pub(crate) credential: Credential,
    pub(crate) clock: Arc<dyn Clock>,
}

impl TokenEndpoint {
    /// Exchanges the code of a callback (RFC 6749 section 4.1.3).
    pub(crate) async fn code(
        &self,
        code: &Secret,
        verifier: Option<&Secret>,
        redirect_uri: &str,
    ) -> Result<TokenAnswer, SignInError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_| SignInError::Definition("the redirect is not an address".to_owned()))?;
        let client = self.client(&self.server.token()?)?.set_redirect_uri(redirect);
        let mut request = client.exchange_code(AuthorizationCode::new(code.expose().to_owned()));
        if let Some(verifier) = verifier {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        }
        let taken = Taken::default();
        let http = Posting { endpoint: self, more: &self.oauth.token_parameters, taken: &taken };
        let sent = request.request_async(&http).await;
        match taken.answer(sent) {
            // A code that is no longer good is a failed sign-in, not one that has ended.
            Err(SignInError::Ended(code)) => Err(SignInError::Refused(format!("the service says {code}"))),
            other => other,
        }
    }

    /// Exchanges a refresh token (RFC 6749 section 6).
    pub(crate) async fn refresh(&self, token: &Secret) -> Result<TokenAnswer, SignInError> {
        let url = match &self.server.refresh {
            Some(url) => url.clone(),
            None => self.server.token()?,
        };
        let client = self.client(&url)?;
        let token = RefreshToken::new(token.expose().to_owned());
        let taken = Taken::default();
        let http = Posting { endpoint: self, more: &self.oauth.refresh_parameters, taken: &taken };
        let sent = client.exchange_refresh_token(&token).request_async(&http).await;
        // However a service says no to a refresh token, in a code of its own too, that sign-in is over.
        let refused = matches!(&sent, Err(RequestTokenError::ServerResponse(_)));
        taken.answer(sent).map_err(|error| match error {
            SignInError::Refused(said) if refused => SignInError::Ended(said),
            SignInError::Denied | SignInError::TimedOut => SignInError::Ended(error.to_string()),
            other => other,
        })
    }

    /// Asks for a token for the application itself (RFC 6749 section 4.4).
    pub(crate) async fn client_credentials(&self, scopes: &[String]) -> Result<TokenAnswer, SignInError> {
        let client = self.client(&self.server.token()?)?;
        let request = client.exchange_client_credentials();
        let taken = Taken::default();
        let http = Posting { endpoint: self, more: &self.oauth.token_parameters, taken: &taken };
        let request = match self.joined(scopes) {
            Some(scopes) => request.add_scope(Scope::new(scopes)),
            None => request,
        };
        let sent = request.request_async(&http).await;
        taken.answer(sent)
    }

    /// The application's identifier.
    pub(crate) fn client_id(&self) -> Result<String, SignInError> {
        match &self.oauth.client {
            OAuthClient::Public { id } => Ok(id.clone()),
            OAuthClient::Own {} | OAuthClient::Dynamic {} => self
                .credential
                .get("clientId")
                .map(str::to_owned)
                .ok_or_else(|| SignInError::Client("no application id is at hand".to_owned())),
        }
    }

    /// Permissions in the way the vendor writes several; none where there are none.
    pub(crate) fn joined(&self, scopes: &[String]) -> Option<String> {
        let separator = self.oauth.scopes.separator.as_char().to_string();
        (!scopes.is_empty()).then(|| scopes.join(&separator))
    }

    pub(super) fn client(&self, url: &Url) -> Result<Client, SignInError> {
        let client =
            BasicClient::new(ClientId::new(self.client_id()?)).set_token_uri(TokenUrl::from_url(url.clone()));
        Ok(match (self.oauth.authentication(), self.credential.get("clientSecret")) {
            (ClientAuthentication::Basic, Some(secret)) => client
                .set_client_secret(ClientSecret::new(secret.to_owned()))
                .set_auth_type(AuthType::BasicAuth),
            (ClientAuthentication::Body | ClientAuthentication::None, Some(secret)) => client
                .set_client_secret(ClientSecret::new(secret.to_owned()))
                .set_auth_type(AuthType::RequestBody),
            _ => client.set_auth_type(AuthType::RequestBody),
        })
    }

    /// What the library knows nothing of: the application's signed word for itself, and the vendor's names
    /// of parameters.
    pub(super) fn complete(&self, pairs: &mut Vec<(String, Zeroizing<String>)>) -> Result<(), SignInError> {
        if self.oauth.authentication() == ClientAuthentication::PrivateKeyJwt {
            // RFC 7523 section 2.2.
            let token_url = self.server.token()?;
            let signed =
                assertion::sign(&self.credential, &self.client_id()?, token_url.as_str(), self.clock.now())?;
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            pairs.push(("client_assertion_type".to_owned(), Zeroizing::new(kind.to_owned())));
            pairs.push(("client_assertion".to_owned(), signed));
        }
        for (name, _) in pairs {
            if let Some(own) = self.oauth.parameter_names.get(name.as_str()) {
                name.clone_from(own);
            }
        }
        Ok(())
    }

    /// Sends a request of the library and reads the answer. The answer is kept aside; what the library
    /// is given in its place has the form that it wants.
    pub(super) async fn send(
        &self,
        request: HttpRequest,
        more: &BTreeMap<String, String>,
        taken: &Taken,
    ) -> Result<HttpResponse, SignInError> {
        let said = self.post(request, more).await?;
        let document = match said {
            Said::Refusal(code) => return reply(400, &json!({ "error": code })),
            Said::Document(document) => document,
        };
        let answer = TokenAnswer::of(document, &self.oauth)?;
        taken.keep(answer);
        // The tokens themselves stay here.
        reply(200, &json!({ "access_token": "taken", "token_type": "bearer" }))
    }

    /// Posts a request of the library, written as the vendor wants it.
    pub(super) async fn post(
        &self,
        request: HttpRequest,
        more: &BTreeMap<String, String>,
    ) -> Result<Said, SignInError> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|_| SignInError::Definition("the token endpoint is not an address".to_owned()))?;
        let form = Zeroizing::new(request.body().clone());
        let mut pairs: Vec<(String, Zeroizing<String>)> = url::form_urlencoded::parse(&form)
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
            .collect();
        for (name, template) in more {
            let value = Template::compile(template)?.text(&self.settings)?;
            pairs.retain(|(own, _)| own != name);
            pairs.push((name.clone(), Zeroizing::new(value)));
        }
        self.complete(&mut pairs)?;
        let mut headers = Vec::new();
        for (name, template) in &self.oauth.token_headers {
            headers.push((name.clone(), Template::compile(template)?.text(&self.settings)?));
        }
        let secret_headers: Vec<(String, Zeroizing<String>)> = request
            .headers()
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .map(|value| ("Authorization".to_owned(), Zeroizing::new(value.to_owned())))
            .into_iter()
            .collect();
        let (media, body) = write(&pairs, self.oauth.token_body);
        let mut pauses = PAUSES.into_iter();
        loop {
            let sent = self
                .calls
                .post(url.clone(), headers.clone(), secret_headers.clone(), media, body.clone())
                .await;
            let error = match sent.and_then(|answer| answer::read(answer, self.clock.now())) {
                Ok(said) => return Ok(said),
                Err(error) => error,
            };
            // A person waits. Asking again loses nothing: had the service used up the code or the refresh
            // token after all, we would have nothing else to go on with.
            match pauses.next().filter(|_| may_help(&error)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}

/// The network as the library sees it. Futures are boxed: the library's own way for closures gives futures
/// that cannot be moved to a task.
pub(super) struct Posting<'a> {
    pub(super) endpoint: &'a TokenEndpoint,
    pub(super) more: &'a BTreeMap<String, String>,
    pub(super) taken: &'a Taken,
}

impl<'c> AsyncHttpClient<'c> for Posting<'_> {
    type Error = SignInError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SignInError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            match self.endpoint.send(request, self.more, self.taken).await {
                // The library would ask on and on about a device: it is told that this is the end.
                Err(error) if !error.may_pass() => {
                    self.taken.fail(error);
                    reply(400, &json!({ "error": "access_denied" }))
                }
                other => other,
            }
        })
    }
}

/// The body of a token request.
pub(crate) fn write(pairs: &[(String, Zeroizing<String>)], form: TokenBody) -> (&'static str, Vec<u8>) {
    match form {
        TokenBody::Form => {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in pairs {
                body.append_pair(name, value);
            }
            ("application/x-www-form-urlencoded", body.finish().into_bytes())
        }
        TokenBody::Json => {
            let members: Map<String, Value> =
                pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
            let mut value = Value::Object(members);
            let body = value.to_string().into_bytes();
            crate::credential::wipe(&mut value);
            ("application/json", body)
        }
    }
}

pub(super) fn reply(status: u16, body: &Value) -> Result<HttpResponse, SignInError> {
    http::Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .map_err(|_| SignInError::Definition("the answer cannot be passed on".to_owned()))
}

/// The answer, kept aside from the library.
#[derive(Default)]
pub(super) struct Taken(Mutex<Option<Result<TokenAnswer, SignInError>>>);

impl Taken {
    fn keep(&self, answer: TokenAnswer) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ok(answer));
    }

    fn fail(&self, error: SignInError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Err(error));
    }

    pub(super) fn take(&self) -> Option<Result<TokenAnswer, SignInError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn answer<T>(
        &self,
        sent: Result<T, BasicRequestTokenError<SignInError>>,
    ) -> Result<TokenAnswer, SignInError> {
        if let Some(taken) = self.take() {
            return taken;
        }
        sent.map_err(|error| refused(error, |response: &BasicErrorResponse| response.error().to_string()))?;
        Err(SignInError::refused("the answer holds no access token"))
    }
}

/// What the library's error means.
pub(super) fn refused<T>(error: RequestTokenError<SignInError, T>, code: impl Fn(&T) -> String) -> SignInError
where
    T: oauth2::ErrorResponse,
{
    match error {
        RequestTokenError::ServerResponse(response) => SignInError::of_code(&code(&response)),
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(..) => SignInError::refused("its answer cannot be read"),
        RequestTokenError::Other(_) => SignInError::refused("its answer is of another kind"),
    }
}

/// 256 random bits, as text for an address.
pub(super) fn random() -> Result<Secret, SignInError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|_| SignInError::Definition("the system gives no random numbers".to_owned()))?;
    Ok(Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}
