//! What can go wrong, and whether anything was sent.

use std::net::SocketAddr;

use patchbay_model::problem::{Code, Problem};

use crate::request::DEFAULT_MAX_BODY;

/// One attempt failed. `sent` is false only where that is proven.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Failure {
    /// What kind of failure.
    pub code: Code,
    /// Whether the request, or part of it, may have reached the service.
    pub sent: bool,
    /// The host it was about, without path and query.
    pub host: String,
    /// Technical detail, free of secrets and queries.
    pub detail: String,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let mut problem = Self::new(failure.code);
        if !failure.host.is_empty() {
            problem = problem.with("host", &failure.host);
        }
        if failure.code == Code::PayloadTooLarge {
            problem = problem.with("n", (DEFAULT_MAX_BODY >> 20).to_string());
        }
        if failure.detail.is_empty() { problem } else { problem.detail(failure.detail) }
    }
}

/// Trouble with our own clients and ports.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
    /// Another program listens there.
    #[error("port {} is in use", .0.port())]
    PortInUse(SocketAddr),
    /// Only loopback addresses are listened on.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The port cannot be served.
    #[error("{address} cannot be served: {source}")]
    Serve {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

impl From<NetError> for Problem {
    fn from(error: NetError) -> Self {
        match &error {
            NetError::PortInUse(address) => Self::new(Code::PortInUse).with("n", address.port().to_string()),
            NetError::Client(_) | NetError::NotLoopback(_) | NetError::Serve { .. } => {
                Self::new(Code::Internal).detail(error.to_string())
            }
        }
    }
}
