//! Where a person is asked.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use super::client::{Client, GRANT_TYPES};
use super::grant::{Asked, Way};
use super::page;
use super::params::{OauthError, Params};
use super::token::least;
use crate::account::account;
use crate::server::Shared;

/// The authorization endpoint (RFC 6749 section 3.1). Until client and redirect address are known to
/// belong together, what is wrong is told to the person and to nobody else (section 4.1.2.1).
pub(super) async fn authorize(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let params = Params::of_query(query.as_deref());
    let (client, redirect_uri) = match place(&shared, &params) {
        Ok(place) => place,
        Err(error) => return page::wrong(error.why),
    };
    let state = params.one("state").ok().flatten().map(str::to_owned);
    let asked = match checked(&client, &params, redirect_uri.clone(), state.clone()) {
        Ok(asked) => asked,
        Err(error) => return back(&shared, &redirect_uri, state.as_deref(), Err(&error)),
    };
    shared.authority().counters.asked += 1;
    let automatic = shared.authority().settings.auto_consent.clone();
    match automatic.as_deref() {
        Some("deny") => answered(&shared, &asked, None),
        Some(login) => answered(&shared, &asked, Some(login)),
        None => show(&shared, asked, &client, params.one("login_hint").ok().flatten()),
    }
}

/// Which client asks, and where its answer may go.
fn place(shared: &Shared, params: &Params) -> Result<(Client, String), OauthError> {
    let id = params.needed("client_id", "It does not say which program asks.")?;
    let client = shared.authority().client(id).cloned();
    let client = client.ok_or(OauthError::request("The program that asks is not known here."))?;
    let uri = params.needed("redirect_uri", "It does not say where to go back to.")?;
    if !client.may_redirect(uri) {
        return Err(OauthError::request("The program may not be reached at the address it names."));
    }
    Ok((client, uri.to_owned()))
}

fn checked(
    client: &Client,
    params: &Params,
    redirect_uri: String,
    state: Option<String>,
) -> Result<Asked, OauthError> {
    params.refuse_doubles()?;
    client.may(GRANT_TYPES[0])?;
    if params.one("response_type")? != Some("code") {
        return Err(OauthError::new("unsupported_response_type", "The response_type is code"));
    }
    if params.one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(OauthError::request("The response_mode is query"));
    }
    if params.one("code_challenge_method")? != Some("S256") {
        return Err(OauthError::request("The code_challenge_method is S256"));
    }
    let challenge = params.needed("code_challenge", "There is no code_challenge")?;
    if !URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == 32) {
        return Err(OauthError::request("The code_challenge is no SHA-256 in base64url"));
    }
    let scopes = params.scopes()?.unwrap_or_else(least);
    let way = Way::Code { redirect_uri, state, challenge: challenge.to_owned() };
    Ok(Asked { client: client.id.clone(), scopes, way })
}

fn show(shared: &Shared, asked: Asked, client: &Client, hint: Option<&str>) -> Response {
    let scopes = asked.scopes.clone();
    let target = match &asked.way {
        Way::Code { redirect_uri, .. } => Url::parse(redirect_uri).ok(),
        Way::Device(_) => None,
    };
    match shared.authority().ask(asked, shared.clock.now()) {
        Ok(ticket) => page::consent(client, &scopes, &ticket, target.as_ref(), hint),
        Err(error) => page::wrong(error.why),
    }
}

/// What the consent page posts.
pub(super) async fn consent(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    const OVER: &str = "This page was answered already, or stood open for too long. Begin again in Patchbay.";
    let answer = || {
        let params = Params::of_form(&headers, &body)?;
        params.refuse_doubles()?;
        let allow = match params.one("answer")? {
            Some("allow") => true,
            Some("deny") => false,
            _ => return Err(OauthError::request("Say whether you allow it.")),
        };
        let login = params.one("account")?.and_then(account).map(|account| account.login);
        if allow && login.is_none() {
            return Err(OauthError::request("Choose an account."));
        }
        let ticket = params.needed("ticket", OVER)?;
        let asked = shared.authority().asked(ticket, shared.clock.now()).ok_or(OauthError::request(OVER))?;
        Ok((asked, login.filter(|_| allow)))
    };
    match answer() {
        Ok((asked, login)) => answered(&shared, &asked, login),
        Err(error) => page::wrong(error.why),
    }
}

/// Sends the answer on: allowed by who has this login, or not.
fn answered(shared: &Shared, asked: &Asked, login: Option<&str>) -> Response {
    let now = shared.clock.now();
    let told = match &asked.way {
        Way::Device(device) => {
            if !shared.authority().answer_device(device, login, now) {
                return page::wrong("The device no longer waits. Begin again there.");
            }
            if login.is_some() { page::allowed() } else { page::denied() }
        }
        Way::Code { redirect_uri, state, challenge } => {
            let code = match login {
                Some(login) => shared.authority().code(asked, (redirect_uri, challenge), login, now),
                None => Err(OauthError::new("access_denied", "It was not allowed")),
            };
            back(shared, redirect_uri, state.as_deref(), code.as_deref())
        }
    };
    let counters = &mut shared.authority().counters;
    match login {
        Some(_) => counters.allowed += 1,
        None => counters.denied += 1,
    }
    told
}

/// Back to the program, with a code or an error, and with who says so (RFC 9207). 303, so that the
/// form's content is not sent on (RFC 9700 section 4.12).
fn back(shared: &Shared, to: &str, state: Option<&str>, code: Result<&str, &OauthError>) -> Response {
    let Ok(mut url) = Url::parse(to) else {
        return page::wrong("The program cannot be reached at the address it names.");
    };
    {
        let mut query = url.query_pairs_mut();
        match code {
            Ok(code) => query.append_pair("code", code),
            Err(error) => query.append_pair("error", error.code).append_pair("error_description", error.why),
        };
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &shared.access.tracker_url);
    }
    let Ok(location) = HeaderValue::from_str(url.as_str()) else {
        return page::wrong("The program cannot be reached at the address it names.");
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Where the code that a device shows is entered (RFC 8628 section 3.3).
pub(super) async fn device_page(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let params = Params::of_query(query.as_deref());
    let Ok(Some(code)) = params.one("user_code") else {
        return page::device(None);
    };
    let found = shared.authority().waiting(code, shared.clock.now());
    let client = found.as_ref().and_then(|asked| shared.authority().client(&asked.client).cloned());
    match found.zip(client) {
        Some((asked, client)) => show(&shared, asked, &client, None),
        None => page::device(Some(code)),
    }
}
