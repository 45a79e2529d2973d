//! Errors of the HTTP library, named and judged.

use std::error::Error as StdError;
use std::io::ErrorKind;

use patchbay_model::problem::Code;

use crate::error::Failure;
use crate::resolve::{Blocked, Unresolved};

/// Names a failure before the status line.
pub(crate) fn before_answer(error: &reqwest::Error, host: &str) -> Failure {
    let failure = |code: Code, sent: bool, detail: &str| Failure::new(code, sent, host).detail(detail);
    if find::<Blocked>(error).is_some() {
        return failure(Code::TargetBlocked, false, "the name leads to a private address");
    }
    if let Some(unresolved) = find::<Unresolved>(error) {
        return failure(Code::DnsFailure, false, &unresolved.to_string());
    }
    if error.is_builder() {
        return failure(Code::InvalidConfig, false, "the request cannot be built");
    }
    if error.is_connect() {
        // Nothing of the request has left: the connection was not ready.
        let (code, detail) = connecting(error);
        return failure(code, false, &detail);
    }
    if error.is_timeout() {
        return failure(Code::TimeoutResponse, true, "");
    }
    if let Some(hyper) = find::<hyper::Error>(error) {
        if hyper.is_parse_too_large() {
            let detail = "the answer has too many or too large headers";
            return failure(Code::UnexpectedContent, true, detail);
        }
        if hyper.is_parse() || hyper.is_parse_status() {
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
    let kind = io_kind(error);
    let timed_out = error.is_timeout() || kind == ErrorKind::TimedOut;
    let hyper_fault = find::<hyper::Error>(error).is_some();
    let reset =
        matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe);
    let (code, detail) = if timed_out {
        (Code::TimeoutResponse, "the answer stopped coming")
    } else if hyper_fault || reset {
        (Code::ConnectionLost, "")
    } else if error.is_decode() || error.is_body() {
        (Code::MalformedResponse, "the answer's compression cannot be read")
    } else {
        (Code::ConnectionLost, "")
    };
    Failure::new(code, true, host).detail(detail)
}

/// Names a failure to connect.
fn connecting(error: &reqwest::Error) -> (Code, String) {
    if let Some(tls) = find::<rustls::Error>(error) {
        return (Code::TlsFailure, tls.to_string());
    }
    if proxy_wants_login(error) {
        return (Code::ProxyRequired, String::new());
    }
    if error.is_timeout() {
        return (Code::TimeoutConnect, String::new());
    }
    match io_kind(error) {
        ErrorKind::ConnectionRefused => (Code::ConnectionRefused, String::new()),
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            (Code::Offline, "the network cannot be reached".into())
        }
        // One host that is off or behind a silent router; others may well answer.
        ErrorKind::HostUnreachable => (Code::TimeoutConnect, "the host cannot be reached".into()),
        // Cut between the connection and the end of the TLS handshake.
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => {
            (Code::ConnectionLost, "the connection was cut before the request was sent".into())
        }
        _ => (Code::ConnectionRefused, "the connection could not be made".into()),
    }
}

/// The proxy answered CONNECT with 407. The library keeps that error's type to itself.
fn proxy_wants_login(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        if current.to_string() == "tunnel error: proxy authorization required" {
            return true;
        }
        next = current.source();
    }
    false
}

/// What the operating system said: the innermost kind, because the libraries in between wrap it as
/// `Other`. `Other` where there is none.
fn io_kind(error: &(dyn StdError + 'static)) -> ErrorKind {
    let mut kind = ErrorKind::Other;
    let mut next = Some(error);
    while let Some(current) = next {
        next = current.source();
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            kind = io.kind();
            // The source of an I/O error is its content's source, not its content.
            if let Some(inner) = io.get_ref() {
                next = Some(inner);
            }
        }
    }
    kind
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
