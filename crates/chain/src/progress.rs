//! What the journal says of a run: a fold over its facts. Pure.

use serde_json::Value;

use patchbay_model::problem::Problem;
use patchbay_model::run::{Decision, Fact, JournalEntry, Outcome, RunState, UndoOutcome};
use patchbay_model::{StepId, Timestamp};

use crate::plan::Plan;

/// The state of a run, as its journal tells it.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Per step of the plan, in order.
    pub steps: Vec<StepProgress>,
    /// The check ended.
    pub checked: bool,
    /// The check found a blocker.
    pub blocked: bool,
    /// The user asked to stop, and whether to undo.
    pub stop: Option<bool>,
    /// The run ended.
    pub finished: Option<RunState>,
    /// Engine starts that took the run up again and got nowhere: since the last one, nothing was
    /// learned, and there was something to do.
    pub idle_recoveries: u32,
    /// That has happened too often: the user is asked.
    pub stuck: bool,
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct StepProgress {
    /// Set once the step's items are known.
    pub items: Option<Vec<ItemProgress>>,
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
        /// When the next one is due.
        until: Timestamp,
        /// Why the last one failed.
        problem: Problem,
    },
    /// It happened.
    Done {
        /// The result.
        output: Value,
        /// Its answer was lost.
        output_missing: bool,
        /// What became of its undo.
        undo: UndoProgress,
    },
    /// It certainly did not happen, and will not.
    NotDone(Problem),
    /// It does not fit; nothing was sent.
    Quarantined(Problem),
    /// It was left out.
    Skipped,
    /// A dry run showed it.
    Shown,
}

/// A request under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Counts from 1.
    pub attempt: u32,
    /// Failures so far that count against the tries.
    pub counted: u32,
    /// When this attempt's intent was written.
    pub at: Timestamp,
    /// When the first attempt's intent was written: a key lives from then.
    pub first_at: Timestamp,
    /// Whether nobody knows what became of an earlier attempt. Then a refusal of this one proves
    /// nothing: the earlier one may have happened.
    pub doubted: bool,
}

/// A request of which nobody knows what became.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// What was sent.
    pub sent: Sent,
    /// What was seen; none where the engine died.
    pub problem: Option<Problem>,
    /// How often the service was asked in vain.
    pub asked: u32,
    /// Not to be asked before.
    pub not_before: Option<Timestamp>,
}

/// An undo.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoProgress {
    /// Not begun.
    None,
    /// Sent by this engine start.
    InFlight {
        /// Counts from 1.
        attempt: u32,
    },
    /// Sent, and nothing says what became of it.
    Doubt {
        /// Counts from 1.
        attempt: u32,
        /// When its intent was written.
        at: Timestamp,
    },
    /// Over.
    Over(UndoOutcome),
}

impl ItemProgress {
    /// Whether nothing more will happen to it but an undo.
    pub fn is_settled(&self) -> bool {
        matches!(
            self,
            Self::Done { .. } | Self::NotDone(_) | Self::Quarantined(_) | Self::Skipped | Self::Shown
        )
    }
}

impl Progress {
    /// Nothing has happened.
    pub fn new(plan: &Plan) -> Self {
        Self {
            steps: vec![StepProgress::default(); plan.steps.len()],
            checked: false,
            blocked: false,
            stop: None,
            finished: None,
            idle_recoveries: 0,
            stuck: false,
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

    /// Takes in one fact. Facts that do not fit (a step that the plan lacks) are passed over: the
    /// journal is the truth, and a reader must not fall over it.
    pub fn apply(&mut self, plan: &Plan, at: Timestamp, fact: &Fact) {
        if is_progress(fact) {
            self.idle_recoveries = 0;
            self.stuck = false;
        }
        match fact {
            Fact::Started { recovered, .. } => {
                if *recovered {
                    self.idle_recoveries += u32::from(!self.is_resting(at));
                    self.orphan_everything();
                }
            }
            Fact::Checked { findings } => {
                self.checked = true;
                self.blocked = findings.iter().any(|f| f.level == patchbay_model::Level::Blocker);
            }
            Fact::StepOpened { step, items } => {
                if let Some(index) = plan.index(step) {
                    self.steps[index].items = Some(vec![ItemProgress::Fresh; *items as usize]);
                }
            }
            Fact::Intent { step, item, attempt, effect, .. } => {
                if let Some(slot) = self.slot(plan, step, *item) {
                    let (counted, first_at, doubted) = match slot {
                        ItemProgress::Deferred { counted, .. } => (*counted, at, false),
                        ItemProgress::Doubt(d) => (d.sent.counted, d.sent.first_at, *effect),
                        _ => (0, at, false),
                    };
                    *slot = ItemProgress::InFlight(Sent { attempt: *attempt, counted, at, first_at, doubted });
                }
            }
            Fact::Result { step, item, outcome, .. } => {
                let backoff = plan.index(step).map_or(0, |i| plan.steps[i].policy.backoff_ms);
                if let Some(slot) = self.slot(plan, step, *item) {
                    *slot = after_result(slot, outcome, at, backoff);
                }
            }
            Fact::Deferred { step, item, attempt, until, problem } => {
                if let Some(slot) = self.slot(plan, step, *item) {
                    let counts = problem.code().retry() != patchbay_model::problem::Retry::Wait;
                    match slot {
                        ItemProgress::Doubt(doubt) => {
                            doubt.asked += 1;
                            doubt.not_before = Some(*until);
                        }
                        ItemProgress::InFlight(sent) if sent.doubted => {
                            let mut sent = sent.clone();
                            sent.counted += u32::from(counts);
                            let (problem, not_before) = (Some(problem.clone()), Some(*until));
                            *slot = ItemProgress::Doubt(Doubt { sent, problem, asked: 0, not_before });
                        }
                        other => {
                            let before = match other {
                                ItemProgress::InFlight(sent) => sent.counted,
                                ItemProgress::Deferred { counted, .. } => *counted,
                                _ => 0,
                            };
                            *other = ItemProgress::Deferred {
                                attempt: *attempt,
                                counted: before + u32::from(counts),
                                until: *until,
                                problem: problem.clone(),
                            };
                        }
                    }
                }
            }
            Fact::Resolved { step, item, decision, output, .. } => {
                if let Some(slot) = self.slot(plan, step, *item) {
                    match decision {
                        Decision::Happened => {
                            *slot = ItemProgress::Done {
                                output: output.clone().unwrap_or(Value::Null),
                                output_missing: output.is_none(),
                                undo: UndoProgress::None,
                            };
                        }
                        Decision::NotHappened => {
                            let attempt = match slot {
                                ItemProgress::Doubt(d) => d.sent.attempt,
                                _ => 0,
                            };
                            *slot = ItemProgress::Deferred {
                                attempt,
                                counted: 0,
                                until: at,
                                problem: Problem::new(patchbay_model::Code::UnknownOutcome),
                            };
                        }
                        Decision::Undo => self.stop = Some(true),
                    }
                }
            }
            Fact::StopRequested { undo } => self.stop = Some(*undo || self.stop == Some(true)),
            Fact::UndoIntent { step, item, attempt, .. } => {
                if let Some(ItemProgress::Done { undo, .. }) = self.slot(plan, step, *item) {
                    *undo = UndoProgress::InFlight { attempt: *attempt };
                }
            }
            Fact::UndoResult { step, item, outcome } => {
                if let Some(ItemProgress::Done { undo, .. }) = self.slot(plan, step, *item) {
                    *undo = UndoProgress::Over(outcome.clone());
                }
            }
            Fact::Stuck { .. } => self.stuck = true,
            Fact::Resumed => {}
            Fact::Finished { state } => self.finished = Some(*state),
        }
    }

    fn slot(&mut self, plan: &Plan, step: &StepId, item: u32) -> Option<&mut ItemProgress> {
        let index = plan.index(step)?;
        self.steps.get_mut(index)?.items.as_mut()?.get_mut(item as usize)
    }

    /// Whether everything that is open waits for a later time: then an engine that ended has missed
    /// nothing.
    fn is_resting(&self, now: Timestamp) -> bool {
        let items = self.steps.iter().filter_map(|s| s.items.as_ref()).flatten();
        let mut open = items.filter(|item| !item.is_settled()).peekable();
        open.peek().is_some()
            && open.all(|item| match item {
                ItemProgress::Deferred { until, .. } => *until > now,
                ItemProgress::Doubt(doubt) => doubt.not_before.is_some_and(|at| at > now),
                _ => false,
            })
    }

    /// The secret store is open again: what waits for nothing else is due now.
    pub fn unlocked(&mut self, now: Timestamp) {
        for item in self.steps.iter_mut().filter_map(|s| s.items.as_mut()).flatten() {
            if let ItemProgress::Deferred { until, problem, .. } = item
                && problem.code() == patchbay_model::Code::SecretStoreLocked
            {
                *until = now.min(*until);
            }
        }
    }

    /// What the dead engine had under way is in doubt now.
    fn orphan_everything(&mut self) {
        for item in self.steps.iter_mut().filter_map(|s| s.items.as_mut()).flatten() {
            match item {
                ItemProgress::InFlight(sent) => {
                    *item = ItemProgress::Doubt(Doubt {
                        sent: sent.clone(),
                        problem: None,
                        asked: 0,
                        not_before: None,
                    });
                }
                ItemProgress::Done { undo, .. } => {
                    if let UndoProgress::InFlight { attempt } = undo {
                        *undo = UndoProgress::Doubt { attempt: *attempt, at: Timestamp::UNIX_EPOCH };
                    }
                }
                _ => {}
            }
        }
    }

    /// The results of a step: of one item, or of all.
    pub fn outputs(&self, step: usize) -> impl Iterator<Item = Option<&Value>> {
        self.steps[step].items.iter().flatten().map(|item| match item {
            ItemProgress::Done { output, output_missing: false, .. } => Some(output),
            _ => None,
        })
    }
}

/// Whether a fact brings a run on. What is sent again and again and never answered does not, nor does
/// finding out each time that it did not happen.
fn is_progress(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Started { .. }
            | Fact::Intent { .. }
            | Fact::UndoIntent { .. }
            | Fact::Stuck { .. }
            | Fact::Resolved { by_lookup: true, decision: Decision::NotHappened, .. }
    )
}

fn after_result(slot: &ItemProgress, outcome: &Outcome, at: Timestamp, backoff_ms: u64) -> ItemProgress {
    match outcome {
        Outcome::Done { output, output_missing } => ItemProgress::Done {
            output: output.clone(),
            output_missing: output_missing.is_some(),
            undo: UndoProgress::None,
        },
        Outcome::NotDone { problem } => ItemProgress::NotDone(problem.clone()),
        Outcome::Unknown { problem } => {
            let mut sent = match slot {
                ItemProgress::InFlight(sent) => sent.clone(),
                ItemProgress::Doubt(doubt) => doubt.sent.clone(),
                _ => Sent { attempt: 0, counted: 0, at, first_at: at, doubted: true },
            };
            let asked = if let ItemProgress::Doubt(doubt) = slot { doubt.asked } else { 0 };
            sent.counted += 1;
            let pause = backoff_ms.saturating_mul(1 << (sent.counted - 1).min(6)).min(60_000);
            let not_before = at.checked_add(jiff::SignedDuration::from_millis(pause as i64)).ok();
            ItemProgress::Doubt(Doubt { sent, problem: Some(problem.clone()), asked, not_before })
        }
        Outcome::Quarantined { problem } => ItemProgress::Quarantined(problem.clone()),
        Outcome::Skipped => ItemProgress::Skipped,
        Outcome::Shown { .. } => ItemProgress::Shown,
    }
}
