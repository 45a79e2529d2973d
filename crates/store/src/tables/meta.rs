//! Facts about the file itself.

use std::time::Duration;

use patchbay_model::Timestamp;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// The computer whose triggers this file runs.
pub(crate) async fn machine(tx: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'machine'").fetch_optional(tx).await?;
    Ok(value)
}

/// Makes `machine` the computer whose triggers this file runs.
pub(crate) async fn set_machine(tx: &mut SqliteConnection, machine: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO meta (key, value) VALUES ('machine', ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        machine
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// When the webhook gateway last listened for this workspace; none where it never did.
    pub async fn gateway_seen_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'gateway_seen_at'")
            .fetch_optional(self.readers())
            .await?;
        value.and_then(|text| text.parse().ok()).map(column::time).transpose()
    }

    /// Notes that the webhook gateway listens now. Where it did not for longer than `gap`, everything that
    /// tools sent to webhooks in between may be missing: that is noted too, in the same commit. Says whether
    /// it was.
    pub async fn gateway_seen(&self, gap: Duration) -> Result<bool, StoreError> {
        let (now, gap) = (column::millis(self.now()), i64::try_from(gap.as_millis()).unwrap_or(i64::MAX));
        self.write(move |tx| {
            Box::pin(async move {
                let seen = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'gateway_seen_at'")
                    .fetch_optional(&mut *tx)
                    .await?;
                let seen: Option<i64> = seen.and_then(|text| text.parse().ok());
                let mut missed = false;
                if let Some(seen) = seen.filter(|seen| now - seen > gap) {
                    // A webhook that was made since has missed less, and one that is off nothing.
                    let noted = sqlx::query!(
                        "INSERT INTO gaps (connection, stream, from_at, to_at, reason, at)
                         SELECT connection, '', max(?1, created_at), ?2, 'closed', ?2 FROM webhooks
                         WHERE enabled AND created_at < ?2",
                        seen,
                        now
                    )
                    .execute(&mut *tx)
                    .await?;
                    missed = noted.rows_affected() > 0;
                }
                let text = now.to_string();
                sqlx::query!(
                    "INSERT INTO meta (key, value) VALUES ('gateway_seen_at', ?)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    text
                )
                .execute(tx)
                .await?;
                Ok(missed)
            })
        })
        .await
    }

    /// When retention last came to its end; none where it never did.
    pub(crate) async fn retained_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'retained_at'")
            .fetch_optional(self.readers())
            .await?;
        // What cannot be read is as good as absent: the next time writes it anew.
        value.and_then(|text| text.parse().ok()).map(column::time).transpose()
    }

    /// Notes that retention came to its end.
    pub(crate) async fn set_retained_at(&self, at: Timestamp) -> Result<(), StoreError> {
        let at = column::millis(at).to_string();
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!(
                    "INSERT INTO meta (key, value) VALUES ('retained_at', ?)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    at
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::ConnectionId;

    use super::*;
    use crate::fixture::{connection, fixture, noon};

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_may_be_missing_is_noted_where_nobody_listened_for_longer_than_allowed() {
        let f = fixture().await;
        let (on, off) = (connection("on"), connection("off"));
        for made in [&on, &off] {
            f.store.connection_insert(made, None).await.unwrap();
            f.store.webhook_make(&made.id, made.id.as_str()).await.unwrap();
        }
        f.store.webhook_enable(&on.id, true).await.unwrap();
        f.store.webhook_enable(&off.id, false).await.unwrap();
        let gaps = async |id: &ConnectionId| -> Vec<(Timestamp, Timestamp)> {
            let gaps = f.store.gaps(id, noon() - MINUTE * 600).await.unwrap();
            assert!(gaps.iter().all(|gap| gap.stream.is_empty() && gap.reason == "closed"));
            gaps.into_iter().map(|gap| (gap.from, gap.to)).collect()
        };
        assert!(!f.store.gateway_seen(MINUTE * 2).await.unwrap(), "it never listened before");
        f.clock.advance(MINUTE * 2);
        assert!(!f.store.gateway_seen(MINUTE * 2).await.unwrap(), "no longer than allowed");
        f.clock.advance(MINUTE * 10);
        assert!(f.store.gateway_seen(MINUTE * 2).await.unwrap());
        assert!(!f.store.gateway_seen(MINUTE * 2).await.unwrap(), "it is told once");
        assert_eq!(gaps(&on.id).await, [(noon() + MINUTE * 2, noon() + MINUTE * 12)]);
        assert_eq!(gaps(&off.id).await, [], "what is off misses nothing");
        assert_eq!(f.store.gateway_seen_at().await.unwrap(), Some(noon() + MINUTE * 12));
    }
}
