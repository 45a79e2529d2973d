//! One attempt and an honest verdict.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patchbay_model::Clock;
use patchbay_model::problem::Code;
use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use crate::answer::{Answer, Headers};
use crate::body::body_with_secrets;
use crate::connected::{Connected, NoticeLayer};
use crate::error::{Failure, NetError};
use crate::fault::{before_answer, in_body};
use crate::guard::{is_public, literal_address, origin_of};
use crate::network::{Network, Proxy};
use crate::request::{CONNECT_TIMEOUT, IDLE_TIMEOUT, Request};
use crate::resolve::{GuardedResolver, Lookup, system_lookup};

/// Redirects followed.
const REDIRECTS: usize = 3;

/// Headers that belong to the connection, not to the caller: with them a connector could frame a
/// second request inside the first, or send our credentials to another virtual host.
const OURS: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The HTTP clients. Cheap to clone; all clones go the same way.
///
/// Requests with effects use clients without a pool: a connection that went stale while idle would
/// make it unclear whether the request was sent.
///
/// Where the environment or the user names a proxy, public destinations are reached through it. The proxy
/// then looks names up, so only addresses written out are checked here.
#[derive(Clone)]
pub struct Client {
    way: Arc<Mutex<Way>>,
    clock: Arc<dyn Clock>,
    lookup: Lookup,
}

/// The clients of one way to services.
struct Way {
    network: Network,
    /// Hosts of the proxies in use.
    proxies: Arc<[String]>,
    usual: Clients,
    /// Those that wait otherwise, by what they wait.
    others: HashMap<Waits, Clients>,
}

/// A way that can be gone: nothing about it can fail any more.
pub struct Prepared(Way);

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

/// How long a client waits: these times belong to a client and not to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waits {
    connect: Duration,
    idle: Duration,
}

/// What clients usually wait.
const USUAL: Waits = Waits { connect: CONNECT_TIMEOUT, idle: IDLE_TIMEOUT };

/// One client for each kind of request.
#[derive(Clone)]
struct Clients {
    pooled: [reqwest::Client; 2],
    single: [reqwest::Client; 2],
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Builds the clients. Reads the environment's proxies.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, NetError> {
        Self::with_lookup(clock, Network::default(), system_lookup())
    }

    fn with_lookup(clock: Arc<dyn Clock>, network: Network, lookup: Lookup) -> Result<Self, NetError> {
        // Process-wide inside rustls; a second call finds the first one's and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self { way: Arc::new(Mutex::new(Way::new(network, &lookup)?)), clock, lookup })
    }

    /// Builds what going another way needs, and goes none.
    pub fn prepare(&self, network: Network) -> Result<Prepared, NetError> {
        Way::new(network, &self.lookup).map(Prepared)
    }

    /// Goes another way from the next request on, in every clone. What is under way comes to its end as it
    /// began; connections that were kept open are not used again.
    pub fn go(&self, prepared: Prepared) {
        *self.way() = prepared.0;
    }

    /// The way that is gone.
    pub fn network(&self) -> Network {
        self.way().network.clone()
    }

    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one attempt. Follows up to three redirects of safe requests within the same origin.
    pub async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let started = self.clock.monotonic();
        let mut url = request.url.clone();
        let mut hops = 0;
        loop {
            let spent = self.clock.monotonic().saturating_sub(started);
            let left = request.timeout.saturating_sub(spent);
            let response = self.exchange(&request, &url, left).await.map_err(|failure| {
                Failure {
                    // An earlier hop was sent, whatever became of this one.
                    sent: failure.sent || hops > 0,
                    ..failure
                }
            })?;
            let status = response.status().as_u16();
            let headers = headers_of(&response);
            if let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, headers.get("location")) {
                if status == 303 && request.effect {
                    return Err(seen_elsewhere(&url));
                }
                let to = next_hop(&request, &url, location)?;
                if hops == REDIRECTS {
                    return Err(refused(&to, "too many redirects"));
                }
                hops += 1;
                url = to;
                continue;
            }
            let body = read_body(response, request.max_body, &host_of(&url)).await;
            let took = self.clock.monotonic().saturating_sub(started);
            return Ok(Answer { status, headers, body, took, url });
        }
    }

    /// One request, up to the end of the answer's headers.
    async fn exchange(
        &self,
        request: &Request,
        url: &Url,
        left: Duration,
    ) -> Result<reqwest::Response, Failure> {
        self.check_target(request, url)?;
        let built = build_request(request, url, left)?;
        let client = self.client(request)?;
        let connected = Connected::default();
        let sending = connected.clone().watch(client.execute(built));
        sending.await.map_err(|error| {
            let failure = before_answer(&error.without_url(), &host_of(url));
            // Without a pool each request makes its own connection: before that stands, nothing is sent.
            if failure.code == Code::TimeoutResponse && request.effect && !connected.get() {
                return Failure::new(Code::TimeoutConnect, false, failure.host);
            }
            failure
        })
    }

    fn client(&self, request: &Request) -> Result<reqwest::Client, Failure> {
        let pick = |clients: &Clients| {
            let clients = if request.effect { &clients.single } else { &clients.pooled };
            clients[usize::from(request.allow_private)].clone()
        };
        let waits = Waits { connect: request.connect_timeout, idle: request.idle_timeout };
        let mut way = self.way();
        // A request in the clear would tell the network what the proxy was there to hide.
        if way.network.proxy == Proxy::Unknown && !request.allow_private {
            return Err(Failure::new(Code::NetworkUnreadable, false, host_of(&request.url)));
        }
        if waits == USUAL {
            return Ok(pick(&way.usual));
        }
        if let Some(clients) = way.others.get(&waits) {
            return Ok(pick(clients));
        }
        let clients = Clients::new(waits, &way.network, &way.proxies, &self.lookup).map_err(|error| {
            Failure::new(Code::Internal, false, host_of(&request.url)).detail(error.to_string())
        })?;
        // Each connector and connection has one of these, so there are few.
        Ok(pick(way.others.entry(waits).or_insert(clients)))
    }

    /// The destination must be approved, and public unless allowed otherwise. Names are checked
    /// again when they are looked up.
    fn check_target(&self, request: &Request, url: &Url) -> Result<(), Failure> {
        let blocked = |detail: &str| Err(Failure::new(Code::TargetBlocked, false, host_of(url)).detail(detail));
        let Some(origin) = origin_of(url) else {
            return blocked("only http and https addresses can be called");
        };
        if !request.origins.contains(&origin) {
            return blocked("this origin was not approved for the connection");
        }
        if has_login(url) {
            return blocked("the address carries a user name or password");
        }
        if request.allow_private {
            return Ok(());
        }
        if literal_address(url).is_some_and(|address| !is_public(address)) {
            return blocked("the address is private");
        }
        // The resolver lets the proxy's name through, for the proxy's sake only.
        if url.host_str().is_some_and(|host| self.way().proxies.iter().any(|proxy| proxy == host)) {
            return blocked("the address is the proxy's own");
        }
        Ok(())
    }
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

impl Way {
    fn new(network: Network, lookup: &Lookup) -> Result<Self, NetError> {
        let proxies: Arc<[String]> = network.proxy.hosts().into();
        let usual = Clients::new(USUAL, &network, &proxies, lookup)?;
        Ok(Self { network, proxies, usual, others: HashMap::new() })
    }
}

impl Clients {
    fn new(
        waits: Waits,
        network: &Network,
        proxies: &Arc<[String]>,
        lookup: &Lookup,
    ) -> Result<Self, NetError> {
        let build = |allow_private, pooled| {
            let resolver = GuardedResolver { allow_private, proxies: proxies.clone(), lookup: lookup.clone() };
            build(resolver, pooled, waits, network)
                .map_err(|error| NetError::Client(error.without_url().to_string()))
        };
        Ok(Self {
            pooled: [build(false, true)?, build(true, true)?],
            single: [build(false, false)?, build(true, false)?],
        })
    }
}

fn build(
    resolver: GuardedResolver,
    pooled: bool,
    waits: Waits,
    network: &Network,
) -> Result<reqwest::Client, reqwest::Error> {
    let allow_private = resolver.allow_private;
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(waits.connect)
        .read_timeout(waits.idle)
        .dns_resolver(Arc::new(resolver))
        .connector_layer(NoticeLayer);
    builder = if pooled {
        builder.pool_max_idle_per_host(8).pool_idle_timeout(Duration::from_secs(30))
    } else {
        builder.pool_max_idle_per_host(0)
    };
    if !network.certificates.is_empty() {
        builder = builder.tls_certs_merge(network.certificates.for_client()?);
    }
    builder = match &network.proxy {
        // What is on this computer or network is not behind the proxy.
        _ if allow_private => builder.no_proxy(),
        Proxy::System => builder,
        Proxy::Direct | Proxy::Unknown => builder.no_proxy(),
        Proxy::At(url) => builder.proxy(reqwest::Proxy::all(url.clone())?),
    };
    builder.build()
}

fn build_request(request: &Request, url: &Url, timeout: Duration) -> Result<reqwest::Request, Failure> {
    let invalid = |detail: String| Failure::new(Code::InvalidConfig, false, host_of(url)).detail(detail);
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
    let (body, media) = body_with_secrets(request)
        .ok_or_else(|| invalid("the request's body has no room for the secret".to_owned()))?;
    if let Some(media) = media {
        let (name, value) = header("content-type", &media)
            .ok_or_else(|| invalid("the body's media type cannot be sent".to_owned()))?;
        headers.insert(name, value);
    }
    if let Some(body) = body {
        *built.body_mut() = Some(body.into());
    }
    Ok(built)
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    // Names are lower-case once parsed.
    if OURS.contains(&name.as_str()) {
        return None;
    }
    Some((name, HeaderValue::from_str(value).ok()?))
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
    if has_login(&to) {
        return Err(refused(&to, "the redirect carries a user name or password"));
    }
    Ok(without_secrets(request, to))
}

/// Some services repeat the whole query in a redirect. Our secrets are added again for the next hop;
/// the address that is kept and shown must not hold them.
fn without_secrets(request: &Request, mut url: Url) -> Url {
    let secret = |name: &str| request.secret_query.iter().any(|(own, _)| own == name);
    if !url.query_pairs().any(|(name, _)| secret(&name)) {
        return url;
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !secret(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url
}

/// 303 answers a request that was processed and points at its result (RFC 9110 section 15.4.4): the
/// effect may well have happened.
fn seen_elsewhere(url: &Url) -> Failure {
    Failure::new(Code::UnexpectedContent, true, host_of(url))
        .detail("the answer points elsewhere for the result")
}

fn refused(to: &Url, detail: &str) -> Failure {
    // The redirect is an answer, so the request was received; it says it was not acted on here.
    Failure::new(Code::RedirectRefused, true, host_of(to)).detail(detail)
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
    let too_large = || Failure {
        cap: Some(cap),
        ..Failure::new(Code::PayloadTooLarge, true, host).detail(format!("more than {cap} bytes"))
    };
    // Known only where the body is not compressed.
    if response.content_length().is_some_and(|length| length > cap as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > cap => return Err(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(in_body(&error.without_url(), host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use patchbay_model::SystemClock;
    use patchbay_model::descriptor::Method;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A peer on loopback that answers everything with 204, and how many connections it got.
    async fn peer() -> (u16, Arc<AtomicUsize>) {
        let address = "127.0.0.1:0".parse().unwrap();
        let listener = crate::listen(address).await.unwrap().into_inner();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
            }
        });
        (port, connections)
    }

    /// Every name is this computer.
    fn loopback(lookups: Arc<AtomicUsize>) -> Lookup {
        Arc::new(move |_| {
            lookups.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
        })
    }

    #[tokio::test]
    async fn a_public_name_that_leads_home_is_blocked_before_a_connection_is_made() {
        let (port, connections) = peer().await;
        let lookups = Arc::new(AtomicUsize::new(0));
        let client = Client::with_lookup(
            Arc::new(SystemClock::new()),
            Network { proxy: Proxy::Direct, ..Network::default() },
            loopback(lookups.clone()),
        )
        .unwrap();
        // The proxy's name passes the resolver; nothing of a connector goes to it all the same.
        client.way().proxies = Arc::new(["proxy.corp".to_owned()]);
        for method in [Method::Get, Method::Post] {
            for host in ["rebind.example", "proxy.corp"] {
                let url: Url = format!("http://{host}:{port}/").parse().unwrap();
                let mut request = Request::new(method, url.clone());
                request.origins = origin_of(&url).into_iter().collect();
                let failure = client.send(request).await.unwrap_err();
                assert_eq!((failure.code, failure.sent), (Code::TargetBlocked, false), "{method:?} {host}");
            }
        }
        assert_eq!(connections.load(Ordering::SeqCst), 0, "nothing reached the private address");
        assert_eq!(lookups.load(Ordering::SeqCst), 2, "each attempt looks its name up once");
    }

    #[tokio::test]
    async fn the_address_that_was_checked_is_the_one_connected_to() {
        let (port, connections) = peer().await;
        let lookups = Arc::new(AtomicUsize::new(0));
        let client =
            Client::with_lookup(Arc::new(SystemClock::new()), Network::default(), loopback(lookups.clone()))
                .unwrap();
        let url: Url = format!("http://nas.lan:{port}/").parse().unwrap();
        let mut request = Request::new(Method::Post, url.clone());
        request.origins = origin_of(&url).into_iter().collect();
        request.allow_private = true;
        assert_eq!(client.send(request).await.unwrap().status, 204);
        assert_eq!(connections.load(Ordering::SeqCst), 1);
        assert_eq!(lookups.load(Ordering::SeqCst), 1, "no second lookup that could differ");
    }
}
