//! Sealed credentials: a column of their connection's row, so that both come and go in one commit.

use patchbay_model::{ConnectionId, SealedBytes, Timestamp};
use sqlx::SqliteConnection;

use super::connections::{changed_one, missing};
use crate::{Store, StoreError, column};

/// A sealed credential with whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptCredential {
    /// The connection.
    pub connection: ConnectionId,
    /// The connection's name.
    pub name: String,
    /// The credential.
    pub sealed: SealedBytes,
    /// When it was set; sealing it anew does not make it younger.
    pub set_at: Timestamp,
}

struct Row {
    id: String,
    name: String,
    sealed: Vec<u8>,
    set_at: i64,
}

impl Store {
    /// The sealed credential; none where the connection is not there or has none.
    pub async fn credential(&self, id: &ConnectionId) -> Result<Option<SealedBytes>, StoreError> {
        let id = id.as_str();
        let sealed = sqlx::query_scalar!("SELECT credential FROM connections WHERE id = ?", id)
            .fetch_optional(self.readers())
            .await?;
        Ok(sealed.flatten().map(SealedBytes::new))
    }

    /// Puts another sealed credential in the place of the old one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn credential_replace(
        &self,
        id: &ConnectionId,
        credential: &SealedBytes,
    ) -> Result<(), StoreError> {
        let (id, credential) = (id.clone(), credential.as_bytes().to_vec());
        let at = column::millis(self.now());
        self.write(move |tx| Box::pin(async move { replace(tx, &id, &credential, at).await })).await
    }

    /// Everything that is sealed, the credential of the newest connection last: those of connections, and
    /// before them the secrets of their webhooks.
    pub async fn credentials(&self) -> Result<Vec<SealedBytes>, StoreError> {
        let sealed = sqlx::query_scalar!(
            r#"SELECT sealed AS "sealed!: Vec<u8>" FROM
                   (SELECT 0 AS part, created_at, connection AS id, sealed FROM webhooks
                        WHERE sealed IS NOT NULL
                    UNION ALL
                    SELECT 1, created_at, id, credential FROM connections WHERE credential IS NOT NULL)
               ORDER BY part, created_at, id"#
        )
        .fetch_all(self.readers())
        .await?;
        Ok(sealed.into_iter().map(SealedBytes::new).collect())
    }

    /// The same with whose they are and when they were set.
    pub async fn credentials_kept(&self) -> Result<Vec<KeptCredential>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, name, credential AS "sealed!", COALESCE(credential_at, created_at) AS "set_at!: i64"
               FROM connections WHERE credential IS NOT NULL ORDER BY created_at, id"#
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(KeptCredential {
                    connection: ConnectionId::new(row.id),
                    name: row.name,
                    sealed: SealedBytes::new(row.sealed),
                    set_at: column::time(row.set_at)?,
                })
            })
            .collect()
    }

    /// The sealed secrets of webhooks, by connection.
    pub async fn webhook_seals(&self) -> Result<Vec<(ConnectionId, SealedBytes)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT connection, sealed AS "sealed!" FROM webhooks WHERE sealed IS NOT NULL
               ORDER BY created_at, connection"#
        )
        .fetch_all(self.readers())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (ConnectionId::new(row.connection), SealedBytes::new(row.sealed)))
            .collect())
    }

    /// Puts the same secrets, those of connections and those of webhooks, sealed anew, in the place of the
    /// old seals, and notes which keys are of no more use: all in one transaction.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where one of them is not what it was: nothing has changed then.
    pub async fn credentials_reseal(
        &self,
        resealed: Vec<(ConnectionId, SealedBytes, SealedBytes)>,
        webhooks: Vec<(ConnectionId, SealedBytes, SealedBytes)>,
        retired: &[String],
    ) -> Result<(), StoreError> {
        let retired = retired.join(" ");
        self.write(move |tx| {
            Box::pin(async move {
                for (id, old, new) in &resealed {
                    let (key, old, new) = (id.as_str(), old.as_bytes(), new.as_bytes());
                    let done = sqlx::query!(
                        "UPDATE connections SET credential = ? WHERE id = ? AND credential = ?",
                        new,
                        key,
                        old
                    )
                    .execute(&mut *tx)
                    .await?;
                    changed_one(done.rows_affected(), || missing(id))?;
                }
                for (id, old, new) in &webhooks {
                    let (key, old, new) = (id.as_str(), old.as_bytes(), new.as_bytes());
                    let done = sqlx::query!(
                        "UPDATE webhooks SET sealed = ? WHERE connection = ? AND sealed = ?",
                        new,
                        key,
                        old
                    )
                    .execute(&mut *tx)
                    .await?;
                    changed_one(done.rows_affected(), || missing(id))?;
                }
                sqlx::query!(
                    "INSERT INTO meta (key, value) VALUES ('retired_keys', ?)
                     ON CONFLICT (key) DO UPDATE SET value = meta.value || ' ' || excluded.value",
                    retired
                )
                .execute(tx)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The names of keys that nothing is sealed with any more and that may still be in the secret store.
    pub async fn retired_keys(&self) -> Result<Vec<String>, StoreError> {
        let value = sqlx::query_scalar!("SELECT value FROM meta WHERE key = 'retired_keys'")
            .fetch_optional(self.readers())
            .await?;
        Ok(value.unwrap_or_default().split_whitespace().map(str::to_owned).collect())
    }

    /// Notes that the retired keys are gone from the secret store.
    pub async fn retired_keys_gone(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            Box::pin(async move {
                sqlx::query!("DELETE FROM meta WHERE key = 'retired_keys'").execute(tx).await?;
                Ok(())
            })
        })
        .await
    }

    /// Deletes every credential, every webhook's secret and what services answered; says whose the
    /// credentials were.
    pub async fn credentials_forget(&self) -> Result<Vec<ConnectionId>, StoreError> {
        self.write(|tx| {
            Box::pin(async move {
                let gone = sqlx::query_scalar!("SELECT id FROM connections WHERE credential IS NOT NULL")
                    .fetch_all(&mut *tx)
                    .await?;
                sqlx::query!(
                    "DELETE FROM answers WHERE connection IN
                         (SELECT id FROM connections WHERE credential IS NOT NULL)"
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!("UPDATE webhooks SET sealed = NULL, secret_at = NULL, previous_until = NULL")
                    .execute(&mut *tx)
                    .await?;
                sqlx::query!("UPDATE connections SET credential = NULL, credential_at = NULL")
                    .execute(tx)
                    .await?;
                Ok(gone.into_iter().map(ConnectionId::new).collect())
            })
        })
        .await
    }
}

/// Puts a credential in the place of the old one.
pub(crate) async fn replace(
    tx: &mut SqliteConnection,
    id: &ConnectionId,
    credential: &[u8],
    at: i64,
) -> Result<(), StoreError> {
    let key = id.as_str();
    let done = sqlx::query!(
        "UPDATE connections SET credential = ?, credential_at = ? WHERE id = ?",
        credential,
        at,
        key
    )
    .execute(&mut *tx)
    .await?;
    changed_one(done.rows_affected(), || missing(id))?;
    // Another key may see other things.
    sqlx::query!("DELETE FROM answers WHERE connection = ?", key).execute(&mut *tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{connection, fixture};

    #[tokio::test]
    async fn a_credential_is_kept_replaced_and_gone_with_its_connection() {
        let f = fixture().await;
        let sealed = |byte| SealedBytes::new(vec![byte; 40]);
        let (without, with) = (connection("without"), connection("with"));
        f.store.connection_insert(&without, None).await.unwrap();
        assert_eq!(f.store.credential(&without.id).await.unwrap(), None);
        assert_eq!(f.store.credentials().await.unwrap(), []);
        f.store.connection_insert(&with, Some(&sealed(1))).await.unwrap();
        assert_eq!(f.store.credential(&with.id).await.unwrap(), Some(sealed(1)));
        assert_eq!(f.store.credentials().await.unwrap(), [sealed(1)]);
        f.store.credential_replace(&with.id, &sealed(2)).await.unwrap();
        assert_eq!(f.store.credential(&with.id).await.unwrap(), Some(sealed(2)));
        f.store.connection_delete(&with.id, false).await.unwrap();
        assert_eq!(f.store.credential(&with.id).await.unwrap(), None);
        assert_eq!(f.store.credentials().await.unwrap(), []);
        let gone = f.store.credential_replace(&with.id, &sealed(3)).await;
        assert!(matches!(gone, Err(StoreError::NotFound(_))));
    }

    #[tokio::test]
    async fn seals_are_exchanged_together_or_not_at_all_and_grow_no_younger() {
        let f = fixture().await;
        let sealed = |byte| SealedBytes::new(vec![byte; 40]);
        let (a, b) = (connection("a"), connection("b"));
        f.store.connection_insert(&a, Some(&sealed(1))).await.unwrap();
        f.store.connection_insert(&b, Some(&sealed(2))).await.unwrap();
        let before = f.store.credentials_kept().await.unwrap();
        f.clock.advance(std::time::Duration::from_secs(60));
        // The second is not what it was when it was read.
        let stale = vec![(a.id.clone(), sealed(1), sealed(3)), (b.id.clone(), sealed(9), sealed(4))];
        let refused = f.store.credentials_reseal(stale, Vec::new(), &["k1".to_owned()]).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))));
        assert_eq!(f.store.credentials_kept().await.unwrap(), before, "none has changed");
        assert!(f.store.retired_keys().await.unwrap().is_empty());

        let good = vec![(a.id.clone(), sealed(1), sealed(3)), (b.id.clone(), sealed(2), sealed(4))];
        f.store.credentials_reseal(good, Vec::new(), &["k1".to_owned()]).await.unwrap();
        let after = f.store.credentials_kept().await.unwrap();
        assert_eq!(after.iter().map(|one| one.sealed.clone()).collect::<Vec<_>>(), [sealed(3), sealed(4)]);
        assert_eq!(after[0].set_at, before[0].set_at, "the secret is as old as it was");
        f.store.credentials_reseal(Vec::new(), Vec::new(), &["k2".to_owned()]).await.unwrap();
        assert_eq!(f.store.retired_keys().await.unwrap(), ["k1", "k2"]);
        f.store.retired_keys_gone().await.unwrap();
        assert!(f.store.retired_keys().await.unwrap().is_empty());

        f.store.credential_replace(&a.id, &sealed(5)).await.unwrap();
        let replaced = f.store.credentials_kept().await.unwrap();
        assert!(replaced[0].set_at > after[0].set_at, "a new secret is young");
        assert_eq!(f.store.credentials_forget().await.unwrap().len(), 2);
        assert!(f.store.credentials_kept().await.unwrap().is_empty());
        assert!(f.store.connection(&a.id).await.unwrap().is_some(), "the connection stays");
    }

    #[tokio::test]
    async fn the_secrets_of_webhooks_change_their_seals_with_the_credentials() {
        let f = fixture().await;
        let sealed = |byte| SealedBytes::new(vec![byte; 40]);
        let a = connection("a");
        f.store.connection_insert(&a, Some(&sealed(1))).await.unwrap();
        f.store.webhook_make(&a.id, "t").await.unwrap();
        f.store.webhook_secret_set(&a.id, &sealed(2), None).await.unwrap();
        assert_eq!(f.store.credentials().await.unwrap(), [sealed(2), sealed(1)]);
        assert_eq!(f.store.webhook_seals().await.unwrap(), [(a.id.clone(), sealed(2))]);
        let one = vec![(a.id.clone(), sealed(1), sealed(3))];
        let stale = vec![(a.id.clone(), sealed(9), sealed(4))];
        let refused = f.store.credentials_reseal(one.clone(), stale, &["k".to_owned()]).await;
        assert!(refused.is_err());
        assert_eq!(f.store.credentials().await.unwrap(), [sealed(2), sealed(1)], "none has changed");
        let good = vec![(a.id.clone(), sealed(2), sealed(4))];
        f.store.credentials_reseal(one, good, &["k".to_owned()]).await.unwrap();
        assert_eq!(f.store.credentials().await.unwrap(), [sealed(4), sealed(3)]);
        f.store.credentials_forget().await.unwrap();
        assert_eq!(f.store.credentials().await.unwrap(), []);
        assert_eq!(f.store.webhook(&a.id).await.unwrap().unwrap().sealed, None);
    }
}
