//! What says how a person is reached is masked until somebody asks to see it.

use std::collections::BTreeSet;

use patchbay_descriptor::Catalogue;
use serde_json::Value;

/// Addresses that are nobody's in particular: connector, the keys that lead to the field, and why it is shown.
const SHOWN: &[(&str, &str, &str)] = &[];

/// Whether it says how a person is reached.
fn reaches_a_person(name: &str, schema: &Value) -> bool {
    let kind = &schema["type"];
    let is_text = kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&"string".into()));
    let name = name.to_lowercase();
    is_text
        && (schema["format"] == "email" || ["email", "e_mail", "phone"].iter().any(|part| name.contains(part)))
}

/// Calls with each field of the schema: its path, whether it is masked, and its own schema.
fn fields(schema: &Value, at: &str, masked: bool, each: &mut impl FnMut(&str, &str, bool, &Value)) {
    let masked = masked || schema["x-private"] == true;
    for (name, own) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        each(&at, name, masked || own["x-private"] == true, own);
        fields(own, &at, masked, each);
    }
    for keyword in ["items", "additionalProperties"] {
        fields_of_part(&schema[keyword], at, masked, each);
    }
    for keyword in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        schema[keyword].as_array().into_iter().flatten().for_each(|own| fields(own, at, masked, each));
    }
}

/// The same of a schema that need not be there.
fn fields_of_part(schema: &Value, at: &str, masked: bool, each: &mut impl FnMut(&str, &str, bool, &Value)) {
    if schema.is_object() {
        fields(schema, at, masked, each);
    }
}

#[test]
fn how_a_person_is_reached_is_private_in_every_connector() {
    let (mut open, mut masked_fields, mut shown) = (Vec::new(), 0, BTreeSet::new());
    for connector in Catalogue::built_in().all() {
        let streams = connector.streams.iter().map(|own| (&own.id, "itemSchema", own.item_schema.as_ref()));
        let params = connector.operations.iter().map(|own| (&own.id, "params", Some(&own.params)));
        let results = connector.operations.iter().map(|own| (&own.id, "result", own.result.as_ref()));
        for (id, part, schema) in streams.chain(params).chain(results) {
            let Some(schema) = schema else { continue };
            fields(schema, &format!("{id}.{part}"), false, &mut |at, name, masked, own| {
                if !reaches_a_person(name, own) {
                    return;
                }
                let explained = SHOWN.iter().find(|(of, path, _)| *of == connector.id.as_str() && *path == at);
                match (masked, explained) {
                    (true, None) => masked_fields += 1,
                    (false, Some(which)) => drop(shown.insert(which)),
                    (false, None) => open.push(format!("{}: {at}", connector.id)),
                    (true, Some((of, path, _))) => {
                        open.push(format!("{of}: {path} is masked and listed as shown"))
                    }
                }
            });
        }
    }
    assert!(open.is_empty(), "give them `\"x-private\": true`, or say above why they are shown: {open:#?}");
    assert_eq!(shown.len(), SHOWN.len(), "what is listed as shown is there");
    assert!(masked_fields > 100, "only {masked_fields} were looked at");
}
