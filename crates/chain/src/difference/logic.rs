//! What differs in what a step does by itself, in words.

use patchbay_model::descriptor::Predicate;
use patchbay_model::logic::{Logic, Tie, Way};
use serde_json::Value;

use super::seconds_words;

/// Parts of a step's document with what they are called. What is not among them is told by its own name.
const PARTS: [(&str, &str); 18] = [
    ("when", "the conditions"),
    ("path", "the path"),
    ("of", "what it takes"),
    ("how", "how it puts together"),
    ("between", "what stands between texts"),
    ("ways", "the ways"),
    ("otherwise", "the way where none fits"),
    ("seconds", "the time to wait"),
    ("until", "the time until which it waits"),
    ("ties", "what ties the delivery to the run"),
    ("within", "the longest time to wait"),
    ("question", "the question"),
    ("chain", "the other chain"),
    ("key", "the key"),
    ("value", "the value"),
    ("table", "the table"),
    ("source", "the source"),
    ("target", "the target"),
];

/// The differences, each a sentence.
pub(super) fn difference(name: &str, old: Option<&Logic>, new: Option<&Logic>) -> Vec<String> {
    let words = |logic: Option<&Logic>| logic.map_or("an operation", Logic::words);
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (written(old), written(new)) else {
        return vec![format!("\"{name}\" does \"{}\" instead of \"{}\".", words(new), words(old))];
    };
    if before.get("type") != after.get("type") {
        return vec![format!("\"{name}\" does \"{}\" instead of \"{}\".", words(new), words(old))];
    }
    let mut members: Vec<&String> = before.keys().collect();
    members.extend(after.keys().filter(|member| !before.contains_key(*member)));
    let changed = members.into_iter().filter(|member| before.get(*member) != after.get(*member));
    changed
        .map(|member| {
            let called = match (member.as_str(), new) {
                ("otherwise", Some(Logic::Recall { .. } | Logic::Lookup { .. })) => {
                    "what it gives where there is none"
                }
                _ => PARTS.iter().find(|(own, _)| own == member).map_or(member.as_str(), |(_, words)| words),
            };
            let said =
                |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), |value| part(member, value));
            format!(
                "\"{name}\": {called} is {} instead of {}.",
                said(after.get(member)),
                said(before.get(member))
            )
            .replace("conditions is", "conditions are")
            .replace("ways is", "ways are")
        })
        .collect()
}

fn written(logic: Option<&Logic>) -> Option<Value> {
    serde_json::to_value(logic?).ok()
}

fn part(member: &str, value: &Value) -> String {
    let read = |value: &Value| match member {
        "when" => {
            let when: Vec<Predicate> = serde_json::from_value(value.clone()).ok()?;
            Some(conditions(&when))
        }
        "ways" => {
            let ways: Vec<Way> = serde_json::from_value(value.clone()).ok()?;
            let way = |way: &Way| format!("\"{}\" where {}", way.name, conditions(&way.when));
            Some(ways.iter().map(way).collect::<Vec<_>>().join(", "))
        }
        "ties" => {
            let ties: Vec<Tie> = serde_json::from_value(value.clone()).ok()?;
            let tie = |tie: &Tie| format!("{} = {}", short(&tie.path), tie.equals);
            Some(ties.iter().map(tie).collect::<Vec<_>>().join(", "))
        }
        "seconds" | "within" => value.as_u64().map(seconds_words),
        _ => None,
    };
    read(value).unwrap_or_else(|| value.to_string())
}

fn short(path: &str) -> &str {
    path.trim_start_matches("$.")
}

/// Conditions in words.
fn conditions(when: &[Predicate]) -> String {
    let one = |test: &Predicate| {
        let operator = serde_json::to_value(test.operator).ok();
        let operator = operator.as_ref().and_then(Value::as_str).unwrap_or_default().replace('_', " ");
        match &test.value {
            Some(value) => format!("{} {operator} {value}", short(&test.path)),
            None => format!("{} {operator}", short(&test.path)),
        }
    };
    if when.is_empty() { "none".to_owned() } else { when.iter().map(one).collect::<Vec<_>>().join(" and ") }
}
