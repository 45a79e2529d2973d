//! How every connection is doing, with the figures of a range of time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use patchbay_model::health::HealthState;
use patchbay_model::latency::Latency;
use patchbay_model::{Code, ConnectionId, Problem, Timestamp};
use patchbay_store::{
    AuditFilter, Call, ConnectionFilter, HALF_HOUR, HealthBucket, HealthChange, QueueFigures,
};
use serde::{Deserialize, Serialize};

use super::disk::disk_use;
use super::facts::{Judged, begin_of, rules};
use super::view::{
    CheckBar, ConnectRate, HealthFigures, HealthOverview, HealthPoint, HealthReason, HealthRow, QueueWait,
};
use crate::hub::Hub;
use crate::workspace::Workspace;

/// Bars in a strip of checks, one per half hour.
pub(crate) const BARS: u32 = 48;

/// A range of time up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum HealthRange {
    /// One hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// A week.
    #[serde(rename = "7d")]
    Week,
}

impl HealthRange {
    /// Length of a point of the chart, and how many there are.
    fn points(self) -> (Duration, u32) {
        match self {
            Self::Hour => (Duration::from_secs(60), 60),
            Self::Day => (HALF_HOUR, 48),
            Self::Week => (HALF_HOUR * 4, 84),
        }
    }

    /// When it begins: with a whole point, the last of which is the one of now.
    pub(crate) fn begin(self, now: Timestamp) -> Timestamp {
        let (length, count) = self.points();
        let whole = match self {
            Self::Hour => floor(now, length),
            Self::Day | Self::Week => begin_of(now) + HALF_HOUR - length,
        };
        whole - length * (count - 1)
    }

    /// Length of a point in seconds.
    pub(crate) fn step_seconds(self) -> u64 {
        self.points().0.as_secs()
    }

    fn length(self) -> Duration {
        let (length, count) = self.points();
        length * count
    }
}

fn floor(at: Timestamp, length: Duration) -> Timestamp {
    let (millis, length) = (at.as_millisecond(), length.as_millis() as i64);
    Timestamp::from_millisecond(millis - millis.rem_euclid(length)).unwrap_or(at)
}

/// What to look at.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct HealthOverviewRequest {
    /// How far back; a day where absent.
    pub range: Option<HealthRange>,
}

/// Says how every connection is doing, from what is stored; calls nobody.
pub async fn overview(
    hub: &Hub,
    workspace: &str,
    request: HealthOverviewRequest,
) -> Result<HealthOverview, Problem> {
    let workspace = hub.workspace(workspace).await?;
    // Read first: an event that comes while this is gathered is told again rather than missed.
    let seq = hub.events().seq();
    let (store, now) = (workspace.store(), hub.clock().now());
    let range = request.range.unwrap_or_default();
    let judged = judge_all(hub, &workspace).await?;
    let since = range.begin(now);
    let cells = Cells::read(&workspace, range, since).await?;
    let day = begin_of(now) - HALF_HOUR * (BARS - 1);
    let strips = store.health_buckets(None, day).await?;
    let week = signals_of(store.health_signals(now - Duration::from_secs(7 * 86_400)).await?);
    let since_when: HashMap<ConnectionId, HealthChange> =
        store.health_states().await?.into_iter().map(|change| (change.connection.clone(), change)).collect();
    let mut rows: Vec<HealthRow> = Vec::with_capacity(judged.len());
    let (mut figures, mut sum) = (HealthFigures::default(), Sum::default());
    let (mut before, mut points) = (Latency::default(), vec![Sum::default(); range.points().1 as usize]);
    for one in &judged {
        let id = one.connection.id.as_str();
        let own = cells.of(id, range, since);
        let total = own.points.iter().fold(Sum::default(), |all, point| all.and(point));
        let mut checks = vec![CheckBar::default(); BARS as usize];
        let mut signals_day = 0;
        for bucket in strips.iter().filter(|bucket| bucket.connection == id) {
            if let Some(bar) = place(day, HALF_HOUR, bucket.at).and_then(|at| checks.get_mut(at)) {
                *bar = CheckBar { ok: bucket.checks_ok, failed: bucket.checks_failed };
            }
            signals_day += bucket.signals;
        }
        if !one.sandbox && !one.connection.paused {
            sum = sum.and(&total);
            before.add(&own.before);
            points.iter_mut().zip(&own.points).for_each(|(all, own)| *all = all.and(own));
            figures.signals_day += signals_day;
            figures.signals_week += week.get(id).copied().unwrap_or_default();
            match one.verdict.state {
                HealthState::Error if one.facts.sign_in_ended => figures.need_sign_in += 1,
                HealthState::Error => figures.failing += 1,
                HealthState::Degraded => figures.degraded += 1,
                HealthState::NoRecentData | HealthState::Healthy => {}
            }
        }
        let state = workspace.engine().activity().state(&one.connection.id, one.connection.state);
        let since = since_when.get(&one.connection.id).filter(|change| change.state == one.verdict.state);
        rows.push(HealthRow {
            id: one.connection.id.clone(),
            name: one.connection.name.clone(),
            connector: one.connection.connector.clone(),
            sandbox: one.sandbox,
            paused: one.connection.paused,
            state,
            health: one.verdict.state,
            since: since.map(|change| change.at),
            reasons: one.verdict.reasons.iter().map(HealthReason::from).collect(),
            healthy: one.verdict.state == HealthState::Healthy,
            details: one.details(total.failed),
            checks,
            calls: total.ok + total.failed,
            failed: total.failed,
            p50_ms: total.latency.percentile(0.5),
            p95_ms: total.latency.percentile(0.95),
            line: own.points.iter().map(|point| point.latency.percentile(0.95)).collect(),
            circuit: one.facts.circuit,
            circuit_why: one.circuit_why(),
            next_try_at: one.facts.next_try,
            signals_day,
            last_error: one.connection.last_error.clone(),
        });
    }
    let share = |row: &HealthRow| row.failed as f64 / row.calls.max(1) as f64;
    rows.sort_by(|a, b| {
        let key = |row: &HealthRow| (row.paused, row.health);
        key(a).cmp(&key(b)).then(share(b).total_cmp(&share(a))).then_with(|| a.name.cmp(&b.name))
    });
    (figures.calls_ok, figures.calls_failed, figures.calls_held) = (sum.ok, sum.failed, sum.held);
    (figures.limit_hits, figures.retries) = (sum.limit_hits, sum.retries);
    figures.p50_ms = sum.latency.percentile(0.5);
    figures.p95_ms = sum.latency.percentile(0.95);
    figures.p95_before_ms = before.percentile(0.95);
    let step = range.points().0;
    let points = (0..).zip(points).map(|(at, sum)| sum.point(since + step * at)).collect();
    Ok(HealthOverview {
        seq,
        at: now,
        range,
        since,
        step_seconds: step.as_secs(),
        checked_at: store.health_latest().await?.iter().map(|sample| sample.at).max(),
        last_problem_at: store.health_last_problem().await?,
        checking: workspace.checks().progress(),
        figures,
        points,
        sandbox: judged.iter().filter(|one| one.sandbox).count() as u32,
        rules: rules(store).await?,
        queues: queues(&workspace).await?,
        disk: disk_use(store.dir()),
        connects: connect_rate(&workspace, now).await?,
        connections: rows,
    })
}

/// Judges every connection.
pub(crate) async fn judge_all(hub: &Hub, workspace: &Workspace) -> Result<Vec<Judged>, Problem> {
    let clock = hub.clock().as_ref();
    let rules = rules(workspace.store()).await?;
    let usual = workspace.usual().read(workspace.store(), clock.now()).await?;
    let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
    let mut judged = Vec::new();
    for connection in workspace.store().connection_list(filter).await?.items {
        let usual = usual.get(connection.id.as_str()).copied();
        judged.push(Judged::of(workspace, clock, &rules, usual, connection).await?);
    }
    Ok(judged)
}

async fn queues(workspace: &Workspace) -> Result<Vec<QueueWait>, Problem> {
    let view = |one: QueueFigures| QueueWait {
        queue: one.queue,
        depth: one.depth,
        oldest: one.oldest_due_at,
        dead: one.dead,
    };
    let mut queues: Vec<QueueWait> = workspace.store().queue_figures().await?.into_iter().map(view).collect();
    // Deliveries wait in a queue of their own.
    let (depth, oldest) = workspace.store().inbox_backlog().await?;
    if depth > 0 {
        queues.push(QueueWait { queue: "inbox".into(), depth, oldest, dead: 0 });
    }
    Ok(queues)
}

/// From the audit trail: each attempt that failed is in it, and each connection that was made.
async fn connect_rate(workspace: &Workspace, now: Timestamp) -> Result<ConnectRate, Problem> {
    let since = Some(now - Duration::from_secs(30 * 86_400));
    let of = async |action: &str| {
        let action = Some(action.to_owned());
        workspace
            .store()
            .audit_find(AuditFilter { since, action, limit: 1_000, ..AuditFilter::default() })
            .await
    };
    let mut acts = of("connection_created").await?;
    acts.extend(of("connection_refused").await?);
    acts.sort_by_key(|act| act.id);
    Ok(rate_of(
        acts.iter().map(|act| {
            (act.detail["connector"].as_str().unwrap_or_default(), act.action == "connection_created")
        }),
    ))
}

/// Attempts in the order of time: the connector, and whether a connection was made.
fn rate_of<'a>(attempts: impl Iterator<Item = (&'a str, bool)>) -> ConnectRate {
    let mut failed_before = HashSet::new();
    let mut rate = ConnectRate::default();
    for (connector, made) in attempts {
        if made {
            rate.made += 1;
            rate.at_first += u64::from(!failed_before.remove(connector));
        } else {
            rate.failed += 1;
            failed_before.insert(connector);
        }
    }
    rate
}

/// New signals of a connection in 24 hours, as the table of connections has them.
pub(crate) async fn signals_day(workspace: &Workspace, connection: &ConnectionId) -> Result<u64, Problem> {
    let day = begin_of(workspace.now()) - HALF_HOUR * (BARS - 1);
    let buckets = workspace.store().health_buckets(Some(connection), day).await?;
    Ok(buckets.iter().map(|bucket| bucket.signals).sum())
}

/// The same of every connection that had any.
pub(crate) async fn signals_of_day(workspace: &Workspace) -> Result<HashMap<String, u64>, Problem> {
    let day = begin_of(workspace.now()) - HALF_HOUR * (BARS - 1);
    Ok(signals_of(workspace.store().health_signals(day).await?))
}

fn signals_of(sums: Vec<(String, u64)>) -> HashMap<String, u64> {
    sums.into_iter().collect()
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    pub(crate) held: u64,
    pub(crate) limit_hits: u64,
    pub(crate) retries: u64,
    pub(crate) latency: Latency,
}

impl Sum {
    fn and(&self, other: &Self) -> Self {
        let mut latency = self.latency.clone();
        latency.add(&other.latency);
        Self {
            ok: self.ok + other.ok,
            failed: self.failed + other.failed,
            held: self.held + other.held,
            limit_hits: self.limit_hits + other.limit_hits,
            retries: self.retries + other.retries,
            latency,
        }
    }

    fn count(&mut self, call: &Call) {
        let failed = call.code.is_some_and(Code::is_failure);
        self.ok += u64::from(call.success);
        self.failed += u64::from(failed);
        self.held += u64::from(!call.success && !failed);
        self.limit_hits += u64::from(call.code.is_some_and(Code::is_limit));
        self.retries += u64::from(call.retries);
        if call.success || call.duration_ms > 0 {
            self.latency.count(call.duration_ms);
        }
    }

    pub(crate) fn point(&self, at: Timestamp) -> HealthPoint {
        HealthPoint {
            at,
            p50_ms: self.latency.percentile(0.5),
            p95_ms: self.latency.percentile(0.95),
            calls: self.ok + self.failed,
            failed: self.failed,
        }
    }
}

impl From<&HealthBucket> for Sum {
    fn from(bucket: &HealthBucket) -> Self {
        Self {
            ok: bucket.calls_ok,
            failed: bucket.calls_failed,
            held: bucket.calls_held,
            limit_hits: bucket.limit_hits,
            retries: bucket.retries,
            latency: bucket.latency.clone(),
        }
    }
}

/// What happened to connections, by the points of a range and in the period before it.
pub(crate) struct Cells(BTreeMap<String, Vec<(Timestamp, Sum)>>);

/// The cells of one connection.
pub(crate) struct Own {
    pub(crate) points: Vec<Sum>,
    pub(crate) before: Latency,
}

impl Cells {
    /// Reads them: half hours are added up already, minutes are counted from the calls.
    pub(crate) async fn read(
        workspace: &Workspace,
        range: HealthRange,
        since: Timestamp,
    ) -> Result<Self, Problem> {
        let (store, from) = (workspace.store(), since - range.length());
        let mut cells: BTreeMap<String, Vec<(Timestamp, Sum)>> = BTreeMap::new();
        if range == HealthRange::Hour {
            let mut minutes: HashMap<(String, Timestamp), Sum> = HashMap::new();
            let length = range.points().0;
            for call in store.calls_of_all_since(from).await? {
                let key = (call.connection.to_string(), floor(call.at, length));
                minutes.entry(key).or_default().count(&call);
            }
            for ((connection, at), sum) in minutes {
                cells.entry(connection).or_default().push((at, sum));
            }
        } else {
            for bucket in store.health_buckets(None, from).await? {
                cells.entry(bucket.connection.clone()).or_default().push((bucket.at, Sum::from(&bucket)));
            }
        }
        Ok(Self(cells))
    }

    pub(crate) fn of(&self, connection: &str, range: HealthRange, since: Timestamp) -> Own {
        let (length, count) = range.points();
        let mut own = Own { points: vec![Sum::default(); count as usize], before: Latency::default() };
        for (at, sum) in self.0.get(connection).into_iter().flatten() {
            match place(since, length, *at) {
                Some(place) => {
                    if let Some(point) = own.points.get_mut(place) {
                        *point = point.and(sum);
                    }
                }
                None => own.before.add(&sum.latency),
            }
        }
        own
    }
}

/// Which of the stretches since `since` a moment is in; none before.
fn place(since: Timestamp, length: Duration, at: Timestamp) -> Option<usize> {
    let passed = at.as_millisecond() - since.as_millisecond();
    usize::try_from(passed.div_euclid(length.as_millis() as i64)).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::{Value, json};

    use super::*;
    use crate::commands::dispatch;

    #[tokio::test]
    async fn a_connection_tells_how_many_signals_came_in_a_day_and_how_many_in_all() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = crate::workspace::tests::hub(dir.path(), &clock);
        let call =
            async |command: &str, request: Value| dispatch(&hub, "default", command, request).await.unwrap();
        call("sandbox_start", json!({})).await;
        call("connection_sync", json!({"name": "Sandbox Tracker"})).await;
        let told = async || {
            let shown = call("connection_show", json!({"name": "Sandbox Tracker"})).await;
            let listed = call("connection_list", json!({})).await;
            let row = listed["connections"].as_array().unwrap().iter().find(|one| one["id"] == shown["id"]);
            let figures = |one: &Value| (one["signals"].as_u64().unwrap(), one["signalsDay"].as_u64().unwrap());
            assert_eq!(figures(row.unwrap()), figures(&shown), "the list says what the page says");
            figures(&shown)
        };
        let (all, day) = told().await;
        assert!(all > 0, "the sandbox has items");
        assert_eq!(day, all, "all of them came today");
        clock.advance(Duration::from_secs(25 * 3600));
        assert_eq!(told().await, (all, 0), "a day later none of them is new");
        hub.shut_down().await;
    }

    #[test]
    fn a_first_attempt_is_one_before_which_none_failed() {
        let attempts =
            [("a", true), ("b", false), ("a", true), ("b", false), ("b", true), ("b", true), ("c", false)];
        let rate = rate_of(attempts.into_iter());
        assert_eq!(rate, ConnectRate { made: 4, at_first: 3, failed: 3 });
    }

    #[test]
    fn a_range_ends_with_the_point_of_now() {
        let now: Timestamp = "2026-11-20T14:10:30Z".parse().unwrap();
        let cases = [
            (HealthRange::Hour, "2026-11-20T13:11:00Z"),
            (HealthRange::Day, "2026-11-19T14:30:00Z"),
            (HealthRange::Week, "2026-11-13T14:30:00Z"),
        ];
        for (range, begin) in cases {
            let since = range.begin(now);
            assert_eq!(since.to_string(), begin, "{range:?}");
            let (length, count) = range.points();
            assert_eq!(place(since, length, now), Some(count as usize - 1), "{range:?}");
            assert_eq!(place(since, length, since - Duration::from_millis(1)), None, "{range:?}");
        }
    }
}
