//! How the engine asks an adapter: requests that are not sent, and what comes of them.

use patchbay_model::descriptor::{BodyFormat, Method, Operation, Stream};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::Headers;
use serde_json::{Map, Value, json};

use super::{Answer, Ask, Call, Read, Work};
use crate::classify::Meaning;
use crate::compiled::{Built, CompiledOperation, CompiledRequest, CompiledStream};
use crate::engine::Engine;
use crate::exchange::{Outgoing, Sent, redact};
use crate::target::Target;

/// What an adapter does in the place of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Here {
    /// What people read where a request has its method.
    pub(crate) word: &'static str,
    part: Part,
    /// By which the adapter recognises the same call again.
    pub(crate) key: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Health,
    /// Whether only what changed since an earlier read.
    Read(String, bool),
    Call(String),
}

impl Target {
    pub(crate) fn health_request(&self) -> Result<Built, Problem> {
        let request = self.descriptor.health.request.as_ref();
        self.built(request, Ask::Health, Part::Health, json!({}), json!({}))
    }

    /// `scope` is what the templates of the request see; `since` says whether there is a checkpoint.
    pub(crate) fn stream_request(
        &self,
        shape: &Stream,
        ready: &CompiledStream,
        scope: Map<String, Value>,
        since: bool,
    ) -> Result<Built, Problem> {
        // Tokens and times are put there.
        let parent = scope.get("parent").and_then(Value::as_object).filter(|parent| !parent.is_empty());
        let body = parent.map_or_else(|| json!({}), |parent| json!({ "parent": parent }));
        let part = Part::Read(shape.id.clone(), since);
        self.built(ready.request.as_ref(), Ask::Read(&shape.id), part, body, Value::Object(scope))
    }

    pub(crate) fn operation_request(
        &self,
        shape: &Operation,
        ready: &CompiledOperation,
        params: &Value,
    ) -> Result<Built, Problem> {
        let (ask, part) = (Ask::Call(&shape.id, params), Part::Call(shape.id.clone()));
        let scope = json!({ "params": params });
        self.built(ready.request.as_ref(), ask, part, params.clone(), scope)
    }

    fn built(
        &self,
        request: Option<&CompiledRequest>,
        ask: Ask<'_>,
        part: Part,
        body: Value,
        scope: Value,
    ) -> Result<Built, Problem> {
        let config = &self.connection.config;
        match (self.descriptor.adapter(), request) {
            (None, Some(request)) => self.descriptor.build(request, config, scope).map_err(Problem::from),
            (None, None) => Err(Problem::new(Code::Internal).detail("there is no request")),
            (Some(adapter), _) => match adapter.plan(&self.connection, ask) {
                Ok(Work::Here(word, url)) => Ok(Built {
                    here: Some(Box::new(Here { word, part, key: None })),
                    method: Method::default(),
                    url,
                    headers: Vec::new(),
                    body: Some(body),
                    body_format: BodyFormat::Json,
                }),
                Ok(Work::Request(request)) => Ok(Built {
                    here: None,
                    method: request.method,
                    url: request.url,
                    headers: request.headers,
                    body: request.body,
                    body_format: request.body_format,
                }),
                Err(problem) => Err(problem.with_default("tool", self.tool())),
            },
        }
    }
}

impl Engine {
    /// Lets the adapter do it, in the time that a request would have.
    pub(crate) async fn here(&self, send: &Outgoing<'_>, here: &Here) -> Sent {
        let target = send.target;
        let Some(adapter) = target.descriptor.adapter() else {
            return Sent::unsent(Problem::new(Code::Internal).detail("there is no adapter"));
        };
        let (connection, nothing) = (&target.connection, Value::Null);
        let asked = send.built.body.as_ref().unwrap_or(&nothing);
        let work = async {
            match &here.part {
                Part::Health => adapter.health(connection).await,
                Part::Read(stream, true) => adapter.delta(connection, Read { stream, asked }).await,
                Part::Read(stream, false) => adapter.backfill(connection, Read { stream, asked }).await,
                Part::Call(operation) => {
                    let key = here.key.as_deref();
                    adapter.call(connection, Call { operation, params: asked, key }).await
                }
            }
        };
        let started = self.clock.monotonic();
        let patience = self.bounds(target).answer(send.timeout);
        let answer = tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Answer {
            meaning: Meaning::Unknown(Problem::new(Code::TimeoutResponse)),
            body: Value::Null,
        });
        let took = self.clock.monotonic().saturating_sub(started);
        let mut sent = answered(answer, target.tool(), send.effect);
        let redactor = self.redactor(target);
        sent.meaning = match sent.meaning {
            Meaning::NotDone(problem) => Meaning::NotDone(redact(problem, &redactor)),
            Meaning::Unknown(problem) => Meaning::Unknown(redact(problem, &redactor)),
            Meaning::DoneUnread(problem) => Meaning::DoneUnread(redact(problem, &redactor)),
            done @ (Meaning::Done | Meaning::Empty) => done,
        };
        redactor.clean(&mut sent.body);
        Sent { took, ..sent }
    }
}

/// An answer as the rest of the engine knows answers.
pub(crate) fn answered(answer: Answer, tool: &str, effect: bool) -> Sent {
    let named = |problem: Problem| problem.with_default("tool", tool);
    let meaning = match answer.meaning {
        Meaning::NotDone(problem) => Meaning::NotDone(named(problem)),
        Meaning::Unknown(problem) if effect => Meaning::Unknown(named(problem)),
        // What only reads can be asked again.
        Meaning::Unknown(problem) => Meaning::NotDone(named(problem)),
        Meaning::DoneUnread(problem) => Meaning::DoneUnread(named(problem)),
        done @ (Meaning::Done | Meaning::Empty) => done,
    };
    let bytes = if answer.body.is_null() { 0 } else { answer.body.to_string().len() as u64 };
    Sent {
        meaning,
        status: None,
        answered: true,
        headers: Headers::default(),
        body: answer.body,
        took: std::time::Duration::ZERO,
        bytes,
        held_at: None,
    }
}
