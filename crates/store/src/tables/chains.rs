//! Chains and their versions. A version never changes once saved.

use patchbay_model::{Chain, ChainId, ChainVersion};
use sqlx::SqliteConnection;

use super::connections::changed_one;
use crate::error::is_taken;
use crate::{Store, StoreError, column};

struct Row {
    chain: String,
    version: i64,
    hash: String,
    document: String,
    saved_at: i64,
}

impl TryFrom<Row> for ChainVersion {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ChainId::new(row.chain),
            version: version(row.version)?,
            hash: row.hash,
            chain: column::from_json("chain", &row.document)?,
            saved_at: column::time(row.saved_at)?,
        })
    }
}

/// A chain's version as stored.
pub(super) fn version(stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored)
        .map_err(|error| StoreError::Unreadable { what: "chain's version", why: error.to_string() })
}

fn missing(id: &ChainId) -> StoreError {
    StoreError::NotFound(format!("The chain {id}"))
}

async fn latest(tx: &mut SqliteConnection, id: &str) -> Result<Option<ChainVersion>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT v.chain, v.version, v.hash, v.document, v.saved_at
         FROM chain_versions v JOIN chains c ON c.id = v.chain AND c.latest = v.version
         WHERE c.id = ?",
        id
    )
    .fetch_optional(tx)
    .await?
    .map(ChainVersion::try_from)
    .transpose()
}

impl Store {
    /// Saves a chain: a new one where no identifier is given, else its next version. The document
    /// that is the latest version already, by its hash, makes no new one.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where another chain has the name, [`StoreError::NotFound`].
    pub async fn chain_save(
        &self,
        id: Option<&ChainId>,
        chain: &Chain,
        hash: &str,
    ) -> Result<ChainVersion, StoreError> {
        let next = ChainVersion {
            id: id.cloned().unwrap_or_else(ChainId::generate),
            version: 1,
            hash: hash.to_owned(),
            chain: chain.clone(),
            saved_at: self.now(),
        };
        let document = column::json("chain", chain)?;
        let is_new = id.is_none();
        self.write(move |tx| Box::pin(save(tx, next, document, is_new))).await
    }

    /// The latest version of a chain.
    pub async fn chain(&self, id: &ChainId) -> Result<Option<ChainVersion>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        latest(&mut reader, id.as_str()).await
    }

    /// The latest version of the chain with exactly this name.
    pub async fn chain_named(&self, name: &str) -> Result<Option<ChainVersion>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT v.chain, v.version, v.hash, v.document, v.saved_at
             FROM chain_versions v JOIN chains c ON c.id = v.chain AND c.latest = v.version
             WHERE c.name = ?",
            name
        )
        .fetch_optional(self.readers())
        .await?
        .map(ChainVersion::try_from)
        .transpose()
    }

    /// One version of a chain.
    pub async fn chain_version(&self, id: &ChainId, version: u32) -> Result<Option<ChainVersion>, StoreError> {
        let id = id.as_str();
        sqlx::query_as!(
            Row,
            "SELECT chain, version, hash, document, saved_at FROM chain_versions
             WHERE chain = ? AND version = ?",
            id,
            version
        )
        .fetch_optional(self.readers())
        .await?
        .map(ChainVersion::try_from)
        .transpose()
    }

    /// The latest version of every chain, sorted by name.
    pub async fn chain_list(&self) -> Result<Vec<ChainVersion>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT v.chain, v.version, v.hash, v.document, v.saved_at
             FROM chain_versions v JOIN chains c ON c.id = v.chain AND c.latest = v.version
             ORDER BY c.name"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(ChainVersion::try_from).collect()
    }

    /// Deletes a chain with all its versions. Its runs keep their snapshots.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn chain_delete(&self, id: &ChainId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("DELETE FROM chains WHERE id = ?", key).execute(tx).await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }
}

async fn save(
    tx: &mut SqliteConnection,
    mut next: ChainVersion,
    document: String,
    is_new: bool,
) -> Result<ChainVersion, StoreError> {
    let (id, name) = (next.id.as_str(), next.chain.name.as_str());
    if !is_new {
        let current = latest(tx, id).await?.ok_or_else(|| missing(&next.id))?;
        if current.hash == next.hash {
            return Ok(current);
        }
        next.version = current.version + 1;
    }
    let written = sqlx::query!(
        "INSERT INTO chains (id, name, latest) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, latest = excluded.latest",
        id,
        name,
        next.version
    )
    .execute(&mut *tx)
    .await;
    match written {
        Ok(_) => {}
        Err(error) if is_taken(&error) => {
            return Err(StoreError::Exists {
                item: format!("The chain \"{name}\""),
                message: "Choose another name.",
            });
        }
        Err(error) => return Err(error.into()),
    }
    let saved_at = column::millis(next.saved_at);
    sqlx::query!(
        "INSERT INTO chain_versions (chain, version, hash, document, saved_at)
         VALUES (?, ?, ?, ?, ?)",
        id,
        next.version,
        next.hash,
        document,
        saved_at
    )
    .execute(tx)
    .await?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, fixture};

    #[tokio::test]
    async fn each_change_is_a_version_and_the_same_document_is_none() {
        let f = fixture().await;
        let mut chain = fixture::chain("Issues to chat");
        let first = f.store.chain_save(None, &chain, "h1").await.unwrap();
        assert_eq!((first.version, &first.chain), (1, &chain));
        let same = f.store.chain_save(Some(&first.id), &chain, "h1").await.unwrap();
        assert_eq!(same, first, "nothing changed");
        chain.description = "Posts what is new.".into();
        let second = f.store.chain_save(Some(&first.id), &chain, "h2").await.unwrap();
        assert_eq!((second.version, &second.id), (2, &first.id));
        assert_eq!(f.store.chain(&first.id).await.unwrap(), Some(second.clone()));
        let named = f.store.chain_named("Issues to chat").await.unwrap();
        assert_eq!(named, Some(second));
        let old = f.store.chain_version(&first.id, 1).await.unwrap();
        assert_eq!(old, Some(first.clone()), "a version never changes");
        assert_eq!(f.store.chain_version(&first.id, 3).await.unwrap(), None);
    }

    #[tokio::test]
    async fn names_are_unique_and_free_again_after_a_rename_or_deletion() {
        let f = fixture().await;
        let a = f.store.chain_save(None, &fixture::chain("a"), "1").await.unwrap();
        let taken = f.store.chain_save(None, &fixture::chain("a"), "1").await;
        assert!(matches!(taken, Err(StoreError::Exists { .. })));
        let b = f.store.chain_save(None, &fixture::chain("b"), "2").await.unwrap();
        let taken = f.store.chain_save(Some(&b.id), &fixture::chain("a"), "3").await;
        assert!(matches!(taken, Err(StoreError::Exists { .. })));
        assert_eq!(f.store.chain(&b.id).await.unwrap(), Some(b.clone()));
        f.store.chain_save(Some(&a.id), &fixture::chain("c"), "4").await.unwrap();
        f.store.chain_save(None, &fixture::chain("a"), "5").await.unwrap();
        f.store.chain_delete(&b.id).await.unwrap();
        assert_eq!(f.store.chain(&b.id).await.unwrap(), None);
        assert_eq!(f.store.chain_version(&b.id, 1).await.unwrap(), None);
        let names: Vec<_> = f.store.chain_list().await.unwrap();
        let names: Vec<_> = names.iter().map(|v| v.chain.name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        for gone in [
            f.store.chain_delete(&b.id).await.map(|()| b.clone()),
            f.store.chain_save(Some(&b.id), &b.chain, "6").await,
        ] {
            assert!(matches!(gone, Err(StoreError::NotFound(_))));
        }
    }
}
