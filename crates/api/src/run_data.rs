//! What went into and came out of one step of a run, item by item, from the journal.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_chain::journal;
use patchbay_chain::reached::Reached;
use patchbay_model::StepId;
use patchbay_model::privacy::{PrivateField, StepPrivacy};
use patchbay_model::problem::Problem;
use patchbay_model::run::{Decision, Fact, Outcome, RequestSummary, Run};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::privacy::Privacy;
use crate::runs;

/// At most this many items in one answer.
const MOST: u32 = 200;
/// At most about so many bytes of JSON in one answer: what a screen can show and search at once.
const BYTES: usize = 1 << 20;

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
    /// At most this many; 200 at most. There are fewer where they would be more than about 1 MiB.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Items as a whole, however large, for a file: each answer has one at least.
    #[serde(default)]
    pub whole: Option<bool>,
}

/// Items of a step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RunDataResponse {
    /// The items, in order.
    pub items: Vec<ItemData>,
    /// How many there are in all.
    pub total: u32,
    /// Fields that are private, of this step and of those that its data comes from.
    pub private: Vec<PrivateField>,
    /// What of the step's data is private beyond them.
    pub privacy: StepPrivacy,
    /// Nobody knows any more what is private of the items that the step went through.
    pub given_unknown: bool,
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
    /// Where it is too large for one answer: how much of it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// How much of something large is shown: its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// Bytes of JSON that are here.
    pub shown_bytes: u64,
    /// Bytes of JSON that there are.
    pub bytes: u64,
    /// Items of the list that came out that are here; none where it is no list.
    pub shown_items: Option<u64>,
    /// Items of the list that there are.
    pub items: Option<u64>,
}

pub(crate) fn done(output: Value) -> Outcome {
    Outcome::Done { output, output_missing: None }
}

/// Shows what went into and came out of a step.
pub async fn data(hub: &Hub, workspace: &str, request: RunDataRequest) -> Result<RunDataResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let offset = request.offset.unwrap_or(0) as usize;
    let limit = request.limit.unwrap_or(MOST).min(MOST) as usize;
    let whole = request.whole.unwrap_or(false);
    let list = run.snapshot.step(&request.step).and_then(|(_, step)| step.for_each.as_ref());
    // Which items there are is known at the end of the journal, which may be long: what is shown of them is
    // taken from it then, and nothing else is held.
    let (mut there, mut given, mut reached) = (BTreeSet::new(), Given::of(&run, list), Reached::default());
    journal::each(workspace.store(), &run.id, |entry| {
        reached.take(&entry.fact);
        if entry.fact.step() == Some(&request.step) {
            there.extend(said(entry.fact).into_iter().map(|(item, _)| item));
        } else {
            given.count(entry.fact);
        }
    })
    .await?;
    let total = there.len() as u32;
    let shown: BTreeSet<u32> = there.into_iter().skip(offset).take(limit).collect();
    given.choose(&shown);
    let mut items = StepItems { step: &request.step, only: Some(shown), items: BTreeMap::new() };
    journal::each(workspace.store(), &run.id, |entry| {
        if entry.fact.step() == Some(&request.step) {
            items.take(entry.fact);
        } else {
            given.take(entry.fact);
        }
    })
    .await?;
    let items = items.into_map().into_iter();
    let items = items.map(|(item, data)| ItemData { item, given: given.items.remove(&item), ..data });
    let items = bounded(items, whole);
    let privacy = Privacy::of_run(&workspace, &run, reached).await?;
    Ok(RunDataResponse::of(items, total, privacy, &request.step, list))
}

impl RunDataResponse {
    /// Items of a step, with what of them is private. The step goes through the items of `list`.
    pub(crate) fn of(
        items: Vec<ItemData>,
        total: u32,
        privacy: Privacy,
        step: &StepId,
        list: Option<&StepId>,
    ) -> Self {
        let given_unknown = privacy.given_unknown(list);
        Self { items, total, privacy: privacy.step(step), private: privacy.fields, given_unknown }
    }
}

/// The first items, as far as they fit into one answer. The first is always there: its beginning, where it is
/// larger and not wanted as a `whole`.
pub(crate) fn bounded(items: impl Iterator<Item = ItemData>, whole: bool) -> Vec<ItemData> {
    let mut left = BYTES;
    let mut shown = Vec::new();
    for mut item in items {
        let size = item.size();
        if size > left {
            if shown.is_empty() {
                if !whole {
                    item.shorten();
                }
                shown.push(item);
            }
            break;
        }
        left -= size;
        shown.push(item);
    }
    shown
}

impl ItemData {
    fn size(&self) -> usize {
        let output = match &self.outcome {
            Some(Outcome::Done { output, .. }) => Some(output),
            _ => None,
        };
        let body = self.request.as_ref().and_then(|request| request.body.as_ref());
        [output, body, self.given.as_ref()].into_iter().flatten().map(size).sum()
    }

    /// Leaves the beginning of what came out, and of what went in.
    fn shorten(&mut self) {
        let bytes = self.size() as u64;
        let mut cut = Cut { shown_bytes: 0, bytes, shown_items: None, items: None };
        let body = self.request.as_mut().and_then(|request| request.body.as_mut());
        // What went in is worth a part of the room, whatever came out.
        for value in [body, self.given.as_mut()].into_iter().flatten() {
            *value = beginning(value.take(), &mut (BYTES / 4));
        }
        if let Some(Outcome::Done { output, .. }) = &mut self.outcome {
            cut.items = output.as_array().map(|list| list.len() as u64);
            *output = beginning(output.take(), &mut (BYTES / 2));
            cut.shown_items = output.as_array().map(|list| list.len() as u64);
        }
        cut.shown_bytes = self.size() as u64;
        self.cut = Some(cut);
    }
}

/// About how many bytes a value has as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 3,
        Value::Array(list) => 2 + list.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields.iter().map(|(key, value)| key.len() + 4 + size(value)).sum::<usize>()
        }
    }
}

/// As much of the beginning of a value as there is room for.
fn beginning(value: Value, left: &mut usize) -> Value {
    match value {
        Value::Array(list) => {
            let mut kept = Vec::new();
            for own in list {
                if *left == 0 {
                    break;
                }
                kept.push(beginning(own, left));
            }
            Value::Array(kept)
        }
        Value::Object(fields) => {
            let mut kept = serde_json::Map::new();
            for (key, own) in fields {
                if *left == 0 {
                    break;
                }
                *left = left.saturating_sub(key.len() + 4);
                kept.insert(key, beginning(own, left));
            }
            Value::Object(kept)
        }
        Value::String(mut text) => {
            if text.len() > *left {
                text.truncate(text.floor_char_boundary(*left));
                text.push('…');
            }
            *left = left.saturating_sub(text.len() + 3);
            Value::String(text)
        }
        plain => {
            *left = left.saturating_sub(size(&plain));
            plain
        }
    }
}

/// The items that a step went through, as far as they are shown.
struct Given<'s> {
    /// The step that gave them.
    list: Option<&'s StepId>,
    /// How many each of its own items gave.
    lengths: BTreeMap<u32, usize>,
    /// The number of the first that each of them gave, for those that gave one that is shown.
    firsts: BTreeMap<u32, u32>,
    items: BTreeMap<u32, Value>,
    shown: BTreeSet<u32>,
}

impl<'s> Given<'s> {
    fn of(run: &Run, list: Option<&'s StepId>) -> Self {
        let input = Some((0, run.input.clone())).filter(|(_, input)| list.is_none() && !input.is_null());
        Self {
            list,
            lengths: BTreeMap::new(),
            firsts: BTreeMap::new(),
            items: input.into_iter().collect(),
            shown: BTreeSet::new(),
        }
    }

    fn count(&mut self, fact: Fact) {
        for (page, said) in self.said(fact) {
            let came = if let Said::Became(Outcome::Done { output: Value::Array(items), .. }) = said {
                items.len()
            } else {
                0
            };
            self.lengths.insert(page, came);
        }
    }

    /// Once all are counted.
    fn choose(&mut self, shown: &BTreeSet<u32>) {
        self.shown.clone_from(shown);
        let mut first = 0;
        for (page, length) in &self.lengths {
            let next = first + *length as u32;
            if shown.range(first..next).next().is_some() {
                self.firsts.insert(*page, first);
            }
            first = next;
        }
    }

    fn take(&mut self, fact: Fact) {
        for (page, said) in self.said(fact) {
            let Some(first) = self.firsts.get(&page) else { continue };
            let Said::Became(Outcome::Done { output: Value::Array(items), .. }) = said else { continue };
            let shown = (*first..).zip(items).filter(|(item, _)| self.shown.contains(item));
            self.items.extend(shown);
        }
    }

    fn said(&self, fact: Fact) -> Vec<(u32, Said)> {
        let own = self.list.is_some() && fact.step() == self.list;
        let mut said = if own { said(fact) } else { Vec::new() };
        said.retain(|(_, said)| matches!(said, Said::Became(_)));
        said
    }
}

/// What a fact says of an item.
enum Said {
    Sent(RequestSummary),
    Became(Outcome),
}

/// What a fact says of each of its items.
fn said(fact: Fact) -> Vec<(u32, Said)> {
    let became = |item: u32, outcome: Outcome| (item, Said::Became(outcome));
    match fact {
        Fact::Intent { item, request, .. } => vec![(item, Said::Sent(request))],
        Fact::Result { item, outcome, .. } | Fact::Kept { item, outcome, .. } => vec![became(item, outcome)],
        Fact::Computed { results, .. } => {
            results.into_iter().map(|(item, output)| became(item, done(output))).collect()
        }
        Fact::Arrived { item, output, .. } => vec![became(item, done(output))],
        Fact::Answered { item, approved, .. } => {
            vec![became(item, if approved { done(Value::Bool(true)) } else { Outcome::Skipped })]
        }
        Fact::Resolved { item, decision: Decision::Happened, output, .. } => {
            vec![became(item, done(output.unwrap_or(Value::Null)))]
        }
        Fact::LeftOut { items, .. } => items.into_iter().map(|item| became(item, Outcome::Skipped)).collect(),
        _ => Vec::new(),
    }
}

/// Whether a fact says something of an item of its step.
pub(crate) fn says_something(fact: &Fact) -> bool {
    match fact {
        Fact::Computed { results, .. } => !results.is_empty(),
        Fact::LeftOut { items, .. } => !items.is_empty(),
        Fact::Resolved { decision, .. } => *decision == Decision::Happened,
        Fact::Intent { .. }
        | Fact::Result { .. }
        | Fact::Kept { .. }
        | Fact::Arrived { .. }
        | Fact::Answered { .. } => true,
        _ => false,
    }
}

/// What became of each item of a step, taken in fact by fact.
pub(crate) struct StepItems<'s> {
    step: &'s StepId,
    /// These only, where not all are wanted.
    only: Option<BTreeSet<u32>>,
    items: BTreeMap<u32, ItemData>,
}

impl<'s> StepItems<'s> {
    /// Nothing yet, and wanted are all.
    pub(crate) fn of(step: &'s StepId) -> Self {
        Self { step, only: None, items: BTreeMap::new() }
    }

    /// Takes in the next fact; those of other steps say nothing.
    pub(crate) fn take(&mut self, fact: Fact) {
        if fact.step() != Some(self.step) {
            return;
        }
        for (item, said) in said(fact) {
            if self.only.as_ref().is_some_and(|only| !only.contains(&item)) {
                continue;
            }
            let data = self.items.entry(item).or_default();
            match said {
                Said::Sent(request) => data.request = Some(request),
                Said::Became(outcome) => data.outcome = Some(outcome),
            }
        }
    }

    /// What was taken in, by item.
    pub(crate) fn into_map(self) -> BTreeMap<u32, ItemData> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(item: u32, output: Value) -> ItemData {
        ItemData { item, outcome: Some(done(output)), ..ItemData::default() }
    }

    fn output(item: &ItemData) -> &Value {
        match &item.outcome {
            Some(Outcome::Done { output, .. }) => output,
            other => panic!("nothing came out: {other:?}"),
        }
    }

    #[test]
    fn an_answer_has_no_more_than_a_screen_can_show() {
        let large = json!("x".repeat(300 << 10));
        let shown = bounded((0..10).map(|n| item(n, large.clone())), false);
        assert_eq!(shown.len(), 3, "what fits into 1 MiB; the others are asked for from there on");
        assert!(shown.iter().all(|one| one.cut.is_none()), "each of them is whole");
        assert_eq!(bounded((0..10).map(|n| item(n, json!(n))), false).len(), 10);
    }

    #[test]
    fn what_is_larger_by_itself_is_shown_from_its_beginning_and_says_so() {
        let list: Vec<Value> = (0..12_400).map(|n| json!({ "id": n, "text": "y".repeat(500) })).collect();
        let shown = bounded([item(0, json!(list)), item(1, json!(1))].into_iter(), false);
        assert_eq!(shown.len(), 1);
        let cut = shown[0].cut.unwrap();
        assert_eq!(cut.items, Some(12_400));
        assert_eq!(cut.shown_items, Some(output(&shown[0]).as_array().unwrap().len() as u64));
        assert!(cut.shown_items < cut.items && cut.shown_items > Some(500), "{cut:?}");
        assert!(serde_json::to_string(output(&shown[0])).unwrap().len() < BYTES, "{cut:?}");
        assert_eq!(output(&shown[0])[7], list[7], "what is shown is as it was");

        let mut given = item(0, json!("é".repeat(BYTES)));
        given.given = Some(json!({ "text": "z".repeat(BYTES) }));
        let shown = bounded([given].into_iter(), false);
        assert!(
            shown[0].given.as_ref().unwrap()["text"].as_str().unwrap().len() > 1 << 10,
            "both sides are there"
        );
        assert!(output(&shown[0]).as_str().unwrap().ends_with('…'));
        assert!(shown[0].size() < BYTES);
    }

    #[test]
    fn a_file_gets_everything() {
        let list = json!((0..12_400).map(|n| json!({ "id": n, "text": "y".repeat(500) })).collect::<Vec<_>>());
        let shown = bounded([item(0, list.clone())].into_iter(), true);
        assert_eq!((output(&shown[0]), shown[0].cut), (&list, None));
    }
}
