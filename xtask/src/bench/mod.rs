//! Measurements: figures and ratios of one run; a slow machine is not a failure.

mod engine;
mod start;
mod window;

use anyhow::{Result, bail};

/// Name, what it measures, how.
type Bench = (&'static str, &'static str, fn() -> Result<()>);

const BENCHES: &[Bench] = &[
    ("start", "cold start and memory of the engine without a screen", start::measure),
    ("extract", "100,000 records into the database, beside a bare loop", engine::extract),
    ("map", "one item to a signal", engine::map),
    ("catalogue", "1,000 definitions of connectors", engine::catalogue),
    ("idle", "an engine with 50 connections at rest: memory, share of a core", engine::idle),
    ("jobs", "jobs that do nothing, at a backlog of 50,000", engine::jobs),
    ("search", "1,000,000 signals: words, filters, pages", engine::search),
    ("connect", "signing in and connecting, beside our own share of it", engine::connect),
    ("webhook", "deliveries accepted and durable a second, beside a bare loop", engine::webhook),
    ("chain", "runs of chains a second, at full durability, beside a bare loop", engine::chain),
    (
        "ui",
        "what the interface costs in Chromium and in WebKitGTK, with 1,000 connectors and 1,000,000 signals",
        window::interface,
    ),
    ("window", "time to a usable window, memory beside a bare page", window::measure),
];

/// Names the measurements.
pub(crate) fn list() {
    for (name, about, _) in BENCHES {
        println!("{name:<10} {about}");
    }
}

/// Runs one, or all.
pub(crate) fn run(name: Option<&str>) -> Result<()> {
    let chosen: Vec<_> = BENCHES.iter().filter(|(own, ..)| name.is_none_or(|name| name == *own)).collect();
    if chosen.is_empty() {
        bail!("there is no measurement \"{}\"; see cargo xtask bench --list", name.unwrap_or_default());
    }
    for (name, about, measure) in chosen {
        println!("== {name}: {about}");
        measure()?;
    }
    Ok(())
}
