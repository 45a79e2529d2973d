//! What undoing leaves, wherever it is killed.

use super::*;

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
