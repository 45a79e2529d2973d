//! What the runs of other chains changed, where the run that they are a part of is undone.

use patchbay_chain::again::{Earlier, Part, Stay};
use patchbay_chain::runner::{Live, Parts, Wish};
use patchbay_model::chain::Chain;
use patchbay_model::report::UndoReport;
use patchbay_model::run::{Fact, Run};
use patchbay_model::{Problem, RunState, StepId};
use patchbay_store::Tuning;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::bench::Bench;
use crate::odd::until;
use crate::recorded::{replayed, saved};
use crate::undo::{Service, operations, told};

/// Works on a run and on those that it runs, until it has ended.
pub(crate) async fn execute(b: &Bench, wishes: &mut UnboundedReceiver<Wish>, run: &Run) -> RunState {
    let execute = |run: Run| {
        let runner = b.runner.clone();
        tokio::spawn(async move {
            let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
            runner.execute(&run, &mut wishes).await.unwrap()
        })
    };
    let work = execute(run.clone());
    let mut parts = Vec::new();
    while !work.is_finished() {
        let mut next: Vec<_> = b.store.runs_called().await.unwrap().into_iter().map(|run| run.id).collect();
        while let Ok(Wish::Work { run }) = wishes.try_recv() {
            next.push(run);
        }
        for id in next {
            b.store.run_claim(&id, b.store.boot()).await.unwrap();
            parts.push(execute(b.store.run(&id).await.unwrap().unwrap()));
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    for part in parts {
        part.await.unwrap();
    }
    work.await.unwrap()
}

/// A workspace in which chains run others.
pub(crate) struct House {
    pub(crate) b: Bench,
    wishes: UnboundedReceiver<Wish>,
    pub(crate) service: Service,
}

impl House {
    pub(crate) async fn new(service: Service) -> Self {
        let mut b = Bench::new(service.router(), &operations(), Tuning::default()).await;
        let (parts, wishes) = Parts::new();
        b.runner.parts = parts;
        Self { b, wishes, service }
    }

    pub(crate) async fn chain(&self, name: &str, steps: Value) {
        let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": name, "steps": steps})).unwrap();
        self.b.store.chain_save(None, &chain, "h").await.unwrap();
    }

    pub(crate) async fn execute(&mut self, run: &Run) -> RunState {
        execute(&self.b, &mut self.wishes, run).await
    }

    /// A run that does what failed of another one.
    pub(crate) async fn again(&self, old: &Run) -> Run {
        self.part(old, &Part::Failed).await
    }

    /// What an earlier run leaves to one that does a part of it.
    pub(crate) async fn kept(&self, old: &Run, part: &Part) -> Result<Vec<Fact>, Problem> {
        let live = Live::prepare(&self.b.runner, old).await.unwrap();
        let mut earlier = Earlier::for_part(&live.plan, part);
        self.b.store.journal(&old.id, 0).await.unwrap().into_iter().for_each(|entry| earlier.take(entry));
        earlier.kept(old, part)
    }

    /// A run that does a part of another one.
    pub(crate) async fn part(&self, old: &Run, part: &Part) -> Run {
        let old = self.b.store.run(&old.id).await.unwrap().unwrap();
        let facts = self.kept(&old, part).await.unwrap();
        let run = Run { state: RunState::Queued, ..self.b.asked(json!([]), Value::Null) };
        let run = Run { snapshot: old.snapshot.clone(), ..run };
        self.b.store.run_begin(&run, facts).await.unwrap();
        run
    }

    /// How it stands with what a run was to undo, the first thing first.
    async fn undo(&self, run: &Run) -> Vec<(String, bool)> {
        told(&self.b, run).await.undo.iter().map(|line| (line.step.to_string(), line.undone)).collect()
    }

    pub(crate) async fn line(&self, run: &Run, step: &str) -> UndoReport {
        let report = told(&self.b, run).await;
        report.undo.into_iter().find(|line| line.step == StepId::from(step)).unwrap()
    }

    fn deleted(&self) -> Vec<u32> {
        self.service.deleted.lock().unwrap().clone()
    }
}

pub(crate) fn step(id: &str, operation: &str) -> Value {
    let policy = json!({"tries": 1, "backoffMs": 1, "onFailure": "stop_and_undo"});
    json!({"id": id, "connection": "work", "operation": operation, "policy": policy})
}

/// It keeps what it did when it fails.
pub(crate) fn keeps(id: &str, operation: &str) -> Value {
    json!({"id": id, "connection": "work", "operation": operation, "policy": {"tries": 1, "backoffMs": 1}})
}

pub(crate) fn runs(chain: &str) -> Value {
    json!({"id": "inner", "logic": {"type": "chain", "chain": chain}, "policy": {"onFailure": "stop_and_undo"}})
}

pub(crate) fn runs_and_keeps(chain: &str) -> Value {
    json!({"id": "inner", "logic": {"type": "chain", "chain": chain}, "policy": {"onFailure": "stop_and_keep"}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_inner_runs_changed_is_undone_in_reverse_with_the_run_that_they_are_a_part_of() {
    let mut house = House::new(Service::default()).await;
    house.chain("Inner", json!([keeps("two", "tell"), keeps("three", "tell")])).await;
    house.chain("Middle", json!([runs("Inner")])).await;
    let run = house
        .b
        .run(json!([step("one", "tell"), runs("Middle"), step("four", "tell"), step("break", "broken")]))
        .await;
    assert_eq!(house.execute(&run).await, RunState::FailedUndone);
    assert_eq!((house.service.standing(), house.deleted()), (vec![], vec![4, 3, 2, 1]), "the latest first");
    let lines =
        [("four", true), ("inner", true), ("one", true)].map(|(step, undone)| (step.to_owned(), undone));
    assert_eq!(house.undo(&run).await, lines);
    let run = house.b.store.run(&run.id).await.unwrap().unwrap();
    let test = saved(&house.b, &run).await;
    assert_eq!(replayed(&house.b, &test, &run.snapshot).await, Vec::<String>::new());
    assert_eq!(house.deleted().len(), 4, "a replay undoes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_inner_run_changed_before_it_failed_is_undone_too() {
    let mut house = House::new(Service::default()).await;
    house.chain("Inner", json!([keeps("one", "tell"), keeps("break", "broken")])).await;
    let run = house.b.run(json!([runs("Inner"), step("after", "tell")])).await;
    assert_eq!(house.execute(&run).await, RunState::FailedUndone);
    let problem = told(&house.b, &run).await.steps[0].problems[0].problem.clone();
    assert!(problem.hint().ends_with("One change that it made stays."), "{}", problem.hint());
    assert_eq!((house.service.standing(), house.deleted()), (vec![], vec![1]));
    assert_eq!(house.undo(&run).await, [("inner".to_owned(), true)]);
    // What changed nothing is not even asked.
    house.chain("Idle", json!([keeps("list", "list")])).await;
    let run = house.b.run(json!([runs("Idle"), step("break", "broken")])).await;
    assert_eq!((house.execute(&run).await, house.undo(&run).await), (RunState::FailedUndone, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_inner_run_cannot_undo_is_said_to_stay_and_may_be_tried_once_more() {
    let mut house = House::new(Service::refusing([(1, (403, 1))])).await;
    house.chain("Inner", json!([keeps("one", "tell"), keeps("two", "tell")])).await;
    let run = house.b.run(json!([runs("Inner"), step("break", "broken")])).await;
    assert_eq!(house.execute(&run).await, RunState::Failed, "something stays");
    let line = house.line(&run, "inner").await;
    assert!(!line.undone && line.again && !line.unknown, "{line:?}");
    let problem = line.problem.unwrap();
    assert_eq!(problem.hint(), "What \"Run a chain\" did in the run of \"Inner\" stays as it is.");
    let said = "One change that it made stays. Its own report says which, and why.";
    assert_eq!(problem.technical(), Some(said));
    assert_eq!(house.deleted(), [2, 1]);

    let stay = Stay { step: "inner".into(), item: 0, again: true, unknown: false };
    house.b.runner.undo_again(&run, &[stay]).await.unwrap();
    assert_eq!(house.execute(&run).await, RunState::FailedUndone);
    assert_eq!((house.service.standing(), house.deleted()), (vec![], vec![2, 1, 1]), "what was undone is left");
    assert!(house.line(&run, "inner").await.undone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nothing_undoes_in_an_inner_run_is_not_tried_again() {
    let mut house = House::new(Service::default()).await;
    let mut fixed = operations();
    fixed[1].as_object_mut().unwrap().remove("undo");
    house.b = house.b.with_operations(&fixed);
    house.chain("Inner", json!([keeps("one", "tell")])).await;
    let run = house.b.run(json!([runs("Inner"), step("break", "broken")])).await;
    assert_eq!(house.execute(&run).await, RunState::Failed);
    let line = house.line(&run, "inner").await;
    assert!(!line.undone && !line.again, "{line:?}");
    let why = line.problem.unwrap();
    assert!(why.technical().unwrap().ends_with("Its own report says what, and why."), "{why:?}");
    let run = house.b.store.run(&run.id).await.unwrap().unwrap();
    let test = saved(&house.b, &run).await;
    assert_eq!(replayed(&house.b, &test, &run.snapshot).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_undone_inside_is_said_so() {
    let mut house = House::new(Service::refusing([(1, (500, 9))])).await;
    house.chain("Inner", json!([keeps("one", "tell")])).await;
    let run = house.b.run(json!([runs("Inner"), step("break", "broken")])).await;
    assert_eq!(house.execute(&run).await, RunState::Failed);
    let line = house.line(&run, "inner").await;
    assert!(!line.undone && line.again && line.unknown, "{line:?}");
}

/// Ends the engine between the wish and what comes of it, wherever that is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_inside_goes_on_wherever_the_engine_ended() {
    for asked in [false, true] {
        let mut house = House::new(Service::default()).await;
        house.chain("Inner", json!([keeps("one", "tell")])).await;
        let run = house.b.run(json!([runs("Inner"), keeps("break", "broken")])).await;
        assert_eq!(house.execute(&run).await, RunState::Failed);
        house.b.runner.undo(&run).await.unwrap();
        let inner = told(&house.b, &run).await.steps[0].runs[0].run.clone();
        let passed = Fact::ChainUndo { step: "inner".into(), item: 0, run: inner.clone() };
        house.b.store.journal_append(&run.id, vec![passed], RunState::Running).await.unwrap();
        if asked {
            let wish = vec![Fact::UndoRequested];
            house.b.store.journal_reopen(&inner, wish, RunState::Queued).await.unwrap();
            let child = house.b.store.run(&inner).await.unwrap().unwrap();
            house.b.execute(&child).await;
            assert_eq!(house.service.standing(), Vec::<u32>::new());
        }
        assert_eq!(house.execute(&run).await, RunState::FailedUndone, "asked: {asked}");
        assert_eq!((house.service.standing(), house.deleted()), (vec![], vec![1]), "asked: {asked}");
        assert_eq!(house.undo(&run).await, [("inner".to_owned(), true)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_the_run_stops_an_undo_inside_that_waits() {
    // Who wanted it undone ends the wait for that with a second wish.
    for wanted in [&[false][..], &[true, true]] {
        stops_an_undo_inside(wanted).await;
    }
}

async fn stops_an_undo_inside(wanted: &[bool]) {
    let mut house = House::new(Service::refusing([(1, (429, 100))])).await;
    house.chain("Inner", json!([keeps("one", "tell")])).await;
    let run = house.b.run(json!([runs("Inner"), step("break", "broken")])).await;
    let (runner, parent) = (house.b.runner.clone(), run.clone());
    let (wish, mut wishes) = tokio::sync::mpsc::channel(1);
    let work = tokio::spawn(async move { runner.execute(&parent, &mut wishes).await.unwrap() });
    let store = house.b.store.clone();
    let (mut told_to, mut part) = (None, None);
    until(async || {
        for child in store.runs_called().await.unwrap() {
            store.run_claim(&child.id, store.boot()).await.unwrap();
            let child = store.run(&child.id).await.unwrap().unwrap();
            house.b.execute(&child).await;
        }
        while let Ok(Wish::Work { run }) = house.wishes.try_recv() {
            let (sends, mut hears) = tokio::sync::mpsc::channel(1);
            let (runner, child) = (house.b.runner.clone(), store.run(&run).await.unwrap().unwrap());
            told_to = Some(sends);
            part = Some(tokio::spawn(async move { runner.execute(&child, &mut hears).await.unwrap() }));
        }
        store.run(&run.id).await.unwrap().unwrap().state == RunState::Waiting && part.is_some()
    })
    .await;
    for undo in wanted {
        assert!(house.wishes.try_recv().is_err(), "nobody is stopped for the first wish to undo");
        wish.send(patchbay_chain::Control::Stop { undo: *undo }).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let heard = tokio::time::timeout(std::time::Duration::from_secs(20), house.wishes.recv()).await;
    assert!(matches!(heard, Ok(Some(Wish::Stop { undo: false, .. }))), "it is stopped too: {heard:?}");
    told_to.unwrap().send(patchbay_chain::Control::Stop { undo: false }).await.unwrap();
    part.unwrap().await.unwrap();
    let state = work.await.unwrap();
    assert!(state.is_final() && state != RunState::FailedUndone, "{state:?}");
    assert_eq!(house.undo(&run).await, [("inner".to_owned(), false)], "what stays is listed");
    assert_eq!(house.service.standing(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_failed_only_does_what_failed_inside_and_nothing_else_there() {
    let mut house = House::new(Service::default()).await;
    house.chain("Inner", json!([keeps("one", "tell"), keeps("break", "broken"), keeps("two", "tell")])).await;
    let run =
        house.b.run(json!([keeps("first", "tell"), runs_and_keeps("Inner"), keeps("last", "tell")])).await;
    assert_eq!((house.execute(&run).await, house.service.standing()), (RunState::Failed, vec![1, 2]));
    // What failed works by now.
    let mut mended = operations();
    mended[3]["request"]["path"] = json!("/told");
    house.b = house.b.with_operations(&mended);
    let mut last = run.clone();
    for round in 0..2 {
        let again = house.again(&last).await;
        let state = house.execute(&again).await;
        let report = told(&house.b, &again).await;
        if round == 0 {
            assert_eq!(state, RunState::Done, "{}: {:?}", report.headline, report.steps[1].problems);
            assert_eq!(house.service.standing(), [1, 2, 3, 4, 5], "break, two and last; nothing a second time");
            let inner = house.b.store.run(&report.steps[1].runs[0].run).await.unwrap().unwrap();
            let report = told(&house.b, &inner).await;
            let kept: Vec<_> = report.steps.iter().map(|step| (step.kept, step.done)).collect();
            assert_eq!(kept, [(1, 0), (0, 1), (0, 1)]);
            // Somebody goes on from the same run once more.
            last = run.clone();
        } else {
            assert_eq!(state, RunState::Failed);
            let hint = report.steps[1].problems[0].problem.hint();
            assert!(hint.contains("What failed of it was run by"), "{hint}");
            assert_eq!(house.service.standing().len(), 5, "what failed is not done twice either");
        }
    }
}
