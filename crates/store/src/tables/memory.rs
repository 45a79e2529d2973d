//! What chains remember from run to run, variables of the workspace, and lookup tables.

use patchbay_model::{ChainId, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, column};

/// A value to be remembered, or forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The chain; none for a variable of the workspace.
    pub chain: Option<ChainId>,
    /// Its key.
    pub key: String,
    /// Its value; none forgets it.
    pub value: Option<Value>,
}

/// A value that is remembered, or a row of a lookup table.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryEntry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Value,
}

struct Row {
    key: String,
    value: String,
}

impl TryFrom<Row> for MemoryEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self { value: column::from_json("memory", &row.value)?, key: row.key })
    }
}

pub(super) async fn set(
    tx: &mut SqliteConnection,
    one: &Remembered,
    value: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let chain = one.chain.as_ref().map_or("", ChainId::as_str);
    match value {
        None => {
            sqlx::query!("DELETE FROM memory WHERE chain = ? AND key = ?", chain, one.key).execute(tx).await?
        }
        Some(value) => {
            let at = column::millis(now);
            sqlx::query!(
                "INSERT INTO memory (chain, key, value, at) VALUES (?, ?, ?, ?)
                 ON CONFLICT (chain, key) DO UPDATE SET value = excluded.value, at = excluded.at",
                chain,
                one.key,
                value,
                at
            )
            .execute(tx)
            .await?
        }
    };
    Ok(())
}

impl Store {
    /// Remembers or forgets a value.
    pub async fn memory_set(&self, one: Remembered) -> Result<(), StoreError> {
        let value = one.value.as_ref().map(|value| column::json("memory", value)).transpose()?;
        let now = self.now();
        self.write(move |tx| Box::pin(async move { set(tx, &one, value.as_deref(), now).await })).await
    }

    /// What a chain, or the workspace, remembers under a key.
    pub async fn memory_get(&self, chain: Option<&ChainId>, key: &str) -> Result<Option<Value>, StoreError> {
        let chain = chain.map_or("", ChainId::as_str);
        let row = sqlx::query_scalar!("SELECT value FROM memory WHERE chain = ? AND key = ?", chain, key)
            .fetch_optional(self.readers())
            .await?;
        row.map(|value| column::from_json("memory", &value)).transpose()
    }

    /// What a chain, or the workspace, remembers, by key.
    pub async fn memory_list(
        &self,
        chain: Option<&ChainId>,
        limit: u32,
    ) -> Result<Vec<MemoryEntry>, StoreError> {
        let chain = chain.map_or("", ChainId::as_str);
        let rows = sqlx::query_as!(
            Row,
            "SELECT key, value FROM memory WHERE chain = ? ORDER BY key LIMIT ?",
            chain,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(MemoryEntry::try_from).collect()
    }

    /// Puts a lookup table in the place of the one of that name; an empty one is gone.
    pub async fn lookup_put(&self, name: &str, rows: &[MemoryEntry]) -> Result<(), StoreError> {
        let rows = rows
            .iter()
            .map(|row| Ok((row.key.clone(), column::json("lookup table", &row.value)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let name = name.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query!("DELETE FROM lookup_rows WHERE name = ?", name).execute(&mut *tx).await?;
                for (key, value) in rows {
                    sqlx::query!(
                        "INSERT INTO lookup_rows (name, key, value) VALUES (?, ?, ?)
                         ON CONFLICT (name, key) DO UPDATE SET value = excluded.value",
                        name,
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

    /// The row of a lookup table with this key.
    pub async fn lookup_get(&self, name: &str, key: &str) -> Result<Option<Value>, StoreError> {
        let row = sqlx::query_scalar!("SELECT value FROM lookup_rows WHERE name = ? AND key = ?", name, key)
            .fetch_optional(self.readers())
            .await?;
        row.map(|value| column::from_json("lookup table", &value)).transpose()
    }

    /// The lookup tables, with how many rows each has.
    pub async fn lookup_tables(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT name, count(*) AS "rows!: i64" FROM lookup_rows GROUP BY name ORDER BY name"#
        )
        .fetch_all(self.readers())
        .await?;
        Ok(rows.into_iter().map(|row| (row.name, column::count(row.rows))).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, fixture};

    #[tokio::test]
    async fn chains_and_the_workspace_remember_apart_and_forget() {
        let f = fixture().await;
        let chain = f.store.chain_save(None, &fixture::chain("a"), "1").await.unwrap().id;
        let set = |chain: Option<&ChainId>, value: Option<Value>| {
            let one = Remembered { chain: chain.cloned(), key: "last".into(), value };
            f.store.memory_set(one)
        };
        set(Some(&chain), Some(json!(1))).await.unwrap();
        set(Some(&chain), Some(json!({"n": 2}))).await.unwrap();
        set(None, Some(json!("all"))).await.unwrap();
        let get = async |chain: Option<&ChainId>| f.store.memory_get(chain, "last").await.unwrap();
        assert_eq!(get(Some(&chain)).await, Some(json!({"n": 2})));
        assert_eq!(get(None).await, Some(json!("all")));
        assert_eq!(f.store.memory_list(Some(&chain), 10).await.unwrap().len(), 1);
        f.store.chain_delete(&chain).await.unwrap();
        assert_eq!(get(Some(&chain)).await, None, "a chain that is gone remembers nothing");
        set(None, None).await.unwrap();
        assert_eq!(get(None).await, None);
    }

    #[tokio::test]
    async fn a_lookup_table_is_replaced_as_a_whole() {
        let f = fixture().await;
        let row = |key: &str, value: Value| MemoryEntry { key: key.into(), value };
        f.store.lookup_put("people", &[row("a", json!(1)), row("b", json!(2))]).await.unwrap();
        f.store.lookup_put("people", &[row("b", json!(3))]).await.unwrap();
        assert_eq!(f.store.lookup_get("people", "a").await.unwrap(), None);
        assert_eq!(f.store.lookup_get("people", "b").await.unwrap(), Some(json!(3)));
        assert_eq!(f.store.lookup_tables().await.unwrap(), [("people".to_owned(), 1)]);
        f.store.lookup_put("people", &[]).await.unwrap();
        assert_eq!(f.store.lookup_tables().await.unwrap(), []);
    }
}
