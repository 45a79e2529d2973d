//! What programs ask for without a person: tokens, their end, and the codes of devices.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::SCOPES;
use super::authority::Issued;
use super::client::{DEVICE_CODE, GRANT_TYPES, authenticate};
use super::grant::DEVICE_SECONDS;
use super::params::{OauthError, Params, no_store};
use crate::server::Shared;

/// The token endpoint (RFC 6749 section 3.2).
pub(super) async fn token(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    match issued(&shared, &headers, &body) {
        Ok(issued) => no_store(Json(issued).into_response()),
        Err(error) => error.into_response(),
    }
}

fn issued(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Issued, OauthError> {
    let params = Params::of_form(headers, body)?;
    params.refuse_doubles()?;
    let grant_type = params.needed("grant_type", "There is no grant_type")?;
    let counted = GRANT_TYPES.iter().find(|known| **known == grant_type).copied().unwrap_or("unknown");
    *shared.authority().counters.token_requests.entry(counted.to_owned()).or_default() += 1;
    let client = authenticate(shared, headers, &params)?;
    if counted == "unknown" {
        return Err(OauthError::new("unsupported_grant_type", "This grant is not known here"));
    }
    client.may(grant_type)?;
    let now = shared.clock.now();
    let mut authority = shared.authority();
    match grant_type {
        "authorization_code" => {
            let code = params.needed("code", "There is no code")?;
            let redirect_uri = params.needed("redirect_uri", "There is no redirect_uri")?;
            let verifier = params.needed("code_verifier", "There is no code_verifier")?;
            authority.redeem(&client, code, (redirect_uri, verifier), now)
        }
        "refresh_token" => {
            let token = params.needed("refresh_token", "There is no refresh_token")?;
            authority.refresh(&client, token, params.scopes()?, now)
        }
        "client_credentials" => {
            let scopes = params.scopes()?.unwrap_or_else(least);
            authority.grant(&client, None, scopes, now).map(|(_, issued)| issued)
        }
        DEVICE_CODE => authority.poll(&client, params.needed("device_code", "There is no device_code")?, now),
        _ => Err(OauthError::new("unsupported_grant_type", "This grant is not known here")),
    }
}

/// What is asked for where nothing is said: to look.
pub(super) fn least() -> Vec<String> {
    vec![SCOPES[0].0.to_owned()]
}

/// The revocation endpoint (RFC 7009). What is not known is as good as revoked (section 2.2).
pub(super) async fn revoke(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let revoked = || {
        let params = Params::of_form(&headers, &body)?;
        params.refuse_doubles()?;
        let client = authenticate(&shared, &headers, &params)?;
        shared.authority().revoke(&client, params.needed("token", "There is no token")?)
    };
    match revoked() {
        Ok(()) => no_store(StatusCode::OK.into_response()),
        Err(error) => error.into_response(),
    }
}

/// The device authorization endpoint (RFC 8628 section 3.1).
pub(super) async fn device_authorization(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let begun = || {
        let params = Params::of_form(&headers, &body)?;
        params.refuse_doubles()?;
        let client = authenticate(&shared, &headers, &params)?;
        client.may(DEVICE_CODE)?;
        let scopes = params.scopes()?.unwrap_or_else(least);
        shared.authority().wait(&client, scopes, shared.clock.now())
    };
    match begun() {
        Ok(codes) => {
            let page = format!("{}/oauth/device", shared.access.tracker_url);
            let body = json!({
                "device_code": codes.device_code,
                "user_code": codes.user_code,
                "verification_uri": page,
                "verification_uri_complete": format!("{page}?user_code={}", codes.user_code),
                "expires_in": DEVICE_SECONDS,
                "interval": codes.interval,
            });
            no_store(Json(body).into_response())
        }
        Err(error) => error.into_response(),
    }
}
