//! Generated files: written anew, or compared with what their generators make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::{interface, packages, shell};

/// The offline data of the checked queries.
const QUERIES: &str = "crates/store/.sqlx";

/// Writes all of them.
pub(crate) fn all() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    // First: nothing above the store builds without it.
    println!("{QUERIES}");
    let folder = shell::root().join(QUERIES);
    for entry in std::fs::read_dir(&folder).context(QUERIES)? {
        std::fs::remove_file(entry?.path())?;
    }
    let source = store_source();
    touch(&source)?;
    describe(&folder)?;
    // The build is to read the new data.
    touch(&source)?;
    println!("descriptors/descriptor.schema.json, docs/chain.schema.json");
    shell::cargo(&["run", "--quiet", "--package", "patchbay-descriptor", "--example", "write_schema"])?;
    println!("descriptors/README.md");
    shell::cargo(&["run", "--quiet", "--package", "patchbay-tests", "--example", "write_overview"])?;
    println!("ui/src/bindings/wire.ts");
    shell::cargo(&[
        "run",
        "--quiet",
        "--package",
        "patchbay-api",
        "--features",
        "ts",
        "--example",
        "write_bindings",
    ])?;
    // Last: they show what all of it makes. The page comes from `ui/dist`.
    println!("docs/pictures");
    packages::ensure(packages::TEST)?;
    interface::install("tests/node")?;
    interface::build()?;
    shell::cargo(&["build", "--quiet", "--package", "patchbay-headless"])?;
    shell::cargo(&["run", "--quiet", "--package", "patchbay-tests", "--example", "write_pictures"])?;
    Ok(())
}

/// Fails where the offline data is not what the migrations and queries of today give. The build
/// itself notices a query without data only; a changed column shows here.
pub(crate) fn check() -> Result<()> {
    let made = shell::root().join("target/queries");
    let _ = std::fs::remove_dir_all(&made);
    std::fs::create_dir_all(&made)?;
    let source = store_source();
    let before = std::fs::metadata(&source)?.modified()?;
    touch(&source)?;
    let described = describe(&made);
    // What is already built with the offline data stays built.
    set_time(&source, before)?;
    described?;
    let drifted = difference(&files(&shell::root().join(QUERIES))?, &files(&made)?)?;
    if !drifted.is_empty() {
        bail!("{QUERIES} has drifted: run `cargo xtask gen`\n  {}", drifted.join("\n  "));
    }
    println!("{QUERIES} is what its generator makes");
    Ok(())
}

/// What is missing, left over or different.
fn difference(kept: &BTreeMap<String, String>, made: &BTreeMap<String, String>) -> Result<Vec<String>> {
    if made.is_empty() {
        bail!("no query was described");
    }
    let missing = made.keys().filter(|name| !kept.contains_key(*name)).map(|name| format!("missing: {name}"));
    let others = kept.iter().filter_map(|(name, text)| match made.get(name) {
        None => Some(format!("of no query: {name}")),
        Some(new) if new != text => Some(format!("different: {name}")),
        Some(_) => None,
    });
    Ok(missing.chain(others).collect())
}

fn files(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path())?);
    }
    Ok(files)
}

/// Lets the macros look at an empty database; the steps are those of `crates/store/src/lib.rs`.
fn describe(folder: &Path) -> Result<()> {
    let scratch = shell::root().join("target/scratch.db");
    std::fs::create_dir_all(shell::root().join("target"))?;
    let _ = std::fs::remove_file(&scratch);
    shell::run(
        Command::new("cargo")
            .args(["run", "--quiet", "--package", "patchbay-store", "--features", "scratch"])
            .args(["--bin", "scratch-database", "--"])
            .arg(&scratch),
    )?;
    shell::run(
        Command::new("cargo")
            .args(["check", "--quiet", "--package", "patchbay-store"])
            .env("DATABASE_URL", format!("sqlite://{}", scratch.display()))
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", folder),
    )?;
    Ok(std::fs::remove_file(&scratch)?)
}

fn store_source() -> PathBuf {
    shell::root().join("crates/store/src/lib.rs")
}

#[expect(clippy::disallowed_methods, reason = "a build tool tells cargo that a file is new")]
fn touch(file: &Path) -> Result<()> {
    set_time(file, SystemTime::now())
}

fn set_time(file: &Path, time: SystemTime) -> Result<()> {
    let file = std::fs::File::options().append(true).open(file)?;
    Ok(file.set_modified(time)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn every_kind_of_drift_is_named() {
        let kept = data(&[("same", "1"), ("changed", "1"), ("left", "1")]);
        let made = data(&[("same", "1"), ("changed", "2"), ("new", "1")]);
        let found = difference(&kept, &made).ok();
        let expected = ["missing: new", "different: changed", "of no query: left"];
        assert_eq!(found, Some(expected.map(str::to_owned).to_vec()));
        assert!(difference(&kept, &data(&[])).is_err(), "a generator that made nothing proves nothing");
    }
}
