//! What keeps a workspace's database small and searchable, beside everything else.

use std::time::Duration;

use patchbay_store::{RunRoom, Store, StoreError};
use serde_json::Value;

/// How long payloads, figures and ended runs are kept where nobody says: days.
pub(crate) const KEEP_DAYS: u64 = 30;
/// How many ended runs are kept where nobody says, however young they are. The first ones go.
pub(crate) const KEEP_RUNS: u64 = 10_000;
/// How much room their journals may take.
const JOURNALS: u64 = 1 << 30;
/// The settings that say otherwise.
pub(crate) const DAYS: &str = "keepDays";
pub(crate) const RUNS: &str = "keepRuns";
/// How often to look whether something is due; the store does it once a day.
const TIDY_CHECK: Duration = Duration::from_secs(60 * 60);

/// For how many days things are kept, and for how many ended runs there is room.
pub(crate) async fn kept(store: &Store) -> Result<(u64, RunRoom), StoreError> {
    let settings = store.settings(None).await?;
    let number = |key: &str, usual: u64| settings.get(key).and_then(Value::as_u64).unwrap_or(usual);
    Ok((number(DAYS, KEEP_DAYS), RunRoom { runs: number(RUNS, KEEP_RUNS), bytes: JOURNALS }))
}

/// One round: the daily one where it is due, else what goes by the hour, unless this is the `start`.
async fn round(store: &Store, start: bool) -> Result<(), StoreError> {
    let (days, room) = kept(store).await?;
    let keep = Duration::from_secs(days * 24 * 60 * 60);
    match store.retain(keep, room).await? {
        Some(gone) => tracing::debug!(?gone, "what was too old is gone"),
        None if start => {}
        None => {
            store.retain_payloads(keep).await?;
        }
    }
    Ok(())
}

/// Lets go of what is too old. Begins at once: a process may only live for one command. Between the daily
/// rounds what connections do not keep goes by the hour, not at each start: all signals are looked at for it.
pub(crate) async fn tidy(store: Store) {
    let mut start = true;
    loop {
        if let Err(error) = round(&store, start).await {
            tracing::warn!(%error, "what is too old could not be let go of");
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::try_join_all;
    use patchbay_model::time::ManualClock;
    use patchbay_model::{Clock, Run, RunId};
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn an_engine_lets_go_of_the_first_runs_where_there_are_too_many() {
        const MORE: usize = 7;
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let first = hub(dir.path(), &clock);
        let workspace = first.workspace("default").await.unwrap();
        let run: Run = serde_json::from_value(json!({
            "id": "run", "chainId": "chain", "chainVersion": 1, "chainHash": "", "input": null, "dryRun": false,
            "state": "done", "boot": null, "createdAt": clock.now(), "finishedAt": null,
            "snapshot": {"schema": 1, "name": "c", "steps": []},
        }))
        .unwrap();
        let ended = |n: usize| Run {
            id: RunId::new(format!("run {n}")),
            finished_at: Some(clock.now() + Duration::from_secs(n as u64)),
            ..run.clone()
        };
        let most = usize::try_from(KEEP_RUNS).unwrap();
        let all: Vec<Run> = (0..most + MORE).map(ended).collect();
        for some in all.chunks(1_000) {
            try_join_all(some.iter().map(|run| workspace.store().run_insert(run))).await.unwrap();
        }
        first.shut_down().await;
        drop((workspace, first));
        clock.advance(Duration::from_secs(25 * 60 * 60));
        let second = hub(dir.path(), &clock);
        let workspace = second.workspace("default").await.unwrap();
        let store = workspace.store();
        let gone = async {
            while store.run_list(1, 0).await.unwrap().total > KEEP_RUNS {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
        for (n, stays) in [(0, false), (MORE - 1, false), (MORE, true), (most + MORE - 1, true)] {
            assert_eq!(store.run(&all[n].id).await.unwrap().is_some(), stays, "{n}");
        }
        second.shut_down().await;
    }

    #[tokio::test]
    async fn what_somebody_set_holds_for_age_and_number() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let workspace = hub.workspace("default").await.unwrap();
        let store = workspace.store();
        assert_eq!(kept(store).await.unwrap().0, KEEP_DAYS);
        for (name, finished_at) in
            [("old", clock.now()), ("young", clock.now() + Duration::from_secs(9 * 86_400))]
        {
            let run: Run = serde_json::from_value(json!({
                "id": name, "chainId": "chain", "chainVersion": 1, "chainHash": "", "input": null, "dryRun": false,
                "state": "done", "boot": null, "createdAt": clock.now(), "finishedAt": finished_at,
                "snapshot": {"schema": 1, "name": "c", "steps": []},
            }))
            .unwrap();
            store.run_insert(&run).await.unwrap();
        }
        clock.advance(Duration::from_secs(10 * 86_400));
        let stays = async |name: &str| store.run(&RunId::new(name)).await.unwrap().is_some();
        round(store, false).await.unwrap();
        assert!(stays("old").await, "thirty days are usual");
        store.settings_set(None, [(DAYS.to_owned(), json!(7))].into()).await.unwrap();
        clock.advance(Duration::from_secs(86_400));
        round(store, false).await.unwrap();
        assert_eq!((stays("old").await, stays("young").await), (false, true));
        store.settings_set(None, [(RUNS.to_owned(), json!(0))].into()).await.unwrap();
        clock.advance(Duration::from_secs(86_400));
        round(store, false).await.unwrap();
        assert!(!stays("young").await, "there is no room for it");
        hub.shut_down().await;
    }
}
