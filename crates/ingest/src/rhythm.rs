//! When something comes again. Pure.

use std::str::FromStr;
use std::time::Duration;

use croner::Cron;
use jiff::tz::TimeZone;
use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_store::Rhythm;

/// Intervals are spread by so much to either side, so that what began together does not stay together.
const JITTER: f64 = 0.1;
/// Times of a pattern are put off by so many seconds at most: many people write 0.
const PATTERN_JITTER: f64 = 10.0;
/// The shortest interval that a person may set, in seconds.
pub const SHORTEST: u32 = 10;
/// The longest interval, in seconds: a month.
pub const LONGEST: u32 = 31 * 86_400;
/// What keeps failing is tried at least this often, unless it comes more rarely anyway.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// When it comes next after `now`. `usual` is the interval in seconds where the user set nothing; `chance` a
/// number from 0 up to 1. A pattern that has no next time gives none.
pub fn next(rhythm: &Rhythm, usual: u32, now: Timestamp, chance: f64) -> Option<Timestamp> {
    if let Some(pattern) = &rhythm.cron {
        let at = next_of_pattern(pattern, rhythm.zone.as_deref(), now).ok().flatten()?;
        return at.checked_add(Duration::from_secs_f64(PATTERN_JITTER * chance)).ok();
    }
    let every = f64::from(rhythm.every_seconds.unwrap_or(usual).max(1));
    let spread = every * (1.0 - JITTER + 2.0 * JITTER * chance);
    now.checked_add(Duration::from_secs_f64(spread)).ok()
}

/// The same after so many failures in a row: less and less often.
pub fn next_after_failures(
    rhythm: &Rhythm,
    usual: u32,
    failures: u32,
    now: Timestamp,
    chance: f64,
) -> Option<Timestamp> {
    if rhythm.cron.is_some() {
        return next(rhythm, usual, now, chance);
    }
    let every = u64::from(rhythm.every_seconds.unwrap_or(usual).max(1));
    let longest = every.max(LONGEST_PAUSE.as_secs());
    let pause = every.saturating_mul(1 << failures.min(16)).min(longest);
    let slower = Rhythm { every_seconds: u32::try_from(pause).ok(), ..Rhythm::default() };
    next(&slower, usual, now, chance)
}

/// The next time of a cron pattern after `now`, in a time zone of the IANA database; UTC where absent.
///
/// # Errors
/// [`Code::InputInvalid`] for a pattern or a zone that there is not.
pub fn next_of_pattern(
    pattern: &str,
    zone: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let cron = Cron::from_str(pattern).map_err(|error| odd("The pattern", &error.to_string(), "cron"))?;
    let zone = match zone {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name)
            .map_err(|_| odd("The time zone", &format!("\"{name}\" is not known here."), "zone"))?,
    };
    Ok(cron.find_next_occurrence(&now.to_zoned(zone), false).ok().map(|at| at.timestamp()))
}

/// A pattern in words, such as "At 09:00, on Monday".
pub fn describe(pattern: &str) -> Option<String> {
    Cron::from_str(pattern).ok().map(|cron| cron.describe())
}

fn odd(field: &str, message: &str, name: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", field)
        .with("message", message)
        .about(Subject::Field { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cron(pattern: &str, zone: Option<&str>) -> Rhythm {
        Rhythm { cron: Some(pattern.into()), zone: zone.map(str::to_owned), ..Rhythm::default() }
    }

    #[test]
    fn intervals_are_spread_and_the_users_own_goes_before_the_usual_one() {
        let noon = at("2026-11-20T12:00:00Z");
        let seconds =
            |rhythm: &Rhythm, chance| next(rhythm, 300, noon, chance).unwrap().duration_since(noon).as_secs();
        assert_eq!([0.0, 0.5, 1.0].map(|chance| seconds(&Rhythm::default(), chance)), [270, 300, 330]);
        let own = Rhythm { every_seconds: Some(60), ..Rhythm::default() };
        assert_eq!(seconds(&own, 0.5), 60);
    }

    #[test]
    fn what_keeps_failing_comes_less_and_less_often_and_never_stops() {
        let noon = at("2026-11-20T12:00:00Z");
        let after = |rhythm: &Rhythm, failures| {
            next_after_failures(rhythm, 300, failures, noon, 0.5).unwrap().duration_since(noon).as_secs()
        };
        let usual = Rhythm::default();
        assert_eq!([0, 1, 2, 3, 40].map(|n| after(&usual, n)), [300, 600, 1_200, 2_400, 3_600]);
        let own = Rhythm { every_seconds: Some(60), ..Rhythm::default() };
        assert_eq!([0, 1, 6, 40].map(|n| after(&own, n)), [60, 120, 3_600, 3_600]);
        let rare = Rhythm { every_seconds: Some(86_400), ..Rhythm::default() };
        assert_eq!([0, 5].map(|n| after(&rare, n)), [86_400, 86_400]);
    }

    /// Clocks are put forward in Berlin on 29 March 2026 from 02:00 to 03:00, and back on 25 October from
    /// 03:00 to 02:00.
    #[test]
    fn patterns_keep_to_their_zone_over_both_changes_of_the_clock() {
        let berlin = Some("Europe/Berlin");
        let cases = [
            ("0 9 * * *", berlin, "2026-03-28T12:00:00Z", "2026-03-29T07:00:00Z"),
            ("0 9 * * *", berlin, "2026-10-24T12:00:00Z", "2026-10-25T08:00:00Z"),
            ("30 2 * * *", berlin, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("0 9 * * *", None, "2026-03-28T12:00:00Z", "2026-03-29T09:00:00Z"),
            ("0 9 * * MON", Some("America/New_York"), "2026-11-20T12:00:00Z", "2026-11-23T14:00:00Z"),
            ("*/15 * * * *", berlin, "2026-11-20T12:00:00Z", "2026-11-20T12:15:00Z"),
        ];
        for (pattern, zone, now, want) in cases {
            let found = next(&cron(pattern, zone), 300, at(now), 0.0);
            assert_eq!(found, Some(at(want)), "{pattern} {zone:?} after {now}");
        }
    }

    #[test]
    fn what_is_no_pattern_or_no_zone_is_told() {
        let now = at("2026-11-20T12:00:00Z");
        for (pattern, zone) in [("every day", None), ("61 * * * *", None), ("0 9 * * *", Some("Mars/Base"))] {
            let problem = next_of_pattern(pattern, zone, now).unwrap_err();
            assert_eq!(problem.code(), Code::InputInvalid, "{pattern}");
        }
        assert_eq!(next(&cron("0 0 30 2 *", None), 300, now, 0.0), None, "there is no such day");
        assert!(describe("0 9 * * MON").unwrap().contains("Monday"));
    }
}
