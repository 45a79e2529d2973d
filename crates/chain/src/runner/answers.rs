//! What is sent, and what comes back: answers of services, and ends of other runs.

use std::time::Duration;

use patchbay_connector::{CallResult, Planned};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Fact, Outcome, UndoOutcome};
use patchbay_model::{RunId, Timestamp};
use patchbay_store::OwnEffect;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task;

use super::ended::Ended;
use super::idle::Rest;
use super::{Control, Execution, jitter};
use crate::dispatch::identifiers;
use crate::machine;

/// How long a run waits for answers alone before it looks for itself.
const LOOK: Duration = Duration::from_secs(3_600);

/// A call that may go out once its intent is durable.
pub(super) struct Launch {
    pub(super) step: usize,
    pub(super) item: u32,
    pub(super) attempt: u32,
    pub(super) planned: Planned,
    pub(super) key: Option<String>,
    pub(super) undo: bool,
    /// For a list that comes in pages: where the page is; none for the first one.
    pub(super) page: Option<Option<Value>>,
}

/// What was waited for.
#[expect(clippy::large_enum_variant, reason = "one at a time, passed on at once")]
pub(super) enum Done {
    /// A call was answered.
    Call(Answer),
    /// A service said what was asked of it: what was there before a change, or what became of one.
    Told { step: usize, item: u32, told: Result<Option<Value>, Problem> },
    /// The run of another chain ended.
    Child { step: usize, item: u32, run: RunId, ended: Ended },
    /// It waits now, for a person or a time, or goes on.
    ChildRests { step: usize, item: u32, rest: Rest },
}

/// What a task does: were it to end without a word, somebody has to say so in its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doing {
    /// It sends an attempt.
    Attempt { step: usize, item: u32, attempt: u32 },
    /// It sends an undo.
    Undo { step: usize, item: u32 },
    /// It asks a service something.
    Ask { step: usize, item: u32 },
    /// It waits for the run of another chain.
    Follow { step: usize, item: u32 },
}

/// An answer that came back.
pub(super) struct Answer {
    pub(super) step: usize,
    pub(super) item: u32,
    pub(super) attempt: u32,
    pub(super) undo: bool,
    /// What was asked for, where it changed something.
    pub(super) params: Option<Value>,
    pub(super) result: CallResult,
    /// Where a list goes on.
    pub(super) next: Option<Value>,
}

impl Execution<'_> {
    /// Sends what the last commit announced.
    pub(super) fn launch(&mut self) {
        for launch in std::mem::take(&mut self.launches) {
            let engine = self.runner.engine.clone();
            let Some(called) = self.live.steps[launch.step].called() else { continue };
            let target = called.target.clone();
            let timeout = Duration::from_millis(self.live.plan.steps[launch.step].policy.timeout_ms);
            let recorded = self.runner.recorded.clone();
            let id = self.live.plan.steps[launch.step].id.clone();
            let (step, item, attempt) = (launch.step, launch.item, launch.attempt);
            let doing =
                if launch.undo { Doing::Undo { step, item } } else { Doing::Attempt { step, item, attempt } };
            self.spawn(doing, async move {
                let Launch { step, item, attempt, planned, key, undo, page } = launch;
                let key = key.as_deref();
                let (result, next) = match (recorded, page) {
                    (Some(recorded), _) if undo => (recorded.undo(&id, item), None),
                    (Some(recorded), _) => recorded.call(&id, item),
                    (None, Some(from)) => {
                        engine.call_page(&target, &planned, key, timeout, from.as_ref()).await
                    }
                    (None, None) => (engine.call(&target, &planned, key, timeout).await, None),
                };
                let params = planned.effect.then_some(planned.params);
                Done::Call(Answer { step, item, attempt, undo, params, result, next })
            });
        }
    }

    /// Begins to wait for something beside everything else.
    pub(super) fn spawn(&mut self, doing: Doing, work: impl Future<Output = Done> + Send + 'static) {
        let task = self.calls.spawn(work);
        self.tasks.insert(task.id(), doing);
    }

    /// Waits for an answer, a wish of the user, or time to pass. Takes in everything that is there.
    pub(super) async fn wait(&mut self, wake: Option<Timestamp>, control: &mut mpsc::Receiver<Control>) {
        if let (Some(recorded), Some(at), true) = (&self.runner.recorded, wake, self.calls.is_empty()) {
            let left = Duration::try_from(at.duration_since(self.runner.clock.now())).unwrap_or_default();
            return recorded.clock.advance(left + Duration::from_millis(1));
        }
        let awaits = self.awaits();
        let (runner, looked) = (self.runner, self.looked.now);
        let due = async {
            match wake {
                Some(at) => runner.alarms.until(&runner.clock, looked, at).await,
                None => tokio::time::sleep(LOOK).await,
            }
        };
        tokio::select! {
            Some(answer) = self.calls.join_next_with_id(), if !self.calls.is_empty() => self.take_answer(answer),
            Some(wish) = control.recv() => self.take_wish(wish),
            () = self.looking.more(), if awaits => {}
            () = due => {}
        }
        // Answers that are there already share the next commit.
        while let Some(answer) = self.calls.try_join_next_with_id() {
            self.take_answer(answer);
        }
    }

    fn take_answer(&mut self, answer: Result<(task::Id, Done), task::JoinError>) {
        let doing = self.tasks.remove(&match &answer {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        });
        match answer.map(|(_, done)| done) {
            Ok(Done::Child { step, item, run, ended }) => self.take_child(step, item, run, ended),
            Ok(Done::ChildRests { step, item, rest }) => self.child_rests(step, item, rest),
            Ok(Done::Told { step, item, told }) => {
                if self.asking.remove(&(step, item)) == Some(true) {
                    self.told.insert((step, item), told);
                }
            }
            Ok(Done::Call(answer)) if answer.undo => self.note_undo(&answer),
            Ok(Done::Call(answer)) => {
                self.remember_effect(&answer);
                let at = (answer.step, answer.item, answer.attempt);
                let cost = (answer.result.took, answer.result.bytes);
                let (outcome, next) = self.limited(answer.step, answer.result.outcome, answer.next);
                let (plan, now) = (&self.live.plan, self.runner.clock.now());
                let fact = machine::judge(
                    plan,
                    &self.progress,
                    at,
                    outcome,
                    cost,
                    next,
                    now,
                    jitter(&self.run.id, at),
                );
                self.note(fact);
            }
            Err(error) => {
                tracing::error!(run = %self.run.id, %error, "a task ended without an answer");
                if let Some(doing) = doing {
                    self.answer_for(doing);
                }
            }
        }
    }

    /// Says what is known of something that a bug of ours ended before it could say so itself.
    fn answer_for(&mut self, doing: Doing) {
        let problem = Problem::new(Code::Internal);
        match doing {
            Doing::Attempt { step, item, attempt } => {
                let plan = &self.live.plan.steps[step];
                // Its intent is written, and it may have been sent.
                let outcome =
                    if plan.effect { Outcome::Unknown { problem } } else { Outcome::NotDone { problem } };
                let step = plan.id.clone();
                self.note(Fact::Result { step, item, attempt, outcome, took_ms: 0, bytes: 0, next: None });
            }
            Doing::Undo { step, item } => {
                let problem = self.could_not_undo(step, &problem);
                let outcome = UndoOutcome::Failed { problem, unknown: true };
                let step = self.live.plan.steps[step].id.clone();
                self.note(Fact::UndoResult { step, item, outcome, took_ms: None });
            }
            Doing::Ask { step, item } => {
                self.asking.remove(&(step, item));
                self.told.insert((step, item), Err(problem));
            }
            // The other run goes on whatever became of who waited for it.
            Doing::Follow { step, item } => self.follow_again(step, item),
        }
    }

    /// Keeps the identifiers of what an effect made or changed: when it comes back as a signal, it is
    /// known for our own doing.
    fn remember_effect(&mut self, answer: &Answer) {
        let (Some(params), Outcome::Done { output, .. }) = (&answer.params, &answer.result.outcome) else {
            return;
        };
        let Some(called) = self.live.steps[answer.step].called() else { return };
        let connection = &called.target.connection.id;
        let path = self.path();
        let made = identifiers(params, output).into_iter().map(|external_id| OwnEffect {
            connection: connection.clone(),
            external_id,
            path: path.clone(),
        });
        self.also.made.extend(made);
    }
}
