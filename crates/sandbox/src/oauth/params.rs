//! Parameters of requests, and the errors that go with them.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::form_urlencoded;

use super::SCOPES;

/// Parameters of a query or a form.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

/// An error as RFC 6749 section 5.2 and its companions name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OauthError {
    /// Its code, such as `invalid_grant`.
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    pub(crate) why: &'static str,
}

impl OauthError {
    pub(crate) fn new(code: &'static str, why: &'static str) -> Self {
        Self { code, why }
    }

    pub(crate) fn request(why: &'static str) -> Self {
        Self::new("invalid_request", why)
    }

    pub(crate) fn grant(why: &'static str) -> Self {
        Self::new("invalid_grant", why)
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let status = match self.code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = Json(json!({ "error": self.code, "error_description": self.why }));
        let mut response = no_store((status, body).into_response());
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Basic realm=\"Sandbox Tracker\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// Keeps an answer with a secret out of every cache (RFC 6749 section 5.1).
pub(crate) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Params {
    /// Those of a query.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Those of a form.
    pub(crate) fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, OauthError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OauthError::request("The parameters are sent as a form"));
        }
        Ok(Self(form_urlencoded::parse(body).into_owned().collect()))
    }

    /// A parameter; none where it is absent or empty. Twice is an error (RFC 6749 section 3.1).
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, OauthError> {
        let mut found = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let first = found.next();
        if found.next().is_some() {
            return Err(OauthError::request("A parameter is there twice"));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// A parameter that must be there.
    pub(crate) fn needed(&self, name: &str, why: &'static str) -> Result<&str, OauthError> {
        self.one(name)?.ok_or(OauthError::request(why))
    }

    /// Whether any parameter is there twice.
    pub(crate) fn refuse_doubles(&self) -> Result<(), OauthError> {
        self.0.iter().try_for_each(|(name, _)| self.one(name).map(drop))
    }

    /// The scopes that are asked for; none where the parameter is absent.
    pub(crate) fn scopes(&self) -> Result<Option<Vec<String>>, OauthError> {
        let Some(text) = self.one("scope")? else {
            return Ok(None);
        };
        let mut scopes: Vec<String> = Vec::new();
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            if !SCOPES.iter().any(|(known, ..)| *known == scope) {
                return Err(OauthError::new("invalid_scope", "This scope is not known here"));
            }
            if !scopes.iter().any(|own| own == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Ok(Some(scopes))
    }
}
