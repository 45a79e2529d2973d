//! The webhook gateway: takes what tools send by themselves. It listens on this computer alone, and only
//! while a connection has its webhook switched on; a tunnel of the user's own brings calls from outside.
//!
//! What a call has to pass stands in `receive`, in its order. A delivery is answered with success once it
//! is durable, and never before; what comes of it follows from the row (`mapping`).

mod answers;
mod door;
mod mapping;
mod outcome;
mod receive;
mod test_event;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Clock, ConnectionId, ConnectorId, Event};
use patchbay_net::{HostGuard, Listener, NetError, listen};
use patchbay_store::StoreError;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use url::Url;

use door::Door;
pub use door::{Definitions, Site};
use outcome::Counts;
pub use outcome::{ALL as OUTCOMES, Outcome};
pub use test_event::TestSent;

/// The port where nothing else is set.
pub const DEFAULT_PORT: u16 = 4310;
/// Before the names of deliveries that we sent ourselves to try.
pub(crate) const TEST: &str = "test:";
/// Deliveries that wait to be mapped: with more, senders are asked to come again.
const MOST_WAITING: u64 = 10_000;
/// Bodies under way at once, in KiB. Each counts with the most that it may become.
const MOST_KIB: usize = 128 * 1024;
/// How often counts of refused calls are written down.
const WRITE_DOWN: Duration = Duration::from_secs(5);
/// How often it is written down that the gateway listens.
const BEAT: Duration = Duration::from_secs(60);
/// Where it did not listen for longer, what was sent in between may be missing: tools try again for a while.
const GAP: Duration = Duration::from_secs(150);
/// Requests under way when the gateway closes may take so long.
const GRACE: Duration = Duration::from_secs(3);

/// What the user decides about the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySettings {
    /// Whether it may listen at all.
    pub enabled: bool,
    /// The port on this computer; 0 takes any free one.
    pub port: u16,
    /// The address under which the user's own tunnel brings calls to us, such as
    /// `https://hooks.example.com`.
    pub public_url: Option<Url>,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self { enabled: true, port: DEFAULT_PORT, public_url: None }
    }
}

impl GatewaySettings {
    /// Reads a public address: a scheme, a host and at most a path before ours.
    ///
    /// # Errors
    /// In words for people.
    pub fn public(text: &str) -> Result<Url, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "Write it as https://hooks.example.com.")?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match (url.scheme(), url.host_str()) {
            _ if !plain => Err("It has no user name, query or fragment."),
            ("https", Some(_)) if matches!(url.path(), "/" | "") => Ok(url),
            ("https", Some(_)) => Err("It ends with the host: the path is ours."),
            _ => Err("It is an https address: tools send to no other."),
        }
    }
}

/// How the gateway is.
#[derive(Clone, Debug, Default)]
pub struct GatewayState {
    /// Where it listens.
    pub listening: Option<SocketAddr>,
    /// Why it does not, though it should.
    pub problem: Option<Problem>,
    /// Connections whose webhook is on.
    pub connections: usize,
}

/// The gateway. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    settings: RwLock<GatewaySettings>,
    /// Doors by the last part of their address.
    doors: RwLock<HashMap<String, Arc<Door>>>,
    sites: Mutex<BTreeMap<String, OpenSite>>,
    guard: RwLock<Option<HostGuard>>,
    counts: Counts,
    /// KiB of bodies that may be under way.
    room: Semaphore,
    tests: test_event::Tests,
    net: patchbay_net::Client,
    listening: tokio::sync::Mutex<Listening>,
    state: RwLock<GatewayState>,
    /// When it was last written down that it listens, for each workspace, by the clock that counts sleep.
    beats: Mutex<HashMap<String, Duration>>,
}

#[derive(Default)]
struct Listening {
    at: Option<SocketAddr>,
    asked: Option<u16>,
    stop: Option<watch::Sender<()>>,
    served: Vec<JoinHandle<()>>,
}

struct OpenSite {
    site: Site,
    wake: Arc<Notify>,
    backlog: Arc<Backlog>,
    /// Connections whose webhook is on.
    on: usize,
    /// Open runs with steps that have addresses of their own.
    runs: u64,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for OpenSite {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// How many deliveries wait. A bound, not a figure: it may be off by those of a start.
#[derive(Debug, Default)]
pub(crate) struct Backlog(AtomicU64);

impl Backlog {
    fn more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn less(&self) {
        // It never goes below nothing.
        let _ =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| Some(count.saturating_sub(1)));
    }

    fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MOST_WAITING
    }
}

impl Gateway {
    /// One that does not listen yet.
    pub fn new(clock: Arc<dyn Clock>, net: patchbay_net::Client, settings: GatewaySettings) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                settings: RwLock::new(settings),
                doors: RwLock::default(),
                sites: Mutex::default(),
                guard: RwLock::default(),
                counts: Counts::default(),
                room: Semaphore::new(MOST_KIB),
                tests: test_event::Tests::default(),
                net,
                listening: tokio::sync::Mutex::default(),
                state: RwLock::default(),
                beats: Mutex::default(),
            }),
        }
    }

    /// Takes a workspace in: its addresses are answered from now on, and what waits in its inbox is mapped.
    pub async fn open(&self, site: Site) -> Result<(), StoreError> {
        let (waiting, _) = site.store.inbox_backlog().await?;
        let backlog = Arc::new(Backlog(AtomicU64::new(waiting)));
        let wake = Arc::new(Notify::new());
        let tasks = vec![
            tokio::spawn(mapping::run(site.clone(), wake.clone(), backlog.clone())),
            tokio::spawn(write_down(Arc::downgrade(&self.inner), site.clone())),
        ];
        let name = site.workspace.clone();
        self.sites().insert(name.clone(), OpenSite { site, wake, backlog, on: 0, runs: 0, tasks });
        self.refresh(&name).await
    }

    /// Lets a workspace go: its addresses are nobody's from now on.
    pub async fn close(&self, workspace: &str) {
        let Some(open) = self.sites().remove(workspace) else { return };
        self.inner.beat(&open.site).await;
        self.inner.beats().remove(workspace);
        self.doors_mut().retain(|_, door| door.site.workspace != workspace);
        self.settle().await;
        self.keep_counts(&open.site).await;
    }

    /// Reads anew which addresses a workspace has, after one has changed. What was known of its
    /// connections is forgotten.
    pub async fn refresh(&self, workspace: &str) -> Result<(), StoreError> {
        let Some(site) = self.sites().get(workspace).map(|open| open.site.clone()) else { return Ok(()) };
        let mut doors = Vec::new();
        for webhook in site.store.webhooks().await? {
            if let Some(connection) = site.store.connection(&webhook.connection).await? {
                // One that stays keeps its count of failures.
                let before = self.inner.door(&webhook.token).filter(|door| door.connection == connection.id);
                let door = before
                    .unwrap_or_else(|| Arc::new(Door::new(site.clone(), connection.id, connection.connector)));
                door.forget();
                doors.push((webhook.token, door, webhook.enabled));
            }
        }
        let on = doors.iter().filter(|(_, _, enabled)| *enabled).count();
        let runs = site.store.runs_with_addresses().await?;
        {
            let mut all = self.doors_mut();
            all.retain(|_, door| door.site.workspace != workspace);
            all.extend(doors.into_iter().map(|(token, door, _)| (token, door)));
        }
        self.inner.on(workspace, on, runs);
        self.settle().await;
        Ok(())
    }

    /// What the user decides.
    pub fn settings(&self) -> GatewaySettings {
        self.inner.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what the user decides; listens, or not, accordingly.
    pub async fn configure(&self, settings: GatewaySettings) {
        *self.inner.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        self.settle().await;
    }

    /// How it is.
    pub fn state(&self) -> GatewayState {
        self.inner.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops listening.
    pub async fn stop(&self) {
        let mut listening = self.inner.listening.lock().await;
        self.inner.silence(&mut listening).await;
    }

    /// The address of a connection's webhook on this computer, and the one that tools outside are told,
    /// where the user has a tunnel.
    pub fn addresses(&self, connector: &ConnectorId, token: &str) -> (Option<Url>, Option<Url>) {
        let path = format!("/webhooks/{connector}/{token}");
        let state = self.state();
        let settings = self.settings();
        let port = state.listening.map_or(settings.port, |at| at.port());
        let local = Url::parse(&format!("http://127.0.0.1:{port}{path}")).ok().filter(|_| port != 0);
        let public = settings.public_url.and_then(|url| url.join(&path).ok());
        (local, public)
    }

    /// Writes down what was counted in a workspace.
    pub async fn keep_counts(&self, site: &Site) {
        self.inner.keep_counts(site).await;
    }

    fn sites(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, OpenSite>> {
        self.inner.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doors_mut(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Arc<Door>>> {
        self.inner.doors.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens, or not, as settings and connections want it.
    async fn settle(&self) {
        let settings = self.settings();
        let mut listening = self.inner.listening.lock().await;
        let on = self.inner.connections_on();
        let runs = self.sites().values().any(|open| open.runs > 0);
        let wanted = settings.enabled && (on > 0 || runs);
        let before = self.state();
        if !wanted || listening.asked.is_some_and(|asked| asked != settings.port) {
            self.inner.silence(&mut listening).await;
        }
        let mut problem = None;
        if wanted && listening.at.is_none() {
            match self.listen(&settings, &mut listening).await {
                Ok(()) => {}
                Err(error) => {
                    let said = Problem::from(error);
                    tracing::warn!(problem = %said, "the webhook gateway does not listen");
                    problem = Some(said.about(Subject::Field { name: "port".into() }));
                }
            }
        }
        if let Some(at) = listening.at {
            self.inner.guard_by(at, &settings);
        }
        let state = GatewayState { listening: listening.at, problem, connections: on };
        let changed = before.listening != state.listening || before.problem != state.problem;
        *self.inner.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        if changed {
            for open in self.sites().values() {
                open.site.events.emit(Event::GatewayChanged);
            }
        }
    }

    async fn listen(&self, settings: &GatewaySettings, listening: &mut Listening) -> Result<(), NetError> {
        let first = listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), settings.port)).await?;
        let at = first.addr();
        let mut bound: Vec<Listener> = vec![first];
        // Tunnels may take "localhost" for the other address, where somebody else could listen.
        match listen(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), at.port())).await {
            Ok(other) => bound.push(other),
            Err(error @ NetError::PortInUse(_)) if settings.port != 0 => return Err(error),
            Err(error) => tracing::debug!(%error, "the gateway has no loopback of IPv6"),
        }
        self.inner.guard_by(at, settings);
        let (stop, stopped) = watch::channel(());
        for listener in bound {
            let router = Router::new().fallback(receive::receive).with_state(self.inner.clone());
            let mut stopped = stopped.clone();
            listening.served.push(tokio::spawn(async move {
                // Never sent on: it ends when its sender goes.
                let stop = async move { while stopped.changed().await.is_ok() {} };
                if let Err(error) = listener.grace(GRACE).serve(router, stop).await {
                    tracing::warn!(%error, "the webhook gateway ended");
                }
            }));
        }
        (listening.at, listening.asked, listening.stop) = (Some(at), Some(settings.port), Some(stop));
        Ok(())
    }
}

impl Inner {
    fn guard_by(&self, at: SocketAddr, settings: &GatewaySettings) {
        let mut guard = HostGuard::loopback(at);
        if let Some(host) = settings.public_url.as_ref().and_then(Url::host_str) {
            let port = settings.public_url.as_ref().and_then(Url::port);
            guard = match port {
                Some(port) => guard.host(&format!("{host}:{port}")),
                None => guard.host(host).host(&format!("{host}:443")),
            };
        }
        *self.guard.write().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }

    async fn silence(&self, listening: &mut Listening) {
        listening.stop = None;
        for served in listening.served.drain(..) {
            if let Err(error) = served.await {
                tracing::warn!(%error, "the webhook gateway was cut off");
            }
        }
        (listening.at, listening.asked) = (None, None);
    }

    fn on(&self, workspace: &str, count: usize, runs: u64) {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = sites.get_mut(workspace) {
            (open.on, open.runs) = (count, runs);
        }
    }

    fn connections_on(&self) -> usize {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner).values().map(|open| open.on).sum()
    }

    /// The door with this token.
    fn door(&self, token: &str) -> Option<Arc<Door>> {
        self.doors.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn inbox_of(&self, workspace: &str) -> Option<(Arc<Notify>, Arc<Backlog>)> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.get(workspace).map(|open| (open.wake.clone(), open.backlog.clone()))
    }

    async fn keep_counts(&self, site: &Site) {
        // Calls of nobody's address are kept by the first workspace.
        let first = self.sites.lock().unwrap_or_else(PoisonError::into_inner).keys().next().cloned();
        let taken = self.counts.take(&site.workspace, first.as_deref() == Some(&site.workspace));
        if taken.is_empty() {
            return;
        }
        let refused = taken.iter().filter_map(|(connection, ..)| connection.clone());
        let told: std::collections::BTreeSet<ConnectionId> = refused.collect();
        match site.store.webhook_count(taken.clone()).await {
            Ok(()) => {
                for connection in told {
                    site.events.emit(Event::WebhookChanged { connection });
                }
            }
            Err(error) => {
                tracing::debug!(%error, "counts of webhook calls wait");
                self.counts.put_back(&site.workspace, taken);
            }
        }
    }
}

/// Writes down what was counted, again and again.
async fn write_down(inner: std::sync::Weak<Inner>, site: Site) {
    let mut beat: Option<Duration> = None;
    loop {
        tokio::time::sleep(WRITE_DOWN).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.keep_counts(&site).await;
        let now = inner.clock.monotonic();
        if beat.is_none_or(|last| now.saturating_sub(last) >= BEAT) && inner.beat(&site).await {
            beat = Some(now);
        }
    }
}

impl Inner {
    /// Writes down that the gateway listens for a workspace, and what may be missing where it did not.
    /// Says whether it listens.
    async fn beat(&self, site: &Site) -> bool {
        let listens = self.state.read().unwrap_or_else(PoisonError::into_inner).listening.is_some();
        if !listens {
            return false;
        }
        let now = self.clock.with_sleep();
        let passed = self.beats().get(&site.workspace).map(|last| now.saturating_sub(*last));
        match site.store.gateway_seen(GAP, passed).await {
            Ok(missed) => {
                self.beats().insert(site.workspace.clone(), now);
                if missed {
                    tracing::info!(workspace = site.workspace, "what tools sent while closed may be missing");
                }
            }
            Err(error) => tracing::warn!(%error, "that the gateway listens is not written down now"),
        }
        true
    }

    fn beats(&self) -> std::sync::MutexGuard<'_, HashMap<String, Duration>> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new last part of an address: 128 random bits in letters and digits.
pub fn token() -> Result<String, Problem> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Problem::new(Code::Internal).detail("the system gives no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
