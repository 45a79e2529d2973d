//! Starts that take a run up again and get nowhere: whose fault that is.

use super::*;

/// What is put off from `now` to `later` for `code`, and taken up again as often as said at each time.
fn started(code: Code, (now, later): (Timestamp, Timestamp), times: (usize, usize)) -> (Plan, Progress) {
    let plan = plan(KINDS[0], OnFailure::StopAndKeep);
    let mut progress = Progress::new(&plan);
    let facts = [
        Fact::Checked { findings: Vec::new() },
        Fact::StepOpened { step: "list".into(), items: 1 },
        Fact::Deferred {
            step: "list".into(),
            item: 0,
            attempt: 1,
            until: later,
            problem: Problem::new(code).retry_at(later),
            took_ms: None,
            bytes: 0,
        },
    ];
    let start = Fact::Started { boot: BootId::new("b"), recovered: true, connectors: BTreeMap::new() };
    for fact in facts.iter().chain(std::iter::repeat_n(&start, times.0)) {
        progress.apply(&plan, now, fact);
    }
    for _ in 0..times.1 {
        progress.apply(&plan, later, &start);
    }
    (plan, progress)
}

#[test]
fn starts_while_a_run_waits_are_not_held_against_it() {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let later = now + Duration::from_secs(3_600);
    let (plan, progress) = started(Code::RateLimited, (now, later), (10, 0));
    assert_eq!(next(&plan, &progress, now).state, RunState::Waiting);
    let (plan, progress) = started(Code::RateLimited, (now, later), (10, 3));
    let asked = next(&plan, &progress, later).commands;
    assert_eq!(asked, [Command::Record(Fact::Stuck { recoveries: 3 })]);
}

#[test]
fn starts_that_find_the_secret_store_locked_are_not_held_against_the_run() {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let later = now + Duration::from_secs(60);
    for code in [Code::SecretStoreLocked, Code::NetworkUnreadable] {
        let (plan, progress) = started(code, (now, later), (5, 5));
        let next = next(&plan, &progress, later);
        assert!(!next.commands.iter().any(|c| matches!(c, Command::Record(Fact::Stuck { .. }))), "{code:?}");
        assert_eq!(progress.idle_recoveries, 0);
    }
}
