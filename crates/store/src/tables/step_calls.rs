//! Calls of chains' steps, added up by half hours in the commit of the facts that tell of them: the journal's
//! own figures of a connection.

use std::collections::BTreeMap;

use patchbay_model::latency::Latency;
use patchbay_model::{ChainId, Code, ConnectionId, StepId, Timestamp};

use super::health_buckets::latency_of;
use crate::{Store, StoreError, column};

/// A call of a step that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepCall {
    /// The connection that it went through.
    pub connection: ConnectionId,
    /// The step.
    pub step: StepId,
    /// What went wrong; none where it succeeded.
    pub code: Option<Code>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Whether it was another attempt at the same thing.
    pub again: bool,
}

/// The calls of one step of a chain through one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepFigures {
    /// The chain.
    pub chain: String,
    /// The step.
    pub step: String,
    /// The connection, by identifier.
    pub connection: String,
    /// Calls that succeeded.
    pub ok: u64,
    /// Calls that [failed](Code::is_failure).
    pub failed: u64,
    /// Calls that did neither: they had to wait, or what they asked for was not there.
    pub held: u64,
    /// Those that were another attempt at the same thing.
    pub retries: u64,
    /// Bytes received.
    pub bytes: u64,
    /// How long the answers took.
    pub latency: Latency,
}

struct Row {
    connection: String,
    chain: String,
    step: String,
    ok: i64,
    failed: i64,
    held: i64,
    retries: i64,
    bytes: i64,
    latency: String,
}

/// Half hours of the same step and connection, added up.
fn added(rows: Vec<Row>) -> Result<Vec<StepFigures>, StoreError> {
    let mut sums: BTreeMap<(String, String, String), StepFigures> = BTreeMap::new();
    for row in rows {
        let latency = latency_of(&row.latency)?;
        let place = (row.chain.clone(), row.step.clone(), row.connection.clone());
        let sum = sums.entry(place).or_default();
        (sum.chain, sum.step, sum.connection) = (row.chain, row.step, row.connection);
        sum.ok += column::count(row.ok);
        sum.failed += column::count(row.failed);
        sum.held += column::count(row.held);
        sum.retries += column::count(row.retries);
        sum.bytes += column::count(row.bytes);
        sum.latency.add(&latency);
    }
    Ok(sums.into_values().collect())
}

impl Store {
    /// The calls of chains' steps through a connection in the half hours that begin at `since` or later, by
    /// chain and step.
    pub async fn step_figures(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<StepFigures>, StoreError> {
        let (connection, since) = (connection.as_str(), column::millis(since));
        let rows = sqlx::query_as!(
            Row,
            "SELECT connection, chain, step, ok, failed, held, retries, bytes, latency FROM step_calls
             WHERE connection = ? AND at >= ?",
            connection,
            since
        );
        added(rows.fetch_all(self.readers()).await?)
    }

    /// The calls of a chain's steps in the half hours that begin at `since` or later, by step and connection.
    pub async fn chain_step_figures(
        &self,
        chain: &ChainId,
        since: Timestamp,
    ) -> Result<Vec<StepFigures>, StoreError> {
        let (chain, since) = (chain.as_str(), column::millis(since));
        let rows = sqlx::query_as!(
            Row,
            "SELECT connection, chain, step, ok, failed, held, retries, bytes, latency FROM step_calls
             WHERE chain = ? AND at >= ?",
            chain,
            since
        );
        added(rows.fetch_all(self.readers()).await?)
    }

    /// Deletes at most `most` half hours from before `before` and returns how many.
    pub(crate) async fn step_calls_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM step_calls WHERE (connection, at, chain, step) IN
                         (SELECT connection, at, chain, step FROM step_calls WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::RunState;

    use super::*;
    use crate::Also;
    use crate::fixture::{self, connection, fixture, noon, opened};

    #[tokio::test]
    async fn calls_are_counted_with_the_facts_that_tell_of_them_or_not_at_all() {
        let f = fixture().await;
        let made = connection("tracker");
        f.store.connection_insert(&made, None).await.unwrap();
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let call = |step: &str, code, took_ms, again| StepCall {
            connection: made.id.clone(),
            step: step.into(),
            code,
            took_ms,
            bytes: 10,
            again,
        };
        let commit = async |run: &patchbay_model::RunId, calls: Vec<StepCall>| {
            let also = Also { calls, ..Also::default() };
            let chain = ChainId::from("chain");
            f.store.journal_commit(run, vec![opened(1)], RunState::Running, Some((&chain, also))).await
        };
        let first = vec![
            call("send", Some(Code::ServiceDown), 100, false),
            call("send", Some(Code::NotFound), 0, false),
            call("send", None, 200, true),
            call("list", None, 0, false),
        ];
        commit(&run.id, first.clone()).await.unwrap();
        let nowhere = patchbay_model::RunId::generate();
        assert!(commit(&nowhere, first).await.is_err());
        f.clock.advance(Duration::from_secs(1_800));
        commit(&run.id, vec![call("send", None, 400, false)]).await.unwrap();
        let figures = f.store.step_figures(&made.id, noon()).await.unwrap();
        let counts = |one: &StepFigures| (one.ok, one.failed, one.held, one.retries, one.bytes);
        assert_eq!(figures.iter().map(|one| one.step.as_str()).collect::<Vec<_>>(), ["list", "send"]);
        assert_eq!(counts(&figures[0]), (1, 0, 0, 0, 10));
        assert_eq!(counts(&figures[1]), (2, 1, 1, 1, 40), "what was not written is not counted");
        // What was refused before anything was sent took no time.
        assert_eq!(figures[1].latency.total(), 3);
        let of_chain = f.store.chain_step_figures(&"chain".into(), noon()).await.unwrap();
        assert_eq!(of_chain, figures, "the same, asked for by chain");
        assert_eq!(f.store.chain_step_figures(&"other".into(), noon()).await.unwrap(), []);
        let later = f.store.step_figures(&made.id, noon() + Duration::from_secs(1_800)).await.unwrap();
        assert_eq!(later.iter().map(counts).collect::<Vec<_>>(), [(1, 0, 0, 0, 10)]);
        assert_eq!(f.store.step_calls_prune(noon() + Duration::from_secs(60), 10).await.unwrap(), 2);
        f.store.connection_delete(&made.id, false).await.unwrap();
        assert_eq!(f.store.step_figures(&made.id, noon()).await.unwrap(), [], "they go with their connection");
    }
}
