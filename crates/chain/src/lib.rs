//! Chains: plan, check, run, retry, undo, report.
//!
//! The runner is a pure state machine ([`machine`]) over a journal of facts ([`progress`]); the
//! shell around it ([`runner`]) performs commands and makes each fact durable before it acts on it.

pub mod machine;
pub mod plan;
pub mod progress;

#[cfg(test)]
mod simulator;

pub use plan::{Plan, PlanStep, Repeat};
pub use progress::Progress;
