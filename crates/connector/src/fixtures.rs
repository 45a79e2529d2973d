//! Plays fixtures: the interpreter without a network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use patchbay_auth::Redactor;
use patchbay_auth::webhook::{Arrived, Refusal, WebhookSecrets};
use patchbay_descriptor::fixture::{Case, ExpectedRequest, Fixture, Response};
use patchbay_model::connection::{Connection, ConnectionState};
use patchbay_model::descriptor::{AnswerFormat, WebhookMethod};
use patchbay_model::problem::Problem;
use patchbay_model::run::Outcome;
use patchbay_model::{ConnectionId, ConnectorId, Timestamp};
use patchbay_net::{Answer, Headers};
use serde::Serialize;
use serde_json::Value;

use crate::body::write;
use crate::compiled::Compiled;
use crate::exchange::{Outgoing, Sent, judge};
use crate::health::judge_health;
use crate::native::{Answer as NativeAnswer, answered};
use crate::operation::{names_item, outcome, take_secret};
use crate::plan::{Planned, plan};
use crate::reader::Reader;
use crate::settings::settings;
use crate::target::{Target, TargetCredential};
use crate::webhook::{CompiledWebhook, MappedDelivery, Said, SaidHeaders};

/// What the fixtures of one connector showed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FixtureReport {
    /// The connector.
    pub connector: ConnectorId,
    /// Each case.
    pub cases: Vec<CaseReport>,
}

/// What one case showed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Whether everything came out as the fixture says.
    pub passed: bool,
    /// What did not.
    pub messages: Vec<String>,
}

/// Plays every fixture.
pub fn run(compiled: &Arc<Compiled>, fixtures: &[Fixture]) -> FixtureReport {
    let cases = fixtures
        .iter()
        .map(|fixture| {
            let messages = match unconnected(compiled, &fixture.config) {
                Ok(target) => play(&target, &fixture.case).unwrap_or_else(|problem| vec![words(&problem)]),
                Err(problem) => vec![words(&problem)],
            };
            CaseReport { name: fixture.name.clone(), passed: messages.is_empty(), messages }
        })
        .collect();
    FixtureReport { connector: compiled.descriptor().id.clone(), cases }
}

/// A request that is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Its method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// Its headers. None of them is a key.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// The request that a call would become, of a connection that is not stored. An adapter that answers
/// here sends none.
///
/// # Errors
/// The settings or the parameters do not fit.
pub fn unsent(
    compiled: &Arc<Compiled>,
    config: &BTreeMap<String, String>,
    operation: &str,
    params: &Value,
) -> Result<Option<Unsent>, Problem> {
    let target = unconnected(compiled, config)?;
    let planned = plan(&target, operation, params)?;
    let built = &planned.built;
    if built.here.is_some() {
        return Ok(None);
    }
    let mut headers = built.headers.clone();
    let body = built.body.as_ref().map(|body| write(body, built.body_format));
    let says = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let body = body.map_or_else(Vec::new, |(bytes, media)| {
        if !says {
            headers.push(("content-type".to_owned(), media));
        }
        bytes
    });
    let query = built.url.query().map_or_else(String::new, |query| format!("?{query}"));
    let target = format!("{}{query}", built.url.path());
    Ok(Some(Unsent { method: planned.summary.method.clone(), target, headers, body }))
}

fn words(problem: &Problem) -> String {
    format!("{}: {}. {}", problem.code(), problem.title(), problem.hint())
}

/// A connection that is not stored and calls nothing.
pub(crate) fn unconnected(
    compiled: &Arc<Compiled>,
    given: &BTreeMap<String, String>,
) -> Result<Target, Problem> {
    let descriptor = compiled.descriptor();
    let config = settings(descriptor, given)?;
    let connection = Connection {
        id: ConnectionId::new("fixture"),
        name: "fixture".into(),
        origins: compiled.origins(&config, None)?,
        config,
        state: ConnectionState::Connected,
        ..Connection::new(descriptor.id.clone(), descriptor.version.clone(), Timestamp::UNIX_EPOCH)
    };
    Ok(Target { descriptor: compiled.clone(), connection, credential: TargetCredential::None })
}

fn play(target: &Target, case: &Case) -> Result<Vec<String>, Problem> {
    let mut wrong = Vec::new();
    match case {
        Case::Stream { stream, pages, signals, quarantined } => {
            let mut reader = Reader::new(target, stream, None, Timestamp::UNIX_EPOCH)?;
            let (mut found, mut aside) = (Vec::new(), 0);
            for (index, response) in pages.iter().enumerate() {
                let Some(ask) = reader.ask()? else {
                    wrong.push(format!("paging ends after page {index}"));
                    break;
                };
                let sent = answer(ask.outgoing(target), response);
                let taken = reader.take(&sent.headers, sent.body()?)?;
                taken.after?;
                let Some(page) = taken.page else { continue };
                aside += page.quarantined.len();
                found.extend(page.signals);
            }
            if wrong.is_empty() && reader.ask()?.is_some() {
                wrong.push("after the last page another one is asked for".into());
            }
            if found.len() != signals.len() {
                wrong.push(format!("{} signals came out, {} are expected", found.len(), signals.len()));
            }
            if aside != *quarantined {
                wrong.push(format!("{aside} items were put aside, {quarantined} are expected"));
            }
            for (index, (signal, expected)) in found.iter().zip(signals).enumerate() {
                let actual = serde_json::to_value(signal).unwrap_or(Value::Null);
                differences(&format!("signal {}", index + 1), expected, &actual, &mut wrong);
            }
        }
        Case::Operation { operation, params, request, response, result, problem } => {
            let planned = match (plan(target, operation, params), problem) {
                (Err(refused), Some(code)) if refused.code() == *code => return Ok(wrong),
                (planned, _) => planned?,
            };
            match request {
                Some(request) => compare_request(target, &planned, request, &mut wrong),
                None if planned.built.here.is_some() => {}
                None => wrong.push("say which request it becomes".into()),
            }
            let shape = target.descriptor.descriptor().operation(operation);
            let sent = answer(
                Outgoing {
                    declared: target
                        .descriptor
                        .operations
                        .get(operation)
                        .and_then(|ready| ready.request.as_ref()),
                    effect: planned.effect,
                    names_item: shape.is_some_and(names_item),
                    refused_status: shape.map_or(&[], |o| &o.refused_status),
                    ..Outgoing::read(target, &planned.built)
                },
                response,
            );
            let mut outcome = outcome(target, operation, &sent);
            take_secret(target, operation, &mut outcome);
            match (outcome, problem) {
                (Outcome::Done { output, .. }, None) => {
                    if let Some(expected) = result {
                        differences("result", expected, &output, &mut wrong);
                    }
                }
                (Outcome::NotDone { problem: p } | Outcome::Unknown { problem: p }, Some(code))
                    if p.code() == *code => {}
                (outcome, _) => wrong.push(format!("the outcome is {outcome:?}")),
            }
        }
        Case::Webhook {
            headers,
            content_type,
            body,
            secret,
            at,
            signals,
            quarantined,
            ignored,
            hint,
            answer,
        } => {
            let Some(webhook) = target.descriptor.webhook() else {
                return Ok(vec!["the connector takes no webhooks".into()]);
            };
            let delivery = Delivery {
                headers,
                content_type: content_type.as_deref().unwrap_or("application/json"),
                body,
                at: at.unwrap_or(Timestamp::UNIX_EPOCH),
            };
            if let Some(secret) = secret
                && let Err(refusal) = delivery.check(webhook, secret, delivery.at)
            {
                wrong.push(format!("its signature is not taken: {refusal:?}"));
            }
            if let Some(expected) = answer {
                differences("answer", expected, &delivery.answer(webhook, secret.as_deref())?, &mut wrong);
                return Ok(wrong);
            }
            let mapped = delivery.mapped(target, webhook)?;
            let hinted = mapped.stream.as_ref().filter(|_| mapped.hint);
            if hinted != hint.as_ref() {
                wrong.push(format!("{hinted:?} is to be read, {hint:?} is expected"));
            }
            let nothing = mapped.signals.is_empty() && mapped.quarantined.is_empty() && !mapped.hint;
            if *ignored != nothing {
                wrong.push(format!("{} signals came out of {:?}", mapped.signals.len(), mapped.kinds));
            }
            if mapped.signals.len() != signals.len() {
                let said = mapped.signals.len();
                wrong.push(format!("{said} signals came out, {} are expected", signals.len()));
            }
            if mapped.quarantined.len() != *quarantined {
                wrong.push(format!(
                    "{} items were put aside, {quarantined} are expected",
                    mapped.quarantined.len()
                ));
                wrong.extend(mapped.quarantined.iter().map(|item| words(&item.problem)));
            }
            for (index, (signal, expected)) in mapped.signals.iter().zip(signals).enumerate() {
                let actual = serde_json::to_value(signal).unwrap_or(Value::Null);
                differences(&format!("signal {}", index + 1), expected, &actual, &mut wrong);
            }
        }
        Case::Health { response, healthy, identity, problem } => {
            let built = target.health_request()?;
            let outgoing = Outgoing {
                declared: target.descriptor.health.request.as_ref(),
                ..Outgoing::read(target, &built)
            };
            let sent = answer(outgoing, response);
            match judge_health(target, &sent) {
                Ok(health) => {
                    if !healthy {
                        wrong.push("it counts as healthy".into());
                    }
                    let label = health.account.map(|account| account.label);
                    if identity.is_some() && *identity != label {
                        wrong.push(format!("signed in as {label:?}, {identity:?} is expected"));
                    }
                }
                Err(found) => {
                    if *healthy || problem.is_some_and(|code| code != found.code()) {
                        wrong.push(words(&found));
                    }
                }
            }
        }
    }
    Ok(wrong)
}

/// A delivery of a fixture.
struct Delivery<'f> {
    headers: &'f BTreeMap<String, String>,
    content_type: &'f str,
    body: &'f Value,
    /// When it comes.
    at: Timestamp,
}

impl Delivery<'_> {
    /// The bytes that would arrive. A text is sent as it is: a form, or JSON in the very way in which it
    /// was signed.
    fn bytes(&self) -> Vec<u8> {
        match self.body {
            Value::String(text) => text.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        }
    }

    fn said(&self) -> SaidHeaders {
        self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
    }

    fn check(&self, webhook: &CompiledWebhook, secret: &str, now: Timestamp) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                headers.append(name, value);
            }
        }
        let body = self.bytes();
        let id = webhook.delivery_id(&self.said(), None);
        let arrived = Arrived { method: "POST", headers: &headers, body: &body, url: "", id: id.as_deref() };
        WebhookSecrets::of_fixture(secret).verify(webhook.scheme(), &arrived, now)
    }

    fn mapped(&self, target: &Target, webhook: &CompiledWebhook) -> Result<MappedDelivery, Problem> {
        let body = webhook.read(self.content_type, &self.bytes())?;
        let headers = self.said();
        let said = Said { headers: &headers, body: &body, received_at: self.at };
        Ok(webhook.map(target.descriptor.descriptor(), &target.connection, said))
    }

    fn answer(&self, webhook: &CompiledWebhook, secret: Option<&str>) -> Result<Value, Problem> {
        let body = webhook.read(self.content_type, &self.bytes())?;
        let headers = self.said();
        let Some(greeting) = webhook.greeting(WebhookMethod::Post, &headers, "", Some(&body)) else {
            return Ok(Value::from("it is no handshake"));
        };
        let secrets = WebhookSecrets::of_fixture(secret.unwrap_or_default());
        Ok(greeting.answer(|value| secrets.hmac_hex(webhook.scheme(), value)).unwrap_or(Value::Null))
    }
}

/// What the engine makes of an answer.
fn answer(outgoing: Outgoing<'_>, response: &Response) -> Sent {
    if outgoing.built.here.is_some() {
        let body = response.body.clone().unwrap_or(Value::Null);
        return answered(NativeAnswer::done(body), outgoing.target.tool(), outgoing.effect);
    }
    let written = outgoing.declared.map(|declared| declared.answer_format).unwrap_or_default();
    // Lines and tables are written down as one text.
    let body = response.body.as_ref().map_or_else(String::new, |body| match body {
        Value::String(text) if written != AnswerFormat::Json => text.clone(),
        body => body.to_string(),
    });
    let answer = Answer {
        status: response.status,
        headers: Headers::new(response.headers.clone().into_iter().collect()),
        body: Ok(body.into_bytes()),
        took: Duration::ZERO,
        url: outgoing.built.url.clone(),
    };
    judge(&outgoing.asked(Timestamp::UNIX_EPOCH), outgoing.built.method, answer, &Redactor::default())
}

fn compare_request(target: &Target, planned: &Planned, expected: &ExpectedRequest, wrong: &mut Vec<String>) {
    let url = &planned.built.url;
    let base = target.descriptor.base(&target.connection.config);
    // An adapter names the whole address.
    let base_path = base.map_or_else(|_| String::new(), |url| url.path().trim_end_matches('/').to_owned());
    let path = url.path().strip_prefix(&base_path).unwrap_or(url.path());
    if planned.summary.method != expected.method || path != expected.path {
        wrong.push(format!(
            "the request is {} {path}, {} {} is expected",
            planned.summary.method, expected.method, expected.path
        ));
    }
    let query: BTreeMap<String, String> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    for (name, value) in &expected.query {
        if query.get(name) != Some(value) {
            wrong.push(format!("the query parameter {name} is {:?}, {value:?} is expected", query.get(name)));
        }
    }
    for (name, value) in &expected.headers {
        let actual = planned.built.headers.iter().rev().find(|(own, _)| own.eq_ignore_ascii_case(name));
        if actual.map(|(_, value)| value) != Some(value) {
            wrong.push(format!("the header {name} is {actual:?}, {value:?} is expected"));
        }
    }
    if let Some(body) = &expected.body
        && planned.built.body.as_ref() != Some(body)
    {
        wrong.push(format!(
            "the body is {}, {body} is expected",
            planned.built.body.clone().unwrap_or(Value::Null)
        ));
    }
}

/// Members that the fixture names and that differ.
fn differences(place: &str, expected: &Value, actual: &Value, wrong: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(members), Value::Object(_)) => {
            for (name, member) in members {
                differences(&format!("{place}.{name}"), member, &actual[name.as_str()], wrong);
            }
        }
        (expected, actual) if expected == actual => {}
        _ => wrong.push(format!("{place} is {actual}, {expected} is expected")),
    }
}
