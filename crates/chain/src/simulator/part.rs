//! Runs that take over what an earlier one did: wherever either of them was killed, what stands is not done again,
//! and what did not get done is.

use patchbay_model::run::JournalEntry;

use super::kinds::{all_kinds, paged, wanted};
use super::sample::Sample;
use super::*;
use crate::again::{Earlier, Part};

/// The world as a second run finds it that does this part once more; none where that is refused.
fn taken_over(plan: &Plan, first: World, state: RunState, part: &Part) -> Option<World> {
    let run = oracle::run_of(plan, state);
    let mut earlier = Earlier::for_part(plan, part);
    for (seq, (at, fact)) in (1..).zip(&first.journal) {
        earlier.take(JournalEntry { run: run.id.clone(), seq, at: *at, fact: fact.clone() });
    }
    let kept = earlier.kept(&run, part).ok()?;
    let now = first.clock.now();
    // What is to be done anew is another change.
    let anew = match part {
        Part::From(step) | Part::Only(step) => plan.index(step).unwrap(),
        Part::Failed => plan.steps.len(),
    };
    let effects: BTreeMap<_, _> = first.effects.into_iter().filter(|((step, _), _)| *step < anew).collect();
    let mut world = World {
        journal: kept.into_iter().map(|fact| (now, fact)).collect(),
        earlier: effects.keys().copied().collect(),
        effects,
        children: first.children,
        ended: first.ended,
        delivered: first.delivered,
        pages: first.pages,
        ..world((0, Fault::None))
    };
    world.clock = first.clock;
    Some(world)
}

/// Runs it to its end, and holds the report to what this run alone did.
fn ends(plan: &Plan, start: World, context: &str) -> (BTreeMap<(usize, u32), u32>, RunState) {
    let (mut world, state) = run_through(plan, start);
    let effects = world.effects.clone();
    let doubled: Vec<_> = effects.iter().filter(|(_, n)| **n > 1).collect();
    assert!(doubled.is_empty(), "{context}: effects happened twice: {doubled:?}");
    let earlier = std::mem::take(&mut world.earlier);
    world.effects.retain(|at, _| !earlier.contains(at));
    agrees(plan, &world, state, context);
    (effects, state)
}

#[test]
fn what_failed_is_done_once_wherever_either_run_was_killed() {
    let (mut cases, mut nothing, mut sample) = (0, 0, Sample::one_of(12));
    for kind in KINDS {
        for on_failure in [OnFailure::StopAndKeep, OnFailure::StopAndUndo, OnFailure::SkipItem] {
            let plan = plan(kind, on_failure);
            for call in 2..=7 {
                let fault = (call, Fault::Rejects);
                for crash in 0..=points(&plan, fault) {
                    let first = || simulate(&plan, fault, &[crash]);
                    let start = |again: Option<u32>| {
                        let (world, state) = first();
                        let mut world = taken_over(&plan, world, state, &Part::Failed)?;
                        world.crashes.extend(again);
                        Some(world)
                    };
                    let Some(whole) = start(None) else {
                        // A crash may swallow the rejection.
                        assert_eq!(first().1, RunState::Done, "{kind:?} {on_failure:?}: it is refused");
                        nothing += 1;
                        continue;
                    };
                    let last = run_through(&plan, whole).0.point;
                    for again in (0..=last).filter(|_| sample.has()) {
                        let context = format!(
                            "{kind:?} {on_failure:?}, call {call} fails, killed at {crash}, again killed at {again}"
                        );
                        let (effects, state) = ends(&plan, start(Some(again)).unwrap(), &context);
                        assert_eq!(state, RunState::Done, "{context}");
                        assert_eq!(effects.len(), (ITEMS * 2) as usize, "{context}: {effects:?}");
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 1_000 && nothing > 10, "too little was tried: {cases} {nothing}");
}

#[test]
fn what_failed_of_any_kind_of_step_is_done_once_wherever_either_run_was_killed() {
    any_kind_is_done_once(OnFailure::StopAndKeep);
}

#[test]
fn what_was_undone_of_any_kind_of_step_is_done_once_wherever_either_run_was_killed() {
    any_kind_is_done_once(OnFailure::StopAndUndo);
}

fn any_kind_is_done_once(on_failure: OnFailure) {
    let (mut cases, mut sample) = (0, Sample::one_of(300));
    for kind in KINDS {
        let plan = all_kinds(kind, on_failure, true);
        for call in [2, 4, 5, 7, 9, 11] {
            let fault = (call, Fault::Rejects);
            let last = run_through(&plan, paged(fault)).0.point;
            for crash in 0..=last {
                let again: Vec<u32> = (0..=last).filter(|_| sample.has()).collect();
                if again.is_empty() {
                    continue;
                }
                let context = format!("{kind:?} {on_failure:?}, call {call} fails, killed at {crash}");
                let (first, state) = run_through(&plan, World { crashes: vec![crash], ..paged(fault) });
                // What tidies up belongs to each run.
                let tidies = |at: &(usize, u32)| at.0 >= 11;
                let stands: BTreeSet<_> = first.effects.keys().copied().collect();
                let Some(mut second) = taken_over(&plan, first, state, &Part::Failed) else {
                    let missing: Vec<_> =
                        wanted().into_keys().filter(|at| !tidies(at) && !stands.contains(at)).collect();
                    assert_eq!(missing, [], "{context}: it is refused, {state:?}");
                    continue;
                };
                second.effects.retain(|at, _| !tidies(at));
                second.earlier.retain(|at| !tidies(at));
                for again in again {
                    let context = format!("{context}, again killed at {again}");
                    let mut world = second.clone();
                    world.crashes.push(again);
                    let (effects, state) = ends(&plan, world, &context);
                    assert_eq!((state, effects), (RunState::Done, wanted()), "{context}");
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 250, "too little was tried: {cases}");
}

#[test]
fn from_a_step_on_all_is_done_anew_and_nothing_before_it() {
    let (mut cases, mut refused, mut sample) = (0, 0, Sample::one_of(12));
    let part = Part::From("second".into());
    for kind in KINDS {
        let plan = plan(kind, OnFailure::StopAndKeep);
        // The last two are calls of the second step: all before it is done.
        for fault in [(0, Fault::None), (3, Fault::Rejects), (5, Fault::Rejects), (6, Fault::Rejects)] {
            for crash in 0..=points(&plan, fault) {
                for again in (0..=30).filter(|_| sample.has()) {
                    let context = format!("{kind:?} {fault:?}, killed at {crash}, again killed at {again}");
                    let (first, state) = simulate(&plan, fault, &[crash]);
                    let before = first.effects.keys().filter(|(step, _)| *step == 1).count();
                    let Some(mut world) = taken_over(&plan, first, state, &part) else {
                        assert!(before < ITEMS as usize, "{context}: all before it was done");
                        refused += 1;
                        continue;
                    };
                    world.crashes.push(again);
                    let (effects, state) = ends(&plan, world, &context);
                    assert!(state.is_final(), "{context}: {state:?}");
                    let of = |own: usize| effects.keys().filter(|(step, _)| *step == own).count();
                    assert_eq!((of(1), of(2)), (before, before), "{context}: {state:?}, {effects:?}");
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 100, "too little was tried: {cases}, {refused} refused");
}
