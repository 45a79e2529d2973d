//! Reading, mapping, connecting and the catalogue: the programs beside the code they measure, built as the product is.

use anyhow::Result;

use crate::{interface, shell};

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

/// Background work that does nothing, at a backlog.
pub(super) fn jobs() -> Result<()> {
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_jobs"])
}

/// An engine with connections at rest.
pub(super) fn idle() -> Result<()> {
    shell::cargo(&["build", "--quiet", "--release", "--package", "patchbay-headless"])?;
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_idle"])
}

/// Finding signals among many.
pub(super) fn search() -> Result<()> {
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_search"])
}

/// Signing in to a service on this computer that answers for the person.
pub(super) fn connect() -> Result<()> {
    // `serve` takes the commands, and shows the interface.
    interface::build()?;
    shell::cargo(&["build", "--quiet", "--release", "--package", "patchbay-headless"])?;
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_connect"])
}

/// Deliveries of webhooks, beside a bare loop that commits a row for each.
pub(super) fn webhook() -> Result<()> {
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_webhook"])
}

/// Runs of chains, beside a bare loop that sends the same requests.
pub(super) fn chain() -> Result<()> {
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_chain"])
}
