//! Finding signals: the list people look through.

use patchbay_model::signal::{Priority, SignalFilter};
use patchbay_model::{ConnectionId, ConnectorId, Signal, Timestamp};
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::signal_words::words;
use crate::{Store, StoreError, column};

/// Signals that a search brings up to date at most before it looks; the rest is found when its turn comes.
const CATCH_UP: u32 = 5_000;
/// Matches that are counted; more are "more than".
pub const COUNTED: u64 = 1_000;

/// One signal of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSignal {
    /// Its number in this workspace. Later ones came in later.
    pub id: i64,
    /// Without the item itself.
    pub signal: Signal,
    /// Nobody has looked at it.
    pub unread: bool,
    /// It was put away.
    pub archived: bool,
}

/// Where a list goes on: behind this signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Its time.
    pub timestamp: Timestamp,
    /// Its number.
    pub id: i64,
}

/// A kind of signal that has come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalKind {
    /// Through this connection.
    pub connection: ConnectionId,
    /// Its type.
    pub signal_type: String,
    /// How many came in.
    pub count: u64,
    /// When the last one happened.
    pub last_at: Timestamp,
}

impl Store {
    /// Signals that a filter lets through, the latest first: by their time where nothing is searched for, else
    /// in the order in which they came in. Of an item only its newest version. At most `limit`, from
    /// behind `after` on.
    pub async fn signal_search(
        &self,
        filter: &SignalFilter,
        after: Option<After>,
        limit: u32,
    ) -> Result<Vec<FoundSignal>, StoreError> {
        let matching = words(filter);
        if matching.is_some() {
            self.signal_words_catch_up(CATCH_UP).await?;
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT s.id, s.connection, s.connector, s.stream, s.external_id, s.version, s.signal_type, \
             s.timestamp, s.summary, s.priority, s.participants, s.tags, s.related, s.url, \
             s.read_at IS NULL AS unread, s.archived_at IS NOT NULL AS archived FROM ",
        );
        narrowed(&mut query, filter, matching.as_deref());
        if let Some(after) = after {
            if matching.is_some() {
                query.push(" AND w.rowid < ").push_bind(after.id);
            } else {
                let time = column::millis(after.timestamp);
                query
                    .push(" AND (s.timestamp, s.id) < (")
                    .push_bind(time)
                    .push(", ")
                    .push_bind(after.id)
                    .push(")");
            }
        }
        query.push(if matching.is_some() {
            " ORDER BY w.rowid DESC"
        } else {
            " ORDER BY s.timestamp DESC, s.id DESC"
        });
        query.push(" LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(self.readers()).await?;
        rows.iter().map(found).collect()
    }

    /// How many a filter lets through, versions of one item counted once; at most [`COUNTED`] are counted.
    pub async fn signal_count_matching(&self, filter: &SignalFilter) -> Result<u64, StoreError> {
        let matching = words(filter);
        let mut query = QueryBuilder::<Sqlite>::new("SELECT count(*) FROM (SELECT 1 FROM ");
        narrowed(&mut query, filter, matching.as_deref());
        query.push(" LIMIT ").push_bind(column::stored(COUNTED)).push(")");
        let count: i64 = query.build_query_scalar().fetch_one(self.readers()).await?;
        Ok(column::count(count))
    }

    /// One signal with its item.
    pub async fn signal(&self, id: i64) -> Result<Option<FoundSignal>, StoreError> {
        let row = sqlx::query(
            "SELECT id, connection, connector, stream, external_id, version, signal_type, timestamp, summary,
                 priority, participants, tags, related, url, raw,
                 read_at IS NULL AS unread, archived_at IS NOT NULL AS archived
             FROM signals WHERE id = ?",
        )
        .bind(id)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref()
            .map(|row| {
                let mut found = found(row)?;
                found.signal.raw = column::from_json("signal's item", row.try_get("raw")?)?;
                Ok(found)
            })
            .transpose()
    }

    /// The versions of the same item, the newest first.
    pub async fn signal_versions(
        &self,
        id: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Timestamp, String)>, StoreError> {
        let rows = sqlx::query!(
            "SELECT v.id, v.timestamp, v.summary FROM signals s JOIN signals v
                 ON v.connection = s.connection AND v.stream = s.stream AND v.external_id = s.external_id
             WHERE s.id = ? ORDER BY v.id DESC LIMIT ?",
            id,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(|row| Ok((row.id, column::time(row.timestamp)?, row.summary))).collect()
    }

    /// Notes that signals were looked at or put away, or takes it back. Says how many there were. Versions of
    /// the same items go with them.
    pub async fn signals_mark(
        &self,
        ids: Vec<i64>,
        unread: Option<bool>,
        archived: Option<bool>,
    ) -> Result<u64, StoreError> {
        let now = column::millis(self.now());
        let ids = column::json("signals' numbers", &ids)?;
        changed!(
            self,
            "UPDATE signals SET
                         read_at = CASE ?2 WHEN 0 THEN coalesce(read_at, ?4) WHEN 1 THEN NULL ELSE read_at END,
                         archived_at = CASE ?3 WHEN 1 THEN coalesce(archived_at, ?4) WHEN 0 THEN NULL
                             ELSE archived_at END
                     WHERE id IN (SELECT v.id FROM signals s JOIN signals v
                             ON v.connection = s.connection AND v.stream = s.stream
                             AND v.external_id = s.external_id AND v.id <= s.id
                         WHERE s.id IN (SELECT value FROM json_each(?1)))",
            ids,
            unread,
            archived,
            now
        )
    }

    /// What kinds of signals have come in, the most frequent first.
    pub async fn signal_kinds(&self) -> Result<Vec<SignalKind>, StoreError> {
        let rows = sqlx::query!(
            "SELECT connection, signal_type, n, last_at FROM signal_kinds ORDER BY n DESC, signal_type"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(SignalKind {
                    connection: ConnectionId::new(row.connection),
                    signal_type: row.signal_type,
                    count: column::count(row.n),
                    last_at: column::time(row.last_at)?,
                })
            })
            .collect()
    }
}

/// The tables and conditions of a filter.
fn narrowed(query: &mut QueryBuilder<Sqlite>, filter: &SignalFilter, matching: Option<&str>) {
    match matching {
        // CROSS keeps the order: the index of words leads.
        Some(matching) => {
            query.push("signal_words w CROSS JOIN signals s ON s.id = w.rowid WHERE w.signal_words MATCH ");
            query.push_bind(matching.to_owned());
        }
        None => {
            query.push("signals s WHERE true");
        }
    }
    query.push(" AND s.archived_at IS ").push(if filter.archived { "NOT NULL" } else { "NULL" });
    if filter.unread {
        query.push(" AND s.read_at IS NULL");
    }
    if let Some(since) = filter.since {
        query.push(" AND s.timestamp >= ").push_bind(column::millis(since));
    }
    if let Some(until) = filter.until {
        query.push(" AND s.timestamp < ").push_bind(column::millis(until));
    }
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM signals n WHERE n.connection = s.connection AND n.stream = s.stream \
         AND n.external_id = s.external_id AND n.id > s.id)",
    );
}

fn found(row: &sqlx::sqlite::SqliteRow) -> Result<FoundSignal, StoreError> {
    let priority: Option<String> = row.try_get("priority")?;
    Ok(FoundSignal {
        id: row.try_get("id")?,
        signal: Signal {
            connection: ConnectionId::new(row.try_get::<String, _>("connection")?),
            connector: ConnectorId::new(row.try_get::<String, _>("connector")?),
            stream: row.try_get("stream")?,
            external_id: row.try_get("external_id")?,
            version: row.try_get("version")?,
            signal_type: row.try_get("signal_type")?,
            timestamp: column::time(row.try_get("timestamp")?)?,
            summary: row.try_get("summary")?,
            priority: priority
                .map(|word| column::from_word::<Priority>("signal's priority", word))
                .transpose()?,
            participants: column::from_json("signal's participants", row.try_get("participants")?)?,
            tags: column::from_json("signal's tags", row.try_get("tags")?)?,
            related: column::from_json("signal's relations", row.try_get("related")?)?,
            url: row.try_get("url")?,
            raw: serde_json::Value::Null,
        },
        unread: row.try_get("unread")?,
        archived: row.try_get("archived")?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::fixture::{self, Fixture, fixture, noon, signal};
    use crate::{Came, PageCommit};

    async fn connected(f: &Fixture, name: &str) -> ConnectionId {
        let connection = fixture::connection(name);
        f.store.connection_insert(&connection, None).await.unwrap();
        connection.id
    }

    async fn store(f: &Fixture, connection: &ConnectionId, signals: &[Signal]) {
        let page = PageCommit {
            connection,
            stream: "issues",
            signals,
            quarantined: &[],
            checkpoint: None,
            call: None,
            came: Came::Asked,
        };
        f.store.page_commit(page).await.unwrap();
    }

    /// Signals with these summaries, a minute apart, the first one the oldest.
    async fn said(f: &Fixture, connection: &ConnectionId, summaries: &[&str]) {
        let signals: Vec<Signal> = summaries
            .iter()
            .enumerate()
            .map(|(at, summary)| Signal {
                summary: (*summary).to_owned(),
                timestamp: noon() + Duration::from_secs(60 * at as u64),
                ..signal(connection, &format!("{at}-{summary}"), "1")
            })
            .collect();
        store(f, connection, &signals).await;
    }

    async fn found(f: &Fixture, filter: &SignalFilter) -> Vec<String> {
        let found = f.store.signal_search(filter, None, 100).await.unwrap();
        assert_eq!(f.store.signal_count_matching(filter).await.unwrap(), found.len() as u64);
        found.into_iter().map(|found| found.signal.summary).collect()
    }

    fn text(text: &str) -> SignalFilter {
        SignalFilter { text: Some(text.into()), ..SignalFilter::default() }
    }

    #[tokio::test]
    async fn words_are_found_whatever_their_case_and_marks_and_the_last_one_by_its_beginning() {
        let f = fixture().await;
        let id = connected(&f, "tracker").await;
        said(
            &f,
            &id,
            &["Login page is slow", "Crème brûlée recipe", "The page was signed", "snake_case words"],
        )
        .await;
        for (asked, wanted) in [
            ("LOGIN", vec!["Login page is slow"]),
            ("page", vec!["The page was signed", "Login page is slow"]),
            ("page slow", vec!["Login page is slow"]),
            ("creme brul", vec!["Crème brûlée recipe"]),
            ("log", vec!["Login page is slow"]),
            ("log page", vec![]),
            ("log ", vec![]),
            ("snake_case", vec!["snake_case words"]),
            ("\" OR words : *", vec![]),
            ("NOT login", vec![]),
            (
                "--",
                vec!["snake_case words", "The page was signed", "Crème brûlée recipe", "Login page is slow"],
            ),
        ] {
            assert_eq!(found(&f, &text(asked)).await, wanted, "{asked}");
        }
    }

    #[tokio::test]
    async fn every_filter_narrows_and_they_narrow_together() {
        let f = fixture().await;
        let (one, two) = (connected(&f, "one").await, connected(&f, "two").await);
        let make = |connection: &ConnectionId, n: u64, kind: &str, priority| Signal {
            signal_type: kind.into(),
            priority,
            summary: format!("{kind} {n}"),
            timestamp: noon() + Duration::from_secs(n),
            ..signal(connection, &n.to_string(), "1")
        };
        store(
            &f,
            &one,
            &[make(&one, 1, "issue_created", Some(Priority::High)), make(&one, 2, "comment", None)],
        )
        .await;
        store(&f, &two, &[make(&two, 3, "issue_created", Some(Priority::Low))]).await;
        let filter = SignalFilter::default;
        for (filter, wanted) in [
            (filter(), vec!["issue_created 3", "comment 2", "issue_created 1"]),
            (SignalFilter { connections: vec![one.clone()], ..filter() }, vec!["comment 2", "issue_created 1"]),
            (
                SignalFilter { types: vec!["issue_created".into()], ..filter() },
                vec!["issue_created 3", "issue_created 1"],
            ),
            (
                SignalFilter {
                    types: vec!["issue_created".into()],
                    connections: vec![two.clone()],
                    ..filter()
                },
                vec!["issue_created 3"],
            ),
            (
                SignalFilter { priorities: vec![Priority::High, Priority::Low], ..filter() },
                vec!["issue_created 3", "issue_created 1"],
            ),
            (
                SignalFilter { since: Some(noon() + Duration::from_secs(2)), ..filter() },
                vec!["issue_created 3", "comment 2"],
            ),
            (
                SignalFilter { until: Some(noon() + Duration::from_secs(2)), ..text("issue_created") },
                vec!["issue_created 1"],
            ),
            (SignalFilter { types: vec!["issue".into()], ..filter() }, vec![]),
        ] {
            assert_eq!(found(&f, &filter).await, wanted, "{filter:?}");
        }
        let kinds = f.store.signal_kinds().await.unwrap();
        let kinds: Vec<_> = kinds.iter().map(|k| (&k.connection, k.signal_type.as_str(), k.count)).collect();
        assert_eq!(kinds.len(), 3, "{kinds:?}");
        assert!(kinds.contains(&(&two, "issue_created", 1)));

        // What goes is not offered any more.
        f.store.connection_delete(&two, true).await.unwrap();
        f.store.connection_delete(&one, false).await.unwrap();
        let kinds = f.store.signal_kinds().await.unwrap();
        assert_eq!(kinds.iter().map(|kind| kind.count).collect::<Vec<_>>(), [1, 1], "{kinds:?}");
        assert!(kinds.iter().all(|kind| kind.connection == one), "what stays is counted: {kinds:?}");
    }

    #[tokio::test]
    async fn a_list_goes_on_where_it_stopped_with_equal_times_too() {
        let f = fixture().await;
        let id = connected(&f, "tracker").await;
        let signals: Vec<Signal> = (0..7)
            .map(|n| Signal {
                summary: format!("issue {n}"),
                timestamp: noon(),
                ..signal(&id, &n.to_string(), "1")
            })
            .collect();
        store(&f, &id, &signals).await;
        for filter in [SignalFilter::default(), text("issue")] {
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = f.store.signal_search(&filter, after, 3).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Some(After { timestamp: last.signal.timestamp, id: last.id });
                seen.extend(page.into_iter().map(|found| found.signal.summary));
            }
            let wanted: Vec<String> = (0..7).rev().map(|n| format!("issue {n}")).collect();
            assert_eq!(seen, wanted);
        }
    }

    #[tokio::test]
    async fn an_item_is_listed_once_and_a_new_version_is_unread_again() {
        let f = fixture().await;
        let id = connected(&f, "tracker").await;
        store(&f, &id, &[signal(&id, "1", "a")]).await;
        let first = f.store.signal_search(&SignalFilter::default(), None, 9).await.unwrap().remove(0);
        assert!(first.unread && !first.archived);
        assert_eq!(f.store.signals_mark(vec![first.id], Some(false), Some(true)).await.unwrap(), 1);
        assert!(found(&f, &SignalFilter::default()).await.is_empty(), "it was put away");
        let away = SignalFilter { archived: true, ..SignalFilter::default() };
        assert_eq!(found(&f, &away).await.len(), 1);
        store(&f, &id, &[signal(&id, "1", "b")]).await;
        let list = f.store.signal_search(&SignalFilter::default(), None, 9).await.unwrap();
        assert_eq!(list.len(), 1);
        assert!(list[0].unread && list[0].id > first.id);
        assert_eq!(f.store.signal_versions(list[0].id, 9).await.unwrap().len(), 2);
        f.store.signals_mark(vec![list[0].id], None, Some(true)).await.unwrap();
        f.store.signals_mark(vec![list[0].id], Some(true), Some(false)).await.unwrap();
        let unread = SignalFilter { unread: true, ..SignalFilter::default() };
        assert_eq!(found(&f, &unread).await.len(), 1, "taken back");
    }

    #[tokio::test]
    async fn what_goes_is_not_found_and_what_is_private_is_not_indexed() {
        let f = fixture().await;
        let (open, secret) = (connected(&f, "open").await, connected(&f, "secret").await);
        let private = |on: bool| [("private".to_owned(), json!(on))].into();
        f.store.settings_set(Some(&secret), private(true)).await.unwrap();
        said(&f, &open, &["open lighthouse"]).await;
        said(&f, &secret, &["secret lighthouse"]).await;
        assert_eq!(found(&f, &text("lighthouse")).await, ["open lighthouse"]);
        assert_eq!(found(&f, &SignalFilter::default()).await.len(), 2, "it can be looked at all the same");
        // Private from now on, and then no longer.
        f.store.settings_set(Some(&open), private(true)).await.unwrap();
        f.store.signal_words_forget(&open).await.unwrap();
        assert!(found(&f, &text("lighthouse")).await.is_empty());
        f.store.settings_set(Some(&open), private(false)).await.unwrap();
        f.store.settings_set(Some(&secret), private(false)).await.unwrap();
        for id in [&open, &secret] {
            f.store.signal_words_forget(id).await.unwrap();
        }
        assert_eq!(found(&f, &text("lighthouse")).await.len(), 2);
        assert_eq!(
            f.store.signal_kinds().await.unwrap().iter().map(|kind| kind.count).collect::<Vec<_>>(),
            [1, 1]
        );
        f.store.connection_delete(&secret, true).await.unwrap();
        assert_eq!(found(&f, &text("lighthouse")).await, ["open lighthouse"]);
    }

    #[tokio::test]
    async fn words_are_written_in_steps_and_an_interrupted_one_goes_on() {
        let f = fixture().await;
        let id = connected(&f, "tracker").await;
        said(&f, &id, &["one lamp", "two lamp", "three lamp"]).await;
        for left in [2, 1, 0] {
            f.store.signal_words_catch_up(1).await.unwrap();
            let kinds: u64 = f.store.signal_kinds().await.unwrap().iter().map(|kind| kind.count).sum();
            assert_eq!(kinds, 3 - left);
        }
        assert_eq!(f.store.signal_words_catch_up(1).await.unwrap(), 0);
    }
}
