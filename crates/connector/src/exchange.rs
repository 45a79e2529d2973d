//! One request and what came of it.

use std::time::Duration;

use patchbay_auth::Redactor;
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{AnswerFormat, Method};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Answer, Failure, Headers, Request, json_body};
use patchbay_store::KeptAnswer;
use serde_json::{Value, json};

use crate::body::write;
use crate::bounds::Bounds;
use crate::classify::{self, Asked, Meaning, Seen};
use crate::compiled::{Built, CompiledRequest};
use crate::pace::{Passage, Urgency};
use crate::target::Target;
use crate::xml::xml_body;

/// The longest words about a failure that are kept, in bytes. A page is longer.
const LONGEST_WORDS: usize = 1_000;

/// One request, as the engine sends it.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) target: &'a Target,
    pub(crate) built: &'a Built,
    /// What the connector declares of it; none for an address that a person gave, or what an adapter asks.
    pub(crate) declared: Option<&'a CompiledRequest>,
    pub(crate) effect: bool,
    pub(crate) names_item: bool,
    pub(crate) continuing: bool,
    pub(crate) refused_status: &'a [u16],
    /// What the service is asked about, where an answer is at hand.
    pub(crate) copy: Option<&'a KeptAnswer>,
    /// Its whole time; as usual where none is given.
    pub(crate) timeout: Option<Duration>,
    pub(crate) urgency: Urgency,
    /// Where in the body the secret of the connection's webhook goes, as a JSON pointer.
    pub(crate) secret_at: Option<&'a str>,
}

impl<'a> Outgoing<'a> {
    /// A read in the usual way.
    pub(crate) fn read(target: &'a Target, built: &'a Built) -> Self {
        Self {
            target,
            built,
            declared: None,
            effect: false,
            names_item: false,
            continuing: false,
            refused_status: &[],
            copy: None,
            timeout: None,
            urgency: Urgency::Usual,
            secret_at: None,
        }
    }

    /// Limits belong to a connection, or its account, and the host it calls.
    pub(crate) fn passage(&self) -> Passage {
        let host = self.built.url.host_str().unwrap_or_default();
        let port = self.built.url.port().map_or_else(String::new, |port| format!(":{port}"));
        let connection = &self.target.connection;
        let at = |owner: &str| format!("{owner}@{host}{port}");
        Passage { gate: at(connection.id.as_str()), budget: at(&connection.budget_owner()) }
    }

    pub(crate) fn request(&self, bounds: &Bounds<'_>) -> Request {
        let mut request = Request::new(self.built.method, self.built.url.clone());
        request.headers.clone_from(&self.built.headers);
        if let Some(body) = &self.built.body {
            let (bytes, media) = write(body, self.built.body_format);
            let says = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
            request.content_type = Some(media).filter(|_| !self.built.headers.iter().any(says));
            request.body = Some(bytes);
        }
        if let Some(copy) = self.copy {
            let validators = [("If-None-Match", &copy.etag), ("If-Modified-Since", &copy.last_modified)];
            let validators =
                validators.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)));
            request.headers.extend(validators);
        }
        request.effect = self.effect;
        if let Some(ms) = bounds.limits.connect_timeout_ms {
            request.connect_timeout = Duration::from_millis(ms);
        }
        (request.timeout, request.idle_timeout) = (bounds.answer(self.timeout), bounds.idle());
        request.origins.clone_from(&self.target.connection.origins);
        request.allow_private = self.target.connection.allow_private;
        request
    }

    /// What matters for the meaning of the answer.
    pub(crate) fn asked(&self, now: Timestamp) -> Asked<'a> {
        let descriptor = self.target.descriptor.descriptor();
        Asked {
            effect: self.effect,
            names_item: self.names_item,
            continuing: self.continuing,
            has_copy: self.copy.is_some(),
            refused_status: self.refused_status,
            tool: &descriptor.name,
            own_rules: self.declared.map_or(&[], |declared| &declared.rules),
            rules: &self.target.descriptor.rules,
            // What an adapter asks for may be anything.
            answer_format: match self.declared {
                Some(declared) => declared.answer_format,
                None if self.target.descriptor.adapter().is_some() => AnswerFormat::Any,
                None => AnswerFormat::default(),
            },
            xml_lists: self.declared.map_or(&[], |declared| &declared.xml_lists),
            graphql: self.declared.is_some_and(CompiledRequest::is_graphql),
            undescribed: self.declared.is_none(),
            limits: &descriptor.limits,
            now,
        }
    }
}

/// What came of it.
pub(crate) struct Sent {
    pub(crate) meaning: Meaning,
    pub(crate) status: Option<u16>,
    /// Whether whoever was asked said anything.
    pub(crate) answered: bool,
    pub(crate) headers: Headers,
    pub(crate) body: Value,
    pub(crate) took: Duration,
    pub(crate) bytes: u64,
    /// When the service last said so, where this is the copy of an earlier answer.
    pub(crate) held_at: Option<Timestamp>,
}

impl Sent {
    /// Nothing went out.
    pub(crate) fn unsent(problem: Problem) -> Self {
        Self::unanswered(Meaning::NotDone(problem), Duration::ZERO)
    }

    /// No status line came.
    pub(crate) fn unanswered(meaning: Meaning, took: Duration) -> Self {
        Self {
            meaning,
            status: None,
            answered: false,
            headers: Headers::default(),
            body: Value::Null,
            took,
            bytes: 0,
            held_at: None,
        }
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
    let parsed = body.and_then(|body| parse(status, method, &headers, &body, asked));
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
    Sent { meaning, status: Some(status), answered: true, headers, body, took, bytes, held_at: None }
}

/// Takes secrets out of what a problem says.
pub(crate) fn redact(problem: Problem, redactor: &Redactor) -> Problem {
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
fn parse(
    status: u16,
    method: Method,
    headers: &Headers,
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Value, Failure> {
    let ok = (200..300).contains(&status);
    let fault = |code: Code, detail: &str| Failure::new(code, true, "").detail(detail);
    if body.iter().all(u8::is_ascii_whitespace) {
        match asked.answer_format {
            AnswerFormat::JsonLines | AnswerFormat::Csv if ok => return Ok(json!([])),
            AnswerFormat::Any => return Ok(Value::Null),
            _ => {}
        }
        let promised = ok && !asked.effect && method != Method::Head && !matches!(status, 204 | 205);
        return if promised {
            Err(fault(Code::UnexpectedContent, "the answer is empty"))
        } else {
            Ok(Value::Null)
        };
    }
    let media = headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let read = match asked.answer_format {
        AnswerFormat::Xml if ok => xml_body(body, asked.xml_lists),
        AnswerFormat::Xml => xml_body(body, asked.xml_lists).or_else(|_| json_body(body)),
        // What goes wrong is told in JSON, or not at all.
        _ if !ok => json_body(body),
        AnswerFormat::Json => json_body(body),
        AnswerFormat::JsonLines => json_lines(body),
        AnswerFormat::Csv => csv_rows(body),
        AnswerFormat::Any => return any(body, &media),
    };
    match read {
        Ok(value) => Ok(value),
        // The status says enough; plain words say why.
        Err(_) if !ok => Ok(plain_words(body, &media)),
        Err(failure) if asked.answer_format == AnswerFormat::Xml && !media.contains("html") => Err(failure),
        Err(_) if media.contains("html") || body.trim_ascii_start().starts_with(b"<") => {
            Err(fault(Code::UnexpectedContent, "a page for people came instead of data"))
        }
        Err(failure) => Err(failure),
    }
}

/// What a service says of a failure in plain words, without JSON around them; null where it is none.
fn plain_words(body: &[u8], media: &str) -> Value {
    let plain = media.is_empty() || media.starts_with("text/plain");
    let words = std::str::from_utf8(body).ok().map(str::trim).filter(|words| {
        let page = words.starts_with('<') || words.starts_with('{') || words.starts_with('[');
        plain && !page && words.len() <= LONGEST_WORDS
    });
    words.map_or(Value::Null, Value::from)
}

/// JSON where it says so or is; else text. What is neither cannot be shown or worked with.
fn any(body: &[u8], media: &str) -> Result<Value, Failure> {
    match (json_body(body), std::str::from_utf8(body)) {
        (Ok(value), _) => Ok(value),
        (Err(failure), _) if media.contains("json") => Err(failure),
        (Err(_), Ok(text)) => Ok(json!(text)),
        (Err(_), Err(_)) => Err(Failure::new(Code::UnexpectedContent, true, "").detail("it is not text")),
    }
}

/// One value on each line; empty lines say nothing. A line that is no JSON stays a text, which is no
/// item: it is put aside alone. Where no line is JSON, the answer is something else.
fn json_lines(body: &[u8]) -> Result<Value, Failure> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let (mut values, mut good, mut first) = (Vec::new(), false, None);
    for line in lines {
        match json_body(line) {
            Ok(value) => {
                good = true;
                values.push(value);
            }
            Err(failure) => {
                first.get_or_insert(failure);
                values.push(json!(String::from_utf8_lossy(line)));
            }
        }
    }
    match first {
        Some(failure) if !good => Err(failure),
        _ => Ok(Value::Array(values)),
    }
}

/// A line of names, then lines of values (RFC 4180). Each becomes an object; one with more or fewer
/// values than names stays a list, which is no item: it is put aside alone.
fn csv_rows(body: &[u8]) -> Result<Value, Failure> {
    let odd = |error: &csv::Error| {
        // Where it is, and nothing of what it says.
        let line = error.position().map_or(0, csv::Position::line);
        Failure::new(Code::MalformedResponse, true, "")
            .detail(format!("the table is not in order at line {line}"))
    };
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(
            Failure::new(Code::UnexpectedContent, true, "").detail("a page for people came instead of data")
        );
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let names = reader.headers().map_err(|error| odd(&error))?.clone();
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.map_err(|error| odd(&error))?;
        if row.len() != names.len() {
            return Ok(row.iter().map(Value::from).collect());
        }
        let members = names.iter().zip(&row).map(|(name, value)| (name.to_owned(), json!(value)));
        Ok(Value::Object(members.collect()))
    };
    reader.records().map(row).collect::<Result<Vec<_>, _>>().map(Value::Array)
}
