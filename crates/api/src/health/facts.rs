//! What is known of a connection's health: rows and limits gathered into what the rules take.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::health::{CircuitState, HealthFacts, HealthRules, Reason, Verdict};
use patchbay_model::host::LimitState;
use patchbay_model::problem::Problem;
use patchbay_model::rate::RateWindow;
use patchbay_model::{Clock, Code, Connection, ConnectionState, ConnectorId, Timestamp};
use patchbay_store::{HALF_HOUR, HealthWindow, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connectors::Connectors;
use crate::workspace::Workspace;

/// What is usual is told from so many days.
const USUAL_DAYS: u64 = 7;
/// And from no fewer half hours with answers.
const USUAL_LEAST: usize = 4;
/// A check or call is expected no more often than this.
const EXPECTED_EVERY: Duration = Duration::from_secs(15 * 60);
/// No more failed checks in a row are counted.
const MOST_IN_A_ROW: u32 = 100;

/// The rules of a workspace.
pub(crate) async fn rules(store: &Store) -> Result<HealthRules, Problem> {
    setting(store, "health").await
}

/// What was set under this name. What an older or newer version wrote and this one cannot read is as good as
/// never set.
pub(crate) async fn setting<T: Default + DeserializeOwned>(store: &Store, name: &str) -> Result<T, Problem> {
    let kept = store.settings(None).await?.remove(name);
    Ok(kept.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
}

/// Whether a connector is one of the built-in pretend tools: shown, and left out of sums.
pub(crate) fn is_sandbox(connectors: &Connectors, id: &ConnectorId) -> bool {
    id.as_str().starts_with("sandbox-") && connectors.is_built_in(id)
}

/// What answers of each connection usually take, for the half hour it was read in: closed half hours do
/// not change.
#[derive(Debug, Default)]
pub(crate) struct Usual(Mutex<Option<(Timestamp, HashMap<String, u64>)>>);

impl Usual {
    /// The median of each connection's half-hourly 95th percentiles over seven days, in milliseconds.
    pub(crate) async fn read(&self, store: &Store, now: Timestamp) -> Result<HashMap<String, u64>, Problem> {
        let current = begin_of(now);
        if let Some((at, usual)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
            && *at == current
        {
            return Ok(usual.clone());
        }
        let since = now - Duration::from_secs(USUAL_DAYS * 86_400);
        let mut all: HashMap<String, Vec<u64>> = HashMap::new();
        for bucket in store.health_buckets(None, since).await? {
            if bucket.at < current
                && let Some(p95) = bucket.latency.percentile(0.95)
            {
                all.entry(bucket.connection).or_default().push(p95);
            }
        }
        all.retain(|_, values| values.len() >= USUAL_LEAST);
        let usual: HashMap<String, u64> = all
            .into_iter()
            .map(|(connection, mut values)| {
                values.sort_unstable();
                (connection, values[values.len() / 2])
            })
            .collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((current, usual.clone()));
        Ok(usual)
    }
}

/// When the half hour of a moment began.
pub(crate) fn begin_of(at: Timestamp) -> Timestamp {
    let length = HALF_HOUR.as_millis() as i64;
    let millis = at.as_millisecond();
    Timestamp::from_millisecond(millis - millis.rem_euclid(length)).unwrap_or(at)
}

/// The limits of one host that a connection calls.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HostLimits {
    /// The host, with its port where that is not the usual one.
    pub host: String,
    /// Whether calls pass.
    pub circuit: CircuitState,
    /// When an open circuit lets the next call through.
    pub next_try_at: Option<Timestamp>,
    /// The service asked us to wait until then.
    pub held_until: Option<Timestamp>,
    /// What our own pace leaves.
    pub windows: Vec<WindowLeft>,
}

/// What one window of our own pace leaves.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WindowLeft {
    /// At most so many calls
    pub calls: u32,
    /// in so many seconds.
    pub seconds: u32,
    /// Calls that may go out at once now.
    pub left: u32,
    /// And at most.
    pub most: u32,
}

fn host_limits(key: &str, state: &LimitState, clock: &dyn Clock) -> HostLimits {
    let (now, wall) = (clock.monotonic(), clock.now());
    let (circuit, wait) = state.circuit.state(now);
    let windows = state.budget.left(now).into_iter();
    HostLimits {
        host: key.split_once('@').map_or(key, |(_, host)| host).to_owned(),
        circuit,
        next_try_at: wait.map(|wait| wall + wait),
        held_until: state.budget.held(now).map(|until| wall + until.saturating_sub(now)),
        windows: windows
            .map(|(RateWindow { calls, seconds, .. }, left, most)| WindowLeft { calls, seconds, left, most })
            .collect(),
    }
}

/// A connection with what is known of it and what that means.
pub(crate) struct Judged {
    pub(crate) connection: Connection,
    /// What its connector is called.
    pub(crate) tool: String,
    pub(crate) sandbox: bool,
    pub(crate) facts: HealthFacts,
    pub(crate) verdict: Verdict,
    pub(crate) window: HealthWindow,
    pub(crate) limits: Vec<HostLimits>,
}

impl Judged {
    /// Judges a connection by the rules. `usual` is what its answers usually take.
    pub(crate) async fn of(
        workspace: &Workspace,
        clock: &dyn Clock,
        rules: &HealthRules,
        usual: Option<u64>,
        connection: Connection,
    ) -> Result<Self, Problem> {
        let (store, now) = (workspace.store(), clock.now());
        let (window, since) = store.health_window(&connection.id, now - rules.window()).await?;
        let in_a_row = now - Duration::from_secs(USUAL_DAYS * 86_400);
        // Checks of an old key say nothing of a new one.
        let in_a_row = if since > now - rules.window() { since } else { in_a_row };
        let failed_checks = store.health_failed_in_a_row(&connection.id, in_a_row, MOST_IN_A_ROW).await?;
        let limits: Vec<HostLimits> = store
            .limits_with_account(&connection)
            .iter()
            .map(|(key, state)| host_limits(key, state, clock))
            .collect();
        let worst = limits.iter().max_by_key(|one| (one.circuit as u8, one.next_try_at));
        let seen = store.last_call(&connection.id).await?.max(connection.last_tested_at);
        let facts = HealthFacts {
            calls: window.ok + window.failed,
            failed: window.failed,
            p95_ms: window.p95_ms,
            usual_p95_ms: usual,
            circuit: worst.map(|one| one.circuit).unwrap_or_default(),
            next_try: worst.and_then(|one| one.next_try_at),
            limited_until: limits.iter().filter_map(|one| one.held_until).max(),
            failed_checks,
            sign_in_ended: connection.state == ConnectionState::Stale,
            expected_every: expected_every(workspace, &connection),
            quiet_for: seen.map(|at| Duration::try_from(now.duration_since(at)).unwrap_or_default()),
        };
        let verdict = Verdict::of(&facts, rules);
        let sandbox = is_sandbox(workspace.connectors(), &connection.connector);
        let connector = workspace.connectors().get(&connection.connector);
        let tool = connector.map_or_else(|_| connection.name.clone(), |one| one.descriptor().name.clone());
        Ok(Self { connection, tool, sandbox, facts, verdict, window, limits })
    }

    /// Why calls pause, in words: what the last failure was.
    pub(crate) fn circuit_why(&self) -> Option<String> {
        if self.facts.circuit == CircuitState::Closed {
            return None;
        }
        let of_window = self.window.last_failure.map(|(code, _)| Problem::new(code).with("tool", &self.tool));
        of_window.or_else(|| self.connection.last_error.clone()).map(|problem| problem.title())
    }

    /// The figures as integrations elsewhere name them.
    pub(crate) fn details(&self, errors: u64) -> HealthDetails {
        let last = self.connection.last_error.as_ref().map(Problem::code);
        let unreachable = |code: Code| code.health() == patchbay_model::problem::HealthEffect::Down;
        HealthDetails {
            auth_valid: !self.facts.sign_in_ended && !last.is_some_and(Code::ends_sign_in),
            api_accessible: self.facts.circuit != CircuitState::Open && !last.is_some_and(unreachable),
            rate_limit_status: match self.facts.limited_until {
                Some(until) => Reason::Limited(until).words(),
                None => "within limits".to_owned(),
            },
            error_count: errors,
        }
    }
}

/// What a health check says, in names that integrations elsewhere use.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthDetails {
    /// Whether the sign-in is good, as far as the last call showed.
    pub auth_valid: bool,
    /// Whether the service can be reached, as far as the last call showed.
    pub api_accessible: bool,
    /// Whether the service asked us to wait, in words.
    pub rate_limit_status: String,
    /// Calls that failed in the range that was asked for.
    pub error_count: u64,
}

/// How often a check or call is expected: as often as what comes most often, checks among it.
fn expected_every(workspace: &Workspace, connection: &Connection) -> Duration {
    let declared = workspace.connectors().get(&connection.connector).ok().and_then(|compiled| {
        compiled.descriptor().streams.iter().map(|stream| stream.interval_seconds.unwrap_or(300)).min()
    });
    let checks = workspace.check_seconds(&connection.id);
    let soonest = declared.map_or(checks, |seconds| seconds.min(checks));
    Duration::from_secs(u64::from(soonest)).max(EXPECTED_EVERY)
}
