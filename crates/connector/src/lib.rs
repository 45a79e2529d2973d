//! The one interpreter of connectors: streams page by page, operations, health checks, error
//! classification, pacing. What the wizard's test shows is what a run does.

pub mod classify;
mod compiled;
mod delta;
mod engine;
mod error;
pub mod fixtures;
mod operation;
mod pace;
mod paging;
mod plan;
mod settings;
mod sync;
mod test;

pub use compiled::Compiled;
pub use engine::{Engine, Health, RawRead, Target, TargetCredential};
pub use error::ConnectorError;
pub use operation::CallResult;
pub use plan::Planned;
pub use settings::settings;
pub use sync::{SyncOptions, SyncReport};
pub use test::{TestLine, TestReport, Verdict};

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
