//! Open runs as what waits for its turn sees them, without what they do.

use patchbay_model::trigger::OriginKind;
use patchbay_model::{ChainId, RunId, RunOrigin, RunState, Timestamp};

use crate::{Store, StoreError, column};

/// An open run that an event or a step of another run asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The run.
    pub id: RunId,
    /// Its chain.
    pub chain: ChainId,
    /// How it is.
    pub state: RunState,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Whether an engine has taken it up.
    pub begun: bool,
    /// Why it is there.
    pub origin: RunOrigin,
}

struct Row {
    id: String,
    chain_id: String,
    state: String,
    origin: String,
    boot: Option<String>,
    created_at: i64,
}

impl TryFrom<Row> for Standing {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: RunId::new(row.id),
            chain: ChainId::new(row.chain_id),
            state: column::from_word("run's state", row.state)?,
            asked_at: column::time(row.created_at)?,
            begun: row.boot.is_some(),
            origin: column::from_json("run's origin", &row.origin)?,
        })
    }
}

/// Runs that somebody began by hand, or again, wait for nobody's turn.
fn asked_for(rows: Vec<Row>) -> Result<Vec<Standing>, StoreError> {
    let all = rows.into_iter().map(Standing::try_from);
    let waits = |run: &Standing| run.origin.kind.is_event() || run.origin.kind == OriginKind::Step;
    all.filter(|run| run.as_ref().map_or(true, waits)).collect()
}

impl Store {
    /// The open runs of a chain that events or steps asked for, the oldest first.
    pub async fn runs_standing(&self, chain: &ChainId) -> Result<Vec<Standing>, StoreError> {
        let chain = chain.as_str();
        // By what is open and not by the chain, of which a hundred thousand have ended.
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, state, origin AS "origin!", boot, created_at FROM runs
               WHERE final = 0 AND origin IS NOT NULL AND +chain_id = ? ORDER BY created_at, id"#,
            chain
        );
        asked_for(rows.fetch_all(self.readers()).await?)
    }

    /// Those that an engine has taken up, the oldest first.
    pub async fn runs_begun(&self) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, state, origin AS "origin!", boot, created_at FROM runs
               WHERE final = 0 AND boot IS NOT NULL AND origin IS NOT NULL ORDER BY created_at, id"#
        );
        asked_for(rows.fetch_all(self.readers()).await?)
    }

    /// Those that a step of another run waits for and that nobody has taken up, the oldest first.
    pub async fn runs_called(&self) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, state, origin AS "origin!", boot, created_at FROM runs
               WHERE final = 0 AND boot IS NULL AND json_extract(origin, '$.kind') = 'step'
               ORDER BY created_at, id"#
        );
        asked_for(rows.fetch_all(self.readers()).await?)
    }

    /// Those that events asked for and that nobody has taken up, the oldest first: at most `limit` after one
    /// of them, or from the first. Fewer than `limit` are the last.
    pub async fn runs_waiting(
        &self,
        after: Option<&Standing>,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError> {
        let (at, id) = after.map_or((i64::MIN, ""), |run| (column::millis(run.asked_at), run.id.as_str()));
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, state, origin AS "origin!", boot, created_at FROM runs
               WHERE final = 0 AND boot IS NULL AND (created_at, id) > (?, ?)
                   AND event IS NOT NULL AND origin IS NOT NULL
               ORDER BY created_at, id LIMIT ?"#,
            at,
            id,
            limit
        );
        rows.fetch_all(self.readers()).await?.into_iter().map(Standing::try_from).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::BootId;

    use super::*;
    use crate::fixture::{self, fixture};

    #[tokio::test]
    async fn what_waits_is_read_in_parts_and_who_has_begun_or_was_called_beside_it() {
        let f = fixture().await;
        let chain = fixture::run().chain_id;
        let ask = async |kind: OriginKind, event: Option<u64>| {
            let mut run = fixture::run();
            run.id = RunId::generate();
            run.chain_id = chain.clone();
            run.created_at = f.store.now();
            run.origin = RunOrigin { kind, event, ..RunOrigin::default() };
            f.store.run_insert(&run).await.unwrap();
            run.id
        };
        let mut asked = Vec::new();
        for event in 1..=5 {
            // Two of each moment.
            if event % 2 == 1 {
                f.clock.advance(Duration::from_secs(1));
            }
            asked.push((f.store.now(), ask(OriginKind::Webhook, Some(event)).await));
        }
        asked.sort();
        let by_hand = ask(OriginKind::ByHand, None).await;
        let called = ask(OriginKind::Step, None).await;
        let ids = |runs: &[Standing]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&f.store.runs_called().await.unwrap()), std::slice::from_ref(&called));
        let mut read = Vec::new();
        let mut after = None;
        loop {
            let part = f.store.runs_waiting(after.as_ref(), 2).await.unwrap();
            read.extend(ids(&part));
            after = part.last().cloned();
            if part.len() < 2 {
                break;
            }
        }
        assert_eq!(read, asked.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>());
        assert_eq!(f.store.runs_standing(&chain).await.unwrap().len(), 6, "not what was begun by hand");
        assert_eq!(f.store.runs_standing(&ChainId::generate()).await.unwrap(), []);

        assert_eq!(f.store.runs_begun().await.unwrap(), []);
        for id in [&read[0], &called, &by_hand] {
            assert!(f.store.run_claim(id, &BootId::generate()).await.unwrap());
        }
        let begun = f.store.runs_begun().await.unwrap();
        assert_eq!(ids(&begun), [read[0].clone(), called]);
        assert!(begun.iter().all(|run| run.begun));
        assert_eq!(f.store.runs_called().await.unwrap(), []);
        assert_eq!(ids(&f.store.runs_waiting(None, 9).await.unwrap()), &read[1..]);
    }
}
