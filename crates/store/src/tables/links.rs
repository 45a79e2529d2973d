//! Record links: which source made which target, so that a later event changes what an earlier one made.

use patchbay_model::{ChainId, RunId, Timestamp};
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// One link.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordLink {
    /// What kind of link: the chain's own name for it.
    pub name: String,
    /// The source's identifier.
    pub source: String,
    /// The target's identifier.
    pub target: String,
}

pub(super) async fn set(
    tx: &mut SqliteConnection,
    chain: &ChainId,
    run: &RunId,
    link: &RecordLink,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (chain, run, at) = (chain.as_str(), run.as_str(), column::millis(now));
    // A chain that was deleted meanwhile remembers nothing.
    sqlx::query!(
        "INSERT INTO record_links (chain, name, source, target, run, at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM chains WHERE id = ?1)
         ON CONFLICT (chain, name, source)
         DO UPDATE SET target = excluded.target, run = excluded.run, at = excluded.at",
        chain,
        link.name,
        link.source,
        link.target,
        run,
        at
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// What a source made; none where nothing is linked with it.
    pub async fn link(&self, chain: &ChainId, name: &str, source: &str) -> Result<Option<String>, StoreError> {
        let chain = chain.as_str();
        Ok(sqlx::query_scalar!(
            "SELECT target FROM record_links WHERE chain = ? AND name = ? AND source = ?",
            chain,
            name,
            source
        )
        .fetch_optional(self.readers())
        .await?)
    }

    /// The links of a chain, the latest first.
    pub async fn links(&self, chain: &ChainId, limit: u32) -> Result<Vec<RecordLink>, StoreError> {
        let chain = chain.as_str();
        Ok(sqlx::query_as!(
            RecordLink,
            "SELECT name, source, target FROM record_links WHERE chain = ? ORDER BY at DESC, name, source LIMIT ?",
            chain,
            limit
        )
        .fetch_all(self.readers())
        .await?)
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::RunState;

    use super::*;
    use crate::Also;
    use crate::fixture::{self, fixture};

    #[tokio::test]
    async fn a_source_leads_to_what_it_made_last_and_only_in_its_chain() {
        let f = fixture().await;
        let chain = f.store.chain_save(None, &fixture::chain("a"), "1").await.unwrap().id;
        let other = f.store.chain_save(None, &fixture::chain("b"), "2").await.unwrap().id;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let link = |target: &str| RecordLink { name: "task".into(), source: "7".into(), target: target.into() };
        for target in ["A", "B"] {
            let also = Also { links: vec![link(target)], ..Also::default() };
            f.store.journal_commit(&run.id, vec![], RunState::Running, Some((&chain, also))).await.unwrap();
        }
        assert_eq!(f.store.link(&chain, "task", "7").await.unwrap().as_deref(), Some("B"));
        assert_eq!(f.store.links(&chain, 10).await.unwrap(), [link("B")]);
        assert_eq!(f.store.link(&other, "task", "7").await.unwrap(), None);
        assert_eq!(f.store.link(&chain, "page", "7").await.unwrap(), None);
        f.store.chain_delete(&chain).await.unwrap();
        assert_eq!(f.store.links(&chain, 10).await.unwrap(), []);
    }
}
