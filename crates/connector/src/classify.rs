//! What an answer means: done, certainly not done, or unknown. Pure.

use jiff::SignedDuration;
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{ErrorAction, Limits, ResetHeader, ResetMeaning};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Failure, Headers};
use serde_json::Value;

use crate::compiled::CompiledRule;

/// Longer waits than this are a plan's limit, not pacing.
const QUOTA_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// What is waited where a service asks for a pause and does not say how long.
const DEFAULT_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// No pause is believed beyond this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24 * 31);

/// What was asked, as far as it matters for the meaning of the answer.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Whether the request changes anything.
    pub effect: bool,
    /// Whether the address names one item, so that 404 is about the item.
    pub names_item: bool,
    /// Status codes that also prove a refusal before acting.
    pub refused_status: &'a [u16],
    /// The connector's name, for words.
    pub tool: &'a str,
    /// The connector's error rules.
    pub rules: &'a [CompiledRule],
    /// The connector's limits.
    pub limits: &'a Limits,
    /// The wall clock.
    pub now: Timestamp,
}

/// What came back.
pub struct Seen<'a> {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: &'a Headers,
    /// The body as JSON (null where empty), or what became of it.
    pub body: Result<&'a Value, &'a Failure>,
}

/// What it means.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// It happened, and the body is its result.
    Done,
    /// It happened, and there is nothing to read.
    Empty,
    /// It happened; the body is lost or unreadable.
    DoneUnread(Problem),
    /// It certainly did not happen.
    NotDone(Problem),
    /// Nothing says whether it happened. Only for effects.
    Unknown(Problem),
}

/// Judges an answer.
pub fn answer(asked: &Asked<'_>, seen: &Seen<'_>) -> Meaning {
    if let Some(meaning) = by_rule(asked, seen) {
        return meaning;
    }
    if (200..300).contains(&seen.status) {
        return match seen.body {
            Ok(_) => Meaning::Done,
            // The status line said yes: an effect is done, a read has nothing.
            Err(failure) if asked.effect => Meaning::DoneUnread(named(failure, asked)),
            Err(failure) => Meaning::NotDone(named(failure, asked)),
        };
    }
    let problem = by_status(asked, seen);
    let refused = asked.refused_status.contains(&seen.status) || is_refusal(seen.status);
    if asked.effect && !refused { Meaning::Unknown(problem) } else { Meaning::NotDone(problem) }
}

/// Judges a request without an answer.
pub fn failure(asked: &Asked<'_>, failure: &Failure) -> Meaning {
    let problem = named(failure, asked);
    if asked.effect && failure.sent && !failure.code.proves_not_done() {
        Meaning::Unknown(problem)
    } else {
        Meaning::NotDone(problem)
    }
}

/// Answers that refuse before acting, by convention.
fn is_refusal(status: u16) -> bool {
    matches!(status, 400..=407 | 409..=410 | 412..=415 | 422 | 429 | 431 | 451 | 503)
        || (300..400).contains(&status)
}

fn named(failure: &Failure, asked: &Asked<'_>) -> Problem {
    Problem::from(failure.clone()).with("tool", asked.tool)
}

fn by_rule(asked: &Asked<'_>, seen: &Seen<'_>) -> Option<Meaning> {
    let null = Value::Null;
    let body = seen.body.unwrap_or(&null);
    let rule = asked.rules.iter().find(|compiled| {
        compiled.rule.status.is_none_or(|status| status.covers(seen.status))
            && compiled.body.as_ref().is_none_or(|test| test.holds(body))
            && compiled.headers.iter().all(|(name, test)| {
                seen.headers.get(name).is_some_and(|value| test.holds(&Value::String(value.to_owned())))
            })
    })?;
    let said = rule.message.as_ref().and_then(|path| path.first(body)).and_then(Value::as_str);
    let problem = |code: Code| {
        let problem = Problem::new(code).with("tool", asked.tool);
        match said {
            Some(text) => problem.with("message", text).detail(text),
            None => problem,
        }
    };
    Some(match rule.rule.action {
        ErrorAction::Ignore => Meaning::Done,
        ErrorAction::Empty => Meaning::Empty,
        ErrorAction::Retry if asked.effect => Meaning::Unknown(problem(Code::ServiceDown)),
        ErrorAction::Retry => Meaning::NotDone(problem(Code::ServiceDown)),
        ErrorAction::RateLimited => Meaning::NotDone(limited(problem(Code::RateLimited), asked, seen)),
        ErrorAction::Reauth => Meaning::NotDone(problem(Code::AuthInvalid)),
        ErrorAction::Forbidden => Meaning::NotDone(problem(Code::PermissionDenied)),
        ErrorAction::NotFound => Meaning::NotDone(problem(Code::NotFound).with("item", "The item")),
        ErrorAction::Fail => Meaning::NotDone(problem(Code::InvalidConfig).with("field", "The request")),
    })
}

fn by_status(asked: &Asked<'_>, seen: &Seen<'_>) -> Problem {
    let said = seen.body.ok().and_then(service_words);
    let new = |code: Code| Problem::new(code).with("tool", asked.tool);
    let problem = match seen.status {
        401 => new(Code::AuthInvalid),
        402 => new(Code::QuotaExhausted),
        403 if pause(asked, seen).is_some() => limited(new(Code::RateLimited), asked, seen),
        403 | 451 => {
            new(Code::PermissionDenied).with("permission", said.as_deref().unwrap_or("not said which"))
        }
        404 | 410 if asked.names_item => new(Code::NotFound).with("item", "The item"),
        404 | 410 => {
            new(Code::InvalidConfig).with("field", "The address").with("message", "there is nothing here")
        }
        407 => new(Code::ProxyRequired),
        408 => new(Code::TimeoutResponse),
        409 | 412 => new(Code::Conflict).with("item", "The item"),
        413 | 414 | 431 => new(Code::RequestTooLarge),
        422 => new(Code::SchemaMismatch).with("field", "A value"),
        429 => limited(new(Code::RateLimited), asked, seen),
        503 if seen.headers.get("retry-after").is_some() => limited(new(Code::RateLimited), asked, seen),
        500..=599 => new(Code::ServiceDown),
        300..=399 => new(Code::RedirectRefused),
        400..=499 => new(Code::InvalidConfig).with("field", "The request"),
        _ => new(Code::UnexpectedContent),
    };
    let problem = match &said {
        Some(text) => problem.with_default("message", text).detail(format!("status {}: {text}", seen.status)),
        None => problem.detail(format!("status {}", seen.status)),
    };
    match problem.code() {
        Code::SchemaMismatch | Code::Conflict => match said {
            Some(text) => problem.with("message", format!("{} says: {text}.", asked.tool)),
            None => problem,
        },
        _ => problem,
    }
}

/// What the service says about it, where it uses one of the usual members.
fn service_words(body: &Value) -> Option<String> {
    let at = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    ["/error/message", "/message", "/error_description", "/error", "/errors/0/message", "/detail", "/title"]
        .iter()
        .find_map(|pointer| at(pointer))
        .map(|text| patchbay_model::text::display_line(text, 200))
}

/// When the service allows the next call: too long a wait is a plan's limit.
fn limited(problem: Problem, asked: &Asked<'_>, seen: &Seen<'_>) -> Problem {
    let wait = pause(asked, seen).unwrap_or(DEFAULT_PAUSE);
    let at = asked.now.checked_add(wait).unwrap_or(asked.now);
    if wait > QUOTA_AFTER {
        let tool = asked.tool;
        return Problem::new(Code::QuotaExhausted).with("tool", tool).retry_at(at);
    }
    problem.retry_at(at)
}

/// The pause that the headers ask for.
fn pause(asked: &Asked<'_>, seen: &Seen<'_>) -> Option<SignedDuration> {
    let own = seen.headers.get("retry-after").and_then(|text| retry_after(text, asked.now));
    own.or_else(|| asked.limits.reset_header.as_ref().and_then(|header| reset(header, seen.headers, asked.now)))
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds or a date. What is negative, past or not readable
/// says nothing.
fn retry_after(text: &str, now: Timestamp) -> Option<SignedDuration> {
    let text = text.trim();
    let wait = match text.parse::<i64>() {
        Ok(seconds) => SignedDuration::from_secs(seconds),
        Err(_) => http_date(text)?.duration_since(now),
    };
    (wait > SignedDuration::ZERO).then_some(wait.min(LONGEST_PAUSE))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn reset(header: &ResetHeader, headers: &Headers, now: Timestamp) -> Option<SignedDuration> {
    if let Some(remaining) = &header.remaining
        && headers.get(remaining).map(str::trim) != Some("0")
    {
        return None;
    }
    let text = headers.get(&header.name)?.trim();
    let wait = match header.meaning {
        ResetMeaning::Seconds => SignedDuration::from_secs(text.parse().ok()?),
        ResetMeaning::Epoch => {
            let number: i64 = text.parse().ok()?;
            // Some services count in milliseconds.
            let seconds = if number > 100_000_000_000 { number / 1_000 } else { number };
            Timestamp::from_second(seconds).ok()?.duration_since(now)
        }
        ResetMeaning::HttpDate => http_date(text)?.duration_since(now),
    };
    (wait > SignedDuration::ZERO).then_some(wait.min(LONGEST_PAUSE))
}

/// How long to hold all calls after this answer, whatever it means: the service says that the next
/// one would be refused.
pub fn hold(limits: &Limits, headers: &Headers, now: Timestamp) -> Option<SignedDuration> {
    limits
        .reset_header
        .as_ref()
        .filter(|header| header.remaining.is_some())
        .and_then(|h| reset(h, headers, now))
}

#[cfg(test)]
mod tests {
    use patchbay_model::descriptor::ErrorRule;
    use patchbay_model::problem::Retry;
    use serde_json::json;

    use super::*;

    /// What comes out, in one word.
    fn word(meaning: &Meaning) -> String {
        match meaning {
            Meaning::Done => "done".into(),
            Meaning::Empty => "empty".into(),
            Meaning::DoneUnread(p) => format!("done, unread: {}", p.code()),
            Meaning::NotDone(p) => format!("not done: {}", p.code()),
            Meaning::Unknown(p) => format!("unknown: {}", p.code()),
        }
    }

    fn problem(meaning: &Meaning) -> Option<&Problem> {
        match meaning {
            Meaning::Done | Meaning::Empty => None,
            Meaning::DoneUnread(p) | Meaning::NotDone(p) | Meaning::Unknown(p) => Some(p),
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn asked<'a>(effect: bool, names_item: bool, rules: &'a [CompiledRule], limits: &'a Limits) -> Asked<'a> {
        Asked { effect, names_item, refused_status: &[], tool: "Example", rules, limits, now: now() }
    }

    fn limits() -> Limits {
        serde_json::from_value(json!({
            "resetHeader": {"name": "x-reset", "meaning": "epoch", "remaining": "x-remaining"}
        }))
        .unwrap()
    }

    fn rules() -> Vec<CompiledRule> {
        let rules: Vec<ErrorRule> = serde_json::from_value(json!([
            {"status": 200, "body": {"path": "$.ok", "operator": "equals", "value": false}, "action": "reauth", "messagePath": "$.error"},
            {"status": 207, "action": "ignore"},
            {"status": [480, 489], "action": "empty"},
            {"status": 499, "action": "retry"}
        ]))
        .unwrap();
        rules.iter().map(|rule| CompiledRule::new(rule).unwrap()).collect()
    }

    /// Every problem has words, a fix or a time, and holds nothing that must not be shown.
    fn check_words(meaning: &Meaning, context: &str) {
        let Some(problem) = problem(meaning) else { return };
        let text = format!("{} {} {:?}", problem.title(), problem.hint(), problem.technical());
        for canary in ["canary", "?", "panicked", "at src/"] {
            assert!(!text.contains(canary), "{context}: {text}");
        }
        assert!(!problem.fix().label.is_empty() || problem.when().is_some(), "{context}: no fix and no time");
    }

    /// Status, headers, body, meaning for a read, meaning for an effect.
    type Row = (u16, &'static [(&'static str, &'static str)], Value, &'static str, &'static str);

    #[test]
    fn every_answer_has_one_meaning_for_reads_and_for_effects() {
        let (rules, limits) = (rules(), limits());
        let mut table: Vec<Row> = vec![
            (200, &[], json!({"ok": true}), "done", "done"),
            (
                200,
                &[],
                json!({"ok": false, "error": "invalid_auth"}),
                "not done: AUTH_INVALID",
                "not done: AUTH_INVALID",
            ),
            (201, &[], json!({"id": 1}), "done", "done"),
            (202, &[], Value::Null, "done", "done"),
            (204, &[], Value::Null, "done", "done"),
            (207, &[], json!([]), "done", "done"),
            (301, &[], Value::Null, "not done: REDIRECT_REFUSED", "not done: REDIRECT_REFUSED"),
            (304, &[], Value::Null, "not done: REDIRECT_REFUSED", "not done: REDIRECT_REFUSED"),
            (400, &[], json!({"message": "bad"}), "not done: INVALID_CONFIG", "not done: INVALID_CONFIG"),
            (401, &[], json!({"error": {"message": "no"}}), "not done: AUTH_INVALID", "not done: AUTH_INVALID"),
            (402, &[], Value::Null, "not done: QUOTA_EXHAUSTED", "not done: QUOTA_EXHAUSTED"),
            (403, &[], Value::Null, "not done: PERMISSION_DENIED", "not done: PERMISSION_DENIED"),
            (
                403,
                &[("x-remaining", "0"), ("x-reset", "1700000060")],
                Value::Null,
                "not done: RATE_LIMITED",
                "not done: RATE_LIMITED",
            ),
            (
                403,
                &[("x-remaining", "5"), ("x-reset", "1700000060")],
                Value::Null,
                "not done: PERMISSION_DENIED",
                "not done: PERMISSION_DENIED",
            ),
            (403, &[("retry-after", "5")], Value::Null, "not done: RATE_LIMITED", "not done: RATE_LIMITED"),
            (404, &[], Value::Null, "not done: INVALID_CONFIG", "not done: INVALID_CONFIG"),
            (405, &[], Value::Null, "not done: INVALID_CONFIG", "not done: INVALID_CONFIG"),
            (406, &[], Value::Null, "not done: INVALID_CONFIG", "not done: INVALID_CONFIG"),
            (407, &[], Value::Null, "not done: PROXY_REQUIRED", "not done: PROXY_REQUIRED"),
            (408, &[], Value::Null, "not done: TIMEOUT_RESPONSE", "unknown: TIMEOUT_RESPONSE"),
            (409, &[], Value::Null, "not done: CONFLICT", "not done: CONFLICT"),
            (412, &[], Value::Null, "not done: CONFLICT", "not done: CONFLICT"),
            (413, &[], Value::Null, "not done: REQUEST_TOO_LARGE", "not done: REQUEST_TOO_LARGE"),
            (414, &[], Value::Null, "not done: REQUEST_TOO_LARGE", "not done: REQUEST_TOO_LARGE"),
            (415, &[], Value::Null, "not done: INVALID_CONFIG", "not done: INVALID_CONFIG"),
            (
                422,
                &[],
                json!({"errors": [{"message": "title"}]}),
                "not done: SCHEMA_MISMATCH",
                "not done: SCHEMA_MISMATCH",
            ),
            (429, &[], Value::Null, "not done: RATE_LIMITED", "not done: RATE_LIMITED"),
            (429, &[("Retry-After", "30")], Value::Null, "not done: RATE_LIMITED", "not done: RATE_LIMITED"),
            (429, &[("Retry-After", "-5")], Value::Null, "not done: RATE_LIMITED", "not done: RATE_LIMITED"),
            (429, &[("Retry-After", "soon")], Value::Null, "not done: RATE_LIMITED", "not done: RATE_LIMITED"),
            (
                429,
                &[("Retry-After", "1000000000")],
                Value::Null,
                "not done: QUOTA_EXHAUSTED",
                "not done: QUOTA_EXHAUSTED",
            ),
            (
                429,
                &[("Retry-After", "Tue, 14 Nov 2023 22:14:20 GMT")],
                Value::Null,
                "not done: RATE_LIMITED",
                "not done: RATE_LIMITED",
            ),
            (
                429,
                &[("Retry-After", "Tue, 14 Nov 2000 22:14:20 GMT")],
                Value::Null,
                "not done: RATE_LIMITED",
                "not done: RATE_LIMITED",
            ),
            (431, &[], Value::Null, "not done: REQUEST_TOO_LARGE", "not done: REQUEST_TOO_LARGE"),
            (451, &[], Value::Null, "not done: PERMISSION_DENIED", "not done: PERMISSION_DENIED"),
            (485, &[], Value::Null, "empty", "empty"),
            (499, &[], Value::Null, "not done: SERVICE_DOWN", "unknown: SERVICE_DOWN"),
            (500, &[], json!({"message": "oops"}), "not done: SERVICE_DOWN", "unknown: SERVICE_DOWN"),
            (502, &[], Value::Null, "not done: SERVICE_DOWN", "unknown: SERVICE_DOWN"),
            (503, &[], Value::Null, "not done: SERVICE_DOWN", "not done: SERVICE_DOWN"),
            (503, &[("retry-after", "9")], Value::Null, "not done: RATE_LIMITED", "not done: RATE_LIMITED"),
            (504, &[], Value::Null, "not done: SERVICE_DOWN", "unknown: SERVICE_DOWN"),
            (103, &[], Value::Null, "not done: UNEXPECTED_CONTENT", "unknown: UNEXPECTED_CONTENT"),
            (999, &[], Value::Null, "not done: UNEXPECTED_CONTENT", "unknown: UNEXPECTED_CONTENT"),
        ];
        for status in 520..=530 {
            table.push((status, &[], Value::Null, "not done: SERVICE_DOWN", "unknown: SERVICE_DOWN"));
        }
        let mut rows = 0;
        for (status, headers, body, read, effect) in &table {
            let headers =
                Headers::new(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
            for (is_effect, want) in [(false, read), (true, effect)] {
                let meaning = answer(
                    &asked(is_effect, false, &rules, &limits),
                    &Seen { status: *status, headers: &headers, body: Ok(body) },
                );
                let context = format!("{status} {headers:?} effect: {is_effect}");
                assert_eq!(word(&meaning), **want, "{context}");
                check_words(&meaning, &context);
                rows += 1;
            }
        }
        // An address of one item that is not there is about the item.
        for status in [404, 410] {
            for is_effect in [false, true] {
                let seen = Seen { status, headers: &Headers::default(), body: Ok(&Value::Null) };
                let meaning = answer(&asked(is_effect, true, &rules, &limits), &seen);
                assert_eq!(word(&meaning), "not done: NOT_FOUND");
                rows += 1;
            }
        }
        // A yes whose body is lost is done for an effect and nothing for a read.
        for code in [
            Code::ConnectionLost,
            Code::TimeoutResponse,
            Code::PayloadTooLarge,
            Code::MalformedResponse,
            Code::UnexpectedContent,
        ] {
            let lost = Failure { code, sent: true, host: "example.test".into(), detail: String::new() };
            for (is_effect, want) in
                [(false, format!("not done: {code}")), (true, format!("done, unread: {code}"))]
            {
                let seen = Seen { status: 201, headers: &Headers::default(), body: Err(&lost) };
                let meaning = answer(&asked(is_effect, false, &rules, &limits), &seen);
                assert_eq!(word(&meaning), want);
                check_words(&meaning, "lost body");
                rows += 1;
            }
        }
        assert!(rows >= 120, "the table has only {rows} rows");
    }

    #[test]
    fn every_failure_without_an_answer_is_unknown_for_an_effect_unless_it_proves_otherwise() {
        let limits = Limits::default();
        for code in Code::ALL {
            for sent in [false, true] {
                let fault = Failure { code: *code, sent, host: "example.test".into(), detail: String::new() };
                let read = failure(&asked(false, false, &[], &limits), &fault);
                let effect = failure(&asked(true, false, &[], &limits), &fault);
                assert!(matches!(read, Meaning::NotDone(_)), "{code}: a read that failed did nothing");
                let unknown = sent && !code.proves_not_done();
                assert_eq!(matches!(effect, Meaning::Unknown(_)), unknown, "{code}, sent: {sent}");
                check_words(&effect, code.as_str());
            }
        }
    }

    #[test]
    fn a_wait_is_told_and_a_wait_alone_is_never_a_failure_of_the_service() {
        let limits = limits();
        let headers = Headers::new(vec![("Retry-After".into(), "30".into())]);
        let seen = Seen { status: 429, headers: &headers, body: Ok(&Value::Null) };
        let Meaning::NotDone(problem) = answer(&asked(true, false, &[], &limits), &seen) else {
            panic!("429 is a refusal")
        };
        assert_eq!(problem.when(), Some(now() + SignedDuration::from_secs(30)));
        assert_eq!(problem.code().retry(), Retry::Wait);
        let spent =
            Headers::new(vec![("x-remaining".into(), "0".into()), ("x-reset".into(), "1700000090".into())]);
        assert_eq!(hold(&limits, &spent, now()), Some(SignedDuration::from_secs(90)));
    }
}
