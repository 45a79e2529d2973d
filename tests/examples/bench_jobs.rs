//! Jobs that do nothing, at a backlog: how many a second are taken, done and written down, beside a bare
//! commit of the same database.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that says what it saw")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use patchbay_ingest::Dice;
use patchbay_ingest::jobs::{Outcome, Queue, Staff, Work, Workers};
use patchbay_model::{Clock, SystemClock};
use patchbay_store::{Job, NewJob, OpenOptions, Store};
use serde_json::Value;
use tokio::sync::watch;

/// Jobs that wait.
const BACKLOG: usize = 50_000;
/// Jobs asked for in one commit.
const AT_ONCE: usize = 5_000;

#[derive(Default)]
struct Nothing(AtomicUsize);

#[async_trait]
impl Work for Nothing {
    async fn perform(&self, _: &Job) -> Outcome {
        self.0.fetch_add(1, Ordering::Relaxed);
        Outcome::Done(None)
    }
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir_in(std::env::current_dir().unwrap().join("target")).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() };
    let store = Store::open(options).await.unwrap();
    let mut commits = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        store.audit("bench", "bench", &Value::Null).await.unwrap();
        commits.push(started.elapsed());
    }
    commits.sort();
    println!("a commit of one row (p50)     {:>8.2} ms", commits[25].as_secs_f64() * 1_000.0);
    let asked = Instant::now();
    for _ in 0..BACKLOG / AT_ONCE {
        let due_at = clock.now();
        let job = || NewJob { queue: "run".into(), priority: 0, due_at, payload: Value::Null };
        store.job_enqueue_all((0..AT_ONCE).map(|_| job()).collect()).await.unwrap();
    }
    let per_second = |count: usize, took: Duration| count as f64 / took.as_secs_f64();
    println!("asked for                     {:>8.0} jobs/s", per_second(BACKLOG, asked.elapsed()));
    let nothing = Arc::new(Nothing::default());
    let work: Arc<dyn Work> = nothing.clone();
    let before = store.writer_counts();
    let started = Instant::now();
    let staff = Staff {
        engine: Arc::new(store.clone()),
        work: BTreeMap::from([(Queue::Run, work)]),
        concurrency: watch::Sender::new(BTreeMap::new()).subscribe(),
        clock,
        dice: Dice::default(),
    };
    let workers = Workers::start(staff).await.unwrap();
    // The last is only done once it is written down.
    while !store.queue_figures().await.unwrap().iter().all(|queue| queue.depth + queue.running == 0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = started.elapsed();
    workers.stop().await;
    assert_eq!(nothing.0.load(Ordering::Relaxed), BACKLOG, "each once");
    let commits = store.writer_counts().commits - before.commits;
    println!(
        "taken, done, written down     {:>8.0} jobs/s (bar: 5,000), {commits} commits",
        per_second(BACKLOG, took)
    );
}
