//! The beginning of a connector.

use anyhow::Result;

use crate::shell;

/// Begins a connector among those that ship, as `patchbay-cli new-descriptor` begins one anywhere.
pub(crate) fn write(id: &str) -> Result<()> {
    let run =
        ["run", "--quiet", "--package", "patchbay-headless", "--", "new-descriptor", id, "--in", "descriptors"];
    shell::cargo(&run)
}
