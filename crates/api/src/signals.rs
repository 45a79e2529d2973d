//! Signals: what came in.

use patchbay_model::Signal;
use patchbay_model::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// Which signals to list.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct SignalListRequest {
    /// Only those of this connection.
    pub connection: Option<String>,
    /// At most this many; 50 where absent, at most 1,000.
    pub limit: Option<u32>,
}

/// Signals, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignalListResponse {
    /// Those asked for.
    pub signals: Vec<Signal>,
}

/// Lists signals.
pub async fn list(
    hub: &Hub,
    workspace: &str,
    request: SignalListRequest,
) -> Result<SignalListResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = match &request.connection {
        Some(name) => Some(workspace.connection(name).await?.id),
        None => None,
    };
    let limit = request.limit.unwrap_or(50).min(1_000);
    Ok(SignalListResponse { signals: workspace.store().signal_list(connection.as_ref(), limit).await? })
}
