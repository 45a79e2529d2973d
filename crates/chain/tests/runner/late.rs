//! Runs that take longer than their chain allows.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{delete, get, post};
use patchbay_chain::report;
use patchbay_model::report::{InnerRun, RunReport};
use patchbay_model::run::{Fact, Run};
use patchbay_model::time::ManualClock;
use patchbay_model::{Chain, Clock, RunState, StepId};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

fn operations() -> Value {
    json!([
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told"}, "params": {"type": "object"},
            "result": {"type": "object"},
            "undo": {"operation": "take_back", "params": {"id": "{{ result.id }}"}}},
        {"id": "take_back", "title": "Take back", "verb": "delete", "entity": "message",
            "idempotency": {"type": "natural"},
            "request": {"method": "DELETE", "path": "/told/{{params.id}}"},
            "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}},
    ])
}

const HOUR: Duration = Duration::from_secs(3_600);

/// A bench whose clock stands still until it is moved.
async fn bench() -> (Bench, Arc<ManualClock>) {
    let router = Router::new()
        .route("/me", get(|| async { axum::Json(json!({})) }))
        .route("/told", post(|| async { axum::Json(json!({"id": 1})) }))
        .route("/told/{id}", delete(|| async {}));
    let mut b = Bench::new(router, &operations(), Tuning::default()).await;
    let hands = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
    b.runner.clock = hands.clone();
    b.runner.engine = b.engine(&(hands.clone() as Arc<dyn Clock>));
    (b, hands)
}

/// Works on a run until it ends or waits for a person.
fn work(b: &Bench, run: &Run) -> tokio::task::JoinHandle<RunState> {
    let (runner, run) = (b.runner.clone(), run.clone());
    tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&run, &mut wishes).await.unwrap()
    })
}

async fn soon<T>(what: &str, holds: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), holds).await.unwrap_or_else(|_| panic!("{what}: not in time"))
}

/// Until a run that is worked on has come to rest in this state.
async fn rests(b: &Bench, run: &Run, state: RunState) {
    let come = async {
        while b.store.run(&run.id).await.unwrap().unwrap().state != state {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("it rests", come).await;
}

/// Looks at the clock, as who watches it does, until the work is over.
async fn over(b: &Bench, hands: &ManualClock, working: tokio::task::JoinHandle<RunState>) -> RunState {
    let look = async {
        while !working.is_finished() {
            b.runner.alarms.look(hands);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("its end", look).await;
    working.await.unwrap()
}

fn tell(id: &str) -> Value {
    json!({"id": id, "connection": "work", "operation": "tell", "mapping": []})
}

async fn told(b: &Bench, run: &Run) -> RunReport {
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    report::build(&run, &b.store.journal(&run.id, 0).await.unwrap())
}

/// Tells, waits for two hours, tells again; in any case it says at last that it ended.
async fn run(b: &Bench, between: Value, policy: Value) -> Run {
    let mut run = b.asked(json!([tell("before"), between, tell("after")]), Value::Null);
    run.snapshot.policy = serde_json::from_value(policy).unwrap();
    run.snapshot.finally = vec![serde_json::from_value(tell("last")).unwrap()];
    b.store.run_insert(&run).await.unwrap();
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_takes_too_long_says_so_undoes_where_asked_and_tidies_up() {
    let wait = || json!({"id": "between", "logic": {"type": "wait", "seconds": 7_200}});
    let cases = [
        (json!({"timeoutMs": 1_000}), RunState::Failed, 0),
        (json!({"timeoutMs": 1_000, "onFailure": "stop_and_undo"}), RunState::FailedUndone, 1),
    ];
    for (policy, ends, undone) in cases {
        let (b, hands) = bench().await;
        let run = run(&b, wait(), policy.clone()).await;
        let working = work(&b, &run);
        rests(&b, &run, RunState::Waiting).await;
        hands.advance(Duration::from_secs(2));
        let state = over(&b, &hands, working).await;
        assert_eq!(state, ends, "{policy}");
        let report = told(&b, &run).await;
        let said = "It took longer than the 1 second its chain allows";
        assert!(report.headline.contains(said), "{}", report.headline);
        let calls: Vec<_> = report.steps.iter().map(|step| step.calls).collect();
        assert_eq!(calls, [1, 0, 0, 1], "what comes after it is not sent, and what is done in any case is");
        assert_eq!(report.undo.iter().filter(|line| line.undone).count(), undone, "{:?}", report.undo);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_in_which_a_person_is_asked_does_not_count() {
    let (b, hands) = bench().await;
    let ask = json!({"id": "between", "logic": {"type": "approval", "question": "Go on?"}});
    let run = run(&b, ask, json!({"timeoutMs": 1_000})).await;
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    hands.advance(HOUR);
    b.runner.answer(&run, &StepId::from("between"), 0, true).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_the_time_in_which_the_computer_sleeps_or_its_clock_is_moved() {
    let (b, hands) = bench().await;
    let wait = json!({"id": "between", "logic": {"type": "wait", "seconds": 864_000}});
    let run = run(&b, wait, json!({"timeoutMs": 600_000})).await;
    let working = work(&b, &run);
    rests(&b, &run, RunState::Waiting).await;
    let late = async || {
        let journal = b.store.journal(&run.id, 0).await.unwrap();
        journal.iter().any(|entry| matches!(entry.fact, Fact::TimedOut { .. }))
    };
    let looked_at = async |what: &str| {
        for _ in 0..20 {
            b.runner.alarms.look(&*hands);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!late().await && !working.is_finished(), "{what}");
    };
    hands.sleep(8 * HOUR);
    looked_at("a night").await;
    hands.jump_to(hands.now() + HOUR);
    looked_at("a clock that was put forward").await;
    hands.advance(Duration::from_secs(590));
    looked_at("not quite ten minutes").await;
    hands.advance(Duration::from_secs(11));
    assert_eq!(over(&b, &hands, working).await, RunState::Failed);
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    let idle: u64 = journal.iter().map(|entry| if let Fact::Idle { ms } = entry.fact { ms } else { 0 }).sum();
    let nine = u64::try_from((9 * HOUR).as_millis()).unwrap();
    assert_eq!(idle, nine, "who reads the journal later knows it too");
}

/// A run of a chain whose step runs another one, which does these steps; and that of the other one.
async fn inner(b: &Bench, steps: Value, policy: Value) -> (tokio::task::JoinHandle<RunState>, Run, Run) {
    let inner: Chain = serde_json::from_value(json!({"schema": 1, "name": "Inner", "steps": steps})).unwrap();
    b.store.chain_save(None, &inner, "h").await.unwrap();
    let outer = b
        .run(json!([{"id": "outer", "logic": {"type": "chain", "chain": "Inner"}, "policy": policy}, tell("after")]))
        .await;
    let working = work(b, &outer);
    (working, outer, called(b).await)
}

/// The run of another chain, once it is there.
async fn called(b: &Bench) -> Run {
    loop {
        if let Some(child) = b.store.runs_called().await.unwrap().first() {
            break b.store.run(&child.id).await.unwrap().unwrap();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_stops_the_chain_that_it_runs_when_its_time_is_over() {
    let (b, hands) = bench().await;
    let wait = json!({"id": "wait", "logic": {"type": "wait", "seconds": 7_200}});
    let (outside, outer, child) = inner(&b, json!([tell("before"), wait]), json!({"timeoutMs": 1_500})).await;
    let inside = work(&b, &child);
    rests(&b, &child, RunState::Waiting).await;
    hands.advance(Duration::from_secs(2));
    assert_eq!(over(&b, &hands, inside).await, RunState::Failed);
    assert_eq!(over(&b, &hands, outside).await, RunState::Failed);
    let said = "It took longer than the 2 seconds the step that runs it allows";
    assert!(told(&b, &child).await.headline.contains(said), "{}", told(&b, &child).await.headline);
    let report = told(&b, &outer).await;
    let why = report.steps[0].problems[0].problem.title() + &report.steps[0].problems[0].problem.hint();
    assert!(why.contains(said), "the step says it too: {why}");
    assert_eq!(report.steps[1].calls, 0);
    assert_eq!(report.steps[0].runs, [InnerRun { item: 0, run: child.id.clone() }], "its own report is named");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_that_an_inner_chain_asks_has_time_and_a_minute_that_nobody_chose_is_no_limit() {
    let (b, hands) = bench().await;
    let ask = json!({"id": "ask", "logic": {"type": "approval", "question": "Go on?"}});
    let (outside, _, child) = inner(&b, json!([ask]), json!({"timeoutMs": 1_000})).await;
    assert_eq!(b.execute(&child).await, RunState::NeedsYou);
    hands.advance(HOUR);
    b.runner.answer(&child, &StepId::from("ask"), 0, true).await.unwrap();
    assert_eq!((b.execute(&child).await, outside.await.unwrap()), (RunState::Done, RunState::Done));
    for policy in [json!({}), json!({"timeoutMs": 60_000})] {
        let (b, _) = bench().await;
        let (outside, _, child) = inner(&b, json!([tell("one")]), policy.clone()).await;
        let journal = b.store.journal(&child.id, 0).await.unwrap();
        assert!(journal.is_empty(), "{policy}: {journal:?}");
        assert_eq!((b.execute(&child).await, outside.await.unwrap()), (RunState::Done, RunState::Done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_waits_while_the_chain_that_it_runs_asks_a_question_and_goes_on_with_it() {
    let (b, hands) = bench().await;
    let ask = json!({"id": "ask", "logic": {"type": "approval", "question": "Go on?"}});
    let inner: Chain = serde_json::from_value(json!({"schema": 1, "name": "Inner", "steps": [ask]})).unwrap();
    b.store.chain_save(None, &inner, "h").await.unwrap();
    let steps = json!([{"id": "outer", "logic": {"type": "chain", "chain": "Inner"}}, tell("after")]);
    let mut outer = b.asked(steps, Value::Null);
    outer.snapshot.policy.timeout_ms = Some(600_000);
    b.store.run_insert(&outer).await.unwrap();
    let outside = work(&b, &outer);
    let child = called(&b).await;
    assert_eq!(b.execute(&child).await, RunState::NeedsYou);
    rests(&b, &outer, RunState::Waiting).await;
    // The night before the answer counts for neither of them.
    hands.advance(12 * HOUR);
    for _ in 0..20 {
        b.runner.alarms.look(&*hands);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    b.runner.answer(&child, &StepId::from("ask"), 0, true).await.unwrap();
    rests(&b, &outer, RunState::Running).await;
    assert_eq!(b.execute(&child).await, RunState::Done);
    assert_eq!(over(&b, &hands, outside).await, RunState::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_waited_for_however_far_down_they_are_asked() {
    let (b, hands) = bench().await;
    let runs = |chain: &str| json!({"id": "runs", "logic": {"type": "chain", "chain": chain}});
    let ask = json!({"id": "ask", "logic": {"type": "approval", "question": "Go on?"}});
    for (name, step) in [("Inner", ask), ("Middle", runs("Inner"))] {
        let chain = serde_json::from_value(json!({"schema": 1, "name": name, "steps": [step]})).unwrap();
        b.store.chain_save(None, &chain, "h").await.unwrap();
    }
    let mut outer = b.asked(json!([runs("Middle"), tell("after")]), Value::Null);
    outer.snapshot.policy.timeout_ms = Some(600_000);
    b.store.run_insert(&outer).await.unwrap();
    let outside = work(&b, &outer);
    let middle = called(&b).await;
    b.store.run_claim(&middle.id, b.store.boot()).await.unwrap();
    let between = work(&b, &middle);
    let inner = called(&b).await;
    assert_eq!(b.execute(&inner).await, RunState::NeedsYou);
    soon("both know that a person is asked", async {
        while !b.runner.asking.has(&middle.id) || !b.runner.asking.has(&outer.id) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    hands.advance(12 * HOUR);
    for _ in 0..20 {
        b.runner.alarms.look(&*hands);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    b.runner.answer(&inner, &StepId::from("ask"), 0, true).await.unwrap();
    assert_eq!(b.execute(&inner).await, RunState::Done);
    assert_eq!(over(&b, &hands, between).await, RunState::Done);
    assert_eq!(over(&b, &hands, outside).await, RunState::Done, "the night counts for none of them");
    assert!(!b.runner.asking.has(&outer.id) && !b.runner.asking.has(&middle.id), "nobody is asked any more");
}
