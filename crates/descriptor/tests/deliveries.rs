//! What tools send by themselves, in their vendors' shape: each rule of a connector takes what it is
//! about, and the signal that comes of it is the one that is wanted.

use std::collections::BTreeMap;
use std::path::Path as File;

use patchbay_descriptor::Catalogue;
use patchbay_map::{Origin, Path, SignalMapper, Test};
use patchbay_model::descriptor::{Descriptor, EventType, Webhook};
use patchbay_model::id::ConnectionId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A delivery, and the signal that comes of it; none where it is passed over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    config: Map<String, Value>,
    body: Value,
    signal: Option<Value>,
}

fn deliveries(connector: &Descriptor) -> Option<Vec<Delivery>> {
    let file = File::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/deliveries/{}.json", connector.id));
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", connector.id)))
}

/// What kinds of events a delivery tells of.
fn kinds(shape: Option<&EventType>, delivery: &Delivery) -> Vec<String> {
    let Some(shape) = shape else { return Vec::new() };
    let header = shape.header.as_ref().and_then(|name| delivery.headers.get(name)).cloned();
    let found = shape.path.as_ref().map_or_else(Vec::new, |path| {
        let path = Path::compile(path).unwrap();
        path.all(&delivery.body).into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
    });
    match (header, found.as_slice()) {
        (Some(header), []) => vec![header],
        (Some(header), found) => found.iter().map(|kind| [&header, &*shape.separator, kind].concat()).collect(),
        (None, _) => found,
    }
}

/// The rule that takes a delivery, by its place, and the signals that come of it.
fn taken(connector: &Descriptor, webhook: &Webhook, delivery: &Delivery) -> Option<(usize, Vec<Value>)> {
    let kinds = kinds(webhook.event_type.as_ref(), delivery);
    let fits = |test: &_| Test::compile(test).unwrap().holds(&delivery.body);
    let (index, rule) = webhook
        .events
        .iter()
        .enumerate()
        .find(|(_, rule)| rule.is_about(&kinds) && rule.when.as_ref().is_none_or(fits))?;
    let mapping = rule.mapping.as_ref().unwrap_or_else(|| &connector.stream(&rule.stream).unwrap().mapping);
    let mapper = SignalMapper::compile(mapping).unwrap();
    let items = match (&rule.mapping, &rule.items_path) {
        (Some(_), _) => mapper.items(&delivery.body),
        (None, Some(path)) => Path::compile(path).unwrap().all(&delivery.body),
        (None, None) => vec![&delivery.body],
    };
    let id = webhook.delivery_id.as_ref().and_then(|id| match (&id.header, &id.path) {
        (Some(header), _) => delivery.headers.get(header).map(|id| json!(id)),
        (None, Some(path)) => Path::compile(path).unwrap().first(&delivery.body).cloned(),
        (None, None) => None,
    });
    let event = json!({ "type": kinds.first(), "id": id, "receivedAt": "2026-11-20T12:00:00Z" });
    let connection = ConnectionId::new("c");
    let from = Origin {
        connection: &connection,
        connector: &connector.id,
        stream: &rule.stream,
        config: &delivery.config,
    };
    let signals = items.into_iter().map(|item| {
        let mut item = item.clone();
        item["_event"] = event.clone();
        let signal = mapper.signal(&item, &from).unwrap().unwrap();
        serde_json::to_value(signal).unwrap()
    });
    Some((index, signals.collect()))
}

#[test]
fn what_tools_send_becomes_the_signals_that_are_wanted() {
    let mut played = 0;
    for connector in Catalogue::built_in().all() {
        let (Some(webhook), Some(deliveries)) = (&connector.webhook, deliveries(connector)) else { continue };
        let mut used: Vec<usize> = Vec::new();
        for (number, delivery) in deliveries.iter().enumerate() {
            let place = format!("{}, delivery {number}", connector.id);
            let Some((rule, signals)) = taken(connector, webhook, delivery) else {
                assert!(delivery.signal.is_none(), "{place}: it is passed over");
                continue;
            };
            let wanted =
                delivery.signal.as_ref().unwrap_or_else(|| panic!("{place}: it is taken: {signals:?}"));
            let [signal] = signals.as_slice() else { panic!("{place}: {signals:#?}") };
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&signal[name], value, "{place}: {name}");
            }
            used.push(rule);
            played += 1;
        }
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), webhook.events.len(), "{}: a rule takes nothing: {used:?}", connector.id);
    }
    assert!(played >= 6, "deliveries were played: {played}");
}
