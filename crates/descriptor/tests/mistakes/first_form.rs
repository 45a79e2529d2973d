//! The first form of the format is brought forward, and its mistakes stand where they were written.

use patchbay_descriptor::read;
use serde_json::{Value, json};

use crate::is_at;

fn first_form() -> Value {
    json!({
        "id": "old-tool", "name": "Old tool", "description": "As it was first written.", "category": "documents",
        "icon": "file", "kind": "generic", "version": "1.0.0", "baseUrl": "https://old.example.com",
        "auth": {"method": "api_key", "config": {"delivery": "bearer", "paramName": "Authorization",
            "credentialFields": [
                {"key": "site", "label": "Site", "type": "url", "required": true},
                {"key": "token", "label": "Token", "type": "password", "required": true}]}},
        "ingestion": {"mode": "polling", "endpoint": "{{baseUrl}}/items?state=all&since={{checkpoint}}", "method": "POST",
            "body": "{\"sort\": \"updated\"}", "rateLimitRpm": 60,
            "delta": {"type": "timestamp_filter", "queryParam": "since", "format": "iso8601"},
            "pagination": {"type": "cursor", "nextPath": "$.next", "nextParam": "cursor", "pageSize": 50}},
        "fieldMapping": {"itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{title}}",
            "signalTypeRules": [{"when": "$.new", "operator": "exists", "then": "item_created"}],
            "priorityMapping": [{"when": "$.p", "operator": "in", "value": ["P0", "P1"], "then": "critical"}],
            "participantsPath": "$.people[*]"},
        "healthCheck": {"endpoint": "{{baseUrl}}/me", "method": "GET", "expectStatus": 200, "timeoutMs": 5000}
    })
}

#[test]
fn the_first_form_of_the_document_is_brought_forward() {
    let descriptor = read(&first_form().to_string(), "old.json").unwrap();
    let stream = &descriptor.streams[0];
    let request = stream.request.as_ref().unwrap();
    assert_eq!(request.path, "/items");
    assert_eq!(json!(request.query), json!({"state": "all"}), "delta adds the checkpoint itself");
    assert_eq!(request.body, Some(json!({"sort": "updated"})));
    assert_eq!(stream.mapping.participants_paths, ["$.people[*]"]);
    assert_eq!(stream.mapping.priority_mapping.len(), 1);
    assert_eq!(descriptor.limits.rate[0].calls, 60);
    assert_eq!(descriptor.health_check.expect_status, [200]);
    let auth = json!(descriptor.auth[0]);
    assert_eq!(
        (&auth["method"], &auth["inject"][0]["value"]),
        (&json!("api_key"), &json!("Bearer {{secret.token}}"))
    );
}

#[test]
fn an_address_in_the_first_form_becomes_the_base() {
    let mut document = first_form();
    document.as_object_mut().unwrap().remove("baseUrl");
    document["ingestion"]["endpoint"] = json!("https://api.old.example.com/v1/items");
    document["healthCheck"]["endpoint"] = json!("https://api.old.example.com/v1/me");
    let descriptor = read(&document.to_string(), "old.json").unwrap();
    assert_eq!(descriptor.base_url, "https://api.old.example.com");
    assert_eq!(descriptor.streams[0].request.as_ref().unwrap().path, "/v1/items");
    assert_eq!(descriptor.health_check.request.as_ref().unwrap().path, "/v1/me");
}

#[test]
fn mistakes_in_the_first_form_stand_where_they_were_written() {
    let cases: Vec<(&str, &str, Value, &str, &str)> = vec![
        ("/fieldMapping", "idPath", json!("id"), "/fieldMapping/idPath", "not a path"),
        (
            "/ingestion",
            "endpoint",
            json!("{{baseUrl}}/{{nope}}"),
            "/ingestion/endpoint",
            "nothing called \"nope\"",
        ),
        (
            "/ingestion/delta",
            "type",
            json!("webhook"),
            "/ingestion/delta/type",
            "\"webhook\" is not known here",
        ),
        (
            "/ingestion",
            "delta",
            json!({"type": "delta_token", "tokenPath": "t"}),
            "/ingestion/delta/tokenPath",
            "not a path",
        ),
        (
            "/ingestion",
            "delta",
            json!({"type": "since_id", "idPath": "$.number", "idParam": "after"}),
            "/ingestion/delta/idPath",
            "the same",
        ),
        ("/ingestion/pagination", "nextPath", json!("next"), "/ingestion/pagination/nextPath", "not a path"),
        ("/ingestion", "mode", json!("webhook"), "/ingestion/mode", "only \"polling\""),
        ("/auth", "method", json!("saml"), "/auth/method", "not a way to sign in"),
        ("/healthCheck", "method", json!("DELETE"), "/healthCheck/method", "GET or HEAD"),
    ];
    for (parent, name, value, place, words) in cases {
        let mut document = first_form();
        document.pointer_mut(parent).unwrap()[name] = value;
        let problems = read(&format!("{document:#}"), "old.json").unwrap_err();
        assert!(problems.iter().any(|problem| is_at(problem, place, words)), "{place}: {problems:#?}");
    }
}
