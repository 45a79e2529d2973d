//! What failed in the run of another chain is done once, whoever asks for it and by whichever way.

use patchbay_chain::again::Part;
use patchbay_model::run::{Fact, Outcome, Remains, Run, UndoOutcome, Why};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{Code, Problem, RunId, RunState};
use serde_json::{Value, json};

use crate::inner::{House, keeps, runs, runs_and_keeps, step};
use crate::undo::{Service, operations, told};

/// "one" is told, then something breaks.
async fn breaks() -> House {
    let house = House::new(Service::default()).await;
    house.chain("Inner", json!([keeps("one", "tell"), keeps("break", "broken")])).await;
    house
}

/// What broke works from now on.
fn mend(mut house: House) -> House {
    let mut mended = operations();
    mended[3]["request"]["path"] = json!("/told");
    house.b = house.b.with_operations(&mended);
    house
}

/// The run of the other chain, as the first one says that has it.
async fn inner_of(house: &House, run: &Run) -> RunId {
    let report = told(&house.b, run).await;
    report.steps.iter().find_map(|step| step.runs.first()).unwrap().run.clone()
}

/// Writes down how a run went, without anybody working on it.
async fn went(house: &House, steps: Value, facts: Vec<Fact>) -> Run {
    let run = house.b.run(steps).await;
    house.b.store.journal_append(&run.id, facts, RunState::Failed).await.unwrap();
    house.b.store.run(&run.id).await.unwrap().unwrap()
}

fn each_inner() -> Value {
    let policy = json!({"tries": 1, "parallel": 1, "onFailure": "skip_item"});
    let inner = json!({"id": "inner", "logic": {"type": "chain", "chain": "Inner"}, "forEach": "list", "policy": policy});
    json!([keeps("list", "list"), inner, keeps("last", "tell")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_inner_run_did_is_remembered_through_a_run_from_a_later_step() {
    let mut house = breaks().await;
    let run = house.b.run(each_inner()).await;
    assert_eq!(house.execute(&run).await, RunState::DoneWithProblems);
    assert_eq!(house.service.standing().len(), 6, "five parts and the last");
    let later = house.part(&run, &Part::From("last".into())).await;
    assert_eq!(house.execute(&later).await, RunState::Done);
    assert_eq!(house.service.standing().len(), 7, "the last once more");
    house = mend(house);
    let again = house.again(&later).await;
    house.execute(&again).await;
    assert_eq!(house.service.standing().len(), 7 + 5, "what broke, five times, and no first part again");
}

#[tokio::test]
async fn what_nobody_knows_is_left_alone_in_every_later_run() {
    let house = House::new(Service::default()).await;
    let each = json!({"id": "tell", "connection": "work", "operation": "tell", "forEach": "list", "policy": {"onFailure": "skip_item"}});
    let steps = json!([keeps("list", "list"), each]);
    let list = Outcome::Done { output: json!([1, 2]), output_missing: None };
    let facts = vec![
        Fact::StepOpened { step: "list".into(), items: 1 },
        Fact::Kept { step: "list".into(), item: 0, outcome: list, next: None },
        Fact::StepOpened { step: "tell".into(), items: 2 },
        Fact::LeftOut { step: "tell".into(), items: vec![0], why: Why::Unknown },
        Fact::LeftOut { step: "tell".into(), items: vec![1], why: Why::Failed },
        Fact::Finished { state: RunState::Failed },
    ];
    let run = went(&house, steps, facts).await;
    for part in [Part::Failed, Part::From("tell".into())] {
        let left = house.kept(&run, &part).await.unwrap();
        let unknown = Fact::LeftOut { step: "tell".into(), items: vec![0], why: Why::Unknown };
        assert_eq!(left.contains(&unknown), part == Part::Failed, "{part:?}: {left:#?}");
    }
    let mut next = house.again(&run).await;
    house.b.execute(&next).await;
    assert_eq!(house.service.standing(), [1], "the one that failed");
    next = house.b.store.run(&next.id).await.unwrap().unwrap();
    assert_eq!(next.state, RunState::DoneWithProblems, "one of them is still not known");
    let none = house.kept(&next, &Part::Failed).await.unwrap_err();
    assert!(none.hint().contains("nobody knows whether it happened"), "{}", none.hint());
}

#[tokio::test]
async fn nothing_goes_on_behind_what_nobody_knows() {
    let house = House::new(Service::default()).await;
    let facts = vec![
        Fact::StepOpened { step: "tell".into(), items: 1 },
        Fact::LeftOut { step: "tell".into(), items: vec![0], why: Why::Unknown },
        Fact::Finished { state: RunState::Failed },
    ];
    let run = went(&house, json!([keeps("tell", "tell"), keeps("last", "tell")]), facts).await;
    let next = house.again(&run).await;
    assert_eq!(house.b.execute(&next).await, RunState::DoneWithProblems);
    assert_eq!(house.service.standing(), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_go_on_from_the_same_inner_run_at_once_are_one() {
    let mut house = breaks().await;
    let run = house.b.run(json!([runs_and_keeps("Inner")])).await;
    house.execute(&run).await;
    let inner = inner_of(&house, &run).await;
    let claim = house.b.runner.parts.claim(&inner).unwrap();
    assert!(house.b.runner.parts.claim(&inner).is_none());
    let again = house.again(&run).await;
    house.execute(&again).await;
    let hint = told(&house.b, &again).await.steps[0].problems[0].problem.hint();
    assert!(hint.contains("is being run by another"), "{hint}");
    drop(claim);
    let again = house.again(&run).await;
    house.execute(&again).await;
    assert!(inner_of(&house, &again).await != inner);
    assert_eq!(house.service.standing(), [1], "nothing a second time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inner_run_that_did_everything_in_the_end_is_done() {
    let mut house = House::new(Service::default()).await;
    house.chain("Inner", json!([keeps("one", "tell")])).await;
    let run = house.b.run(json!([runs_and_keeps("Inner")])).await;
    house.execute(&run).await;
    let inner = inner_of(&house, &run).await;
    // Its caller was ended before it heard of that.
    let facts = vec![
        Fact::StepOpened { step: "inner".into(), items: 1 },
        Fact::ChainStarted { step: "inner".into(), item: 0, run: inner },
        Fact::Finished { state: RunState::Failed },
    ];
    let run = went(&house, json!([runs_and_keeps("Inner")]), facts).await;
    let again = house.again(&run).await;
    assert_eq!(house.execute(&again).await, RunState::Done);
    assert_eq!(house.service.standing(), [1], "nothing a second time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_ran_of_the_inner_run_itself_is_not_run_with_the_outer_one() {
    let mut house = House::new(Service::default()).await;
    house.chain("Inner", json!([step("one", "tell"), step("break", "broken")])).await;
    let run = house.b.run(json!([runs_and_keeps("Inner")])).await;
    house.execute(&run).await;
    assert_eq!(house.service.standing(), Vec::<u32>::new(), "it undid what it did");
    let inner = house.b.store.run(&inner_of(&house, &run).await).await.unwrap().unwrap();
    let origin =
        RunOrigin { kind: OriginKind::FailedItems, of: Some(inner.id.clone()), ..RunOrigin::default() };
    let own = Run { id: RunId::generate(), origin, state: RunState::Queued, ..inner.clone() };
    house.b.store.run_begin(&own, house.kept(&inner, &Part::Failed).await.unwrap()).await.unwrap();
    house = mend(house);
    assert_eq!(house.execute(&own).await, RunState::Done);
    let done = house.service.standing().len();
    let again = house.again(&run).await;
    house.execute(&again).await;
    let hint = told(&house.b, &again).await.steps[0].problems[0].problem.hint();
    assert!(hint.contains("What failed of it was run by"), "{hint}");
    assert_eq!(house.service.standing().len(), done);
}

#[tokio::test]
async fn what_was_taken_away_by_hand_after_two_runs_is_not_guessed() {
    let house = breaks().await;
    let (first, second) = (RunId::new("first"), RunId::new("second"));
    let problem = Problem::new(Code::RunFailed).with("item", "x").with("message", "y");
    let inner = || ("inner".into(), 0);
    let facts = |remains: Remains| {
        let (step, item) = inner();
        let mut facts = vec![Fact::StepOpened { step: "inner".into(), items: 1 }];
        facts.push(Fact::ChainBefore { step, item, run: first.clone(), remains });
        facts.push(Fact::ChainStarted { step: "inner".into(), item, run: second.clone() });
        facts.push(Fact::ChainEnded { step: "inner".into(), item, run: second.clone(), changes: 1 });
        facts.push(Fact::Result {
            step: "inner".into(),
            item,
            attempt: 0,
            outcome: Outcome::NotDone { problem: problem.clone() },
            took_ms: 0,
            bytes: 0,
            next: None,
        });
        let outcome = UndoOutcome::ByHand;
        facts.push(Fact::UndoResult { step: "inner".into(), item, outcome, took_ms: None });
        facts.push(Fact::Finished { state: RunState::Failed });
        facts
    };
    for (before, now) in [(Remains::Something, Remains::Unclear), (Remains::Nothing, Remains::Nothing)] {
        let run = went(&house, json!([runs_and_keeps("Inner")]), facts(before)).await;
        let left = house.kept(&run, &Part::Failed).await.unwrap();
        let (step, item) = inner();
        let want = Fact::ChainBefore { step, item, run: second.clone(), remains: now };
        assert!(left.contains(&want), "{before:?}: {left:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_away_by_hand_in_an_inner_run_is_the_last_of_it() {
    let mut house = House::new(Service::refusing([(1, (403, 1))])).await;
    house.chain("Inner", json!([keeps("one", "tell")])).await;
    let run = house.b.run(json!([runs("Inner"), step("break", "broken")])).await;
    assert_eq!(house.execute(&run).await, RunState::Failed);
    let run = house.b.store.run(&run.id).await.unwrap().unwrap();
    let state = house.b.runner.undone_by_hand(&run, &"inner".into(), 0).await.unwrap();
    assert_eq!(state, RunState::FailedUndone, "nothing else stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_remembered_is_not_remembered_again() {
    let mut house = House::new(Service::default()).await;
    let note = json!({"id": "note", "logic": {"type": "remember", "key": "n", "value": "1"}});
    let run = house.b.run(json!([keeps("one", "tell"), note, keeps("break", "broken")])).await;
    assert_eq!(house.execute(&run).await, RunState::Failed);
    let again = house.again(&run).await;
    house.execute(&again).await;
    let figures: Vec<_> =
        told(&house.b, &again).await.steps.iter().map(|step| (step.kept, step.done)).collect();
    assert_eq!(figures, [(1, 0), (1, 0), (0, 0)]);
}
