//! The tests, from the fast part to everything.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{coverage, packages, shell};

/// Format, lints, architecture.
pub(crate) fn check() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure_cargo_tool("cargo-nextest")?;
    shell::cargo(&["fmt", "--all", "--check"])?;
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
    shell::cargo(&["build", "--package", "patchbay-headless"])?;
    shell::cargo(&["nextest", "run", "--package", "patchbay-tests"])
}

/// Everything.
pub(crate) fn test(full: bool) -> Result<()> {
    let started = Instant::now();
    let step = |name: &str| println!("\n== {name} ({} s)", started.elapsed().as_secs());
    step("set-up");
    packages::ensure(packages::TEST)?;
    packages::ensure_cargo_tool("cargo-nextest")?;
    packages::ensure_cargo_tool("cargo-deny")?;
    let node = shell::root().join("tests/node");
    if !node.join("node_modules/.bin/prism").exists() {
        shell::run(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
                .arg(&node),
        )?;
    }
    step("format");
    shell::cargo(&["fmt", "--all", "--check"])?;
    step("build");
    shell::cargo(&["build", "--workspace", "--all-targets"])?;
    step("lints");
    lints()?;
    step("dependencies");
    // Advisories need a database that is not at hand everywhere; they are not run here.
    shell::cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"])?;
    println!("advisories were not run: their database is not part of the checkout");
    step("kinds of test");
    kinds()?;
    step("tests");
    let mut nextest = Command::new("cargo");
    nextest.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    if full {
        nextest.env("PATCHBAY_FULL", "1");
        coverage::print()?;
        step("tests, whole");
    }
    shell::run(&mut nextest)?;
    println!("\n{} s in all", started.elapsed().as_secs());
    Ok(())
}

/// How many tests of each kind there are. A kind without tests is a mistake.
fn kinds() -> Result<()> {
    let list = shell::output(Command::new("cargo").args([
        "nextest",
        "list",
        "--workspace",
        "--message-format",
        "json",
    ]))?;
    let list: serde_json::Value = serde_json::from_str(&list).context("cargo nextest list")?;
    let mut unit = 0;
    let mut outside = 0;
    let mut process = 0;
    for suite in list["rust-suites"].as_object().into_iter().flatten().map(|(_, suite)| suite) {
        let count = suite["testcases"].as_object().map_or(0, serde_json::Map::len);
        match (suite["package-name"].as_str(), suite["kind"].as_str()) {
            (Some("patchbay-tests"), _) => process += count,
            (_, Some("test")) => outside += count,
            _ => unit += count,
        }
    }
    println!("unit {unit}, crate from outside {outside}, whole product {process}");
    if unit == 0 || outside == 0 || process == 0 {
        bail!("a kind of test has no tests");
    }
    Ok(())
}
