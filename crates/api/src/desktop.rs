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

/// Nothing to say.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Heard {}

/// The page has drawn itself where it can be seen: a page that works and shows nothing does not say so.
pub async fn drawn(hub: &Hub, _: &str, _: Empty) -> Result<Heard, Problem> {
    hub.host().drawn();
    Ok(Heard {})
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
    /// Runs that something is done for at this moment, in any workspace.
    pub under_way: Vec<UnderWay>,
    /// Runs that wait for their turn, their time, a service or an answer: they go on at the next start too.
    pub waiting: usize,
    /// The chains that ran last in the workspace that was asked for, the latest first.
    pub recent: Vec<(ChainId, String)>,
    /// Nothing is read by itself.
    pub sync_paused: bool,
}

/// Keeps runs from beginning and from going on after a wait, because the program is about to end; or lets them
/// again. What is under way goes on.
pub async fn hold_runs(hub: &Hub, held: bool) {
    for workspace in hub.open_workspaces().await {
        workspace.runner().places.close(held);
    }
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
        let working = workspace.runner().places.working();
        for run in store.runs_open().await? {
            match run.state {
                RunState::NeedsYou => standing.need_you += 1,
                RunState::Paused => {}
                _ if working.contains(&run.id) => {
                    let workspace = workspace.name().to_owned();
                    standing.under_way.push(UnderWay { workspace, run: run.id });
                }
                _ if workspace.is_interrupted(&run) => {}
                _ => standing.waiting += 1,
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
