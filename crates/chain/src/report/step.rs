//! What the journal says of one step.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_model::logic::Logic;
use patchbay_model::privacy::StepPrivacy;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::report::{
    Change, ChangeState, InnerRun, ItemProblem, OpenQuestion, RetryReason, StepReport, StepState, UndoReport,
};
use patchbay_model::run::{Decision, Fact, Outcome, RequestSummary, RunState, UndoOutcome, Why};
use patchbay_model::{Step, Timestamp};
use serde_json::Value;

use super::item::{ItemFold, Last, Reason, Sending, said};
use super::step_name;
use super::undos::Undos;
use super::words::millis_between;
use crate::calls::{Attempts, Calls, answered};
use crate::machine::waits_for_person;
use crate::progress::may_have_happened;

/// At most this many items are listed by name; the counts are always complete.
const LISTED: usize = 100;
/// At most so many bytes of results, as JSON, are kept of a step to say what remains after a failed undo.
const RESULTS: usize = 8 << 20;

/// The facts of a step, taken in one after the other.
#[derive(Default)]
pub(super) struct StepFold {
    items_in: u32,
    /// How many items its lists held, where it gave lists.
    listed: Option<u32>,
    items: BTreeMap<u32, ItemFold>,
    calls: Calls,
    undo_calls: Calls,
    retries: BTreeMap<Reason, u32>,
    /// Since when items wait to be tried again by themselves.
    put_off: BTreeMap<u32, Timestamp>,
    /// How long those waited, in milliseconds, that did.
    retry_wait_ms: u64,
    /// Undos that were sent and have not ended.
    undoing: BTreeSet<u32>,
    /// How often those were sent that were.
    undo_attempts: BTreeMap<u32, Attempts>,
    /// Why undos wait that were put off.
    undo_waits: BTreeMap<u32, Problem>,
    /// Whether what was done of an item was undone, where that was wanted.
    undone: BTreeMap<u32, bool>,
    started_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    /// Changes that stand for good, the first ones: of those alone the request is kept.
    made: BTreeSet<u32>,
    shown: Vec<RequestSummary>,
    /// Runs of another chain, the first ones.
    runs: Vec<InnerRun>,
    /// Bytes of the results that are kept.
    results: usize,
}

/// Where a step did what it did.
pub(crate) fn where_it_did(step: &Step) -> String {
    match &step.logic {
        Some(Logic::Chain { chain }) => format!("the run of \"{chain}\""),
        _ => step.connection.clone(),
    }
}

/// Why what a step did is not undone, where nothing is known that would undo it.
fn stays_because(step: &Step) -> String {
    match &step.logic {
        Some(Logic::Chain { chain }) => {
            format!("What the run of \"{chain}\" changed stays. Its own report says what, and why.")
        }
        _ => "The operation cannot be undone.".to_owned(),
    }
}

impl StepFold {
    /// Takes in a fact of this step. What it says of an undo goes to `undo`.
    pub(super) fn take(&mut self, at: Timestamp, fact: &Fact, step: &Step, undo: &mut Undos) {
        if matches!(fact, Fact::Stands { .. } | Fact::ChainBefore { .. }) {
            // What an earlier run did: the step has not begun with that.
            return;
        }
        self.started_at.get_or_insert(at);
        self.last_at = Some(at);
        if let Some((.., answer)) = answered(fact) {
            let undoes = matches!(fact, Fact::UndoResult { .. } | Fact::UndoDeferred { .. });
            if undoes { &mut self.undo_calls } else { &mut self.calls }.end(answer);
        }
        match fact {
            Fact::StepOpened { items, .. } => self.items_in = *items,
            Fact::Intent { item, effect, request, .. } => {
                if let Some(since) = self.put_off.remove(item) {
                    self.retry_wait_ms += millis_between(since, at);
                }
                let slot = self.items.entry(*item).or_default();
                slot.attempts.announce();
                let again = slot.attempts.is_again();
                self.calls.send(again);
                slot.last = Some(Last::Sent);
                slot.effect = *effect;
                let sending = slot.sending();
                if !*effect {
                    // A read that is made again leaves nothing open.
                    sending.doubt = None;
                }
                let why = sending.again.take();
                sending.sent_again = again.then(|| {
                    why.unwrap_or_else(|| (None, "Patchbay was ended before the answer came".to_owned()))
                });
                if let Some(why) = &sending.sent_again {
                    *self.retries.entry(why.clone()).or_default() += 1;
                }
                sending.request = Some(request.clone());
                sending.at = Some(at);
            }
            Fact::Result { item, outcome, .. } => {
                if let Outcome::Done { output: Value::Array(items), .. } = outcome {
                    *self.listed.get_or_insert(0) += items.len() as u32;
                }
                let slot = self.items.entry(*item).or_default();
                if let Outcome::Unknown { problem } = outcome {
                    let sending = slot.sending();
                    (sending.again, sending.doubt) = (Some(said(problem)), Some(problem.clone()));
                } else if let Some(sending) = &mut slot.sent {
                    sending.doubt = None;
                }
                slot.last = Some(match outcome {
                    Outcome::Done { .. } => Last::Done,
                    Outcome::NotDone { problem } => Last::NotDone(Box::new(problem.clone())),
                    Outcome::Unknown { problem } => Last::Unknown(Box::new(problem.clone())),
                    Outcome::Quarantined { problem } => Last::Quarantined(Box::new(problem.clone())),
                    Outcome::Skipped => Last::Skipped,
                    Outcome::Shown { request } => {
                        if self.shown.len() < LISTED {
                            self.shown.push(request.clone());
                        }
                        Last::Shown
                    }
                });
                if let Outcome::Done { output, .. } = outcome {
                    self.keep_little(*item, output);
                }
            }
            Fact::Computed { results, .. } => {
                for (item, output) in results {
                    self.count_listed(step, output);
                    self.items.entry(*item).or_default().last = Some(Last::Done);
                }
            }
            Fact::LeftOut { items, why, .. } => {
                for item in items {
                    let skipped = matches!(why, Why::Failed | Why::Unknown);
                    let last = if skipped { Last::Skipped } else { Last::Passed };
                    self.items.entry(*item).or_default().last = Some(last);
                }
            }
            Fact::Kept { item, outcome, .. } => {
                if let Outcome::Done { output, .. } = outcome {
                    self.count_listed(step, output);
                }
                let last = match outcome {
                    Outcome::Done { .. } => Last::Kept,
                    _ => Last::Skipped,
                };
                self.items.entry(*item).or_default().last = Some(last);
            }
            Fact::Waiting { item, .. } | Fact::Awaited { item, .. } | Fact::ChainStarted { item, .. } => {
                if let Fact::ChainStarted { run, .. } = fact
                    && self.runs.len() < LISTED
                {
                    self.runs.push(InnerRun { item: *item, run: run.clone() });
                }
                self.items.entry(*item).or_default().last = Some(Last::Waits);
            }
            Fact::Arrived { item, output, .. } => {
                self.items.entry(*item).or_default().last = Some(Last::Done);
                self.keep_result(*item, output);
            }
            Fact::Asked { item, question, .. } => {
                self.items.entry(*item).or_default().last = Some(Last::Asks(Box::new((question.clone(), at))));
            }
            Fact::Answered { item, approved, .. } => {
                let last = if *approved { Last::Done } else { Last::Passed };
                self.items.entry(*item).or_default().last = Some(last);
            }
            Fact::Deferred { item, until, problem, .. } => {
                if !waits_for_person(problem.code()) {
                    self.put_off.insert(*item, at);
                }
                let slot = self.items.entry(*item).or_default();
                if matches!(slot.last, Some(Last::Sent)) {
                    let sending = slot.sent.get_or_insert_default();
                    if waits_for_person(problem.code()) {
                        // Announced, but it could not leave this computer.
                        self.calls.take_back(sending.sent_again.is_some());
                        slot.attempts.take_back();
                        if let Some(why) = sending.sent_again.take() {
                            if let Some(count) = self.retries.get_mut(&why) {
                                *count -= 1;
                            }
                            sending.again = Some(why);
                        }
                    } else {
                        sending.again = Some(said(problem));
                    }
                }
                // A lookup that failed leaves the outcome as unknown as it was; so does an attempt that was put
                // off after one of which nobody knows.
                let doubt = slot.sent.as_ref().and_then(|sending| sending.doubt.clone());
                slot.last = Some(match doubt {
                    Some(doubt) => Last::Unknown(Box::new(doubt)),
                    None => Last::Deferred(Box::new(problem.clone().retry_at(*until))),
                });
            }
            Fact::Resolved { item, decision, output, by_lookup, .. } => {
                let slot = self.items.entry(*item).or_default();
                if *decision != Decision::Undo {
                    slot.sending().doubt = None;
                }
                match decision {
                    Decision::Happened => {
                        slot.last = Some(Last::Done);
                        slot.output = None;
                        if let Some(output) = output {
                            self.keep_result(*item, output);
                        }
                    }
                    Decision::NotHappened => {
                        let text = if *by_lookup {
                            "The service was asked: it had not happened"
                        } else {
                            "You said that it had not happened"
                        };
                        slot.sending().again = Some((None, text.to_owned()));
                        slot.last = None;
                    }
                    Decision::Undo => {}
                }
            }
            Fact::UndoIntent { item, .. } => {
                let attempts = self.undo_attempts.entry(*item).or_default();
                attempts.announce();
                self.undo_calls.send(attempts.is_again());
                self.undoing.insert(*item);
                self.undo_waits.remove(item);
            }
            Fact::UndoDeferred { item, until, problem, .. } => {
                let sent = self.undoing.remove(item);
                if sent && waits_for_person(problem.code()) {
                    // Announced, but it could not leave this computer.
                    let attempts = self.undo_attempts.entry(*item).or_default();
                    self.undo_calls.take_back(attempts.is_again());
                    attempts.take_back();
                }
                self.undo_waits.insert(*item, problem.clone().retry_at(*until));
            }
            Fact::UndoResult { item, outcome, took_ms, .. } => {
                let sent = self.undoing.remove(item);
                self.undo_attempts.remove(item);
                self.undo_waits.remove(item);
                let (undone, problem) = match outcome {
                    UndoOutcome::Undone | UndoOutcome::ByHand => (true, None),
                    UndoOutcome::Failed { problem, .. } => (false, Some(problem.clone())),
                    UndoOutcome::Impossible => (
                        false,
                        Some(
                            Problem::new(Code::CompensationFailed)
                                .with("item", format!("What \"{}\" did", step_name(step)))
                                .with("tool", where_it_did(step))
                                .detail(stays_because(step)),
                        ),
                    ),
                };
                let remains = if undone { None } else { self.items.get(item).and_then(ItemFold::result) };
                self.undone.insert(*item, undone);
                let by_hand = *outcome == UndoOutcome::ByHand;
                let again = matches!(outcome, UndoOutcome::Failed { .. });
                let unknown = may_have_happened(outcome, sent, *took_ms);
                undo.put(UndoReport {
                    step: step.id.clone(),
                    item: *item,
                    undone,
                    by_hand,
                    again,
                    unknown,
                    problem,
                    remains,
                });
            }
            Fact::UndoAgain { item, .. } => {
                self.undone.remove(item);
                undo.begin_again(&step.id, *item);
            }
            _ => {}
        }
    }

    /// Lets go of what nothing is said of any more once an item is done: there may be very many of them.
    fn keep_little(&mut self, item: u32, output: &Value) {
        let Some(slot) = self.items.get_mut(&item) else { return };
        if !slot.effect {
            // Nothing of it is listed or undone.
            (slot.sent, slot.output) = (None, None);
            return;
        }
        if let Some(Sending { request, again, sent_again, .. }) = slot.sent.as_deref_mut() {
            (*again, *sent_again) = (None, None);
            if let Some(request) = request {
                (request.body, request.hash) = (None, String::new());
            }
        }
        self.keep_result(item, output);
        // What was done stays among the changes, so that those behind the first ones are never listed.
        self.made.insert(item);
        if self.made.len() > LISTED
            && let Some(last) = self.made.pop_last()
            && let Some(slot) = self.items.get_mut(&last)
        {
            slot.sent = None;
        }
    }

    /// Keeps what an item gave, while there is room.
    fn keep_result(&mut self, item: u32, output: &Value) {
        let text = output.to_string().into_boxed_str();
        if self.results + text.len() <= RESULTS
            && let Some(slot) = self.items.get_mut(&item)
        {
            self.results += text.len();
            slot.output = Some(text);
        }
    }

    /// Counts what a list held.
    fn count_listed(&mut self, step: &Step, output: &Value) {
        let plain = step.logic.as_ref().is_none_or(Logic::yields_items);
        if let Some(items) = output.as_array().filter(|_| plain) {
            *self.listed.get_or_insert(0) += items.len() as u32;
        }
    }

    /// Its calls, those of its undos too.
    pub(super) fn all_calls(&self) -> Calls {
        let mut all = self.calls.clone();
        all.add(&self.undo_calls);
        all
    }

    /// What it changed or may have changed, item by item.
    fn changes(&self) -> impl Iterator<Item = (u32, &ItemFold, ChangeState)> {
        self.items.iter().filter_map(|(item, slot)| {
            let state = match (self.undone.get(item), &slot.last) {
                (Some(true), _) => ChangeState::Undone,
                (Some(false), _) => ChangeState::Stays,
                (None, Some(Last::Done)) if slot.effect => ChangeState::Made,
                (None, Some(Last::Unknown(_))) if slot.effect => ChangeState::NotKnown,
                _ => return None,
            };
            Some((*item, slot, state))
        })
    }

    /// Nothing is under way any more, because the engine ended or the run did: what was sent and never
    /// answered is not known.
    pub(super) fn give_up_waiting(&mut self) {
        for slot in self.items.values_mut().filter(|slot| slot.effect) {
            if matches!(slot.last, Some(Last::Sent)) {
                let ended =
                    || Problem::new(Code::ConnectionLost).detail("Patchbay was ended before the answer came.");
                let problem = slot.sending().doubt.get_or_insert_with(ended).clone();
                slot.last = Some(Last::Unknown(Box::new(problem)));
            }
        }
    }

    /// Whether an undo of it waits to be tried again.
    pub(super) fn undo_waits(&self) -> bool {
        !self.undo_waits.is_empty()
    }

    fn count(&self, is: impl Fn(&Last) -> bool) -> u32 {
        self.items.values().filter_map(|i| i.last.as_ref()).filter(|last| is(last)).count() as u32
    }

    /// What of it waits for the user; of a run that has ended, what stays unknown.
    pub(super) fn questions(&self, step: &Step, run: RunState) -> Vec<OpenQuestion> {
        let open = self.items.iter().filter_map(|(item, slot)| match &slot.last {
            Some(Last::Unknown(problem)) => Some(OpenQuestion {
                step: step.id.clone(),
                item: *item,
                request: slot.sent.as_ref().and_then(|sending| sending.request.clone()),
                sent_at: slot.sent.as_ref().and_then(|sending| sending.at),
                approval: None,
                problem: Problem::new(Code::UnknownOutcome)
                    .with("item", format!("\"{}\"", step_name(step)))
                    .with("tool", &step.connection)
                    .detail(format!("{}. {}", problem.title(), problem.technical().unwrap_or_default())),
            }),
            Some(Last::Asks(asked)) if !run.is_final() => {
                let (question, at) = asked.as_ref();
                Some(OpenQuestion {
                    step: step.id.clone(),
                    item: *item,
                    request: None,
                    sent_at: Some(*at),
                    approval: Some(question.clone()),
                    problem: Problem::new(Code::Conflict)
                        .with("item", format!("\"{}\"", step_name(step)))
                        .with("message", question.clone()),
                })
            }
            _ => None,
        });
        open.collect()
    }

    /// The step in figures.
    pub(super) fn report(&self, step: &Step, run: RunState) -> StepReport {
        // Of a list that comes in pages only the first page is known when a step begins.
        let items_in = self.items_in.max(self.items.last_key_value().map_or(0, |(item, _)| item + 1));
        let [p50_ms, p95_ms, p99_ms] = self.calls.percentiles();
        let changed = |wanted| self.changes().filter(|(.., state)| *state == wanted).count() as u32;
        let (undone, stay) = (changed(ChangeState::Undone), changed(ChangeState::Stays));
        let done = self.count(|l| matches!(l, Last::Done));
        let failed = self.count(|l| matches!(l, Last::NotDone(_)));
        let quarantined = self.count(|l| matches!(l, Last::Quarantined(_)));
        let unknown = self.count(|l| matches!(l, Last::Unknown(_)));
        let shown = self.count(|l| matches!(l, Last::Shown));
        let passed = self.count(|l| matches!(l, Last::Passed));
        let kept = self.count(|l| matches!(l, Last::Kept));
        let left_out = self.count(|l| matches!(l, Last::Skipped));
        let settled = done + failed + quarantined + shown + passed + kept + left_out;
        // While a run is under way what has no end yet is still to come, and not left out.
        let skipped = if run.is_final() {
            items_in.saturating_sub(done + failed + quarantined + unknown + shown + passed + kept)
        } else {
            self.count(|l| matches!(l, Last::Skipped))
        };
        let opened = self.started_at.is_some();
        let state = if unknown > 0 {
            StepState::NotKnown
        } else if failed + quarantined > 0 {
            StepState::Failed
        } else if !opened {
            if run.is_final() { StepState::Skipped } else { StepState::Waiting }
        } else if settled >= items_in {
            if done + shown + kept == 0 && items_in > 0 { StepState::Skipped } else { StepState::Done }
        } else if run.is_final() {
            if done > 0 { StepState::Failed } else { StepState::Skipped }
        } else if self.count(|l| matches!(l, Last::Deferred(_))) > 0 {
            StepState::Retrying
        } else {
            StepState::Running
        };
        let problems = self.items.iter().filter_map(|(item, slot)| {
            let (problem, waits) = match &slot.last {
                Some(Last::NotDone(problem) | Last::Quarantined(problem)) => (problem.as_ref(), false),
                Some(Last::Deferred(problem)) => (problem.as_ref(), true),
                _ => (self.undo_waits.get(item)?, true),
            };
            let problem = problem.clone();
            let over = !waits || run.is_final();
            Some(ItemProblem { item: *item, problem: if over { problem.given_up() } else { problem } })
        });
        StepReport {
            step: step.id.clone(),
            name: step_name(step).to_owned(),
            connection: step.connection.clone(),
            operation: step.operation.clone(),
            action: String::new(),
            privacy: StepPrivacy::default(),
            state,
            items_in,
            items_out: self.listed.unwrap_or(done),
            done,
            failed,
            quarantined,
            skipped,
            passed,
            kept,
            unknown,
            effect: self.items.values().any(|slot| slot.effect),
            changes: changed(ChangeState::Made) + undone + stay,
            undone,
            stay,
            calls: self.calls.sent,
            calls_ok: self.calls.ok,
            calls_failed: self.calls.failed,
            calls_held: self.calls.held,
            retries: self.calls.retries,
            retry_reasons: self.retry_reasons(),
            retry_wait_ms: self.retry_wait_ms,
            bytes: self.calls.bytes,
            call_ms: self.calls.took_ms(),
            p50_ms,
            p95_ms,
            p99_ms,
            started_at: self.started_at,
            finished_at: if settled >= items_in { self.last_at } else { None },
            problems: problems.take(LISTED).collect(),
            runs: self.runs.clone(),
            sent: self.sent(),
            shown: self.shown.iter().take(LISTED).cloned().collect(),
        }
    }
    fn retry_reasons(&self) -> Vec<RetryReason> {
        let mut reasons: Vec<RetryReason> = self
            .retries
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|((code, text), count)| RetryReason { code: *code, text: text.clone(), count: *count })
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        reasons
    }

    fn sent(&self) -> Vec<Change> {
        let changes = self.changes().filter_map(|(item, slot, state)| {
            let sending = slot.sent.as_ref()?;
            let (request, at) = (sending.request.as_ref()?, sending.at?);
            let (method, url) = (request.method.clone(), request.url.clone());
            Some(Change { item, at, attempts: slot.attempts.count(), method, url, state })
        });
        changes.take(LISTED).collect()
    }
}
