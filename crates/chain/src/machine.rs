//! The runner as a pure state machine: facts in, commands out. No clock, no I/O, no randomness of
//! its own, so that a simulator can enumerate every crash point and the same machine can stand on
//! another store.

use std::time::Duration;

use jiff::SignedDuration;

use patchbay_model::Timestamp;
use patchbay_model::chain::OnFailure;
use patchbay_model::problem::{Code, Problem, Retry};
use patchbay_model::run::{Fact, Outcome, RunState, UndoOutcome};

use crate::plan::{Plan, Repeat};
use crate::progress::{Doubt, ItemProgress, Progress, UndoProgress};

/// How long a request may still be working its way through a service after we lost it. A lookup
/// that finds nothing before that proves nothing.
pub const LOOKUP_GRACE: Duration = Duration::from_secs(5);

/// Engine starts in a row that get nowhere before the user is asked: whatever ended them may well end
/// the next one too.
const STUCK_AFTER: u32 = 3;

/// A key is used only while at least this much of its life is left.
const KEY_MARGIN: Duration = Duration::from_secs(60);

/// What the shell is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Check connections and mappings, and record [`Fact::Checked`].
    Check,
    /// Find out how many items the step has, and record [`Fact::StepOpened`].
    Open {
        /// Place of the step in the plan.
        step: usize,
    },
    /// Map, record the intent, send, record what came of it.
    Attempt {
        /// Place of the step in the plan.
        step: usize,
        /// The item, from 0.
        item: u32,
        /// Counts from 1.
        attempt: u32,
    },
    /// Ask the service whether it happened, and record the answer.
    AskService {
        /// Place of the step in the plan.
        step: usize,
        /// The item, from 0.
        item: u32,
    },
    /// Record the undo's intent, send it, record what came of it.
    Undo {
        /// Place of the step in the plan.
        step: usize,
        /// The item, from 0.
        item: u32,
        /// Counts from 1.
        attempt: u32,
    },
    /// Record a fact that follows from the others.
    Record(Fact),
}

/// What is to be done now, and how the run stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// To be done, in this order. Empty while answers are awaited.
    pub commands: Vec<Command>,
    /// When to look again if nothing happens before.
    pub wake: Option<Timestamp>,
    /// The run's state.
    pub state: RunState,
}

enum Resolution {
    Do(Command),
    Later(Timestamp),
    User,
}

/// Decides what to do next. Calling it twice without a new fact gives the same answer.
pub fn next(plan: &Plan, progress: &Progress, now: Timestamp) -> Next {
    if let Some(state) = progress.finished {
        return Next { commands: Vec::new(), wake: None, state };
    }
    if progress.stuck {
        return Next { commands: Vec::new(), wake: None, state: RunState::NeedsYou };
    }
    if progress.idle_recoveries >= STUCK_AFTER {
        return doing(vec![Command::Record(Fact::Stuck { recoveries: progress.idle_recoveries })]);
    }
    if !progress.checked {
        return doing(vec![Command::Check]);
    }
    if progress.blocked {
        return finish(RunState::Failed);
    }
    let mut round = Round { plan, progress, now, commands: Vec::new(), wake: None, asks_user: false };
    if let Some(undo) = round.stopping() {
        return round.wind_down(undo);
    }
    for step in 0..plan.steps.len() {
        match &progress.steps[step].items {
            None => {
                round.commands.push(Command::Open { step });
                return round.end();
            }
            Some(items) if items.iter().all(ItemProgress::is_settled) => {}
            Some(items) => {
                round.work_on(step, items);
                return round.end();
            }
        }
    }
    finish(if round.has_problems() { RunState::DoneWithProblems } else { RunState::Done })
}

/// Turns the answer of one attempt into the fact to record: its result, or another try. `jitter`
/// is a random number from 0 up to 1.
pub fn judge(
    plan: &Plan,
    progress: &Progress,
    (step, item, attempt): (usize, u32, u32),
    outcome: Outcome,
    (took, bytes): (Duration, u64),
    now: Timestamp,
    jitter: f64,
) -> Fact {
    let id = plan.steps[step].id.clone();
    if let Outcome::NotDone { problem } = &outcome
        && progress.stop.is_none()
        && let Some(until) = retry_at(plan, progress, (step, item, attempt), problem, now, jitter)
    {
        return Fact::Deferred { step: id, item, attempt, until, problem: problem.clone() };
    }
    let doubted = matches!(
        progress.steps[step].items.as_ref().and_then(|items| items.get(item as usize)),
        Some(ItemProgress::InFlight(sent)) if sent.doubted
    );
    let outcome = match outcome {
        // This attempt was refused; the earlier one may have happened all the same.
        Outcome::NotDone { problem } | Outcome::Quarantined { problem } if doubted => {
            Outcome::Unknown { problem }
        }
        outcome => outcome,
    };
    Fact::Result { step: id, item, attempt, outcome, took_ms: took.as_millis() as u64, bytes }
}

/// When to try again what certainly did not happen; none where that is of no use.
fn retry_at(
    plan: &Plan,
    progress: &Progress,
    (step, item, attempt): (usize, u32, u32),
    problem: &Problem,
    now: Timestamp,
    jitter: f64,
) -> Option<Timestamp> {
    let policy = plan.steps[step].policy;
    let counted =
        progress.steps[step].items.as_ref().and_then(|items| items.get(item as usize)).map_or(0, |slot| {
            match slot {
                ItemProgress::InFlight(sent) => sent.counted,
                ItemProgress::Deferred { counted, .. } => *counted,
                _ => 0,
            }
        });
    let failures = match problem.code().retry() {
        // It may stay locked over night: each try is a fact in the journal.
        Retry::Wait if problem.code() == Code::SecretStoreLocked => attempt,
        Retry::Wait => counted,
        Retry::Safe if counted + 1 < policy.tries => counted + 1,
        Retry::Safe | Retry::Never | Retry::User => return None,
    };
    // Full jitter: anywhere between now and the doubled pause.
    let ceiling = policy.backoff_ms.saturating_mul(1 << failures.min(6)).min(60_000);
    let pause = SignedDuration::from_millis((ceiling as f64 * jitter.clamp(0.0, 1.0)) as i64);
    let own = now.checked_add(pause).ok()?;
    Some(problem.when().map_or(own, |asked| asked.max(own)))
}

fn doing(commands: Vec<Command>) -> Next {
    Next { commands, wake: None, state: RunState::Running }
}

fn finish(state: RunState) -> Next {
    Next { commands: vec![Command::Record(Fact::Finished { state })], wake: None, state }
}

struct Round<'a> {
    plan: &'a Plan,
    progress: &'a Progress,
    now: Timestamp,
    commands: Vec<Command>,
    wake: Option<Timestamp>,
    asks_user: bool,
}

impl Round<'_> {
    fn end(self) -> Next {
        let state = if !self.commands.is_empty() || self.in_flight() > 0 {
            RunState::Running
        } else if self.asks_user {
            RunState::NeedsYou
        } else if self.wake.is_some() {
            RunState::Waiting
        } else {
            RunState::Running
        };
        // While the user is asked nothing else is timed: the answer wakes the run.
        Next { commands: self.commands, wake: self.wake, state }
    }

    fn in_flight(&self) -> usize {
        let items = self.progress.steps.iter().filter_map(|s| s.items.as_ref()).flatten();
        items
            .filter(|item| {
                matches!(
                    item,
                    ItemProgress::InFlight(_) | ItemProgress::Done { undo: UndoProgress::InFlight { .. }, .. }
                )
            })
            .count()
    }

    fn has_problems(&self) -> bool {
        self.progress
            .steps
            .iter()
            .filter_map(|s| s.items.as_ref())
            .flatten()
            .any(|item| matches!(item, ItemProgress::NotDone(_) | ItemProgress::Quarantined(_)))
    }

    /// Whether no new work begins: `Some(undo)` says that what was done is to be undone.
    fn stopping(&self) -> Option<bool> {
        if let Some(undo) = self.progress.stop {
            return Some(undo);
        }
        let mut stop = None;
        for (index, step) in self.progress.steps.iter().enumerate() {
            let failed = step.items.iter().flatten().any(|item| match item {
                ItemProgress::NotDone(_) => !self.plan.goes_on_after_failure(index),
                // An item that does not fit is set aside; a step that cannot run at all has failed.
                ItemProgress::Quarantined(_) => {
                    self.plan.steps[index].root.is_none() && !self.plan.goes_on_after_failure(index)
                }
                _ => false,
            });
            if failed {
                let undo = self.plan.steps[index].policy.on_failure == OnFailure::StopAndUndo;
                stop = Some(undo || stop == Some(true));
            }
        }
        stop
    }

    /// Lets requests under way end, asks what can be asked, undoes where wanted, finishes.
    fn wind_down(mut self, undo: bool) -> Next {
        if self.in_flight() > 0 {
            return self.end();
        }
        let by_user = self.progress.stop.is_some();
        for step in 0..self.plan.steps.len() {
            let Some(items) = &self.progress.steps[step].items else {
                continue;
            };
            for (item, slot) in items.iter().enumerate() {
                let ItemProgress::Doubt(doubt) = slot else {
                    continue;
                };
                // After a failure, what was already sent may be sent again with its own key: that
                // tells what became of it. After the user's stop nothing is sent any more.
                let resolution = if by_user {
                    self.ask(step, item as u32, doubt)
                } else {
                    self.resolve(step, item as u32, doubt)
                };
                match resolution {
                    Resolution::Do(command) => self.commands.push(command),
                    Resolution::Later(at) => self.wake_at(at),
                    Resolution::User => self.asks_user |= !by_user && self.plan.steps[step].effect,
                }
            }
        }
        if !self.commands.is_empty() || self.wake.is_some() || self.asks_user {
            return self.end();
        }
        if undo && let Some(command) = self.next_undo() {
            self.commands.push(command);
            return self.end();
        }
        finish(match (by_user, undo) {
            (true, _) => RunState::Stopped,
            (false, true) if self.everything_undone() => RunState::FailedUndone,
            (false, _) => RunState::Failed,
        })
    }

    /// The latest thing done that is not undone yet: undo goes in reverse.
    fn next_undo(&self) -> Option<Command> {
        for (step, progress) in self.progress.steps.iter().enumerate().rev() {
            let plan = &self.plan.steps[step];
            if !plan.effect {
                continue;
            }
            let items = progress.items.as_deref().unwrap_or_default();
            for (item, slot) in items.iter().enumerate().rev() {
                let ItemProgress::Done { undo, .. } = slot else {
                    continue;
                };
                let item = item as u32;
                let over =
                    |outcome| Some(Command::Record(Fact::UndoResult { step: plan.id.clone(), item, outcome }));
                match (undo, plan.undo) {
                    (UndoProgress::Over(_), _) => {}
                    (_, None) => return over(UndoOutcome::Impossible),
                    (UndoProgress::None, Some(_)) => {
                        return Some(Command::Undo { step, item, attempt: 1 });
                    }
                    (UndoProgress::Doubt { attempt, .. }, Some(Repeat::Always | Repeat::WithKey { .. })) => {
                        return Some(Command::Undo { step, item, attempt: attempt + 1 });
                    }
                    (UndoProgress::Doubt { .. }, Some(Repeat::Never)) => {
                        let problem = Problem::new(Code::CompensationFailed).detail(
                            "The undo was sent before Patchbay was ended; nothing says whether it happened.",
                        );
                        return over(UndoOutcome::Failed { problem });
                    }
                    (UndoProgress::InFlight { .. }, _) => return None,
                }
            }
        }
        None
    }

    fn everything_undone(&self) -> bool {
        self.progress.steps.iter().enumerate().all(|(step, progress)| {
            !self.plan.steps[step].effect
                || progress.items.iter().flatten().all(|item| match item {
                    ItemProgress::Done { undo, .. } => *undo == UndoProgress::Over(UndoOutcome::Undone),
                    ItemProgress::Doubt(_) => false,
                    _ => true,
                })
        })
    }

    fn work_on(&mut self, step: usize, items: &[ItemProgress]) {
        // First what is in doubt: an answer may change everything else.
        for (item, slot) in items.iter().enumerate() {
            if let ItemProgress::Doubt(doubt) = slot {
                match self.resolve(step, item as u32, doubt) {
                    Resolution::Do(command) => self.commands.push(command),
                    Resolution::Later(at) => self.wake_at(at),
                    Resolution::User => self.asks_user = true,
                }
            }
        }
        if self.asks_user {
            // The run pauses: nothing new is sent until the question is answered.
            self.commands.clear();
            self.wake = None;
            return;
        }
        let parallel = self.plan.steps[step].policy.parallel.clamp(1, 16) as usize;
        let mut free = parallel.saturating_sub(self.in_flight() + self.commands.len());
        for (item, slot) in items.iter().enumerate() {
            let item = item as u32;
            let attempt = match slot {
                ItemProgress::Fresh if self.lacks_its_item(step, item) => {
                    self.commands.push(Command::Record(Fact::Result {
                        step: self.plan.steps[step].id.clone(),
                        item,
                        attempt: 0,
                        outcome: Outcome::Skipped,
                        took_ms: 0,
                        bytes: 0,
                    }));
                    continue;
                }
                ItemProgress::Fresh => 1,
                ItemProgress::Deferred { attempt, until, .. } if *until <= self.now => attempt + 1,
                ItemProgress::Deferred { until, .. } => {
                    self.wake_at(*until);
                    continue;
                }
                _ => continue,
            };
            if free > 0 {
                free -= 1;
                self.commands.push(Command::Attempt { step, item, attempt });
            }
        }
    }

    /// Whether an earlier step over the same items did not get this one done.
    fn lacks_its_item(&self, step: usize, item: u32) -> bool {
        (0..step).any(|earlier| {
            self.plan.shares_items(earlier, step)
                && self.plan.steps[earlier].policy.on_failure != OnFailure::Continue
                && self.progress.steps[earlier].items.as_ref().and_then(|i| i.get(item as usize)).is_some_and(
                    |slot| {
                        matches!(
                            slot,
                            ItemProgress::NotDone(_) | ItemProgress::Quarantined(_) | ItemProgress::Skipped
                        )
                    },
                )
        })
    }

    /// What to do about a request of which nobody knows what became.
    fn resolve(&self, step: usize, item: u32, doubt: &Doubt) -> Resolution {
        let plan = &self.plan.steps[step];
        let again = Resolution::Do(Command::Attempt { step, item, attempt: doubt.sent.attempt + 1 });
        if !plan.effect {
            return again;
        }
        let tries_left = doubt.problem.is_none() || doubt.sent.counted < plan.policy.tries;
        let repeatable = match plan.repeat {
            Repeat::Never => false,
            Repeat::Always => true,
            Repeat::WithKey { ttl } => {
                let life =
                    SignedDuration::try_from(ttl.saturating_sub(KEY_MARGIN)).unwrap_or(SignedDuration::ZERO);
                // A clock that went back says nothing of the key's age: then it counts as dead.
                (SignedDuration::ZERO..life).contains(&self.now.duration_since(doubt.sent.first_at))
            }
        };
        match doubt.not_before {
            _ if !(repeatable && tries_left) => self.ask(step, item, doubt),
            Some(at) if at > self.now => Resolution::Later(at),
            _ => again,
        }
    }

    /// Asks the service where the operation declares how; else the user decides.
    fn ask(&self, step: usize, item: u32, doubt: &Doubt) -> Resolution {
        let plan = &self.plan.steps[step];
        if !plan.lookup || doubt.asked >= plan.policy.tries.max(2) {
            return Resolution::User;
        }
        let grace = SignedDuration::try_from(LOOKUP_GRACE).unwrap_or(SignedDuration::ZERO);
        let earliest = doubt.sent.at.checked_add(grace).unwrap_or(doubt.sent.at);
        match doubt.not_before.map_or(earliest, |at| at.max(earliest)) {
            at if at > self.now => Resolution::Later(at),
            _ => Resolution::Do(Command::AskService { step, item }),
        }
    }

    fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |earlier| earlier.min(at)));
    }
}
