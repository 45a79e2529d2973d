//! Runs that have ended and are deleted by hand.

use patchbay_model::RunId;
use patchbay_model::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// Which runs to delete.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RunDeleteRequest {
    /// The runs.
    pub runs: Vec<RunId>,
}

/// Runs that are gone.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunsDeleted {
    /// How many.
    pub deleted: u64,
    /// Those that stay, because they had not ended or somebody works on them.
    pub open: u64,
    /// Those that stay, because they did what failed of runs that are still there: without them nobody would know,
    /// and it could be done twice.
    pub needed: u64,
}

/// Deletes runs that have ended, with their journals. What they did stays done.
pub async fn delete(hub: &Hub, workspace: &str, request: RunDeleteRequest) -> Result<RunsDeleted, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let store = workspace.store();
    let mut gone = RunsDeleted { deleted: 0, open: 0, needed: 0 };
    let mut wanted = Vec::new();
    for id in request.runs {
        match store.run(&id).await? {
            Some(run) => wanted.push((run.created_at, id, run.origin.did_what_failed_of().cloned())),
            None => gone.open += 1,
        }
    }
    // The earlier ones first: what did the rest of them can go after them.
    wanted.sort();
    for (_, id, earlier) in wanted {
        let needed = match earlier {
            Some(earlier) => store.run(&earlier).await?.is_some(),
            None => false,
        };
        if needed {
            gone.needed += 1;
        } else if !workspace.is_live(&id) && store.run_delete(&id).await? {
            gone.deleted += 1;
        } else {
            gone.open += 1;
        }
    }
    Ok(gone)
}
