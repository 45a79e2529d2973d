//! How every connection is doing, as it goes over the wire.

use patchbay_model::health::{CircuitState, HealthRules, HealthState, Reason};
use patchbay_model::{ConnectionId, ConnectionState, ConnectorId, Problem, Timestamp};
use serde::Serialize;

use super::disk::DiskUse;
use super::facts::HealthDetails;
use super::overview::HealthRange;

/// How every connection is doing.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthOverview {
    /// The number of the last event that this answer includes.
    pub seq: u64,
    /// When it was put together.
    pub at: Timestamp,
    /// How far back the figures go.
    pub range: HealthRange,
    /// When the first of the points begins.
    pub since: Timestamp,
    /// Length of a point in seconds.
    pub step_seconds: u64,
    /// The latest check of any connection.
    pub checked_at: Option<Timestamp>,
    /// When a connection last became degraded or failing, where one ever did.
    pub last_problem_at: Option<Timestamp>,
    /// How far a check of all is, while one is under way.
    pub checking: Option<CheckProgress>,
    /// Sums over connections that are switched on, without the sandbox's.
    pub figures: HealthFigures,
    /// The same by time, the oldest first.
    pub points: Vec<HealthPoint>,
    /// Connections of the sandbox, which are in no sum.
    pub sandbox: u32,
    /// Where the lines are drawn.
    pub rules: HealthRules,
    /// Work that waits, by queue; those with nothing are left out.
    pub queues: Vec<QueueWait>,
    /// What the workspace takes on the disk.
    pub disk: DiskUse,
    /// How often connecting works at the first attempt, in the last 30 days.
    pub connects: ConnectRate,
    /// Every connection, the worst first; those switched off last.
    pub connections: Vec<HealthRow>,
}

/// Work that waits in a queue.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QueueWait {
    /// Its name.
    pub queue: String,
    /// Jobs that wait or are worked on.
    pub depth: u64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
    /// Jobs that were given up and wait for the user.
    pub dead: u64,
}

/// How often connecting works at the first attempt.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectRate {
    /// Connections that were made.
    pub made: u64,
    /// Those before which no attempt of the same connector had failed.
    pub at_first: u64,
    /// Attempts that failed.
    pub failed: u64,
}

/// How far a check of all connections is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CheckProgress {
    /// Checked so far.
    pub done: u32,
    /// In all.
    pub total: u32,
}

/// Sums over connections.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthFigures {
    /// Calls that succeeded.
    pub calls_ok: u64,
    /// Calls that failed.
    pub calls_failed: u64,
    /// Calls that only had to wait, or asked for what was not there.
    pub calls_held: u64,
    /// Requests beyond the first of a call.
    pub retries: u64,
    /// 50th percentile of the answers in milliseconds.
    pub p50_ms: Option<u64>,
    /// 95th percentile.
    pub p95_ms: Option<u64>,
    /// 95th percentile of the period before, of the same length.
    pub p95_before_ms: Option<u64>,
    /// How often services said that there were too many calls.
    pub limit_hits: u64,
    /// New signals in 24 hours.
    pub signals_day: u64,
    /// New signals in 7 days.
    pub signals_week: u64,
    /// Connections whose sign-in has ended.
    pub need_sign_in: u32,
    /// Others that do not work.
    pub failing: u32,
    /// Those that do not work as they should.
    pub degraded: u32,
}

/// One point of the chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthPoint {
    /// When it begins.
    pub at: Timestamp,
    /// 50th percentile in milliseconds; none where nothing was answered.
    pub p50_ms: Option<u64>,
    /// 95th percentile.
    pub p95_ms: Option<u64>,
    /// Calls that succeeded or failed.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
}

/// A connection in the table.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthRow {
    /// The connection.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: ConnectorId,
    /// Of the sandbox: in no sum.
    pub sandbox: bool,
    /// Switched off by the user.
    pub paused: bool,
    /// The connection's own state, with what is done with it now.
    pub state: ConnectionState,
    /// How it is doing.
    pub health: HealthState,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why, the worst first; empty where it is healthy.
    pub reasons: Vec<HealthReason>,
    /// Whether it is healthy.
    pub healthy: bool,
    /// The same in names that integrations elsewhere use.
    pub details: HealthDetails,
    /// Checks of the last 24 hours, one entry per half hour, the oldest first.
    pub checks: Vec<CheckBar>,
    /// Calls that succeeded or failed.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// 50th percentile in milliseconds.
    pub p50_ms: Option<u64>,
    /// 95th percentile.
    pub p95_ms: Option<u64>,
    /// 95th percentiles by time, as many as points.
    pub line: Vec<Option<u64>>,
    /// Whether calls pass.
    pub circuit: CircuitState,
    /// Why they do not.
    pub circuit_why: Option<String>,
    /// When an open circuit lets the next call through.
    pub next_try_at: Option<Timestamp>,
    /// New signals in 24 hours.
    pub signals_day: u64,
    /// The last failure since it last worked.
    pub last_error: Option<Problem>,
}

/// Why a connection is not healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HealthReason {
    /// Which rule, such as `slow`.
    pub kind: &'static str,
    /// How bad.
    pub state: HealthState,
    /// In words.
    pub text: String,
}

impl From<&Reason> for HealthReason {
    fn from(reason: &Reason) -> Self {
        Self { kind: reason.kind(), state: reason.state(), text: reason.words() }
    }
}

/// The checks of half an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CheckBar {
    /// Those that passed.
    pub ok: u64,
    /// Those that failed.
    pub failed: u64,
}
