//! A runner over a real database and a service on this computer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use patchbay_auth::{Authoriser, Credential};
use patchbay_chain::runner::{Addresses, Reach};
use patchbay_chain::{Connectors, Runner};
use patchbay_connector::{Compiled, Engine};
use patchbay_model::run::Run;
use patchbay_model::{
    Chain, ChainId, Clock, Connection, ConnectionId, ConnectionState, ConnectorId, Descriptor, Event,
    EventSink, RunId, RunState, StepId, SystemClock,
};
use patchbay_net::{Client, Network, listen};
use patchbay_store::{OpenOptions, Store, Tuning};
use patchbay_vault::{MemoryStore, Secret, SecretStore, Vault};
use serde_json::{Map, Value, json};

/// What the runner told the screen.
#[derive(Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<Event>>);

impl EventSink for Told {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// Addresses that name their place, and can be called from here.
pub(crate) struct Here;

impl Addresses for Here {
    fn of(&self, run: &RunId, step: &StepId, item: u32) -> Option<String> {
        Some(format!("{run}/{step}/{item}"))
    }

    fn reach(&self) -> Reach {
        Reach::ThisComputer
    }
}

struct One(Arc<Compiled>);

impl Connectors for One {
    fn compiled(&self, _: &ConnectorId) -> Option<Arc<Compiled>> {
        Some(self.0.clone())
    }
}

/// Operations that read items at `/items` and send a text to `/told`.
pub(crate) fn list_and_tell() -> Value {
    json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
            "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "result": {"type": "object"}},
    ])
}

/// A key that a person entered.
fn key() -> Value {
    json!([{"method": "pat", "id": "token", "label": "T",
        "credentialFields": [{"key": "token", "label": "T"}],
        "inject": [{"in": "header", "name": "Authorization", "value": "Bearer {{secret.token}}"}]}])
}

/// A sign-in that is renewed at `/token`.
fn sign_in(base: &str) -> Value {
    json!([{"method": "oauth2", "id": "oauth", "label": "Sign in", "client": {"type": "public", "id": "patchbay"},
        "authorizationUrl": format!("{base}/authorize"), "tokenUrl": format!("{base}/token")}])
}

fn descriptor(operations: &Value, limits: &Value, auth: &Value) -> Descriptor {
    serde_json::from_value(json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.tool.example", "auth": auth,
        "operations": operations, "limits": limits, "healthCheck": {"request": {"path": "/me"}},
        "webhook": {"verify": {"mode": "hmac", "header": "X-Sig", "signed": "{{body}}"},
            "deliveryId": {"header": "X-Delivery"}, "eventType": {"path": "$.type"},
            "events": [], "sample": {"body": {"type": "done"}}},
    }))
    .unwrap()
}

fn engine(vault: &Arc<Vault>, store: &Store, clock: &Arc<dyn Clock>, network: &Network) -> Engine {
    let net = || {
        let client = Client::new(clock.clone()).unwrap();
        client.go(client.prepare(network.clone()).unwrap());
        client
    };
    let authoriser = Authoriser::new(vault.clone(), store.clone(), net(), clock.clone());
    Engine::new(net(), authoriser, store.clone(), clock.clone())
}

/// A connection "work" to a service.
pub(crate) struct Bench {
    pub(crate) runner: Runner,
    pub(crate) store: Store,
    pub(crate) told: Arc<Told>,
    vault: Arc<Vault>,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// With these operations, answered by this router.
    pub(crate) async fn new(router: axum::Router, operations: &Value, tuning: Tuning) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.addr());
        tokio::spawn(listener.serve(router, std::future::pending()));
        Self::at(base, operations, &json!({}), tuning, tempfile::tempdir().unwrap()).await
    }

    /// The same with a connection that needs a key, which is in this store.
    pub(crate) async fn with_key(router: axum::Router, operations: &Value, keys: Arc<dyn SecretStore>) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.addr());
        tokio::spawn(listener.serve(router, std::future::pending()));
        let dir = tempfile::tempdir().unwrap();
        let limits = json!({});
        Self::of(base, descriptor(operations, &limits, &key()), Tuning::default(), dir, keys).await
    }

    /// The same with a connection that was signed in and can be renewed: the access token `first`, and the
    /// refresh token `renews`.
    pub(crate) async fn signed_in(router: axum::Router, operations: &Value) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.addr());
        tokio::spawn(listener.serve(router, std::future::pending()));
        let (dir, keys) = (tempfile::tempdir().unwrap(), Arc::new(MemoryStore::new()));
        let descriptor = descriptor(operations, &json!({}), &sign_in(&base));
        Self::of(base, descriptor, Tuning::default(), dir, keys).await
    }

    /// With a service at this address, and the database in this folder.
    pub(crate) async fn at(
        base: String,
        operations: &Value,
        limits: &Value,
        tuning: Tuning,
        dir: tempfile::TempDir,
    ) -> Self {
        let keys = Arc::new(MemoryStore::new());
        Self::of(base, descriptor(operations, limits, &json!([])), tuning, dir, keys).await
    }

    async fn of(
        base: String,
        descriptor: Descriptor,
        tuning: Tuning,
        dir: tempfile::TempDir,
        keys: Arc<dyn SecretStore>,
    ) -> Self {
        let clock = Arc::new(SystemClock::new());
        let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() };
        let store = Store::open_tuned(options, tuning).await.unwrap();
        let method = descriptor.auth.first().map(|method| method.id().to_owned());
        let compiled = Arc::new(Compiled::new(Arc::new(descriptor)).unwrap());
        let config = Map::from_iter([("baseUrl".to_owned(), json!(base))]);
        let connection = Connection {
            id: ConnectionId::generate(),
            name: "work".into(),
            auth_method: method,
            origins: compiled.origins(&config, None).unwrap(),
            config,
            allow_private: true,
            state: ConnectionState::Connected,
            ..Connection::new(
                ConnectorId::from("tool"),
                "1.0.0".into(),
                "2026-11-20T12:00:00Z".parse().unwrap(),
            )
        };
        let vault = Arc::new(Vault::new(keys, "w"));
        let net = Client::new(clock.clone()).unwrap();
        let authoriser = Authoriser::new(vault.clone(), store.clone(), net, clock.clone());
        let sealed = if connection.auth_method.is_some() {
            let values = [("token", "sandbox-token-1"), ("accessToken", "first"), ("refreshToken", "renews")]
                .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())));
            let values = BTreeMap::from(values);
            Some(authoriser.seal(&connection.id, &Credential::new(values)).await.unwrap())
        } else {
            None
        };
        // As after a start: the key is fetched when it is needed.
        vault.forget_keys();
        store.connection_insert(&connection, sealed.as_ref()).await.unwrap();
        store.webhook_make(&connection.id, "token").await.unwrap();
        store.webhook_enable(&connection.id, true).await.unwrap();
        let told = Arc::new(Told::default());
        let runner = Runner {
            store: store.clone(),
            engine: engine(&vault, &store, &(clock.clone() as Arc<dyn Clock>), &Network::default()),
            connectors: Arc::new(One(compiled)),
            addresses: Arc::new(Here),
            recorded: None,
            recent: patchbay_chain::runner::Recent::default(),
            places: patchbay_chain::runner::Places::default(),
            alarms: patchbay_chain::runner::Alarms::default(),
            asking: patchbay_chain::runner::Asking::default(),
            parts: patchbay_chain::runner::Parts::new().0,
            clock,
            events: told.clone(),
        };
        Self { runner, store, told, vault, _dir: dir }
    }

    /// The next call fetches its key anew.
    pub(crate) fn forget_keys(&self) {
        self.vault.forget_keys();
    }

    /// An engine that goes by another clock.
    pub(crate) fn engine(&self, clock: &Arc<dyn Clock>) -> Engine {
        engine(&self.vault, &self.store, clock, &Network::default())
    }

    /// The same in a network of its own.
    pub(crate) fn within(mut self, network: &Network) -> Self {
        let clock = self.runner.clock.clone();
        self.runner.engine = engine(&self.vault, &self.store, &clock, network);
        self
    }

    /// The same with other operations, as after an update of the connector.
    pub(crate) fn with_operations(mut self, operations: &Value) -> Self {
        let descriptor = descriptor(operations, &json!({}), &json!([]));
        self.runner.connectors = Arc::new(One(Arc::new(Compiled::new(Arc::new(descriptor)).unwrap())));
        self
    }

    /// A run of a chain with these steps, asked for.
    pub(crate) async fn run(&self, steps: Value) -> Run {
        let run = self.asked(steps, Value::Null);
        self.store.run_insert(&run).await.unwrap();
        run
    }

    /// The same, not written down yet.
    #[expect(clippy::unused_self, clippy::needless_pass_by_value, reason = "reads as what a bench does")]
    pub(crate) fn asked(&self, steps: Value, input: Value) -> Run {
        let chain: Chain =
            serde_json::from_value(json!({"schema": 1, "name": "Chain", "steps": steps})).unwrap();
        Run {
            id: RunId::generate(),
            chain_id: ChainId::generate(),
            chain_version: 1,
            chain_hash: "00".into(),
            snapshot: chain,
            input,
            dry_run: false,
            state: RunState::Queued,
            boot: None,
            origin: patchbay_model::RunOrigin::default(),
            created_at: "2026-11-20T12:00:00Z".parse().unwrap(),
            finished_at: None,
        }
    }

    /// Works on a run until it ends or needs somebody.
    pub(crate) async fn execute(&self, run: &Run) -> RunState {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        self.runner.execute(run, &mut wishes).await.unwrap()
    }
}
