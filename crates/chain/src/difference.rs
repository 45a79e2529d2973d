//! What differs between two versions of a chain, in words. Pure.

mod logic;

use patchbay_model::StepId;
use patchbay_model::chain::{Chain, FieldMap, Source, Step, StepPolicy};
use patchbay_model::trigger::Trigger;
use serde_json::Value;

use crate::report::step_name;

/// The differences from `old` to `new`, each a sentence; none where they are the same.
pub fn difference(old: &Chain, new: &Chain) -> Vec<String> {
    titled_difference((old, new), (old, new))
}

/// The same in the words of copies whose steps were given titles where the documents give them none: what a step
/// is called without anybody's doing is no change.
pub fn titled_difference((old, new): (&Chain, &Chain), own: (&Chain, &Chain)) -> Vec<String> {
    let renamed = |id: &StepId| {
        let [before, after] = [own.0, own.1].map(|chain| chain.step(id).map(|(_, step)| &step.name));
        before != after
    };
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
    if old.policy.timeout_ms != new.policy.timeout_ms {
        said.push("Changed how long a run may take.".to_owned());
    }
    if (old.policy.tries, old.policy.on_failure) != (new.policy.tries, new.policy.on_failure) {
        said.push(
            "Changed the tries, or what a failure means, of steps that say nothing themselves.".to_owned(),
        );
    }
    for step in old.all_steps().filter(|step| new.step(&step.id).is_none()) {
        said.push(format!("Removed the step \"{}\".", step_name(step)));
    }
    for (part, steps) in parts(new) {
        for (at, step) in steps.iter().enumerate() {
            match old.step(&step.id) {
                None => {
                    let after = at.checked_sub(1).map_or_else(
                        || " as the first".to_owned(),
                        |before| format!(" after \"{}\"", step_name(&steps[before])),
                    );
                    said.push(format!("Added the step \"{}\"{after}{}.", step_name(step), part.added()));
                }
                Some((_, before)) => {
                    if part_of(old, &step.id) != Some(part) {
                        said.push(format!("\"{}\" is done {} now.", step_name(step), part.when()));
                    }
                    if before != step {
                        if renamed(&step.id) {
                            let (name, earlier) = (step_name(step), step_name(before));
                            said.push(format!("\"{earlier}\" is called \"{name}\" now."));
                        }
                        said.extend(step_difference(old, new, before, step));
                    }
                }
            }
        }
    }
    if order(old, new) != order(new, old) {
        said.push("The order of the steps changed.".to_owned());
    }
    said
}

/// The steps that both have in the same part, in the order of the first.
fn order<'c>(one: &'c Chain, other: &Chain) -> Vec<&'c str> {
    let both = parts(one).into_iter().flat_map(|(part, steps)| {
        steps.iter().map(|step| &step.id).filter(move |id| part_of(other, id) == Some(part))
    });
    both.map(AsRef::as_ref).collect()
}

/// When steps are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Main,
    OnFailure,
    Finally,
}

impl Part {
    fn added(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::OnFailure => ", of what is done after a failure",
            Self::Finally => ", of what is done at the end in any case",
        }
    }

    fn when(self) -> &'static str {
        match self {
            Self::Main => "with the other steps",
            Self::OnFailure => "only after a failure",
            Self::Finally => "at the end in any case",
        }
    }
}

fn parts(chain: &Chain) -> [(Part, &[Step]); 3] {
    [(Part::Main, &chain.steps), (Part::OnFailure, &chain.on_failure), (Part::Finally, &chain.finally)]
}

fn part_of(chain: &Chain, id: &StepId) -> Option<Part> {
    parts(chain).into_iter().find(|(_, steps)| steps.iter().any(|step| step.id == *id)).map(|(part, _)| part)
}

/// What a person reads for a step that another one names.
fn named<'c>(chain: &'c Chain, id: &'c StepId) -> &'c str {
    chain.step(id).map_or(id.as_str(), |(_, step)| step_name(step))
}

fn step_difference(before: &Chain, after: &Chain, old: &Step, new: &Step) -> Vec<String> {
    let name = step_name(new);
    let mut said = Vec::new();
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
    if old.on != new.on {
        said.push(match &new.on {
            Some(on) => format!(
                "\"{name}\" is done only where \"{}\" takes the way \"{}\".",
                named(after, &on.branch),
                on.way
            ),
            None => format!("\"{name}\" is done whatever way is taken."),
        });
    }
    if old.handles != new.handles {
        said.push(match (&new.handles, &old.handles) {
            (Some(step), _) => format!("\"{name}\" is done for what fails in \"{}\".", named(after, step)),
            (None, Some(step)) => {
                format!("\"{name}\" is no longer done for what fails in \"{}\" alone.", named(before, step))
            }
            (None, None) => String::new(),
        });
    }
    if old.logic != new.logic {
        said.extend(logic::difference(name, old.logic.as_ref(), new.logic.as_ref()));
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
            Some(before) if !same_way(before, map) => {
                said.push(format!("\"{name}\": what happens to {field} on its way changed."));
            }
            Some(_) => {}
        }
    }
    for map in &old.mapping {
        if new.mapping.iter().all(|other| other.target != map.target) {
            said.push(format!("\"{name}\": {} has no source any more.", map.target.trim_start_matches('/')));
        }
    }
    if old.policy.limit != new.policy.limit {
        said.push(match new.policy.limit {
            Some(limit) => format!("\"{name}\" takes the first {limit} of its items."),
            None => format!("\"{name}\" takes all of its items."),
        });
    }
    if old.policy != (StepPolicy { limit: old.policy.limit, ..new.policy }) {
        said.push(format!("\"{name}\": tries, time or what a failure means changed."));
    }
    said
}

/// Whether the value of a parameter is changed in the same way between its source and the tool.
fn same_way(one: &FieldMap, other: &FieldMap) -> bool {
    let way = |map: &FieldMap| (map.text, map.among.clone(), map.longest, map.default.clone());
    way(one) == way(other)
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

    use patchbay_model::logic::Logic;

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
    fn a_step_that_nobody_named_is_not_renamed_by_what_it_does_now() {
        let old = chain(|c| c["steps"][1]["name"] = Value::Null);
        let new = chain(|c| {
            c["steps"][1]["name"] = Value::Null;
            c["steps"][1]["operation"] = json!("announce");
        });
        let titled = |chain: &Chain, title: &str| {
            let mut chain = chain.clone();
            chain.steps[1].name = Some(title.to_owned());
            chain
        };
        let (before, after) = (titled(&old, "Chat: Send"), titled(&new, "Chat: Announce"));
        let said = titled_difference((&before, &after), (&old, &new));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("\"Chat: Announce\" does"), "{said:?}");
        let named = titled(&old, "Tell them");
        let said = titled_difference((&before, &named), (&old, &named));
        assert_eq!(said, ["\"Chat: Send\" is called \"Tell them\" now."]);
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
            said(|c| c["steps"][0]["policy"] = json!({"limit": 20})),
            ["\"Read issues\" takes the first 20 of its items."]
        );
        assert_eq!(said(|c| c["policy"] = json!({"timeoutMs": 60_000})), ["Changed how long a run may take."]);
        assert_eq!(
            said(|c| c["policy"] = json!({"onFailure": "continue"})),
            ["Changed the tries, or what a failure means, of steps that say nothing themselves."]
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
        assert_eq!(
            said(|c| c["steps"][1]["mapping"][0]["longest"] = json!(80)),
            ["\"Tell\": what happens to text on its way changed."]
        );
    }

    /// Steps that work by themselves, the ways between them, and what is done about failures.
    fn wide(change: impl FnOnce(&mut Value)) -> Chain {
        chain(|c| {
            let when = json!([{"path": "$.item.state", "operator": "equals", "value": "open"}]);
            c["steps"].as_array_mut().unwrap().extend([
                json!({"id": "keep", "name": "Keep open ones", "logic": {"type": "filter", "when": when}}),
                json!({"id": "pick", "name": "Pick", "logic": {"type": "branch",
                    "ways": [{"name": "open", "when": when}], "otherwise": "rest"}}),
                json!({"id": "pause", "name": "Pause", "logic": {"type": "wait", "seconds": 60}}),
                json!({"id": "ask", "name": "Ask", "logic": {"type": "approval", "question": "Send it?"}}),
                json!({"id": "mend", "name": "Mend", "connection": "Chat", "operation": "send"}),
            ]);
            c["onFailure"] =
                json!([{"id": "alarm", "name": "Alarm", "connection": "Chat", "operation": "send"}]);
            change(c);
        })
    }

    /// A sentence, and what makes it.
    type Change = (&'static str, fn(&mut Value));

    #[test]
    fn each_change_of_what_steps_do_by_themselves_is_a_sentence() {
        let old = wide(|_| {});
        let said = |change: fn(&mut Value)| difference(&old, &wide(change));
        assert_eq!(said(|_| {}), Vec::<String>::new());
        let cases: [Change; 14] = [
            (
                "\"Keep open ones\": the conditions are item.state equals \"closed\" instead of item.state equals \"open\".",
                |c| c["steps"][2]["logic"]["when"][0]["value"] = json!("closed"),
            ),
            (
                "\"Pick\": the ways are \"new\" where item.state equals \"open\" instead of \"open\" where item.state equals \"open\".",
                |c| c["steps"][3]["logic"]["ways"][0]["name"] = json!("new"),
            ),
            ("\"Pick\": the way where none fits is none instead of \"rest\".", |c| {
                c["steps"][3]["logic"].as_object_mut().unwrap().remove("otherwise");
            }),
            ("\"Pause\": the time to wait is 2 minutes instead of 1 minute.", |c| {
                c["steps"][4]["logic"]["seconds"] = json!(120);
            }),
            ("\"Ask\": the question is \"Really?\" instead of \"Send it?\".", |c| {
                c["steps"][5]["logic"]["question"] = json!("Really?");
            }),
            ("\"Ask\": the longest time to wait is 1 hour instead of none.", |c| {
                c["steps"][5]["logic"]["within"] = json!(3_600);
            }),
            ("\"Ask\" does \"Make a value\" instead of \"Ask me\".", |c| {
                c["steps"][5]["logic"] = json!({"type": "map"});
            }),
            ("\"Tell\" is done only where \"Pick\" takes the way \"open\".", |c| {
                c["steps"][1]["on"] = json!({"branch": "pick", "way": "open"});
            }),
            ("\"Mend\" is done for what fails in \"Tell\".", |c| c["steps"][6]["handles"] = json!("tell")),
            ("Removed the step \"Alarm\".", |c| c["onFailure"] = json!([])),
            ("\"Alarm\" uses Team instead of Chat.", |c| c["onFailure"][0]["connection"] = json!("Team")),
            ("\"Alarm\" is done at the end in any case now.", |c| {
                let alarm = c["onFailure"].take();
                (c["onFailure"], c["finally"]) = (json!([]), alarm);
            }),
            ("Added the step \"Tidy\" as the first, of what is done at the end in any case.", |c| {
                c["finally"] =
                    json!([{"id": "tidy", "name": "Tidy", "connection": "Chat", "operation": "send"}]);
            }),
            ("Added the step \"More\" after \"Alarm\", of what is done after a failure.", |c| {
                let more = json!({"id": "more", "name": "More", "connection": "Chat", "operation": "send"});
                c["onFailure"].as_array_mut().unwrap().push(more);
            }),
        ];
        for (sentence, change) in cases {
            assert_eq!(said(change), [sentence]);
        }
    }

    #[test]
    fn each_part_of_what_a_step_does_by_itself_is_called_by_its_name() {
        let when = |value: &str| json!([{"path": "$.kind", "operator": "equals", "value": value}]);
        let tie = |value: &str| json!([{"path": "$.body.id", "equals": value}]);
        // The kind of step, its part, and what that was and is.
        let cases: [(Value, &str, [Value; 2], &str); 18] = [
            (
                json!({"type": "filter"}),
                "when",
                [when("a"), when("b")],
                "the conditions are kind equals \"b\" instead of kind equals \"a\"",
            ),
            (
                json!({"type": "filter"}),
                "when",
                [when("a"), json!([])],
                "the conditions are none instead of kind equals \"a\"",
            ),
            (
                json!({"type": "split"}),
                "path",
                [json!("$.a"), json!("$.b")],
                "the path is \"$.b\" instead of \"$.a\"",
            ),
            (
                json!({"type": "aggregate", "how": "count"}),
                "of",
                [json!("one"), json!("two")],
                "what it takes is \"two\" instead of \"one\"",
            ),
            (
                json!({"type": "aggregate", "of": "one"}),
                "how",
                [json!("count"), json!("sum")],
                "how it puts together is \"sum\" instead of \"count\"",
            ),
            (
                json!({"type": "aggregate", "of": "one", "how": "join"}),
                "between",
                [json!(","), json!(";")],
                "what stands between texts is \";\" instead of \",\"",
            ),
            (
                json!({"type": "join"}),
                "of",
                [json!(["a"]), json!(["a", "b"])],
                "what it takes is [\"a\",\"b\"] instead of [\"a\"]",
            ),
            (
                json!({"type": "wait"}),
                "until",
                [json!("{{a}}"), json!("{{b}}")],
                "the time until which it waits is \"{{b}}\" instead of \"{{a}}\"",
            ),
            (
                json!({"type": "delivery"}),
                "ties",
                [tie("1"), tie("2")],
                "what ties the delivery to the run is body.id = 2 instead of body.id = 1",
            ),
            (
                json!({"type": "delivery"}),
                "within",
                [json!(60), json!(3_600)],
                "the longest time to wait is 1 hour instead of 1 minute",
            ),
            (
                json!({"type": "chain"}),
                "chain",
                [json!("A"), json!("B")],
                "the other chain is \"B\" instead of \"A\"",
            ),
            (json!({"type": "remember"}), "key", [json!("a"), json!("b")], "the key is \"b\" instead of \"a\""),
            (
                json!({"type": "remember", "key": "k"}),
                "value",
                [json!("a"), json!("b")],
                "the value is \"b\" instead of \"a\"",
            ),
            (
                json!({"type": "remember", "key": "k"}),
                "shared",
                [Value::Null, json!(true)],
                "shared is true instead of none",
            ),
            (
                json!({"type": "recall", "key": "k"}),
                "otherwise",
                [json!(1), json!(2)],
                "what it gives where there is none is 2 instead of 1",
            ),
            (
                json!({"type": "lookup", "key": "k"}),
                "table",
                [json!("a"), json!("b")],
                "the table is \"b\" instead of \"a\"",
            ),
            (
                json!({"type": "linked", "name": "n"}),
                "source",
                [json!("a"), json!("b")],
                "the source is \"b\" instead of \"a\"",
            ),
            (
                json!({"type": "link", "name": "n", "source": "s"}),
                "target",
                [json!("a"), json!("b")],
                "the target is \"b\" instead of \"a\"",
            ),
        ];
        for (kind, part, [before, after], sentence) in cases {
            let with = |value: &Value| {
                let mut logic = kind.clone();
                if !value.is_null() {
                    logic[part] = value.clone();
                }
                serde_json::from_value::<Logic>(logic).unwrap()
            };
            let said = logic::difference("It", Some(&with(&before)), Some(&with(&after)));
            assert_eq!(said, [format!("\"It\": {sentence}.")], "{part} of {kind}");
        }
    }
}
