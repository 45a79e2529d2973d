//! Reading and mapping: the programs beside the code they measure, built as the product is.

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
