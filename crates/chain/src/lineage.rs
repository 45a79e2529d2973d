//! Which item is which in a run that goes on from another one. Where a list that items were made of is made anew, an
//! item's number says nothing: it is known by the item that it comes from and by what it is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_connector::sha256_hex;
use patchbay_map::canonical_json;
use patchbay_model::run::{Fact, Outcome, Stood, Why};
use serde_json::Value;

use crate::plan::Plan;
use crate::progress::Progress;
use crate::scope;

/// A name for each item of a step that goes through items, in their order: the same in each run in which the same
/// item of a service comes from the same item.
pub(crate) fn names(plan: &Plan, progress: &Progress, step: usize) -> Vec<String> {
    let Some(list) = plan.steps[step].root else { return Vec::new() };
    let parents = names(plan, progress, list);
    // The pages of a list are one list.
    let mut lists: Vec<(String, Vec<&Value>)> = Vec::new();
    for (parent, output) in progress.outputs(list).enumerate() {
        let name = parents.get(parent).cloned().unwrap_or_default();
        let items = output.and_then(Value::as_array).into_iter().flatten();
        match lists.last_mut().filter(|(last, _)| *last == name) {
            Some((_, own)) => own.extend(items),
            None => lists.push((name, items.collect())),
        }
    }
    lists.into_iter().flat_map(|(parent, items)| siblings(&parent, &items)).collect()
}

/// Those that come from one item. One that has an `id` of its own is known by it, whatever else of it changed;
/// others by all of it, and equal ones by which of them it is.
fn siblings(parent: &str, items: &[&Value]) -> Vec<String> {
    let id = |item: &&Value| item.get("id").filter(|id| id.is_string() || id.is_number()).map(Value::to_string);
    let ids: Vec<String> = items.iter().filter_map(id).collect();
    let tells_apart = ids.len() == items.len() && ids.iter().collect::<BTreeSet<_>>().len() == ids.len();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let own = |item: &&Value| match id(item).filter(|_| tells_apart) {
        Some(id) => format!("id {id}"),
        None => canonical_json(item),
    };
    let own: Vec<String> = items.iter().map(own).collect();
    own.into_iter()
        .map(|own| {
            let name = format!("{parent} {own}");
            let before = seen.entry(name.clone()).or_default();
            *before += 1;
            sha256_hex(format!("{name} {before}").as_bytes())
        })
        .collect()
}

/// What is written down where a step begins: how many items it has, and what of them stands already.
pub(crate) fn opened(plan: &Plan, progress: &Progress, step: usize) -> Vec<Fact> {
    let id = &plan.steps[step].id;
    let mut facts = vec![Fact::StepOpened { step: id.clone(), items: scope::count(plan, progress, step) }];
    let stands = &progress.steps[step].stands;
    if stands.is_empty() {
        return facts;
    }
    let mut left_out: BTreeMap<Why, Vec<u32>> = BTreeMap::new();
    for (item, name) in (0_u32..).zip(names(plan, progress, step)) {
        match stands.get(&name) {
            Some(Stood::Done { output }) => {
                let outcome = Outcome::Done { output: output.clone(), output_missing: None };
                facts.push(Fact::Kept { step: id.clone(), item, outcome, next: None });
            }
            Some(Stood::Begun { run, remains }) => {
                let (run, remains) = (run.clone(), *remains);
                facts.push(Fact::ChainBefore { step: id.clone(), item, run, remains });
            }
            Some(Stood::LeftOut { why }) => left_out.entry(*why).or_default().push(item),
            None => {}
        }
    }
    let left_out = left_out.into_iter();
    facts.extend(left_out.map(|(why, items)| Fact::LeftOut { step: id.clone(), items, why }));
    facts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(parent: &str, items: &Value) -> Vec<String> {
        siblings(parent, &items.as_array().unwrap().iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_item_keeps_its_name_among_others_and_under_another_parent_has_another() {
        let first = named("a", &json!([{"id": 1, "v": "x"}, {"id": 2}]));
        let later = named("a", &json!([{"id": 3}, {"id": 2, "v": "new"}, {"id": 1, "v": "y"}]));
        assert_eq!([&later[2], &later[1]], [&first[0], &first[1]], "known by its id, wherever it stands");
        assert!(!first.contains(&later[0]));
        assert!(named("b", &json!([{"id": 1}])).iter().all(|name| !first.contains(name)));
        let texts = named("a", &json!(["x", "x", "y"]));
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 3, "equal ones are told apart");
        assert_eq!(named("a", &json!(["y", "x"])), [texts[2].clone(), texts[0].clone()]);
        let shared = named("a", &json!([{"id": 1, "v": "x"}, {"id": 1, "v": "y"}]));
        let turned = named("a", &json!([{"id": 1, "v": "y"}, {"id": 1, "v": "x"}]));
        assert_eq!(shared[0], turned[1], "what they share tells nothing");
    }
}
