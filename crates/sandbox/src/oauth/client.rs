//! Programs that ask for access.

use std::net::Ipv6Addr;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::{Host, Url};

use super::params::{OauthError, Params, no_store};
use crate::server::{Shared, random};

/// The client that ships with Patchbay: public, on loopback (RFC 8252).
pub(crate) const PUBLIC_CLIENT: &str = "patchbay";

/// A client with a secret, for sign-ins that need one.
pub(crate) const SERVICE_CLIENT: &str = "patchbay-service";

/// The grant of RFC 8628.
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Every grant there is.
pub(crate) const GRANT_TYPES: [&str; 4] =
    ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE];

/// A program that may ask for access.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// What the consent page calls it. Its own word, which nobody has checked.
    pub(crate) name: String,
    /// Its secret; none where it is public.
    pub(crate) secret: Option<String>,
    /// Where answers may go. Empty stands for every path on loopback.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Vec<String>,
}

impl Client {
    /// The client that ships.
    pub(crate) fn public() -> Self {
        Self {
            id: PUBLIC_CLIENT.to_owned(),
            name: "Patchbay".to_owned(),
            secret: None,
            redirect_uris: Vec::new(),
            grant_types: [GRANT_TYPES[0], GRANT_TYPES[1], DEVICE_CODE].map(str::to_owned).to_vec(),
        }
    }

    /// The client with a secret.
    pub(crate) fn service(secret: String) -> Self {
        Self {
            id: SERVICE_CLIENT.to_owned(),
            name: "Patchbay with a secret".to_owned(),
            secret: Some(secret),
            redirect_uris: Vec::new(),
            grant_types: GRANT_TYPES.map(str::to_owned).to_vec(),
        }
    }

    /// Whether it may use a grant.
    pub(crate) fn may(&self, grant_type: &str) -> Result<(), OauthError> {
        if self.grant_types.iter().any(|own| own == grant_type) {
            return Ok(());
        }
        Err(OauthError::new("unauthorized_client", "This client may not sign in this way"))
    }

    /// Whether answers may go there. On loopback the port is free, for it is another each time (RFC
    /// 8252 section 7.3); everything else is compared letter by letter.
    pub(crate) fn may_redirect(&self, asked: &str) -> bool {
        let Ok(url) = Url::parse(asked) else {
            return false;
        };
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        if self.redirect_uris.is_empty() {
            return is_loopback(&url) && url.host_str() != Some("localhost");
        }
        self.redirect_uris.iter().any(|own| {
            own == asked
                || Url::parse(own).is_ok_and(|mut own| {
                    is_loopback(&own) && own.set_port(url.port()).is_ok() && own.as_str() == url.as_str()
                })
        })
    }

    /// Whether the secret is its own.
    fn knows(&self, given: Option<&str>) -> bool {
        self.secret.as_deref() == given
    }
}

/// Whether it is plain HTTP to this computer.
fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(address)) => address.octets() == [127, 0, 0, 1],
            Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

/// Which client makes a request to the token, revocation or device endpoint, by `Authorization:
/// Basic` or in the form (RFC 6749 section 2.3.1), never both.
pub(crate) fn authenticate(
    shared: &Shared,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Client, OauthError> {
    let refused = || OauthError::new("invalid_client", "This client is not known here");
    let (id, secret) = match basic(headers)? {
        Some((id, secret)) => {
            if params.one("client_secret")?.is_some() || params.one("client_id")?.is_some_and(|own| own != id) {
                return Err(OauthError::request("The client signs in twice"));
            }
            (id, Some(secret))
        }
        None => {
            let id = params.one("client_id")?.ok_or_else(refused)?.to_owned();
            (id, params.one("client_secret")?.map(str::to_owned))
        }
    };
    let client = shared.authority().client(&id).cloned().ok_or_else(refused)?;
    if client.knows(secret.as_deref()) { Ok(client) } else { Err(refused()) }
}

/// Client id and secret of the header, each percent-encoded within it (RFC 6749 section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OauthError> {
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let broken = || OauthError::new("invalid_client", "The client signs in with Basic or not at all");
    let text = given.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(broken)?;
    if !text.0.eq_ignore_ascii_case("basic") {
        return Err(broken());
    }
    let bytes = STANDARD.decode(text.1.trim()).map_err(|_| broken())?;
    let pair = String::from_utf8(bytes).map_err(|_| broken())?;
    let (id, secret) = pair.split_once(':').ok_or_else(broken)?;
    let plain = |text: &str| {
        let form = format!("v={text}");
        url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Ok(plain(id).zip(plain(secret)))
}

/// What a client says of itself (RFC 7591 section 2). Members that are not known here are passed
/// over, as the section wants it.
#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    #[serde(default = "basic_method")]
    token_endpoint_auth_method: String,
    #[serde(default = "code_grant")]
    grant_types: Vec<String>,
}

fn basic_method() -> String {
    "client_secret_basic".to_owned()
}

fn code_grant() -> Vec<String> {
    vec![GRANT_TYPES[0].to_owned()]
}

/// Takes a new client in (RFC 7591 section 3).
pub(crate) async fn register(State(shared): State<Shared>, Json(body): Json<Value>) -> Response {
    match serde_json::from_value(body)
        .map_err(|_| {
            OauthError::new("invalid_client_metadata", "What the client says of itself is not in order")
        })
        .and_then(|metadata| registered(&shared, metadata))
    {
        Ok(body) => no_store((StatusCode::CREATED, Json(body)).into_response()),
        Err(error) => error.into_response(),
    }
}

fn registered(shared: &Shared, metadata: Metadata) -> Result<Value, OauthError> {
    let Metadata { redirect_uris, client_name, token_endpoint_auth_method: method, grant_types } = metadata;
    let wrong = |why| Err(OauthError::new("invalid_client_metadata", why));
    if grant_types.iter().any(|own| !GRANT_TYPES.contains(&own.as_str())) {
        return wrong("This grant is not known here");
    }
    let secret = match method.as_str() {
        "none" => None,
        "client_secret_basic" | "client_secret_post" => Some(fresh("sandbox-secret")?),
        _ => return wrong("Clients sign in with a secret or not at all"),
    };
    if secret.is_none() && grant_types.iter().any(|own| own == "client_credentials") {
        return wrong("A client without a secret cannot act for itself");
    }
    let by_code = grant_types.iter().any(|own| own == GRANT_TYPES[0]);
    let allowed = |uri: &String| {
        Url::parse(uri)
            .is_ok_and(|url| url.fragment().is_none() && (url.scheme() == "https" || is_loopback(&url)))
    };
    if (by_code && redirect_uris.is_empty()) || !redirect_uris.iter().all(allowed) {
        return Err(OauthError::new("invalid_redirect_uri", "Answers go to https or to this computer"));
    }
    let name = client_name.unwrap_or_else(|| "A program without a name".to_owned());
    let client = Client { id: fresh("client")?, name, secret, redirect_uris, grant_types };
    let mut told = json!({
        "client_id": client.id,
        "client_id_issued_at": shared.clock.now().as_second(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types,
        "response_types": if by_code { vec!["code"] } else { vec![] },
        "token_endpoint_auth_method": method,
    });
    if let Some(secret) = &client.secret {
        told["client_secret"] = json!(secret);
        told["client_secret_expires_at"] = json!(0);
    }
    shared.authority().register(client)?;
    Ok(told)
}

/// A text that nobody can guess.
pub(crate) fn fresh(prefix: &str) -> Result<String, OauthError> {
    let text = random().map_err(|_| OauthError::new("temporarily_unavailable", "There are no random bytes"))?;
    Ok(format!("{prefix}-{text}"))
}
