//! What does not have the shape that the format wants.

use serde_json::json;

use crate::check;

#[test]
fn a_mistake_of_shape_is_found_at_its_place() {
    check(&[
        ("/nmae", json!("x"), "/nmae", "unknown field \"nmae\". Did you mean \"name\"?"),
        ("/colour", json!("x"), "/colour", "unknown field \"colour\", expected one of"),
        ("/name", json!(7), "/name", "expected text, found the number 7"),
        ("/streams", json!({}), "/streams", "expected a list, found an object"),
        ("/category", json!("project-managment"), "/category", "Did you mean \"project-management\"?"),
        ("/auth/0/inject/0/nam", json!("x"), "/auth/0/inject/0/nam", "Did you mean \"name\"?"),
        ("/auth/0/inject/0/in", json!("headr"), "/auth/0/inject/0/in", "Did you mean \"header\"?"),
        ("/auth/0/lable", json!("x"), "/auth/0/lable", "Did you mean \"label\"?"),
        ("/auth/0/label", json!(7), "/auth/0/label", "expected text"),
        ("/auth/0/credentialFields/0/tpye", json!("text"), "/auth/0/credentialFields/0/tpye", "\"type\"?"),
        ("/auth/0/method", json!("oauth9"), "/auth/0/method", "not a way to sign in"),
        ("/auth/0/method", json!("api_kay"), "/auth/0/method", "Did you mean \"api_key\"?"),
        (
            "/auth/0",
            json!({"method": "basic", "id": "b", "label": "B"}),
            "/auth/0",
            "\"credentialFields\" is missing",
        ),
        ("/auth/0", json!("basic"), "/auth/0", "expected an object with \"method\""),
        ("/streams/0/delta/type", json!("since_idd"), "/streams/0/delta/type", "Did you mean \"since_id\"?"),
        ("/streams/0/delta/format", json!(7), "/streams/0/delta/format", "a way to write times"),
        (
            "/streams/0/delta/lookBackSeconds",
            json!("soon"),
            "/streams/0/delta/lookBackSeconds",
            "a whole number",
        ),
        ("/streams/0/delta/lookback", json!(1), "/streams/0/delta/lookback", "unknown field \"lookback\""),
        (
            "/streams/0/delta",
            json!({"type": "none", "param": "since"}),
            "/streams/0/delta/param",
            "nothing to say here",
        ),
        ("/streams/0/delta", json!({"param": "since"}), "/streams/0/delta", "\"type\" is missing"),
        ("/streams/0/pagination/next/place", json!("boddy"), "/streams/0/pagination/next/place", "\"body\"?"),
        (
            "/streams/0/pagination/next/parm",
            json!("x"),
            "/streams/0/pagination/next/parm",
            "Did you mean \"param\"?",
        ),
        (
            "/streams/0/pagination/next",
            json!({"type": "cursor", "param": "c"}),
            "/streams/0/pagination/next",
            "\"cursorPath\" is missing",
        ),
        (
            "/defaults/pagination/next/parm",
            json!("x"),
            "/defaults/pagination/next/parm",
            "unknown field \"parm\"",
        ),
        (
            "/operations/1/pagination",
            json!({"next": {"type": "pages"}}),
            "/operations/1/pagination/next/type",
            "\"page\"?",
        ),
        ("/operations/0/idempotency/ttl", json!(1), "/operations/0/idempotency/ttl", "unknown field \"ttl\""),
        (
            "/operations/1/idempotency",
            json!({"type": "natural", "ttl": 1}),
            "/operations/1/idempotency/ttl",
            "nothing to say here",
        ),
        (
            "/operations/0/idempotency/ttlSeconds",
            json!(-1),
            "/operations/0/idempotency/ttlSeconds",
            "a whole number",
        ),
        ("/operations/0/request/method", json!("FETCH"), "/operations/0/request/method", "not known here"),
        (
            "/defaults/errors/0/status",
            json!("403"),
            "/defaults/errors/0/status",
            "expected a status code such as 404",
        ),
        ("/healthCheck", json!({}), "/healthCheck", "\"request\" is missing"),
    ]);
}
