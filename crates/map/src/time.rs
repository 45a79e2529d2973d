//! Times as services write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use patchbay_model::descriptor::TimeFormat;
use serde_json::{Value, json};

/// Reads a time in one format. None where it is not one.
pub fn parse_time(value: &Value, format: &TimeFormat) -> Option<Timestamp> {
    match (format, value) {
        (TimeFormat::Iso8601, Value::String(text)) => parse_iso(text),
        (TimeFormat::Unix, value) => {
            let seconds = number(value)?;
            Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
        }
        (TimeFormat::UnixMs, value) => Timestamp::from_millisecond(number(value)?.round() as i64).ok(),
        (TimeFormat::Date, Value::String(text)) => in_utc(text.get(..10)?.parse::<Date>().ok()?.at(0, 0, 0, 0)),
        (TimeFormat::Pattern(pattern), Value::String(text)) => by_pattern(pattern, text),
        (TimeFormat::Pattern(pattern), Value::Number(number)) => by_pattern(pattern, &number.to_string()),
        (TimeFormat::Iso8601 | TimeFormat::Date | TimeFormat::Pattern(_), _) => None,
    }
}

fn by_pattern(pattern: &str, text: &str) -> Option<Timestamp> {
    let read = strtime::parse(pattern, text).ok()?;
    read.to_timestamp()
        .ok()
        .or_else(|| read.to_datetime().ok().and_then(in_utc))
        .or_else(|| in_utc(read.to_date().ok()?.at(0, 0, 0, 0)))
}

fn in_utc(local: DateTime) -> Option<Timestamp> {
    local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The smallest step between two times that a format tells apart; none where a pattern cannot be
/// written and read again, to the day at least.
pub fn time_unit(format: &TimeFormat) -> Option<SignedDuration> {
    match format {
        TimeFormat::Iso8601 | TimeFormat::Unix => Some(SignedDuration::from_secs(1)),
        TimeFormat::UnixMs => Some(SignedDuration::from_millis(1)),
        TimeFormat::Date => Some(SignedDuration::from_hours(24)),
        TimeFormat::Pattern(_) => {
            // Midnight of a day without anything special.
            let start = Timestamp::from_second(1_769_817_600).ok()?;
            let read = |time: Timestamp| parse_time(&format_time(time, format), format);
            (read(start)? == start).then_some(())?;
            [1, 1_000, 60_000, 3_600_000, 86_400_000]
                .into_iter()
                .map(SignedDuration::from_millis)
                .find(|step| start.checked_add(*step).is_ok_and(|later| read(later) == Some(later)))
        }
    }
}

/// Reads a time in any of the formats. Numbers beyond the year 2286 in seconds are milliseconds.
pub fn parse_any_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(n) if n.as_f64().is_some_and(|n| n.abs() >= 1e10) => {
            parse_time(value, &TimeFormat::UnixMs)
        }
        Value::Number(_) => parse_time(value, &TimeFormat::Unix),
        Value::String(_) => {
            parse_time(value, &TimeFormat::Iso8601).or_else(|| parse_time(value, &TimeFormat::Date))
        }
        _ => None,
    }
}

/// The day of a time in any of the formats: where it was written, and in UTC where it does not say. In another
/// zone it may be another day.
pub(crate) fn day_of(value: &Value) -> Option<Date> {
    let time = parse_any_time(value)?;
    let written = value.as_str().and_then(|text| match Pieces::parse(text) {
        Ok(pieces) => Some(pieces.date()),
        Err(_) => text.get(..10)?.parse().ok(),
    });
    Some(written.unwrap_or_else(|| time.to_zoned(TimeZone::UTC).date()))
}

/// What a text says of the zone of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Nothing: it is read as UTC.
    Unsaid,
    /// It is UTC.
    Utc,
    /// It is another one.
    Other,
}

/// What a value says of its zone; none where it is no text with a time of day.
pub(crate) fn zone_of(value: &Value) -> Option<Zone> {
    let (text, time) = (value.as_str()?, parse_any_time(value)?);
    let local = match Pieces::parse(text) {
        Ok(pieces) => {
            let local = pieces.date().to_datetime(pieces.time()?);
            if pieces.offset().is_none() && pieces.time_zone_annotation().is_none() {
                return Some(Zone::Unsaid);
            }
            local
        }
        // The form without a colon in its offset.
        Err(_) => text.get(..19)?.parse().ok()?,
    };
    let utc = time.to_zoned(TimeZone::UTC).datetime();
    let apart = local.duration_since(utc).as_secs();
    Some(if apart == 0 { Zone::Utc } else { Zone::Other })
}

/// Writes a time in one format.
pub fn format_time(time: Timestamp, format: &TimeFormat) -> Value {
    match format {
        TimeFormat::Iso8601 => {
            // Whole seconds: some services refuse fractions. Rounding down never skips an item.
            let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
            json!(whole.to_string())
        }
        TimeFormat::Unix => json!(time.as_second()),
        TimeFormat::UnixMs => json!(time.as_millisecond()),
        TimeFormat::Date => json!(time.strftime("%Y-%m-%d").to_string()),
        TimeFormat::Pattern(pattern) => {
            let text = strtime::format(pattern, &time.to_zoned(TimeZone::UTC));
            // Refused when the connector is read.
            json!(text.unwrap_or_default())
        }
    }
}

fn parse_iso(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // Without an offset: UTC. And the "+0000" form that RFC 3339 does not have.
    if let Ok(local) = text.parse::<DateTime>() {
        return in_utc(local);
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
                parse_time(&value, &format).map(Timestamp::as_millisecond),
                want,
                "{value} as {format:?}"
            );
        }
    }
    #[test]
    fn a_text_says_of_which_day_and_zone_it_is() {
        use Zone::{Other, Unsaid, Utc};
        let cases = [
            (json!("2026-11-20T20:00-05:00"), Some("2026-11-20"), Some(Other)),
            (json!("2026-11-20T20:00:00-0500"), Some("2026-11-20"), Some(Other)),
            (json!("2026-11-21T03:00:00.5+09:00"), Some("2026-11-21"), Some(Other)),
            (json!("2026-11-20T20:00:00-05:00[America/New_York]"), Some("2026-11-20"), Some(Other)),
            (json!("2026-11-20T20:00:00Z"), Some("2026-11-20"), Some(Utc)),
            (json!("2026-11-20T20:00:00+00:00"), Some("2026-11-20"), Some(Utc)),
            (json!("2026-11-20T20:00:00+0000"), Some("2026-11-20"), Some(Utc)),
            (json!("2026-11-20T20:00:00"), Some("2026-11-20"), Some(Unsaid)),
            (json!("2026-11-20 20:00"), Some("2026-11-20"), Some(Unsaid)),
            (json!("2026-11-20"), Some("2026-11-20"), None),
            (json!(1_795_219_200), Some("2026-11-21"), None),
            (json!("tomorrow"), None, None),
            (json!(null), None, None),
        ];
        for (value, day, zone) in cases {
            assert_eq!(day_of(&value).map(|day| day.to_string()).as_deref(), day, "{value}");
            assert_eq!(zone_of(&value), zone, "{value}");
        }
    }

    #[test]
    fn patterns_are_read_and_written_in_their_own_unit() {
        let cases = [
            ("%Y-%m-%d %H:%M", json!("2026-01-31 12:30"), Some(1_769_862_600), Some(60)),
            ("%d/%m/%Y", json!("31/01/2026"), Some(1_769_817_600), Some(86_400)),
            ("%Y%m%d%H%M%S", json!(20_260_131_120_000_u64), Some(1_769_860_800), Some(1)),
            ("%Y-%m-%dT%H:%M:%S%z", json!("2026-01-31T13:00:00+0100"), Some(1_769_860_800), Some(1)),
            ("%Y-%m-%d", json!("31 January"), None, Some(86_400)),
            ("%H:%M", json!("12:30"), None, None),
            ("%q", json!("x"), None, None),
        ];
        for (pattern, text, seconds, unit) in cases {
            let format = TimeFormat::Pattern(pattern.to_owned());
            let read = parse_time(&text, &format);
            assert_eq!(read.map(Timestamp::as_second), seconds, "{pattern}");
            assert_eq!(time_unit(&format).map(|unit| unit.as_secs()), unit, "{pattern}");
            if let (Some(read), Value::String(_)) = (read, &text)
                && !pattern.contains("%z")
            {
                assert_eq!(format_time(read, &format), text);
            }
        }
    }
}
