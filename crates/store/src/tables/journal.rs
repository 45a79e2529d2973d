//! The journal: facts of runs, only ever added.

use patchbay_model::{ChainId, Fact, JournalEntry, Run, RunId, RunState, Timestamp};
use sqlx::SqliteConnection;

use super::append::{self, Append, Follows};
use super::effects::OwnEffect;
use super::links::{self, RecordLink};
use super::memory::{self, Remembered};
use super::runs;
use super::step_calls::StepCall;
use super::triggers::NewTrigger;
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

/// What is written in the same commit as facts, because it follows from them.
#[derive(Clone, Debug, Default)]
pub struct Also {
    /// Effects that count against the chain's day.
    pub effects: u32,
    /// Calls that ended.
    pub calls: Vec<StepCall>,
    /// What effects made, by identifier at the service.
    pub made: Vec<OwnEffect>,
    /// What the chain remembers from now on.
    pub memory: Vec<Remembered>,
    /// Which source made which target.
    pub links: Vec<RecordLink>,
    /// Runs that steps start, each with what its journal begins with.
    pub runs: Vec<(Run, Vec<Fact>)>,
    /// Told to chains that wait for the end of this one: of the kind `chain`.
    pub ended: Option<NewTrigger>,
}

/// Facts as text, in order.
pub(super) fn texts(facts: &[Fact]) -> Result<Vec<String>, StoreError> {
    facts.iter().map(text).collect()
}

/// A fact as text.
pub(super) fn text(fact: &Fact) -> Result<String, StoreError> {
    column::json("journal entry", fact)
}

/// Facts are bundled up to so many bytes: a bundle is in memory a few times over.
const BUNDLE: usize = 256 << 10;

/// Facts that are written together with those of other runs take so many bytes at most.
pub(crate) const TOGETHER: usize = 64 << 10;

/// How many of the facts one bundle takes: one at least.
fn fitting(texts: &[String]) -> usize {
    let mut bytes = 0;
    let fit = texts.iter().take_while(|text| {
        bytes += text.len();
        bytes <= BUNDLE
    });
    fit.count().max(1).min(texts.len())
}

/// Adds facts behind `last`, a few bundles where they are many.
async fn more(
    tx: &mut SqliteConnection,
    run: &str,
    mut texts: &[String],
    mut last: i64,
    at: i64,
) -> Result<i64, StoreError> {
    while !texts.is_empty() {
        let (now, later) = texts.split_at(fitting(texts));
        match now {
            // As it is: the larger ones need not be written twice over.
            [fact] => {
                let seq = last + 1;
                sqlx::query!(
                    "INSERT INTO journal (run, seq, at, fact) VALUES (?, ?, ?, ?)",
                    run,
                    seq,
                    at,
                    fact
                )
                .execute(&mut *tx)
                .await?;
            }
            _ => {
                let bundled = bundle(now)?;
                sqlx::query!(
                    "INSERT INTO journal (run, seq, at, fact) SELECT ?, ? + 1 + key, ?, value FROM json_each(?)",
                    run,
                    last,
                    at,
                    bundled
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        last += now.len() as i64;
        texts = later;
    }
    Ok(last)
}

/// Facts as one text: however many they are, they are handed to the writer's thread once.
fn bundle(texts: &[String]) -> Result<String, StoreError> {
    column::json("journal entries", texts)
}

/// Adds facts that a run begins with behind `last`, 0 for the first, within a transaction.
pub(super) async fn begin(
    tx: &mut SqliteConnection,
    run: &RunId,
    texts: &[String],
    last: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    more(tx, run.as_str(), texts, last, column::millis(now)).await.map(drop)
}

/// Writes a run's state and adds the facts that it follows from, within a transaction; a state that is final
/// ends the run. Gives the number of the first fact.
async fn add(
    tx: &mut SqliteConnection,
    run: &RunId,
    texts: Vec<String>,
    follows: Option<Follows>,
    (state, now): (RunState, Timestamp),
) -> Result<i64, StoreError> {
    let count = texts.len() as i64;
    let (first, later) = if is_large(&texts) { (Vec::new(), texts) } else { (texts, Vec::new()) };
    let append = Append::new(run, state, now, first).with(follows);
    let last = append::write(tx, &[&append]).await?.pop().flatten().ok_or_else(|| runs::missing(run))?;
    let last = more(tx, run.as_str(), &later, last, column::millis(now)).await?;
    Ok(last + 1 - count)
}

/// Whether facts are too large to be written together with those of other runs, which takes a few copies of them.
fn is_large(texts: &[String]) -> bool {
    texts.iter().map(String::len).sum::<usize>() > TOGETHER
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
        self.journal_commit(run, facts, state, None).await
    }

    /// The same for a run that has ended, which goes on with these facts. Gives the number of the last one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run, [`StoreError::Exists`] where it has not ended:
    /// somebody else may have let it go on a moment before.
    pub async fn journal_reopen(
        &self,
        run: &RunId,
        facts: Vec<Fact>,
        state: RunState,
    ) -> Result<u64, StoreError> {
        let (run, texts, now) = (run.clone(), texts(&facts)?, self.now());
        self.write(move |tx| {
            Box::pin(async move {
                let key = run.as_str();
                let ended =
                    sqlx::query_scalar!(r#"SELECT final AS "final!: bool" FROM runs WHERE id = ?"#, key)
                        .fetch_optional(&mut *tx)
                        .await?;
                match ended {
                    Some(true) => {
                        let count = texts.len() as u64;
                        let first = add(tx, &run, texts, None, (state, now)).await?;
                        Ok(column::count(first) + count - 1)
                    }
                    Some(false) => {
                        Err(StoreError::Exists { item: format!("Run {run}"), message: "It has not ended yet." })
                    }
                    None => Err(runs::missing(&run)),
                }
            })
        })
        .await
    }

    /// The same with what follows from the facts, for a run of this chain.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such run.
    pub async fn journal_commit(
        &self,
        run: &RunId,
        facts: Vec<Fact>,
        state: RunState,
        also: Option<(&ChainId, Also)>,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let texts = texts(&facts)?;
        let (run, now) = (run.clone(), self.now());
        let starts = also.as_ref().is_some_and(|(_, also)| !also.runs.is_empty() || also.ended.is_some());
        let (follows, also) = match also {
            Some((chain, also)) => {
                let (follows, ready) = Ready::split(chain, &run, also)?;
                (Some(follows), ready)
            }
            None => (None, None),
        };
        let first = if also.is_none() && !is_large(&texts) {
            // What many runs do at the same time is written together.
            let last = self.append(Append::new(&run, state, now, texts).with(follows)).await?;
            last + 1 - facts.len() as i64
        } else {
            let run = run.clone();
            self.write(move |tx| {
                Box::pin(async move {
                    let first = add(tx, &run, texts, follows, (state, now)).await?;
                    if let Some(also) = also {
                        also.write(tx, now).await?;
                    }
                    Ok(first)
                })
            })
            .await?
        };
        let entry = |(seq, fact)| JournalEntry { run: run.clone(), seq: column::count(seq), at: now, fact };
        let entries = (first..).zip(facts).map(entry).collect();
        if starts {
            self.wakes().triggers.notify_one();
        }
        if state.is_final() || matches!(state, RunState::NeedsYou | RunState::Paused) {
            self.wakes().runs.send_modify(|count| *count += 1);
        }
        Ok(entries)
    }

    /// At most `limit` facts of a run from behind `after_seq` on.
    pub async fn journal_part(
        &self,
        run: &RunId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let (key, after) = (run.as_str(), column::stored(after_seq));
        let rows = sqlx::query_as!(
            Row,
            "SELECT seq, at, fact FROM journal WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
            key,
            after,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(|row| row.entry(run)).collect()
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

/// What goes with facts and is not written together with what other runs add.
struct Ready {
    chain: ChainId,
    run: RunId,
    memory: Vec<(Remembered, Option<String>)>,
    links: Vec<RecordLink>,
    runs: Vec<(runs::NewRun, Vec<String>)>,
}

impl Ready {
    /// What can be written together with what follows from other runs' facts, and the rest where there is any.
    fn split(chain: &ChainId, run: &RunId, also: Also) -> Result<(Follows, Option<Self>), StoreError> {
        let Also { effects, calls, made, memory, links, runs, ended } = also;
        let follows = Follows { chain: chain.clone(), effects, calls, made, ended };
        if memory.is_empty() && links.is_empty() && runs.is_empty() {
            return Ok((follows, None));
        }
        let memory = memory.into_iter().map(|one| {
            let text = one.value.as_ref().map(|value| column::json("memory", value)).transpose()?;
            Ok((one, text))
        });
        let runs = runs.iter().map(|(run, facts)| Ok((runs::NewRun::of(run)?, texts(facts)?)));
        let ready = Self {
            chain: chain.clone(),
            run: run.clone(),
            memory: memory.collect::<Result<_, StoreError>>()?,
            links,
            runs: runs.collect::<Result<_, StoreError>>()?,
        };
        Ok((follows, Some(ready)))
    }

    async fn write(self, tx: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
        for (one, value) in &self.memory {
            memory::set(tx, one, value.as_deref(), now).await?;
        }
        for link in &self.links {
            links::set(tx, &self.chain, &self.run, link, now).await?;
        }
        for (run, facts) in &self.runs {
            runs::insert(tx, run).await?;
            begin(tx, run.id(), facts, 0, now).await?;
        }
        Ok(())
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
            Fact::Started {
                boot: BootId::generate(),
                recovered: false,
                connectors: std::collections::BTreeMap::new(),
            },
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
                before: Some(json!({"title": "Old"})),
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
                next: None,
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
    async fn facts_that_fill_several_bundles_keep_their_numbers() {
        let f = fixture().await;
        let run = fixture::run();
        let large = |n: usize| Fact::Arrived {
            step: StepId::from("wait"),
            item: n as u32,
            event: 1,
            output: json!("x".repeat(n)),
        };
        let facts: Vec<Fact> = [1, 700_000, 700_000, 2_000_000, 3, 4].map(large).into();
        f.store.run_begin(&run, facts.clone()).await.unwrap();
        let entries = f.store.journal_append(&run.id, facts.clone(), RunState::Running).await.unwrap();
        assert_eq!(entries.iter().map(|e| e.seq).collect::<Vec<_>>(), [7, 8, 9, 10, 11, 12]);
        let kept = f.store.journal(&run.id, 0).await.unwrap();
        assert_eq!(kept[6..], entries);
        assert_eq!(kept.into_iter().map(|e| e.fact).collect::<Vec<_>>(), [facts.clone(), facts].concat());
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
    async fn of_two_that_let_an_ended_run_go_on_one_is_refused() {
        let f = fixture().await;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let wish = || f.store.journal_reopen(&run.id, vec![Fact::UndoRequested], RunState::Queued);
        assert!(matches!(wish().await, Err(StoreError::Exists { .. })), "it has not ended");
        f.store.journal_append(&run.id, vec![opened(1)], RunState::Done).await.unwrap();
        let (a, b) = futures_util::future::join(wish(), wish()).await;
        a.unwrap();
        assert!(matches!(b, Err(StoreError::Exists { .. })));
        assert_eq!(f.store.journal(&run.id, 0).await.unwrap().len(), 2, "what is refused leaves nothing");
        let nowhere = f.store.journal_reopen(&RunId::generate(), Vec::new(), RunState::Queued).await;
        assert!(matches!(nowhere, Err(StoreError::NotFound(_))));
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
