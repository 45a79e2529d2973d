//! What people enter wrongly, and what has changed at the service since: per connector a fixture that
//! shows what is said then, or the reason why it does not happen.

use std::collections::BTreeMap;

use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{Case, Fixture, load};
use patchbay_model::problem::Code;
use patchbay_tests::root;
use serde::Deserialize;

/// A cell of the table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Cell {
    /// The fixture that shows it.
    Shown(String),
    /// It does not happen.
    Not { never: String },
}

/// What is looked at, and what may be said of it. Of an empty account nothing is said: it is connected,
/// and brings nothing.
const CASES: [(&str, &[Code]); 8] = [
    ("wrong key", &[Code::AuthInvalid]),
    ("missing scope", &[Code::PermissionDenied]),
    (
        "wrong site",
        &[
            Code::InvalidConfig,
            Code::NotFound,
            Code::UnexpectedContent,
            Code::TargetBlocked,
            Code::InputInvalid,
        ],
    ),
    ("expired token", &[Code::AuthInvalid]),
    ("throttled", &[Code::RateLimited]),
    ("empty account", &[]),
    ("deleted item", &[Code::NotFound]),
    ("archived project", &[Code::PermissionDenied, Code::InvalidConfig]),
];

fn table() -> BTreeMap<String, BTreeMap<String, Cell>> {
    let text = std::fs::read_to_string(root().join("tests/support/bad_input.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What is wrong with a cell, where something is.
fn wrong(cell: Option<&Cell>, codes: &[Code], fixtures: &[Fixture]) -> Option<String> {
    match cell {
        None => Some("is an empty cell".to_owned()),
        Some(Cell::Not { never }) => (never.len() < 12).then(|| format!("gives no reason: {never:?}")),
        Some(Cell::Shown(name)) => {
            let Some(fixture) = fixtures.iter().find(|fixture| fixture.name == *name) else {
                return Some(format!("has no fixture {name}"));
            };
            let fits = match fixture.case.as_ref() {
                Case::Health { problem: Some(code), .. } | Case::Operation { problem: Some(code), .. } => {
                    codes.contains(code)
                }
                Case::Stream { signals, .. } => codes.is_empty() && signals.is_empty(),
                Case::Health { healthy, .. } => codes.is_empty() && *healthy,
                Case::Operation { .. } | Case::Webhook { .. } => false,
            };
            (!fits).then(|| format!("is not what {name} shows"))
        }
    }
}

#[test]
fn every_connector_says_what_is_wrong_or_why_it_cannot_be() {
    let table = table();
    let (mut shown, mut found) = (0, Vec::new());
    for descriptor in Catalogue::built_in().all() {
        let connector = descriptor.id.as_str();
        let fixtures = load(&root().join("descriptors/fixtures").join(connector)).unwrap();
        let row = table.get(connector);
        for (case, codes) in CASES {
            let cell = row.and_then(|row| row.get(case));
            shown += usize::from(matches!(cell, Some(Cell::Shown(_))));
            found.extend(wrong(cell, codes, &fixtures).map(|why| format!("{connector}, {case}: {why}")));
        }
        let known = |case: &&String| CASES.iter().any(|(name, _)| name == case);
        assert!(row.is_none_or(|row| row.keys().all(|case| known(&case))), "{connector} has a case of its own");
    }
    assert_eq!(found, Vec::<String>::new());
    println!("{shown} cells are shown by fixtures");
    assert!(shown >= 100, "{shown}");
}

#[test]
fn a_cell_that_claims_what_nothing_shows_is_found() {
    let fixtures = load(&root().join("descriptors/fixtures/sandbox-chat")).unwrap();
    let shows = |name: &str| Cell::Shown(name.to_owned());
    assert_eq!(wrong(Some(&shows("health_wrong_key")), &[Code::AuthInvalid], &fixtures), None);
    assert!(wrong(Some(&shows("health_wrong_key")), &[Code::RateLimited], &fixtures).is_some());
    assert!(wrong(Some(&shows("health")), &[Code::AuthInvalid], &fixtures).is_some());
    assert!(wrong(Some(&shows("nothing")), &[], &fixtures).is_some());
    assert!(wrong(Some(&Cell::Not { never: String::new() }), &[], &fixtures).is_some());
    assert!(wrong(None, &[], &fixtures).is_some());
}
