//! What an answer means: done, certainly not done, or unknown. Pure.
//!
//! The table is that of the guarantees, section 2: for an effect a 2xx status line means done, even
//! where the body is lost; answers that refuse before acting and failures before sending mean not
//! done; everything else is unknown. A read is never unknown: it is repeated or it failed.

mod graphql;

use jiff::SignedDuration;
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{AnswerFormat, ErrorAction, Limits};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Failure, Headers};
use serde_json::Value;

use crate::compiled::CompiledRule;
use crate::pause::{self, DEFAULT_PAUSE, QUOTA_AFTER};
use crate::said;

/// What was asked, as far as it matters for the meaning of the answer.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Whether the request changes anything.
    pub effect: bool,
    /// Whether the address names one item, so that 404 is about the item.
    pub names_item: bool,
    /// Whether it asks only for what changed since a checkpoint.
    pub continuing: bool,
    /// Whether it asks only whether an answer that is at hand still holds.
    pub has_copy: bool,
    /// Status codes that also prove a refusal before acting.
    pub refused_status: &'a [u16],
    /// The connector's name, for words.
    pub tool: &'a str,
    /// The request's own error rules, before the connector's.
    pub own_rules: &'a [CompiledRule],
    /// The connector's error rules.
    pub rules: &'a [CompiledRule],
    /// How the answer is written.
    pub answer_format: AnswerFormat,
    /// Elements of an XML answer that are lists.
    pub xml_lists: &'a [String],
    /// Whether errors come inside a 200, as GraphQL has them.
    pub graphql: bool,
    /// Whether nobody has described the service: it is an address that a person named.
    pub undescribed: bool,
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
    if let Some(meaning) = graphql::meaning(asked, seen) {
        return meaning;
    }
    // Not modified (RFC 9110 section 15.4.5).
    if seen.status == 304 && asked.has_copy {
        return Meaning::Empty;
    }
    if (200..300).contains(&seen.status) {
        return match seen.body {
            Ok(_) => Meaning::Done,
            Err(failure) => unread(failure, asked),
        };
    }
    let problem = by_status(asked, seen, None);
    let refused = asked.refused_status.contains(&seen.status)
        || (is_refusal(seen.status) && !(asked.undescribed && matches!(seen.status, 301..=303)));
    if asked.effect && !refused { Meaning::Unknown(problem) } else { Meaning::NotDone(problem) }
}

/// Judges a request without an answer.
pub fn failure(asked: &Asked<'_>, failure: &Failure) -> Meaning {
    let problem = named(failure, asked);
    // A page that takes a form acts first and sends the browser on then; one that is described does not.
    let may_have_acted = asked.undescribed && failure.code == Code::RedirectRefused;
    if asked.effect && failure.sent && (may_have_acted || !failure.code.proves_not_done()) {
        Meaning::Unknown(problem)
    } else {
        Meaning::NotDone(problem)
    }
}

/// Answers that refuse before acting, by convention.
fn is_refusal(status: u16) -> bool {
    matches!(
        status,
        301 | 302 | 303 | 307 | 308 | 400..=407 | 409 | 410 | 412..=415 | 422 | 429 | 431 | 451 | 503
    )
}

fn named(failure: &Failure, asked: &Asked<'_>) -> Problem {
    Problem::from(failure.clone()).with("tool", asked.tool)
}

fn by_rule(asked: &Asked<'_>, seen: &Seen<'_>) -> Option<Meaning> {
    let rule = asked.own_rules.iter().chain(asked.rules).find(|compiled| {
        let status = compiled.rule.status;
        status.is_none_or(|status| status.covers(seen.status))
            // What is said of a body cannot be said of one that is lost.
            && compiled
                .body
                .as_ref()
                .is_none_or(|test| seen.body.is_ok_and(|body| test.holds(body)))
            && compiled.headers.iter().all(|(name, test)| {
                seen.headers
                    .get(name)
                    .is_some_and(|value| test.holds(&Value::String(value.to_owned())))
            })
    })?;
    let said = rule
        .message
        .as_ref()
        .zip(seen.body.ok())
        .and_then(|(path, body)| path.first(body))
        .and_then(Value::as_str)
        .and_then(said::plainly);
    let new =
        |code: Code| with_words(Problem::new(code).with("tool", asked.tool), asked, seen, said.as_deref());
    Some(match rule.rule.action {
        ErrorAction::Ignore => match seen.body {
            Ok(_) => Meaning::Done,
            Err(failure) => unread(failure, asked),
        },
        ErrorAction::Empty => Meaning::Empty,
        ErrorAction::Retry if asked.effect && !asked.refused_status.contains(&seen.status) => {
            Meaning::Unknown(new(Code::ServiceDown))
        }
        ErrorAction::Retry => Meaning::NotDone(paused(new(Code::ServiceDown), asked, seen)),
        ErrorAction::RateLimited => Meaning::NotDone(limited(new(Code::RateLimited), asked, seen)),
        ErrorAction::Reauth => Meaning::NotDone(new(Code::AuthInvalid)),
        ErrorAction::Forbidden => Meaning::NotDone(new(Code::PermissionDenied)),
        ErrorAction::NotFound => Meaning::NotDone(new(Code::NotFound)),
        ErrorAction::Stale if asked.continuing => Meaning::NotDone(new(Code::CheckpointStale)),
        ErrorAction::Stale => Meaning::NotDone(by_status(asked, seen, said)),
        // A rule that calls it a refusal does not mean the plan's limit.
        ErrorAction::Fail if (400..500).contains(&seen.status) && seen.status != 402 => {
            Meaning::NotDone(by_status(asked, seen, said))
        }
        ErrorAction::Fail => Meaning::NotDone(new(Code::InvalidConfig)),
    })
}

/// The status line said yes: an effect is done, a read has nothing.
fn unread(failure: &Failure, asked: &Asked<'_>) -> Meaning {
    if asked.effect {
        Meaning::DoneUnread(named(failure, asked))
    } else {
        Meaning::NotDone(named(failure, asked))
    }
}

fn by_status(asked: &Asked<'_>, seen: &Seen<'_>, said: Option<String>) -> Problem {
    let said = said.or_else(|| seen.body.ok().and_then(said::in_body));
    let new =
        |code: Code| with_words(Problem::new(code).with("tool", asked.tool), asked, seen, said.as_deref());
    match seen.status {
        401 => new(Code::AuthInvalid),
        402 => paused(new(Code::QuotaExhausted), asked, seen),
        403 if pause::is_limited(asked.limits, seen.headers) => limited(new(Code::RateLimited), asked, seen),
        403 | 451 => new(Code::PermissionDenied),
        410 if asked.continuing => new(Code::CheckpointStale),
        404 | 410 if asked.names_item => new(Code::NotFound),
        404 | 410 => new(Code::InvalidConfig),
        407 => new(Code::ProxyRequired),
        408 => new(Code::TimeoutResponse),
        409 | 412 => new(Code::Conflict),
        413 | 414 | 431 => new(Code::RequestTooLarge),
        422 => new(Code::SchemaMismatch),
        429 => limited(new(Code::RateLimited), asked, seen),
        503 if seen.headers.get("retry-after").is_some() => {
            // A pause of whatever length: it is the service that rests, not our plan that ends.
            let wait = pause::asked(asked.limits, seen.headers, asked.now).unwrap_or(DEFAULT_PAUSE);
            until(new(Code::RateLimited), asked, wait)
        }
        // Network Authentication Required (RFC 6585 section 6).
        511 => new(Code::CaptivePortal),
        500..=599 => paused(new(Code::ServiceDown), asked, seen),
        301 | 302 | 303 | 307 | 308 => new(Code::RedirectRefused).with("host", "another address"),
        400..=499 => new(Code::InvalidConfig),
        _ => new(Code::UnexpectedContent),
    }
}

/// The parameters that the words of a code need, with what the service itself says.
fn with_words(problem: Problem, asked: &Asked<'_>, seen: &Seen<'_>, said: Option<&str>) -> Problem {
    let says = |otherwise: &str| match said {
        Some(text) => format!("{} says: {}.", asked.tool, text.trim_end_matches('.')),
        None => otherwise.to_owned(),
    };
    let problem = match problem.code() {
        Code::PermissionDenied => {
            let permission = pause::missing_permission(seen.headers);
            problem.with("permission", permission.as_deref().or(said).unwrap_or("not said which"))
        }
        Code::NotFound => problem.with("item", "The item"),
        Code::Conflict => {
            problem.with("item", "The item").with("message", says("It may have been done already."))
        }
        Code::SchemaMismatch => problem
            .with("field", seen.body.ok().and_then(said::field).unwrap_or_else(|| "A value".into()))
            .with("message", says("The service does not accept it. Nothing was changed.")),
        Code::InvalidConfig if matches!(seen.status, 404 | 410) => {
            problem.with("field", "The address").with("message", said.unwrap_or("there is nothing here"))
        }
        Code::InvalidConfig => {
            problem.with("field", "The request").with("message", said.unwrap_or("it is not accepted"))
        }
        _ => problem,
    };
    match said {
        Some(text) => problem.detail(format!("status {}: {text}", seen.status)),
        None => problem.detail(format!("status {}", seen.status)),
    }
}

/// When the service allows the next call: too long a wait is a plan's limit.
fn limited(problem: Problem, asked: &Asked<'_>, seen: &Seen<'_>) -> Problem {
    let wait = pause::asked(asked.limits, seen.headers, asked.now).unwrap_or(DEFAULT_PAUSE);
    if wait <= QUOTA_AFTER {
        return until(problem, asked, wait);
    }
    let quota = Problem::new(Code::QuotaExhausted).with("tool", asked.tool);
    let quota = match problem.technical() {
        Some(detail) => quota.detail(detail),
        None => quota,
    };
    until(quota, asked, wait)
}

/// With the time that the service names, where it names one.
fn paused(problem: Problem, asked: &Asked<'_>, seen: &Seen<'_>) -> Problem {
    match pause::asked(asked.limits, seen.headers, asked.now) {
        Some(wait) => until(problem, asked, wait),
        None => problem,
    }
}

fn until(problem: Problem, asked: &Asked<'_>, wait: SignedDuration) -> Problem {
    problem.retry_at(asked.now.checked_add(wait).unwrap_or(asked.now))
}

#[cfg(test)]
mod tests;
