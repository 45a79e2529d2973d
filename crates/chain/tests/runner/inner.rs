//! What the runs of other chains changed, where the run that they are a part of is undone.

use patchbay_model::chain::Chain;
use patchbay_model::report::RunReport;
use patchbay_model::run::Run;
use patchbay_model::{RunState, StepId};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::kinds::{bench, list, logic, tell};

/// Runs a chain that runs this one, then does this, and undoes what it did where that fails.
async fn run_with(inner: Value, after: Value) -> (RunState, RunReport) {
    let (b, _) = bench().await;
    let inner: Chain = serde_json::from_value(json!({"schema": 1, "name": "Inner", "steps": inner})).unwrap();
    b.store.chain_save(None, &inner, "h").await.unwrap();
    let chain = logic(
        "chain",
        json!({"type": "chain", "chain": "Inner"}),
        json!({"policy": {"onFailure": "stop_and_undo"}}),
    );
    let run = b.run(json!([chain, after])).await;
    let state = execute(&b, &run).await;
    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    (state, patchbay_chain::report::build(&run, &journal))
}

/// With the runs of other chains that it asks for.
async fn execute(b: &Bench, run: &Run) -> RunState {
    let (runner, parent) = (b.runner.clone(), run.clone());
    let work = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&parent, &mut wishes).await.unwrap()
    });
    while !work.is_finished() {
        for child in b.store.runs_called().await.unwrap() {
            let child = b.store.run(&child.id).await.unwrap().unwrap();
            b.execute(&child).await;
        }
        tokio::task::yield_now().await;
    }
    work.await.unwrap()
}

fn broken() -> Value {
    tell("broken", "broken", json!({"policy": {"onFailure": "stop_and_undo", "tries": 1}}))
}

#[tokio::test]
async fn a_run_that_failed_after_it_changed_something_is_not_said_to_be_undone() {
    let (state, report) =
        run_with(json!([tell("one", "one", json!({})), broken_inside()]), tell("after", "x", json!({}))).await;
    assert_eq!(state, RunState::Failed, "a change of the inner run stays: {}", report.headline);
    let problem = &report.steps[0].problems[0].problem;
    assert!(problem.hint().ends_with("One change that it made stays."), "{}", problem.hint());
    let (state, report) = run_with(json!([broken_inside()]), tell("after", "x", json!({}))).await;
    assert_eq!(state, RunState::FailedUndone, "nothing was changed: {}", report.headline);
}

fn broken_inside() -> Value {
    tell("broken", "broken", json!({}))
}

#[tokio::test]
async fn what_an_inner_run_changed_is_said_to_stay_and_what_changed_nothing_is_not() {
    let (state, report) = run_with(json!([tell("one", "one", json!({}))]), broken()).await;
    assert_eq!(state, RunState::Failed);
    let line = report.undo.iter().find(|line| line.step == StepId::from("chain")).unwrap();
    let told = serde_json::to_value(line).unwrap().to_string();
    assert!(
        !line.undone && told.contains("is not undone with this one. Its own report says what it changed"),
        "{line:?}"
    );
    let hint = line.problem.as_ref().unwrap().hint();
    assert_eq!(hint, "What \"Run a chain\" did in the run of \"Inner\" stays as it is.");
    assert_eq!(report.steps[0].runs.len(), 1, "its own report is named");
    let (state, report) = run_with(json!([list()]), broken()).await;
    assert_eq!((state, report.undo.len()), (RunState::FailedUndone, 0), "{}", report.headline);
}
