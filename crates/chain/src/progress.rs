//! What the journal says of a run: a fold over its facts. Pure.

mod after;
mod inner;
mod lock;
mod meter;
mod pages;
mod sent;
mod undoing;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use patchbay_model::problem::Problem;
use patchbay_model::run::{Decision, Fact, JournalEntry, Outcome, Remains, RunState, Stood, UndoOutcome, Why};
use patchbay_model::{RunId, StepId, Timestamp};

use self::after::{after_deferral, after_result, is_progress};
pub use self::inner::Inner;
use self::meter::Meter;
pub use self::sent::{Doubt, Sent};
pub(crate) use self::undoing::may_have_happened;
use self::undoing::undo_outcome;
pub use self::undoing::{UndoProgress, UndoSent};
use crate::calls::Attempts;
use crate::items::Items;
use crate::machine::waits_for_person;
use crate::plan::Plan;

/// The state of a run, as its journal tells it.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Per step of the plan, in order.
    pub steps: Vec<StepProgress>,
    /// An engine took the run up.
    pub begun: bool,
    /// Each list gives its first so many items.
    pub limit: Option<u32>,
    /// The check ended.
    pub checked: bool,
    /// The check found a blocker.
    pub blocked: bool,
    /// How long it has taken.
    pub(crate) meter: Meter,
    /// How long it may take beside what its chain says, in milliseconds: it is a part of another run.
    pub allowed_ms: Option<u64>,
    /// It took longer than it was allowed to.
    pub timed_out: bool,
    /// The user asked to stop, and whether to undo.
    pub stop: Option<bool>,
    /// How the main part ended; what comes now tidies up.
    pub ended: Option<RunState>,
    /// The user asked to stop while it tidied up.
    pub stop_tidying: bool,
    /// The run ended.
    pub finished: Option<RunState>,
    /// How it had ended when the user asked to undo what it did.
    pub taken_back: Option<RunState>,
    /// The user holds it.
    pub paused: bool,
    /// The effects of the day are used up: the user is asked.
    pub held: bool,
    /// The user let it go on in spite of that.
    pub lifted: bool,
    /// Engine starts that took the run up again and got nowhere: since the last one, nothing was
    /// learned, and there was something to do.
    pub idle_recoveries: u32,
    /// That has happened too often: the user is asked.
    pub stuck: bool,
    /// Items that wait for a delivery.
    pub awaited: BTreeSet<(usize, u32)>,
    /// Events that were such a delivery.
    pub arrived: BTreeSet<u64>,
    /// Runs that steps of this one wait for.
    pub children: BTreeMap<(usize, u32), RunId>,
    /// Those and the ones that have ended.
    pub inner: BTreeMap<(usize, u32), Inner>,
    /// Earlier runs of other chains that did a part of an item.
    pub begun_before: BTreeMap<(usize, u32), (RunId, Remains)>,
    /// What was there before steps of this one changed it, as far as their undo needs it.
    pub befores: BTreeMap<(usize, u32), Value>,
    /// Items of which nobody knew for a while whether an attempt had happened, and somebody said that it had not.
    pub once_in_doubt: BTreeSet<(usize, u32)>,
    /// Undos that were sent and of which nobody knows whether they happened, with when the key lives from that
    /// they were sent with: what is said to a later attempt proves nothing of that one.
    pub undos_in_doubt: BTreeMap<(usize, u32), Timestamp>,
    /// How often an undo that was answered with a failure is to be tried once more, where it is.
    pub undone_anew: BTreeMap<(usize, u32), u32>,
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct StepProgress {
    /// Set once the step's items are known.
    pub items: Option<Items>,
    /// For a list that comes in pages: the number of the first item of each page, among all.
    pub starts: Vec<u32>,
    /// For such a list: where it goes on after its last page.
    pub next: Option<Value>,
    /// For a step that goes through items that another step made of items: the item that each was made
    /// of.
    pub parents: Vec<u32>,
    /// What stands of items whose numbers are known once the step begins, by their [names](crate::lineage).
    pub stands: BTreeMap<String, Stood>,
}

/// One item of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemProgress {
    /// Nothing sent yet.
    Fresh,
    /// Sent by this engine start; the answer is awaited.
    InFlight(Sent),
    /// Sent, and nothing says what became of it.
    Doubt(Doubt),
    /// Another try waits.
    Deferred {
        /// The attempt that failed.
        attempt: u32,
        /// How many failures count against the tries.
        counted: u32,
        /// Those that left this computer.
        left: Attempts,
        /// When that was written down: a clock that says an earlier time was put back since.
        since: Timestamp,
        /// When the next one is due.
        until: Timestamp,
        /// Why the last one failed.
        problem: Problem,
    },
    /// It waits for a time.
    Waiting {
        /// When it goes on.
        until: Timestamp,
    },
    /// It waits for a delivery.
    Awaiting {
        /// When it has failed.
        until: Timestamp,
    },
    /// The user is asked whether it goes on.
    Asking {
        /// When it counts as refused.
        until: Option<Timestamp>,
    },
    /// A run of another chain does it.
    Child(RunId),
    /// It happened.
    Done {
        /// The result.
        output: Value,
        /// Its answer was lost.
        output_missing: bool,
        /// What became of its undo.
        undo: UndoProgress,
    },
    /// An earlier run did it; nothing of it is done or undone here.
    Kept(Value),
    /// It certainly did not happen, and will not.
    NotDone(Problem),
    /// It does not fit; nothing was sent.
    Quarantined(Problem),
    /// It was left out.
    LeftOut(Why),
    /// A dry run showed it.
    Shown,
}

impl ItemProgress {
    /// Whether nothing more will happen to it but an undo.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Fresh
            | Self::InFlight(_)
            | Self::Doubt(_)
            | Self::Deferred { .. }
            | Self::Waiting { .. }
            | Self::Awaiting { .. }
            | Self::Asking { .. }
            | Self::Child(_) => false,
            Self::Done { .. }
            | Self::Kept(_)
            | Self::NotDone(_)
            | Self::Quarantined(_)
            | Self::LeftOut(_)
            | Self::Shown => true,
        }
    }

    /// Its result, where it has one.
    pub fn output(&self) -> Option<&Value> {
        match self {
            Self::Done { output, output_missing: false, .. } | Self::Kept(output) => Some(output),
            _ => None,
        }
    }

    /// Whether it failed or did not fit.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::NotDone(_) | Self::Quarantined(_))
    }
}

impl Progress {
    /// Nothing has happened.
    pub fn new(plan: &Plan) -> Self {
        Self {
            steps: vec![StepProgress::default(); plan.steps.len()],
            begun: false,
            limit: None,
            checked: false,
            blocked: false,
            meter: Meter::default(),
            allowed_ms: None,
            timed_out: false,
            stop: None,
            ended: None,
            stop_tidying: false,
            finished: None,
            taken_back: None,
            paused: false,
            held: false,
            lifted: false,
            idle_recoveries: 0,
            stuck: false,
            awaited: BTreeSet::new(),
            arrived: BTreeSet::new(),
            children: BTreeMap::new(),
            inner: BTreeMap::new(),
            begun_before: BTreeMap::new(),
            befores: BTreeMap::new(),
            once_in_doubt: BTreeSet::new(),
            undos_in_doubt: BTreeMap::new(),
            undone_anew: BTreeMap::new(),
        }
    }

    /// Folds a whole journal.
    pub fn replay<'j>(plan: &Plan, journal: impl IntoIterator<Item = &'j JournalEntry>) -> Self {
        let mut progress = Self::new(plan);
        for entry in journal {
            progress.apply(plan, entry.at, &entry.fact);
        }
        progress
    }

    /// Takes in what a fact says but for the time. Facts that do not fit (a step that the plan lacks) are passed
    /// over: the journal is the truth, and a reader must not fall over it.
    fn take(&mut self, plan: &Plan, at: Timestamp, fact: &Fact) {
        if is_progress(fact) {
            self.idle_recoveries = 0;
            self.stuck = false;
        }
        match fact {
            Fact::Started { recovered, .. } => {
                self.begun = true;
                if *recovered {
                    self.idle_recoveries += u32::from(!self.is_resting(at));
                    self.orphan_everything();
                }
            }
            Fact::Narrowed(narrowed) => self.limit = narrowed.items,
            Fact::Limited { allowed_ms } => self.allowed_ms = Some(*allowed_ms),
            // The meter takes it in.
            Fact::Idle { .. } => {}
            Fact::Checked { findings } => {
                self.checked = true;
                self.blocked = findings.iter().any(|f| f.level == patchbay_model::Level::Blocker);
            }
            Fact::StepOpened { step, items } => {
                if let Some(index) = plan.index(step) {
                    self.steps[index].items = Some(Items::fresh(*items));
                    self.steps[index].parents = self.parents(plan, index);
                }
            }
            Fact::Intent { step, item, attempt, effect, before, .. } => {
                if let (Some(index), Some(before)) = (plan.index(step), before) {
                    self.befores.insert((index, *item), before.clone());
                }
                self.change(plan, step, *item, |slot| {
                    Some(ItemProgress::InFlight(Sent::after(slot, *attempt, *effect, at)))
                });
            }
            Fact::Result { step, item, outcome, next, .. } => {
                let backoff = plan.index(step).map_or(0, |i| plan.steps[i].policy.backoff_ms);
                self.leave(plan, step, *item);
                self.change(plan, step, *item, |slot| Some(after_result(slot, outcome, at, backoff)));
                if let Some(index) = plan.index(step) {
                    if matches!(outcome, Outcome::Done { .. }) {
                        self.steps[index].next.clone_from(next);
                    }
                    self.page(plan, index, *item, next.is_some());
                }
            }
            Fact::Computed { step, results } => {
                for (item, output) in results {
                    self.change(plan, step, *item, |_| Some(done(output.clone())));
                }
            }
            Fact::LeftOut { step, items, why } => {
                for item in items {
                    self.change(plan, step, *item, |_| Some(ItemProgress::LeftOut(*why)));
                }
            }
            Fact::Kept { step, item, outcome, next } => {
                self.change(plan, step, *item, |slot| {
                    Some(match outcome {
                        Outcome::Done { output, .. } => ItemProgress::Kept(output.clone()),
                        outcome => after_result(slot, outcome, at, 0),
                    })
                });
                if let Some(index) = plan.index(step) {
                    self.steps[index].next.clone_from(next);
                    self.kept_page(plan, index, *item);
                }
            }
            Fact::Stands { step, name, stood } => {
                if let Some(index) = plan.index(step) {
                    self.steps[index].stands.insert(name.clone(), stood.clone());
                }
            }
            Fact::Deferred { step, item, attempt, until, problem, .. } => {
                let when = (at, *until);
                self.change(plan, step, *item, |slot| Some(after_deferral(slot, *attempt, when, problem)));
            }
            Fact::Waiting { step, item, until } => {
                self.change(plan, step, *item, |_| Some(ItemProgress::Waiting { until: *until }));
            }
            Fact::Awaited { step, item, until } => {
                if let Some(index) = plan.index(step) {
                    self.awaited.insert((index, *item));
                }
                self.change(plan, step, *item, |_| Some(ItemProgress::Awaiting { until: *until }));
            }
            Fact::Arrived { step, item, event, output } => {
                self.leave(plan, step, *item);
                self.arrived.insert(*event);
                self.change(plan, step, *item, |_| Some(done(output.clone())));
            }
            Fact::Asked { step, item, until, .. } => {
                self.change(plan, step, *item, |_| Some(ItemProgress::Asking { until: *until }));
            }
            Fact::Answered { step, item, approved, .. } => self.change(plan, step, *item, |slot| {
                matches!(slot, ItemProgress::Asking { .. }).then(|| match approved {
                    true => done(Value::Bool(true)),
                    false => ItemProgress::LeftOut(Why::Refused),
                })
            }),
            Fact::ChainStarted { step, item, run, .. } => {
                self.chain_started(plan, step, *item, run);
                self.change(plan, step, *item, |_| Some(ItemProgress::Child(run.clone())));
            }
            Fact::ChainEnded { step, item, run, changes } => {
                self.chain_ended(plan, step, *item, (run, *changes));
            }
            Fact::ChainBefore { step, item, run, remains } => {
                self.chain_before(plan, step, *item, (run, *remains));
            }
            Fact::ChainUndo { step, item, .. } => self.chain_undo(plan, step, *item, UndoProgress::Passed),
            Fact::Resolved { step, item, decision, output, .. } => match decision {
                Decision::Happened => self.change(plan, step, *item, |_| {
                    Some(ItemProgress::Done {
                        output: output.clone().unwrap_or(Value::Null),
                        output_missing: output.is_none(),
                        undo: UndoProgress::None,
                    })
                }),
                Decision::NotHappened => {
                    self.once_in_doubt.extend(plan.index(step).map(|index| (index, *item)));
                    self.change(plan, step, *item, |slot| {
                        let (attempt, left) = match slot {
                            ItemProgress::Doubt(d) => (d.sent.attempt, d.sent.left),
                            _ => Default::default(),
                        };
                        let problem = Problem::new(patchbay_model::Code::UnknownOutcome);
                        Some(ItemProgress::Deferred {
                            attempt,
                            counted: 0,
                            left,
                            since: at,
                            until: at,
                            problem,
                        })
                    });
                }
                Decision::Undo if self.ended.is_some() => self.stop_tidying = true,
                Decision::Undo => self.stop = Some(true),
            },
            Fact::StopRequested { .. } if self.ended.is_some() => {
                self.stop_tidying = true;
                self.go_on();
            }
            Fact::StopRequested { undo } => {
                // Who stops a run while an undo waits wants an end of the wait.
                let waits = self.undo_waits().is_some() || self.undone_inside().next().is_some();
                self.stop = Some(*undo || (self.stop == Some(true) && !waits));
                self.go_on();
            }
            Fact::UndoRequested => {
                // What it tidied up stands: nothing but the undo is left to do.
                if let Some(finished) = self.finished.take() {
                    self.taken_back = Some(finished);
                }
                self.ended = None;
                self.stop = Some(true);
                self.go_on();
            }
            // As if it had not been tried: what is undone meanwhile stays so.
            Fact::UndoAgain { step, item } => {
                if let Some(index) = plan.index(step)
                    && !self.undos_in_doubt.contains_key(&(index, *item))
                    && let Some(ItemProgress::Done { undo, .. }) = self.item(index, *item)
                    && matches!(undo, UndoProgress::Over(UndoOutcome::Failed { .. }))
                {
                    *self.undone_anew.entry((index, *item)).or_default() += 1;
                }
                self.change_undo(plan, step, *item, UndoProgress::None);
            }
            Fact::UndoIntent { step, item, attempt, .. } => {
                let index = plan.index(step);
                // What is sent again although its key has died gives the key a new life.
                let doubted = index.and_then(|index| {
                    let first = self.undos_in_doubt.get(&(index, *item)).copied()?;
                    plan.steps[index].undo?.is_recognised(first, at).then_some(first)
                });
                self.revise_undo(plan, step, *item, |undo| undo.announced(*attempt, at, doubted));
            }
            Fact::UndoDeferred { step, item, attempt, until, problem, unknown, .. } => {
                self.doubt_undo(plan, step, *item, at, *unknown);
                self.revise_undo(plan, step, *item, |undo| undo.put_off(*attempt, (at, *until), problem));
            }
            Fact::UndoResult { step, item, outcome, took_ms } => {
                let slot = plan.index(step).and_then(|index| self.item(index, *item));
                let outcome = undo_outcome(slot, outcome, *took_ms);
                match &outcome {
                    UndoOutcome::Failed { unknown, .. } => self.doubt_undo(plan, step, *item, at, *unknown),
                    UndoOutcome::Undone | UndoOutcome::ByHand => {
                        self.undos_in_doubt
                            .retain(|place, _| Some(place.0) != plan.index(step) || place.1 != *item);
                    }
                    UndoOutcome::Impossible => {}
                }
                self.change_undo(plan, step, *item, UndoProgress::Over(outcome));
            }
            Fact::Stuck { .. } => self.stuck = true,
            Fact::Paused => self.paused = true,
            Fact::Held { .. } => self.held = true,
            Fact::TimedOut { .. } => self.timed_out = true,
            Fact::Resumed => {
                self.lifted |= self.held;
                self.go_on();
            }
            Fact::Ended { state } => self.ended = Some(*state),
            Fact::Finished { state } => self.finished = Some(*state),
        }
    }

    fn go_on(&mut self) {
        self.paused = false;
        self.held = false;
    }

    /// Puts an item into the state that follows from the one it is in.
    fn change(
        &mut self,
        plan: &Plan,
        step: &StepId,
        item: u32,
        next: impl FnOnce(&ItemProgress) -> Option<ItemProgress>,
    ) {
        let items = plan.index(step).and_then(|index| self.steps.get_mut(index)?.items.as_mut());
        if let Some(items) = items
            && let Some(next) = items.get(item).and_then(next)
        {
            items.set(item, next);
        }
    }

    /// An item waits for nothing any more.
    fn leave(&mut self, plan: &Plan, step: &StepId, item: u32) {
        if let Some(index) = plan.index(step) {
            self.awaited.remove(&(index, item));
            self.children.remove(&(index, item));
        }
    }

    /// Whether everything that is open waits for a later time: then an engine that ended has missed
    /// nothing.
    fn is_resting(&self, now: Timestamp) -> bool {
        if self.paused || self.held || !self.children.is_empty() || self.undone_inside().next().is_some() {
            return true;
        }
        // One undo at a time: everything else waits for it.
        if let Some((until, problem)) = self.undo_waits() {
            return until > now || waits_for_person(problem.code());
        }
        let items = self.steps.iter().filter_map(|s| s.items.as_ref()).flat_map(Items::open);
        let mut open = items.peekable();
        open.peek().is_some()
            && open.all(|(_, item)| match item {
                // Starts that only find it locked again get nowhere because of that, and not because of the run.
                ItemProgress::Deferred { problem, .. } if waits_for_person(problem.code()) => true,
                ItemProgress::Deferred { until, .. }
                | ItemProgress::Waiting { until }
                | ItemProgress::Awaiting { until } => *until > now,
                ItemProgress::Asking { until } => until.is_none_or(|until| until > now),
                ItemProgress::Doubt(doubt) => doubt.not_before.is_some_and(|at| at > now),
                _ => false,
            })
    }

    /// What the dead engine had under way is in doubt now.
    fn orphan_everything(&mut self) {
        for (step, items) in self.steps.iter().enumerate().filter_map(|(at, s)| Some((at, s.items.as_ref()?))) {
            let doubts = (0_u32..).zip(items.iter()).filter_map(|(item, slot)| match slot {
                ItemProgress::Done { undo: UndoProgress::InFlight(sent), .. } => {
                    Some(((step, item), sent.first_at))
                }
                _ => None,
            });
            self.undos_in_doubt.extend(doubts);
        }
        for items in self.steps.iter_mut().filter_map(|s| s.items.as_mut()) {
            items.revise(|item| match item {
                ItemProgress::InFlight(sent) => Some(ItemProgress::Doubt(Doubt {
                    sent: sent.clone(),
                    problem: None,
                    asked: 0,
                    not_before: None,
                })),
                ItemProgress::Done { output, output_missing, undo: UndoProgress::InFlight(sent) } => {
                    Some(ItemProgress::Done {
                        output: output.clone(),
                        output_missing: *output_missing,
                        undo: UndoProgress::Doubt(*sent),
                    })
                }
                _ => None,
            });
        }
    }

    /// The results of a step: of one item, or of all.
    pub fn outputs(&self, step: usize) -> impl Iterator<Item = Option<&Value>> {
        self.steps[step].items.iter().flat_map(Items::iter).map(ItemProgress::output)
    }

    /// One item of a step.
    pub fn item(&self, step: usize, item: u32) -> Option<&ItemProgress> {
        self.steps.get(step)?.items.as_ref()?.get(item)
    }
}

/// Done, with a result.
pub(crate) fn done(output: Value) -> ItemProgress {
    ItemProgress::Done { output, output_missing: false, undo: UndoProgress::None }
}
