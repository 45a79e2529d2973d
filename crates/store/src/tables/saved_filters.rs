//! Filters of signals that the user keeps.

use patchbay_model::signal::SignalFilter;

use crate::{Store, StoreError, column};

impl Store {
    /// The filters that are kept, by name.
    pub async fn saved_filters(&self) -> Result<Vec<(String, SignalFilter)>, StoreError> {
        let rows = sqlx::query!("SELECT name, filter FROM saved_filters ORDER BY name")
            .fetch_all(self.readers())
            .await?;
        rows.into_iter().map(|row| Ok((row.name, column::from_json("saved filter", &row.filter)?))).collect()
    }

    /// Keeps a filter; one with the same name is replaced.
    pub async fn save_filter(&self, name: &str, filter: &SignalFilter) -> Result<(), StoreError> {
        let (name, filter) = (name.to_owned(), column::json("saved filter", filter)?);
        let at = column::millis(self.now());
        changed!(
            self,
            "INSERT INTO saved_filters (name, filter, saved_at) VALUES (?, ?, ?)
                     ON CONFLICT (name) DO UPDATE SET filter = excluded.filter, saved_at = excluded.saved_at",
            name,
            filter,
            at
        )
        .map(drop)
    }

    /// Lets go of a filter; nothing happens where there is none.
    pub async fn delete_filter(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        changed!(self, "DELETE FROM saved_filters WHERE name = ?", name).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    #[tokio::test]
    async fn a_filter_is_kept_replaced_and_let_go_of() {
        let f = fixture().await;
        let unread = SignalFilter { unread: true, ..SignalFilter::default() };
        f.store.save_filter("Mine", &SignalFilter::default()).await.unwrap();
        f.store.save_filter("Mine", &unread).await.unwrap();
        assert_eq!(f.store.saved_filters().await.unwrap(), [("Mine".to_owned(), unread)]);
        f.store.delete_filter("Mine").await.unwrap();
        assert!(f.store.saved_filters().await.unwrap().is_empty());
    }
}
