//! How requests and answers are written.

use std::sync::{Arc, Mutex};

use patchbay_connector::SyncOptions;
use patchbay_model::Code;
use patchbay_model::run::Outcome;
use serde_json::{Map, Value, json};

use crate::bench::{Bench, KEY, MINUTE, added, bench_set, bench_with, descriptor, ok, page_of};

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
async fn a_list_in_the_query_is_one_parameter_or_one_for_each_value() {
    for (lists, want) in [("commas", "status=open%2Cclosed"), ("repeated", "status=open&status=closed")] {
        let mut document = descriptor();
        document["streams"][0]["request"]["query"] = json!({"status": ["open", "closed"]});
        document["streams"][0]["request"]["queryLists"] = json!(lists);
        let b = bench_with(document, |seen, _| ok(&page_of(seen, 5))).await;
        b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
        let asked: Vec<String> = b.seen.lock().unwrap().iter().map(|seen| seen.raw_query.clone()).collect();
        assert!(asked.len() > 1, "pages follow each other");
        assert!(asked.iter().all(|query| query.contains(want)), "{lists}: {asked:?}");
    }
}

#[tokio::test]
async fn lines_and_tables_are_read_as_lists() {
    let jsonl = "{\"id\":1,\"at\":\"2026-11-20T10:00:00Z\"}\n\n{\"id\":2,\"at\":\"2026-11-20T10:00:00Z\"}\r\n";
    let csv = "\u{feff}id,at,note\r\n1,2026-11-20T10:00:00Z,\"a, \"\"b\"\"\nc\"\r\n2,2026-11-20T10:00:00Z,\r\n";
    for (format, text, broken) in [
        ("json_lines", jsonl, "{\"id\":1,\"at\":\"2026-11-20T10:00:00Z\"}\n{\"id\":"),
        ("csv", csv, "id,at\n1,2026-11-20T10:00:00Z,more\n2,2026-11-20T10:00:00Z\n"),
    ] {
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
        broken.clone_into(&mut body.lock().unwrap());
        let report = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap();
        assert!(report.quarantined > 0 && report.complete, "{format}: {report:?}");
        for text in ["<html>", "\u{0}"] {
            text.clone_into(&mut body.lock().unwrap());
            let refused = b.engine.sync(&b.target, "items", SyncOptions::default()).await;
            assert!(refused.is_err() || refused.unwrap().items == 0, "{format}: {text:?}");
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

#[tokio::test]
async fn xml_is_read_as_members_and_lists() {
    let mut document = descriptor();
    document["streams"][0]["request"]["answerFormat"] = json!("xml");
    document["streams"][0]["request"]["xmlLists"] = json!(["entry"]);
    document["streams"][0]["mapping"]["itemsPath"] = json!("$.feed.entry[*]");
    document["streams"][0]["mapping"]["idPath"] = json!("$['@id']");
    document["streams"][0]["mapping"]["summaryTemplate"] = json!("{{title}}");
    let entry = |id: usize| {
        format!("<entry id=\"{id}\"><at>2026-11-20T10:00:0{id}Z</at><title>T &amp; {id}</title></entry>")
    };
    let b = bench_with(document.clone(), move |seen, _| {
        if seen.line.ends_with("/me") {
            return ok(&json!({"id": 7}));
        }
        let page: usize = seen.query["page"].parse().unwrap();
        let entries: String = (page * 2 - 1..=3.min(page * 2)).map(entry).collect();
        (200, vec![], format!("<?xml version=\"1.0\"?><feed>{entries}</feed>"))
    })
    .await;
    assert_eq!(ids_of(&b).await, ["1", "2", "3 in 2 pages"], "a single entry is a list too");
    assert_eq!(b.engine.test(&b.target).await.signals[0].summary, "T & 1");
    for (status, body, want) in [
        (200, "<feed><entry>", Code::MalformedResponse),
        (200, "<html><body>Sign in</body></html>", Code::UnexpectedContent),
        (200, "", Code::UnexpectedContent),
        (200, "{}", Code::MalformedResponse),
        (404, "<error>gone</error>", Code::InvalidConfig),
    ] {
        let b = bench_with(document.clone(), move |_, _| (status, vec![], body.to_owned())).await;
        let problem = b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap_err();
        assert_eq!(problem.code(), want, "{status} {body}");
    }
}

#[tokio::test]
async fn a_key_goes_into_cookie_or_body_and_is_shown_nowhere() {
    let inject = |at: &str, name: &str| json!([{"in": at, "name": name, "value": "{{secret.token}}"}]);
    let mut document = descriptor();
    document["defaults"]["headers"]["Cookie"] = json!("lang=en");
    document["auth"][0]["inject"] = inject("cookie", "session");
    let b = bench_with(document, |_, _| ok(&json!({"id": 1}))).await;
    b.engine.health(&b.target).await.unwrap();
    assert_eq!(b.last().headers["cookie"], format!("lang=en; session={KEY}"));

    for (format, sent) in [
        ("json", format!("{{\"name\":\"x\",\"auth\":{{\"key\":\"{KEY}\"}}}}")),
        ("form", format!("name=x&key={KEY}")),
    ] {
        let mut document = descriptor();
        document["auth"][0]["inject"] = inject("body", if format == "json" { "/auth/key" } else { "key" });
        document["operations"][0]["request"]["bodyFormat"] = json!(format);
        let b = bench_with(document, |_, _| ok(&json!({"id": 1}))).await;
        let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
        assert!(!serde_json::to_string(&planned.summary).unwrap().contains(KEY));
        assert!(matches!(b.engine.call(&b.target, &planned, None, MINUTE).await.outcome, Outcome::Done { .. }));
        assert_eq!(b.last().text, sent);
        let lines = b.lines().len();
        assert!(b.engine.health(&b.target).await.is_err(), "GET has no body for it");
        assert_eq!(b.lines().len(), lines, "and nothing is sent without its key");
    }
}

#[tokio::test]
async fn an_idempotency_key_in_the_body_is_the_same_each_time() {
    let mut document = descriptor();
    document["operations"][0]["idempotency"] = json!({"type": "body", "name": "/meta/key", "ttlSeconds": 60});
    let b = bench_with(document.clone(), |_, _| ok(&json!({"id": 1}))).await;
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    b.engine.call(&b.target, &planned, Some("k1"), MINUTE).await;
    assert_eq!(b.last().body, json!({"name": "x", "meta": {"key": "k1"}}));
    document["operations"][0]["request"]["body"] = json!({"name": "{{params.name}}", "meta": "full"});
    let b = bench_with(document, |_, _| ok(&json!({"id": 1}))).await;
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    let outcome = b.engine.call(&b.target, &planned, Some("k1"), MINUTE).await.outcome;
    assert!(matches!(outcome, Outcome::NotDone { .. }), "without its key it is not sent");
    assert!(b.lines().is_empty());
}

#[tokio::test]
async fn a_file_is_sent_in_parts() {
    let mut document = descriptor();
    document["operations"][0]["request"]["bodyFormat"] = json!("multipart");
    document["operations"][0]["request"]["body"] = json!({"title": "{{params.name}}", "file":
        {"filename": "{{params.name}}.txt", "contentType": "text/plain", "content": "{{params.list}}"}});
    let b = bench_with(document, |_, _| ok(&json!({"id": 1}))).await;
    let planned = b.engine.plan(&b.target, "add", &json!({"list": "l", "name": "x\"\r\n"})).unwrap();
    assert!(matches!(b.engine.call(&b.target, &planned, None, MINUTE).await.outcome, Outcome::Done { .. }));
    let seen = b.last();
    let boundary = seen.headers["content-type"].strip_prefix("multipart/form-data; boundary=").unwrap();
    let parts: Vec<&str> = seen.text.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4, "{}", seen.text);
    assert!(
        parts[2].contains("filename=\"x%22%0D%0A.txt\"\r\nContent-Type: text/plain\r\n\r\nl\r\n"),
        "{}",
        parts[2]
    );
}

#[tokio::test]
async fn settings_stand_in_templates_with_what_surrounds_them() {
    let mut document = descriptor();
    document["configFields"] = json!([{"key": "team", "label": "T", "prefix": "team-", "suffix": "!"}]);
    document["streams"][0]["request"]["query"] = json!({"team": "{{config.team}}"});
    document["streams"][0]["mapping"]["summaryTemplate"] = json!("{{id}} of {{config.team}}");
    let team = Map::from_iter([("team".to_owned(), json!("red"))]);
    let b = bench_set(document, team, |seen, _| match seen.line.as_str() {
        "GET /api/me" => ok(&json!({"id": 7})),
        _ => ok(&page_of(seen, 1)),
    })
    .await;
    let report = b.engine.test(&b.target).await;
    assert_eq!(report.signals[0].summary, "1 of team-red!");
    assert_eq!(b.last().query["team"], "team-red!");
}

#[tokio::test]
async fn reads_are_repeated_as_often_as_the_connector_says() {
    for (count, tries) in [(0, 1), (1, 2), (3, 4)] {
        let mut document = descriptor();
        document["limits"] = json!({"retry": {"count": count, "firstPauseMs": 1, "longestPauseMs": 2}});
        let b = bench_with(document, |_, _| (502, vec![], "{}".into())).await;
        b.engine.sync(&b.target, "items", SyncOptions::default()).await.unwrap_err();
        assert_eq!(b.lines().len(), tries, "{count} repeats");
    }
}
