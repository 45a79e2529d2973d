//! What happened to a connection.

use patchbay_model::Timestamp;
use patchbay_model::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// Whose history.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct HistoryRequest {
    /// The connection.
    pub name: String,
    /// At most this many; 100 where absent, at most 1,000.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What: an act such as `connection_paused`, `sync`, `sync_failed` or `renewal`.
    pub what: String,
    /// The stream that it was about.
    pub stream: Option<String>,
    /// Whether it went well; none where that is no question.
    pub ok: Option<bool>,
    /// How many were new, of a read.
    pub count: Option<u64>,
    /// Why it did not go well.
    pub problem: Option<Problem>,
}

/// What happened, the latest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HistoryResponse {
    /// Each.
    pub entries: Vec<HistoryEntry>,
}

/// Tells what happened to a connection.
pub async fn show(hub: &Hub, workspace: &str, request: HistoryRequest) -> Result<HistoryResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    let limit = request.limit.unwrap_or(100).min(1_000);
    let entries = workspace.store().history(&connection.id, &connection.name, limit).await?;
    let entries = entries.into_iter().map(|one| HistoryEntry {
        at: one.at,
        what: one.what,
        stream: one.stream,
        ok: one.ok,
        count: one.count,
        problem: one.problem,
    });
    Ok(HistoryResponse { entries: entries.collect() })
}
