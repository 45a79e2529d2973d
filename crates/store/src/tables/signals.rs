//! Signals: unique by connection, stream, external id and version.

use std::collections::BTreeSet;

use patchbay_model::{ConnectionId, ConnectorId, EventKind, Signal, Timestamp};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::triggers;
use crate::{Store, StoreError, column};

struct Row {
    connection: String,
    connector: String,
    stream: String,
    external_id: String,
    version: String,
    signal_type: String,
    timestamp: i64,
    summary: String,
    priority: Option<String>,
    participants: String,
    tags: String,
    related: String,
    url: Option<String>,
    raw: String,
}

impl TryFrom<Row> for Signal {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            connection: ConnectionId::new(row.connection),
            connector: ConnectorId::new(row.connector),
            stream: row.stream,
            external_id: row.external_id,
            version: row.version,
            signal_type: row.signal_type,
            timestamp: column::time(row.timestamp)?,
            summary: row.summary,
            priority: row.priority.map(|word| column::from_word("signal's priority", word)).transpose()?,
            participants: column::from_json("signal's participants", &row.participants)?,
            tags: column::from_json("signal's tags", &row.tags)?,
            related: column::from_json("signal's relations", &row.related)?,
            url: row.url,
            raw: column::from_json("signal's item", &row.raw)?,
        })
    }
}

/// The signals of a page on their way into SQLite: one statement, whatever their number.
pub(super) struct Rows {
    /// A JSON array of [`Element`].
    pub(super) elements: String,
    /// The items as the service sent them, as JSON texts one after the other. They are most of a page:
    /// within the array they would be escaped, parsed and written again.
    raw: Vec<u8>,
}

/// One signal. Lists are text within it, so that SQLite does not re-write them.
#[derive(Serialize)]
struct Element<'a> {
    connector: &'a str,
    external_id: &'a str,
    version: &'a str,
    signal_type: &'a str,
    timestamp: i64,
    summary: &'a str,
    priority: Option<String>,
    participants: String,
    tags: String,
    related: String,
    url: Option<&'a str>,
    /// Where its text begins in [`Rows::raw`], counted from 1 as by SQLite's `substr`.
    raw_at: usize,
    /// The length of its text in bytes.
    raw_length: usize,
}

/// The signals as they are bound to a statement.
pub(super) fn rows(signals: &[Signal]) -> Result<Rows, StoreError> {
    let mut raw = Vec::new();
    let elements = signals
        .iter()
        .map(|s| {
            let start = raw.len();
            column::append_json("signal's item", &s.raw, &mut raw)?;
            Ok(Element {
                connector: s.connector.as_str(),
                external_id: &s.external_id,
                version: &s.version,
                signal_type: &s.signal_type,
                timestamp: column::millis(s.timestamp),
                summary: &s.summary,
                priority: s
                    .priority
                    .map(|priority| column::word("signal's priority", &priority))
                    .transpose()?,
                participants: column::json("signal's participants", &s.participants)?,
                tags: column::json("signal's tags", &s.tags)?,
                related: column::json("signal's relations", &s.related)?,
                url: s.url.as_deref(),
                raw_at: start + 1,
                raw_length: raw.len() - start,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Rows { elements: column::json("page of signals", &elements)?, raw })
}

/// Inserts those of `rows` that are not there yet and returns how many that were.
pub(super) async fn insert(
    tx: &mut SqliteConnection,
    connection: &str,
    stream: &str,
    rows: &Rows,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let now = column::millis(now);
    let (elements, raw) = (rows.elements.as_str(), rows.raw.as_slice());
    let done = sqlx::query!(
        "INSERT INTO signals (connection, connector, stream, external_id, version, signal_type,
             timestamp, summary, priority, participants, tags, related, url, raw, stored_at)
         SELECT ?1, value ->> 'connector', ?2, value ->> 'external_id', value ->> 'version',
             value ->> 'signal_type', value ->> 'timestamp', value ->> 'summary',
             value ->> 'priority', value ->> 'participants', value ->> 'tags', value ->> 'related',
             value ->> 'url',
             CAST(substr(?4, value ->> 'raw_at', value ->> 'raw_length') AS TEXT), ?5
         FROM jsonb_each(?3) WHERE true
         ON CONFLICT (connection, stream, external_id, version) DO NOTHING",
        connection,
        stream,
        elements,
        raw,
        now
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// A signal as chains that wait for it see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Arrived {
    #[serde(flatten)]
    signal: Signal,
    is_new: bool,
}

/// Writes an event for each signal of a stream whose row is later than `after`, within the transaction that
/// inserted them. Its payload is the signal, and whether it is the first version of its item, as far as
/// earlier ones are kept.
pub(super) async fn start_chains(
    tx: &mut SqliteConnection,
    connection: &str,
    stream: &str,
    after: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT connection, connector, stream, external_id, version, signal_type,
             timestamp, summary, priority, participants, tags, related, url, raw
         FROM signals WHERE id > ? AND connection = ? AND stream = ? ORDER BY id",
        after,
        connection,
        stream
    )
    .fetch_all(&mut *tx)
    .await?;
    let known = sqlx::query_scalar!(
        "SELECT DISTINCT old.external_id FROM signals AS new JOIN signals AS old
             ON old.connection = new.connection AND old.stream = new.stream
             AND old.external_id = new.external_id AND old.id <= ?1
         WHERE new.id > ?1 AND new.connection = ?2 AND new.stream = ?3",
        after,
        connection,
        stream
    )
    .fetch_all(&mut *tx)
    .await?;
    let known: BTreeSet<String> = known.into_iter().collect();
    for row in rows {
        let is_new = !known.contains(&row.external_id);
        let signal = Signal::try_from(row)?;
        let key = format!("{stream}:{}:{}", signal.external_id, signal.version);
        let payload = column::json("trigger event", &Arrived { signal, is_new })?;
        let event = triggers::Named { kind: EventKind::Signal.as_str(), subject: connection, key: &key };
        triggers::record(tx, event, &payload, now).await?;
    }
    Ok(())
}

impl Store {
    /// The latest signals, of one connection or of all, the latest first.
    pub async fn signal_list(
        &self,
        connection: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Signal>, StoreError> {
        let rows = match connection {
            Some(connection) => {
                let connection = connection.as_str();
                sqlx::query_as!(
                    Row,
                    "SELECT connection, connector, stream, external_id, version, signal_type,
                         timestamp, summary, priority, participants, tags, related, url, raw
                     FROM signals WHERE connection = ? ORDER BY timestamp DESC, id DESC LIMIT ?",
                    connection,
                    limit
                )
                .fetch_all(self.readers())
                .await?
            }
            None => {
                sqlx::query_as!(
                    Row,
                    "SELECT connection, connector, stream, external_id, version, signal_type,
                         timestamp, summary, priority, participants, tags, related, url, raw
                     FROM signals ORDER BY timestamp DESC, id DESC LIMIT ?",
                    limit
                )
                .fetch_all(self.readers())
                .await?
            }
        };
        rows.into_iter().map(Signal::try_from).collect()
    }

    /// Forgets what the service sent of at most `most` signals that are older than their connection keeps
    /// it, and returns of how many. The signals themselves stay. `usual` is how long it is kept where the
    /// user said nothing else. Of connections that keep nothing it goes once no event waits that it came with.
    pub(crate) async fn signals_forget_raw(&self, usual: Timestamp, most: u32) -> Result<u64, StoreError> {
        let (usual, now) = (column::millis(usual), column::millis(self.now()));
        // Looked for beside the writer: it may take a while.
        let ids = sqlx::query_scalar!(
            r#"SELECT s.id AS "id!" FROM signals s LEFT JOIN settings k ON k.connection = s.connection AND k.key = 'keep'
               WHERE CASE
                   WHEN k.value IS NULL THEN s.stored_at < ?1
                   WHEN k.value = '"all"' THEN 0
                   WHEN k.value = '"nothing"' THEN NOT EXISTS
                       (SELECT 1 FROM trigger_events t WHERE t.handled_at IS NULL)
                   ELSE s.stored_at < ?2 - CAST(k.value AS INTEGER) * 86400000 END
                   AND octet_length(s.raw) <> 4
               LIMIT ?3"#,
            usual,
            now,
            most
        )
        .fetch_all(self.readers())
        .await?;
        self.signals_forget(ids).await
    }

    /// Forgets what services sent of the signals that came in first, at most `most` of them, while all of it
    /// takes more than `bytes`.
    pub(crate) async fn signals_forget_beyond(&self, bytes: u64, most: u32) -> Result<u64, StoreError> {
        let bytes = column::stored(bytes);
        let over = sqlx::query_scalar!(
            r#"SELECT coalesce(sum(octet_length(raw)), 0) > ? AS "over!: bool" FROM signals
               WHERE octet_length(raw) <> 4"#,
            bytes
        )
        .fetch_one(self.readers())
        .await?;
        if !over {
            return Ok(0);
        }
        let ids = sqlx::query_scalar!(
            r#"SELECT id AS "id!" FROM signals WHERE octet_length(raw) <> 4 ORDER BY id LIMIT ?"#,
            most
        )
        .fetch_all(self.readers())
        .await?;
        self.signals_forget(ids).await
    }

    /// Forgets what services sent. `null` has four bytes, and so has nothing else that they send but `true`.
    async fn signals_forget(&self, ids: Vec<i64>) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        let ids = column::json("signals' numbers", &ids)?;
        changed!(self, "UPDATE signals SET raw = 'null' WHERE id IN (SELECT value FROM json_each(?))", ids)
    }

    /// How many signals of a connection are stored.
    pub async fn signal_count(&self, connection: &ConnectionId) -> Result<u64, StoreError> {
        let connection = connection.as_str();
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "n!: i64" FROM signals WHERE connection = ?"#,
            connection
        )
        .fetch_one(self.readers())
        .await?;
        Ok(column::count(count))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::signal::Priority;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::fixture::{self, Fixture, fixture, noon, signal};
    use crate::{Came, PageCommit};

    async fn store(f: &Fixture, signals: &[Signal]) {
        let page = PageCommit {
            connection: &signals[0].connection,
            stream: "issues",
            signals,
            quarantined: &[],
            checkpoint: None,
            call: None,
            came: Came::Asked,
        };
        let result = f.store.page_commit(page).await.unwrap();
        assert_eq!(result.new, signals.len() as u64);
    }

    async fn connected(f: &Fixture, name: &str) -> ConnectionId {
        let connection = fixture::connection(name);
        f.store.connection_insert(&connection, None).await.unwrap();
        connection.id
    }

    #[tokio::test]
    async fn hostile_content_is_read_as_it_was_written() {
        let f = fixture().await;
        let id = connected(&f, "tracker").await;
        let mut deep = json!(1);
        for _ in 0..120 {
            deep = json!([deep]);
        }
        let raws = [
            json!("'; DROP TABLE signals; --"),
            json!({"nul": "a\u{0}b", "quote": "\"\\\"", "emoji": "🧨", "$.x": {"": null}}),
            json!([0.1, -0.0, 1e300, u64::MAX, i64::MIN, 123_456_789_012_345_678_u64]),
            Value::Null,
            json!("null"),
            deep,
        ];
        for (i, raw) in raws.into_iter().enumerate() {
            let mut sent = signal(&id, &format!("\"{i}\"\u{1f}'"), "v");
            sent.raw = raw;
            sent.priority = Some(Priority::High);
            sent.summary = "{{not a template}} \"quoted\"".into();
            sent.tags = vec!["a,b".into(), "[]".into()];
            sent.url = Some("https://example.test/?a=\"1\"".into());
            sent.timestamp = noon() + Duration::from_secs(i as u64);
            store(&f, std::slice::from_ref(&sent)).await;
            let read = f.store.signal_list(Some(&id), 1).await.unwrap();
            assert_eq!(read, [sent]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn any_text_is_read_as_it_was_written(texts in vec(any::<String>(), 1..6)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let f = fixture().await;
                let id = connected(&f, &texts.concat()).await;
                let mut sent = signal(&id, &texts[0], &texts.concat());
                sent.raw = json!(texts);
                sent.tags.clone_from(&texts);
                sent.summary.clone_from(&texts[0]);
                sent.url = texts.last().cloned();
                store(&f, std::slice::from_ref(&sent)).await;
                assert_eq!(f.store.signal_list(Some(&id), 1).await.unwrap(), [sent]);
            });
        }
    }

    #[tokio::test]
    async fn identifiers_that_differ_behind_a_nul_stay_apart() {
        let f = fixture().await;
        let id = connected(&f, "tracker").await;
        store(&f, &[signal(&id, "a\u{0}b", "1"), signal(&id, "a\u{0}c", "1")]).await;
        assert_eq!(f.store.signal_count(&id).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn the_latest_come_first_of_one_connection_or_of_all() {
        let f = fixture().await;
        let (a, b) = (connected(&f, "a").await, connected(&f, "b").await);
        for (i, id) in [&a, &b, &a, &b].into_iter().enumerate() {
            let mut s = signal(id, &i.to_string(), "1");
            s.timestamp = noon() + Duration::from_secs(i as u64);
            store(&f, &[s]).await;
        }
        for (connection, limit, want) in
            [(None, 3, vec!["3", "2", "1"]), (Some(&a), 10, vec!["2", "0"]), (Some(&b), 1, vec!["3"])]
        {
            let read = f.store.signal_list(connection, limit).await.unwrap();
            let ids: Vec<_> = read.iter().map(|s| s.external_id.as_str()).collect();
            assert_eq!(ids, want);
        }
    }
}
