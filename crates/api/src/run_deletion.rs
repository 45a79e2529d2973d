//! Runs that have ended and are deleted by hand.

use std::collections::BTreeMap;

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
    let mut wanted: BTreeMap<RunId, Option<RunId>> = BTreeMap::new();
    for id in request.runs {
        let earlier = store.run(&id).await?.and_then(|run| run.origin.did_what_failed_of().cloned());
        wanted.insert(id, earlier);
    }
    let mut gone = RunsDeleted { deleted: 0, open: 0, needed: 0 };
    // The earlier ones first.
    while !wanted.is_empty() {
        let mut next = None;
        for (id, earlier) in &wanted {
            let needed = match earlier {
                Some(earlier) => store.run(earlier).await?.is_some(),
                None => false,
            };
            if !needed {
                next = Some(id.clone());
                break;
            }
        }
        let Some(id) = next else {
            gone.needed = wanted.len() as u64;
            break;
        };
        wanted.remove(&id);
        if !workspace.is_live(&id) && store.run_delete(&id).await? {
            gone.deleted += 1;
        } else {
            gone.open += 1;
        }
    }
    Ok(gone)
}
