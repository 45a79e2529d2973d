//! What undoing leaves, wherever it is killed.

use patchbay_model::StepId;

use super::*;
use crate::progress::UndoProgress;

#[test]
fn what_an_undo_leaves_is_what_the_journal_lists_wherever_it_was_killed() {
    let (mut cases, mut left, mut undone) = (0, 0, 0);
    for undo in [None, Some(Repeat::Never), Some(Repeat::Always)] {
        let mut plan = plan(KINDS[2], OnFailure::StopAndUndo);
        plan.steps.iter_mut().filter(|step| step.effect).for_each(|step| step.undo = undo);
        for call in 2..=7 {
            let fault = (call, Fault::Rejects);
            for crash in 0..=points(&plan, fault) {
                let (world, state) = simulate(&plan, fault, &[crash]);
                let context = format!("undo {undo:?}, call {call} fails, crash at {crash}: {state:?}");
                assert!(state.is_final(), "{context}");
                // A crash may swallow the rejection; then everything happens.
                if state == RunState::Done {
                    assert_eq!(world.effects.len(), (ITEMS * 2) as usize, "{context}");
                    continue;
                }
                let (mut listed, mut begun) = (BTreeMap::new(), BTreeMap::new());
                for (_, fact) in &world.journal {
                    match fact {
                        Fact::UndoIntent { step, item, .. } => {
                            *begun.entry((plan.index(step).unwrap(), *item)).or_insert(0) += 1;
                        }
                        Fact::UndoResult { step, item, outcome, .. } => {
                            let old = listed.insert((plan.index(step).unwrap(), *item), outcome.clone());
                            assert_eq!(old, None, "{context}: one thing is listed twice");
                        }
                        _ => {}
                    }
                }
                for (place, outcome) in &listed {
                    let stands = world.effects.contains_key(place);
                    match outcome {
                        UndoOutcome::Undone => assert!(!stands, "{context}: {place:?} is said to be undone"),
                        UndoOutcome::ByHand => panic!("{context}: nobody did anything by hand"),
                        UndoOutcome::Impossible => assert!(stands, "{context}: {place:?} is said to stay"),
                        // Sent once and never answered: said to be open, whichever is true.
                        UndoOutcome::Failed { .. } => {
                            assert_eq!((undo, begun[place]), (Some(Repeat::Never), 1), "{context}");
                        }
                    }
                }
                let unlisted: Vec<_> =
                    world.effects.keys().filter(|place| !listed.contains_key(place)).collect();
                assert!(unlisted.is_empty(), "{context}: {unlisted:?} stays, and nobody says so");
                let all_undone = listed.values().all(|outcome| *outcome == UndoOutcome::Undone);
                assert_eq!(state == RunState::FailedUndone, all_undone, "{context}");
                agrees(&plan, &world, state, &context);
                left += usize::from(!all_undone);
                undone += usize::from(all_undone);
                cases += 1;
            }
        }
    }
    assert!(cases > 300 && left > 100 && undone > 50, "too little was tried: {cases} {left} {undone}");
}

/// An undo whose outcome the journal cannot tell stays, until the user asks for it again or says it is done.
#[test]
fn an_undo_that_failed_is_tried_again_or_handled_wherever_it_was_killed() {
    let (mut tried, mut handled) = (0, 0);
    let mut plan = plan(KINDS[2], OnFailure::StopAndUndo);
    plan.steps.iter_mut().filter(|step| step.effect).for_each(|step| step.undo = Some(Repeat::Never));
    let fault = (6, Fault::Rejects);
    for crash in 0..=points(&plan, fault) {
        let (left, state) = simulate(&plan, fault, &[crash]);
        let stays = |world: &World| {
            let undo = |fact: &Fact| match fact {
                Fact::UndoResult { step, item, outcome: UndoOutcome::Failed { .. }, .. } => {
                    Some((step.clone(), *item))
                }
                _ => None,
            };
            world.journal.iter().find_map(|(_, fact)| undo(fact))
        };
        let Some((step, item)) = stays(&left) else { continue };
        assert_eq!(state, RunState::Failed, "crash at {crash}: something stays");
        for by_hand in [false, true] {
            let last = if by_hand { 0 } else { 8 };
            for again in 0..=last {
                let (mut world, _) = simulate(&plan, fault, &[crash]);
                let outcome = UndoOutcome::ByHand;
                let wish = if by_hand {
                    Fact::UndoResult { step: step.clone(), item, outcome, took_ms: None }
                } else {
                    Fact::UndoAgain { step: step.clone(), item }
                };
                if by_hand {
                    world.effects.remove(&(plan.index(&step).unwrap(), item));
                }
                world.keep(&plan, wish);
                world.keep(&plan, Fact::UndoRequested);
                world.crashes = if again == 0 { Vec::new() } else { vec![world.point + again] };
                let (world, state) = run_through(&plan, world);
                let context =
                    format!("killed at {crash}, by hand {by_hand}, killed again at {again}: {state:?}");
                assert!(state.is_final(), "{context}");
                let place = (plan.index(&step).unwrap(), item);
                if state == RunState::FailedUndone {
                    assert!(!world.effects.contains_key(&place), "{context}: it is said to be undone");
                    assert!(world.effects.is_empty(), "{context}: nothing stays");
                } else {
                    // Killed while it was under way once more: again nobody knows, and that is said.
                    assert!(again > 0, "{context}");
                }
                tried += usize::from(!by_hand);
                handled += usize::from(by_hand);
            }
        }
    }
    assert!(tried > 8 && handled > 0, "too little was tried: {tried} {handled}");
}

/// A service may keep what it answered to a key: what was answered is asked with another one, what may have
/// happened with the same.
#[test]
fn an_undo_is_asked_for_anew_only_where_it_was_answered() {
    let plan = plan(KINDS[2], OnFailure::StopAndKeep);
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let cases =
        [([false, false], Some(&2)), ([true, true], None), ([true, false], None), ([false, true], Some(&1))];
    for (unknown, times) in cases {
        let mut progress = Progress::new(&plan);
        let output = Outcome::Done { output: Value::Null, output_missing: None };
        progress.apply(&plan, at, &Fact::StepOpened { step: "first".into(), items: 1 });
        let result = Fact::Result {
            step: "first".into(),
            item: 0,
            attempt: 1,
            outcome: output,
            took_ms: 0,
            bytes: 0,
            next: None,
        };
        progress.apply(&plan, at, &result);
        for unknown in unknown {
            let problem = Problem::new(Code::ServiceDown);
            let outcome = UndoOutcome::Failed { problem, unknown };
            let failed = Fact::UndoResult { step: "first".into(), item: 0, outcome, took_ms: Some(1) };
            progress.apply(&plan, at, &failed);
            progress.apply(&plan, at, &Fact::UndoAgain { step: "first".into(), item: 0 });
        }
        assert_eq!(progress.undone_anew.get(&(1, 0)), times, "unknown: {unknown:?}");
    }
}

/// Earlier builds did not write down that an undo may have happened: what was sent and has no answer is in doubt.
#[test]
fn an_undo_of_an_earlier_build_without_an_answer_is_in_doubt() {
    let plan = plan(KINDS[2], OnFailure::StopAndKeep);
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let open = Code::UnknownOutcome;
    let failed = Code::CompensationFailed;
    for (sent, code, took_ms, unknown) in [
        (true, failed, None, true),
        (true, failed, Some(7), false),
        (false, failed, None, false),
        (true, open, Some(7), true),
    ] {
        let mut progress = Progress::new(&plan);
        let step = || StepId::from("first");
        let outcome = Outcome::Done { output: Value::Null, output_missing: None };
        progress.apply(&plan, at, &Fact::StepOpened { step: step(), items: 1 });
        let (took, bytes, next) = (0, 0, None);
        progress.apply(
            &plan,
            at,
            &Fact::Result { step: step(), item: 0, attempt: 1, outcome, took_ms: took, bytes, next },
        );
        if sent {
            let request = RequestSummary {
                method: "DELETE".into(),
                url: "https://chat.example/m/1".into(),
                body: None,
                hash: String::new(),
            };
            let intent = Fact::UndoIntent { step: step(), item: 0, attempt: 1, request, key: None };
            progress.apply(&plan, at, &intent);
        }
        let outcome = UndoOutcome::Failed { problem: Problem::new(code), unknown: false };
        progress.apply(&plan, at, &Fact::UndoResult { step: step(), item: 0, outcome, took_ms });
        let case = format!("sent: {sent}, {code}, {took_ms:?}");
        assert_eq!(progress.undos_in_doubt.contains(&(1, 0)), unknown, "{case}");
        let slot = progress.item(1, 0);
        let said = matches!(
            slot,
            Some(ItemProgress::Done {
                undo: UndoProgress::Over(UndoOutcome::Failed { unknown: true, .. }),
                ..
            })
        );
        assert_eq!(said, unknown, "{case}: {slot:?}");
    }
}
