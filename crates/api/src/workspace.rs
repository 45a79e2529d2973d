//! One workspace with its running engine. Workspaces share no row and no key.

mod dispatching;
mod parts;
mod polling;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use patchbay_auth::Authoriser;
use patchbay_auth::webhook::AddressKey;
use patchbay_chain::runner::Parts;
use patchbay_chain::{Control, Runner};
use patchbay_connector::{Engine, Target, TargetCredential};
use patchbay_ingest::gateway::Gateway;
use patchbay_ingest::{Knobs, Polling, Reading};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Run, RunState};
use patchbay_model::trigger::OriginKind;
use patchbay_model::{Clock, Connection, EventSink, RunId, Step};
use patchbay_sandbox::Sandbox;
use patchbay_store::{OpenOptions, Store};
use patchbay_vault::Vault;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::connectors::Connectors;
use crate::events::WorkspaceEvents;
use crate::gateway::StepAddresses;
use crate::health::actions::Checks;
use crate::health::facts::Usual;
use crate::health::lookout;
use crate::hub::Hub;
use crate::renewals::Renewals;
use crate::sign_ins::SignIns;
use crate::upkeep;

/// One workspace with its running engine. Cheap to clone.
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    store: Store,
    vault: Arc<Vault>,
    authoriser: Authoriser,
    addresses: AddressKey,
    gateway: Gateway,
    engine: Engine,
    runner: Runner,
    connectors: Arc<Connectors>,
    events: Arc<dyn EventSink>,
    runs: Mutex<HashMap<RunId, Task>>,
    sandbox: tokio::sync::Mutex<Option<Sandbox>>,
    /// Held while a run is made that does what failed of another: there is one at most.
    taking_over: Arc<tokio::sync::Mutex<()>>,
    sign_ins: SignIns,
    usual: Usual,
    checks: Checks,
    tidying: JoinHandle<()>,
    renewing: Mutex<Option<JoinHandle<()>>>,
    watching: Mutex<Vec<JoinHandle<()>>>,
    clock: Arc<dyn Clock>,
    reading: Reading,
    polling: Mutex<Option<Polling>>,
    /// What the user decides about work that comes again.
    knobs: RwLock<Knobs>,
    /// Turns events into runs.
    dispatching: Mutex<Option<JoinHandle<()>>>,
    /// Nothing is read by itself, in any workspace.
    sync_paused: Arc<AtomicBool>,
}

/// A workspace that is not kept open by whoever looks after it.
#[derive(Clone)]
pub(crate) struct WeakWorkspace(Weak<Inner>);

impl WeakWorkspace {
    /// The workspace, while it is open.
    pub(crate) fn upgrade(&self) -> Option<Workspace> {
        self.0.upgrade().map(|inner| Workspace { inner })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.tidying.abort();
        self.stop_renewing();
        self.stop_dispatching();
    }
}

impl Inner {
    fn stop_dispatching(&self) {
        if let Some(work) = self.dispatching.lock().unwrap_or_else(PoisonError::into_inner).take() {
            work.abort();
        }
    }

    fn stop_renewing(&self) {
        if let Some(work) = self.renewing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            work.abort();
        }
        for work in self.watching.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            work.abort();
        }
    }
}

/// How long the end of the program waits for tokens that are being renewed.
const SETTLE: Duration = Duration::from_secs(10);
/// Whether a run goes on only when the user says so.
fn rests(state: RunState) -> bool {
    matches!(state, RunState::NeedsYou | RunState::Paused)
}

/// Whether nothing happens to a run before the user says so: none of its questions has a time.
fn is_left_alone(run: &Run) -> bool {
    let timed = |step: &Step| {
        matches!(step.logic, Some(Logic::Approval { within: Some(_), .. } | Logic::Delivery { .. }))
    };
    rests(run.state) && !(run.state == RunState::NeedsYou && run.snapshot.all_steps().any(timed))
}

/// Whether a run begins when its turn comes, and not before.
fn waits_its_turn(run: &Run) -> bool {
    let asked_for = run.origin.kind.is_event() || run.origin.kind == OriginKind::Step;
    asked_for && run.boot.is_none() && !run.state.is_final()
}

/// A run that this process works on.
struct Task {
    control: mpsc::Sender<Control>,
    /// The state it was left in, once it was; `Err` where storage failed.
    left: watch::Receiver<Option<Result<RunState, Problem>>>,
    handle: JoinHandle<()>,
}

impl Workspace {
    pub(crate) async fn open(hub: &Hub, name: &str) -> Result<Self, Problem> {
        let options = OpenOptions {
            dir: hub.workspace_dir(name),
            clock: hub.clock().clone(),
            machine: hub.machine().to_owned(),
        };
        let store = Store::open(options).await.map_err(Problem::from)?;
        let addresses = AddressKey::of(&store.address_key(patchbay_ingest::gateway::token()?).await?);
        let vault = Arc::new(Vault::new(hub.keeper().clone(), name));
        let authoriser = Authoriser::new(vault.clone(), store.clone(), hub.net().clone(), hub.clock().clone());
        let engine = Engine::new(hub.net().clone(), authoriser.clone(), store.clone(), hub.clock().clone());
        let events: Arc<dyn EventSink> =
            Arc::new(WorkspaceEvents { workspace: name.to_owned(), stream: hub.events().clone() });
        let (parts, wishes) = Parts::new();
        let runner = Runner {
            store: store.clone(),
            engine: engine.clone(),
            connectors: hub.connectors().clone(),
            addresses: Arc::new(StepAddresses { gateway: hub.gateway().clone(), key: addresses.clone() }),
            recorded: None,
            recent: patchbay_chain::runner::Recent::default(),
            places: patchbay_chain::runner::Places::default(),
            alarms: patchbay_chain::runner::Alarms::default(),
            asking: patchbay_chain::runner::Asking::default(),
            parts,
            clock: hub.clock().clone(),
            events: events.clone(),
        };
        let gateway = hub.gateway().clone();
        let tidying = tokio::spawn(upkeep::tidy(store.clone()));
        let inner = Inner {
            name: name.to_owned(),
            store,
            vault,
            authoriser,
            addresses,
            gateway,
            engine,
            runner,
            connectors: hub.connectors().clone(),
            events,
            runs: Mutex::new(HashMap::new()),
            sandbox: tokio::sync::Mutex::default(),
            taking_over: Arc::default(),
            sign_ins: SignIns::default(),
            usual: Usual::default(),
            checks: Checks::default(),
            tidying,
            renewing: Mutex::default(),
            watching: Mutex::default(),
            clock: hub.clock().clone(),
            reading: Reading::default(),
            polling: Mutex::default(),
            knobs: RwLock::default(),
            dispatching: Mutex::default(),
            sync_paused: hub.sync_paused().clone(),
        };
        let workspace = Self { inner: Arc::new(inner) };
        workspace.take_call_rules().await?;
        tokio::spawn(parts::hear(Arc::downgrade(&workspace.inner), wishes));
        Ok(workspace)
    }

    /// The workspace's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The time.
    pub(crate) fn now(&self) -> patchbay_model::Timestamp {
        self.inner.clock.now()
    }

    pub(crate) fn vault(&self) -> &Arc<Vault> {
        &self.inner.vault
    }

    pub(crate) fn authoriser(&self) -> &Authoriser {
        &self.inner.authoriser
    }

    /// Shared by whoever seals a secret until it is stored; held alone while all are sealed anew.
    pub(crate) fn seals(&self) -> &Arc<tokio::sync::RwLock<()>> {
        self.inner.authoriser.seals()
    }

    /// A person has ended what `code` says: runs and jobs that wait for that go on.
    pub(crate) async fn person_acted(&self, code: Code) {
        let live: Vec<_> = self.runs().values().map(|task| task.control.clone()).collect();
        for control in live {
            // A run that has ended needs nothing.
            let _ = control.send(Control::Unlocked).await;
        }
        match self.store().job_wake(code).await {
            Ok(_) => self.work_asked(),
            Err(error) => tracing::warn!(%error, %code, "what waited for a person is not woken"),
        }
    }

    /// Whether a run does something at this moment. One that waits does not.
    pub(crate) async fn is_working(&self) -> bool {
        let live: Vec<RunId> = self
            .runs()
            .iter()
            .filter(|(_, task)| task.left.borrow().is_none())
            .map(|(id, _)| id.clone())
            .collect();
        for id in live {
            if self.store().run(&id).await.ok().flatten().is_some_and(|run| run.state == RunState::Running) {
                return true;
            }
        }
        false
    }

    /// Notes an act that concerns the whole workspace. The act has happened: a note that cannot be
    /// written is logged.
    pub(crate) async fn note(&self, action: &str) {
        if let Err(error) = self.store().audit(action, self.name(), &serde_json::Value::Null).await {
            tracing::warn!(%error, action, "the audit note could not be written");
        }
    }

    /// What makes the addresses of steps hard to guess.
    pub(crate) fn addresses(&self) -> &AddressKey {
        &self.inner.addresses
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn runner(&self) -> &Runner {
        &self.inner.runner
    }

    pub(crate) fn connectors(&self) -> &Connectors {
        &self.inner.connectors
    }

    /// Waits until no run is made that does what failed of another, and keeps others from it.
    pub(crate) async fn taking_over(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.inner.taking_over.clone().lock_owned().await
    }

    /// The sandbox that runs inside the engine for this workspace.
    pub(crate) async fn sandbox(&self) -> tokio::sync::MutexGuard<'_, Option<Sandbox>> {
        self.inner.sandbox.lock().await
    }

    /// Sign-ins that somebody began.
    pub(crate) fn sign_ins(&self) -> &SignIns {
        &self.inner.sign_ins
    }

    pub(crate) fn event_sink(&self) -> Arc<dyn EventSink> {
        self.inner.events.clone()
    }

    pub(crate) fn events(&self) -> &dyn EventSink {
        self.inner.events.as_ref()
    }

    /// The connection with this name.
    pub(crate) async fn connection(&self, name: &str) -> Result<Connection, Problem> {
        self.store().connection_named(name).await?.ok_or_else(|| {
            Problem::new(Code::NotFound)
                .with("item", format!("The connection \"{name}\""))
                .about(Subject::Connection { name: name.to_owned() })
        })
    }

    /// The connection joined with its connector and its stored credential.
    pub(crate) async fn target(&self, name: &str) -> Result<Target, Problem> {
        let connection = self.connection(name).await?;
        let descriptor = self.connectors().get(&connection.connector)?;
        Ok(Target { descriptor, connection, credential: TargetCredential::Stored })
    }

    /// Begins to keep sign-ins alive that nobody uses.
    fn keep_sign_ins(&self) {
        let mut renewing = self.inner.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        if renewing.is_none() {
            let work = Renewals {
                store: self.inner.store.clone(),
                authoriser: self.inner.authoriser.clone(),
                connectors: self.inner.connectors.clone(),
                events: self.inner.events.clone(),
            };
            *renewing = Some(tokio::spawn(work.run()));
        }
    }

    /// What answers of connections usually take.
    pub(crate) fn usual(&self) -> &Usual {
        &self.inner.usual
    }

    /// How far a check of all connections is.
    pub(crate) fn checks(&self) -> &Checks {
        &self.inner.checks
    }

    /// Begins to watch over the connections.
    fn keep_watch(&self, hub: &Hub) {
        let mut watching = self.inner.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if watching.is_empty() {
            let weak = WeakWorkspace(Arc::downgrade(&self.inner));
            let activity = self.engine().activity().clone();
            watching.push(tokio::spawn(lookout::show_activity(weak.clone(), activity)));
            watching.push(tokio::spawn(lookout::keep_watch(weak, hub.weak(), hub.events().feed())));
            watching.push(tokio::spawn(upkeep::write_words(self.store().clone())));
            let renewing = crate::webhooks::keep_subscribed(hub.weak(), self.name().to_owned());
            watching.push(tokio::spawn(renewing));
        }
    }

    /// Begins what a program that stays does by itself, and takes up every run that an earlier start left open
    /// and that waits for nobody.
    pub(crate) async fn take_up_runs(&self, hub: &Hub) -> Result<usize, Problem> {
        self.keep_sign_ins();
        self.keep_watch(hub);
        self.poll().await?;
        self.store().runs_in_parts_clear().await?;
        let open = self.store().runs_open().await?;
        let open: Vec<Run> =
            open.into_iter().filter(|run| !is_left_alone(run) && !waits_its_turn(run)).collect();
        let count = open.len();
        for run in open {
            self.spawn(run).await?;
        }
        self.dispatch();
        Ok(count)
    }

    /// Starts working on a run, unless this process does already.
    pub(crate) async fn spawn(&self, run: Run) -> Result<(), Problem> {
        // It may have ended since it was read.
        if self.is_live(&run.id) || self.run(&run.id).await?.state.is_final() {
            return Ok(());
        }
        self.store().run_claim(&run.id, self.store().boot()).await?;
        let (control, mut wishes) = mpsc::channel(16);
        let (done, left) = watch::channel(None);
        let runner = self.runner().clone();
        let id = run.id.clone();
        let (gateway, name) = (self.inner.gateway.clone(), self.inner.name.clone());
        let has_address = !run.dry_run && run.snapshot.all_steps().any(patchbay_chain::runner::has_address);
        if has_address {
            // Before anything tells the address to somebody.
            gateway.refresh(&name).await?;
        }
        // Looked at and begun in one: two that worked on one run would do everything twice.
        let mut runs = self.runs();
        if runs.get(&id).is_some_and(|task| task.left.borrow().is_none()) {
            return Ok(());
        }
        let handle = tokio::spawn(async move {
            let result = runner.execute(&run, &mut wishes).await.map_err(Problem::from);
            if let Err(problem) = &result {
                tracing::error!(run = %run.id, %problem, "a run cannot go on");
            }
            // From here on nobody hears a wish: whoever has one writes it down, and takes the run up again.
            drop(wishes);
            // Nobody may be waiting.
            let _ = done.send(Some(result));
            if has_address && let Err(error) = gateway.refresh(&name).await {
                tracing::warn!(%error, "the webhook gateway may listen for longer than it has to");
            }
        });
        runs.insert(id, Task { control, left, handle });
        Ok(())
    }

    fn runs(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Task>> {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody in this process works on a run.
    async fn let_go(&self, id: &RunId) {
        let left = self.runs().get(id).map(|task| task.left.clone());
        if let Some(mut left) = left {
            // Where its end is not told any more, nobody works on it either.
            let _ = left.wait_for(Option::is_some).await;
        }
    }

    pub(crate) fn is_live(&self, id: &RunId) -> bool {
        self.runs().get(id).is_some_and(|task| task.left.borrow().is_none())
    }

    /// Whether an engine worked on a run, ended, and none has taken it up since.
    pub(crate) fn is_interrupted(&self, run: &Run) -> bool {
        let rests = run.state.is_final() || rests(run.state) || run.boot.is_none();
        !rests && !self.is_live(&run.id)
    }

    /// Passes a wish to a run under way; says whether there was one.
    pub(crate) async fn control(&self, id: &RunId, wish: Control) -> bool {
        let sender =
            self.runs().get(id).filter(|task| task.left.borrow().is_none()).map(|task| task.control.clone());
        match sender {
            Some(sender) => sender.send(wish).await.is_ok(),
            None => false,
        }
    }

    /// Waits until a run is left: final, held, or waiting for the user. A run that nobody works on is
    /// taken up first.
    pub(crate) async fn wait(&self, id: &RunId) -> Result<RunState, Problem> {
        let state = self.run(id).await?.state;
        if state.is_final() || rests(state) { Ok(state) } else { self.wait_on(id).await }
    }

    /// The same for a run that has just been told something: what it asked before is answered.
    pub(crate) async fn wait_on(&self, id: &RunId) -> Result<RunState, Problem> {
        let mut changes = self.store().runs_left();
        if waits_its_turn(&self.run(id).await?) && self.is_dispatching() {
            while waits_its_turn(&self.run(id).await?) {
                // Runs begin when others end; the pause is for a wake that was lost.
                let _ = tokio::time::timeout(dispatching::DISPATCH_CHECK, changes.changed()).await;
            }
        }
        let run = self.run(id).await?;
        if run.state.is_final() || (rests(run.state) && !self.is_live(id)) {
            return Ok(run.state);
        }
        self.spawn(run).await?;
        let Some(mut left) = self.runs().get(id).map(|task| task.left.clone()) else {
            return self.left_behind(id).await;
        };
        loop {
            let over = tokio::select! {
                // What it holds is let go of before anything else is waited for.
                over = async { left.wait_for(Option::is_some).await.map(|value| value.clone()) } => Some(over),
                _ = changes.changed() => None,
            };
            let Some(result) = over else {
                // A question that has its time is waited for while the run is asked about.
                let state = self.run(id).await?.state;
                if rests(state) {
                    return Ok(state);
                }
                continue;
            };
            return match result {
                Ok(Some(result)) => result,
                // The task was cut off. The journal still tells the truth.
                Ok(None) | Err(_) => self.left_behind(id).await,
            };
        }
    }

    /// The state of a run that nobody works on any more, because this engine is ending: another one
    /// can go on with it.
    async fn left_behind(&self, id: &RunId) -> Result<RunState, Problem> {
        match self.run(id).await {
            Ok(run) if run.state.is_final() => Ok(run.state),
            _ => Err(Problem::new(Code::InUse).detail("the engine that worked on the run has ended")),
        }
    }

    /// The run with this id.
    pub(crate) async fn run(&self, id: &RunId) -> Result<Run, Problem> {
        self.store().run(id).await?.ok_or_else(|| {
            Problem::new(Code::NotFound)
                .with("item", format!("The run \"{id}\""))
                .about(Subject::Run { id: id.to_string(), step: None })
        })
    }

    /// Ends the work of this process on the workspace. What is in flight is given a moment; what
    /// does not end in it is recovered by the next start, as after a kill.
    pub(crate) async fn close(&self) {
        self.inner.tidying.abort();
        self.inner.stop_renewing();
        let polling = self.polling().take();
        if let Some(polling) = polling {
            polling.stop().await;
        }
        self.inner.stop_dispatching();
        let tasks: Vec<Task> = std::mem::take(&mut *self.runs()).into_values().collect();
        for task in tasks {
            task.handle.abort();
        }
        // What renews does so in a task of its own, which goes on.
        let settled = tokio::time::timeout(SETTLE, self.inner.authoriser.settled()).await;
        if settled.is_err() {
            tracing::warn!("a renewal of tokens was not over when the program ended");
        }
        if let Some(sandbox) = self.sandbox().await.take() {
            sandbox.stop().await;
        }
        self.store().close().await;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::{Path, PathBuf};

    use patchbay_model::time::ManualClock;
    use patchbay_model::{ConnectionId, Host, Timestamp};
    use patchbay_store::{Call, CallKind, Seen};

    use super::*;
    use crate::hub::HubOptions;
    use crate::secrets::SecretsChoice;

    pub(crate) struct Nobody;

    impl Host for Nobody {
        fn open_url(&self, _: &str) -> Result<(), Problem> {
            Ok(())
        }
        fn notify(&self, _: &str, _: &str) -> Result<(), Problem> {
            Ok(())
        }
        fn pick_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }

        fn pick_folder(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }

        fn place_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }

        fn zoom(&self, _: f64) -> Result<(), Problem> {
            Ok(())
        }
    }

    pub(crate) fn hub(dir: &Path, clock: &Arc<ManualClock>) -> Hub {
        let (data_dir, clock) = (dir.to_owned(), clock.clone());
        Hub::start(HubOptions { data_dir, secrets: SecretsChoice::Memory, clock, host: Arc::new(Nobody) })
            .unwrap()
    }

    /// An engine whose workspace has the sandbox's connections, with its folder and its clock.
    pub(crate) async fn sandboxed() -> (tempfile::TempDir, Arc<ManualClock>, Hub) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        crate::sandbox::start(&hub, "default", crate::workspaces::Empty {}).await.unwrap();
        (dir, clock, hub)
    }

    #[tokio::test]
    async fn an_engine_lets_go_of_what_is_too_old() {
        let dir = tempfile::tempdir().unwrap();
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(noon));
        let connection = ConnectionId::from("a");
        let first = hub(dir.path(), &clock);
        let call = Call {
            at: noon,
            connection: connection.clone(),
            operation: "issues".into(),
            kind: CallKind::Sync,
            duration_ms: 1,
            success: true,
            records: 1,
            code: None,
            retries: 0,
            bytes: 1,
        };
        first.workspace("default").await.unwrap().store().call_record(call, Seen::Nothing).await.unwrap();
        first.shut_down().await;
        drop(first);
        clock.advance(Duration::from_secs(upkeep::KEEP_DAYS * 86_400 + 1));
        let second = hub(dir.path(), &clock);
        let workspace = second.workspace("default").await.unwrap();
        let gone = async {
            while !workspace.store().calls_since(&connection, noon).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
        second.shut_down().await;
    }
}
