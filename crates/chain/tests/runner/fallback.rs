//! Another operation in the place of one that is not there at the moment: a step handles the failure of the
//! first, and what follows takes the result of whichever has one.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use patchbay_chain::report;
use patchbay_model::RunState;
use patchbay_net::listen;
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

#[tokio::test]
async fn a_step_that_names_another_goes_on_with_its_operation_and_the_report_says_so() {
    let (down, sent) = (Arc::new(Mutex::new(true)), Arc::new(Mutex::new(Vec::new())));
    let (is_down, keeps) = (down.clone(), sent.clone());
    let live = move || {
        let down = *is_down.lock().unwrap();
        let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        async move { (status, Json(json!({"rate": 7}))) }
    };
    let router = Router::new()
        .route("/live", get(live))
        .route("/kept", get(|| async { Json(json!({"rate": 5})) }))
        .route(
            "/told",
            post(move |Json(body): Json<Value>| async move {
                keeps.lock().unwrap().push(body["text"].clone());
                Json(json!({"id": 1}))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    let read = |id: &str, path: &str| {
        json!({"id": id, "title": id, "verb": "get", "entity": "rate", "request": {"path": path},
            "params": {"type": "object"}, "result": {"type": "object"}})
    };
    let operations = json!([read("live", "/live"), read("kept", "/kept"),
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
            "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "result": {"type": "object"}}]);
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}", listener.addr());
    tokio::spawn(listener.serve(router, std::future::pending()));
    // One try of each: the circuit stays closed.
    let limits = json!({"retry": {"count": 0}});
    let b = Bench::at(base, &operations, &limits, Tuning::default(), tempfile::tempdir().unwrap()).await;
    let steps = json!([
        {"id": "live", "connection": "work", "operation": "live", "policy": {"tries": 1, "backoffMs": 1}},
        {"id": "kept", "connection": "work", "operation": "kept", "handles": "live"},
        {"id": "rate", "logic": {"type": "join", "of": ["live", "kept"]}},
        {"id": "tell", "connection": "work", "operation": "tell",
            "mapping": [{"target": "/text", "source": {"type": "template", "template": "rate {{steps.rate.rate}}"}}]},
    ]);
    let mut states = Vec::new();
    for is_down in [true, false] {
        *down.lock().unwrap() = is_down;
        let run = b.run(steps.clone()).await;
        let ended = b.execute(&run).await;
        let (run, journal) =
            (b.store.run(&run.id).await.unwrap().unwrap(), b.store.journal(&run.id, 0).await.unwrap());
        let report = serde_json::to_value(report::build(&run, &journal)).unwrap();
        assert_eq!(ended, RunState::Done, "{report:#}");
        let steps = report["steps"].as_array().unwrap().clone();
        let state = |id: &str| steps.iter().find(|step| step["step"] == id).unwrap()["state"].clone();
        states.push([state("live"), state("kept")].map(|state| state.as_str().unwrap_or_default().to_owned()));
    }
    assert_eq!(*sent.lock().unwrap(), [json!("rate 5"), json!("rate 7")]);
    assert_eq!(states, [["failed", "done"], ["done", "skipped"]].map(|two| two.map(str::to_owned)));
}
