//! Steps that wait for a delivery, on a real database: which one they take, when they give up, and what
//! an engine that ends in between makes of it.

use std::time::Duration;

use axum::{Json, Router};
use patchbay_chain::Control;
use patchbay_model::run::{Fact, Outcome, Run};
use patchbay_model::{Code, Connection, ConnectionId, EventKind, RunState};
use patchbay_store::{NewTrigger, Tuning};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::bench::{Bench, list_and_tell};

/// A service whose messages are kept by whoever asks, at the place that the address in them names.
async fn bench() -> Bench {
    let router = Router::new()
        .route("/items", axum::routing::get(|| async { Json(json!([{"id": 1}, {"id": 2}, {"id": 3}])) }))
        .route(
            "/told",
            axum::routing::post(|Json(body): Json<Value>| async move {
                Json(json!({"id": 7, "text": body["text"]}))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    Bench::new(router, &list_and_tell(), Tuning::default()).await
}

fn tell(id: &str, template: &str) -> Value {
    json!({"id": id, "connection": "work", "operation": "tell",
        "mapping": [{"target": "/text", "source": {"type": "template", "template": template}}]})
}

#[expect(clippy::needless_pass_by_value, reason = "literals read better by value")]
fn wait(more: Value) -> Value {
    let mut logic = json!({"type": "delivery", "within": 3_600});
    logic.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": "answer", "logic": logic})
}

async fn answers(bench: &Bench, run: &Run, item: u32, body: Value) {
    let event = NewTrigger {
        kind: EventKind::Answer.as_str().to_owned(),
        subject: run.id.to_string(),
        key: format!("answer/{item}/{body}"),
        payload: json!({"step": "answer", "item": item, "receivedAt": "2026-11-20T12:00:00Z", "body": body}),
    };
    assert!(bench.store.trigger_record(event, None).await.unwrap());
}

async fn facts(bench: &Bench, run: &Run) -> Vec<Fact> {
    bench.store.journal(&run.id, 0).await.unwrap().into_iter().map(|entry| entry.fact).collect()
}

/// Works on a run until its journal holds a fact, and ends the engine there.
async fn until(bench: &Bench, run: &Run, is: impl Fn(&Fact) -> bool) {
    let runner = bench.runner.clone();
    let task = tokio::spawn({
        let run = run.clone();
        async move {
            let (_keep, mut wishes) = mpsc::channel(1);
            runner.execute(&run, &mut wishes).await
        }
    });
    let found = async {
        while !facts(bench, run).await.iter().any(&is) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
    task.abort();
}

#[tokio::test]
async fn a_step_takes_the_delivery_that_fits_and_later_steps_see_it() {
    let b = bench().await;
    let is = json!([{"path": "$.body.state", "operator": "equals", "value": "approved"}]);
    let ties = json!([{"path": "$.body.id", "equals": "{{ steps.ask.id }}"}]);
    let run = b
        .run(json!([
            tell("ask", "Please answer at {{ addresses.answer }}"),
            wait(json!({"when": is, "ties": ties})),
            tell("thank", "Thanks, {{ steps.answer.body.who }}"),
        ]))
        .await;
    let waits = |fact: &Fact| matches!(fact, Fact::Awaited { .. });
    until(&b, &run, waits).await;
    let sent = facts(&b, &run).await.into_iter().find_map(|fact| match fact {
        Fact::Intent { request, .. } => request.body,
        _ => None,
    });
    assert_eq!(sent.unwrap()["text"], format!("Please answer at {}/answer/0", run.id), "it was told where");
    // Another state, another message, another step's item: none of them fits.
    answers(&b, &run, 0, json!({"state": "seen", "id": 7, "who": "Ann"})).await;
    answers(&b, &run, 0, json!({"state": "approved", "id": 8, "who": "Ben"})).await;
    answers(&b, &run, 1, json!({"state": "approved", "id": 7, "who": "Cid"})).await;
    // An identifier is the same as text and as a number.
    answers(&b, &run, 0, json!({"state": "approved", "id": "7", "who": "Dee"})).await;
    assert_eq!(b.execute(&run).await, RunState::Done, "what came while no engine was there is found");
    let facts = facts(&b, &run).await;
    let arrived = facts.iter().filter(|fact| matches!(fact, Fact::Arrived { .. })).count();
    let waited = facts.iter().filter(|fact| waits(fact)).count();
    assert_eq!((arrived, waited), (1, 1), "a start goes on waiting, and one delivery is one answer");
    let thanks = facts.iter().rev().find_map(|fact| match fact {
        Fact::Intent { request, .. } => request.body.clone(),
        _ => None,
    });
    assert_eq!(thanks.unwrap()["text"], "Thanks, Dee");
}

#[tokio::test]
async fn an_answer_that_is_faster_than_the_run_is_not_lost_and_each_item_has_its_own() {
    let b = bench().await;
    let each = |mut step: Value| {
        step["forEach"] = json!("list");
        step
    };
    let run = b
        .run(json!([
            {"id": "list", "connection": "work", "operation": "list"},
            each(wait(json!({}))),
            each(tell("thank", "{{ item.id }}: {{ steps.answer.body }}")),
        ]))
        .await;
    for item in [2, 0, 1] {
        answers(&b, &run, item, json!(format!("answer {item}"))).await;
    }
    assert_eq!(b.execute(&run).await, RunState::Done);
    let mut said: Vec<_> = facts(&b, &run)
        .await
        .iter()
        .filter_map(|fact| match fact {
            Fact::Intent { effect: true, request, .. } => Some(request.body.clone().unwrap()["text"].clone()),
            _ => None,
        })
        .collect();
    said.sort_by_key(ToString::to_string);
    assert_eq!(said, ["1: answer 0", "2: answer 1", "3: answer 2"]);
}

#[tokio::test]
async fn a_delivery_wakes_the_run_that_waits_for_it_and_its_connection_is_its_own() {
    let b = bench().await;
    let mut step = wait(json!({"ties": [{"path": "$.externalId", "equals": "{{ steps.ask.id }}"}]}));
    step["connection"] = json!("work");
    let run = b.run(json!([tell("ask", "?"), step])).await;
    let (_keep, mut wishes) = mpsc::channel(1);
    let working = b.runner.execute(&run, &mut wishes);
    let telling = async {
        while !facts(&b, &run).await.iter().any(|fact| matches!(fact, Fact::Awaited { .. })) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let work = b.store.connection_named("work").await.unwrap().unwrap();
        for (subject, id, key) in
            [("elsewhere", "7", "a"), (work.id.as_str(), "8", "b"), (work.id.as_str(), "7", "c")]
        {
            let event = NewTrigger {
                kind: EventKind::Webhook.as_str().to_owned(),
                subject: subject.to_owned(),
                key: key.to_owned(),
                payload: json!({"delivery": key, "externalId": id, "body": {}}),
            };
            b.store.trigger_record(event, None).await.unwrap();
        }
    };
    let both = async { tokio::join!(working, telling) };
    let (state, ()) = tokio::time::timeout(Duration::from_secs(20), Box::pin(both)).await.unwrap();
    assert_eq!(state.unwrap(), RunState::Done);
    let arrived = facts(&b, &run).await.into_iter().find_map(|fact| match fact {
        Fact::Arrived { output, .. } => Some(output),
        _ => None,
    });
    assert_eq!(arrived.unwrap()["delivery"], "c");
}

#[tokio::test]
async fn a_run_goes_on_with_its_connection_under_another_name_whatever_takes_the_old_one() {
    let b = bench().await;
    let mut step = wait(json!({"ties": [{"path": "$.externalId", "equals": "{{ steps.ask.id }}"}]}));
    step["connection"] = json!("work");
    let run = b.run(json!([tell("ask", "?"), step, tell("thank", "!")])).await;
    until(&b, &run, |fact| matches!(fact, Fact::Awaited { .. })).await;

    let work = b.store.connection_named("work").await.unwrap().unwrap();
    b.store.connection_rename(&work.id, "team", |_| Some("h".to_owned())).await.unwrap();
    // Whatever went there would be refused.
    let other = Connection {
        id: ConnectionId::generate(),
        config: serde_json::Map::from_iter([("baseUrl".to_owned(), json!("http://127.0.0.1:1"))]),
        ..work.clone()
    };
    b.store.connection_insert(&other, None).await.unwrap();

    let run = b.store.run(&run.id).await.unwrap().unwrap();
    let (_keep, mut wishes) = mpsc::channel(1);
    let working = b.runner.execute(&run, &mut wishes);
    let telling = async {
        // Renamed once more while it waits for what comes.
        b.store.connection_rename(&work.id, "crew", |_| Some("h".to_owned())).await.unwrap();
        for (subject, key) in [(&other.id, "a"), (&work.id, "b")] {
            let event = NewTrigger {
                kind: EventKind::Webhook.as_str().to_owned(),
                subject: subject.to_string(),
                key: key.to_owned(),
                payload: json!({"delivery": key, "externalId": "7", "body": {}}),
            };
            b.store.trigger_record(event, None).await.unwrap();
        }
    };
    let both = async { tokio::join!(working, telling) };
    let (state, ()) = tokio::time::timeout(Duration::from_secs(20), Box::pin(both)).await.unwrap();
    assert_eq!(state.unwrap(), RunState::Done);
    let arrived = facts(&b, &run).await.into_iter().find_map(|fact| match fact {
        Fact::Arrived { output, .. } => Some(output),
        _ => None,
    });
    assert_eq!(arrived.unwrap()["delivery"], "b");
}

#[tokio::test]
async fn a_step_that_waits_in_vain_fails_when_its_time_is_over_and_the_user_can_stop_it_before() {
    let b = bench().await;
    let run = b.run(json!([wait(json!({"within": 1})), tell("never", "!")])).await;
    answers(&b, &run, 5, json!("for another item")).await;
    assert_eq!(b.execute(&run).await, RunState::Failed);
    let given_up = facts(&b, &run).await.into_iter().find_map(|fact| match fact {
        Fact::Result { outcome: Outcome::NotDone { problem }, .. } => Some(problem),
        _ => None,
    });
    let problem = given_up.unwrap();
    assert_eq!(problem.code(), Code::TimeoutResponse);
    assert!(problem.title().contains("Whoever was given the address"), "{}", problem.title());

    let run = b.run(json!([wait(json!({})), tell("never", "!")])).await;
    let (control, mut wishes) = mpsc::channel(1);
    let working = b.runner.execute(&run, &mut wishes);
    let stopping = async {
        while !facts(&b, &run).await.iter().any(|fact| matches!(fact, Fact::Awaited { .. })) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        control.send(Control::Stop { undo: false }).await.unwrap();
    };
    let both = async { tokio::join!(working, stopping) };
    let (state, ()) = tokio::time::timeout(Duration::from_secs(20), Box::pin(both)).await.unwrap();
    assert_eq!(state.unwrap(), RunState::Stopped);
}

#[tokio::test]
async fn what_ties_a_delivery_to_a_run_and_is_not_there_is_said_before_anybody_waits() {
    let b = bench().await;
    let run =
        b.run(json!([wait(json!({"ties": [{"path": "$.body.id", "equals": "{{ steps.nobody.id }}"}]}))])).await;
    let ended = tokio::time::timeout(Duration::from_secs(20), b.execute(&run)).await.unwrap();
    assert_eq!(ended, RunState::Failed);
    assert!(!facts(&b, &run).await.iter().any(|fact| matches!(fact, Fact::Awaited { .. })));
}

#[tokio::test]
async fn what_came_before_a_run_is_told_by_its_number_and_not_by_the_clock() {
    let b = bench().await;
    let early = b.asked(json!([wait(json!({}))]), Value::Null);
    answers(&b, &early, 0, json!("before the run")).await;
    // The clock said tomorrow when the run was asked for, and was put back since; or yesterday.
    for created_at in ["2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z"] {
        let run = Run { created_at: created_at.parse().unwrap(), ..early.clone() };
        b.store.run_insert(&run).await.unwrap();
        until(&b, &run, |fact| matches!(fact, Fact::Awaited { .. })).await;
        answers(&b, &run, 0, json!(created_at)).await;
        assert_eq!(b.execute(&run).await, RunState::Done, "{created_at}");
        let came: Vec<_> = facts(&b, &run)
            .await
            .into_iter()
            .filter_map(|fact| match fact {
                Fact::Arrived { output, .. } => Some(output["body"].clone()),
                _ => None,
            })
            .collect();
        assert_eq!(came, [json!(created_at)]);
        assert!(b.store.run_delete(&run.id).await.unwrap());
    }
}
