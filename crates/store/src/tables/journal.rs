//! The journal: facts of runs, only ever added.

use patchbay_model::{Fact, JournalEntry, RunId, RunState};

use super::runs;
use crate::{Store, StoreError, column};

struct Row {
    seq: i64,
    at: i64,
    fact: String,
}

impl Row {
    fn entry(self, run: &RunId) -> Result<JournalEntry, StoreError> {
        Ok(JournalEntry {
            run: run.clone(),
            seq: column::count(self.seq),
            at: column::time(self.at)?,
            fact: column::from_json("journal entry", &self.fact)?,
        })
    }
}

impl Store {
    /// Adds facts to a run's journal, in this order, and writes the state that follows from them,
    /// in one commit. Durable on return; calls for one run are written in the order they are made.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub async fn journal_append(
        &self,
        run: &RunId,
        facts: Vec<Fact>,
        state: RunState,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let texts = facts
            .iter()
            .map(|fact| column::json("journal entry", fact))
            .collect::<Result<Vec<_>, _>>()?;
        let (run, now) = (run.clone(), self.now());
        self.write(move |tx| {
            Box::pin(async move {
                runs::set_state(tx, &run, state, now).await?;
                let key = run.as_str();
                let last = sqlx::query_scalar!(
                    r#"SELECT coalesce(max(seq), 0) AS "seq!: i64" FROM journal WHERE run = ?"#,
                    key
                )
                .fetch_one(&mut *tx)
                .await?;
                let at = column::millis(now);
                let mut entries = Vec::with_capacity(facts.len());
                for (seq, (fact, text)) in (last + 1..).zip(facts.into_iter().zip(texts)) {
                    sqlx::query!(
                        "INSERT INTO journal (run, seq, at, fact) VALUES (?, ?, ?, ?)",
                        key,
                        seq,
                        at,
                        text
                    )
                    .execute(&mut *tx)
                    .await?;
                    entries.push(JournalEntry {
                        run: run.clone(),
                        seq: column::count(seq),
                        at: now,
                        fact,
                    });
                }
                Ok(entries)
            })
        })
        .await
    }

    /// The journal of a run from behind `after_seq` on; 0 gives all of it.
    pub async fn journal(
        &self,
        run: &RunId,
        after_seq: u64,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let (key, after) = (run.as_str(), column::stored(after_seq));
        let rows = sqlx::query_as!(
            Row,
            "SELECT seq, at, fact FROM journal WHERE run = ? AND seq > ? ORDER BY seq",
            key,
            after
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(|row| row.entry(run)).collect()
    }
}
