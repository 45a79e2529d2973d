//! Pages: a page of a list, and a page of items that came in.

use patchbay_model::{ConnectionId, Signal, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::quarantine::{self, Quarantined};
use super::{call_records, checkpoints, connections, health_buckets, signals};
use crate::{Call, Seen};
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
    /// The call that brought it, for the figures.
    pub call: Option<(Call, Seen)>,
    /// How it came in.
    pub came: Came,
}

/// How items came in: it decides whether they start chains that wait for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Somebody asked for them. What is there at the first read of a stream is no news; what is new after it
    /// is.
    Asked,
    /// The service sent them.
    Sent,
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
    /// leaves the quarantine. The call that brought the page is counted with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the connection is gone: nothing of it comes back.
    pub async fn page_commit(&self, page: PageCommit<'_>) -> Result<PageResult, StoreError> {
        let owned = Owned::of(&page, self.now())?;
        let stored = self.write(move |tx| Box::pin(commit(tx, owned))).await?;
        if stored.starts {
            self.triggers_changed();
        }
        Ok(stored.result)
    }
}

/// A page on its way to the writer.
pub(super) struct Owned {
    connection: ConnectionId,
    stream: String,
    count: u64,
    signals: signals::Rows,
    quarantined: Option<String>,
    checkpoint: Option<String>,
    call: Option<call_records::Record>,
    came: Came,
    now: Timestamp,
}

impl Owned {
    pub(super) fn of(page: &PageCommit<'_>, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            connection: page.connection.clone(),
            stream: page.stream.to_owned(),
            count: page.signals.len() as u64,
            signals: signals::rows(page.signals)?,
            quarantined: Some(page.quarantined)
                .filter(|items| !items.is_empty())
                .map(quarantine::rows)
                .transpose()?,
            checkpoint: page.checkpoint.map(|value| column::json("checkpoint", value)).transpose()?,
            call: page
                .call
                .as_ref()
                .map(|(call, seen)| call_records::Record::of(call.clone(), seen))
                .transpose()?,
            came: page.came,
            now,
        })
    }
}

/// A page that is stored.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) result: PageResult,
    /// Whether chains may wait for what is new in it.
    pub(super) starts: bool,
}

/// Stores a page within a transaction. See [`Store::page_commit`].
pub(super) async fn commit(tx: &mut SqliteConnection, page: Owned) -> Result<Stored, StoreError> {
    let (connection, stream) = (page.connection.as_str(), page.stream.as_str());
    let sent = page.came == Came::Sent;
    let is_there = sqlx::query!(
        r#"SELECT EXISTS (SELECT 1 FROM connections WHERE id = ?1) AS "connection!: bool",
             EXISTS (SELECT 1 FROM quarantine WHERE connection = ?1 AND stream = ?2) AS "quarantined!: bool",
             EXISTS (SELECT 1 FROM chains AS c JOIN chain_versions AS v ON v.chain = c.id AND v.version = c.published
                 WHERE c.is_on = 1 AND c.waits_for = 'signal' AND json_extract(v.document, '$.trigger.connection')
                     = (SELECT name FROM connections WHERE id = ?1)) AND (?3 OR EXISTS
                 (SELECT 1 FROM schedules WHERE connection = ?1 AND kind = 'sync' AND stream = ?2
                  AND backfilled_at IS NOT NULL)) AS "starts!: bool",
             coalesce((SELECT max(id) FROM signals), 0) AS "last!: i64""#,
        connection,
        stream,
        sent
    )
    .fetch_one(&mut *tx)
    .await?;
    if !is_there.connection {
        return Err(connections::missing(&page.connection));
    }
    let new = signals::insert(tx, connection, stream, &page.signals, page.now).await?;
    let starts = new > 0 && is_there.starts;
    if starts {
        signals::start_chains(tx, connection, stream, is_there.last, page.now).await?;
    }
    if is_there.quarantined {
        quarantine::release(tx, connection, stream, &page.signals.elements).await?;
    }
    if let Some(quarantined) = &page.quarantined {
        quarantine::insert(tx, connection, stream, quarantined, page.now).await?;
    }
    if let Some(checkpoint) = &page.checkpoint {
        checkpoints::set(tx, connection, stream, checkpoint, page.now).await?;
    }
    match &page.call {
        Some(call) => call_records::write(tx, &[call], new).await?,
        None => health_buckets::count_signals(tx, connection, page.now, new).await?,
    }
    Ok(Stored { result: PageResult { new, known: page.count.saturating_sub(new) }, starts })
}

#[cfg(test)]
mod tests {
    use patchbay_model::{Code, Problem};
    use serde_json::json;
    use sqlx::Connection as _;

    use super::*;
    use crate::fixture::{self, Fixture, fixture, signal};

    async fn connected(f: &Fixture) -> ConnectionId {
        let connection = fixture::connection("tracker");
        f.store.connection_insert(&connection, None).await.unwrap();
        connection.id
    }

    fn page<'a>(connection: &'a ConnectionId, signals: &'a [Signal]) -> PageCommit<'a> {
        PageCommit {
            connection,
            stream: "issues",
            signals,
            quarantined: &[],
            checkpoint: None,
            call: None,
            came: Came::Asked,
        }
    }

    #[tokio::test]
    async fn an_item_is_stored_once_per_version() {
        let f = fixture().await;
        let id = connected(&f).await;
        let steps = [
            (vec![("1", "a"), ("2", "a"), ("1", "a")], 2, 1),
            (vec![("1", "a"), ("2", "a")], 0, 2),
            (vec![("1", "b"), ("3", "a")], 2, 0),
            (vec![], 0, 0),
        ];
        for (items, new, known) in steps {
            let signals: Vec<_> = items.iter().map(|(i, v)| signal(&id, i, v)).collect();
            let result = f.store.page_commit(page(&id, &signals)).await.unwrap();
            assert_eq!(result, PageResult { new, known }, "{items:?}");
        }
        assert_eq!(f.store.signal_count(&id).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn the_checkpoint_moves_with_the_page_and_stays_without_one() {
        let f = fixture().await;
        let id = connected(&f).await;
        assert_eq!(f.store.checkpoint(&id, "issues").await.unwrap(), None);
        for (checkpoint, want) in [
            (Some(json!({"since": 1})), json!({"since": 1})),
            (None, json!({"since": 1})),
            (Some(json!("cursor-2")), json!("cursor-2")),
        ] {
            let page = PageCommit { checkpoint: checkpoint.as_ref(), ..page(&id, &[]) };
            f.store.page_commit(page).await.unwrap();
            assert_eq!(f.store.checkpoint(&id, "issues").await.unwrap(), Some(want));
        }
        assert_eq!(f.store.checkpoint(&id, "other").await.unwrap(), None);
        f.store.checkpoint_clear(&id, "issues").await.unwrap();
        assert_eq!(f.store.checkpoint(&id, "issues").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_page_that_cannot_move_its_checkpoint_stores_nothing() {
        let f = fixture().await;
        let id = connected(&f).await;
        let url = format!("sqlite://{}", f.store.database().display());
        let mut other = SqliteConnection::connect(&url).await.unwrap();
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON checkpoints
                      BEGIN SELECT RAISE(ABORT, 'refused'); END";
        sqlx::query(refuse).execute(&mut other).await.unwrap();
        let signals = [signal(&id, "1", "1")];
        let full = PageCommit { checkpoint: Some(&json!(1)), ..page(&id, &signals) };
        f.store.page_commit(full.clone()).await.unwrap_err();
        assert_eq!(f.store.signal_count(&id).await.unwrap(), 0, "all or nothing");
        sqlx::query("DROP TRIGGER refuse").execute(&mut other).await.unwrap();
        f.store.page_commit(full).await.unwrap();
        assert_eq!(f.store.signal_count(&id).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn nothing_comes_back_of_a_connection_that_is_gone() {
        let f = fixture().await;
        let id = connected(&f).await;
        f.store.connection_delete(&id, true).await.unwrap();
        let late = f.store.page_commit(page(&id, &[signal(&id, "1", "1")])).await;
        assert!(matches!(late, Err(StoreError::NotFound(_))));
        assert_eq!(f.store.signal_count(&id).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_item_waits_in_quarantine_once_and_leaves_when_it_fits() {
        let f = fixture().await;
        let id = connected(&f).await;
        let unfit = |external_id: Option<&str>, raw| Quarantined {
            external_id: external_id.map(Into::into),
            problem: Problem::new(Code::SchemaMismatch).with("field", "title"),
            raw,
        };
        let items =
            [unfit(Some("1"), json!({"id": 1})), unfit(None, json!({"a": 1})), unfit(None, json!({"b": 1}))];
        for _ in 0..3 {
            let page = PageCommit { quarantined: &items, ..page(&id, &[]) };
            f.store.page_commit(page).await.unwrap();
        }
        let waiting = f.store.quarantine_list(&id, 10).await.unwrap();
        let mut kept: Vec<_> = waiting.into_iter().map(|q| q.item).collect();
        kept.sort_by_key(|item| item.raw.to_string());
        assert_eq!(kept, [items[1].clone(), items[2].clone(), items[0].clone()]);
        f.store.page_commit(page(&id, &[signal(&id, "1", "2")])).await.unwrap();
        let waiting = f.store.quarantine_list(&id, 10).await.unwrap();
        assert!(waiting.iter().all(|q| q.item.external_id.is_none()));
        assert_eq!(waiting.len(), 2, "those that still do not fit");
    }
}
