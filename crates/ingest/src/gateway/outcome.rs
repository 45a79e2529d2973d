//! How calls of the gateway end, and how often. Refused calls cost no write each: somebody could fill the
//! disk with them. They are counted in memory and written down together.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use patchbay_auth::webhook::Refusal;
use patchbay_model::{ConnectionId, Timestamp};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Kept, and acknowledged.
    Accepted,
    /// Kept before, and acknowledged again.
    Duplicate,
    /// A handshake, answered.
    Handshake,
    /// It was sent to a name that is not ours.
    Host,
    /// A web page sent it.
    Page,
    /// Nobody's address.
    Address,
    /// The connection's webhook is switched off.
    Off,
    /// The connection is paused.
    Paused,
    /// A method that the tool does not use.
    Method,
    /// A media type, or a compression, that the tool does not use.
    ContentType,
    /// Larger than the tool sends.
    TooLarge,
    /// The body did not come in time.
    Slow,
    /// The body ended before it was whole.
    BrokenOff,
    /// Too many failed verifications of late.
    TooManyFailures,
    /// There is no secret to check it with.
    NoSecret,
    /// Not signed, or by half.
    Unsigned,
    /// The signature does not fit.
    Signature,
    /// Too old, or from too far ahead.
    Stale,
    /// Genuine, and cannot be read.
    Malformed,
    /// The secret store is locked.
    Locked,
    /// There is more than we can take at the moment.
    Busy,
    /// The database could not keep it.
    Storage,
}

impl Outcome {
    /// Its name in rows and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Handshake => "handshake",
            Self::Host => "host",
            Self::Page => "page",
            Self::Address => "address",
            Self::Off => "off",
            Self::Paused => "paused",
            Self::Method => "method",
            Self::ContentType => "content_type",
            Self::TooLarge => "too_large",
            Self::Slow => "slow",
            Self::BrokenOff => "broken_off",
            Self::TooManyFailures => "too_many_failures",
            Self::NoSecret => "no_secret",
            Self::Unsigned => "unsigned",
            Self::Signature => "signature",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::Locked => "locked",
            Self::Busy => "busy",
            Self::Storage => "storage",
        }
    }

    /// What the sender is told.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Accepted | Self::Duplicate | Self::Handshake => StatusCode::OK,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Page => StatusCode::FORBIDDEN,
            Self::Address | Self::Off => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyFailures => StatusCode::TOO_MANY_REQUESTS,
            Self::NoSecret | Self::Unsigned | Self::Signature | Self::Stale => StatusCode::UNAUTHORIZED,
            Self::BrokenOff | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Paused | Self::Locked | Self::Busy | Self::Storage => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In how many seconds the sender may try again.
    pub(crate) fn retry_after(self) -> Option<u32> {
        match self {
            Self::Paused => Some(300),
            Self::Locked | Self::TooManyFailures => Some(60),
            Self::Storage => Some(30),
            Self::Busy => Some(5),
            _ => None,
        }
    }

    /// Whether it was a verification that failed.
    pub(crate) fn is_failed_verification(self) -> bool {
        matches!(self, Self::NoSecret | Self::Unsigned | Self::Signature | Self::Stale)
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSecret => Self::NoSecret,
            Refusal::Unsigned => Self::Unsigned,
            Refusal::Signature => Self::Signature,
            Refusal::Stale => Self::Stale,
        }
    }
}

/// A workspace and the connection whose address was called, as far as known.
type Whose = Option<(String, ConnectionId)>;

/// What was counted and is not written down yet.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<(Whose, Outcome), (u64, Timestamp)>>);

impl Counts {
    pub(crate) fn note(&self, whose: Whose, outcome: Outcome, at: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((whose, outcome)).or_insert((0, at));
        *count = (count.0 + 1, at);
    }

    /// Takes what a workspace has to write down, and with it the calls of nobody's address where it is the
    /// one that keeps these.
    pub(crate) fn take(
        &self,
        workspace: &str,
        with_nobodys: bool,
    ) -> Vec<(Option<ConnectionId>, String, u64, Timestamp)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        counts.retain(|(whose, outcome), (count, at)| {
            let own = match whose {
                Some((own, _)) => own == workspace,
                None => with_nobodys,
            };
            if own {
                let connection = whose.as_ref().map(|(_, connection)| connection.clone());
                taken.push((connection, outcome.word().to_owned(), *count, *at));
            }
            !own
        });
        taken
    }

    /// Puts back what could not be written down.
    pub(crate) fn put_back(&self, workspace: &str, taken: Vec<(Option<ConnectionId>, String, u64, Timestamp)>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (connection, word, count, at) in taken {
            let Some(outcome) = ALL.into_iter().find(|outcome| outcome.word() == word) else { continue };
            let whose = connection.map(|connection| (workspace.to_owned(), connection));
            let entry = counts.entry((whose, outcome)).or_insert((0, at));
            *entry = (entry.0 + count, entry.1.max(at));
        }
    }
}

/// Every outcome.
pub const ALL: [Outcome; 22] = [
    Outcome::Accepted,
    Outcome::Duplicate,
    Outcome::Handshake,
    Outcome::Host,
    Outcome::Page,
    Outcome::Address,
    Outcome::Off,
    Outcome::Paused,
    Outcome::Method,
    Outcome::ContentType,
    Outcome::TooLarge,
    Outcome::Slow,
    Outcome::BrokenOff,
    Outcome::TooManyFailures,
    Outcome::NoSecret,
    Outcome::Unsigned,
    Outcome::Signature,
    Outcome::Stale,
    Outcome::Malformed,
    Outcome::Locked,
    Outcome::Busy,
    Outcome::Storage,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_written_down_is_counted_later() {
        let counts = Counts::default();
        let whose = || Some(("default".to_owned(), ConnectionId::from("a")));
        let at = Timestamp::UNIX_EPOCH;
        counts.note(whose(), Outcome::Signature, at);
        counts.note(whose(), Outcome::Signature, at);
        counts.note(None, Outcome::Address, at);
        assert_eq!(counts.take("other", false), []);
        let taken = counts.take("default", true);
        assert_eq!(taken.len(), 2);
        counts.put_back("default", taken);
        counts.note(whose(), Outcome::Signature, at);
        let taken = counts.take("default", true);
        assert!(taken.contains(&(Some(ConnectionId::from("a")), "signature".to_owned(), 3, at)), "{taken:?}");
        assert_eq!(counts.take("default", true), []);
    }

    #[test]
    fn nothing_but_a_kept_delivery_or_a_handshake_is_a_success() {
        for outcome in ALL {
            let kept = matches!(outcome, Outcome::Accepted | Outcome::Duplicate | Outcome::Handshake);
            assert_eq!(outcome.status().is_success(), kept, "{outcome:?}");
            let later = outcome.status() == StatusCode::SERVICE_UNAVAILABLE;
            assert!(!later || outcome.retry_after().is_some(), "{outcome:?} says when to try again");
        }
    }
}
