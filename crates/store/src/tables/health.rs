//! Health samples: one look at a connection each.

use patchbay_model::{Code, ConnectionId, Timestamp};

use super::health_buckets;
use crate::{Store, StoreError, column};

/// One look at a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSample {
    /// The connection.
    pub connection: ConnectionId,
    /// When; at most one sample a millisecond is kept.
    pub at: Timestamp,
    /// Whether it worked.
    pub ok: bool,
    /// How long the answer took in milliseconds, where there was one.
    pub latency_ms: Option<u64>,
    /// What was wrong.
    pub code: Option<Code>,
}

struct Row {
    connection: String,
    at: i64,
    ok: bool,
    latency_ms: Option<i64>,
    code: Option<String>,
}

impl TryFrom<Row> for HealthSample {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            connection: ConnectionId::new(row.connection),
            at: column::time(row.at)?,
            ok: row.ok,
            latency_ms: row.latency_ms.map(column::count),
            code: row.code.map(|code| column::from_word("health sample's code", code)).transpose()?,
        })
    }
}

impl Store {
    /// Keeps a sample.
    pub async fn health_sample(&self, sample: HealthSample) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let (connection, at) = (sample.connection.as_str(), column::millis(sample.at));
                let latency = sample.latency_ms.map(column::stored);
                let code = sample.code.map(Code::as_str);
                sqlx::query!(
                    "INSERT INTO health_samples (connection, at, ok, latency_ms, code)
                     VALUES (?, ?, ?, ?, ?)
                     ON CONFLICT (connection, at) DO UPDATE SET ok = excluded.ok,
                         latency_ms = excluded.latency_ms, code = excluded.code",
                    connection,
                    at,
                    sample.ok,
                    latency,
                    code
                )
                .execute(&mut *tx)
                .await?;
                health_buckets::count_check(tx, &sample).await
            })
        })
        .await
    }

    /// How many checks failed since the last one that passed, from `since` on; at most `most`.
    pub async fn health_failed_in_a_row(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
        most: u32,
    ) -> Result<u32, StoreError> {
        let (connection, since) = (connection.as_str(), column::millis(since));
        let latest = sqlx::query_scalar!(
            r#"SELECT ok AS "ok: bool" FROM health_samples WHERE connection = ? AND at >= ?
               ORDER BY at DESC LIMIT ?"#,
            connection,
            since,
            most
        )
        .fetch_all(self.readers())
        .await?;
        Ok(latest.iter().take_while(|ok| !**ok).count() as u32)
    }

    /// The latest sample of every connection that has one, by connection.
    pub async fn health_latest(&self) -> Result<Vec<HealthSample>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT h.connection, h.at, h.ok AS "ok: bool", h.latency_ms, h.code
               FROM health_samples h
               WHERE h.at = (SELECT max(at) FROM health_samples WHERE connection = h.connection)
               ORDER BY h.connection"#
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(HealthSample::try_from).collect()
    }

    /// The samples of a connection from `since` on, the oldest first.
    pub async fn health_since(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<HealthSample>, StoreError> {
        let (connection, since) = (connection.as_str(), column::millis(since));
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT connection, at, ok AS "ok: bool", latency_ms, code FROM health_samples
               WHERE connection = ? AND at >= ? ORDER BY at"#,
            connection,
            since
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(HealthSample::try_from).collect()
    }

    /// Deletes at most `most` samples from before `before` and returns how many.
    pub(crate) async fn health_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM health_samples WHERE (connection, at) IN
                         (SELECT connection, at FROM health_samples WHERE at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fixture::{fixture, noon};

    #[tokio::test]
    async fn the_latest_sample_of_each_connection_and_the_history_of_one() {
        let f = fixture().await;
        let sample = |connection: &str, second, code: Option<Code>| HealthSample {
            connection: ConnectionId::from(connection),
            at: noon() + Duration::from_secs(second),
            ok: code.is_none(),
            latency_ms: code.is_none().then_some(12),
            code,
        };
        let samples = [sample("a", 0, None), sample("a", 5, Some(Code::ServiceDown)), sample("b", 3, None)];
        for s in samples.clone() {
            f.store.health_sample(s).await.unwrap();
        }
        assert_eq!(f.store.health_latest().await.unwrap(), samples[1..]);
        let a = ConnectionId::from("a");
        assert_eq!(f.store.health_since(&a, noon()).await.unwrap(), samples[..2]);
        let later = noon() + Duration::from_secs(1);
        assert_eq!(f.store.health_since(&a, later).await.unwrap(), samples[1..2]);
    }
}
