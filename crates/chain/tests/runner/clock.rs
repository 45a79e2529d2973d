//! A clock that is moved while a run waits: it neither waits as long as the clock was moved, nor calls again
//! and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::{Json, Router};
use patchbay_model::run::Fact;
use patchbay_model::time::ManualClock;
use patchbay_model::{Clock, Event, RunState, SystemClock, Timestamp};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::{Bench, list_and_tell};

/// The computer's clock, moved by so many seconds.
#[derive(Debug)]
struct Moved {
    clock: SystemClock,
    by: AtomicI64,
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        self.clock.now() + jiff::SignedDuration::from_secs(self.by.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn with_sleep(&self) -> Duration {
        self.clock.with_sleep()
    }
}

/// Runs steps, moves the clock once the journal holds a fact, and gives how long it took from then on and how
/// often the service was called.
async fn moved(steps: Value, by: i64, at: fn(&Fact) -> bool) -> (RunState, Duration, u32) {
    let calls = Arc::new(AtomicU32::new(0));
    let counts = calls.clone();
    let router = Router::new()
        .route(
            "/told",
            axum::routing::post(move || async move {
                let down = counts.fetch_add(1, Ordering::SeqCst) == 0;
                (if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(json!({"id": 1})))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    let mut b = Bench::new(router, &list_and_tell(), Tuning::default()).await;
    let clock = Arc::new(Moved { clock: SystemClock::new(), by: AtomicI64::new(0) });
    b.runner.clock = clock.clone();
    let run = b.run(steps).await;
    let (runner, work) = (b.runner.clone(), run.clone());
    let working = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&work, &mut wishes).await.unwrap()
    });
    let reached = async {
        while !b.store.journal(&run.id, 0).await.unwrap().iter().any(|entry| at(&entry.fact)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
    clock.by.store(by, Ordering::SeqCst);
    let begun = Instant::now();
    let state = tokio::time::timeout(Duration::from_secs(60), working).await;
    let state = state.unwrap().unwrap();
    assert!(b.told.0.lock().unwrap().iter().any(|event| matches!(event, Event::RunChanged { .. })));
    (state, begun.elapsed(), calls.load(Ordering::SeqCst))
}

const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_between_tries_ends_whichever_way_the_clock_is_moved() {
    let tell = json!([{"id": "tell", "connection": "work", "operation": "tell",
        "policy": {"tries": 3, "backoffMs": 1_000},
        "mapping": [{"target": "/text", "source": {"type": "fixed", "value": "a"}}]}]);
    for by in [-DAY, -3_600, 3_600, DAY] {
        let (state, took, calls) = moved(tell.clone(), by, |fact| matches!(fact, Fact::Deferred { .. })).await;
        assert_eq!((state, calls), (RunState::Done, 2), "moved by {by} s: once more, and not a storm");
        assert!(took < Duration::from_secs(20), "moved by {by} s: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_waits_for_a_time_goes_on_when_the_clock_says_so() {
    let wait = json!([{"id": "wait", "logic": {"type": "wait", "seconds": 7_200}}]);
    let (state, took, _) = moved(wait, DAY, |fact| matches!(fact, Fact::Waiting { .. })).await;
    assert_eq!(state, RunState::Done);
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_wait_take_no_place_until_they_are_due() {
    let mut b = Bench::new(Router::new(), &list_and_tell(), Tuning::default()).await;
    let hands = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
    b.runner.clock = hands.clone();
    let wait = json!([{"id": "wait", "logic": {"type": "wait", "seconds": 7_200}}]);
    let mut working = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (runner, run) = (b.runner.clone(), b.run(wait.clone()).await);
        working.spawn(async move {
            let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
            runner.execute(&run, &mut wishes).await.unwrap()
        });
    }
    let mut freed = b.runner.places.freed();
    let waiting = async {
        while !(b.runner.alarms.waiting() == 5 && b.runner.places.working().is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
    let gave_back = *freed.borrow_and_update();
    for _ in 0..100 {
        hands.advance(Duration::from_secs(60));
        assert!(b.runner.alarms.look(&*hands).is_some());
        tokio::task::yield_now().await;
    }
    assert_eq!(b.runner.alarms.waiting(), 5, "nobody is woken before it is due");
    assert_eq!(*freed.borrow(), gave_back, "who begins runs is not bothered by those that wait");
    hands.sleep(Duration::from_secs(1_200));
    b.runner.alarms.look(&*hands);
    let ended = tokio::time::timeout(Duration::from_secs(20), working.join_all()).await.unwrap();
    assert_eq!(ended, [RunState::Done; 5]);
}
