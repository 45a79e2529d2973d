//! Adapters: what this computer offers, behind the same door as every service.
//!
//! A descriptor of `kind: native` has no requests; an adapter that is registered under its id does
//! what is asked. Everything else is shared with the others: parameters are checked against their
//! schema, calls are paced and recorded, outcomes are done, not done or unknown.

mod adapters;
pub mod files;
mod http;
mod notifications;
mod run;

use async_trait::async_trait;
use patchbay_model::Connection;
use patchbay_model::connection::Account;
use patchbay_model::descriptor::{BodyFormat, Method};
use patchbay_model::problem::{Code, Problem};
use serde_json::{Map, Value};
use url::Url;

use crate::classify::Meaning;

pub use adapters::{Adapters, Unserved};
pub use files::LocalFiles;
pub use http::HttpRequests;
pub use notifications::DesktopNotifications;
pub(crate) use run::{Here, answered};

/// What is asked of an adapter.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// Whether the connection works.
    Health,
    /// A page of this stream.
    Read(&'a str),
    /// This operation with these parameters, which fit its schema.
    Call(&'a str, &'a Value),
}

/// What will be done for it. Making it has no effect and sends nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// The adapter does it: one word for what it does, such as `WRITE`, and to what, for people.
    Here(&'static str, Url),
    /// This request. The engine sends it as it sends any other: to approved origins only, with the
    /// connection's secret, and judges the answer in the same way.
    Request(HttpRequest),
}

/// An HTTP request that an adapter asks the engine to send. Holds no secret.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Value>,
    /// How the body is written.
    pub body_format: BodyFormat,
}

/// A page to read.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The stream.
    pub stream: &'a str,
    /// What the descriptor's `delta` and `pagination` put there: times, tokens, sizes.
    pub asked: &'a Value,
}

/// An operation to call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The operation.
    pub operation: &'a str,
    /// Its parameters; they fit its schema.
    pub params: &'a Value,
    /// The same for every attempt of one call, where its operation has the idempotency `key`.
    pub key: Option<&'a str>,
}

/// Something that a service sent by itself.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The headers, in their order.
    pub headers: &'a [(String, String)],
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Done, not done or unknown. A read is never unknown.
    pub meaning: Meaning,
    /// What the descriptor's paths look at.
    pub body: Value,
}

impl Answer {
    /// It happened, or here it is.
    pub fn done(body: Value) -> Self {
        Self { meaning: Meaning::Done, body }
    }

    /// It certainly did not happen.
    pub fn not_done(problem: Problem) -> Self {
        Self { meaning: Meaning::NotDone(problem), body: Value::Null }
    }
}

impl From<Result<Value, Problem>> for Answer {
    fn from(result: Result<Value, Problem>) -> Self {
        result.map_or_else(Self::not_done, Self::done)
    }
}

/// What answers in the place of a service. One for each connector, for all its connections.
///
/// Parts that an adapter has no use for stay as they are here: they say `NOT_OFFERED`.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// The connector that it is for.
    fn id(&self) -> &'static str;

    /// Its own version (semantic versioning 2.0).
    fn version(&self) -> &'static str;

    /// The versions of the descriptor that it serves, as a range such as `^1`.
    fn serves(&self) -> &'static str;

    /// What these settings grant, written so that it means one thing only: origins, or addresses of
    /// folders. The user approves it by saving the settings, it is kept with the connection, and the
    /// adapter goes by what is kept. `INPUT_INVALID` about the setting that cannot be granted.
    fn grants(&self, config: &Map<String, Value>) -> Result<Vec<String>, Problem>;

    /// What will be done. Refuses what the connection does not grant.
    fn plan(&self, connection: &Connection, ask: Ask<'_>) -> Result<Work, Problem>;

    /// Signs in by means of its own, and says as whom. Nothing calls it before the first adapter
    /// that has such a sign-in.
    async fn authorise(&self, _: &Connection) -> Result<Account, Problem> {
        Err(not_offered(self.id(), "There is no sign-in."))
    }

    /// Renews what `authorise` gave.
    async fn refresh(&self, _: &Connection) -> Result<(), Problem> {
        Err(not_offered(self.id(), "There is no sign-in to renew."))
    }

    /// Whether the connection works.
    async fn health(&self, connection: &Connection) -> Answer;

    /// Whether that asks somebody. Where there is nobody to ask before a step does something, a test
    /// must not say that it was answered.
    fn asks_for_health(&self) -> bool {
        true
    }

    /// A page of everything.
    async fn backfill(&self, _: &Connection, read: Read<'_>) -> Answer {
        Answer::not_done(not_offered(self.id(), &format!("There is no stream \"{}\".", read.stream)))
    }

    /// A page of what changed since the time or token in `asked`.
    async fn delta(&self, _: &Connection, read: Read<'_>) -> Answer {
        Answer::not_done(not_offered(self.id(), &format!("There is no stream \"{}\".", read.stream)))
    }

    /// The items in a delivery. Nothing calls it before the gateway for deliveries is there.
    async fn webhook(&self, _: &Connection, _: Delivery<'_>) -> Answer {
        Answer::not_done(not_offered(self.id(), "It takes no deliveries."))
    }

    /// One attempt of an operation.
    async fn call(&self, _: &Connection, call: Call<'_>) -> Answer {
        Answer::not_done(not_offered(self.id(), &format!("There is no operation \"{}\".", call.operation)))
    }
}

/// The tool's name is filled in where it is known.
pub(crate) fn not_offered(id: &str, message: &str) -> Problem {
    Problem::new(Code::NotOffered).with("message", message).detail(format!("the adapter of \"{id}\""))
}
