//! Results of steps that a person keeps. They belong to the draft of a chain: no run reads them.

use patchbay_model::{ChainId, StepId, Timestamp};
use serde_json::Value;

use crate::{Store, StoreError, column};

/// What a step gave once.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// The step.
    pub step: StepId,
    /// The connection that gave it, by name; empty for a step that works by itself.
    pub connection: String,
    /// The operation that gave it; empty likewise.
    pub operation: String,
    /// What the step was then, as a hash; empty where that was not kept.
    pub made_by: String,
    /// The result of each item, in order; none where it was left out.
    pub outputs: Vec<Option<Value>>,
    /// Since when it is kept.
    pub at: Timestamp,
}

struct Row {
    step: String,
    connection: String,
    operation: String,
    made_by: String,
    outputs: String,
    at: i64,
}

impl TryFrom<Row> for Pin {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        // A result may be null itself: each stands in a list of its own.
        let outputs: Vec<Option<(Value,)>> = column::from_json("pin", &row.outputs)?;
        Ok(Self {
            step: StepId::new(row.step),
            connection: row.connection,
            operation: row.operation,
            made_by: row.made_by,
            outputs: outputs.into_iter().map(|output| output.map(|(value,)| value)).collect(),
            at: column::time(row.at)?,
        })
    }
}

impl Store {
    /// Keeps a result in the place of the one that was kept of the step.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such chain.
    pub async fn pin(&self, chain: &ChainId, pin: &Pin) -> Result<(), StoreError> {
        let wrapped: Vec<Option<(&Value,)>> = pin.outputs.iter().map(|o| o.as_ref().map(|v| (v,))).collect();
        let outputs = column::json("pin", &wrapped)?;
        let (chain, pin, at) = (chain.clone(), pin.clone(), column::millis(pin.at));
        self.write(move |tx| {
            Box::pin(async move {
                let (key, step) = (chain.as_str(), pin.step.as_str());
                let done = sqlx::query!(
                    "INSERT INTO pins (chain, step, connection, operation, made_by, outputs, at)
                     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM chains WHERE id = ?1)
                     ON CONFLICT (chain, step) DO UPDATE SET connection = excluded.connection,
                         operation = excluded.operation, made_by = excluded.made_by,
                         outputs = excluded.outputs, at = excluded.at",
                    key,
                    step,
                    pin.connection,
                    pin.operation,
                    pin.made_by,
                    outputs,
                    at
                )
                .execute(tx)
                .await?;
                match done.rows_affected() {
                    0 => Err(StoreError::NotFound(format!("The chain \"{chain}\""))),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    /// Lets go of what is kept of a step; false where nothing was.
    pub async fn unpin(&self, chain: &ChainId, step: &StepId) -> Result<bool, StoreError> {
        let (chain, step) = (chain.clone(), step.clone());
        self.write(move |tx| {
            Box::pin(async move {
                let (chain, step) = (chain.as_str(), step.as_str());
                let done = sqlx::query!("DELETE FROM pins WHERE chain = ? AND step = ?", chain, step);
                Ok(done.execute(tx).await?.rows_affected() > 0)
            })
        })
        .await
    }

    /// What is kept of a chain's steps.
    pub async fn pins(&self, chain: &ChainId) -> Result<Vec<Pin>, StoreError> {
        let chain = chain.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT step, connection, operation, made_by, outputs, at FROM pins WHERE chain = ? ORDER BY step",
            chain
        );
        rows.fetch_all(self.readers()).await?.into_iter().map(Pin::try_from).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, fixture, noon};

    #[tokio::test]
    async fn a_pin_stands_until_it_is_taken_out_or_its_chain_is_gone() {
        let f = fixture().await;
        let id = f.store.chain_save(None, &fixture::chain("Digest"), "h").await.unwrap().id;
        let pin = |outputs| Pin {
            step: "find".into(),
            connection: "Tracker".into(),
            operation: "list".into(),
            made_by: "ab".into(),
            outputs,
            at: noon(),
        };
        let first = pin(vec![Some(json!([{"id": 1}])), None, Some(Value::Null)]);
        f.store.pin(&id, &first).await.unwrap();
        assert_eq!(f.store.pins(&id).await.unwrap(), [first], "null is a result, and no result is none");
        let second = pin(vec![Some(json!(["amira@example.test"]))]);
        f.store.pin(&id, &second).await.unwrap();
        assert_eq!(f.store.pins(&id).await.unwrap(), std::slice::from_ref(&second), "one for a step");
        assert!(f.store.unpin(&id, &"find".into()).await.unwrap());
        assert!(!f.store.unpin(&id, &"find".into()).await.unwrap());
        f.store.pin(&id, &second).await.unwrap();
        assert_eq!(f.store.holding("AMIRA@example.test").await.unwrap().answers, 1);
        assert_eq!(f.store.erase("amira@example.test").await.unwrap().answers, 1);
        assert_eq!(f.store.pins(&id).await.unwrap(), [], "what is erased is not kept as a sample either");
        f.store.pin(&id, &second).await.unwrap();
        f.store.chain_delete(&id).await.unwrap();
        assert_eq!(f.store.pins(&id).await.unwrap(), []);
        assert!(matches!(f.store.pin(&id, &second).await, Err(StoreError::NotFound(_))));
    }
}
