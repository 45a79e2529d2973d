//! Errors of the HTTP library, named and judged.

use std::error::Error as StdError;
use std::io::ErrorKind;

use patchbay_model::problem::Code;

use crate::error::Failure;
use crate::guard::{Blocked, Unresolved};

/// Names a failure before the status line.
pub(crate) fn before_answer(error: &reqwest::Error, host: &str) -> Failure {
    let failure = |code: Code, sent: bool, detail: &str| Failure {
        code,
        sent,
        host: host.to_owned(),
        detail: detail.to_owned(),
    };
    if find::<Blocked>(error).is_some() {
        return failure(Code::TargetBlocked, false, "the name leads to a private address");
    }
    if find::<Unresolved>(error).is_some() {
        return failure(Code::DnsFailure, false, "");
    }
    if error.is_builder() {
        return failure(Code::InvalidConfig, false, "the request cannot be built");
    }
    let io = find::<std::io::Error>(error).map(std::io::Error::kind);
    if error.is_connect() {
        // Nothing of the request has left: the connection was not ready.
        return match io {
            _ if tls(error) => failure(Code::TlsFailure, false, &tls_detail(error)),
            _ if error.is_timeout() => failure(Code::TimeoutConnect, false, ""),
            Some(ErrorKind::ConnectionRefused) => failure(Code::ConnectionRefused, false, ""),
            Some(ErrorKind::TimedOut) => failure(Code::TimeoutConnect, false, ""),
            Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown) => {
                failure(Code::Offline, false, "the network cannot be reached")
            }
            // Cut during the handshake, as by a port that does not speak TLS.
            Some(_) | None => failure(Code::TlsFailure, false, "the connection could not be secured"),
        };
    }
    if error.is_timeout() {
        return failure(Code::TimeoutResponse, true, "");
    }
    if let Some(hyper) = find::<hyper::Error>(error) {
        if hyper.is_parse() || hyper.is_parse_status() || hyper.is_parse_too_large() {
            return failure(Code::UnexpectedContent, true, "the answer is not HTTP");
        }
        if hyper.is_timeout() {
            return failure(Code::TimeoutResponse, true, "");
        }
    }
    failure(Code::ConnectionLost, true, "")
}

/// Names a failure after the status line.
pub(crate) fn in_body(error: &reqwest::Error, host: &str) -> Failure {
    let timed_out =
        error.is_timeout() || find::<std::io::Error>(error).is_some_and(|e| e.kind() == ErrorKind::TimedOut);
    let hyper_fault = find::<hyper::Error>(error).is_some();
    let reset = find::<std::io::Error>(error).is_some_and(|e| {
        matches!(e.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
    });
    let (code, detail) = if timed_out {
        (Code::TimeoutResponse, "the answer stopped coming")
    } else if hyper_fault || reset {
        (Code::ConnectionLost, "")
    } else if error.is_decode() || error.is_body() {
        (Code::MalformedResponse, "the answer's compression cannot be read")
    } else {
        (Code::ConnectionLost, "")
    };
    Failure { code, sent: true, host: host.to_owned(), detail: detail.to_owned() }
}

fn tls(error: &reqwest::Error) -> bool {
    find::<rustls::Error>(error).is_some()
}

fn tls_detail(error: &reqwest::Error) -> String {
    find::<rustls::Error>(error).map(ToString::to_string).unwrap_or_default()
}

/// The first error of a type in the chain, looking inside I/O errors too.
fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            let inner: &(dyn StdError + 'static) = inner;
            if let Some(found) = find::<E>(inner) {
                return Some(found);
            }
        }
        next = current.source();
    }
    None
}
