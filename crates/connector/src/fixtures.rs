//! Plays fixtures: the interpreter without a network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use patchbay_descriptor::fixture::{Case, ExpectedRequest, Fixture, Response};
use patchbay_model::connection::{Connection, ConnectionState};
use patchbay_model::descriptor::Descriptor;
use patchbay_model::problem::Problem;
use patchbay_model::run::Outcome;
use patchbay_model::{ConnectionId, ConnectorId, Timestamp};
use patchbay_net::Headers;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::classify::{self, Asked, Seen};
use crate::compiled::Compiled;
use crate::engine::{Sent, Target, TargetCredential, judge_health};
use crate::operation::outcome;
use crate::paging::Pager;
use crate::plan::{Planned, plan};
use crate::settings::settings;
use crate::sync::{find, map_page};

/// What the fixtures of one connector showed.
#[derive(Clone, Debug, Serialize)]
pub struct FixtureReport {
    /// The connector.
    pub connector: ConnectorId,
    /// Each case.
    pub cases: Vec<CaseReport>,
}

/// What one case showed.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Whether everything came out as the fixture says.
    pub passed: bool,
    /// What did not.
    pub messages: Vec<String>,
}

/// Plays every fixture.
pub fn run(descriptor: &Arc<Descriptor>, fixtures: &[Fixture]) -> FixtureReport {
    let cases = fixtures
        .iter()
        .map(|fixture| {
            let messages = match target(descriptor, fixture) {
                Ok(target) => play(&target, &fixture.case).unwrap_or_else(|problem| vec![words(&problem)]),
                Err(problem) => vec![words(&problem)],
            };
            CaseReport { name: fixture.name.clone(), passed: messages.is_empty(), messages }
        })
        .collect();
    FixtureReport { connector: descriptor.id.clone(), cases }
}

fn words(problem: &Problem) -> String {
    format!("{}: {}. {}", problem.code(), problem.title(), problem.hint())
}

fn target(descriptor: &Arc<Descriptor>, fixture: &Fixture) -> Result<Target, Problem> {
    let compiled = Arc::new(Compiled::new(descriptor.clone()).map_err(Problem::from)?);
    let config = settings(descriptor, &fixture.config)?;
    let connection = Connection {
        id: ConnectionId::new("fixture"),
        name: "fixture".into(),
        connector: descriptor.id.clone(),
        descriptor_version: descriptor.version.clone(),
        auth_method: None,
        origins: compiled.origins(&config).map_err(Problem::from)?,
        config,
        allow_private: false,
        state: ConnectionState::Connected,
        paused: false,
        scopes: Vec::new(),
        account: None,
        metadata: Map::new(),
        created_at: Timestamp::UNIX_EPOCH,
        last_connected_at: None,
        last_tested_at: None,
        last_error: None,
        calls_ok: 0,
        calls_failed: 0,
    };
    Ok(Target { descriptor: compiled, connection, credential: TargetCredential::None })
}

fn play(target: &Target, case: &Case) -> Result<Vec<String>, Problem> {
    let mut wrong = Vec::new();
    match case {
        Case::Stream { stream, pages, signals, quarantined } => {
            let (shape, ready) = find(target, stream)?;
            let built = target.descriptor.build(&ready.request, &target.connection.config, json!({}))?;
            let mut pager = Pager::new(target.paging(shape.pagination.as_ref()), target.tool());
            let mut request = pager.first(built);
            let (mut found, mut aside) = (Vec::new(), 0);
            for (index, response) in pages.iter().enumerate() {
                let sent = answer(target, false, false, &[], response);
                let body = sent.body()?;
                let page = map_page(target, stream, ready, body);
                aside += page.quarantined.len();
                let next = pager.next(&request, &sent.headers, body, page.items)?;
                found.extend(page.signals);
                match (next, index + 1 == pages.len()) {
                    (Some(next), false) => request = next,
                    (None, true) => {}
                    (Some(_), true) => wrong.push("after the last page another one is asked for".into()),
                    (None, false) => wrong.push(format!("paging ends after page {}", index + 1)),
                }
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
            let planned = plan(target, operation, params)?;
            compare_request(target, &planned, request, &mut wrong);
            let shape = target.descriptor.descriptor().operation(operation);
            let refused = shape.map_or(&[][..], |o| &o.refused_status);
            let names_item = shape.is_some_and(|o| o.request.path.contains("params."));
            let sent = answer(target, planned.effect, names_item, refused, response);
            match (outcome(target, operation, &sent), problem) {
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
        Case::Health { response, healthy, identity, problem } => {
            let sent = answer(target, false, false, &[], response);
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

/// What the engine makes of an answer.
fn answer(target: &Target, effect: bool, names_item: bool, refused: &[u16], response: &Response) -> Sent {
    let headers = Headers::new(response.headers.clone().into_iter().collect());
    let body = response.body.clone().unwrap_or(Value::Null);
    let descriptor = target.descriptor.descriptor();
    let asked = Asked {
        effect,
        names_item,
        refused_status: refused,
        tool: &descriptor.name,
        rules: &target.descriptor.rules,
        limits: &descriptor.limits,
        now: Timestamp::UNIX_EPOCH,
    };
    let meaning =
        classify::answer(&asked, &Seen { status: response.status, headers: &headers, body: Ok(&body) });
    Sent { meaning, status: Some(response.status), headers, body, took: Duration::ZERO, bytes: 0 }
}

fn compare_request(target: &Target, planned: &Planned, expected: &ExpectedRequest, wrong: &mut Vec<String>) {
    let url = &planned.built.url;
    let base = target.descriptor.origins(&target.connection.config).unwrap_or_default();
    let base_path = url::Url::parse(&target.descriptor.descriptor().base_url)
        .map_or_else(|_| String::new(), |url| url.path().trim_end_matches('/').to_owned());
    let path = url.path().strip_prefix(&base_path).unwrap_or(url.path());
    if planned.summary.method != expected.method || path != expected.path {
        wrong.push(format!(
            "the request is {} {path} at {base:?}, {} {} is expected",
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
