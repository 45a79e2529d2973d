//! What mappings see: `item`, `steps.<id>`, `input`, and `error` where a failure is handled.

use patchbay_model::Run;
use serde_json::{Map, Value, json};

use crate::items::{Items, problem};
use crate::plan::{Phase, Plan};
use crate::progress::{ItemProgress, Progress};

/// Builds the scope of one item of a step.
///
/// A step that goes through items sees each earlier step over the same items as that item's result,
/// and not the whole list, which may be large. A step that runs once sees whole results: the list
/// for list steps, a list of results (null where one is missing) for steps that went through items.
pub(crate) fn scope(plan: &Plan, progress: &Progress, run: &Run, step: usize, item: u32) -> Value {
    let mut steps = Map::new();
    let own = &plan.steps[step];
    for earlier in 0..step {
        let value = match progress.ancestor(plan, step, item, earlier) {
            _ if plan.flows_from(step, earlier) => continue,
            Some(_) if plan.steps[earlier].root.is_none() => whole(plan, progress, earlier),
            Some(at) => progress.item(earlier, at).and_then(ItemProgress::output).cloned(),
            None => {
                let outputs = progress.outputs(earlier).map(|o| o.cloned().unwrap_or(Value::Null));
                Some(Value::Array(outputs.collect()))
            }
        };
        // An absent result stays absent: a mapping that needs it says so instead of sending null.
        if let Some(value) = value {
            steps.insert(plan.steps[earlier].id.to_string(), value);
        }
    }
    let mut scope = json!({ "steps": steps, "input": run.input, "run": { "id": run.id } });
    if let Value::Object(members) = &mut scope {
        if own.root.is_some() {
            members
                .insert("item".to_owned(), current(plan, progress, step, item).cloned().unwrap_or(Value::Null));
            members.insert("index".to_owned(), json!(item));
        }
        if let Some(failed) = own.handles {
            let at = progress.ancestor(plan, step, item, failed);
            members.insert("error".to_owned(), error(progress, failed, at));
        }
        if own.phase == Phase::OnFailure {
            let failed = (0..plan.steps.len()).find(|step| {
                let counts = progress.steps[*step].items.as_ref().map(Items::counts).unwrap_or_default();
                counts.failed + counts.quarantined > 0
            });
            members.insert(
                "error".to_owned(),
                failed.map_or(Value::Null, |failed| {
                    let mut error = error(progress, failed, None);
                    error["step"] = json!(plan.steps[failed].id);
                    error
                }),
            );
        }
        if own.phase == Phase::Finally {
            members["run"]["state"] = json!(progress.ended);
        }
    }
    scope
}

/// Why a step failed, for one item or for the first that did.
fn error(progress: &Progress, step: usize, item: Option<u32>) -> Value {
    let of_item = item.and_then(|item| progress.item(step, item)).and_then(problem);
    let any = || progress.steps[step].items.iter().flat_map(Items::iter).find_map(problem);
    of_item.or_else(any).map_or(
        Value::Null,
        |problem| json!({ "code": problem.code(), "title": problem.title(), "hint": problem.hint() }),
    )
}

/// The result of a step that runs once: all pages of a list together.
fn whole(plan: &Plan, progress: &Progress, step: usize) -> Option<Value> {
    let items = progress.steps[step].items.as_ref()?;
    if !plan.steps[step].paged || items.len() <= 1 {
        return items.get(0)?.output().cloned();
    }
    let pages = items.iter().filter_map(ItemProgress::output).filter_map(Value::as_array);
    Some(Value::Array(pages.flatten().cloned().collect()))
}

/// How many items a step has, given what came before it.
pub(crate) fn count(plan: &Plan, progress: &Progress, step: usize) -> u32 {
    let Some(list) = plan.steps[step].root else {
        return 1;
    };
    let lengths = progress.outputs(list).map(|output| output.and_then(Value::as_array).map_or(0, Vec::len));
    u32::try_from(lengths.sum::<usize>()).unwrap_or(u32::MAX)
}

/// The item that a step works on.
fn current<'p>(plan: &Plan, progress: &'p Progress, step: usize, item: u32) -> Option<&'p Value> {
    let list = plan.steps[step].root?;
    let part = |page: u32, at: usize| progress.item(list, page)?.output()?.as_array()?.get(at);
    let parents = &progress.steps[step].parents;
    if let Some(parent) = parents.get(item as usize) {
        let first = parents.partition_point(|other| other < parent);
        return part(*parent, item as usize - first);
    }
    let starts = &progress.steps[list].starts;
    match starts.partition_point(|start| *start <= item).checked_sub(1) {
        Some(page) => part(page as u32, (item - starts[page]) as usize),
        None => part(0, item as usize),
    }
}
