//! Fixtures: those that ship can be read and leave nothing out; those with a mistake say so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{Case, load};
use patchbay_model::problem::Subject;
use serde_json::json;

/// An empty folder of this name.
#[expect(clippy::unwrap_used, reason = "without a folder there is nothing to test")]
fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn shipped(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../descriptors/fixtures").join(id)
}

#[test]
fn every_operation_stream_and_health_check_that_ships_has_a_fixture() {
    let catalogue = Catalogue::built_in();
    assert!(catalogue.all().count() >= 3);
    for connector in catalogue.all() {
        let fixtures = load(&shipped(connector.id.as_str())).unwrap();
        let mut played = BTreeSet::new();
        for fixture in &fixtures {
            match &*fixture.case {
                Case::Stream { stream, .. } => played.insert(format!("stream {stream}")),
                Case::Operation { operation, .. } => played.insert(format!("operation {operation}")),
                Case::Health { healthy: true, .. } => played.insert("health".into()),
                Case::Webhook { ignored: false, answer: None, .. } => played.insert("webhook".into()),
                Case::Health { .. } | Case::Webhook { .. } => false,
            };
        }
        let mut wanted: BTreeSet<_> =
            connector.operations.iter().map(|o| format!("operation {}", o.id)).collect();
        wanted.extend(connector.streams.iter().map(|s| format!("stream {}", s.id)));
        wanted.insert("health".into());
        wanted.extend(connector.webhook.iter().map(|_| "webhook".to_owned()));
        assert_eq!(played, wanted, "{}", connector.id);
    }
}

#[test]
fn a_fixture_with_a_mistake_is_never_passed_over() {
    let health = |more: &str| {
        format!(
            "{{\n \"proof\": \"fixture_only\",\n \"case\": {{\"kind\": \"health\", \"response\": {{}}, {more}}}\n}}"
        )
    };
    let cases = [
        ("fixture.json", health("\"healthy\": true"), None),
        ("fixtures.json", health("\"healthy\": true"), Some("cannot be read")),
        ("fixture.json", health("\"healthy\": true, \"problem\": \"AUTH_INVALID\""), Some("no problem")),
        ("fixture.json", health("\"healthy\": true, \"identty\": \"x\""), Some("Line 3: unknown field \"identty\". Did you mean")),
        ("fixture.json", health("\"healthy\": true").replace("proof", "prof"), Some("Line 2: unknown field \"prof\"")),
        ("fixture.json", health("\"healthy\": true").replace("fixture_only", "trust_me"), Some("Line 2: \"trust_me\" is not known here")),
        ("fixture.json", "{".into(), Some("not JSON")),
        (
            "fixture.json",
            "{\"proof\": \"fixture_only\", \"case\": {\"kind\": \"stream\", \"stream\": \"s\", \"pages\": [], \"signals\": []}}".into(),
            Some("at least one page"),
        ),
    ];
    for (name, text, words) in cases {
        let folder = empty("a_fixture_with_a_mistake");
        std::fs::create_dir(folder.join("one")).unwrap();
        std::fs::write(folder.join("one").join(name), &text).unwrap();
        std::fs::write(folder.join("README"), "Not a case.").unwrap();
        match (load(&folder), words) {
            (Ok(fixtures), None) => assert_eq!(fixtures[0].name, "one"),
            (Err(problem), Some(words)) => {
                assert!(problem.hint().contains(words), "{words}: {problem:?}");
                assert!(matches!(problem.subject(), Some(Subject::File { path, .. }) if path.contains("one")));
            }
            (outcome, _) => panic!("{name} {text}: {outcome:?}"),
        }
    }
    assert!(load(Path::new("no such folder")).unwrap().is_empty());
}

#[test]
fn the_authors_guide_shows_fixtures_that_can_be_read_and_every_filter() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/descriptor.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let folder = empty("the_authors_guide");
    let (before, fixtures) = guide.split_once("\n## Fixtures\n").unwrap();
    let examples = |text: &str| -> Vec<String> {
        text.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
    };
    let sign_in = examples(before).into_iter().find(|example| example.contains("\"method\": \"oauth2\""));
    let read: Result<patchbay_model::descriptor::AuthMethod, _> = serde_json::from_str(&sign_in.unwrap());
    assert!(read.unwrap().oauth().is_some(), "the guide's sign-in can be read");
    let webhook = examples(before).into_iter().find(|example| example.starts_with("\"webhook\": ")).unwrap();
    let read: Result<patchbay_model::descriptor::Webhook, _> =
        serde_json::from_str(webhook.trim_start_matches("\"webhook\": "));
    assert!(!read.unwrap().events.is_empty(), "the guide's webhook can be read");
    let handshakes = examples(before).into_iter().find(|example| example.contains("url_verification")).unwrap();
    for line in handshakes.lines() {
        let read: Result<patchbay_model::descriptor::Handshake, _> = serde_json::from_str(line);
        assert!(read.is_ok(), "{line}: {read:?}");
    }
    for (index, example) in examples(fixtures).iter().enumerate() {
        let case = folder.join(index.to_string());
        std::fs::create_dir(&case).unwrap();
        std::fs::write(case.join("fixture.json"), example).unwrap();
    }
    assert_eq!(load(&folder).unwrap().len(), 4, "one of each kind");
    for (filter, _) in patchbay_map::FILTERS {
        assert!(guide.contains(&format!("`{filter}`")), "{filter} is not in the guide");
    }
}

/// What an undo brings back fits the operation that brings it back, for what the fixture of the read before
/// holds.
#[test]
fn what_was_there_before_fits_the_operation_that_brings_it_back() {
    let mut tried = 0;
    for connector in Catalogue::built_in().all() {
        let fixtures = load(&shipped(connector.id.as_str())).unwrap();
        for operation in &connector.operations {
            let Some((undo, before)) = operation.undo.as_ref().and_then(|u| Some((u, u.before.as_ref()?)))
            else {
                continue;
            };
            let place = format!("{}/{}", connector.id, operation.id);
            let read = connector.operation(&before.operation).unwrap();
            let found = fixtures.iter().find_map(|fixture| match &*fixture.case {
                Case::Operation { operation, response, problem: None, .. } if *operation == read.id => {
                    response.body.clone()
                }
                _ => None,
            });
            let found = found.unwrap_or_else(|| panic!("{place}: nothing shows what {} finds", read.id));
            let found = match &read.result_path {
                Some(path) => patchbay_map::Path::compile(path).unwrap().first(&found).unwrap().clone(),
                None => found,
            };
            // Everything that can be set is set.
            let params = operation.example.clone().unwrap_or_else(|| panic!("{place} has no example"));
            let mut whole = params.as_object().unwrap().clone();
            for name in operation.params["properties"].as_object().unwrap().keys() {
                whole.entry(name.clone()).or_insert_with(|| json!(1));
            }
            for (params, all) in [(json!(whole), true), (params, false)] {
                let scope = json!({"before": found, "params": params, "result": {"id": "1"}});
                let template = json!(undo.params);
                let template = patchbay_map::JsonTemplate::compile(&template).unwrap();
                let asked = template.render(&scope).unwrap().unwrap();
                let back = connector.operation(&undo.operation).unwrap();
                let misfits = patchbay_map::Schema::compile(&back.params).unwrap().check(&asked);
                assert!(misfits.is_ok(), "{place}: {asked}: {misfits:?}");
                let required = back.params["required"].as_array().map_or(0, Vec::len);
                let brings = asked.as_object().unwrap().len();
                assert!(!all || brings > required || brings == undo.params.len(), "{place}: {asked}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 18, "{tried}");
}
