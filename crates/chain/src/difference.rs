//! What differs between two versions of a chain, in words. Pure.

use patchbay_model::chain::{Chain, FieldMap, Source, Step};
use patchbay_model::trigger::Trigger;
use serde_json::Value;

use crate::report::step_name;

/// The differences from `old` to `new`, each a sentence; none where they are the same.
pub fn difference(old: &Chain, new: &Chain) -> Vec<String> {
    let mut said = Vec::new();
    if old.name != new.name {
        said.push(format!("Renamed from \"{}\" to \"{}\".", old.name, new.name));
    }
    if old.description != new.description {
        said.push("The description changed.".to_owned());
    }
    if old.trigger != new.trigger {
        said.push(format!(
            "Starts {} instead of {}.",
            trigger_words(&new.trigger),
            trigger_words(&old.trigger)
        ));
    }
    if old.concurrency != new.concurrency {
        said.push("Changed what happens when it starts while it runs.".to_owned());
    }
    for step in &old.steps {
        if new.step(&step.id).is_none() {
            said.push(format!("Removed the step \"{}\".", step_name(step)));
        }
    }
    for (at, step) in new.steps.iter().enumerate() {
        match old.step(&step.id) {
            None => {
                let after = at.checked_sub(1).map_or_else(
                    || " as the first".to_owned(),
                    |before| format!(" after \"{}\"", step_name(&new.steps[before])),
                );
                said.push(format!("Added the step \"{}\"{after}.", step_name(step)));
            }
            Some((_, before)) if before != step => said.extend(step_difference(before, step)),
            Some(_) => {}
        }
    }
    if order(old, new) != order(new, old) {
        said.push("The order of the steps changed.".to_owned());
    }
    said
}

/// The steps that both have, in the order of the first.
fn order<'c>(one: &'c Chain, other: &Chain) -> Vec<&'c str> {
    one.steps.iter().map(|s| &s.id).filter(|id| other.step(id).is_some()).map(AsRef::as_ref).collect()
}

fn step_difference(old: &Step, new: &Step) -> Vec<String> {
    let name = step_name(new);
    let mut said = Vec::new();
    if old.name != new.name {
        said.push(format!("\"{}\" is called \"{name}\" now.", step_name(old)));
    }
    if old.connection != new.connection {
        said.push(format!("\"{name}\" uses {} instead of {}.", new.connection, old.connection));
    }
    if old.operation != new.operation {
        said.push(format!("\"{name}\" does \"{}\" instead of \"{}\".", new.operation, old.operation));
    }
    if old.for_each != new.for_each {
        said.push(match &new.for_each {
            Some(source) => format!("\"{name}\" goes through the items of \"{source}\"."),
            None => format!("\"{name}\" runs once."),
        });
    }
    for map in &new.mapping {
        let before = old.mapping.iter().find(|other| other.target == map.target);
        let field = map.target.trim_start_matches('/');
        match before {
            None => said.push(format!("\"{name}\": {field} comes from {}.", source_words(map))),
            Some(before) if (&before.source, before.convert) != (&map.source, map.convert) => {
                said.push(format!(
                    "\"{name}\": {field} comes from {} instead of {}.",
                    source_words(map),
                    source_words(before)
                ))
            }
            Some(_) => {}
        }
    }
    for map in &old.mapping {
        if new.mapping.iter().all(|other| other.target != map.target) {
            said.push(format!("\"{name}\": {} has no source any more.", map.target.trim_start_matches('/')));
        }
    }
    if old.policy != new.policy {
        said.push(format!("\"{name}\": tries, time or what a failure means changed."));
    }
    said
}

fn source_words(map: &FieldMap) -> String {
    match &map.source {
        Source::Path { path } => path.trim_start_matches("$.").to_owned(),
        Source::Template { template } => format!("the template \"{template}\""),
        Source::Fixed { value: Value::String(text) } => format!("the fixed text \"{text}\""),
        Source::Fixed { value } => format!("the fixed value {value}"),
    }
}

/// What starts a chain, as a part of a sentence.
pub fn trigger_words(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Manual { .. } => "by hand".to_owned(),
        Trigger::Schedule { cron, zone, .. } => format!("by the schedule {cron} ({zone})"),
        Trigger::Interval { seconds, .. } => format!("every {}", seconds_words(*seconds)),
        Trigger::Signal { connection, stream, filter } => format!(
            "with {}each new signal{} of {connection}",
            if filter.is_empty() { "" } else { "a filter on " },
            stream.as_ref().map(|stream| format!(" in {stream}")).unwrap_or_default()
        ),
        Trigger::Webhook { connection, .. } => format!("with a delivery to {connection}"),
        Trigger::Chain { chain, .. } => format!("after \"{chain}\""),
        Trigger::File { connection, folder, .. } => format!("with a file in {connection}/{folder}"),
    }
}

/// A length of time in words.
pub fn seconds_words(seconds: u64) -> String {
    let several = |n: u64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => several(s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => several(s / 3_600, "hour"),
        s if s >= 60 && s % 60 == 0 => several(s / 60, "minute"),
        s => several(s, "second"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chain(change: impl FnOnce(&mut Value)) -> Chain {
        let mut document = json!({"schema": 1, "name": "Issues to chat", "steps": [
            {"id": "list", "name": "Read issues", "connection": "Tracker", "operation": "list"},
            {"id": "tell", "name": "Tell", "connection": "Chat", "operation": "send", "forEach": "list",
             "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.item.title"}}]}
        ]});
        change(&mut document);
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn each_change_is_a_sentence() {
        let old = chain(|_| {});
        let said = |change: fn(&mut Value)| difference(&old, &chain(change));
        assert_eq!(said(|_| {}), Vec::<String>::new());
        assert_eq!(said(|c| c["name"] = json!("X")), ["Renamed from \"Issues to chat\" to \"X\"."]);
        assert_eq!(
            said(|c| c["trigger"] = json!({"type": "interval", "seconds": 7_200})),
            ["Starts every 2 hours instead of by hand."]
        );
        assert_eq!(
            said(|c| c["steps"][1]["mapping"][0]["source"] = json!({"type": "fixed", "value": "Hello"})),
            ["\"Tell\": text comes from the fixed text \"Hello\" instead of item.title."]
        );
        assert_eq!(said(|c| c["steps"][1]["mapping"] = json!([])), ["\"Tell\": text has no source any more."]);
        assert_eq!(said(|c| c["steps"][1]["forEach"] = Value::Null), ["\"Tell\" runs once."]);
        assert_eq!(
            said(|c| c["steps"][1]["policy"] = json!({"tries": 2})),
            ["\"Tell\": tries, time or what a failure means changed."]
        );
        assert_eq!(
            said(|c| {
                c["steps"].as_array_mut().unwrap().remove(0);
            }),
            ["Removed the step \"Read issues\"."]
        );
        assert_eq!(
            said(|c| {
                let step = json!({"id": "log", "connection": "Chat", "operation": "send"});
                c["steps"].as_array_mut().unwrap().push(step);
            }),
            ["Added the step \"send\" after \"Tell\"."]
        );
        assert_eq!(
            said(|c| c["steps"].as_array_mut().unwrap().swap(0, 1)),
            ["The order of the steps changed."]
        );
        assert_eq!(
            said(|c| c["steps"][1]["connection"] = json!("Team")),
            ["\"Tell\" uses Team instead of Chat."]
        );
    }
}
