//! What a request carries and how it is answered.

use serde_json::json;

use crate::check;

#[test]
fn a_mistake_of_a_request_is_found_at_its_place() {
    check(&[
        ("/operations/0/request/xmlLists", json!(["a"]), "/operations/0/request/xmlLists", "only XML"),
        ("/operations/0/request/cached", json!({}), "/operations/0/request/cached", "answers to GET"),
        (
            "/operations/0/request/bodyFormat",
            json!("xml"),
            "/operations/0/request/bodyFormat",
            "not known here",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "body": ["a"], "bodyFormat": "form"}),
            "/operations/0/request/body",
            "a form is an object",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "body": {}, "graphql": {"query": "mutation { a }"}}),
            "/operations/0/request/graphql",
            "the place of a body",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "{ a }"}}),
            "/operations/0/request/graphql/query",
            "is a mutation",
        ),
        (
            "/operations/0/request",
            json!({"method": "PUT", "path": "/x", "graphql": {"query": "mutation { a }"}}),
            "/operations/0/request/method",
            "sent with POST",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "mutation { a(b: \"{{params.name}}\") }"}}),
            "/operations/0/request/graphql/query",
            "goes into \"variables\"",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "mutation { a }", "variables": {"b": "{{params.nmae}}"}}}),
            "/operations/0/request/graphql/variables/b",
            "\"params.name\"?",
        ),
        (
            "/streams/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "mutation { a }"}}),
            "/streams/0/request/graphql/query",
            "a stream only reads",
        ),
        (
            "/streams/0/request",
            json!({"path": "/x", "errors": [{"body": {"path": "ok"}, "action": "fail"}]}),
            "/streams/0/request/errors/0/body/path",
            "not a path",
        ),
        (
            "/streams/0/request",
            json!({"path": "/x", "rate": [{"calls": 0, "seconds": 1}]}),
            "/streams/0/request/rate/0/calls",
            "at least 1",
        ),
    ]);
}
