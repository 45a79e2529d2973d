//! What a scripted server answers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::wire::Answer;

/// What a scripted server answers to one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// What a server in order answers: see [`super::ScriptedOauth`].
    Good,
    /// The same with members of its JSON replaced or added; null takes one out.
    GoodWith(Value),
    /// Any answer. What the request asked for does not happen.
    Answer(Answer),
    /// The request is read, and the connection stays open without an answer, for a minute.
    Never,
    /// The good answer, one byte at a time with this pause between two.
    Drip(Duration),
    /// What was asked for happens; then the connection ends without an answer.
    CutAfterEffect,
    /// The connection ends without an answer, and nothing happens.
    Cut,
    /// What was asked for happens; the answer is held back until [`super::ScriptedOauth::release`].
    Held(Box<Reply>),
    /// A redirect with this status to another server, which writes down what it sees.
    Elsewhere(u16),
}

impl Reply {
    /// An error of the token endpoint (RFC 6749 section 5.2), with status 400.
    pub fn error(code: &str) -> Self {
        Self::json(400, &json!({ "error": code, "error_description": "It is scripted so." }))
    }

    /// `invalid_client`, with status 401 and a challenge.
    pub fn invalid_client() -> Self {
        let challenge = [("www-authenticate".to_owned(), "Basic realm=\"scripted\"".to_owned())].into();
        Self::Answer(Answer::json(401, &challenge, Some(&json!({ "error": "invalid_client" }))))
    }

    /// Any JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Answer(Answer::json(status, &BTreeMap::new(), Some(body)))
    }

    /// Text that says it is JSON.
    pub fn json_text(text: &str) -> Self {
        Self::body("application/json", text.as_bytes().to_vec())
    }

    /// A page with status 200, as a captive portal gives it.
    pub fn html() -> Self {
        Self::body("text/html", b"<!doctype html><title>Sign in to the network</title>".to_vec())
    }

    /// 500 without JSON.
    pub fn broken() -> Self {
        Self::Answer(Answer { status: 500, ..page("Internal Server Error") })
    }

    /// 503, with `Retry-After` in seconds where it is given.
    pub fn unavailable(retry_after: Option<u32>) -> Self {
        let mut answer = Answer { status: 503, ..page("Service Unavailable") };
        if let Some(seconds) = retry_after {
            answer.headers.insert("retry-after".to_owned(), seconds.to_string());
        }
        Self::Answer(answer)
    }

    /// Tokens in order, and beside them a member that makes the answer this long, in bytes.
    pub fn large(bytes: usize) -> Self {
        let text = format!(
            "{{\"access_token\":\"scripted-large\",\"token_type\":\"Bearer\",\"padding\":\"{}\"}}",
            "x".repeat(bytes)
        );
        Self::body("application/json", text.into_bytes())
    }

    /// About 650 KB that unpack to 100 MB.
    pub fn gzip_bomb() -> Self {
        let mut answer = answer("application/json", gzip_of_zeros(400_000));
        answer.headers.insert("content-encoding".to_owned(), "gzip".to_owned());
        Self::Answer(answer)
    }

    fn body(kind: &str, body: Vec<u8>) -> Self {
        Self::Answer(answer(kind, body))
    }
}

fn answer(kind: &str, body: Vec<u8>) -> Answer {
    Answer { status: 200, headers: [("content-type".to_owned(), kind.to_owned())].into(), body }
}

fn page(title: &str) -> Answer {
    answer("text/html", format!("<!doctype html><title>{title}</title>").into_bytes())
}

/// A zero byte, then the last byte again 258 times, so often: one block of fixed codes (RFC 1951
/// section 3.2.6) in a gzip frame.
fn gzip_of_zeros(times: usize) -> Vec<u8> {
    // Codes are written from their highest bit, everything else from its lowest.
    let mut bits = vec![true, true, false];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0].map(|bit| bit == 1));
    for _ in 0..times {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0].map(|bit| bit == 1));
    }
    bits.extend([false; 7]);
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    body.extend(
        bits.chunks(8).map(|byte| byte.iter().rev().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit))),
    );
    // Checksum and length, both wrong: nobody should come so far.
    body.extend([0; 8]);
    body
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_bomb_is_one() {
        let packed = gzip_of_zeros(400_000);
        assert!(packed.len() < 700_000);
        let mut gzip = Command::new("sh")
            .args(["-c", "gzip -dc 2>/dev/null | wc -c"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        gzip.stdin.take().unwrap().write_all(&packed).unwrap();
        let output = gzip.wait_with_output().unwrap();
        let unpacked: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        assert!(unpacked > 100_000_000, "{unpacked}");
    }
}
