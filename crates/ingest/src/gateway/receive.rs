//! One call of the gateway. What it has to pass, in this order: the name it was sent to, that no web page
//! sent it, the address, method, type and size, not too many failures before it, the signature over the
//! bytes as they came, the time, whether it was kept before. Then it is kept, and once it is durable the
//! sender hears so.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use patchbay_auth::AuthError;
use patchbay_auth::webhook::{Arrived, WebhookSecrets};
use patchbay_connector::webhook::{CompiledWebhook, Greeting, SaidHeaders};
use patchbay_model::descriptor::WebhookMethod;
use patchbay_store::{Kept, NewDelivery};
use serde_json::{Value, json};
use url::Url;

use super::door::{Door, Known};
use super::outcome::Outcome;
use super::{Inner, TEST};

/// A body must have come in this time.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// A body of which nothing comes for so long is given up.
const IDLE: Duration = Duration::from_secs(5);

/// What is told to the sender.
struct Told {
    outcome: Outcome,
    response: Response,
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = outcome.status();
        if let Some(seconds) = outcome.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Self { outcome, response }
    }
}

/// A call as far as it has come.
struct Call<'r> {
    method: WebhookMethod,
    headers: &'r HeaderMap,
    query: &'r str,
    essence: String,
    /// The address that the tool was told.
    url: &'r str,
    door: &'r Door,
    known: &'r Known,
    webhook: &'r CompiledWebhook,
}

/// Answers one call.
pub(super) async fn receive(State(gateway): State<Arc<Inner>>, request: Request) -> Response {
    let mut whose = None;
    let mut told = match gateway.judge(request, &mut whose).await {
        Ok(told) => told,
        Err(outcome) => outcome.into(),
    };
    // An accepted delivery is a row of its own.
    if told.outcome != Outcome::Accepted {
        let counted = whose.map(|door| (door.site.workspace.clone(), door.connection.clone()));
        gateway.counts.note(counted, told.outcome, gateway.clock.now());
    }
    let headers = told.response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    told.response
}

impl Inner {
    async fn judge(&self, request: Request, whose: &mut Option<Arc<Door>>) -> Result<Told, Outcome> {
        self.sent_to_us(&request)?;
        let (parts, body) = request.into_parts();
        if parts.uri.path().starts_with("/answers/") {
            return self.answer(&parts, body).await.map(Told::from);
        }
        let door = self.addressed(parts.uri.path()).ok_or(Outcome::Address)?;
        *whose = Some(door.clone());
        let known = door.known(self.clock.as_ref()).await.map_err(|_| Outcome::Storage)?;
        let known = known.ok_or(Outcome::Address)?;
        if !known.webhook.enabled {
            return Err(Outcome::Off);
        }
        if known.connection.paused {
            return Err(Outcome::Paused);
        }
        let compiled = door.site.definitions.compiled(&door.connector).ok_or(Outcome::Busy)?;
        let webhook = compiled.webhook().ok_or(Outcome::Off)?;
        let shape = webhook.shape();

        let method = method(parts.method.as_str()).ok_or(Outcome::Method)?;
        let greets = shape.handshakes.iter().any(|handshake| handshake.method == method);
        if !greets && !shape.takes_method(method) {
            let mut told = Told::from(Outcome::Method);
            let allowed = if shape.methods.is_empty() { &[WebhookMethod::Post][..] } else { &shape.methods };
            let names: Vec<&str> = allowed.iter().map(|method| method.as_str()).collect();
            if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
                told.response.headers_mut().insert(header::ALLOW, names);
            }
            return Ok(told);
        }
        let url = self.told_address(&door, &known);
        let mut call = Call {
            method,
            headers: &parts.headers,
            query: parts.uri.query().unwrap_or_default(),
            essence: String::new(),
            url: &url,
            door: &door,
            known: &known,
            webhook,
        };
        // What needs no body is answered before one is asked for: some tools send such a handshake with a
        // media type of its own.
        if let Some(greeting) = call.greeting(None)
            && !greeting.shape.signed
            && greeting.shape.when.is_none()
        {
            return self.greet(&call, &greeting, None).await;
        }
        if !shape.takes_method(method) {
            return Err(Outcome::Method);
        }
        call.essence = essence(&parts.headers, webhook).ok_or(Outcome::ContentType)?;
        let most = shape.largest() as usize;
        let declared = declared_length(&parts.headers);
        if declared.is_some_and(|length| length > most) {
            return Err(Outcome::TooLarge);
        }
        if door.is_shut(self.clock.as_ref()) {
            return Err(Outcome::TooManyFailures);
        }
        let room = u32::try_from(declared.unwrap_or(most).div_ceil(1_024).max(1)).unwrap_or(u32::MAX);
        let _room = self.room.try_acquire_many(room).map_err(|_| Outcome::Busy)?;
        let body = read(body, most).await?;
        self.check_and_keep(&call, body).await
    }

    /// First of all the name: a page that was led here by its own name shows nowhere else. Then what only
    /// browsers send.
    fn sent_to_us(&self, request: &Request) -> Result<(), Outcome> {
        let guard = self.guard.read().unwrap_or_else(PoisonError::into_inner).clone();
        match guard.and_then(|guard| guard.refusal(request)) {
            Some(StatusCode::MISDIRECTED_REQUEST) => return Err(Outcome::Host),
            Some(_) => return Err(Outcome::Page),
            None => {}
        }
        let headers = request.headers();
        let from_page = headers.contains_key(header::ORIGIN)
            || headers.get_all("sec-fetch-site").iter().any(|site| site.as_bytes() != b"none");
        if from_page { Err(Outcome::Page) } else { Ok(()) }
    }

    /// The connection whose address was called.
    fn addressed(&self, path: &str) -> Option<Arc<Door>> {
        let (connector, token) = path.strip_prefix("/webhooks/")?.split_once('/')?;
        self.door(token).filter(|door| door.connector.as_str() == connector)
    }

    /// The address that the tool was told: what it signs is that, whatever a tunnel makes of it.
    fn told_address(&self, door: &Door, known: &Known) -> String {
        let settings = self.settings.read().unwrap_or_else(PoisonError::into_inner);
        let port = self.state.read().unwrap_or_else(PoisonError::into_inner).listening.map(|at| at.port());
        let path = format!("/webhooks/{}/{}", door.connector, known.webhook.token);
        match &settings.public_url {
            Some(public) => public.join(&path).as_ref().map(Url::to_string).unwrap_or_default(),
            None => format!("http://127.0.0.1:{}{path}", port.unwrap_or(settings.port)),
        }
    }

    async fn secrets(&self, call: &Call<'_>) -> Result<WebhookSecrets, Outcome> {
        let row = &call.known.webhook;
        let opened =
            call.door.site.authoriser.webhook_secrets(&row.connection, row.sealed.as_ref(), row.previous_until);
        opened.await.map_err(|error| match error {
            AuthError::Store(_) => Outcome::Storage,
            // Locked, or not there at the moment: the sender comes again.
            error => {
                tracing::warn!(connection = %row.connection, %error, "a webhook's secret cannot be opened");
                Outcome::Locked
            }
        })
    }

    async fn check_and_keep(&self, call: &Call<'_>, body: Vec<u8>) -> Result<Told, Outcome> {
        let early = call.webhook.shape().handshakes.iter().any(|handshake| !handshake.signed);
        if early
            && let Ok(read) = call.webhook.read(&call.essence, &body)
            && let Some(greeting) = call.greeting(Some(&read))
            && !greeting.shape.signed
        {
            return self.greet(call, &greeting, None).await;
        }
        let secrets = self.secrets(call).await?;
        let said = call.said();
        // A name inside the body is only looked for once the body is known to be genuine.
        let outside = if call.webhook.id_is_inside() { None } else { call.webhook.delivery_id(&said, None) };
        let arrived = Arrived {
            method: call.method.as_str(),
            headers: call.headers,
            body: &body,
            url: call.url,
            id: outside.as_deref(),
        };
        let scheme = call.webhook.scheme();
        let now = self.clock.now();
        if let Err(refusal) = secrets.verify(scheme, &arrived, now) {
            let outcome = Outcome::from(refusal);
            if outcome.is_failed_verification() {
                call.door.failed(self.clock.as_ref());
            }
            return Err(outcome);
        }
        let read = call.webhook.read(&call.essence, &body).map_err(|_| Outcome::Malformed)?;
        if let Some(greeting) = call.greeting(Some(&read))
            && greeting.shape.signed
        {
            return self.greet(call, &greeting, Some(&secrets)).await;
        }
        let test = self.tests.take(call.headers);
        let name = outside.clone().or_else(|| call.webhook.delivery_id(&said, Some(&read)));
        let delivery = match (&test, name) {
            (Some(nonce), _) => format!("{TEST}{nonce}"),
            (None, Some(id)) => format!("id:{id}"),
            (None, None) => {
                // The same body of the same time.
                let time = scheme.written_time(&arrived).unwrap_or_default();
                let hash = patchbay_connector::sha256_hex(&[time.as_bytes(), b"\n", body.as_slice()].concat());
                format!("sha256:{hash}")
            }
        };
        let kept: Vec<String> = call.webhook.kept_headers().collect();
        let headers: SaidHeaders = said.into_iter().filter(|(name, _)| kept.contains(name)).collect();
        let delivery = NewDelivery {
            connection: call.door.connection.clone(),
            delivery,
            received_at: now,
            headers: json!(headers),
            content_type: call.essence.clone(),
            body,
        };
        self.keep(call.door, delivery).await
    }

    /// Keeps a genuine delivery. Success is said of what is durable alone.
    async fn keep(&self, door: &Door, delivery: NewDelivery) -> Result<Told, Outcome> {
        let Some((wake, backlog)) = self.inbox_of(&door.site.workspace) else { return Err(Outcome::Busy) };
        if backlog.is_full() {
            return Err(Outcome::Busy);
        }
        match door.site.store.inbox_keep(delivery).await {
            Ok(Kept::New) => {
                backlog.more();
                wake.notify_one();
                Ok(Outcome::Accepted.into())
            }
            Ok(Kept::Known) => Ok(Outcome::Duplicate.into()),
            Err(patchbay_store::StoreError::NotFound(_)) => Err(Outcome::Address),
            Err(error) => {
                tracing::warn!(connection = %door.connection, %error, "a delivery could not be kept");
                Err(Outcome::Storage)
            }
        }
    }

    /// Answers a handshake.
    async fn greet(
        &self,
        call: &Call<'_>,
        greeting: &Greeting<'_>,
        secrets: Option<&WebhookSecrets>,
    ) -> Result<Told, Outcome> {
        if greeting.shape.capture {
            self.capture(call, greeting).await?;
        }
        let scheme = call.webhook.scheme();
        let answer = greeting.answer(|value| secrets?.hmac_hex(scheme, value));
        let mut told = Told::from(Outcome::Handshake);
        let (media, text) = match answer {
            None => (None, String::new()),
            // Never a page: a value that somebody sent must not become one.
            Some(Value::String(text)) => (Some("text/plain; charset=utf-8"), text),
            Some(other) => (Some("application/json"), other.to_string()),
        };
        *told.response.body_mut() = Body::from(text);
        let headers = told.response.headers_mut();
        if let Some(media) = media {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
        if let (Some(name), Some(value)) = (&greeting.shape.answer_header, &greeting.value)
            && let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value))
        {
            headers.insert(name, value);
        }
        Ok(told)
    }

    /// Keeps the secret that a handshake brings, while a person waits for it. Otherwise the handshake is
    /// refused: whoever comes first would choose the secret.
    async fn capture(&self, call: &Call<'_>, greeting: &Greeting<'_>) -> Result<(), Outcome> {
        let site = &call.door.site;
        let now = self.clock.now();
        // What the door knows may be a second old.
        let row = site.store.webhook(&call.door.connection).await.map_err(|_| Outcome::Storage)?;
        let waits = row.and_then(|row| row.capture_until).is_some_and(|until| now < until);
        let Some(value) = greeting.value.as_deref().filter(|_| waits) else {
            call.door.failed(self.clock.as_ref());
            return Err(Outcome::NoSecret);
        };
        let connection = &call.door.connection;
        let _seals = site.authoriser.seals().clone().read_owned().await;
        let sealed =
            site.authoriser.seal_captured(connection, call.webhook.scheme(), value).await.map_err(|error| {
                tracing::warn!(%connection, %error, "a captured secret cannot be kept");
                Outcome::Locked
            })?;
        match site.store.webhook_secret_captured(connection, &sealed).await {
            Ok(true) => {
                call.door.forget();
                site.events.emit(patchbay_model::Event::WebhookChanged { connection: connection.clone() });
                Ok(())
            }
            Ok(false) => Err(Outcome::NoSecret),
            Err(_) => Err(Outcome::Storage),
        }
    }
}

impl Call<'_> {
    /// The headers that the definition looks at, those that are there once.
    fn said(&self) -> SaidHeaders {
        let wanted = self.webhook.kept_headers().chain(self.webhook.greeting_headers());
        wanted
            .filter_map(|name| {
                let mut all = self.headers.get_all(&name).iter();
                let value = all.next()?.to_str().ok()?.to_owned();
                if all.next().is_some() { None } else { Some((name, value)) }
            })
            .collect()
    }

    fn greeting(&self, body: Option<&Value>) -> Option<Greeting<'_>> {
        self.webhook.greeting(self.method, &self.said(), self.query, body)
    }
}

fn method(name: &str) -> Option<WebhookMethod> {
    match name {
        "POST" => Some(WebhookMethod::Post),
        "PUT" => Some(WebhookMethod::Put),
        "GET" => Some(WebhookMethod::Get),
        "HEAD" => Some(WebhookMethod::Head),
        _ => None,
    }
}

/// The media type, where it is one that the definition takes, in UTF-8 and not compressed.
fn essence(headers: &HeaderMap, webhook: &CompiledWebhook) -> Option<String> {
    let encoded = headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value.as_bytes() != b"identity");
    if encoded {
        return None;
    }
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let text = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| match parameter.trim().split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    });
    (utf8 && webhook.shape().takes_type(&essence)).then_some(essence)
}

pub(super) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body within its bounds of size and time.
pub(super) async fn read(body: Body, most: usize) -> Result<Vec<u8>, Outcome> {
    let whole = async {
        let mut bytes = Vec::new();
        let mut stream = body.into_data_stream();
        loop {
            match tokio::time::timeout(IDLE, stream.next()).await {
                Err(_) => return Err(Outcome::Slow),
                Ok(Some(Err(_))) => return Err(Outcome::BrokenOff),
                Ok(None) => return Ok(bytes),
                Ok(Some(Ok(chunk))) => {
                    if bytes.len() + chunk.len() > most {
                        return Err(Outcome::TooLarge);
                    }
                    bytes.extend_from_slice(&chunk);
                }
            }
        }
    };
    tokio::time::timeout(BODY_TIMEOUT, whole).await.unwrap_or(Err(Outcome::Slow))
}
