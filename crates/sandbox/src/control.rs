//! Keys, counters, fault switches, reset.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::fault::Switches;
use crate::server::Shared;
use crate::tracker::unwritten;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/access", get(access))
        .route("/counters", get(counters))
        .route("/faults", get(faults).put(set_faults))
        .route("/reset", post(reset))
}

async fn access(State(shared): State<Shared>) -> Response {
    Json(&shared.access).into_response()
}

async fn counters(State(shared): State<Shared>) -> Response {
    Json(&shared.world().counters).into_response()
}

async fn faults(State(shared): State<Shared>) -> Response {
    Json(&*shared.switches()).into_response()
}

/// Replaces all switches: `{"chat": [{"fault": "down", "times": 2}]}`.
async fn set_faults(State(shared): State<Shared>, Json(switches): Json<Switches>) -> Response {
    *shared.switches() = switches;
    StatusCode::NO_CONTENT.into_response()
}

async fn reset(State(shared): State<Shared>) -> Response {
    shared.switches().clear();
    match shared.world().reset() {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => unwritten(&error),
    }
}
