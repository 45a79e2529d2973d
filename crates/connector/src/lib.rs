//! The one interpreter of connectors: streams page by page, operations, health checks, error
//! classification, pacing. What the wizard's test shows is what a run does.

mod activity;
mod body;
mod bounds;
mod choices;
pub mod classify;
mod compiled;
mod copies;
mod delta;
mod engine;
mod error;
mod exchange;
mod explain;
pub mod fixtures;
mod health;
mod list_page;
pub mod native;
mod operation;
mod pace;
mod paging;
mod pause;
mod plan;
mod raw;
mod reader;
mod said;
mod settings;
mod sync;
mod target;
mod test;
pub mod webhook;
mod xml;

pub use activity::{Activity, Busy, Doing};
pub use bounds::CallRules;
pub use choices::{Choice, Choices};
pub use compiled::Compiled;
pub use engine::Engine;
pub use error::ConnectorError;
pub use explain::{
    Explained, ExplainedPage, ExplainedRequest, MOST_PAGES as MOST_EXPLAINED_PAGES, ShownHeader,
};
pub use health::Health;
pub use native::{Adapter, Adapters};
pub use operation::CallResult;
pub use patchbay_auth::MASK;
pub use plan::Planned;
pub use raw::RawRead;
pub use settings::{settings, settings_so_far};
pub use sync::{SyncOptions, SyncReport};
pub use target::{Target, TargetCredential};
pub use test::{TestLine, TestPart, TestReport, Verdict};

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
