//! A step's fields beside what could fill them: what the mapping panel shows.

use patchbay_map::{SourceShape, StepMapping, example, source_fields, type_word};
use patchbay_model::chain::{Chain, FieldMap, Step};
use patchbay_model::descriptor::{Descriptor, Operation, Verb};
use patchbay_model::logic::Logic;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::mapping::{Samples, covers, operation_of, required, sources};
use crate::misplaced;

/// A step's fields and what could fill them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StepFields {
    /// The operation's parameters; those that are required come first.
    pub targets: Vec<TargetField>,
    /// What earlier steps give.
    pub sources: Vec<SourceGroup>,
}

/// One parameter of the operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TargetField {
    /// Its place, as a JSON pointer (RFC 6901) into the parameters.
    pub target: String,
    /// What a person calls it.
    pub label: String,
    /// What it is for.
    pub about: Option<String>,
    /// What a person calls its type.
    pub kind: String,
    /// Whether the operation needs it.
    pub required: bool,
    /// The values it may have, where they are few.
    pub choices: Vec<Value>,
    /// Its value where nothing is mapped.
    pub default: Option<Value>,
    /// Where its value comes from.
    pub map: Option<FieldMap>,
    /// The source's value in the sample.
    pub from_sample: Option<Value>,
    /// The value that would be sent for the sample.
    pub result: Option<Value>,
    /// Why the sample gives no value.
    pub trouble: Option<String>,
    /// Whether that says more of example data than of what a service gives.
    pub example: bool,
    /// The operation that finds what is wanted here by an e-mail address, where the tool has one.
    pub finder: Option<Finder>,
}

/// An operation of the same tool that finds by an e-mail address what a field wants the identifier of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finder {
    /// The operation.
    pub operation: String,
    /// What a person calls it.
    pub title: String,
    /// The identifier in its result, as the end of a JSONPath (RFC 9535): `.id`.
    pub found: String,
}

/// What one earlier step, or the current item, gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SourceGroup {
    /// What a person calls it.
    pub label: String,
    /// Whether its samples are example data, made from what its connector says of them: nobody has seen any yet.
    pub example: bool,
    /// Its values.
    pub fields: Vec<SourceValue>,
}

/// One value that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SourceValue {
    /// The JSONPath to it (RFC 9535).
    pub path: String,
    /// Its name, such as `user.login`.
    pub name: String,
    /// What a person calls its type.
    pub kind: String,
    /// A value it had.
    pub sample: Option<Value>,
}

/// The fields of the step at `index`; none where its connection or operation is not there.
/// `sample` counts through the samples, from 0.
pub fn of_step<'d>(
    chain: &Chain,
    index: usize,
    descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
    samples: &Samples,
    sample: usize,
) -> Option<StepFields> {
    let step = chain.all_steps().nth(index)?;
    let operation = operation_of(step, &descriptor_of)?;
    let operations = descriptor_of(&step.connection).map_or(&[][..], |descriptor| &descriptor.operations);
    let mut shapes = sources(chain, index, &descriptor_of, samples);
    let mut seen = scope_of(&shapes, sample);
    let examples = stand_in(&mut shapes);
    let mut scope = scope_of(&shapes, sample);
    let called = addresses(chain, index);
    for value in called.iter().flat_map(|group| &group.fields) {
        let id = value.path.trim_start_matches("$.addresses.");
        seen["addresses"][id] = json!(ADDRESS);
        scope["addresses"][id] = json!(ADDRESS);
    }
    let needed: Vec<&str> = required(&operation.params).collect();
    let mut targets = Vec::new();
    collect(&operation.params, "", true, &mut |target, schema, required| {
        let map = step.mapping.iter().find(|map| covers(&map.target, &target)).cloned();
        let (from_sample, result) = map.as_ref().map_or((None, Ok(None)), |map| tried(map, &scope));
        let example = !examples.is_empty() && map.as_ref().is_some_and(|map| tried(map, &seen).1 != result);
        targets.push(TargetField {
            label: label(&target, schema),
            about: schema["description"].as_str().map(str::to_owned),
            kind: type_word(schema).to_owned(),
            required,
            choices: schema["enum"].as_array().cloned().unwrap_or_default(),
            default: schema.get("default").cloned(),
            map,
            from_sample,
            // What was made up is no fault of the mapping.
            trouble: result.as_ref().err().filter(|_| !example).cloned(),
            example,
            result: result.ok().flatten(),
            finder: finder(operations, schema),
            target,
        });
    });
    targets.extend(misplaced::fields(step, operation, &targets));
    // The order that the definition's author gave, required ones first.
    let place = |field: &TargetField| {
        let name = field.target.trim_start_matches('/');
        needed.iter().position(|n| *n == name).unwrap_or(usize::MAX)
    };
    targets.sort_by_key(|field| (!field.required, place(field)));
    let mut sources: Vec<SourceGroup> = shapes
        .iter()
        .map(|shape| SourceGroup {
            label: shape.label.clone(),
            example: examples.contains(&shape.root),
            fields: source_fields(shape)
                .into_iter()
                .map(|f| SourceValue { path: f.path, name: f.name, kind: f.kind.to_owned(), sample: f.sample })
                .collect(),
        })
        .collect();
    sources.extend(called);
    Some(StepFields { targets, sources })
}

/// What finds by an e-mail address what a field of this schema refers to. A tool that takes the address
/// itself needs none.
fn finder(operations: &[Operation], schema: &Value) -> Option<Finder> {
    let of_email = |schema: &Value| schema["format"] == "email" || schema["x-meaning"] == "email";
    let wanted = schema["x-ref"].as_str().or_else(|| schema["items"]["x-ref"].as_str())?;
    if of_email(schema) {
        return None;
    }
    operations.iter().filter(|operation| operation.verb == Verb::Get).find_map(|operation| {
        let mut needed = required(&operation.params);
        let (name, more) = (needed.next()?, needed.next());
        if more.is_some() || !of_email(&operation.params["properties"][name]) {
            return None;
        }
        let members = operation.result.as_ref()?["properties"].as_object()?;
        let (found, _) = members.iter().find(|(_, own)| own["x-ref"] == wanted)?;
        Some(Finder {
            operation: operation.id.clone(),
            title: operation.title.clone(),
            found: format!(".{found}"),
        })
    })
}

/// What stands for the address of a run that is not there yet.
const ADDRESS: &str = "http://127.0.0.1/answers/…";

/// The addresses of steps that wait to be called: what the step can send along, so that somebody calls.
fn addresses(chain: &Chain, index: usize) -> Option<SourceGroup> {
    let own = chain.all_steps().nth(index)?.for_each.as_ref();
    let waits = |step: &&Step| {
        matches!(step.logic, Some(Logic::Delivery { .. })) && step.connection.is_empty()
            // Which of its items is meant cannot be told otherwise.
            && (step.for_each.is_none() || step.for_each.as_ref() == own)
    };
    let fields: Vec<SourceValue> = chain
        .all_steps()
        .filter(waits)
        .map(|step| SourceValue {
            path: format!("$.addresses.{}", step.id),
            name: format!("address of \"{}\"", step.title()),
            kind: type_word(&json!({"type": "string", "format": "uri"})).to_owned(),
            sample: Some(json!(ADDRESS)),
        })
        .collect();
    (!fields.is_empty()).then(|| SourceGroup {
        label: "steps that wait to be called".to_owned(),
        example: false,
        fields,
    })
}

/// Puts an example where there are no samples and the connector says what they look like. Gives the roots of these.
/// It is for people to look at only: nothing is matched on it.
fn stand_in(shapes: &mut [SourceShape]) -> Vec<String> {
    let mut roots = Vec::new();
    for shape in shapes.iter_mut().filter(|shape| shape.samples.is_empty()) {
        if let Some(schema) = &shape.schema {
            shape.samples = vec![example(schema)];
            roots.push(shape.root.clone());
        }
    }
    roots
}

/// Every parameter that is not a group of others.
fn collect(schema: &Value, prefix: &str, needed: bool, found: &mut impl FnMut(String, &Value, bool)) {
    let own: Vec<&str> = required(schema).collect();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let target = format!("{prefix}/{}", name.replace('~', "~0").replace('/', "~1"));
        let needed = needed && own.contains(&name.as_str());
        if member["properties"].is_object() {
            collect(member, &target, needed, found);
        } else {
            found(target, member, needed);
        }
    }
}

/// The author's title, else the last name in plain words.
fn label(target: &str, schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    let name = target.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The scope that mappings see, filled from samples.
fn scope_of(shapes: &[SourceShape], sample: usize) -> Value {
    let mut steps = Map::new();
    let mut scope = json!({ "input": null });
    for shape in shapes {
        let of = shape.samples.len().max(1);
        let Some(value) = shape.samples.get(sample % of).cloned() else { continue };
        match shape.root.strip_prefix("$.steps.") {
            Some(step) => {
                steps.insert(step.to_owned(), value);
            }
            None if shape.root == "$.input" => scope["input"] = value,
            None => scope["item"] = value,
        }
    }
    scope["steps"] = Value::Object(steps);
    scope
}

/// The source's value and the value sent.
fn tried(map: &FieldMap, scope: &Value) -> (Option<Value>, Result<Option<Value>, String>) {
    let value = |map: FieldMap| -> Result<Option<Value>, String> {
        let target = map.target.clone();
        let params = StepMapping::compile(&[map])
            .and_then(|mapping| mapping.apply(scope))
            .map_err(|error| error.to_string())?;
        Ok(params.pointer(&target).cloned())
    };
    let plain = FieldMap { convert: None, ..map.clone() };
    (value(plain).ok().flatten(), value(map.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words_and_titles_win() {
        assert_eq!(label("/fields/due_on", &json!({})), "Due on");
        assert_eq!(label("/text", &json!({"title": "Message"})), "Message");
    }

    #[test]
    fn members_of_groups_are_fields_and_needed_only_where_the_whole_way_is() {
        let schema = json!({"required": ["a"], "properties": {
            "a": {"required": ["x"], "properties": {"x": {"type": "string"}, "y": {"type": "string"}}},
            "b": {"required": ["z"], "properties": {"z": {"type": "string"}}}
        }});
        let mut found = Vec::new();
        collect(&schema, "", true, &mut |target, _, needed| found.push((target, needed)));
        let expected = [("/a/x", true), ("/a/y", false), ("/b/z", false)];
        assert_eq!(found, expected.map(|(t, n)| (t.to_owned(), n)));
    }

    #[test]
    fn the_address_of_a_step_that_waits_is_offered_to_the_others() {
        let steps = json!([
            {"id": "find", "connection": "Tracker", "operation": "list"},
            {"id": "ask", "connection": "Chat", "operation": "send"},
            {"id": "told", "name": "They answer", "logic": {"type": "delivery"}},
            {"id": "each", "logic": {"type": "delivery"}, "forEach": "find"},
            {"id": "hook", "connection": "Tracker", "logic": {"type": "delivery"}},
            {"id": "tell", "connection": "Chat", "operation": "send", "forEach": "find"}
        ]);
        let chain: Chain = serde_json::from_value(json!({"schema": 1, "name": "Ask", "steps": steps})).unwrap();
        let paths = |index: usize| -> Vec<String> {
            addresses(&chain, index).into_iter().flat_map(|g| g.fields).map(|field| field.path).collect()
        };
        assert_eq!(paths(1), ["$.addresses.told"], "which of many is meant cannot be told");
        assert_eq!(paths(5), ["$.addresses.told", "$.addresses.each"]);
        let fields = addresses(&chain, 1).unwrap().fields;
        assert_eq!(fields[0].name, "address of \"They answer\"");
    }

    #[test]
    fn a_mapping_is_tried_on_the_sample() {
        let map = |source: Value, convert: Value| -> FieldMap {
            let map = json!({"target": "/n", "source": source, "convert": convert});
            serde_json::from_value(map).unwrap()
        };
        let scope = json!({"item": {"count": "many"}});
        let path = json!({"type": "path", "path": "$.item.count"});
        let (from, result) = tried(&map(path.clone(), Value::Null), &scope);
        assert_eq!((from, result), (Some(json!("many")), Ok(Some(json!("many")))));
        let (from, result) = tried(&map(path, json!("integer")), &scope);
        assert_eq!(from, Some(json!("many")));
        assert!(result.is_err());
    }

    #[test]
    fn where_nothing_was_seen_yet_an_example_stands_and_is_called_one() {
        let schema = json!({"type": "object", "properties": {"title": {"type": "string", "title": "Title"}}});
        let shape = |root: &str, schema: Option<&Value>, samples: Vec<Value>| SourceShape {
            root: root.to_owned(),
            schema: schema.cloned(),
            samples,
            label: root.to_owned(),
            origin: None,
        };
        let mut shapes = vec![
            shape("$.item", Some(&schema), Vec::new()),
            shape("$.steps.seen", Some(&schema), vec![json!({"title": "Paper jam"})]),
            shape("$.steps.unknown", None, Vec::new()),
        ];
        assert_eq!(stand_in(&mut shapes), ["$.item"], "what was seen stays, and nothing is made of nothing");
        let scope = scope_of(&shapes, 0);
        assert_eq!(scope["item"], json!({"title": "Example title"}));
        assert_eq!(scope["steps"], json!({"seen": {"title": "Paper jam"}}));
    }

    #[test]
    fn what_is_known_by_its_identifier_is_found_by_an_address_where_the_tool_can() {
        let operations: Vec<Operation> = serde_json::from_value(json!([
            {"id": "list_people", "title": "List people", "verb": "list", "entity": "person", "request": {"path": "/people"},
             "params": {"type": "object"}, "result": {"properties": {"id": {"x-ref": "person"}}}},
            {"id": "find_team", "title": "Find team", "verb": "get", "entity": "team", "request": {"path": "/team"},
             "params": {"required": ["mail"], "properties": {"mail": {"format": "email"}}},
             "result": {"properties": {"id": {"x-ref": "team"}}}},
            {"id": "find_person", "title": "Find person by e-mail", "verb": "get", "entity": "person", "request": {"path": "/person"},
             "params": {"required": ["email"], "properties": {"email": {"type": "string", "format": "email"}}},
             "result": {"type": ["object", "null"], "properties": {"name": {}, "key": {"x-ref": "person"}}}},
        ]))
        .unwrap();
        let found = |schema: Value| finder(&operations, &schema).map(|f| (f.operation, f.found));
        let person = Some(("find_person".to_owned(), ".key".to_owned()));
        assert_eq!(found(json!({"type": "string", "x-ref": "person"})), person);
        assert_eq!(found(json!({"type": "array", "items": {"x-ref": "person"}})), person, "each of a list");
        assert_eq!(
            found(json!({"x-ref": "person", "x-meaning": "email"})),
            None,
            "it takes the address itself"
        );
        assert_eq!(found(json!({"x-ref": "board"})), None);
        assert_eq!(found(json!({"type": "string"})), None);
    }
}
