//! How requests and answers are written.

use std::sync::{Arc, Mutex};

use patchbay_connector::SyncOptions;
use patchbay_model::Code;
use patchbay_model::run::Outcome;
use serde_json::{Value, json};

use crate::bench::{Bench, MINUTE, added, bench_with, descriptor, ok};

/// Reads the first stream of a document and says which ids came.
async fn ids_of(b: &Bench) -> Vec<String> {
    let mut ids: Vec<String> =
        b.engine.test(&b.target).await.signals.into_iter().map(|s| s.external_id).collect();
    let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    ids.push(format!("{} in {} pages", report.new, report.pages));
    ids
}

#[tokio::test]
async fn graphql_pages_in_its_variables_and_its_errors_inside_a_200_are_errors() {
    let mut document = descriptor();
    document["streams"][0]["request"] = json!({"method": "POST", "path": "/graphql", "graphql": {
        "query": "query($after: String, $since: String) { items(after: $after) { nodes { id at } } }",
        "variables": {"first": 2, "note": "{{config.nothing}}"}}});
    document["configFields"] = json!([{"key": "nothing", "label": "N"}]);
    document["streams"][0]["delta"] =
        json!({"type": "timestamp_filter", "param": "/variables/since", "place": "body"});
    document["streams"][0]["mapping"]["itemsPath"] = json!("$.data.items.nodes[*]");
    document["streams"][0]["pagination"] = json!({"next": {"type": "cursor", "cursorPath": "$.data.items.end",
        "param": "/variables/after", "place": "body", "hasMorePath": "$.data.items.more"}});
    document["healthCheck"] = json!({"request": {"method": "POST", "path": "/graphql", "graphql": {"query": "{ viewer { id } }"}},
        "accountIdPath": "$.data.viewer.id"});
    let b = bench_with(document.clone(), |seen, _| {
        if seen.body["query"].as_str().unwrap().contains("viewer") {
            return ok(&json!({"data": {"viewer": {"id": "u"}}}));
        }
        let from = seen.body["variables"]["after"].as_u64().unwrap_or(0);
        let nodes: Vec<Value> =
            (from + 1..=(from + 2).min(5)).map(|id| json!({"id": id, "at": "2026-11-20T10:00:00Z"})).collect();
        ok(&json!({"data": {"items": {"nodes": nodes, "end": from + 2, "more": from + 2 < 5}}}))
    })
    .await;
    assert_eq!(ids_of(&b).await, ["1", "2", "5 in 3 pages"]);
    b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
    let since = b
        .seen
        .lock()
        .unwrap()
        .iter()
        .rev()
        .find_map(|seen| seen.body["variables"]["since"].as_str().map(str::to_owned));
    assert_eq!(since.as_deref(), Some("2026-11-20T09:59:59Z"));
    for (code, want) in [
        ("AUTHENTICATION_ERROR", Code::AuthInvalid),
        ("RATELIMITED", Code::RateLimited),
        ("FORBIDDEN", Code::PermissionDenied),
        ("GRAPHQL_VALIDATION_FAILED", Code::InvalidConfig),
    ] {
        let answer = json!({"data": null, "errors": [{"message": "no", "extensions": {"code": code}}]});
        let b = bench_with(document.clone(), move |_, _| ok(&answer)).await;
        assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), want, "{code}");
    }
}

#[tokio::test]
async fn lines_and_tables_are_read_as_lists() {
    let jsonl = "{\"id\":1,\"at\":\"2026-11-20T10:00:00Z\"}\n\n{\"id\":2,\"at\":\"2026-11-20T10:00:00Z\"}\r\n";
    let csv = "\u{feff}id,at,note\r\n1,2026-11-20T10:00:00Z,\"a, \"\"b\"\"\nc\"\r\n2,2026-11-20T10:00:00Z,\r\n";
    for (format, text, broken) in
        [("json_lines", jsonl, "{\"id\":1}\n{\"id\":"), ("csv", csv, "id,at\n1,2026-11-20T10:00:00Z,more\n")]
    {
        let mut document = descriptor();
        document["streams"][0]["request"]["answerFormat"] = json!(format);
        document["streams"][0]["pagination"] = json!({"next": {"type": "none"}});
        let body = Arc::new(Mutex::new(text.to_owned()));
        let says = body.clone();
        let b = bench_with(document, move |seen, _| {
            let me = seen.line.ends_with("/me");
            (200, vec![], if me { "{\"id\":7}".into() } else { says.lock().unwrap().clone() })
        })
        .await;
        assert_eq!(ids_of(&b).await, ["1", "2", "2 in 1 pages"], "{format}");
        for (text, want) in [(broken, Code::MalformedResponse), ("<html>", Code::UnexpectedContent)] {
            text.clone_into(&mut body.lock().unwrap());
            let problem = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap_err();
            assert_eq!(problem.code(), want, "{format}: {text}");
        }
    }
}

#[tokio::test]
async fn a_form_is_sent_as_one_and_a_requests_own_rules_come_first() {
    let mut document = descriptor();
    document["operations"][0]["request"]["bodyFormat"] = json!("form");
    document["operations"][0]["request"]["body"]["tags"] = json!(["a b", "c&d"]);
    document["operations"][0]["request"]["errors"] =
        json!([{"body": {"path": "$.ok", "operator": "equals", "value": false}, "action": "not_found"}]);
    document["defaults"]["errors"] =
        json!([{"body": {"path": "$.ok", "operator": "equals", "value": false}, "action": "reauth"}]);
    let b = bench_with(document, |_, _| ok(&json!({"ok": false}))).await;
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    let Outcome::NotDone { problem } = b.engine.call(&b.target, &planned, None, MINUTE).await.outcome else {
        panic!("it was refused")
    };
    assert_eq!(problem.code(), Code::NotFound);
    let seen = b.last();
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(seen.text, "name=x&tags=a+b&tags=c%26d");
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::AuthInvalid);
}
