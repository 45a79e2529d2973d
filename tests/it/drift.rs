//! Generated files are what their generators make.

use patchbay_tests::root;

#[test]
fn the_schema_of_the_connector_format_is_current() {
    let kept = std::fs::read_to_string(root().join("descriptors/descriptor.schema.json")).unwrap();
    let made = format!("{:#}\n", patchbay_descriptor::json_schema());
    assert!(kept == made, "descriptors/descriptor.schema.json has drifted: run `cargo xtask gen`");
}

#[test]
fn the_schema_of_chains_is_current() {
    let kept = std::fs::read_to_string(root().join("docs/chain.schema.json")).unwrap();
    let made = format!("{:#}\n", patchbay_descriptor::chain_schema());
    assert!(kept == made, "docs/chain.schema.json has drifted: run `cargo xtask gen`");
}

#[test]
fn the_bindings_of_the_interface_are_current() {
    let kept = std::fs::read_to_string(root().join("ui/src/bindings/wire.ts")).unwrap();
    assert!(
        kept == patchbay_api::bindings::module(),
        "ui/src/bindings/wire.ts has drifted: run `cargo xtask gen`"
    );
}

#[test]
fn the_overview_of_the_connectors_is_current() {
    let kept = std::fs::read_to_string(root().join("descriptors/README.md")).unwrap();
    let made = patchbay_tests::overview::overview();
    assert!(kept == made, "descriptors/README.md has drifted: run `cargo xtask gen`");
    assert!(!made.contains("**nothing**"), "a part of a connector has no fixture: {made}");
    // What is native has no vendor: nothing in its fixtures speaks for one.
    let (_, files) = made.split_once("\n## Local files\n").unwrap();
    let files = files.split("\n## ").next().unwrap();
    assert!(files.contains("| adapter's tests |") && !files.contains("| fixture |"), "{files}");
}

/// What may back a part of a connector.
const BACKED: [&str; 5] = [
    "vendor's schema",
    "recording",
    "fixture; what is sent by the vendor's schema",
    "fixture",
    "adapter's tests",
];

#[test]
fn no_cell_of_the_overview_is_empty_and_no_part_of_a_connector_is_missing() {
    let made = patchbay_tests::overview::overview();
    let mut sections = made.split("\n## ").skip(1);
    let mut parts = 0;
    for descriptor in patchbay_descriptor::Catalogue::built_in().all() {
        let section = sections.next().unwrap();
        assert!(section.starts_with(&descriptor.name), "{section}");
        let mut shown = Vec::new();
        for line in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| part ")) {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 4, "{}: {line}", descriptor.id);
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{}: an empty cell: {line}", descriptor.id);
            assert!(BACKED.contains(&cells[2]), "{}: backed by nothing known: {line}", descriptor.id);
            assert!(cells[3].parse::<u32>().is_ok_and(|count| count > 0), "{}: {line}", descriptor.id);
            let id = cells[1].split('`').nth(1).unwrap_or_default();
            shown.push(match cells[0] {
                part @ ("stream" | "operation") => format!("{part} {id}"),
                part => part.to_owned(),
            });
        }
        let mut wanted = vec!["health check".to_owned()];
        wanted.extend(descriptor.streams.iter().map(|stream| format!("stream {}", stream.id)));
        wanted.extend(descriptor.webhook.iter().map(|_| "webhook".to_owned()));
        wanted.extend(descriptor.operations.iter().map(|operation| format!("operation {}", operation.id)));
        assert_eq!(shown, wanted, "{}", descriptor.id);
        parts += shown.len();
    }
    assert!(sections.next().is_none(), "a connector that does not ship");
    println!("{parts} parts of connectors, each backed");
}

#[test]
fn every_query_has_its_offline_data_and_nothing_else_has() {
    // The build itself fails on a query without data; data without a query is what remains to find.
    let mut queries = 0;
    let mut stack = vec![root().join("crates/store/src")];
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                stack.push(entry);
            } else {
                let text = std::fs::read_to_string(&entry).unwrap();
                queries += text.matches("sqlx::query").count() + text.matches("changed!(").count();
            }
        }
    }
    let data = std::fs::read_dir(root().join("crates/store/.sqlx")).unwrap().count();
    assert!(data > 20, "the offline data is missing");
    assert!(data <= queries, "{data} files for {queries} queries: run `cargo xtask gen`");
}
