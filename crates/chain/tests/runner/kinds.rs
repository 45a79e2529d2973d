//! Steps that work by themselves, on a real database: what they give, what is asked, what is kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{Json, Router};
use patchbay_chain::{Control, report};
use patchbay_model::run::{Decision, Fact, Narrowed, Run};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{Chain, RunState, StepId};
use patchbay_store::{MemoryEntry, Tuning};
use serde_json::{Value, json};

use crate::bench::{Bench, list_and_tell};

type Sent = Arc<Mutex<Vec<Value>>>;

pub(crate) async fn bench() -> (Bench, Sent) {
    let sent = Sent::default();
    let keeps = sent.clone();
    let items = json!([{"id": 1, "kind": "bug", "tags": ["a", "b"]}, {"id": 2, "kind": "idea", "tags": ["c"]},
        {"id": 3, "kind": "bug", "tags": []}, {"id": 4, "kind": "noise", "tags": []}]);
    let router = Router::new()
        .route("/items", axum::routing::get(move || async move { Json(items) }))
        .route(
            "/told",
            axum::routing::post(move |Json(body): Json<Value>| async move {
                if body["text"] == json!("broken") {
                    return (axum::http::StatusCode::UNPROCESSABLE_ENTITY, Json(json!({})));
                }
                keeps.lock().unwrap().push(body["text"].clone());
                (axum::http::StatusCode::OK, Json(json!({"id": keeps.lock().unwrap().len()})))
            }),
        )
        .fallback(|| async { Json(json!({})) });
    (Bench::new(router, &list_and_tell(), Tuning::default()).await, sent)
}

pub(crate) fn list() -> Value {
    json!({"id": "list", "connection": "work", "operation": "list"})
}

#[expect(clippy::needless_pass_by_value, reason = "literals read better by value")]
pub(crate) fn tell(id: &str, template: &str, more: Value) -> Value {
    let mut step = json!({"id": id, "connection": "work", "operation": "tell",
        "policy": {"tries": 1, "backoffMs": 1, "parallel": 1},
        "mapping": [{"target": "/text", "source": {"type": "template", "template": template}}]});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

#[expect(clippy::needless_pass_by_value, reason = "literals read better by value")]
pub(crate) fn logic(id: &str, logic: Value, more: Value) -> Value {
    let mut step = json!({"id": id, "logic": logic});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

fn is(path: &str, value: &str) -> Value {
    json!([{"path": path, "operator": "equals", "value": value}])
}

fn said(sent: &Sent) -> Vec<String> {
    let mut said: Vec<_> =
        sent.lock().unwrap().iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect();
    said.sort();
    said
}

async fn told(bench: &Bench, run: &Run) -> Value {
    let journal = bench.store.journal(&run.id, 0).await.unwrap();
    let run = bench.store.run(&run.id).await.unwrap().unwrap();
    serde_json::to_value(report::build(&run, &journal)).unwrap()
}

#[tokio::test]
async fn items_are_filtered_split_sent_along_ways_and_put_together() {
    let (b, sent) = bench().await;
    let each = json!({"forEach": "list"});
    let on = |way: &str| json!({"forEach": "list", "on": {"branch": "kind", "way": way}});
    let ways = json!([{"name": "bug", "when": is("$.item.kind", "bug")}]);
    let quiet = json!([{"path": "$.item.kind", "operator": "not_equals", "value": "noise"}]);
    let title = json!({"forEach": "list",
        "mapping": [{"target": "/title", "source": {"type": "template", "template": "{{item.kind}} {{item.id}}"}}]});
    let run = b
        .run(json!([
            list(),
            logic("quiet", json!({"type": "filter", "when": quiet}), each.clone()),
            logic("title", json!({"type": "map"}), title),
            logic("kind", json!({"type": "branch", "ways": ways, "otherwise": "rest"}), each.clone()),
            tell("urgent", "Now: {{steps.title.title}}", on("bug")),
            tell("later", "Later: {{steps.title.title}}", on("rest")),
            logic("either", json!({"type": "join", "of": ["urgent", "later"]}), each.clone()),
            logic("tags", json!({"type": "split", "path": "$.item.tags"}), each),
            tell("tag", "Tag {{item}} of {{steps.title.title}}", json!({"forEach": "tags"})),
            logic(
                "sum",
                json!({"type": "aggregate", "of": "either", "path": "$.id", "how": "count"}),
                json!({})
            ),
            tell("digest", "{{steps.sum}} were told", json!({})),
        ]))
        .await;
    assert_eq!(b.execute(&run).await, RunState::Done, "{:#}", told(&b, &run).await);
    let want = [
        "3 were told",
        "Later: idea 2",
        "Now: bug 1",
        "Now: bug 3",
        "Tag a of bug 1",
        "Tag b of bug 1",
        "Tag c of idea 2",
    ];
    assert_eq!(said(&sent), want);
    let report = told(&b, &run).await;
    let figures: Vec<_> =
        report["steps"].as_array().unwrap().iter().map(|s| (&s["done"], &s["passed"])).collect();
    assert_eq!(figures[1], (&json!(3), &json!(1)), "the filter");
    assert_eq!(figures[4], (&json!(2), &json!(2)), "one way");
    assert_eq!(report["steps"][7]["itemsOut"], json!(3), "what was split");
}

/// A service with many items, twenty to a page, and what was asked of it in which order.
async fn pages(refuses: Option<u64>) -> (Bench, Sent, Value) {
    let asked = Sent::default();
    let (listed, told) = (asked.clone(), asked.clone());
    let router = Router::new()
        .route(
            "/items",
            axum::routing::get(move |uri: axum::http::Uri| async move {
                let page = uri.query().and_then(|q| q.strip_prefix("page=")).map_or(1, |n| n.parse().unwrap());
                listed.lock().unwrap().push(json!({ "page": page }));
                let ids = if page <= 30 { (page - 1) * 20 + 1..page * 20 + 1 } else { 0..0 };
                Json(ids.map(|id| json!({ "id": id })).collect::<Value>())
            }),
        )
        .route(
            "/told",
            axum::routing::post(move |Json(body): Json<Value>| async move {
                let refused = refuses.is_some_and(|id| body["text"] == json!(format!("n{id}")));
                told.lock().unwrap().push(body["text"].clone());
                let status = if refused {
                    axum::http::StatusCode::UNPROCESSABLE_ENTITY
                } else {
                    axum::http::StatusCode::OK
                };
                (status, Json(json!({"id": body["text"]})))
            }),
        )
        .route("/told/{id}", axum::routing::delete(|| async { Json(json!({})) }))
        .fallback(|| async { Json(json!({})) });
    let operations = json!([
        {"id": "list", "title": "List", "verb": "list", "entity": "item", "request": {"path": "/items"},
            "params": {"type": "object"}, "result": {"type": "object"},
            "pagination": {"next": {"type": "page", "param": "page", "start": 1}, "until": "empty_page"}},
        {"id": "tell", "title": "Tell", "verb": "create", "entity": "message",
            "request": {"method": "POST", "path": "/told", "body": {"text": "{{params.text}}"}},
            "params": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "result": {"type": "object"}, "undo": {"operation": "untell", "params": {"id": "{{result.id}}"}}},
        {"id": "untell", "title": "Untell", "verb": "delete", "entity": "message", "idempotency": {"type": "natural"},
            "request": {"method": "DELETE", "path": "/told/{{params.id}}"},
            "params": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}},
    ]);
    let on_failure = if refuses.is_some() { "stop_and_undo" } else { "stop_and_keep" };
    let more = json!({"forEach": "list", "policy": {"tries": 1, "parallel": 4, "onFailure": on_failure}});
    let steps = json!([list(), tell("tell", "n{{item.id}}", more)]);
    (Bench::new(router, &operations, Tuning::default()).await, asked, steps)
}

#[tokio::test]
async fn a_step_takes_the_first_items_of_its_list_and_a_run_no_more_of_them() {
    for (limit, of_run, want) in [(25, None, 25), (20, None, 20), (25, Some(30), 25), (25, Some(5), 5)] {
        let (b, asked, mut steps) = pages(None).await;
        steps[0]["policy"] = json!({ "limit": limit });
        let run = b.asked(steps, Value::Null);
        let narrowed =
            of_run.map(|items| Fact::Narrowed(Narrowed { items: Some(items), ..Narrowed::default() }));
        b.store.run_begin(&run, narrowed.into_iter().collect()).await.unwrap();
        assert_eq!(b.execute(&run).await, RunState::Done, "{limit} {of_run:?}");
        let asked = asked.lock().unwrap().clone();
        let pages = asked.iter().filter(|one| one.is_object()).count();
        let most = if want > 20 { 2 } else { 1 };
        assert_eq!((asked.len() - pages, pages), (want, most), "{limit} {of_run:?}: nothing more is read");
    }
}

#[tokio::test]
async fn a_list_is_worked_on_page_by_page_and_goes_on_where_it_was_after_a_restart() {
    let (b, asked, steps) = pages(None).await;
    let run = b.run(steps).await;
    let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
    // The engine ends in the middle.
    let cut = async {
        while asked.lock().unwrap().len() < 200 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        ended = b.runner.execute(&run, &mut wishes) => panic!("it ended too early: {ended:?}"),
        () = cut => {}
    }
    assert_eq!(b.execute(&run).await, RunState::NeedsYou, "what was under way is not known");
    let report = told(&b, &run).await;
    for question in report["needsYou"].as_array().unwrap() {
        let item = u32::try_from(question["item"].as_u64().unwrap()).unwrap();
        let happened = asked.lock().unwrap().contains(&json!(format!("n{}", item + 1)));
        let decision = if happened { Decision::Happened } else { Decision::NotHappened };
        b.runner.resolve(&run, &StepId::from("tell"), item, decision).await.unwrap();
    }
    assert_eq!(b.execute(&run).await, RunState::Done);
    let asked = asked.lock().unwrap().clone();
    let mut said: Vec<_> = asked.iter().filter_map(Value::as_str).collect();
    said.sort_unstable();
    said.dedup();
    assert_eq!((said.len(), asked.iter().filter(|a| a.is_string()).count()), (600, 600), "each one once");
    let mut begun = 0;
    for line in &asked {
        match line["page"].as_u64() {
            Some(page) => {
                assert!(begun >= (page.saturating_sub(2)) * 20, "page {page} was read with {begun} told")
            }
            None => begun += 1,
        }
    }
    let report = told(&b, &run).await;
    assert_eq!((&report["steps"][1]["itemsIn"], &report["steps"][0]["itemsOut"]), (&json!(600), &json!(600)));
}

#[tokio::test]
async fn the_first_items_of_a_list_are_counted_over_its_pages_and_no_page_more_is_read() {
    for (items, wanted) in [(1, 1), (20, 1), (30, 2), (40, 2)] {
        let (b, asked, steps) = pages(None).await;
        let run = b.asked(steps, Value::Null);
        let narrowed = Narrowed { items: Some(items), ..Narrowed::default() };
        b.store.run_begin(&run, vec![Fact::Narrowed(narrowed)]).await.unwrap();
        assert_eq!(b.execute(&run).await, RunState::Done);
        let asked = asked.lock().unwrap().clone();
        let mut told: Vec<_> = asked.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        told.sort_by_key(|text| text[1..].parse::<u32>().unwrap());
        let first: Vec<_> = (1..=items).map(|id| format!("n{id}")).collect();
        assert_eq!((told, asked.iter().filter(|a| a.is_object()).count()), (first, wanted), "{items} items");
    }
}

#[tokio::test]
async fn what_one_of_the_first_items_is_split_into_is_not_cut() {
    let (b, sent) = bench().await;
    let tags = logic("tags", json!({"type": "split", "path": "$.item.tags"}), json!({"forEach": "list"}));
    let run =
        b.asked(json!([list(), tags, tell("tell", "Tag {{item}}", json!({"forEach": "tags"}))]), Value::Null);
    let narrowed = Narrowed { items: Some(1), ..Narrowed::default() };
    b.store.run_begin(&run, vec![Fact::Narrowed(narrowed)]).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!(said(&sent), ["Tag a", "Tag b"]);
}

#[tokio::test]
async fn what_was_let_go_of_can_still_be_undone() {
    let (b, asked, steps) = pages(Some(150)).await;
    let run = b.run(steps).await;
    assert_eq!(b.execute(&run).await, RunState::FailedUndone, "{:#}", told(&b, &run).await["headline"]);
    let done = asked.lock().unwrap().iter().filter(|a| a.is_string()).count() - 1;
    let report = told(&b, &run).await;
    let undone = report["undo"].as_array().unwrap();
    assert_eq!(undone.len(), done);
    assert!(undone.iter().all(|one| one["undone"] == json!(true)));
}

#[tokio::test]
async fn a_filter_without_items_decides_about_the_rest() {
    let (b, sent) = bench().await;
    let stop = logic("only", json!({"type": "filter", "when": is("$.input.go", "yes")}), json!({}));
    let run = b.run(json!([stop, list(), tell("tell", "n{{item.id}}", json!({"forEach": "list"}))])).await;
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!(said(&sent), Vec::<String>::new());
    assert!(!told(&b, &run).await["headline"].as_str().unwrap().contains("failed"));
}

#[tokio::test]
async fn the_user_is_asked_and_each_answer_is_followed() {
    let (b, sent) = bench().await;
    let ask =
        logic("ask", json!({"type": "approval", "question": "Send {{item.id}}?"}), json!({"forEach": "list"}));
    let run = b.run(json!([list(), ask, tell("tell", "n{{item.id}}", json!({"forEach": "list"}))])).await;
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    let report = told(&b, &run).await;
    let asked: Vec<_> = report["needsYou"].as_array().unwrap().iter().map(|q| q["approval"].clone()).collect();
    assert_eq!(asked, ["Send 1?", "Send 2?", "Send 3?", "Send 4?"].map(|q| json!(q)));
    assert_eq!(said(&sent), Vec::<String>::new(), "nothing goes out before the answer");
    for (item, approved) in [(0, true), (1, false), (2, true), (3, false)] {
        b.runner.answer(&run, &StepId::from("ask"), item, approved).await.unwrap();
    }
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!(said(&sent), ["n1", "n3"]);
}

#[tokio::test]
async fn a_question_that_nobody_answers_in_time_is_refused_and_a_wait_ends() {
    let (b, sent) = bench().await;
    let ask = logic("ask", json!({"type": "approval", "question": "Go on?", "within": 0}), json!({}));
    let wait = logic("wait", json!({"type": "wait", "seconds": 0}), json!({}));
    let run =
        b.run(json!([wait, tell("first", "one", json!({})), ask, tell("second", "two", json!({}))])).await;
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!(said(&sent), ["one"]);
}

#[tokio::test]
async fn chains_remember_look_up_and_find_what_they_made() {
    let (b, sent) = bench().await;
    let saved = b.store.chain_save(None, &Chain::named("Chain"), "h").await.unwrap();
    let rows = [MemoryEntry { key: "bug".into(), value: json!({"who": "amira"}) }];
    b.store.lookup_put("owners", &rows).await.unwrap();
    let steps = json!([
        logic("before", json!({"type": "recall", "key": "runs", "otherwise": 0}), json!({})),
        logic("more", json!({"type": "remember", "key": "runs", "value": "{{steps.before + 1}}"}), json!({})),
        logic("now", json!({"type": "recall", "key": "runs"}), json!({})),
        logic("owner", json!({"type": "lookup", "table": "owners", "key": "bug"}), json!({})),
        logic("made", json!({"type": "linked", "name": "task", "source": "7"}), json!({})),
        tell("tell", "{{steps.now}} {{steps.owner.who}} {{steps.made.target|default('new')}}", json!({})),
        logic(
            "link",
            json!({"type": "link", "name": "task", "source": "7", "target": "T{{steps.now}}"}),
            json!({})
        ),
    ]);
    for _ in 0..2 {
        let mut run = b.asked(steps.clone(), Value::Null);
        run.chain_id = saved.id.clone();
        b.store.run_insert(&run).await.unwrap();
        assert_eq!(b.execute(&run).await, RunState::Done, "{:#}", told(&b, &run).await);
    }
    assert_eq!(said(&sent), ["1 amira new", "2 amira T1"]);
    assert_eq!(b.store.memory_get(Some(&saved.id), "runs").await.unwrap(), Some(json!(2)));
}

#[tokio::test]
async fn another_chain_runs_once_and_gives_its_result() {
    let (b, sent) = bench().await;
    let inner: Chain = serde_json::from_value(json!({"schema": 1, "name": "Inner", "steps": [
        tell("tell", "inner {{input.n}}", json!({}))]}))
    .unwrap();
    b.store.chain_save(None, &inner, "h").await.unwrap();
    let chain = logic(
        "chain",
        json!({"type": "chain", "chain": "Inner"}),
        json!({
        "mapping": [{"target": "/n", "source": {"type": "fixed", "value": 5}}]}),
    );
    let mut run = b.asked(json!([chain, tell("after", "got {{steps.chain.id}}", json!({}))]), Value::Null);
    run.origin.kind = OriginKind::Signal;
    b.store.run_insert(&run).await.unwrap();
    let (keep, mut wishes) = tokio::sync::mpsc::channel(1);
    let (runner, parent) = (b.runner.clone(), run.clone());
    let work = tokio::spawn(async move { runner.execute(&parent, &mut wishes).await.unwrap() });
    // The rest of the engine sees the run that was asked for, and works on it.
    let child = loop {
        let standing = b.store.runs_called().await.unwrap();
        if let Some(child) = standing.first() {
            break b.store.run(&child.id).await.unwrap().unwrap();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((child.origin.kind, child.origin.of.as_ref()), (OriginKind::Step, Some(&run.id)));
    assert!(child.origin.is_counted(), "nobody watches it either");
    assert_eq!(b.execute(&child).await, RunState::Done);
    assert_eq!(work.await.unwrap(), RunState::Done);
    drop(keep);
    assert_eq!(said(&sent), ["got 1", "inner 5"]);
    // A chain that runs itself is refused, not run for ever.
    let circle = b.run(json!([logic("self", json!({"type": "chain", "chain": "Inner"}), json!({}))])).await;
    let id = b.store.chain_named("Inner").await.unwrap().unwrap().id;
    let circle = Run { chain_id: id, id: "circle".into(), ..circle };
    b.store.run_insert(&circle).await.unwrap();
    assert_eq!(b.execute(&circle).await, RunState::Failed);
}

#[tokio::test]
async fn the_first_items_of_each_list_are_those_of_the_lists_of_sub_chains_too() {
    let (b, sent) = bench().await;
    let each = json!({"forEach": "list"});
    let told_inside = tell("tell", "n{{item.id}} of {{input.of}}", each);
    let inner = json!({"schema": 1, "name": "Inner", "steps": [list(), told_inside]});
    b.store.chain_save(None, &serde_json::from_value(inner).unwrap(), "h").await.unwrap();
    let chain = logic(
        "chain",
        json!({"type": "chain", "chain": "Inner"}),
        json!({"forEach": "list", "mapping": [{"target": "/of", "source": {"type": "path", "path": "$.item.id"}}]}),
    );
    let run = b.asked(json!([list(), chain]), Value::Null);
    let narrowed = Narrowed { items: Some(2), ..Narrowed::default() };
    b.store.run_begin(&run, vec![Fact::Narrowed(narrowed.clone())]).await.unwrap();
    let (runner, parent) = (b.runner.clone(), run.clone());
    let work = tokio::spawn(async move {
        let (_keep, mut wishes) = tokio::sync::mpsc::channel(1);
        runner.execute(&parent, &mut wishes).await.unwrap()
    });
    while !work.is_finished() {
        for child in b.store.runs_called().await.unwrap() {
            let child = b.store.run(&child.id).await.unwrap().unwrap();
            assert_eq!(b.execute(&child).await, RunState::Done);
            let report = told(&b, &child).await;
            assert_eq!(report["narrowed"]["items"], json!(2), "its own report says so: {report:#}");
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(work.await.unwrap(), RunState::Done);
    assert_eq!(said(&sent), ["n1 of 1", "n1 of 2", "n2 of 1", "n2 of 2"]);
}

#[tokio::test]
async fn a_failure_is_handled_and_what_is_done_in_any_case_is_done() {
    let (b, sent) = bench().await;
    let broken = tell("broken", "broken", json!({}));
    let mut run = b.asked(json!([broken, tell("never", "never", json!({}))]), Value::Null);
    run.snapshot.on_failure =
        serde_json::from_value(json!([tell("sorry", "sorry: {{error.step}}", json!({}))])).unwrap();
    run.snapshot.finally =
        serde_json::from_value(json!([tell("end", "ended {{run.state}}", json!({}))])).unwrap();
    b.store.run_insert(&run).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Failed);
    assert_eq!(said(&sent), ["ended failed", "sorry: broken"]);
    let handles = tell("handle", "handled {{error.code}}", json!({"handles": "broken"}));
    let run = b.run(json!([tell("broken", "broken", json!({})), handles])).await;
    assert_eq!(b.execute(&run).await, RunState::Done, "{:#}", told(&b, &run).await);
    assert!(said(&sent).iter().any(|text| text.starts_with("handled ")), "{:?}", said(&sent));
}

#[tokio::test]
async fn what_handles_a_failure_hears_that_it_took_too_long_and_where_it_was() {
    let goes_on = json!({"policy": {"tries": 1, "backoffMs": 1, "onFailure": "continue"}});
    let broken = tell("broken", "broken", goes_on);
    let wait = || logic("wait", json!({"type": "wait", "seconds": 7_200}), json!({}));
    let late = "RUN_LATE, wait: It took longer than the 1 second its chain allows.";
    let cases = [
        (json!([wait(), tell("never", "never", json!({}))]), late),
        // What it goes on after is not why it ended.
        (json!([broken, wait()]), late),
    ];
    for (steps, wanted) in cases {
        let (b, sent) = bench().await;
        let mut run = b.asked(steps, Value::Null);
        run.snapshot.policy = serde_json::from_value(json!({"timeoutMs": 1_000})).unwrap();
        let text = "{{error.code}}, {{error.step}}: {{error.title}}. {{error.hint}}";
        run.snapshot.on_failure = serde_json::from_value(json!([tell("sorry", text, json!({}))])).unwrap();
        b.store.run_insert(&run).await.unwrap();
        let state = tokio::time::timeout(Duration::from_secs(30), b.execute(&run)).await.unwrap();
        assert_eq!(state, RunState::Failed, "{wanted}");
        let (said, report) = (said(&sent), told(&b, &run).await);
        assert!(matches!(&said[..], [one] if one.starts_with(wanted)), "{said:?}, not {wanted}: {report:#}");
    }
}

#[tokio::test]
async fn a_held_run_sends_nothing_and_goes_on_where_it_was() {
    let (b, sent) = bench().await;
    let run = b.run(json!([list(), tell("tell", "n{{item.id}}", json!({"forEach": "list"}))])).await;
    let (wish, mut wishes) = tokio::sync::mpsc::channel(1);
    wish.send(Control::Pause).await.unwrap();
    assert_eq!(b.runner.execute(&run, &mut wishes).await.unwrap(), RunState::Paused);
    let before = said(&sent).len();
    assert!(before < 4, "it was held in time");
    assert_eq!(b.execute(&run).await, RunState::Paused, "taken up again, it is still held");
    assert_eq!(said(&sent).len(), before);
    b.runner.resume(&run).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!(said(&sent), ["n1", "n2", "n3", "n4"]);
}

#[tokio::test]
async fn a_storm_is_stopped_at_the_effects_of_the_day_and_the_user_may_let_it_go_on() {
    let event = RunOrigin { kind: OriginKind::Webhook, event: Some(1), ..RunOrigin::default() };
    storm(event).await;
    // What another chain does for a run that an event started.
    storm(RunOrigin { kind: OriginKind::Step, counted: true, ..RunOrigin::default() }).await;
}

async fn storm(origin: RunOrigin) {
    let (b, sent) = bench().await;
    let mut run =
        b.asked(json!([list(), tell("tell", "n{{item.id}}", json!({"forEach": "list"}))]), Value::Null);
    run.snapshot.concurrency.effects_per_day = 3;
    run.origin = origin;
    b.store.run_insert(&run).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::NeedsYou);
    assert_eq!(said(&sent), ["n1", "n2", "n3"]);
    let report = told(&b, &run).await;
    let asked = &report["needsYou"][0]["problem"];
    assert_eq!(asked["code"], "EFFECTS_USED_UP", "{report:#}");
    assert_eq!(asked["title"], "\"Chain\" made its 3 changes of today", "{report:#}");
    b.runner.resume(&run).await.unwrap();
    assert_eq!(b.execute(&run).await, RunState::Done);
    assert_eq!(said(&sent), ["n1", "n2", "n3", "n4"]);
    assert_eq!(b.store.effects_today(&run.chain_id).await.unwrap(), 4);
}
