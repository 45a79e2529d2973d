//! Runs once more: as a whole, what failed of them, or from a step on; and runs that are held.

use std::ops::ControlFlow;

use patchbay_chain::again::{Earlier, Part, narrowed};
use patchbay_chain::{Control, Plan, journal};
use patchbay_model::chain::{ChainVersion, Step};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::report::{OpenQuestion, RunReport};
use patchbay_model::run::{Fact, Narrowed, Run, RunState};
use patchbay_model::trigger::{OriginKind, RunOrigin};
use patchbay_model::{RunId, StepId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use crate::chains;
use crate::hub::Hub;
use crate::pins::Looking;
use crate::runs::{self, RunRef, RunView};
use crate::workspace::Workspace;

/// Runs in one request.
const MOST: usize = 200;

/// Which runs to run again.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunAgainRequest {
    /// The runs; at most 200.
    pub runs: Vec<String>,
    /// What they are started with now; what they were started with where absent.
    #[serde(default)]
    pub input: Option<Value>,
    /// With the chain's latest version, instead of the one that they ran.
    #[serde(default)]
    pub latest: bool,
    /// Build and show requests; send no effects.
    #[serde(default)]
    pub dry_run: bool,
}

/// The runs that were started.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunsStarted {
    /// In the order in which they were asked for.
    pub runs: Vec<RunView>,
}

/// Runs runs again, each with its input or with another one. All of them are there before the first
/// begins.
pub async fn again(hub: &Hub, workspace: &str, request: RunAgainRequest) -> Result<RunsStarted, Problem> {
    let workspace = hub.workspace(workspace).await?;
    if request.runs.is_empty() || request.runs.len() > MOST {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "\"runs\"")
            .with("message", format!("Give 1 to {MOST} runs."))
            .about(Subject::Field { name: "runs".into() }));
    }
    request.input.iter().try_for_each(runs::check_size)?;
    let mut fresh = Vec::new();
    for reference in &request.runs {
        let old = runs::find(&workspace, reference).await?;
        let mut narrowed = narrowed(&workspace.store().journal_part(&old.id, 0, 1).await?).unwrap_or_default();
        // What was pinned stood in for what it does itself now.
        narrowed.pinned.clear();
        let mut run = repeat(hub, &old, OriginKind::Again);
        run.dry_run = request.dry_run;
        if request.latest {
            let version = chains::find(&workspace, old.chain_id.as_str()).await?;
            let (number, version, less) = leave_out_again(&workspace, version, &narrowed).await?;
            (run.chain_version, run.chain_hash, run.snapshot) = (number, version.hash, version.chain);
            narrowed = less;
        }
        if let Some(input) = &request.input {
            run.input = input.clone();
        }
        fresh.push((run, (!narrowed.is_nothing()).then_some(Fact::Narrowed(narrowed))));
    }
    let mut started = Vec::new();
    for (run, fact) in &fresh {
        workspace.store().run_begin(run, fact.clone().into_iter().collect()).await?;
    }
    for (run, _) in fresh {
        workspace.spawn(run.clone()).await?;
        started.push(RunView::of(&workspace, run));
    }
    Ok(RunsStarted { runs: started })
}

/// The latest version of a chain without the steps that an earlier run left out, as far as it still has them.
///
/// # Errors
/// `CONFLICT` where another step needs one of them now.
async fn leave_out_again(
    workspace: &Workspace,
    mut version: ChainVersion,
    narrowed: &Narrowed,
) -> Result<(u32, ChainVersion, Narrowed), Problem> {
    let was_left_out = |step: &&Step| {
        if narrowed.left_out.is_empty() {
            // Runs from before identifiers were kept say it in words only.
            narrowed.without.iter().any(|title| title == step.title())
        } else {
            narrowed.left_out.contains(&step.id)
        }
    };
    let gone: Vec<StepId> =
        version.chain.all_steps().filter(was_left_out).map(|step| step.id.clone()).collect();
    let less = runs::narrow(workspace, &mut version, narrowed.items, &gone).await?.unwrap_or_default();
    Ok((version.version, version, less))
}

/// A run that repeats another one.
fn repeat(hub: &Hub, old: &Run, kind: OriginKind) -> Run {
    Run {
        id: RunId::generate(),
        state: RunState::Queued,
        boot: None,
        origin: RunOrigin { kind, of: Some(old.id.clone()), ..RunOrigin::default() },
        created_at: hub.clock().now(),
        finished_at: None,
        ..old.clone()
    }
}

/// From where to run again.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RunFromStepRequest {
    /// The run.
    pub run: String,
    /// The step; results of those before it stand.
    pub step: StepId,
}

/// Runs what failed of a run. What was done stands, what nobody knows is left alone.
pub async fn failed_items(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let old = ended(&workspace, &request.run).await?;
    // Nobody sees one that is being made.
    let alone = workspace.taking_over().await;
    // Nor does a run go on from it meanwhile of which this one is a part.
    let claim = workspace.runner().parts.claim(&old.id);
    if let Some(other) = workspace.store().run_that_goes_on(&old).await? {
        return Err(conflict(&old, &format!("What failed of it was run by {other}. Go on from that one.")));
    }
    let Some(_claim) = claim else {
        return Err(conflict(&old, "What failed of it is being run as a part of another run."));
    };
    begin(hub, &workspace, &old, OriginKind::FailedItems, &Part::Failed, Some(alone)).await
}

/// Runs a run again from a step on, with the results of the steps before.
pub async fn from_step(hub: &Hub, workspace: &str, request: RunFromStepRequest) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let old = ended(&workspace, &request.run).await?;
    begin(hub, &workspace, &old, OriginKind::FromStep, &Part::From(request.step), None).await
}

/// Which step to do.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct StepRunRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// The step of its latest version.
    pub step: StepId,
    /// The run that it goes on from; the latest that got as far as the step where absent.
    #[serde(default)]
    pub run: Option<String>,
}

/// Runs of a chain that are looked through for one whose results a step can go on from.
const LOOKED_AT: u32 = 20;

/// Does one step of a chain, with what is pinned of the steps before, else with what the chain's last run
/// gave; nothing before it is called, and nothing after it done. `CONFLICT` where no run gave what it needs.
pub async fn only_step(hub: &Hub, workspace: &str, request: StepRunRequest) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut version = chains::find(&workspace, &request.chain).await?;
    let about = || Subject::Chain { id: version.id.to_string(), step: Some(request.step.to_string()) };
    let Some(at) = version.chain.steps.iter().position(|step| step.id == request.step) else {
        return Err(Problem::new(Code::NotFound)
            .with("item", format!("The step \"{}\"", request.step))
            .about(about()));
    };
    let no_results = Problem::new(Code::Conflict)
        .with("item", "What the step needs")
        .with("message", "No run of the chain got as far as this step. Run the chain once, then this step.")
        .about(about());
    version.chain.steps.truncate(at + 1);
    version.chain.on_failure.clear();
    version.chain.finally.clear();
    let connectors = chains::connectors_of(&workspace, &version.chain).await?;
    let plan = Plan::of(&version.chain, |name| connectors.get(name).map(|c| c.descriptor().as_ref()));
    let plan = plan.map_err(|problems| problems.into_iter().next().unwrap_or_else(|| Code::Internal.into()))?;
    let pins = workspace.store().pins(&version.id).await?;
    let chosen = request.run.is_some();
    let mut bases = match &request.run {
        Some(run) => vec![runs::of_chain(&workspace, run, &version.id).await?],
        None => workspace.store().runs_of(&version.id, LOOKED_AT).await?,
    };
    bases.retain(|run| run.state.is_final() && !run.dry_run);
    let base = bases.into_iter().map(Some);
    // Where everything before it is pinned, or nothing is before it, it needs no run.
    let alone = (!chosen).then_some(None);
    let mut refused = no_results;
    for old in base.chain(alone) {
        let mut run = match &old {
            Some(old) => repeat(hub, old, OriginKind::FromStep),
            None => runs::fresh(hub, version.clone(), Value::Null, false),
        };
        let mut looking = Looking::of(&plan, &version.chain, &pins, at);
        if let Some(old) = &old {
            journal::each(workspace.store(), &old.id, |entry| looking.take(entry.fact)).await?;
        }
        let placed = match looking.placed(&version.chain) {
            Ok(placed) => placed,
            Err(problem) => {
                refused = problem.about(about());
                continue;
            }
        };
        // The chain is the latest one again, and so many items are those of what that run gave.
        let part = Part::Only(request.step.clone());
        let mut earlier = Earlier::for_part(&plan, &part);
        placed.first().into_iter().for_each(|entry| earlier.take(entry));
        if let Some(old) = &old {
            let take = |entry| placed.instead(entry).into_iter().for_each(|entry| earlier.take(entry));
            journal::each(workspace.store(), &old.id, take).await?;
        }
        let pinned = placed.pinned();
        let base = earlier.narrowed().cloned().unwrap_or_default();
        let Ok(mut facts) = earlier.kept(&run, &part) else { continue };
        let items = base.items.filter(|_| pinned.len() < at);
        let before = version.chain.steps.iter().take(at).enumerate();
        let is_pinned =
            |place: usize, title: &str| pinned.contains(&place) || base.pinned.iter().any(|t| t == title);
        let titles = before.filter(|(place, step)| is_pinned(*place, step.title()));
        let pinned = titles.map(|(_, step)| step.title().to_owned()).collect();
        let less = Narrowed { items, pinned, ..Narrowed::default() };
        facts.retain(|fact| !matches!(fact, Fact::Narrowed(_)));
        if !less.is_nothing() {
            facts.insert(0, Fact::Narrowed(less));
        }
        (run.chain_version, run.chain_hash, run.snapshot) =
            (version.version, version.hash.clone(), version.chain.clone());
        return add(&workspace, run, facts, None).await;
    }
    Err(refused)
}

/// Undoes what a run did that has ended, the last thing first. `CONFLICT` where nothing of it is left to
/// undo.
pub async fn undo(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = ended(&workspace, &request.run).await?;
    let connectors = chains::connectors_of(&workspace, &run.snapshot).await?;
    let plan = Plan::of(&run.snapshot, |name| connectors.get(name).map(|c| c.descriptor().as_ref()));
    let plan = plan.map_err(|problems| problems.into_iter().next().unwrap_or_else(|| Code::Internal.into()))?;
    if run.dry_run || !read(&workspace, &run, Earlier::ends(&plan)).await?.left_to_undo() {
        return Err(conflict(&run, "It did nothing that is left to undo."));
    }
    workspace.runner().undo(&run).await?;
    workspace.work_on(&run.id).await?;
    Ok(RunView::of(&workspace, workspace.run(&run.id).await?))
}

/// Held while an undo by hand is written down.
static BY_HAND: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What becomes of a change that could not be undone.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunUndoAgainRequest {
    /// The run, by identifier or `last`.
    pub run: String,
    /// The step; the first with a change that stays where absent.
    #[serde(default)]
    pub step: Option<StepId>,
    /// The item, from 0; the first whose change stays where absent.
    #[serde(default)]
    pub item: Option<u32>,
    /// The user has undone it by hand: nothing is sent. Otherwise it is tried once more.
    #[serde(default)]
    pub by_hand: bool,
    /// Every one that fits is tried once more, but for those that may have been undone all the same.
    #[serde(default)]
    pub all: bool,
}

/// Tries an undo that failed once more, or takes note that it was done by hand. `CONFLICT` where nothing of
/// that kind stays.
pub async fn undo_again(hub: &Hub, workspace: &str, request: RunUndoAgainRequest) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = ended(&workspace, &request.run).await?;
    let wanted = |step: &StepId, item: u32| {
        request.step.as_ref().is_none_or(|own| own == step) && request.item.is_none_or(|own| own == item)
    };
    let nothing = || conflict(&run, "It has no such change that could not be undone.");
    if request.by_hand {
        // Told from the journal alone: the tool may be disconnected by now.
        // One after the other: whether anything is left is told from what stands.
        let _alone = BY_HAND.lock().await;
        let run = workspace.run(&run.id).await?;
        let report = runs::report_of(&workspace, &run.id).await?;
        let line = report.undo.iter().find(|line| !line.undone && wanted(&line.step, line.item));
        let (step, item) = line.map(|line| (line.step.clone(), line.item)).ok_or_else(nothing)?;
        workspace.runner().undone_by_hand(&run, &step, item).await?;
        return Ok(RunView::of(&workspace, workspace.run(&run.id).await?));
    }
    let connectors = chains::connectors_of(&workspace, &run.snapshot).await?;
    let plan = Plan::of(&run.snapshot, |name| connectors.get(name).map(|c| c.descriptor().as_ref()));
    let plan = plan.map_err(|problems| problems.into_iter().next().unwrap_or_else(|| Code::Internal.into()))?;
    let mut left = read(&workspace, &run, Earlier::ends(&plan)).await?.stays();
    left.retain(|stay| wanted(&stay.step, stay.item));
    if left.is_empty() {
        return Err(nothing());
    }
    if request.all {
        let some = left.iter().any(|stay| stay.again);
        left.retain(|stay| stay.again && !stay.unknown);
        if left.is_empty() && some {
            return Err(conflict(&run, "Each of them may have been undone. Try them one by one."));
        }
    } else {
        left.truncate(1);
        left.retain(|stay| stay.again);
    }
    if left.is_empty() {
        return Err(conflict(&run, "What this step did cannot be undone from here. Undo it by hand."));
    }
    workspace.runner().undo_again(&run, &left).await?;
    workspace.work_on(&run.id).await?;
    Ok(RunView::of(&workspace, workspace.run(&run.id).await?))
}

async fn begin(
    hub: &Hub,
    workspace: &Workspace,
    old: &Run,
    kind: OriginKind,
    part: &Part,
    alone: Option<OwnedMutexGuard<()>>,
) -> Result<RunView, Problem> {
    let connectors = chains::connectors_of(workspace, &old.snapshot).await?;
    let plan = Plan::of(&old.snapshot, |name| connectors.get(name).map(|c| c.descriptor().as_ref()));
    let plan = plan.map_err(|problems| problems.into_iter().next().unwrap_or_else(|| Code::Internal.into()))?;
    let facts = read(workspace, old, Earlier::for_part(&plan, part)).await?.kept(old, part)?;
    add(workspace, repeat(hub, old, kind), facts, alone).await
}

/// Adds a run with what it takes over, and begins it. It may be much: whoever asked and went away leaves nothing
/// half done, and lets nobody else in before it is.
async fn add(
    workspace: &Workspace,
    run: Run,
    facts: Vec<Fact>,
    alone: Option<OwnedMutexGuard<()>>,
) -> Result<RunView, Problem> {
    let (here, own) = (workspace.clone(), run.clone());
    let adding = tokio::spawn(async move {
        let _alone = alone;
        here.store().run_take_over(&own, facts).await?;
        here.spawn(own).await
    });
    match adding.await {
        Ok(added) => added?,
        Err(error) => return Err(Problem::new(Code::Internal).detail(error.to_string())),
    }
    Ok(RunView::of(workspace, run))
}

/// What the journal of a run says, as far as it is wanted.
async fn read(workspace: &Workspace, run: &Run, mut earlier: Earlier) -> Result<Earlier, Problem> {
    journal::each(workspace.store(), &run.id, |entry| earlier.take(entry)).await?;
    // Tidied away while it was read, the rest of it would look as if it had never happened.
    workspace.run(&run.id).await?;
    Ok(earlier)
}

async fn ended(workspace: &Workspace, reference: &str) -> Result<Run, Problem> {
    let run = runs::find(workspace, reference).await?;
    if run.state.is_final() { Ok(run) } else { Err(conflict(&run, "It has not ended yet.")) }
}

fn conflict(run: &Run, message: &str) -> Problem {
    Problem::new(Code::Conflict)
        .with("item", format!("Run {}", run.id))
        .with("message", message)
        .about(Subject::Run { id: run.id.to_string(), step: None })
}

/// Holds a run: calls in flight end, then nothing more is sent.
pub async fn pause(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunReport, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    if run.state.is_final() || run.state == RunState::Paused {
        return Err(conflict(&run, "It is not under way."));
    }
    if !workspace.control(&run.id, Control::Pause).await {
        workspace.runner().pause(&run).await?;
    }
    workspace.wait_on(&run.id).await?;
    runs::report_of(&workspace, &run.id).await
}

/// Lets a run go on that is held.
pub async fn resume(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let mut held = false;
    if run.state == RunState::NeedsYou {
        journal::until(workspace.store(), &run.id, |entry| {
            held |= matches!(entry.fact, Fact::Held { .. });
            if held { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
    }
    if run.state != RunState::Paused && !held {
        return Err(conflict(&run, "It is not held."));
    }
    if !workspace.control(&run.id, Control::Resume).await {
        workspace.runner().resume(&run).await?;
        workspace.spawn(run.clone()).await?;
    }
    Ok(RunView::of(&workspace, workspace.run(&run.id).await?))
}

/// The answer to a step that asks.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunAnswerRequest {
    /// The run.
    pub run: String,
    /// Whether it goes on.
    pub approved: bool,
    /// The step; the first that asks where absent.
    #[serde(default)]
    pub step: Option<StepId>,
    /// The item, from 0; the first that asks where absent.
    #[serde(default)]
    pub item: Option<u32>,
}

/// Answers a step that asks, and goes on with the run.
pub async fn answer(hub: &Hub, workspace: &str, request: RunAnswerRequest) -> Result<RunReport, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let report = runs::report_of(&workspace, &run.id).await?;
    let question = report.needs_you.iter().find(|question| {
        question.approval.is_some()
            && request.step.as_ref().is_none_or(|step| *step == question.step)
            && request.item.is_none_or(|item| item == question.item)
    });
    let Some(question) = question.filter(|_| !run.state.is_final()) else {
        return Err(conflict(&run, "It does not ask this."));
    };
    let (step, item, approved) = (question.step.clone(), question.item, request.approved);
    let wish = Control::Answer { step: step.clone(), item, approved };
    if !workspace.control(&run.id, wish).await {
        workspace.runner().answer(&run, &step, item, approved).await?;
    }
    loop {
        let state = workspace.wait_on(&run.id).await?;
        let report = runs::report_of(&workspace, &run.id).await?;
        let asks = |q: &OpenQuestion| q.approval.is_some() && (&q.step, q.item) == (&step, item);
        let is_left = state == report.state && (state.is_final() || !workspace.is_live(&run.id));
        match report.needs_you.iter().any(asks) {
            // Its row may be older than its journal: it asks something else only where that is told.
            false if is_left || (report.state == RunState::NeedsYou && !report.needs_you.is_empty()) => {
                return Ok(report);
            }
            // The run was left just before it heard the answer.
            true if !workspace.is_live(&run.id) => {
                workspace.runner().answer(&run, &step, item, approved).await?;
            }
            // What was seen was from before the answer.
            _ => tokio::task::yield_now().await,
        }
    }
}

#[cfg(test)]
mod tests;
