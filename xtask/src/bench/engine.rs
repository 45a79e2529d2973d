//! Reading, mapping and the catalogue: the programs beside the code they measure, built as the product is.

use anyhow::Result;

use crate::shell;

/// Records into the database, beside a bare loop.
pub(super) fn extract() -> Result<()> {
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_extract"])
}

/// Items to signals.
pub(super) fn map() -> Result<()> {
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-map", "--example", "bench_map"])
}

/// Definitions of connectors, read and checked.
pub(super) fn catalogue() -> Result<()> {
    let example = ["--package", "patchbay-descriptor", "--example", "bench_catalogue"];
    shell::cargo(&[&["run", "--quiet", "--release"][..], &example[..]].concat())
}
