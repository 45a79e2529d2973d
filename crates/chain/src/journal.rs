//! Journals, read part by part: that of a run over many items is long.

use std::ops::ControlFlow;

use patchbay_model::RunId;
use patchbay_model::run::JournalEntry;
use patchbay_store::{Store, StoreError};

/// Entries that are held at once.
const PART: u32 = 2_000;

/// Gives `take` what a run's journal holds, in order.
pub async fn each(store: &Store, run: &RunId, mut take: impl FnMut(JournalEntry)) -> Result<(), StoreError> {
    let going_on = |entry| {
        take(entry);
        ControlFlow::Continue(())
    };
    until(store, run, going_on).await
}

/// The same until `take` has heard enough.
pub async fn until(
    store: &Store,
    run: &RunId,
    mut take: impl FnMut(JournalEntry) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut seq = 0;
    loop {
        let part = store.journal_part(run, seq, PART).await?;
        let is_last = part.len() < PART as usize;
        for entry in part {
            seq = entry.seq;
            if take(entry).is_break() {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}
