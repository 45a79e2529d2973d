//! Chains and their versions. A version never changes once saved.

use patchbay_model::{Chain, ChainId, ChainVersion, EventKind};
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

/// What of a chain is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainState {
    /// The version that triggers run.
    pub published: Option<u32>,
    /// Whether its trigger starts it.
    pub is_on: bool,
}

fn state(published: Option<i64>, is_on: bool) -> Result<ChainState, StoreError> {
    Ok(ChainState { published: published.map(version).transpose()?, is_on })
}

pub(super) fn missing(id: &ChainId) -> StoreError {
    StoreError::NotFound(format!("The chain {id}"))
}

pub(super) async fn latest(tx: &mut SqliteConnection, id: &str) -> Result<Option<ChainVersion>, StoreError> {
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

/// One version of a chain.
pub(super) async fn at(
    tx: &mut SqliteConnection,
    id: &str,
    version: u32,
) -> Result<Option<ChainVersion>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT chain, version, hash, document, saved_at FROM chain_versions
             WHERE chain = ? AND version = ?",
        id,
        version
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
        self.chain_write(id, None, chain, hash).await
    }

    /// Saves the next version of a chain that was changed at `base`: nothing is overwritten that somebody else
    /// saved meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where there is a later version than `base` with another hash, and those of
    /// [`Store::chain_save`].
    pub async fn chain_save_upon(
        &self,
        id: &ChainId,
        base: u32,
        chain: &Chain,
        hash: &str,
    ) -> Result<ChainVersion, StoreError> {
        self.chain_write(Some(id), Some(base), chain, hash).await
    }

    async fn chain_write(
        &self,
        id: Option<&ChainId>,
        base: Option<u32>,
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
        self.write(move |tx| Box::pin(save(tx, next, document, is_new, base))).await
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
        let mut reader = self.readers().acquire().await?;
        at(&mut reader, id.as_str(), version).await
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

    /// The versions of a chain, the latest first.
    pub async fn chain_versions(&self, id: &ChainId, limit: u32) -> Result<Vec<ChainVersion>, StoreError> {
        let id = id.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT chain, version, hash, document, saved_at FROM chain_versions
             WHERE chain = ? ORDER BY version DESC LIMIT ?",
            id,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(ChainVersion::try_from).collect()
    }

    /// What of a chain is at work; nothing of one that is not there.
    pub async fn chain_state(&self, id: &ChainId) -> Result<ChainState, StoreError> {
        let id = id.as_str();
        let row = sqlx::query!(r#"SELECT published, is_on AS "is_on: bool" FROM chains WHERE id = ?"#, id)
            .fetch_optional(self.readers())
            .await?;
        row.map_or(Ok(ChainState::default()), |row| state(row.published, row.is_on))
    }

    /// What of each chain is at work.
    pub async fn chain_states(&self) -> Result<Vec<(ChainId, ChainState)>, StoreError> {
        let rows = sqlx::query!(r#"SELECT id, published, is_on AS "is_on: bool" FROM chains"#)
            .fetch_all(self.readers())
            .await?;
        rows.into_iter().map(|row| Ok((ChainId::new(row.id), state(row.published, row.is_on)?))).collect()
    }

    /// The published version of a chain.
    pub async fn chain_published(&self, id: &ChainId) -> Result<Option<ChainVersion>, StoreError> {
        let id = id.as_str();
        sqlx::query_as!(
            Row,
            "SELECT v.chain, v.version, v.hash, v.document, v.saved_at
             FROM chain_versions v JOIN chains c ON c.id = v.chain AND c.published = v.version
             WHERE c.id = ?",
            id
        )
        .fetch_optional(self.readers())
        .await?
        .map(ChainVersion::try_from)
        .transpose()
    }

    /// The published versions of the chains that are on and wait for events of this kind.
    pub async fn chains_waiting(&self, kind: EventKind) -> Result<Vec<ChainVersion>, StoreError> {
        let kind = kind.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT v.chain, v.version, v.hash, v.document, v.saved_at
             FROM chain_versions v JOIN chains c ON c.id = v.chain AND c.published = v.version
             WHERE c.is_on = 1 AND c.waits_for = ? ORDER BY c.id",
            kind
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(ChainVersion::try_from).collect()
    }

    /// Makes a version the one that triggers run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such version.
    pub async fn chain_publish(&self, version: &ChainVersion) -> Result<(), StoreError> {
        let (id, number) = (version.id.clone(), version.version);
        let kind = version.chain.trigger.kind().map(EventKind::as_str);
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE chains SET published = ?1, waits_for = ?2
                     WHERE id = ?3 AND EXISTS
                         (SELECT 1 FROM chain_versions WHERE chain = ?3 AND version = ?1)",
                    number,
                    kind,
                    key
                )
                .execute(tx)
                .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Lets the trigger start a chain, or keeps it from doing so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn chain_switch(&self, id: &ChainId, on: bool) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done =
                    sqlx::query!("UPDATE chains SET is_on = ? WHERE id = ?", on, key).execute(tx).await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
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
                let done = sqlx::query!("DELETE FROM chains WHERE id = ?", key).execute(&mut *tx).await?;
                changed_one(done.rows_affected(), || missing(&id))?;
                sqlx::query!("DELETE FROM memory WHERE chain = ?", key).execute(tx).await?;
                Ok(())
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
    base: Option<u32>,
) -> Result<ChainVersion, StoreError> {
    let (id, name) = (next.id.as_str(), next.chain.name.as_str());
    if !is_new {
        let current = latest(tx, id).await?.ok_or_else(|| missing(&next.id))?;
        if current.hash == next.hash {
            return Ok(current);
        }
        // Here, and not before: of two that save at once one comes second.
        if base.is_some_and(|base| base < current.version) {
            return Err(StoreError::Changed { chain: current.id, name: current.chain.name });
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
    insert_version(tx, &next, &document).await?;
    Ok(next)
}

/// Writes a version beside those that are there.
pub(super) async fn insert_version(
    tx: &mut SqliteConnection,
    next: &ChainVersion,
    document: &str,
) -> Result<(), StoreError> {
    let (id, saved_at) = (next.id.as_str(), column::millis(next.saved_at));
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use patchbay_model::trigger::{Missed, Trigger};

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
    async fn of_two_that_save_upon_one_version_the_second_is_refused() {
        let f = fixture().await;
        let mut chain = fixture::chain("Issues to chat");
        let first = f.store.chain_save(None, &chain, "h1").await.unwrap();
        chain.description = "Mine".into();
        let mut theirs = chain.clone();
        theirs.description = "Theirs".into();
        let (mine, other) = tokio::join!(
            f.store.chain_save_upon(&first.id, 1, &chain, "mine"),
            f.store.chain_save_upon(&first.id, 1, &theirs, "theirs"),
        );
        let mine = mine.unwrap();
        assert_eq!(mine.version, 2);
        assert!(matches!(other, Err(StoreError::Changed { .. })), "{other:?}");
        assert_eq!(f.store.chain(&first.id).await.unwrap(), Some(mine.clone()), "nothing was overwritten");
        let same = f.store.chain_save_upon(&first.id, 1, &chain, "mine").await.unwrap();
        assert_eq!(same, mine, "the same document is no conflict");
        let upon = f.store.chain_save_upon(&first.id, 2, &theirs, "theirs").await.unwrap();
        assert_eq!(upon.version, 3);
    }

    #[tokio::test]
    async fn triggers_see_the_published_version_of_chains_that_are_on() {
        let f = fixture().await;
        let mut chain = fixture::chain("Issues to chat");
        chain.trigger = Trigger::Interval { seconds: 60, missed: Missed::Skip };
        let first = f.store.chain_save(None, &chain, "h1").await.unwrap();
        let waiting = async || f.store.chains_waiting(EventKind::Interval).await.unwrap();
        assert_eq!(f.store.chain_state(&first.id).await.unwrap(), ChainState::default());
        f.store.chain_switch(&first.id, true).await.unwrap();
        assert_eq!(waiting().await, [], "what is not published is not run");
        f.store.chain_publish(&first).await.unwrap();
        assert_eq!(waiting().await, std::slice::from_ref(&first));
        chain.description = "Half edited".into();
        chain.trigger = Trigger::default();
        let draft = f.store.chain_save(Some(&first.id), &chain, "h2").await.unwrap();
        assert_eq!(waiting().await, std::slice::from_ref(&first), "a draft never fires");
        assert_eq!(f.store.chain_published(&first.id).await.unwrap(), Some(first.clone()));
        let state = ChainState { published: Some(1), is_on: true };
        assert_eq!(f.store.chain_states().await.unwrap(), [(first.id.clone(), state)]);
        f.store.chain_publish(&draft).await.unwrap();
        assert_eq!(waiting().await, [], "the published version has no trigger");
        f.store.chain_publish(&first).await.unwrap();
        f.store.chain_switch(&first.id, false).await.unwrap();
        assert_eq!(waiting().await, [], "it is off");
        let versions = f.store.chain_versions(&first.id, 10).await.unwrap();
        assert_eq!(versions, [draft.clone(), first.clone()]);
        let none = ChainVersion { version: 7, ..first };
        assert!(matches!(f.store.chain_publish(&none).await, Err(StoreError::NotFound(_))));
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
