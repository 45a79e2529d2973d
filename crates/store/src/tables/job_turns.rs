//! Turns of the workers: what ended is written down and what is due is taken, many at a time.

use patchbay_model::problem::Problem;
use patchbay_model::{BootId, JobId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sqlx::SqliteConnection;

use super::jobs::{Job, Row};
use crate::{Store, StoreError, column};

/// A job that was worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedJob {
    /// The job.
    pub id: JobId,
    /// How it ended.
    pub end: JobEnd,
    /// How long it ran, in milliseconds.
    pub took_ms: u64,
}

/// How work on a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEnd {
    /// It is done and goes. With a result it is kept for a while, to be looked at.
    Done(Option<Value>),
    /// It waits for something and goes on at a time; this was no failure.
    Later {
        /// When.
        at: Timestamp,
        /// What it waits for, where there is something to say.
        problem: Option<Problem>,
    },
    /// It failed and is tried again.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed.
        problem: Problem,
    },
    /// It is given up, and stays to be looked at.
    GivenUp(Problem),
    /// The user stopped it.
    Cancelled,
}

/// One job on its way into SQLite.
#[derive(Serialize)]
struct Element<'a> {
    id: &'a str,
    state: &'a str,
    due_at: Option<i64>,
    problem: Option<String>,
    result: Option<String>,
    /// What is taken off the count of attempts.
    uncount: i64,
}

impl<'a> Element<'a> {
    fn of(ended: &'a EndedJob) -> Result<Self, StoreError> {
        let (state, due_at, problem, result, uncount) = match &ended.end {
            JobEnd::Done(result) => ("done", None, None, result.as_ref(), 0),
            JobEnd::Later { at, problem } => ("ready", Some(*at), problem.as_ref(), None, 1),
            JobEnd::Again { at, problem } => ("ready", Some(*at), Some(problem), None, 0),
            JobEnd::GivenUp(problem) => ("failed", None, Some(problem), None, 0),
            JobEnd::Cancelled => ("cancelled", None, None, None, 0),
        };
        Ok(Self {
            id: ended.id.as_str(),
            state,
            due_at: due_at.map(column::millis),
            problem: problem.map(|problem| column::json("job's problem", problem)).transpose()?,
            result: result.map(|result| column::json("job's result", result)).transpose()?,
            uncount,
        })
    }
}

/// Milliseconds.
const HOUR: i64 = 3_600_000;

impl Store {
    /// Writes down what became of jobs that `boot` had claimed and takes up to `limit` jobs of a queue that
    /// are due, the most urgent first: all in one commit. A job that is no longer claimed is passed over.
    pub async fn job_turn(
        &self,
        queue: &str,
        boot: &BootId,
        limit: u32,
        ended: Vec<EndedJob>,
    ) -> Result<Vec<Job>, StoreError> {
        let (queue, boot) = (queue.to_owned(), boot.clone());
        let now = column::millis(self.now());
        self.write(move |tx| {
            Box::pin(async move {
                if !ended.is_empty() {
                    end(&mut *tx, &queue, boot.as_str(), now, &ended).await?;
                }
                if limit == 0 { Ok(Vec::new()) } else { claim(tx, &queue, boot.as_str(), now, limit).await }
            })
        })
        .await
    }
}

async fn end(
    tx: &mut SqliteConnection,
    queue: &str,
    boot: &str,
    now: i64,
    ended: &[EndedJob],
) -> Result<(), StoreError> {
    // What is done and tells nothing goes, unless it was asked for again meanwhile.
    let plain = |ended: &&EndedJob| ended.end == JobEnd::Done(None);
    let gone: Vec<&str> = ended.iter().filter(plain).map(|ended| ended.id.as_str()).collect();
    let all = ended.iter().map(Element::of).collect::<Result<Vec<_>, _>>()?;
    let kept: Vec<&Element<'_>> =
        all.iter().zip(ended).filter(|(_, ended)| !plain(ended)).map(|(element, _)| element).collect();
    if !gone.is_empty() {
        let gone = column::json("jobs", &gone)?;
        sqlx::query!(
            "DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?1))
                 AND state = 'claimed' AND boot = ?2 AND again_at IS NULL",
            gone,
            boot
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "UPDATE jobs SET state = 'ready', boot = NULL, due_at = again_at, planned_at = ?3, again_at = NULL,
                 attempts = 0, cut_off = 0, problem = NULL, started_at = NULL
             WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'claimed' AND boot = ?2",
            gone,
            boot,
            now
        )
        .execute(&mut *tx)
        .await?;
    }
    if !kept.is_empty() {
        let kept = column::json("jobs", &kept)?;
        // The last word on the same work is the one that counts.
        sqlx::query!(
            "DELETE FROM jobs WHERE state = 'failed' AND unique_key IN
                 (SELECT live.unique_key FROM json_each(?1) AS e JOIN jobs AS live ON live.id = e.value ->> 'id'
                  WHERE e.value ->> 'state' IN ('done', 'failed') AND live.unique_key IS NOT NULL
                      AND live.state = 'claimed' AND live.boot = ?2)",
            kept,
            boot
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "UPDATE jobs SET
                 state = CASE WHEN jobs.again_at IS NOT NULL THEN 'ready'
                     WHEN jobs.cancelled AND e.state = 'ready' THEN 'cancelled' ELSE e.state END,
                 cancelled = CASE WHEN jobs.again_at IS NOT NULL THEN 0 ELSE jobs.cancelled END,
                 due_at = coalesce(jobs.again_at, e.due_at, jobs.due_at),
                 attempts = CASE WHEN jobs.again_at IS NOT NULL THEN 0
                     ELSE max(jobs.attempts - e.uncount, 0) END,
                 cut_off = 0, boot = NULL, planned_at = ?3, again_at = NULL,
                 problem = e.problem, result = e.result,
                 started_at = CASE WHEN e.due_at IS NULL THEN jobs.started_at END,
                 ended_at = CASE WHEN jobs.again_at IS NULL AND (jobs.cancelled OR e.due_at IS NULL)
                     THEN ?3 END
             FROM (SELECT value ->> 'id' AS id, value ->> 'state' AS state, value ->> 'due_at' AS due_at,
                       value ->> 'problem' AS problem, value ->> 'result' AS result,
                       value ->> 'uncount' AS uncount
                   FROM json_each(?1)) AS e
             WHERE jobs.id = e.id AND jobs.state = 'claimed' AND jobs.boot = ?2",
            kept,
            boot,
            now
        )
        .execute(&mut *tx)
        .await?;
    }
    count(tx, queue, now, ended).await
}

async fn count(tx: &mut SqliteConnection, queue: &str, now: i64, ended: &[EndedJob]) -> Result<(), StoreError> {
    let (mut done, mut failed, mut took_ms) = (0_i64, 0_i64, 0_i64);
    for ended in ended {
        match ended.end {
            JobEnd::Done(_) => done += 1,
            JobEnd::Again { .. } | JobEnd::GivenUp(_) => failed += 1,
            JobEnd::Later { .. } | JobEnd::Cancelled => continue,
        }
        took_ms = took_ms.saturating_add(column::stored(ended.took_ms));
    }
    let hour = now - now.rem_euclid(HOUR);
    sqlx::query!(
        "INSERT INTO job_figures (queue, hour, done, failed, took_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (queue, hour) DO UPDATE SET done = done + excluded.done,
             failed = failed + excluded.failed, took_ms = took_ms + excluded.took_ms",
        queue,
        hour,
        done,
        failed,
        took_ms
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn claim(
    tx: &mut SqliteConnection,
    queue: &str,
    boot: &str,
    now: i64,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    // Jobs of the same moment go in the order in which they were asked for: that of their rows.
    let rows = sqlx::query_as!(
        Row,
        r#"UPDATE jobs SET state = 'claimed', boot = ?1, attempts = attempts + 1, started_at = ?3
           WHERE rowid IN (
               SELECT rowid FROM jobs WHERE state = 'ready' AND queue = ?2 AND due_at <= ?3
               ORDER BY priority DESC, due_at, rowid LIMIT ?4)
           RETURNING id, queue, priority, due_at, attempts, payload, problem, max_attempts, connection, stream"#,
        boot,
        queue,
        now,
        limit
    )
    .fetch_all(tx)
    .await?;
    let mut jobs = rows.into_iter().map(Job::try_from).collect::<Result<Vec<_>, _>>()?;
    // RETURNING promises no order; identifiers sort by creation.
    jobs.sort_by(|a, b| (b.priority, a.due_at, &a.id).cmp(&(a.priority, b.due_at, &b.id)));
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::Code;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::fixture::{Fixture, connection, fixture, noon};
    use crate::{JobFilter, Merge, NewJob, UniqueJob};

    const MINUTE: Duration = Duration::from_secs(60);

    fn unique(key: &str, merge: Merge, in_s: u64) -> UniqueJob {
        let due_at = noon() + Duration::from_secs(in_s);
        let job = NewJob { queue: "delta".into(), priority: 0, due_at, payload: json!({"key": key}) };
        UniqueJob { job, key: key.into(), connection: None, stream: None, max_attempts: 3, merge }
    }

    async fn turn(f: &Fixture, ended: Vec<EndedJob>) -> Vec<Job> {
        f.store.job_turn("delta", f.store.boot(), 10, ended).await.unwrap()
    }

    fn ended(job: &Job, end: JobEnd) -> EndedJob {
        EndedJob { id: job.id.clone(), end, took_ms: 5 }
    }

    async fn states(f: &Fixture) -> Vec<(String, u32)> {
        let all = f.store.job_list(JobFilter { limit: 100, ..JobFilter::default() }).await.unwrap().items;
        let mut all: Vec<_> = all.into_iter().map(|job| (job.state, job.attempts)).collect();
        all.sort();
        all
    }

    #[tokio::test]
    async fn the_same_work_waits_or_runs_once_and_is_done_again_where_that_was_asked() {
        let f = fixture().await;
        let first = f.store.job_enqueue_unique(unique("a", Merge::Keep, 60)).await.unwrap();
        assert_eq!(f.store.job_enqueue_unique(unique("a", Merge::Keep, 0)).await.unwrap(), first);
        assert_eq!(turn(&f, vec![]).await, [], "a pause is not cut short");
        assert_eq!(f.store.job_enqueue_unique(unique("a", Merge::Sooner, 0)).await.unwrap(), first);
        let job = turn(&f, vec![]).await.remove(0);
        f.store.job_enqueue_unique(unique("a", Merge::Keep, 0)).await.unwrap();
        f.store.job_enqueue_unique(unique("b", Merge::Keep, 0)).await.unwrap();
        assert_eq!(turn(&f, vec![]).await.len(), 1, "only the other one");
        assert_eq!(turn(&f, vec![ended(&job, JobEnd::Done(None))]).await, [], "it went");
        f.store.job_enqueue_unique(unique("a", Merge::Keep, 0)).await.unwrap();
        let job = turn(&f, vec![]).await.remove(0);
        f.store.job_enqueue_unique(unique("a", Merge::Sooner, 0)).await.unwrap();
        for end in [JobEnd::Done(None), JobEnd::Done(Some(json!(1))), JobEnd::GivenUp(Code::Internal.into())] {
            let again = turn(&f, vec![ended(&job, end)]).await;
            assert_eq!((again.len(), again[0].attempts), (1, 1), "once more, and its tries count anew");
            f.store.job_enqueue_unique(unique("a", Merge::Sooner, 0)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn waiting_counts_no_try_and_failing_does() {
        let f = fixture().await;
        f.store.job_enqueue_unique(unique("a", Merge::Keep, 0)).await.unwrap();
        let job = turn(&f, vec![]).await.remove(0);
        let problem = Problem::new(Code::RateLimited);
        let later = JobEnd::Later { at: noon() + MINUTE, problem: Some(problem.clone()) };
        assert_eq!(turn(&f, vec![ended(&job, later)]).await, []);
        f.clock.advance(MINUTE);
        let job = turn(&f, vec![]).await.remove(0);
        assert_eq!((job.attempts, &job.problem), (1, &Some(problem.clone())));
        let again = JobEnd::Again { at: noon() + MINUTE, problem: problem.clone() };
        let job = turn(&f, vec![ended(&job, again)]).await.remove(0);
        assert_eq!(job.attempts, 2);
        turn(&f, vec![ended(&job, JobEnd::GivenUp(problem))]).await;
        assert_eq!(states(&f).await, [("failed".to_owned(), 2)]);
        let figures = f.store.queue_figures().await.unwrap().remove(0);
        assert_eq!((figures.dead, figures.done, figures.failed, figures.depth), (1, 0, 2, 0));
    }

    #[tokio::test]
    async fn what_was_given_up_is_looked_at_retried_or_dropped_and_goes_once_its_work_is_done() {
        let f = fixture().await;
        let give_up = async |key: &str| {
            f.store.job_enqueue_unique(unique(key, Merge::Keep, 0)).await.unwrap();
            let job = turn(&f, vec![]).await.remove(0);
            turn(&f, vec![ended(&job, JobEnd::GivenUp(Code::TlsFailure.into()))]).await;
            job.id
        };
        let (a, b) = (give_up("a").await, give_up("b").await);
        let dead = JobFilter { state: Some("failed".into()), limit: 10, ..JobFilter::default() };
        assert_eq!(f.store.job_list(dead.clone()).await.unwrap().total, 2);
        f.store.job_drop(&b).await.unwrap();
        f.store.job_drop(&b).await.unwrap_err();
        f.store.job_retry(&a).await.unwrap();
        let job = turn(&f, vec![]).await.remove(0);
        assert_eq!((&job.id, job.attempts), (&a, 1));
        f.store.job_retry(&a).await.unwrap_err();
        f.store.job_drop(&a).await.unwrap_err();
        turn(&f, vec![ended(&job, JobEnd::GivenUp(Code::TlsFailure.into()))]).await;
        // Once more by itself, and given up again: one to look at, not two.
        let later = give_up("a").await;
        let list = f.store.job_list(dead.clone()).await.unwrap().items;
        assert_eq!(list.iter().map(|job| &job.id).collect::<Vec<_>>(), [&later]);
        // Asked for anew while it is retried by hand: it becomes that.
        let live = f.store.job_enqueue_unique(unique("a", Merge::Keep, 3_600)).await.unwrap();
        f.store.job_retry(&later).await.unwrap();
        let job = turn(&f, vec![]).await.remove(0);
        assert_eq!(job.id, live);
        give_up("c").await;
        turn(&f, vec![ended(&job, JobEnd::Done(Some(json!({"new": 3}))))]).await;
        assert_eq!(states(&f).await, [("done".to_owned(), 1), ("failed".to_owned(), 1)]);
        f.clock.advance(MINUTE);
        let now = noon() + MINUTE;
        assert_eq!(f.store.job_prune(now, noon(), 10).await.unwrap(), 1);
        assert_eq!(states(&f).await, [("failed".to_owned(), 1)], "what was given up is kept longer");
    }

    #[tokio::test]
    async fn what_was_stopped_is_not_taken_up_after_a_kill() {
        let f = fixture().await;
        f.store.job_enqueue_unique(unique("waits", Merge::Keep, 0)).await.unwrap();
        assert_eq!(f.store.job_cancel("waits").await.unwrap(), None);
        f.store.job_enqueue_unique(unique("runs", Merge::Keep, 0)).await.unwrap();
        let job = turn(&f, vec![]).await.remove(0);
        assert_eq!(f.store.job_cancel("runs").await.unwrap(), Some(job.id));
        assert_eq!(f.store.job_recover(&BootId::generate()).await.unwrap(), 1);
        assert_eq!(turn(&f, vec![]).await, []);
        assert_eq!(states(&f).await, [("cancelled".to_owned(), 0), ("cancelled".to_owned(), 1)]);
    }

    #[tokio::test]
    async fn work_with_which_process_after_process_ends_is_given_up() {
        let f = fixture().await;
        f.store.job_enqueue_unique(unique("a", Merge::Keep, 0)).await.unwrap();
        let mut tries = 0;
        while f.store.job_claim("delta", &BootId::generate(), 1).await.unwrap().len() == 1 {
            f.store.job_recover(f.store.boot()).await.unwrap();
            tries += 1;
            assert!(tries < 50, "it is never given up");
        }
        assert_eq!(states(&f).await, [("failed".to_owned(), 10)]);
    }

    #[tokio::test]
    async fn jobs_go_with_their_connection_and_a_late_end_is_no_error() {
        let f = fixture().await;
        let made = connection("tracker");
        f.store.connection_insert(&made, None).await.unwrap();
        let job = UniqueJob { connection: Some(made.id.clone()), ..unique("a", Merge::Keep, 0) };
        f.store.job_enqueue_unique(job).await.unwrap();
        let job = turn(&f, vec![]).await.remove(0);
        f.store.connection_delete(&made.id, true).await.unwrap();
        assert_eq!(turn(&f, vec![ended(&job, JobEnd::Done(Some(json!(1))))]).await, []);
        assert_eq!(states(&f).await, []);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Ask(u8, bool),
        Claim(u8),
        End(u8),
        Kill,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u8..4, any::<bool>()).prop_map(|(key, sooner)| Step::Ask(key, sooner)),
            (1_u8..4).prop_map(Step::Claim),
            (0_u8..5).prop_map(Step::End),
            Just(Step::Kill),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        /// Whatever is asked for, taken, ended and killed in whatever order: no work runs twice at once, and
        /// what was asked for and neither done nor given up is still there.
        #[test]
        fn no_order_of_events_doubles_or_loses_work(steps in prop::collection::vec(step(), 1..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let f = fixture().await;
                let mut boot = BootId::generate();
                let mut running: Vec<Job> = Vec::new();
                let mut open: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
                let mut again: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
                let key_of = |job: &Job| job.payload["key"].as_str().unwrap().to_owned();
                for step in steps {
                    match step {
                        Step::Ask(key, sooner) => {
                            let merge = if sooner { Merge::Sooner } else { Merge::Keep };
                            let key = format!("k{key}");
                            f.store.job_enqueue_unique(unique(&key, merge, 0)).await.unwrap();
                            if sooner && running.iter().any(|job| key_of(job) == key) {
                                again.insert(key.clone());
                            }
                            open.insert(key);
                        }
                        Step::Claim(limit) => {
                            let taken = f.store.job_claim("delta", &boot, limit.into()).await.unwrap();
                            for job in taken {
                                let key = key_of(&job);
                                assert!(open.contains(&key), "{key} was not asked for");
                                assert!(running.iter().all(|other| key_of(other) != key), "{key} runs twice");
                                running.push(job);
                            }
                        }
                        Step::End(how) => {
                            let Some(job) = running.pop() else { continue };
                            let key = key_of(&job);
                            let now = f.store.now();
                            let problem = Problem::new(Code::ServiceDown);
                            let end = match how {
                                0 => JobEnd::Done(None),
                                1 => JobEnd::Done(Some(json!(1))),
                                2 => JobEnd::Again { at: now, problem },
                                3 => JobEnd::Later { at: now, problem: None },
                                _ => JobEnd::GivenUp(problem),
                            };
                            let over = !matches!(end, JobEnd::Again { .. } | JobEnd::Later { .. });
                            f.store.job_turn("delta", &boot, 0, vec![ended(&job, end)]).await.unwrap();
                            if over && !again.remove(&key) {
                                open.remove(&key);
                            }
                            again.remove(&key);
                        }
                        Step::Kill => {
                            boot = BootId::generate();
                            running.clear();
                            again.clear();
                            f.store.job_recover(&boot).await.unwrap();
                        }
                    }
                }
                // A last engine finishes the rest: exactly what is open.
                let last = BootId::generate();
                f.store.job_recover(&last).await.unwrap();
                let rest: std::collections::BTreeSet<String> =
                    f.store.job_claim("delta", &last, 100).await.unwrap().iter().map(key_of).collect();
                let given_up = f.store.job_list(JobFilter {
                    state: Some("failed".into()), limit: 100, ..JobFilter::default()
                });
                if given_up.await.unwrap().items.iter().all(|job| job.problem != Some(cut_off())) {
                    assert_eq!(rest, open);
                }
            });
        }
    }

    fn cut_off() -> Problem {
        Problem::new(Code::Internal).detail("the program ended again and again while it ran")
    }
}
