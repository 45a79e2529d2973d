//! Answers of a run that was recorded, handed out again in their order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use patchbay_connector::CallResult;
use patchbay_model::StepId;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Decision, Fact, Outcome, UndoOutcome};
use patchbay_model::time::ManualClock;
use serde_json::Value;

use super::Answers;

type Place = (StepId, u32);

/// What was answered, handed out once. Time passes when somebody waits for it.
#[derive(Debug)]
pub struct Recorded {
    left: Mutex<BTreeMap<Place, VecDeque<Fact>>>,
    /// What was read before an effect, for its undo.
    befores: BTreeMap<Place, Value>,
    /// The clock of the replay.
    pub clock: std::sync::Arc<ManualClock>,
}

/// The facts of a journal that are answers, by step and item, taken in one after the other.
#[derive(Default)]
pub(super) struct Found(BTreeMap<Place, Vec<Fact>>);

impl Found {
    /// Keeps a fact that is an answer, and gives it up else.
    pub(super) fn take(&mut self, fact: Fact) {
        let (step, item) = match &fact {
            Fact::Result { step, item, .. }
            | Fact::Deferred { step, item, .. }
            | Fact::Resolved { step, item, .. }
            | Fact::Answered { step, item, .. }
            | Fact::Arrived { step, item, .. }
            | Fact::UndoDeferred { step, item, .. }
            | Fact::UndoResult { step, item, .. }
            | Fact::ChainEnded { step, item, .. }
            | Fact::Intent { step, item, before: Some(_), .. } => (step.clone(), *item),
            Fact::Computed { step, .. } => (step.clone(), 0),
            _ => return,
        };
        match fact {
            Fact::Computed { results, .. } => {
                for (item, output) in results {
                    let fact = Fact::Computed { step: step.clone(), results: vec![(item, output)] };
                    self.0.entry((step.clone(), item)).or_default().push(fact);
                }
            }
            fact => self.0.entry((step, item)).or_default().push(fact),
        }
    }

    pub(super) fn into_answers(self) -> Vec<Answers> {
        self.0.into_iter().map(|((step, item), facts)| Answers { step, item, facts }).collect()
    }
}

impl Recorded {
    /// Hands out these answers.
    pub fn new(answers: &[Answers], clock: std::sync::Arc<ManualClock>) -> Self {
        let (mut left, mut befores) = (BTreeMap::new(), BTreeMap::new());
        for one in answers {
            let place = (one.step.clone(), one.item);
            let mut facts = VecDeque::new();
            for fact in &one.facts {
                match fact {
                    Fact::Intent { before: Some(before), .. } => {
                        befores.insert(place.clone(), before.clone());
                    }
                    fact => facts.push_back(fact.clone()),
                }
            }
            left.insert(place, facts);
        }
        Self { left: Mutex::new(left), befores, clock }
    }

    /// What was read before an effect, for its undo.
    pub(crate) fn before(&self, step: &StepId, item: u32) -> Option<Value> {
        self.befores.get(&(step.clone(), item)).cloned()
    }

    /// The next answer for an item that is of a kind; those before it are passed over.
    fn next<T>(&self, step: &StepId, item: u32, wanted: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = left.get_mut(&(step.clone(), item))?;
        let at = facts.iter().position(|fact| wanted(fact).is_some())?;
        facts.drain(..=at).next_back().as_ref().and_then(wanted)
    }

    /// Whether the engine ended before the answer came, and somebody said what became of it.
    fn is_lost(&self, step: &StepId, item: u32) -> bool {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let first = left.get(&(step.clone(), item)).and_then(VecDeque::front);
        matches!(first, Some(Fact::Resolved { .. }))
    }

    /// The answer to a request, with where a list goes on.
    pub(crate) fn call(&self, step: &StepId, item: u32) -> (CallResult, Option<Value>) {
        if self.is_lost(step, item) {
            let outcome = Outcome::Unknown { problem: Code::ConnectionLost.into() };
            return (
                CallResult {
                    outcome,
                    took: Duration::ZERO,
                    bytes: 0,
                    status: None,
                    held_at: None,
                    secret: None,
                },
                None,
            );
        }
        let answer = self.next(step, item, |fact| match fact {
            Fact::Result { outcome, took_ms, bytes, next, attempt, .. } if *attempt > 0 => {
                Some((outcome.clone(), *took_ms, *bytes, next.clone()))
            }
            Fact::Deferred { problem, .. } => Some((Outcome::NotDone { problem: problem.clone() }, 0, 0, None)),
            _ => None,
        });
        let (outcome, took_ms, bytes, next) =
            answer.unwrap_or_else(|| (Outcome::NotDone { problem: missing(step) }, 0, 0, None));
        let took = Duration::from_millis(took_ms);
        (CallResult { outcome, took, bytes, status: None, held_at: None, secret: None }, next)
    }

    /// The answer to an undo.
    pub(crate) fn undo(&self, step: &StepId, item: u32) -> CallResult {
        let outcome = self.next(step, item, |fact| match fact {
            Fact::UndoDeferred { problem, unknown: true, .. } => {
                Some(Outcome::Unknown { problem: problem.clone() })
            }
            Fact::UndoDeferred { problem, .. } => Some(Outcome::NotDone { problem: problem.clone() }),
            // That was its end, whatever the problem alone would mean.
            Fact::UndoResult { outcome: UndoOutcome::Failed { problem, .. }, .. } => {
                Some(Outcome::Quarantined { problem: problem.clone() })
            }
            Fact::UndoResult { outcome: UndoOutcome::Impossible, .. } => Some(Outcome::Skipped),
            Fact::UndoResult { .. } => Some(Outcome::Done { output: Value::Null, output_missing: None }),
            _ => None,
        });
        let outcome = outcome.unwrap_or_else(|| Outcome::NotDone { problem: missing(step) });
        CallResult { outcome, took: Duration::ZERO, bytes: 0, status: None, held_at: None, secret: None }
    }

    /// How a run of another chain ended, and how much stayed of what it changed.
    pub(crate) fn child(&self, step: &StepId, item: u32) -> (Outcome, Option<u32>) {
        let changes = self.next(step, item, |fact| match fact {
            Fact::ChainEnded { changes, .. } => Some(*changes),
            _ => None,
        });
        let outcome = self.next(step, item, |fact| match fact {
            Fact::Result { outcome, .. } => Some(outcome.clone()),
            _ => None,
        });
        (outcome.unwrap_or_else(|| Outcome::NotDone { problem: missing(step) }), changes)
    }

    /// What the service said when it was asked whether it happened, or what the user said.
    pub(crate) fn resolved(&self, step: &StepId, item: u32) -> Option<(Decision, bool, Option<Value>)> {
        self.next(step, item, |fact| match fact {
            Fact::Resolved { decision, by_lookup, output, .. } => Some((*decision, *by_lookup, output.clone())),
            _ => None,
        })
    }

    /// What the user answered to a step that asks.
    pub(crate) fn answered(&self, step: &StepId, item: u32) -> Option<bool> {
        self.next(step, item, |fact| match fact {
            Fact::Answered { approved, by_time: false, .. } => Some(*approved),
            _ => None,
        })
    }

    /// The delivery that came, with its event.
    pub(crate) fn arrived(&self, step: &StepId, item: u32) -> Option<(u64, Value)> {
        self.next(step, item, |fact| match fact {
            Fact::Arrived { event, output, .. } => Some((*event, output.clone())),
            _ => None,
        })
    }

    /// What the workspace had kept then.
    pub(crate) fn kept(&self, step: &StepId, item: u32) -> Value {
        let found = self.next(step, item, |fact| match fact {
            Fact::Computed { results, .. } => results.first().map(|(_, output)| output.clone()),
            _ => None,
        });
        found.unwrap_or(Value::Null)
    }
}

fn missing(step: &StepId) -> Problem {
    Problem::new(Code::NotFound).with("item", format!("A recorded answer for \"{step}\""))
}
