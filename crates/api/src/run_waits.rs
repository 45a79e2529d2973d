//! For which deliveries a run waits, and where they are to come.

use std::collections::BTreeMap;

use patchbay_chain::journal;
use patchbay_chain::runner::has_address;
use patchbay_model::problem::Problem;
use patchbay_model::run::{Fact, JournalEntry};
use patchbay_model::{StepId, Timestamp};
use serde::Serialize;

use crate::hub::Hub;
use crate::runs::{self, RunRef};

/// At most this many in one answer.
const MOST: usize = 200;

/// For what a run waits.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunWaitsResponse {
    /// Items that wait for a delivery, in the order of the steps.
    pub waits: Vec<AwaitedDelivery>,
    /// How many there are in all.
    pub total: u32,
}

/// An item that waits for a delivery.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AwaitedDelivery {
    /// The step.
    pub step: StepId,
    /// What a person reads for it.
    pub name: String,
    /// The item, from 0.
    pub item: u32,
    /// The connection whose webhook is to be called, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The address to be called, where the step has one of its own. Who knows it can answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When the step has failed.
    pub until: Timestamp,
}

/// Shows for which deliveries a run waits.
pub async fn waits(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunWaitsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let mut open: BTreeMap<(usize, u32), Timestamp> = BTreeMap::new();
    let place = |step: &StepId| run.snapshot.step(step).map_or(usize::MAX, |(at, _)| at);
    let take = |entry: JournalEntry| match entry.fact {
        Fact::Awaited { step, item, until } => drop(open.insert((place(&step), item), until)),
        Fact::Arrived { step, item, .. } | Fact::Result { step, item, .. } => {
            open.remove(&(place(&step), item));
        }
        _ => {}
    };
    journal::each(workspace.store(), &run.id, take).await?;
    if run.state.is_final() {
        open.clear();
    }
    let total = open.len() as u32;
    let shown = open.into_iter().take(MOST).filter_map(|((at, item), until)| {
        let step = run.snapshot.all_steps().nth(at)?;
        let addresses = &workspace.runner().addresses;
        Some(AwaitedDelivery {
            step: step.id.clone(),
            name: step.title().to_owned(),
            item,
            connection: Some(step.connection.clone()).filter(|name| !name.is_empty()),
            address: has_address(step).then(|| addresses.of(&run.id, &step.id, item)).flatten(),
            until,
        })
    });
    Ok(RunWaitsResponse { waits: shown.collect(), total })
}
