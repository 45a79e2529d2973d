//! One item to a signal, eight fields, on one core. Run by `cargo xtask bench map`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement says what went wrong by ending")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use patchbay_map::{Origin, SignalMapper};
use patchbay_model::{ConnectionId, ConnectorId};
use serde_json::{Value, json};

fn main() {
    let mapper = SignalMapper::compile(
        &serde_json::from_value(json!({
            "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.updated_at", "urlPath": "$.html_url",
            "summaryTemplate": "{{title}} ({{user.login}})", "defaultSignalType": "item_updated",
            "signalTypeRules": [{"when": {"path": "$.state", "operator": "equals", "value": "closed"}, "then": "item_closed"}],
            "priorityMapping": [{"when": {"path": "$.priority", "operator": "in", "value": ["p0"]}, "then": "critical"}],
            "participantsPaths": ["$.user.login"], "tagsPath": "$.labels[*].name",
        }))
        .unwrap(),
    )
    .unwrap();
    let items: Vec<Value> = (0..1_000)
        .map(|id| {
            json!({
                "id": id, "title": format!("Something about {id} is not right"), "state": "open",
                "updated_at": "2026-10-01T10:00:00Z", "html_url": "https://tool.example/items/1",
                "user": {"login": "person", "id": 7}, "priority": "p1",
                "labels": [{"name": "area"}, {"name": "kind"}], "comments": 4, "locked": false,
                "body": "Steps to see it, what was expected and what came instead. ".repeat(9),
            })
        })
        .collect();
    let (connection, connector) = (ConnectionId::new("c"), ConnectorId::new("t"));
    let config = serde_json::Map::new();
    let origin = Origin { connection: &connection, connector: &connector, stream: "items", config: &config };
    let round = || {
        let started = Instant::now();
        for item in &items {
            black_box(mapper.signal(black_box(item), &origin).unwrap());
        }
        started.elapsed() / items.len() as u32
    };
    let mut rounds: Vec<Duration> = (0..100).map(|_| round()).collect();
    rounds.sort();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "item to signal, eight fields  {:>6.2} µs, middle of 100 rounds (fastest {:.2}; bar: 6 µs)",
        micros(rounds[50]),
        micros(rounds[0])
    );
}
