//! Operations: what is sent, how often, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_connector::SyncOptions;
use patchbay_model::Code;
use patchbay_model::run::Outcome;
use serde_json::{Value, json};

use crate::bench::{Bench, KEY, MINUTE, added, bench, bench_with, descriptor, ok, page_of};

#[tokio::test]
async fn a_request_is_built_as_declared_and_nothing_odd_is_sent() {
    let b = bench(|_, _| ok(&json!({"id": 1}))).await;
    for (params, field) in [(json!({"name": "x"}), "list"), (json!({"list": "l", "name": 5}), "name")] {
        let problem = b.engine.plan(&b.target, "add", &params).unwrap_err();
        assert_eq!((problem.code(), problem.param("field")), (Code::SchemaMismatch, Some(field)));
    }
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    assert!(planned.effect);
    assert!(planned.summary.url.ends_with("/api/lists/a%2Fb/items"), "{}", planned.summary.url);
    assert_eq!(planned.summary.body, Some(json!({"name": "x"})), "absent members are left out");
    let result = b.engine.call(&b.target, &planned, Some("key-1"), MINUTE).await;
    assert_eq!(result.outcome, Outcome::Done { output: json!({"id": 1}), output_missing: None });
    let seen = b.last();
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(
        (seen.headers["idempotency-key"].as_str(), seen.headers["accept"].as_str()),
        ("key-1", "application/json")
    );
    assert_eq!(seen.query, BTreeMap::from([("v".to_owned(), "2".to_owned())]), "an absent tag is left out");
    assert_eq!(seen.body, json!({"name": "x"}));
    assert_eq!(b.lines().len(), 1, "nothing was sent for what does not fit");
}

#[tokio::test]
async fn an_effect_is_sent_once_whatever_comes_back() {
    for (status, unknown) in [(500, true), (502, true), (408, true), (503, false), (429, false), (400, false)] {
        let b = bench(move |_, _| (status, vec![], "{}".into())).await;
        let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
        let outcome = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), unknown, "{status}: {outcome:?}");
        assert_eq!(b.lines().len(), 1, "{status}");
        b.store.settled().await.unwrap();
        let calls = b
            .store
            .calls_since(&b.target.connection.id, "2020-01-01T00:00:00Z".parse().unwrap())
            .await
            .unwrap();
        assert_eq!((calls.len(), calls[0].success), (1, false), "{status}");
    }
}

#[tokio::test]
async fn an_effect_whose_answer_cannot_be_read_is_done_without_its_result() {
    for body in ["<html>", "{\"id\":", ""] {
        let b = bench(move |_, _| (201, vec![], body.to_owned())).await;
        let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
        let outcome = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        let Outcome::Done { output: Value::Null, output_missing: Some(_) } = outcome else {
            panic!("{body:?}: {outcome:?}")
        };
    }
}

#[tokio::test]
async fn a_secret_that_a_service_echoes_reaches_nobody() {
    let b = bench(|seen, number| {
        let echo = json!({"message": format!("bad key {}", seen.headers["authorization"]), "id": seen.headers["authorization"]});
        (if number == 1 { 200 } else { 401 }, vec![], echo.to_string())
    })
    .await;
    let planned = b.engine.plan(&b.target, "add", &json!({"list": KEY, "name": KEY})).unwrap();
    for _ in 0..2 {
        let outcome = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome;
        let kept = serde_json::to_string(&outcome).unwrap();
        assert!(!kept.contains(KEY), "{kept}");
    }
    let shown = b.engine.plan(&b.target, "add", &json!({"list": KEY, "name": KEY})).unwrap().summary;
    let shown = serde_json::to_string(&shown).unwrap();
    assert!(!shown.contains(KEY) && shown.contains("•••"), "{shown}");
}

#[tokio::test]
async fn every_read_is_tried_again_and_no_effect_is() {
    // Each first answer fails in a way that passes.
    let flaky = || {
        bench(|seen, number| match number {
            1 => (502, vec![], "{}".into()),
            _ if seen.line.ends_with("/me") => ok(&json!({"id": 7, "name": "Amira"})),
            _ if seen.line.ends_with("/items/1") => ok(&json!({"id": 1})),
            _ => ok(&page_of(seen, 2)),
        })
    };
    let call = async |b: &Bench, operation: &str, params: &Value| {
        let planned = b.engine.plan(&b.target, operation, params).unwrap();
        b.engine.call(&b.target, &planned, None, MINUTE).await.outcome
    };
    let b = flaky().await;
    assert_eq!(b.engine.health(&b.target).await.unwrap().account.unwrap().label, "Amira");
    let b = flaky().await;
    assert!(matches!(call(&b, "all", &json!({})).await, Outcome::Done { .. }), "the first page of a list");
    let b = flaky().await;
    assert!(matches!(call(&b, "one", &json!({"id": "1"})).await, Outcome::Done { .. }), "one thing");
    let b = flaky().await;
    assert_eq!(b.engine.get(&b.target, "/items/1", &[]).await.unwrap().data, json!({"id": 1}));
    let b = flaky().await;
    assert_eq!(b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap().new, 2);
    let b = flaky().await;
    assert_eq!(b.engine.test(&b.target).await.problem, None);
    let b = flaky().await;
    assert!(matches!(call(&b, "add", &added()).await, Outcome::Unknown { .. }));
    assert_eq!(b.lines().len(), 1, "an effect is sent once");
}

#[tokio::test]
async fn reading_again_ends_with_the_time_that_was_given() {
    let b = bench(|_, _| (502, vec![], "{}".into())).await;
    let planned = b.engine.plan(&b.target, "all", &json!({})).unwrap();
    let given = Duration::from_millis(200);
    let outcome = b.engine.call(&b.target, &planned, None, given).await.outcome;
    let Outcome::NotDone { problem } = outcome else { panic!("{outcome:?}") };
    // On a slow computer the time can end within a try.
    assert!(matches!(problem.code(), Code::ServiceDown | Code::TimeoutResponse), "{problem:?}");
    // The pauses before a fifth try together fit into that time once in thousands of times.
    assert!(b.lines().len() < 5, "{} tries", b.lines().len());
}

#[tokio::test]
async fn a_list_comes_whole_and_its_pages_are_read_again_when_they_fail() {
    let b = bench(|seen, number| match number {
        2 => (500, vec![], "{}".into()),
        _ => ok(&page_of(seen, 5)),
    })
    .await;
    let planned = b.engine.plan(&b.target, "all", &json!({})).unwrap();
    let result = b.engine.call(&b.target, &planned, None, MINUTE).await;
    let Outcome::Done { output, .. } = result.outcome else { panic!("{:?}", result.outcome) };
    let ids: Vec<_> = output.as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert_eq!(b.lines().len(), 4);
}

#[tokio::test]
async fn a_lookup_says_no_only_after_a_whole_readable_answer() {
    let at = "2026-11-20T10:00:00Z".parse().unwrap();
    let ask = async |b: &Bench, name: &str| {
        b.engine.lookup(&b.target, "add", &json!({"list": "l", "name": name}), at).await
    };
    let b = bench(|seen, _| ok(&page_of(seen, 5))).await;
    assert_eq!(ask(&b, "n5").await.unwrap().unwrap()["id"], 5, "it is on the last page");
    assert_eq!(ask(&b, "other").await, Ok(None));

    let b = bench(|_, _| (500, vec![], "{}".into())).await;
    assert!(ask(&b, "n5").await.is_err(), "a service that is down knows nothing");

    let mut bounded = descriptor();
    bounded["operations"][1]["pagination"]["maxPages"] = json!(2);
    let b = bench_with(bounded, |seen, _| ok(&page_of(seen, 9))).await;
    assert_eq!(ask(&b, "n3").await.unwrap().unwrap()["id"], 3);
    assert!(ask(&b, "n9").await.is_err(), "what was not looked at may be there");
}
#[tokio::test]
async fn a_read_stays_below_the_connections_address() {
    let b = bench(|_, _| ok(&json!({"a": 1}))).await;
    let query = [("q".to_owned(), "a b&c".to_owned())];
    let read = b.engine.get(&b.target, "/things", &query).await.unwrap();
    assert_eq!((read.data, read.status), (json!({"a": 1}), 200));
    assert!(read.url.ends_with("/api/things"));
    assert_eq!(b.last().query["q"], "a b&c");
    for path in ["things", "/../x", "/%2e%2e/x", "//evil.example/../../x", "@evil.example/"] {
        let refused = b.engine.get(&b.target, path, &[]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InputInvalid, "{path}");
    }
    assert_eq!(b.lines().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_counted_apart_waits_apart() {
    let mut document = descriptor();
    document["operations"][1]["request"]["rate"] = json!([{"calls": 2, "seconds": 600, "burst": 1}]);
    let b = bench_with(document, |seen, _| match seen.line.as_str() {
        "GET /api/items/1" => (429, vec![("Retry-After", "100".into())], "{}".into()),
        _ => ok(&json!([])),
    })
    .await;
    let call = async |operation: &str, params: Value| {
        let planned = b.engine.plan(&b.target, operation, &params).unwrap();
        match b.engine.call(&b.target, &planned, None, Duration::from_secs(1)).await.outcome {
            Outcome::NotDone { problem } => Some(problem.code()),
            _ => None,
        }
    };
    assert_eq!(call("all", json!({})).await, None);
    assert_eq!(call("all", json!({})).await, Some(Code::LocalRateLimited), "its own window is used up");
    assert!(b.engine.health(&b.target).await.is_ok(), "the others go on");
    assert_eq!(call("one", json!({"id": "1"})).await, Some(Code::RateLimited));
    assert!(b.engine.health(&b.target).await.is_err(), "what is not counted apart holds every call");
}
