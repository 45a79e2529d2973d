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
        let texts =
            facts.iter().map(|fact| column::json("journal entry", fact)).collect::<Result<Vec<_>, _>>()?;
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
                    entries.push(JournalEntry { run: run.clone(), seq: column::count(seq), at: now, fact });
                }
                Ok(entries)
            })
        })
        .await
    }

    /// The journal of a run from behind `after_seq` on; 0 gives all of it.
    pub async fn journal(&self, run: &RunId, after_seq: u64) -> Result<Vec<JournalEntry>, StoreError> {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::run::RequestSummary;
    use patchbay_model::{BootId, Code, Outcome, Problem, StepId};
    use serde_json::json;

    use super::*;
    use crate::StoreError;
    use crate::fixture::{self, fixture, opened};

    #[tokio::test]
    async fn facts_are_numbered_from_one_and_read_as_written() {
        let f = fixture().await;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let step = StepId::from("post");
        let first = vec![
            Fact::Started { boot: BootId::generate(), recovered: false },
            Fact::Intent {
                step: step.clone(),
                item: 0,
                attempt: 1,
                effect: true,
                request: RequestSummary {
                    method: "POST".into(),
                    url: "https://example.test/messages".into(),
                    body: Some(json!({"text": "héllo \u{0}"})),
                    hash: "ab".into(),
                },
                key: Some("key-1".into()),
            },
        ];
        let second = vec![
            Fact::Result {
                step,
                item: 0,
                attempt: 1,
                outcome: Outcome::Unknown { problem: Problem::new(Code::TimeoutResponse).with("tool", "Chat") },
                took_ms: u64::from(u32::MAX),
                bytes: 1,
            },
            Fact::Finished { state: RunState::Done },
        ];
        let a = f.store.journal_append(&run.id, first.clone(), RunState::Running);
        let a = a.await.unwrap();
        f.clock.advance(Duration::from_millis(1_500));
        let b = f.store.journal_append(&run.id, second.clone(), RunState::Done);
        let b = b.await.unwrap();
        let returned: Vec<_> = a.into_iter().chain(b).collect();
        assert_eq!(f.store.journal(&run.id, 0).await.unwrap(), returned);
        let seqs: Vec<_> = returned.iter().map(|e| e.seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
        let facts: Vec<_> = returned.iter().map(|e| e.fact.clone()).collect();
        assert_eq!(facts, [first, second].concat());
        assert!(returned[2].at > returned[1].at);
        assert_eq!(f.store.journal(&run.id, 3).await.unwrap(), returned[3..]);
    }

    #[tokio::test]
    async fn a_run_that_is_not_there_gets_no_journal() {
        let f = fixture().await;
        let run = RunId::generate();
        let appended = f.store.journal_append(&run, vec![opened(1)], RunState::Running).await;
        assert!(matches!(appended, Err(StoreError::NotFound(_))));
        assert_eq!(f.store.journal(&run, 0).await.unwrap(), []);
    }

    #[tokio::test]
    async fn concurrent_facts_share_commits_and_keep_their_order() {
        let f = fixture().await;
        let mut runs = Vec::new();
        for _ in 0..20 {
            let run = fixture::run();
            f.store.run_insert(&run).await.unwrap();
            runs.push(run.id);
        }
        let before = f.store.writer_counts();
        // The calls of one run are made in order and not waited for one by one.
        let appends = (0..25).flat_map(|i| {
            let store = &f.store;
            runs.iter().map(move |run| store.journal_append(run, vec![opened(i)], RunState::Running))
        });
        let entries = futures_util::future::try_join_all(appends).await.unwrap();
        assert_eq!(entries.len(), 500);
        let after = f.store.writer_counts();
        let (operations, commits) = (after.operations - before.operations, after.commits - before.commits);
        assert_eq!(operations, 500);
        assert!(commits <= 50, "{commits} commits for {operations} operations");
        for run in &runs {
            let journal = f.store.journal(run, 0).await.unwrap();
            let want: Vec<_> = (0..25).map(|i| (u64::from(i) + 1, opened(i))).collect();
            let got: Vec<_> = journal.into_iter().map(|e| (e.seq, e.fact)).collect();
            assert_eq!(got, want);
        }
        let alone = f.store.writer_counts().commits;
        f.store.journal_append(&runs[0], vec![opened(25)], RunState::Done).await.unwrap();
        assert_eq!(f.store.writer_counts().commits, alone + 1, "nobody waits for company");
    }

    #[tokio::test]
    async fn one_that_fails_takes_no_other_of_its_commit_with_it() {
        let f = fixture().await;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let nowhere = RunId::generate();
        let appends = (0..30).map(|i| {
            let run = if i % 3 == 0 { &nowhere } else { &run.id };
            f.store.journal_append(run, vec![opened(i)], RunState::Running)
        });
        let results = futures_util::future::join_all(appends).await;
        let failed = results.iter().filter(|r| r.is_err()).count();
        assert_eq!(failed, 10);
        assert_eq!(f.store.journal(&run.id, 0).await.unwrap().len(), 20);
    }
}
