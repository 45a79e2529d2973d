//! Runs, each with the snapshot of its chain. Its connections are called in it as they are called now: a name that
//! was given to another connection since does not make the run reach that one.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_model::{BootId, Chain, ChainId, Fact, Run, RunId, RunOrigin};
use sqlx::SqliteConnection;

use super::awaited;
use super::chains::version;
use super::journal;
use super::page::Page;
use super::runs_in_parts;
use crate::error::is_taken;
use crate::writer::Shape;
use crate::{Store, StoreError, column};

struct Row {
    id: String,
    chain_id: String,
    chain_version: i64,
    chain_hash: String,
    snapshot: String,
    input: String,
    dry_run: bool,
    state: String,
    boot: Option<String>,
    origin: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
    /// How connections that its snapshot names are called since, as a JSON object.
    renamed: String,
}

impl TryFrom<Row> for Run {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let mut snapshot: Chain = column::from_json("run's chain", &row.snapshot)?;
        let renamed: BTreeMap<String, String> = column::from_json("run's connections", &row.renamed)?;
        if !renamed.is_empty() {
            snapshot = snapshot.with_connections(|name| renamed.get(name).cloned());
        }
        Ok(Self {
            id: RunId::new(row.id),
            chain_id: ChainId::new(row.chain_id),
            chain_version: version(row.chain_version)?,
            chain_hash: row.chain_hash,
            snapshot,
            input: column::from_json("run's input", &row.input)?,
            dry_run: row.dry_run,
            state: column::from_word("run's state", row.state)?,
            boot: row.boot.map(BootId::new),
            origin: match row.origin {
                Some(origin) => column::from_json("run's origin", &origin)?,
                None => RunOrigin::default(),
            },
            created_at: column::time(row.created_at)?,
            finished_at: column::optional_time(row.finished_at)?,
        })
    }
}

pub(super) fn missing(id: &RunId) -> StoreError {
    StoreError::NotFound(format!("The run {id}"))
}

/// A run as it is written.
pub(super) struct NewRun {
    run: Run,
    snapshot: String,
    input: String,
    origin: String,
    waits: BTreeSet<String>,
}

impl NewRun {
    pub(super) fn of(run: &Run) -> Result<Self, StoreError> {
        Ok(Self {
            snapshot: column::json("run's chain", &run.snapshot)?,
            input: column::json("run's input", &run.input)?,
            origin: column::json("run's origin", &run.origin)?,
            waits: awaited::waited_for(run),
            run: run.clone(),
        })
    }

    /// The run's identifier.
    pub(super) fn id(&self) -> &RunId {
        &self.run.id
    }
}

/// Adds a run within a transaction.
pub(super) async fn insert(tx: &mut SqliteConnection, new: &NewRun) -> Result<(), sqlx::Error> {
    let run = &new.run;
    let (id, chain) = (run.id.as_str(), run.chain_id.as_str());
    let (state, ends) = (run.state.as_str(), run.state.is_final());
    let boot = run.boot.as_ref().map(BootId::as_str);
    let event = run.origin.event.map(column::stored);
    let created_at = column::millis(run.created_at);
    let finished_at = run.finished_at.map(column::millis);
    sqlx::query!(
        "INSERT INTO runs (id, chain_id, chain_version, chain_hash, snapshot, input,
             dry_run, state, final, boot, origin, event, created_at, finished_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        chain,
        run.chain_version,
        run.chain_hash,
        new.snapshot,
        new.input,
        run.dry_run,
        state,
        ends,
        boot,
        new.origin,
        event,
        created_at,
        finished_at
    )
    .execute(&mut *tx)
    .await?;
    awaited::insert(tx, &run.id, &new.waits).await
}

impl Store {
    /// Adds a run.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the identifier is taken.
    pub async fn run_insert(&self, run: &Run) -> Result<(), StoreError> {
        self.run_begin(run, Vec::new()).await
    }

    /// Adds a run together with what its journal begins with.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the identifier is taken.
    pub async fn run_begin(&self, run: &Run, facts: Vec<Fact>) -> Result<(), StoreError> {
        Box::pin(self.run_begin_with(run, journal::texts(&facts)?, false)).await
    }

    /// The same with facts as text; `in_parts` where more of them follow.
    pub(super) async fn run_begin_with(
        &self,
        run: &Run,
        texts: Vec<String>,
        in_parts: bool,
    ) -> Result<(), StoreError> {
        let (id, new, now) = (run.id.clone(), NewRun::of(run)?, self.now());
        let boot = in_parts.then(|| self.boot().to_string());
        let single = texts.is_empty() && new.waits.is_empty() && boot.is_none();
        let shape = if single { Shape::SingleOf(id.clone()) } else { Shape::Several };
        self.write_as(shape, move |tx| {
            Box::pin(async move {
                match insert(tx, &new).await {
                    Ok(()) => {}
                    Err(error) if is_taken(&error) => {
                        return Err(StoreError::Exists {
                            item: format!("The run {id}"),
                            message: "It was added before.",
                        });
                    }
                    Err(error) => return Err(error.into()),
                }
                if let Some(boot) = boot {
                    runs_in_parts::note(tx, &new, &boot).await?;
                }
                journal::begin(tx, &id, &texts, 0, now).await
            })
        })
        .await
    }

    /// The run with this identifier.
    pub async fn run(&self, id: &RunId) -> Result<Option<Run>, StoreError> {
        let id = id.as_str();
        sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, chain_version, chain_hash, snapshot, input,
                   dry_run AS "dry_run: bool", state, boot, origin, created_at, finished_at,
                   (SELECT json_group_object(name, called) FROM run_connections
                    WHERE run = runs.id) AS "renamed!: String"
               FROM runs WHERE id = ? AND id NOT IN (SELECT run FROM runs_in_parts)"#,
            id
        )
        .fetch_optional(self.readers())
        .await?
        .map(Run::try_from)
        .transpose()
    }

    /// A part of the runs, the latest first, and how many there are in all.
    pub async fn run_list(&self, limit: u32, offset: u32) -> Result<Page<Run>, StoreError> {
        let total = sqlx::query_scalar!(
            r#"SELECT (SELECT count(*) FROM runs) - (SELECT count(*) FROM runs_in_parts) AS "n!: i64""#
        )
        .fetch_one(self.readers())
        .await?;
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, chain_version, chain_hash, snapshot, input,
                   dry_run AS "dry_run: bool", state, boot, origin, created_at, finished_at,
                   (SELECT json_group_object(name, called) FROM run_connections
                    WHERE run = runs.id) AS "renamed!: String"
               FROM runs WHERE id NOT IN (SELECT run FROM runs_in_parts)
               ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"#,
            limit,
            offset
        )
        .fetch_all(self.readers())
        .await?;
        let items = rows.into_iter().map(Run::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, total: column::count(total) })
    }

    /// The runs of one chain, the latest first.
    pub async fn runs_of(&self, chain: &ChainId, limit: u32) -> Result<Vec<Run>, StoreError> {
        let chain = chain.as_str();
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, chain_version, chain_hash, snapshot, input,
                   dry_run AS "dry_run: bool", state, boot, origin, created_at, finished_at,
                   (SELECT json_group_object(name, called) FROM run_connections
                    WHERE run = runs.id) AS "renamed!: String"
               FROM runs WHERE chain_id = ? AND id NOT IN (SELECT run FROM runs_in_parts)
               ORDER BY created_at DESC, id DESC LIMIT ?"#,
            chain,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Run::try_from).collect()
    }

    /// The run that does what failed of another one, where one does or did: by itself, or as a part of a third one.
    pub async fn run_that_goes_on(&self, from: &Run) -> Result<Option<RunId>, StoreError> {
        let (id, chain) = (from.id.as_str(), from.chain_id.as_str());
        let found = sqlx::query_scalar!(
            r#"SELECT id AS "id!" FROM runs
               WHERE chain_id = ?1 AND id NOT IN (SELECT run FROM runs_in_parts)
                   AND (json_extract(origin, '$.goesOn') = ?2
                       OR (json_extract(origin, '$.kind') = 'failed_items' AND json_extract(origin, '$.of') = ?2))
               LIMIT 1"#,
            chain,
            id
        )
        .fetch_optional(self.readers())
        .await?;
        Ok(found.map(RunId::new))
    }

    /// The runs that have not ended, the oldest first.
    pub async fn runs_open(&self) -> Result<Vec<Run>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, chain_id, chain_version, chain_hash, snapshot, input,
                   dry_run AS "dry_run: bool", state, boot, origin, created_at, finished_at,
                   (SELECT json_group_object(name, called) FROM run_connections
                    WHERE run = runs.id) AS "renamed!: String"
               FROM runs WHERE final = 0 AND id NOT IN (SELECT run FROM runs_in_parts)
               ORDER BY created_at, id"#
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(Run::try_from).collect()
    }

    /// Takes an open run up under `boot`. False where it is taken under this boot already, has
    /// ended or is not there: of several callers one is told true.
    pub async fn run_claim(&self, id: &RunId, boot: &BootId) -> Result<bool, StoreError> {
        let (run, id, boot) = (id, id.clone(), boot.clone());
        self.write_one_of(run, move |tx| {
            Box::pin(async move {
                let (id, boot) = (id.as_str(), boot.as_str());
                let done = sqlx::query!(
                    "UPDATE runs SET boot = ?1
                     WHERE id = ?2 AND final = 0 AND (boot IS NULL OR boot <> ?1)",
                    boot,
                    id
                )
                .execute(tx)
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Deletes a run that has ended, with its journal. False where it has not, or is not there.
    pub async fn run_delete(&self, id: &RunId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write_one(move |tx| {
            Box::pin(async move {
                let id = id.as_str();
                let done = sqlx::query!("DELETE FROM runs WHERE id = ? AND final = 1", id).execute(tx).await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patchbay_model::RunState;

    use super::*;
    use crate::fixture::{self, fixture, noon, opened};

    #[tokio::test]
    async fn a_run_is_read_as_it_was_written_and_added_once() {
        let f = fixture().await;
        let mut run = fixture::run();
        run.boot = Some(BootId::generate());
        run.dry_run = true;
        run.origin.path = vec![ChainId::generate()];
        f.store.run_insert(&run).await.unwrap();
        assert_eq!(f.store.run(&run.id).await.unwrap(), Some(run.clone()));
        let again = f.store.run_insert(&run).await;
        assert!(matches!(again, Err(StoreError::Exists { .. })));
    }

    #[tokio::test]
    async fn a_run_is_open_until_its_state_is_final() {
        let f = fixture().await;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let states = [
            (RunState::Running, true),
            (RunState::Waiting, true),
            (RunState::Paused, true),
            (RunState::NeedsYou, true),
            (RunState::FailedUndone, false),
            (RunState::Stopped, false),
            (RunState::Failed, false),
            (RunState::DoneWithProblems, false),
            (RunState::Done, false),
        ];
        let mut ended = None;
        for (state, open) in states {
            f.clock.advance(Duration::from_secs(1));
            if !open {
                ended.get_or_insert(f.store.now());
            }
            let appended = f.store.journal_append(&run.id, vec![], state).await;
            appended.unwrap();
            let now = f.store.run(&run.id).await.unwrap().unwrap();
            assert_eq!(now.state, state);
            let listed = f.store.runs_open().await.unwrap().len();
            assert_eq!(listed, usize::from(open), "{state:?}");
            assert_eq!(now.finished_at, ended, "it ends once: {state:?}");
        }
    }

    #[tokio::test]
    async fn of_many_claims_under_one_boot_one_is_told_yes() {
        let f = fixture().await;
        let run = fixture::run();
        f.store.run_insert(&run).await.unwrap();
        let (older, newer) = (BootId::generate(), BootId::generate());
        for boot in [&older, &newer] {
            let claims = (0..8).map(|_| f.store.run_claim(&run.id, boot));
            let told = futures_util::future::try_join_all(claims).await.unwrap();
            assert_eq!(told.iter().filter(|yes| **yes).count(), 1);
            let now = f.store.run(&run.id).await.unwrap().unwrap();
            assert_eq!(now.boot.as_ref(), Some(boot));
        }
        f.store.journal_append(&run.id, vec![], RunState::Done).await.unwrap();
        assert!(!f.store.run_claim(&run.id, &older).await.unwrap(), "it has ended");
        assert!(!f.store.run_claim(&RunId::from("none"), &older).await.unwrap());
    }

    #[tokio::test]
    async fn lists_show_the_latest_and_pruning_takes_only_ended_ones() {
        let f = fixture().await;
        let mut ids = Vec::new();
        for i in 0..5 {
            let mut run = fixture::run();
            run.created_at = noon() + Duration::from_secs(i);
            f.store.run_insert(&run).await.unwrap();
            ids.push(run.id);
        }
        let page = f.store.run_list(2, 1).await.unwrap();
        let listed: Vec<_> = page.items.iter().map(|r| &r.id).collect();
        assert_eq!((listed, page.total), (vec![&ids[3], &ids[2]], 5));
        f.store.journal_append(&ids[0], vec![opened(1)], RunState::Done).await.unwrap();
        f.clock.advance(Duration::from_secs(60));
        f.store.journal_append(&ids[1], vec![], RunState::Failed).await.unwrap();
        let pruned = f.store.runs_prune(noon() + Duration::from_secs(30)).await.unwrap();
        assert_eq!(pruned, 1, "neither open runs nor younger ones");
        assert_eq!(f.store.run(&ids[0]).await.unwrap(), None);
        assert_eq!(f.store.journal(&ids[0], 0).await.unwrap(), []);
    }
}
