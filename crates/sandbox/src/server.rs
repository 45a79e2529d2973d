//! The process around the pretend tools.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use patchbay_model::Clock;
use patchbay_net::HostGuard;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::account::{ACCOUNTS, Caller};
use crate::error::SandboxError;
use crate::fault::{self, Fault, Switches, Tool, refusal};
use crate::log::{Log, replace};
use crate::oauth::{self, Authority, OauthError, Refusal};
use crate::world::{Effect, World};
use crate::{chat, control, sheet, tracker};

/// Another sandbox of the same folder may be finishing its last requests: how long to wait for it.
const PATIENCE: Duration = Duration::from_millis(100);
const TRIES: usize = 60;

/// How to start.
#[derive(Clone, Debug, Default)]
pub struct SandboxOptions {
    /// The port; any free one where 0.
    pub port: u16,
    /// Where state is kept, readable by this user only; in memory where absent.
    pub state_dir: Option<PathBuf>,
}

/// Where the pretend tools are, and their pretend keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Base address of the tracker.
    pub tracker_url: String,
    /// A token that the tracker accepts.
    pub tracker_token: String,
    /// Base address of the chat.
    pub chat_url: String,
    /// A key that the chat accepts.
    pub chat_key: String,
    /// Base address of the sheet.
    #[serde(default)]
    pub sheet_url: String,
    /// A key that the sheet accepts.
    #[serde(default)]
    pub sheet_key: String,
}

/// The sandbox, running.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    access: Access,
    shared: Shared,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// What every request may use.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) switches: Arc<Mutex<Switches>>,
    pub(crate) authority: Arc<Mutex<Authority>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: Access,
    /// What deliveries are sent with.
    pub(crate) net: patchbay_net::Client,
}

impl Shared {
    /// The world, also after a request that ended badly.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the seed, all switches off; keys stay.
    pub(crate) fn reset(&self) -> std::io::Result<()> {
        self.switches().clear();
        self.authority().reset();
        self.world().reset()
    }

    pub(crate) fn switches(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn authority(&self) -> MutexGuard<'_, Authority> {
        self.authority.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sandbox {
    /// Starts it on loopback, with the state that the folder holds. `PORT_IN_USE` where the port is
    /// taken, `IN_USE` where another sandbox has the folder.
    pub async fn start(options: SandboxOptions, clock: Arc<dyn Clock>) -> Result<Self, SandboxError> {
        let folder = options.state_dir.as_deref();
        let (log, effects) = open(folder).await?;
        let (tracker_token, chat_key, sheet_key) = keys(folder)?;
        let listener = patchbay_net::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
        let address = listener.addr();
        let access = Access {
            tracker_url: format!("http://{address}/tracker"),
            tracker_token,
            chat_url: format!("http://{address}/chat"),
            chat_key,
            sheet_url: format!("http://{address}/sheet"),
            sheet_key,
        };
        let shared = Shared {
            world: Arc::new(Mutex::new(World::new(log, effects))),
            switches: Arc::default(),
            authority: Arc::new(Mutex::new(Authority::open(folder)?)),
            net: patchbay_net::Client::new(clock.clone())?,
            clock,
            access: access.clone(),
        };
        let port = address.port();
        let guard = HostGuard::loopback(address)
            .origin(&format!("http://127.0.0.1:{port}"))
            .origin(&format!("http://localhost:{port}"));
        let router = guard.wrap(router(&shared).layer(middleware::from_fn(no_pages)));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let stopped = async {
                // Dropping the sandbox stops it too.
                let _ = stopped.await;
            };
            if let Err(error) = listener.serve(router, stopped).await {
                tracing::error!(%error, "the sandbox ended");
            }
        });
        Ok(Self { address, access, shared, stop, server })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Addresses and pretend keys.
    pub fn access(&self) -> Access {
        self.access.clone()
    }

    /// Base address of the tracker, such as `http://127.0.0.1:4319/tracker`.
    pub fn tracker_url(&self) -> String {
        self.access.tracker_url.clone()
    }

    /// Base address of the chat, such as `http://127.0.0.1:4319/chat`.
    pub fn chat_url(&self) -> String {
        self.access.chat_url.clone()
    }

    /// A token that the tracker accepts.
    pub fn tracker_token(&self) -> String {
        self.access.tracker_token.clone()
    }

    /// A key that the chat accepts.
    pub fn chat_key(&self) -> String {
        self.access.chat_key.clone()
    }

    /// Base address of the sheet, such as `http://127.0.0.1:4319/sheet`.
    pub fn sheet_url(&self) -> String {
        self.access.sheet_url.clone()
    }

    /// A key that the sheet accepts.
    pub fn sheet_key(&self) -> String {
        self.access.sheet_key.clone()
    }

    /// Replaces all fault switches; see the crate's page for their shape. An unknown switch changes
    /// nothing and gives a sentence.
    pub fn set_faults(&self, switches: serde_json::Value) -> Result<(), String> {
        let switches = serde_json::from_value(switches).map_err(|error| format!("{error}."))?;
        *self.shared.switches() = switches;
        Ok(())
    }

    /// The fault switches that are on, in the shape that [`Self::set_faults`] takes.
    pub fn faults(&self) -> serde_json::Value {
        serde_json::to_value(&*self.shared.switches()).unwrap_or_default()
    }

    /// Replaces the settings of the tracker's sign-in; see the crate's page for their shape. An unknown
    /// setting changes nothing and gives a sentence.
    pub fn set_oauth(&self, settings: serde_json::Value) -> Result<(), String> {
        control::set_settings(&self.shared, settings)
    }

    /// Settings, clients and counters of the tracker's sign-in, as `GET /control/oauth` answers them.
    pub fn oauth(&self) -> serde_json::Value {
        control::oauth_told(&self.shared)
    }

    /// Back to the seed, all switches off; keys stay.
    pub fn reset(&self) -> std::io::Result<()> {
        self.shared.reset()
    }

    /// Stops it; requests under way are finished.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.server.await;
    }
}

/// All routes.
pub(crate) fn router(shared: &Shared) -> Router {
    let with = |tool: Tool, routes: Router<Shared>| {
        let state = shared.clone();
        routes.layer(middleware::from_fn(move |request: Request, next: Next| {
            let shared = state.clone();
            async move { enter(shared, tool, request, next).await }
        }))
    };
    Router::new()
        .nest("/tracker", with(Tool::Tracker, tracker::routes().merge(oauth::routes())))
        .route("/.well-known/oauth-authorization-server/tracker", get(oauth::metadata))
        .nest("/chat", with(Tool::Chat, chat::routes()))
        .nest("/sheet", with(Tool::Sheet, sheet::routes()))
        .nest("/control", control::routes())
        .fallback(unknown)
        .layer(middleware::map_response(in_json))
        .with_state(shared.clone())
}

/// Refuses what a web page has made, but for the consent page's own form.
async fn no_pages(request: Request, next: Next) -> Response {
    let own_form = request.method() == Method::POST && request.uri().path() == oauth::CONSENT;
    if request.headers().contains_key(header::ORIGIN) && !own_form {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// Counts the request, checks its key and lets faults have their way.
async fn enter(shared: Shared, tool: Tool, mut request: Request, next: Next) -> Response {
    shared.world().counters.requests += 1;
    let path = request.uri().path();
    let line = format!("{} {path}", request.method());
    let open = tool == Tool::Tracker && oauth::is_open(path);
    let refused = if open { None } else { refused(&shared, tool, &mut request) };
    // Signing in is not a matter of the key; refreshing is one of the sign-in that has expired.
    let tokens = line == "POST /oauth/token";
    let fits = |fault: Fault| fault != Fault::Expired || !open || tokens;
    let switch = fault::take(&mut shared.switches(), tool, &line, fits);
    if tokens && switch.as_ref().is_some_and(|switch| switch.fault == Fault::Expired) {
        return OauthError::grant("What was allowed has expired").into_response();
    }
    if let Some(response) = fault::before(switch.as_ref()).await {
        return response;
    }
    if let Some(response) = refused {
        return response;
    }
    fault::after(switch.as_ref(), next.run(request).await).await
}

/// Why a request is not answered; it learns who makes it where it is.
fn refused(shared: &Shared, tool: Tool, request: &mut Request) -> Option<Response> {
    const UNKNOWN: &str = "This key is not known here";
    match tool {
        Tool::Chat if header(request.headers(), "x-api-key") == Some(&shared.access.chat_key) => None,
        Tool::Sheet if header(request.headers(), "x-api-key") == Some(&shared.access.sheet_key) => None,
        Tool::Chat | Tool::Sheet => Some(refusal(StatusCode::UNAUTHORIZED, UNKNOWN)),
        Tool::Tracker => {
            let token = header(request.headers(), "authorization").and_then(|v| v.strip_prefix("Bearer "));
            let Some(token) = token else {
                return Some(challenge(StatusCode::UNAUTHORIZED, UNKNOWN, "Bearer"));
            };
            let caller = if token == shared.access.tracker_token {
                Caller::Person(&ACCOUNTS[0])
            } else {
                let needed = oauth::needed(request.method(), request.uri().path());
                match shared.authority().caller(token, shared.clock.now()) {
                    Ok((_, scopes)) if needed.is_some_and(|needed| !scopes.iter().any(|own| own == needed)) => {
                        // RFC 6750 section 3.1.
                        let scope = needed.unwrap_or_default();
                        let told = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
                        let message = format!("This sign-in may not do that. It needs {scope}");
                        return Some(challenge(StatusCode::FORBIDDEN, &message, &told));
                    }
                    Ok((caller, _)) => caller,
                    Err(refusal) => {
                        let message = match refusal {
                            Refusal::Unknown => UNKNOWN,
                            Refusal::Expired => "The access token has expired",
                            Refusal::Revoked => "What was allowed was withdrawn",
                        };
                        let told = "Bearer error=\"invalid_token\"";
                        return Some(challenge(StatusCode::UNAUTHORIZED, message, told));
                    }
                }
            };
            request.extensions_mut().insert(caller);
            None
        }
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A refusal that says how to sign in.
fn challenge(status: StatusCode, message: &str, scheme: &str) -> Response {
    let mut response = refusal(status, message);
    if let Ok(scheme) = HeaderValue::from_str(scheme) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

/// Nothing is there.
pub(crate) async fn unknown() -> Response {
    refusal(StatusCode::NOT_FOUND, "There is nothing at this address")
}

/// Gives refusals of the framework, such as of a body that is not JSON, the form of our own. Pages are
/// ours already.
async fn in_json(response: Response) -> Response {
    let (status, headers) = (response.status(), response.headers());
    let error = status.is_client_error() || status.is_server_error();
    let own = |kind: &HeaderValue| {
        kind == "application/json" || kind.to_str().is_ok_and(|kind| kind.starts_with("text/html"))
    };
    if !error || headers.get(header::CONTENT_TYPE).is_some_and(own) {
        return response;
    }
    let allow = headers.get(header::ALLOW).cloned();
    let bytes = to_bytes(response.into_body(), 4_096).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let message = if text.is_empty() { status.canonical_reason().unwrap_or("Refused") } else { &text };
    let mut refused = refusal(status, message);
    if let Some(allow) = allow {
        refused.headers_mut().insert(header::ALLOW, allow);
    }
    refused
}

/// Opens the state of a folder, once an earlier sandbox has let go of it.
async fn open(folder: Option<&Path>) -> Result<(Log, Vec<Effect>), SandboxError> {
    for _ in 0..TRIES {
        match Log::open(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(PATIENCE).await;
            }
            opened => return Ok(opened?),
        }
    }
    Err(SandboxError::InUse)
}

/// Pretend keys: new ones, or those of an earlier start with the same state.
fn keys(folder: Option<&Path>) -> Result<(String, String, String), SandboxError> {
    let file = folder.map(|folder| folder.join("keys.json"));
    let kept = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    // A tool that came later has none in the file of before.
    let kept: Vec<String> = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let key = |index: usize, start: &str| match kept.get(index) {
        Some(key) => Ok(key.clone()),
        None => Ok::<_, SandboxError>(format!("{start}-{}", random()?)),
    };
    let keys = (key(0, "sandbox-token")?, key(1, "sandbox-key")?, key(2, "sandbox-sheet-key")?);
    if let Some(file) = file.filter(|_| kept.len() < 3) {
        replace(&file, &serde_json::to_vec(&keys).map_err(std::io::Error::from)?)?;
    }
    Ok(keys)
}

/// 128 bits that nobody can guess, in hexadecimal digits.
pub(crate) fn random() -> Result<String, SandboxError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| SandboxError::NoRandom)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The page of a list that `page` (from 1) and `per_page` ask for, and whether there is another.
pub(crate) fn page<T: Clone>(items: &[T], number: usize, size: usize) -> (Vec<T>, bool) {
    let start = number.saturating_sub(1).saturating_mul(size).min(items.len());
    let end = (start + size).min(items.len());
    (items[start..end].to_vec(), end < items.len())
}
