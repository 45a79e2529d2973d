//! How the calls of a chain's steps went, from the figures that are written with the journal's facts.

use std::collections::BTreeMap;

use patchbay_model::problem::Problem;
use patchbay_model::{StepId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call_figures::CallFigures;
use crate::chains;
use crate::health::overview::HealthRange;
use crate::hub::Hub;
use crate::titles;

/// Which chain, and of how long.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainFiguresRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// Up to now; a day where absent.
    #[serde(default)]
    pub range: Option<HealthRange>,
}

/// The calls of a chain's steps.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainFigures {
    /// Of how long.
    pub range: HealthRange,
    /// From when on.
    pub since: Timestamp,
    /// Steps in the order of the chain; those that are not there any more come last. A step that called nothing is
    /// not among them.
    pub steps: Vec<StepFiguresView>,
}

/// The calls of one step through one connection.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StepFiguresView {
    /// The step.
    pub step: StepId,
    /// What a person reads for it.
    pub name: String,
    /// Whether the chain still has it.
    pub there: bool,
    /// The connection's name; none where it was disconnected.
    pub connection: Option<String>,
    /// How its calls went.
    #[serde(flatten)]
    pub figures: CallFigures,
}

/// Says how the calls of a chain's steps went.
pub async fn figures(
    hub: &Hub,
    workspace: &str,
    request: ChainFiguresRequest,
) -> Result<ChainFigures, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = chains::find(&workspace, &request.chain).await?;
    let range = request.range.unwrap_or_default();
    let since = range.begin(hub.clock().now());
    let chain = titles::titled(&workspace, &version.chain).await?;
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut steps = Vec::new();
    for one in workspace.store().chain_step_figures(&version.id, since).await? {
        if !names.contains_key(&one.connection) {
            let found = workspace.store().connection(&one.connection.as_str().into()).await?;
            names.insert(one.connection.clone(), found.map(|connection| connection.name));
        }
        let figures = CallFigures::from(&one);
        let step = StepId::new(one.step);
        let found = chain.step(&step);
        let at = found.map_or(usize::MAX, |(at, _)| at);
        let view = StepFiguresView {
            name: found.map_or_else(|| step.to_string(), |(_, own)| own.title().to_owned()),
            there: found.is_some(),
            connection: names.get(&one.connection).cloned().flatten(),
            figures,
            step,
        };
        steps.push((at, view));
    }
    steps.sort_by_key(|(at, _)| *at);
    Ok(ChainFigures { range, since, steps: steps.into_iter().map(|(_, view)| view).collect() })
}
