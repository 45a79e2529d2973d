//! Generated files, written anew. Tests find what has drifted.

use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::{packages, shell};

/// All of them.
pub(crate) fn all() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    println!("descriptors/descriptor.schema.json");
    shell::cargo(&["run", "--quiet", "--package", "patchbay-descriptor", "--example", "write_schema"])?;
    println!("crates/store/.sqlx");
    queries()
}

/// The offline data of the checked queries; the steps are those of `crates/store/src/lib.rs`.
fn queries() -> Result<()> {
    let store = shell::root().join("crates/store");
    let scratch = shell::root().join("target/scratch.db");
    let _ = std::fs::remove_file(&scratch);
    shell::run(
        Command::new("cargo")
            .args(["run", "--quiet", "--package", "patchbay-store", "--features", "scratch"])
            .args(["--bin", "scratch-database", "--"])
            .arg(&scratch),
    )?;
    let folder = store.join(".sqlx");
    for entry in std::fs::read_dir(&folder).context("crates/store/.sqlx")? {
        std::fs::remove_file(entry?.path())?;
    }
    touch(&store.join("src/lib.rs"))?;
    shell::run(
        Command::new("cargo")
            .args(["check", "--quiet", "--package", "patchbay-store"])
            .env("DATABASE_URL", format!("sqlite://{}", scratch.display()))
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &folder),
    )?;
    std::fs::remove_file(&scratch)?;
    touch(&store.join("src/lib.rs"))
}

#[expect(clippy::disallowed_methods, reason = "a build tool tells cargo that a file is new")]
fn touch(file: &std::path::Path) -> Result<()> {
    let file = std::fs::File::options().append(true).open(file)?;
    Ok(file.set_modified(SystemTime::now())?)
}
