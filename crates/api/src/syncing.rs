//! Streams of a connection: how they are read by themselves, and what a person does about it.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use patchbay_ingest::{BY_HAND, Progress, health_key, rhythm, sync_job, sync_key, sync_unique_key};
use patchbay_model::permissions::may_read;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Connection, ConnectionId, Event, Timestamp};
use patchbay_store::{Gap, JobEntry, Merge, Rhythm, Schedule, ScheduleKind, Store};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::connections::ConnectionName;
use crate::hub::Hub;
use crate::workspace::Workspace;

/// Gaps that are shown are no older than this.
const GAPS: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

/// How a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// Waits for its time.
    Idle,
    /// Waits for its turn.
    Queued,
    /// Is being read.
    Reading,
    /// Waits for the service, or for its next try.
    Waiting,
    /// Waits for the user.
    Stopped,
    /// Switched off.
    Off,
    /// The permission that it needs was not granted: the user signs in with it.
    NotPermitted,
}

/// One stream.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StreamView {
    /// Its name within the connector.
    pub id: String,
    /// What a person reads.
    pub title: String,
    /// How it is.
    pub state: StreamState,
    /// Whether it is read by itself.
    pub on: bool,
    /// Seconds between two reads.
    pub interval_seconds: u32,
    /// Whether the user set them.
    pub own_interval: bool,
    /// A cron pattern in the place of the interval.
    pub cron: Option<String>,
    /// The pattern in words.
    pub cron_words: Option<String>,
    /// The pattern's time zone.
    pub zone: Option<String>,
    /// When a read last came to an end, well or not.
    pub last_at: Option<Timestamp>,
    /// When one last went well.
    pub last_ok_at: Option<Timestamp>,
    /// What was new then.
    pub last_new: Option<u64>,
    /// When it is read next, or tried again.
    pub next_at: Option<Timestamp>,
    /// Why the last read did not go well, or what it waits for.
    pub problem: Option<Problem>,
    /// Failures in a row.
    pub failures: u32,
    /// Whether it has been read to its end once.
    pub read_whole: bool,
    /// Items per page, where pages were too large.
    pub page_size: Option<u32>,
    /// How far the read under way is.
    pub progress: Option<Progress>,
}

/// A time from which something may be missing.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GapView {
    /// The stream; empty where it concerns what the service sends by itself.
    pub stream: String,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Why: a code, or `closed` or `too_many_pages`.
    pub reason: String,
}

/// Times of late from which something of a connection may be missing, the latest first.
pub(crate) async fn gaps(
    store: &Store,
    connection: &ConnectionId,
    now: Timestamp,
) -> Result<Vec<GapView>, Problem> {
    let gaps = store.gaps(connection, now.checked_sub(GAPS).unwrap_or(now)).await?;
    let view = |gap: Gap| GapView { stream: gap.stream, from: gap.from, to: gap.to, reason: gap.reason };
    Ok(gaps.into_iter().map(view).collect())
}

/// The streams of a connection.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StreamsResponse {
    /// The connection.
    pub name: String,
    /// Whether this engine reads by itself; a command that looks and goes does not.
    pub running: bool,
    /// Its streams.
    pub streams: Vec<StreamView>,
    /// When it is checked next.
    pub next_check_at: Option<Timestamp>,
    /// Times from which something may be missing, the latest first.
    pub gaps: Vec<GapView>,
}

/// Shows the streams of a connection.
pub async fn streams(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<StreamsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    view(hub, &workspace, &connection).await
}

async fn view(hub: &Hub, workspace: &Workspace, connection: &Connection) -> Result<StreamsResponse, Problem> {
    let store = workspace.store();
    let compiled = workspace.connectors().get(&connection.connector)?;
    let schedules = store.schedules(Some(&connection.id)).await?;
    let jobs = store.jobs_live(&connection.id).await?;
    let usual = workspace.knobs().await?.defaults.poll_seconds;
    let now = hub.clock().now();
    let streams = compiled.descriptor().streams.iter().map(|stream| {
        let key = sync_key(&connection.id, &stream.id);
        let schedule = schedules.iter().find(|schedule| schedule.key == key);
        let job = jobs.iter().find(|job| job.stream.as_ref() == Some(&stream.id));
        let progress = workspace.reading().progress(&connection.id, &stream.id);
        let state = match state_of(schedule, job, progress.is_some(), now) {
            StreamState::Idle if !may_read(connection, compiled.descriptor(), stream) => {
                StreamState::NotPermitted
            }
            state => state,
        };
        let own = schedule.map(|schedule| &schedule.rhythm);
        let waiting = job.filter(|_| matches!(state, StreamState::Waiting | StreamState::Queued));
        let next = schedule.and_then(|schedule| schedule.next_at);
        let rests = matches!(state, StreamState::Off | StreamState::Stopped | StreamState::NotPermitted);
        let plans = !connection.paused && !rests;
        StreamView {
            id: stream.id.clone(),
            title: stream.title.clone(),
            state,
            on: schedule.is_none_or(|schedule| !schedule.switched_off),
            interval_seconds: own
                .and_then(|own| own.every_seconds)
                .or(stream.interval_seconds)
                .unwrap_or(usual),
            own_interval: own.is_some_and(|own| own.every_seconds.is_some()),
            cron: own.and_then(|own| own.cron.clone()),
            cron_words: own.and_then(|own| rhythm::describe(own.cron.as_deref()?)),
            zone: own.and_then(|own| own.zone.clone()),
            last_at: schedule.and_then(|schedule| schedule.last_at),
            last_ok_at: schedule.and_then(|schedule| schedule.last_ok_at),
            last_new: schedule.and_then(|schedule| schedule.last_new),
            next_at: waiting.map(|job| job.due_at).or(next).filter(|_| plans),
            problem: waiting
                .and_then(|job| job.problem.clone())
                .or_else(|| schedule.and_then(|schedule| schedule.last_problem.clone())),
            failures: schedule.map_or(0, |schedule| schedule.failures),
            read_whole: schedule.is_some_and(|schedule| schedule.backfilled_at.is_some()),
            page_size: schedule.and_then(|schedule| schedule.page_size),
            progress,
        }
    });
    let check = health_key(&connection.id);
    let next_check = schedules.iter().find(|schedule| schedule.key == check).and_then(|check| check.next_at);
    let gaps = gaps(store, &connection.id, now).await?;
    Ok(StreamsResponse {
        name: connection.name.clone(),
        running: workspace.polls(),
        streams: streams.collect(),
        next_check_at: next_check.filter(|_| !connection.paused),
        gaps,
    })
}

fn state_of(schedule: Option<&Schedule>, job: Option<&JobEntry>, is_read: bool, now: Timestamp) -> StreamState {
    match (schedule, job) {
        _ if is_read => StreamState::Reading,
        (_, Some(job)) if job.state == "claimed" => StreamState::Reading,
        (_, Some(job)) if job.due_at > now && job.problem.is_some() => StreamState::Waiting,
        (_, Some(_)) => StreamState::Queued,
        (Some(schedule), None) if schedule.switched_off => StreamState::Off,
        (Some(schedule), None) if schedule.stopped => StreamState::Stopped,
        _ => StreamState::Idle,
    }
}

/// What to read now.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct SyncNowRequest {
    /// The connection.
    pub name: String,
    /// Only this stream; all that are on where absent.
    #[serde(default)]
    pub stream: Option<String>,
}

/// Asks for streams to be read now, in the background: before what is due by itself, and after what is being
/// read already.
pub async fn now(hub: &Hub, workspace: &str, request: SyncNowRequest) -> Result<StreamsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let target = workspace.target(&request.name).await?;
    crate::data::check_resumed(&target)?;
    let connection = target.connection;
    let store = workspace.store();
    let (at, tries) = (hub.clock().now(), workspace.knobs().await?.defaults.tries);
    let mut asked = 0;
    for stream in &target.descriptor.descriptor().streams {
        let wanted = match &request.stream {
            Some(wanted) => *wanted == stream.id,
            None => may_read(&connection, target.descriptor.descriptor(), stream),
        };
        if !wanted {
            continue;
        }
        let key = sync_key(&connection.id, &stream.id);
        store.schedule_add(&key, at).await?;
        let Some(schedule) = store.schedule(&key).await? else { continue };
        if schedule.switched_off && request.stream.is_none() {
            continue;
        }
        store.job_enqueue_unique(sync_job(&schedule, at, BY_HAND, Merge::Sooner, tries)).await?;
        asked += 1;
    }
    if asked == 0 {
        return Err(no_stream(&request.name, request.stream.as_deref()));
    }
    workspace.work_asked();
    told(&workspace, &connection);
    view(hub, &workspace, &connection).await
}

/// Whether to pause.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PauseAllRequest {
    /// Nothing is read by itself, in any workspace; else it goes on.
    pub paused: bool,
}

/// What pausing did.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PausedAll {
    /// Nothing is read by itself.
    pub paused: bool,
    /// Workspaces that could not be told. Where they are opened again, it holds for them too.
    pub untold: Vec<String>,
}

/// What earlier versions kept of it, in the settings of each workspace.
pub(crate) const PAUSED: &str = "syncPaused";

fn mark(data_dir: &Path) -> PathBuf {
    data_dir.join("sync-paused")
}

/// Whether nothing is read by itself: a file says so, for all workspaces, those too that cannot be opened now.
pub(crate) fn is_paused(data_dir: &Path) -> bool {
    mark(data_dir).exists()
}

/// Pauses everything that is read by itself, in every workspace, or lets it go on. Reads under way end, and
/// what is asked for by hand is read all the same; health checks go on.
pub async fn pause_all(hub: &Hub, _: &str, request: PauseAllRequest) -> Result<PausedAll, Problem> {
    let mark = mark(hub.data_dir());
    let written = if request.paused { std::fs::write(&mark, "") } else { gone(std::fs::remove_file(&mark)) };
    written.map_err(|error| {
        Problem::new(Code::StorageFull).detail(format!("what is paused is not written: {error}"))
    })?;
    hub.sync_paused().store(request.paused, Ordering::Release);
    let mut untold = Vec::new();
    for name in crate::workspaces::names(hub)? {
        if let Err(problem) = tell(hub, &name, request.paused).await {
            tracing::warn!(workspace = name, %problem, paused = request.paused, "is not told");
            untold.push(name);
        }
    }
    Ok(PausedAll { paused: request.paused, untold })
}

fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    removed.or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

async fn tell(hub: &Hub, name: &str, paused: bool) -> Result<(), Problem> {
    let workspace = hub.workspace(name).await?;
    let forget = std::collections::BTreeMap::from([(PAUSED.to_owned(), serde_json::Value::Null)]);
    workspace.store().settings_set(None, forget).await?;
    workspace.note(if paused { "sync_paused" } else { "sync_resumed" }).await;
    workspace.settings_changed().await?;
    workspace.events().emit(Event::JobsChanged);
    Ok(())
}

/// How a stream is to be read.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamSetRequest {
    /// The connection.
    pub name: String,
    /// The stream.
    pub stream: String,
    /// Whether it is read by itself; as it is where absent.
    #[serde(default)]
    pub on: Option<bool>,
    /// Seconds between two reads, 10 to 2,678,400; ends a pattern.
    #[serde(default)]
    pub interval_seconds: Option<u32>,
    /// A cron pattern, such as `0 9 * * MON-FRI`; ends an interval.
    #[serde(default)]
    pub cron: Option<String>,
    /// The pattern's time zone, such as `Europe/Berlin`; UTC where absent.
    #[serde(default)]
    pub zone: Option<String>,
    /// As the connector says again.
    #[serde(default)]
    pub usual: Option<bool>,
}

/// Sets when a stream is read, and whether.
pub async fn set(hub: &Hub, workspace: &str, request: StreamSetRequest) -> Result<StreamsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    let compiled = workspace.connectors().get(&connection.connector)?;
    let Some(stream) = compiled.descriptor().stream(&request.stream) else {
        return Err(no_stream(&request.name, Some(&request.stream)));
    };
    let now = hub.clock().now();
    let key = sync_key(&connection.id, &stream.id);
    workspace.store().schedule_add(&key, now).await?;
    let before = workspace.store().schedule(&key).await?;
    let before = before.ok_or_else(|| no_stream(&request.name, Some(&request.stream)))?;
    let rhythm = wanted(&request, &before.rhythm, now)?;
    let off = request.on.map_or(before.switched_off, |on| !on);
    let changed = rhythm != before.rhythm;
    let usual = match stream.interval_seconds {
        Some(seconds) => seconds,
        None => workspace.knobs().await?.defaults.poll_seconds,
    };
    // Switched on again, it is read at once; with another rhythm, from the last read on.
    let next = if !off && before.switched_off {
        Some(now)
    } else if changed {
        let from = before.last_at.filter(|_| rhythm.cron.is_none()).unwrap_or(now);
        rhythm::next(&rhythm, usual, from, 0.5).map(|at| at.max(now))
    } else {
        before.next_at
    };
    workspace.store().schedule_set(&key, rhythm.clone(), off, next.unwrap_or(now)).await?;
    let detail = json!({
        "stream": stream.id, "on": !off, "intervalSeconds": rhythm.every_seconds, "cron": rhythm.cron,
        "zone": rhythm.zone,
    });
    workspace.store().audit("stream_set", &connection.name, &detail).await?;
    if off {
        workspace.stop_reading(&connection, Some(&stream.id)).await?;
    }
    workspace.plans_changed();
    told(&workspace, &connection);
    view(hub, &workspace, &connection).await
}

fn wanted(request: &StreamSetRequest, before: &Rhythm, now: Timestamp) -> Result<Rhythm, Problem> {
    let odd = |field: &str, name: &str, message: &str| {
        Problem::new(Code::InputInvalid)
            .with("field", field)
            .with("message", message)
            .about(Subject::Field { name: name.to_owned() })
    };
    match (&request.cron, request.interval_seconds) {
        _ if request.usual == Some(true) => Ok(Rhythm::default()),
        (Some(_), Some(_)) => Err(odd("The rhythm", "cron", "Give an interval or a pattern, not both.")),
        (Some(cron), None) => {
            if rhythm::next_of_pattern(cron, request.zone.as_deref(), now)?.is_none() {
                return Err(odd("The pattern", "cron", "It names no time that will come."));
            }
            Ok(Rhythm { every_seconds: None, cron: Some(cron.clone()), zone: request.zone.clone() })
        }
        (None, Some(seconds)) if (rhythm::SHORTEST..=rhythm::LONGEST).contains(&seconds) => {
            Ok(Rhythm { every_seconds: Some(seconds), ..Rhythm::default() })
        }
        (None, Some(_)) => Err(odd("The interval", "intervalSeconds", "Choose 10 seconds to 31 days.")),
        (None, None) => Ok(before.clone()),
    }
}

/// Which read to stop.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SyncCancelRequest {
    /// The connection.
    pub name: String,
    /// The stream.
    pub stream: String,
}

/// Stops a read. What is stored stays. A first read that is stopped does not begin again by itself: the stream
/// is switched off.
pub async fn cancel(
    hub: &Hub,
    workspace: &str,
    request: SyncCancelRequest,
) -> Result<StreamsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    let key = sync_key(&connection.id, &request.stream);
    let schedule = workspace.store().schedule(&key).await?;
    let schedule = schedule.ok_or_else(|| no_stream(&request.name, Some(&request.stream)))?;
    if schedule.backfilled_at.is_none() {
        let next = schedule.next_at.unwrap_or_else(|| hub.clock().now());
        workspace.store().schedule_set(&key, schedule.rhythm, true, next).await?;
    }
    workspace.stop_reading(&connection, Some(&request.stream)).await?;
    let detail = json!({ "stream": request.stream });
    workspace.store().audit("sync_cancelled", &connection.name, &detail).await?;
    told(&workspace, &connection);
    view(hub, &workspace, &connection).await
}

impl Workspace {
    /// Stops what is being read of a connection, or is about to be.
    pub(crate) async fn stop_reading(
        &self,
        connection: &Connection,
        stream: Option<&str>,
    ) -> Result<(), Problem> {
        for job in self.store().jobs_live(&connection.id).await? {
            let Some(own) = job.stream else { continue };
            if stream.is_some_and(|wanted| wanted != own) {
                continue;
            }
            let key = sync_unique_key(&connection.id, &own);
            if let Some(running) = self.store().job_cancel(&key).await? {
                self.cut_off(&running);
            }
        }
        Ok(())
    }

    /// When a connection was last read, and when it is read next.
    pub(crate) async fn sync_times(
        &self,
        connection: &Connection,
    ) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        let schedules = self.store().schedules(Some(&connection.id)).await?;
        let syncs = schedules.iter().filter(|schedule| schedule.key.kind == ScheduleKind::Sync);
        let last = syncs.clone().filter_map(|schedule| schedule.last_ok_at).max();
        let on = syncs.filter(|schedule| !schedule.switched_off && !schedule.stopped);
        let next = on.filter_map(|schedule| schedule.next_at).min();
        Ok((last, next.filter(|_| !connection.paused && connection.state.is_usable())))
    }
}

fn told(workspace: &Workspace, connection: &Connection) {
    workspace.events().emit(Event::SyncChanged { connection: connection.id.clone(), stream: None });
}

fn no_stream(connection: &str, stream: Option<&str>) -> Problem {
    let item = match stream {
        Some(stream) => format!("The stream \"{stream}\""),
        None => "A stream to read".to_owned(),
    };
    Problem::new(Code::NotFound).with("item", item).about(Subject::Connection { name: connection.to_owned() })
}
