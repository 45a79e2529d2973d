//! Room on the disk: said before a long build, not by a linker in the middle of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// What a build of everything, its lints and what the tests write come to, in MiB: measured 9,000.
const WHOLE: u64 = 11_000;
/// What tests need beside a finished build, in MiB.
const BESIDE: u64 = 3_000;

/// Fails where a whole build and its tests would fill the disk.
pub(crate) fn ensure() -> Result<()> {
    let root = shell::root();
    let free = column(Command::new("df").args(["-Pk"]).arg(&root), 1, 3)? / 1024;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    enough(free, built(&target)?)
}

/// MiB that a build has left in a folder.
fn built(target: &Path) -> Result<u64> {
    let debug = target.join("debug");
    if !debug.is_dir() {
        return Ok(0);
    }
    Ok(column(Command::new("du").args(["-sk"]).arg(debug), 0, 0)? / 1024)
}

fn enough(free: u64, built: u64) -> Result<()> {
    let needed = WHOLE.saturating_sub(built).max(BESIDE);
    if free < needed {
        bail!(
            "{} GiB of disk are free here, and about {} GiB are needed to build and test everything.\n\
             Free some, then try again: `cargo clean` in other checkouts gives back the most.",
            tenths(free),
            tenths(needed)
        );
    }
    Ok(())
}

fn tenths(mebibytes: u64) -> String {
    format!("{}.{}", mebibytes / 1024, mebibytes % 1024 * 10 / 1024)
}

/// A number in what a command prints.
fn column(command: &mut Command, line: usize, column: usize) -> Result<u64> {
    let shown = format!("{command:?}");
    let printed = shell::output(command)?;
    let number = printed.lines().nth(line).and_then(|line| line.split_whitespace().nth(column));
    number.and_then(|number| number.parse().ok()).with_context(|| format!("{shown} printed {printed:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_too_little_room_is_named_before_anything_is_built() {
        let refused = enough(7_400, 0).unwrap_err().to_string();
        assert!(refused.starts_with("7.2 GiB of disk are free here, and about 10.7 GiB"), "{refused}");
        assert!(refused.contains("cargo clean"), "{refused}");
        enough(12_000, 0).unwrap();
    }

    #[test]
    fn what_is_built_needs_no_room_again() {
        enough(3_500, 9_000).unwrap();
        enough(2_900, 30_000).unwrap_err();
    }
}
