use std::collections::BTreeSet;

use patchbay_chain::Plan;
use patchbay_chain::mapping;
use patchbay_descriptor::Catalogue;
use patchbay_model::chain::Source;
use patchbay_model::{ConnectorId, Level, Trigger};
use serde_json::Value;

use super::*;
use crate::sharing::{Document, read};

/// What only the owner of an account can say. Everything else that a step needs a template fills in.
const OWN: [(&str, &str); 5] = [
    ("slack", "/channel"),
    ("jira", "/project"),
    ("linear", "/team"),
    ("notion", "/parent"),
    ("sandbox-chat", "/channel"),
];

fn shared(id: &str, text: &str) -> SharedChain {
    let document: Value = serde_json::from_str(text).unwrap();
    match read(document, Some(id)).unwrap() {
        Document::Shared(shared) => *shared,
        Document::Own(_) => panic!("{id}: a template names placeholders"),
    }
}

/// Steps whose connections are called as their connectors: what the catalogue says of them holds.
#[test]
fn every_template_fits_the_catalogue() {
    let catalogue = Catalogue::built_in();
    let mut names = BTreeSet::new();
    for (id, text) in TEMPLATES {
        let shared = shared(id, text);
        assert!(names.insert(shared.chain.name.clone()), "{id}: two templates have one name");
        assert!(!shared.chain.description.is_empty(), "{id}: says what it is for");
        for place in &shared.connections {
            assert_eq!(place.name, place.connector.as_str(), "{id}: a placeholder is called as its tool");
            assert!(shared.chain.connections().contains(&place.name.as_str()), "{id}: {} is used", place.name);
        }
        let descriptor_of = |name: &str| catalogue.get(&ConnectorId::new(name)).map(AsRef::as_ref);
        if let Trigger::Signal { connection, stream: Some(stream), .. } = &shared.chain.trigger {
            let streams = &descriptor_of(connection).unwrap().streams;
            assert!(streams.iter().any(|own| own.id == *stream), "{id}: {connection} has no {stream}");
        }
        Plan::of(&shared.chain, descriptor_of).unwrap_or_else(|problems| panic!("{id}: {problems:?}"));
        for step in shared.chain.all_steps() {
            mapping::compile(&shared.chain, step).unwrap_or_else(|problem| panic!("{id}: {problem}"));
            let Some(operation) =
                descriptor_of(&step.connection).and_then(|found| found.operation(&step.operation))
            else {
                continue;
            };
            for map in &step.mapping {
                let name = map.target.trim_start_matches('/');
                let known = operation.params["properties"].get(name).is_some();
                assert!(known, "{id}: {} has no {name}", operation.id);
                if let Source::Path { path } = &map.source {
                    check_source(id, &shared, step.for_each.as_ref().map(AsRef::as_ref), path, &catalogue);
                }
            }
        }
        let findings = mapping::findings(&shared.chain, descriptor_of);
        for finding in findings.iter().filter(|finding| finding.level == Level::Blocker) {
            let step = finding.step.as_ref().and_then(|step| shared.chain.step(step)).unwrap().1;
            let own = OWN.iter().any(|(connector, field)| {
                *connector == step.connection && !step.mapping.iter().any(|map| map.target == *field)
            });
            assert!(own, "{id}: {}", finding.text);
        }
    }
}

/// A value of an item is one that the list gives.
fn check_source(id: &str, shared: &SharedChain, each: Option<&str>, path: &str, catalogue: &Catalogue) {
    let Some(field) = path.strip_prefix("$.item.") else { return };
    let list = each.and_then(|each| shared.chain.step(&each.into())).unwrap().1;
    let descriptor = catalogue.get(&ConnectorId::new(&*list.connection)).unwrap();
    let gives = &descriptor.operation(&list.operation).unwrap().result;
    let known = serde_json::to_value(gives).unwrap()["properties"].get(field).is_some();
    assert!(known, "{id}: items of {} have no {field}", list.operation);
}

#[test]
fn every_file_is_offered() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let offered: BTreeSet<String> = TEMPLATES.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(files, offered);
    assert!(TEMPLATES.iter().filter(|(id, _)| id.starts_with("sandbox-")).count() >= 2, "some need no account");
}
