//! Facts about the file itself.

use std::time::Duration;

use patchbay_model::Timestamp;
use sqlx::{SqliteConnection, SqliteExecutor};

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

/// A time that is noted under `key`; none where it never was. What cannot be read is as good as absent: the
/// next time writes it anew.
async fn time(on: impl SqliteExecutor<'_>, key: &str) -> Result<Option<Timestamp>, StoreError> {
    let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = ?", key).fetch_optional(on).await?;
    value.and_then(|text| text.parse().ok()).map(column::time).transpose()
}

/// Notes a time under `key`.
async fn set_time(tx: &mut SqliteConnection, key: &str, at: Timestamp) -> Result<(), StoreError> {
    let text = column::millis(at).to_string();
    sqlx::query!(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        text
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// When the webhook gateway last listened.
const GATEWAY_SEEN: &str = "gateway_seen_at";
/// When retention last came to its end.
const RETAINED: &str = "retained_at";

impl Store {
    /// When the webhook gateway last listened for this workspace; none where it never did.
    pub async fn gateway_seen_at(&self) -> Result<Option<Timestamp>, StoreError> {
        time(self.readers(), GATEWAY_SEEN).await
    }

    /// Notes that the webhook gateway listens now. Where it did not for longer than `gap`, everything that
    /// tools sent to webhooks in between may be missing: that is noted too, in the same commit. Says whether
    /// it was.
    ///
    /// `passed` is how long ago it was noted before, by a clock that nobody can set, where this process noted
    /// it: a clock that was put forward is no time in which nobody listened.
    pub async fn gateway_seen(&self, gap: Duration, passed: Option<Duration>) -> Result<bool, StoreError> {
        let now = self.now();
        self.write(move |tx| {
            Box::pin(async move {
                let seen = match passed {
                    Some(passed) => now.checked_sub(passed).ok(),
                    None => time(&mut *tx, GATEWAY_SEEN).await?,
                };
                let mut missed = false;
                if let Some(seen) = seen.filter(|seen| seen.checked_add(gap).is_ok_and(|end| end < now)) {
                    let (seen, now) = (column::millis(seen), column::millis(now));
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
                set_time(tx, GATEWAY_SEEN, now).await?;
                Ok(missed)
            })
        })
        .await
    }

    /// When retention last came to its end; none where it never did.
    pub(crate) async fn retained_at(&self) -> Result<Option<Timestamp>, StoreError> {
        time(self.readers(), RETAINED).await
    }

    /// Notes that retention came to its end.
    pub(crate) async fn set_retained_at(&self, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(set_time(tx, RETAINED, at))).await
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
        assert!(!f.store.gateway_seen(MINUTE * 2, None).await.unwrap(), "it never listened before");
        f.clock.advance(MINUTE * 2);
        assert!(!f.store.gateway_seen(MINUTE * 2, None).await.unwrap(), "no longer than allowed");
        f.clock.advance(MINUTE * 10);
        assert!(f.store.gateway_seen(MINUTE * 2, None).await.unwrap());
        assert!(!f.store.gateway_seen(MINUTE * 2, None).await.unwrap(), "it is told once");
        assert_eq!(gaps(&on.id).await, [(noon() + MINUTE * 2, noon() + MINUTE * 12)]);
        assert_eq!(gaps(&off.id).await, [], "what is off misses nothing");
        assert_eq!(f.store.gateway_seen_at().await.unwrap(), Some(noon() + MINUTE * 12));
    }
    #[tokio::test]
    async fn a_clock_that_was_put_forward_is_no_time_in_which_nobody_listened() {
        let f = fixture().await;
        let made = connection("on");
        f.store.connection_insert(&made, None).await.unwrap();
        f.store.webhook_make(&made.id, "on").await.unwrap();
        f.store.webhook_enable(&made.id, true).await.unwrap();
        f.store.gateway_seen(MINUTE * 2, None).await.unwrap();
        f.clock.advance(MINUTE);
        f.clock.jump_to(noon() + MINUTE * 60 * 24);
        assert!(!f.store.gateway_seen(MINUTE * 2, Some(MINUTE)).await.unwrap());
        // An hour in which it did not listen, and a clock that was put back by it: told in the new time.
        f.clock.jump_to(noon() + MINUTE * 60 * 23);
        assert!(f.store.gateway_seen(MINUTE * 2, Some(MINUTE * 60)).await.unwrap());
        let gaps = f.store.gaps(&made.id, noon() - MINUTE * 600).await.unwrap();
        let told: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(told, [(noon() + MINUTE * 60 * 22, noon() + MINUTE * 60 * 23)]);
    }
}
