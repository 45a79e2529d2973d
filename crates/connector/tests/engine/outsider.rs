//! A tool that no shipped connector resembles, connected by its definition alone: XML and tables, the
//! key in the query, counted pages inside the body, one read for each value of a setting, and an
//! address that is put together from settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_connector::{SyncOptions, settings};
use patchbay_model::Code;
use patchbay_model::run::Outcome;
use serde_json::json;

use crate::bench::{KEY, MINUTE, Reply, Seen, connected, serve};

/// As a file of the catalogue: every check of a definition applies.
const DEFINITION: &str = r#"{
  "id": "weather-posts", "name": "Weather Posts", "description": "Readings of weather posts.",
  "category": "custom", "version": "1.0.0",
  "baseUrl": "http://127.0.0.1:{{config.port}}",
  "configFields": [
    { "key": "port", "label": "Port", "required": true, "suffix": "/svc" },
    { "key": "posts", "label": "Posts", "type": "list", "required": true },
    { "key": "units", "label": "Units", "type": "enum", "options": ["metric", "other"], "default": "metric" },
    { "key": "unitName", "label": "Name of the unit", "visibleWhen": { "field": "units", "equals": "other" } }
  ],
  "auth": [{ "method": "api_key", "id": "key", "label": "Key", "credentialFields": [{ "key": "token", "label": "Key" }],
    "inject": [{ "in": "query", "name": "appid", "value": "{{secret.token}}" }] }],
  "defaults": {
    "errors": [
      { "body": { "path": "$.fault.code", "operator": "equals", "value": "KEY" }, "action": "reauth" },
      { "body": { "path": "$.fault.code", "operator": "matches", "value": "^LIMIT" }, "action": "rate_limited" }
    ]
  },
  "limits": { "rate": [{ "calls": 1000, "seconds": 1, "burst": 500 }], "connectTimeoutMs": 900,
    "retry": { "count": 1, "firstPauseMs": 1, "longestPauseMs": 2 } },
  "streams": [{
    "id": "readings", "title": "Readings",
    "forEach": { "setting": "posts", "bind": { "post": "$" }, "idsPerParent": true },
    "request": { "method": "POST", "path": "/query", "answerFormat": "xml", "xmlLists": ["reading"],
      "body": { "post": "{{parent.post}}", "units": "{{config.units}}", "window": {} } },
    "pagination": { "next": { "type": "offset", "param": "/window/skip", "place": "body" },
      "sizeParam": "/window/top", "sizePlace": "body", "pageSize": 2 },
    "delta": { "type": "timestamp_filter", "param": "/window/from", "place": "body", "format": "%Y-%m-%d %H:%M:%S" },
    "mapping": { "itemsPath": "$.answer.reading[*]", "idPath": "$['@no']", "timestampPath": "$.at",
      "timestampFormat": "%Y-%m-%d %H:%M:%S", "summaryTemplate": "{{_parent.post}}: {{value}} ({{config.units}})",
      "signalTypeRules": [{ "when": { "path": "$['@alarm']", "operator": "equals", "value": "yes" }, "then": "alarm" }],
      "defaultSignalType": "reading" }
  }],
  "operations": [
    { "id": "list_posts", "title": "List posts", "verb": "list", "entity": "post",
      "request": { "path": "/posts.csv", "answerFormat": "csv" }, "params": { "type": "object" },
      "resultPath": "$[*]", "pagination": { "next": { "type": "none" } } },
    { "id": "add_note", "title": "Add a note", "verb": "create", "entity": "note",
      "request": { "method": "POST", "path": "/notes", "bodyFormat": "multipart", "answerFormat": "xml",
        "body": { "text": "{{params.text}}" } },
      "params": { "type": "object", "required": ["text"], "properties": { "text": { "type": "string" } } },
      "idempotency": { "type": "body", "name": "ticket", "ttlSeconds": 600 },
      "resultPath": "$.note", "result": { "type": "object" } }
  ],
  "healthCheck": { "request": { "path": "/whoami.csv", "answerFormat": "csv" },
    "accountIdPath": "$[0].id", "identityPath": "$[0].name" }
}"#;

/// The tool itself: north has five readings, south one.
fn weather(seen: &Seen, later: usize) -> Reply {
    if seen.query.get("appid").map(String::as_str) != Some(KEY) {
        return (200, vec![], "<fault><code>KEY</code></fault>".into());
    }
    match seen.line.as_str() {
        "GET /svc/whoami.csv" => (200, vec![], "id,name\r\n77,Amira\r\n".into()),
        "GET /svc/posts.csv" => (200, vec![], "id,name\nnorth,North\nsouth,\"South, low\"\n".into()),
        "POST /svc/notes" => {
            let ticket = seen.text.contains("name=\"ticket\"\r\n\r\nt1\r\n");
            (200, vec![], format!("<note no=\"5\"><ticket>{ticket}</ticket></note>"))
        }
        "POST /svc/query" => {
            let count = if seen.body["post"] == "north" { 5 + later } else { 1 };
            let window = &seen.body["window"];
            let at = |no: usize| format!("2026-11-20 10:00:{no:02}");
            let from = window["from"].as_str().unwrap_or_default();
            let matching: Vec<usize> = (1..=count).filter(|no| *at(*no) > *from).collect();
            let (skip, top) =
                (window["skip"].as_u64().unwrap() as usize, window["top"].as_u64().unwrap() as usize);
            let reading = |no: &usize| {
                let alarm = if *no == 1 { " alarm=\"yes\"" } else { "" };
                format!("<reading no=\"{no}\"{alarm}><at>{}</at><value>{no}</value></reading>", at(*no))
            };
            let readings: String = matching.iter().skip(skip).take(top).map(reading).collect();
            (200, vec![], format!("<answer>{readings}</answer>"))
        }
        other => panic!("nobody declared {other}"),
    }
}

#[tokio::test]
async fn a_tool_like_no_other_is_connected_by_its_definition_alone() {
    let later = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let grows = later.clone();
    let service = move |seen: &Seen, _: usize| {
        let mut seen = seen.clone();
        seen.line = seen.line.replace("/api/", "/");
        weather(&seen, grows.load(std::sync::atomic::Ordering::SeqCst))
    };
    let (base, seen) = serve(Arc::new(service)).await;
    let port = url::Url::parse(&base).unwrap().port().unwrap();
    let descriptor = patchbay_descriptor::read(DEFINITION, "weather-posts.json").unwrap();
    let given = [("port", format!("{port}/svc")), ("posts", "north\nsouth".to_owned())];
    let given: BTreeMap<String, String> = given.map(|(key, text)| (key.to_owned(), text)).into();
    let config = settings(&descriptor, &given).unwrap();
    assert_eq!(config["port"], json!(port.to_string()), "stored without what stands after it");
    let b = connected(descriptor, config, seen).await;

    let report = b.engine.test(&b.target).await;
    assert_eq!(report.problem, None, "{:?}", report.lines);
    assert_eq!(report.account.unwrap().label, "Amira");
    let shown: Vec<_> = report.signals.iter().map(|s| (s.summary.as_str(), s.signal_type.as_str())).collect();
    assert_eq!(shown, [("north: 1 (metric)", "alarm"), ("north: 2 (metric)", "reading")]);

    let read = async || b.engine.sync(&b.target, "readings", SyncOptions::default()).await.unwrap();
    let first = read().await;
    assert_eq!((first.new, first.pages, first.quarantined, first.complete), (6, 4, 0, true));
    later.store(3, std::sync::atomic::Ordering::SeqCst);
    let second = read().await;
    assert_eq!((second.new, second.complete), (3, true));
    assert_eq!(b.store.signal_count(&b.target.connection.id).await.unwrap(), 9);
    assert_eq!(b.last().body["window"]["from"], "2026-11-20 10:00:00", "each post goes on where it was");

    let call = async |operation: &str, params, key| {
        let planned = b.engine.plan(&b.target, operation, &params).unwrap();
        match b.engine.call(&b.target, &planned, key, MINUTE).await.outcome {
            Outcome::Done { output, .. } => output,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(call("list_posts", json!({}), None).await[1], json!({"id": "south", "name": "South, low"}));
    assert_eq!(
        call("add_note", json!({"text": "wet"}), Some("t1")).await,
        json!({"@no": "5", "ticket": "true"})
    );

    let mut refused = b.target.clone();
    refused.connection.auth_method = None;
    let problem = b.engine.sync(&refused, "readings", SyncOptions::default()).await.unwrap_err();
    assert_eq!(problem.code(), Code::AuthInvalid, "an error inside a 200, in XML");
}
