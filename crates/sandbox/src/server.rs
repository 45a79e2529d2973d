//! The process around the pretend tools.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use patchbay_model::Clock;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::SandboxError;
use crate::fault::{self, Switches, Tool, refusal};
use crate::log::Log;
use crate::world::{Effect, World};
use crate::{chat, control, tracker};

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
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: Access,
}

impl Shared {
    /// The world, also after a request that ended badly.
    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn switches(&self) -> std::sync::MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sandbox {
    /// Starts it on loopback, with the state that the folder holds. `PORT_IN_USE` where the port is
    /// taken, `IN_USE` where another sandbox has the folder.
    pub async fn start(options: SandboxOptions, clock: Arc<dyn Clock>) -> Result<Self, SandboxError> {
        let folder = options.state_dir.as_deref();
        let (log, effects) = open(folder).await?;
        let (tracker_token, chat_key) = keys(folder)?;
        let listener = patchbay_net::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
        let address = listener.addr();
        let access = Access {
            tracker_url: format!("http://{address}/tracker"),
            tracker_token,
            chat_url: format!("http://{address}/chat"),
            chat_key,
        };
        let shared = Shared {
            world: Arc::new(Mutex::new(World::new(log, effects))),
            switches: Arc::default(),
            clock,
            access: access.clone(),
        };
        let router = patchbay_net::guard_host(router(&shared), address);
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

    /// Replaces all fault switches; see the crate's page for their shape. An unknown switch changes
    /// nothing and gives a sentence.
    pub fn set_faults(&self, switches: serde_json::Value) -> Result<(), String> {
        let switches = serde_json::from_value(switches).map_err(|error| format!("{error}."))?;
        *self.shared.switches() = switches;
        Ok(())
    }

    /// Back to the seed, all switches off; keys stay.
    pub fn reset(&self) -> std::io::Result<()> {
        self.shared.switches().clear();
        self.shared.world().reset()
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
        .nest("/tracker", with(Tool::Tracker, tracker::routes()))
        .nest("/chat", with(Tool::Chat, chat::routes()))
        .nest("/control", control::routes())
        .fallback(unknown)
        .layer(middleware::map_response(in_json))
        .with_state(shared.clone())
}

/// Counts the request, checks its key and lets faults have their way.
async fn enter(shared: Shared, tool: Tool, request: Request, next: Next) -> Response {
    shared.world().counters.requests += 1;
    let line = format!("{} {}", request.method(), request.uri().path());
    let known = knows(request.headers(), tool, &shared.access);
    let switch = fault::take(&mut shared.switches(), tool, &line);
    if let Some(response) = fault::before(switch.as_ref()).await {
        return response;
    }
    if !known {
        return refusal(StatusCode::UNAUTHORIZED, "This key is not known here");
    }
    fault::after(switch.as_ref(), next.run(request).await).await
}

/// Nothing is there.
pub(crate) async fn unknown() -> Response {
    refusal(StatusCode::NOT_FOUND, "There is nothing at this address")
}

/// Gives refusals of the framework, such as of a body that is not JSON, the form of our own.
async fn in_json(response: Response) -> Response {
    let (status, headers) = (response.status(), response.headers());
    let error = status.is_client_error() || status.is_server_error();
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !error || json {
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

fn knows(headers: &HeaderMap, tool: Tool, access: &Access) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match tool {
        Tool::Tracker => {
            header("authorization").and_then(|v| v.strip_prefix("Bearer ")) == Some(&access.tracker_token)
        }
        Tool::Chat => header("x-api-key") == Some(&access.chat_key),
    }
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
fn keys(folder: Option<&Path>) -> Result<(String, String), SandboxError> {
    let file = folder.map(|folder| folder.join("keys.json"));
    if let Some(text) = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok())
        && let Ok(keys) = serde_json::from_str(&text)
    {
        return Ok(keys);
    }
    let keys = (format!("sandbox-token-{}", random()?), format!("sandbox-key-{}", random()?));
    if let Some(file) = file {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let text = serde_json::to_vec(&keys).map_err(std::io::Error::from)?;
        // Beside and in place: a kill leaves the old keys or the new, never half of one.
        let beside = file.with_extension("new");
        let mut out =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        out.write_all(&text)?;
        out.sync_all()?;
        std::fs::rename(&beside, &file)?;
        if let Some(folder) = folder {
            std::fs::File::open(folder)?.sync_all()?;
        }
    }
    Ok(keys)
}

fn random() -> Result<String, SandboxError> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|_| SandboxError::NoRandom)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The page of a list that `page` (from 1) and `per_page` ask for, and whether there is another.
pub(crate) fn page<T: Clone>(items: &[T], number: usize, size: usize) -> (Vec<T>, bool) {
    let start = number.saturating_sub(1).saturating_mul(size).min(items.len());
    let end = (start + size).min(items.len());
    (items[start..end].to_vec(), end < items.len())
}
