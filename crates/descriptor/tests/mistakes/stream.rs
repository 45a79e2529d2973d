//! Streams: paging, going on, streams within streams, mapping.

use serde_json::json;

use crate::check;

#[test]
fn a_mistake_of_a_stream_is_found_at_its_place() {
    check(&[
        (
            "/streams/0/mapping/summaryTemplate",
            json!("{{ name }} of {{ config.taem }}"),
            "/streams/0/mapping/summaryTemplate",
            "Did you mean \"config.team\"?",
        ),
        (
            "/streams/0/mapping/urlTemplate",
            json!("https://tool.example/{{ config.taem }}/{{ id }}"),
            "/streams/0/mapping/urlTemplate",
            "Did you mean \"config.team\"?",
        ),
        (
            "/streams/0/request/cached",
            json!({"staleSeconds": 60}),
            "/streams/0/request/cached",
            "leave the seconds out",
        ),
        ("/streams/0/id", json!("All Tasks"), "/streams/0/id", "underscores"),
        ("/streams/0/request/method", json!("DELETE"), "/streams/0/request/method", "read with GET"),
        ("/streams/0/request/path", json!("/tasks?all=1"), "/streams/0/request/path", "belongs to \"query\""),
        (
            "/streams/0/pagination/next/cursorPath",
            json!("next"),
            "/streams/0/pagination/next/cursorPath",
            "not a path",
        ),
        (
            "/streams/0/pagination/next/place",
            json!("body"),
            "/streams/0/pagination/next/place",
            "goes into the body",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "page", "param": "p"}}),
            "/streams/0/pagination/pageSize",
            "needs a page size",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "next_url", "urlPath": "next"}}),
            "/streams/0/pagination/next/urlPath",
            "not a path",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "header_cursor", "header": "X Next", "param": "c"}}),
            "/streams/0/pagination/next/header",
            "letters, digits and hyphens",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "cursor", "cursorPath": "$.c", "param": "Host", "place": "header"}}),
            "/streams/0/pagination/next/param",
            "the program itself",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "sizeParam": "n", "sizePlace": "body", "pageSize": 5}),
            "/streams/0/pagination/sizePlace",
            "goes into the body",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "until": "short_page"}),
            "/streams/0/pagination/pageSize",
            "needs a page size",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "totalPath": "total"}),
            "/streams/0/pagination/totalPath",
            "not a path",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "more": {"path": "more"}}),
            "/streams/0/pagination/more/path",
            "not a path",
        ),
        // Going on, and streams within streams.
        ("/streams/0/delta", json!({"type": "timestamp_filter"}), "/streams/0/delta", "use {{since}}"),
        ("/streams/0/delta/format", json!("unixms"), "/streams/0/delta/format", "Did you mean \"unix_ms\"?"),
        ("/streams/0/delta/format", json!("%H:%M"), "/streams/0/delta/format", "cannot be read again"),
        ("/streams/0/delta/initial", json!("soon"), "/streams/0/delta/initial", "a time or a day"),
        ("/streams/0/delta/initial", json!("{{config.since}}"), "/streams/0/delta/initial", "nothing called"),
        ("/streams/0/delta/windowSeconds", json!(60), "/streams/0/delta/windowSeconds", "give \"initial\""),
        ("/streams/0/delta/place", json!("body"), "/streams/0/delta/place", "goes into the body"),
        (
            "/streams/0/delta",
            json!({"type": "timestamp_filter", "param": "s", "format": "date", "initial": "2026-01-31", "windowSeconds": 60}),
            "/streams/0/delta/windowSeconds",
            "shorter",
        ),
        (
            "/streams/0/delta",
            json!({"type": "delta_token", "tokenPath": "next"}),
            "/streams/0/delta/tokenPath",
            "not a path",
        ),
        (
            "/streams/0/delta",
            json!({"type": "cursor", "cursorPath": "$.c", "param": " "}),
            "/streams/0/delta/param",
            "empty",
        ),
        (
            "/streams/0/mapping/timestampFormats",
            json!(["unxi"]),
            "/streams/0/mapping/timestampFormats/0",
            "\"unix\"?",
        ),
        ("/streams/0/forEach", json!({"bind": {"a": "$"}}), "/streams/0/forEach", "exactly one"),
        (
            "/streams/0/forEach",
            json!({"stream": "taks", "bind": {"a": "$.id"}}),
            "/streams/0/forEach/stream",
            "Did you mean \"tasks\"?",
        ),
        (
            "/streams/0/forEach",
            json!({"stream": "tasks", "bind": {"a": "$.id"}}),
            "/streams/0/forEach/stream",
            "in no ring",
        ),
        (
            "/streams/0/forEach",
            json!({"setting": "team", "bind": {"a": "$"}}),
            "/streams/0/forEach/setting",
            "of type list",
        ),
        (
            "/streams/0/forEach",
            json!({"values": ["x"], "bind": {"a": "id"}}),
            "/streams/0/forEach/bind/a",
            "not a path",
        ),
        ("/streams/0/forEach", json!({"values": ["x"], "bind": {}}), "/streams/0/forEach/bind", "at least one"),
        (
            "/streams/0/request/path",
            json!("/tasks/{{parent.id}}"),
            "/streams/0/request/path",
            "nothing called \"parent.id\"",
        ),
        ("/streams/0/mapping/idPath", json!("id"), "/streams/0/mapping/idPath", "not a path"),
        (
            "/streams/0/mapping/summaryTemplate",
            json!("{{ name"),
            "/streams/0/mapping/summaryTemplate",
            "do not match",
        ),
        (
            "/streams/0/mapping/signalTypeRules/0/when/path",
            json!("$["),
            "/streams/0/mapping/signalTypeRules/0/when/path",
            "not a path",
        ),
        ("/streams/0/itemSchema", json!({"type": "thing"}), "/streams/0/itemSchema", "schema"),
    ]);
}
