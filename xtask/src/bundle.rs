//! A deb and an rpm with the window and the command line.

use std::process::Command;

use anyhow::Result;

use crate::{interface, packages, shell};

/// Builds both and prints their sizes.
pub(crate) fn all() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::BUNDLE)?;
    interface::build()?;
    shell::cargo(&["build", "--release", "--package", "patchbay-headless"])?;
    shell::run(Command::new(shell::root().join("ui/node_modules/.bin/tauri")).args([
        "build",
        "--bundles",
        "deb,rpm",
    ]))?;
    let out = shell::root().join("target/release/bundle");
    for line in
        shell::output(Command::new("find").arg(&out).args(["-name", "*.deb", "-o", "-name", "*.rpm"]))?.lines()
    {
        println!("{line}: {:.1} MiB", std::fs::metadata(line)?.len() as f64 / f64::from(1 << 20));
    }
    Ok(())
}
