//! Line coverage of the engine crates.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{packages, shell};

/// Share of lines that an engine crate is to reach, in percent.
const BAR: f64 = 90.0;

/// Runs the tests under cargo-tarpaulin and prints the share of lines per crate.
pub(crate) fn print() -> Result<()> {
    packages::ensure_cargo_tool("cargo-tarpaulin")?;
    let folder = shell::root().join("target/coverage");
    std::fs::create_dir_all(&folder)?;
    // The command line is a process of its own in most tests, so it has to count too.
    let flags =
        shell::output(Command::new("cargo").args(["tarpaulin", "--engine", "Llvm", "--print-rust-flags"]))?;
    let flags = flags.lines().find_map(|line| line.strip_prefix("RUSTFLAGS=")).context("tarpaulin's flags")?;
    shell::run(
        Command::new("cargo")
            .args(["build", "--package", "patchbay-headless", "--target-dir", "target/tarpaulin"])
            .env("RUSTFLAGS", flags.trim_matches('"')),
    )?;
    shell::run(
        Command::new("cargo")
            .args(["tarpaulin", "--workspace", "--exclude", "xtask", "--exclude", "patchbay"])
            .args(["--engine", "Llvm", "--objects", "target/tarpaulin/debug/patchbay-cli"])
            .args(["--no-fail-fast", "--skip-clean", "--timeout", "600", "--out", "Json"])
            .args(["--target-dir", "target/tarpaulin", "--output-dir"])
            .arg(&folder)
            // The real window is another program; looking at every screen adds nothing.
            .args(["--", "--skip", "window::", "--skip", "interface::"]),
    )?;
    let text = std::fs::read_to_string(folder.join("tarpaulin-report.json")).context("the coverage report")?;
    let report: serde_json::Value = serde_json::from_str(&text)?;
    let mut crates: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for file in report["files"].as_array().into_iter().flatten() {
        let path: Vec<&str> =
            file["path"].as_array().into_iter().flatten().filter_map(|p| p.as_str()).collect();
        let Some(at) = path.iter().position(|part| *part == "crates") else {
            continue;
        };
        let Some(name) = path.get(at + 1) else {
            continue;
        };
        let entry = crates.entry((*name).to_owned()).or_default();
        entry.0 += file["covered"].as_u64().unwrap_or(0);
        entry.1 += file["coverable"].as_u64().unwrap_or(0);
    }
    if crates.is_empty() {
        bail!("the coverage report names no crate");
    }
    for (name, (covered, coverable)) in &crates {
        let share = *covered as f64 * 100.0 / (*coverable).max(1) as f64;
        let verdict = if share < BAR { "  below the bar" } else { "" };
        println!("{name:<12} {share:>5.1} % of {coverable} lines{verdict}");
    }
    Ok(())
}
