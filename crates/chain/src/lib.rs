//! Chains: plan, check, run, retry, undo, report.
//!
//! The runner is a pure state machine ([`machine`]) over a journal of facts ([`progress`]); the
//! shell around it ([`runner`]) performs commands and makes each fact durable before it acts on it.

pub mod again;
pub mod calls;
pub mod difference;
pub mod dispatch;
pub mod drift;
pub mod error;
pub mod fields;
pub mod items;
pub mod journal;
pub mod learned;
mod lineage;
pub mod logic;
pub mod machine;
pub mod mapping;
mod misplaced;
pub mod plan;
pub mod progress;
pub mod reached;
pub mod recorded;
pub mod report;
pub mod runner;
mod scope;
#[cfg(test)]
mod simulator;
pub mod spare;
pub mod triggers;

pub use dispatch::Dispatcher;
pub use error::ChainError;
pub use plan::{Plan, PlanStep, Repeat};
pub use progress::Progress;
pub use runner::{Connectors, Control, Live, Runner};
