//! Which runs that have ended go: by age, and where there are too many of them or their journals are too large.
//!
//! Runs belong together: one that a step of another run called goes after that one, whose report and undo lead to
//! it; one that does what failed of another goes after that one too, as long as it is there nobody does that twice;
//! and one that an open run came from, over however many runs, stays with it.

use patchbay_model::Timestamp;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// Runs in one transaction; each takes its whole journal with it.
const BATCH: u32 = 20;

/// How much room runs that have ended may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRoom {
    /// So many runs.
    pub runs: u64,
    /// So many bytes of journal. One that is open has all the room that it needs, and takes none of theirs.
    pub bytes: u64,
}

/// What went with a transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Gone {
    runs: u64,
    bytes: u64,
}

impl Store {
    /// Deletes the runs that ended before `before`, with their journals. Returns how many.
    pub(crate) async fn runs_prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut all = 0;
        // One that was called can go once its caller has gone.
        loop {
            let gone = self.runs_prune_some(column::millis(before), u64::MAX, u64::MAX).await?;
            all += gone.runs;
            if gone.runs == 0 {
                return Ok(all);
            }
        }
    }

    /// Deletes the runs that ended first, as many as it takes until the others have room. Returns how many.
    pub(crate) async fn runs_prune_beyond(&self, room: RunRoom) -> Result<u64, StoreError> {
        let ended = sqlx::query_scalar!(r#"SELECT count(*) AS "n!: i64" FROM runs WHERE final = 1"#)
            .fetch_one(self.readers())
            .await?;
        let mut too_many = column::count(ended).saturating_sub(room.runs);
        let mut too_large = self.journal_bytes(room.bytes).await?.saturating_sub(room.bytes);
        let mut all = 0;
        while too_many > 0 || too_large > 0 {
            let gone = self.runs_prune_some(i64::MAX, too_many, too_large).await?;
            if gone.runs == 0 {
                break;
            }
            all += gone.runs;
            too_many = too_many.saturating_sub(gone.runs);
            too_large = too_large.saturating_sub(gone.bytes);
        }
        Ok(all)
    }

    /// The bytes of the journals of runs that have ended. They are added up only where the whole database is larger than `at_least`: that
    /// reads all of them.
    async fn journal_bytes(&self, at_least: u64) -> Result<u64, StoreError> {
        let database = sqlx::query_scalar!(
            r#"SELECT p.page_count * s.page_size AS "n!: i64" FROM pragma_page_count AS p, pragma_page_size AS s"#
        )
        .fetch_one(self.readers())
        .await?;
        if column::count(database) <= at_least {
            return Ok(0);
        }
        let bytes = sqlx::query_scalar!(
            r#"SELECT coalesce(sum(octet_length(j.fact)), 0) AS "n!: i64"
                   FROM runs AS r JOIN journal AS j ON j.run = r.id WHERE r.final = 1"#
        )
        .fetch_one(self.readers())
        .await?;
        Ok(column::count(bytes))
    }

    /// One transaction of it: until so many runs, and so many bytes, are gone.
    async fn runs_prune_some(&self, before: i64, runs: u64, bytes: u64) -> Result<Gone, StoreError> {
        self.write(move |tx| Box::pin(prune(tx, before, runs, bytes))).await
    }
}

async fn prune(tx: &mut SqliteConnection, before: i64, runs: u64, bytes: u64) -> Result<Gone, StoreError> {
    let found = sqlx::query!(
        r#"WITH RECURSIVE needed (id) AS (
               SELECT json_extract(origin, '$.of') FROM runs
               WHERE final = 0 AND json_extract(origin, '$.of') IS NOT NULL
               UNION
               SELECT json_extract(r.origin, '$.of') FROM needed AS n JOIN runs AS r ON r.id = n.id
               WHERE json_extract(r.origin, '$.of') IS NOT NULL
           )
           SELECT r.id,
               (SELECT coalesce(sum(octet_length(j.fact)), 0) FROM journal AS j WHERE j.run = r.id)
                   AS "bytes!: i64"
           FROM runs AS r
           WHERE r.final = 1 AND r.finished_at < ? AND r.id NOT IN (SELECT id FROM needed)
               AND NOT (coalesce(json_extract(r.origin, '$.kind'), '') IN ('step', 'failed_items')
                   AND EXISTS (SELECT 1 FROM runs AS p WHERE p.id = json_extract(r.origin, '$.of')))
               AND NOT EXISTS (SELECT 1 FROM runs AS e WHERE e.id = json_extract(r.origin, '$.goesOn'))
           ORDER BY r.finished_at, r.id LIMIT ?"#,
        before,
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut gone = Gone::default();
    for run in found {
        if gone.runs >= runs && gone.bytes >= bytes {
            break;
        }
        sqlx::query!("DELETE FROM runs WHERE id = ?", run.id).execute(&mut *tx).await?;
        gone.runs += 1;
        gone.bytes += column::count(run.bytes);
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::trigger::OriginKind;
    use patchbay_model::{RunId, RunState};

    use super::*;
    use crate::fixture::{self, Fixture, fixture, opened};

    const CHAIN: &str = "chain";
    const MUCH: RunRoom = RunRoom { runs: 1_000, bytes: 1 << 30 };

    /// A run in this state, which came from another one in this way; a second later than the last.
    async fn add(f: &Fixture, state: RunState, of: Option<(OriginKind, &RunId)>) -> RunId {
        f.clock.advance(Duration::from_secs(1));
        let mut run = fixture::run();
        (run.id, run.chain_id) = (RunId::generate(), CHAIN.into());
        run.created_at = f.store.now();
        if let Some((kind, of)) = of {
            (run.origin.kind, run.origin.of) = (kind, Some(of.clone()));
        }
        f.store.run_insert(&run).await.unwrap();
        f.store.journal_append(&run.id, vec![opened(1)], state).await.unwrap();
        run.id
    }

    async fn left(f: &Fixture, ids: &[&RunId]) -> Vec<bool> {
        let mut left = Vec::new();
        for id in ids {
            let is_there = f.store.run(id).await.unwrap().is_some();
            assert_eq!(is_there, !f.store.journal(id, 0).await.unwrap().is_empty(), "with its journal");
            left.push(is_there);
        }
        left
    }

    #[tokio::test]
    async fn what_an_open_run_needs_stays_however_old_it_is() {
        let f = fixture().await;
        let (done, open) = (RunState::Done, RunState::NeedsYou);
        let step = OriginKind::Step;
        let alone = add(&f, done, None).await;
        // An open run, what it called, and what that called.
        let root = add(&f, open, None).await;
        let child = add(&f, done, Some((step, &root))).await;
        let grandchild = add(&f, done, Some((step, &child))).await;
        // What an open run was called by, over another one, and what one goes on from.
        let caller = add(&f, done, None).await;
        let between = add(&f, done, Some((step, &caller))).await;
        let called = add(&f, open, Some((step, &between))).await;
        let earlier = add(&f, done, None).await;
        let again = add(&f, open, Some((OriginKind::Again, &earlier))).await;
        // A run that has ended with what it called, which had ended long before.
        let ended = add(&f, done, None).await;
        let inner = add(&f, done, Some((step, &ended))).await;
        f.clock.advance(Duration::from_secs(60));

        assert_eq!(f.store.runs_prune(f.store.now()).await.unwrap(), 3);
        let stays = [&root, &child, &grandchild, &caller, &between, &called, &earlier, &again];
        assert_eq!(left(&f, &stays).await, [true; 8], "an open run needs it");
        assert_eq!(left(&f, &[&alone, &ended, &inner]).await, [false; 3]);
        let none = RunRoom { runs: 0, bytes: 0 };
        assert_eq!(f.store.runs_prune_beyond(none).await.unwrap(), 0, "nor where there is no room");

        f.store.journal_append(&root, vec![], done).await.unwrap();
        f.clock.advance(Duration::from_secs(1));
        let before_its_end = f.store.now() - Duration::from_secs(30);
        assert_eq!(
            f.store.runs_prune(before_its_end).await.unwrap(),
            0,
            "they go with the one that called them"
        );
        assert_eq!(f.store.runs_prune(f.store.now()).await.unwrap(), 3);
        assert_eq!(left(&f, &[&root, &child, &grandchild]).await, [false; 3]);
    }

    #[tokio::test]
    async fn what_did_the_rest_of_a_run_is_known_as_long_as_that_run_is_there() {
        let f = fixture().await;
        let old = add(&f, RunState::Failed, None).await;
        let rest = add(&f, RunState::Done, Some((OriginKind::FailedItems, &old))).await;
        let run = f.store.run(&old).await.unwrap().unwrap();
        assert_eq!(f.store.run_that_goes_on(&run).await.unwrap().as_ref(), Some(&rest));
        // The older one ended later once more: it was undone.
        f.clock.advance(Duration::from_secs(60));
        f.store.journal_reopen(&old, vec![opened(1)], RunState::FailedUndone).await.unwrap();
        let room = RunRoom { runs: 1, ..MUCH };
        f.store.runs_prune_beyond(room).await.unwrap();
        assert_eq!(
            left(&f, &[&old, &rest]).await,
            [false, true],
            "the one that would be done twice goes first"
        );

        let inner = add(&f, RunState::Failed, None).await;
        let mut part = fixture::run();
        (part.id, part.chain_id) = (RunId::generate(), CHAIN.into());
        part.origin.goes_on = Some(inner.clone());
        f.store.run_insert(&part).await.unwrap();
        let run = f.store.run(&inner).await.unwrap().unwrap();
        assert_eq!(f.store.run_that_goes_on(&run).await.unwrap(), Some(part.id), "as a part of another run");
    }

    #[tokio::test]
    async fn one_that_is_open_takes_no_room_of_the_others() {
        let f = fixture().await;
        let done = add(&f, RunState::Done, None).await;
        let open = add(&f, RunState::NeedsYou, None).await;
        f.store.journal_append(&open, vec![opened(7); 5_000], RunState::NeedsYou).await.unwrap();
        let room = RunRoom { bytes: 10_000, ..MUCH };
        assert_eq!(f.store.runs_prune_beyond(room).await.unwrap(), 0);
        assert_eq!(left(&f, &[&done, &open]).await, [true, true]);
    }

    #[tokio::test]
    async fn the_oldest_go_until_the_others_have_room() {
        let f = fixture().await;
        let mut ids = Vec::new();
        for _ in 0..50 {
            ids.push(add(&f, RunState::Done, None).await);
        }
        let open = add(&f, RunState::Waiting, None).await;
        assert_eq!(f.store.runs_prune_beyond(MUCH).await.unwrap(), 0);
        let room = RunRoom { runs: 27, ..MUCH };
        assert_eq!(f.store.runs_prune_beyond(room).await.unwrap(), 23);
        let all: Vec<&RunId> = ids.iter().chain([&open]).collect();
        let kept: Vec<bool> = (0..51).map(|at| at >= 23).collect();
        assert_eq!(left(&f, &all).await, kept, "the oldest, and no open one");

        // One journal that is larger than all others together.
        let large = vec![opened(7); 5_000];
        f.store.journal_append(&open, large, RunState::Done).await.unwrap();
        let bytes = f.store.journal_bytes(0).await.unwrap();
        let one = (bytes - 10_000) / 5_028;
        assert!((20..200).contains(&one), "{bytes} bytes");
        let room = RunRoom { bytes: bytes - one, ..MUCH };
        let gone = f.store.runs_prune_beyond(room).await.unwrap();
        assert!((1..=2).contains(&gone), "no more than it takes: {gone}");
        assert_eq!(left(&f, &[&ids[23], &ids[27], &open]).await, [false, true, true]);
        let room = RunRoom { bytes: 1_000, ..MUCH };
        f.store.runs_prune_beyond(room).await.unwrap();
        assert_eq!(left(&f, &[&ids[49], &open]).await, [false, false], "the one that is too large ended last");
    }
}
