//! What went into and came out of one step of a run, item by item, from the journal.

use std::collections::BTreeMap;

use patchbay_model::StepId;
use patchbay_model::problem::Problem;
use patchbay_model::run::{Decision, Fact, JournalEntry, Outcome, RequestSummary, Run};
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
    /// The item that the step went through, or what the run was started with for a step that runs once.
    pub given: Option<Value>,
    /// What was sent last, without secrets.
    pub request: Option<RequestSummary>,
    /// What became of it.
    pub outcome: Option<Outcome>,
}

pub(crate) fn done(output: Value) -> Outcome {
    Outcome::Done { output, output_missing: None }
}

/// Shows what went into and came out of a step.
pub async fn data(hub: &Hub, workspace: &str, request: RunDataRequest) -> Result<RunDataResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let journal = workspace.store().journal(&run.id, 0).await?;
    let items = items_of(&journal, &request.step);
    let total = items.len() as u32;
    let offset = request.offset.unwrap_or(0) as usize;
    let limit = request.limit.unwrap_or(MOST).min(MOST) as usize;
    let list = run.snapshot.step(&request.step).and_then(|(_, step)| step.for_each.as_ref());
    let mut given = Given::of(&run, &journal, list);
    let items = items
        .into_iter()
        .skip(offset)
        .take(limit)
        .map(|(item, data)| ItemData { item, given: given.take(item), ..data })
        .collect();
    Ok(RunDataResponse { items, total })
}

/// The items that a step went through.
struct Given(Vec<Option<Value>>);

impl Given {
    fn of(run: &Run, journal: &[JournalEntry], list: Option<&StepId>) -> Self {
        let Some(list) = list else {
            return Self(vec![Some(run.input.clone()).filter(|input| !input.is_null())]);
        };
        let lists = items_of(journal, list).into_values().map(|data| data.outcome);
        let items = lists.flat_map(|outcome| match outcome {
            Some(Outcome::Done { output: Value::Array(items), .. }) => items,
            _ => Vec::new(),
        });
        Self(items.map(Some).collect())
    }

    fn take(&mut self, item: u32) -> Option<Value> {
        self.0.get_mut(item as usize).and_then(Option::take)
    }
}

/// What became of each item of a step.
pub(crate) fn items_of(journal: &[JournalEntry], wanted: &StepId) -> BTreeMap<u32, ItemData> {
    let mut items: BTreeMap<u32, ItemData> = BTreeMap::new();
    for entry in journal.iter().filter(|entry| entry.fact.step() == Some(wanted)) {
        match entry.fact.clone() {
            Fact::Intent { item, request: sent, .. } => {
                items.entry(item).or_default().request = Some(sent);
            }
            Fact::Result { item, outcome, .. } => {
                items.entry(item).or_default().outcome = Some(outcome);
            }
            Fact::Kept { item, outcome, .. } => {
                items.entry(item).or_default().outcome = Some(outcome);
            }
            Fact::Computed { results, .. } => {
                for (item, output) in results {
                    items.entry(item).or_default().outcome = Some(done(output));
                }
            }
            Fact::Arrived { item, output, .. } => {
                items.entry(item).or_default().outcome = Some(done(output));
            }
            Fact::Answered { item, approved, .. } => {
                let outcome = if approved { done(Value::Bool(true)) } else { Outcome::Skipped };
                items.entry(item).or_default().outcome = Some(outcome);
            }
            Fact::Resolved { item, decision: Decision::Happened, output, .. } => {
                items.entry(item).or_default().outcome = Some(done(output.unwrap_or(Value::Null)));
            }
            Fact::LeftOut { items: left_out, .. } => {
                for item in left_out {
                    items.entry(item).or_default().outcome = Some(Outcome::Skipped);
                }
            }
            _ => {}
        }
    }
    items
}
