//! Automatic mapping of a chain: what the user left open is matched by name, meaning, type and
//! samples. What the user chose stays.

use std::collections::BTreeMap;

use crate::learned::{Learned, taught};
use crate::misplaced;
use patchbay_map::{Matcher, SourceShape, StepMapping, Target};
use patchbay_model::chain::{Chain, ChosenBy, FieldMap, Step};
use patchbay_model::check::{Finding, Level, Remedy};
use patchbay_model::descriptor::{Descriptor, Operation};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::trigger::Trigger;
use serde_json::{Value, json};

/// Samples of results, by step id: what the mapping is tried on.
pub type Samples = BTreeMap<String, Vec<Value>>;

/// Completes the mappings of a chain. Matches made earlier by the matcher are made anew; those made
/// by hand are kept, and shadow a proposal for the same target. What was `learned` from other chains comes
/// before what the matcher finds.
#[must_use]
pub fn complete<'d>(
    chain: &Chain,
    descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
    samples: &Samples,
    learned: &[Learned],
) -> Chain {
    let mut chain = chain.clone();
    for index in 0..chain.all_steps().count() {
        let Some(operation) = chain.all_steps().nth(index).and_then(|step| operation_of(step, &descriptor_of))
        else {
            continue;
        };
        let sources = sources(&chain, index, &descriptor_of, samples);
        let mut known = taught(&chain, index, &descriptor_of, learned);
        let Some(step) = chain.all_steps_mut().nth(index) else { continue };
        step.mapping.retain(|map| map.by == ChosenBy::Hand);
        let target = Target { schema: &operation.params, origin: Some(step.connection.as_str()) };
        let matcher = Matcher::new(&sources);
        for own in &mut step.mapping {
            matcher.suit(&target, own);
        }
        for own in &mut known {
            matcher.suit(&target, own);
        }
        let proposed = matcher.propose(&target);
        let proposed =
            proposed.into_iter().filter(|own| !known.iter().any(|map| covers(&map.target, &own.target)));
        let open = known
            .iter()
            .cloned()
            .chain(proposed)
            .filter(|proposal| !step.mapping.iter().any(|own| covers(&own.target, &proposal.target)));
        let open: Vec<FieldMap> = open.collect();
        step.mapping.extend(open);
    }
    chain
}

/// Compiles the mapping of one step. What does not compile was written by whoever made the chain.
pub fn compile(chain: &Chain, step: &Step) -> Result<StepMapping, Problem> {
    StepMapping::compile(&step.mapping).map_err(|error| {
        Problem::new(Code::InputInvalid)
            .with("field", format!("Step \"{}\": mapping", step.id))
            .with("message", format!("{error}."))
            .about(Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) })
    })
}

/// Whether a mapping to `own` already decides `target`: the same place, or one above or below it.
pub(crate) fn covers(own: &str, target: &str) -> bool {
    own == target
        || target.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'))
        || own.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
}

pub(crate) fn operation_of<'d>(
    step: &Step,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
) -> Option<&'d Operation> {
    descriptor_of(&step.connection)?.operation(&step.operation)
}

/// What a step can draw from: its item first, then the results of earlier steps over the same
/// items or that ran once, nearest first.
/// Among samples: what started the chain. No step is called so.
pub const TRIGGER: &str = "";

pub(crate) fn sources<'d>(
    chain: &Chain,
    index: usize,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
    samples: &Samples,
) -> Vec<SourceShape> {
    let mut shapes: Vec<SourceShape> = drawn_from(chain, index, descriptor_of)
        .into_iter()
        .map(|(earlier, root)| SourceShape {
            root,
            schema: operation_of(earlier, descriptor_of).and_then(|o| o.result.clone()),
            samples: samples.get(earlier.id.as_str()).cloned().unwrap_or_default(),
            label: earlier.title().to_owned(),
            origin: Some(earlier.connection.clone()).filter(|name| !name.is_empty()),
        })
        .collect();
    // The furthest away, and only where it is known what it looks like.
    let samples = samples.get(TRIGGER).cloned().unwrap_or_default();
    let schema = signal_schema(&chain.trigger, descriptor_of);
    if schema.is_some() || !samples.is_empty() {
        let origin = chain.trigger.connection().map(str::to_owned);
        let label = "What starts it".to_owned();
        shapes.push(SourceShape { root: "$.input".into(), schema, samples, label, origin });
    }
    shapes
}

/// The steps that a step can draw from, with what they are called in its paths; the nearest first.
pub(crate) fn drawn_from<'c, 'd>(
    chain: &'c Chain,
    index: usize,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
) -> Vec<(&'c Step, String)> {
    let all: Vec<&Step> = chain.all_steps().collect();
    let Some(step) = all.get(index) else { return Vec::new() };
    let root = step.for_each.as_ref().map(|source| root_id(chain, source));
    let mut found = Vec::new();
    if let Some((_, list)) = root.as_ref().and_then(|id| chain.step(id)) {
        found.push((list, "$.item".to_owned()));
    }
    for earlier in all[..index].iter().rev() {
        let same_items = root.is_some() && earlier.for_each.as_ref().map(|s| root_id(chain, s)) == root;
        let ran_once = earlier.for_each.is_none()
            && match &earlier.logic {
                Some(logic) => !logic.yields_items(),
                None => operation_of(earlier, descriptor_of).is_some_and(|o| !o.verb.yields_items()),
            };
        if same_items || ran_once {
            found.push((earlier, format!("$.steps.{}", earlier.id)));
        }
    }
    found
}

/// What a signal looks like that starts a chain, where it is known of which stream it is: ours, and below
/// `raw` what is kept of the service's own.
fn signal_schema<'d>(
    trigger: &Trigger,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
) -> Option<Value> {
    let Trigger::Signal { connection, stream, .. } = trigger else { return None };
    let streams = &descriptor_of(connection)?.streams;
    let stream = match stream {
        Some(id) => streams.iter().find(|stream| stream.id == *id)?,
        None if streams.len() == 1 => streams.first()?,
        None => return None,
    };
    let mut raw = stream.item_schema.clone().unwrap_or_else(|| json!({}));
    let kept = &stream.mapping.raw_fields;
    if let Some(members) = raw["properties"].as_object_mut().filter(|_| !kept.is_empty()) {
        members.retain(|name, _| kept.contains(name));
    }
    let text = json!({"type": "string"});
    Some(json!({"type": "object", "properties": {
        "externalId": text,
        "signalType": text,
        "timestamp": {"type": "string", "format": "date-time", "x-meaning": "updated"},
        // The item's own title is below `raw`; this one is made to be read by people.
        "summary": {"type": "string", "x-meaning": "message"},
        "priority": text,
        "url": {"type": "string", "format": "uri"},
        "tags": {"type": "array", "items": text},
        "participants": {"type": "array", "items": text},
        "raw": raw,
    }}))
}

fn root_id(chain: &Chain, source: &patchbay_model::StepId) -> patchbay_model::StepId {
    let step = chain.step(source).map(|(_, step)| step);
    let splits = step.and_then(|step| step.logic.as_ref()).is_some_and(Logic::yields_items);
    match step.and_then(|step| step.for_each.as_ref()) {
        Some(further) if further != source && !splits => root_id(chain, further),
        _ => source.clone(),
    }
}

/// Says what is missing, misplaced or unsure in the mappings: a required field without a source is a blocker, as
/// is a field or a step that is not there; an unsure match on a required field is a warning.
pub fn findings<'d>(chain: &Chain, descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, step) in chain.all_steps().enumerate() {
        let operation = operation_of(step, &descriptor_of);
        found.extend(misplaced::findings(chain, index, operation));
        let Some(operation) = operation else {
            continue;
        };
        let subject = || Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) };
        let name = step.name.as_deref().unwrap_or(&operation.title);
        for field in required(&operation.params) {
            let target = format!("/{field}");
            let Some(map) = step.mapping.iter().find(|m| covers(&m.target, &target)) else {
                if operation.params["properties"][field]["default"] != Value::Null {
                    continue;
                }
                let message = format!("\"{name}\" cannot run until \"{field}\" has a source.");
                found.push(Finding {
                    level: Level::Blocker,
                    step: Some(step.id.clone()),
                    text: message.clone(),
                    problem: Some(
                        Problem::new(Code::SchemaMismatch)
                            .with("field", field)
                            .with("message", &message)
                            .about(subject()),
                    ),
                    remedy: None,
                });
                continue;
            };
            if let Some(confidence @ 0..70) = map.confidence {
                found.push(Finding {
                    level: Level::Warning,
                    step: Some(step.id.clone()),
                    text: format!(
                        "Look at \"{field}\" of \"{name}\": the match is not sure ({confidence} of 100; {}).",
                        map.reason.as_deref().unwrap_or("no reason given")
                    ),
                    problem: None,
                    remedy: Some(Remedy::Field { target }),
                });
            }
        }
    }
    found
}

pub(crate) fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use patchbay_model::chain::Chain;
    use patchbay_model::problem::{Code, Subject};
    use serde_json::json;

    use super::{compile, covers};

    #[test]
    fn a_mapping_that_cannot_be_used_is_the_chains_mistake() {
        let cases = [
            json!({"target": "/text", "source": {"type": "path", "path": "$.["}}),
            json!({"target": "/text", "source": {"type": "template", "template": "{% if x %}"}}),
            json!({"target": "/text", "source": {"type": "template", "template": "{{ item.title"}}),
            json!({"target": "text", "source": {"type": "fixed", "value": 1}}),
        ];
        for map in cases {
            let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Tell", "steps": [
                {"id": "message", "connection": "chat", "operation": "send", "mapping": [map]}
            ]}))
            .unwrap();
            let problem = compile(&chain, &chain.steps[0]).unwrap_err();
            assert_eq!(problem.code(), Code::InputInvalid, "{map}: {problem:?}");
            let subject = Subject::Chain { id: "Tell".into(), step: Some("message".into()) };
            assert_eq!(problem.subject(), Some(&subject), "{map}");
            assert!(problem.hint().len() > 20, "{map}: {}", problem.hint());
        }
    }

    #[test]
    fn a_choice_by_hand_shadows_proposals_at_above_and_below_its_place() {
        let cases = [
            ("/text", "/text", true),
            ("/fields", "/fields/title", true),
            ("/fields/title", "/fields", true),
            ("/text", "/text2", false),
            ("/a/b", "/a/c", false),
        ];
        for (own, target, want) in cases {
            assert_eq!(covers(own, target), want, "{own} covers {target}");
        }
    }
}
