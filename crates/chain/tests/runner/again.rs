//! A run that goes on from an earlier one, through a list that comes in pages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use patchbay_chain::Plan;
use patchbay_chain::again::{Earlier, Part};
use patchbay_model::run::{Fact, JournalEntry, Run};
use patchbay_model::{ConnectorId, Problem, RunState};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// Items on a page, of five.
const PAGE: u64 = 2;

/// What the service was asked and told.
#[derive(Default)]
struct Seen {
    pages: Vec<u64>,
    told: Vec<String>,
    /// Texts that it refuses.
    refused: BTreeSet<String>,
}

struct House {
    bench: Bench,
    seen: Arc<Mutex<Seen>>,
}

impl House {
    async fn new() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (lists, tells) = (seen.clone(), seen.clone());
        let items = move |Query(query): Query<BTreeMap<String, u64>>| async move {
            let page = query.get("page").copied().unwrap_or(1);
            lists.lock().unwrap().pages.push(page);
            let from = (page - 1) * PAGE + 1;
            let item = |n: u64| json!({"id": n, "text": format!("item {n}")});
            Json((from..(from + PAGE).min(6)).map(item).collect::<Vec<Value>>())
        };
        let told = move |Json(body): Json<Value>| async move {
            let text = body["text"].as_str().unwrap().to_owned();
            let mut seen = tells.lock().unwrap();
            if seen.refused.contains(&text) {
                return (StatusCode::BAD_REQUEST, Json(json!({})));
            }
            seen.told.push(text);
            (StatusCode::OK, Json(json!({"id": seen.told.len()})))
        };
        let router = Router::new()
            .route("/items", get(items))
            .route("/told", post(told))
            .fallback(|| async { Json(json!({})) });
        let operations = json!([
            {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
             "params": {"type": "object"}, "result": {"type": "object"},
             "pagination": {"next": {"type": "page", "param": "page", "start": 1}, "until": "empty_page"}},
            {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
             "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
             "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
             "result": {"type": "object"}},
        ]);
        Self { bench: Bench::new(router, &operations, Tuning::default()).await, seen }
    }

    /// Tells each item; `on_failure`: what a refusal means.
    async fn first(&self, on_failure: &str, refused: &str) -> Run {
        self.seen.lock().unwrap().refused = BTreeSet::from([refused.to_owned()]);
        let run = self
            .bench
            .run(json!([
                {"id": "list", "connection": "work", "operation": "list"},
                {"id": "tell", "connection": "work", "operation": "tell", "forEach": "list",
                 "policy": {"onFailure": on_failure, "parallel": 1, "tries": 1},
                 "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.text"}}]},
            ]))
            .await;
        self.bench.execute(&run).await;
        *self.seen.lock().unwrap() = Seen::default();
        run
    }

    fn plan(&self, run: &Run) -> Plan {
        let tool = self.bench.runner.connectors.compiled(&ConnectorId::from("tool")).unwrap();
        Plan::of(&run.snapshot, |_| Some(tool.descriptor().as_ref())).unwrap()
    }

    async fn kept(&self, run: &Run, part: &Part, strip: bool) -> Result<Vec<Fact>, Problem> {
        let mut earlier = Earlier::for_part(&self.plan(run), part);
        for entry in self.bench.store.journal(&run.id, 0).await.unwrap() {
            earlier.take(if strip { without_next(entry) } else { entry });
        }
        earlier.kept(run, part)
    }

    /// Does this part of it once more, and says what the service saw.
    async fn again(&self, run: &Run, part: &Part) -> (Run, RunState, Seen) {
        let facts = self.kept(run, part, false).await.unwrap();
        let Value::Array(steps) = serde_json::to_value(&run.snapshot.steps).unwrap() else { panic!("steps") };
        let next = self.bench.asked(Value::Array(steps), Value::Null);
        self.bench.store.run_take_over(&next, facts).await.unwrap();
        let state = self.bench.execute(&next).await;
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        (next, state, seen)
    }
}

/// As builds wrote it that did not keep how a list goes on.
fn without_next(mut entry: JournalEntry) -> JournalEntry {
    if let Fact::Kept { next, .. } = &mut entry.fact {
        *next = None;
    }
    entry
}

fn texts(items: &[u64]) -> Vec<String> {
    items.iter().map(|n| format!("item {n}")).collect()
}

#[tokio::test]
async fn what_failed_behind_the_first_page_is_sent_as_it_is() {
    let house = House::new().await;
    let run = house.first("skip_item", "item 4").await;
    let (_, state, seen) = house.again(&run, &Part::Failed).await;
    assert_eq!((state, seen.told, seen.pages), (RunState::Done, texts(&[4]), vec![]));
}

#[tokio::test]
async fn a_list_that_was_left_at_a_page_goes_on_there() {
    let house = House::new().await;
    let run = house.first("stop_and_keep", "item 1").await;
    let (_, state, seen) = house.again(&run, &Part::Failed).await;
    assert_eq!((state, seen.told), (RunState::Done, texts(&[1, 2, 3, 4, 5])));
    assert_eq!(seen.pages, [2, 3, 4], "what is there is not read again");
    let run = house.first("stop_and_keep", "item 3").await;
    let from = Part::From("tell".into());
    let (_, state, seen) = house.again(&run, &from).await;
    assert_eq!((state, seen.told), (RunState::Done, texts(&[1, 2, 3, 4, 5])));
    assert_eq!(seen.pages, [3, 4]);
}

#[tokio::test]
async fn one_step_alone_reads_no_further() {
    let house = House::new().await;
    let run = house.first("stop_and_keep", "item 3").await;
    let (_, state, seen) = house.again(&run, &Part::Only("tell".into())).await;
    assert_eq!((seen.told, seen.pages), (texts(&[1, 2, 3, 4]), vec![]), "{state:?}");
}

#[tokio::test]
async fn where_a_list_goes_on_is_never_guessed() {
    let house = House::new().await;
    let run = house.first("stop_and_keep", "item 1").await;
    house.seen.lock().unwrap().refused = BTreeSet::from(["item 1".to_owned()]);
    let (again, state, seen) = house.again(&run, &Part::Failed).await;
    assert_eq!((state, seen.pages), (RunState::Failed, vec![]));
    let refused = house.kept(&again, &Part::Failed, true).await.unwrap_err();
    assert!(refused.hint().contains("How its list goes on was not kept"), "{}", refused.hint());
    let (_, state, seen) = house.again(&again, &Part::Failed).await;
    assert_eq!((state, seen.told), (RunState::Done, texts(&[1, 2, 3, 4, 5])), "kept twice over");
}

#[tokio::test]
async fn what_cannot_be_undone_behind_the_first_page_is_said_and_the_run_ends() {
    let house = House::new().await;
    let run = house.first("stop_and_undo", "item 4").await;
    let run = house.bench.store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Failed);
    let journal = house.bench.store.journal(&run.id, 0).await.unwrap();
    let undone = |entry: &&JournalEntry| matches!(entry.fact, Fact::UndoResult { .. });
    assert_eq!(journal.iter().filter(undone).count(), 3, "once for each that was told");
}
