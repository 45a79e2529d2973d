//! Journals as the first builds wrote them: this one opens them, goes on with them, reports them and undoes what they
//! did. A file of `journals` holds one, a fact a line, with what had happened by then and nothing that was added since.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use patchbay_chain::again::{Earlier, Stay};
use patchbay_chain::{Plan, report};
use patchbay_model::report::RunReport;
use patchbay_model::run::Fact;
use patchbay_model::{ConnectorId, RunState};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// What was asked of the service from now on.
type Asked = Arc<Mutex<Vec<String>>>;

async fn answer(State(asked): State<Asked>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path != "/me" {
        let body = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
        let text = serde_json::from_slice::<Value>(&body).unwrap_or_default()["text"].clone();
        asked.lock().unwrap().push(format!("{method} {path} {}", text.as_str().unwrap_or_default()));
    }
    Json(json!({"id": "m9"})).into_response()
}

struct Opened {
    bench: Bench,
    run: patchbay_model::run::Run,
    asked: Asked,
}

impl Opened {
    /// The journal of that name, of a run that was under way.
    async fn of(journal: &str) -> Self {
        let asked = Asked::default();
        let operations = json!([
            {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
                "params": {"type": "object"}, "result": {"type": "object"}},
            {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
                "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
                "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
                "result": {"type": "object"}, "undo": {"operation": "untell", "params": {"id": "{{result.id}}"}}},
            {"id": "untell", "title": "Untell", "verb": "delete", "entity": "message",
                "idempotency": {"type": "natural"},
                "request": {"method": "DELETE", "path": "/told/{{params.id}}"},
                "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
        ]);
        let router = Router::new().fallback(answer).with_state(asked.clone());
        let bench = Bench::new(router, &operations, Tuning::default()).await;
        let run = bench
            .run(json!([
                {"id": "list", "connection": "work", "operation": "list"},
                {"id": "tell", "connection": "work", "operation": "tell", "forEach": "list",
                    "policy": {"tries": 3, "backoffMs": 1, "parallel": 1, "onFailure": "stop_and_keep"},
                    "mapping": [{"target": "/text", "source": {"type": "template", "template": "n{{item.id}}"}}]},
            ]))
            .await;
        let path = format!("{}/tests/runner/journals/{journal}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let facts: Vec<Fact> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let state = match facts.last() {
            Some(Fact::Finished { state }) => *state,
            _ => RunState::Running,
        };
        bench.store.journal_commit(&run.id, facts, state, None).await.unwrap();
        Self { bench, run, asked }
    }

    async fn report(&self) -> RunReport {
        let run = self.bench.store.run(&self.run.id).await.unwrap().unwrap();
        report::build(&run, &self.bench.store.journal(&self.run.id, 0).await.unwrap())
    }

    async fn goes_on(&self) -> (RunState, Vec<String>) {
        let state = self.bench.execute(&self.run).await;
        (state, std::mem::take(&mut *self.asked.lock().unwrap()))
    }

    async fn stays(&self) -> Vec<Stay> {
        let tool = self.bench.runner.connectors.compiled(&ConnectorId::from("tool")).unwrap();
        let plan = Plan::of(&self.run.snapshot, |_| Some(tool.descriptor().as_ref())).unwrap();
        let mut earlier = Earlier::ends(&plan);
        for entry in self.bench.store.journal(&self.run.id, 0).await.unwrap() {
            earlier.take(entry);
        }
        earlier.stays()
    }
}

/// A journal, what the service is asked from then on, how the run ends, and how many items of the second step are done
/// and not known.
type Row = (&'static str, &'static [&'static str], RunState, (u32, u32));

#[tokio::test]
async fn what_an_earlier_build_left_under_way_goes_on_where_it_was() {
    let rows: [Row; 4] = [
        ("killed_before_a_call", &["POST /told n2"], RunState::Done, (2, 0)),
        ("killed_in_a_call", &[], RunState::NeedsYou, (1, 1)),
        ("put_off", &["POST /told n1", "POST /told n2"], RunState::Done, (2, 0)),
        ("killed_in_an_undo", &["DELETE /told/m1 "], RunState::Stopped, (1, 0)),
    ];
    for (journal, wanted, state, figures) in rows {
        let opened = Opened::of(journal).await;
        let (ended, asked) = opened.goes_on().await;
        let report = opened.report().await;
        assert_eq!((ended, asked), (state, wanted.iter().map(|a| (*a).to_owned()).collect()), "{journal}");
        let step = &report.steps[1];
        assert_eq!((step.done, step.unknown), figures, "{journal}: {report:#?}");
        assert_eq!(report.needs_you.len() as u32, step.unknown, "{journal}");
    }
}

#[tokio::test]
async fn what_an_earlier_build_did_is_reported_and_can_be_undone() {
    let opened = Opened::of("done").await;
    let report = opened.report().await;
    let calls: BTreeMap<_, _> = report
        .steps
        .iter()
        .map(|step| (step.step.as_str(), (step.calls, step.calls_ok, step.retries)))
        .collect();
    assert_eq!(calls, BTreeMap::from([("list", (1, 1, 0)), ("tell", (2, 2, 0))]));
    assert_eq!((report.steps[1].changes, report.steps[1].bytes), (2, 22));
    opened
        .bench
        .store
        .journal_commit(&opened.run.id, vec![Fact::UndoRequested], RunState::Running, None)
        .await
        .unwrap();
    let (_, asked) = opened.goes_on().await;
    assert_eq!(asked, ["DELETE /told/m2 ", "DELETE /told/m1 "], "the latest first, with what each gave");
    assert_eq!(opened.report().await.steps[1].undone, 2);
    assert_eq!(opened.stays().await, []);
}

#[tokio::test]
async fn an_undo_of_an_earlier_build_that_was_not_answered_is_said_to_be_open() {
    let opened = Opened::of("an_undo_that_nobody_knows").await;
    let stays = opened.stays().await;
    assert_eq!(stays, [Stay { step: "tell".into(), item: 1, again: true, unknown: true }]);
    let report = opened.report().await;
    assert_eq!((report.steps[1].undone, report.steps[1].stay), (1, 1), "{report:#?}");
    assert_eq!(opened.goes_on().await.1, Vec::<String>::new(), "what has ended is left alone");
}
