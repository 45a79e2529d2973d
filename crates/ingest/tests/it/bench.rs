//! A workspace's polling with its parts in reach, and a service on loopback that says what a test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use patchbay_auth::{Authoriser, Credential};
use patchbay_connector::{Compiled, Engine};
use patchbay_ingest::jobs::{Outcome, Work};
use patchbay_ingest::{Checks, Connectors, Defaults, Dice, Poller, Reading, Scheduler, sync_job, sync_key};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::time::ManualClock;
use patchbay_model::{
    Clock, Connection, ConnectionId, ConnectionState, ConnectorId, Descriptor, Event, EventSink, Timestamp,
};
use patchbay_net::{Client, listen};
use patchbay_store::{Job, JobEnd, Merge, OpenOptions, Schedule, ScheduleKey, Store};
use patchbay_vault::{MemoryStore, Secret, Vault};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

pub(crate) const STREAM: &str = "items";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// Status, headers, body.
pub(crate) type Reply = (u16, Vec<(&'static str, String)>, String);
type Script = Box<dyn Fn(&BTreeMap<String, String>, &str) -> Reply + Send + Sync>;

/// A path and its query.
type Asked = (String, BTreeMap<String, String>);

/// A service: what it was asked, and what it says.
#[derive(Clone)]
pub(crate) struct Service {
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Arc<Mutex<Script>>,
}

impl Service {
    pub(crate) fn says(
        &self,
        script: impl Fn(&BTreeMap<String, String>, &str) -> Reply + Send + Sync + 'static,
    ) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// How often it was asked for items.
    pub(crate) fn count(&self) -> usize {
        self.queries().len()
    }

    /// What it was asked for items with.
    pub(crate) fn queries(&self) -> Vec<BTreeMap<String, String>> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(path, _)| path == "/api/items").map(|(_, query)| query.clone()).collect()
    }
}

async fn serve() -> (String, Service) {
    let empty: Script = Box::new(|_, _| (200, Vec::new(), "[]".to_owned()));
    let service = Service { asked: Arc::default(), script: Arc::new(Mutex::new(empty)) };
    let own = service.clone();
    let handler = move |request: Request| {
        let own = own.clone();
        async move {
            let url = url::Url::parse(&format!("http://h{}", request.uri())).unwrap();
            let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
            own.asked.lock().unwrap().push((url.path().to_owned(), query.clone()));
            let (status, headers, body) = own.script.lock().unwrap()(&query, url.path());
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
    };
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}/api", listener.addr());
    tokio::spawn(listener.serve(axum::Router::new().fallback(handler), std::future::pending()));
    (base, service)
}

/// `count` items in pages of the asked size, and the cursor of the next page as a header.
pub(crate) fn items(query: &BTreeMap<String, String>, count: usize) -> Reply {
    let from: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let size: usize = query.get("size").map_or(100, |size| size.parse().unwrap());
    let page: Vec<Value> = (from..count.min(from + size))
        .map(|id| json!({"id": format!("i{id}"), "at": "2026-11-20T10:00:00Z", "next": (id + 1).to_string()}))
        .collect();
    (200, Vec::new(), Value::Array(page).to_string())
}

/// A connector whose stream comes by cursor: its checkpoint moves with every page.
pub(crate) fn descriptor() -> Value {
    json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example",
        "auth": [{"method": "pat", "id": "token", "label": "T", "credentialFields": [{"key": "token", "label": "T"}],
            "inject": [{"in": "header", "name": "Authorization", "value": "Bearer {{secret.token}}"}]}],
        "limits": {"retry": {"count": 0}},
        "streams": [{"id": STREAM, "title": "Items", "request": {"path": "/items"},
            "pagination": {"next": {"type": "cursor", "cursorPath": "$.next", "from": "last_item", "param": "cursor"},
                "sizeParam": "size", "pageSize": 8},
            "delta": {"type": "cursor", "cursorPath": "$.next", "from": "last_item", "param": "cursor"},
            "mapping": {"itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{id}}",
                "signalTypeRules": [], "defaultSignalType": "item"}}],
        "healthCheck": {"request": {"path": "/me"}},
    })
}

/// The one connector there is.
pub(crate) struct One(pub(crate) Arc<Compiled>);

impl Connectors for One {
    fn compiled(&self, _: &ConnectorId) -> Result<Arc<Compiled>, Problem> {
        Ok(self.0.clone())
    }
}

/// What was told to the screens.
#[derive(Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<Event>>);

impl EventSink for Told {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

pub(crate) struct Bench {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    pub(crate) poller: Poller,
    pub(crate) checks: Checks,
    /// What the user decides.
    pub(crate) defaults: watch::Sender<Defaults>,
    pub(crate) scheduler: Scheduler,
    pub(crate) service: Service,
    pub(crate) told: Arc<Told>,
    pub(crate) connections: Vec<ConnectionId>,
    dir: tempfile::TempDir,
}

/// The connector that a definition describes.
pub(crate) fn compiled(definition: Value) -> Arc<Compiled> {
    Arc::new(Compiled::new(Arc::new(serde_json::from_value::<Descriptor>(definition).unwrap())).unwrap())
}

/// A workspace with `count` connections to the service.
pub(crate) async fn bench(count: usize) -> Bench {
    let (base, service) = serve().await;
    let compiled = compiled(descriptor());
    let dir = tempfile::tempdir().unwrap();
    let manual = Arc::new(ManualClock::at(noon()));
    let clock: Arc<dyn Clock> = manual.clone();
    let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() };
    let store = Store::open(options).await.unwrap();
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::new()), "w"));
    let net = Client::new(clock.clone()).unwrap();
    let authoriser = Authoriser::new(vault, store.clone(), net.clone(), clock.clone());
    let mut connections = Vec::new();
    for number in 0..count {
        let config = Map::from_iter([("baseUrl".to_owned(), json!(base))]);
        let connection = Connection {
            name: format!("work {number}"),
            auth_method: Some("token".into()),
            origins: compiled.origins(&config, None).unwrap(),
            config,
            allow_private: true,
            state: ConnectionState::Connected,
            ..Connection::new("tool".into(), "1.0.0".into(), noon())
        };
        let values = Credential::new(BTreeMap::from([("token".to_owned(), Secret::new("t".to_owned()))]));
        let sealed = authoriser.seal(&connection.id, &values).await.unwrap();
        store.connection_insert(&connection, Some(&sealed)).await.unwrap();
        connections.push(connection.id);
    }
    let engine = Engine::new(net, authoriser, store.clone(), clock.clone());
    let connectors: Arc<dyn Connectors> = Arc::new(One(compiled));
    let told = Arc::new(Told::default());
    let events: Arc<dyn EventSink> = told.clone();
    let dice = Dice::with(|| 0.5);
    let decided = watch::Sender::new(Defaults::default());
    let defaults = decided.subscribe();
    let poller = Poller {
        store: store.clone(),
        engine: engine.clone(),
        connectors: connectors.clone(),
        clock: clock.clone(),
        events: events.clone(),
        reading: Reading::default(),
        dice: dice.clone(),
        defaults: defaults.clone(),
    };
    let checks = Checks {
        store: store.clone(),
        engine,
        connectors: connectors.clone(),
        clock: clock.clone(),
        events,
        dice: dice.clone(),
        defaults: defaults.clone(),
    };
    let scheduler = Scheduler::new(store.clone(), connectors, clock, dice, defaults);
    scheduler.reconcile().await.unwrap();
    Bench {
        clock: manual,
        store,
        poller,
        checks,
        scheduler,
        defaults: decided,
        service,
        told,
        connections,
        dir,
    }
}

impl Bench {
    pub(crate) fn key(&self) -> ScheduleKey {
        sync_key(&self.connections[0], STREAM)
    }

    pub(crate) async fn schedule(&self) -> Schedule {
        self.store.schedule(&self.key()).await.unwrap().unwrap()
    }

    pub(crate) async fn connection(&self) -> Connection {
        self.store.connection(&self.connections[0]).await.unwrap().unwrap()
    }

    /// Asks for a read of the first connection and takes it.
    pub(crate) async fn claimed(&self) -> Job {
        let schedule = self.schedule().await;
        let job = sync_job(&schedule, self.clock.now(), 0, Merge::Sooner, 5);
        let queue = job.job.queue.clone();
        self.store.job_enqueue_unique(job).await.unwrap();
        self.store.job_claim(&queue, self.store.boot(), 1).await.unwrap().remove(0)
    }

    /// Reads the stream of the first connection, as a worker does.
    pub(crate) async fn read(&self) -> Outcome {
        let job = self.claimed().await;
        let outcome = self.poller.perform(&job).await;
        let end = patchbay_store::EndedJob { id: job.id, end: JobEnd::Done(None), took_ms: 1 };
        self.store.job_turn(&job.queue, self.store.boot(), 0, vec![end]).await.unwrap();
        outcome
    }

    /// Does everything that is due until nothing is, as workers do; says how many jobs.
    pub(crate) async fn work(&self) -> usize {
        let mut count = 0;
        loop {
            let mut jobs = Vec::new();
            for queue in ["backfill", "delta", "health"] {
                jobs.extend(self.store.job_claim(queue, self.store.boot(), 1_000).await.unwrap());
            }
            if jobs.is_empty() {
                return count;
            }
            for job in jobs {
                count += 1;
                let outcome = match job.queue.as_str() {
                    "health" => self.checks.perform(&job).await,
                    _ => self.poller.perform(&job).await,
                };
                let end = match outcome {
                    Outcome::Done(result) => JobEnd::Done(result),
                    Outcome::Wait { until, problem } => JobEnd::Later { at: until, problem: Some(problem) },
                    Outcome::Failed(problem) | Outcome::GivenUp(problem) => JobEnd::GivenUp(problem),
                };
                let end = patchbay_store::EndedJob { id: job.id, end, took_ms: 1 };
                self.store.job_turn(&job.queue, self.store.boot(), 0, vec![end]).await.unwrap();
            }
        }
    }

    pub(crate) async fn acts(&self) -> Vec<String> {
        let mut acts: Vec<String> =
            self.store.audit_list(100).await.unwrap().into_iter().map(|entry| entry.action).collect();
        acts.reverse();
        acts
    }

    pub(crate) async fn signals(&self) -> u64 {
        self.store.signal_count(&self.connections[0]).await.unwrap()
    }

    /// The same folder opened anew, as another start does.
    pub(crate) async fn reopened(self) -> (Store, tempfile::TempDir) {
        self.store.close().await;
        let options = OpenOptions { dir: self.dir.path().to_owned(), clock: self.clock, machine: "m".into() };
        (Store::open(options).await.unwrap(), self.dir)
    }
}

/// The code of what did not go well.
pub(crate) fn code(outcome: &Outcome) -> Option<Code> {
    match outcome {
        Outcome::Done(_) => None,
        Outcome::Wait { problem, .. } | Outcome::Failed(problem) | Outcome::GivenUp(problem) => {
            Some(problem.code())
        }
    }
}
