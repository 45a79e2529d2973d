//! Operations, and those they name.

use serde_json::json;

use crate::{check, good, twice};

#[test]
fn a_mistake_of_an_operation_is_found_at_its_place() {
    check(&[
        (
            "/operations/0/idempotency",
            json!({"type": "body", "name": " ", "ttlSeconds": 60}),
            "/operations/0/idempotency/name",
            "it is empty",
        ),
        (
            "/operations/0/idempotency",
            json!({"type": "body", "name": "key", "nmae": "x", "ttlSeconds": 60}),
            "/operations/0/idempotency/nmae",
            "Did you mean \"name\"?",
        ),
        ("/operations/0/id", json!("Create Task"), "/operations/0/id", "underscores"),
        ("/operations", twice(&good()["operations"][2]), "/operations/1/id", "there already"),
        ("/streams", twice(&good()["streams"][0]), "/streams/1/id", "there already"),
        ("/auth", twice(&good()["auth"][0]), "/auth/1/id", "there already"),
        (
            "/configFields/1",
            json!({"key": "team", "label": "T", "required": true}),
            "/configFields/1/key",
            "there already",
        ),
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
            "\"config.team\"?",
        ),
        ("/operations/0/request/path", json!("/{% for a in b %}"), "/operations/0/request/path", "expressions"),
        (
            "/operations/2/request/path",
            json!("/tasks/{{params.since}}"),
            "/operations/2/request/path",
            "required",
        ),
        (
            "/operations/0/request/body",
            json!({"a": ["{{params.nmae}}"]}),
            "/operations/0/request/body",
            "\"params.name\"?",
        ),
        ("/operations/2/request/body", json!({}), "/operations/2/request/body", "carry no body"),
        ("/operations/1/request/method", json!("GET"), "/operations/1/request/method", "not sent with GET"),
        (
            "/operations/2/request/method",
            json!("POST"),
            "/operations/2/request/method",
            "sent with GET or HEAD",
        ),
        ("/operations/0/params/type", json!("array"), "/operations/0/params", "type object"),
        (
            "/operations/0/params/$ref",
            json!("https://example.com/x"),
            "/operations/0/params",
            "another document",
        ),
        ("/operations/0/params/pattern", json!("(a)\\1"), "/operations/0/params", "schema"),
        ("/operations/0/result", json!({"$ref": "other.json"}), "/operations/0/result", "another document"),
        ("/operations/0/resultPath", json!("$.a["), "/operations/0/resultPath", "not a path"),
        ("/operations/0/example", json!({"name": 7}), "/operations/0/example/name", "string"),
        ("/operations/0/refusedStatus", json!([42]), "/operations/0/refusedStatus/0", "100 to 599"),
        (
            "/operations/0/undo/operation",
            json!("delete_tasks"),
            "/operations/0/undo/operation",
            "Did you mean \"delete_task\"?",
        ),
        (
            "/operations/0/undo",
            json!({"operation": "list_tasks"}),
            "/operations/0/undo/operation",
            "changes something",
        ),
        ("/operations/0/undo/params", json!({}), "/operations/0/undo/params", "\"delete_task\" needs \"id\""),
        ("/operations/0/undo/params/idd", json!("1"), "/operations/0/undo/params/idd", "Did you mean \"id\"?"),
        (
            "/operations/0/undo/params/id",
            json!("{{reslt.id}}"),
            "/operations/0/undo/params/id",
            "nothing called",
        ),
        (
            "/operations/0/undo/before",
            json!({"operation": "list_tasks"}),
            "/operations/0/undo/before/operation",
            "name a \"get\"",
        ),
        (
            "/operations/0/undo/params/id",
            json!("{{before.id}}"),
            "/operations/0/undo/params/id",
            "nothing called",
        ),
        (
            "/operations/0/request/body",
            json!({"$each": "{{params.name|lines}}", "$give": "{{ech}}"}),
            "/operations/0/request/body",
            "nothing called \"ech\"",
        ),
        (
            "/operations/0/request/body",
            json!({"$each": "{{params.name|lines}}"}),
            "/operations/0/request/body",
            "beside $give",
        ),
        (
            "/operations/0/lookup",
            json!({"operation": "delete_task", "params": {"id": "1"}, "matches": "{{ item.id == 1 }}"}),
            "/operations/0/lookup/operation",
            "only reads",
        ),
        (
            "/operations/0/lookup/matches",
            json!("{{ params.name == params.name }}"),
            "/operations/0/lookup/matches",
            "item.…",
        ),
        (
            "/operations/2/undo",
            json!({"operation": "delete_task", "params": {"id": "1"}}),
            "/operations/2/undo",
            "needs no undo",
        ),
    ]);
}
