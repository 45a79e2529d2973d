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
