//! What is said of a run that is stopped while something is not known.

use super::*;

#[test]
fn what_nobody_knows_is_said_wherever_a_run_is_stopped() {
    let (mut cases, mut unknown) = (0, 0);
    for kind in KINDS {
        let plan = plan(kind, OnFailure::StopAndKeep);
        for fault in [Fault::DiesAfterEffect, Fault::DiesThenPutsOff] {
            for call in 2..=7 {
                let undisturbed = simulate(&plan, (call, fault), &[]).0;
                for at in 1..undisturbed.journal.len() {
                    for crash in [vec![], vec![2 * at as u32 + 3]] {
                        let context = format!("{kind:?} {fault:?} at call {call}, stopped before fact {at}");
                        let wish = Some((at, Fact::StopRequested { undo: false }));
                        let start = World { meddles: wish, crashes: crash, ..world((call, fault)) };
                        let (world, state) = run_through(&plan, start);
                        assert!(state.is_final(), "{context}: {state:?}");
                        agrees(&plan, &world, state, &context);
                        unknown += oracle::report_of(&plan, &world, state).steps[1].unknown;
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 500 && unknown > 50, "too little was tried: {cases}, {unknown} unknown");
}
