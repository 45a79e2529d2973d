//! One of a fixed set of values, by what is meant: `Major` is `high` where there is no `Major`.

use serde_json::Value;

use crate::template::as_text;
use crate::words::tokens;

/// Words on a scale from the most to the least pressing. Words of one line mean the same.
const PRESSING: &[&[&str]] = &[
    &["critical", "highest", "urgent", "blocker", "emergency", "fatal", "p1", "sev1"],
    &["high", "major", "important", "error", "p2", "sev2"],
    &["normal", "medium", "moderate", "warning", "p3", "sev3"],
    &["low", "minor", "info", "p4", "sev4"],
    &["lowest", "trivial", "debug", "p5", "sev5"],
];

/// How far something has got. Words of one line mean the same; there is nothing between the lines.
const PROGRESS: &[&[&str]] = &[
    &["open", "opened", "reopened", "new", "todo", "unresolved", "active", "triggered", "backlog"],
    &["progress", "acknowledged", "started", "doing", "working", "pending", "investigating"],
    &["closed", "close", "done", "resolved", "completed", "complete", "finished", "fixed"],
    &["cancelled", "canceled", "declined", "rejected", "duplicate", "archived", "ignored"],
];

/// The value of the set that means the same. Of a scale the nearest one; where two are as near, the more
/// pressing.
pub(crate) fn choose(value: &Value, among: &[Value]) -> Option<Value> {
    if among.contains(value) {
        return Some(value.clone());
    }
    let words = tokens(&as_text(value));
    if words.is_empty() {
        return None;
    }
    let spelled = |choice: &&Value| tokens(&as_text(choice)) == words;
    if let Some(choice) = among.iter().find(spelled) {
        return Some(choice.clone());
    }
    let places = |scale| among.iter().filter_map(move |c| Some((place(&tokens(&as_text(c)), scale)?, c)));
    if let Some(wanted) = place(&words, PRESSING) {
        let nearest = places(PRESSING).min_by_key(|(at, _)| (at.abs_diff(wanted), *at));
        return nearest.map(|(_, choice)| choice.clone());
    }
    let wanted = place(&words, PROGRESS)?;
    places(PROGRESS).find(|(at, _)| *at == wanted).map(|(_, choice)| choice.clone())
}

fn place(words: &[String], scale: &[&[&str]]) -> Option<usize> {
    scale.iter().position(|same| words.iter().any(|word| same.contains(&word.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_means_the_same_is_chosen_and_nothing_else() {
        let cases = [
            (json!("High"), json!(["low", "normal", "high"]), json!("high")),
            (json!("Blocker"), json!(["low", "normal", "high"]), json!("high")),
            (json!("urgent"), json!(["P1", "P2", "P3"]), json!("P1")),
            (json!("Major"), json!(["low", "medium", "high"]), json!("high")),
            (json!("lowest"), json!(["normal", "low"]), json!("low")),
            (json!("medium"), json!(["high", "low"]), json!("high")),
            (json!("In Progress"), json!(["todo", "doing", "done"]), json!("doing")),
            (json!("closed"), json!(["open", "resolved"]), json!("resolved")),
            (json!("in_progress"), json!(["In Progress"]), json!("In Progress")),
            (json!("pending"), json!(["open", "closed"]), json!(null)),
            (json!("blue"), json!(["open", "closed"]), json!(null)),
            (json!(""), json!(["open"]), json!(null)),
        ];
        for (value, among, want) in cases {
            let chosen = choose(&value, among.as_array().unwrap()).unwrap_or(Value::Null);
            assert_eq!(chosen, want, "{value} among {among}");
        }
    }
}
