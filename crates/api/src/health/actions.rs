//! What a person does about health: look now, and let calls pass again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use patchbay_connector::{Target, TargetCredential};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Connection, Event};
use patchbay_store::ConnectionFilter;
use serde::{Deserialize, Serialize};

use super::view::CheckProgress;
use crate::connections::ConnectionName;
use crate::hub::Hub;
use crate::workspace::Workspace;

/// Checks under way at the same time.
const AT_ONCE: usize = 4;
/// Many checks begin no closer together than this.
const APART: Duration = Duration::from_millis(50);

/// How far a check of all connections is.
#[derive(Debug, Default)]
pub(crate) struct Checks(Mutex<Option<CheckProgress>>);

impl Checks {
    pub(crate) fn progress(&self) -> Option<CheckProgress> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins; none where one is under way.
    fn begin(&self, total: u32) -> Option<UnderWay<'_>> {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.is_some() {
            return None;
        }
        *progress = Some(CheckProgress { done: 0, total });
        Some(UnderWay(self))
    }
}

/// A check of all connections, until this is dropped.
struct UnderWay<'c>(&'c Checks);

impl UnderWay<'_> {
    fn one_more(&self) -> CheckProgress {
        let mut progress = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = progress.get_or_insert(CheckProgress { done: 0, total: 0 });
        now.done += 1;
        *now
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What to check.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheckRequest {
    /// Only this connection, by its name, switched off or not; all that are switched on where absent.
    pub connection: Option<String>,
}

/// What the checks showed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HealthCheckResponse {
    /// One entry per connection, by name.
    pub checks: Vec<HealthCheckResult>,
}

/// What the check of a connection showed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthCheckResult {
    /// The connection's name.
    pub connection: String,
    /// Whether it works.
    pub healthy: bool,
    /// How long the answer took in milliseconds, where it works.
    pub took_ms: Option<u64>,
    /// Why it does not.
    pub problem: Option<Problem>,
}

/// Checks one connection now, or all of them spread over a moment. What does not work is an answer, not
/// an error. The person asked, so an open circuit keeps no check back.
pub async fn check_now(
    hub: &Hub,
    workspace: &str,
    request: HealthCheckRequest,
) -> Result<HealthCheckResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    if let Some(name) = &request.connection {
        let connection = workspace.connection(name).await?;
        return Ok(HealthCheckResponse { checks: vec![check(&workspace, connection).await] });
    }
    let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
    let mut all = workspace.store().connection_list(filter).await?.items;
    all.retain(|connection| !connection.paused);
    let total = all.len() as u32;
    let Some(under_way) = workspace.checks().begin(total) else {
        return Err(Problem::new(Code::Conflict)
            .with("item", "The check of all connections")
            .detail("one is under way already"));
    };
    let begun = (0_u32..).zip(all).map(|(at, connection)| {
        let workspace = &workspace;
        async move {
            // Those that begin at once are kept apart; later ones begin as earlier ones end.
            tokio::time::sleep(APART * at.min(AT_ONCE as u32)).await;
            check(workspace, connection).await
        }
    });
    let mut checks = Vec::with_capacity(total as usize);
    let mut done = stream::iter(begun).buffer_unordered(AT_ONCE);
    while let Some(result) = done.next().await {
        let CheckProgress { done, total } = under_way.one_more();
        workspace.events().emit(Event::HealthChecked { done, total });
        checks.push(result);
    }
    checks.sort_by(|a, b| a.connection.cmp(&b.connection));
    Ok(HealthCheckResponse { checks })
}

async fn check(workspace: &Workspace, connection: Connection) -> HealthCheckResult {
    let name = connection.name.clone();
    let id = connection.id.clone();
    let result = match workspace.connectors().get(&connection.connector) {
        Ok(descriptor) => {
            let target = Target { descriptor, connection, credential: TargetCredential::Stored };
            workspace.engine().health_now(&target).await
        }
        Err(problem) => Err(problem),
    };
    workspace.events().emit(Event::ConnectionChanged { id });
    let about = |problem: Problem| problem.about(Subject::Connection { name: name.clone() });
    HealthCheckResult {
        healthy: result.is_ok(),
        took_ms: result.as_ref().ok().map(|health| health.took.as_millis() as u64),
        problem: result.err().map(about),
        connection: name,
    }
}

/// What was reset.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CircuitReset {
    /// Hosts whose calls were kept back or counted against.
    pub closed: usize,
}

/// Lets calls of a connection pass again, whatever failed before. Pauses that the service asked for stay.
pub async fn circuit_reset(
    hub: &Hub,
    workspace: &str,
    request: ConnectionName,
) -> Result<CircuitReset, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    let closed = workspace.engine().close_circuits(&connection.id);
    crate::connections::told(&workspace, &connection, "circuit_reset").await;
    Ok(CircuitReset { closed })
}
