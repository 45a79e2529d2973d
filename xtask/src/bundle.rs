//! A deb and an rpm with the window and the command line.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{interface, packages, shell};

/// The Tauri command line. Not among the interface's packages: it comes in one package for each
/// system, a registry need not have all of them, and then `npm ci` refuses the whole lock file.
const TAURI: &str = "@tauri-apps/cli@2.12.5";

/// Builds both and prints their sizes.
pub(crate) fn all() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::BUNDLE)?;
    interface::build()?;
    shell::cargo(&["build", "--release", "--package", "patchbay-headless"])?;
    shell::run(Command::new(tauri()?).args(["build", "--bundles", "deb,rpm"]))?;
    let out = shell::root().join("target/release/bundle");
    for line in
        shell::output(Command::new("find").arg(&out).args(["-name", "*.deb", "-o", "-name", "*.rpm"]))?.lines()
    {
        println!("{line}: {:.1} MiB", std::fs::metadata(line)?.len() as f64 / f64::from(1 << 20));
    }
    Ok(())
}

/// The Tauri command line, installed where it is missing.
fn tauri() -> Result<PathBuf> {
    let folder = shell::root().join("target/tools").join(TAURI.replace(['@', '/'], "-"));
    let program = folder.join("node_modules/.bin/tauri");
    if !program.exists() {
        shell::run(
            Command::new("npm")
                .args(["install", "--no-save", "--no-audit", "--no-fund", TAURI, "--prefix"])
                .arg(&folder),
        )?;
    }
    Ok(program)
}
