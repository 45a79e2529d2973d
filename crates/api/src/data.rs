//! Data of connections: sync, raw reads, single operations.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_connector::{RawRead, SyncOptions, SyncReport, Target};
use patchbay_model::descriptor::Stream;
use patchbay_model::permissions::may_read;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Outcome, RequestSummary};
use patchbay_model::{Event, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::workspace::Workspace;

/// What to read.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncRequest {
    /// The connection.
    pub name: String,
    /// Only this stream; all where absent.
    #[serde(default)]
    pub stream: Option<String>,
    /// At most this many pages per stream.
    #[serde(default)]
    pub max_pages: Option<u32>,
}

/// A connection that the user switched off is not used.
pub(crate) fn check_resumed(target: &Target) -> Result<(), Problem> {
    if !target.connection.paused {
        return Ok(());
    }
    let name = &target.connection.name;
    Err(Problem::new(Code::InputInvalid)
        .with("field", format!("The connection \"{name}\""))
        .with("message", "It is paused. Resume it first.")
        .about(Subject::Connection { name: name.clone() }))
}

/// Says on the screen that a failure may have changed how the connection is.
fn told<T>(workspace: &Workspace, target: &Target, result: Result<T, Problem>) -> Result<T, Problem> {
    if result.is_err() {
        workspace.events().emit(Event::ConnectionChanged { id: target.connection.id.clone() });
    }
    result
}

/// What was read.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SyncResponse {
    /// One report per stream.
    pub streams: Vec<SyncReport>,
}

/// Reads what is new from a connection, page by page into the store.
pub async fn sync(hub: &Hub, workspace: &str, request: SyncRequest) -> Result<SyncResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let target = workspace.target(&request.name).await?;
    check_resumed(&target)?;
    let descriptor = target.descriptor.descriptor();
    // One that is named is tried, whatever was granted: the service has the last word.
    let wanted = |stream: &&Stream| match &request.stream {
        Some(wanted) => *wanted == stream.id,
        None => may_read(&target.connection, descriptor, stream),
    };
    let streams: Vec<String> =
        descriptor.streams.iter().filter(wanted).map(|stream| stream.id.clone()).collect();
    if streams.is_empty() && request.stream.is_none() && !descriptor.streams.is_empty() {
        let needed = descriptor.streams.iter().flat_map(|stream| stream.scopes.clone());
        return Err(Problem::new(Code::PermissionDenied)
            .with("tool", &descriptor.name)
            .with("permission", needed.collect::<Vec<_>>().join(", "))
            .about(Subject::Connection { name: target.connection.name.clone() }));
    }
    if streams.is_empty() {
        let known: Vec<_> = target.descriptor.descriptor().streams.iter().map(|s| s.id.as_str()).collect();
        return Err(Problem::new(Code::NotFound)
            .with("item", format!("The stream \"{}\"", request.stream.unwrap_or_default()))
            .detail(format!("this connector has: {}", known.join(", "))));
    }
    let mut reports = Vec::with_capacity(streams.len());
    for stream in streams {
        let reader = workspace.begin_reading(&target.connection.id, &stream).await;
        let watch = |report: &SyncReport| reader.went_on(report);
        let options =
            SyncOptions { max_pages: request.max_pages, watch: Some(&watch), ..SyncOptions::default() };
        let report = workspace.engine().sync(&target, &stream, options).await;
        let report = told(&workspace, &target, report)?;
        if report.new > 0 {
            let connection = target.connection.id.clone();
            workspace.events().emit(Event::SignalsArrived { connection, count: report.new });
        }
        reports.push(report);
    }
    Ok(SyncResponse { streams: reports })
}

/// What to read.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct GetRequest {
    /// The connection.
    pub name: String,
    /// Path below the connection's address, starting with `/`.
    pub path: String,
    /// Query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
}

/// Reads one address of a connection's service. Approved origins only; only `GET`.
pub async fn get(hub: &Hub, workspace: &str, request: GetRequest) -> Result<RawRead, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let target = workspace.target(&request.name).await?;
    check_resumed(&target)?;
    let query: Vec<(String, String)> = request.query.into_iter().collect();
    let read = workspace.engine().get(&target, &request.path, &query).await;
    told(&workspace, &target, read)
}

/// What to call.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallRequest {
    /// The connection.
    pub name: String,
    /// The operation.
    pub operation: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Value,
    /// Build and show the request; send nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What calling gave.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallResponse {
    /// The operation.
    pub operation: String,
    /// What was, or would have been, sent; without secrets.
    pub request: RequestSummary,
    /// Whether it was sent.
    pub sent: bool,
    /// The result, where there is one.
    pub result: Option<Value>,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// From the first byte sent to the last received, in milliseconds.
    pub took_ms: u64,
    /// When the service last said so, where the answer is a copy that stands for its own.
    pub held_at: Option<Timestamp>,
    /// How old that copy is, in seconds.
    pub age_seconds: Option<u64>,
}

/// Calls one operation once. Nothing is repeated: a call by hand is for the user to repeat.
pub async fn call(hub: &Hub, workspace: &str, request: CallRequest) -> Result<CallResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let target = workspace.target(&request.name).await?;
    let about = |problem: Problem| problem.about(Subject::Connection { name: request.name.clone() });
    let params = if request.params.is_null() { serde_json::json!({}) } else { request.params.clone() };
    let planned = workspace.engine().plan(&target, &request.operation, &params).map_err(about)?;
    let summary = planned.summary.clone();
    if request.dry_run {
        return Ok(CallResponse {
            operation: request.operation,
            request: summary,
            sent: false,
            result: None,
            status: None,
            took_ms: 0,
            held_at: None,
            age_seconds: None,
        });
    }
    check_resumed(&target)?;
    let key = patchbay_model::RunId::generate().to_string();
    let result = workspace.engine().call_shown(&target, &planned, Some(&key), Duration::from_secs(60)).await;
    let output = match result.outcome {
        Outcome::Done { output, .. } => Some(output),
        Outcome::NotDone { problem } | Outcome::Quarantined { problem } => {
            return told(&workspace, &target, Err(about(problem)));
        }
        Outcome::Unknown { problem } => {
            return Err(about(
                Problem::new(Code::UnknownOutcome)
                    .with("item", format!("\"{}\"", request.operation))
                    .with("tool", &target.descriptor.descriptor().name)
                    .detail(format!("{}. {}", problem.title(), problem.technical().unwrap_or_default())),
            ));
        }
        Outcome::Skipped | Outcome::Shown { .. } => None,
    };
    Ok(CallResponse {
        operation: request.operation,
        request: summary,
        sent: true,
        result: output,
        status: result.status,
        took_ms: result.took.as_millis() as u64,
        held_at: result.held_at,
        age_seconds: result
            .held_at
            .map(|at| u64::try_from(hub.clock().now().duration_since(at).as_secs()).unwrap_or_default()),
    })
}
