//! Everything about how one connection is doing.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_model::chain::Chain;
use patchbay_model::descriptor::Descriptor;
use patchbay_model::health::Reason;
use patchbay_model::{ChainId, Code, ConnectionId, HealthState, Problem, StepId, Timestamp};
use patchbay_store::{CallKind, FailureGroup};
use serde::{Deserialize, Serialize};

use super::facts::{HostLimits, Judged, begin_of, rules};
use super::overview::{Cells, HealthRange};
use super::view::{HealthPoint, HealthReason};
use crate::call_figures::CallFigures;
use crate::hub::Hub;
use crate::subscriptions::{self, SubscriptionHealth};
use crate::syncing::{GapView, gaps};
use crate::titles;
use crate::workspace::Workspace;

/// Changes that are shown.
const CHANGES: u32 = 50;

/// Which connection, and how far back.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct HealthDetailRequest {
    /// The connection's name.
    pub connection: String,
    /// How far back; a day where absent.
    #[serde(default)]
    pub range: Option<HealthRange>,
}

/// Everything about how one connection is doing.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthDetail {
    /// How it is doing.
    pub health: HealthState,
    /// Since when.
    pub since: Option<Timestamp>,
    /// In a sentence: "Degraded: answers take 2.4× longer than usual."
    pub sentence: String,
    /// Why, the worst first.
    pub reasons: Vec<HealthReason>,
    /// How it was before, the latest first.
    pub changes: Vec<HealthChangeView>,
    /// What failed in the range, by operation and reason, the most frequent first.
    pub failures: Vec<FailureView>,
    /// What became of the calls of chains' steps in the range, by chain and step; from the journal alone.
    pub steps: Vec<StepCallsView>,
    /// How often the service said that there were too many calls.
    pub limit_hits: u64,
    /// Answers and failures by time, the oldest first.
    pub points: Vec<HealthPoint>,
    /// 95th percentile that is usual: its median over seven days.
    pub usual_p95_ms: Option<u64>,
    /// The hosts it calls.
    pub hosts: Vec<HostLimits>,
    /// Why an open circuit is open.
    pub circuit_why: Option<String>,
    /// When its access token ends, where that is known and the secret store is open.
    pub token_ends_at: Option<Timestamp>,
    /// What the tool was asked to send to us; none where it was not asked.
    pub subscription: Option<SubscriptionHealth>,
    /// Times from which something may be missing, the latest first.
    pub gaps: Vec<GapView>,
    /// When it was last called or checked.
    pub last_seen_at: Option<Timestamp>,
    /// When it was last read without a failure.
    pub last_sync_at: Option<Timestamp>,
    /// Failed checks since the last one that passed.
    pub failed_checks: u32,
    /// A check or call is expected this often, in seconds.
    pub expected_every_seconds: u64,
}

/// From this moment on it was so.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HealthChangeView {
    /// From when on.
    pub at: Timestamp,
    /// How it was.
    pub state: HealthState,
    /// Why.
    pub reasons: Vec<String>,
}

/// Calls of one operation that ended in the same way.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FailureView {
    /// The operation or stream; the path where somebody read an address.
    pub operation: String,
    /// What the connector calls it; none where it has no such operation or stream, or has it no more.
    pub operation_title: Option<String>,
    /// What for.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub kind: CallKind,
    /// Why.
    pub code: Code,
    /// In words.
    pub title: String,
    /// How many.
    pub count: u64,
    /// The last one.
    pub last_at: Timestamp,
    /// Whether it counts as a failure of the connection; what only has to wait does not.
    pub counts: bool,
    /// The steps of chains whose calls these were, as far as that is known.
    pub steps: Vec<FailedStep>,
}

/// A step of a chain whose calls failed.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FailedStep {
    /// What its chain is called.
    pub chain: String,
    /// What a person reads for it.
    pub name: String,
}

/// The calls of one step of a chain.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StepCallsView {
    /// The chain.
    pub chain_id: ChainId,
    /// What it is called; none where it was deleted.
    pub chain: Option<String>,
    /// The step.
    pub step: StepId,
    /// What a person reads for it.
    pub name: String,
    /// What it asks the connector for; none where chain or step are not there any more.
    pub operation: Option<String>,
    /// How its calls went.
    #[serde(flatten)]
    pub figures: CallFigures,
}

/// What the connector calls what was called.
fn operation_title(tool: Option<&Descriptor>, group: &FailureGroup) -> Option<String> {
    let tool = tool?;
    match group.kind {
        CallKind::Operation | CallKind::Lookup => tool.operation(&group.operation).map(|own| own.title.clone()),
        CallKind::Sync => tool.stream(&group.operation).map(|own| own.title.clone()),
        CallKind::Test | CallKind::Read | CallKind::SignIn => None,
    }
}

/// The steps whose calls a group holds. The figures of a step do not say why its calls failed: they are told where
/// nothing else can be meant, for an operation that failed, or had to wait, in one way only.
fn failed_steps(steps: &[StepCallsView], groups: &[FailureGroup], group: &FailureGroup) -> Vec<FailedStep> {
    let counts = group.code.is_failure();
    let alike = |other: &&FailureGroup| {
        (other.kind, &other.operation, other.code.is_failure()) == (group.kind, &group.operation, counts)
    };
    if group.kind != CallKind::Operation || groups.iter().filter(alike).count() != 1 {
        return Vec::new();
    }
    let of_it = |step: &&StepCallsView| {
        let bad = if counts { step.figures.failed } else { step.figures.held };
        step.operation.as_ref() == Some(&group.operation) && bad > 0
    };
    let named = |step: &StepCallsView| Some(FailedStep { chain: step.chain.clone()?, name: step.name.clone() });
    steps.iter().filter(of_it).filter_map(named).collect()
}

async fn steps(
    workspace: &Workspace,
    connection: &ConnectionId,
    since: Timestamp,
) -> Result<Vec<StepCallsView>, Problem> {
    let mut views = Vec::new();
    let mut known: BTreeMap<String, Option<Chain>> = BTreeMap::new();
    for one in workspace.store().step_figures(connection, since).await? {
        let figures = CallFigures::from(&one);
        let (chain_id, step) = (ChainId::new(one.chain.clone()), StepId::new(one.step));
        if !known.contains_key(&one.chain) {
            let found = match workspace.store().chain(&chain_id).await? {
                Some(version) => Some(titles::titled(workspace, &version.chain).await?),
                None => None,
            };
            known.insert(one.chain.clone(), found);
        }
        let chain = known.get(&one.chain).and_then(Option::as_ref);
        let own = chain.and_then(|chain| chain.step(&step)).map(|(_, step)| step);
        views.push(StepCallsView {
            name: own.map_or_else(|| step.to_string(), |own| own.title().to_owned()),
            operation: own.map(|own| own.operation.clone()),
            chain: chain.map(|chain| chain.name.clone()),
            chain_id,
            step,
            figures,
        });
    }
    Ok(views)
}

/// Says how one connection is doing, from what is stored; calls nobody.
pub async fn detail(hub: &Hub, workspace: &str, request: HealthDetailRequest) -> Result<HealthDetail, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let (store, clock) = (workspace.store(), hub.clock().as_ref());
    let connection = workspace.connection(&request.connection).await?;
    let (id, now) = (connection.id.clone(), clock.now());
    let range = request.range.unwrap_or_default();
    let usual = workspace.usual().read(store, now).await?.get(id.as_str()).copied();
    let one = Judged::of(&workspace, clock, &rules(store).await?, usual, connection).await?;
    let since = range.begin(now);
    let own = Cells::read(&workspace, range, since).await?.of(id.as_str(), range, since);
    let failures = store.health_failures(&id, begin_of(since)).await?;
    let changes = store.health_changes(&id, CHANGES).await?;
    let state = one.verdict.state;
    let ends = match crate::secret_store::state(hub, &workspace).await? {
        "unlocked" => workspace.authoriser().token_ends(&one.connection).await,
        _ => None,
    };
    let step = Duration::from_secs(range.step_seconds());
    let steps = steps(&workspace, &id, begin_of(since)).await?;
    let tool = workspace.connectors().get(&one.connection.connector).ok();
    let tool = tool.as_ref().map(|compiled| compiled.descriptor().as_ref());
    Ok(HealthDetail {
        health: state,
        since: changes.first().filter(|change| change.state == state).map(|change| change.at),
        sentence: sentence(&one),
        reasons: one.verdict.reasons.iter().map(HealthReason::from).collect(),
        changes: changes
            .into_iter()
            .map(|change| HealthChangeView { at: change.at, state: change.state, reasons: change.reasons })
            .collect(),
        failures: failures
            .iter()
            .map(|group| FailureView {
                operation: group.operation.clone(),
                operation_title: operation_title(tool, group),
                steps: failed_steps(&steps, &failures, group),
                kind: group.kind,
                code: group.code,
                title: Problem::new(group.code).with("tool", &one.tool).title(),
                count: group.count,
                last_at: group.last_at,
                counts: group.code.is_failure(),
            })
            .collect(),
        steps,
        limit_hits: own.points.iter().map(|point| point.limit_hits).sum(),
        points: (0..).zip(&own.points).map(|(at, sum)| sum.point(since + step * at)).collect(),
        usual_p95_ms: usual,
        circuit_why: one.circuit_why(),
        token_ends_at: ends,
        subscription: subscriptions::health(&workspace, &one.connection).await?,
        gaps: gaps(store, &id, now).await?,
        last_seen_at: store.last_call(&id).await?.max(one.connection.last_tested_at),
        last_sync_at: store.last_sync(&id).await?,
        failed_checks: one.facts.failed_checks,
        expected_every_seconds: one.facts.expected_every.as_secs(),
        hosts: one.limits,
    })
}

/// How it is, in a sentence.
pub(crate) fn sentence(one: &Judged) -> String {
    let state = match one.verdict.state {
        HealthState::Error => "Error",
        HealthState::Degraded => "Degraded",
        HealthState::NoRecentData => "No recent data",
        HealthState::Healthy => return "Healthy.".to_owned(),
    };
    let reasons: Vec<String> = one
        .verdict
        .reasons
        .iter()
        .filter(|reason| reason.state() == one.verdict.state)
        .map(Reason::words)
        .collect();
    format!("{state}: {}.", reasons.join("; "))
}
