//! The runner as a pure state machine: facts in, commands out. No clock, no I/O, no randomness of
//! its own, so that a simulator can enumerate every crash point and the same machine can stand on
//! another store.

mod doubt;
mod retry;
mod undo;

use patchbay_model::Timestamp;
use patchbay_model::chain::OnFailure;
use patchbay_model::problem::Code;
use patchbay_model::run::{Fact, RunState, Why};

use crate::items::Items;
use crate::plan::{Kind, Phase, Plan};
use crate::progress::{ItemProgress, Progress};

use doubt::Resolution;
use undo::Undoing;

pub use doubt::LOOKUP_GRACE;
pub use retry::{judge, undo_again_at};

/// Engine starts in a row that get nowhere before the user is asked: whatever ended them may well end
/// the next one too.
const STUCK_AFTER: u32 = 3;

/// Items that are worked out, or left out, with one fact.
const BATCH: usize = 500;

/// What the shell is to do.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, passed on at once")]
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
    /// Work out what the step gives for these items, and record it. Nothing is sent.
    Compute {
        /// Place of the step in the plan.
        step: usize,
        /// The items, from 0.
        items: Vec<u32>,
    },
    /// Record for what the item waits: a time, a delivery, the user, or a run of another chain.
    Begin {
        /// Place of the step in the plan.
        step: usize,
        /// The item, from 0.
        item: u32,
    },
    /// The time to wait for a delivery is over: look a last time whether it came, and record which it is.
    Expire {
        /// Place of the step in the plan.
        step: usize,
        /// The item, from 0.
        item: u32,
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

/// Decides what to do next. Calling it twice without a new fact gives the same answer.
pub fn next(plan: &Plan, progress: &Progress, now: Timestamp) -> Next {
    let rests = |state| Next { commands: Vec::new(), wake: None, state };
    if let Some(state) = progress.finished {
        return rests(state);
    }
    if progress.stuck || progress.held {
        return rests(RunState::NeedsYou);
    }
    if progress.idle_recoveries >= STUCK_AFTER {
        return doing(vec![Command::Record(Fact::Stuck { recoveries: progress.idle_recoveries })]);
    }
    if progress.paused {
        return rests(RunState::Paused);
    }
    if !progress.checked {
        return doing(vec![Command::Check]);
    }
    if progress.blocked {
        return finish(RunState::Failed);
    }
    let mut round = Round { plan, progress, now, commands: Vec::new(), wake: None, asks_user: false };
    if let Some(state) = progress.ended {
        return round.tidy_up(state);
    }
    if let Some(undo) = round.stopping() {
        return round.wind_down(undo);
    }
    if round.work_through(Phase::Main) {
        return round.end_in_time();
    }
    let state = if round.has_problems(Phase::Main) { RunState::DoneWithProblems } else { RunState::Done };
    round.end_main(state)
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

    /// The same of the main part, unless the time that it may take is over.
    fn end_in_time(self) -> Next {
        let (meter, now) = (self.progress.meter, self.now);
        let allowed = self.plan.allowed_ms.into_iter().chain(self.progress.allowed_ms).min();
        let Some(allowed_ms) = allowed else { return self.end() };
        if meter.spent(now).as_millis() >= i128::from(allowed_ms) {
            return doing(vec![Command::Record(Fact::TimedOut { allowed_ms })]);
        }
        let next = self.end();
        // A time that does not count is over with an answer.
        let due = meter.due(allowed_ms).filter(|_| next.state != RunState::NeedsYou);
        Next { wake: next.wake.into_iter().chain(due).min(), ..next }
    }

    fn all(&self) -> impl Iterator<Item = &Items> {
        self.progress.steps.iter().filter_map(|step| step.items.as_ref())
    }

    fn in_flight(&self) -> u32 {
        self.all().map(|items| items.counts().in_flight).sum()
    }

    /// The steps of a phase, in order.
    fn phase(&self, phase: Phase) -> impl Iterator<Item = usize> + use<> {
        let all = self.plan.steps.iter().enumerate();
        let places: Vec<usize> = all.filter(|(_, step)| step.phase == phase).map(|(at, _)| at).collect();
        places.into_iter()
    }

    fn has_problems(&self, phase: Phase) -> bool {
        self.phase(phase).any(|step| {
            let counts = self.progress.steps[step].items.as_ref().map(Items::counts).unwrap_or_default();
            counts.failed + counts.quarantined + counts.unknown_before > 0 && !self.plan.is_handled(step)
        })
    }

    /// Whether no new work begins: `Some(undo)` says that what was done is to be undone.
    fn stopping(&self) -> Option<bool> {
        if let Some(undo) = self.progress.stop {
            return Some(undo);
        }
        let mut stop = self.progress.timed_out.then_some(self.plan.late_undoes);
        for step in self.phase(Phase::Main) {
            let Some(counts) = self.progress.steps[step].items.as_ref().map(Items::counts) else {
                continue;
            };
            // An item that does not fit is set aside; a step that cannot run at all has failed.
            let aside = self.plan.steps[step].root.is_some();
            let failed = counts.failed > 0 || (counts.quarantined > 0 && !aside);
            if failed && !self.plan.goes_on_after_failure(step) {
                let undo = self.plan.steps[step].policy.on_failure == OnFailure::StopAndUndo;
                stop = Some(undo || stop == Some(true));
            }
        }
        stop
    }

    /// Works on the first step of a phase that is not settled. False where all are.
    fn work_through(&mut self, phase: Phase) -> bool {
        let progress = self.progress;
        // A list whose next page waits until what goes through it is done with the pages before.
        let mut paging = None;
        for step in self.phase(phase) {
            if paging.is_some_and(|list| !self.plan.flows_from(step, list)) {
                break;
            }
            match &progress.steps[step].items {
                None => {
                    self.commands.push(Command::Open { step });
                    return true;
                }
                Some(items) if items.is_settled() => {}
                Some(items) if paging.is_none() && self.waits_for_its_next_page(step, items) => {
                    paging = Some(step);
                }
                Some(items) => {
                    self.work_on(step, items);
                    return true;
                }
            }
        }
        let Some((step, items)) = paging.and_then(|step| Some((step, progress.steps[step].items.as_ref()?)))
        else {
            return false;
        };
        self.work_on(step, items);
        true
    }

    /// Whether all that is open of a list is a page after the first that was not asked for yet.
    fn waits_for_its_next_page(&self, step: usize, items: &Items) -> bool {
        self.plan.steps[step].paged && items.rests_at_a_page()
    }

    /// The main part of the chain is over.
    fn end_main(&self, state: RunState) -> Next {
        if self.plan.tidies_up(state) {
            return Next {
                commands: vec![Command::Record(Fact::Ended { state })],
                wake: None,
                state: RunState::Running,
            };
        }
        finish(state)
    }

    /// What is done after a failure, then what is done in any case. A failure there ends neither.
    fn tidy_up(mut self, ended: RunState) -> Next {
        if self.progress.stop_tidying {
            return if self.in_flight() > 0 { self.end() } else { finish(ended) };
        }
        let mut problems = false;
        for phase in [Phase::OnFailure, Phase::Finally] {
            if phase == Phase::OnFailure && !is_failure(ended) {
                continue;
            }
            if self.work_through(phase) {
                return self.end();
            }
            problems |= self.has_problems(phase);
        }
        finish(if problems && ended == RunState::Done { RunState::DoneWithProblems } else { ended })
    }

    /// Lets requests under way end, asks what can be asked, undoes where wanted, finishes.
    fn wind_down(mut self, undo: bool) -> Next {
        if self.in_flight() > 0 {
            return self.end();
        }
        let by_user = self.progress.stop.is_some();
        let sends_no_more = by_user || self.progress.timed_out;
        for step in self.phase(Phase::Main) {
            let Some(items) =
                self.progress.steps[step].items.as_ref().filter(|items| items.counts().doubts > 0)
            else {
                continue;
            };
            for (item, slot) in items.open() {
                let ItemProgress::Doubt(doubt) = slot else {
                    continue;
                };
                // After a failure, what was already sent may be sent again with its own key: that
                // tells what became of it. After the user's stop, or when time is up, nothing is sent any more.
                let resolution =
                    if sends_no_more { self.ask(step, item, doubt) } else { self.resolve(step, item, doubt) };
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
        match if undo { self.next_undo() } else { self.waiting_undo() } {
            Some(Undoing::Do(command)) => {
                self.commands.push(command);
                return self.end();
            }
            Some(Undoing::Later(at)) => {
                self.wake_at(at);
                return self.end();
            }
            Some(Undoing::Inside) => return self.end(),
            None => {}
        }
        if let Some(before) = self.progress.taken_back {
            // What failed stays failed; what went well was stopped short of staying.
            return finish(match before {
                RunState::Failed | RunState::FailedUndone | RunState::DoneWithProblems => {
                    if self.everything_undone() { RunState::FailedUndone } else { RunState::Failed }
                }
                _ => RunState::Stopped,
            });
        }
        self.end_main(match (by_user, undo) {
            (true, _) => RunState::Stopped,
            (false, true) if self.everything_undone() => RunState::FailedUndone,
            (false, _) => RunState::Failed,
        })
    }

    fn work_on(&mut self, step: usize, items: &Items) {
        // First what is in doubt: an answer may change everything else.
        if items.counts().doubts > 0 {
            for (item, slot) in items.open() {
                if let ItemProgress::Doubt(doubt) = slot {
                    match self.resolve(step, item, doubt) {
                        Resolution::Do(command) => self.commands.push(command),
                        Resolution::Later(at) => self.wake_at(at),
                        Resolution::User => self.asks_user = true,
                    }
                }
            }
        }
        if self.asks_user {
            // The run pauses: nothing new is sent until the question is answered.
            self.commands.clear();
            self.wake = None;
            return;
        }
        let plan = &self.plan.steps[step];
        let parallel = plan.policy.parallel.clamp(1, 16);
        let mut free = parallel.saturating_sub(self.in_flight() + self.commands.len() as u32);
        let mut left_out: Vec<(Why, Vec<u32>)> = Vec::new();
        let mut computed = Vec::new();
        let mut looked_at = 0;
        for (item, slot) in items.open() {
            looked_at += 1;
            let (attempt, kind) = match slot {
                ItemProgress::Fresh => match self.is_left_out(step, item) {
                    Some(why) => {
                        match left_out.iter_mut().find(|(other, _)| *other == why) {
                            Some((_, items)) => items.push(item),
                            None => left_out.push((why, vec![item])),
                        }
                        if left_out.iter().map(|(_, items)| items.len()).sum::<usize>() >= BATCH {
                            break;
                        }
                        continue;
                    }
                    None => (1, plan.kind),
                },
                ItemProgress::Deferred { attempt, since, until, .. }
                    if *until <= self.now || self.was_put_back(*since) =>
                {
                    (attempt + 1, Kind::Call)
                }
                ItemProgress::Deferred { until, .. } => {
                    self.wake_at(*until);
                    continue;
                }
                ItemProgress::Waiting { until } if *until <= self.now => {
                    let output = serde_json::json!({ "until": until.to_string() });
                    self.record(Fact::Computed { step: plan.id.clone(), results: vec![(item, output)] });
                    continue;
                }
                ItemProgress::Awaiting { until } if *until <= self.now => {
                    self.commands.push(Command::Expire { step, item });
                    continue;
                }
                ItemProgress::Waiting { until } | ItemProgress::Awaiting { until } => {
                    self.wake_at(*until);
                    continue;
                }
                ItemProgress::Asking { until: Some(until) } if *until <= self.now => {
                    let step = plan.id.clone();
                    self.record(Fact::Answered { step, item, approved: false, by_time: true });
                    continue;
                }
                ItemProgress::Asking { until } => {
                    self.asks_user = true;
                    if let Some(until) = until {
                        self.wake_at(*until);
                    }
                    continue;
                }
                _ => continue,
            };
            match kind {
                Kind::Call if free > 0 => {
                    free -= 1;
                    self.commands.push(Command::Attempt { step, item, attempt });
                }
                Kind::Chain if free > 0 => {
                    free -= 1;
                    self.commands.push(Command::Begin { step, item });
                }
                // An answer makes room for the others.
                Kind::Call | Kind::Chain => {
                    if looked_at > BATCH {
                        break;
                    }
                }
                Kind::Wait | Kind::Delivery | Kind::Approval => {
                    self.commands.push(Command::Begin { step, item })
                }
                Kind::Compute => {
                    computed.push(item);
                    if computed.len() >= BATCH {
                        break;
                    }
                }
            }
        }
        for (why, items) in left_out {
            self.record(Fact::LeftOut { step: plan.id.clone(), items, why });
        }
        if !computed.is_empty() {
            self.commands.push(Command::Compute { step, items: computed });
        }
    }

    fn record(&mut self, fact: Fact) {
        self.commands.push(Command::Record(fact));
    }

    /// Why an item is left out of a step: an earlier step over the same items did not get it done or did
    /// not let it through, it took another way, or there is no failure to handle.
    fn is_left_out(&self, step: usize, item: u32) -> Option<Why> {
        let plan = &self.plan.steps[step];
        if let Some((branch, way)) = &plan.on {
            let at = self.progress.ancestor(self.plan, step, item, *branch)?;
            let taken = self.progress.item(*branch, at).and_then(ItemProgress::output);
            if taken.and_then(|taken| taken["way"].as_str()) != Some(way) {
                return Some(Why::NotTaken);
            }
        }
        if let Some(handled) = plan.handles {
            let at = self.progress.ancestor(self.plan, step, item, handled)?;
            // What went wrong later with the same item, because of it, is no reason not to handle it.
            let failed = self.progress.item(handled, at).is_some_and(ItemProgress::is_failed);
            return (!failed).then_some(Why::NotTaken);
        }
        (0..step).find_map(|earlier| self.leaves_out(earlier, step, item))
    }

    /// Why an earlier step keeps an item from a later one.
    fn leaves_out(&self, earlier: usize, step: usize, item: u32) -> Option<Why> {
        let (before, after) = (&self.plan.steps[earlier], &self.plan.steps[step]);
        if before.phase != after.phase || !self.plan.reaches(earlier, step) {
            return None;
        }
        let at = self.progress.ancestor(self.plan, step, item, earlier)?;
        let goes_on = before.policy.on_failure == OnFailure::Continue;
        let same_items = before.root.is_some();
        match self.progress.item(earlier, at)? {
            ItemProgress::NotDone(_) | ItemProgress::Quarantined(_) if same_items && !goes_on => {
                Some(Why::Failed)
            }
            ItemProgress::LeftOut(Why::Failed) if same_items && !goes_on => Some(Why::Failed),
            // Whether there is anything to go on with is not known either.
            ItemProgress::LeftOut(Why::Unknown) if !goes_on => Some(Why::Unknown),
            ItemProgress::LeftOut(why @ (Why::Filtered | Why::Refused)) => Some(*why),
            _ => None,
        }
    }

    fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |earlier| earlier.min(at)));
    }
}

/// Whether a run that ended so has failed.
pub(crate) fn is_failure(state: RunState) -> bool {
    matches!(state, RunState::Failed | RunState::FailedUndone)
}

/// Whether only a person ends the wait, which may last a night. What is tried before anything was announced is
/// tried in memory; a call that was announced is answered in the journal, and so is each try of it.
pub(crate) fn waits_for_person(code: Code) -> bool {
    matches!(code, Code::SecretStoreLocked | Code::NetworkUnreadable)
}
