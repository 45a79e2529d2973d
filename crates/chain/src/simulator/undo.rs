//! What undoing leaves, wherever it is killed.

use patchbay_model::StepId;

use super::sample::Sample;
use super::*;
use crate::progress::UndoProgress;

/// What the service does with an undo.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Answers {
    #[default]
    Undoes,
    /// It asks to wait.
    PutsOff,
    /// It asks to wait for a day.
    PutsOffLong,
    /// It cannot be reached.
    Refuses,
    /// It refuses for good.
    Rejects,
    /// It acts, and the answer is lost.
    Loses,
}

/// What was asked of the service, and what it does with which.
#[derive(Clone, Debug, Default)]
pub(super) struct Undoing {
    calls: u32,
    /// From this call on, so many are answered so.
    odd: (u32, u32, Answers),
    /// When each thing was undone first: with its key, repeats are recognised from then on.
    first: BTreeMap<(usize, u32), Timestamp>,
    /// What was undone though it was undone already, and that was not recognised.
    twice: Vec<(usize, u32)>,
}

impl World {
    /// Sends an undo, and writes down what comes of it.
    pub(super) fn undo(&mut self, plan: &Plan, step: usize, item: u32, attempt: u32) -> Result<(), Died> {
        let id = plan.steps[step].id.clone();
        let (method, url) = ("DELETE".into(), String::new());
        let request = RequestSummary { method, url, body: None, hash: String::new() };
        let intent = Fact::UndoIntent { step: id.clone(), item, attempt, request, key: None };
        self.write_counted(plan, intent, |ledger| ledger.undo_announced(step))?;
        self.point()?; // announced, nothing sent
        let refused = self.undo_call(plan, step, item);
        let lost = refused.as_ref().is_some_and(|problem| problem.code() == Code::TimeoutResponse);
        self.point()?; // answered, the answer not written down
        let now = self.clock.now();
        let again = refused.as_ref().and_then(|problem| {
            crate::machine::undo_again_at(
                plan,
                self.progress(plan),
                (step, item, attempt),
                (problem, lost),
                now,
                0.5,
            )
        });
        let (code, took_ms) = (refused.as_ref().map(Problem::code), Some(0));
        let unknown = lost || self.progress(plan).undos_in_doubt.contains_key(&(step, item));
        let fact = match (refused, again) {
            (Some(problem), Some(until)) => {
                Fact::UndoDeferred { unknown: lost, step: id, item, attempt, until, problem, took_ms }
            }
            (Some(problem), None) => {
                let outcome = UndoOutcome::Failed { problem, unknown };
                Fact::UndoResult { step: id, item, outcome, took_ms }
            }
            (None, _) => Fact::UndoResult { step: id, item, outcome: UndoOutcome::Undone, took_ms },
        };
        self.write_counted(plan, fact, |ledger| ledger.undo_heard(step, code))
    }

    /// Why the service did not undo it, where it did not.
    fn undo_call(&mut self, plan: &Plan, step: usize, item: u32) -> Option<Problem> {
        self.ledger.undo_got(step);
        let (now, undoing) = (self.clock.now(), &mut self.undoing);
        undoing.calls += 1;
        let (from, count, answers) = undoing.odd;
        let is_odd = (from..from + count).contains(&undoing.calls);
        match answers {
            answers if is_odd && !matches!(answers, Answers::Undoes | Answers::Loses) => {
                return Some(match answers {
                    Answers::PutsOff => Problem::new(Code::RateLimited).retry_at(now + Duration::from_secs(60)),
                    Answers::PutsOffLong => Problem::new(Code::RateLimited).retry_at(now + DAY),
                    Answers::Refuses => Code::ConnectionRefused.into(),
                    _ => Code::PermissionDenied.into(),
                });
            }
            _ => {}
        }
        if self.effects.remove(&(step, item)).is_some() {
            undoing.first.insert((step, item), now);
            return (is_odd && answers == Answers::Loses).then(|| Code::TimeoutResponse.into());
        }
        let first = undoing.first.get(&(step, item)).copied().unwrap_or(now);
        let known = match plan.steps[step].undo {
            Some(Repeat::Always) => true,
            Some(Repeat::WithKey { ttl }) => now.duration_since(first) < ttl.try_into().unwrap(),
            Some(Repeat::Never) | None => false,
        };
        if !known {
            undoing.twice.push((step, item));
        }
        (is_odd && answers == Answers::Loses).then(|| Code::TimeoutResponse.into())
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// The ways in which undos can be repeated.
const UNDOS: [Option<Repeat>; 4] =
    [None, Some(Repeat::Never), Some(Repeat::Always), Some(Repeat::WithKey { ttl: DAY })];

fn undoing(undo: Option<Repeat>) -> Plan {
    let mut plan = plan(KINDS[2], OnFailure::StopAndUndo);
    plan.steps.iter_mut().filter(|step| step.effect).for_each(|step| step.undo = undo);
    plan
}

#[test]
fn what_an_undo_leaves_is_what_the_journal_lists_wherever_it_was_killed() {
    let (mut cases, mut left, mut undone, mut waited, mut died) = (0, 0, 0, 0, 0);
    let odd = [
        (0, 0, Answers::Undoes),
        (2, 1, Answers::PutsOff),
        (2, 1, Answers::PutsOffLong),
        (1, 2, Answers::Refuses),
        (2, 9, Answers::Refuses),
        (2, 1, Answers::Rejects),
        (2, 1, Answers::Loses),
        (1, 9, Answers::Loses),
    ];
    for undo in UNDOS {
        let plan = undoing(undo);
        for (call, odd) in (2..=7).flat_map(|call| odd.map(|odd| (call, odd))) {
            let start = |crashes: Vec<u32>, away| {
                let undoing = Undoing { odd, ..Undoing::default() };
                World { crashes, undoing, away, ..world((call, Fault::Rejects)) }
            };
            let last = run_through(&plan, start(Vec::new(), Duration::ZERO)).0.point;
            for (crash, away) in (0..=last).flat_map(|crash| [(crash, Duration::ZERO), (crash, DAY)]) {
                let (world, state) = run_through(&plan, start(vec![crash], away));
                let context = format!(
                    "undo {undo:?} {odd:?}, call {call} fails, crash at {crash} for {away:?}: {state:?}"
                );
                assert!(state.is_final(), "{context}");
                // A crash may swallow the rejection; then everything happens.
                if state == RunState::Done {
                    assert_eq!(world.effects.len(), (ITEMS * 2) as usize, "{context}");
                    continue;
                }
                assert_eq!(world.undoing.twice, [], "{context}: undone twice");
                let all_undone = is_listed(&plan, &world, undo, odd, away, &context);
                assert_eq!(state == RunState::FailedUndone, all_undone, "{context}");
                agrees(&plan, &world, state, &context);
                left += usize::from(!all_undone);
                undone += usize::from(all_undone);
                let count = |is: fn(&Fact) -> bool| world.journal.iter().filter(|(_, fact)| is(fact)).count();
                waited += count(|fact| matches!(fact, Fact::UndoDeferred { .. }));
                let unknown = |fact: &Fact| {
                    matches!(fact, Fact::UndoResult { outcome: UndoOutcome::Failed { unknown: true, .. }, .. })
                };
                died += usize::from(matches!(undo, Some(Repeat::WithKey { .. })) && count(unknown) > 0);
                cases += 1;
            }
        }
    }
    assert!(cases > 3_000 && left > 100 && undone > 50, "too little was tried: {cases} {left} {undone}");
    assert!(waited > 100 && died > 5, "too little was put off or forgotten: {waited} {died}");
}

/// Whether all was undone; else it is listed what stays, and why.
fn is_listed(
    plan: &Plan,
    world: &World,
    undo: Option<Repeat>,
    odd: (u32, u32, Answers),
    away: Duration,
    context: &str,
) -> bool {
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
            UndoOutcome::Failed { unknown: false, .. } => {
                assert!(stands, "{context}: {place:?} is said to stay");
                assert!(matches!(odd.2, Answers::Refuses | Answers::Rejects), "{context}: nobody refused it");
            }
            // Sent and never answered: said to be open, whichever is true.
            UndoOutcome::Failed { unknown: true, .. } => {
                let slept = away >= DAY || odd.2 == Answers::PutsOffLong;
                let forgotten = matches!(undo, Some(Repeat::WithKey { .. })) && slept;
                let refused = matches!(odd.2, Answers::Refuses | Answers::Rejects);
                // Each of its tries is lost; one that is lost alone is sent again.
                let lost = odd.2 == Answers::Loses && odd.1 > 1;
                let once = undo == Some(Repeat::Never);
                assert!(forgotten || once || refused || lost, "{context}: {place:?} could have been found out");
                assert!(begun[place] > 0, "{context}: {place:?} was never sent");
            }
        }
    }
    let unlisted: Vec<_> = world.effects.keys().filter(|place| !listed.contains_key(place)).collect();
    assert!(unlisted.is_empty(), "{context}: {unlisted:?} stays, and nobody says so");
    listed.values().all(|outcome| *outcome == UndoOutcome::Undone)
}

/// A key lives from when the first attempt was sent of which nobody knows, however often it was sent again.
#[test]
fn no_pair_of_crashes_sends_an_undo_again_whose_key_has_died() {
    let plan = undoing(UNDOS[3]);
    let start = |crashes: Vec<u32>| World {
        crashes,
        away: Duration::from_secs(15 * 3_600),
        ..world((6, Fault::Rejects))
    };
    let (whole, _) = run_through(&plan, start(Vec::new()));
    let mut died = 0;
    for (first, second) in
        (30..whole.point).flat_map(|first| (first + 1..whole.point + 6).map(move |b| (first, b)))
    {
        let (world, state) = run_through(&plan, start(vec![first, second]));
        let context = format!("crashes at {first} and {second}: {state:?}");
        assert!(state.is_final(), "{context}");
        assert_eq!(world.undoing.twice, [], "{context}");
        agrees(&plan, &world, state, &context);
        let unknown = |(_, fact): &(Timestamp, Fact)| {
            matches!(fact, Fact::UndoResult { outcome: UndoOutcome::Failed { unknown: true, .. }, .. })
        };
        died += world.journal.iter().filter(|entry| unknown(entry)).count();
    }
    assert!(died > 5, "no key died: {died}");
}

/// The same of undos that cannot be made, and of those that are made once: whatever is open is said so.
#[test]
fn no_pair_of_crashes_undoes_a_thing_twice_or_leaves_it_unlisted() {
    let (mut cases, mut left, mut undone, mut sample) = (0, 0, 0, Sample::one_of(12));
    for undo in UNDOS {
        let plan = undoing(undo);
        for odd in [(0, 0, Answers::Undoes), (1, 2, Answers::Refuses), (2, 1, Answers::PutsOff)] {
            let start = |crashes: Vec<u32>| World {
                crashes,
                undoing: Undoing { odd, ..Undoing::default() },
                ..world((6, Fault::Rejects))
            };
            let last = run_through(&plan, start(Vec::new())).0.point + 6;
            for (first, second) in sample.pairs(last) {
                let (world, state) = run_through(&plan, start(vec![first, second]));
                let context = format!("undo {undo:?} {odd:?}, crashes at {first} and {second}: {state:?}");
                assert!(state.is_final(), "{context}");
                cases += 1;
                if state == RunState::Done {
                    assert_eq!(world.effects.len(), (ITEMS * 2) as usize, "{context}");
                    continue;
                }
                assert_eq!(world.undoing.twice, [], "{context}: undone twice");
                let all_undone = is_listed(&plan, &world, undo, odd, Duration::ZERO, &context);
                assert_eq!(state == RunState::FailedUndone, all_undone, "{context}");
                agrees(&plan, &world, state, &context);
                left += usize::from(!all_undone);
                undone += usize::from(all_undone);
            }
        }
    }
    assert!(cases > 1_000 && left > 100 && undone > 100, "too little was tried: {cases} {left} {undone}");
}

/// Starts that find an undo waiting have missed nothing.
#[test]
fn a_run_whose_undo_waits_is_not_stuck_however_often_the_engine_starts() {
    let plan = undoing(UNDOS[2]);
    let (whole, _) = run_through(
        &plan,
        World {
            undoing: Undoing { odd: (1, 1, Answers::PutsOffLong), ..Undoing::default() },
            ..world((6, Fault::Rejects))
        },
    );
    let waits = whole.journal.iter().position(|(_, fact)| matches!(fact, Fact::UndoDeferred { .. })).unwrap();
    let mut progress = Progress::new(&plan);
    for (at, fact) in &whole.journal[..=waits] {
        progress.apply(&plan, *at, fact);
    }
    let now = whole.journal[waits].0;
    for _ in 0..6 {
        let started = Fact::Started { boot: BootId::new("b"), recovered: true, connectors: BTreeMap::new() };
        progress.apply(&plan, now, &started);
        let next = next(&plan, &progress, now);
        assert_eq!((next.state, next.commands, next.wake), (RunState::Waiting, Vec::new(), Some(now + DAY)));
    }
    let due = next(&plan, &progress, now + DAY).commands;
    assert!(matches!(due[..], [Command::Undo { attempt: 2, .. }]), "{due:?}");
}

#[test]
fn an_undo_that_waits_is_stopped_wherever_the_user_wishes_it_and_says_what_stays() {
    let (mut cases, mut ended) = (0, 0);
    for undo in &UNDOS[1..] {
        let plan = undoing(*undo);
        let start = || World {
            undoing: Undoing { odd: (2, 1, Answers::PutsOff), ..Undoing::default() },
            ..world((6, Fault::Rejects))
        };
        let facts = run_through(&plan, start()).0.journal.len();
        for at in 1..facts {
            let stopped = World { meddles: Some((at, Fact::StopRequested { undo: false })), ..start() };
            let (world, state) = run_through(&plan, stopped);
            let context = format!("undo {undo:?}, stopped before fact {at}: {state:?}");
            assert!(state.is_final(), "{context}");
            assert_eq!(world.undoing.twice, [], "{context}");
            agrees(&plan, &world, state, &context);
            let stays =
                |fact: &Fact| matches!(fact, Fact::UndoResult { outcome: UndoOutcome::Failed { .. }, .. });
            ended += world.journal.iter().filter(|(_, fact)| stays(fact)).count();
            cases += 1;
        }
    }
    assert!(cases > 50 && ended > 0, "too little was tried: {cases}, {ended} ended while they waited");
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
        assert_eq!(progress.undos_in_doubt.contains_key(&(1, 0)), unknown, "{case}");
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
