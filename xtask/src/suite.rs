//! The tests, from the fast part to everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{coverage, generate, interface, packages, room, shell, tally};

/// Format, lints, architecture.
pub(crate) fn check() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure_cargo_tool("cargo-nextest")?;
    shell::cargo(&["fmt", "--all", "--check"])?;
    interface::install("ui")?;
    interface::check()?;
    lints()?;
    shell::cargo(&["nextest", "run", "--package", "patchbay-tests", "architecture::"])
}

fn lints() -> Result<()> {
    shell::cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"])
}

/// The tests that drive whole processes.
pub(crate) fn processes() -> Result<()> {
    packages::ensure(packages::TEST)?;
    packages::ensure_cargo_tool("cargo-nextest")?;
    interface::install("tests/node")?;
    interface::build()?;
    shell::cargo(&["build", "--package", "patchbay-headless"])?;
    shell::cargo(&["nextest", "run", "--package", "patchbay-tests"])
}

/// Everything.
/// Whether all passed.
pub(crate) fn test(full: bool) -> Result<bool> {
    let started = Instant::now();
    let step = |name: &str| println!("\n== {name} ({} s)", started.elapsed().as_secs());
    step("set-up");
    room::ensure()?;
    packages::ensure(packages::TEST)?;
    packages::ensure_cargo_tool("cargo-nextest")?;
    packages::ensure_cargo_tool("cargo-deny")?;
    packages::ensure_window_driver()?;
    interface::install("tests/node")?;
    interface::install("ui")?;
    let vendors = std::env::var_os("PATCHBAY_REALWORLD")
        .map_or_else(|| shell::root().join("../shared/realworld"), PathBuf::from);
    if !vendors.is_dir() {
        println!("vendors' files are not at hand (PATCHBAY_REALWORLD): tests that replay them are skipped");
    }
    step("format");
    shell::cargo(&["fmt", "--all", "--check"])?;
    step("generated files");
    generate::check()?;
    step("interface");
    interface::check()?;
    interface::build()?;
    step("build");
    shell::cargo(&["build", "--workspace", "--all-targets"])?;
    step("lints");
    lints()?;
    step("dependencies");
    // Advisories need a database that is not at hand everywhere; they are not run here.
    // The root is a package, too: without the word, only its own dependencies would be looked at.
    shell::cargo(&["deny", "--workspace", "--log-level", "error", "check", "bans", "licenses", "sources"])?;
    println!("advisories were not run: their database is not part of the checkout");
    if full {
        step("coverage");
        coverage::print()?;
    }
    step("kinds of test");
    kinds()?;
    step(if full { "tests, whole" } else { "tests, long suites sampled" });
    let mut nextest = Command::new("cargo");
    nextest.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    if full {
        nextest.env("PATCHBAY_FULL", "1");
    }
    let tally = tally::of(&mut nextest)?;
    // The last line is the result, alone, so that it is found whatever came before.
    println!("\n{} s in all\n{tally}", started.elapsed().as_secs());
    Ok(tally.is_good())
}

/// How many tests of each kind there are. A kind or a crate without tests is a mistake.
fn kinds() -> Result<()> {
    let list = shell::output(Command::new("cargo").args([
        "nextest",
        "list",
        "--workspace",
        "--message-format",
        "json",
    ]))?;
    let list: serde_json::Value = serde_json::from_str(&list).context("cargo nextest list")?;
    let properties = properties(&shell::root().join("crates"))?;
    let mut crates: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut property = 0;
    for (_, suite) in list["rust-suites"].as_object().into_iter().flatten() {
        let name = suite["package-name"].as_str().unwrap_or_default();
        let tests = suite["testcases"].as_object();
        let count = tests.map_or(0, serde_json::Map::len);
        property += tests
            .into_iter()
            .flat_map(serde_json::Map::keys)
            .filter(|test| test.rsplit("::").next().is_some_and(|last| properties.contains(last)))
            .count();
        let (unit, outside) = crates.entry(name.to_owned()).or_default();
        *(if suite["kind"] == "test" { outside } else { unit }) += count;
    }
    let process = crates.remove("patchbay-tests").map_or(0, |(unit, outside)| unit + outside);
    for (name, (unit, outside)) in &crates {
        println!("{name:<22} {unit:>4} unit {outside:>4} from outside");
        if unit + outside == 0 {
            bail!("{name} has no tests");
        }
    }
    let unit: usize = crates.values().map(|(unit, _)| unit).sum();
    let outside: usize = crates.values().map(|(_, outside)| outside).sum();
    println!(
        "unit {unit}, crate from outside {outside}, whole product {process}; {property} of them by property"
    );
    if unit == 0 || outside == 0 || process == 0 || property == 0 {
        bail!("a kind of test has no tests");
    }
    Ok(())
}

/// Names of the tests that are written as properties. nextest does not know which they are.
fn properties(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            names.extend(properties(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(properties_in(&std::fs::read_to_string(path)?));
        }
    }
    Ok(names)
}

fn properties_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut close = None;
    for line in text.lines() {
        if line.trim_start() == "proptest! {" {
            close = Some(line.replace("proptest! {", "}"));
        } else if close.as_deref() == Some(line) {
            close = None;
        } else if close.is_some()
            && let Some((name, _)) = line.trim_start().strip_prefix("fn ").and_then(|rest| rest.split_once('('))
        {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_told_from_other_tests() {
        let text = "mod tests {\n    proptest! {\n        #[test]\n        fn one(x in 0..3) {\n        }\n    }\n    #[test]\n    fn two() {}\n}\n";
        assert_eq!(properties_in(text), ["one"]);
    }
}
