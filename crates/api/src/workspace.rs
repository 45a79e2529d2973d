//! One workspace with its running engine. Workspaces share no row and no key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use patchbay_auth::Authoriser;
use patchbay_chain::{Control, Runner};
use patchbay_connector::{Engine, Target, TargetCredential};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Run, RunState};
use patchbay_model::{Connection, EventSink, RunId};
use patchbay_sandbox::Sandbox;
use patchbay_store::{OpenOptions, Store};
use patchbay_vault::Vault;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::catalogue::Connectors;
use crate::events::WorkspaceEvents;
use crate::hub::Hub;

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
    engine: Engine,
    runner: Runner,
    connectors: Arc<Connectors>,
    events: Arc<dyn EventSink>,
    runs: Mutex<HashMap<RunId, Task>>,
    sandbox: tokio::sync::Mutex<Option<Sandbox>>,
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
        let vault = Arc::new(Vault::new(hub.secret_store().clone(), name));
        let authoriser = Authoriser::new(vault.clone(), store.clone());
        let engine = Engine::new(hub.net().clone(), authoriser.clone(), store.clone(), hub.clock().clone());
        let events: Arc<dyn EventSink> =
            Arc::new(WorkspaceEvents { workspace: name.to_owned(), stream: hub.event_stream().clone() });
        let runner = Runner {
            store: store.clone(),
            engine: engine.clone(),
            connectors: hub.connectors().clone(),
            clock: hub.clock().clone(),
            events: events.clone(),
        };
        let inner = Inner {
            name: name.to_owned(),
            store,
            vault,
            authoriser,
            engine,
            runner,
            connectors: hub.connectors().clone(),
            events,
            runs: Mutex::new(HashMap::new()),
            sandbox: tokio::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The workspace's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn vault(&self) -> &Arc<Vault> {
        &self.inner.vault
    }

    pub(crate) fn authoriser(&self) -> &Authoriser {
        &self.inner.authoriser
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

    /// The sandbox that runs inside the engine for this workspace.
    pub(crate) async fn sandbox(&self) -> tokio::sync::MutexGuard<'_, Option<Sandbox>> {
        self.inner.sandbox.lock().await
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

    /// Takes up every run that an earlier start left open and that waits for nobody.
    pub async fn take_up_runs(&self) -> Result<usize, Problem> {
        let open = self.store().runs_open().await?;
        let open: Vec<Run> = open.into_iter().filter(|run| run.state != RunState::NeedsYou).collect();
        let count = open.len();
        for run in open {
            self.spawn(run).await?;
        }
        Ok(count)
    }

    /// Starts working on a run, unless this process does already.
    pub(crate) async fn spawn(&self, run: Run) -> Result<(), Problem> {
        if self.is_live(&run.id) {
            return Ok(());
        }
        self.store().run_claim(&run.id, self.store().boot()).await?;
        let (control, mut wishes) = mpsc::channel(16);
        let (done, left) = watch::channel(None);
        let runner = self.runner().clone();
        let id = run.id.clone();
        let handle = tokio::spawn(async move {
            let result = runner.execute(&run, &mut wishes).await.map_err(Problem::from);
            if let Err(problem) = &result {
                tracing::error!(run = %run.id, %problem, "a run cannot go on");
            }
            // Nobody may be waiting.
            let _ = done.send(Some(result));
        });
        self.runs().insert(id, Task { control, left, handle });
        Ok(())
    }

    fn runs(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Task>> {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_live(&self, id: &RunId) -> bool {
        self.runs().get(id).is_some_and(|task| task.left.borrow().is_none())
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

    /// Waits until a run is left: final, or waiting for the user. A run that nobody works on is
    /// taken up first.
    pub(crate) async fn wait(&self, id: &RunId) -> Result<RunState, Problem> {
        let run = self.run(id).await?;
        if run.state.is_final() {
            return Ok(run.state);
        }
        if run.state != RunState::NeedsYou || self.is_live(id) {
            self.spawn(run.clone()).await?;
        } else {
            return Ok(run.state);
        }
        let Some(mut left) = self.runs().get(id).map(|task| task.left.clone()) else {
            return Ok(run.state);
        };
        let result = left.wait_for(Option::is_some).await.map(|value| value.clone());
        match result {
            Ok(Some(result)) => result,
            // The task ended without a word: a bug of ours. The journal still tells the truth.
            Ok(None) | Err(_) => Err(Problem::new(Code::Internal).detail("the run's task ended unexpectedly")),
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
        let tasks: Vec<Task> = std::mem::take(&mut *self.runs()).into_values().collect();
        for task in tasks {
            task.handle.abort();
        }
        if let Some(sandbox) = self.sandbox().await.take() {
            sandbox.stop().await;
        }
        self.store().close().await;
    }
}
