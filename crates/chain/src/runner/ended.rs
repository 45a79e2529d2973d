//! How the run of another chain ended, and what stays of what it changed.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_model::problem::{Code, Problem};
use patchbay_model::report::{Late, UndoReport};
use patchbay_model::run::{Fact, JournalEntry, Outcome, Run, RunState, UndoOutcome};
use patchbay_model::{RunId, StepId};
use patchbay_store::{Store, StoreError};
use serde_json::Value;

use super::idle::{Asking, Rest};
use super::inner::{Parts, Wish};
use super::passes;
use crate::journal;
use crate::report::{Building, late_words};

/// How often to look whether another run has ended, should nobody tell.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// How the run of another chain ended, with how much stays of what it changed, where that is known.
pub(super) enum Ended {
    /// It did an item.
    Worked((Outcome, Option<u32>)),
    /// It was to undo what it had changed.
    Undone((UndoOutcome, Option<u32>)),
}

impl Ended {
    /// As an answer to an undo tells it that was recorded.
    pub(super) fn undone_as(outcome: &Outcome) -> Self {
        Self::Undone(match outcome {
            Outcome::Done { .. } => (UndoOutcome::Undone, Some(0)),
            Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
                (UndoOutcome::Failed { problem: problem.clone(), unknown: false }, None)
            }
            Outcome::Skipped | Outcome::Shown { .. } => (UndoOutcome::Impossible, None),
        })
    }
}

/// Waits for the end of a run and says how it went, and how much stays of what it changed; or how it gets on, as
/// soon as that is not what is known.
pub(super) async fn worked(store: &Store, asking: &Asking, id: &RunId, known: Rest) -> Result<Ended, Rest> {
    let Some(run) = end(store, asking, id, known).await? else {
        return Ok(Ended::Worked((Outcome::NotDone { problem: gone(id) }, None)));
    };
    let left = left(store, &run).await;
    let changes = left.as_ref().map(|left| left.changes);
    Ok(Ended::Worked((outcome(store, &run, changes.unwrap_or_default()).await, changes)))
}

/// Asks a run that has ended to undo what it changed, unless it was `asked`, and waits for that. A second wish of that
/// kind does no harm: what is undone stays so.
pub(super) async fn undone(
    store: &Store,
    (asking, parts): (&Asking, &Parts),
    id: &RunId,
    (known, asked): (Rest, bool),
) -> Result<Ended, Rest> {
    let failed = |problem: Problem| UndoOutcome::Failed { problem, unknown: false };
    if !asked {
        while let Err(error) = ask_to_undo(store, parts, id).await {
            if !passes(&error) {
                return Ok(Ended::Undone((failed(error.into()), None)));
            }
            tracing::warn!(run = %id, %error, "a run that is to be undone cannot be asked");
            tokio::time::sleep(LOOK).await;
        }
    }
    let Some(run) = end(store, asking, id, known).await? else {
        return Ok(Ended::Undone((failed(gone(id)), None)));
    };
    let Some(left) = left(store, &run).await else {
        let problem = Problem::new(Code::StorageBusy).with("item", format!("The run {id}"));
        return Ok(Ended::Undone((failed(problem), None)));
    };
    let outcome = match left.changes {
        0 => UndoOutcome::Undone,
        n if n == left.for_good => UndoOutcome::Impossible,
        _ => UndoOutcome::Failed { problem: stays(left.changes), unknown: left.unknown },
    };
    Ok(Ended::Undone((outcome, Some(left.changes))))
}

fn stays(changes: u32) -> Problem {
    let what = stay_words(changes);
    Problem::new(Code::CompensationFailed).detail(format!("{what}. Its own report says which, and why."))
}

/// How much stays, in words.
fn stay_words(changes: u32) -> String {
    match changes {
        1 => "One change that it made stays".to_owned(),
        n => format!("{n} changes that it made stay"),
    }
}

fn gone(id: &RunId) -> Problem {
    Problem::new(Code::NotFound).with("item", format!("The run {id}"))
}

/// Writes down the wish that a run undoes what it changed, and tries once more what could not be undone. Nothing where
/// it is under way, or nothing stays of it.
async fn ask_to_undo(store: &Store, parts: &Parts, id: &RunId) -> Result<(), StoreError> {
    let Some(run) = store.run(id).await?.filter(|run| run.state.is_final()) else { return Ok(()) };
    let left = read(store, &run).await?;
    if left.changes == 0 {
        return Ok(());
    }
    let again = left.again.into_iter().map(|(step, item)| Fact::UndoAgain { step, item });
    match store.journal_reopen(id, again.chain([Fact::UndoRequested]).collect(), RunState::Queued).await {
        // Somebody else wished that a moment before.
        Ok(_) | Err(StoreError::Exists { .. }) => {}
        Err(error) => return Err(error),
    }
    parts.ask(Wish::Work { run: id.clone() });
    Ok(())
}

/// Waits until a run has ended; none where it is gone. As soon as how it gets on is not what is known, that.
async fn end(store: &Store, asking: &Asking, id: &RunId, known: Rest) -> Result<Option<Run>, Rest> {
    let mut left = store.runs_left();
    loop {
        match store.run(id).await {
            Ok(Some(run)) if run.state.is_final() => return Ok(Some(run)),
            Ok(Some(run)) if asking.rest_of(&run) != known => return Err(asking.rest_of(&run)),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(error) => tracing::warn!(run = %id, %error, "a run that is waited for cannot be read"),
        }
        // The pause is for a wake that was lost.
        let _ = tokio::time::timeout(LOOK, left.changed()).await;
    }
}

/// Whether a run took longer than it might, as far as its journal can be read.
async fn late(store: &Store, run: &Run) -> Option<Late> {
    let mut found = None;
    let take = |entry: JournalEntry| {
        if let Fact::TimedOut { allowed_ms } = entry.fact {
            let by_step = run.snapshot.policy.timeout_ms != Some(allowed_ms);
            found = Some(Late { allowed_ms, by_step });
        }
    };
    journal::each(store, &run.id, take).await.ok()?;
    found
}

/// What stays of what a run changed.
pub(super) struct Left {
    /// How much, with what it may have changed, and what stays of runs of other chains in it.
    pub(super) changes: u32,
    /// How much of that cannot be undone, as its undo said.
    for_good: u32,
    /// Whether some of it may have been undone, or may not have happened.
    unknown: bool,
    /// What of it could not be undone, and may be tried once more.
    again: Vec<(StepId, u32)>,
    /// What stays of runs of other chains in it, by the items that they did.
    pub(super) inside: BTreeMap<(StepId, u32), u32>,
}

/// What stays of what a run changed; none where its journal cannot be read.
async fn left(store: &Store, run: &Run) -> Option<Left> {
    read(store, run).await.ok()
}

pub(super) async fn read(store: &Store, run: &Run) -> Result<Left, StoreError> {
    let mut building = Building::of(run);
    // What was said last of each item.
    let mut inside = BTreeMap::new();
    let take = |entry: JournalEntry| {
        if let Fact::ChainEnded { step, item, changes, .. } = &entry.fact {
            inside.insert((step.clone(), *item), *changes);
        }
        building.take(&entry);
    };
    journal::each(store, &run.id, take).await?;
    let report = building.finish();
    // What a person undid by hand stays undone.
    for line in report.undo.iter().filter(|line| line.by_hand) {
        inside.remove(&(line.step.clone(), line.item));
    }
    let own = report.steps.iter().filter(|step| step.effect);
    let own = own.map(|step| step.changes.saturating_sub(step.undone) + step.unknown).sum::<u32>();
    let lines = || report.undo.iter().filter(|line| !line.undone && !line.by_hand);
    // A line of another chain's run stands for all that it left.
    let amount = |line: &UndoReport| inside.get(&(line.step.clone(), line.item)).copied().unwrap_or(1);
    let for_good = lines().filter(|line| !line.again && !line.unknown).map(amount).sum();
    let again = lines().filter(|line| line.again && !line.unknown);
    let again = again.map(|line| (line.step.clone(), line.item)).collect();
    let unknown = lines().any(|line| line.unknown) || report.steps.iter().any(|step| step.unknown > 0);
    Ok(Left { changes: own + inside.values().sum::<u32>(), for_good, unknown, again, inside })
}

async fn outcome(store: &Store, run: &Run, changes: u32) -> Outcome {
    if !matches!(run.state, RunState::Done | RunState::DoneWithProblems) {
        let (code, why) = match late(store, run).await {
            Some(late) => (Code::RunLate, format!("{}.", late_words(late))),
            None => (Code::RunFailed, "Its report says why.".to_owned()),
        };
        let why = match changes {
            0 => why,
            n => format!("{why} {}.", stay_words(n)),
        };
        let problem = Problem::new(code)
            .with("item", format!("The run of \"{}\"", run.snapshot.name))
            .with("message", why);
        return Outcome::NotDone { problem };
    }
    let Some(last) = run.snapshot.steps.last() else {
        return Outcome::Done { output: Value::Null, output_missing: None };
    };
    let mut output = Value::Null;
    let take = |entry: JournalEntry| match entry.fact {
        Fact::Result { step, outcome: Outcome::Done { output: given, .. }, .. } if step == last.id => {
            output = given;
        }
        Fact::Computed { step, results } if step == last.id => {
            output = results.into_iter().next_back().map_or(Value::Null, |(_, given)| given);
        }
        _ => {}
    };
    match journal::each(store, &run.id, take).await {
        Ok(()) => Outcome::Done { output, output_missing: None },
        Err(error) => Outcome::Done { output: Value::Null, output_missing: Some(error.into()) },
    }
}
