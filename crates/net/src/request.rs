//! One request.

use std::time::Duration;

use patchbay_model::descriptor::Method;
use url::Url;
use zeroize::Zeroizing;

/// No connection in this time: the service cannot be reached.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No byte in this time: the answer has stopped coming.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest body we read unless told otherwise, in bytes.
pub(crate) const DEFAULT_MAX_BODY: usize = 16 << 20;

/// One request. Secrets are kept apart from what may be logged or journalled.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address, without secret query parameters.
    pub url: Url,
    /// Headers without secrets.
    pub headers: Vec<(String, String)>,
    /// Headers that carry secrets.
    pub secret_headers: Vec<(String, Zeroizing<String>)>,
    /// Query parameters that carry secrets.
    pub secret_query: Vec<(String, Zeroizing<String>)>,
    /// Members of the body that carry secrets, by name or JSON pointer.
    pub secret_members: Vec<(String, Zeroizing<String>)>,
    /// The body, without secrets.
    pub body: Option<Vec<u8>>,
    /// The body's media type.
    pub content_type: Option<String>,
    /// Whether it changes anything in the service. Such a request never rides on an idle
    /// connection, and no redirect is followed.
    pub effect: bool,
    /// Whole time, from connecting to the last byte.
    pub timeout: Duration,
    /// Time to connect; five seconds in [`Request::new`].
    pub connect_timeout: Duration,
    /// Time without a byte; 15 seconds in [`Request::new`].
    pub idle_timeout: Duration,
    /// Origins it may go to (scheme, host, port).
    pub origins: Vec<String>,
    /// Whether private and loopback addresses are allowed.
    pub allow_private: bool,
    /// The largest body we read, in bytes, after decompression.
    pub max_body: usize,
}

impl Request {
    /// A request with the usual bounds: 60 seconds, 16 MiB, public addresses only.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            effect: !method.is_safe(),
            method,
            url,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            secret_query: Vec::new(),
            secret_members: Vec::new(),
            body: None,
            content_type: None,
            timeout: Duration::from_secs(60),
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            origins: Vec::new(),
            allow_private: false,
            max_body: DEFAULT_MAX_BODY,
        }
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}
