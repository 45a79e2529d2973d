//! Signals: unique by connection, stream, external id and version.

use patchbay_model::{ConnectionId, ConnectorId, Signal, Timestamp};
use serde::Serialize;
use sqlx::SqliteConnection;

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
            priority: row
                .priority
                .map(|word| column::from_word("signal's priority", word))
                .transpose()?,
            participants: column::from_json("signal's participants", &row.participants)?,
            tags: column::from_json("signal's tags", &row.tags)?,
            related: column::from_json("signal's relations", &row.related)?,
            url: row.url,
            raw: column::from_json("signal's item", &row.raw)?,
        })
    }
}

/// One element of the array that carries a page into SQLite. JSON columns are text within it, so
/// that SQLite neither re-writes them nor counts their depth against its own limit.
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
    raw: String,
}

/// The signals as one JSON array: a page is one statement, whatever its length.
pub(super) fn rows(signals: &[Signal]) -> Result<String, StoreError> {
    let elements = signals
        .iter()
        .map(|s| {
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
                raw: column::json("signal's item", &s.raw)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    column::json("page of signals", &elements)
}

/// Inserts those of `rows` that are not there yet and returns how many that were.
pub(super) async fn insert(
    tx: &mut SqliteConnection,
    connection: &str,
    stream: &str,
    rows: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let now = column::millis(now);
    let done = sqlx::query!(
        "INSERT INTO signals (connection, connector, stream, external_id, version, signal_type,
             timestamp, summary, priority, participants, tags, related, url, raw, stored_at)
         SELECT ?1, value ->> 'connector', ?2, value ->> 'external_id', value ->> 'version',
             value ->> 'signal_type', value ->> 'timestamp', value ->> 'summary',
             value ->> 'priority', value ->> 'participants', value ->> 'tags', value ->> 'related',
             value ->> 'url', value ->> 'raw', ?4
         FROM json_each(?3) WHERE true
         ON CONFLICT (connection, stream, external_id, version) DO NOTHING",
        connection,
        stream,
        rows,
        now
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
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
