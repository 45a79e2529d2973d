//! How long the program has run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the program has run, loading of its libraries included.
pub(crate) struct SinceStart {
    main: Instant,
    before_main: Duration,
    said: AtomicBool,
}

impl SinceStart {
    /// To be called first of all.
    pub(crate) fn now() -> Self {
        let before_main = age().unwrap_or_default();
        Self { main: Instant::now(), before_main, said: AtomicBool::new(false) }
    }

    /// Logs, once, how long it took until the interface could be used.
    pub(crate) fn usable(&self) {
        if !self.said.swap(true, Ordering::Relaxed) {
            let ms = (self.before_main + self.main.elapsed()).as_millis();
            tracing::info!(ms, "window usable");
        }
    }
}

/// The age of this process, to ten milliseconds (proc(5): the start in ticks of 1/100 s since boot).
fn age() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name may hold spaces and brackets; the 22nd field is the 20th after it.
    let ticks: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(uptime - ticks as f64 / 100.0).ok()
}
