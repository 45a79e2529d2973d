//! Logs go to standard error.

use tracing_subscriber::EnvFilter;

/// Starts logging at the level of `PATCHBAY_LOG`: off, error, warn, info, debug or trace.
pub(crate) fn start() {
    let asked = std::env::var("PATCHBAY_LOG").unwrap_or_default().to_lowercase();
    let known = matches!(asked.as_str(), "off" | "error" | "warn" | "info" | "debug" | "trace");
    let level = if known { asked.as_str() } else { "warn" };
    // The name is a prefix: our crates speak at this level, others only when something is wrong,
    // since what they log is not redacted by us.
    let filter = EnvFilter::new(format!("warn,patchbay={level}"));
    // A second start of logging in one process is the first one's business.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .try_init();
    if !known && !asked.is_empty() {
        tracing::warn!("PATCHBAY_LOG means nothing to us: use off, error, warn, info, debug or trace");
    }
}
