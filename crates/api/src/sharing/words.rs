//! Every word of a chain that somebody wrote: what goes along when it is passed on.

use patchbay_model::Trigger;
use patchbay_model::chain::{Chain, FieldMap, Source, Step};
use patchbay_model::descriptor::Predicate;
use patchbay_model::logic::Logic;
use serde_json::{Value, json};

use super::WrittenValue;

/// What somebody wrote into a chain, in the order in which it stands there.
pub(super) fn written(chain: &Chain) -> Vec<WrittenValue> {
    let mut words = Words { step: String::new(), found: Vec::new() };
    words.text("name", &chain.name);
    words.text("description", &chain.description);
    words.trigger(&chain.trigger);
    words.maybe("order", chain.concurrency.key.as_deref());
    for step in chain.all_steps() {
        words.step = step.id.to_string();
        words.step(step);
    }
    words.found
}

struct Words {
    /// The step that is read; empty for what the chain itself says.
    step: String,
    found: Vec<WrittenValue>,
}

impl Words {
    fn add(&mut self, target: &str, value: Value) {
        self.found.push(WrittenValue { step: self.step.clone(), target: target.to_owned(), value });
    }

    fn text(&mut self, target: &str, text: &str) {
        if !text.is_empty() {
            self.add(target, json!(text));
        }
    }

    fn maybe(&mut self, target: &str, text: Option<&str>) {
        self.text(target, text.unwrap_or_default());
    }

    fn value(&mut self, target: &str, value: Option<&Value>) {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            self.add(target, value.clone());
        }
    }

    fn conditions(&mut self, target: &str, conditions: &[Predicate]) {
        for condition in conditions {
            let operator = serde_json::to_value(condition.operator).unwrap_or_default();
            let operator = operator.as_str().unwrap_or_default().replace('_', " ");
            let with = condition.value.as_ref().map_or_else(String::new, |value| format!(" {value}"));
            self.text(target, &format!("{} {operator}{with}", condition.path));
        }
    }

    fn trigger(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::Manual { input } => self.value("input", input.as_ref()),
            Trigger::Schedule { cron, zone, .. } => self.text("schedule", &format!("{cron} ({zone})")),
            Trigger::Interval { .. } => {}
            Trigger::Signal { filter, .. } | Trigger::Webhook { filter, .. } => {
                self.conditions("starts where", filter);
            }
            Trigger::Chain { chain, .. } => self.text("starts after the chain", chain),
            Trigger::File { folder, ending, .. } => {
                self.text("folder", folder);
                self.text("file name ends in", ending);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        self.maybe("name", step.name.as_deref());
        for map in &step.mapping {
            self.mapping(map);
        }
        if let Some(logic) = &step.logic {
            self.logic(logic);
        }
    }

    fn mapping(&mut self, map: &FieldMap) {
        match &map.source {
            Source::Fixed { value } => self.value(&map.target, Some(value)),
            Source::Template { template } => self.text(&map.target, template),
            Source::Path { .. } => {}
        }
        self.value(&format!("{} where there is nothing", map.target), map.default.as_ref());
    }

    fn logic(&mut self, logic: &Logic) {
        match logic {
            Logic::Map | Logic::Split { .. } | Logic::Join { .. } => {}
            Logic::Filter { when } => self.conditions("condition", when),
            Logic::Aggregate { between, .. } => self.maybe("between", between.as_deref()),
            Logic::Branch { ways, otherwise } => {
                for way in ways {
                    self.text("way", &way.name);
                    self.conditions(&format!("way {} where", way.name), &way.when);
                }
                self.maybe("otherwise", otherwise.as_deref());
            }
            Logic::Wait { until, .. } => self.maybe("waits until", until.as_deref()),
            Logic::Delivery { when, ties, .. } => {
                self.conditions("waits for", when);
                for tie in ties {
                    self.text("waits for", &format!("{} equals {}", tie.path, tie.equals));
                }
            }
            Logic::Approval { question, .. } => self.text("question", question),
            Logic::Chain { chain } => self.text("runs the chain", chain),
            Logic::Remember { key, value, .. } => {
                self.text("key", key);
                self.maybe("value", value.as_deref());
            }
            Logic::Recall { key, otherwise, .. } => {
                self.text("key", key);
                self.value("otherwise", otherwise.as_ref());
            }
            Logic::Lookup { table, key, otherwise } => {
                self.text("table", table);
                self.text("key", key);
                self.value("otherwise", otherwise.as_ref());
            }
            Logic::Link { name, source, target } => {
                self.text("link", name);
                self.text("source", source);
                self.text("target", target);
            }
            Logic::Linked { name, source } => {
                self.text("link", name);
                self.text("source", source);
            }
        }
    }
}
