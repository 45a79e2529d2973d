//! Runs of other chains that steps run: begun, waited for, stopped with the run that they are a part of, and asked to
//! undo what they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::RunId;
use patchbay_model::run::{Fact, UndoOutcome};
use tokio::sync::mpsc;

use super::ended::{self, Ended, LOOK};
use super::idle::Rest;
use super::{Doing, Done, Execution};
use crate::progress::ItemProgress;

/// Says what is wished of runs that are a part of others; whoever works on them hears it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Parts {
    wishes: mpsc::UnboundedSender<Wish>,
    /// Ended runs that somebody is about to go on from.
    gone_on_from: Arc<Mutex<BTreeSet<RunId>>>,
}

/// Keeps others from going on from the same run, until the run that does is there for all to see.
#[derive(Debug)]
pub struct Claim {
    run: RunId,
    all: Arc<Mutex<BTreeSet<RunId>>>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
    }
}

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
        (Self { wishes, gone_on_from: Arc::default() }, arrive)
    }

    /// Claims to go on from a run that has ended. None where somebody else does already.
    pub fn claim(&self, run: &RunId) -> Option<Claim> {
        let fresh = self.gone_on_from.lock().unwrap_or_else(PoisonError::into_inner).insert(run.clone());
        fresh.then(|| Claim { run: run.clone(), all: self.gone_on_from.clone() })
    }

    pub(super) fn ask(&self, wish: Wish) {
        // Where nobody hears it the program ends; the next start asks again.
        let _ = self.wishes.send(wish);
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
    /// Somebody does not want to wait for what they undo.
    given_up: bool,
    /// The runs that they go on from.
    pub(super) claims: Vec<Claim>,
}

impl Following {
    /// How many are waited for.
    pub(super) fn len(&self) -> usize {
        self.followed.len()
    }

    /// Takes in one more wish to stop: those that were asked before are asked again. A second one while things are
    /// undone ends the wait for that.
    pub(super) fn stop_again(&mut self, undoes: bool) {
        self.stopped.clear();
        self.given_up |= undoes;
    }

    /// Whether some are waited for, and all of them get on like that.
    pub(super) fn all_rest(&self, like: impl Fn(Option<&Rest>) -> bool) -> bool {
        !self.followed.is_empty() && self.followed.iter().all(|place| like(self.resting.get(place)))
    }
}

impl Execution<'_> {
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
        let wish = self.progress.stop.or(late);
        // Time that is over ends no undo: only a person does.
        let gives_up = self.progress.stop == Some(false) || self.inner.given_up;
        let open =
            |place: &(usize, u32)| matches!(self.progress.item(place.0, place.1), Some(ItemProgress::Child(_)));
        let works = self.progress.children.iter().filter(|(place, _)| open(place));
        let works =
            wish.into_iter().flat_map(|undo| works.clone().map(move |(place, run)| (*place, run, undo)));
        let undoes = self.progress.undone_inside().filter(|_| gives_up).map(|(place, run)| (place, run, false));
        for (place, run, undo) in works.chain(undoes) {
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
