//! What differs between what came of a run and what came of its replay, in words. Pure.

use std::collections::BTreeMap;

use patchbay_model::logic::Logic;
use patchbay_model::run::{Decision, Fact, Outcome, RequestSummary, RunState};
use patchbay_model::{Chain, Step, StepId};
use serde_json::Value;

use super::{Expected, ExpectedItem};

/// Differences that are told one by one.
const MOST: usize = 50;

/// What came of a run, taken in fact by fact.
#[derive(Default)]
pub(super) struct Came {
    items: Items,
    state: Option<RunState>,
}

impl Came {
    pub(super) fn take(&mut self, chain: &Chain, fact: &Fact) {
        let items = &mut self.items;
        match fact {
            Fact::Intent { step, item, request, .. } => {
                at(items, step, *item).request = Some(request.clone());
            }
            Fact::UndoIntent { step, item, request, .. } => {
                at(items, step, *item).undo = Some(request.clone());
            }
            Fact::Result { step, item, outcome, .. } => at(items, step, *item).end = end(outcome).into(),
            Fact::Resolved { step, item, decision: Decision::Happened, .. }
            | Fact::Arrived { step, item, .. } => at(items, step, *item).end = "done".into(),
            Fact::Answered { step, item, approved, .. } => {
                let end = if *approved { "done" } else { "left_out" };
                at(items, step, *item).end = end.into();
            }
            Fact::Computed { step, results } => {
                for (item, output) in results {
                    let found = at(items, step, *item);
                    found.end = "done".into();
                    // When a wait was over is another time each time.
                    let waits = |(_, step): (usize, &Step)| matches!(step.logic, Some(Logic::Wait { .. }));
                    found.value = Some(output.clone()).filter(|_| !chain.step(step).is_some_and(waits));
                }
            }
            Fact::LeftOut { step, items: left_out, .. } => {
                for item in left_out {
                    at(items, step, *item).end = "left_out".into();
                }
            }
            Fact::Finished { state: ended } => self.state = Some(*ended),
            _ => {}
        }
    }

    pub(super) fn into_expected(self) -> Expected {
        Expected { state: self.state, items: self.items.into_values().collect() }
    }
}

type Items = BTreeMap<(StepId, u32), ExpectedItem>;

/// The item of a step, as far as it is known.
fn at<'i>(items: &'i mut Items, step: &StepId, item: u32) -> &'i mut ExpectedItem {
    items.entry((step.clone(), item)).or_insert_with(|| ExpectedItem {
        step: step.clone(),
        item,
        end: "open".to_owned(),
        request: None,
        undo: None,
        value: None,
    })
}

fn end(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::NotDone { .. } => "not_done",
        Outcome::Unknown { .. } => "unknown",
        Outcome::Quarantined { .. } => "quarantined",
        Outcome::Skipped => "left_out",
        Outcome::Shown { .. } => "shown",
    }
}

/// The words of how an item ended.
fn end_words(end: &str) -> &str {
    match end {
        "done" => "is done",
        "not_done" => "fails",
        "unknown" => "is not known",
        "quarantined" => "does not fit",
        "left_out" => "is left out",
        _ => "has no end",
    }
}

/// Each difference as a sentence; none where both are the same.
pub fn differences(expected: &Expected, found: &Expected) -> Vec<String> {
    let mut said = Vec::new();
    if expected.state != found.state {
        let word = |of: &Expected| of.state.map_or("open", |state| state.as_str()).replace('_', " ");
        said.push(format!("The run ends as \"{}\" instead of \"{}\".", word(found), word(expected)));
    }
    let by_place = |all: &Expected| -> Items {
        all.items.iter().map(|item| ((item.step.clone(), item.item), item.clone())).collect()
    };
    let (before, now) = (by_place(expected), by_place(found));
    let places: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).cloned().collect();
    for place in places {
        let name = format!("Step \"{}\", item {}", place.0, place.1 + 1);
        match (before.get(&place), now.get(&place)) {
            (Some(_), None) => said.push(format!("{name}: it is not reached any more.")),
            (None, Some(_)) => said.push(format!("{name}: it was not there before.")),
            (Some(before), Some(now)) => {
                if before.end != now.end {
                    said.push(format!(
                        "{name}: it {} and {} before.",
                        end_words(&now.end),
                        end_words(&before.end).replacen("is", "was", 1).replacen("fails", "failed", 1)
                    ));
                }
                request(&name, "sent", before.request.as_ref(), now.request.as_ref(), &mut said);
                request(&name, "sent to undo it", before.undo.as_ref(), now.undo.as_ref(), &mut said);
                if before.value != now.value {
                    let null = Value::Null;
                    let (old, new) =
                        (before.value.as_ref().unwrap_or(&null), now.value.as_ref().unwrap_or(&null));
                    values(&format!("{name}: it gives"), "", old, new, &mut said);
                }
            }
            (None, None) => {}
        }
        if said.len() > MOST {
            said.truncate(MOST);
            said.push("There are more differences.".to_owned());
            break;
        }
    }
    said
}

fn request(
    name: &str,
    what: &str,
    before: Option<&RequestSummary>,
    now: Option<&RequestSummary>,
    said: &mut Vec<String>,
) {
    let (old, new) = match (before, now) {
        (Some(old), Some(new)) => (old, new),
        (None, None) => return,
        (Some(_), None) => return said.push(format!("{name}: nothing is {what} any more.")),
        (None, Some(new)) => {
            return said.push(format!("{name}: {} {} is {what} now.", new.method, new.url));
        }
    };
    let counted = said.len();
    if (&old.method, &old.url) != (&new.method, &new.url) {
        said.push(format!(
            "{name}: {} {} is {what} instead of {} {}.",
            new.method, new.url, old.method, old.url
        ));
    }
    let null = Value::Null;
    let (old_body, new_body) = (old.body.as_ref().unwrap_or(&null), new.body.as_ref().unwrap_or(&null));
    values(&format!("{name}: what is {what} has"), "", old_body, new_body, said);
    let masked =
        old_body.to_string().contains(patchbay_connector::MASK) || old.url.contains(patchbay_connector::MASK);
    if said.len() == counted && old.hash != new.hash && !masked {
        said.push(format!("{name}: the query of what is {what} differs."));
    }
}

/// Where two values differ, deep down.
fn values(name: &str, at: &str, old: &Value, new: &Value, said: &mut Vec<String>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(before), Value::Object(now)) => {
            let names: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
            for member in names {
                let at = format!("{at}/{member}");
                match (before.get(member), now.get(member)) {
                    (Some(old), Some(new)) => values(name, &at, old, new, said),
                    (Some(old), None) => said.push(format!("{name} no {at} any more; it was {}.", shown(old))),
                    (None, Some(new)) => said.push(format!("{name} {at} {}, which was not there.", shown(new))),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            for (index, (old, new)) in before.iter().zip(now).enumerate() {
                values(name, &format!("{at}/{index}"), old, new, said);
            }
        }
        _ => {
            let place = if at.is_empty() { String::new() } else { format!("{at} ") };
            said.push(format!("{name} {place}{} instead of {}.", shown(new), shown(old)));
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let mut short: String = text.chars().take(120).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
