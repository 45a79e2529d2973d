//! One attempt of one item: map, validate, announce; undo and lookup likewise.

use std::time::Duration;

use patchbay_map::{JsonTemplate, only};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Decision, Fact, Outcome, RequestSummary, UndoOutcome, Why};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answers::{Answer, Doing, Done, Launch};
use super::{Execution, jitter};
use crate::progress::ItemProgress;
use crate::report::{step_name, where_it_did};
use crate::{drift, machine};

/// Items that are looked at for what a service has stopped to give.
const LOOKED_AT: usize = 50;

impl Execution<'_> {
    /// Whether what a step goes through has lost a field that it is made of, or a record that it draws on: the
    /// result of a step that ran once, or what a service started the run with. Looked at once for each run, at
    /// the first of the items, before the first of them is sent.
    fn drifted(&mut self, step: usize) -> Option<Problem> {
        if let Some(known) = self.drifts.get(&step) {
            return known.clone();
        }
        let own = self.run.snapshot.all_steps().nth(step)?;
        let called = self.live.steps[step].called().filter(|called| called.operation.verb.has_effect())?;
        let list = self.live.plan.steps[step].root;
        let pages = list.into_iter().flat_map(|list| self.progress.outputs(list));
        let pages = pages.flatten().filter_map(Value::as_array);
        let items: Vec<Value> = pages.flatten().take(LOOKED_AT).cloned().collect();
        let params = &called.operation.params;
        let before = self.live.plan.steps.iter().enumerate().take(step).filter(|(_, one)| one.root.is_none());
        let records = before.filter_map(|(at, one)| {
            let record = self.progress.item(at, 0).and_then(ItemProgress::output)?;
            Some((format!("$.steps.{}", one.id), record))
        });
        let begun_by = self.run.snapshot.trigger.connection().map(|_| ("$.input".to_owned(), &self.run.input));
        let mut records = records.chain(begun_by).filter(|(_, record)| record.is_object());
        let subject = Subject::Chain { id: self.run.snapshot.name.clone(), step: Some(own.id.to_string()) };
        let tool = &called.target.descriptor.descriptor().name;
        let problem = drift::gone(&own.mapping, "$.item", &items, params)
            .or_else(|| records.find_map(|(root, record)| drift::lost(&own.mapping, &root, record, params)))
            .map(|gone| gone.problem(tool, own.title(), subject));
        // Too few items say nothing; later pages may.
        if list.is_none() || items.len() >= patchbay_map::ENOUGH {
            self.drifts.insert(step, problem.clone());
        }
        problem
    }

    /// Maps the item and announces the request; what does not fit is put aside and nothing is sent.
    pub(super) fn prepare_attempt(&mut self, step: usize, item: u32, attempt: u32) {
        let id = self.live.plan.steps[step].id.clone();
        let result = |outcome| Fact::Result {
            step: id.clone(),
            item,
            attempt: 0,
            outcome,
            took_ms: 0,
            bytes: 0,
            next: None,
        };
        // Nothing of this item: with another meaning of its fields none may go.
        if attempt == 1
            && let Some(problem) = self.drifted(step)
        {
            return self.note(result(Outcome::NotDone { problem }));
        }
        let params = self.params(step, item);
        let planned = params.and_then(|params| {
            let called = self.live.steps[step].called().ok_or(Code::Internal)?;
            self.runner.engine.plan(&called.target, &called.operation.id, &params)
        });
        match planned {
            // An earlier attempt of which nobody knows stays as unknown as it was.
            Err(problem) if matches!(self.slot(step, item), ItemProgress::Doubt(_)) => {
                self.note(result(Outcome::Unknown { problem }))
            }
            // Not a matter of this item: without a connection or a key no item can go.
            Err(problem) if problem.code() != Code::SchemaMismatch => self.defer(step, item, attempt, problem),
            Err(problem) => self.note(result(Outcome::Quarantined { problem })),
            Ok(planned) if self.run.dry_run && planned.effect => {
                self.note(result(Outcome::Shown { request: planned.summary }));
            }
            Ok(planned) => {
                let before = match self.before(step, item, &planned.params) {
                    Some(Ok(before)) => before,
                    // Nothing was sent: what cannot be undone as promised is not begun.
                    Some(Err(problem)) => return self.defer(step, item, attempt, problem),
                    None => return,
                };
                if planned.effect && attempt == 1 && self.is_used_up() {
                    return self.note(Fact::Held { effects: self.run.snapshot.concurrency.effects_per_day });
                }
                let key = self.key("do", step, item);
                self.note(Fact::Intent {
                    step: id,
                    item,
                    attempt,
                    effect: planned.effect,
                    request: planned.summary.clone(),
                    key: Some(key.clone()),
                    before,
                });
                let paged = self.live.plan.steps[step].paged;
                let page = paged.then(|| self.progress.steps[step].next.clone().filter(|_| item > 0));
                self.launches.push(Launch { step, item, attempt, planned, key: Some(key), undo: false, page });
            }
        }
    }

    /// What the undo will bring back, where the operation says so: read before the first attempt, and before
    /// another one where those so far certainly did not happen, for somebody may have changed it meanwhile. After
    /// one that nobody knows the end of, what is there may be our own doing. None while it is read.
    fn before(&mut self, step: usize, item: u32, params: &Value) -> Option<Result<Option<Value>, Problem>> {
        let reads = match self.slot(step, item) {
            ItemProgress::Deferred { .. } => !self.progress.once_in_doubt.contains(&(step, item)),
            ItemProgress::Fresh => true,
            _ => false,
        };
        let told = self.told.remove(&(step, item));
        if let Some(told) = told.filter(|_| reads) {
            return Some(told);
        }
        let declared = self.live.steps[step].called().and_then(|called| {
            let undo = called.operation.undo.as_ref()?;
            Some((called, undo, undo.before.as_ref()?))
        });
        let Some((called, undo, before)) = declared else { return Some(Ok(None)) };
        if !reads {
            return Some(Ok(None));
        }
        if let Some(recorded) = &self.runner.recorded {
            return Some(Ok(recorded.before(&self.live.plan.steps[step].id, item)));
        }
        let planned = JsonTemplate::compile(&Value::Object(before.params.clone().into_iter().collect()))
            .and_then(|template| template.render(&json!({ "params": params })))
            .map_err(Problem::from)
            .and_then(|asked| {
                let asked = asked.unwrap_or_else(|| json!({}));
                self.runner.engine.plan(&called.target, &before.operation, &asked)
            });
        let used = JsonTemplate::compile(&Value::Object(undo.params.clone().into_iter().collect()))
            .map(|template| template.names())
            .map_err(Problem::from);
        let (planned, used) = match (planned, used) {
            (Ok(planned), Ok(used)) => (planned, used),
            (Err(problem), _) | (_, Err(problem)) => return Some(Err(problem)),
        };
        let (engine, target) = (self.runner.engine.clone(), called.target.clone());
        let timeout = Duration::from_millis(self.live.plan.steps[step].policy.timeout_ms);
        self.asking.insert((step, item), true);
        self.spawn(Doing::Ask { step, item }, async move {
            let told = match engine.call(&target, &planned, None, timeout).await.outcome {
                Outcome::Done { output, output_missing: None } => {
                    Ok(Some(only(&json!({ "before": output }), &used)["before"].clone()))
                }
                Outcome::Done { output_missing: Some(problem), .. }
                | Outcome::NotDone { problem }
                | Outcome::Unknown { problem }
                | Outcome::Quarantined { problem } => Err(problem),
                Outcome::Skipped | Outcome::Shown { .. } => Err(Code::Internal.into()),
            };
            Done::Told { step, item, told }
        });
        None
    }

    /// Before anything was sent of an attempt: it is tried again later where that may help.
    fn defer(&mut self, step: usize, item: u32, attempt: u32, problem: Problem) {
        let now = self.runner.clock.now();
        // The lock may last a night: that it holds is written down once, and tried in memory from then on.
        if machine::waits_for_person(problem.code()) && self.progress.postpone(step, item, now) {
            return;
        }
        // It was never announced: the next try is the same attempt, and reads again.
        let at = (step, item, attempt - 1);
        let outcome = Outcome::NotDone { problem };
        let (plan, chance) = (&self.live.plan, jitter(&self.run.id, at));
        let nothing = (Duration::ZERO, 0);
        let mut fact = machine::judge(plan, &self.progress, at, outcome, nothing, None, now, chance);
        // Nor is it an answer of a service.
        match &mut fact {
            Fact::Deferred { took_ms, .. } => *took_ms = None,
            Fact::Result { attempt, .. } => *attempt = 0,
            _ => {}
        }
        self.note(fact);
    }

    /// Whether the effects that the chain may have in a day are used up; else counts one more.
    fn is_used_up(&mut self) -> bool {
        if self.progress.lifted || self.progress.held {
            return self.progress.held;
        }
        match &mut self.effects_left {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }

    /// The idempotency key of an item: the same for all its attempts, in every engine start.
    fn key(&self, what: &str, step: usize, item: u32) -> String {
        let text = format!("{}/{}/{}/{item}", self.run.id, what, self.live.plan.steps[step].id);
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
            hex.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            hex.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
            hex
        })
    }

    /// Asks the service whether an unknown outcome happened. Only reads.
    pub(super) fn ask_service(&mut self, step: usize, item: u32) {
        let params = self.params(step, item);
        let (ItemProgress::Doubt(doubt), Some(called)) =
            (self.slot(step, item).clone(), self.live.steps[step].called())
        else {
            return;
        };
        let id = self.live.plan.steps[step].id.clone();
        let recorded = self.runner.recorded.as_ref().map(|recorded| recorded.resolved(&id, item));
        let found = match (params, recorded) {
            (Err(problem), _) => Err(problem),
            (Ok(_), Some(Some((Decision::Happened, _, output)))) => Ok(Some(output.unwrap_or(Value::Null))),
            (Ok(_), Some(Some(_))) => Ok(None),
            (Ok(_), Some(None)) => Err(Code::NotFound.into()),
            (Ok(params), None) => match self.told.remove(&(step, item)) {
                Some(told) => told,
                None => {
                    let (engine, target) = (self.runner.engine.clone(), called.target.clone());
                    let (operation, since) = (called.operation.id.clone(), doubt.sent.first_at);
                    self.asking.insert((step, item), true);
                    self.spawn(Doing::Ask { step, item }, async move {
                        let told = engine.lookup(&target, &operation, &params, since).await;
                        Done::Told { step, item, told }
                    });
                    return;
                }
            },
        };
        let fact = match found {
            Ok(Some(output)) => Fact::Resolved {
                step: id,
                item,
                decision: Decision::Happened,
                by_lookup: true,
                output: Some(output),
            },
            Ok(None) => Fact::Resolved {
                step: id,
                item,
                decision: Decision::NotHappened,
                by_lookup: true,
                output: None,
            },
            Err(problem) => {
                let now = self.runner.clock.now();
                let pause = self.live.plan.steps[step].policy.backoff_ms.max(1_000) << doubt.asked.min(6);
                let own = now + Duration::from_millis(pause.min(60_000));
                let until = problem.when().map_or(own, |at| at.max(own));
                let attempt = doubt.sent.attempt;
                Fact::Deferred { step: id, item, attempt, until, problem, took_ms: None, bytes: 0 }
            }
        };
        self.note(fact);
    }

    /// Announces an undo.
    pub(super) fn prepare_undo(&mut self, step: usize, item: u32, attempt: u32) {
        let id = self.live.plan.steps[step].id.clone();
        match self.plan_undo(step, item) {
            Ok((operation_summary, planned)) => {
                let key = match self.progress.undone_anew.get(&(step, item)) {
                    // A service may keep what it answered to a key, a failure too.
                    Some(times) => self.key(&format!("undo-{times}"), step, item),
                    None => self.key("undo", step, item),
                };
                self.note(Fact::UndoIntent {
                    step: id,
                    item,
                    attempt,
                    request: operation_summary,
                    key: Some(key.clone()),
                });
                let key = Some(key);
                self.launches.push(Launch { step, item, attempt, planned, key, undo: true, page: None });
            }
            Err(problem) => {
                let problem = self.could_not_undo(step, &problem);
                let unknown = self.progress.undos_in_doubt.contains_key(&(step, item));
                let outcome = UndoOutcome::Failed { problem, unknown };
                self.note(Fact::UndoResult { step: id, item, outcome, took_ms: None });
            }
        }
    }

    fn plan_undo(
        &mut self,
        step: usize,
        item: u32,
    ) -> Result<(RequestSummary, patchbay_connector::Planned), Problem> {
        let params = self.params(step, item);
        let live = &self.live.steps[step];
        let Some((called, undo)) = live.called().and_then(|c| Some((c, c.operation.undo.as_ref()?))) else {
            return Err(Code::CompensationFailed.into());
        };
        let result = match self.slot(step, item) {
            ItemProgress::Done { output, output_missing: false, .. } => output.clone(),
            _ => Value::Null,
        };
        let params = params?;
        let template = Value::Object(undo.params.clone().into_iter().collect());
        let mut scope = json!({ "result": result, "params": params });
        if undo.before.is_some() {
            let Some(before) = self.progress.befores.get(&(step, item)) else {
                return Err(Problem::new(Code::CompensationFailed).detail("nothing says what was there before"));
            };
            scope["before"] = before.clone();
        }
        let params = JsonTemplate::compile(&template)
            .and_then(|template| template.render(&scope))
            .map_err(Problem::from)?
            .unwrap_or_else(|| json!({}));
        let planned = self.runner.engine.plan(&called.target, &undo.operation, &params)?;
        Ok((planned.summary.clone(), planned))
    }

    pub(super) fn note_undo(&mut self, answer: &Answer) {
        let id = self.live.plan.steps[answer.step].id.clone();
        let took_ms = Some(answer.result.took.as_millis() as u64);
        let (step, item, attempt) = (answer.step, answer.item, answer.attempt);
        let unknown = matches!(answer.result.outcome, Outcome::Unknown { .. });
        if let Outcome::NotDone { problem } | Outcome::Unknown { problem } = &answer.result.outcome {
            let (plan, now) = (&self.live.plan, self.runner.clock.now());
            let (at, chance) = ((step, item, attempt), jitter(&self.run.id, (step, item, attempt)));
            if let Some(until) =
                machine::undo_again_at(plan, &self.progress, at, (problem, unknown), now, chance)
            {
                let problem = problem.clone();
                return self.note(Fact::UndoDeferred {
                    unknown,
                    step: id,
                    item,
                    attempt,
                    until,
                    problem,
                    took_ms,
                });
            }
        }
        let outcome = match &answer.result.outcome {
            Outcome::Done { .. } => UndoOutcome::Undone,
            // What is not there any more needs no undo.
            Outcome::NotDone { problem } if problem.code() == Code::NotFound => UndoOutcome::Undone,
            Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
                let problem = self.could_not_undo(step, problem);
                let unknown = unknown || self.progress.undos_in_doubt.contains_key(&(step, item));
                UndoOutcome::Failed { problem, unknown }
            }
            Outcome::Skipped | Outcome::Shown { .. } => UndoOutcome::Impossible,
        };
        self.note(Fact::UndoResult { step: id, item, outcome, took_ms });
    }

    /// The undo's own failure, beside the original error and never over it.
    pub(super) fn could_not_undo(&self, step: usize, cause: &Problem) -> Problem {
        let (what, tool) = match (self.live.steps[step].called(), self.run.snapshot.all_steps().nth(step)) {
            (Some(called), _) => {
                (called.operation.title.as_str(), called.target.descriptor.descriptor().name.clone())
            }
            (None, Some(step)) => (step_name(step), where_it_did(step)),
            (None, None) => ("the step", "Patchbay".to_owned()),
        };
        let why = cause.technical().unwrap_or_default();
        let why = match cause.code() {
            // It says so itself.
            Code::CompensationFailed => why.to_owned(),
            _ => format!("{}. {why}", cause.title()),
        };
        Problem::new(Code::CompensationFailed)
            .with("item", format!("What \"{what}\" did"))
            .with("tool", tool)
            .detail(why)
    }

    fn slot(&self, step: usize, item: u32) -> &ItemProgress {
        const GONE: &ItemProgress = &ItemProgress::LeftOut(Why::Failed);
        self.progress.item(step, item).unwrap_or(GONE)
    }
}
