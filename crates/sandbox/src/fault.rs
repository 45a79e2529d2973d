//! Fault switches, so that every error path can be seen.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// What is wrong with a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Fault {
    /// The key is refused.
    Expired,
    /// Answers take this long.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// Too many requests.
    Limited {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// Not available.
    Down,
    /// A mistake of the service.
    Broken,
    /// Answers that are not what was promised.
    OddData,
    /// The effect happens; the answer never comes.
    DiesAfterEffect,
}

/// A switch: a fault, for the next so many requests, on paths that contain a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Switch {
    /// What is wrong.
    #[serde(flatten)]
    pub(crate) fault: Fault,
    /// For how many requests; until switched off where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u32>,
    /// Only requests whose method and path contain this, such as `POST /channels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<String>,
}

/// The switches of each tool.
pub(crate) type Switches = BTreeMap<String, Vec<Switch>>;

/// The fault that this request meets; uses up one of its times.
pub(crate) fn take(switches: &mut Switches, tool: &str, request: &str) -> Option<Fault> {
    let list = switches.get_mut(tool)?;
    let index = list
        .iter()
        .position(|s| s.times != Some(0) && s.on.as_ref().is_none_or(|part| request.contains(part.as_str())))?;
    if let Some(times) = &mut list[index].times {
        *times -= 1;
    }
    Some(list[index].fault.clone())
}

/// An answer with a message, as both tools give it.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "error": { "message": message } }))).into_response()
}

/// The answer to a request that meets a fault before it is acted on; none where it is acted on.
pub(crate) async fn before(fault: Option<Fault>) -> Option<Response> {
    match fault? {
        Fault::Expired => Some(refusal(StatusCode::UNAUTHORIZED, "The key has expired")),
        Fault::Slow { ms } => {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            None
        }
        Fault::Limited { retry_after } => {
            let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
            if let Ok(value) = HeaderValue::from_str(&retry_after.to_string()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            Some(response)
        }
        Fault::Down => Some(refusal(StatusCode::SERVICE_UNAVAILABLE, "Down for maintenance")),
        Fault::Broken => Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "Something broke")),
        Fault::OddData => None,
        Fault::DiesAfterEffect => None,
    }
}

/// What becomes of the answer after the request was acted on.
pub(crate) fn after(fault: Option<&Fault>, response: Response) -> Response {
    match fault {
        Some(Fault::DiesAfterEffect) => {
            let mut cut = StatusCode::OK.into_response();
            cut.extensions_mut().insert(patchbay_net::CutConnection);
            cut
        }
        Some(Fault::OddData) => {
            let odd = serde_json::json!([
                { "number": "not a number", "title": null, "id": {} },
                { "number": 9, "title": "<img src=x onerror=alert(1)> \u{202E}gpj.exe\u{1b}[31m", "body": "{{ 7 * 7 }}",
                  "state": "open", "priority": "high", "labels": ["a"], "author": { "login": "x" },
                  "updated_at": "2026-09-21T20:13:20Z", "created_at": "2026-09-21T20:13:20Z",
                  "url": "javascript:alert(1)", "text": "=1+1", "name": "\u{202E}" },
                "not an object"
            ]);
            axum::Json(odd).into_response()
        }
        _ => response,
    }
}
