//! A vendor's published schema as a mock server that refuses what the schema refuses.

use std::collections::{BTreeSet, VecDeque};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::mock::Mock;
use crate::root;
use crate::vendors::GITHUB_ISSUES;

/// Members of a description that hold what operations refer to. The rest is kept as it is.
const PARTS: [&str; 10] = [
    "paths",
    "components",
    "definitions",
    "parameters",
    "responses",
    "tags",
    "servers",
    "host",
    "basePath",
    "schemes",
];

/// Cuts a description (OpenAPI 3 or Swagger 2) down to some operations (`GET /user`), with
/// everything they refer to.
pub fn cut_down(document: &Value, operations: &[&str]) -> Value {
    cut_down_to(document, operations, usize::MAX)
}

/// The same with what is at most `depth` references away from an operation; anything fits what is
/// further. A description whose parts refer to each other in circles keeps the mock from starting.
pub fn cut_down_to(document: &Value, operations: &[&str], depth: usize) -> Value {
    let mut cut = Map::new();
    for (name, value) in document.as_object().unwrap() {
        if !PARTS.contains(&name.as_str()) && !name.starts_with("x-") {
            cut.insert(name.clone(), value.clone());
        }
    }
    let mut paths = Map::new();
    for operation in operations {
        let (method, path) = operation.split_once(' ').unwrap();
        let method = method.to_lowercase();
        let item = &document["paths"][path];
        assert!(item[&method].is_object(), "the description has no {operation}");
        let entry = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        entry[&method] = item[&method].clone();
        if item["parameters"].is_array() {
            entry["parameters"] = item["parameters"].clone();
        }
    }
    cut.insert("paths".to_owned(), paths.into());
    if document["openapi"].is_string() {
        cut.insert("servers".to_owned(), json!([{ "url": "/" }]));
        if document["components"]["securitySchemes"].is_object() {
            let schemes = document["components"]["securitySchemes"].clone();
            cut.insert("components".to_owned(), json!({ "securitySchemes": schemes }));
        }
    }
    let mut cut = Value::Object(cut);
    let mut wanted = VecDeque::from([(1, Vec::new())]);
    references(&cut, &mut wanted[0].1);
    let mut seen = BTreeSet::new();
    // The nearest first: what is near by one way may be far by another.
    while let Some((distance, pointers)) = wanted.pop_front() {
        let mut further = Vec::new();
        for pointer in pointers.into_iter().filter(|pointer| seen.insert(pointer.clone())) {
            let target =
                document.pointer(&pointer[1..]).unwrap_or_else(|| panic!("{pointer} leads nowhere")).clone();
            let target = if distance > depth { json!({}) } else { target };
            references(&target, &mut further);
            put(&mut cut, &pointer[2..], target);
        }
        if !further.is_empty() {
            wanted.push_back((distance + 1, further));
        }
    }
    mend(&mut cut);
    cut
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                found.push(target.to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn put(into: &mut Value, path: &str, value: Value) {
    let mut place = into;
    for part in path.split('/') {
        place = &mut place[part.replace("~1", "/").replace("~0", "~")];
    }
    *place = value;
}

/// What keeps the mock from checking, put right:
/// - `nullable` without `type`: it would skip the check of the whole body without a word;
/// - a value twice in an `enum`: the same, for the query too;
/// - one of several shapes that are not told apart by anything: what fits two would be refused;
/// - examples that are written as a text of JSON: it would answer with the text;
/// - examples of response headers: those of `Link` point at the real service;
/// - how nested fields of a form are written: it would take each that is absent for an empty object;
/// - media types: descriptions name the plain one only, services take their own too.
fn mend(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("nullable") == Some(&json!(true)) && !members.contains_key("type") {
                members.remove("nullable");
            }
            if let Some(choices) = members.get_mut("enum").and_then(Value::as_array_mut) {
                let mut seen = BTreeSet::new();
                choices.retain(|choice| seen.insert(choice.to_string()));
            }
            if !members.contains_key("anyOf")
                && let Some(shapes) = members.remove("oneOf")
            {
                members.insert("anyOf".to_owned(), shapes);
            }
            if members.contains_key("schema")
                && let Some(example) = members.get_mut("example")
                && let Some(Ok(parsed)) = example.as_str().map(serde_json::from_str::<Value>)
                && (parsed.is_object() || parsed.is_array())
            {
                *example = parsed;
            }
            if members.contains_key("description") && members.contains_key("content") {
                members.remove("headers");
            }
            if members.contains_key("schema") {
                members.remove("encoding");
            }
            if let Some(content) = members.get_mut("content").and_then(Value::as_object_mut)
                && let Some(json) = content.get("application/json").cloned()
            {
                content.insert("application/vnd.github+json".to_owned(), json);
            }
            members.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        _ => {}
    }
}

/// Swagger 2 describes the fields of a form only; where such an operation says that it takes JSON
/// as well, the fields become the members of a JSON body.
pub fn forms_as_json(description: &mut Value) {
    let Some(paths) = description["paths"].as_object_mut() else {
        return;
    };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let json = json!("application/json");
        if !operation["consumes"].as_array().is_some_and(|types| types.contains(&json)) {
            continue;
        }
        operation["consumes"] = json!([json]);
        let Some(parameters) = operation["parameters"].as_array_mut() else {
            continue;
        };
        let (fields, mut others): (Vec<Value>, Vec<Value>) =
            parameters.drain(..).partition(|parameter| parameter["in"] == "formData");
        if !fields.is_empty() {
            let name = |field: &Value| field["name"].as_str().unwrap_or_default().to_owned();
            let required: Vec<_> = fields.iter().filter(|f| f["required"] == true).map(name).collect();
            // A form holds numbers as text, and so may the body.
            let shape = |field: &Value| match &field["type"] {
                kind if kind == "number" => json!({}),
                kind => json!({ "type": kind }),
            };
            let properties: Map<_, _> = fields.iter().map(|field| (name(field), shape(field))).collect();
            let mut schema =
                json!({ "type": "object", "properties": properties, "additionalProperties": false });
            // The list of what is required must not be empty (JSON Schema draft 4).
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            others.push(json!({ "name": "body", "in": "body", "required": true, "schema": schema }));
        }
        *parameters = others;
    }
}

/// Leaves a parameter out of every operation.
pub fn without_parameter(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            if let Some(parameters) = members.get_mut("parameters").and_then(Value::as_array_mut) {
                parameters.retain(|parameter| parameter["name"] != name);
            }
            members.values_mut().for_each(|member| without_parameter(member, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without_parameter(item, name)),
        _ => {}
    }
}

/// The same description for answers of which only a part is given: no member is required in them,
/// and so more than one of several shapes may fit. Everything that is there must still be as the
/// vendor says.
pub fn partial_answers(description: &mut Value) {
    let Some(paths) = description["paths"].as_object().cloned() else {
        return;
    };
    let mut wanted = Vec::new();
    for (path, item) in &paths {
        // Beside its methods a path may have parameters.
        for method in item.as_object().unwrap().keys().filter(|method| item[*method].is_object()) {
            let responses = &mut description["paths"][path][method]["responses"];
            require_nothing(responses);
            references(responses, &mut wanted);
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(pointer) = wanted.pop() {
        if seen.insert(pointer.clone())
            && let Some(target) = description.pointer_mut(&pointer[1..])
        {
            require_nothing(target);
            references(target, &mut wanted);
        }
    }
}

fn require_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("required").is_some_and(Value::is_array) {
                members.remove("required");
            }
            if let Some(shapes) = members.remove("oneOf") {
                members.insert("anyOf".to_owned(), shapes);
            }
            members.values_mut().for_each(require_nothing);
        }
        Value::Array(items) => items.iter_mut().for_each(require_nothing),
        _ => {}
    }
}

/// GitHub's own description, cut down to what the GitHub Issues connector calls.
pub fn github_issues() -> Mock {
    GITHUB_ISSUES.description().unwrap().mock()
}

/// Starts the mock on a description: it answers with the vendor's examples.
pub(crate) fn mock(description: &Value) -> Mock {
    start(description, &["mock"], &[])
}

/// Starts it before another server: what is asked and what is answered are both checked.
pub(crate) fn before(description: &Value, upstream: &str) -> Mock {
    start(description, &["proxy"], &[upstream])
}

fn start(description: &Value, command: &[&str], more: &[&str]) -> Mock {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("description.json");
    std::fs::write(&file, description.to_string()).unwrap();
    Mock::start(Some(folder), |port| {
        let mut mock = Command::new(root().join("tests/node/node_modules/.bin/prism"));
        mock.args(command).args(["--host", "127.0.0.1", "--port", &port.to_string()]).arg(&file).args(more);
        mock
    })
}
