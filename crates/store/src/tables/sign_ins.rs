//! Sign-ins: renewals under way, and how often signing in works at the first attempt.

use patchbay_model::problem::Code;
use patchbay_model::{ConnectionId, ConnectorId, SealedBytes, SignInId, Timestamp};

use super::connections::{changed_one, missing};
use crate::{Store, StoreError, column};

/// How a sign-in went that somebody began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInAttempt {
    /// Its identifier, made by us.
    pub id: SignInId,
    /// The connector.
    pub connector: ConnectorId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it goes on, or where the program ended first.
    pub ended_at: Option<Timestamp>,
    /// Why it failed; none where it worked or goes on.
    pub code: Option<Code>,
    /// Whether the program ended before the sign-in did.
    pub interrupted: bool,
}

/// How often signing in works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignInRate {
    /// Sign-ins that ended, without those that the person stopped or declined.
    pub ended: u64,
    /// Those of them that worked.
    pub worked: u64,
}

impl Store {
    /// Writes down that a connection's tokens are about to be renewed. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the connection is gone.
    pub async fn renewal_begin(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let (id, at) = (id.clone(), column::millis(self.clock().now()));
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "INSERT INTO renewals (connection, started_at) SELECT id, ? FROM connections WHERE id = ?
                     ON CONFLICT (connection) DO UPDATE SET started_at = excluded.started_at",
                    at,
                    key
                )
                .execute(tx)
                .await?;
                changed_one(done.rows_affected(), || missing(&id))
            })
        })
        .await
    }

    /// Ends a renewal that brought nothing.
    pub async fn renewal_end(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                sqlx::query!("DELETE FROM renewals WHERE connection = ?", key).execute(tx).await?;
                Ok(())
            })
        })
        .await
    }

    /// When a renewal began of which no end is known.
    pub async fn renewal(&self, id: &ConnectionId) -> Result<Option<Timestamp>, StoreError> {
        let key = id.as_str();
        let at = sqlx::query_scalar!("SELECT started_at FROM renewals WHERE connection = ?", key)
            .fetch_optional(self.readers())
            .await?;
        at.map(column::time).transpose()
    }

    /// Keeps renewed tokens and ends the renewal, in one commit, where the credential is still the one that
    /// was renewed: somebody may have signed in again meanwhile. Whether it was. What the service answered
    /// before stays: it is the same account's.
    pub async fn credential_renewed(
        &self,
        id: &ConnectionId,
        before: &SealedBytes,
        sealed: &SealedBytes,
    ) -> Result<bool, StoreError> {
        let (id, before, sealed) = (id.clone(), before.as_bytes().to_vec(), sealed.as_bytes().to_vec());
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!(
                    "UPDATE connections SET credential = ? WHERE id = ? AND credential = ?",
                    sealed,
                    key,
                    before
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!("DELETE FROM renewals WHERE connection = ?", key).execute(tx).await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Writes down that somebody began to sign in.
    pub async fn sign_in_begun(&self, id: &SignInId, connector: &ConnectorId) -> Result<(), StoreError> {
        let (id, connector) = (id.to_string(), connector.to_string());
        let (at, boot) = (column::millis(self.clock().now()), self.boot().to_string());
        changed!(
            self,
            "INSERT INTO sign_in_attempts (id, connector, boot, started_at) VALUES (?, ?, ?, ?)",
            id,
            connector,
            boot,
            at
        )
        .map(drop)
    }

    /// Writes down how it ended. What has ended stays as it is.
    pub async fn sign_in_ended(&self, id: &SignInId, code: Option<Code>) -> Result<(), StoreError> {
        let id = id.to_string();
        let at = column::millis(self.clock().now());
        let code = code.map(Code::as_str);
        changed!(
            self,
            "UPDATE sign_in_attempts SET ended_at = ?, code = ? WHERE id = ? AND ended_at IS NULL",
            at,
            code,
            id
        )
        .map(drop)
    }

    /// The last sign-in to a connector that somebody began.
    pub async fn sign_in_last(&self, connector: &ConnectorId) -> Result<Option<SignInAttempt>, StoreError> {
        let connector = connector.as_str();
        let row = sqlx::query!(
            "SELECT id, connector, boot, started_at, ended_at, code FROM sign_in_attempts
             WHERE connector = ? ORDER BY started_at DESC, id DESC LIMIT 1",
            connector
        )
        .fetch_optional(self.readers())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(SignInAttempt {
            interrupted: row.ended_at.is_none() && row.boot != self.boot().to_string(),
            id: SignInId::new(row.id),
            connector: ConnectorId::new(row.connector),
            started_at: column::time(row.started_at)?,
            ended_at: column::optional_time(row.ended_at)?,
            code: row.code.map(|code| column::from_word("sign-in's code", code)).transpose()?,
        }))
    }

    /// How often signing in works, over everything that is kept. What the person stopped or declined says
    /// nothing about us.
    pub async fn sign_in_rate(&self) -> Result<SignInRate, StoreError> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "ended!: i64", count(*) FILTER (WHERE code IS NULL) AS "worked!: i64"
               FROM sign_in_attempts
               WHERE ended_at IS NOT NULL AND (code IS NULL OR code NOT IN ('CANCELLED', 'SIGN_IN_DENIED'))"#
        )
        .fetch_one(self.readers())
        .await?;
        Ok(SignInRate { ended: column::count(row.ended), worked: column::count(row.worked) })
    }

    /// Deletes at most `most` attempts that began before `before` and returns how many: the rate is then one
    /// over what is kept.
    pub(crate) async fn sign_ins_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM sign_in_attempts WHERE id IN
                         (SELECT id FROM sign_in_attempts WHERE started_at < ? LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{connection, fixture};

    #[tokio::test]
    async fn renewed_tokens_are_kept_and_the_renewal_ends_in_one_commit() {
        let f = fixture().await;
        let c = connection("tracker");
        assert!(matches!(f.store.renewal_begin(&c.id).await, Err(StoreError::NotFound(_))));
        let old = SealedBytes::new(vec![1; 40]);
        f.store.connection_insert(&c, Some(&old)).await.unwrap();
        f.store.renewal_begin(&c.id).await.unwrap();
        f.store.renewal_begin(&c.id).await.unwrap();
        assert!(f.store.renewal(&c.id).await.unwrap().is_some());
        f.store.renewal_end(&c.id).await.unwrap();
        assert_eq!(f.store.renewal(&c.id).await.unwrap(), None);
        f.store.renewal_begin(&c.id).await.unwrap();
        let new = SealedBytes::new(vec![2; 40]);
        assert!(f.store.credential_renewed(&c.id, &old, &new).await.unwrap());
        assert_eq!(f.store.credential(&c.id).await.unwrap(), Some(new.clone()));
        assert_eq!(f.store.renewal(&c.id).await.unwrap(), None);
        // Somebody signed in again while the old tokens were being renewed.
        f.store.renewal_begin(&c.id).await.unwrap();
        let other = SealedBytes::new(vec![3; 40]);
        f.store.credential_replace(&c.id, &other).await.unwrap();
        assert!(!f.store.credential_renewed(&c.id, &new, &old).await.unwrap());
        assert_eq!(f.store.credential(&c.id).await.unwrap(), Some(other.clone()));
        f.store.renewal_begin(&c.id).await.unwrap();
        f.store.connection_delete(&c.id, false).await.unwrap();
        assert_eq!(f.store.renewal(&c.id).await.unwrap(), None);
        assert!(!f.store.credential_renewed(&c.id, &other, &new).await.unwrap(), "what is gone gets no tokens");
    }

    #[tokio::test]
    async fn the_rate_leaves_out_what_the_person_decided() {
        let f = fixture().await;
        let connector = ConnectorId::new("tracker");
        assert_eq!(f.store.sign_in_last(&connector).await.unwrap(), None);
        let ends = [None, None, Some(Code::SignInTimedOut), Some(Code::SignInDenied), Some(Code::Cancelled)];
        for (index, code) in ends.into_iter().enumerate() {
            let id = SignInId::new(format!("a{index}"));
            f.store.sign_in_begun(&id, &connector).await.unwrap();
            f.store.sign_in_ended(&id, code).await.unwrap();
            // Only the first end counts.
            f.store.sign_in_ended(&id, Some(Code::Internal)).await.unwrap();
        }
        f.store.sign_in_begun(&SignInId::new("open"), &connector).await.unwrap();
        assert_eq!(f.store.sign_in_rate().await.unwrap(), SignInRate { ended: 3, worked: 2 });
        let last = f.store.sign_in_last(&connector).await.unwrap().unwrap();
        assert_eq!((last.id.as_str(), last.ended_at, last.interrupted), ("open", None, false));
    }
}
