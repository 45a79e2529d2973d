//! The index of words behind the search for signals: written in steps, and behind what comes in.

use patchbay_model::ConnectionId;
use patchbay_model::signal::SignalFilter;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// What a filter asks of the index of words; none where it asks nothing.
pub(super) fn words(filter: &SignalFilter) -> Option<String> {
    let mut all = Vec::new();
    let mut words: Vec<String> = filter
        .text
        .iter()
        .flat_map(|text| text.split(|c: char| !is_of_word(c)))
        .filter(|w| !w.is_empty())
        .map(quoted)
        .collect();
    let ends_in_word = filter.text.as_deref().and_then(|text| text.chars().next_back()).is_some_and(is_of_word);
    if let Some(last) = words.last_mut().filter(|_| ends_in_word) {
        last.push('*');
    }
    all.extend(words.into_iter().map(|word| format!("words : {word}")));
    let mut facet = |kind: &str, values: &mut dyn Iterator<Item = String>| {
        let values: Vec<String> = values.map(|value| quoted(facet(kind, &value))).collect();
        if !values.is_empty() {
            all.push(format!("facets : ({})", values.join(" OR ")));
        }
    };
    facet("connection", &mut filter.connections.iter().map(ToString::to_string));
    facet("type", &mut filter.types.iter().cloned());
    facet("priority", &mut filter.priorities.iter().filter_map(|p| column::word("priority", p).ok()));
    (!all.is_empty()).then(|| all.join(" AND "))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn quoted(word: impl AsRef<str>) -> String {
    format!("\"{}\"", word.as_ref().replace('"', "\"\""))
}

/// A value as one word: what would end a word is written as its number, so that no two values meet.
fn facet(kind: &str, value: &str) -> String {
    let mut word = format!("{kind}_");
    for c in value.chars() {
        match c {
            'a'..='z' | '0'..='9' => word.push(c),
            '-' => word.push('_'),
            other => word.push_str(&format!("x{:x}z", u32::from(other))),
        }
    }
    word
}

impl Store {
    /// Writes the words of at most `most` signals that are not in the index yet; says of how many. Nothing
    /// of a connection that is private.
    pub async fn signal_words_catch_up(&self, most: u32) -> Result<u64, StoreError> {
        let behind = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT 1 FROM signals WHERE id > (SELECT upto FROM signal_words_state)) AS "behind!: bool""#
        )
        .fetch_one(self.readers())
        .await?;
        if !behind {
            return Ok(0);
        }
        self.write(move |tx| Box::pin(catch_up(tx, most))).await
    }

    /// Takes the words of a connection out of the index, which has become private, or lets them be written
    /// anew.
    pub async fn signal_words_forget(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        let connection = connection.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let connection = connection.as_str();
                sqlx::query!(
                    "DELETE FROM signal_words WHERE rowid IN (SELECT id FROM signals WHERE connection = ?)",
                    connection
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!("DELETE FROM signal_kinds WHERE connection = ?", connection)
                    .execute(&mut *tx)
                    .await?;
                // From its first one on, what is there already is passed over.
                sqlx::query!(
                    "UPDATE signal_words_state SET upto =
                         min(upto, coalesce((SELECT min(id) - 1 FROM signals WHERE connection = ?), upto))",
                    connection
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

/// One signal whose words are not in the index yet.
struct Fresh {
    id: i64,
    connection: String,
    signal_type: String,
    timestamp: i64,
    summary: String,
    priority: Option<String>,
    participants: String,
    tags: String,
    private: bool,
    indexed: bool,
}

async fn catch_up(tx: &mut SqliteConnection, most: u32) -> Result<u64, StoreError> {
    let rows = sqlx::query_as!(
        Fresh,
        r#"SELECT s.id AS "id!", s.connection AS "connection!", s.signal_type AS "signal_type!",
               s.timestamp AS "timestamp!", s.summary AS "summary!", s.priority,
               s.participants AS "participants!", s.tags AS "tags!",
               EXISTS (SELECT 1 FROM settings p WHERE p.connection = s.connection AND p.key = 'private'
                   AND p.value = 'true') AS "private!: bool",
               EXISTS (SELECT 1 FROM signal_words w WHERE w.rowid = s.id) AS "indexed!: bool"
           FROM signals s WHERE s.id > (SELECT upto FROM signal_words_state) ORDER BY s.id LIMIT ?"#,
        most
    )
    .fetch_all(&mut *tx)
    .await?;
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(0) };
    let count = rows.len() as u64;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| !row.private && !row.indexed) {
        let people: Vec<String> = column::from_json("signal's participants", &row.participants)?;
        let tags: Vec<String> = column::from_json("signal's tags", &row.tags)?;
        let mut words = row.summary.clone();
        for more in people.iter().chain(&tags) {
            words.push(' ');
            words.push_str(more);
        }
        let mut facets =
            format!("{} {}", facet("connection", &row.connection), facet("type", &row.signal_type));
        if let Some(priority) = &row.priority {
            facets.push(' ');
            facets.push_str(&facet("priority", priority));
        }
        entries.push(serde_json::json!([
            row.id,
            words,
            facets,
            row.connection,
            row.signal_type,
            row.timestamp
        ]));
    }
    let entries = column::json("words", &entries)?;
    sqlx::query!(
        "INSERT INTO signal_words (rowid, words, facets)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
        entries
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO signal_kinds (connection, signal_type, n, last_at)
         SELECT value ->> 3, value ->> 4, count(*), max(value ->> 5) FROM json_each(?) WHERE true GROUP BY 1, 2
         ON CONFLICT (connection, signal_type) DO UPDATE SET n = n + excluded.n,
             last_at = max(last_at, excluded.last_at)",
        entries
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("UPDATE signal_words_state SET upto = ?", last).execute(tx).await?;
    Ok(count)
}
