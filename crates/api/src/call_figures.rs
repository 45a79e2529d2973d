//! How calls went, in figures: the same wherever the calls of a step are told.

use patchbay_store::StepFigures;
use serde::Serialize;

/// How the calls of a step went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallFigures {
    /// Calls that ended: those that succeeded, failed, or did neither.
    pub calls: u64,
    /// Those that succeeded.
    pub ok: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that had to wait, or asked for what was not there.
    pub held: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Median time of an answer in milliseconds, at most 5 % off.
    pub p50_ms: Option<u64>,
    /// 95th percentile.
    pub p95_ms: Option<u64>,
    /// 99th percentile.
    pub p99_ms: Option<u64>,
}

impl From<&StepFigures> for CallFigures {
    fn from(sum: &StepFigures) -> Self {
        Self {
            calls: sum.ok + sum.failed + sum.held,
            ok: sum.ok,
            failed: sum.failed,
            held: sum.held,
            retries: sum.retries,
            bytes: sum.bytes,
            p50_ms: sum.latency.percentile(0.5),
            p95_ms: sum.latency.percentile(0.95),
            p99_ms: sum.latency.percentile(0.99),
        }
    }
}
