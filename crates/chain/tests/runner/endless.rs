//! Lists that a service never lets end: what is done for their items is done once for each, and the run says why
//! it stopped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::{Json, Router};
use patchbay_chain::report;
use patchbay_model::{Code, RunState};
use patchbay_store::Tuning;
use serde_json::{Value, json};

use crate::bench::Bench;

/// What a service gives for a page that is asked for, by its token: its items, and the token of the next one.
type Gives = fn(&str) -> (Vec<String>, &'static str);

#[derive(Clone)]
struct Service {
    gives: Gives,
    asked: Arc<Mutex<Vec<String>>>,
    told: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Service {
    fn router(&self) -> Router {
        let list = |State(service): State<Service>, Query(query): Query<BTreeMap<String, String>>| async move {
            let page = query.get("page").cloned().unwrap_or_default();
            let mut asked = service.asked.lock().unwrap();
            let (items, next) = (service.gives)(&page);
            asked.push(page);
            // Enough to see that it goes on for ever.
            let next = if asked.len() < 60 { next } else { "" };
            let items: Vec<Value> = items.iter().map(|id| json!({ "id": id })).collect();
            Json(json!({"items": items, "next": next}))
        };
        let told = |State(service): State<Service>, Json(body): Json<Value>| async move {
            let text = body["text"].as_str().unwrap().to_owned();
            *service.told.lock().unwrap().entry(text).or_default() += 1;
            Json(json!({"id": 1}))
        };
        Router::new()
            .route("/items", axum::routing::get(list))
            .route("/told", axum::routing::post(told))
            .fallback(|| async { Json(json!({})) })
            .with_state(self.clone())
    }
}

fn operations(next: &Value) -> Value {
    json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
            "resultPath": "$.items[*]", "pagination": {"next": next},
            "params": {"type": "object"}, "result": {"type": "object"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
            "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "result": {"type": "object"}},
    ])
}

/// Two items of their own for each page.
fn two(page: &str) -> Vec<String> {
    ["1", "2"].map(|number| format!("{page}{number}")).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_never_ends_is_told_so_and_nothing_is_done_twice_for_its_items() {
    let cursor = json!({"type": "cursor", "cursorPath": "$.next", "param": "page"});
    let address = json!({"type": "next_url", "urlPath": "$.next"});
    let rows: [(&str, &Value, Gives, Code, &[&str]); 7] = [
        ("the same token for ever", &cursor, |page| (two(page), "a"), Code::MalformedResponse, &["", "a"]),
        (
            "two tokens in turn",
            &cursor,
            |page| (two(page), if page == "a" { "b" } else { "a" }),
            Code::MalformedResponse,
            &["", "a", "b"],
        ),
        (
            "back into the middle",
            &cursor,
            |page| {
                (
                    two(page),
                    match page {
                        "" => "a",
                        "a" => "b",
                        "b" => "c",
                        "c" => "d",
                        _ => "b",
                    },
                )
            },
            Code::MalformedResponse,
            &["", "a", "b", "c", "d"],
        ),
        ("its own address", &address, |page| (two(page), "/items"), Code::MalformedResponse, &[""]),
        (
            "another page's address for ever",
            &address,
            |page| (two(page), "/items?page=a"),
            Code::MalformedResponse,
            &["", "a"],
        ),
        (
            "an address elsewhere",
            &address,
            |page| (two(page), if page.is_empty() { "?page=a" } else { "https://elsewhere.example/items" }),
            Code::RedirectRefused,
            &["", "a"],
        ),
        (
            "a number that says nothing to it",
            &json!({"type": "page", "param": "number"}),
            |page| (two(page), ""),
            Code::MalformedResponse,
            &["", ""],
        ),
    ];
    for (name, next, gives, code, pages) in rows {
        let service = Service { gives, asked: Arc::default(), told: Arc::default() };
        let b = Bench::new(service.router(), &operations(next), Tuning::default()).await;
        let policy = json!({"tries": 1, "backoffMs": 1});
        let run = b
            .run(json!([
                {"id": "list", "connection": "work", "operation": "list", "policy": policy},
                {"id": "tell", "connection": "work", "operation": "tell", "policy": policy, "forEach": "list",
                    "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.id"}}]},
            ]))
            .await;
        let state = b.execute(&run).await;
        let journal = b.store.journal(&run.id, 0).await.unwrap();
        let report = report::build(&b.store.run(&run.id).await.unwrap().unwrap(), &journal);
        let told = service.told.lock().unwrap().clone();
        assert!(told.values().all(|times| *times == 1), "{name}: done again for the same items: {told:?}");
        // The page that leads nowhere is refused whole.
        let whole: Vec<String> = pages[..pages.len() - 1].iter().flat_map(|page| two(page)).collect();
        assert_eq!(told.keys().cloned().collect::<Vec<_>>(), sorted(whole), "{name}: {report:#?}");
        assert!(
            service
                .asked
                .lock()
                .unwrap()
                .starts_with(&pages.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>())
        );
        assert_eq!(state, RunState::Failed, "{name}: it is said, and not taken for the end");
        let problems: Vec<_> = report.steps[0].problems.iter().map(|one| one.problem.code()).collect();
        assert_eq!(problems, [code], "{name}");
        assert_eq!(report.steps[1].done as usize, told.len(), "{name}: what got through is counted");
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
