//! Runs that take longer than their chain allows.

use super::*;
use crate::plan::Kind as Does;

const ALLOWED: u64 = 10_000;

/// Three calls fit in, and the fourth is not begun.
const SLOW: Duration = Duration::from_secs(4);

fn late(kind: Kind, on_failure: OnFailure, late_undoes: bool) -> Plan {
    Plan { allowed_ms: Some(ALLOWED), late_undoes, ..plan(kind, on_failure) }
}

#[test]
fn a_run_that_takes_too_long_sends_nothing_more_and_ends_wherever_it_was_killed() {
    let (mut cases, mut undone, mut asked) = (0, 0, 0);
    for kind in KINDS {
        for late_undoes in [false, true] {
            let plan = late(kind, OnFailure::StopAndKeep, late_undoes);
            for fault in [
                (0, Fault::None),
                (2, Fault::DiesAfterEffect),
                (3, Fault::DiesAfterEffect),
                (3, Fault::Refuses),
            ] {
                let start = |crashes: Vec<u32>| World { crashes, slow: SLOW, ..world(fault) };
                let last = run_through(&plan, start(Vec::new())).0.point;
                for crash in 0..=last {
                    let context = format!("{kind:?} undoes {late_undoes}, {fault:?}, crash at {crash}");
                    let (world, state) = run_through(&plan, start(vec![crash]));
                    let over = world.journal.iter().position(|(_, fact)| matches!(fact, Fact::TimedOut { .. }));
                    let over = over.unwrap_or_else(|| panic!("{context}: {state:?}, and the time is not over"));
                    let sent =
                        world.journal[over..].iter().any(|(_, fact)| matches!(fact, Fact::Intent { .. }));
                    assert!(!sent, "{context}: sent when the time was over");
                    assert!(matches!(state, RunState::Failed | RunState::FailedUndone), "{context}: {state:?}");
                    if late_undoes {
                        assert_eq!(state, RunState::FailedUndone, "{context}");
                        assert!(world.effects.is_empty(), "{context}: {:?}", world.effects);
                        undone += 1;
                    } else {
                        assert_eq!(state, RunState::Failed, "{context}");
                    }
                    asked += world.asked_user;
                    let report = oracle::report_of(&plan, &world, state);
                    let said = "It took longer than the 10 seconds its chain allows";
                    assert!(report.headline.contains(said), "{context}: {}", report.headline);
                    agrees(&plan, &world, state, &context);
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 300 && undone > 100 && asked > 10, "too little was tried: {cases}, {undone}, {asked}");
}

#[test]
fn a_run_that_ends_in_time_is_left_alone() {
    let plan = late(KINDS[1], OnFailure::StopAndKeep, true);
    let (world, state) =
        run_through(&plan, World { slow: Duration::from_millis(1_400), ..world((0, Fault::None)) });
    assert_eq!((state, world.calls), (RunState::Done, 7), "seven calls take 9.8 of 10 seconds");
}

/// What a run has spent after facts that follow on each other after so many seconds.
fn spent(facts: &[(u64, Fact)], after: i64) -> (i64, Option<Timestamp>) {
    let step = |id: &str, kind| PlanStep { kind, ..PlanStep::reads(id) };
    let steps = vec![step("wait", Does::Wait), step("ask", Does::Approval), step("call", Does::Call)];
    let plan = Plan { allowed_ms: Some(ALLOWED), steps, ..Plan::default() };
    let mut progress = Progress::new(&plan);
    let mut now = Timestamp::from_second(1_700_000_000).unwrap();
    for (seconds, fact) in facts {
        now += Duration::from_secs(*seconds);
        progress.apply(&plan, now, fact);
    }
    let later = now + jiff::SignedDuration::from_secs(after);
    (progress.meter.spent(later).as_secs(), progress.meter.due(ALLOWED))
}

#[test]
fn what_a_person_is_waited_for_does_not_count_and_the_wait_for_a_time_does() {
    let start = |recovered| Fact::Started { boot: BootId::new("b"), recovered, connectors: BTreeMap::new() };
    let opened = |step: &str| Fact::StepOpened { step: step.into(), items: 1 };
    let checked = || Fact::Checked { findings: Vec::new() };
    let until = Timestamp::from_second(1_800_000_000).unwrap();
    let waits = || Fact::Waiting { step: "wait".into(), item: 0, until };
    let asks = || Fact::Asked { step: "ask".into(), item: 0, question: String::new(), until: None };
    let says = || Fact::Answered { step: "ask".into(), item: 0, approved: true, by_time: false };
    let put_off = |code: Code| {
        let (step, problem) = ("call".into(), Problem::new(code));
        Fact::Deferred { step, item: 0, attempt: 1, until, problem, took_ms: None, bytes: 0 }
    };
    let cases = [
        ("the check", vec![(0, start(false)), (50, checked())], 0, 0),
        ("a wait", vec![(0, checked()), (1, opened("wait")), (1, waits())], 7, 9),
        ("a question", vec![(0, checked()), (1, opened("ask")), (1, asks())], 7, 2),
        ("an answer", vec![(0, checked()), (1, opened("ask")), (1, asks()), (900, says())], 3, 5),
        ("a service", vec![(0, checked()), (1, opened("call")), (1, put_off(Code::RateLimited))], 7, 9),
        ("a lock", vec![(0, checked()), (1, opened("call")), (1, put_off(Code::SecretStoreLocked))], 7, 2),
        ("held", vec![(0, checked()), (2, Fact::Paused)], 7, 2),
        ("let go on", vec![(0, checked()), (2, Fact::Paused), (900, Fact::Resumed)], 1, 3),
        ("nobody was there", vec![(0, checked()), (2, opened("wait")), (900, start(true))], 1, 3),
        ("the clock was put back", vec![(0, checked()), (2, opened("wait"))], -900, 2),
        ("over", vec![(0, checked()), (2, Fact::Ended { state: RunState::Done })], 900, 2),
    ];
    for (what, facts, after, want) in cases {
        assert_eq!(spent(&facts, after).0, want, "{what}");
    }
    let began = Timestamp::from_second(1_700_000_000).unwrap();
    let due = spent(&[(0, checked()), (1, opened("wait")), (1, waits())], 0).1;
    assert_eq!(due, Some(began + Duration::from_millis(ALLOWED)), "somebody looks when it is over");
}
