//! Logs go to standard error and to files in the data folder.

use std::path::Path;

use patchbay_api::logs::{self, LogOptions};

/// Starts logging: to standard error at the level of `PATCHBAY_LOG`: off, error, warn, info, debug or trace.
pub(crate) fn start(data_dir: Option<&Path>) {
    let asked = std::env::var("PATCHBAY_LOG").unwrap_or_default().to_lowercase();
    let known = logs::is_level(&asked);
    logs::start(LogOptions { level: if known { &asked } else { "warn" }, file: None, data_dir });
    if !known && !asked.is_empty() {
        tracing::warn!("PATCHBAY_LOG means nothing to us: use off, error, warn, info, debug or trace");
    }
}
