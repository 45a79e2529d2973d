//! What mappings see: `item`, `steps.<id>`, `input`.

use patchbay_model::Run;
use serde_json::{Map, Value, json};

use crate::plan::Plan;
use crate::progress::{ItemProgress, Progress};

/// Builds the scope of one item of a step.
///
/// A step that goes through items sees each earlier step over the same items as that item's result,
/// and not the whole list, which may be large. A step that runs once sees whole results: the list
/// for list steps, a list of results (null where one is missing) for steps that went through items.
pub(crate) fn scope(plan: &Plan, progress: &Progress, run: &Run, step: usize, item: u32) -> Value {
    let mut steps = Map::new();
    let root = plan.steps[step].root;
    for earlier in 0..step {
        let id = plan.steps[earlier].id.to_string();
        let value = if root.is_some() && plan.steps[earlier].root == root {
            output(progress, earlier, item)
        } else if Some(earlier) == root {
            continue;
        } else if plan.steps[earlier].root.is_some() {
            Some(Value::Array(progress.outputs(earlier).map(|o| o.cloned().unwrap_or(Value::Null)).collect()))
        } else {
            output(progress, earlier, 0)
        };
        // An absent result stays absent: a mapping that needs it says so instead of sending null.
        if let Some(value) = value {
            steps.insert(id, value);
        }
    }
    let mut scope = json!({ "steps": steps, "input": run.input, "run": { "id": run.id } });
    if let (Some(root), Value::Object(members)) = (root, &mut scope) {
        let current = items(progress, root).and_then(|items| items.get(item as usize)).cloned();
        members.insert("item".to_owned(), current.unwrap_or(Value::Null));
        members.insert("index".to_owned(), json!(item));
    }
    scope
}

/// The items that a list step gave; none while it has not, or when it failed.
pub(crate) fn items(progress: &Progress, list_step: usize) -> Option<&Vec<Value>> {
    progress.outputs(list_step).next().flatten().and_then(Value::as_array)
}

fn output(progress: &Progress, step: usize, item: u32) -> Option<Value> {
    match progress.steps[step].items.as_ref()?.get(item as usize)? {
        ItemProgress::Done { output, output_missing: false, .. } => Some(output.clone()),
        _ => None,
    }
}
