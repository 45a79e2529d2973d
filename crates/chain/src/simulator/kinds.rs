//! Every kind of step, with each crash and each pair of them: pages, filters, branches, waits,
//! approvals, runs of other chains, handlers, and what is done at the end.

use patchbay_model::run::Why;

use super::sample::Sample;
use super::*;
use crate::plan::{Kind as Does, Phase};

/// The items of the two pages: 0 to 4.
const PAGED: u32 = 5;

impl World {
    /// What the pretend steps give, by their name.
    pub(super) fn compute(&mut self, plan: &Plan, step: usize, items: &[u32]) -> Result<(), Died> {
        let id = plan.steps[step].id.clone();
        let filters = id.as_str().starts_with("filter");
        let (out, kept): (Vec<u32>, Vec<u32>) = items.iter().partition(|item| filters && **item == 1);
        if !out.is_empty() {
            self.write(plan, Fact::LeftOut { step: id.clone(), items: out, why: Why::Filtered })?;
        }
        let way = |item: u32| json!({ "way": if item.is_multiple_of(2) { "even" } else { "odd" } });
        let results: Vec<_> = kept.into_iter().map(|item| (item, way(item))).collect();
        if results.is_empty() { Ok(()) } else { self.write(plan, Fact::Computed { step: id, results }) }
    }

    pub(super) fn begin(&mut self, plan: &Plan, step: usize, item: u32) -> Result<(), Died> {
        let id = plan.steps[step].id.clone();
        let until = self.clock.now() + Duration::from_secs(600);
        match plan.steps[step].kind {
            Does::Wait => self.write(plan, Fact::Waiting { step: id, item, until }),
            Does::Delivery => self.write(plan, Fact::Awaited { step: id, item, until }),
            Does::Approval => {
                self.write(plan, Fact::Asked { step: id, item, question: "Go on?".into(), until: None })
            }
            Does::Chain => {
                self.point()?; // dies before the commit
                let run = RunId::new(format!("child {}", self.children.len()));
                self.keep(plan, Fact::ChainStarted { step: id, item, run: run.clone() });
                self.children.insert(run, (step, item));
                self.point()
            }
            kind => panic!("{kind:?} does not wait"),
        }
    }

    /// What an item waits for comes, and is kept whatever becomes of the engine. With some of them
    /// nobody listens: they are found when their time is over.
    pub(super) fn deliver(&mut self, plan: &Plan) -> Result<(), Died> {
        let waiting = self.progress(plan).awaited.clone();
        let Some((step, item)) = waiting.first().copied() else { panic!("nothing is waited for") };
        let unheard = item.is_multiple_of(3);
        let come = waiting.into_iter().filter(|at| unheard || *at == (step, item));
        self.delivered.extend(come);
        self.point()?; // it is there, and nobody knows yet
        if unheard {
            self.clock.advance(Duration::from_secs(601));
            return Ok(());
        }
        self.arrive(plan, step, item)
    }

    /// The time to wait is over.
    pub(super) fn expire(&mut self, plan: &Plan, step: usize, item: u32) -> Result<(), Died> {
        if self.delivered.contains(&(step, item)) {
            return self.arrive(plan, step, item);
        }
        let (id, problem) = (plan.steps[step].id.clone(), Problem::new(Code::TimeoutResponse));
        let outcome = Outcome::NotDone { problem };
        self.write(plan, Fact::Result { step: id, item, attempt: 0, outcome, took_ms: 0, bytes: 0, next: None })
    }

    fn arrive(&mut self, plan: &Plan, step: usize, item: u32) -> Result<(), Died> {
        let (id, event) = (plan.steps[step].id.clone(), u64::from(item) + 1);
        self.write(plan, Fact::Arrived { step: id, item, event, output: json!({ "body": item }) })
    }

    /// The run of another chain ends, with an effect; the engine that waits for it is told.
    pub(super) fn end_child(&mut self, plan: &Plan) -> Result<(), Died> {
        let first = self.progress(plan).children.first_key_value().map(|(at, run)| (*at, run.clone()));
        let Some(((step, item), run)) = first else { panic!("nobody is waited for") };
        if self.ended.insert(run.clone()) {
            *self.effects.entry((step, item)).or_default() += 1;
        }
        self.point()?; // it has ended, and nobody knows yet
        let (step, outcome) = (plan.steps[step].id.clone(), done(json!({"id": item})));
        let ended = Fact::ChainEnded { step: step.clone(), item, run, changes: 1 };
        let result = Fact::Result { step, item, attempt: 0, outcome, took_ms: 0, bytes: 0, next: None };
        self.write_all(plan, vec![ended, result])
    }

    /// The run of another chain undoes its effect, however often it is asked; the engine that waits for it is told.
    pub(super) fn end_undo_inside(&mut self, plan: &Plan) -> Result<(), Died> {
        let first = self.progress(plan).undone_inside().next().map(|(at, run)| (at, run.clone()));
        let Some(((step, item), run)) = first else { panic!("nobody undoes anything") };
        self.point()?; // nobody has asked it yet
        self.effects.remove(&(step, item));
        self.point()?; // it is undone, and nobody knows yet
        let step = plan.steps[step].id.clone();
        let ended = Fact::ChainEnded { step: step.clone(), item, run, changes: 0 };
        let result = Fact::UndoResult { step, item, outcome: UndoOutcome::Undone, took_ms: None };
        self.write_all(plan, vec![ended, result])
    }
}

pub(super) fn all_kinds(kind: Kind, on_failure: OnFailure, forgets: bool) -> Plan {
    let policy = Policy { on_failure, ..Policy::default() };
    let step = |id: &str, kind, root| PlanStep { kind, root, policy, ..PlanStep::reads(id) };
    let effect = |id: &str, root| PlanStep {
        effect: true,
        repeat: kind.repeat,
        lookup: kind.lookup,
        undo: Some(Repeat::Always),
        ..step(id, Does::Call, root)
    };
    let on = |step, way: &str| PlanStep { on: Some((2, way.to_owned())), ..step };
    let list = PlanStep { paged: true, forgets, ..step("list", Does::Call, None) };
    let tail = |id: &str, phase| PlanStep { phase, ..effect(id, None) };
    Plan {
        steps: vec![
            list,
            step("filter", Does::Compute, Some(0)),
            step("branch", Does::Compute, Some(0)),
            on(effect("even", Some(0)), "even"),
            on(effect("odd", Some(0)), "odd"),
            step("wait", Does::Wait, Some(0)),
            step("answer", Does::Delivery, Some(0)),
            step("ask", Does::Approval, Some(0)),
            PlanStep { effect: true, ..step("chain", Does::Chain, Some(0)) },
            effect("last", Some(0)),
            effect("once", None),
            tail("after_failure", Phase::OnFailure),
            tail("finally", Phase::Finally),
        ],
        ..Plan::default()
    }
}

/// Two pages; item 1 is filtered out, the user refuses item 3.
pub(super) fn wanted() -> BTreeMap<(usize, u32), u32> {
    let mut wanted = BTreeMap::new();
    for item in 0..PAGED {
        match item {
            1 => {}
            3 => drop(wanted.insert((4, 3), 1)),
            even if even % 2 == 0 => {
                for step in [3, 8, 9] {
                    wanted.insert((step, even), 1);
                }
            }
            _ => {}
        }
    }
    wanted.insert((10, 0), 1);
    wanted.insert((12, 0), 1);
    wanted
}

pub(super) fn paged(fault: (u32, Fault)) -> World {
    World { pages: vec![json!([1, 2, 3]), json!([4, 5])], ..world(fault) }
}

fn judged(plan: &Plan, kind: Kind, start: World, context: &str) -> World {
    let fault = start.fault.1;
    let (world, state) = run_through(plan, start);
    let doubled: Vec<_> = world.effects.iter().filter(|(_, n)| **n > 1).collect();
    assert!(doubled.is_empty(), "{context}: effects happened twice: {doubled:?}");
    let children: BTreeSet<_> = world.children.values().collect();
    assert_eq!(children.len(), world.children.len(), "{context}: a step started two runs");
    let mut arrived = BTreeSet::new();
    for (_, fact) in &world.journal {
        if let Fact::Arrived { item, event, .. } = fact {
            assert!(world.delivered.contains(&(6, *item)), "{context}: item {item} heard what nobody said");
            assert!(arrived.insert(*event), "{context}: one delivery was taken twice");
        }
    }
    let refused = |(_, fact): &(Timestamp, Fact)| matches!(fact, Fact::Result { step, outcome: Outcome::NotDone { .. }, .. } if step.as_str() == "finally");
    let tidied = world.effects.contains_key(&(12, 0)) || world.journal.iter().any(refused);
    assert!(tidied, "{context}: what is done in any case was not: {state:?}");
    if fault == Fault::Rejects && state != RunState::Done {
        assert!(state.is_final(), "{context}: {state:?}");
        let failed = matches!(state, RunState::Failed | RunState::FailedUndone);
        assert_eq!(world.effects.contains_key(&(11, 0)), failed, "{context}: the failure handler, {state:?}");
        let stays = world.effects.keys().filter(|(step, _)| *step < 11).count();
        if world.journal.iter().any(|(_, fact)| matches!(fact, Fact::UndoResult { .. })) {
            assert_eq!(stays, 0, "{context}: something stays after the undo: {:?}", world.effects);
        }
    } else {
        assert_eq!(state, RunState::Done, "{context}");
        assert_eq!(world.effects, wanted(), "{context}");
        assert_eq!(arrived.len(), 4, "{context}: a delivery was not heard");
        assert!(!world.effects.contains_key(&(11, 0)), "{context}: nothing failed");
    }
    // Of pairs each fifth: a report is dearer than a history.
    if world.crashes.len() < 2 || world.crashes.iter().sum::<u32>().is_multiple_of(5) {
        agrees(plan, &world, state, context);
    }
    if fault == Fault::None && (kind.lookup || kind.repeat != Repeat::Never) {
        // Approvals are asked; nothing else is.
        assert!(world.asked_user >= 4, "{context}: somebody has to say yes");
    }
    world
}

#[test]
fn no_single_crash_loses_or_doubles_an_effect_of_any_kind_of_step() {
    let mut cases = 0;
    for kind in KINDS {
        for on_failure in [OnFailure::StopAndKeep, OnFailure::StopAndUndo] {
            let plan = all_kinds(kind, on_failure, false);
            for fault in [Fault::None, Fault::DiesAfterEffect, Fault::Refuses, Fault::Rejects] {
                let calls: &[u32] = if fault == Fault::None { &[0] } else { &[1, 2, 4, 5, 7, 9, 11] };
                for &call in calls {
                    let last = run_through(&plan, paged((call, fault))).0.point;
                    for crash in 0..=last {
                        let context =
                            format!("{kind:?} {on_failure:?} {fault:?} at call {call}, crash at {crash}");
                        let start = World { crashes: vec![crash], ..paged((call, fault)) };
                        judged(&plan, kind, start, &context);
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 5_000, "the simulator exercised too little: {cases}");
}

#[test]
fn no_pair_of_crashes_loses_or_doubles_an_effect_of_any_kind_of_step() {
    let (mut cases, mut sample) = (0, Sample::one_of(50));
    for kind in KINDS {
        let faults: &[(u32, Fault)] =
            &[(0, Fault::None), (5, Fault::DiesAfterEffect), (4, Fault::Refuses), (9, Fault::Rejects)];
        for (on_failure, fault) in [OnFailure::StopAndKeep, OnFailure::StopAndUndo]
            .into_iter()
            .flat_map(|way| faults.iter().map(move |f| (way, *f)))
        {
            // What undoes differs only where something is undone.
            if on_failure == OnFailure::StopAndUndo && fault.1 != Fault::Rejects {
                continue;
            }
            let plan = all_kinds(kind, on_failure, true);
            let last = run_through(&plan, paged(fault)).0.point + 4;
            for (first, second) in sample.pairs(last) {
                let start = World { crashes: vec![first, second], ..paged(fault) };
                let context = format!("{kind:?} {on_failure:?} {fault:?}, crashes at {first} and {second}");
                judged(&plan, kind, start, &context);
                cases += 1;
            }
        }
    }
    assert!(cases > 1_000, "the simulator exercised too little: {cases}");
}

#[test]
fn a_pause_or_a_used_up_day_at_any_point_rests_and_goes_on_with_nothing_lost() {
    let kind = KINDS[2];
    let plan = all_kinds(kind, OnFailure::StopAndKeep, true);
    let facts = run_through(&plan, paged((0, Fault::None))).0.journal.len();
    let mut rested = 0;
    for wish in [Fact::Paused, Fact::Held { effects: 5 }] {
        for at in 1..facts - 1 {
            for crash in [vec![], vec![2 * at as u32], vec![2 * at as u32 + 3]] {
                let context = format!("{wish:?} before fact {at}, crash at {crash:?}");
                let start =
                    World { meddles: Some((at, wish.clone())), crashes: crash, ..paged((0, Fault::None)) };
                let world = judged(&plan, kind, start, &context);
                assert!(world.rested <= 2, "{context}: rested {} times", world.rested);
                rested += world.rested;
            }
        }
    }
    assert!(rested as usize > facts, "it hardly ever rested: {rested}");
}

#[test]
fn what_fails_is_handled_where_a_step_says_so_and_stops_nothing() {
    let mut plan = plan(KINDS[2], OnFailure::StopAndKeep);
    let handler = PlanStep {
        handles: Some(1),
        root: Some(0),
        effect: true,
        repeat: KINDS[2].repeat,
        ..PlanStep::reads("handle")
    };
    plan.steps.push(handler);
    let last = simulate(&plan, (2, Fault::Rejects), &[]).0.point;
    for crash in 0..=last {
        let (world, state) = simulate(&plan, (2, Fault::Rejects), &[crash]);
        let done: Vec<_> = world.effects.iter().map(|((step, item), n)| (*step, *item, *n)).collect();
        // A crash may move the rejection to the list: nothing comes of it then.
        if done.is_empty() {
            assert_eq!(state, RunState::Failed, "crash at {crash}");
            continue;
        }
        // A crash may swallow the rejection; then there is nothing to handle.
        let handled = done.iter().any(|(step, ..)| *step == 3);
        assert_eq!(state, RunState::Done, "crash at {crash}");
        let want: &[(usize, u32, u32)] = if handled {
            &[(1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1), (3, 0, 1)]
        } else {
            &[(1, 0, 1), (1, 1, 1), (1, 2, 1), (2, 0, 1), (2, 1, 1), (2, 2, 1)]
        };
        assert_eq!(done, want, "crash at {crash}");
    }
    let (world, _) = simulate(&plan, (2, Fault::Rejects), &[]);
    assert!(world.effects.contains_key(&(3, 0)), "the failure was handled");
}

#[test]
fn pages_flow_through_before_the_next_is_asked_for_and_are_let_go_of() {
    let plan = all_kinds(KINDS[2], OnFailure::StopAndKeep, true);
    let start = World { pages: (0..20).map(|page| json!([page, page])).collect(), ..world((0, Fault::None)) };
    let (world, state) = run_through(&plan, start);
    assert_eq!(state, RunState::Done);
    let (mut progress, mut most, mut pages) = (Progress::new(&plan), 0, Vec::new());
    for (at, fact) in &world.journal {
        progress.apply(&plan, *at, fact);
        if let Fact::Intent { step, .. } = fact {
            pages.extend((step.as_str() == "list").then_some(pages.len()));
            if let Some(items) = progress.steps[9].items.as_ref().filter(|_| step.as_str() == "list") {
                assert!(items.is_settled(), "a page was asked for while the one before was worked on");
            }
        }
        let kept = progress.steps.iter().flat_map(|s| s.items.iter()).flat_map(Items::iter);
        most = most.max(kept.filter(|item| item.output().is_some()).count());
    }
    assert_eq!(pages.len(), 20);
    assert!(most <= 24, "{most} results were kept at once");
    assert_eq!(progress.steps[9].items.as_ref().map(Items::len), Some(40));
}
