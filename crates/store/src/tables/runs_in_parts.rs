//! Runs that take much over from another one: what their journal begins with is written in parts, so that no commit
//! holds up others for long. Nobody sees such a run before all of it is there.

use patchbay_model::{Fact, Run, RunId};

use super::journal;
use super::runs::NewRun;
use crate::{Store, StoreError};

/// At most so many facts in one commit.
const PART: usize = 2_000;
/// Bytes in one commit, about.
const BYTES: usize = 1 << 20;

/// Facts as text, part by part.
struct Parts<I: Iterator<Item = Fact>> {
    facts: std::iter::Peekable<I>,
    /// What did not fit any more.
    held: Option<String>,
}

impl<I: Iterator<Item = Fact>> Parts<I> {
    /// The next part; empty once there is nothing more.
    fn next(&mut self) -> Result<Vec<String>, StoreError> {
        let mut part: Vec<String> = self.held.take().into_iter().collect();
        let mut bytes: usize = part.iter().map(String::len).sum();
        while part.len() < PART
            && let Some(fact) = self.facts.next()
        {
            let text = journal::text(&fact)?;
            bytes += text.len();
            if bytes > BYTES && !part.is_empty() {
                self.held = Some(text);
                break;
            }
            part.push(text);
        }
        Ok(part)
    }

    fn is_over(&mut self) -> bool {
        self.held.is_none() && self.facts.peek().is_none()
    }
}

impl Store {
    /// Adds a run together with what its journal begins with, however much that is: in commits of at most 2,000
    /// facts and about 1 MiB. Until the last one the run is not there for anybody who reads, and where this does not
    /// come to its end it never is.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the identifier is taken.
    pub async fn run_take_over(&self, run: &Run, facts: Vec<Fact>) -> Result<(), StoreError> {
        let mut parts = Parts { facts: facts.into_iter().peekable(), held: None };
        let first = parts.next()?;
        if parts.is_over() {
            return self.run_begin_with(run, first, false).await;
        }
        let done = self.write_parts(run, first, &mut parts).await;
        if done.is_err() {
            // Else the next engine start does.
            let _ = self.run_in_parts_forget(&run.id).await;
        }
        done
    }

    async fn write_parts<I: Iterator<Item = Fact>>(
        &self,
        run: &Run,
        first: Vec<String>,
        parts: &mut Parts<I>,
    ) -> Result<(), StoreError> {
        let mut last = first.len() as i64;
        self.run_begin_with(run, first, true).await?;
        loop {
            let part = parts.next()?;
            if part.is_empty() {
                break;
            }
            let (id, now, count) = (run.id.clone(), self.now(), part.len() as i64);
            self.write(move |tx| Box::pin(async move { journal::begin(tx, &id, &part, last, now).await }))
                .await?;
            last += count;
        }
        let id = run.id.to_string();
        changed!(self, "DELETE FROM runs_in_parts WHERE run = ?", id)?;
        Ok(())
    }

    /// Removes the runs that an earlier engine start did not finish writing. Gives how many.
    pub async fn runs_in_parts_clear(&self) -> Result<usize, StoreError> {
        let boot = self.boot().as_str();
        let left = sqlx::query_scalar!("SELECT run FROM runs_in_parts WHERE boot <> ?", boot)
            .fetch_all(self.readers())
            .await?;
        for run in &left {
            self.run_in_parts_forget(&RunId::new(run.clone())).await?;
        }
        Ok(left.len())
    }

    /// Removes a run that is not all written, in parts too.
    async fn run_in_parts_forget(&self, run: &RunId) -> Result<(), StoreError> {
        loop {
            let (id, most) = (run.to_string(), PART as i64);
            let gone = changed!(
                self,
                "DELETE FROM journal WHERE run = ?1 AND run IN (SELECT run FROM runs_in_parts) AND seq IN
                     (SELECT seq FROM journal WHERE run = ?1 ORDER BY seq DESC LIMIT ?2)",
                id,
                most
            )?;
            if gone == 0 {
                break;
            }
        }
        let id = run.to_string();
        changed!(self, "DELETE FROM runs WHERE id = ? AND id IN (SELECT run FROM runs_in_parts)", id)?;
        Ok(())
    }
}

/// Notes within the transaction that adds a run that it is not all there.
pub(super) async fn note(tx: &mut sqlx::SqliteConnection, new: &NewRun, boot: &str) -> Result<(), StoreError> {
    let run = new.id().as_str();
    sqlx::query!("INSERT INTO runs_in_parts (run, boot) VALUES (?, ?)", run, boot).execute(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use patchbay_model::{RunState, StepId};
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, fixture};

    fn facts(count: usize, bytes: usize) -> Vec<Fact> {
        let output = json!("x".repeat(bytes));
        let fact = |item: usize| Fact::Arrived {
            step: StepId::from("wait"),
            item: item as u32,
            event: 1,
            output: output.clone(),
        };
        (0..count).map(fact).collect()
    }

    #[test]
    fn no_part_has_more_than_one_commit_takes() {
        for (count, bytes, most) in [(4_500, 10, 2_000), (300, 10_000, 104), (3, 3 << 20, 1), (0, 0, 0)] {
            let mut parts = Parts { facts: facts(count, bytes).into_iter().peekable(), held: None };
            let mut sizes = Vec::new();
            loop {
                let part = parts.next().unwrap();
                if part.is_empty() {
                    break;
                }
                assert!(part.len() == 1 || part.iter().map(String::len).sum::<usize>() <= BYTES);
                sizes.push(part.len());
            }
            assert!(parts.is_over());
            assert_eq!(sizes.iter().sum::<usize>(), count, "each fact once");
            assert_eq!(sizes.iter().copied().max().unwrap_or(0), most, "{sizes:?}");
        }
    }

    #[tokio::test]
    async fn a_run_that_takes_much_over_is_there_as_a_whole_or_not_at_all() {
        let f = fixture().await;
        let run = fixture::run();
        let kept = facts(20_000, 10);
        let writing = {
            let (store, run, kept) = (f.store.clone(), run.clone(), kept.clone());
            tokio::spawn(async move { store.run_take_over(&run, kept).await })
        };
        let mut looks = 0;
        loop {
            let over = writing.is_finished();
            let there = f.store.run(&run.id).await.unwrap().is_some();
            let listed = f.store.run_list(10, 0).await.unwrap();
            let open = f.store.runs_open().await.unwrap().len();
            let of_chain = f.store.runs_of(&run.chain_id, 10).await.unwrap().len();
            if !there {
                looks += 1;
                assert!(!over, "it is there once that is said");
                continue;
            }
            assert_eq!(f.store.journal(&run.id, 0).await.unwrap().len(), kept.len(), "seen is all of it");
            if over {
                assert_eq!((listed.items.len(), listed.total, open, of_chain), (1, 1, 1, 1));
                break;
            }
        }
        writing.await.unwrap().unwrap();
        assert!(looks > 0, "nobody looked while it was written");
        let read: Vec<Fact> = f.store.journal(&run.id, 0).await.unwrap().into_iter().map(|e| e.fact).collect();
        assert_eq!(read, kept, "in their order");
        let more = f.store.journal_append(&run.id, facts(1, 1), RunState::Running).await.unwrap();
        assert_eq!(more[0].seq, 20_001);
        let again = f.store.run_take_over(&run, kept).await;
        assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
        assert_eq!(f.store.journal(&run.id, 0).await.unwrap().len(), 20_001, "what is refused leaves it alone");
    }

    #[tokio::test]
    async fn what_an_end_of_the_program_left_half_written_is_never_seen_and_goes() {
        let f = fixture().await;
        let run = fixture::run();
        let writing = {
            let (store, run) = (f.store.clone(), run.clone());
            tokio::spawn(async move { store.run_take_over(&run, facts(200_000, 10)).await })
        };
        while f.store.journal_part(&run.id, 0, 1).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        writing.abort();
        assert!(writing.await.is_err(), "it was ended on the way");
        assert_eq!(f.store.runs_in_parts_clear().await.unwrap(), 0, "one of this start may be under way");
        f.store.close().await;

        let store = fixture::open(f.dir.path(), f.clock.clone()).await;
        assert!(!store.journal_part(&run.id, 0, 1).await.unwrap().is_empty(), "some of it is left");
        let unseen = async || {
            let list = store.run_list(10, 0).await.unwrap();
            (
                store.run(&run.id).await.unwrap(),
                list.items.len(),
                list.total,
                store.runs_open().await.unwrap().len(),
            )
        };
        assert_eq!(unseen().await, (None, 0, 0, 0));
        assert_eq!(store.runs_in_parts_clear().await.unwrap(), 1);
        assert_eq!(store.journal(&run.id, 0).await.unwrap(), []);
        assert_eq!(unseen().await, (None, 0, 0, 0));
        // Its name is free again.
        store.run_take_over(&run, facts(5_000, 10)).await.unwrap();
        assert_eq!(store.journal(&run.id, 0).await.unwrap().len(), 5_000);
    }
}
