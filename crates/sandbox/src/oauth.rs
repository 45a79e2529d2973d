//! The tracker's OAuth 2 authorization server, with pages of its own.
//!
//! It is as strict as a current service may be: PKCE with S256 for every code (RFC 9700 section
//! 2.1.1), each refresh token good for one refresh, and a repeated code or refresh token ends what
//! was granted (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).

mod authority;
mod authorize;
mod client;
mod grant;
mod page;
mod params;
mod token;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

pub(crate) use authority::{Authority, Refusal, Settings};
pub(crate) use client::{PUBLIC_CLIENT, SERVICE_CLIENT};
pub(crate) use params::OauthError;

use crate::server::Shared;

/// What may be asked for, in plain words, and whether it changes anything.
pub(crate) const SCOPES: [(&str, &str, bool); 2] = [
    ("issues:read", "See issues and their comments", false),
    ("issues:write", "Create and change issues, and write and remove comments", true),
];

/// Whether it is one of them.
pub(crate) fn is_scope(name: &str) -> bool {
    SCOPES.iter().any(|(scope, ..)| *scope == name)
}

/// Where the consent page posts to: the only address of the sandbox that a page may post to.
pub(crate) const CONSENT: &str = "/tracker/oauth/consent";

/// Routes below `/tracker`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/oauth/authorize", get(authorize::authorize))
        .route("/oauth/consent", post(authorize::consent))
        .route("/oauth/device", get(authorize::device_page).post(token::device_authorization))
        .route("/oauth/token", post(token::token))
        .route("/oauth/revoke", post(token::revoke))
        .route("/oauth/register", post(client::register))
}

/// RFC 8414. Answered below the issuer, and where section 3.1 puts it for an issuer with a path.
pub(crate) async fn metadata(State(shared): State<Shared>) -> Response {
    let issuer = &shared.access.tracker_url;
    let scopes: Vec<&str> = SCOPES.iter().map(|(scope, ..)| *scope).collect();
    let methods = ["none", "client_secret_basic", "client_secret_post"];
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "device_authorization_endpoint": format!("{issuer}/oauth/device"),
        "revocation_endpoint": format!("{issuer}/oauth/revoke"),
        "registration_endpoint": format!("{issuer}/oauth/register"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": client::GRANT_TYPES,
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

/// Whether a request of the tracker needs no key: signing in is how one comes by it.
pub(crate) fn is_open(path: &str) -> bool {
    path.starts_with("/oauth/") || path.starts_with("/.well-known/")
}

/// The scope that a request of the tracker needs; none where any caller may make it.
pub(crate) fn needed(method: &axum::http::Method, path: &str) -> Option<&'static str> {
    match (method.is_safe(), path) {
        (true, "/me") => None,
        (true, _) => Some(SCOPES[0].0),
        (false, _) => Some(SCOPES[1].0),
    }
}
