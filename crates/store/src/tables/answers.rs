//! The last good answers of services. Bounded: what was not used for longest goes first.

use patchbay_model::{ConnectionId, Timestamp};
use serde_json::Value;

use crate::{Store, StoreError, column};

/// The largest answer that is kept, in bytes of JSON.
const LARGEST: usize = 1 << 20;
/// All of them together, in bytes.
const MOST_BYTES: i64 = 32 << 20;

/// The last good answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// Its entity tag (RFC 9110 section 8.8.3).
    pub etag: Option<String>,
    /// When the service says that it changed, in its own words (RFC 9110 section 8.8.2).
    pub last_modified: Option<String>,
    /// Headers that lead to the next page.
    pub headers: Vec<(String, String)>,
    /// The body, without secrets.
    pub body: Value,
    /// When the service last said that it holds.
    pub at: Timestamp,
}

struct Row {
    etag: Option<String>,
    last_modified: Option<String>,
    headers: String,
    body: String,
    at: i64,
}

impl Store {
    /// The kept answer under a key; none where there is none.
    pub async fn answer(&self, connection: &ConnectionId, key: &str) -> Result<Option<KeptAnswer>, StoreError> {
        let connection = connection.as_str();
        let row = sqlx::query_as!(
            Row,
            "SELECT etag, last_modified, headers, body, at FROM answers WHERE connection = ? AND key = ?",
            connection,
            key
        )
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(KeptAnswer {
                etag: row.etag,
                last_modified: row.last_modified,
                headers: column::from_json("answer's headers", &row.headers)?,
                body: column::from_json("answer", &row.body)?,
                at: column::time(row.at)?,
            })
        })
        .transpose()
    }

    /// Keeps an answer in the place of the one before. One that is too large is not kept, and what was
    /// not used for longest makes room.
    pub async fn answer_keep(
        &self,
        connection: &ConnectionId,
        key: &str,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        let body = column::json("answer", &answer.body)?;
        let headers = column::json("answer's headers", &answer.headers)?;
        let size = body.len() + headers.len();
        let (connection, key) = (connection.as_str().to_owned(), key.to_owned());
        if size > LARGEST {
            // What is there was the answer once, and is no longer.
            return self.answer_forget(connection, key).await;
        }
        let bytes = column::stored(size as u64);
        let (etag, last_modified) = (answer.etag.clone(), answer.last_modified.clone());
        let at = column::millis(answer.at);
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!(
                    "INSERT INTO answers (connection, key, at, used_at, bytes, etag, last_modified, headers, body)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                     ON CONFLICT (connection, key) DO UPDATE SET at = excluded.at, used_at = excluded.used_at,
                         bytes = excluded.bytes, etag = excluded.etag, last_modified = excluded.last_modified,
                         headers = excluded.headers, body = excluded.body",
                    connection,
                    key,
                    at,
                    at,
                    bytes,
                    etag,
                    last_modified,
                    headers,
                    body
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!(
                    "DELETE FROM answers WHERE rowid IN (
                         SELECT row FROM (SELECT rowid AS row,
                             SUM(bytes) OVER (ORDER BY used_at DESC, rowid DESC) AS together FROM answers)
                         WHERE together > ?)",
                    MOST_BYTES
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn answer_forget(&self, connection: String, key: String) -> Result<(), StoreError> {
        changed!(self, "DELETE FROM answers WHERE connection = ? AND key = ?", connection, key).map(drop)
    }

    /// The service said that a kept answer holds.
    pub async fn answer_holds(
        &self,
        connection: &ConnectionId,
        key: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (connection, key, at) = (connection.as_str().to_owned(), key.to_owned(), column::millis(at));
        changed!(
            self,
            "UPDATE answers SET at = ?, used_at = ? WHERE connection = ? AND key = ?",
            at,
            at,
            connection,
            key
        )
        .map(drop)
    }

    /// Forgets answers that were last used before a time, at most `most`.
    pub(crate) async fn answers_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM answers WHERE rowid IN
                         (SELECT rowid FROM answers WHERE used_at < ? ORDER BY used_at LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::SealedBytes;
    use serde_json::json;

    use super::*;
    use crate::fixture::{connection, fixture};

    fn answer(at: Timestamp, body: Value) -> KeptAnswer {
        KeptAnswer {
            etag: Some("\"1\"".into()),
            last_modified: None,
            headers: vec![("link".into(), "<x>; rel=next".into())],
            body,
            at,
        }
    }

    #[tokio::test]
    async fn an_answer_is_kept_renewed_and_gone_with_its_connection_and_its_key() {
        let f = fixture().await;
        let (one, other) = (connection("one"), connection("other"));
        let sealed = SealedBytes::new(vec![1; 40]);
        f.store.connection_insert(&one, Some(&sealed)).await.unwrap();
        f.store.connection_insert(&other, Some(&sealed)).await.unwrap();
        let now = column::whole_millis(f.store.now());
        let first = answer(now, json!({"a": 1}));
        f.store.answer_keep(&one.id, "k", &first).await.unwrap();
        f.store.answer_keep(&other.id, "k", &first).await.unwrap();
        assert_eq!(f.store.answer(&one.id, "k").await.unwrap(), Some(first.clone()));
        assert_eq!(f.store.answer(&one.id, "other").await.unwrap(), None);
        let later = now.checked_add(std::time::Duration::from_secs(5)).unwrap();
        f.store.answer_holds(&one.id, "k", later).await.unwrap();
        assert_eq!(f.store.answer(&one.id, "k").await.unwrap().unwrap().at, later);
        f.store.answer_keep(&one.id, "k", &answer(later, json!("x".repeat(LARGEST)))).await.unwrap();
        assert_eq!(f.store.answer(&one.id, "k").await.unwrap(), None, "too large, and the old one is wrong");
        f.store.answer_keep(&one.id, "k", &first).await.unwrap();
        f.store.credential_replace(&one.id, &SealedBytes::new(vec![2; 40])).await.unwrap();
        assert_eq!(f.store.answer(&one.id, "k").await.unwrap(), None, "another key may see other things");
        f.store.connection_delete(&other.id, false).await.unwrap();
        assert_eq!(f.store.answer(&other.id, "k").await.unwrap(), None);
    }

    #[tokio::test]
    async fn answers_never_take_more_room_than_they_may() {
        let f = fixture().await;
        let made = connection("one");
        f.store.connection_insert(&made, None).await.unwrap();
        let now = f.store.now();
        for n in 0..40_i64 {
            let at = now.checked_add(std::time::Duration::from_secs(n as u64)).unwrap();
            let large = answer(at, json!("x".repeat(LARGEST - 100)));
            f.store.answer_keep(&made.id, &n.to_string(), &large).await.unwrap();
        }
        let bytes: i64 =
            sqlx::query_scalar("SELECT SUM(bytes) FROM answers").fetch_one(f.store.readers()).await.unwrap();
        assert!(bytes <= MOST_BYTES && bytes > MOST_BYTES / 2, "{bytes}");
        assert_eq!(f.store.answer(&made.id, "0").await.unwrap(), None, "the oldest went");
        assert!(f.store.answer(&made.id, "39").await.unwrap().is_some(), "the newest stays");
        let late = now.checked_add(std::time::Duration::from_secs(3_600)).unwrap();
        assert!(f.store.answers_prune(late, 500).await.unwrap() > 0);
    }
}
