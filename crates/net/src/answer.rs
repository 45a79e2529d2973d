//! What came back.

use std::time::Duration;

use patchbay_model::problem::Code;
use serde_json::Value;
use url::Url;

use crate::error::Failure;

/// The service answered with a status line. The body may still have been lost.
#[derive(Debug)]
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

    /// All pairs, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Reads a body as JSON. Documents nested deeper than 128 levels are refused.
pub fn json_body(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure {
        code: Code::MalformedResponse,
        sent: true,
        host: String::new(),
        // The library's message names line, column and kind, and no content.
        detail: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_nested_very_deep_is_refused_and_not_a_crash() {
        let deep = "[".repeat(200_000);
        assert_eq!(json_body(deep.as_bytes()).unwrap_err().code, Code::MalformedResponse);
        let fine = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(json_body(fine.as_bytes()).is_ok());
    }
}
