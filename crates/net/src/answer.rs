//! What came back.

use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::Timestamp;
use patchbay_model::problem::Code;
use serde_json::Value;
use url::Url;

use crate::error::Failure;

/// The service answered with a status line. The body may still have been lost.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body, or what became of it.
    pub body: Result<Vec<u8>, Failure>,
    /// From the first byte sent to the last received.
    pub took: Duration,
    /// Where it came from after redirects, without secret query parameters.
    pub url: Url,
}

/// Headers and body are left out: they may hold tokens that the service has just made.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("body", &self.body.as_ref().map(Vec::len))
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

/// Response headers; names are compared without regard to case (RFC 9110 section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Wraps pairs of name and value.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The same without space around it, where it is as short as a date or a number: longer text is not
    /// worth reading.
    pub fn short(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|text| text.len() <= 64)
    }

    /// `Retry-After` (RFC 9110 section 10.2.3): whole seconds or a date. What is negative or cannot be
    /// read says nothing; a date that is over is negative.
    pub fn retry_after(&self, now: Timestamp) -> Option<SignedDuration> {
        let text = self.short("retry-after")?;
        if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            // More digits than a number holds: longer than any pause that is believed.
            return Some(text.parse().map_or(SignedDuration::MAX, SignedDuration::from_secs));
        }
        http_date(text).map(|at| at.duration_since(now))
    }

    /// All pairs, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An HTTP date in any of the three forms that RFC 9110 section 5.6.7 wants read.
pub fn http_date(text: &str) -> Option<Timestamp> {
    let older = |form: &str| {
        let parts = jiff::fmt::strtime::parse(form, text).ok()?;
        let time = parts.to_datetime().ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .or_else(|| older("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| older("%a %b %e %H:%M:%S %Y"))
}

/// Reads a body as JSON. Documents nested deeper than 128 levels are refused; a byte order mark at
/// the start is ignored (RFC 8259 section 8.1).
pub fn json_body(body: &[u8]) -> Result<Value, Failure> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // The library's message names line, column and kind, and no content.
    serde_json::from_slice(body)
        .map_err(|error| Failure::new(Code::MalformedResponse, true, "").detail(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_malformed_and_never_a_crash() {
        let cases: [(&str, Vec<u8>); 9] = [
            ("arrays nested very deep", b"[".repeat(200_000)),
            ("objects nested very deep", b"{\"a\":".repeat(200_000)),
            ("closed properly", [b"[".repeat(200_000), b"]".repeat(200_000)].concat()),
            ("nothing", Vec::new()),
            ("a page", b"<html></html>".to_vec()),
            ("cut off", br#"{"id":"#.to_vec()),
            ("bad UTF-8", b"\"\xff\xfe\"".to_vec()),
            ("no number", b"NaN".to_vec()),
            ("two documents", b"{} {}".to_vec()),
        ];
        for (name, body) in cases {
            let failure = json_body(&body).expect_err(name);
            assert_eq!((failure.code, failure.sent), (Code::MalformedResponse, true), "{name}");
        }
    }

    #[test]
    fn unusual_json_is_read_as_it_stands() {
        let deep = [b"[".repeat(127), b"]".repeat(127)].concat();
        assert!(json_body(&deep).is_ok(), "127 levels are fine");
        let cases: [(&[u8], &str); 4] = [
            (b"\xef\xbb\xbf{\"a\":1}", r#"{"a":1}"#),
            (br#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (br#"{"__proto__":{"x":1}}"#, r#"{"__proto__":{"x":1}}"#),
            (b"9007199254740993", "9007199254740993"),
        ];
        for (body, want) in cases {
            assert_eq!(json_body(body).unwrap().to_string(), want);
        }
    }

    #[test]
    fn an_answer_does_not_print_its_body_or_query() {
        let answer = Answer {
            status: 200,
            headers: Headers::new(vec![("Set-Cookie".into(), "canary".into())]),
            body: Ok(b"canary".to_vec()),
            took: Duration::ZERO,
            url: "https://api.example.com/x?key=canary".parse().unwrap(),
        };
        assert!(!format!("{answer:?}").contains("canary"));
    }
}
