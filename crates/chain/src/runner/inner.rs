//! Runs of other chains that steps run: begun, waited for, stopped with the run that they are a part of, and asked to
//! undo what they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, Run, RunState, UndoOutcome};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{RunId, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc;

use super::ended::{self, Ended, LOOK};
use super::idle::Rest;
use super::{Doing, Done, Execution, Live, others};
use crate::again::{Earlier, Part};
use crate::journal;
use crate::progress::ItemProgress;

/// Says what is wished of runs that are a part of others; whoever works on them hears it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Parts(mpsc::UnboundedSender<Wish>);

/// What is wished of a run that is a part of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to be stopped, because the run that it is a part of was.
    Stop {
        /// The run.
        run: RunId,
        /// Whether to undo what it did.
        undo: bool,
    },
    /// It has something to do again: its journal says what.
    Work {
        /// The run.
        run: RunId,
    },
}

impl Parts {
    /// With the end at which the wishes arrive.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Wish>) {
        let (wishes, arrive) = mpsc::unbounded_channel();
        (Self(wishes), arrive)
    }

    pub(super) fn ask(&self, wish: Wish) {
        // Where nobody hears it the program ends; the next start asks again.
        let _ = self.0.send(wish);
    }
}

/// The runs of other chains that are waited for, by the item that they do.
#[derive(Default)]
pub(super) struct Following {
    /// Somebody waits for them.
    followed: BTreeSet<(usize, u32)>,
    /// How those of them get on that wait themselves.
    resting: BTreeMap<(usize, u32), Rest>,
    /// They were asked to stop.
    stopped: BTreeSet<(usize, u32)>,
    /// They were asked to undo what they changed.
    asked: BTreeSet<(usize, u32)>,
}

impl Following {
    /// How many are waited for.
    pub(super) fn len(&self) -> usize {
        self.followed.len()
    }

    /// Whether some are waited for, and all of them get on like that.
    pub(super) fn all_rest(&self, like: impl Fn(Option<&Rest>) -> bool) -> bool {
        !self.followed.is_empty() && self.followed.iter().all(|place| like(self.resting.get(place)))
    }
}

impl Execution<'_> {
    /// How long the run of another chain may take that a step runs. What a person is waited for there does not
    /// count, so the other run itself looks at the time.
    fn limits(&self, step: usize) -> Option<Fact> {
        let own = self.run.snapshot.all_steps().nth(step)?;
        own.policy.inner_ms().map(|allowed_ms| Fact::Limited { allowed_ms })
    }

    /// The run of another chain that does an item, with what its journal begins with.
    pub(super) async fn child(
        &self,
        (step, item): (usize, u32),
        name: &str,
        input: Value,
        now: Timestamp,
    ) -> Result<(Run, Vec<Fact>), Problem> {
        let (mut run, mut facts) = match self.progress.begun(step, item) {
            Some(earlier) => self.rest_of(earlier).await?,
            None => self.anew(name, input).await?,
        };
        facts.extend(self.limits(step));
        run.id = RunId::generate();
        run.dry_run = self.run.dry_run;
        (run.state, run.boot) = (RunState::Queued, None);
        (run.created_at, run.finished_at) = (now, None);
        run.origin.kind = OriginKind::Step;
        run.origin.of = Some(self.run.id.clone());
        run.origin.path = self.path();
        // Nobody watches it either.
        run.origin.counted = self.run.origin.is_counted();
        Ok((run, facts))
    }

    /// The other chain as a whole.
    async fn anew(&self, name: &str, input: Value) -> Result<(Run, Vec<Fact>), Problem> {
        let version = others::version(&self.runner.store, name).await?;
        others::may_follow(&self.path(), &version.id, name)?;
        let run = Run {
            id: RunId::generate(),
            chain_id: version.id,
            chain_version: version.version,
            chain_hash: version.hash,
            snapshot: version.chain,
            input,
            dry_run: self.run.dry_run,
            state: RunState::Queued,
            boot: None,
            origin: RunOrigin::default(),
            created_at: self.runner.clock.now(),
            finished_at: None,
        };
        Ok((run, self.narrows().into_iter().collect()))
    }

    /// What failed of an earlier run of the other chain: what it did stands.
    async fn rest_of(&self, earlier: &RunId) -> Result<(Run, Vec<Fact>), Problem> {
        let store = &self.runner.store;
        let conflict = |message: String| {
            let item = format!("The run {earlier} of another chain");
            Problem::new(Code::Conflict).with("item", item).with("message", message)
        };
        let old = store.run(earlier).await.map_err(Problem::from)?.ok_or_else(|| {
            conflict("It is gone: nothing says what of it stands. Run this run again as a whole.".to_owned())
        })?;
        if !old.state.is_final() {
            return Err(conflict("It has not ended yet.".to_owned()));
        }
        if let Some(other) = store.run_that_goes_on(&old).await.map_err(Problem::from)? {
            return Err(conflict(format!("What failed of it was run by {other}.")));
        }
        let live = Live::prepare(self.runner, &old).await;
        let live =
            live.map_err(|problems| problems.into_iter().next().unwrap_or_else(|| Code::Internal.into()))?;
        let mut before = Earlier::for_part(&live.plan, &Part::Failed);
        journal::each(store, earlier, |entry| before.take(entry)).await.map_err(Problem::from)?;
        let facts = before.kept(&old, &Part::Failed)?;
        if store.run(earlier).await.map_err(Problem::from)?.is_none() {
            return Err(conflict("It was tidied away meanwhile. Run this run again as a whole.".to_owned()));
        }
        let origin = RunOrigin { goes_on: Some(earlier.clone()), ..RunOrigin::default() };
        Ok((Run { origin, ..old }, facts))
    }

    /// Waits for runs of other chains that nobody waits for yet.
    pub(super) fn follow(&mut self) {
        let works = self.progress.children.iter().map(|(place, run)| (*place, run, false));
        let undoes = self.progress.undone_inside().map(|(place, run)| (place, run, true));
        let fresh = works.chain(undoes).filter(|(place, ..)| !self.inner.followed.contains(place));
        let fresh: Vec<_> = fresh.map(|(place, run, undoes)| (place, run.clone(), undoes)).collect();
        for ((step, item), run, undoes) in fresh {
            if undoes {
                // It may have been stopped before: that was another wish.
                self.inner.stopped.remove(&(step, item));
            }
            self.follow_one(step, item, run, Duration::ZERO);
        }
        self.stop_others();
    }

    /// Stops the runs of other chains that it waits for, once it was stopped itself or has taken too long; those that
    /// undo, once nothing is to be undone any more.
    fn stop_others(&mut self) {
        let plan = &self.live.plan;
        let late = self.progress.timed_out.then_some(plan.late_undoes);
        let Some(undo) = self.progress.stop.or(late) else { return };
        let open =
            |place: &(usize, u32)| matches!(self.progress.item(place.0, place.1), Some(ItemProgress::Child(_)));
        let works = self.progress.children.iter().filter(|(place, _)| open(place));
        let undoes = self.progress.undone_inside().filter(|_| !undo);
        for (place, run) in works.map(|(place, run)| (*place, run)).chain(undoes) {
            if self.runner.recorded.is_none() && self.inner.stopped.insert(place) {
                self.runner.parts.ask(Wish::Stop { run: run.clone(), undo });
            }
        }
    }

    /// Waits for a run of another chain, after a pause.
    fn follow_one(&mut self, step: usize, item: u32, run: RunId, pause: Duration) {
        let place = (step, item);
        self.inner.followed.insert(place);
        let (store, parts, asking) =
            (self.runner.store.clone(), self.runner.parts.clone(), self.runner.asking.clone());
        let id = self.live.plan.steps[step].id.clone();
        let recorded = self.runner.recorded.clone();
        let rest = self.inner.resting.get(&place).copied().unwrap_or_default();
        let undoes = self.progress.undone_inside().any(|(other, _)| other == place);
        let asked = undoes && !self.inner.asked.insert(place);
        self.spawn(Doing::Follow { step, item }, async move {
            tokio::time::sleep(pause).await;
            let ended = match (recorded, undoes) {
                (Some(recorded), true) => Ok(Ended::undone_as(&recorded.undo(&id, item).outcome)),
                (Some(recorded), false) => Ok(Ended::Worked(recorded.child(&id, item))),
                (None, true) => ended::undone(&store, (&asking, &parts), &run, (rest, asked)).await,
                (None, false) => ended::worked(&store, &asking, &run, rest).await,
            };
            match ended {
                Ok(ended) => Done::Child { step, item, run, ended },
                Err(rest) => Done::ChildRests { step, item, rest },
            }
        });
    }

    /// Waits anew for the run of another chain that an item waits for.
    pub(super) fn follow_again(&mut self, step: usize, item: u32) {
        self.follow_after(step, item, LOOK);
    }

    fn follow_after(&mut self, step: usize, item: u32, pause: Duration) {
        let place = (step, item);
        self.inner.followed.remove(&place);
        let undoes = || self.progress.undone_inside().find(|(other, _)| *other == place).map(|(_, run)| run);
        if let Some(run) = self.progress.children.get(&place).or_else(undoes).cloned() {
            self.follow_one(step, item, run, pause);
        }
    }

    /// Takes in that the run of another chain waits, or goes on, and waits for it anew.
    pub(super) fn child_rests(&mut self, step: usize, item: u32, rest: Rest) {
        match rest {
            Rest::Works => self.inner.resting.remove(&(step, item)),
            Rest::Waits | Rest::Asks => self.inner.resting.insert((step, item), rest),
        };
        self.follow_after(step, item, Duration::ZERO);
    }

    /// Whether all that it does is to wait for runs of other chains, which wait themselves.
    pub(super) fn rests_with_others(&self) -> bool {
        self.only_waits() && self.inner.all_rest(|rest| rest.is_some())
    }

    /// Takes in how the run of another chain ended.
    pub(super) fn take_child(&mut self, step: usize, item: u32, run: RunId, ended: Ended) {
        let place = (step, item);
        self.inner.followed.remove(&place);
        self.inner.resting.remove(&place);
        let id = self.live.plan.steps[step].id.clone();
        let changes = |changes| Fact::ChainEnded { step: id.clone(), item, run, changes };
        match ended {
            Ended::Worked((outcome, left))
                if matches!(self.progress.item(step, item), Some(ItemProgress::Child(_))) =>
            {
                if let Some(fact) = left.map(changes) {
                    self.note(fact);
                }
                self.note(Fact::Result {
                    step: id,
                    item,
                    attempt: 0,
                    outcome,
                    took_ms: 0,
                    bytes: 0,
                    next: None,
                });
            }
            Ended::Undone((outcome, left))
                if self.progress.undone_inside().any(|(other, _)| other == place) =>
            {
                self.inner.asked.remove(&place);
                if let Some(fact) = left.map(changes) {
                    self.note(fact);
                }
                let outcome = match outcome {
                    UndoOutcome::Failed { problem, unknown } => {
                        UndoOutcome::Failed { problem: self.could_not_undo(step, &problem), unknown }
                    }
                    outcome => outcome,
                };
                self.note(Fact::UndoResult { step: id, item, outcome, took_ms: None });
            }
            Ended::Worked(_) | Ended::Undone(_) => {}
        }
    }
}
