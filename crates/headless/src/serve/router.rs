//! Routes: the page, its files, commands, events. `Host` and `Origin` are looked at before anything
//! else; commands and events want the token too.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use patchbay_api::runs::{LARGEST_INPUT, too_large};
use patchbay_api::{Hub, dispatch};
use patchbay_model::problem::{Code, Problem, Subject};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{assets, events, token};

/// The largest request: a run's input, as large as any host takes it, and what stands around it.
const LARGEST: usize = LARGEST_INPUT + (1 << 20);
/// So much of a larger one is passed over before its sender is cut off.
const MOST_READ: usize = 1 << 30;

struct Shared {
    hub: Hub,
    token: String,
}

/// One command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    workspace: String,
    command: String,
    #[serde(default)]
    request: Value,
}

/// All routes.
pub(crate) fn router(hub: Hub, token: String, address: SocketAddr) -> Router {
    let shared = Arc::new(Shared { hub, token });
    let router = Router::new()
        .route("/", get(async || assets::page()))
        .route("/{*path}", get(async |Path(path): Path<String>| assets::file(&path)))
        .route("/rpc", post(call))
        .route("/events", post(listen))
        .with_state(shared);
    let port = address.port();
    patchbay_net::HostGuard::loopback(address)
        .origin(&format!("http://127.0.0.1:{port}"))
        .origin(&format!("http://localhost:{port}"))
        .wrap(router)
}

async fn call(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    if let Some(refusal) = refusal(&shared, &headers) {
        return refusal;
    }
    let Ok(body) = whole(body).await else { return StatusCode::BAD_REQUEST.into_response() };
    let Some(body) = body else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "problem": too_large() }));
    };
    let call: Call = match serde_json::from_slice(&body) {
        Ok(call) => call,
        Err(error) => {
            let problem = Problem::new(Code::InputInvalid)
                .with("field", "The request")
                .with("message", format!("{error}."));
            return answer(StatusCode::BAD_REQUEST, &json!({ "problem": problem }));
        }
    };
    match dispatch(&shared.hub, &call.workspace, &call.command, call.request).await {
        Ok(response) => answer(StatusCode::OK, &json!({ "response": response })),
        // A problem is an answer: the exchange itself went well.
        Err(problem) => answer(StatusCode::OK, &json!({ "problem": problem })),
    }
}

/// A request's body; none where it is too large. What is too large is read to its end all the same, a piece at a
/// time: a browser that still sends does not hear an answer.
async fn whole(body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut pieces = body.into_data_stream();
    let (mut bytes, mut passed) = (Vec::new(), 0_usize);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        passed += piece.len();
        if passed > LARGEST {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&piece);
        }
        if passed > MOST_READ {
            break;
        }
    }
    Ok((passed <= LARGEST).then_some(bytes))
}

async fn listen(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match refusal(&shared, &headers) {
        Some(refusal) => refusal,
        None => ([(header::CONTENT_TYPE, "application/x-ndjson")], events::body(&shared.hub)).into_response(),
    }
}

/// Only JSON, which no form can send, and only with the token.
fn refusal(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_TYPE) != Some("application/json") {
        return Some(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    if !token::shown(text(header::AUTHORIZATION), &shared.token) {
        let problem = Problem::new(Code::InputInvalid)
            .with("field", "The token")
            .with("message", "It is not the one of this start.")
            .about(Subject::Field { name: "token".into() });
        return Some(answer(StatusCode::UNAUTHORIZED, &json!({ "problem": problem })));
    }
    None
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
