//! Workers: one loop per queue, which takes what is due, does it side by side and writes down what came of
//! it. What is due is read from rows: a wake-up that is lost only delays.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use patchbay_model::{Clock, JobId};
use patchbay_store::{EndedJob, Job, JobEnd, StoreError};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::{JobEngine, Outcome, Queue, Work, broken, pause};
use crate::dice::Dice;

/// How often to look for work that nobody told of.
const LOOK: Duration = Duration::from_secs(15);
/// How long to wait where storage takes no more: disk full, or held by another program.
const STORAGE_PAUSE: Duration = Duration::from_secs(2);
/// How long work under way is given when the program ends.
const GRACE: Duration = Duration::from_secs(2);
/// So much work is taken at once that it lasts about this long, where jobs are short.
const AHEAD: Duration = Duration::from_millis(20);
/// Jobs taken, or written down, at once at most.
const BATCH: usize = 256;
/// What ended is written down at the latest after this.
const LINGER: Duration = Duration::from_millis(20);

/// What the workers need.
pub struct Staff {
    /// Where jobs are kept.
    pub engine: Arc<dyn JobEngine>,
    /// Who does the jobs of each queue. Jobs of other queues stay where they are.
    pub work: BTreeMap<Queue, Arc<dyn Work>>,
    /// Jobs at the same time, by queue; the usual number where absent. May change.
    pub concurrency: watch::Receiver<BTreeMap<Queue, u32>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Dice,
}

/// The workers of one workspace. Stop when dropped, as if killed; see [`Workers::stop`].
pub struct Workers {
    stop: watch::Sender<bool>,
    loops: Mutex<Vec<JoinHandle<()>>>,
    shared: Shared,
}

/// What loops and their owner both hold.
#[derive(Clone, Default)]
struct Shared {
    wake: Arc<BTreeMap<Queue, Notify>>,
    running: Arc<Mutex<Running>>,
}

/// The jobs under way, each with what cuts it off.
type Running = HashMap<JobId, (Queue, oneshot::Sender<()>)>;

impl Shared {
    /// The jobs of a queue that are under way, which from here on are not.
    fn give_back(&self, queue: Queue) -> Vec<JobId> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.extract_if(|_, (own, _)| *own == queue).map(|(id, _)| id).collect()
    }
}

impl Workers {
    /// Takes up what ended processes left behind and starts.
    pub async fn start(staff: Staff) -> Result<Self, StoreError> {
        let recovered = staff.engine.recover().await?;
        if recovered > 0 {
            tracing::info!(recovered, "jobs of an earlier start go on");
        }
        let (stop, stopped) = watch::channel(false);
        let wake = staff.work.keys().map(|queue| (*queue, Notify::new())).collect();
        let shared = Shared { wake: Arc::new(wake), running: Arc::default() };
        let loops = staff
            .work
            .iter()
            .map(|(queue, work)| {
                let line = Line {
                    queue: *queue,
                    engine: staff.engine.clone(),
                    work: work.clone(),
                    concurrency: staff.concurrency.clone(),
                    clock: staff.clock.clone(),
                    dice: staff.dice.clone(),
                    shared: shared.clone(),
                    stop: stopped.clone(),
                    mean: Duration::from_secs(1),
                };
                tokio::spawn(line.run())
            })
            .collect();
        Ok(Self { stop, loops: Mutex::new(loops), shared })
    }

    /// Says that a queue may have work.
    pub fn wake(&self, queue: Queue) {
        if let Some(notify) = self.shared.wake.get(&queue) {
            notify.notify_one();
        }
    }

    /// Says that every queue may have work.
    pub fn wake_all(&self) {
        self.shared.wake.values().for_each(Notify::notify_one);
    }

    /// Cuts off the work on a job. Whether it ran here.
    pub fn cancel(&self, id: &JobId) -> bool {
        let mut running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(id).is_some_and(|(_, cut)| cut.send(()).is_ok())
    }

    /// Takes no more work, gives what is under way a moment, and leaves the rest to the next start.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        for task in self.take_loops() {
            // A loop that broke has nothing to wait for.
            let _ = task.await;
        }
    }
}

impl Workers {
    fn take_loops(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut *self.loops.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for task in self.take_loops() {
            task.abort();
        }
    }
}

/// One queue's loop.
struct Line {
    queue: Queue,
    engine: Arc<dyn JobEngine>,
    work: Arc<dyn Work>,
    concurrency: watch::Receiver<BTreeMap<Queue, u32>>,
    clock: Arc<dyn Clock>,
    dice: Dice,
    shared: Shared,
    stop: watch::Receiver<bool>,
    /// How long a job takes, about.
    mean: Duration,
}

/// What a line has in its hands.
#[derive(Default)]
struct Hands {
    taken: VecDeque<Job>,
    running: JoinSet<EndedJob>,
    ended: Vec<EndedJob>,
    /// Since when something that ended waits to be written down.
    since: Option<Instant>,
    /// Nothing more was due when we last looked.
    dry: bool,
}

impl Line {
    async fn run(mut self) {
        let mut hands = Hands::default();
        loop {
            let most = self.most();
            while hands.running.len() < most
                && let Some(job) = hands.taken.pop_front()
            {
                self.begin(&mut hands.running, job);
            }
            if *self.stop.borrow() {
                return self.leave(hands).await;
            }
            let want = self.want(&hands, most);
            let due = hands.since.is_some_and(|since| since.elapsed() >= LINGER)
                || hands.ended.len() >= BATCH
                || (hands.taken.is_empty() && !hands.ended.is_empty());
            if due || (want > 0 && !hands.dry && hands.taken.is_empty()) {
                self.turn(&mut hands, want).await;
                continue;
            }
            self.wait(&mut hands).await;
        }
    }

    fn most(&mut self) -> usize {
        let set = self.concurrency.borrow_and_update().get(&self.queue).copied();
        set.unwrap_or_else(|| self.queue.usual_concurrency()).clamp(1, 256) as usize
    }

    /// How many to take: as many as can begin, and where jobs are short as many as last for a moment.
    fn want(&self, hands: &Hands, most: usize) -> usize {
        let free = most.saturating_sub(hands.running.len());
        let soon = AHEAD.as_micros() / self.mean.as_micros().max(1);
        let ahead = usize::try_from(soon).unwrap_or(BATCH).saturating_mul(most).min(BATCH);
        free.max(ahead).saturating_sub(hands.taken.len())
    }

    async fn turn(&self, hands: &mut Hands, want: usize) {
        let ended = std::mem::take(&mut hands.ended);
        match self.engine.turn(self.queue, want as u32, ended.clone()).await {
            Ok(jobs) => {
                hands.dry = jobs.len() < want;
                hands.since = None;
                hands.taken.extend(jobs);
            }
            // The work is done, and not yet known to be: it must not be begun again.
            Err(error) => {
                tracing::warn!(queue = self.queue.as_str(), %error, "jobs can neither be taken nor ended now");
                hands.ended = ended;
                let mut stop = self.stop.clone();
                tokio::select! {
                    () = tokio::time::sleep(STORAGE_PAUSE) => {}
                    _ = stop.changed() => {}
                }
            }
        }
    }

    async fn wait(&mut self, hands: &mut Hands) {
        let due = if hands.dry && hands.running.len() < self.most() {
            self.engine.next_due(self.queue).await.ok().flatten()
        } else {
            None
        };
        let until = due.map_or(LOOK, |at| {
            Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default().min(LOOK)
        });
        let until = hands.since.map_or(until, |since| LINGER.saturating_sub(since.elapsed()).min(until));
        let woken = async {
            match self.shared.wake.get(&self.queue) {
                Some(wake) => wake.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(ended) = hands.running.join_next() => {
                hands.since.get_or_insert_with(Instant::now);
                self.mind(hands, ended);
                while let Some(ended) = hands.running.try_join_next() {
                    self.mind(hands, ended);
                }
            }
            () = woken => hands.dry = false,
            () = tokio::time::sleep(until) => hands.dry = false,
            _ = self.stop.changed() => {}
            _ = self.concurrency.changed() => hands.dry = false,
        }
    }

    fn mind(&mut self, hands: &mut Hands, ended: Result<EndedJob, tokio::task::JoinError>) {
        // The task itself catches what breaks off; one that was aborted is left to the next start.
        let Ok(ended) = ended else { return };
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&ended.id);
        self.mean = (self.mean * 7 + Duration::from_millis(ended.took_ms).max(Duration::from_micros(50))) / 8;
        hands.ended.push(ended);
    }

    fn begin(&self, running: &mut JoinSet<EndedJob>, job: Job) {
        let (cut, stopped) = oneshot::channel();
        self.shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.id.clone(), (self.queue, cut));
        let (work, clock, dice) = (self.work.clone(), self.clock.clone(), self.dice.clone());
        running.spawn(async move {
            let started = Instant::now();
            let outcome = AssertUnwindSafe(async {
                tokio::select! {
                    biased;
                    outcome = work.perform(&job) => Some(outcome),
                    // An end that is only dropped stops nothing.
                    () = async { if stopped.await.is_err() { std::future::pending::<()>().await } } => None,
                }
            });
            let outcome = outcome.catch_unwind().await.unwrap_or_else(|_| Some(Outcome::Failed(broken())));
            let end = outcome.map_or(JobEnd::Cancelled, |outcome| end_of(&job, outcome, &*clock, &dice));
            EndedJob { id: job.id, end, took_ms: started.elapsed().as_millis() as u64 }
        });
    }

    /// Ends: what is under way is given a moment, the rest is put back.
    async fn leave(&mut self, mut hands: Hands) {
        let over = tokio::time::sleep(GRACE);
        tokio::pin!(over);
        loop {
            tokio::select! {
                ended = hands.running.join_next() => match ended {
                    Some(ended) => self.mind(&mut hands, ended),
                    None => break,
                },
                () = &mut over => break,
            }
        }
        hands.running.abort_all();
        let mut back: Vec<JobId> = hands.taken.iter().map(|job| job.id.clone()).collect();
        while let Some(ended) = hands.running.join_next().await {
            self.mind(&mut hands, ended);
        }
        back.extend(self.shared.give_back(self.queue));
        let now = self.clock.now();
        hands.ended.extend(back.into_iter().map(|id| EndedJob {
            id,
            end: JobEnd::Later { at: now, problem: None },
            took_ms: 0,
        }));
        if let Err(error) = self.engine.turn(self.queue, 0, hands.ended).await {
            tracing::warn!(%error, "jobs could not be put back; the next start recovers them");
        }
    }
}

fn end_of(job: &Job, outcome: Outcome, clock: &dyn Clock, dice: &Dice) -> JobEnd {
    match outcome {
        Outcome::Done(result) => JobEnd::Done(result),
        Outcome::Wait { until, problem } => JobEnd::Later { at: until, problem: Some(problem) },
        Outcome::Failed(problem) if job.attempts < job.max_attempts => {
            let now = clock.now();
            let at = now.checked_add(pause(job.attempts, dice.throw())).unwrap_or(now);
            JobEnd::Again { at, problem }
        }
        Outcome::Failed(problem) | Outcome::GivenUp(problem) => JobEnd::GivenUp(problem),
    }
}
