//! The composition root: everything is built here once and passed on as arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as PlainMutex, PoisonError, Weak};
use std::time::Duration;

use patchbay_connector::Adapters;
use patchbay_connector::native::{DesktopNotifications, HttpRequests, LocalFiles};
use patchbay_ingest::gateway::Gateway;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Clock, Event, Host};
use patchbay_store::OwnerLock;
use patchbay_vault::{Keeper, KeyringStore, SecretStore};
use tokio::sync::Mutex;

use crate::connectors::Connectors;
use crate::events::Stream;
use crate::network::Ways;
use crate::secrets::SecretsChoice;
use crate::security::Security;
use crate::workspace::Workspace;

/// What a host decides.
pub struct HubOptions {
    /// The data folder; made where it is missing, 0700.
    pub data_dir: PathBuf,
    /// Where the master key is kept.
    pub secrets: SecretsChoice,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The program around the engine.
    pub host: Arc<dyn Host>,
}

/// The engine: owner of a data folder. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    data_dir: PathBuf,
    keeper: Arc<Keeper>,
    /// Where keys are moved to and from.
    keyring: Arc<dyn SecretStore>,
    security: Security,
    clock: Arc<dyn Clock>,
    host: Arc<dyn Host>,
    net: patchbay_net::Client,
    /// What the user decided about the way that `net` goes.
    ways: Ways,
    connectors: Arc<Connectors>,
    events: Arc<Stream>,
    workspaces: Mutex<BTreeMap<String, Workspace>>,
    /// Workspaces that are being deleted: nobody opens them again.
    leaving: PlainMutex<BTreeSet<String>>,
    /// The program stays: workspaces that are opened from here on work by themselves.
    stays: AtomicBool,
    gateway: Gateway,
    /// Nothing is read by itself, in any workspace; also in those that are made or mended later.
    sync_paused: Arc<AtomicBool>,
    /// Whether the gateway takes in workspaces: only where the program stays.
    with_gateway: AtomicBool,
    /// Held while a person is asked about what a page wants.
    questions: Mutex<()>,
    machine: String,
    // Released when the last clone of the hub goes.
    _lock: OwnerLock,
}

/// A workspace that is being deleted. It can be opened again, if it is still there, once this is dropped: a page
/// that reads it meanwhile would else bring it back.
pub(crate) struct Leaving {
    hub: Hub,
    name: String,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.hub.leaving().remove(&self.name);
    }
}

/// A hub that is not kept alive by whoever looks after it.
#[derive(Clone)]
pub(crate) struct WeakHub(Weak<Inner>);

impl WeakHub {
    /// The hub, while it is there.
    pub(crate) fn upgrade(&self) -> Option<Hub> {
        self.0.upgrade().map(|inner| Hub { inner })
    }
}

impl Hub {
    /// The hub for those who do not keep it alive.
    pub(crate) fn weak(&self) -> WeakHub {
        WeakHub(Arc::downgrade(&self.inner))
    }

    /// Takes the data folder and builds the engine. Fails with `IN_USE` where another process owns
    /// the folder. Starts no work: see [`Hub::take_up_runs`].
    pub fn start(options: HubOptions) -> Result<Self, Problem> {
        let keyring: Arc<dyn SecretStore> = match &options.secrets {
            #[cfg(test)]
            SecretsChoice::Kept(store) => store.clone(),
            _ => Arc::new(KeyringStore::new()),
        };
        Self::with_keyring(options, keyring)
    }

    /// The same, with another store in the place of the system's keyring.
    pub(crate) fn with_keyring(options: HubOptions, keyring: Arc<dyn SecretStore>) -> Result<Self, Problem> {
        let HubOptions { data_dir, secrets, clock, host } = options;
        let lock = OwnerLock::acquire(&data_dir).map_err(Problem::from)?;
        let adapters = adapters(&data_dir, &clock, &host)?;
        let keeper = Arc::new(secrets.open(&data_dir)?);
        // A move to the keyring that did not come to its end: the keys are in the keyring.
        if keeper.kind() == patchbay_vault::StoreKind::Keyring {
            let _ = std::fs::remove_file(data_dir.join("vault.json.left"));
        }
        let net = patchbay_net::Client::new(clock.clone()).map_err(Problem::from)?;
        let ways = Ways::open(&data_dir);
        net.go(net.prepare(ways.network()).map_err(Problem::from)?);
        let inner = Inner {
            keeper,
            keyring,
            security: Security::open(&data_dir, clock.as_ref()),
            gateway: Gateway::new(clock.clone(), net.clone(), crate::gateway::decided(&data_dir)),
            with_gateway: AtomicBool::new(false),
            net,
            ways,
            connectors: Arc::new(Connectors::open(&data_dir, adapters)),
            events: Arc::new(Stream::default()),
            workspaces: Mutex::new(BTreeMap::new()),
            leaving: PlainMutex::default(),
            stays: AtomicBool::new(false),
            sync_paused: Arc::new(AtomicBool::new(crate::syncing::is_paused(&data_dir))),
            questions: Mutex::default(),
            machine: machine_id(),
            _lock: lock,
            data_dir,
            clock,
            host,
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (connectors, events) = (Arc::downgrade(&inner.connectors), Arc::downgrade(&inner.events));
            runtime.spawn(watch_connectors(connectors, events));
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads the user's own connectors again where their files have changed, and tells the screens.
    pub(crate) fn refresh_connectors(&self) {
        refresh(&self.inner.connectors, &self.inner.events);
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// The stream of events.
    pub fn events(&self) -> &Arc<Stream> {
        &self.inner.events
    }

    /// The connectors at hand.
    pub fn connectors(&self) -> &Arc<Connectors> {
        &self.inner.connectors
    }

    /// Time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The program around the engine.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.inner.host
    }

    /// Held while a person is asked about what a page wants.
    pub(crate) fn questions(&self) -> &Mutex<()> {
        &self.inner.questions
    }

    pub(crate) fn machine(&self) -> &str {
        &self.inner.machine
    }

    pub(crate) fn net(&self) -> &patchbay_net::Client {
        &self.inner.net
    }

    /// What the user decided about the way to services.
    pub(crate) fn ways(&self) -> &Ways {
        &self.inner.ways
    }

    /// The secret store in use.
    pub(crate) fn keeper(&self) -> &Arc<Keeper> {
        &self.inner.keeper
    }

    /// The system's keyring, whether it is in use or not.
    pub(crate) fn keyring(&self) -> &Arc<dyn SecretStore> {
        &self.inner.keyring
    }

    /// What the user decides about secrets.
    pub(crate) fn security(&self) -> &Security {
        &self.inner.security
    }

    /// The file of a passphrase store.
    pub(crate) fn passphrase_file(&self) -> PathBuf {
        self.inner.data_dir.join("vault.json")
    }

    /// The workspaces that are open.
    pub(crate) async fn open_workspaces(&self) -> Vec<Workspace> {
        self.inner.workspaces.lock().await.values().cloned().collect()
    }

    /// Opens every workspace and keeps anybody from sealing in it until what this gives is dropped.
    pub(crate) async fn all_seals(&self) -> Result<Vec<tokio::sync::OwnedRwLockWriteGuard<()>>, Problem> {
        let mut guards = Vec::new();
        for name in crate::workspaces::names(self)? {
            guards.push(self.workspace(&name).await?.seals().clone().write_owned().await);
        }
        Ok(guards)
    }

    /// From here on a passphrase store locks itself when nobody is here. For hosts with a screen: where
    /// there is none, nobody could unlock it.
    pub fn lock_when_idle(&self) {
        let inner = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE_CHECK).await;
                let Some(inner) = inner.upgrade() else { return };
                crate::secret_store::lock_if_idle(&Self { inner }).await;
            }
        });
    }

    /// The folder of a workspace.
    pub(crate) fn workspace_dir(&self, name: &str) -> PathBuf {
        self.inner.data_dir.join("workspaces").join(name)
    }

    /// The workspace with this name, opened where it is not open yet. `default` is made when it is
    /// first asked for; others have to be created.
    pub async fn workspace(&self, name: &str) -> Result<Workspace, Problem> {
        check_workspace_name(name)?;
        let mut open = self.inner.workspaces.lock().await;
        if let Some(workspace) = open.get(name) {
            return Ok(workspace.clone());
        }
        let gone = self.is_leaving(name) || !self.workspace_dir(name).is_dir();
        if name != crate::workspaces::DEFAULT && gone {
            return Err(Problem::new(Code::NotFound)
                .with("item", format!("The workspace \"{name}\""))
                .about(Subject::Field { name: "workspace".into() }));
        }
        let workspace = Workspace::open(self, name).await?;
        open.insert(name.to_owned(), workspace.clone());
        drop(open);
        if self.inner.stays.load(Ordering::Acquire) {
            workspace.take_up_runs(self).await?;
        }
        if self.inner.with_gateway.load(Ordering::SeqCst) {
            crate::gateway::open(self, &workspace).await?;
        }
        Ok(workspace)
    }

    /// Whether nothing is read by itself.
    pub(crate) fn sync_paused(&self) -> &Arc<AtomicBool> {
        &self.inner.sync_paused
    }

    /// The webhook gateway.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.inner.gateway
    }

    /// Begins to take webhooks, in every workspace that is open or will be. For programs that stay.
    async fn begin_gateway(&self) {
        if self.inner.with_gateway.swap(true, Ordering::SeqCst) {
            return;
        }
        for workspace in self.open_workspaces().await {
            if let Err(problem) = crate::gateway::open(self, &workspace).await {
                tracing::error!(workspace = workspace.name(), %problem, "its webhooks are not taken");
            }
        }
    }

    /// Takes webhooks of one workspace, where that has not begun.
    pub(crate) async fn begin_gateway_for(&self, workspace: &Workspace) -> Result<(), Problem> {
        if self.inner.with_gateway.load(Ordering::SeqCst) {
            return Ok(());
        }
        crate::gateway::open(self, workspace).await
    }

    /// For programs that stay: opens every workspace, begins what comes by itself, and takes up the runs that
    /// an earlier start left open; says how many.
    /// A workspace that cannot be opened is logged: the others go on, and its own commands say why.
    pub async fn take_up_runs(&self) -> Result<usize, Problem> {
        let mut runs = 0;
        for name in crate::workspaces::names(self)? {
            // First: an interrupted run may be about to call it.
            if let Err(problem) = crate::sandbox::resume(self, &name).await {
                tracing::warn!(workspace = name, %problem, "the sandbox is not started again");
            }
            match async { self.workspace(&name).await?.take_up_runs(self).await }.await {
                Ok(count) => runs += count,
                Err(problem) => tracing::error!(workspace = name, %problem, "its runs are not taken up"),
            }
        }
        self.inner.stays.store(true, Ordering::Release);
        self.begin_gateway().await;
        Ok(runs)
    }

    /// Closes a workspace: its runs are left to a later start, its database is closed. Nobody opens it again while
    /// what this gives is held.
    pub(crate) async fn close_workspace(&self, name: &str) -> Leaving {
        self.gateway().close(name).await;
        let (workspace, leaving) = {
            let mut open = self.inner.workspaces.lock().await;
            self.leaving().insert(name.to_owned());
            (open.remove(name), Leaving { hub: self.clone(), name: name.to_owned() })
        };
        if let Some(workspace) = workspace {
            workspace.close().await;
        }
        leaving
    }

    fn leaving(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.inner.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a workspace is being deleted.
    pub(crate) fn is_leaving(&self, name: &str) -> bool {
        self.leaving().contains(name)
    }

    /// Ends the engine: waits for calls in flight, closes every database.
    pub async fn shut_down(&self) {
        let workspaces = std::mem::take(&mut *self.inner.workspaces.lock().await);
        self.gateway().stop().await;
        for name in workspaces.keys() {
            self.gateway().close(name).await;
        }
        for workspace in workspaces.into_values() {
            workspace.close().await;
        }
    }
}

/// What this computer offers, under the connectors that it is for.
fn adapters(data_dir: &Path, clock: &Arc<dyn Clock>, host: &Arc<dyn Host>) -> Result<Adapters, Problem> {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    Adapters::default()
        .with(Arc::new(DesktopNotifications::new(host.clone())))?
        .with(Arc::new(LocalFiles::new(data_dir, home.as_deref(), clock.clone())))?
        .with(Arc::new(HttpRequests))
}

/// How often to look whether nobody is here.
const IDLE_CHECK: Duration = Duration::from_secs(5);

/// How often to look whether the user has changed a connector's file.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after files that the user edits elsewhere, as long as the engine is there.
async fn watch_connectors(connectors: Weak<Connectors>, events: Weak<Stream>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let (Some(connectors), Some(events)) = (connectors.upgrade(), events.upgrade()) else { return };
        refresh(&connectors, &events);
    }
}

fn refresh(connectors: &Connectors, events: &Stream) {
    if connectors.refresh() {
        events.emit_to_all(Event::CatalogueChanged);
    }
}

/// Workspace names become folder names: letters, digits, hyphens and underscores, at most 40.
pub(crate) fn check_workspace_name(name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=40).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-') {
        return Ok(());
    }
    Err(Problem::new(Code::InputInvalid)
        .with("field", "The workspace's name")
        .with("message", "Use letters, digits, hyphens and underscores; at most 40.")
        .about(Subject::Field { name: "workspace".into() }))
}

/// What tells this computer from another: data that was copied starts paused. From
/// `/etc/machine-id` (machine-id(5)) where there is one, else the host's name.
fn machine_id() -> String {
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    match id.trim() {
        "" => nix::sys::utsname::uname()
            .map_or_else(|_| "unknown".to_owned(), |name| name.nodename().to_string_lossy().into_owned()),
        id => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::check_workspace_name;

    #[test]
    fn workspace_names_cannot_leave_their_folder() {
        for good in ["default", "work-2", "A_b"] {
            assert!(check_workspace_name(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", ".hidden", "-x", "a b", "ü", &"x".repeat(41)] {
            assert!(check_workspace_name(bad).is_err(), "{bad}");
        }
    }
}
