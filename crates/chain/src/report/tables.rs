//! What stands in the report's tables, whatever they are drawn with.

use patchbay_model::report::{ConnectionReport, StepReport};

use super::words::time_words;

/// What the figures of a step are called.
pub(super) const STEP_FIGURES: [&str; 15] = [
    "In",
    "Done",
    "Failed",
    "Did not fit",
    "Left out",
    "Not known",
    "Changes",
    "Undone",
    "Stay",
    "Calls",
    "Failed calls",
    "Retries",
    "p50",
    "p95",
    "p99",
];

/// The figures of a step, in the order of [`STEP_FIGURES`]. They hold nothing that has to be escaped.
pub(super) fn step_figures(step: &StepReport) -> [String; 15] {
    [
        step.items_in.to_string(),
        step.done.to_string(),
        step.failed.to_string(),
        step.quarantined.to_string(),
        step.skipped.to_string(),
        step.unknown.to_string(),
        step.changes.to_string(),
        step.undone.to_string(),
        step.stay.to_string(),
        step.calls.to_string(),
        step.calls_failed.to_string(),
        step.retries.to_string(),
        time_words(step.p50_ms),
        time_words(step.p95_ms),
        time_words(step.p99_ms),
    ]
}

/// What the figures of a connection are called.
pub(super) const CONNECTION_FIGURES: [&str; 9] =
    ["Calls", "Succeeded", "Failed", "Held", "Retries", "Bytes", "p50", "p95", "p99"];

/// The figures of a connection, in the order of [`CONNECTION_FIGURES`]. They hold nothing that has to be
/// escaped.
pub(super) fn connection_figures(one: &ConnectionReport) -> [String; 9] {
    [
        one.calls.to_string(),
        one.calls_ok.to_string(),
        one.calls_failed.to_string(),
        one.calls_held.to_string(),
        one.retries.to_string(),
        one.bytes.to_string(),
        time_words(one.p50_ms),
        time_words(one.p95_ms),
        time_words(one.p99_ms),
    ]
}
