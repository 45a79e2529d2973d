//! One attempt and an honest verdict.

use std::sync::Arc;
use std::time::Duration;

use patchbay_model::Clock;
use patchbay_model::problem::Code;
use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use crate::answer::{Answer, Headers};
use crate::error::{Failure, NetError};
use crate::fault::{before_answer, in_body};
use crate::guard::{GuardedResolver, is_public, literal_address, origin_of};
use crate::request::Request;

/// No connection in this time: the service cannot be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No byte in this time: the answer has stopped coming.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Redirects followed.
const REDIRECTS: usize = 3;

/// The HTTP clients. Cheap to clone.
///
/// Requests with effects use clients without a pool: a connection that went stale while idle would
/// make it unclear whether the request was sent.
#[derive(Clone, Debug)]
pub struct Client {
    pooled: [reqwest::Client; 2],
    single: [reqwest::Client; 2],
    clock: Arc<dyn Clock>,
}

impl Client {
    /// Builds the clients.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, NetError> {
        // Process-wide inside rustls; a second call finds the first one's and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            pooled: [build(false, true)?, build(true, true)?],
            single: [build(false, false)?, build(true, false)?],
            clock,
        })
    }

    /// Makes one attempt. Follows up to three redirects of safe requests within the same origin.
    pub async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let started = self.clock.monotonic();
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let host = host_of(&url);
            check_target(&request, &url)?;
            let left = request.timeout.saturating_sub(self.clock.monotonic().saturating_sub(started));
            let response = self
                .client(&request)
                .execute(build_request(&request, &url, left.max(Duration::from_millis(1)))?)
                .await;
            let response = response.map_err(|error| before_answer(&error.without_url(), &host))?;
            let status = response.status().as_u16();
            let headers = headers_of(&response);
            if let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, headers.get("location")) {
                url = next_hop(&request, &url, location)?;
                continue;
            }
            let body = read_body(response, request.max_body, &host).await;
            let took = self.clock.monotonic().saturating_sub(started);
            return Ok(Answer { status, headers, body, took, url });
        }
        Err(refused(&request.url, "too many redirects"))
    }

    fn client(&self, request: &Request) -> &reqwest::Client {
        let clients = if request.effect { &self.single } else { &self.pooled };
        &clients[usize::from(request.allow_private)]
    }
}

fn build(allow_private: bool, pooled: bool) -> Result<reqwest::Client, NetError> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(IDLE_TIMEOUT)
        .dns_resolver(Arc::new(GuardedResolver { allow_private }));
    builder = if pooled {
        builder.pool_max_idle_per_host(8).pool_idle_timeout(Duration::from_secs(30))
    } else {
        builder.pool_max_idle_per_host(0)
    };
    if allow_private {
        // What is on this computer or network is not behind the proxy.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| NetError::Client(error.without_url().to_string()))
}

/// The destination must be approved, and public unless allowed otherwise.
fn check_target(request: &Request, url: &Url) -> Result<(), Failure> {
    let blocked = |detail: &str| Failure {
        code: Code::TargetBlocked,
        sent: false,
        host: host_of(url),
        detail: detail.to_owned(),
    };
    let origin = origin_of(url).ok_or_else(|| blocked("only http and https addresses can be called"))?;
    if !request.origins.contains(&origin) {
        return Err(blocked("this origin was not approved for the connection"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(blocked("the address carries a user name or password"));
    }
    match literal_address(url) {
        Some(address) if !request.allow_private && !is_public(address) => {
            Err(blocked("the address is private"))
        }
        _ => Ok(()),
    }
}

fn build_request(request: &Request, url: &Url, timeout: Duration) -> Result<reqwest::Request, Failure> {
    let invalid =
        |detail: String| Failure { code: Code::InvalidConfig, sent: false, host: host_of(url), detail };
    let mut url = url.clone();
    for (name, value) in &request.secret_query {
        url.query_pairs_mut().append_pair(name, value);
    }
    let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes())
        .map_err(|_| invalid("the method is not known".to_owned()))?;
    let mut built = reqwest::Request::new(method, url);
    *built.timeout_mut() = Some(timeout);
    let headers = built.headers_mut();
    for (name, value) in &request.headers {
        let (name, value) =
            header(name, value).ok_or_else(|| invalid(format!("the header {name} cannot be sent")))?;
        headers.insert(name, value);
    }
    for (name, value) in &request.secret_headers {
        let (name, mut value) = header(name, value)
            .ok_or_else(|| invalid(format!("the secret in the header {name} cannot be sent")))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    if let Some(media) = request.content_type {
        headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
    if let Some(body) = &request.body {
        *built.body_mut() = Some(body.clone().into());
    }
    Ok(built)
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
}

/// Where a redirect leads, if it may be followed.
fn next_hop(request: &Request, from: &Url, location: &str) -> Result<Url, Failure> {
    let to = from.join(location).map_err(|_| refused(from, "the redirect's address cannot be read"))?;
    if request.effect || !request.method.is_safe() {
        return Err(refused(&to, "a redirect of a request that changes something is not followed"));
    }
    if origin_of(&to).is_none() || origin_of(&to) != origin_of(from) {
        return Err(refused(&to, "the redirect leads to another origin"));
    }
    Ok(to)
}

fn refused(to: &Url, detail: &str) -> Failure {
    // The redirect is an answer, so the request was received; it says it was not acted on here.
    Failure { code: Code::RedirectRefused, sent: true, host: host_of(to), detail: detail.to_owned() }
}

fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.scheme().to_owned(),
    }
}

fn headers_of(response: &reqwest::Response) -> Headers {
    Headers::new(
        response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
    )
}

/// Reads the body after decompression, up to the cap.
async fn read_body(mut response: reqwest::Response, cap: usize, host: &str) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > cap => {
                return Err(Failure {
                    code: Code::PayloadTooLarge,
                    sent: true,
                    host: host.to_owned(),
                    detail: format!("more than {cap} bytes"),
                });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(in_body(&error.without_url(), host)),
        }
    }
}
