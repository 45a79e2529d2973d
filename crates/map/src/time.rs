//! Times as services write them.

use jiff::Timestamp;
use patchbay_model::descriptor::TimeFormat;
use serde_json::{Value, json};

/// Reads a time in one format. None where it is not one.
pub fn parse_time(value: &Value, format: TimeFormat) -> Option<Timestamp> {
    match (format, value) {
        (TimeFormat::Iso8601, Value::String(text)) => parse_iso(text),
        (TimeFormat::Unix, value) => {
            let seconds = number(value)?;
            Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
        }
        (TimeFormat::UnixMs, value) => Timestamp::from_millisecond(number(value)?.round() as i64).ok(),
        (TimeFormat::Date, Value::String(text)) => {
            let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
            day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        }
        (TimeFormat::Iso8601 | TimeFormat::Date, _) => None,
    }
}

/// Reads a time in any of the formats. Numbers beyond the year 2286 in seconds are milliseconds.
pub fn parse_any_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(n) if n.as_f64().is_some_and(|n| n.abs() >= 1e10) => {
            parse_time(value, TimeFormat::UnixMs)
        }
        Value::Number(_) => parse_time(value, TimeFormat::Unix),
        Value::String(_) => {
            parse_time(value, TimeFormat::Iso8601).or_else(|| parse_time(value, TimeFormat::Date))
        }
        _ => None,
    }
}

/// Writes a time in one format.
pub fn format_time(time: Timestamp, format: TimeFormat) -> Value {
    match format {
        TimeFormat::Iso8601 => {
            // Whole seconds: some services refuse fractions. Rounding down never skips an item.
            let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
            json!(whole.to_string())
        }
        TimeFormat::Unix => json!(time.as_second()),
        TimeFormat::UnixMs => json!(time.as_millisecond()),
        TimeFormat::Date => json!(time.strftime("%Y-%m-%d").to_string()),
    }
}

fn parse_iso(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // Without an offset: UTC. And the "+0000" form that RFC 3339 does not have.
    if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
        return local.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|n: &f64| n.is_finite() && n.abs() < 1e15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_services_write() {
        let cases = [
            (json!("2026-01-31T12:00:00Z"), TimeFormat::Iso8601, Some(1_769_860_800_000)),
            (json!("2026-01-31T13:00:00.5+01:00"), TimeFormat::Iso8601, Some(1_769_860_800_500)),
            (json!("2026-01-31T12:00:00+0000"), TimeFormat::Iso8601, Some(1_769_860_800_000)),
            (json!(1_769_860_800), TimeFormat::Unix, Some(1_769_860_800_000)),
            (json!("1769860800.25"), TimeFormat::Unix, Some(1_769_860_800_250)),
            (json!(1_769_860_800_123_i64), TimeFormat::UnixMs, Some(1_769_860_800_123)),
            (json!("2026-01-31"), TimeFormat::Date, Some(1_769_817_600_000)),
            (json!("yesterday"), TimeFormat::Iso8601, None),
            (json!(1e300), TimeFormat::Unix, None),
            (json!(null), TimeFormat::Iso8601, None),
            (json!({"a": 1}), TimeFormat::UnixMs, None),
        ];
        for (value, format, want) in cases {
            assert_eq!(
                parse_time(&value, format).map(Timestamp::as_millisecond),
                want,
                "{value} as {format:?}"
            );
        }
    }
}
