//! What headers say about waiting. Pure.

use jiff::{SignedDuration, Timestamp};
use patchbay_model::descriptor::{Limits, ResetHeader, ResetMeaning};
use patchbay_net::{Headers, http_date};

/// Longer waits than this are a plan's limit, not pacing.
pub(crate) const QUOTA_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// What is waited where a service asks for a pause and does not say how long.
pub(crate) const DEFAULT_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// No pause is believed beyond this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24 * 31);
/// A pause that is over already, or of no length.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Headers that many services use to say how many calls are left, without being declared.
const REMAINING: [&str; 3] = ["x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining"];
/// Headers that many services use to say when calls are allowed again.
const RESET: [&str; 3] = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];

/// Whether a refusal is about pace and not about permission.
pub(crate) fn is_limited(limits: &Limits, headers: &Headers) -> bool {
    headers.get("retry-after").is_some()
        || REMAINING.iter().any(|name| is_used_up(headers, name))
        || limits
            .reset_header
            .as_ref()
            .and_then(|header| header.remaining.as_ref())
            .is_some_and(|name| is_used_up(headers, name))
}

/// The pause that the headers ask for.
pub(crate) fn asked(limits: &Limits, headers: &Headers, now: Timestamp) -> Option<SignedDuration> {
    // Compared with the service's own clock where it shows it: ours may be wrong.
    let now = headers.short("date").and_then(http_date).unwrap_or(now);
    headers
        .retry_after(now)
        .or_else(|| {
            let header = limits.reset_header.as_ref()?;
            declared(header, headers, now)
        })
        .or_else(|| customary(headers, now))
        .map(|wait| wait.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

/// How long to hold all calls after this answer, whatever it means: the service says that the next
/// one would be refused.
pub(crate) fn hold(limits: &Limits, headers: &Headers, now: Timestamp) -> Option<SignedDuration> {
    let header = limits.reset_header.as_ref()?;
    header.remaining.as_ref()?;
    let now = headers.short("date").and_then(http_date).unwrap_or(now);
    declared(header, headers, now).filter(SignedDuration::is_positive).map(|wait| wait.min(LONGEST_PAUSE))
}

/// The permission that a refusal names: the `scope` of a bearer challenge (RFC 6750 section 3), or
/// the header that GitHub uses.
pub(crate) fn missing_permission(headers: &Headers) -> Option<String> {
    let challenge = headers.get("www-authenticate").and_then(|text| {
        let (_, rest) = text.split_once("scope=\"")?;
        Some(rest.split('"').next()?.to_owned())
    });
    challenge
        .or_else(|| headers.get("x-accepted-github-permissions").map(str::to_owned))
        .or_else(|| headers.get("x-accepted-oauth-scopes").map(str::to_owned))
        .filter(|text| !text.trim().is_empty())
}

fn is_used_up(headers: &Headers, name: &str) -> bool {
    headers.short(name) == Some("0")
}

fn declared(header: &ResetHeader, headers: &Headers, now: Timestamp) -> Option<SignedDuration> {
    if let Some(remaining) = &header.remaining
        && !is_used_up(headers, remaining)
    {
        return None;
    }
    let text = headers.short(&header.name)?;
    match header.meaning {
        ResetMeaning::Seconds => seconds(text),
        ResetMeaning::Epoch => epoch(text, now),
        ResetMeaning::HttpDate => http_date(text).map(|at| at.duration_since(now)),
    }
}

/// What the headers of many services mean where the connector declares none: numbers of a size
/// that only dates have are dates.
fn customary(headers: &Headers, now: Timestamp) -> Option<SignedDuration> {
    if !REMAINING.iter().any(|name| is_used_up(headers, name)) {
        return None;
    }
    let text = RESET.iter().find_map(|name| headers.short(name))?;
    match seconds(text)? {
        wait if wait.as_secs() < 1_000_000_000 => Some(wait),
        _ => epoch(text, now),
    }
}

fn seconds(text: &str) -> Option<SignedDuration> {
    let number: f64 = text.parse().ok()?;
    (0.0..1e15).contains(&number).then(|| SignedDuration::from_secs(number.ceil() as i64))
}

fn epoch(text: &str, now: Timestamp) -> Option<SignedDuration> {
    let number = seconds(text)?.as_secs();
    // Some services count in milliseconds.
    let number = if number > 100_000_000_000 { number / 1_000 } else { number };
    Some(Timestamp::from_second(number).ok()?.duration_since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    type Pairs<'p> = &'p [(&'p str, &'p str)];

    fn headers(pairs: Pairs<'_>) -> Headers {
        Headers::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn retry_after_is_read_in_every_form_and_nonsense_says_nothing() {
        let month = 31 * 86_400;
        let cases = [
            ("120", Some(120)),
            (" 120 ", Some(120)),
            ("0", Some(1)),
            ("1000000000", Some(month)),
            ("99999999999999999999999", Some(month)),
            ("-5", None),
            ("1e9", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Fri, 20 Nov 2026 12:05:00 GMT", Some(300)),
            ("Friday, 20-Nov-26 12:05:00 GMT", Some(300)),
            ("Fri Nov 20 12:05:00 2026", Some(300)),
            ("Fri, 20 Nov 2026 11:00:00 GMT", Some(1)),
            ("Fri, 20 Nov 2020 11:00:00 GMT", Some(1)),
            ("Fri, 31 Feb 2026 12:00:00 GMT", None),
        ];
        for (text, want) in cases {
            let found = asked(&Limits::default(), &headers(&[("Retry-After", text)]), now());
            assert_eq!(found.map(|wait| wait.as_secs()), want, "{text:?}");
        }
        let long = "9".repeat(100);
        assert_eq!(asked(&Limits::default(), &headers(&[("Retry-After", &long)]), now()), None);
    }

    #[test]
    fn a_date_is_compared_with_the_clock_of_the_service() {
        let found = asked(
            &Limits::default(),
            &headers(&[
                ("Retry-After", "Mon, 01 Jan 2035 00:01:00 GMT"),
                ("Date", "Mon, 01 Jan 2035 00:00:00 GMT"),
            ]),
            now(),
        );
        assert_eq!(found.map(|wait| wait.as_secs()), Some(60), "our clock may be wrong");
    }

    #[test]
    fn reset_headers_count_only_when_nothing_is_left() {
        let declared: Limits = serde_json::from_value(serde_json::json!({
            "resetHeader": {"name": "X-Reset", "meaning": "epoch", "remaining": "X-Left"}
        }))
        .unwrap();
        let none = Limits::default();
        let cases: [(&Limits, Pairs<'_>, Option<i64>, bool); 8] = [
            (&declared, &[("x-reset", "1795176060"), ("x-left", "0")], Some(60), true),
            (&declared, &[("x-reset", "1795176060000"), ("x-left", "0")], Some(60), true),
            (&declared, &[("x-reset", "1795176060"), ("x-left", "3")], None, false),
            (&declared, &[("x-reset", "later"), ("x-left", "0")], None, true),
            (&none, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")], Some(30), true),
            (&none, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795176060")], Some(60), true),
            (&none, &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "30")], None, false),
            (&none, &[("ratelimit-remaining", "0")], None, true),
        ];
        for (limits, pairs, want, limited) in cases {
            let headers = headers(pairs);
            let found = asked(limits, &headers, now());
            assert_eq!(found.map(|wait| wait.as_secs()), want, "{pairs:?}");
            assert_eq!(is_limited(limits, &headers), limited, "{pairs:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_permission_where_the_service_does() {
        let cases: [(Pairs<'_>, Option<&str>); 4] = [
            (
                &[("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"issues:write\"")],
                Some("issues:write"),
            ),
            (&[("X-Accepted-GitHub-Permissions", "issues=write")], Some("issues=write")),
            (&[("X-Accepted-OAuth-Scopes", "")], None),
            (&[], None),
        ];
        for (pairs, want) in cases {
            assert_eq!(missing_permission(&headers(pairs)).as_deref(), want, "{pairs:?}");
        }
    }
}
