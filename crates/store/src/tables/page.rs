//! Pages: a page of a list, and a page of items that came in.

use patchbay_model::{ConnectionId, Signal, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::quarantine::{self, Quarantined};
use super::{checkpoints, connections, signals};
use crate::{Store, StoreError, column};

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// Those asked for.
    pub items: Vec<T>,
    /// How many there are in all that match.
    pub total: u64,
}

/// One page of a stream as it came in, to be stored whole or not at all.
#[derive(Clone, Debug)]
pub struct PageCommit<'a> {
    /// The connection it came through.
    pub connection: &'a ConnectionId,
    /// The stream within the connector.
    pub stream: &'a str,
    /// Its items.
    pub signals: &'a [Signal],
    /// Items that did not fit.
    pub quarantined: &'a [Quarantined],
    /// Where the stream goes on after this page; the old place stays where none is given.
    pub checkpoint: Option<&'a Value>,
}

/// What a page brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageResult {
    /// Signals that were not there before.
    pub new: u64,
    /// Signals that were there already, or came twice in the page.
    pub known: u64,
}

impl Store {
    /// Stores a page: signals that are not known yet, items put aside and the checkpoint, in one
    /// commit, so that a checkpoint never passes data that is not stored. An item that fits now
    /// leaves the quarantine.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the connection is gone: nothing of it comes back.
    pub async fn page_commit(&self, page: PageCommit<'_>) -> Result<PageResult, StoreError> {
        let owned = Owned {
            connection: page.connection.clone(),
            stream: page.stream.to_owned(),
            count: page.signals.len() as u64,
            signals: signals::rows(page.signals)?,
            quarantined: quarantine::rows(page.quarantined)?,
            checkpoint: page
                .checkpoint
                .map(|value| column::json("checkpoint", value))
                .transpose()?,
            now: self.now(),
        };
        self.write(move |tx| Box::pin(commit(tx, owned))).await
    }
}

struct Owned {
    connection: ConnectionId,
    stream: String,
    count: u64,
    signals: String,
    quarantined: String,
    checkpoint: Option<String>,
    now: Timestamp,
}

async fn commit(tx: &mut SqliteConnection, page: Owned) -> Result<PageResult, StoreError> {
    let (connection, stream) = (page.connection.as_str(), page.stream.as_str());
    let exists = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM connections WHERE id = ?) AS "found!: bool""#,
        connection
    )
    .fetch_one(&mut *tx)
    .await?;
    if !exists {
        return Err(connections::missing(&page.connection));
    }
    let new = signals::insert(tx, connection, stream, &page.signals, page.now).await?;
    quarantine::release(tx, connection, stream, &page.signals).await?;
    quarantine::insert(tx, connection, stream, &page.quarantined, page.now).await?;
    if let Some(checkpoint) = &page.checkpoint {
        checkpoints::set(tx, connection, stream, checkpoint, page.now).await?;
    }
    Ok(PageResult {
        new,
        known: page.count.saturating_sub(new),
    })
}
