//! What can go wrong around a run, beside what its journal tells.

use patchbay_model::problem::{Code, Problem};
use patchbay_store::StoreError;

/// Trouble that is not part of a run's journal.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The journal cannot be read or written.
    #[error("the journal cannot be read or written")]
    Store(#[from] StoreError),
    /// The run does not wait for an answer.
    #[error("run {run} does not wait for an answer")]
    NoQuestion {
        /// The run.
        run: String,
    },
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Store(error) => error.into(),
            ChainError::NoQuestion { run } => Self::new(Code::Conflict)
                .with("item", format!("Run {run}"))
                .with("message", "It does not wait for an answer."),
        }
    }
}
