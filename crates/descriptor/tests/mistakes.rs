//! Mistakes in definitions: each is found at its place, in words that say how to mend it.

use patchbay_descriptor::{json_schema, read};
use patchbay_model::problem::Subject;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "id": "example", "name": "Example", "description": "An example.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.example.com",
        "configFields": [{"key": "team", "label": "Team"}],
        "auth": [{"method": "api_key", "id": "key", "label": "Key",
            "credentialFields": [{"key": "key", "label": "Key"}],
            "inject": [{"in": "header", "name": "X-Key", "value": "{{secret.key}}"}]}],
        "operations": [
            {"id": "create_task", "title": "Create task", "verb": "create", "entity": "task",
             "request": {"method": "POST", "path": "/teams/{{config.team}}/tasks", "body": {"name": "{{params.name}}"}},
             "params": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
             "undo": {"operation": "delete_task", "params": {"id": "{{result.id}}"}}},
            {"id": "delete_task", "title": "Delete task", "verb": "delete", "entity": "task",
             "request": {"method": "DELETE", "path": "/tasks/{{params.id}}"},
             "params": {"type": "object", "properties": {"id": {"type": "string"}}}}
        ],
        "healthCheck": {"request": {"path": "/me"}}
    })
}

#[test]
fn a_good_definition_is_read() {
    let descriptor = read(&format!("{:#}", good()), "example.json").unwrap();
    assert_eq!(descriptor.operations.len(), 2);
}

#[test]
fn every_mistake_is_found_at_its_place() {
    let cases: Vec<(&str, Value, &str, &str)> = vec![
        ("/nmae", json!("x"), "/nmae", "unknown field \"nmae\""),
        ("/auth/0/inject/0/nam", json!("x"), "/auth/0/inject/0/nam", "Did you mean \"name\"?"),
        (
            "/auth/0/credentialFields/0/tpye",
            json!("text"),
            "/auth/0/credentialFields/0/tpye",
            "Did you mean \"type\"?",
        ),
        ("/auth/0/method", json!("oauth9"), "/auth/0/method", "not a way to sign in"),
        ("/id", json!("Not An Id"), "/id", "lower-case"),
        ("/version", json!("one"), "/version", "1.0.0"),
        ("/baseUrl", json!("http://api.example.com"), "/baseUrl", "https"),
        ("/category", json!("project-managment"), "/category", "Did you mean \"project-management\"?"),
        ("/operations/0/request/path", json!("tasks"), "/operations/0/request/path", "begins with a slash"),
        (
            "/operations/0/request/path",
            json!("/{{params.nope}}"),
            "/operations/0/request/path",
            "nothing called \"params.nope\"",
        ),
        (
            "/operations/0/request/path",
            json!("/{{ config.tean }}"),
            "/operations/0/request/path",
            "config.tean",
        ),
        ("/operations/0/request/path", json!("/{% for a in b %}"), "/operations/0/request/path", "expressions"),
        ("/operations/0/request/method", json!("GET"), "/operations/0/request/method", "not sent with GET"),
        (
            "/operations/0/undo/operation",
            json!("gone"),
            "/operations/0/undo/operation",
            "no operation \"gone\"",
        ),
        ("/operations/0/params", json!({"type": "array"}), "/operations/0/params", "type object"),
        (
            "/operations/0/params",
            json!({"type": "object", "$ref": "https://example.com/x"}),
            "/operations/0/params",
            "another document",
        ),
        ("/operations/0/resultPath", json!("$.a["), "/operations/0/resultPath", "not a path"),
        ("/operations/0/example", json!({"name": 7}), "/operations/0/example/name", "string"),
        ("/operations/1/id", json!("create_task"), "/operations/1", "there already"),
        ("/healthCheck/request/method", json!("DELETE"), "/healthCheck/request/method", "GET or HEAD"),
        ("/healthCheck/identityPath", json!("login"), "/healthCheck/identityPath", "not a path"),
        ("/configFields/0/pattern", json!("(a"), "/configFields/0/pattern", "regular expression"),
    ];
    assert!(cases.len() >= 20);
    for (place, value, want_place, want_words) in cases {
        let mut document = good();
        let (parent, name) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value;
        let problems = read(&format!("{document:#}"), "example.json").unwrap_err();
        let found = problems.iter().any(|problem| match problem.subject() {
            Some(Subject::File { line: Some(line), column: Some(_), pointer: Some(pointer), .. }) => {
                pointer == want_place
                    && problem.hint().contains(want_words)
                    && problem.hint().contains(&format!("Line {line}"))
            }
            _ => false,
        });
        assert!(found, "{place}: {problems:?}");
    }
}

#[test]
fn what_is_not_json_says_line_and_column() {
    let problems = read("{\n  \"id\": ,\n}", "x.json").unwrap_err();
    let Some(Subject::File { line, column, .. }) = problems[0].subject() else { unreachable!() };
    assert_eq!((*line, *column), (Some(2), Some(9)));
    assert!(read(&" ".repeat(2 << 20), "x.json").is_err());
    assert!(read(&"[".repeat(100_000), "x.json").is_err());
}

#[test]
fn the_first_form_of_the_document_is_brought_forward() {
    let old = json!({
        "id": "old-tool", "name": "Old tool", "description": "As it was first written.", "category": "documents",
        "icon": "file", "kind": "generic", "version": "1.0.0", "baseUrl": "https://old.example.com",
        "auth": {"method": "api_key", "config": {"delivery": "bearer", "paramName": "Authorization",
            "credentialFields": [{"key": "token", "label": "Token", "type": "password", "required": true}]}},
        "ingestion": {"mode": "polling", "endpoint": "{{baseUrl}}/items", "method": "GET", "rateLimitRpm": 60,
            "delta": {"type": "timestamp_filter", "queryParam": "since", "format": "iso8601"},
            "pagination": {"type": "cursor", "nextPath": "$.next", "nextParam": "cursor", "pageSize": 50}},
        "fieldMapping": {"itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{title}}",
            "signalTypeRules": [{"when": "$.new", "operator": "exists", "then": "item_created"}],
            "participantsPath": "$.people[*]"},
        "healthCheck": {"endpoint": "{{baseUrl}}/me", "method": "GET", "expectStatus": 200, "timeoutMs": 5000}
    });
    let descriptor = read(&old.to_string(), "old.json").unwrap();
    assert_eq!(descriptor.streams[0].request.path, "/items");
    assert_eq!(descriptor.streams[0].mapping.participants_paths, ["$.people[*]"]);
    assert_eq!(descriptor.limits.rate[0].calls, 60);
    assert_eq!(descriptor.health_check.expect_status, [200]);
    assert_eq!(descriptor.auth[0].method(), "api_key");
}

#[test]
fn the_schema_for_editors_is_the_one_that_the_types_make() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../descriptors/descriptor.schema.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept, json_schema(), "run `cargo xtask gen`");
}
