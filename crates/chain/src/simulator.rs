//! Every crash point of the runner, enumerated: a pretend service that counts what really happened,
//! and an engine that dies before or after any durable write or send. The service is the witness;
//! the journal is never asked whether it is right.

mod kinds;
mod late;
mod oracle;
mod part;
mod sample;
mod starts;
mod stopped;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use patchbay_model::chain::OnFailure;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::{Decision, Fact, Outcome, RequestSummary, RunState, UndoOutcome};
use patchbay_model::{BootId, Clock, RunId, Timestamp};
use serde_json::{Value, json};

use crate::items::Items;
use crate::machine::{Command, judge, next};
use crate::plan::{Plan, PlanStep, Policy, Repeat};
use crate::progress::{ItemProgress, Progress};
use oracle::{Cause, Ledger, agrees};

const ITEMS: u32 = 3;

#[derive(Clone, Copy, Debug)]
struct Kind {
    repeat: Repeat,
    lookup: bool,
}

/// The kinds of effect that operations declare.
const KINDS: [Kind; 4] = [
    Kind { repeat: Repeat::Never, lookup: false },
    Kind { repeat: Repeat::Never, lookup: true },
    Kind { repeat: Repeat::WithKey { ttl: Duration::from_secs(86_400) }, lookup: false },
    Kind { repeat: Repeat::Always, lookup: false },
];

/// What the service does with one call, by its number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// It acts, and the answer is lost.
    DiesAfterEffect,
    /// It refuses before acting; trying again may help.
    Refuses,
    /// It refuses for good.
    Rejects,
    /// It acts, and the answer is lost; the call after that it puts off before acting.
    DiesThenPutsOff,
}

fn plan(kind: Kind, on_failure: OnFailure) -> Plan {
    let policy = Policy { on_failure, ..Policy::default() };
    let step = |id: &str, root, effect, repeat, lookup| PlanStep {
        root,
        policy,
        effect,
        repeat,
        lookup,
        undo: effect.then_some(Repeat::Always),
        ..PlanStep::reads(id)
    };
    Plan {
        steps: vec![
            step("list", None, false, Repeat::Always, false),
            step("first", Some(0), true, kind.repeat, kind.lookup),
            step("second", Some(0), true, kind.repeat, kind.lookup),
        ],
        ..Plan::default()
    }
}

#[derive(Clone)]
struct World {
    clock: patchbay_model::time::ManualClock,
    /// Effects that stand, by step and item. With a key, repeats are recognised.
    effects: BTreeMap<(usize, u32), u32>,
    /// Idempotent repeats, which changed nothing.
    repeats: u32,
    calls: u32,
    fault: (u32, Fault),
    journal: Vec<(Timestamp, Fact)>,
    /// The engine dies at these points; each durable write and each send is one point.
    crashes: Vec<u32>,
    point: u32,
    boots: u32,
    asked_user: u32,
    /// The engine dies each time it calls this step for this item.
    poison: Option<(usize, u32)>,
    /// Runs of other chains that were started, and those that have ended.
    children: BTreeMap<RunId, (usize, u32)>,
    ended: BTreeSet<RunId>,
    /// Deliveries that came, by step and item.
    delivered: BTreeSet<(usize, u32)>,
    /// Facts that the user adds before the fact of this number: a pause, a held run.
    meddles: Option<(usize, Fact)>,
    /// How often the run rested as the user wished.
    rested: u32,
    /// The pages of the list.
    pages: Vec<Value>,
    /// What this start of the engine knows: lost when it dies.
    known: Option<Progress>,
    /// What really happened, counted where it happens.
    ledger: Ledger,
    /// What the service does with undos.
    undoing: undo::Undoing,
    /// How long the engine stays away each time it dies.
    away: Duration,
    /// How long a call takes.
    slow: Duration,
    /// What an earlier run did that this one takes over: the service knows none of its keys.
    earlier: BTreeSet<(usize, u32)>,
}

struct Died;

impl World {
    fn point(&mut self) -> Result<(), Died> {
        self.point += 1;
        if self.crashes.contains(&self.point) { Err(Died) } else { Ok(()) }
    }

    fn write(&mut self, plan: &Plan, fact: Fact) -> Result<(), Died> {
        self.write_all(plan, vec![fact])
    }

    /// Writes facts with one commit.
    fn write_all(&mut self, plan: &Plan, facts: Vec<Fact>) -> Result<(), Died> {
        self.point()?; // dies before the commit
        if let Some((_, wish)) = self.meddles.take_if(|(at, _)| *at == self.journal.len()) {
            self.keep(plan, wish);
        }
        for fact in facts {
            self.keep(plan, fact);
        }
        self.point() // dies after it
    }

    /// Writes a fact, and counts it where it was written, whether or not the engine lives on.
    fn write_counted(&mut self, plan: &Plan, fact: Fact, count: impl FnOnce(&mut Ledger)) -> Result<(), Died> {
        let before = self.journal.len();
        let lives = self.write(plan, fact);
        if self.journal.len() > before {
            count(&mut self.ledger);
        }
        lives
    }

    fn keep(&mut self, plan: &Plan, fact: Fact) {
        let now = self.clock.now();
        if let Some(known) = &mut self.known {
            known.apply(plan, now, &fact);
        }
        self.journal.push((now, fact));
    }

    fn call(&mut self, step: usize, item: u32, plan: &PlanStep) -> Result<Outcome, Died> {
        self.point()?; // intent durable, nothing sent
        if self.poison == Some((step, item)) {
            return Err(Died);
        }
        self.calls += 1;
        self.clock.advance(self.slow);
        self.ledger.got(step);
        let (at, fault) = self.fault;
        let puts_off = fault == Fault::DiesThenPutsOff && self.calls == at + 1;
        let fault = if self.calls == at { fault } else { Fault::None };
        if puts_off {
            let problem = Problem::new(Code::RateLimited).retry_at(self.clock.now() + Duration::from_secs(60));
            return Ok(Outcome::NotDone { problem });
        }
        if !plan.effect {
            return Ok(match fault {
                Fault::None | Fault::DiesAfterEffect | Fault::DiesThenPutsOff => {
                    done(self.pages[item as usize].clone())
                }
                Fault::Refuses => Outcome::NotDone { problem: Code::ServiceDown.into() },
                Fault::Rejects => Outcome::NotDone { problem: Code::NotFound.into() },
            });
        }
        let outcome = match fault {
            Fault::Refuses => Outcome::NotDone { problem: Code::ConnectionRefused.into() },
            Fault::Rejects => Outcome::NotDone { problem: Code::InvalidConfig.into() },
            Fault::None | Fault::DiesAfterEffect | Fault::DiesThenPutsOff => {
                let known = self.effects.contains_key(&(step, item)) && !self.earlier.contains(&(step, item));
                if known && plan.repeat != Repeat::Never {
                    self.repeats += 1;
                } else {
                    *self.effects.entry((step, item)).or_default() += 1;
                }
                if fault == Fault::None {
                    done(json!({"id": item}))
                } else {
                    Outcome::Unknown { problem: Code::TimeoutResponse.into() }
                }
            }
        };
        self.point()?; // answered, the answer not written down
        Ok(outcome)
    }

    fn live(&mut self, plan: &Plan) -> Result<RunState, Died> {
        self.boots += 1;
        self.known = None;
        self.write(
            plan,
            Fact::Started { boot: BootId::new("b"), recovered: self.boots > 1, connectors: BTreeMap::new() },
        )?;
        let mut remembering = plan.clone();
        remembering.steps.iter_mut().for_each(|step| step.forgets = false);
        let mut plan = plan;
        for _ in 0..2_000 {
            let now = self.clock.now();
            let step = next(plan, self.progress(plan), now);
            // As the runner does: an undo needs the results of what it undoes.
            let undoes = |command: &Command| {
                matches!(
                    command,
                    Command::Undo { .. } | Command::Record(Fact::UndoResult { .. } | Fact::ChainUndo { .. })
                )
            };
            if plan.steps.iter().any(|step| step.forgets) && step.commands.iter().any(undoes) {
                plan = &remembering;
                self.known = None;
                continue;
            }
            for command in &step.commands {
                self.perform(plan, command)?;
            }
            if !step.commands.is_empty() {
                continue;
            }
            match (step.state, step.wake) {
                (state, _) if state.is_final() => return Ok(state),
                _ if !self.progress(plan).children.is_empty() => self.end_child(plan)?,
                _ if self.progress(plan).undone_inside().next().is_some() => self.end_undo_inside(plan)?,
                (RunState::Waiting, _) if !self.progress(plan).awaited.is_empty() => self.deliver(plan)?,
                (RunState::Paused, _) => {
                    self.rested += 1;
                    self.write(plan, Fact::Resumed)?;
                }
                (RunState::NeedsYou, _) => self.answer(plan)?,
                (_, Some(wake)) => {
                    let wait = wake.duration_since(now);
                    self.clock.advance(Duration::try_from(wait).unwrap_or_default() + Duration::from_millis(1));
                }
                stuck => panic!("the run is stuck: {stuck:?}"),
            }
        }
        panic!("the run does not end: {:?}", self.journal);
    }

    fn perform(&mut self, plan: &Plan, command: &Command) -> Result<(), Died> {
        let id = |step: usize| plan.steps[step].id.clone();
        match command {
            Command::Check => self.write(plan, Fact::Checked { findings: Vec::new() }),
            Command::Open { step } => {
                let facts = crate::lineage::opened(plan, self.progress(plan), *step);
                self.write_all(plan, facts)
            }
            Command::Attempt { step, item, attempt } => {
                let effect = plan.steps[*step].effect;
                let request = RequestSummary {
                    method: "POST".into(),
                    url: String::new(),
                    body: None,
                    hash: String::new(),
                };
                let intent = Fact::Intent {
                    step: id(*step),
                    item: *item,
                    attempt: *attempt,
                    effect,
                    request,
                    key: Some("k".into()),
                    before: None,
                };
                self.write_counted(plan, intent, |ledger| ledger.announced(*step, *item, effect))?;
                let outcome = self.call(*step, *item, &plan.steps[*step])?;
                let at = (*step, *item, *attempt);
                let more = plan.steps[*step].paged && (*item as usize) + 1 < self.pages.len();
                let next = more.then(|| json!(item + 1));
                let cost = (Duration::ZERO, 0);
                let fact = {
                    let (now, outcome) = (self.clock.now(), outcome.clone());
                    judge(plan, self.progress(plan), at, outcome, cost, next, now, 0.5)
                };
                self.write_counted(plan, fact, |ledger| ledger.heard(*step, *item, &outcome))
            }
            Command::Compute { step, items } => self.compute(plan, *step, items),
            Command::Begin { step, item } => self.begin(plan, *step, *item),
            Command::Expire { step, item } => self.expire(plan, *step, *item),
            Command::AskService { step, item } => {
                let happened = self.effects.contains_key(&(*step, *item));
                let decision = if happened { Decision::Happened } else { Decision::NotHappened };
                let output = happened.then(|| json!({"id": item}));
                let resolved =
                    Fact::Resolved { step: id(*step), item: *item, decision, by_lookup: true, output };
                self.write_counted(plan, resolved, |ledger| {
                    ledger.resolved(*step, *item, happened, Cause::Asked);
                })
            }
            Command::Undo { step, item, attempt } => self.undo(plan, *step, *item, *attempt),
            Command::Record(fact) => self.write(plan, fact.clone()),
        }
    }

    /// The user looks at the service and says the truth.
    fn answer(&mut self, plan: &Plan) -> Result<(), Died> {
        self.asked_user += 1;
        let progress = self.progress(plan).clone();
        if progress.stuck || progress.held {
            self.poison = None;
            self.rested += u32::from(progress.held);
            return self.write(plan, Fact::Resumed);
        }
        for (step, p) in progress.steps.iter().enumerate() {
            for (item, slot) in p.items.iter().flat_map(Items::open) {
                if matches!(slot, ItemProgress::Asking { .. }) {
                    let step = plan.steps[step].id.clone();
                    return self
                        .write(plan, Fact::Answered { step, item, approved: item != 3, by_time: false });
                }
                if matches!(slot, ItemProgress::Doubt(_)) {
                    let happened = self.effects.contains_key(&(step, item));
                    let decision = if happened { Decision::Happened } else { Decision::NotHappened };
                    let id = plan.steps[step].id.clone();
                    let resolved = Fact::Resolved { step: id, item, decision, by_lookup: false, output: None };
                    return self.write_counted(plan, resolved, |ledger| {
                        ledger.resolved(step, item, happened, Cause::Told);
                    });
                }
            }
        }
        panic!("the user was asked without a question");
    }

    /// What the journal says; read whole at each start of the engine.
    fn progress(&mut self, plan: &Plan) -> &Progress {
        let journal = &self.journal;
        self.known.get_or_insert_with(|| {
            let mut progress = Progress::new(plan);
            for (at, fact) in journal {
                progress.apply(plan, *at, fact);
            }
            progress
        })
    }
}

fn done(output: Value) -> Outcome {
    Outcome::Done { output, output_missing: None }
}

/// Runs to the end through the given crashes and gives the world as it then is.
fn simulate(plan: &Plan, fault: (u32, Fault), crashes: &[u32]) -> (World, RunState) {
    run_through(plan, World { crashes: crashes.to_vec(), ..world(fault) })
}

fn world(fault: (u32, Fault)) -> World {
    World {
        clock: patchbay_model::time::ManualClock::at(Timestamp::from_second(1_700_000_000).unwrap()),
        effects: BTreeMap::new(),
        repeats: 0,
        calls: 0,
        fault,
        journal: Vec::new(),
        crashes: Vec::new(),
        point: 0,
        boots: 0,
        asked_user: 0,
        poison: None,
        children: BTreeMap::new(),
        ended: BTreeSet::new(),
        delivered: BTreeSet::new(),
        meddles: None,
        rested: 0,
        pages: vec![json!([1, 2, 3])],
        known: None,
        ledger: Ledger::default(),
        undoing: undo::Undoing::default(),
        away: Duration::ZERO,
        slow: Duration::ZERO,
        earlier: BTreeSet::new(),
    }
}

fn run_through(plan: &Plan, mut world: World) -> (World, RunState) {
    loop {
        assert!(world.boots < 50, "the run is taken up for ever");
        if let Ok(state) = world.live(plan) {
            return (world, state);
        }
        world.ledger.died();
        world.clock.advance(world.away);
    }
}

/// The number of crash points of an undisturbed run.
fn points(plan: &Plan, fault: (u32, Fault)) -> u32 {
    simulate(plan, fault, &[]).0.point
}

fn check(plan: &Plan, kind: Kind, fault: (u32, Fault), crashes: &[u32]) {
    let (world, state) = simulate(plan, fault, crashes);
    let context = format!("{kind:?} {fault:?} crashes at {crashes:?}");
    let doubled: Vec<_> = world.effects.iter().filter(|(_, n)| **n > 1).collect();
    assert!(doubled.is_empty(), "{context}: effects happened twice: {doubled:?}");
    let expected = (ITEMS * 2) as usize;
    // A crash may swallow the rejection; the next try is accepted then, and everything happens.
    if fault.1 == Fault::Rejects && state != RunState::Done {
        assert!(state.is_final(), "{context}: {state:?}");
        if state == RunState::FailedUndone {
            assert_eq!(world.effects.len(), 0, "{context}: something stays after the undo");
        }
    } else {
        assert_eq!(state, RunState::Done, "{context}");
        assert_eq!(world.effects.len(), expected, "{context}: an effect is lost");
    }
    agrees(plan, &world, state, &context);
    // A refused repeat proves nothing of the first attempt, so then the user may be asked.
    if fault.1 != Fault::Rejects && (kind.lookup || kind.repeat != Repeat::Never) {
        assert_eq!(world.asked_user, 0, "{context}: the user was asked what could be found out");
    }
}

#[test]
fn no_single_crash_loses_or_doubles_an_effect() {
    let mut cases = 0;
    for kind in KINDS {
        for on_failure in [OnFailure::StopAndKeep, OnFailure::StopAndUndo, OnFailure::SkipItem] {
            let plan = plan(kind, on_failure);
            for fault in [Fault::None, Fault::DiesAfterEffect, Fault::Refuses, Fault::Rejects] {
                for call in 1..=7 {
                    // What a policy of going on leaves behind differs; it is checked on its own.
                    if fault == Fault::Rejects && on_failure == OnFailure::SkipItem {
                        continue;
                    }
                    for crash in 0..=points(&plan, (call, fault)) {
                        check(&plan, kind, (call, fault), &[crash]);
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 5_000, "the simulator exercised too little: {cases}");
}

#[test]
fn no_pair_of_crashes_loses_or_doubles_an_effect() {
    let mut cases = 0;
    for kind in KINDS {
        let plan = plan(kind, OnFailure::StopAndKeep);
        for fault in [(0, Fault::None), (3, Fault::DiesAfterEffect)] {
            let last = points(&plan, fault) + 6;
            for first in 1..=last {
                for second in first + 1..=last {
                    check(&plan, kind, fault, &[first, second]);
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 5_000, "the simulator exercised too little: {cases}");
}

#[test]
fn without_key_or_lookup_an_unknown_outcome_waits_for_the_user() {
    let plan = plan(KINDS[0], OnFailure::StopAndKeep);
    let (world, state) = simulate(&plan, (2, Fault::DiesAfterEffect), &[]);
    assert_eq!(world.asked_user, 1, "a lost answer is said, never guessed");
    assert_eq!(state, RunState::Done);
}

#[test]
fn a_run_that_ends_the_engine_each_time_stops_and_asks() {
    for kind in &KINDS[1..] {
        for poison in [(0, 0), (1, 1), (2, 2)] {
            let plan = plan(*kind, OnFailure::StopAndKeep);
            let start = World { poison: Some(poison), ..world((0, Fault::None)) };
            let (world, state) = run_through(&plan, start);
            let context = format!("{kind:?} poisoned at {poison:?}");
            assert_eq!(state, RunState::Done, "{context}: once the cause is gone it goes on");
            assert_eq!(world.asked_user, 1, "{context}");
            // The first start, three that got nowhere, and one that got on with another item.
            assert!((4..=5).contains(&world.boots), "{context}: {} starts", world.boots);
            assert_eq!(world.effects.values().sum::<u32>(), ITEMS * 2, "{context}");
        }
    }
}

#[test]
fn a_rejected_item_is_skipped_later_and_the_others_go_on() {
    let plan = plan(KINDS[0], OnFailure::SkipItem);
    let (world, state) = simulate(&plan, (2, Fault::Rejects), &[]);
    assert_eq!(state, RunState::DoneWithProblems);
    assert_eq!(world.effects.len(), 4, "two of three items went through both steps: {:?}", world.effects);
}

#[test]
fn the_answer_undo_stops_and_undoes_what_is_known_to_be_done() {
    let plan = plan(KINDS[0], OnFailure::StopAndKeep);
    let mut world = simulate(&plan, (0, Fault::None), &[]).0;
    // Take the journal back to where the second step's first item was in flight.
    let cut = world
        .journal
        .iter()
        .position(|(_, f)| matches!(f, Fact::Intent { step, item: 0, .. } if step.as_str() == "second"))
        .unwrap();
    world.journal.truncate(cut + 1);
    world.known = None;
    world.crashes.clear();
    world
        .write(&plan, Fact::Started { boot: BootId::new("b"), recovered: true, connectors: BTreeMap::new() })
        .ok()
        .unwrap();
    world.known = None;
    let now = world.clock.now();
    let state = next(&plan, world.progress(&plan), now).state;
    assert_eq!(state, RunState::NeedsYou);
    let answer = Fact::Resolved {
        step: "second".into(),
        item: 0,
        decision: Decision::Undo,
        by_lookup: false,
        output: None,
    };
    world.write(&plan, answer).ok().unwrap();
    let Ok(state) = world.live(&plan) else { panic!("no crash was asked for") };
    assert_eq!(state, RunState::Stopped);
    let first = world.effects.keys().filter(|(step, _)| *step == 1).count();
    assert_eq!(first, 0, "the first step's effects were undone in reverse");
}

#[test]
fn a_retry_after_is_honoured_and_waiting_does_not_use_up_the_tries() {
    let plan = plan(KINDS[0], OnFailure::StopAndKeep);
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let later = now + Duration::from_secs(600);
    let mut progress = Progress::new(&plan);
    progress.apply(&plan, now, &Fact::Checked { findings: Vec::new() });
    progress.apply(&plan, now, &Fact::StepOpened { step: "list".into(), items: 1 });
    for attempt in 1..20 {
        let outcome = Outcome::NotDone { problem: Problem::new(Code::RateLimited).retry_at(later) };
        let cost = (Duration::ZERO, 0);
        let fact = judge(&plan, &progress, (0, 0, attempt), outcome, cost, None, now, 0.5);
        let Fact::Deferred { until, .. } = &fact else { panic!("gave up while asked to wait: {fact:?}") };
        assert!(*until >= later, "called again before the time the service named");
        progress.apply(&plan, now, &fact);
    }
    assert_eq!(next(&plan, &progress, now).state, RunState::Waiting);
}
