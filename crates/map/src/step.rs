//! The compiled mapping of a step: scope in, parameters out.

use patchbay_model::chain::{FieldMap, Source};
use serde_json::{Map, Value};

use crate::change::Change;
use crate::error::MapError;
use crate::path::Path;
use crate::template::Template;

/// A compiled list of [`FieldMap`]s.
#[derive(Clone, Debug)]
pub struct StepMapping(Vec<Compiled>);

#[derive(Clone, Debug)]
struct Compiled {
    pointer: String,
    target: Vec<String>,
    source: Ready,
    default: Option<Value>,
    change: Change,
}

#[derive(Clone, Debug)]
enum Ready {
    Path(Path),
    Template(Template),
    Fixed(Value),
}

impl StepMapping {
    /// Compiles sources and targets.
    pub fn compile(maps: &[FieldMap]) -> Result<Self, MapError> {
        maps.iter()
            .map(|map| {
                Ok(Compiled {
                    target: tokens(&map.target)?,
                    pointer: map.target.clone(),
                    change: Change::of(map),
                    default: map.default.clone(),
                    source: match &map.source {
                        Source::Path { path } => Ready::Path(Path::compile(path)?),
                        Source::Template { template } => Ready::Template(Template::compile(template)?),
                        Source::Fixed { value } => Ready::Fixed(value.clone()),
                    },
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Builds the parameters. An absent or null source leaves its member out, as does a value without a counterpart among
    /// the choices.
    pub fn apply(&self, scope: &Value) -> Result<Value, MapError> {
        let mut params = Value::Object(Map::new());
        for map in &self.0 {
            let value = match &map.source {
                Ready::Path(path) => path.first(scope).cloned(),
                Ready::Template(template) => template.value(scope)?,
                Ready::Fixed(value) => Some(value.clone()),
            };
            let value = value.filter(|v| !v.is_null());
            let empty = value.as_ref().is_none_or(|value| value == "");
            let changed = match (&map.default, value) {
                (Some(default), _) if empty => Ok(Some(default.clone())),
                (_, None) => continue,
                (_, Some(value)) => map.change.apply(value),
            };
            let changed = changed.map_err(|error| match error {
                MapError::Value { reason, .. } => MapError::Value { field: map.pointer.clone(), reason },
                other => other,
            })?;
            let Some(value) = changed else { continue };
            put(&mut params, &map.target, value).ok_or_else(|| MapError::Value {
                field: map.pointer.clone(),
                reason: "another mapping has put a plain value there".to_owned(),
            })?;
        }
        Ok(params)
    }
}

/// The tokens of a JSON pointer (RFC 6901). Members only: lists are mapped as a whole.
fn tokens(pointer: &str) -> Result<Vec<String>, MapError> {
    let invalid = || MapError::Value {
        field: pointer.to_owned(),
        reason: "a target is written like /text or /fields/title".to_owned(),
    };
    let rest = pointer.strip_prefix('/').ok_or_else(invalid)?;
    let tokens: Vec<_> = rest.split('/').map(|t| t.replace("~1", "/").replace("~0", "~")).collect();
    if tokens.iter().any(String::is_empty) || tokens.len() > 16 { Err(invalid()) } else { Ok(tokens) }
}

fn put(into: &mut Value, tokens: &[String], value: Value) -> Option<()> {
    let (first, rest) = tokens.split_first()?;
    let members = into.as_object_mut()?;
    if rest.is_empty() {
        members.insert(first.clone(), value);
        return Some(());
    }
    put(members.entry(first.clone()).or_insert_with(|| Value::Object(Map::new())), rest, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply(maps: Value, scope: &Value) -> Result<Value, MapError> {
        let maps: Vec<FieldMap> = serde_json::from_value(maps).unwrap();
        StepMapping::compile(&maps)?.apply(scope)
    }

    #[test]
    fn builds_nested_parameters_and_leaves_out_what_is_absent() {
        let scope = json!({"item": {"title": "T", "n": 3, "none": null}, "steps": {"a": {"id": 9}}});
        let maps = json!([
            {"target": "/text", "source": {"type": "template", "template": "New: {{item.title}}"}},
            {"target": "/fields/count", "source": {"type": "path", "path": "$.item.n"}, "convert": "text"},
            {"target": "/fields/parent", "source": {"type": "path", "path": "$.steps.a.id"}},
            {"target": "/gone", "source": {"type": "path", "path": "$.item.none"}},
            {"target": "/said", "source": {"type": "path", "path": "$.item.none"}, "default": "(no text)"},
            {"target": "/channel", "source": {"type": "fixed", "value": "general"}}
        ]);
        assert_eq!(
            apply(maps, &scope).unwrap(),
            json!({"text": "New: T", "fields": {"count": "3", "parent": 9}, "said": "(no text)", "channel": "general"})
        );
    }

    #[test]
    fn says_which_field_does_not_fit() {
        let maps =
            json!([{"target": "/n", "source": {"type": "path", "path": "$.item"}, "convert": "integer"}]);
        let error = apply(maps, &json!({"item": "many"})).unwrap_err();
        assert_eq!(error.to_string(), "/n: it is not a whole number");
        let bad = json!([{"target": "text", "source": {"type": "fixed", "value": 1}}]);
        assert!(apply(bad, &json!({})).is_err());
    }
}
