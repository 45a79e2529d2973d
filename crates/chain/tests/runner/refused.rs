//! Services that refuse at first and let in later: what they refused did not happen, and happens once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use patchbay_chain::report;
use patchbay_model::report::RunReport;
use patchbay_model::run::Fact;
use patchbay_model::time::ManualClock;
use patchbay_model::{Clock, Code, RunState, Timestamp};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

fn operations() -> Value {
    json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
            "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "result": {"type": "object"}},
    ])
}

/// One call that reads or changes something.
fn call(operation: &str, policy: &Value) -> Value {
    let mapping = json!([{"target": "/text", "source": {"type": "fixed", "value": "a"}}]);
    let mapping = if operation == "tell" { mapping } else { json!([]) };
    json!([{"id": "call", "connection": "work", "operation": operation, "policy": policy, "mapping": mapping}])
}

/// Asks to wait in an odd way, so many times.
#[derive(Clone)]
struct Busy {
    header: &'static str,
    left: Arc<AtomicU32>,
    asked: Arc<AtomicU32>,
    told: Arc<AtomicU32>,
}

async fn busy(State(busy): State<Busy>, request: Request) -> Response {
    if request.uri().path() == "/me" {
        return Json(json!({})).into_response();
    }
    busy.asked.fetch_add(1, Ordering::SeqCst);
    let refuses =
        busy.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if refuses {
        let headers = [("Retry-After", busy.header), ("Date", "Fri, 20 Nov 2026 12:00:00 GMT")];
        return (StatusCode::TOO_MANY_REQUESTS, headers, "{}").into_response();
    }
    if request.method() == "GET" {
        return Json(json!([])).into_response();
    }
    busy.told.fetch_add(1, Ordering::SeqCst);
    Json(json!({"id": 1})).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_oddly_a_service_asks_to_wait_it_is_called_again_in_bounded_time_and_once() {
    const HOUR: i64 = 3_600;
    let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    // What is asked, and how long the run waits, in seconds: at least, at most.
    let rows: [(&str, (i64, i64)); 13] = [
        ("30", (30, 31)),
        ("Fri, 20 Nov 2026 12:10:00 GMT", (595, 600)),
        ("-5", (0, 60)),
        ("-999999999999999999999", (0, 60)),
        ("soon", (0, 60)),
        ("", (0, 60)),
        ("1e9", (0, 60)),
        ("3.5", (0, 60)),
        ("Fri, 20 Nov 2020 12:00:00 GMT", (0, 60)),
        ("Thu, 31 Dec 2099 23:59:59 GMT", (HOUR, 31 * 24 * HOUR)),
        // Later than any clock tells: it says nothing.
        ("Fri, 31 Dec 9999 23:59:59 GMT", (0, 60)),
        ("1000000000", (HOUR, 31 * 24 * HOUR)),
        ("99999999999999999999999999", (HOUR, 31 * 24 * HOUR)),
    ];
    let cases = rows.iter().flat_map(|row| ["list", "tell"].map(|operation| (row, operation)));
    futures_util::stream::iter(cases)
        .for_each_concurrent(6, async |((header, (least, most)), operation)| {
            let service =
                Busy { header, left: Arc::new(AtomicU32::new(1)), asked: Arc::default(), told: Arc::default() };
            let router = Router::new().fallback(busy).with_state(service.clone());
            let mut b = Bench::new(router, &operations(), Tuning::default()).await;
            let hands = Arc::new(ManualClock::at(noon));
            b.runner.clock = hands.clone();
            b.runner.engine = b.engine(&(hands.clone() as Arc<dyn Clock>));
            let run =
                b.run(call(operation, &json!({"tries": 2, "backoffMs": 1_000, "timeoutMs": 5_000}))).await;
            let (runner, work) = (b.runner.clone(), run.clone());
            let working = tokio::spawn(async move {
                let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
                runner.execute(&work, &mut wishes).await.unwrap()
            });
            let waits = async || {
                let journal = b.store.journal(&run.id, 0).await.unwrap();
                journal.iter().find_map(|entry| match &entry.fact {
                    Fact::Deferred { until, .. } => Some(*until),
                    _ => None,
                })
            };
            let context = format!("{header:?}, {operation}");
            let over = async {
                while !working.is_finished() {
                    if let Some(until) = waits().await {
                        assert!(service.asked.load(Ordering::SeqCst) == 1 || hands.now() >= until, "{context}");
                        let left = until.duration_since(hands.now());
                        hands.advance(Duration::try_from(left).unwrap_or_default() + Duration::from_millis(1));
                        b.runner.alarms.look(&*hands);
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(30), over).await.expect(&context);
            let state = working.await.unwrap();
            let journal = b.store.journal(&run.id, 0).await.unwrap();
            let counted = (service.asked.load(Ordering::SeqCst), service.told.load(Ordering::SeqCst));
            if *least >= HOUR {
                // So long is a used up plan: nobody calls again before a person says so.
                let report = report::build(&b.store.run(&run.id).await.unwrap().unwrap(), &journal);
                let problem = &report.steps[0].problems[0].problem;
                let resets = problem.when().unwrap().duration_since(noon).as_secs();
                let said = (state, counted, problem.code(), report.steps[0].unknown);
                assert_eq!(said, (RunState::Failed, (1, 0), Code::QuotaExhausted, 0), "{context}");
                assert!((*least..=*most).contains(&resets), "{context}: {resets} seconds");
                return;
            }
            let told = u32::from(operation == "tell");
            assert_eq!((state, counted), (RunState::Done, (2, told)), "{context}: {journal:#?}");
            // A read that need not wait long is repeated where it is made.
            let waited = waits().await.map(|until| until.duration_since(noon).as_secs());
            assert!(waited.is_some() || (operation == "list" && *least < 60), "{context}");
            assert!(
                waited.is_none_or(|secs| (*least..=*most).contains(&secs)),
                "{context}: {waited:?} seconds"
            );
        })
        .await;
}

/// Lets in who has an access token that it likes.
#[derive(Clone, Default)]
struct Guarded {
    /// Access tokens that are let in.
    good: Arc<BTreeSet<&'static str>>,
    /// Whether the refresh token is taken.
    renews: bool,
    renewed: Arc<AtomicU32>,
    refused: Arc<AtomicU32>,
    told: Arc<Mutex<BTreeMap<String, u32>>>,
}

async fn guarded(State(service): State<Guarded>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/me" {
        return Json(json!({})).into_response();
    }
    if path == "/token" {
        let count = service.renewed.fetch_add(1, Ordering::SeqCst);
        if !service.renews {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
        }
        let token = if count == 0 { "second" } else { "later" };
        let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3_600});
        return Json(answer).into_response();
    }
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if !token.and_then(|text| text.strip_prefix("Bearer ")).is_some_and(|token| service.good.contains(token)) {
        service.refused.fetch_add(1, Ordering::SeqCst);
        return (StatusCode::UNAUTHORIZED, "{}").into_response();
    }
    if path == "/items" {
        return Json(Value::from((0..20).map(|id| json!({ "id": id })).collect::<Vec<_>>())).into_response();
    }
    let body = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    *service.told.lock().unwrap().entry(body["text"].to_string()).or_default() += 1;
    Json(json!({"id": 1})).into_response()
}

async fn against(service: &Guarded, steps: Value) -> (RunState, RunReport) {
    let router = Router::new().fallback(guarded).with_state(service.clone());
    let b = Bench::signed_in(router, &operations()).await;
    let run = b.run(steps).await;
    let state = b.execute(&run).await;
    let journal = b.store.journal(&run.id, 0).await.unwrap();
    (state, report::build(&b.store.run(&run.id).await.unwrap().unwrap(), &journal))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_ended_is_renewed_once_and_the_call_is_made_once_more() {
    let rows: [(&str, &[&str], bool, Option<Code>); 4] = [
        ("as it was", &["first"], true, None),
        ("refused once, then good", &["second"], true, None),
        ("refused for ever", &[], true, Some(Code::AuthRevoked)),
        ("not renewed", &[], false, Some(Code::AuthRevoked)),
    ];
    for (name, good, renews, code) in rows {
        for operation in ["list", "tell"] {
            let service =
                Guarded { good: Arc::new(good.iter().copied().collect()), renews, ..Guarded::default() };
            let steps = call(operation, &json!({"tries": 3, "backoffMs": 1}));
            let (state, report) = against(&service, steps).await;
            let step = &report.steps[0];
            let context = format!("{name}, {operation}: {report:#?}");
            let told: u32 = service.told.lock().unwrap().values().sum();
            let renewed = service.renewed.load(Ordering::SeqCst);
            assert_eq!(renewed, u32::from(!good.contains(&"first")), "{context}");
            assert!(service.refused.load(Ordering::SeqCst) <= 2, "{context}: asked again and again");
            let codes: Vec<_> = step.problems.iter().map(|one| one.problem.code()).collect();
            if let Some(code) = code {
                assert_eq!((state, told, &codes[..]), (RunState::Failed, 0, &[code][..]), "{context}");
                assert_eq!((step.failed, step.unknown), (1, 0), "{context}");
            } else {
                let wanted = u32::from(operation == "tell");
                assert_eq!((state, told, step.unknown), (RunState::Done, wanted, 0), "{context}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beside_each_other_that_are_refused_renew_the_sign_in_once() {
    let service = Guarded { good: Arc::new(["second"].into()), renews: true, ..Guarded::default() };
    let steps = json!([
        {"id": "list", "connection": "work", "operation": "list", "policy": {"tries": 1}},
        {"id": "tell", "connection": "work", "operation": "tell", "forEach": "list",
            "policy": {"tries": 1, "parallel": 8},
            "mapping": [{"target": "/text", "source": {"type": "template", "template": "n{{item.id}}"}}]},
    ]);
    let (state, report) = against(&service, steps).await;
    assert_eq!((state, service.renewed.load(Ordering::SeqCst)), (RunState::Done, 1), "{report:#?}");
    let told = service.told.lock().unwrap();
    assert!(told.len() == 20 && told.values().all(|times| *times == 1), "{told:?}");
}
