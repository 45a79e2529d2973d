//! Sealed credentials: a column of their connection's row, so that both come and go in one commit.

use patchbay_model::{ConnectionId, SealedBytes};

use super::connections::{changed_one, missing};
use crate::{Store, StoreError};

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
        self.write(move |tx| {
            Box::pin(async move {
                let key = id.as_str();
                let done = sqlx::query!("UPDATE connections SET credential = ? WHERE id = ?", credential, key)
                    .execute(&mut *tx)
                    .await?;
                changed_one(done.rows_affected(), || missing(&id))?;
                // Another key may see other things.
                sqlx::query!("DELETE FROM answers WHERE connection = ?", key).execute(&mut *tx).await?;
                Ok(())
            })
        })
        .await
    }

    /// Every sealed credential, the one of the newest connection last.
    pub async fn credentials(&self) -> Result<Vec<SealedBytes>, StoreError> {
        let sealed = sqlx::query_scalar!(
            r#"SELECT credential AS "sealed!" FROM connections WHERE credential IS NOT NULL
               ORDER BY created_at, id"#
        )
        .fetch_all(self.readers())
        .await?;
        Ok(sealed.into_iter().map(SealedBytes::new).collect())
    }
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
}
