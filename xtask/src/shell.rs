//! Running other programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Runs a command in the checkout and fails where it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.current_dir(root()).status().with_context(|| format!("{shown} cannot be started"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// Runs cargo.
pub(crate) fn cargo(args: &[&str]) -> Result<()> {
    run(Command::new("cargo").args(args))
}

/// What a command prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.current_dir(root()).output().with_context(|| format!("{shown} cannot be started"))?;
    if !output.status.success() {
        bail!("{shown} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is there, or, after the word `library` or `font`, what is needed to build or write
/// with one.
pub(crate) fn have(name: &str) -> bool {
    let probe = match name.split_once(' ') {
        Some(("library", library)) => format!("pkg-config --exists {library}"),
        Some(("font", font)) => format!("ls /usr/share/fonts/truetype/*/{font}*"),
        _ => format!("command -v {name}"),
    };
    Command::new("sh").args(["-c", &probe]).output().is_ok_and(|o| o.status.success())
}
