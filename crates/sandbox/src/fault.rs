//! Fault switches, so that every error path can be seen.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::odd::{Odd, bend};

/// A pretend tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tool {
    /// Sandbox Tracker.
    Tracker,
    /// Sandbox Chat.
    Chat,
    /// Sandbox Sheet.
    Sheet,
}

/// What is wrong with a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The key is refused: 401. A refresh is refused as `invalid_grant`.
    Expired,
    /// Answers take `ms` longer.
    Slow,
    /// Too many requests: 429 with `Retry-After`.
    Limited,
    /// Not available: 503.
    Down,
    /// A mistake of the service: 500.
    Broken,
    /// Answers that are not what was promised.
    OddData,
    /// What was asked for happens, durably; then the connection is cut without a status line.
    DiesAfterEffect,
}

/// A switch: a fault, for the next so many requests, on paths that contain a text. An unknown member
/// is refused, for a switch with a typing mistake would make a test prove nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Switch {
    /// What is wrong.
    pub(crate) fault: Fault,
    /// Milliseconds, for `slow`; 1,000 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ms: Option<u64>,
    /// Seconds to wait, for `limited`; 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u64>,
    /// In what way, for `odd_data`; `mixed` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) odd: Option<Odd>,
    /// For how many requests; until switched off where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u32>,
    /// Only requests whose method and path contain this, such as `POST /channels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<String>,
}

/// The switches of each tool.
pub(crate) type Switches = BTreeMap<Tool, Vec<Switch>>;

/// The switch that this request meets, the first that fits; uses up one of its times.
pub(crate) fn take(
    switches: &mut Switches,
    tool: Tool,
    request: &str,
    fits: impl Fn(Fault) -> bool,
) -> Option<Switch> {
    let switch = switches.get_mut(&tool)?.iter_mut().find(|switch| {
        switch.times != Some(0)
            && fits(switch.fault)
            && switch.on.as_ref().is_none_or(|part| request.contains(part.as_str()))
    })?;
    if let Some(times) = &mut switch.times {
        *times -= 1;
    }
    Some(switch.clone())
}

/// An answer with a message, as both tools give it.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": { "message": message } }))).into_response()
}

/// The answer to a request that meets a fault before it is acted on; none where it is acted on.
pub(crate) async fn before(switch: Option<&Switch>) -> Option<Response> {
    let switch = switch?;
    match switch.fault {
        Fault::Expired => Some(refusal(StatusCode::UNAUTHORIZED, "The key has expired")),
        Fault::Slow => {
            tokio::time::sleep(std::time::Duration::from_millis(switch.ms.unwrap_or(1_000))).await;
            None
        }
        Fault::Limited => {
            let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
            let seconds = HeaderValue::from(switch.retry_after.unwrap_or(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Some(response)
        }
        Fault::Down => Some(refusal(StatusCode::SERVICE_UNAVAILABLE, "Down for maintenance")),
        Fault::Broken => Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "Something broke")),
        Fault::OddData | Fault::DiesAfterEffect => None,
    }
}

/// What becomes of the answer after the request was acted on.
pub(crate) async fn after(switch: Option<&Switch>, response: Response) -> Response {
    match switch.map(|switch| (switch.fault, switch.odd)) {
        Some((Fault::DiesAfterEffect, _)) => {
            let mut cut = StatusCode::OK.into_response();
            cut.extensions_mut().insert(patchbay_net::CutConnection);
            cut
        }
        Some((Fault::OddData, odd)) => bend(odd.unwrap_or_default(), response).await,
        _ => response,
    }
}
