//! The desktop around the engine: what the person decided about it, and what a tray shows.

use std::collections::HashMap;

use patchbay_model::desktop::{DesktopChange, DesktopView};
use patchbay_model::problem::Problem;
use patchbay_model::run::RunState;
use patchbay_model::{ChainId, HealthState, RunId};
use serde::Serialize;

use crate::hub::Hub;
use crate::workspaces::Empty;

/// Runs among which the chains are looked for that ran last.
const LOOKED_AT: u32 = 50;
/// Chains that are named.
const RECENT: usize = 5;

/// How the program stands on its desktop.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DesktopResponse {
    /// It; none where this is not the window.
    pub desktop: Option<DesktopView>,
}

/// Says how the program stands on its desktop.
pub async fn show(hub: &Hub, _: &str, _: Empty) -> Result<DesktopResponse, Problem> {
    Ok(DesktopResponse { desktop: hub.host().desktop() })
}

/// Changes what the person decided about it.
pub async fn set(hub: &Hub, workspace: &str, request: DesktopChange) -> Result<DesktopResponse, Problem> {
    hub.host().desktop_set(&request)?;
    hub.workspace(workspace).await?.note("desktop_changed").await;
    show(hub, workspace, Empty::default()).await
}

/// A run that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Its workspace.
    pub workspace: String,
    /// It.
    pub run: RunId,
}

/// What is going on, in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Runs that wait for the person, and connections that are failing.
    pub need_you: usize,
    /// Runs under way in any workspace.
    pub under_way: Vec<UnderWay>,
    /// The chains that ran last in the workspace that was asked for, the latest first.
    pub recent: Vec<(ChainId, String)>,
    /// Nothing is read by itself.
    pub sync_paused: bool,
}

/// Says what is going on in the workspaces that are open.
pub async fn standing(hub: &Hub, shown: &str) -> Result<Standing, Problem> {
    let mut standing = Standing { sync_paused: true, ..Standing::default() };
    let all = hub.open_workspaces().await;
    for workspace in &all {
        let store = workspace.store();
        let failing = store.health_states().await?.into_iter().filter(|one| one.state == HealthState::Error);
        for one in failing {
            let connection = store.connection(&one.connection).await?;
            standing.need_you += usize::from(connection.is_some_and(|connection| !connection.paused));
        }
        for run in store.runs_open().await? {
            match run.state {
                RunState::NeedsYou => standing.need_you += 1,
                RunState::Paused => {}
                _ if workspace.is_interrupted(&run) => {}
                _ => standing.under_way.push(UnderWay { workspace: workspace.name().to_owned(), run: run.id }),
            }
        }
        standing.sync_paused &= workspace.knobs().await?.defaults.sync_paused;
        if workspace.name() == shown {
            // One that is gone cannot be run, and has another name perhaps.
            let mut chains: HashMap<ChainId, String> =
                store.chain_list().await?.into_iter().map(|one| (one.id, one.chain.name)).collect();
            let ran = store.run_list(LOOKED_AT, 0).await?.items.into_iter();
            let recent = ran.filter_map(|run| chains.remove_entry(&run.chain_id));
            standing.recent = recent.take(RECENT).collect();
        }
    }
    standing.sync_paused &= !all.is_empty();
    Ok(standing)
}
