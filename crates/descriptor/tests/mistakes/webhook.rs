//! What a tool sends by itself.

use patchbay_descriptor::read;
use serde_json::{Value, json};

use crate::{check_in, good};

fn sending() -> Value {
    let mut document = good();
    document["webhook"] = json!({
        "verify": {"mode": "hmac", "header": "X-Signature", "prefix": "v0=", "signed": "{{timestamp}}.{{body}}",
            "timestamp": {"header": "X-Time", "toleranceSeconds": 300}},
        "deliveryId": {"header": "X-Delivery"},
        "eventType": {"header": "X-Event", "path": "$.action"},
        "handshakes": [
            {"when": {"path": "$.type", "operator": "equals", "value": "hello"}, "signed": true,
             "value": {"path": "$.challenge"}, "answer": {"again": "{{value}}", "proof": "{{hmac}}"}},
            {"method": "HEAD"}
        ],
        "events": [
            {"types": ["task.*"], "stream": "tasks", "itemsPath": "$.task"},
            {"stream": "notes", "mapping": {"itemsPath": "$", "idPath": "$.id", "timestampPath": "$.at",
                "summaryTemplate": "{{ text }}", "signalTypeRules": [], "defaultSignalType": "noted"}}
        ],
        "subscription": {
            "subscribe": {"operation": "create_task", "params": {"name": "{{webhook.address}}"}, "idPath": "$.id", "expiresPath": "$.until", "lifetimeSeconds": 3600},
            "renew": {"operation": "delete_task", "params": {"id": "{{subscription.id}}"}},
            "unsubscribe": {"operation": "delete_task", "params": {"id": "{{subscription.id}}"}}
        }
    });
    document
}

fn check(cases: &[(&str, Value, &str, &str)]) {
    check_in(&sending(), cases);
}

#[test]
fn a_good_webhook_is_read() {
    let descriptor = read(&format!("{:#}", sending()), "example.json").unwrap();
    let webhook = descriptor.webhook.unwrap();
    assert_eq!((webhook.events.len(), webhook.largest()), (2, 262_144));
}

#[test]
fn a_token_stands_in_one_place() {
    let mut document = sending();
    // Nothing can be hashed with a token.
    document["webhook"]["handshakes"] = json!([]);
    let verify = "/webhook/verify";
    let token = |members: Value| {
        let mut all = json!({"mode": "token"});
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        all
    };
    document["webhook"]["verify"] = token(json!({"path": "$.value[*].key"}));
    read(&format!("{document:#}"), "example.json").unwrap();
    check_in(
        &document,
        &[
            (verify, token(json!({})), verify, "exactly one of header and path"),
            (verify, token(json!({"header": "X", "path": "$.key"})), verify, "exactly one of header and path"),
            (verify, token(json!({"path": "key"})), "/webhook/verify/path", "not a path"),
            (
                verify,
                token(json!({"path": "$.key", "prefix": "x"})),
                "/webhook/verify/prefix",
                "a header holds",
            ),
        ],
    );
}

#[test]
fn a_mistake_of_a_verification_is_found_at_its_place() {
    let verify = "/webhook/verify";
    check(&[
        (verify, json!({"mode": "hmca", "header": "X"}), "/webhook/verify/mode", "Did you mean \"hmac\"?"),
        (verify, json!({"header": "X"}), verify, "\"mode\" is missing"),
        (verify, json!({"mode": "hmac"}), verify, "\"header\" is missing"),
        (
            verify,
            json!({"mode": "token", "header": "X", "prefx": "Bearer "}),
            "/webhook/verify/prefx",
            "Did you mean \"prefix\"?",
        ),
        (
            "/webhook/verify/header",
            json!("X Signature"),
            "/webhook/verify/header",
            "letters, digits and hyphens",
        ),
        ("/webhook/verify/algorithm", json!("md5"), "/webhook/verify/algorithm", "not known here"),
        ("/webhook/verify/signed", json!("{{timestamp}}"), "/webhook/verify/signed", "does not cover the body"),
        (
            "/webhook/verify/signed",
            json!("{{timestamp}}{{bdy}}"),
            "/webhook/verify/signed",
            "Did you mean \"body\"?",
        ),
        ("/webhook/verify/signed", json!("{{timestamp}}{{body"), "/webhook/verify/signed", "nothing called"),
        ("/webhook/verify/signed", json!("{{body}}"), "/webhook/verify/signed", "the time is not signed"),
        (
            "/webhook/verify/signed",
            json!("{{timestamp}}{{sortedForm}}"),
            "/webhook/verify/signed",
            "is of forms",
        ),
        (
            verify,
            json!({"mode": "hmac", "header": "X", "signed": "{{timestamp}}{{body}}"}),
            "/webhook/verify/signed",
            "nothing without \"timestamp\"",
        ),
        (
            "/webhook/verify/timestamp",
            json!({"header": "X-Time", "path": "$.at"}),
            "/webhook/verify/timestamp",
            "exactly one",
        ),
        (
            "/webhook/verify/timestamp",
            json!({"field": "t"}),
            "/webhook/verify/timestamp/field",
            "there is none",
        ),
        (
            "/webhook/verify/timestamp/toleranceSeconds",
            json!(0),
            "/webhook/verify/timestamp/toleranceSeconds",
            "from 1 to 86,400",
        ),
        ("/webhook/verify/timestamp/format", json!("date"), "/webhook/verify/timestamp/format", "too coarse"),
        (
            "/webhook/verify/list",
            json!({"separator": ",", "assign": "v", "field": "v1"}),
            "/webhook/verify/list/assign",
            "one character",
        ),
    ]);
}

#[test]
fn a_mistake_of_a_delivery_is_found_at_its_place() {
    check(&[
        ("/webhook/secret", json!({"source": "captured"}), "/webhook/secret/source", "no handshake"),
        ("/webhook/helpUrl", json!("http://x.example"), "/webhook/helpUrl", "https"),
        ("/webhook/instructions", json!(["Open it", " "]), "/webhook/instructions/1", "it is empty"),
        ("/webhook/methods", json!(["GET"]), "/webhook/methods/0", "belong to handshakes"),
        ("/webhook/contentTypes", json!(["JSON"]), "/webhook/contentTypes/0", "a media type"),
        (
            "/webhook/contentTypes",
            json!(["multipart/form-data"]),
            "/webhook/contentTypes/0",
            "several parts are not taken",
        ),
        ("/webhook/formField", json!("payload"), "/webhook/formField", "takes none"),
        ("/webhook/maxBytes", json!(30_000_000), "/webhook/maxBytes", "26,214,400"),
        ("/webhook/deliveryId", json!({}), "/webhook/deliveryId", "exactly one"),
        ("/webhook/deliveryId", json!({"path": "id"}), "/webhook/deliveryId/path", "not a path"),
        ("/webhook/eventType", json!({}), "/webhook/eventType", "header, path or both"),
        ("/webhook/colour", json!("red"), "/webhook/colour", "unknown field"),
    ]);
}

#[test]
fn a_mistake_of_a_handshake_is_found_at_its_place() {
    let one = "/webhook/handshakes/0";
    check(&[
        (one, json!({}), one, "what tells it from an event"),
        (
            one,
            json!({"value": {"path": "$.c"}, "answer": "{{hmac}}"}),
            "/webhook/handshakes/0/answer",
            "only for handshakes that are \"signed\"",
        ),
        (
            one,
            json!({"value": {"path": "$.c"}, "answer": {"x": "{{vlaue}}"}}),
            "/webhook/handshakes/0/answer",
            "{{value}} and {{hmac}}",
        ),
        (one, json!({"value": {"path": "$.c", "query": "c"}}), "/webhook/handshakes/0/value", "exactly one"),
        (
            one,
            json!({"method": "GET", "value": {"path": "$.c"}}),
            "/webhook/handshakes/0/value/path",
            "has no body",
        ),
        (
            one,
            json!({"method": "HEAD", "answerHeader": "X"}),
            "/webhook/handshakes/0/answerHeader",
            "no \"value\"",
        ),
        (one, json!({"value": {"header": "X"}, "capture": true}), "/webhook/secret/source", "say \"captured\""),
    ]);
}

#[test]
fn a_mistake_of_an_event_or_a_subscription_is_found_at_its_place() {
    let events = "/webhook/events";
    check(&[
        (events, json!([]), events, "which signals"),
        ("/webhook/events/0/stream", json!("task"), "/webhook/events/0/stream", "Did you mean \"tasks\"?"),
        ("/webhook/events/0/types", json!(["a*b"]), "/webhook/events/0/types/0", "at the end only"),
        ("/webhook/events/0/itemsPath", json!("task"), "/webhook/events/0/itemsPath", "not a path"),
        ("/webhook/events/1/itemsPath", json!("$.x"), "/webhook/events/1/itemsPath", "has its own"),
        ("/webhook/events/1/mapping/idPath", json!("id"), "/webhook/events/1/mapping/idPath", "not a path"),
        (
            "/webhook/subscription/subscribe/operation",
            json!("make_task"),
            "/webhook/subscription/subscribe/operation",
            "no operation \"make_task\"",
        ),
        (
            "/webhook/subscription/unsubscribe",
            json!({"operation": "list_tasks"}),
            "/webhook/subscription/unsubscribe/operation",
            "changes something",
        ),
        (
            "/webhook/subscription/subscribe/params/name",
            json!("{{webhook.adress}}"),
            "/webhook/subscription/subscribe/params/name",
            "Did you mean \"webhook.address\"?",
        ),
        (
            "/webhook/subscription/subscribe/secretAt",
            json!("secret"),
            "/webhook/subscription/subscribe/secretAt",
            "a JSON pointer",
        ),
        (
            "/webhook/subscription/unsubscribe/params",
            json!({}),
            "/webhook/subscription/unsubscribe/params",
            "needs \"id\"",
        ),
    ]);
}

#[test]
fn ways_hints_and_answered_secrets_are_checked() {
    let mut document = sending();
    document["webhook"]["handshakes"] = json!([{"value": {"path": "$.token"}, "capture": true, "shown": true}]);
    document["webhook"]["secret"] = json!({"source": "captured"});
    document["webhook"]["verify"] = json!({"mode": "any_of", "ways": [{"mode": "standard_webhooks"}, {"mode": "token", "header": "X-Token"}]});
    document["webhook"]["events"] = json!([{"types": ["task.*"], "stream": "tasks", "hint": true}]);
    read(&format!("{document:#}"), "example.json").unwrap();
    let ways = "/webhook/verify/ways";
    check_in(
        &document,
        &[
            (ways, json!([{"mode": "standard_webhooks"}]), ways, "two to four"),
            (
                "/webhook/verify/ways/1",
                json!({"mode": "none", "because": "x"}),
                "/webhook/verify/ways/1",
                "prove nothing",
            ),
            (
                "/webhook/verify/ways/1",
                json!({"mode": "any_of", "ways": []}),
                "/webhook/verify/ways/1",
                "one after another",
            ),
            (
                "/webhook/verify/ways/1/header",
                json!("no header"),
                "/webhook/verify/ways/1/header",
                "letters, digits",
            ),
            (
                "/webhook/verify/ways/1/mode",
                json!("tokens"),
                "/webhook/verify/ways/1/mode",
                "Did you mean \"token\"?",
            ),
            ("/webhook/events/0/stream", json!("notes"), "/webhook/events/0/stream", "that is read"),
            ("/webhook/events/0/itemsPath", json!("$.task"), "/webhook/events/0/hint", "nothing of a hint"),
        ],
    );
    let path = "/webhook/subscription/subscribe/secretPath";
    check(&[
        (
            "/webhook/handshakes/1",
            json!({"method": "HEAD", "shown": true}),
            "/webhook/handshakes/1/shown",
            "is captured",
        ),
        (path, json!("$.secret"), path, "say source \"answered\""),
        ("/webhook/secret", json!({"source": "answered"}), "/webhook/secret/source", "add \"secretPath\""),
    ]);
}
