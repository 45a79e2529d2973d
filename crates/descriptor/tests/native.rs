//! Native definitions: what they have not, and what only they have; the schema for editors agrees.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by failing")]

use patchbay_descriptor::{json_schema, read};
use patchbay_map::Schema;
use patchbay_model::problem::Subject;
use serde_json::{Value, json};

fn native() -> Value {
    json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "kind": "native",
        "configFields": [{"key": "folders", "label": "Folders", "type": "folders", "required": true}],
        "streams": [{"id": "things", "title": "Things",
            "pagination": {"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor", "place": "body"}},
            "delta": {"type": "timestamp_filter", "param": "since", "place": "body"},
            "mapping": {"itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{id}}",
                "signalTypeRules": [], "defaultSignalType": "thing"}}],
        "operations": [{"id": "act", "title": "Act", "verb": "create", "entity": "thing", "params": {"type": "object"},
            "idempotency": {"type": "key", "ttlSeconds": 60}}],
        "healthCheck": {}
    })
}

fn generic() -> Value {
    let mut document = native();
    document.as_object_mut().unwrap().shift_remove("kind");
    document["baseUrl"] = json!("https://api.example.com");
    document["streams"][0]["request"] = json!({"method": "POST", "path": "/things"});
    document["operations"][0]["request"] = json!({"method": "POST", "path": "/things"});
    document["operations"][0]["idempotency"] = json!({"type": "natural"});
    document["healthCheck"] = json!({"request": {"path": "/me"}});
    document
}

/// The place of the first mistake; none where there is none.
fn mistake(document: &Value) -> Option<String> {
    match read(&format!("{document:#}"), "x.json") {
        Ok(_) => None,
        Err(problems) => match problems[0].subject() {
            Some(Subject::File { pointer: Some(pointer), line: Some(_), .. }) => Some(pointer.clone()),
            other => panic!("a mistake without a place: {other:?}"),
        },
    }
}

#[test]
fn requests_are_where_they_are_interpreted_and_only_there() {
    let schema = Schema::compile(&json_schema()).unwrap();
    let fits = |document: &Value| schema.check(document).is_ok();
    let request = json!({"method": "POST", "path": "/x"});
    assert_eq!((mistake(&native()), mistake(&generic())), (None, None));
    assert!(fits(&native()) && fits(&generic()));
    let cases = [
        ("/streams/0/request", "/streams/0"),
        ("/operations/0/request", "/operations/0"),
        ("/healthCheck/request", "/healthCheck"),
        ("/baseUrl", ""),
    ];
    for (place, holder) in cases {
        let name = place.rsplit('/').next().unwrap();
        let value = if name == "baseUrl" { json!("https://a.example") } else { request.clone() };
        let mut given = native();
        given.pointer_mut(holder).unwrap()[name] = value;
        assert_eq!(mistake(&given).as_deref(), Some(place), "a native one with {place}");
        assert!(!fits(&given), "editors let {place} pass in a native one");
        let mut missing = generic();
        missing.pointer_mut(holder).unwrap().as_object_mut().unwrap().shift_remove(name);
        assert_eq!(mistake(&missing).as_deref(), Some(holder), "a generic one without {place}");
        assert!(!fits(&missing), "editors do not miss {place} in a generic one");
    }
}

#[test]
fn what_an_adapter_cannot_find_is_a_mistake() {
    type Change = (&'static str, Value, &'static str);
    let wrong: [Change; 7] = [
        ("/streams/0/pagination/next/place", json!("query"), "/streams/0/pagination"),
        ("/streams/0/pagination/next", json!({"type": "link_header"}), "/streams/0/pagination"),
        ("/streams/0/delta/place", json!("header"), "/streams/0/delta/place"),
        ("/streams/0/delta", json!({"type": "timestamp_filter"}), "/streams/0/delta"),
        (
            "/operations/0/idempotency",
            json!({"type": "header", "name": "X", "ttlSeconds": 1}),
            "/operations/0/idempotency/type",
        ),
        ("/operations/0/idempotency/ttlSeconds", json!(0), "/operations/0/idempotency/ttlSeconds"),
        ("/streams/0/forEach", json!({"setting": "folders", "bind": {}}), "/streams/0/forEach/bind"),
    ];
    for (place, value, at) in wrong {
        let mut document = native();
        let (holder, name) = place.rsplit_once('/').unwrap();
        document.pointer_mut(holder).unwrap()[name] = value;
        assert_eq!(mistake(&document).as_deref(), Some(at), "{place}");
    }
    let mut shared = native();
    shared["defaults"] = json!({"headers": {"Accept": "application/json"}});
    assert_eq!(mistake(&shared).as_deref(), Some("/defaults"));
    let mut keyed = generic();
    keyed["operations"][0]["idempotency"] = json!({"type": "key", "ttlSeconds": 60});
    assert_eq!(mistake(&keyed).as_deref(), Some("/operations/0/idempotency/type"));
    let mut named = native();
    named["auth"] = json!([{"method": "api_key", "id": "k", "label": "K", "credentialFields": [{"key": "v", "label": "V"}],
        "inject": [{"in": "header", "name": "{{secret.v}}", "value": "{{secret.v}}"}]}]);
    assert_eq!(
        mistake(&named).as_deref(),
        Some("/auth/0/inject/0/name"),
        "a header is named by a setting at most"
    );
}
