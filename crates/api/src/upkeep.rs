//! What keeps a workspace's database small and searchable, beside everything else.

use std::time::Duration;

use patchbay_store::Store;

/// How long payloads, figures and ended runs are kept.
pub(crate) const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How often to look whether something is due; the store does it once a day.
const TIDY_CHECK: Duration = Duration::from_secs(60 * 60);

/// Lets go of what is too old. Begins at once: a process may only live for one command. Between the daily
/// rounds what connections do not keep goes by the hour, not at each start: all signals are looked at for it.
pub(crate) async fn tidy(store: Store) {
    let mut start = true;
    loop {
        match store.retain(KEEP).await {
            Ok(Some(gone)) => tracing::debug!(?gone, "what was too old is gone"),
            Ok(None) if start => {}
            Ok(None) => {
                if let Err(error) = store.retain_payloads(KEEP).await {
                    tracing::warn!(%error, "what is not kept could not be let go of");
                }
            }
            Err(error) => tracing::warn!(%error, "what is too old could not be let go of"),
        }
        if let Err(error) = store.audit_calls().await {
            tracing::warn!(%error, "calls could not be noted in the audit trail");
        }
        start = false;
        tokio::time::sleep(TIDY_CHECK).await;
    }
}

/// Signals whose words are written at once: other writes wait no longer than for these.
const WORDS: u32 = 2_000;
/// How often to look for signals whose words are not written.
const WORDS_CHECK: Duration = Duration::from_secs(1);

/// Writes the words of signals behind their arrival, so that reading streams does not wait for it.
pub(crate) async fn write_words(store: Store) {
    loop {
        match store.signal_words_catch_up(WORDS).await {
            // There are more: let others have a turn.
            Ok(count) if count == u64::from(WORDS) => tokio::task::yield_now().await,
            Ok(_) => tokio::time::sleep(WORDS_CHECK).await,
            Err(error) => {
                tracing::warn!(%error, "signals cannot be made ready to be searched now");
                tokio::time::sleep(TIDY_CHECK).await;
            }
        }
    }
}
