//! The interface: its packages, its checks, its build.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// Installs what the lock file of a folder names, unless that is there already.
pub(crate) fn install(folder: &str) -> Result<()> {
    let folder = shell::root().join(folder);
    let lock = std::fs::read(folder.join("package-lock.json")).context("package-lock.json")?;
    let mark = folder.join("node_modules/.patchbay-lock");
    if std::fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // Without dev dependencies nothing could be built or tested; NODE_ENV must not take them away.
    let mut npm = npm(&folder);
    shell::run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--include=dev"]))?;
    Ok(std::fs::write(mark, lock)?)
}

/// Types, rules and unit tests.
pub(crate) fn check() -> Result<()> {
    let folder = shell::root().join("ui");
    for script in ["types", "lint", "test"] {
        shell::run(npm(&folder).args(["run", "--silent", script]))?;
    }
    Ok(())
}

/// Builds `ui/dist`, which both hosts show.
pub(crate) fn build() -> Result<()> {
    install("ui")?;
    shell::run(npm(&shell::root().join("ui")).args(["run", "--silent", "build"]))
}

fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.arg("--prefix").arg(folder);
    npm
}
