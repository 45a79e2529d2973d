//! Keys, counters, fault switches, the tracker's sign-in, reset.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::account::account;
use crate::fault::{Switches, refusal};
use crate::oauth::{OauthError, PUBLIC_CLIENT, SERVICE_CLIENT, Settings, is_scope};
use crate::server::Shared;
use crate::tracker::unwritten;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/access", get(access))
        .route("/counters", get(counters))
        .route("/faults", get(faults).put(set_faults))
        .route("/oauth", get(oauth).put(set_oauth))
        .route("/oauth/tokens", delete(expire_tokens))
        .route("/oauth/grants", delete(revoke_grants))
        .route("/reset", post(reset))
}

async fn access(State(shared): State<Shared>) -> Response {
    Json(&shared.access).into_response()
}

async fn counters(State(shared): State<Shared>) -> Response {
    let mut told = json!(shared.world().counters);
    told["oauth"] = oauth_counters(&shared);
    Json(told).into_response()
}

fn oauth_counters(shared: &Shared) -> Value {
    let authority = shared.authority();
    let mut counters = json!(authority.counters);
    counters["liveGrants"] = json!(authority.live_grants());
    counters
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
    match shared.reset() {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => unwritten(&error),
    }
}

async fn oauth(State(shared): State<Shared>) -> Response {
    Json(oauth_told(&shared)).into_response()
}

/// Settings, clients and counters of the tracker's sign-in.
pub(crate) fn oauth_told(shared: &Shared) -> Value {
    let counters = oauth_counters(shared);
    let authority = shared.authority();
    let secret = authority.client(SERVICE_CLIENT).and_then(|client| client.secret.clone());
    json!({
        "issuer": shared.access.tracker_url,
        "clientId": PUBLIC_CLIENT,
        "serviceClientId": SERVICE_CLIENT,
        "serviceClientSecret": secret,
        "settings": authority.settings,
        "counters": counters,
    })
}

/// Replaces all settings: `{"autoConsent": "amira"}`.
async fn set_oauth(State(shared): State<Shared>, Json(settings): Json<Value>) -> Response {
    match set_settings(&shared, settings) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => refusal(StatusCode::UNPROCESSABLE_ENTITY, &message),
    }
}

/// Replaces all settings of the sign-in; nothing where one is not in order.
pub(crate) fn set_settings(shared: &Shared, settings: Value) -> Result<(), String> {
    let settings: Settings = serde_json::from_value(settings).map_err(|error| format!("{error}."))?;
    if settings.auto_consent.as_deref().is_some_and(|login| login != "deny" && account(login).is_none()) {
        return Err("autoConsent is the login of an account, or deny.".to_owned());
    }
    if !settings.granted.iter().flatten().all(|scope| is_scope(scope)) {
        return Err("granted holds scopes of the tracker.".to_owned());
    }
    shared.authority().settings = settings;
    Ok(())
}

async fn expire_tokens(State(shared): State<Shared>) -> Response {
    done(shared.authority().expire_all(shared.clock.now()))
}

async fn revoke_grants(State(shared): State<Shared>) -> Response {
    done(shared.authority().revoke_all())
}

fn done(result: Result<(), OauthError>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}
