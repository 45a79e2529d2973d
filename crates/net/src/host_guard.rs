//! The check that stands before every route we serve.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;

/// Which requests are ours to answer. Refuses what a web page could have made: a `Host` that is not
/// exactly one of ours (421, first of all, because DNS rebinding shows nowhere else), or an `Origin`
/// that is not allowed (403).
#[derive(Clone, Debug)]
pub struct HostGuard {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl HostGuard {
    /// Answers to the loopback names with this port; allows no `Origin`.
    pub fn loopback(address: SocketAddr) -> Self {
        let port = address.port();
        Self {
            hosts: vec![format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")],
            origins: Vec::new(),
        }
    }

    /// Answers to this host too, compared letter by letter with its port, such as the name of a
    /// tunnel that the user has set.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.hosts.push(host.to_owned());
        self
    }

    /// Allows requests of this origin, such as `http://127.0.0.1:4319`.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        self.origins.push(origin.to_owned());
        self
    }

    /// Puts the check before all routes of the router, and before its fallback.
    pub fn wrap(self, router: Router) -> Router {
        let guard = Arc::new(self);
        router.layer(middleware::from_fn(move |request: Request, next: Next| {
            let guard = guard.clone();
            async move {
                match guard.refusal(&request) {
                    Some(status) => status.into_response(),
                    None => next.run(request).await,
                }
            }
        }))
    }

    /// The status with which a request is refused; none where it is ours to answer.
    pub fn refusal(&self, request: &Request) -> Option<StatusCode> {
        let ours = |host: &str| self.hosts.iter().any(|own| own == host);
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let exact =
            hosts.next().and_then(|host| host.to_str().ok()).is_some_and(ours) && hosts.next().is_none();
        // In the absolute form the request line outranks `Host` (RFC 9112 section 3.2.2).
        let line = request.uri().authority();
        if !exact || line.is_some_and(|authority| !ours(authority.as_str())) {
            return Some(StatusCode::MISDIRECTED_REQUEST);
        }
        let allowed = |origin: &header::HeaderValue| {
            origin.to_str().is_ok_and(|origin| self.origins.iter().any(|own| own == origin))
        };
        if !request.headers().get_all(header::ORIGIN).iter().all(allowed) {
            return Some(StatusCode::FORBIDDEN);
        }
        None
    }
}

/// Puts the check for loopback names before the router.
pub fn guard_host(router: Router, address: SocketAddr) -> Router {
    HostGuard::loopback(address).wrap(router)
}
