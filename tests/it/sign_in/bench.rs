//! The sign-in of the engine beside a scripted server, on a clock that the test moves.

use std::sync::Arc;

use patchbay_auth::oauth::{Flow, SignInError};
use patchbay_auth::{Authoriser, Begun, Credential, SignInRequest, SignedIn};
use patchbay_connector::{Compiled, Engine, Target, TargetCredential};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::time::ManualClock;
use patchbay_model::{Clock, Connection, ConnectionId, ConnectionState};
use patchbay_net::Client;
use patchbay_store::{OpenOptions, Store};
use patchbay_tests::ScriptedOauth;
use patchbay_tests::oauth::{Asked, definition};
use patchbay_vault::{MemoryStore, Secret, SecretStore, Vault};
use serde_json::{Map, Value};

pub(crate) struct Bench {
    pub(crate) server: ScriptedOauth,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    pub(crate) authoriser: Authoriser,
    pub(crate) engine: Engine,
    pub(crate) compiled: Arc<Compiled>,
    secrets: Arc<dyn SecretStore>,
    dir: tempfile::TempDir,
}

/// A connector whose only sign-in is OAuth at this server, with some members of it replaced.
pub(crate) fn connector(base: &str, issuer: &str, changed: &Value) -> Arc<Compiled> {
    connector_with(base, issuer, changed, |_| {})
}

/// The same with something else in it replaced as well.
pub(crate) fn connector_with(
    base: &str,
    issuer: &str,
    changed: &Value,
    more: impl FnOnce(&mut Value),
) -> Arc<Compiled> {
    let mut document = definition(base, issuer, changed);
    more(&mut document);
    let descriptor = patchbay_descriptor::read(&document.to_string(), "scripted.json");
    Arc::new(Compiled::new(Arc::new(descriptor.unwrap_or_else(|error| panic!("{error:?}")))).unwrap())
}

impl Bench {
    pub(crate) async fn new(changed: &Value) -> Self {
        let server = ScriptedOauth::start();
        let compiled = connector(&format!("{}/api", server.url()), &server.url(), changed);
        Self::over(server, compiled).await
    }

    pub(crate) async fn over(server: ScriptedOauth, compiled: Arc<Compiled>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let secrets: Arc<dyn SecretStore> = Arc::new(MemoryStore::new());
        let (store, authoriser, engine) = open(dir.path(), &clock, &secrets).await;
        Self { server, clock, store, authoriser, engine, compiled, secrets, dir }
    }

    /// The engine as it is after another start, on the same data.
    pub(crate) async fn started_again(&self) -> (Store, Authoriser, Engine) {
        open(self.dir.path(), &self.clock, &self.secrets).await
    }

    /// A connection that is not stored, with everything approved.
    pub(crate) fn connection(&self) -> Connection {
        let descriptor = self.compiled.descriptor();
        let method = descriptor.auth.first();
        let mut connection = Connection {
            id: ConnectionId::generate(),
            name: "work".to_owned(),
            auth_method: method.map(|method| method.id().to_owned()),
            origins: self.compiled.origins(&Map::new(), method).unwrap(),
            allow_private: true,
            state: ConnectionState::Connected,
            ..Connection::new(descriptor.id.clone(), "1.0.0".to_owned(), self.clock.now())
        };
        patchbay_auth::consent::approve(&mut connection.metadata, method);
        connection
    }

    pub(crate) async fn begin_with(&self, secrets: &[(&str, &str)]) -> Result<Begun, SignInError> {
        let descriptor = self.compiled.descriptor();
        let method = &descriptor.auth[0];
        let values = secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned())));
        let scopes = method
            .oauth()
            .map(|oauth| patchbay_auth::oauth::scopes(descriptor, oauth, None))
            .unwrap_or_default();
        let request = SignInRequest {
            descriptor,
            method,
            config: &Map::new(),
            origins: self.compiled.origins(&Map::new(), Some(method)).unwrap(),
            allow_private: true,
            credential: Credential::new(values.collect()),
            scopes,
            choose_account: false,
        };
        self.authoriser.sign_in(request).await
    }

    /// Begins in the browser, and what the browser would be asked to open.
    pub(crate) async fn begin(&self) -> (Flow, Asked) {
        match self.begin_with(&[]).await.unwrap_or_else(|error| panic!("{error:?}")) {
            Begun::Browser(flow) => {
                let asked = self.server.asked(flow.url());
                (*flow, asked)
            }
            _ => panic!("it is not signed in to in the browser"),
        }
    }

    /// A whole sign-in whose person says yes.
    pub(crate) async fn sign_in(&self) -> Result<SignedIn, SignInError> {
        let (flow, asked) = self.begin().await;
        let finished = tokio::spawn(flow.finish());
        self.allow(&asked, &code_for(&asked)).await;
        finished.await.unwrap()
    }

    /// The person says yes: their browser is sent back with a code.
    pub(crate) async fn allow(&self, asked: &Asked, code: &str) {
        let (asked, code, issuer) = (asked.clone(), code.to_owned(), self.server.url());
        let answer = blocking(move || asked.allow(&code, Some(&issuer))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// A stored connection that has signed in.
    pub(crate) async fn connected(&self) -> Target {
        let signed_in = self.sign_in().await.unwrap_or_else(|error| panic!("{error:?}"));
        let mut connection = self.connection();
        connection.scopes = signed_in.asked.clone();
        let sealed = self.authoriser.seal(&connection.id, &signed_in.credential).await.unwrap();
        self.store.connection_insert(&connection, Some(&sealed)).await.unwrap();
        Target { descriptor: self.compiled.clone(), connection, credential: TargetCredential::Stored }
    }
}

/// A code that the scripted server takes for what it was shown, and once only.
pub(crate) fn code_for(asked: &Asked) -> String {
    format!("code-{}", &asked.get("state")[..12])
}

async fn open(
    dir: &std::path::Path,
    clock: &Arc<ManualClock>,
    secrets: &Arc<dyn SecretStore>,
) -> (Store, Authoriser, Engine) {
    let options = OpenOptions { dir: dir.to_owned(), clock: clock.clone(), machine: "m".into() };
    let store = Store::open(options).await.unwrap();
    let vault = Arc::new(Vault::new(secrets.clone(), "w"));
    let net = Client::new(clock.clone()).unwrap();
    let authoriser = Authoriser::new(vault, store.clone(), net.clone(), clock.clone());
    let engine = Engine::new(net, authoriser.clone(), store.clone(), clock.clone());
    (store, authoriser, engine)
}

/// What a test's own sockets do must not hold up the engine.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

pub(crate) fn code_of(error: SignInError) -> Code {
    Problem::from(error).code()
}
