//! Steps that work by themselves: what they give, what they wait for, what they keep.

use std::time::Duration;

use patchbay_model::problem::{Code, Problem};
use patchbay_model::report::Late;
use patchbay_model::run::{Fact, JournalEntry, Outcome, Run, RunState, Why};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{RunId, Timestamp};
use patchbay_store::{RecordLink, Remembered, Store};
use serde_json::{Value, json};

use super::idle::Rest;
use super::live::Does;
use super::{Doing, Done, Execution, others};
use crate::journal;
use crate::logic::{Ready, Worked, wait_until};
use crate::progress::ItemProgress;
use crate::report::{Building, late_words};

/// How often to look whether another run has ended, should nobody tell.
const LOOK: Duration = Duration::from_secs(2);

impl Execution<'_> {
    /// Works out what a step gives for some items, and notes it in as few facts as may be.
    pub(super) async fn compute(&mut self, step: usize, items: Vec<u32>) {
        let id = self.live.plan.steps[step].id.clone();
        let (mut results, mut left_out) = (Vec::new(), Vec::new());
        for item in items {
            match self.work(step, item).await {
                Ok(Worked::Gives(output)) => results.push((item, self.limited_list(step, output))),
                Ok(Worked::LeavesOut) => left_out.push(item),
                Err(problem) => self.give_up(step, item, problem),
            }
        }
        if !left_out.is_empty() {
            self.note(Fact::LeftOut { step: id.clone(), items: left_out, why: Why::Filtered });
        }
        if !results.is_empty() {
            self.note(Fact::Computed { step: id, results });
        }
    }

    fn give_up(&mut self, step: usize, item: u32, problem: Problem) {
        let id = self.live.plan.steps[step].id.clone();
        let outcome = match problem.code() {
            Code::SchemaMismatch => Outcome::Quarantined { problem },
            _ => Outcome::NotDone { problem },
        };
        self.note(Fact::Result { step: id, item, attempt: 0, outcome, took_ms: 0, bytes: 0, next: None });
    }

    async fn work(&mut self, step: usize, item: u32) -> Result<Worked, Problem> {
        let scope = self.scope(step, item);
        let worked = self.work_on(step, item, scope.seen()).await;
        self.keep(scope);
        worked
    }

    async fn work_on(&mut self, step: usize, item: u32, scope: &Value) -> Result<Worked, Problem> {
        let live = &self.live.steps[step];
        let Does::Logic(ready) = &live.does else {
            return Err(Problem::new(Code::Internal).detail("a step that calls a tool was to work by itself"));
        };
        let text = |template: &patchbay_map::Template| template.text(scope).map_err(Problem::from);
        let chain = |shared: &bool| (!shared).then(|| self.run.chain_id.clone());
        let store = &self.runner.store;
        if let Some(recorded) = &self.runner.recorded
            && matches!(ready, Ready::Recall { .. } | Ready::Lookup { .. } | Ready::Linked { .. })
        {
            return Ok(Worked::Gives(recorded.kept(&self.live.plan.steps[step].id, item)));
        }
        match ready {
            Ready::Remember { key, value, shared } => {
                let value = match value {
                    Some(value) => value.value(scope).map_err(Problem::from)?,
                    None => None,
                };
                let one = Remembered { chain: chain(shared), key: text(key)?, value: value.clone() };
                if !self.run.dry_run {
                    self.also.memory.push(one);
                }
                Ok(Worked::Gives(value.unwrap_or(Value::Null)))
            }
            Ready::Recall { key, otherwise, shared } => {
                let (chain, key) = (chain(shared), text(key)?);
                // What this run remembers since its last commit is not in the database yet.
                let own = self.also.memory.iter().rev().find(|one| (&one.chain, &one.key) == (&chain, &key));
                let found = match own {
                    Some(one) => one.value.clone(),
                    None => store.memory_get(chain.as_ref(), &key).await.map_err(Problem::from)?,
                };
                Ok(Worked::Gives(found.unwrap_or_else(|| otherwise.clone())))
            }
            Ready::Lookup { table, key, otherwise } => {
                let found = store.lookup_get(table, &text(key)?).await.map_err(Problem::from)?;
                Ok(Worked::Gives(found.unwrap_or_else(|| otherwise.clone())))
            }
            Ready::Link { name, source, target } => {
                let link = RecordLink { name: name.clone(), source: text(source)?, target: text(target)? };
                let told = json!({ "source": link.source, "target": link.target });
                if !self.run.dry_run {
                    self.also.links.push(link);
                }
                Ok(Worked::Gives(told))
            }
            Ready::Linked { name, source } => {
                let source = text(source)?;
                let own = self.also.links.iter().rev().find(|l| (&l.name, &l.source) == (name, &source));
                let found = match own {
                    Some(link) => Some(link.target.clone()),
                    None => store.link(&self.run.chain_id, name, &source).await.map_err(Problem::from)?,
                };
                Ok(Worked::Gives(found.map_or(Value::Null, |target| json!({ "target": target }))))
            }
            ready => ready.work(scope, || live.params(scope)),
        }
    }

    /// Notes for what an item waits.
    pub(super) async fn begin(&mut self, step: usize, item: u32) {
        let scope = self.scope(step, item);
        let seen = scope.seen();
        let id = self.live.plan.steps[step].id.clone();
        let now = self.runner.clock.now();
        let fact = match &self.live.steps[step].does {
            // Nothing is sent in a dry run: there is nothing to wait for or to approve.
            Does::Logic(Ready::Wait { .. } | Ready::Delivery { .. } | Ready::Approval { .. })
                if self.run.dry_run =>
            {
                Ok(Fact::Computed { step: id, results: vec![(item, Value::Null)] })
            }
            Does::Logic(Ready::Wait { seconds, until }) => wait_until(*seconds, until.as_ref(), seen, now)
                .map(|until| Fact::Waiting { step: id, item, until }),
            Does::Logic(Ready::Delivery { within, .. }) => {
                let until = now + Duration::from_secs(*within);
                self.ties(step, seen).map(|_| Fact::Awaited { step: id, item, until })
            }
            Does::Logic(Ready::Approval { question, within }) => {
                let until = within.map(|seconds| now + Duration::from_secs(seconds));
                let question = question.text(seen).map_err(Problem::from);
                question.map(|question| Fact::Asked { step: id, item, question, until })
            }
            Does::Logic(Ready::Chain(name)) => {
                let input = self.live.steps[step].params(seen);
                match input {
                    Ok(_) if self.runner.recorded.is_some() => {
                        Ok(Fact::ChainStarted { step: id, item, run: RunId::generate() })
                    }
                    Ok(input) => self.child(name, input, now).await.map(|child| {
                        let run = child.id.clone();
                        self.also
                            .runs
                            .push((child, self.narrows().into_iter().chain(self.limits(step)).collect()));
                        Fact::ChainStarted { step: id, item, run }
                    }),
                    Err(problem) => Err(problem),
                }
            }
            _ => Err(Problem::new(Code::Internal).detail("a step was to wait that does not")),
        };
        self.keep(scope);
        match fact {
            Ok(fact) => self.note(fact),
            Err(problem) => self.give_up(step, item, problem),
        }
    }

    /// How long the run of another chain may take that a step runs. What a person is waited for there does not
    /// count, so the other run itself looks at the time.
    fn limits(&self, step: usize) -> Option<Fact> {
        let own = self.run.snapshot.all_steps().nth(step)?;
        own.policy.inner_ms().map(|allowed_ms| Fact::Limited { allowed_ms })
    }

    /// The run of another chain that does an item.
    async fn child(&self, name: &str, input: Value, now: Timestamp) -> Result<Run, Problem> {
        let version = others::version(&self.runner.store, name).await?;
        let path = self.path();
        others::may_follow(&path, &version.id, name)?;
        let (kind, of) = (OriginKind::Step, Some(self.run.id.clone()));
        // Nobody watches it either.
        let counted = self.run.origin.is_counted();
        Ok(Run {
            id: RunId::generate(),
            chain_id: version.id,
            chain_version: version.version,
            chain_hash: version.hash,
            snapshot: version.chain,
            input,
            dry_run: self.run.dry_run,
            state: RunState::Queued,
            boot: None,
            origin: RunOrigin { kind, of, path, counted, ..RunOrigin::default() },
            created_at: now,
            finished_at: None,
        })
    }

    /// Waits for runs of other chains that nobody waits for yet.
    pub(super) fn follow(&mut self) {
        let fresh: Vec<_> = self
            .progress
            .children
            .iter()
            .filter(|(place, _)| !self.followed.contains(*place))
            .map(|((step, item), run)| (*step, *item, run.clone()))
            .collect();
        for (step, item, run) in fresh {
            self.follow_one(step, item, run, Duration::ZERO);
        }
        self.stop_others();
    }

    /// Stops the runs of other chains that it waits for, once it was stopped itself or has taken too long.
    fn stop_others(&mut self) {
        let plan = &self.live.plan;
        let late = self.progress.timed_out.then_some(plan.late_undoes);
        let Some(undo) = self.progress.stop.or(late) else { return };
        for (place, run) in &self.progress.children {
            let open = matches!(self.progress.item(place.0, place.1), Some(ItemProgress::Child(_)));
            if open && self.runner.recorded.is_none() && self.stopped.insert(*place) {
                self.runner.stops.ask(run.clone(), undo);
            }
        }
    }

    /// Waits for a run of another chain, after a pause.
    fn follow_one(&mut self, step: usize, item: u32, run: RunId, pause: Duration) {
        self.followed.insert((step, item));
        let store = self.runner.store.clone();
        let id = self.live.plan.steps[step].id.clone();
        let recorded = self.runner.recorded.as_ref().map(|recorded| recorded.child(&id, item));
        let rest = self.resting.get(&(step, item)).copied().unwrap_or_default();
        self.spawn(Doing::Follow { step, item }, async move {
            tokio::time::sleep(pause).await;
            let outcome = match recorded {
                Some(outcome) => Ok((outcome, None)),
                None => ended(&store, &run, rest).await,
            };
            match outcome {
                Ok((outcome, changes)) => {
                    let left = changes.map(|changes| (run, changes));
                    Done::Child { step, item, outcome, left }
                }
                Err(rest) => Done::ChildRests { step, item, rest },
            }
        });
    }

    /// Waits anew for the run of another chain that an item waits for.
    pub(super) fn follow_again(&mut self, step: usize, item: u32) {
        self.follow_after(step, item, LOOK);
    }

    fn follow_after(&mut self, step: usize, item: u32, pause: Duration) {
        self.followed.remove(&(step, item));
        if let Some(run) = self.progress.children.get(&(step, item)).cloned() {
            self.follow_one(step, item, run, pause);
        }
    }

    /// Takes in that the run of another chain waits, or goes on, and waits for it anew.
    pub(super) fn child_rests(&mut self, step: usize, item: u32, rest: Rest) {
        match rest {
            Rest::Works => self.resting.remove(&(step, item)),
            Rest::Waits | Rest::Asks => self.resting.insert((step, item), rest),
        };
        self.follow_after(step, item, Duration::ZERO);
    }

    /// Whether all that it does is to wait for runs of other chains, which wait themselves.
    pub(super) fn rests_with_others(&self) -> bool {
        self.only_waits()
            && !self.followed.is_empty()
            && self.followed.iter().all(|place| self.resting.contains_key(place))
    }

    /// Takes in how the run of another chain ended.
    pub(super) fn take_child(&mut self, step: usize, item: u32, outcome: Outcome, left: Option<(RunId, u32)>) {
        self.followed.remove(&(step, item));
        self.resting.remove(&(step, item));
        if matches!(self.progress.item(step, item), Some(ItemProgress::Child(_))) {
            let id = self.live.plan.steps[step].id.clone();
            if let Some((run, changes)) = left {
                self.note(Fact::ChainEnded { step: id.clone(), item, run, changes });
            }
            self.note(Fact::Result { step: id, item, attempt: 0, outcome, took_ms: 0, bytes: 0, next: None });
        }
    }
}

/// Waits for the end of a run and says how it went, and how much stays of what it changed; or how it gets on, as
/// soon as that is not what is known.
async fn ended(store: &Store, id: &RunId, known: Rest) -> Result<(Outcome, Option<u32>), Rest> {
    let mut left = store.runs_left();
    loop {
        match store.run(id).await {
            Ok(Some(run)) if run.state.is_final() => {
                let changes = changes_left(store, &run).await;
                return Ok((outcome(store, &run, changes.unwrap_or_default()).await, changes));
            }
            Ok(Some(run)) if Rest::of(run.state) != known => return Err(Rest::of(run.state)),
            Ok(Some(_)) => {}
            Ok(None) => {
                let problem = Problem::new(Code::NotFound).with("item", format!("The run {id}"));
                return Ok((Outcome::NotDone { problem }, None));
            }
            Err(error) => tracing::warn!(run = %id, %error, "a run that is waited for cannot be read"),
        }
        // The pause is for a wake that was lost.
        let _ = tokio::time::timeout(LOOK, left.changed()).await;
    }
}

/// Whether a run took longer than it might, as far as its journal can be read.
async fn late(store: &Store, run: &Run) -> Option<Late> {
    let mut found = None;
    let take = |entry: JournalEntry| {
        if let Fact::TimedOut { allowed_ms } = entry.fact {
            let by_step = run.snapshot.policy.timeout_ms != Some(allowed_ms);
            found = Some(Late { allowed_ms, by_step });
        }
    };
    journal::each(store, &run.id, take).await.ok()?;
    found
}

/// How much stays of what a run changed, or may have changed, that of the runs of other chains in it too; none where
/// its journal cannot be read.
async fn changes_left(store: &Store, run: &Run) -> Option<u32> {
    let (mut building, mut inner) = (Building::of(run), 0);
    let take = |entry: JournalEntry| {
        if let Fact::ChainEnded { changes, .. } = entry.fact {
            inner += changes;
        }
        building.take(&entry);
    };
    journal::each(store, &run.id, take).await.ok()?;
    let report = building.finish();
    let own = report.steps.iter().filter(|step| step.effect);
    Some(inner + own.map(|step| step.changes.saturating_sub(step.undone) + step.unknown).sum::<u32>())
}

async fn outcome(store: &Store, run: &Run, changes: u32) -> Outcome {
    if !matches!(run.state, RunState::Done | RunState::DoneWithProblems) {
        let why = match late(store, run).await {
            Some(late) => format!("{}.", late_words(late)),
            None => "It did not end well. Its report says why.".to_owned(),
        };
        let why = match changes {
            0 => why,
            1 => format!("{why} One change that it made stays."),
            n => format!("{why} {n} changes that it made stay."),
        };
        let problem = Problem::new(Code::Conflict)
            .with("item", format!("The run of \"{}\"", run.snapshot.name))
            .with("message", why);
        return Outcome::NotDone { problem };
    }
    let Some(last) = run.snapshot.steps.last() else {
        return Outcome::Done { output: Value::Null, output_missing: None };
    };
    let mut output = Value::Null;
    let take = |entry: JournalEntry| match entry.fact {
        Fact::Result { step, outcome: Outcome::Done { output: given, .. }, .. } if step == last.id => {
            output = given;
        }
        Fact::Computed { step, results } if step == last.id => {
            output = results.into_iter().next_back().map_or(Value::Null, |(_, given)| given);
        }
        _ => {}
    };
    match journal::each(store, &run.id, take).await {
        Ok(()) => Outcome::Done { output, output_missing: None },
        Err(error) => Outcome::Done { output: Value::Null, output_missing: Some(error.into()) },
    }
}
