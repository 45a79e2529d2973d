//! Webhooks: the address of each connection, its sealed secrets, and how calls of it ended.

use patchbay_model::{ConnectionId, SealedBytes, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::connections::{changed_one, missing};
use crate::error::is_taken;
use crate::{Store, StoreError, column};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A connection's webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookRow {
    /// The connection.
    pub connection: ConnectionId,
    /// The last part of its address.
    pub token: String,
    /// Whether deliveries are taken.
    pub enabled: bool,
    /// The secrets; none where there are none yet.
    pub sealed: Option<SealedBytes>,
    /// When the current secret was set.
    pub secret_at: Option<Timestamp>,
    /// Until when the secret before it holds too.
    pub previous_until: Option<Timestamp>,
    /// Until when a handshake may bring the secret.
    pub capture_until: Option<Timestamp>,
    /// The subscription at the tool.
    pub subscription: Option<Value>,
    /// When the subscription ends.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A webhook that comes back with its connection.
#[derive(Clone, Debug)]
pub struct RestoredWebhook {
    /// The last part of its address.
    pub token: String,
    /// The secrets.
    pub sealed: SealedBytes,
    /// Until when the secret before the current one holds too.
    pub previous_until: Option<Timestamp>,
}

impl RestoredWebhook {
    pub(super) async fn insert(
        &self,
        tx: &mut SqliteConnection,
        connection: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let (sealed, until) = (self.sealed.as_bytes(), self.previous_until.map(column::millis));
        let made = sqlx::query!(
            "INSERT INTO webhooks (connection, token, enabled, sealed, secret_at, previous_until, created_at)
             VALUES (?1, ?2, 0, ?3, ?5, ?4, ?5)",
            connection,
            self.token,
            sealed,
            until,
            now
        )
        .execute(tx)
        .await;
        match made {
            Ok(_) => Ok(()),
            Err(error) if is_taken(&error) => Err(address_taken()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Two draws of 128 bits alike: somebody copies tokens.
fn address_taken() -> StoreError {
    StoreError::Exists { item: "The webhook's address".to_owned(), message: "Try again." }
}

struct Row {
    connection: String,
    token: String,
    enabled: bool,
    sealed: Option<Vec<u8>>,
    secret_at: Option<i64>,
    previous_until: Option<i64>,
    capture_until: Option<i64>,
    subscription: Option<String>,
    expires_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<Row> for WebhookRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            connection: ConnectionId::new(row.connection),
            token: row.token,
            enabled: row.enabled,
            sealed: row.sealed.map(SealedBytes::new),
            secret_at: column::optional_time(row.secret_at)?,
            previous_until: column::optional_time(row.previous_until)?,
            capture_until: column::optional_time(row.capture_until)?,
            subscription: row
                .subscription
                .map(|text| column::from_json("webhook's subscription", &text))
                .transpose()?,
            expires_at: column::optional_time(row.expires_at)?,
            created_at: column::time(row.created_at)?,
        })
    }
}

/// How often calls of a webhook ended in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookCount {
    /// The connection; none where nobody's address was called.
    pub connection: Option<ConnectionId>,
    /// How they ended, such as `duplicate` or `signature`.
    pub outcome: String,
    /// How many.
    pub count: u64,
    /// The last time.
    pub last_at: Timestamp,
}

struct CountRow {
    connection: String,
    outcome: String,
    count: i64,
    last_at: i64,
}

impl Store {
    /// Gives a connection its webhook, switched off. Does nothing where it has one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the connection is gone.
    pub async fn webhook_make(&self, connection: &ConnectionId, token: &str) -> Result<(), StoreError> {
        let (id, token) = (connection.clone(), token.to_owned());
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let made = sqlx::query!(
                    "INSERT INTO webhooks (connection, token, enabled, created_at)
                     SELECT id, ?2, 0, ?3 FROM connections WHERE id = ?1
                     ON CONFLICT (connection) DO NOTHING",
                    key,
                    token,
                    now
                )
                .execute(&mut *tx)
                .await;
                match made {
                    Ok(done) if done.rows_affected() == 1 => Ok(()),
                    Ok(_) => {
                        let there = sqlx::query_scalar!(
                            r#"SELECT EXISTS (SELECT 1 FROM webhooks WHERE connection = ?) AS "there!: bool""#,
                            key
                        )
                        .fetch_one(tx)
                        .await?;
                        if there { Ok(()) } else { Err(missing(&id)) }
                    }
                    Err(error) if is_taken(&error) => Err(address_taken()),
                    Err(error) => Err(error.into()),
                }
            })
        })
        .await
    }

    /// A connection's webhook.
    pub async fn webhook(&self, connection: &ConnectionId) -> Result<Option<WebhookRow>, StoreError> {
        let key = connection.as_str();
        sqlx::query_as!(
            Row,
            r#"SELECT connection, token, enabled AS "enabled: bool", sealed, secret_at, previous_until,
                   capture_until, subscription, expires_at, created_at
               FROM webhooks WHERE connection = ?"#,
            key
        )
        .fetch_optional(self.readers())
        .await?
        .map(WebhookRow::try_from)
        .transpose()
    }

    /// Every webhook, the oldest first.
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT connection, token, enabled AS "enabled: bool", sealed, secret_at, previous_until,
                   capture_until, subscription, expires_at, created_at
               FROM webhooks ORDER BY created_at, connection"#
        )
        .fetch_all(self.readers())
        .await?
        .into_iter()
        .map(WebhookRow::try_from)
        .collect()
    }

    /// Switches a webhook on or off.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_enable(&self, connection: &ConnectionId, enabled: bool) -> Result<(), StoreError> {
        let id = connection.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("UPDATE webhooks SET enabled = ? WHERE connection = ?", enabled, key)
                    .execute(tx)
                    .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Gives a webhook another address: the one before it reaches nothing any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_move(&self, connection: &ConnectionId, token: &str) -> Result<(), StoreError> {
        let (id, token) = (connection.clone(), token.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("UPDATE webhooks SET token = ? WHERE connection = ?", token, key)
                    .execute(tx)
                    .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Keeps a webhook's secrets, and until when the one before holds. A wait for a handshake is over.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_secret_set(
        &self,
        connection: &ConnectionId,
        sealed: &SealedBytes,
        previous_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (id, sealed) = (connection.clone(), sealed.as_bytes().to_vec());
        let (now, until) = (column::millis(self.now()), previous_until.map(column::millis));
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE webhooks SET sealed = ?, secret_at = ?, previous_until = ?, capture_until = NULL
                     WHERE connection = ?",
                    sealed,
                    now,
                    until,
                    key
                )
                .execute(tx)
                .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Keeps a secret that a handshake brought, if one is waited for at this moment. False where none is:
    /// of two handshakes at once only the first counts.
    pub async fn webhook_secret_captured(
        &self,
        connection: &ConnectionId,
        sealed: &SealedBytes,
    ) -> Result<bool, StoreError> {
        let (id, sealed) = (connection.clone(), sealed.as_bytes().to_vec());
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE webhooks SET sealed = ?1, secret_at = ?2, previous_until = NULL,
                         capture_until = NULL
                     WHERE connection = ?3 AND capture_until > ?2",
                    sealed,
                    now,
                    key
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Waits for a handshake until then, or no longer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_capture(
        &self,
        connection: &ConnectionId,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (id, until) = (connection.clone(), until.map(column::millis));
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done =
                    sqlx::query!("UPDATE webhooks SET capture_until = ? WHERE connection = ?", until, key)
                        .execute(tx)
                        .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Notes the subscription at the tool and when it ends, or that there is none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_subscribed(
        &self,
        connection: &ConnectionId,
        subscription: Option<&Value>,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let id = connection.clone();
        let subscription =
            subscription.map(|value| column::json("webhook's subscription", value)).transpose()?;
        let expires = expires_at.map(column::millis);
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE webhooks SET subscription = ?, expires_at = ? WHERE connection = ?",
                    subscription,
                    expires,
                    key
                )
                .execute(tx)
                .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Adds to how often calls ended in some way, today.
    pub async fn webhook_count(
        &self,
        counts: Vec<(Option<ConnectionId>, String, u64, Timestamp)>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for (connection, outcome, count, at) in &counts {
                    let connection = connection.as_ref().map_or("", ConnectionId::as_str);
                    let (count, at) = (column::stored(*count), column::millis(*at));
                    let day = at.div_euclid(DAY);
                    sqlx::query!(
                        "INSERT INTO webhook_counts (connection, day, outcome, count, last_at)
                         VALUES (?, ?, ?, ?, ?)
                         ON CONFLICT (connection, day, outcome) DO UPDATE
                         SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)",
                        connection,
                        day,
                        outcome,
                        count,
                        at
                    )
                    .execute(&mut *tx)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// How calls ended since a day's beginning, over all webhooks.
    pub async fn webhook_counts(&self, since: Timestamp) -> Result<Vec<WebhookCount>, StoreError> {
        let day = column::millis(since).div_euclid(DAY);
        let rows = sqlx::query_as!(
            CountRow,
            r#"SELECT connection AS "connection!", outcome AS "outcome!", sum(count) AS "count!: i64", max(last_at) AS "last_at!: i64"
               FROM webhook_counts WHERE day >= ? GROUP BY connection, outcome ORDER BY connection, outcome"#,
            day
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(WebhookCount {
                    connection: Some(row.connection).filter(|id| !id.is_empty()).map(ConnectionId::new),
                    outcome: row.outcome,
                    count: column::count(row.count),
                    last_at: column::time(row.last_at)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{connection, fixture};

    #[tokio::test]
    async fn a_webhook_comes_and_goes_with_its_connection() {
        let f = fixture().await;
        let c = connection("sheet");
        assert!(matches!(f.store.webhook_make(&c.id, "t1").await, Err(StoreError::NotFound(_))));
        f.store.connection_insert(&c, None).await.unwrap();
        f.store.webhook_make(&c.id, "t1").await.unwrap();
        f.store.webhook_make(&c.id, "t2").await.unwrap();
        let row = f.store.webhook(&c.id).await.unwrap().unwrap();
        assert_eq!((row.token.as_str(), row.enabled, row.sealed), ("t1", false, None), "the first one stays");
        f.store.webhook_enable(&c.id, true).await.unwrap();
        f.store.webhook_move(&c.id, "t3").await.unwrap();
        let row = f.store.webhooks().await.unwrap().remove(0);
        assert_eq!((row.token.as_str(), row.enabled), ("t3", true));
        f.store.connection_delete(&c.id, false).await.unwrap();
        assert_eq!(f.store.webhook(&c.id).await.unwrap(), None);
        assert!(matches!(f.store.webhook_enable(&c.id, true).await, Err(StoreError::NotFound(_))));
    }

    #[tokio::test]
    async fn a_captured_secret_counts_once_and_only_while_it_is_waited_for() {
        let f = fixture().await;
        let c = connection("notes");
        f.store.connection_insert(&c, None).await.unwrap();
        f.store.webhook_make(&c.id, "t").await.unwrap();
        let sealed = |byte| SealedBytes::new(vec![byte; 40]);
        assert!(!f.store.webhook_secret_captured(&c.id, &sealed(1)).await.unwrap(), "nobody waits");
        let until = f.store.now() + std::time::Duration::from_secs(600);
        f.store.webhook_capture(&c.id, Some(until)).await.unwrap();
        assert!(f.store.webhook_secret_captured(&c.id, &sealed(2)).await.unwrap());
        assert!(!f.store.webhook_secret_captured(&c.id, &sealed(3)).await.unwrap(), "the first counts");
        let row = f.store.webhook(&c.id).await.unwrap().unwrap();
        assert_eq!((row.sealed, row.capture_until), (Some(sealed(2)), None));
        f.store.webhook_capture(&c.id, Some(until)).await.unwrap();
        f.clock.advance(std::time::Duration::from_secs(601));
        assert!(!f.store.webhook_secret_captured(&c.id, &sealed(4)).await.unwrap(), "too late");
    }

    #[tokio::test]
    async fn calls_are_counted_by_how_they_ended() {
        let f = fixture().await;
        let c = ConnectionId::from("a");
        let now = f.store.now();
        let one = |outcome: &str, count| (Some(c.clone()), outcome.to_owned(), count, now);
        f.store.webhook_count(vec![one("signature", 3), (None, "address".into(), 1, now)]).await.unwrap();
        f.store.webhook_count(vec![one("signature", 2), one("stale", 1)]).await.unwrap();
        let counts = f.store.webhook_counts(now).await.unwrap();
        let told: Vec<_> =
            counts.iter().map(|c| (c.connection.is_some(), c.outcome.as_str(), c.count)).collect();
        assert_eq!(told, [(false, "address", 1), (true, "signature", 5), (true, "stale", 1)]);
        let tomorrow = now + std::time::Duration::from_secs(86_400);
        assert_eq!(f.store.webhook_counts(tomorrow).await.unwrap(), []);
    }
}
