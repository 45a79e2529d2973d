//! How connections were judged, each time it changed.

use patchbay_model::{ConnectionId, HealthState, Timestamp};

use crate::{Store, StoreError, column};

/// From this moment on a connection was in this state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthChange {
    /// The connection.
    pub connection: ConnectionId,
    /// From when on.
    pub at: Timestamp,
    /// How it was.
    pub state: HealthState,
    /// Why, in words; empty where it was healthy.
    pub reasons: Vec<String>,
}

struct Row {
    connection: String,
    at: i64,
    state: String,
    reasons: String,
}

impl TryFrom<Row> for HealthChange {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            connection: ConnectionId::new(row.connection),
            at: column::time(row.at)?,
            state: column::from_word("health state", row.state)?,
            reasons: column::from_json("health reasons", &row.reasons)?,
        })
    }
}

impl Store {
    /// Writes down how a connection is from now on. Nothing where that is how it was, or it is gone.
    /// Whether it was written.
    pub async fn health_changed(&self, change: &HealthChange) -> Result<bool, StoreError> {
        let (connection, at) = (change.connection.clone(), column::millis(change.at));
        let state = column::word("health state", &change.state)?;
        let reasons = column::json("health reasons", &change.reasons)?;
        self.write(move |tx| {
            Box::pin(async move {
                let connection = connection.as_str();
                let done = sqlx::query!(
                    "INSERT INTO health_changes (connection, at, state, reasons)
                     SELECT id, ?2, ?3, ?4 FROM connections WHERE id = ?1
                         AND ?3 IS NOT (SELECT state FROM health_changes WHERE connection = ?1
                                        ORDER BY id DESC LIMIT 1)",
                    connection,
                    at,
                    state,
                    reasons
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// The last change of every connection that has one.
    pub async fn health_states(&self) -> Result<Vec<HealthChange>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT connection, at, state, reasons FROM health_changes
               WHERE id IN (SELECT max(id) FROM health_changes GROUP BY connection)"#
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(HealthChange::try_from).collect()
    }

    /// The changes of a connection, the latest first.
    pub async fn health_changes(
        &self,
        connection: &ConnectionId,
        limit: u32,
    ) -> Result<Vec<HealthChange>, StoreError> {
        let connection = connection.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT connection, at, state, reasons FROM health_changes WHERE connection = ?
             ORDER BY id DESC LIMIT ?",
            connection,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(HealthChange::try_from).collect()
    }

    /// When a connection last became worse than healthy; none where none ever was.
    pub async fn health_last_problem(&self) -> Result<Option<Timestamp>, StoreError> {
        let at = sqlx::query_scalar!(
            r#"SELECT max(at) AS "at: i64" FROM health_changes WHERE state IN ('error', 'degraded')"#
        )
        .fetch_one(self.readers())
        .await?;
        at.map(column::time).transpose()
    }

    /// Deletes at most `most` changes from before `before` that others followed, and returns how many.
    pub(crate) async fn health_changes_prune(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let before = column::millis(before);
        changed!(
            self,
            "DELETE FROM health_changes WHERE id IN
                         (SELECT id FROM health_changes WHERE at < ?
                              AND id NOT IN (SELECT max(id) FROM health_changes GROUP BY connection)
                          LIMIT ?)",
            before,
            most
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fixture::{connection, fixture, noon};

    #[tokio::test]
    async fn only_what_changes_is_written_and_the_last_word_stays() {
        let f = fixture().await;
        let made = connection("tracker");
        f.store.connection_insert(&made, None).await.unwrap();
        let change = |minute: u64, state| HealthChange {
            connection: made.id.clone(),
            at: noon() + Duration::from_secs(minute * 60),
            state,
            reasons: vec!["3 checks in a row failed".into()],
        };
        let steps = [
            (change(0, HealthState::Healthy), true),
            (change(1, HealthState::Healthy), false),
            (change(2, HealthState::Error), true),
            (change(3, HealthState::Healthy), true),
            (HealthChange { connection: ConnectionId::from("gone"), ..change(4, HealthState::Error) }, false),
        ];
        for (change, written) in steps {
            assert_eq!(f.store.health_changed(&change).await.unwrap(), written, "{change:?}");
        }
        assert_eq!(f.store.health_states().await.unwrap(), [change(3, HealthState::Healthy)]);
        let all = f.store.health_changes(&made.id, 10).await.unwrap();
        assert_eq!(
            all,
            [change(3, HealthState::Healthy), change(2, HealthState::Error), change(0, HealthState::Healthy)]
        );
        assert_eq!(f.store.health_last_problem().await.unwrap(), Some(change(2, HealthState::Error).at));
        assert_eq!(f.store.health_changes_prune(noon() + Duration::from_secs(3_600), 10).await.unwrap(), 2);
        assert_eq!(f.store.health_states().await.unwrap(), [change(3, HealthState::Healthy)]);
    }
}
