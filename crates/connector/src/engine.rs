//! The engine: sends what was planned and says what came of it.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use patchbay_auth::{Authoriser, Credential, Redactor};
use patchbay_model::connection::Account;
use patchbay_model::descriptor::{Method, Paging};
use patchbay_model::problem::{Code, Problem, Retry};
use patchbay_model::{Clock, Connection};
use patchbay_net::{Answer, Client, Failure, Headers, Request, json_body};
use patchbay_store::{Call, CallKind, Store};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::classify::{self, Asked, Meaning, Seen};
use crate::compiled::{Built, Compiled};
use crate::pace::Pace;
use crate::paging::bare;

/// The interpreter of connectors. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) net: Client,
    pub(crate) authoriser: Authoriser,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pace: Pace,
}

/// A connection joined with its connector.
#[derive(Clone)]
pub struct Target {
    /// The connector.
    pub descriptor: Arc<Compiled>,
    /// The connection.
    pub connection: Connection,
    /// Where its secret comes from.
    pub credential: TargetCredential,
}

/// Where a connection's secret comes from.
#[derive(Clone)]
pub enum TargetCredential {
    /// The database, sealed.
    Stored,
    /// The user, who has just entered it. The connection is not stored yet.
    Given(Credential),
    /// There is none.
    None,
}

impl Target {
    fn is_stored(&self) -> bool {
        matches!(self.credential, TargetCredential::Stored)
    }

    pub(crate) fn tool(&self) -> &str {
        &self.descriptor.descriptor().name
    }

    pub(crate) fn paging<'d>(&'d self, own: Option<&'d Paging>) -> Option<&'d Paging> {
        own.or(self.descriptor.descriptor().defaults.pagination.as_ref())
    }
}

/// A connection that works.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Whose it is, where the service says.
    pub account: Option<Account>,
    /// How long the answer took.
    pub took: Duration,
}

/// What an address of a service holds.
#[derive(Clone, Debug, Serialize)]
pub struct RawRead {
    /// The body.
    pub data: Value,
    /// Where it came from, without secrets.
    pub url: String,
    /// The status code.
    pub status: u16,
}

/// One request, as the engine sends it.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) target: &'a Target,
    pub(crate) method: Method,
    pub(crate) built: &'a Built,
    pub(crate) effect: bool,
    pub(crate) names_item: bool,
    pub(crate) refused_status: &'a [u16],
    pub(crate) key: Option<(&'a str, &'a str)>,
    pub(crate) timeout: Duration,
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
    fn unsent(problem: Problem) -> Self {
        Self {
            meaning: Meaning::NotDone(problem),
            status: None,
            headers: Headers::default(),
            body: Value::Null,
            took: Duration::ZERO,
            bytes: 0,
        }
    }

    /// The body, or the problem.
    pub(crate) fn body(&self) -> Result<&Value, Problem> {
        match &self.meaning {
            Meaning::Done | Meaning::Empty => Ok(&self.body),
            Meaning::DoneUnread(problem) | Meaning::NotDone(problem) | Meaning::Unknown(problem) => {
                Err(problem.clone())
            }
        }
    }
}

impl Engine {
    /// Puts the parts together.
    pub fn new(net: Client, authoriser: Authoriser, store: Store, clock: Arc<dyn Clock>) -> Self {
        let pace = Pace::new(store.limits(), clock.clone());
        Self { net, authoriser, store, clock, pace }
    }

    /// Makes one attempt.
    pub(crate) async fn send(&self, send: Outgoing<'_>) -> Sent {
        let target = send.target;
        let descriptor = target.descriptor.descriptor();
        let key = gate_key(target, &send.built.url);
        let _permit = match self.pace.admit(&key, &descriptor.limits, &descriptor.name).await {
            Ok(permit) => permit,
            Err(problem) => return Sent::unsent(problem),
        };
        let mut request = net_request(&send);
        let redactor = match self.authorise(target, &mut request).await {
            Ok(redactor) => redactor,
            Err(problem) => {
                self.pace.learn(&key, &descriptor.limits, Some(Code::StorageBusy), None);
                return Sent::unsent(problem.with_default("tool", &descriptor.name));
            }
        };
        let asked = Asked {
            effect: send.effect,
            names_item: send.names_item,
            refused_status: send.refused_status,
            tool: &descriptor.name,
            rules: &target.descriptor.rules,
            limits: &descriptor.limits,
            now: self.clock.now(),
        };
        let sent = match self.net.send(request).await {
            Ok(answer) => judge(&asked, answer, &redactor),
            Err(failure) => Sent {
                meaning: classify::failure(&asked, &failure),
                ..Sent::unsent(Problem::new(Code::Internal))
            },
        };
        let code = match &sent.meaning {
            Meaning::Done | Meaning::Empty | Meaning::DoneUnread(_) => None,
            Meaning::NotDone(problem) | Meaning::Unknown(problem) => Some(problem),
        };
        let asked_pause = code
            .filter(|problem| problem.code() == Code::RateLimited)
            .and_then(Problem::when)
            .map(|at| at.duration_since(asked.now));
        let hold = asked_pause.or_else(|| classify::hold(&descriptor.limits, &sent.headers, asked.now));
        let hold = hold.and_then(|wait| Duration::try_from(wait).ok());
        self.pace.learn(&key, &descriptor.limits, code.map(Problem::code), hold);
        sent
    }

    async fn authorise(&self, target: &Target, request: &mut Request) -> Result<Redactor, Problem> {
        let (connection, descriptor) = (&target.connection, target.descriptor.descriptor());
        match &target.credential {
            TargetCredential::Stored => Ok(self.authoriser.authorise(connection, descriptor, request).await?),
            TargetCredential::Given(credential) => {
                Ok(self.authoriser.authorise_with(connection, descriptor, credential, request)?)
            }
            TargetCredential::None => {
                Ok(self.authoriser.authorise_with(connection, descriptor, &Credential::default(), request)?)
            }
        }
    }

    /// Sends a read, and again with full-jitter back-off while that may help: at most `tries` times.
    /// Pauses that the service asks for are honoured up to thirty seconds. Gives the number of
    /// repeats too.
    pub(crate) async fn read<'a>(&self, send: impl Fn() -> Outgoing<'a>, tries: usize) -> (Sent, u32) {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(300))
            .with_jitter()
            .with_max_times(tries.saturating_sub(1))
            .build();
        let mut repeats = 0;
        loop {
            let sent = self.send(send()).await;
            let Meaning::NotDone(problem) = &sent.meaning else {
                return (sent, repeats);
            };
            let Some(own) = pauses.next() else {
                return (sent, repeats);
            };
            let pause = match problem.code().retry() {
                Retry::Never | Retry::User => return (sent, repeats),
                Retry::Safe | Retry::Wait => problem.when().map_or(own, |at| {
                    Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default().max(own)
                }),
            };
            if pause > Duration::from_secs(30) {
                return (sent, repeats);
            }
            tokio::time::sleep(pause).await;
            repeats += 1;
        }
    }

    /// Writes a call down. Figures are for people: a figure that cannot be written costs no work.
    pub(crate) async fn record(&self, target: &Target, call: Call) {
        if !target.is_stored() {
            return;
        }
        if let Err(error) = self.store.call_record(call).await {
            tracing::warn!(%error, "a call could not be written down");
        }
    }

    pub(crate) fn call_figure(&self, target: &Target, operation: &str, kind: CallKind, took: Duration) -> Call {
        let now = self.clock.now();
        Call {
            at: now.checked_sub(took).unwrap_or(now),
            connection: target.connection.id.clone(),
            operation: operation.to_owned(),
            kind,
            duration_ms: took.as_millis() as u64,
            success: true,
            records: 0,
            code: None,
            retries: 0,
            bytes: 0,
        }
    }

    /// Asks whether the connection works, with one request.
    pub async fn health(&self, target: &Target) -> Result<Health, Problem> {
        let health = &target.descriptor.health;
        let check = &target.descriptor.descriptor().health_check;
        let built = target
            .descriptor
            .build(&health.request, &target.connection.config, json!({}))
            .map_err(Problem::from)?;
        let sent = self
            .send(Outgoing {
                target,
                method: check.request.method,
                built: &built,
                effect: false,
                names_item: false,
                refused_status: &[],
                key: None,
                timeout: Duration::from_millis(check.timeout_ms.unwrap_or(10_000)),
            })
            .await;
        let verdict = judge_health(target, &sent);
        let mut call = self.call_figure(target, "health", CallKind::Test, sent.took);
        call.success = verdict.is_ok();
        call.code = verdict.as_ref().err().map(Problem::code);
        call.bytes = sent.bytes;
        self.record(target, call).await;
        verdict
    }

    /// Reads one address below the connection's base address.
    pub async fn get(
        &self,
        target: &Target,
        path: &str,
        query: &[(String, String)],
    ) -> Result<RawRead, Problem> {
        let invalid =
            |message: &str| Problem::new(Code::InputInvalid).with("field", "The path").with("message", message);
        let path_only = path.split(['?', '#']).next().unwrap_or_default();
        if !path.starts_with('/') || path_only.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(invalid("It begins with a slash and has no \"..\"."));
        }
        let base = target.descriptor.origins(&target.connection.config).map_err(Problem::from)?;
        let base_url = target
            .connection
            .config
            .get("baseUrl")
            .and_then(Value::as_str)
            .map_or_else(|| target.descriptor.descriptor().base_url.clone(), str::to_owned);
        let mut url = Url::parse(&format!("{}{path}", base_url.trim_end_matches('/')))
            .map_err(|_| invalid("It is not part of an address."))?;
        if patchbay_net::origin_of(&url).is_none_or(|origin| !base.contains(&origin)) {
            return Err(invalid("It leads to another service."));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let headers = target.descriptor.descriptor().defaults.headers.clone();
        let headers = headers.into_iter().filter(|(_, value)| !value.contains("{{")).collect();
        let built = Built { url, headers, body: None };
        let send = || Outgoing {
            target,
            method: Method::Get,
            built: &built,
            effect: false,
            names_item: true,
            refused_status: &[],
            key: None,
            timeout: Duration::from_secs(60),
        };
        let (sent, retries) = self.read(send, 3).await;
        let mut call = self.call_figure(target, path_only, CallKind::Read, sent.took);
        let body = sent.body().cloned();
        call.success = body.is_ok();
        call.code = body.as_ref().err().map(Problem::code);
        (call.retries, call.bytes) = (retries, sent.bytes);
        self.record(target, call).await;
        let item = format!("The address {}", bare(&built.url));
        Ok(RawRead {
            data: body.map_err(|problem| problem.with("item", item))?,
            url: bare(&built.url),
            status: sent.status.unwrap_or_default(),
        })
    }
}

/// Limits belong to a connection and the host it calls; a trial before connecting has its own.
fn gate_key(target: &Target, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}@{host}{port}", target.connection.id)
}

fn net_request(send: &Outgoing<'_>) -> Request {
    let limits = &send.target.descriptor.descriptor().limits;
    let mut request = Request::new(send.method, send.built.url.clone());
    request.headers.clone_from(&send.built.headers);
    if let Some(body) = &send.built.body {
        request.body = Some(body.to_string().into_bytes());
        request.content_type = Some("application/json");
    }
    if let Some((name, key)) = send.key {
        request.headers.push((name.to_owned(), key.to_owned()));
    }
    request.effect = send.effect;
    request.timeout = limits.timeout_ms.map_or(send.timeout, |ms| send.timeout.min(Duration::from_millis(ms)));
    request.origins.clone_from(&send.target.connection.origins);
    request.allow_private = send.target.connection.allow_private;
    request
}

fn judge(asked: &Asked<'_>, answer: Answer, redactor: &Redactor) -> Sent {
    let Answer { status, headers, body, took, .. } = answer;
    let bytes = body.as_ref().map_or(0, |body| body.len() as u64);
    let parsed = body.and_then(|body| parse(status, &headers, &body, asked.effect));
    let meaning = classify::answer(asked, &Seen { status, headers: &headers, body: parsed.as_ref() });
    let clean = |problem: Problem| redact(problem, redactor);
    let meaning = match meaning {
        Meaning::DoneUnread(problem) => Meaning::DoneUnread(clean(problem)),
        Meaning::NotDone(problem) => Meaning::NotDone(clean(problem)),
        Meaning::Unknown(problem) => Meaning::Unknown(clean(problem)),
        done @ (Meaning::Done | Meaning::Empty) => done,
    };
    // A service that echoes a key must not bring it into our journal.
    let body = redactor.value(&parsed.unwrap_or(Value::Null));
    Sent { meaning, status: Some(status), headers, body, took, bytes }
}

/// Takes secrets out of what a problem says.
fn redact(problem: Problem, redactor: &Redactor) -> Problem {
    let detail = problem.technical().map(|text| redactor.text(text));
    let mut clean = problem;
    for name in ["message", "permission", "item"] {
        if let Some(text) = clean.param(name).map(|text| redactor.text(text)) {
            clean = clean.with(name, text);
        }
    }
    match detail {
        Some(text) => clean.detail(text),
        None => clean,
    }
}

/// The body as JSON. Nothing at all is null; where data was promised, a page for people is an error.
fn parse(status: u16, headers: &Headers, body: &[u8], effect: bool) -> Result<Value, Failure> {
    let ok = (200..300).contains(&status);
    let fault =
        |code: Code, detail: &str| Failure { code, sent: true, host: String::new(), detail: detail.to_owned() };
    if body.iter().all(u8::is_ascii_whitespace) {
        return match (ok, status, effect) {
            (true, 200, false) => Err(fault(Code::UnexpectedContent, "the answer is empty")),
            _ => Ok(Value::Null),
        };
    }
    let media = headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    match json_body(body) {
        Ok(value) => Ok(value),
        Err(_) if !ok => Ok(Value::Null),
        Err(_) if media.contains("html") || body.trim_ascii_start().starts_with(b"<") => {
            Err(fault(Code::UnexpectedContent, "a page for people came instead of data"))
        }
        Err(failure) => Err(failure),
    }
}

pub(crate) fn judge_health(target: &Target, sent: &Sent) -> Result<Health, Problem> {
    let health = &target.descriptor.health;
    let check = &target.descriptor.descriptor().health_check;
    let body = sent.body()?;
    if let Some(status) = sent.status
        && !check.expect_status.is_empty()
        && !check.expect_status.contains(&status)
    {
        return Err(Problem::new(Code::UnexpectedContent)
            .with("tool", target.tool())
            .detail(format!("status {status}")));
    }
    if health.expect.as_ref().is_some_and(|expect| !expect.holds(body)) {
        return Err(Problem::new(Code::UnexpectedContent)
            .with("tool", target.tool())
            .detail("the answer does not say that all is well"));
    }
    let text = |path: &Option<patchbay_map::Path>| {
        path.as_ref().and_then(|path| path.first(body)).and_then(|value| match value {
            Value::String(text) => Some(patchbay_model::text::display_line(text, 100)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let label = text(&health.identity);
    let account = text(&health.account)
        .or_else(|| label.clone())
        .map(|id| Account { label: label.unwrap_or_else(|| id.clone()), id });
    Ok(Health { account, took: sent.took })
}
