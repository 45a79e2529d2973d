//! What went into and came out of one step of a run, item by item, from the journal.

use std::collections::BTreeMap;

use patchbay_model::StepId;
use patchbay_model::problem::Problem;
use patchbay_model::run::{Decision, Fact, Outcome, RequestSummary};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::runs;

/// At most this many items in one answer.
const MOST: u32 = 200;

/// Which items of which step.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunDataRequest {
    /// The run, by identifier or `last`.
    pub run: String,
    /// The step.
    pub step: StepId,
    /// How many to pass over.
    #[serde(default)]
    pub offset: Option<u32>,
    /// At most this many; 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Items of a step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunDataResponse {
    /// The items, in order.
    pub items: Vec<ItemData>,
    /// How many there are in all.
    pub total: u32,
}

/// One item.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ItemData {
    /// The item, from 0.
    pub item: u32,
    /// What was sent last, without secrets.
    pub request: Option<RequestSummary>,
    /// What became of it.
    pub outcome: Option<Outcome>,
}

fn done(output: Value) -> Outcome {
    Outcome::Done { output, output_missing: None }
}

/// Shows what went into and came out of a step.
pub async fn data(hub: &Hub, workspace: &str, request: RunDataRequest) -> Result<RunDataResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let mut items: BTreeMap<u32, ItemData> = BTreeMap::new();
    for entry in workspace.store().journal(&run.id, 0).await? {
        match entry.fact {
            Fact::Intent { step, item, request: sent, .. } if step == request.step => {
                items.entry(item).or_default().request = Some(sent);
            }
            Fact::Result { step, item, outcome, .. } if step == request.step => {
                items.entry(item).or_default().outcome = Some(outcome);
            }
            Fact::Kept { step, item, outcome } if step == request.step => {
                items.entry(item).or_default().outcome = Some(outcome);
            }
            Fact::Computed { step, results } if step == request.step => {
                for (item, output) in results {
                    items.entry(item).or_default().outcome = Some(done(output));
                }
            }
            Fact::Arrived { step, item, output, .. } if step == request.step => {
                items.entry(item).or_default().outcome = Some(done(output));
            }
            Fact::Answered { step, item, approved, .. } if step == request.step => {
                let outcome = if approved { done(Value::Bool(true)) } else { Outcome::Skipped };
                items.entry(item).or_default().outcome = Some(outcome);
            }
            Fact::Resolved { step, item, decision: Decision::Happened, output, .. } if step == request.step => {
                items.entry(item).or_default().outcome = Some(done(output.unwrap_or(Value::Null)));
            }
            Fact::LeftOut { step, items: left_out, .. } if step == request.step => {
                for item in left_out {
                    items.entry(item).or_default().outcome = Some(Outcome::Skipped);
                }
            }
            _ => {}
        }
    }
    let total = items.len() as u32;
    let offset = request.offset.unwrap_or(0) as usize;
    let limit = request.limit.unwrap_or(MOST).min(MOST) as usize;
    let items =
        items.into_iter().skip(offset).take(limit).map(|(item, data)| ItemData { item, ..data }).collect();
    Ok(RunDataResponse { items, total })
}
