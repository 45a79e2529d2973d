//! Questions about JSON values, compiled once.

use patchbay_model::descriptor::{Predicate, PredicateOperator};
use regex_lite::Regex;
use serde_json::Value;

use crate::error::MapError;
use crate::path::Path;

/// A compiled [`Predicate`].
#[derive(Clone, Debug)]
pub struct Test {
    path: Path,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Exists,
    Absent,
    Equals(Value),
    NotEquals(Value),
    Contains(Value),
    In(Vec<Value>),
    Matches(Regex),
}

impl Test {
    /// Compiles a predicate.
    pub fn compile(predicate: &Predicate) -> Result<Self, MapError> {
        let needed =
            |what: &str| MapError::Value { field: "value".into(), reason: format!("{what} is needed here") };
        let value = || predicate.value.clone().ok_or_else(|| needed("a value to compare with"));
        let kind = match predicate.operator {
            PredicateOperator::Exists => Kind::Exists,
            PredicateOperator::Absent => Kind::Absent,
            PredicateOperator::Equals => Kind::Equals(value()?),
            PredicateOperator::NotEquals => Kind::NotEquals(value()?),
            PredicateOperator::Contains => Kind::Contains(value()?),
            PredicateOperator::In => match value()? {
                Value::Array(values) => Kind::In(values),
                _ => return Err(needed("a list")),
            },
            PredicateOperator::Matches => {
                Kind::Matches(regex(value()?.as_str().ok_or_else(|| needed("a regular expression"))?)?)
            }
        };
        Ok(Self { path: Path::compile(&predicate.path)?, kind })
    }

    /// Whether it holds for the value.
    pub fn holds(&self, value: &Value) -> bool {
        let found = self.path.all(value);
        match &self.kind {
            Kind::Exists => found.iter().any(|v| !v.is_null()),
            Kind::Absent => found.iter().all(|v| v.is_null()),
            Kind::Equals(want) => found.iter().any(|v| same(v, want)),
            Kind::NotEquals(want) => !found.iter().any(|v| same(v, want)),
            Kind::Contains(want) => found.iter().any(|v| match (v, want) {
                (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
                (Value::Array(items), want) => items.iter().any(|item| same(item, want)),
                _ => same(v, want),
            }),
            Kind::In(wanted) => found.iter().any(|v| wanted.iter().any(|want| same(v, want))),
            Kind::Matches(regex) => found.iter().any(|v| v.as_str().is_some_and(|text| regex.is_match(text))),
        }
    }
}

/// Equal, and a number equals the text that spells it: vendors mix them.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == *text
        }
        _ => a == b,
    }
}

/// Compiles a linear-time regular expression.
pub(crate) fn regex(pattern: &str) -> Result<Regex, MapError> {
    regex_lite::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| MapError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operator() {
        let value = json!({"s": "closed by bot", "n": 3, "list": ["bug", "ui"], "nothing": null, "ok": true});
        let cases = [
            (json!({"path": "$.s"}), true),
            (json!({"path": "$.nothing"}), false),
            (json!({"path": "$.gone"}), false),
            (json!({"path": "$.gone", "operator": "absent"}), true),
            (json!({"path": "$.n", "operator": "equals", "value": 3}), true),
            (json!({"path": "$.n", "operator": "equals", "value": "3"}), true),
            (json!({"path": "$.n", "operator": "not_equals", "value": 3}), false),
            (json!({"path": "$.s", "operator": "contains", "value": "bot"}), true),
            (json!({"path": "$.list", "operator": "contains", "value": "ui"}), true),
            (json!({"path": "$.list[*]", "operator": "in", "value": ["x", "bug"]}), true),
            (json!({"path": "$.s", "operator": "matches", "value": "^closed"}), true),
            (json!({"path": "$.s", "operator": "matches", "value": "^open"}), false),
            (json!({"path": "$.ok", "operator": "equals", "value": true}), true),
        ];
        for (predicate, want) in cases {
            let test = Test::compile(&serde_json::from_value(predicate.clone()).unwrap()).unwrap();
            assert_eq!(test.holds(&value), want, "{predicate}");
        }
        for bad in [
            json!({"path": "$.s", "operator": "equals"}),
            json!({"path": "$.s", "operator": "matches", "value": "("}),
        ] {
            assert!(Test::compile(&serde_json::from_value(bad.clone()).unwrap()).is_err(), "{bad}");
        }
    }
}
