//! The shell around the state machine: performs its commands and makes each fact durable before
//! anything follows from it.

mod alarms;
mod answers;
mod attempt;
mod check;
mod child;
mod control;
mod deliveries;
mod ended;
mod foresee;
mod idle;
mod inner;
mod limit;
mod live;
mod local;
mod others;
mod places;
mod wished;

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use patchbay_connector::{Compiled, Engine};
use patchbay_model::problem::{Problem, Retry};
use patchbay_model::run::{Decision, Fact, JournalEntry, Run, RunState};
use patchbay_model::{ChainId, Clock, ConnectorId, Event, EventKind, EventSink, StepId};
use patchbay_store::{Also, NewTrigger, StepCall, Store, StoreError};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};

use crate::calls::{Answered, answered};
use crate::error::ChainError;
use crate::journal;
use crate::lineage;
use crate::machine::{self, Command};
use crate::progress::Progress;
use crate::recorded::Recorded;
use crate::scope::Scope;
use answers::{Doing, Done, Launch};
use deliveries::Looking;
use idle::Looked;
use inner::Following;
use places::Place;
use wished::Wished;

pub use alarms::Alarms;
pub use check::{Recent, check, effect_words};
pub use deliveries::{Addresses, NoAddresses, Reach, has_address};
pub use foresee::{last_counts, plan_hash};
pub use idle::Asking;
pub use inner::{Parts, Wish};
pub use live::Live;
pub use places::Places;

/// Where compiled connectors come from.
pub trait Connectors: Send + Sync {
    /// The connector with this id, ready to be interpreted.
    fn compiled(&self, id: &ConnectorId) -> Option<Arc<Compiled>>;
}

/// A wish about a run under way.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Finish the calls in flight, then stop.
    Stop {
        /// Whether to undo what was done.
        undo: bool,
    },
    /// Answer an unknown outcome.
    Resolve {
        /// The step.
        step: StepId,
        /// The item, from 0.
        item: u32,
        /// The answer.
        decision: Decision,
    },
    /// Answer a step that asks.
    Answer {
        /// The step.
        step: StepId,
        /// The item, from 0.
        item: u32,
        /// Whether it goes on.
        approved: bool,
    },
    /// Finish the calls in flight, then hold.
    Pause,
    /// Go on with what was held.
    Resume,
    /// Go on with what waited for the secret store.
    Unlocked,
}

/// Executes runs. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    /// Where runs and their journals are kept.
    pub store: Store,
    /// The interpreter of connectors.
    pub engine: Engine,
    /// The connectors at hand.
    pub connectors: Arc<dyn Connectors>,
    /// Where steps that wait are called.
    pub addresses: Arc<dyn Addresses>,
    /// What was answered before: then nothing is sent, and time passes when it is waited for.
    pub recorded: Option<Arc<Recorded>>,
    /// What connections said a moment ago.
    pub recent: Recent,
    /// Who is worked on at the same time.
    pub places: Places,
    /// When those that wait are due.
    pub alarms: Alarms,
    /// Who waits for a person whom another run asks.
    pub asking: Asking,
    /// Who hears what is wished of runs that are a part of others.
    pub parts: Parts,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Takes progress on its way to the screen.
    pub events: Arc<dyn EventSink>,
}

/// How long to wait before trying again to write while the disk is full or busy.
const STORAGE_PAUSE: Duration = Duration::from_secs(2);

impl Runner {
    /// Executes a run to its end, or until the user is needed. Takes up where the journal ends.
    ///
    /// Returns the state it was left in: final, or [`RunState::NeedsYou`]. Trouble with services is
    /// part of the journal; errors are about this computer only.
    pub async fn execute(
        &self,
        run: &Run,
        control: &mut mpsc::Receiver<Control>,
    ) -> Result<RunState, ChainError> {
        let mut live = loop {
            match Live::prepare(self, run).await {
                Ok(live) => break live,
                // What it needs is there, and cannot be read at this moment.
                Err(problems) if problems.iter().any(|problem| problem.code().retry() == Retry::Wait) => {
                    self.wait_for_storage(run, problems.into_iter().next()).await;
                }
                Err(problems) => return self.refuse(run, problems).await,
            }
        };
        let (mut progress, mut seq) = self.replay(run, &live).await?;
        if progress.taken_back.is_some() && live.plan.steps.iter().any(|step| step.forgets) {
            // The user may wish that any of them is undone once more.
            live.plan.steps.iter_mut().for_each(|step| step.forgets = false);
            (progress, seq) = self.replay(run, &live).await?;
        }
        let mut execution = Execution::new(self, run, live, progress, seq);
        if run.origin.is_counted() && !run.dry_run {
            let most = u64::from(run.snapshot.concurrency.effects_per_day);
            execution.effects_left = Some(most.saturating_sub(self.effects_today(run).await?));
        }
        let (boot, recovered) = (self.store.boot().clone(), execution.progress.begun);
        let connectors = execution.live.connectors();
        execution.note(Fact::Started { boot, recovered, connectors });
        let mut place = None;
        loop {
            execution.take_place(&mut place, control).await;
            let mut step = execution.gather().await?;
            if step.state == RunState::Running && execution.launches.is_empty() && execution.rests_with_others()
            {
                step.state = RunState::Waiting;
            }
            execution.commit(step.state).await?;
            execution.launch();
            execution.follow();
            match execution.take_deliveries().await {
                Ok(false) => {}
                Ok(true) => continue,
                Err(ChainError::Store(error)) if passes(&error) => {
                    self.wait_for_storage(run, Problem::from(error)).await;
                    continue;
                }
                Err(error) => return Err(error),
            }
            if step.state.is_final() {
                return Ok(step.state);
            }
            // A question that has its time is waited for; others rest until they are answered.
            let rests = matches!(step.state, RunState::NeedsYou | RunState::Paused) && step.wake.is_none();
            if execution.is_idle() && rests {
                // What was said meanwhile is heard before the run is left.
                match control.try_recv() {
                    Ok(wish) => execution.take_wish(wish),
                    Err(_) => return Ok(step.state),
                }
                continue;
            }
            if execution.only_waits() {
                place = None;
            }
            execution.wait(step.wake, control).await;
        }
    }

    async fn wait_for_storage(&self, run: &Run, problem: impl Into<Option<Problem>>) {
        let problem = problem.into();
        tracing::warn!(run = %run.id, ?problem, "waiting for storage");
        self.events.emit(Event::StorageChanged { problem });
        tokio::time::sleep(STORAGE_PAUSE).await;
    }

    /// Folds the journal of a run. A full or busy disk is waited for: a run that is begun is not left lying.
    async fn replay(&self, run: &Run, live: &Live) -> Result<(Progress, u64), ChainError> {
        loop {
            match self.fold(run, live).await {
                Err(ChainError::Store(error)) if passes(&error) => {
                    self.wait_for_storage(run, Problem::from(error)).await
                }
                folded => return folded,
            }
        }
    }

    /// The same once, part by part: it may be long.
    async fn fold(&self, run: &Run, live: &Live) -> Result<(Progress, u64), ChainError> {
        let (mut progress, mut seq) = (Progress::new(&live.plan), 0);
        let take = |entry: JournalEntry| {
            progress.apply(&live.plan, entry.at, &entry.fact);
            seq = entry.seq;
        };
        journal::each(&self.store, &run.id, take).await?;
        Ok((progress, seq))
    }

    /// The effects of a chain that are counted today.
    async fn effects_today(&self, run: &Run) -> Result<u64, ChainError> {
        loop {
            match self.store.effects_today(&run.chain_id).await {
                Err(error) if passes(&error) => self.wait_for_storage(run, Problem::from(error)).await,
                counted => return Ok(counted?),
            }
        }
    }

    /// A chain that cannot run at all: its connection or operation is gone.
    async fn refuse(&self, run: &Run, problems: Vec<Problem>) -> Result<RunState, ChainError> {
        // What a run is narrowed to, or takes over from another one, stands there before it begins.
        let (mut begun, mut wished) = (false, Wished::default());
        journal::each(&self.store, &run.id, |entry| {
            begun |= matches!(entry.fact, Fact::Started { .. });
            wished.take(&entry.fact);
        })
        .await?;
        let (boot, connectors) = (self.store.boot().clone(), BTreeMap::new());
        let started = Fact::Started { boot, recovered: begun, connectors };
        if let Some((state, mut facts)) = wished.not_undone(&problems) {
            facts.insert(0, started);
            facts.push(Fact::Finished { state });
            self.store.journal_append(&run.id, facts, state).await?;
            return Ok(state);
        }
        let findings = problems
            .into_iter()
            .map(|problem| patchbay_model::Finding::of(patchbay_model::Level::Blocker, problem))
            .collect();
        let facts = vec![started, Fact::Checked { findings }, Fact::Finished { state: RunState::Failed }];
        self.store.journal_append(&run.id, facts, RunState::Failed).await?;
        Ok(RunState::Failed)
    }
}

struct Execution<'r> {
    runner: &'r Runner,
    run: &'r Run,
    live: Live,
    progress: Progress,
    /// Facts that are in `progress` already and not durable yet.
    pending: Vec<Fact>,
    /// What follows from them and is written with them.
    also: Also,
    launches: Vec<Launch>,
    /// What came for steps that wait.
    looking: Looking,
    calls: JoinSet<Done>,
    /// What each task of `calls` does.
    tasks: HashMap<task::Id, Doing>,
    /// Items for which a service is asked something before they go on, and whether its answer is still of use.
    asking: BTreeMap<(usize, u32), bool>,
    /// What it said of them.
    told: BTreeMap<(usize, u32), Result<Option<Value>, Problem>>,
    /// Runs of other chains that are waited for.
    inner: Following,
    /// Effects that may still begin today; none where nobody counts.
    effects_left: Option<u64>,
    /// What was found when the items of a step were looked at, by step.
    drifts: BTreeMap<usize, Option<Problem>>,
    /// What mappings of the step that is worked on see; none where it is to be put together anew.
    scope: Option<Scope>,
    /// What the clocks said at the last look.
    looked: Looked,
    seq: u64,
    /// The state that the database holds, as far as we wrote it.
    written: Option<RunState>,
}

impl<'r> Execution<'r> {
    fn new(runner: &'r Runner, run: &'r Run, live: Live, progress: Progress, seq: u64) -> Self {
        Self {
            runner,
            run,
            live,
            progress,
            pending: Vec::new(),
            also: Also::default(),
            launches: Vec::new(),
            looking: Looking::new(runner),
            calls: JoinSet::new(),
            tasks: HashMap::new(),
            asking: BTreeMap::new(),
            told: BTreeMap::new(),
            inner: Following::default(),
            effects_left: None,
            drifts: BTreeMap::new(),
            scope: None,
            looked: Looked::new(runner.clock.now(), runner.clock.monotonic()),
            seq,
            written: None,
        }
    }

    /// Takes a fact in; it becomes durable with the next commit, before anything is sent.
    fn note(&mut self, fact: Fact) {
        match &fact {
            // Those that nobody watches are counted.
            Fact::Intent { effect: true, attempt: 1, .. } if self.run.origin.is_counted() => {
                self.also.effects += 1;
            }
            // Who follows this chain was told when it ended; that it was undone later is no other end.
            Fact::Finished { state } if !self.run.dry_run && self.progress.taken_back.is_none() => {
                self.also.ended = Some(self.ended(*state));
            }
            _ => {}
        }
        self.count_call(&fact);
        // What becomes of its own items changes nothing of what they see.
        let own = self.scope.as_ref().map(|scope| &self.live.plan.steps[scope.step()].id);
        if own != fact.step() {
            self.scope = None;
        }
        for fact in self.left_out().into_iter().chain([fact]) {
            self.progress.apply(&self.live.plan, self.looked.now, &fact);
            self.pending.push(fact);
        }
    }

    /// Counts a call that a fact tells of on its connection, in the commit of the fact.
    fn count_call(&mut self, fact: &Fact) {
        let Some((step, item, Answered { code, took_ms, bytes })) = answered(fact) else { return };
        let Some(index) = self.live.plan.index(step) else { return };
        let called = self.live.steps[index].called();
        let Some(connection) = called.map(|called| called.target.connection.id.clone()) else { return };
        let again = self.progress.is_again(index, item);
        self.also.calls.push(StepCall { connection, step: step.clone(), code, took_ms, bytes, again });
    }

    /// What chains that wait for the end of this one are told.
    fn ended(&self, state: RunState) -> NewTrigger {
        let run = self.run;
        NewTrigger {
            kind: EventKind::Chain.as_str().to_owned(),
            subject: run.chain_id.to_string(),
            key: run.id.to_string(),
            payload: json!({ "run": run.id, "chain": run.snapshot.name, "state": state, "path": self.path() }),
        }
    }

    /// The chains that led to what this run does, its own one last.
    fn path(&self) -> Vec<ChainId> {
        let own = std::iter::once(&self.run.chain_id);
        self.run.origin.path.iter().chain(own).cloned().collect()
    }

    /// What the mapping of one item sees. [Kept](Self::keep) for the next one once it has been looked at.
    fn scope(&mut self, step: usize, item: u32) -> Scope {
        let known = self.scope.take().filter(|scope| scope.step() == step);
        let mut scope = known.unwrap_or_else(|| Scope::of(&self.live.plan, &self.progress, self.run, step));
        let seen = scope.turn_to(&self.live.plan, &self.progress, item);
        self.add_addresses(seen, step, item);
        scope
    }

    /// Keeps what all items of a step see.
    fn keep(&mut self, scope: Scope) {
        self.scope = Some(scope);
    }

    /// The parameters of one item.
    fn params(&mut self, step: usize, item: u32) -> Result<Value, Problem> {
        let scope = self.scope(step, item);
        let params = self.live.steps[step].params(scope.seen());
        self.keep(scope);
        params
    }

    fn is_idle(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether nothing of its own is under way.
    fn only_waits(&self) -> bool {
        self.calls.len() <= self.inner.len()
    }

    /// Waits until the run may go on, where it holds no place. What a person wishes of it meanwhile is done
    /// whoever else works.
    async fn take_place(&mut self, place: &mut Option<Place>, control: &mut mpsc::Receiver<Control>) {
        if place.is_some() || self.runner.recorded.is_some() {
            return;
        }
        let mut turn = pin!(self.runner.places.take(self.run));
        loop {
            let wish = tokio::select! {
                biased;
                taken = &mut turn => {
                    *place = Some(taken);
                    return;
                }
                Some(wish) = control.recv() => wish,
            };
            // Nobody wished that of this run: it goes on when it is its turn.
            let for_all = wish == Control::Unlocked;
            self.take_wish(wish);
            if !for_all {
                *place = Some(self.runner.places.squeeze_in(self.run));
                return;
            }
        }
    }

    /// Asks the machine until it has nothing more to say, and prepares what it wants sent.
    async fn gather(&mut self) -> Result<machine::Next, ChainError> {
        loop {
            self.look();
            let mut next = machine::next(&self.live.plan, &self.progress, self.looked.now);
            // What is asked for is awaited with the answers of calls: what they bring is durable meanwhile.
            next.commands.retain(|command| !self.is_asked(command));
            if next.commands.is_empty() {
                return Ok(next);
            }
            // How the undo of an item ended is kept with the item, also where nothing is sent for it.
            let undoes = next.commands.iter().any(|command| {
                matches!(
                    command,
                    Command::Undo { .. } | Command::Record(Fact::UndoResult { .. } | Fact::ChainUndo { .. })
                )
            });
            if undoes && self.live.plan.steps.iter().any(|step| step.forgets) {
                self.remember_all(next.state).await?;
                continue;
            }
            for command in next.commands {
                self.perform(command).await;
            }
        }
    }

    /// Reads again what was let go of: an undo needs the results of what it undoes.
    async fn remember_all(&mut self, state: RunState) -> Result<(), ChainError> {
        self.commit(state).await?;
        self.live.plan.steps.iter_mut().for_each(|step| step.forgets = false);
        self.scope = None;
        (self.progress, self.seq) = self.runner.replay(self.run, &self.live).await?;
        Ok(())
    }

    /// Whether it waits for what a service is asked.
    fn is_asked(&self, command: &Command) -> bool {
        let (Command::Attempt { step, item, .. } | Command::AskService { step, item }) = command else {
            return false;
        };
        self.asking.contains_key(&(*step, *item))
    }

    async fn perform(&mut self, command: Command) {
        match command {
            Command::Check => {
                let watched = !self.run.origin.kind.is_event();
                // Runs that events start come by the thousand, and nobody reads in them how long the last
                // one took: only a person's run is foreseen from what came before.
                let mut counts =
                    if watched { last_counts(self.runner, &self.run.chain_id).await } else { BTreeMap::new() };
                if let Some(limit) = self.progress.limit {
                    for count in counts.values_mut() {
                        *count = (*count).min(limit);
                    }
                }
                let findings =
                    check(self.runner, (&self.run.chain_id, &self.run.snapshot), &self.live, &counts, watched)
                        .await;
                self.note(Fact::Checked { findings });
            }
            Command::Open { step } => {
                for fact in lineage::opened(&self.live.plan, &self.progress, step) {
                    self.note(fact);
                }
            }
            Command::Attempt { step, item, attempt } => self.prepare_attempt(step, item, attempt),
            Command::Compute { step, items } => self.compute(step, items).await,
            Command::Begin { step, item } => self.begin(step, item).await,
            Command::Expire { step, item } => self.expire(step, item).await,
            Command::AskService { step, item } => self.ask_service(step, item),
            Command::Undo { step, item, attempt } => self.prepare_undo(step, item, attempt),
            Command::Record(fact) => self.note(fact),
        }
    }

    /// Makes the facts durable. A full or busy disk is waited for: nothing is lost and nothing is
    /// sent meanwhile.
    async fn commit(&mut self, state: RunState) -> Result<(), ChainError> {
        if self.pending.is_empty() && self.written == Some(state) {
            return Ok(());
        }
        let facts = std::mem::take(&mut self.pending);
        let also = std::mem::take(&mut self.also);
        loop {
            let with = Some((&self.run.chain_id, also.clone()));
            match self.runner.store.journal_commit(&self.run.id, facts.clone(), state, with).await {
                Ok(entries) => {
                    self.written = Some(state);
                    self.seq = entries.last().map_or(self.seq, |entry| entry.seq);
                    let event = Event::RunChanged { id: self.run.id.clone(), state, facts: self.seq };
                    self.runner.events.emit(event);
                    return Ok(());
                }
                Err(error) if passes(&error) => {
                    self.runner.wait_for_storage(self.run, Problem::from(error)).await
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether storage trouble passes by itself.
fn passes(error: &StoreError) -> bool {
    Problem::from(error.clone()).code().retry() == Retry::Wait
}

/// A number from 0 up to 1 that differs between runs, items and attempts. It spreads retries; it
/// need not be hard to guess.
fn jitter(run: &patchbay_model::RunId, (step, item, attempt): (usize, u32, u32)) -> f64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut hasher = RandomState::new().build_hasher();
    hasher.write(run.as_str().as_bytes());
    hasher.write_usize(step);
    hasher.write_u32(item);
    hasher.write_u32(attempt);
    (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
}
