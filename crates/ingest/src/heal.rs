//! What a failed read is followed by, for each kind of failure: the taxonomy's last column. Pure.

use std::time::Duration;

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, HealthEffect, Problem, Retry};

/// How long to wait where nobody says until when.
const WAIT: Duration = Duration::from_secs(60);
/// What a person ends is told of: an unlocking, a decision. This is for the case that it is not.
const FOR_A_PERSON: Duration = Duration::from_secs(5 * 60);
/// An identity that could not be checked is looked at again this often.
const RETEST: Duration = Duration::from_secs(60 * 60);

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Healing {
    /// Wait, and go on; no failure.
    Wait(Timestamp),
    /// Ask for pages of so many items, at once.
    HalvePage(u32),
    /// Try again in a moment, so many times at most.
    Retry(u32),
    /// Come again at the usual time, or no sooner than then.
    Next(Option<Timestamp>),
    /// Stop, and ask the user.
    Stop,
}

impl Healing {
    /// Its name in the audit trail; none for what is nothing but the usual course.
    pub(crate) fn act(&self) -> Option<&'static str> {
        match self {
            Self::Wait(_) => Some("sync_waits"),
            Self::HalvePage(_) => Some("sync_page_halved"),
            Self::Retry(_) => Some("sync_retried"),
            Self::Stop => Some("sync_stopped"),
            Self::Next(_) => None,
        }
    }
}

/// What follows a failure. `page` is how many items a page has, where the connector can ask for fewer.
pub(crate) fn heal(problem: &Problem, now: Timestamp, page: Option<u32>) -> Healing {
    let code = problem.code();
    let after = |wait: Duration| now.checked_add(wait).unwrap_or(now);
    match code {
        Code::PayloadTooLarge => match page.filter(|size| *size > 1) {
            Some(size) => Healing::HalvePage(size / 2),
            None => Healing::Next(None),
        },
        // The engine has started over already, as often as it may.
        Code::CheckpointStale => Healing::Next(None),
        Code::TlsFailure => Healing::Next(Some(after(RETEST))),
        Code::QuotaExhausted => problem.when().map_or(Healing::Stop, Healing::Wait),
        Code::SecretStoreLocked | Code::NetworkUnreadable => Healing::Wait(after(FOR_A_PERSON)),
        Code::MalformedResponse | Code::UnexpectedContent => Healing::Retry(2),
        _ => match (code.retry(), code.health()) {
            (Retry::Wait, _) => Healing::Wait(problem.when().filter(|at| *at > now).unwrap_or(after(WAIT))),
            (Retry::User, _) | (_, HealthEffect::User) => Healing::Stop,
            (Retry::Safe, _) => Healing::Retry(u32::MAX),
            (Retry::Never, _) => Healing::Next(None),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_code_is_followed_by_something_and_it_is_pinned() {
        let mut page = String::new();
        for code in Code::ALL {
            let told = Problem::new(*code).retry_at(noon() + Duration::from_secs(300));
            let shown = |healing: Healing| match healing {
                Healing::Wait(at) => format!("wait {}", at.duration_since(noon()).as_secs()),
                Healing::HalvePage(size) => format!("pages of {size}"),
                Healing::Retry(u32::MAX) => "retry".to_owned(),
                Healing::Retry(times) => format!("retry, {times} in all"),
                Healing::Next(None) => "next time".to_owned(),
                Healing::Next(Some(at)) => format!("not before {}", at.duration_since(noon()).as_secs()),
                Healing::Stop => "ask the user".to_owned(),
            };
            let (plain, told) = (heal(&Problem::new(*code), noon(), Some(100)), heal(&told, noon(), Some(1)));
            writeln!(page, "{:<26} {:<18} {}", code.as_str(), shown(plain), shown(told)).unwrap();
        }
        insta::assert_snapshot!(page);
    }

    #[test]
    fn what_needs_the_user_is_never_tried_again_by_itself() {
        for code in Code::ALL.iter().filter(|code| code.retry() == Retry::User) {
            assert_eq!(heal(&Problem::new(*code), noon(), None), Healing::Stop, "{code}");
        }
    }

    #[test]
    fn a_time_that_is_over_is_no_reason_to_hurry() {
        let late = Problem::new(Code::RateLimited).retry_at(noon() - Duration::from_secs(10));
        assert_eq!(heal(&late, noon(), None), Healing::Wait(noon() + WAIT));
    }
}
