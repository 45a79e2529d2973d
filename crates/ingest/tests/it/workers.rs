//! Workers: side by side within bounds, tried again, given up, stopped, cut off and taken up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use patchbay_ingest::Dice;
use patchbay_ingest::jobs::{Outcome, Queue, Staff, Work, Workers};
use patchbay_model::problem::Code;
use patchbay_model::time::ManualClock;
use patchbay_model::{Clock, SystemClock};
use patchbay_store::{Job, JobFilter, Merge, NewJob, OpenOptions, Store, UniqueJob};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use crate::bench::noon;

struct Place {
    store: Store,
    clock: Arc<dyn Clock>,
    dir: tempfile::TempDir,
}

async fn place(clock: Arc<dyn Clock>) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { dir: dir.path().to_owned(), clock: clock.clone(), machine: "m".into() };
    Place { store: Store::open(options).await.unwrap(), clock, dir }
}

impl Place {
    async fn ask(&self, queue: Queue, payload: Value) {
        let due_at = self.clock.now();
        self.store
            .job_enqueue(NewJob { queue: queue.as_str().into(), priority: 0, due_at, payload })
            .await
            .unwrap();
    }

    async fn ask_unique(&self, key: &str, tries: u32) {
        let job = NewJob { queue: "delta".into(), priority: 0, due_at: self.clock.now(), payload: json!(key) };
        let unique = UniqueJob {
            job,
            key: key.into(),
            connection: None,
            stream: None,
            max_attempts: tries,
            merge: Merge::Keep,
        };
        self.store.job_enqueue_unique(unique).await.unwrap();
    }

    async fn start(&self, work: &Arc<impl Work + 'static>) -> (Workers, watch::Sender<BTreeMap<Queue, u32>>) {
        let concurrency = watch::Sender::new(BTreeMap::new());
        let work: Arc<dyn Work> = work.clone();
        let staff = Staff {
            engine: Arc::new(self.store.clone()),
            work: Queue::ALL.map(|queue| (queue, work.clone())).into(),
            concurrency: concurrency.subscribe(),
            clock: self.clock.clone(),
            dice: Dice::with(|| 0.0),
        };
        (Workers::start(staff).await.unwrap(), concurrency)
    }

    async fn states(&self) -> BTreeMap<String, usize> {
        let filter = JobFilter { limit: 100_000, ..JobFilter::default() };
        let mut states = BTreeMap::new();
        for job in self.store.job_list(filter).await.unwrap().items {
            *states.entry(job.state).or_default() += 1;
        }
        states
    }
}

/// Waits for something that is about to happen.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Holds each job until it is let go; counts those at the same time by queue.
struct Gate {
    let_go: Semaphore,
    now: BTreeMap<String, AtomicUsize>,
    most: BTreeMap<String, AtomicUsize>,
    done: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        let counters = || Queue::ALL.map(|queue| (queue.as_str().to_owned(), AtomicUsize::new(0))).into();
        Self { let_go: Semaphore::new(0), now: counters(), most: counters(), done: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Work for Gate {
    async fn perform(&self, job: &Job) -> Outcome {
        let now = self.now[&job.queue].fetch_add(1, Ordering::SeqCst) + 1;
        self.most[&job.queue].fetch_max(now, Ordering::SeqCst);
        self.let_go.acquire().await.unwrap().forget();
        self.now[&job.queue].fetch_sub(1, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
        Outcome::Done(None)
    }
}

#[tokio::test]
async fn each_queue_keeps_to_its_number_and_the_number_may_change() {
    let place = place(Arc::new(SystemClock::new())).await;
    for queue in Queue::ALL {
        for _ in 0..70 {
            place.ask(queue, Value::Null).await;
        }
    }
    let gate = Arc::new(Gate::default());
    let (workers, concurrency) = place.start(&gate).await;
    let running = |queue: Queue| gate.now[queue.as_str()].load(Ordering::SeqCst);
    let full = || Queue::ALL.iter().all(|queue| running(*queue) == queue.usual_concurrency() as usize);
    until("every queue is at its number", async || full()).await;
    assert_eq!(place.states().await["claimed"], 2 + 5 + 10 + 3 + 4, "none keeps what it cannot begin");
    concurrency.send_replace(BTreeMap::from([(Queue::Delta, 7), (Queue::Backfill, 1)]));
    until("more at once", async || running(Queue::Delta) == 7).await;
    gate.let_go.add_permits(1_000);
    until("everything is done", async || gate.done.load(Ordering::SeqCst) == 350).await;
    let most = Queue::ALL.map(|queue| gate.most[queue.as_str()].load(Ordering::SeqCst));
    assert_eq!(most, [2, 7, 10, 3, 4]);
    workers.stop().await;
    assert_eq!(place.states().await, BTreeMap::new());
}

/// Fails as its payload says.
#[derive(Default)]
struct Moody {
    tries: AtomicUsize,
}

#[async_trait]
impl Work for Moody {
    async fn perform(&self, job: &Job) -> Outcome {
        self.tries.fetch_add(1, Ordering::SeqCst);
        match job.payload.as_str().unwrap_or_default() {
            "always fails" => Outcome::Failed(Code::ServiceDown.into()),
            "fails twice" if job.attempts < 3 => Outcome::Failed(Code::ServiceDown.into()),
            "is hopeless" => Outcome::GivenUp(Code::TlsFailure.into()),
            "breaks off" => panic!("as a bug does"),
            _ => Outcome::Done(Some(json!("well"))),
        }
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_and_then_looked_at() {
    let place = place(Arc::new(SystemClock::new())).await;
    let moody = Arc::new(Moody::default());
    let (workers, _) = place.start(&moody).await;
    for key in ["always fails", "fails twice", "is hopeless", "breaks off", "goes well"] {
        place.ask_unique(key, 3).await;
    }
    workers.wake(Queue::Delta);
    let over = BTreeMap::from([("done".to_owned(), 2), ("failed".to_owned(), 3)]);
    until("all have ended", async || place.states().await == over).await;
    assert_eq!(moody.tries.load(Ordering::SeqCst), 3 + 3 + 1 + 3 + 1);
    let dead = JobFilter { state: Some("failed".into()), limit: 10, ..JobFilter::default() };
    let dead = place.store.job_list(dead).await.unwrap().items;
    let codes: Vec<_> = dead.iter().map(|job| job.problem.as_ref().unwrap().code()).collect();
    assert!(codes.contains(&Code::Internal) && codes.contains(&Code::TlsFailure), "{codes:?}");
    // A dead letter is retried by hand, and one is dropped.
    place.store.job_retry(&dead[0].id).await.unwrap();
    place.store.job_drop(&dead[1].id).await.unwrap();
    workers.wake_all();
    until("it was tried again", async || place.states().await["failed"] == 2).await;
    workers.stop().await;
}

#[tokio::test]
async fn work_that_nobody_told_of_is_found() {
    let clock = Arc::new(SystemClock::new());
    let place = place(clock).await;
    let gate = Arc::new(Gate::default());
    gate.let_go.add_permits(10);
    place.ask(Queue::Delta, Value::Null).await;
    let (workers, _) = place.start(&gate).await;
    until("the first is done", async || gate.done.load(Ordering::SeqCst) == 1).await;
    // Nobody wakes the workers: they look by themselves.
    place.ask(Queue::Delta, Value::Null).await;
    until("the second is done", async || gate.done.load(Ordering::SeqCst) == 2).await;
    workers.stop().await;
}

#[tokio::test]
async fn a_stop_puts_back_what_is_under_way_and_the_next_start_does_it() {
    let place = place(Arc::new(ManualClock::at(noon()))).await;
    let gate = Arc::new(Gate::default());
    for _ in 0..8 {
        place.ask(Queue::Delta, Value::Null).await;
    }
    let (workers, _) = place.start(&gate).await;
    until("five run", async || gate.now["delta"].load(Ordering::SeqCst) == 5).await;
    workers.stop().await;
    assert_eq!(place.states().await, BTreeMap::from([("ready".to_owned(), 8)]));
    let next = Arc::new(Gate::default());
    next.let_go.add_permits(100);
    let (workers, _) = place.start(&next).await;
    until("all are done", async || next.done.load(Ordering::SeqCst) == 8).await;
    workers.stop().await;
}

#[tokio::test]
async fn what_a_killed_process_had_is_done_by_the_next_one_at_once() {
    let place = place(Arc::new(SystemClock::new())).await;
    for _ in 0..1_000 {
        place.ask(Queue::Run, Value::Null).await;
    }
    let dead = patchbay_model::BootId::generate();
    assert_eq!(place.store.job_claim("run", &dead, 1_000).await.unwrap().len(), 1_000);
    let gate = Arc::new(Gate::default());
    gate.let_go.add_permits(2_000);
    let (workers, _) = place.start(&gate).await;
    until("all are done", async || gate.done.load(Ordering::SeqCst) == 1_000).await;
    workers.stop().await;
    assert_eq!(place.states().await, BTreeMap::new());
}

#[tokio::test]
async fn a_job_that_the_user_stops_ends_at_once_and_for_good() {
    let place = place(Arc::new(SystemClock::new())).await;
    place.ask_unique("long", 3).await;
    let gate = Arc::new(Gate::default());
    let (workers, _) = place.start(&gate).await;
    until("it runs", async || gate.now["delta"].load(Ordering::SeqCst) == 1).await;
    let id = place.store.job_cancel("long").await.unwrap().unwrap();
    assert!(workers.cancel(&id));
    until("it has ended", async || place.states().await.contains_key("cancelled")).await;
    assert!(!workers.cancel(&id), "once");
    workers.stop().await;
    assert_eq!(gate.done.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_full_disk_loses_no_result_and_repeats_no_work() {
    // What the workers see of a full disk or a database that another program holds: their turn fails.
    struct Failing(Store, AtomicUsize);
    #[async_trait]
    impl patchbay_ingest::jobs::JobEngine for Failing {
        async fn turn(
            &self,
            queue: Queue,
            limit: u32,
            ended: Vec<patchbay_store::EndedJob>,
        ) -> Result<Vec<Job>, patchbay_store::StoreError> {
            if !ended.is_empty() && self.1.fetch_add(1, Ordering::SeqCst) == 0 {
                return Err(patchbay_store::StoreError::Full);
            }
            patchbay_ingest::jobs::JobEngine::turn(&self.0, queue, limit, ended).await
        }
        async fn next_due(
            &self,
            queue: Queue,
        ) -> Result<Option<patchbay_model::Timestamp>, patchbay_store::StoreError> {
            patchbay_ingest::jobs::JobEngine::next_due(&self.0, queue).await
        }
        async fn recover(&self) -> Result<u64, patchbay_store::StoreError> {
            patchbay_ingest::jobs::JobEngine::recover(&self.0).await
        }
    }
    let place = place(Arc::new(SystemClock::new())).await;
    place.ask_unique("goes well", 3).await;
    let moody = Arc::new(Moody::default());
    let engine = Arc::new(Failing(place.store.clone(), AtomicUsize::new(0)));
    let staff = Staff {
        engine: engine.clone(),
        work: BTreeMap::from([(Queue::Delta, moody.clone() as Arc<dyn Work>)]),
        concurrency: watch::Sender::new(BTreeMap::new()).subscribe(),
        clock: place.clock.clone(),
        dice: Dice::with(|| 0.0),
    };
    let workers = Workers::start(staff).await.unwrap();
    until("its end is written down", async || place.states().await.contains_key("done")).await;
    assert_eq!(moody.tries.load(Ordering::SeqCst), 1, "done once");
    assert!(engine.1.load(Ordering::SeqCst) >= 2, "the disk was full once");
    workers.stop().await;
    assert!(place.dir.path().exists());
}
