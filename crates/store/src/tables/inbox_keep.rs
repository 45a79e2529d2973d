//! Keeping deliveries. Those that come while others are being written are written together, by one statement:
//! each handing over to the database's thread costs more than a row.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use serde::Serialize;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::connections;
use super::inbox::{Kept, NewDelivery};
use crate::error::is_foreign;
use crate::{Store, StoreError, column};

/// Deliveries in one statement at most.
const GROUP: usize = 256;

type Reply = oneshot::Sender<Result<Kept, StoreError>>;

/// Deliveries that wait to be kept.
#[derive(Default)]
pub(crate) struct Keeping {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(NewDelivery, Reply)>,
    /// Somebody writes what waits, group by group.
    led: bool,
}

impl Keeping {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next group; none, and nobody leads any more, where nothing waits.
    fn next(&self) -> Option<Vec<(NewDelivery, Reply)>> {
        let mut queue = self.queue();
        if queue.waiting.is_empty() {
            queue.led = false;
            return None;
        }
        let most = queue.waiting.len().min(GROUP);
        let rest = queue.waiting.split_off(most);
        Some(std::mem::replace(&mut queue.waiting, rest))
    }
}

/// Lets the next one lead, and those that wait hear that nobody does, wherever the leader ends.
struct Led<'k>(&'k Keeping);

impl Drop for Led<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.queue() = Queue::default();
        }
    }
}

/// A delivery as the statement reads it; its body is a piece of all bodies.
#[derive(Serialize)]
struct Element<'d> {
    connection: &'d str,
    delivery: &'d str,
    received_at: i64,
    headers: String,
    content_type: &'d str,
    /// Where the body begins, from 1.
    from: usize,
    length: usize,
}

impl Store {
    /// Keeps a delivery. It is durable on return: only then may its sender be told.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the connection is gone.
    pub async fn inbox_keep(&self, delivery: NewDelivery) -> Result<Kept, StoreError> {
        let (reply, kept) = oneshot::channel();
        let leads = {
            let mut queue = self.keeping().queue();
            queue.waiting.push((delivery, reply));
            !std::mem::replace(&mut queue.led, true)
        };
        if leads {
            // A task of its own: whoever asked may go away, and others wait for the same commit.
            let store = self.clone();
            tokio::spawn(async move {
                let _led = Led(store.keeping());
                while let Some(group) = store.keeping().next() {
                    store.keep_group(group).await;
                }
            });
        }
        kept.await.map_err(|_| StoreError::Closed)?
    }

    async fn keep_group(&self, group: Vec<(NewDelivery, Reply)>) {
        let (deliveries, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let deliveries = Arc::new(deliveries);
        let together = match deliveries.len() {
            1 => None,
            _ => Some(self.keep_together(deliveries.clone()).await),
        };
        let results: Vec<Result<Kept, StoreError>> = match together {
            Some(Ok(kept)) => kept.into_iter().map(Ok).collect(),
            // Nothing can be written: none of them waits for that once more.
            Some(Err(error)) if !error.leaves_connection_usable() => vec![Err(error); deliveries.len()],
            // Where a connection is gone, each hears so for itself.
            _ => join_all((0..deliveries.len()).map(|at| self.keep_one(deliveries.clone(), at))).await,
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // Who asked may have gone away.
            let _ = reply.send(result);
        }
    }

    async fn keep_one(&self, deliveries: Arc<Vec<NewDelivery>>, at: usize) -> Result<Kept, StoreError> {
        let headers = column::json("delivery's headers", &deliveries[at].headers)?;
        self.write_one(move |tx| {
            Box::pin(async move {
                let delivery = &deliveries[at];
                let connection = delivery.connection.as_str();
                let received = column::millis(delivery.received_at);
                let kept = sqlx::query!(
                    "INSERT INTO inbox (connection, delivery, received_at, headers, content_type, body, state)
                     VALUES (?, ?, ?, ?, ?, ?, 'received') ON CONFLICT (connection, delivery) DO NOTHING",
                    connection,
                    delivery.delivery,
                    received,
                    headers,
                    delivery.content_type,
                    delivery.body
                )
                .execute(tx)
                .await;
                match kept {
                    Ok(done) if done.rows_affected() == 1 => Ok(Kept::New),
                    Ok(_) => Ok(Kept::Known),
                    Err(error) if is_foreign(&error) => Err(connections::missing(&delivery.connection)),
                    Err(error) => Err(error.into()),
                }
            })
        })
        .await
    }

    /// All of them or none.
    async fn keep_together(&self, deliveries: Arc<Vec<NewDelivery>>) -> Result<Vec<Kept>, StoreError> {
        let mut bodies = Vec::with_capacity(deliveries.iter().map(|one| one.body.len()).sum());
        let mut elements = Vec::with_capacity(deliveries.len());
        for one in deliveries.iter() {
            elements.push(Element {
                connection: one.connection.as_str(),
                delivery: &one.delivery,
                received_at: column::millis(one.received_at),
                headers: column::json("delivery's headers", &one.headers)?,
                content_type: &one.content_type,
                from: bodies.len() + 1,
                length: one.body.len(),
            });
            bodies.extend_from_slice(&one.body);
        }
        let elements = column::json("deliveries", &elements)?;
        let known = self.write(move |tx| Box::pin(async move { insert(tx, elements, bodies).await })).await?;
        let mut seen = BTreeSet::new();
        let kept = deliveries.iter().enumerate().map(|(at, one)| {
            let first = seen.insert((&one.connection, &one.delivery));
            if first && !known.contains(&at) { Kept::New } else { Kept::Known }
        });
        Ok(kept.collect())
    }
}

/// Inserts what is not there yet, and says which were there, by their place.
async fn insert(
    tx: &mut SqliteConnection,
    elements: String,
    bodies: Vec<u8>,
) -> Result<BTreeSet<usize>, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT json_group_array(e.key) AS "known!: String" FROM json_each(?) AS e
           JOIN inbox AS i ON i.connection = e.value ->> 'connection' AND i.delivery = e.value ->> 'delivery';
           INSERT INTO inbox (connection, delivery, received_at, headers, content_type, body, state)
           SELECT value ->> 'connection', value ->> 'delivery', value ->> 'received_at', value ->> 'headers',
               value ->> 'content_type', substr(?, value ->> 'from', value ->> 'length'), 'received'
           FROM json_each(?) WHERE true ON CONFLICT (connection, delivery) DO NOTHING"#,
        elements,
        bodies,
        elements
    )
    .fetch_all(tx)
    .await?;
    known.first().map_or_else(|| Ok(BTreeSet::new()), |known| column::from_json("known deliveries", known))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, fixture, noon};

    #[tokio::test]
    async fn what_comes_together_is_kept_together_as_it_came() {
        let f = fixture().await;
        let connection = fixture::connection("tracker");
        f.store.connection_insert(&connection, None).await.unwrap();
        let delivery = |name: &str, body: &[u8]| NewDelivery {
            connection: connection.id.clone(),
            delivery: name.to_owned(),
            received_at: noon(),
            headers: json!({"x-kind": "\"quoted\" \u{0}"}),
            content_type: "application/json".into(),
            body: body.to_vec(),
        };
        assert_eq!(f.store.inbox_keep(delivery("old", b"old")).await.unwrap(), Kept::New);
        let bodies: [&[u8]; 5] = [b"{}", b"", b"\xff\x00\xfe", b"old", "h\u{e9}llo".as_bytes()];
        let names = ["a", "b", "c", "old", "a"];
        let before = f.store.writer_counts().operations;
        let all = names.iter().zip(bodies).map(|(name, body)| f.store.inbox_keep(delivery(name, body)));
        let kept = futures_util::future::try_join_all(all).await.unwrap();
        assert_eq!(kept, [Kept::New, Kept::New, Kept::New, Kept::Known, Kept::Known]);
        assert!(
            f.store.writer_counts().operations - before <= 2,
            "the first alone at most, the others together"
        );
        let waiting = f.store.inbox_waiting(10).await.unwrap();
        let got: Vec<_> = waiting.iter().map(|one| one.delivery.clone()).collect();
        let want =
            [delivery("old", b"old"), delivery("a", b"{}"), delivery("b", b""), delivery("c", bodies[2])];
        assert_eq!(got, want);
    }

    #[tokio::test]
    async fn one_whose_connection_is_gone_takes_no_other_with_it() {
        let f = fixture().await;
        let connection = fixture::connection("tracker");
        f.store.connection_insert(&connection, None).await.unwrap();
        let all = (0..6).map(|n| {
            let gone = n == 3;
            f.store.inbox_keep(NewDelivery {
                connection: if gone { "gone".into() } else { connection.id.clone() },
                delivery: format!("d{n}"),
                received_at: noon(),
                headers: json!({}),
                content_type: "application/json".into(),
                body: vec![n],
            })
        });
        let kept = join_all(all).await;
        for (n, kept) in kept.into_iter().enumerate() {
            match kept {
                Ok(kept) => assert_eq!((kept, n == 3), (Kept::New, false)),
                Err(error) => assert!(n == 3 && matches!(error, StoreError::NotFound(_)), "{n}: {error}"),
            }
        }
        assert_eq!(f.store.inbox_count(&connection.id).await.unwrap(), 5);
    }
}
