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

/// Calls with each field of the schema, and with the items of each list, which are called as the list is: its
/// path, whether it is masked, and its own schema.
fn fields(
    schema: &Value,
    (at, name): (&str, &str),
    masked: bool,
    each: &mut impl FnMut(&str, &str, bool, &Value),
) {
    let masked = masked || schema["x-private"] == true;
    each(at, name, masked, schema);
    for (name, own) in schema["properties"].as_object().into_iter().flatten() {
        fields(own, (&format!("{at}.{name}"), name), masked, each);
    }
    for (keyword, sign) in [("items", "[]"), ("additionalProperties", ".*")] {
        if schema[keyword].is_object() {
            fields(&schema[keyword], (&format!("{at}{sign}"), name), masked, each);
        }
    }
    for keyword in ["prefixItems", "allOf", "anyOf", "oneOf"] {
        let own = schema[keyword].as_array().into_iter().flatten();
        own.for_each(|own| fields(own, (at, name), masked, each));
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
            fields(schema, (&format!("{id}.{part}"), ""), false, &mut |at, name, masked, own| {
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

#[test]
fn items_of_a_list_are_looked_at_by_the_name_of_the_list() {
    let schema = serde_json::json!({"properties": {
        "emails": {"type": "array", "items": {"type": "string"}},
        "to": {"type": "array", "items": {"type": "string", "format": "email", "x-private": true}},
        "names": {"type": "array", "items": {"type": "string"}}
    }});
    let mut seen = Vec::new();
    fields(&schema, ("x", ""), false, &mut |at, name, masked, own| {
        if reaches_a_person(name, own) {
            seen.push((at.to_owned(), masked));
        }
    });
    assert_eq!(seen, [("x.emails[]".to_owned(), false), ("x.to[]".to_owned(), true)]);
}
