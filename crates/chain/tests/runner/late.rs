//! Runs that take longer than their chain allows.

use axum::Router;
use axum::routing::{delete, get, post};
use patchbay_chain::report;
use patchbay_model::report::{InnerRun, RunReport};
use patchbay_model::run::Run;
use patchbay_model::{Chain, RunState, StepId};
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

async fn bench() -> Bench {
    let router = Router::new()
        .route("/me", get(|| async { axum::Json(json!({})) }))
        .route("/told", post(|| async { axum::Json(json!({"id": 1})) }))
        .route("/told/{id}", delete(|| async {}));
    Bench::new(router, &operations(), Tuning::default()).await
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
        let b = bench().await;
        let run = run(&b, wait(), policy.clone()).await;
        let state = tokio::time::timeout(std::time::Duration::from_secs(30), b.execute(&run)).await.unwrap();
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
    let b = bench().await;
    let ask = json!({"id": "between", "logic": {"type": "approval", "question": "Go on?"}});
    let run = run(&b, ask, json!({"timeoutMs": 1_000})).await;
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    b.runner.answer(&run, &StepId::from("between"), 0, true).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Done);
}

/// A run of a chain whose step runs another one, which does these steps; and that of the other one.
async fn inner(b: &Bench, steps: Value, policy: Value) -> (tokio::task::JoinHandle<RunState>, Run, Run) {
    let inner: Chain = serde_json::from_value(json!({"schema": 1, "name": "Inner", "steps": steps})).unwrap();
    b.store.chain_save(None, &inner, "h").await.unwrap();
    let outer = b
        .run(json!([{"id": "outer", "logic": {"type": "chain", "chain": "Inner"}, "policy": policy}, tell("after")]))
        .await;
    let (runner, run) = (b.runner.clone(), outer.clone());
    let work = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&run, &mut wishes).await.unwrap()
    });
    let child = loop {
        if let Some(child) = b.store.runs_called().await.unwrap().first() {
            break b.store.run(&child.id).await.unwrap().unwrap();
        }
        tokio::task::yield_now().await;
    };
    (work, outer, child)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_stops_the_chain_that_it_runs_when_its_time_is_over() {
    let b = bench().await;
    let wait = json!({"id": "wait", "logic": {"type": "wait", "seconds": 7_200}});
    let (work, outer, child) = inner(&b, json!([tell("before"), wait]), json!({"timeoutMs": 1_500})).await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), b.execute(&child)).await.unwrap();
    assert_eq!((ended, work.await.unwrap()), (RunState::Failed, RunState::Failed));
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
    let b = bench().await;
    let ask = json!({"id": "ask", "logic": {"type": "approval", "question": "Go on?"}});
    let (work, _, child) = inner(&b, json!([ask]), json!({"timeoutMs": 1_000})).await;
    assert_eq!(b.execute(&child).await, RunState::NeedsYou);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    b.runner.answer(&child, &StepId::from("ask"), 0, true).await.unwrap();
    assert_eq!((b.execute(&child).await, work.await.unwrap()), (RunState::Done, RunState::Done));
    for policy in [json!({}), json!({"timeoutMs": 60_000})] {
        let b = bench().await;
        let (work, _, child) = inner(&b, json!([tell("one")]), policy.clone()).await;
        let journal = b.store.journal(&child.id, 0).await.unwrap();
        assert!(journal.is_empty(), "{policy}: {journal:?}");
        assert_eq!((b.execute(&child).await, work.await.unwrap()), (RunState::Done, RunState::Done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_waits_while_the_chain_that_it_runs_asks_a_question_and_goes_on_with_it() {
    let b = bench().await;
    let ask = json!({"id": "ask", "logic": {"type": "approval", "question": "Go on?"}});
    let (work, outer, child) = inner(&b, json!([ask]), json!({})).await;
    assert_eq!(b.execute(&child).await, RunState::NeedsYou);
    let state = async || b.store.run(&outer.id).await.unwrap().unwrap().state;
    crate::odd::until(async || state().await == RunState::Waiting).await;
    b.runner.answer(&child, &StepId::from("ask"), 0, true).await.unwrap();
    crate::odd::until(async || state().await == RunState::Running).await;
    assert_eq!((b.execute(&child).await, work.await.unwrap()), (RunState::Done, RunState::Done));
}
