//! HTTP requests to origins that the user allowed. The engine sends them like those of any connector.

use async_trait::async_trait;
use patchbay_model::Connection;
use patchbay_model::descriptor::{BodyFormat, Method};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_net::origin_of;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Adapter, Answer, Ask, HttpRequest, Work, not_offered};
use crate::compiled::plain;

/// The most origins of one connection.
const MOST_ORIGINS: usize = 20;

/// Plans HTTP requests.
pub struct HttpRequests;

#[async_trait]
impl Adapter for HttpRequests {
    fn id(&self) -> &'static str {
        "http-request"
    }

    fn version(&self) -> &'static str {
        "1.0.0"
    }

    fn serves(&self) -> &'static str {
        "^1"
    }

    fn grants(&self, config: &Map<String, Value>) -> Result<Vec<String>, Problem> {
        let mut origins = Vec::new();
        for text in config.get("origins").and_then(Value::as_array).into_iter().flatten() {
            let origin = origin(text.as_str().unwrap_or_default())?;
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        match origins.len() {
            0 => Err(invalid("origins", "Name at least one, such as https://api.example.com.")),
            1..=MOST_ORIGINS => Ok(origins),
            _ => Err(invalid("origins", &format!("Name at most {MOST_ORIGINS}."))),
        }
    }

    fn plan(&self, connection: &Connection, ask: Ask<'_>) -> Result<Work, Problem> {
        let nothing = Value::Null;
        let (method, url, params) = match ask {
            Ask::Health => match connection.config.get("testUrl").and_then(Value::as_str) {
                Some(url) if !url.is_empty() => (Method::Get, url, &nothing),
                _ => {
                    let first = connection.origins.first().map_or("https:", String::as_str);
                    return Ok(Work::Here("LOOK", address(connection, first)?));
                }
            },
            Ask::Call("get", params) => (Method::Get, params["url"].as_str().unwrap_or_default(), params),
            Ask::Call("send", params) => {
                (effect(&params["method"])?, params["url"].as_str().unwrap_or_default(), params)
            }
            Ask::Read(_) | Ask::Call(..) => {
                return Err(not_offered(self.id(), "It only sends what it is told to."));
            }
        };
        let mut url = address(connection, url)?;
        for (name, value) in params["query"].as_object().into_iter().flatten() {
            if !value.is_null() {
                url.query_pairs_mut().append_pair(name, &plain(value));
            }
        }
        let headers = params["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, value)| (name.clone(), plain(value))).collect();
        let (body, body_format) = match (&params["body"], &params["text"]) {
            (Value::Null, Value::Null) => (None, BodyFormat::Json),
            (Value::Null, text) => (Some(text.clone()), BodyFormat::Text),
            (body, Value::Null) => (Some(body.clone()), BodyFormat::Json),
            _ => return Err(invalid("text", "Give \"body\" or \"text\", not both.")),
        };
        Ok(Work::Request(HttpRequest { method, url, headers, body, body_format }))
    }

    async fn health(&self, connection: &Connection) -> Answer {
        Answer::done(json!({ "origins": connection.origins }))
    }

    /// Only a step knows an address.
    fn asks_for_health(&self) -> bool {
        false
    }
}

/// An address that the connection may call: whole, or a path at its first origin. Told before
/// anything is opened or sent; the layers below look again.
fn address(connection: &Connection, text: &str) -> Result<Url, Problem> {
    let text = text.trim();
    let whole = match connection.origins.first() {
        // Two slashes would name another host.
        Some(first) if text.starts_with('/') && !text.starts_with("//") => format!("{first}{text}"),
        _ => text.to_owned(),
    };
    let wrong = || invalid("url", "Give a whole address, or a path that begins with a slash.");
    let mut url = Url::parse(&whole).map_err(|_| wrong())?;
    url.set_fragment(None);
    let origin = origin_of(&url).ok_or_else(wrong)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("url", "It holds no user name or password: keep them as the connection's key."));
    }
    if !connection.origins.contains(&origin) {
        return Err(Problem::new(Code::TargetBlocked)
            .with("host", &origin)
            .detail("this origin is none of those that the connection allows"));
    }
    Ok(url)
}

/// What changes something. Everything that only reads is `get`.
fn effect(method: &Value) -> Result<Method, Problem> {
    match method.as_str() {
        None | Some("POST") => Ok(Method::Post),
        Some("PUT") => Ok(Method::Put),
        Some("PATCH") => Ok(Method::Patch),
        Some("DELETE") => Ok(Method::Delete),
        Some(_) => Err(invalid("method", "Use POST, PUT, PATCH or DELETE.")),
    }
}

/// An allowed origin as it is compared: `https`, or `http` on this computer, and nothing behind it.
fn origin(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let wrong = |message: &str| invalid("origins", &format!("\"{text}\" {message}"));
    let url = Url::parse(text).map_err(|_| wrong("is not an address such as https://api.example.com."))?;
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
        return Err(wrong("is not https; plain http works only on this computer."));
    }
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !bare {
        return Err(wrong("says more than where: end after the host and its port."));
    }
    origin_of(&url).ok_or_else(|| wrong("is not an address such as https://api.example.com."))
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"{field}\""))
        .with("message", message)
        .about(Subject::Field { name: field.to_owned() })
}
