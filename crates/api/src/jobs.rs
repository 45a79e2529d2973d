//! Background work as it is looked at: what waits, what was given up, how each queue is.

use patchbay_model::problem::Problem;
use patchbay_model::{Event, JobId, Timestamp};
use patchbay_store::{JobEntry, JobFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::workspace::Workspace;
use crate::workspaces::Empty;

/// Which jobs to list.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct JobListRequest {
    /// Only those of this queue: `backfill`, `delta`, `webhook`, `health` or `run`.
    pub queue: Option<String>,
    /// Only those in this state: `ready`, `claimed`, `done`, `failed` or `cancelled`; those that were given
    /// up (`failed`) where absent.
    pub state: Option<String>,
    /// Only those for this connection.
    pub connection: Option<String>,
    /// How many to pass over.
    pub offset: u32,
    /// At most this many; 100 where absent, at most 1,000.
    pub limit: Option<u32>,
}

/// One job.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    /// Never changes.
    pub id: JobId,
    /// Who does it.
    pub queue: String,
    /// `ready`, `claimed`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// The connection that it is for.
    pub connection: Option<String>,
    /// The stream that it is for.
    pub stream: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is, or was, due.
    pub due_at: Timestamp,
    /// Why it did not succeed, or what it waits for.
    pub problem: Option<Problem>,
    /// What came of it.
    pub result: Option<Value>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was last taken up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Jobs, the latest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct JobListResponse {
    /// Those asked for.
    pub jobs: Vec<JobView>,
    /// How many there are in all that match.
    pub total: u64,
}

/// Lists jobs.
pub async fn list(hub: &Hub, workspace: &str, request: JobListRequest) -> Result<JobListResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = match &request.connection {
        Some(name) => Some(workspace.connection(name).await?.id),
        None => None,
    };
    let filter = JobFilter {
        queue: request.queue,
        state: Some(request.state.unwrap_or_else(|| "failed".to_owned())),
        connection,
        offset: request.offset,
        limit: request.limit.unwrap_or(100).min(1_000),
    };
    let page = workspace.store().job_list(filter).await?;
    let mut jobs = Vec::with_capacity(page.items.len());
    for job in page.items {
        jobs.push(view(&workspace, job).await?);
    }
    Ok(JobListResponse { jobs, total: page.total })
}

pub(crate) async fn view(workspace: &Workspace, job: JobEntry) -> Result<JobView, Problem> {
    let connection = match &job.connection {
        Some(id) => workspace.store().connection(id).await?.map(|connection| connection.name),
        None => None,
    };
    Ok(JobView {
        id: job.id,
        queue: job.queue,
        state: job.state,
        connection,
        stream: job.stream,
        attempts: job.attempts,
        due_at: job.due_at,
        problem: job.problem,
        result: job.result,
        created_at: job.created_at,
        started_at: job.started_at,
        ended_at: job.ended_at,
    })
}

/// A job.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct JobRef {
    /// Its identifier.
    pub id: JobId,
}

/// The job that was meant.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct JobTouched {
    /// Its identifier.
    pub id: JobId,
}

/// Lets a job that was given up, or that waits, be done now.
pub async fn retry(hub: &Hub, workspace: &str, request: JobRef) -> Result<JobTouched, Problem> {
    let workspace = hub.workspace(workspace).await?;
    workspace.store().job_retry(&request.id).await?;
    noted(&workspace, "job_retried", &request.id).await?;
    workspace.work_asked();
    Ok(JobTouched { id: request.id })
}

/// Lets go of a job that was given up, or that nobody has begun.
pub async fn forget(hub: &Hub, workspace: &str, request: JobRef) -> Result<JobTouched, Problem> {
    let workspace = hub.workspace(workspace).await?;
    workspace.store().job_drop(&request.id).await?;
    noted(&workspace, "job_dropped", &request.id).await?;
    Ok(JobTouched { id: request.id })
}

async fn noted(workspace: &Workspace, act: &str, id: &JobId) -> Result<(), Problem> {
    workspace.store().audit(act, id.as_str(), &Value::Null).await?;
    workspace.events().emit(Event::JobsChanged);
    Ok(())
}

/// How one queue is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// The queue.
    pub queue: String,
    /// Jobs at the same time.
    pub concurrency: u32,
    /// Jobs that are due and wait for their turn.
    pub depth: u64,
    /// Jobs that wait for their time.
    pub later: u64,
    /// Jobs under way.
    pub running: u64,
    /// How long the oldest job that is due has waited, in seconds.
    pub oldest_seconds: Option<u64>,
    /// Jobs that were given up.
    pub dead: u64,
    /// Jobs done in the last 24 hours.
    pub done: u64,
    /// Attempts that failed in the last 24 hours.
    pub failed: u64,
    /// How long one took on average, in milliseconds.
    pub mean_ms: u64,
}

/// How the queues are.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct QueueStatsResponse {
    /// Whether this engine does the work; a command that looks and goes does not.
    pub running: bool,
    /// Each queue.
    pub queues: Vec<QueueView>,
    /// When the next stream is read.
    pub next_sync_at: Option<Timestamp>,
    /// Nothing is read by itself until the person lets it go on.
    pub sync_paused: bool,
}

/// Says how the queues are.
pub async fn stats(hub: &Hub, workspace: &str, _: Empty) -> Result<QueueStatsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let figures = workspace.store().queue_figures().await?;
    let (knobs, now) = (workspace.knobs().await?, hub.clock().now());
    let queues = patchbay_ingest::jobs::Queue::ALL.map(|queue| {
        let own = figures.iter().find(|figures| figures.queue == queue.as_str());
        let oldest = own.and_then(|own| own.oldest_due_at);
        QueueView {
            queue: queue.as_str().to_owned(),
            concurrency: knobs.concurrency.get(&queue).copied().unwrap_or_else(|| queue.usual_concurrency()),
            depth: own.map_or(0, |own| own.depth),
            later: own.map_or(0, |own| own.later),
            running: own.map_or(0, |own| own.running),
            oldest_seconds: oldest.map(|at| u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0)),
            dead: own.map_or(0, |own| own.dead),
            done: own.map_or(0, |own| own.done),
            failed: own.map_or(0, |own| own.failed),
            mean_ms: own.map_or(0, |own| own.mean_ms),
        }
    });
    let next = workspace.store().schedule_next(patchbay_store::ScheduleKind::Sync).await?;
    let sync_paused = knobs.defaults.sync_paused;
    let next_sync_at = next.filter(|_| !sync_paused);
    Ok(QueueStatsResponse { running: workspace.polls(), queues: queues.into(), next_sync_at, sync_paused })
}
