//! What is rare and must still be told rightly: a retry that cannot be built, a task of ours that breaks, a run
//! whose turn it is not, a secret store that stays locked.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::{Json, Router};
use patchbay_chain::{Control, report};
use patchbay_model::report::RunReport;
use patchbay_model::run::{Fact, Run};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{Clock, Code, RunState, SystemClock, Timestamp};
use patchbay_store::Tuning;
use patchbay_vault::{MemoryStore, Secret, SecretStore, StoreKind, VaultError};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::bench::{Bench, list_and_tell};

async fn told(bench: &Bench, run: &Run) -> RunReport {
    let journal = bench.store.journal(&run.id, 0).await.unwrap();
    report::build(&bench.store.run(&run.id).await.unwrap().unwrap(), &journal)
}

fn tell(more: &Value) -> Value {
    let mut step = json!({"id": "tell", "connection": "work", "operation": "tell",
        "mapping": [{"target": "/text", "source": {"type": "template", "template": "n{{item.id}}"}}]});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

/// Waits for what is to come, and not for ever.
pub(crate) async fn until(mut there: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !there().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.unwrap();
}

#[tokio::test]
async fn a_retry_that_cannot_be_built_did_not_happen_where_nothing_before_it_did() {
    let router = Router::new()
        .route("/told", axum::routing::post(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .fallback(|| async { Json(json!({})) });
    let b = Bench::new(router, &list_and_tell(), Tuning::default()).await;
    let mapping = json!([{"target": "/text", "source": {"type": "fixed", "value": "a"}}]);
    let policy = json!({"tries": 3, "backoffMs": 60_000});
    let run = b.run(json!([tell(&json!({"mapping": mapping, "policy": policy}))])).await;
    let (_keep, mut wishes) = mpsc::channel(1);
    let deferred = until(async || {
        let journal = b.store.journal(&run.id, 0).await.unwrap();
        journal.iter().any(|entry| matches!(entry.fact, Fact::Deferred { .. }))
    });
    // The engine ends while the service's refusal is waited out.
    tokio::select! {
        ended = b.runner.execute(&run, &mut wishes) => panic!("it ended too early: {ended:?}"),
        () = deferred => {}
    }
    // Until it starts again, the connector wants more than it did.
    let mut more = list_and_tell();
    more[1]["params"]["required"] = json!(["text", "channel"]);
    more[1]["params"]["properties"]["channel"] = json!({"type": "string"});
    let mut b = b.with_operations(&more);
    b.runner.clock = Arc::new(Later(SystemClock::new()));
    assert_eq!(b.execute(&run).await, RunState::Failed);
    let report = told(&b, &run).await;
    let step = &report.steps[0];
    let figures = (step.unknown, step.failed + step.quarantined, step.calls, report.needs_you.len());
    assert_eq!(figures, (0, 1, 1, 0), "the service refused before it acted: {report:#?}");
}

/// The computer's clock, an hour on.
#[derive(Debug)]
struct Later(SystemClock);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        self.0.now() + jiff::SignedDuration::from_hours(1)
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn with_sleep(&self) -> Duration {
        self.0.with_sleep()
    }
}

/// A clock that breaks whoever looks at it next.
#[derive(Debug)]
struct Breaks {
    clock: SystemClock,
    armed: AtomicBool,
}

impl Clock for Breaks {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        assert!(!self.armed.swap(false, Ordering::SeqCst), "a bug");
        self.clock.monotonic()
    }

    fn with_sleep(&self) -> Duration {
        self.clock.with_sleep()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_breaks_beside_others_is_not_known_and_the_run_goes_on_to_ask() {
    let clock = Arc::new(Breaks { clock: SystemClock::new(), armed: AtomicBool::new(false) });
    let slow = Arc::new(Semaphore::new(0));
    let (arms, waits) = (clock.clone(), slow.clone());
    let router = Router::new()
        .route("/items", axum::routing::get(|| async { Json(json!([{"id": 1}, {"id": 2}])) }))
        .route(
            "/told",
            axum::routing::post(move |Json(body): Json<Value>| async move {
                if body["text"] == json!("n1") {
                    waits.acquire().await.unwrap().forget();
                } else {
                    arms.armed.store(true, Ordering::SeqCst);
                }
                Json(json!({"id": 1}))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    let mut b = Bench::new(router, &list_and_tell(), Tuning::default()).await;
    b.runner.engine = b.engine(&(clock.clone() as Arc<dyn Clock>));
    let list = json!({"id": "list", "connection": "work", "operation": "list"});
    let run =
        b.run(json!([list, tell(&json!({"forEach": "list", "policy": {"tries": 1, "parallel": 2}}))])).await;
    let (runner, work) = (b.runner.clone(), run.clone());
    let working = tokio::spawn(async move {
        let (_keep, mut wishes) = mpsc::channel(1);
        runner.execute(&work, &mut wishes).await.unwrap()
    });
    until(async || told(&b, &run).await.steps[1].unknown == 1).await;
    assert!(!working.is_finished(), "the other one is awaited");
    slow.add_permits(1);
    let state = tokio::time::timeout(Duration::from_secs(30), working).await;
    assert_eq!(state.expect("the run ends or asks").unwrap(), RunState::NeedsYou);
    let report = told(&b, &run).await;
    assert_eq!((report.steps[1].done, report.steps[1].unknown), (1, 1));
    assert_eq!(report.needs_you[0].item, 1);
}

#[tokio::test]
async fn an_unlocked_secret_store_lets_no_run_past_its_turn() {
    let sent = Arc::new(AtomicU32::new(0));
    let counts = sent.clone();
    let router = Router::new()
        .route(
            "/told",
            axum::routing::post(move || async move {
                counts.fetch_add(1, Ordering::SeqCst);
                Json(json!({}))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    let b = Bench::new(router, &list_and_tell(), Tuning::default()).await;
    b.runner.places.close(true);
    let mapping = json!([{"target": "/text", "source": {"type": "fixed", "value": "a"}}]);
    let mut run = b.asked(json!([tell(&json!({"mapping": mapping}))]), Value::Null);
    run.origin = RunOrigin { kind: OriginKind::Signal, ..RunOrigin::default() };
    b.store.run_insert(&run).await.unwrap();
    let (wish, mut wishes) = mpsc::channel(1);
    let (runner, work) = (b.runner.clone(), run.clone());
    let working = tokio::spawn(async move { runner.execute(&work, &mut wishes).await.unwrap() });
    // The second is taken when the first was done with.
    for _ in 0..3 {
        wish.send(Control::Unlocked).await.unwrap();
    }
    assert_eq!(b.runner.places.working(), [], "it waits for its turn");
    assert!(!working.is_finished());
    b.runner.places.close(false);
    assert_eq!(working.await.unwrap(), RunState::Done);
    assert_eq!(sent.load(Ordering::SeqCst), 1);
}

/// A secret store that a person can lock.
pub(crate) struct Shut {
    store: MemoryStore,
    pub(crate) locked: AtomicBool,
    asked: AtomicU32,
}

impl Shut {
    /// One that is open.
    pub(crate) fn open() -> Self {
        Self { store: MemoryStore::new(), locked: AtomicBool::new(false), asked: AtomicU32::new(0) }
    }

    fn check(&self) -> Result<(), VaultError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.locked.load(Ordering::SeqCst) { Err(VaultError::Locked) } else { Ok(()) }
    }
}

impl SecretStore for Shut {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        self.check()?;
        self.store.get(name)
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.check()?;
        self.store.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.check()?;
        self.store.delete(name)
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Memory
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_secret_store_is_written_down_once_and_waited_for() {
    let changed = Arc::new(Mutex::new(Vec::new()));
    let keeps = changed.clone();
    let router = Router::new()
        .route(
            "/items/{id}",
            axum::routing::get(|| async { Json(json!({"title": "Old"})) }).put(
                move |Json(body): Json<Value>| async move {
                    keeps.lock().unwrap().push(body);
                    Json(json!({}))
                },
            ),
        )
        .fallback(|| async { Json(json!({})) });
    let params = json!({"type": "object", "properties": {"title": {"type": "string"}}});
    let operations = json!([
        {"id": "get", "title": "Get", "verb": "get", "entity": "item", "request": {"path": "/items/1"},
         "params": {"type": "object"}},
        {"id": "change", "title": "Change", "verb": "update", "entity": "item", "idempotency": {"type": "natural"},
         "request": {"method": "PUT", "path": "/items/1", "body": {"title": "{{params.title}}"}}, "params": params,
         "undo": {"operation": "change", "before": {"operation": "get"}, "params": {"title": "{{before.title}}"}}},
    ]);
    let keys = Arc::new(Shut::open());
    let b = Bench::with_key(router, &operations, keys.clone()).await;
    let policy = json!({"backoffMs": 1, "tries": 2});
    let run = b
        .run(json!([{"id": "change", "connection": "work", "operation": "change", "policy": policy,
            "mapping": [{"target": "/title", "source": {"type": "fixed", "value": "New"}}]}]))
        .await;
    let hands = Arc::new(patchbay_model::time::ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
    let mut runner = b.runner.clone();
    runner.clock = hands.clone();
    keys.locked.store(true, Ordering::SeqCst);
    let (wish, mut wishes) = mpsc::channel(1);
    let (alarms, work) = (runner.alarms.clone(), run.clone());
    let working = tokio::spawn(async move { runner.execute(&work, &mut wishes).await.unwrap() });
    let locked = async || {
        let journal = b.store.journal(&run.id, 0).await.unwrap();
        let is_lock = |fact: &Fact| matches!(fact, Fact::Deferred { problem, .. } if problem.code() == Code::SecretStoreLocked);
        journal.iter().filter(|entry| is_lock(&entry.fact)).count()
    };
    until(async || locked().await > 0).await;
    // A night goes by, an hour at a time, and each time it is tried.
    for _ in 0..8 {
        let before = keys.asked.load(Ordering::SeqCst);
        until(async || {
            hands.advance(Duration::from_secs(60));
            alarms.look(&*hands);
            keys.asked.load(Ordering::SeqCst) > before
        })
        .await;
    }
    assert_eq!(locked().await, 1, "that it is locked is no news");
    assert_eq!(*changed.lock().unwrap(), Vec::<Value>::new());
    keys.locked.store(false, Ordering::SeqCst);
    wish.send(Control::Unlocked).await.unwrap();
    let state =
        tokio::time::timeout(Duration::from_secs(30), working).await.expect("unlocking goes on with it");
    assert_eq!(state.unwrap(), RunState::Done);
    assert_eq!(*changed.lock().unwrap(), [json!({"title": "New"})]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lock_kept_here_is_no_repeat_wherever_it_is_counted() {
    let router = Router::new().fallback(|| async { Json(json!({})) });
    let operations = json!([
        {"id": "change", "title": "Change", "verb": "update", "entity": "item", "idempotency": {"type": "natural"},
         "request": {"method": "PUT", "path": "/items/1", "body": {"title": "New"}}, "params": {"type": "object"}},
    ]);
    let keys = Arc::new(Shut::open());
    let b = Bench::with_key(router, &operations, keys.clone()).await;
    let begun = SystemClock::new().now() - Duration::from_secs(3_600);
    let run = b.run(json!([{"id": "change", "connection": "work", "operation": "change"}])).await;
    keys.locked.store(true, Ordering::SeqCst);
    let (wish, mut wishes) = mpsc::channel(1);
    let (runner, work) = (b.runner.clone(), run.clone());
    let working = tokio::spawn(async move { runner.execute(&work, &mut wishes).await.unwrap() });
    let facts = async |is: fn(&Fact) -> bool| {
        let journal = b.store.journal(&run.id, 0).await.unwrap();
        journal.iter().filter(|entry| is(&entry.fact)).count()
    };
    until(async || facts(|fact| matches!(fact, Fact::Deferred { .. })).await > 0).await;
    keys.locked.store(false, Ordering::SeqCst);
    wish.send(Control::Unlocked).await.unwrap();
    let state = tokio::time::timeout(Duration::from_secs(30), working).await.expect("it goes on");
    assert_eq!(state.unwrap(), RunState::Done);
    assert_eq!(facts(|fact| matches!(fact, Fact::Intent { .. })).await, 2, "it was announced twice");

    let report = told(&b, &run).await;
    let id = b.store.connection_named("work").await.unwrap().unwrap().id;
    let figures = b.store.step_figures(&id, begun).await.unwrap();
    let figures: Vec<_> = figures.iter().map(|one| (one.ok, one.failed + one.held, one.retries)).collect();
    assert_eq!((report.steps[0].calls, report.steps[0].retries), (1, 0));
    assert_eq!(figures, [(1, 0, 0)]);
}
