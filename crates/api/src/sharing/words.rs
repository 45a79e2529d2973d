//! Every word of a chain that somebody wrote: what goes along when it is passed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_connector::Compiled;
use patchbay_model::Trigger;
use patchbay_model::chain::{Chain, FieldMap, Source, Step};
use patchbay_model::descriptor::{Operation, Predicate};
use patchbay_model::logic::Logic;
use serde_json::{Value, json};

use super::WrittenValue;
use crate::titles;

/// What somebody wrote into a chain, in the order in which it stands there.
pub(super) fn written(chain: &Chain, connectors: &BTreeMap<String, Arc<Compiled>>) -> Vec<WrittenValue> {
    let titled = titles::named(chain, connectors);
    let mut words = Words { step: String::new(), title: String::new(), found: Vec::new() };
    words.text("name", &chain.name);
    words.text("description", &chain.description);
    words.trigger(&chain.trigger);
    words.maybe("order", chain.concurrency.key.as_deref());
    for (step, titled) in chain.all_steps().zip(titled.all_steps()) {
        words.step = step.id.to_string();
        titled.title().clone_into(&mut words.title);
        let compiled = connectors.get(&step.connection);
        words.step(step, compiled.and_then(|compiled| compiled.descriptor().operation(&step.operation)));
    }
    words.found
}

/// A field as people read it: `title` of `$.item.title`.
fn field(path: &str) -> String {
    let own = path.strip_prefix("$.").or_else(|| path.strip_prefix('$')).unwrap_or(path);
    own.strip_prefix("item.").unwrap_or(own).replace("[*]", "")
}

/// What the form calls a parameter.
fn label(target: &str, operation: Option<&Operation>) -> String {
    let parts = target.split('/').skip(1);
    let mut schema = operation.map(|operation| &operation.params);
    let mut label = String::new();
    for part in parts {
        schema = schema.and_then(|schema| schema["properties"].get(part));
        let title = schema.and_then(|schema| schema["title"].as_str());
        title.unwrap_or(part).clone_into(&mut label);
    }
    if label.is_empty() { target.to_owned() } else { label }
}

struct Words {
    /// The step that is read; empty for what the chain itself says.
    step: String,
    /// What a person reads for it.
    title: String,
    found: Vec<WrittenValue>,
}

impl Words {
    fn add(&mut self, target: &str, label: &str, value: Value) {
        let mut place = self.title.clone();
        if place.is_empty() {
            // The chain's own: "Name".
            let mut letters = label.chars();
            place =
                letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        } else {
            place = format!("{place} · {label}");
        }
        self.found.push(WrittenValue { step: self.step.clone(), place, target: target.to_owned(), value });
    }

    fn text(&mut self, target: &str, text: &str) {
        if !text.is_empty() {
            self.add(target, target, json!(text));
        }
    }

    fn maybe(&mut self, target: &str, text: Option<&str>) {
        self.text(target, text.unwrap_or_default());
    }

    fn value(&mut self, target: &str, value: Option<&Value>) {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            self.add(target, target, value.clone());
        }
    }

    fn conditions(&mut self, target: &str, conditions: &[Predicate]) {
        for condition in conditions {
            let with = condition.value.as_ref().map_or_else(String::new, |value| format!(" {value}"));
            self.text(target, &format!("{} {}{with}", field(&condition.path), condition.operator.words()));
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

    fn step(&mut self, step: &Step, operation: Option<&Operation>) {
        self.maybe("name", step.name.as_deref());
        for map in &step.mapping {
            self.mapping(map, operation);
        }
        if let Some(logic) = &step.logic {
            self.logic(logic);
        }
    }

    fn mapping(&mut self, map: &FieldMap, operation: Option<&Operation>) {
        let label = label(&map.target, operation);
        match &map.source {
            Source::Fixed { value: Value::Null } | Source::Path { .. } => {}
            Source::Fixed { value } => self.add(&map.target, &label, value.clone()),
            Source::Template { template } if template.is_empty() => {}
            Source::Template { template } => self.add(&map.target, &label, json!(template)),
        }
        if let Some(default) = map.default.as_ref().filter(|value| !value.is_null()) {
            self.add(&map.target, &format!("{label}, where there is nothing"), default.clone());
        }
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
                    self.text("waits for", &format!("{} is {}", field(&tie.path), tie.equals));
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
