//! JSON Schema (2020-12), compiled once; other documents are never fetched.

use serde_json::Value;

use crate::error::MapError;

/// A compiled schema.
#[derive(Clone, Debug)]
pub struct Schema(std::sync::Arc<jsonschema::Validator>);

/// One place where a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The place, as a JSON pointer (RFC 6901); empty for the whole value.
    pub pointer: String,
    /// What is wrong, without the value itself.
    pub message: String,
}

impl Schema {
    /// Compiles a schema. References must stay inside it.
    pub fn compile(schema: &Value) -> Result<Self, MapError> {
        let failed = |reason: String| MapError::Schema { reason };
        if let Some(reference) = foreign_reference(schema) {
            return Err(failed(format!("it refers to another document ({reference})")));
        }
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            // Linear time: a schema from outside must not make checking slow.
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(schema)
            .map(|validator| Self(std::sync::Arc::new(validator)))
            .map_err(|error| failed(error.to_string()))
    }

    /// Whether a value fits; at most ten places where it does not.
    pub fn check(&self, value: &Value) -> Result<(), Vec<Misfit>> {
        let misfits: Vec<_> = self
            .0
            .iter_errors(value)
            .take(10)
            .map(|error| Misfit {
                pointer: error.instance_path().to_string(),
                message: error.masked_with("the value").to_string(),
            })
            .collect();
        if misfits.is_empty() { Ok(()) } else { Err(misfits) }
    }
}

fn foreign_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(members) => members.iter().find_map(|(name, member)| match (name.as_str(), member) {
            ("$ref" | "$dynamicRef", Value::String(target)) if !target.starts_with('#') => {
                Some(target.as_str())
            }
            _ => foreign_reference(member),
        }),
        Value::Array(items) => items.iter().find_map(foreign_reference),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn misfits_name_their_place_and_not_the_value() {
        let schema = Schema::compile(&json!({
            "type": "object", "required": ["title"],
            "properties": {"title": {"type": "string"}, "n": {"type": "integer"}}
        }))
        .unwrap();
        assert_eq!(schema.check(&json!({"title": "x", "n": 1})), Ok(()));
        let misfits = schema.check(&json!({"n": "not shown"})).unwrap_err();
        assert!(misfits.iter().any(|m| m.pointer == "/n"), "{misfits:?}");
        assert!(misfits.iter().all(|m| !m.message.contains("not shown")), "{misfits:?}");
    }

    #[test]
    fn patterns_that_could_take_for_ever_are_refused() {
        for pattern in [r"^(a+)+\1$", "^(?=(a+)+$)b", "(?<!a)b"] {
            let schema = json!({"type": "string", "pattern": pattern});
            assert!(Schema::compile(&schema).is_err(), "{pattern}");
        }
        assert!(Schema::compile(&json!({"pattern": "^[A-Z]{2,9}-[0-9]+$"})).is_ok());
    }

    #[test]
    fn other_documents_are_never_fetched() {
        let schema = json!({"properties": {"a": {"$ref": "https://example.test/schema.json"}}});
        assert!(Schema::compile(&schema).is_err());
        assert!(Schema::compile(&json!({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"})).is_ok());
    }
}
