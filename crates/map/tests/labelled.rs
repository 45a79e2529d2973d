//! The matcher against pairs of tools that a person labelled: which source is right for which
//! parameter. The labels stand apart from the matcher's own words and were not made from them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail and say what they saw")]

use std::collections::BTreeMap;
use std::path::Path as File;

use patchbay_map::{Path, SourceShape, Target, propose};
use patchbay_model::chain::Source;
use serde::Deserialize;
use serde_json::Value;

/// One pair. Places are `connector/stream-or-operation`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Pair {
    from: String,
    to: String,
    /// The right sources of each parameter; any of them is right.
    right: BTreeMap<String, Vec<String>>,
    /// Sources that a person may want or not: they count neither for nor against.
    #[serde(default)]
    also_fair: BTreeMap<String, Vec<String>>,
}

fn read(place: &str) -> Value {
    let file = File::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(place);
    serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap()
}

fn named<'v>(list: &'v Value, id: &str) -> Option<&'v Value> {
    list.as_array().into_iter().flatten().find(|one| one["id"] == id)
}

/// What a stream or an operation gives: its schema, and items of its fixtures.
fn shape(place: &str) -> SourceShape {
    let (connector, id) = place.split_once('/').unwrap();
    let descriptor = read(&format!("descriptors/{connector}.json"));
    let stream = named(&descriptor["streams"], id);
    let operation = named(&descriptor["operations"], id);
    let items = match (stream, operation) {
        (Some(stream), _) => &stream["mapping"]["itemsPath"],
        (None, operation) => &operation.unwrap_or_else(|| panic!("there is no {place}"))["resultPath"],
    };
    let items = items.as_str().map(|path| Path::compile(path).unwrap());
    let mut samples = Vec::new();
    let folder = File::new(env!("CARGO_MANIFEST_DIR")).join("../../descriptors/fixtures").join(connector);
    let mut fixtures: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    fixtures.sort();
    for fixture in fixtures {
        let case =
            read(&format!("descriptors/fixtures/{connector}/{}/fixture.json", fixture.to_str().unwrap()));
        let case = &case["case"];
        if case["stream"] != id && case["operation"] != id || !case["problem"].is_null() {
            continue;
        }
        let answers = case["pages"].as_array().into_iter().flatten().chain([&case["response"]]);
        for body in answers.map(|answer| &answer["body"]).filter(|body| !body.is_null()) {
            let found = items.as_ref().map_or_else(|| vec![body], |path| path.all(body));
            let found = found
                .into_iter()
                .flat_map(|item| item.as_array().cloned().unwrap_or_else(|| vec![item.clone()]));
            samples.extend(found.filter(Value::is_object));
        }
    }
    let schema = stream.map(|s| &s["itemSchema"]).or(operation.map(|o| &o["result"])).cloned();
    SourceShape { root: "$.item".into(), schema, samples, label: place.into(), origin: Some(connector.into()) }
}

#[test]
fn the_matcher_agrees_with_a_person() {
    let pairs: Vec<Pair> = serde_json::from_value(read("crates/map/tests/labelled/pairs.json")).unwrap();
    assert!(pairs.len() >= 60, "{} pairs are labelled", pairs.len());
    let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    for pair in &pairs {
        let (connector, operation) = pair.to.split_once('/').unwrap();
        let descriptor = read(&format!("descriptors/{connector}.json"));
        let params = &named(&descriptor["operations"], operation).unwrap()["params"];
        let target = Target { schema: params, origin: Some(connector) };
        let mut open = pair.right.clone();
        for map in propose(&target, &[shape(&pair.from)]) {
            let Source::Path { path } = &map.source else { panic!("{map:?}") };
            let path = path.strip_prefix("$.item.").unwrap_or(path);
            let among = |labels: &BTreeMap<String, Vec<String>>| {
                labels.get(&map.target).is_some_and(|paths| paths.iter().any(|p| p == path))
            };
            if among(&pair.right) {
                right += 1;
                open.remove(&map.target);
            } else if !among(&pair.also_fair) {
                let (points, why) = (map.confidence.unwrap(), map.reason.unwrap());
                wrong.push(format!("{} > {}{}: {path} ({points}, {why})", pair.from, pair.to, map.target));
            }
        }
        missed.extend(open.into_iter().map(|(to, from)| format!("{} > {}{to}: {from:?}", pair.from, pair.to)));
    }
    let share = |of: usize| f64::from(right) / (f64::from(right) + of as f64);
    let (precision, recall) = (share(wrong.len()), share(missed.len()));
    println!("wrong:\n  {}\nmissed:\n  {}", wrong.join("\n  "), missed.join("\n  "));
    println!("{} pairs: precision {precision:.3}, recall {recall:.3}", pairs.len());
    assert!(precision >= 0.97 && recall >= 0.95, "precision {precision:.3}, recall {recall:.3}");
}
