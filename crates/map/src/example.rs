//! A value as a schema describes it: what stands for a result while nobody has seen one.

use serde_json::{Map, Value, json};

use crate::leaf::{Kind, kind_of};

/// Members below members, at most: what refers to itself comes to an end.
const DEEPEST: usize = 8;

/// A made-up value that fits the types and forms of a JSON Schema. It is for people to look at: it says nothing
/// about what a service gives.
pub fn example(schema: &Value) -> Value {
    made(schema, "", DEEPEST)
}

fn made(schema: &Value, name: &str, depth: usize) -> Value {
    if let Some(known) = known(schema) {
        return known;
    }
    match kind_of(schema) {
        Kind::Integer | Kind::Number => match &schema["minimum"] {
            Value::Number(least) => Value::Number(least.clone()),
            _ => json!(1),
        },
        Kind::Boolean => json!(true),
        Kind::List if depth > 0 && schema["items"].is_object() => {
            json!([made(&schema["items"], name, depth - 1)])
        }
        Kind::List => json!([]),
        Kind::Object => members(schema, depth),
        Kind::Unknown if schema["properties"].is_object() => members(schema, depth),
        Kind::Text | Kind::Unknown => json!(text(schema, name)),
    }
}

/// A value that the schema itself names.
fn known(schema: &Value) -> Option<Value> {
    let one = [&schema["const"], &schema["examples"][0], &schema["default"]];
    let choices = schema["enum"].as_array().into_iter().flatten();
    one.into_iter().chain(choices).find(|value| !value.is_null()).cloned()
}

fn members(schema: &Value, depth: usize) -> Value {
    let mut made_of = Map::new();
    if depth > 0 {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            made_of.insert(name.clone(), made(member, name, depth - 1));
        }
    }
    Value::Object(made_of)
}

/// A text in the form that is asked for, else one that says what stands there.
fn text(schema: &Value, name: &str) -> String {
    match schema["format"].as_str() {
        Some("date-time") => "2026-11-20T09:30:00Z".to_owned(),
        Some("date") => "2026-11-20".to_owned(),
        Some("email") => "amira@example.test".to_owned(),
        Some("uri") => "https://example.test/1".to_owned(),
        _ => {
            let title = schema["title"].as_str().unwrap_or(name).replace(['_', '-'], " ").to_lowercase();
            format!("Example {title}").trim_end().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_fits_its_schema_and_says_what_stands_where() {
        let schema = json!({"type": "object", "required": ["title"], "properties": {
            "title": {"type": "string", "title": "Title"},
            "issue_type": {"type": ["string", "null"]},
            "state": {"enum": ["open", "closed"]},
            "count": {"type": "integer", "minimum": 3},
            "done": {"type": "boolean"},
            "due": {"type": "string", "format": "date"},
            "made": {"type": ["string", "null"], "format": "date-time"},
            "link": {"type": "string", "format": "uri"},
            "author": {"type": "object", "properties": {"email": {"type": "string", "format": "email"}}},
            "labels": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
            "parts": {"type": "array"},
            "kind": {"type": "string", "default": "task"}
        }});
        let value = example(&schema);
        let want = json!({
            "title": "Example title", "issue_type": "Example issue type", "state": "open", "count": 3, "done": true,
            "due": "2026-11-20", "made": "2026-11-20T09:30:00Z", "link": "https://example.test/1",
            "author": {"email": "amira@example.test"}, "labels": [{"name": "Example name"}], "parts": [],
            "kind": "task"
        });
        assert_eq!(value, want);
        assert!(crate::Schema::compile(&schema).unwrap().check(&value).is_ok());
        for nothing_said in [json!({}), json!(true), Value::Null] {
            assert_eq!(example(&nothing_said), json!("Example"));
        }
    }

    #[test]
    fn an_example_ends() {
        let deep = (0..40).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "object", "properties": {"in": {"type": "array", "items": inner}}}),
        );
        assert!(example(&deep).to_string().len() < 200);
    }
}
