//! The one place that binds a port.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_service::Service;

use crate::error::NetError;

/// Headers must arrive in this time.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests under way may take this long once the listener is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// A bound port on loopback.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    address: SocketAddr,
    grace: Duration,
}

/// Binds a loopback address; port 0 takes any free one. `PORT_IN_USE` where it is taken.
#[expect(clippy::disallowed_methods, reason = "this is the one place that binds")]
pub async fn listen(address: SocketAddr) -> Result<Listener, NetError> {
    if !address.ip().is_loopback() {
        return Err(NetError::NotLoopback(address));
    }
    let serve = |source| NetError::Serve { address, source };
    let inner = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => NetError::PortInUse(address),
        _ => serve(error),
    })?;
    let address = inner.local_addr().map_err(serve)?;
    Ok(Listener { inner, address, grace: GRACE })
}

impl Listener {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    #[cfg(test)]
    pub(crate) fn into_inner(self) -> TcpListener {
        self.inner
    }

    /// Sets how long requests under way may take once `stop` is done; five seconds unless set.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Serves until `stop` is done; requests under way are then finished within the time of grace,
    /// and cut after it: an open event stream or a silent peer must not hold the program up. Headers
    /// must arrive within ten seconds.
    pub async fn serve(
        self,
        router: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), NetError> {
        let mut connections = JoinSet::new();
        let (closing, closed) = tokio::sync::watch::channel(());
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.inner.accept() => accepted,
                () = &mut stop => break,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    // An answer of two pieces would otherwise wait for the peer's late acknowledgement of the
                    // first: 40 ms on Linux. Refused only where the connection is gone.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve_connection(stream, router.clone(), closed.clone()));
                }
                // A connection that went away at once, or no descriptor free: neither ends the listener.
                Err(error) => {
                    tracing::debug!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
        drop(closing);
        // No new connection is accepted, and the port is free, while the last ones finish.
        drop(self.inner);
        let finished = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.grace, finished).await.is_err() {
            connections.shutdown().await;
        }
        Ok(())
    }
}

/// A response that carries this as an extension is not sent: the connection is closed without a
/// status line. For pretend services that lose their answers.
#[derive(Clone, Copy, Debug)]
pub struct CutConnection;

#[derive(Debug, thiserror::Error)]
#[error("the connection is cut on purpose")]
struct Cut;

async fn serve_connection(stream: TcpStream, router: Router, mut closed: tokio::sync::watch::Receiver<()>) {
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        async move {
            // The router cannot fail.
            let Ok(response) = router.call(request.map(axum::body::Body::new)).await;
            if response.extensions().get::<CutConnection>().is_some() { Err(Cut) } else { Ok(response) }
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        // Only ever closed, never sent on.
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}
