//! Runs kept as offline tests: replayed they do the same without anybody to ask, and a chain that was
//! changed is told from it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::{Json, Router};
use patchbay_chain::recorded::{ChainTest, Recording, TestConnection, differences, replay};
use patchbay_chain::{Control, journal};
use patchbay_model::run::{Decision, Run};
use patchbay_model::{Chain, Code, Problem, RunState, StepId};
use patchbay_store::{Remembered, Tuning};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::bench::{Bench, list_and_tell};

/// A service that counts what it is asked, fails once with each second message, and loses one answer.
async fn bench() -> (Bench, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let (lists, tells) = (asked.clone(), asked.clone());
    let router = Router::new()
        .route(
            "/items",
            axum::routing::get(move || async move {
                lists.fetch_add(1, Ordering::SeqCst);
                Json(json!([{"id": 1, "name": "one"}, {"id": 2, "name": "two"}, {"id": 3, "name": "three"}]))
            }),
        )
        .route(
            "/told",
            axum::routing::post(move |Json(body): Json<Value>| async move {
                let count = tells.fetch_add(1, Ordering::SeqCst);
                let status = match body["text"].as_str() {
                    Some(text) if text.contains("two") && count.is_multiple_of(2) => 503,
                    Some(text) if text.contains("lost") => 500,
                    _ => 200,
                };
                (axum::http::StatusCode::from_u16(status).unwrap(), Json(json!({"id": count})))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    (Bench::new(router, &list_and_tell(), Tuning::default()).await, asked)
}

fn steps() -> Value {
    let quiet = json!([{"path": "$.item.name", "operator": "not_equals", "value": "three"}]);
    let tell = |id: &str, template: &str, each: Value| {
        json!({"id": id, "connection": "work", "operation": "tell", "forEach": each,
            "policy": {"backoffMs": 1, "parallel": 1},
            "mapping": [{"target": "/text", "source": {"type": "template", "template": template}}]})
    };
    json!([
        {"id": "list", "connection": "work", "operation": "list"},
        {"id": "quiet", "forEach": "list", "logic": {"type": "filter", "when": quiet}},
        {"id": "prefix", "logic": {"type": "recall", "key": "prefix"}},
        tell("tell", "{{ steps.prefix }} {{ item.name }}", json!("list")),
        {"id": "ask", "logic": {"type": "approval", "question": "Go on?"}},
        tell("lost", "lost", Value::Null),
        {"id": "pause", "logic": {"type": "wait", "seconds": 1}},
        {"id": "answer", "logic": {"type": "delivery", "within": 1},
            "policy": {"onFailure": "continue"}},
        tell("last", "that was all of {{ steps.lost }}", Value::Null),
    ])
}

/// Runs it to its end: the user says yes, and that the lost message had happened.
async fn record(b: &Bench) -> Run {
    let mut run = b.asked(steps(), Value::Null);
    let last = run.snapshot.steps.last_mut().unwrap();
    last.mapping[0].source = serde_json::from_value(json!({"type": "fixed", "value": "that was all"})).unwrap();
    b.store.run_insert(&run).await.unwrap();
    let memory =
        Remembered { chain: Some(run.chain_id.clone()), key: "prefix".into(), value: Some(json!("Hello")) };
    b.store.memory_set(memory).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    b.runner.answer(&run, &StepId::from("ask"), 0, true).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    b.runner.resolve(&run, &StepId::from("lost"), 0, Decision::Happened).await.unwrap();
    let state = b.execute(&run).await;
    assert_eq!(state, RunState::DoneWithProblems, "nobody called the address");
    b.store.run(&run.id).await.unwrap().unwrap()
}

async fn recorded(
    b: &Bench,
    run: &Run,
    connections: BTreeMap<String, TestConnection>,
) -> Result<ChainTest, Problem> {
    let mut recording = Recording::of(run)?;
    journal::each(&b.store, &run.id, |entry| recording.take(entry)).await.unwrap();
    recording.finish(connections)
}

pub(crate) async fn saved(b: &Bench, run: &Run) -> ChainTest {
    let work = b.store.connection_named("work").await.unwrap().unwrap();
    let used =
        TestConnection { connector: work.connector, version: work.descriptor_version, config: work.config };
    let test = recorded(b, run, BTreeMap::from([("work".to_owned(), used)])).await.unwrap();
    // As a file.
    serde_json::from_str(&serde_json::to_string(&test).unwrap()).unwrap()
}

pub(crate) async fn replayed(b: &Bench, test: &ChainTest, chain: &Chain) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let found = replay(&b.runner, test, chain, &dir.path().join("test")).await.unwrap();
    differences(&test.expected, &found)
}

#[tokio::test]
async fn a_run_that_was_saved_does_the_same_again_and_asks_nobody() {
    let (b, asked) = bench().await;
    let run = record(&b).await;
    let test = saved(&b, &run).await;
    let before = asked.load(Ordering::SeqCst);
    assert!(before >= 5, "the service was asked before: {before}");
    assert_eq!(replayed(&b, &test, &run.snapshot).await, Vec::<String>::new());
    assert_eq!(asked.load(Ordering::SeqCst), before, "nothing is sent");
    assert_eq!(b.store.run_list(10, 0).await.unwrap().total, 1, "the workspace has no run of it");
}

#[tokio::test]
async fn a_chain_that_was_changed_is_told_from_it_and_what_differs_is_said() {
    let (b, asked) = bench().await;
    let run = record(&b).await;
    let test = saved(&b, &run).await;
    let before = asked.load(Ordering::SeqCst);
    let changed = |change: fn(&mut Value)| -> Chain {
        let mut chain = serde_json::to_value(&run.snapshot).unwrap();
        change(&mut chain);
        serde_json::from_value(chain).unwrap()
    };
    let greeting = changed(|c| {
        c["steps"][3]["mapping"][0]["source"]["template"] = json!("{{ steps.prefix }}, {{ item.name }}")
    });
    assert_eq!(
        replayed(&b, &test, &greeting).await,
        [
            "Step \"tell\", item 1: what is sent has /text \"Hello, one\" instead of \"Hello one\".",
            "Step \"tell\", item 2: what is sent has /text \"Hello, two\" instead of \"Hello two\"."
        ]
    );
    let unfiltered = changed(|c| c["steps"][1]["logic"]["when"][0]["value"] = json!("nobody"));
    let said = replayed(&b, &test, &unfiltered).await;
    assert!(
        said.iter().any(|said| said.contains("\"quiet\", item 3: it is done and was left out before")),
        "{said:#?}"
    );
    assert!(said.iter().any(|said| said.contains("\"tell\", item 3")), "{said:#?}");
    let stricter = changed(|c| c["steps"][7]["policy"]["onFailure"] = json!("stop_and_keep"));
    let said = replayed(&b, &test, &stricter).await;
    assert!(said[0].starts_with("The run ends as \"failed\" instead of \"done with problems\"."), "{said:#?}");
    assert!(said.iter().any(|said| said.contains("\"last\", item 1: it is not reached any more")), "{said:#?}");
    let unknown = changed(|c| c["steps"][8]["connection"] = json!("elsewhere"));
    assert!(!replayed(&b, &test, &unknown).await.is_empty(), "a connection that the test does not know");
    assert_eq!(asked.load(Ordering::SeqCst), before, "nothing is sent");
}

#[tokio::test]
async fn what_cannot_be_repeated_is_no_test() {
    let (b, _) = bench().await;
    let refused = async |run: &Run| {
        let run = b.store.run(&run.id).await.unwrap().unwrap();
        recorded(&b, &run, BTreeMap::new()).await.unwrap_err()
    };
    let open = b.run(steps()).await;
    assert_eq!(refused(&open).await.code(), Code::Conflict);
    let (control, mut wishes) = mpsc::channel(1);
    control.send(Control::Stop { undo: false }).await.unwrap();
    let state = b.runner.execute(&open, &mut wishes).await.unwrap();
    assert_eq!(state, RunState::Stopped);
    assert!(refused(&open).await.hint().contains("by hand"), "{}", refused(&open).await.hint());
}
