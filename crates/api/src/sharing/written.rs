//! What somebody wrote into a chain: it goes along when the chain is passed on, so it is shown before.

use patchbay_model::chain::{Chain, Source, Step};
use patchbay_model::problem::{Code, Problem};
use serde::Serialize;
use serde_json::Value;

/// A value that is part of a chain.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WrittenValue {
    /// The step; empty for what belongs to the chain as a whole.
    pub step: String,
    /// The parameter, or the place in the step's document, as a JSON pointer (RFC 6901).
    pub target: String,
    /// What it is, such as "A condition".
    pub what: &'static str,
    /// The value, or the template.
    pub value: Value,
}

/// Members of documents that name kinds, places and lengths of time, and nothing that anybody wrote.
const PLAIN: [&str; 11] =
    ["type", "operator", "path", "of", "how", "seconds", "within", "shared", "connection", "stream", "missed"];

/// Everything that somebody wrote into a chain, but for the names of its connections and the chain's own
/// name.
pub(super) fn written(chain: &Chain) -> Result<Vec<WrittenValue>, Problem> {
    let mut found = Vec::new();
    let mut note = |step: &str, target: &str, what, value: Value| {
        found.push(WrittenValue { step: step.to_owned(), target: target.to_owned(), what, value });
    };
    if !chain.description.is_empty() {
        note("", "/description", "The description", Value::String(chain.description.clone()));
    }
    leaves(&document(&chain.trigger)?, "/trigger", &mut |target, name, value| {
        note("", target, called(name), value.clone());
    });
    if let Some(key) = &chain.concurrency.key {
        note("", "/concurrency/key", "A template", Value::String(key.clone()));
    }
    for step in chain.all_steps() {
        let id = step.id.as_str();
        if let Some(name) = &step.name {
            note(id, "/name", "The step's name", Value::String(name.clone()));
        }
        if let Some(logic) = &step.logic {
            leaves(&document(logic)?, "", &mut |target, name, value| {
                note(id, target, called(name), value.clone());
            });
        }
        mapped(step, &mut note);
    }
    Ok(found)
}

fn mapped(step: &Step, note: &mut impl FnMut(&str, &str, &'static str, Value)) {
    let id = step.id.as_str();
    for map in &step.mapping {
        match &map.source {
            Source::Fixed { value } if !value.is_null() => {
                note(id, &map.target, "A fixed value", value.clone())
            }
            Source::Template { template } => {
                note(id, &map.target, "A template", Value::String(template.clone()));
            }
            Source::Fixed { .. } | Source::Path { .. } => {}
        }
        if let Some(default) = map.default.as_ref().filter(|default| !default.is_null()) {
            note(id, &map.target, "What stands there where nothing else does", default.clone());
        }
    }
}

fn document(part: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(part).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))
}

/// What a member of a document is.
fn called(member: &str) -> &'static str {
    match member {
        "value" => "A value that is compared with or kept",
        "question" => "A question",
        "until" => "The time until which it waits",
        "name" => "A name",
        "table" => "A table's name",
        "chain" => "Another chain's name",
        "folder" | "ending" => "A file's place or name",
        "equals" | "key" | "source" | "target" => "A template",
        _ => "A text",
    }
}

/// Texts, numbers and lists of them that stand in a document, each with its place and the member's name.
fn leaves(document: &Value, place: &str, found: &mut impl FnMut(&str, &str, &Value)) {
    match document {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !PLAIN.contains(&name.as_str())) {
                let place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
                let plain =
                    !value.is_object() && !value.as_array().is_some_and(|all| all.iter().any(Value::is_object));
                if plain && !value.is_null() && *value != Value::Array(Vec::new()) {
                    found(&place, name, value);
                } else {
                    leaves(value, &place, found);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                leaves(item, &format!("{place}/{at}"), found);
            }
        }
        _ => {}
    }
}
