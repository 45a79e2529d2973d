//! How everything is.

pub mod actions;
pub mod detail;
pub mod disk;
pub(crate) mod facts;
pub(crate) mod lookout;
pub mod overview;
pub mod settings;
pub mod view;

pub(crate) use overview::{signals_day, signals_of_day};

pub use facts::{HealthDetails, HostLimits, WindowLeft};

use std::collections::HashSet;

use patchbay_model::connection::ConnectionState;
use patchbay_model::problem::Problem;
use patchbay_model::run::RunState;
use patchbay_model::{HealthState, Timestamp};
use patchbay_store::ConnectionFilter;
use serde::Serialize;

use crate::hub::Hub;
use crate::workspaces::Empty;

/// How everything is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthResponse {
    /// The number of the last event that this answer includes.
    pub seq: u64,
    /// The program's version.
    pub version: &'static str,
    /// The workspace.
    pub workspace: String,
    /// The secret store: `unlocked`, `locked`, `unavailable`, `missing` where a key that is needed is
    /// gone, or `unused` while no secret is kept.
    pub secrets: &'static str,
    /// Trouble with the data folder that was met when it was opened.
    pub storage: Vec<Problem>,
    /// Why nothing goes to public addresses; none where it is known which way they are reached.
    pub network: Option<Problem>,
    /// Triggers wait for a confirmation, because the data came from another computer.
    pub triggers_paused: bool,
    /// Runs that are under way or wait for their turn.
    pub runs_active: usize,
    /// Runs whose engine ended and that none has taken up yet.
    pub runs_interrupted: usize,
    /// Runs that wait for the user.
    pub runs_need_you: usize,
    /// Connections that are switched on and were last judged degraded or failing.
    pub attention: usize,
    /// Those of them that are of the sandbox.
    pub attention_sandbox: usize,
    /// How often signing in works.
    pub sign_ins: SignInRate,
    /// Each connection, those with problems first.
    pub connections: Vec<ConnectionHealth>,
}

/// How often signing in works at the first attempt. What the person stopped or declined does not count.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignInRate {
    /// Sign-ins that ended.
    pub ended: u64,
    /// Those that worked.
    pub worked: u64,
}

/// How one connection is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHealth {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: ConnectionState,
    /// Switched off by the user.
    pub paused: bool,
    /// Of the sandbox.
    pub sandbox: bool,
    /// Calls of the last 24 hours.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// 95th percentile of their time in milliseconds.
    pub p95_ms: Option<u64>,
    /// When it last worked.
    pub last_connected_at: Option<Timestamp>,
    /// The last failure since.
    pub last_error: Option<Problem>,
}

/// Says how connections, storage and secrets are, from what is stored; calls nobody.
pub async fn health(hub: &Hub, workspace: &str, _: Empty) -> Result<HealthResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    // Read first: an event that comes while this is gathered is told again rather than missed.
    let seq = hub.events().seq();
    let store = workspace.store();
    let since = hub.clock().now() - std::time::Duration::from_secs(86_400);
    let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
    let mut connections = Vec::new();
    let (mut switched_off, mut of_sandbox) = (HashSet::new(), HashSet::new());
    for connection in store.connection_list(filter).await?.items {
        if connection.paused {
            switched_off.insert(connection.id.clone());
        }
        let sandbox = facts::is_sandbox(workspace.connectors(), &connection.connector);
        if sandbox {
            of_sandbox.insert(connection.id.clone());
        }
        let calls = store.calls_since(&connection.id, since).await?;
        let mut took: Vec<u64> = calls.iter().map(|call| call.duration_ms).collect();
        took.sort_unstable();
        let rank = (took.len() * 95).div_ceil(100).max(1);
        connections.push(ConnectionHealth {
            name: connection.name,
            state: connection.state,
            paused: connection.paused,
            sandbox,
            calls: calls.len() as u64,
            failed: calls.iter().filter(|call| !call.success).count() as u64,
            p95_ms: took.get(rank - 1).copied(),
            last_connected_at: connection.last_connected_at,
            last_error: connection.last_error,
        });
    }
    connections.sort_by_key(|c| (c.last_error.is_none(), c.name.clone()));
    let judged = store.health_states().await?;
    let worse = |one: &&patchbay_store::HealthChange| {
        matches!(one.state, HealthState::Error | HealthState::Degraded)
            && !switched_off.contains(&one.connection)
    };
    let attention = judged.iter().filter(worse).count();
    let apart = judged.iter().filter(worse).filter(|one| of_sandbox.contains(&one.connection));
    let attention_sandbox = apart.count();
    let open = store.runs_open().await?;
    let need = open.iter().filter(|run| run.state == RunState::NeedsYou).count();
    let interrupted = open.iter().filter(|run| workspace.is_interrupted(run)).count();
    let secrets = crate::secret_store::state(hub, &workspace).await?;
    let rate = store.sign_in_rate().await?;
    Ok(HealthResponse {
        seq,
        attention,
        attention_sandbox,
        sign_ins: SignInRate { ended: rate.ended, worked: rate.worked },
        version: env!("CARGO_PKG_VERSION"),
        workspace: workspace.name().to_owned(),
        secrets,
        storage: store.notes(),
        network: hub.ways().problem(),
        triggers_paused: store.triggers_paused(),
        runs_active: open.len() - need - interrupted,
        runs_interrupted: interrupted,
        runs_need_you: need,
        connections,
    })
}
