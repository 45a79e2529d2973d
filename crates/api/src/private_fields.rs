//! What of a connector's data is private: fields that its schemas mark (`x-private`, `writeOnly` or the format
//! `password`), and the places of requests that are filled from them.

use patchbay_map::Template;
use patchbay_model::descriptor::{Descriptor, Operation, RequestTemplate, Stream};
use patchbay_model::privacy::{ANY_PART, PRIVATE_PART, PrivateField, StepPrivacy};
use serde_json::Value;

/// The private fields of what an operation takes, sends and gives.
pub(crate) fn of_operation(operation: &Operation) -> Vec<PrivateField> {
    let mut found = in_schema(&operation.params);
    if let Some(request) = &operation.request {
        let sent = Sent::of(&found, request);
        found.extend(sent.fields);
    }
    found.extend(operation.result.iter().flat_map(in_schema));
    once(found)
}

/// The private fields of what a stream brings.
pub(crate) fn of_stream(stream: &Stream) -> Vec<PrivateField> {
    once(stream.item_schema.iter().flat_map(in_schema).collect())
}

/// What of an operation's requests is private beyond fields, and of those of its undo.
pub(crate) fn beyond_fields(descriptor: &Descriptor, operation: &Operation) -> StepPrivacy {
    let mut privacy = StepPrivacy::default();
    let undo = operation.undo.as_ref().and_then(|undo| descriptor.operation(&undo.operation));
    for own in [Some(operation), undo].into_iter().flatten() {
        let Some(request) = &own.request else { continue };
        let sent = Sent::of(&in_schema(&own.params), request);
        privacy.body |= sent.body;
        privacy.addresses.extend(sent.address.filter(|address| !privacy.addresses.contains(address)));
    }
    privacy
}

fn once(mut found: Vec<PrivateField>) -> Vec<PrivateField> {
    found.sort();
    found.dedup();
    found
}

/// The private fields of what a schema describes.
fn in_schema(schema: &Value) -> Vec<PrivateField> {
    let mut found = Vec::new();
    look_into(schema, &mut Vec::new(), &mut found);
    once(found)
}

fn look_into(schema: &Value, at: &mut PrivateField, found: &mut Vec<PrivateField>) {
    let says = |keyword: &str| schema[keyword].as_bool() == Some(true);
    if says("x-private") || says("writeOnly") || schema["format"] == "password" {
        // Everything is what the operation is for; it has no field of its own to mask.
        found.extend((!at.is_empty()).then(|| at.clone()));
        return;
    }
    for (key, own) in schema["properties"].as_object().into_iter().flatten() {
        at.push(key.clone());
        look_into(own, at, found);
        at.pop();
    }
    if schema["items"].is_object() {
        look_into(&schema["items"], at, found);
    }
    for keyword in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        schema[keyword].as_array().into_iter().flatten().for_each(|own| look_into(own, at, found));
    }
}

/// What a directive of a body's template gives.
const GIVE: &str = "$give";

/// What of a request as it is sent is private, because it is filled from private parameters.
struct Sent {
    fields: Vec<PrivateField>,
    /// The body as a whole is.
    body: bool,
    /// The end of its address, where a part of that is.
    address: Option<String>,
}

/// What a template puts in its place.
enum Filling {
    Open,
    /// The whole place is private.
    Private,
    /// What is put there as it is has private fields.
    Fields(Vec<PrivateField>),
}

impl Sent {
    fn of(params: &[PrivateField], request: &RequestTemplate) -> Self {
        let mut sent = Self { fields: Vec::new(), body: false, address: None };
        if params.is_empty() {
            return sent;
        }
        let query = request.query.iter();
        let variables = request.graphql.iter().flat_map(|graphql| &graphql.variables);
        for (key, template) in query.chain(variables) {
            sent.walk(template, &mut vec![key.clone()], params);
        }
        if let Some(body) = &request.body {
            sent.walk(body, &mut Vec::new(), params);
        }
        sent.address = address(&request.path, params);
        sent
    }

    fn walk(&mut self, template: &Value, at: &mut PrivateField, params: &[PrivateField]) {
        match template {
            // What is given for each element, or on a condition, stands where the whole of it stands.
            Value::Object(members) if members.contains_key(GIVE) => {
                let list = members.get("$each").and_then(Value::as_str);
                let each_is_private = list.is_some_and(|list| !matches!(filling(list, params), Filling::Open));
                if each_is_private && at.is_empty() {
                    self.body = true;
                } else if each_is_private {
                    self.fields.push(at.clone());
                } else {
                    self.walk(&members[GIVE], at, params);
                }
            }
            Value::Object(members) => {
                for (key, own) in members {
                    at.push(key.clone());
                    self.walk(own, at, params);
                    at.pop();
                }
            }
            Value::Array(items) => items.iter().for_each(|own| self.walk(own, at, params)),
            Value::String(text) => match filling(text, params) {
                Filling::Open => {}
                Filling::Private if at.is_empty() => self.body = true,
                Filling::Private => self.fields.push(at.clone()),
                Filling::Fields(inner) => {
                    self.fields.extend(inner.into_iter().map(|field| [at.as_slice(), &field].concat()));
                }
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn filling(template: &str, params: &[PrivateField]) -> Filling {
    // What does not compile is never sent.
    let Ok(compiled) = Template::compile(template) else { return Filling::Open };
    let mut inner = Vec::new();
    for name in compiled.names() {
        let mut parts = name.split('.');
        if parts.next() != Some("params") {
            continue;
        }
        let parts: Vec<&str> = parts.collect();
        let as_it_is = template.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        for field in params {
            let together = field.iter().zip(&parts).all(|(one, other)| one == other);
            if together && (field.len() <= parts.len() || as_it_is.map(str::trim) != Some(&name)) {
                return Filling::Private;
            }
            if together {
                inner.push(field[parts.len()..].to_vec());
            }
        }
    }
    if inner.is_empty() { Filling::Open } else { Filling::Fields(inner) }
}

/// The end of an address as [`StepPrivacy::addresses`] has it; none where no part of it is private.
fn address(path: &str, params: &[PrivateField]) -> Option<String> {
    // An address that ends in a slash ends in an empty part.
    let parts = segments(path.split(['?', '#']).next().unwrap_or(path).trim_start_matches('/'));
    let is_private = |part: &&str| !matches!(filling(part, params), Filling::Open);
    // What stands before the first private part only tells its shape from others.
    parts.iter().any(is_private).then(|| {
        let shape = parts.iter().map(|part| match part {
            part if is_private(part) => PRIVATE_PART,
            part if part.contains("{{") => ANY_PART,
            part => part,
        });
        shape.collect::<Vec<_>>().join("/")
    })
}

/// The parts of a path between its slashes; one within an expression is none.
fn segments(path: &str) -> Vec<&str> {
    let (mut parts, mut from, mut within) = (Vec::new(), 0, false);
    for (at, sign) in path.char_indices() {
        match sign {
            '{' if path[at..].starts_with("{{") => within = true,
            '}' if path[at..].starts_with("}}") => within = false,
            '/' if !within => {
                parts.push(&path[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[from..]);
    parts
}

#[cfg(test)]
#[path = "private_fields/tests.rs"]
mod tests;
