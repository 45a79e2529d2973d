//! Runs: start, wait, answer, stop, report.

use std::time::Duration;

use patchbay_chain::reached::Reached;
use patchbay_chain::runner::plan_hash;
use patchbay_chain::{Control, Live, journal, report as reports};
use patchbay_map::Schema;
use patchbay_model::chain::{ChainVersion, Step};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::report::RunReport;
use patchbay_model::run::{Decision, Fact, Narrowed, Run, RunState};
use patchbay_model::trigger::{OriginKind, RunOrigin, Trigger};
use patchbay_model::{ChainId, RunId, StepId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chains;
use crate::hub::Hub;
use crate::privacy::Privacy;
use crate::titles;
use crate::workspace::Workspace;

/// What to run.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunStartRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// What it is started with.
    #[serde(default)]
    pub input: Value,
    /// Build and show requests; send no effects.
    #[serde(default)]
    pub dry_run: bool,
    /// What `chain_check` gave for what is wanted: where it would do anything else now, nothing is started.
    #[serde(default)]
    pub plan: Option<String>,
    /// Each list gives its first so many items, 1 at least, those of chains that its steps run too; all of
    /// them where absent.
    #[serde(default)]
    pub items: Option<u32>,
    /// Steps that are left out; `CONFLICT` where another one needs them.
    #[serde(default)]
    pub without: Vec<StepId>,
    /// Only write the run down; a later `run_wait`, or the next start of the engine, works on it.
    #[serde(default)]
    pub queue_only: bool,
}

/// A run as lists show it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Its identifier.
    pub id: RunId,
    /// Its chain.
    pub chain_id: ChainId,
    /// The chain's name when it ran.
    pub chain: String,
    /// The chain's version.
    pub chain_version: u32,
    /// How it is.
    pub state: RunState,
    /// The engine that worked on it has ended, and none has taken it up yet.
    pub interrupted: bool,
    /// Requests were built and shown, effects not sent.
    pub dry_run: bool,
    /// What asked for it.
    pub origin: OriginKind,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl RunView {
    pub(crate) fn of(workspace: &Workspace, run: Run) -> Self {
        Self {
            interrupted: workspace.is_interrupted(&run),
            id: run.id,
            chain_id: run.chain_id,
            chain: run.snapshot.name,
            chain_version: run.chain_version,
            state: run.state,
            dry_run: run.dry_run,
            origin: run.origin.kind,
            created_at: run.created_at,
            finished_at: run.finished_at,
        }
    }
}

/// Starts a run and returns at once. The run keeps a snapshot of its chain.
pub async fn start(hub: &Hub, workspace: &str, request: RunStartRequest) -> Result<RunView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    check_size(&request.input)?;
    let mut version = chains::find(&workspace, &request.chain).await?;
    check_input(&version, &request.input)?;
    let whole = (!request.without.is_empty()).then(|| version.clone());
    let narrowed = narrow(&workspace, &mut version, request.items, &request.without).await?;
    if let Some(plan) = &request.plan {
        check_plan(&workspace, &version, whole.as_ref(), plan).await?;
    }
    let run = fresh(hub, version, request.input, request.dry_run);
    workspace.store().run_begin(&run, narrowed.map(Fact::Narrowed).into_iter().collect()).await?;
    if !request.queue_only {
        take_calls(hub, &workspace, &run).await?;
        workspace.spawn(run.clone()).await?;
    }
    Ok(RunView::of(&workspace, run))
}

/// Takes out of a chain what a run is to leave out.
pub(crate) async fn narrow(
    workspace: &Workspace,
    version: &mut ChainVersion,
    items: Option<u32>,
    without: &[StepId],
) -> Result<Option<Narrowed>, Problem> {
    if items == Some(0) {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "\"items\"")
            .with("message", "Give 1 or more.")
            .about(Subject::Field { name: "items".into() }));
    }
    let mut names = Vec::new();
    if !without.is_empty() {
        let titled = titles::titled(workspace, &version.chain).await?;
        let title = |id: &StepId| titled.step(id).map(|(_, step)| step.title().to_owned());
        names = without.iter().filter_map(title).collect();
        version.chain = patchbay_chain::spare::without(&version.chain, without)?;
        version.hash = chains::hash(&version.chain)?;
    }
    let narrowed = Narrowed { items, without: names, left_out: without.to_vec(), ..Narrowed::default() };
    Ok((!narrowed.is_nothing()).then_some(narrowed))
}

/// Takes webhooks while the run is worked on, where it waits for some: a program that stays takes them
/// anyway.
async fn take_calls(hub: &Hub, workspace: &Workspace, run: &Run) -> Result<(), Problem> {
    let waits = |step: &Step| matches!(step.logic, Some(Logic::Delivery { .. }));
    if !run.dry_run && run.snapshot.all_steps().any(waits) {
        hub.begin_gateway_for(workspace).await?;
    }
    Ok(())
}

/// The largest input of a run, in bytes of JSON: as much as one answer of a service may have.
pub const LARGEST_INPUT: usize = 16 << 20;

/// Whether what a run is started with is small enough: it is kept with the run, and each step sees it.
pub(crate) fn check_size(input: &Value) -> Result<(), Problem> {
    let mut size = Size(0);
    let counted = serde_json::to_writer(&mut size, input);
    match counted {
        Ok(()) if size.0 <= LARGEST_INPUT => Ok(()),
        _ => Err(too_large()),
    }
}

/// What is said of an input that is too large.
pub fn too_large() -> Problem {
    let most = LARGEST_INPUT >> 20;
    Problem::new(Code::InputInvalid)
        .with("field", "The input of the run")
        .with(
            "message",
            format!(
                "It is larger than {most} MiB of JSON, and nothing was started. Start several runs with a part \
                 each, or give the input a place to read from, such as a file's name, and let the first step \
                 read it page by page."
            ),
        )
        .about(Subject::Field { name: "input".into() })
}

/// Counts bytes, and gives up soon after they are too many.
struct Size(usize);

impl std::io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        if self.0 > LARGEST_INPUT { Err(std::io::Error::other("too large")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether what a run is started with is what the chain takes.
fn check_input(version: &ChainVersion, input: &Value) -> Result<(), Problem> {
    let Trigger::Manual { input: Some(schema) } = &version.chain.trigger else {
        return Ok(());
    };
    let invalid = |message: String| {
        Problem::new(Code::InputInvalid)
            .with("field", "The input")
            .with("message", message)
            .about(Subject::Chain { id: version.id.to_string(), step: None })
    };
    let schema = Schema::compile(schema).map_err(|error| invalid(format!("{error}.")))?;
    schema.check(input).map_err(|misfits| {
        let first = misfits.first();
        invalid(first.map_or_else(String::new, |m| format!("{} {}.", m.pointer, m.message).trim().to_owned()))
    })
}

/// Whether a run would do what was approved. `whole` is the chain with the steps that the run leaves out.
async fn check_plan(
    workspace: &Workspace,
    version: &ChainVersion,
    whole: Option<&ChainVersion>,
    approved: &str,
) -> Result<(), Problem> {
    let is_plan_of = async |version: &ChainVersion| {
        let live = Live::of_chain(workspace.runner(), &version.chain).await;
        match live {
            Ok(live) => plan_hash(workspace.runner(), version, &live).await == approved,
            Err(_) => false,
        }
    };
    if is_plan_of(version).await {
        return Ok(());
    }
    let message = match whole {
        Some(whole) if is_plan_of(whole).await => {
            "What was approved has steps that this run leaves out. Check the chain with the same steps left out, \
             and start the run with the plan that this gives."
        }
        _ => "It has changed since it was approved. Check it again.",
    };
    Err(Problem::new(Code::Conflict)
        .with("item", format!("What \"{}\" would do", version.chain.name))
        .with("message", message)
        .about(Subject::Chain { id: version.id.to_string(), step: None }))
}

/// A new run of a chain.
pub(crate) fn fresh(hub: &Hub, version: ChainVersion, input: Value, dry_run: bool) -> Run {
    Run {
        id: RunId::generate(),
        chain_id: version.id,
        chain_version: version.version,
        chain_hash: version.hash,
        snapshot: version.chain,
        input,
        dry_run,
        state: RunState::Queued,
        boot: None,
        origin: RunOrigin::default(),
        created_at: hub.clock().now(),
        finished_at: None,
    }
}

/// A run by identifier.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunRef {
    /// Its identifier, or `last` for the newest.
    pub run: String,
}

pub(crate) async fn find(workspace: &Workspace, reference: &str) -> Result<Run, Problem> {
    if reference == "last"
        && let Some(run) = workspace.store().run_list(1, 0).await?.items.into_iter().next()
    {
        return Ok(run);
    }
    workspace.run(&RunId::new(reference)).await
}

/// A run of this chain. `CONFLICT` where it is one of another.
pub(crate) async fn of_chain(workspace: &Workspace, reference: &str, chain: &ChainId) -> Result<Run, Problem> {
    let run = find(workspace, reference).await?;
    if run.chain_id == *chain {
        return Ok(run);
    }
    Err(Problem::new(Code::Conflict)
        .with("item", format!("Run {}", run.id))
        .with("message", "It is a run of another chain.")
        .about(Subject::Run { id: run.id.to_string(), step: None }))
}

/// Waits until a run ends or needs the user; works on it where nobody does.
pub async fn wait(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunReport, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = find(&workspace, &request.run).await?;
    if !run.state.is_final() {
        take_calls(hub, &workspace, &run).await?;
    }
    let id = run.id;
    workspace.wait(&id).await?;
    report_of(&workspace, &id).await
}

/// The answer to an unknown outcome.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunResolveRequest {
    /// The run.
    pub run: String,
    /// What is true.
    pub decision: Decision,
    /// The step; the first open question where absent.
    #[serde(default)]
    pub step: Option<StepId>,
    /// The item, from 0; the first open question where absent.
    #[serde(default)]
    pub item: Option<u32>,
}

/// Answers an unknown outcome and goes on with the run. `CONFLICT` where it asks nothing.
pub async fn resolve(hub: &Hub, workspace: &str, request: RunResolveRequest) -> Result<RunReport, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = find(&workspace, &request.run).await?;
    let before = report_of(&workspace, &run.id).await?;
    let question = before.needs_you.iter().find(|question| {
        question.approval.is_none()
            && request.step.as_ref().is_none_or(|step| *step == question.step)
            && request.item.is_none_or(|item| item == question.item)
    });
    let Some(question) = question.filter(|_| !run.state.is_final()) else {
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("Run {}", run.id))
            .with("message", "It does not wait for this answer.")
            .about(Subject::Run { id: run.id.to_string(), step: request.step.map(|s| s.to_string()) }));
    };
    if matches!(question.problem.code(), Code::RunStuck | Code::EffectsUsedUp) {
        go_on(&workspace, &run, request.decision).await?;
        workspace.wait_on(&run.id).await?;
        return report_of(&workspace, &run.id).await;
    }
    let wish =
        Control::Resolve { step: question.step.clone(), item: question.item, decision: request.decision };
    if !workspace.control(&run.id, wish).await {
        workspace.runner().resolve(&run, &question.step, question.item, request.decision).await?;
    }
    workspace.wait_on(&run.id).await?;
    report_of(&workspace, &run.id).await
}

/// The answer to a run that got nowhere: nobody works on it now.
async fn go_on(workspace: &Workspace, run: &Run, decision: Decision) -> Result<(), Problem> {
    match decision {
        Decision::NotHappened => workspace.runner().resume(run).await?,
        Decision::Undo => workspace.runner().stop(run, true).await?,
        Decision::Happened => {
            return Err(Problem::new(Code::Conflict)
                .with("item", format!("Run {}", run.id))
                .with("message", "It asks whether to go on: answer not-happened to go on, or undo to stop.")
                .about(Subject::Run { id: run.id.to_string(), step: None }));
        }
    }
    Ok(())
}

/// How to stop.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunStopRequest {
    /// The run.
    pub run: String,
    /// Undo what was done.
    #[serde(default)]
    pub undo: bool,
}

/// How long the answer to a stop waits for the run's end. An undo may wait much longer for its service.
const STOP_WAITS: Duration = Duration::from_secs(5);

/// Stops a run: calls in flight end, then nothing more is sent but undos where wanted. The report is of the run
/// as it stands after a few seconds: with undos that wait it goes on.
pub async fn stop(hub: &Hub, workspace: &str, request: RunStopRequest) -> Result<RunReport, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = find(&workspace, &request.run).await?;
    if run.state.is_final() {
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("Run {}", run.id))
            .with("message", "It has ended already.")
            .about(Subject::Run { id: run.id.to_string(), step: None }));
    }
    workspace.stop_run(&run.id, request.undo).await?;
    if let Ok(left) = tokio::time::timeout(STOP_WAITS, workspace.wait_on(&run.id)).await {
        left?;
    }
    report_of(&workspace, &run.id).await
}

/// Which runs to list.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct RunListRequest {
    /// How many to pass over.
    pub offset: u32,
    /// At most this many; 50 where absent, at most 1,000.
    pub limit: Option<u32>,
}

/// Runs, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunListResponse {
    /// Those asked for.
    pub runs: Vec<RunView>,
    /// How many there are in all.
    pub total: u64,
}

/// Lists runs.
pub async fn list(hub: &Hub, workspace: &str, request: RunListRequest) -> Result<RunListResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let page = workspace.store().run_list(request.limit.unwrap_or(50).min(1_000), request.offset).await?;
    let runs = page.items.into_iter().map(|run| RunView::of(&workspace, run)).collect();
    Ok(RunListResponse { runs, total: page.total })
}

/// Which report.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct RunReportRequest {
    /// The run.
    pub run: String,
    /// `markdown` or `html` renders it too.
    #[serde(default)]
    pub render: Option<String>,
}

/// A report, rendered where asked.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunReportResponse {
    /// The report.
    pub report: RunReport,
    /// The rendered text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
}

/// Gives a run's report, from journal rows only.
pub async fn report(
    hub: &Hub,
    workspace: &str,
    request: RunReportRequest,
) -> Result<RunReportResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let id = find(&workspace, &request.run).await?.id;
    let report = report_of(&workspace, &id).await?;
    let rendered = match request.render.as_deref() {
        None => None,
        Some("markdown") => Some(reports::markdown(&report)),
        Some("html") => Some(reports::html(&report)),
        Some(_) => {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "\"render\"")
                .with("message", "Use markdown or html.")
                .about(Subject::Field { name: "render".into() }));
        }
    };
    Ok(RunReportResponse { report, rendered })
}

/// A report as Markdown.
pub fn markdown(report: &RunReport) -> String {
    reports::markdown(report)
}

/// The report of a run as its journal tells it now.
pub(crate) async fn report_of(workspace: &Workspace, id: &RunId) -> Result<RunReport, Problem> {
    let mut run = workspace.run(id).await?;
    let connectors = titles::known(workspace, &run.snapshot).await?;
    // Only for what is read: the snapshot that is kept names no step that nobody has named.
    run.snapshot = titles::named(&run.snapshot, &connectors);
    let mut building = reports::Building::of(&run);
    let mut reached = Reached::default();
    journal::each(workspace.store(), id, |entry| {
        reached.take(&entry.fact);
        building.take(&entry);
    })
    .await?;
    let mut report = building.finish();
    for (step, own) in report.steps.iter_mut().zip(run.snapshot.all_steps()) {
        step.action = titles::action(own, &connectors).unwrap_or_default();
    }
    Privacy::of_run(workspace, &run, reached).await?.tell(&mut report);
    report.interrupted = workspace.is_interrupted(&run);
    Ok(report)
}
