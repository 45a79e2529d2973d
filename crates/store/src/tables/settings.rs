//! Settings: what a person sets, for everything or for one connection.

use std::collections::BTreeMap;

use patchbay_model::ConnectionId;
use serde_json::Value;

use crate::{Store, StoreError, column};

impl Store {
    /// What was set for everything (`None`) or for one connection, by key.
    pub async fn settings(
        &self,
        connection: Option<&ConnectionId>,
    ) -> Result<BTreeMap<String, Value>, StoreError> {
        let connection = connection.map_or("", ConnectionId::as_str);
        let rows =
            sqlx::query!(r#"SELECT key, value FROM settings WHERE coalesce(connection, '') = ?"#, connection)
                .fetch_all(self.readers())
                .await?;
        rows.into_iter().map(|row| Ok((row.key, column::from_json("setting", &row.value)?))).collect()
    }

    /// What was set for single connections: the connection, the key and the value.
    pub async fn settings_of_connections(&self) -> Result<Vec<(ConnectionId, String, Value)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT connection AS "connection!", key, value FROM settings WHERE connection IS NOT NULL"#
        )
        .fetch_all(self.readers())
        .await?;
        let read = |connection: String, key, value: &str| {
            Ok((ConnectionId::from(connection.as_str()), key, column::from_json("setting", value)?))
        };
        rows.into_iter().map(|row| read(row.connection, row.key, &row.value)).collect()
    }

    /// Sets values by key, in one commit; null goes back to what holds otherwise.
    pub async fn settings_set(
        &self,
        connection: Option<&ConnectionId>,
        values: BTreeMap<String, Value>,
    ) -> Result<(), StoreError> {
        let connection = connection.cloned();
        self.write(move |tx| {
            Box::pin(async move {
                let connection = connection.as_ref().map(ConnectionId::as_str);
                for (key, value) in values {
                    sqlx::query!(
                        "DELETE FROM settings WHERE key = ?1 AND coalesce(connection, '') = coalesce(?2, '')",
                        key,
                        connection
                    )
                    .execute(&mut *tx)
                    .await?;
                    if value.is_null() {
                        continue;
                    }
                    let value = column::json("setting", &value)?;
                    sqlx::query!(
                        "INSERT INTO settings (connection, key, value) VALUES (?, ?, ?)",
                        connection,
                        key,
                        value
                    )
                    .execute(&mut *tx)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{connection, fixture};

    #[tokio::test]
    async fn a_setting_of_one_connection_is_its_own_and_goes_with_it() {
        let f = fixture().await;
        let made = connection("tracker");
        f.store.connection_insert(&made, None).await.unwrap();
        let set = |value: Value| BTreeMap::from([("pollSeconds".to_owned(), value)]);
        f.store.settings_set(None, set(json!(300))).await.unwrap();
        f.store.settings_set(Some(&made.id), set(json!(60))).await.unwrap();
        f.store.settings_set(Some(&made.id), set(json!(90))).await.unwrap();
        assert_eq!(f.store.settings(None).await.unwrap(), set(json!(300)));
        assert_eq!(f.store.settings(Some(&made.id)).await.unwrap(), set(json!(90)));
        let own = f.store.settings_of_connections().await.unwrap();
        assert_eq!(own, [(made.id.clone(), "pollSeconds".to_owned(), json!(90))]);
        f.store.settings_set(None, set(Value::Null)).await.unwrap();
        assert_eq!(f.store.settings(None).await.unwrap(), BTreeMap::new());
        f.store.connection_delete(&made.id, false).await.unwrap();
        assert_eq!(f.store.settings(Some(&made.id)).await.unwrap(), BTreeMap::new());
    }
}
