//! One request and what came of it.

use std::time::Duration;

use patchbay_auth::Redactor;
use patchbay_model::descriptor::Method;
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Answer, Failure, Headers, Request, json_body};
use serde_json::Value;

use crate::classify::{self, Asked, Meaning, Seen};
use crate::compiled::Built;
use crate::pace::Urgency;
use crate::target::Target;

/// Whole time of a read where nobody says.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// One request, as the engine sends it.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) target: &'a Target,
    pub(crate) method: Method,
    pub(crate) built: &'a Built,
    pub(crate) effect: bool,
    pub(crate) names_item: bool,
    pub(crate) continuing: bool,
    pub(crate) refused_status: &'a [u16],
    pub(crate) key: Option<(&'a str, &'a str)>,
    pub(crate) timeout: Duration,
    pub(crate) urgency: Urgency,
}

impl<'a> Outgoing<'a> {
    /// A read in the usual way.
    pub(crate) fn read(target: &'a Target, built: &'a Built) -> Self {
        Self {
            target,
            method: Method::Get,
            built,
            effect: false,
            names_item: false,
            continuing: false,
            refused_status: &[],
            key: None,
            timeout: READ_TIMEOUT,
            urgency: Urgency::Usual,
        }
    }

    /// Limits belong to a connection and the host it calls.
    pub(crate) fn gate(&self) -> String {
        let host = self.built.url.host_str().unwrap_or_default();
        let port = self.built.url.port().map_or_else(String::new, |port| format!(":{port}"));
        format!("{}@{host}{port}", self.target.connection.id)
    }

    pub(crate) fn request(&self) -> Request {
        let limits = &self.target.descriptor.descriptor().limits;
        let mut request = Request::new(self.method, self.built.url.clone());
        request.headers.clone_from(&self.built.headers);
        if let Some(body) = &self.built.body {
            request.body = Some(body.to_string().into_bytes());
            request.content_type = Some("application/json");
        }
        if let Some((name, key)) = self.key {
            request.headers.push((name.to_owned(), key.to_owned()));
        }
        request.effect = self.effect;
        request.timeout =
            limits.timeout_ms.map_or(self.timeout, |ms| self.timeout.min(Duration::from_millis(ms)));
        request.origins.clone_from(&self.target.connection.origins);
        request.allow_private = self.target.connection.allow_private;
        request
    }

    /// What matters for the meaning of the answer.
    pub(crate) fn asked(&self, now: patchbay_model::Timestamp) -> Asked<'a> {
        let descriptor = self.target.descriptor.descriptor();
        Asked {
            effect: self.effect,
            names_item: self.names_item,
            continuing: self.continuing,
            refused_status: self.refused_status,
            tool: &descriptor.name,
            rules: &self.target.descriptor.rules,
            limits: &descriptor.limits,
            now,
        }
    }
}

/// What came of it.
pub(crate) struct Sent {
    pub(crate) meaning: Meaning,
    pub(crate) status: Option<u16>,
    pub(crate) headers: Headers,
    pub(crate) body: Value,
    pub(crate) took: Duration,
    pub(crate) bytes: u64,
}

impl Sent {
    /// Nothing went out.
    pub(crate) fn unsent(problem: Problem) -> Self {
        Self::unanswered(Meaning::NotDone(problem), Duration::ZERO)
    }

    /// No status line came.
    pub(crate) fn unanswered(meaning: Meaning, took: Duration) -> Self {
        Self { meaning, status: None, headers: Headers::default(), body: Value::Null, took, bytes: 0 }
    }

    /// The body, or the problem.
    pub(crate) fn body(&self) -> Result<&Value, Problem> {
        self.problem().map_or(Ok(&self.body), |problem| Err(problem.clone()))
    }

    /// Why there is nothing to read.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match &self.meaning {
            Meaning::Done | Meaning::Empty => None,
            Meaning::DoneUnread(problem) | Meaning::NotDone(problem) | Meaning::Unknown(problem) => {
                Some(problem)
            }
        }
    }
}

/// What an answer means, with secrets taken out of it.
pub(crate) fn judge(asked: &Asked<'_>, method: Method, answer: Answer, redactor: &Redactor) -> Sent {
    let Answer { status, headers, body, took, .. } = answer;
    let bytes = body.as_ref().map_or(0, |body| body.len() as u64);
    let parsed = body.and_then(|body| parse(status, method, &headers, &body, asked.effect));
    let meaning = classify::answer(asked, &Seen { status, headers: &headers, body: parsed.as_ref() });
    let meaning = match meaning {
        Meaning::DoneUnread(problem) => Meaning::DoneUnread(redact(problem, redactor)),
        Meaning::NotDone(problem) => Meaning::NotDone(redact(problem, redactor)),
        Meaning::Unknown(problem) => Meaning::Unknown(redact(problem, redactor)),
        done @ (Meaning::Done | Meaning::Empty) => done,
    };
    // A service that echoes a key must not bring it into our journal.
    let mut body = parsed.unwrap_or(Value::Null);
    redactor.clean(&mut body);
    Sent { meaning, status: Some(status), headers, body, took, bytes }
}

/// Takes secrets out of what a problem says.
fn redact(problem: Problem, redactor: &Redactor) -> Problem {
    let mut clean = problem;
    for name in ["message", "permission", "item", "field", "host"] {
        if let Some(text) = clean.param(name).map(|text| redactor.text(text)) {
            clean = clean.with(name, text);
        }
    }
    match clean.technical().map(|text| redactor.text(text)) {
        Some(text) => clean.detail(text),
        None => clean,
    }
}

/// The body as JSON. Nothing at all is null where nothing was promised; where data was promised, a
/// page for people is an error.
fn parse(status: u16, method: Method, headers: &Headers, body: &[u8], effect: bool) -> Result<Value, Failure> {
    let ok = (200..300).contains(&status);
    let fault = |code: Code, detail: &str| Failure::new(code, true, "").detail(detail);
    if body.iter().all(u8::is_ascii_whitespace) {
        let promised = ok && !effect && method != Method::Head && !matches!(status, 204 | 205);
        return if promised {
            Err(fault(Code::UnexpectedContent, "the answer is empty"))
        } else {
            Ok(Value::Null)
        };
    }
    let media = headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    match json_body(body) {
        Ok(value) => Ok(value),
        // The status says enough.
        Err(_) if !ok => Ok(Value::Null),
        Err(_) if media.contains("html") || body.trim_ascii_start().starts_with(b"<") => {
            Err(fault(Code::UnexpectedContent, "a page for people came instead of data"))
        }
        Err(failure) => Err(failure),
    }
}
