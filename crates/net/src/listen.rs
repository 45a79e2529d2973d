//! The one place that binds a port.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use crate::error::NetError;

/// A bound port on loopback.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    address: SocketAddr,
}

/// Binds a loopback address; port 0 takes any free one. `PORT_IN_USE` where it is taken.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that binds"
)]
pub async fn listen(address: SocketAddr) -> Result<Listener, NetError> {
    if !address.ip().is_loopback() {
        return Err(NetError::NotLoopback(address));
    }
    let serve = |source| NetError::Serve { address, source };
    let inner = TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => NetError::PortInUse(address),
            _ => serve(error),
        })?;
    let address = inner.local_addr().map_err(serve)?;
    Ok(Listener { inner, address })
}

impl Listener {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done; requests under way are finished.
    pub async fn serve(
        self,
        router: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), NetError> {
        let address = self.address;
        axum::serve(self.inner, router)
            .with_graceful_shutdown(stop)
            .await
            .map_err(|source| NetError::Serve { address, source })
    }
}

/// Refuses requests that a web page could have made: a `Host` other than our own exact address
/// (421, first of all: DNS rebinding shows nowhere else), or any `Origin` (403).
pub fn guard_host(router: Router, address: SocketAddr) -> Router {
    let port = address.port();
    let hosts = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
    ];
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let hosts = hosts.clone();
        async move { check(request, next, &hosts).await }
    }))
}

async fn check(request: Request, next: Next, hosts: &[String]) -> Response {
    let mut given = request.headers().get_all(header::HOST).iter();
    let exact = given
        .next()
        .and_then(|host| host.to_str().ok())
        .is_some_and(|host| hosts.iter().any(|own| own == host));
    if !exact || given.next().is_some() {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    if request.headers().contains_key(header::ORIGIN) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}
