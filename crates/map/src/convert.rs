//! Changes of type between a source and a target.

use patchbay_model::chain::Conversion;
use serde_json::{Value, json};

use crate::error::MapError;
use crate::template::as_text;
use crate::time::{day_of, parse_any_time};

/// Converts a value, or says why it cannot be.
pub fn convert(value: Value, how: Conversion) -> Result<Value, MapError> {
    let failed = |reason: &str| MapError::Value { field: "The value".into(), reason: reason.to_owned() };
    Ok(match how {
        Conversion::Text => Value::String(as_text(&value)),
        Conversion::Number => match &value {
            Value::Number(_) => value,
            Value::String(text) => text
                .trim()
                .parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map(Value::Number)
                .ok_or_else(|| failed("it is not a number"))?,
            _ => return Err(failed("it is not a number")),
        },
        Conversion::Integer => match &value {
            Value::Number(n) if n.is_i64() || n.is_u64() => value,
            Value::Number(n) => match n.as_f64() {
                Some(n) if n.fract() == 0.0 && n.abs() < 9.0e15 => json!(n as i64),
                _ => return Err(failed("it is not a whole number")),
            },
            Value::String(text) => {
                text.trim().parse::<i64>().map(Value::from).map_err(|_| failed("it is not a whole number"))?
            }
            _ => return Err(failed("it is not a whole number")),
        },
        Conversion::Boolean => match &value {
            Value::Bool(_) => value,
            Value::String(text) => match text.trim().to_lowercase().as_str() {
                "true" | "yes" | "1" | "on" => json!(true),
                "false" | "no" | "0" | "off" => json!(false),
                _ => return Err(failed("it is neither yes nor no")),
            },
            Value::Number(n) if n.as_i64() == Some(1) => json!(true),
            Value::Number(n) if n.as_i64() == Some(0) => json!(false),
            _ => return Err(failed("it is neither yes nor no")),
        },
        Conversion::First => match value {
            Value::Array(items) => items.into_iter().next().ok_or_else(|| failed("the list is empty"))?,
            single => single,
        },
        Conversion::List => match value {
            list @ Value::Array(_) => list,
            single => json!([single]),
        },
        Conversion::DateTime => {
            json!(parse_any_time(&value).ok_or_else(|| failed("it is not a time"))?.to_string())
        }
        Conversion::Date => {
            json!(day_of(&value).ok_or_else(|| failed("it is not a time"))?.to_string())
        }
        Conversion::Line => {
            let text = as_text(&value);
            json!(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
        }
        Conversion::Names => match value {
            Value::Array(things) => things.iter().filter_map(name_of).collect(),
            single => name_of(&single).into_iter().collect(),
        },
        // It needs to know the choices: `change.rs`.
        Conversion::Choice => return Err(failed("there is nothing to choose from")),
    })
}

/// What a thing in a list is called: itself where it is plain, else what its members say.
fn name_of(thing: &Value) -> Option<Value> {
    const NAMES: [&str; 9] =
        ["name", "title", "login", "username", "displayName", "display_name", "email", "summary", "label"];
    match thing {
        Value::Object(members) => NAMES.iter().find_map(|name| members.get(*name)).cloned(),
        Value::Null | Value::Array(_) => None,
        plain => Some(Value::String(as_text(plain))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conversion() {
        use Conversion as C;
        let cases = [
            (json!(3), C::Text, Some(json!("3"))),
            (json!(["a", 1]), C::Text, Some(json!("a, 1"))),
            (json!(" 2.5 "), C::Number, Some(json!(2.5))),
            (json!("x"), C::Number, None),
            (json!("7"), C::Integer, Some(json!(7))),
            (json!(7.0), C::Integer, Some(json!(7))),
            (json!(7.5), C::Integer, None),
            (json!("Yes"), C::Boolean, Some(json!(true))),
            (json!("maybe"), C::Boolean, None),
            (json!(["a", "b"]), C::First, Some(json!("a"))),
            (json!([]), C::First, None),
            (json!("a"), C::List, Some(json!(["a"]))),
            (json!(1_769_860_800), C::DateTime, Some(json!("2026-01-31T12:00:00Z"))),
            (json!("2026-01-31T12:00:00Z"), C::Date, Some(json!("2026-01-31"))),
            (json!("tomorrow"), C::Date, None),
            // The day is that of the place where it was written, whichever it is in UTC.
            (json!("2026-11-20T20:00-05:00"), C::Date, Some(json!("2026-11-20"))),
            (json!("2026-11-20T20:00:00.250-0500"), C::Date, Some(json!("2026-11-20"))),
            (json!("2026-11-21T03:00:00+09:00"), C::Date, Some(json!("2026-11-21"))),
            (json!("2026-11-20T23:30:00"), C::Date, Some(json!("2026-11-20"))),
            (json!("2026-11-20 23:30"), C::Date, Some(json!("2026-11-20"))),
            (json!("2026-11-20"), C::Date, Some(json!("2026-11-20"))),
            (json!("2026-11-20T20:00-05:00"), C::DateTime, Some(json!("2026-11-21T01:00:00Z"))),
            (json!("\n  first \nsecond"), C::Line, Some(json!("first"))),
            (
                json!([{"name": "bug", "id": 1}, "plain", {"id": 2}, {"login": "amira"}]),
                C::Names,
                Some(json!(["bug", "plain", "amira"])),
            ),
            (json!("a"), C::Names, Some(json!(["a"]))),
            (json!("a"), C::Choice, None),
        ];
        for (value, how, want) in cases {
            assert_eq!(convert(value.clone(), how).ok(), want, "{value} as {how:?}");
        }
    }
}
