//! Effects of chains: how many in a day, and what they made, so that it is known when it comes back.

use patchbay_model::{ChainId, ConnectionId, Timestamp};

use crate::{Store, StoreError, column};

/// Something that an effect made.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnEffect {
    /// The connection that it went through.
    pub connection: ConnectionId,
    /// Its identifier at the service.
    pub external_id: String,
    /// The chains that led to it, its own one last.
    pub path: Vec<ChainId>,
}

/// The day of a moment: days since 1970 (UTC).
pub(super) fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

impl Store {
    /// Effects that events caused by way of this chain today (UTC).
    pub async fn effects_today(&self, chain: &ChainId) -> Result<u64, StoreError> {
        let (chain, day) = (chain.as_str(), day(self.now()));
        let row =
            sqlx::query_scalar!("SELECT effects FROM effect_days WHERE chain = ? AND day = ?", chain, day)
                .fetch_optional(self.readers())
                .await?;
        Ok(column::count(row.unwrap_or(0)))
    }

    /// The chains that made or changed what has this identifier at the service, between two moments:
    /// one list for each run that had a hand in it.
    pub async fn effect_paths(
        &self,
        connection: &ConnectionId,
        external_id: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Vec<ChainId>>, StoreError> {
        let connection = connection.as_str();
        let (from, to) = (column::millis(from), column::millis(to));
        let rows = sqlx::query_scalar!(
            "SELECT path FROM own_effects
             WHERE connection = ? AND external_id = ? AND at BETWEEN ? AND ?",
            connection,
            external_id,
            from,
            to
        )
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|path| column::from_json("path", path)).collect()
    }

    /// Deletes at most `most` rows from before `before` and returns how many.
    pub(crate) async fn effects_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let (day, before) = (day(before), column::millis(before));
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!("DELETE FROM effect_days WHERE day < ?", day).execute(&mut *tx).await?;
                let done = sqlx::query!(
                    "DELETE FROM own_effects WHERE (connection, external_id, run) IN
                         (SELECT connection, external_id, run FROM own_effects WHERE at < ? LIMIT ?)",
                    before,
                    most
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::RunState;

    use super::*;
    use crate::Also;
    use crate::fixture::{self, fixture, noon};

    #[tokio::test]
    async fn effects_are_counted_by_the_day_and_what_they_made_is_known_again() {
        let f = fixture().await;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let connection = ConnectionId::generate();
        let path = vec![ChainId::generate(), run.chain_id.clone()];
        let made = OwnEffect { connection: connection.clone(), external_id: "7".into(), path: path.clone() };
        let also = || Also { effects: 2, made: vec![made.clone()], ..Also::default() };
        for _ in 0..2 {
            let chain = &run.chain_id;
            f.store.journal_commit(&run.id, vec![], RunState::Running, Some((chain, also()))).await.unwrap();
        }
        assert_eq!(f.store.effects_today(&run.chain_id).await.unwrap(), 4);
        let (minute, paths) = (Duration::from_secs(60), |id: &'static str, from: Timestamp| {
            let (store, connection) = (f.store.clone(), connection.clone());
            async move { store.effect_paths(&connection, id, (from, from + Duration::from_secs(60))).await.unwrap() }
        });
        assert_eq!(paths("7", noon()).await, [path]);
        assert!(paths("8", noon()).await.is_empty());
        assert!(paths("7", noon() + minute).await.is_empty(), "too long ago");
        assert!(paths("7", noon() - minute - minute).await.is_empty(), "not yet");
        f.clock.advance(Duration::from_secs(86_400));
        assert_eq!(f.store.effects_today(&run.chain_id).await.unwrap(), 0, "another day");
        assert_eq!(f.store.effects_prune(f.store.now(), 10).await.unwrap(), 1);
    }
}
