//! A test is run: the real runner, an empty database, the recorded answers, a clock that jumps.

use std::path::Path;
use std::sync::Arc;

use patchbay_model::event::NoEvents;
use patchbay_model::run::Run;
use patchbay_model::time::ManualClock;
use patchbay_model::{Chain, Connection, ConnectionState, RunOrigin, RunState};
use patchbay_store::{OpenOptions, Store};
use tokio::sync::mpsc;

use super::compare::Came;
use super::{ChainTest, Expected, Recorded};
use crate::error::ChainError;
use crate::journal;
use crate::report::Building;
use crate::runner::Runner;

/// Questions that are answered, one after the other.
const MOST: usize = 100_000;

/// What comes of a chain under the answers of a test. `dir` is an empty folder that is used for the time
/// of it. Nothing is sent, and nothing of the runner's own workspace is read or changed.
pub async fn replay(
    runner: &Runner,
    test: &ChainTest,
    chain: &Chain,
    dir: &Path,
) -> Result<Expected, ChainError> {
    let clock = Arc::new(ManualClock::at(test.started_at));
    let options = OpenOptions { dir: dir.to_owned(), clock: clock.clone(), machine: "test".into() };
    let store = Store::open(options).await?;
    for (name, used) in &test.connections {
        let compiled = runner.connectors.compiled(&used.connector);
        let origins = compiled.and_then(|connector| connector.origins(&used.config, None).ok());
        let connection = Connection {
            name: name.clone(),
            config: used.config.clone(),
            origins: origins.unwrap_or_default(),
            state: ConnectionState::Connected,
            ..Connection::new(used.connector.clone(), used.version.clone(), test.started_at)
        };
        store.connection_insert(&connection, None).await?;
    }
    let run = Run {
        id: test.run.clone(),
        chain_id: "test".into(),
        chain_version: 1,
        chain_hash: String::new(),
        snapshot: chain.clone(),
        input: test.input.clone(),
        dry_run: false,
        state: RunState::Queued,
        boot: None,
        origin: RunOrigin::default(),
        created_at: test.started_at,
        finished_at: None,
    };
    store.run_begin(&run, test.took_over.clone()).await?;
    let recorded = Arc::new(Recorded::new(&test.answers, clock.clone()));
    let replaying = Runner {
        store: store.clone(),
        clock,
        events: Arc::new(NoEvents),
        recorded: Some(recorded.clone()),
        ..runner.clone()
    };
    for _ in 0..MOST {
        let (_keep, mut wishes) = mpsc::channel(1);
        let state = replaying.execute(&run, &mut wishes).await?;
        if state.is_final() || !answer(&replaying, &recorded, &run).await? {
            break;
        }
    }
    let mut came = Came::default();
    journal::each(&store, &run.id, |entry| came.take(chain, &entry.fact)).await?;
    store.close().await;
    Ok(came.into_expected())
}

/// Answers what the run asks as it was answered then. False where nothing was.
async fn answer(runner: &Runner, recorded: &Recorded, run: &Run) -> Result<bool, ChainError> {
    let stands = Run { state: RunState::NeedsYou, ..run.clone() };
    let mut report = Building::of(&stands);
    journal::each(&runner.store, &run.id, |entry| report.take(&entry)).await?;
    let mut answered = false;
    for question in report.finish().needs_you {
        let (step, item) = (&question.step, question.item);
        if question.approval.is_some() {
            if let Some(approved) = recorded.answered(step, item) {
                runner.answer(run, step, item, approved).await?;
                answered = true;
            }
        } else if let Some((decision, _, _)) = recorded.resolved(step, item) {
            runner.resolve(run, step, item, decision).await?;
            answered = true;
        }
    }
    Ok(answered)
}
