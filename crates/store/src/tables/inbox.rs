//! The inbox: deliveries that were acknowledged. A delivery is here before its sender hears so, and leaves
//! its waiting state in the commit that stores what came of it.

use patchbay_model::{ConnectionId, Signal, Timestamp};
use serde_json::Value;

use super::jobs::{UniqueJob, enqueue_unique};
use super::page::{self, Came, Owned, PageCommit, PageResult, Stored};
use super::quarantine::Quarantined;
use super::triggers::{self, NewTrigger};
use crate::{Store, StoreError, column};

/// A delivery to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// The connection whose address was called.
    pub connection: ConnectionId,
    /// What names it: the same again is not kept again.
    pub delivery: String,
    /// When it came.
    pub received_at: Timestamp,
    /// The headers that are kept, by name.
    pub headers: Value,
    /// Its media type.
    pub content_type: String,
    /// The bytes as they came.
    pub body: Vec<u8>,
}

/// Whether a delivery was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept now.
    New,
    /// It was kept before.
    Known,
}

/// A delivery that waits to be mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingDelivery {
    /// Grows with time.
    pub id: u64,
    /// The delivery.
    pub delivery: NewDelivery,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Kept, and not looked at yet.
    Received,
    /// Signals came of it, or items that were put aside.
    Done,
    /// The connector has nothing for it.
    Ignored,
    /// It could not be read.
    Failed,
}

impl DeliveryState {
    fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        match word {
            "received" => Ok(Self::Received),
            "done" => Ok(Self::Done),
            "ignored" => Ok(Self::Ignored),
            "failed" => Ok(Self::Failed),
            other => Err(StoreError::Unreadable {
                what: "delivery's state",
                why: format!("{} letters that are no state", other.len()),
            }),
        }
    }
}

/// What came of a delivery, to be stored whole or not at all.
#[derive(Clone, Debug)]
pub struct DeliveryResult<'a> {
    /// The delivery.
    pub id: u64,
    /// The connection that it came to.
    pub connection: &'a ConnectionId,
    /// How it ended.
    pub state: DeliveryState,
    /// What is told of it.
    pub result: Value,
    /// The stream that its items belong to, where it brought some.
    pub stream: Option<&'a str>,
    /// Signals.
    pub signals: &'a [Signal],
    /// Items that did not fit.
    pub quarantined: &'a [Quarantined],
    /// The read that it asks for, where it says only that something changed.
    pub read: Option<UniqueJob>,
    /// What it is to chains that wait for deliveries; its signals are told of to those that wait for signals.
    pub event: Option<NewTrigger>,
}

/// A delivery as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenDelivery {
    /// Grows with time.
    pub id: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// How it ended.
    pub state: DeliveryState,
    /// What came of it, where it has ended.
    pub result: Option<Value>,
    /// How large it was, in bytes; 0 once its body is forgotten.
    pub bytes: u64,
}

struct WaitingRow {
    id: i64,
    connection: String,
    delivery: String,
    received_at: i64,
    headers: String,
    content_type: String,
    body: Vec<u8>,
}

struct SeenRow {
    id: i64,
    received_at: i64,
    state: String,
    result: Option<String>,
    bytes: i64,
}

impl Store {
    /// Deliveries that wait to be mapped, the oldest first.
    pub async fn inbox_waiting(&self, limit: u32) -> Result<Vec<WaitingDelivery>, StoreError> {
        let rows = sqlx::query_as!(
            WaitingRow,
            "SELECT id, connection, delivery, received_at, headers, content_type, body
             FROM inbox WHERE state = 'received' ORDER BY id LIMIT ?",
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(WaitingDelivery {
                    id: column::count(row.id),
                    delivery: NewDelivery {
                        connection: ConnectionId::new(row.connection),
                        delivery: row.delivery,
                        received_at: column::time(row.received_at)?,
                        headers: column::from_json("delivery's headers", &row.headers)?,
                        content_type: row.content_type,
                        body: row.body,
                    },
                })
            })
            .collect()
    }

    /// How many deliveries wait, and since when the oldest does.
    pub async fn inbox_backlog(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "waiting!: i64", min(received_at) AS "oldest: i64"
               FROM inbox WHERE state = 'received'"#
        )
        .fetch_one(self.readers())
        .await?;
        Ok((column::count(row.waiting), column::optional_time(row.oldest)?))
    }

    /// Stores what came of a delivery: its signals, items put aside, what may start a chain, and that it
    /// has ended, in one commit. Does nothing where it has ended before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the connection is gone.
    pub async fn inbox_finish(&self, done: DeliveryResult<'_>) -> Result<PageResult, StoreError> {
        let now = self.now();
        let page = done
            .stream
            .map(|stream| {
                let page = PageCommit {
                    connection: done.connection,
                    stream,
                    signals: done.signals,
                    quarantined: done.quarantined,
                    checkpoint: None,
                    call: None,
                    came: Came::Sent,
                };
                Owned::of(&page, now)
            })
            .transpose()?;
        let event = done
            .event
            .map(|event| Ok::<_, StoreError>((column::json("trigger event", &event.payload)?, event)))
            .transpose()?;
        let (id, state, read) = (column::stored(done.id), done.state.word(), done.read);
        let result = column::json("delivery's result", &done.result)?;
        let stored = self.write(move |tx| {
            Box::pin(async move {
                let at = column::millis(now);
                let ended = sqlx::query!(
                    "UPDATE inbox SET state = ?, processed_at = ?, result = ? WHERE id = ? AND state = 'received'",
                    state,
                    at,
                    result,
                    id
                )
                .execute(&mut *tx)
                .await?;
                if ended.rows_affected() == 0 {
                    return Ok(Stored::default());
                }
                let mut stored = match page {
                    Some(page) => page::commit(tx, page).await?,
                    None => Stored::default(),
                };
                if let Some(read) = &read {
                    enqueue_unique(tx, read, now).await?;
                }
                if let Some((payload, event)) = &event {
                    stored.starts |= triggers::record_waited(tx, event.into(), payload, now).await?;
                }
                Ok(stored)
            })
        })
        .await?;
        if stored.starts {
            self.triggers_changed();
        }
        Ok(stored.result)
    }

    /// What came of a delivery; none where it has not ended.
    pub async fn inbox_result(
        &self,
        connection: &ConnectionId,
        delivery: &str,
    ) -> Result<Option<Value>, StoreError> {
        let key = connection.as_str();
        let result = sqlx::query_scalar!(
            "SELECT result FROM inbox WHERE connection = ? AND delivery = ?",
            key,
            delivery
        )
        .fetch_optional(self.readers())
        .await?;
        result.flatten().map(|text| column::from_json("delivery's result", &text)).transpose()
    }

    /// The latest deliveries of a connection, the latest first.
    pub async fn inbox_list(
        &self,
        connection: &ConnectionId,
        limit: u32,
    ) -> Result<Vec<SeenDelivery>, StoreError> {
        let key = connection.as_str();
        let rows = sqlx::query_as!(
            SeenRow,
            r#"SELECT id, received_at, state, result, length(body) AS "bytes!: i64"
               FROM inbox WHERE connection = ? ORDER BY id DESC LIMIT ?"#,
            key,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(SeenDelivery {
                    id: column::count(row.id),
                    received_at: column::time(row.received_at)?,
                    state: DeliveryState::of(&row.state)?,
                    result: row.result.map(|text| column::from_json("delivery's result", &text)).transpose()?,
                    bytes: column::count(row.bytes),
                })
            })
            .collect()
    }

    /// How many deliveries of a connection are kept.
    pub async fn inbox_count(&self, connection: &ConnectionId) -> Result<u64, StoreError> {
        let key = connection.as_str();
        let count = sqlx::query_scalar!(r#"SELECT count(*) AS "n!: i64" FROM inbox WHERE connection = ?"#, key)
            .fetch_one(self.readers())
            .await?;
        Ok(column::count(count))
    }

    /// Deletes at most `most` deliveries that ended and came before `before`; says how many. A tool that
    /// sends one of them once more would be taken to send a new one.
    pub(crate) async fn inbox_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM inbox WHERE id IN
                         (SELECT id FROM inbox WHERE received_at < ? AND state <> 'received' LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{Fixture, connection, fixture, noon, open, signal, waiting_chain};

    fn delivery(connection: &ConnectionId, name: &str) -> NewDelivery {
        NewDelivery {
            connection: connection.clone(),
            delivery: name.into(),
            received_at: noon(),
            headers: json!({"x-event": "made"}),
            content_type: "application/json".into(),
            body: b"{\"id\": 1}".to_vec(),
        }
    }

    async fn connected(f: &Fixture) -> ConnectionId {
        let connection = connection("sheet");
        f.store.connection_insert(&connection, None).await.unwrap();
        connection.id
    }

    #[tokio::test]
    async fn a_delivery_is_kept_once_and_for_connections_that_are_there() {
        let f = fixture().await;
        let id = connected(&f).await;
        assert_eq!(f.store.inbox_keep(delivery(&id, "a")).await.unwrap(), Kept::New);
        assert_eq!(f.store.inbox_keep(delivery(&id, "a")).await.unwrap(), Kept::Known);
        let nobody = delivery(&ConnectionId::from("gone"), "a");
        assert!(matches!(f.store.inbox_keep(nobody).await, Err(StoreError::NotFound(_))));
        let waiting = f.store.inbox_waiting(10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].delivery, delivery(&id, "a"), "as it came");
        assert_eq!(f.store.inbox_backlog().await.unwrap(), (1, Some(noon())));
        f.store.connection_delete(&id, false).await.unwrap();
        assert_eq!(f.store.inbox_backlog().await.unwrap(), (0, None));
    }

    #[tokio::test]
    async fn parallel_copies_of_a_delivery_are_one() {
        let f = fixture().await;
        let id = connected(&f).await;
        let copies = (0..40).map(|n| f.store.inbox_keep(delivery(&id, &format!("d{}", n % 4))));
        let kept = futures_util::future::join_all(copies).await;
        let new = kept.iter().filter(|kept| matches!(kept, Ok(Kept::New))).count();
        assert_eq!((new, f.store.inbox_count(&id).await.unwrap()), (4, 4));
    }

    #[tokio::test]
    async fn what_came_of_a_delivery_is_stored_whole_and_once() {
        let f = fixture().await;
        let id = connected(&f).await;
        f.store.inbox_keep(delivery(&id, "a")).await.unwrap();
        let waiting = f.store.inbox_waiting(1).await.unwrap();
        let signals = [signal(&id, "1", "a")];
        waiting_chain(&f.store, "a", json!({"type": "signal", "connection": "sheet"})).await;
        waiting_chain(&f.store, "b", json!({"type": "webhook", "connection": "sheet"})).await;
        let event = NewTrigger {
            kind: "webhook".into(),
            subject: id.to_string(),
            key: "a".into(),
            payload: json!({"body": {"id": 1}}),
        };
        let done = DeliveryResult {
            id: waiting[0].id,
            connection: &id,
            state: DeliveryState::Done,
            result: json!({"signals": 1}),
            stream: Some("issues"),
            signals: &signals,
            quarantined: &[],
            read: None,
            event: Some(event),
        };
        assert_eq!(f.store.inbox_finish(done.clone()).await.unwrap().new, 1);
        assert_eq!(f.store.inbox_finish(done).await.unwrap(), PageResult::default(), "it has ended");
        let events = f.store.triggers_open(10).await.unwrap();
        let keys: Vec<_> =
            events.iter().map(|open| (open.event.kind.as_str(), open.event.key.as_str())).collect();
        assert_eq!(keys, [("signal", "issues:1:a"), ("webhook", "a")]);
        assert_eq!(f.store.inbox_waiting(10).await.unwrap(), []);
        // The next start finds it so.
        f.store.close().await;
        let again = open(f.dir.path(), f.clock.clone()).await;
        let seen = again.inbox_list(&id, 10).await.unwrap();
        assert_eq!((seen.len(), seen[0].state, seen[0].bytes), (1, DeliveryState::Done, 9));
        assert_eq!(again.inbox_prune(noon() + std::time::Duration::from_secs(1), 10).await.unwrap(), 1);
    }
    #[tokio::test]
    async fn only_what_a_chain_waits_for_is_an_event_and_wakes_who_starts_chains() {
        let f = fixture().await;
        let id = connected(&f).await;
        let wakes = async || {
            let wait = std::time::Duration::from_millis(20);
            tokio::time::timeout(wait, f.store.triggers_wait()).await.is_ok()
        };
        let finish = async |name: &str| {
            f.store.inbox_keep(delivery(&id, name)).await.unwrap();
            let waiting = f.store.inbox_waiting(1).await.unwrap();
            let payload = json!({"body": {"id": 1}});
            let event =
                NewTrigger { kind: "webhook".into(), subject: id.to_string(), key: name.into(), payload };
            let done = DeliveryResult {
                id: waiting[0].id,
                connection: &id,
                state: DeliveryState::Done,
                result: json!({}),
                stream: None,
                signals: &[],
                quarantined: &[],
                event: Some(event),
                read: None,
            };
            f.store.inbox_finish(done).await.unwrap();
            f.store.triggers_open(10).await.unwrap().len()
        };
        waiting_chain(&f.store, "a", json!({"type": "webhook", "connection": "another"})).await;
        wakes().await;
        assert_eq!((finish("1").await, wakes().await), (0, false), "it waits for another connection's");
        waiting_chain(&f.store, "b", json!({"type": "webhook", "connection": "sheet"})).await;
        wakes().await;
        assert_eq!((finish("2").await, wakes().await), (1, true));
    }
}
