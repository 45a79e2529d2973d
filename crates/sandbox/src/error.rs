//! Why the sandbox cannot run.

use patchbay_model::problem::{Code, Problem};
use patchbay_net::NetError;

/// Why the sandbox cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Its port cannot be had.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Another sandbox has its state folder.
    #[error("another sandbox uses this state folder")]
    InUse,
    /// Its state cannot be read or written.
    #[error("the sandbox's state cannot be read or written: {0}")]
    State(#[from] std::io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
}

impl From<SandboxError> for Problem {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Net(error) => error.into(),
            SandboxError::InUse => Self::new(Code::InUse).detail(error.to_string()),
            SandboxError::State(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                Self::new(Code::StorageFull)
            }
            SandboxError::State(_) | SandboxError::NoRandom => {
                Self::new(Code::Internal).detail(error.to_string())
            }
        }
    }
}
