//! The house's rules, as data. A broken rule is named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use patchbay_tests::root;

/// Crate, level, and the dependencies that only it may use, or that it shares with the other owners.
const CRATES: &[(&str, u32, &[&str])] = &[
    ("patchbay-model", 0, &[]),
    ("patchbay-map", 1, &["jsonpath-rust", "minijinja", "jsonschema"]),
    (
        "patchbay-vault",
        1,
        &["keyring-core", "secret-service", "zbus-secret-service-keyring-store", "chacha20poly1305", "argon2"],
    ),
    ("patchbay-net", 1, &["reqwest", "rustls", "hyper", "hyper-util"]),
    ("patchbay-store", 1, &["sqlx"]),
    ("patchbay-descriptor", 2, &["serde_path_to_error"]),
    ("patchbay-sandbox", 2, &[]),
    ("patchbay-auth", 3, &[]),
    ("patchbay-connector", 4, &["backon", "cap-std", "cap-fs-ext"]),
    ("patchbay-ingest", 5, &["croner"]),
    ("patchbay-chain", 5, &[]),
    ("patchbay-api", 6, &["tracing-subscriber", "tracing-appender"]),
    ("patchbay-headless", 7, &["clap"]),
    ("patchbay", 7, WINDOW),
];

/// What belongs to the window.
const WINDOW: &[&str] = &[
    "tauri",
    "tauri-build",
    "tauri-plugin-single-instance",
    "tauri-plugin-window-state",
    "gtk",
    "notify-rust",
];

/// Crates that stay pure and synchronous.
const PURE: &[&str] = &["patchbay-model", "patchbay-map"];
/// What a pure crate does not use.
const IMPURE: &[&str] = &["tokio", "futures-util", "async-trait", "axum", "nix", "tracing"];
/// Crates that know no HTTP, and what they then do not use.
const NO_HTTP: &[&str] = &["patchbay-store", "patchbay-vault"];
const HTTP: &[&str] = &["axum", "url", "reqwest"];

/// What may be in the graph once only.
const SINGLE: &[&str] = &["reqwest", "rustls", "libsqlite3-sys", "sqlx", "sqlx-core"];

/// Package → what it depends on, tests aside.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph() -> Graph {
    read_graph(|kind| kind != cargo_metadata::DependencyKind::Development)
}

fn read_graph(wanted: impl Fn(cargo_metadata::DependencyKind) -> bool) -> Graph {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    metadata
        .packages
        .iter()
        .map(|package| {
            let dependencies =
                package.dependencies.iter().filter(|d| wanted(d.kind)).map(|d| d.name.clone()).collect();
            (package.name.to_string(), dependencies)
        })
        .collect()
}

/// What belongs to another crate; the tests of a crate keep to this, too.
fn not_its_own(package: &str, dependency: &str) -> Option<String> {
    let mut owners = CRATES.iter().filter(|(_, _, owned)| owned.contains(&dependency)).map(|(name, ..)| name);
    let first = owners.clone().next()?;
    (!owners.any(|owner| *owner == package))
        .then(|| format!("rule 5, one owner: {package} uses {dependency}, which belongs to {first}"))
}

/// Names of `SINGLE` that a lock file has more than once or not at all.
fn not_single(lock: &str) -> Vec<String> {
    SINGLE
        .iter()
        .filter_map(|name| {
            let count = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
            (count != 1).then(|| format!("one copy each: {name} is in the graph {count} times"))
        })
        .collect()
}

/// Every broken rule, in words.
fn broken(graph: &Graph) -> Vec<String> {
    let level = |name: &str| CRATES.iter().find(|(own, ..)| *own == name).map(|(_, level, _)| *level);
    let mut broken = Vec::new();
    for (package, dependencies) in graph.iter().filter(|(name, _)| name.starts_with("patchbay")) {
        let Some(own) = level(package) else {
            if package != "patchbay-tests" {
                broken.push(format!("every crate has a place: {package} is not in the table"));
            }
            continue;
        };
        for dependency in dependencies {
            if let Some(theirs) = level(dependency)
                && theirs >= own
            {
                broken.push(format!(
                    "rule 1, arrows go only down: {package} (level {own}) uses {dependency} (level {theirs})"
                ));
            }
            broken.extend(not_its_own(package, dependency));
            if PURE.contains(&package.as_str()) && IMPURE.contains(&dependency.as_str()) {
                broken.push(format!(
                    "rule 2, model and map are pure and synchronous: {package} uses {dependency}"
                ));
            }
            if NO_HTTP.contains(&package.as_str()) && HTTP.contains(&dependency.as_str()) {
                broken.push(format!("rule 3, store and vault know no HTTP: {package} uses {dependency}"));
            }
        }
    }
    broken
}

#[test]
fn the_house_keeps_its_rules() {
    let graph = graph();
    assert!(graph.len() >= CRATES.len(), "the workspace was not read");
    assert_eq!(broken(&graph), Vec::<String>::new());
    let for_tests = read_graph(|kind| kind == cargo_metadata::DependencyKind::Development);
    let borrowed: Vec<_> = for_tests
        .iter()
        // The tests of whole processes and the tool around them are no part of the product.
        .filter(|(package, _)| CRATES.iter().any(|(own, ..)| own == package))
        .flat_map(|(package, names)| names.iter().filter_map(|name| not_its_own(package, name)))
        .collect();
    assert_eq!(borrowed, Vec::<String>::new());
}

#[test]
fn what_must_not_be_doubled_is_there_once() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert_eq!(not_single(&lock), Vec::<String>::new());
    let doubled = format!("{lock}\n[[package]]\nname = \"reqwest\"\nversion = \"0.12.0\"\n");
    assert_eq!(not_single(&doubled), ["one copy each: reqwest is in the graph 2 times"]);
    assert_eq!(not_single("").len(), SINGLE.len());
}

#[test]
fn each_rule_is_noticed_when_it_is_broken() {
    let cases = [
        ("patchbay-net", "patchbay-store", "rule 1"),
        ("patchbay-store", "patchbay-chain", "rule 1"),
        ("patchbay-model", "tokio", "rule 2"),
        ("patchbay-store", "axum", "rule 3"),
        ("patchbay-chain", "sqlx", "rule 5"),
        ("patchbay-api", "reqwest", "rule 5"),
        ("patchbay-api", "tauri", "rule 5"),
        ("patchbay-headless", "tauri", "rule 5"),
        ("patchbay-headless", "patchbay", "rule 1"),
        ("patchbay", "patchbay-headless", "rule 1"),
        ("patchbay", "reqwest", "rule 5"),
        ("patchbay-new", "serde", "every crate has a place"),
    ];
    for (package, dependency, rule) in cases {
        let mut graph = graph();
        graph.entry(package.to_owned()).or_default().insert(dependency.to_owned());
        let found = broken(&graph);
        assert!(found.iter().any(|line| line.starts_with(rule)), "{package} → {dependency}: {found:?}");
    }
}

/// Files that git knows, with their text.
fn tracked() -> Vec<(String, String)> {
    let output = Command::new("git").args(["ls-files"]).current_dir(root()).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|name| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?)))
        .collect()
}

#[test]
fn nothing_left_open_and_no_place_of_one_machine_is_in_the_files() {
    let files = tracked();
    assert!(files.len() > 100, "git was not asked");
    // Put together here, so that this file does not find itself.
    let open = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["unimplemented", "!("].concat(),
        ["todo", "!("].concat(),
    ];
    let places = [["/ro", "ot/"].concat(), ["/wo", "rk/"].concat()];
    let hosts = [["registry.npm", "js.org"].concat(), ["static.crates", ".io"].concat()];
    let mut found = Vec::new();
    for (name, text) in &files {
        if name.ends_with(".lock") || name.ends_with("package-lock.json") {
            continue;
        }
        for mark in open.iter().chain(&places).chain(&hosts) {
            if text.contains(mark.as_str()) {
                found.push(format!("{name}: {mark}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with("package-lock.json")) {
        assert!(!text.contains("\"resolved\""), "{name} names where its packages came from");
    }
}

#[test]
fn only_net_binds_a_port_and_only_auth_opens_the_vault() {
    let product = |name: &str| name.starts_with("crates/") || name.starts_with("src-tauri/");
    for (name, text) in tracked().iter().filter(|(name, _)| product(name) && name.ends_with(".rs")) {
        let product = text.split("#[cfg(test)]").next().unwrap();
        if name.contains("/tests/") {
            continue;
        }
        assert!(
            !product.contains("TcpListener::bind") || name.starts_with("crates/net/"),
            "rule 5, one owner: {name} binds a port"
        );
        assert!(
            !product.contains("vault.open(")
                || name.starts_with("crates/auth/")
                || name.starts_with("crates/vault/"),
            "rule 4, no secret above auth: {name} opens the vault"
        );
    }
}

#[test]
fn no_file_has_grown_out_of_its_place() {
    let long: Vec<_> = tracked()
        .into_iter()
        .filter(|(name, _)| Path::new(name).extension().is_some_and(|e| e == "rs"))
        .map(|(name, text)| (text.split("#[cfg(test)]").next().unwrap().lines().count(), name))
        .filter(|(lines, name)| *lines > 560 && !name.starts_with("tests/"))
        .collect();
    assert_eq!(long, [], "which second noun moved in?");
}
