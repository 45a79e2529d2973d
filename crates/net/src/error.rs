//! What can go wrong, and whether anything was sent.

use std::net::SocketAddr;

use patchbay_model::problem::{Code, Problem};

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
    /// The most bytes that the answer could have had, where it had more.
    pub cap: Option<usize>,
}

impl Failure {
    /// A failure with an empty detail.
    pub fn new(code: Code, sent: bool, host: impl Into<String>) -> Self {
        Self { code, sent, host: host.into(), detail: String::new(), cap: None }
    }

    /// The same with a detail.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// Bytes for people.
fn size(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        _ => format!("{} MiB", bytes.div_ceil(1 << 20)),
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let mut problem = Self::new(failure.code);
        if !failure.host.is_empty() {
            problem = problem.with("host", &failure.host);
        }
        if let Some(cap) = failure.cap {
            problem = problem.with("size", size(cap));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_too_large_says_which_size_it_passed() {
        for (cap, said) in
            [(512, "512 bytes"), (256 << 10, "256 KiB"), (4 << 20, "4 MiB"), (16 << 20, "16 MiB")]
        {
            let failure = Failure { cap: Some(cap), ..Failure::new(Code::PayloadTooLarge, true, "a.example") };
            let hint = Problem::from(failure).hint();
            assert!(hint.contains(&format!("passes {said}.")), "{hint}");
        }
    }
}
