//! Connectors as data: read, brought forward, checked, with every mistake at its place.

mod beginning;
mod catalogue;
mod check;
pub mod fixture;
mod locate;
mod migrate;
mod names;
mod read;
mod tagged;
mod words;

pub use beginning::{STARTER, begin};
pub use catalogue::{Catalogue, built_in_text};
pub use read::{LARGEST, read, refused};

use serde_json::{Value, json};

/// Requests are there where they are interpreted, and only there.
fn by_kind() -> Value {
    let each = |what: &Value| {
        json!({ "properties": {
            "streams": { "items": what }, "operations": { "items": what }, "healthCheck": what,
        } })
    };
    let mut generic = each(&json!({ "required": ["request"] }));
    generic["required"] = json!(["baseUrl"]);
    let mut native = each(&json!({ "not": { "required": ["request"] } }));
    native["not"] = json!({ "required": ["baseUrl"] });
    json!({
        "if": { "properties": { "kind": { "const": "native" } }, "required": ["kind"] },
        "then": native,
        "else": generic,
    })
}

/// The JSON Schema (2020-12) of the format, made from the types that read it. Kept as
/// `descriptors/descriptor.schema.json` for editors.
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(patchbay_model::Descriptor).to_value();
    if let Value::Object(members) = &mut schema {
        members.insert("title".into(), "Patchbay connector".into());
        members.insert("allOf".into(), json!([by_kind()]));
    }
    schema
}

/// The JSON Schema (2020-12) of chains, made from the types that read them. Kept as
/// `docs/chain.schema.json` for editors.
pub fn chain_schema() -> Value {
    let mut schema = schemars::schema_for!(patchbay_model::Chain).to_value();
    if let Value::Object(members) = &mut schema {
        members.insert("title".into(), "Patchbay chain".into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn the_schema_of_chains_takes_what_the_program_takes_and_nothing_else() {
        let schema = patchbay_map::Schema::compile(&super::chain_schema()).unwrap();
        let step = json!({"id": "a", "connection": "Chat", "operation": "send"});
        let filter = json!({"id": "b", "logic": {"type": "filter", "when": [{"path": "$.item.n"}]}});
        let good = [
            json!({"schema": 1, "name": "c", "steps": [step]}),
            json!({"schema": 1, "name": "c", "steps": [step, filter], "finally": [step],
                "trigger": {"type": "schedule", "cron": "0 9 * * 1", "zone": "Europe/London"},
                "concurrency": {"overlap": "skip", "key": "{{input.id}}"}}),
        ];
        let bad = [
            json!({"schema": 1, "name": "c"}),
            json!({"schema": 1, "name": "c", "steps": [{"id": "a", "does": "x"}]}),
            json!({"schema": 1, "name": "c", "steps": [], "trigger": {"type": "sometimes"}}),
            json!({"schema": 1, "name": "c", "steps": [{"id": "b", "logic": {"type": "filter"}}]}),
            json!({"schema": 1, "name": "c", "steps": [], "concurrency": {"overlap": "never"}}),
        ];
        for (documents, want) in [(&good[..], true), (&bad[..], false)] {
            for document in documents {
                let read = serde_json::from_value::<patchbay_model::Chain>(document.clone());
                assert_eq!(read.is_ok(), want, "{document}: {read:?}");
                assert_eq!(schema.check(document).is_ok(), want, "{document}");
            }
        }
    }
}
