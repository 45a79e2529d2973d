//! A sign-in in the browser: authorization code with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 8252).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope};
use patchbay_map::Template;
use patchbay_model::Clock;
use patchbay_model::descriptor::{CaptureFrom, OAuth2Auth, Pkce};
use patchbay_vault::Secret;
use serde_json::{Map, Value};

use super::callback::Expected;
use super::exchange::random;
use super::listener::{Arrived, CallbackListener, Listening, Refused};
use super::page::Page;
use super::server::missing;
use super::wait::Wait;
use super::{SignInError, TokenAnswer, TokenEndpoint, answer, id_token};
use crate::sign_in::SignedIn;

/// How long the person has, from when the page opens; as long again each time they ask for more.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A sign-in that waits for the person to come back from the browser.
pub struct Flow {
    endpoint: TokenEndpoint,
    asked: Vec<String>,
    url: String,
    redirect_uri: String,
    verifier: Option<Secret>,
    nonce: Option<Secret>,
    listening: Listening,
    handle: FlowHandle,
}

/// What a screen holds of a waiting sign-in. Cheap to clone.
#[derive(Clone)]
pub struct FlowHandle {
    shared: Arc<Shared>,
}

struct Shared {
    wait: Wait,
    refused: Arc<Refused>,
    received: AtomicBool,
}

impl FlowHandle {
    fn new(clock: Arc<dyn Clock>, refused: Arc<Refused>) -> Self {
        let wait = Wait::begin(clock, PATIENCE);
        Self { shared: Arc::new(Shared { wait, refused, received: AtomicBool::new(false) }) }
    }

    /// How much time is left.
    pub fn left(&self) -> Duration {
        self.shared.wait.left()
    }

    /// Gives the person five more minutes from now, and says how much is left. A wait that is over
    /// stays over.
    pub fn extend(&self) -> Duration {
        self.shared.wait.extend(PATIENCE)
    }

    /// Ends the wait.
    pub fn cancel(&self) {
        self.shared.wait.cancel();
    }

    /// Why the last callback that was not ours was not taken.
    pub fn refused(&self) -> Option<&'static str> {
        self.shared.refused.last()
    }

    /// Whether the person has come back, and the rest is between us and the service.
    pub fn received(&self) -> bool {
        self.shared.received.load(Ordering::SeqCst)
    }
}

impl Flow {
    /// Binds the listener, registers the application where that is done by itself, and makes the address
    /// that the person opens.
    pub(crate) async fn begin(
        mut endpoint: TokenEndpoint,
        scopes: Vec<String>,
        choose_account: bool,
    ) -> Result<Self, SignInError> {
        let page = endpoint.server.authorization.clone().ok_or_else(|| missing("sign-in page"))?;
        let listener = CallbackListener::bind(&endpoint.oauth.redirect).await?;
        let redirect_uri = listener.redirect_uri.clone();
        endpoint.register(Some(&redirect_uri)).await?;
        let oauth = &endpoint.oauth;
        let state = random()?;
        let nonce = scopes.iter().any(|scope| scope == "openid").then(random).transpose()?;
        let client = oauth2::basic::BasicClient::new(ClientId::new(endpoint.client_id()?))
            .set_auth_uri(AuthUrl::from_url(page))
            .set_redirect_uri(
                RedirectUrl::new(redirect_uri.clone())
                    .map_err(|_| SignInError::Definition("the way back is not an address".to_owned()))?,
            );
        let mut request = client.authorize_url(|| CsrfToken::new(state.expose().to_owned()));
        if let Some(scopes) = endpoint.joined(&scopes) {
            request = request.add_scope(Scope::new(scopes));
        }
        let mut verifier = None;
        if oauth.pkce == Pkce::S256 {
            let (challenge, made) = PkceCodeChallenge::new_random_sha256();
            verifier = Some(Secret::new(made.into_secret()));
            request = request.set_pkce_challenge(challenge);
        }
        if let Some(nonce) = &nonce {
            request = request.add_extra_param("nonce", nonce.expose().to_owned());
        }
        let mut more = oauth.authorization_parameters.clone();
        if choose_account {
            // OpenID Connect Core section 3.1.2.1; services that do not know it ignore it.
            more.insert("prompt".to_owned(), "select_account".to_owned());
        }
        for (name, template) in more {
            request = request.add_extra_param(name, Template::compile(&template)?.text(&endpoint.settings)?);
        }
        let (url, _) = request.url();
        let url = renamed(&url, oauth);
        let url = patchbay_model::address::for_browser(url.as_str())
            .map_err(|problem| SignInError::Call(Box::new(problem)))?;
        let server = &endpoint.server;
        let expected = Expected { state, issuer: server.issuer.clone(), says_issuer: server.says_issuer };
        let listening = listener.serve(expected);
        let handle = FlowHandle::new(endpoint.clock.clone(), listening.refused());
        Ok(Self { endpoint, asked: scopes, url, redirect_uri, verifier, nonce, listening, handle })
    }

    /// What the person opens. Holds no secret but the single-use state.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the tool sends the person back to.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// For whoever shows it.
    pub fn handle(&self) -> FlowHandle {
        self.handle.clone()
    }

    /// Waits for the person and exchanges the code. The browser is told how it went.
    pub async fn finish(mut self) -> Result<SignedIn, SignInError> {
        let Arrived { answer, page } = self.arrival().await?;
        self.handle.shared.received.store(true, Ordering::SeqCst);
        let outcome = match answer {
            Ok((code, others)) => self.exchange(&code, others).await,
            Err(error) => Err(error),
        };
        let shown = match &outcome {
            Ok(_) => Page::Done,
            Err(SignInError::Denied) => Page::Denied,
            Err(_) => Page::Failed,
        };
        // The browser may be gone.
        let _ = page.send(shown);
        outcome
    }

    async fn arrival(&mut self) -> Result<Arrived, SignInError> {
        loop {
            if self.handle.shared.wait.is_cancelled() {
                return Err(SignInError::Cancelled);
            }
            // Whoever came in the last second is let in.
            if let Ok(arrived) = self.listening.arrivals.try_recv() {
                return Ok(arrived);
            }
            if self.handle.left().is_zero() {
                return Err(SignInError::TimedOut);
            }
            tokio::select! {
                arrived = self.listening.arrivals.recv() => {
                    return arrived.ok_or_else(|| SignInError::refused("the way back from the browser closed"));
                }
                () = self.handle.shared.wait.moment() => {}
            }
        }
    }

    async fn exchange(&self, code: &Secret, callback: Map<String, Value>) -> Result<SignedIn, SignInError> {
        let endpoint = &self.endpoint;
        let callback = Value::Object(callback);
        let mut settings = Map::new();
        for capture in endpoint.oauth.captures.iter().filter(|capture| capture.from == CaptureFrom::Callback) {
            settings.insert(capture.name.clone(), answer::captured(&callback, &capture.path)?);
        }
        let started = endpoint.clock.now();
        let mut answer: TokenAnswer = endpoint.code(code, self.verifier.as_ref(), &self.redirect_uri).await?;
        if let Some(nonce) = &self.nonce {
            id_token::check(
                answer.id_token.as_ref(),
                &id_token::Wanted {
                    issuer: endpoint.server.issuer.as_deref(),
                    audience: &endpoint.client_id()?,
                    nonce: nonce.expose(),
                    now: endpoint.clock.now(),
                },
            )?;
        }
        settings.append(&mut answer.settings);
        let credential = endpoint.credential.clone();
        Ok(SignedIn::of(credential, answer, &endpoint.oauth, self.asked.clone(), settings, started))
    }
}

/// The address with the parameters' names of the vendor.
fn renamed(url: &url::Url, oauth: &OAuth2Auth) -> url::Url {
    let mut renamed = url.clone();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    {
        let mut query = renamed.query_pairs_mut();
        query.clear();
        for (name, value) in &pairs {
            query.append_pair(oauth.parameter_names.get(name).unwrap_or(name), value);
        }
    }
    renamed
}
