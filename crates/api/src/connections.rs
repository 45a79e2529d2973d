//! Connections: connect, look after, disconnect.

use std::collections::BTreeMap;

use patchbay_auth::Credential;
use patchbay_connector::{Compiled, Target, TargetCredential, TestReport, settings};
use patchbay_model::connection::{Account, Connection, ConnectionEvent, ConnectionState};
use patchbay_model::problem::{Problem, Subject};
use patchbay_model::{Chain, ConnectionId, ConnectorId, Event, SignInId, Timestamp};
use patchbay_store::ConnectionFilter;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::connect_input::{as_entered, check_name, name_taken};
use crate::drafts::{Draft, draft, draft_of};
use crate::health;
use crate::hub::Hub;
use crate::revocation::AtService;
use crate::secrets::SecretInput;
use crate::workspace::Workspace;

/// A connection as screens and the command line show it. Holds no secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Never changes.
    pub id: ConnectionId,
    /// What the user calls it.
    pub name: String,
    /// The connector.
    pub connector: ConnectorId,
    /// Version of the definition it was made with.
    pub connector_version: String,
    /// How it is.
    pub state: ConnectionState,
    /// Switched off by the user.
    pub paused: bool,
    /// The chosen way to sign in.
    pub auth: Option<String>,
    /// Whose it is.
    pub account: Option<Account>,
    /// Its settings.
    pub config: Map<String, Value>,
    /// Where its key may go.
    pub origins: Vec<String>,
    /// Permissions that were granted; empty where the service does not tell.
    pub scopes: Vec<String>,
    /// Streams and operations that it was signed in for; everything where absent.
    pub uses: Option<Vec<String>>,
    /// Whether it may use private addresses.
    pub allow_private: bool,
    /// Signals stored.
    pub signals: u64,
    /// New signals in 24 hours.
    pub signals_day: u64,
    /// When a stream of it was last read to its end.
    pub last_sync_at: Option<Timestamp>,
    /// When a stream of it is read next.
    pub next_sync_at: Option<Timestamp>,
    /// Calls that succeeded.
    pub calls_ok: u64,
    /// Calls that failed.
    pub calls_failed: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last became connected.
    pub last_connected_at: Option<Timestamp>,
    /// When it was last tested.
    pub last_tested_at: Option<Timestamp>,
    /// The last failure since it last worked.
    pub last_error: Option<Problem>,
}

pub(crate) async fn view(workspace: &Workspace, connection: Connection) -> Result<ConnectionView, Problem> {
    let signals_day = health::signals_day(workspace, &connection.id).await?;
    view_with(workspace, connection, signals_day).await
}

async fn view_with(
    workspace: &Workspace,
    connection: Connection,
    signals_day: u64,
) -> Result<ConnectionView, Problem> {
    let signals = workspace.store().signal_count(&connection.id).await?;
    let state = workspace.engine().activity().state(&connection.id, connection.state);
    let (last_sync_at, next_sync_at) = workspace.sync_times(&connection).await?;
    Ok(ConnectionView {
        last_sync_at,
        next_sync_at,
        uses: patchbay_model::permissions::uses(&connection),
        id: connection.id,
        name: connection.name,
        connector: connection.connector,
        connector_version: connection.descriptor_version,
        state,
        paused: connection.paused,
        auth: connection.auth_method,
        account: connection.account,
        config: connection.config,
        origins: connection.origins,
        scopes: connection.scopes,
        allow_private: connection.allow_private,
        signals,
        signals_day,
        calls_ok: connection.calls_ok,
        calls_failed: connection.calls_failed,
        created_at: connection.created_at,
        last_connected_at: connection.last_connected_at,
        last_tested_at: connection.last_tested_at,
        last_error: connection.last_error,
    })
}

/// What connecting needs.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectRequest {
    /// The connector.
    pub connector: ConnectorId,
    /// What the user will call it; unique in the workspace.
    pub name: String,
    /// The way to sign in; the recommended one where absent.
    #[serde(default)]
    pub auth: Option<String>,
    /// Settings by key; `baseUrl` points the connector elsewhere.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Secret values by field.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretInput>,
    /// Whether private and loopback addresses are allowed.
    #[serde(default)]
    pub allow_private: bool,
    /// The sign-in whose tokens are used, where the way to sign in gives tokens.
    #[serde(default)]
    pub sign_in: Option<SignInId>,
}

/// What connecting gave.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectResponse {
    /// The connection.
    pub connection: ConnectionView,
    /// What the test saw.
    pub test: TestReport,
}

/// Connects: tests the credential first, then keeps credential and connection in one transaction.
/// Nothing is kept where the test fails.
pub async fn create(hub: &Hub, workspace: &str, request: ConnectRequest) -> Result<ConnectResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let claim = match &request.sign_in {
        Some(id) => Some(workspace.sign_ins().claim(id)?),
        None => None,
    };
    let compiled = workspace.connectors().get(&request.connector)?;
    let signed_in = claim.as_ref().map(|claim| claim.outcome.clone());
    let Draft { compiled, mut connection, credential } = draft_of(hub, compiled, request, signed_in)?;
    connection.name = check_name(&connection.name)?;
    if workspace.store().connection_named(&connection.name).await?.is_some() {
        return Err(name_taken(&connection.name));
    }
    connection.state = connection.state.after(ConnectionEvent::Begin);
    if credential.is_some() {
        connection.state = connection.state.after(ConnectionEvent::SignIn);
    }
    let test = run_test(&workspace, &compiled, &connection, credential.as_ref()).await;
    if let Some(problem) = test.problem.clone() {
        refused(&workspace, "connection_refused", &connection, &problem).await;
        return Err(problem.about(Subject::Connection { name: connection.name.clone() }));
    }
    take_test(&mut connection, &test, hub.clock().now());
    let _sealing = workspace.seals().read().await;
    let sealed = match &credential {
        Some(values) => Some(workspace.authoriser().seal(&connection.id, values).await.map_err(Problem::from)?),
        None => None,
    };
    workspace.store().connection_insert(&connection, sealed.as_ref()).await?;
    if let Some(claim) = claim {
        claim.use_up();
    }
    audit(&workspace, "connection_created", &connection).await;
    workspace.events().emit(Event::ConnectionChanged { id: connection.id.clone() });
    workspace.plans_changed();
    Ok(ConnectResponse { connection: view(&workspace, connection).await?, test })
}

/// Tests what would be connected and keeps nothing. What does not work is an answer, not an error.
pub async fn try_out(hub: &Hub, workspace: &str, request: ConnectRequest) -> Result<TestReport, Problem> {
    let workspace = hub.workspace(workspace).await?;
    Ok(workspace.engine().test(&draft(hub, &workspace, request)?.target()).await)
}

pub(crate) async fn run_test(
    workspace: &Workspace,
    compiled: &std::sync::Arc<Compiled>,
    connection: &Connection,
    credential: Option<&Credential>,
) -> TestReport {
    let credential = match credential {
        Some(values) => TargetCredential::Given(values.clone()),
        None => TargetCredential::None,
    };
    let target = Target { descriptor: compiled.clone(), connection: connection.clone(), credential };
    workspace.engine().test(&target).await
}

/// Writes what a test saw into the connection.
pub(crate) fn take_test(connection: &mut Connection, test: &TestReport, now: Timestamp) {
    connection.last_tested_at = Some(now);
    connection.state = connection.state.after(ConnectionEvent::Test);
    match &test.problem {
        None => {
            connection.state = connection.state.after(ConnectionEvent::Succeeded);
            connection.last_connected_at = Some(now);
            connection.last_error = None;
            if let Some(account) = &test.account {
                connection.account = Some(account.clone());
            }
        }
        Some(problem) => {
            connection.state = connection.state.after(ConnectionEvent::Failed(problem.code()));
            connection.last_error = Some(problem.clone());
        }
    }
}

/// Which connections to list.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConnectionListRequest {
    /// Only this connector.
    pub connector: Option<ConnectorId>,
    /// Only this state.
    pub state: Option<ConnectionState>,
    /// How many to pass over.
    pub offset: u32,
    /// At most this many; 100 where absent, at most 1,000.
    pub limit: Option<u32>,
}

/// Connections, sorted by name.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConnectionListResponse {
    /// Those asked for.
    pub connections: Vec<ConnectionView>,
    /// How many there are in all that match.
    pub total: u64,
}

/// Lists connections.
pub async fn list(
    hub: &Hub,
    workspace: &str,
    request: ConnectionListRequest,
) -> Result<ConnectionListResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let filter = ConnectionFilter {
        connector: request.connector,
        state: request.state,
        offset: request.offset,
        limit: request.limit.unwrap_or(100).min(1_000),
    };
    let page = workspace.store().connection_list(filter).await?;
    let mut connections = Vec::with_capacity(page.items.len());
    let day = health::signals_of_day(&workspace).await?;
    for connection in page.items {
        let signals_day = day.get(connection.id.as_str()).copied().unwrap_or_default();
        connections.push(view_with(&workspace, connection, signals_day).await?);
    }
    Ok(ConnectionListResponse { connections, total: page.total })
}

/// A connection by name.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ConnectionName {
    /// Its name.
    pub name: String,
}

/// Shows one connection.
pub async fn show(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<ConnectionView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    view(&workspace, connection).await
}

/// New settings.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionSetRequest {
    /// The connection.
    pub name: String,
    /// Settings to change, by key. Others stay.
    pub config: BTreeMap<String, String>,
    /// Whether private addresses are allowed; stays as it is where absent.
    #[serde(default)]
    pub allow_private: Option<bool>,
}

/// Changes settings. Where that changes the origins that the key may go to, the request itself is
/// the user's approval of the new ones.
pub async fn set(hub: &Hub, workspace: &str, request: ConnectionSetRequest) -> Result<ConnectionView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut connection = workspace.connection(&request.name).await?;
    let compiled = workspace.connectors().get(&connection.connector)?;
    let mut given = as_entered(&connection.config);
    given.extend(request.config);
    let method = compiled.descriptor().auth_method_of(&connection);
    let before = compiled.origins(&connection.config, method).ok();
    let old = std::mem::replace(&mut connection.config, settings(compiled.descriptor(), &given)?);
    let now = compiled.origins(&connection.config, method)?;
    // Only what these settings change is approved by them: not what another definition of the connector,
    // or a link in the place of a folder, has changed meanwhile.
    // Nor does a setting approve what was not approved before it.
    let in_order = before.as_ref() == Some(&connection.origins);
    if (in_order && before.as_ref() != Some(&now)) || old.get("baseUrl") != connection.config.get("baseUrl") {
        connection.origins = now;
    }
    if let Some(allow) = request.allow_private {
        connection.allow_private = allow;
    }
    save(&workspace, &connection, "connection_changed").await?;
    view(&workspace, connection).await
}

/// A new name.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionRenameRequest {
    /// The connection.
    pub name: String,
    /// What it is to be called.
    pub new_name: String,
}

/// Renames a connection. Chains name their connections, so chains that use it are saved anew with
/// the new name.
pub async fn rename(
    hub: &Hub,
    workspace: &str,
    request: ConnectionRenameRequest,
) -> Result<ConnectionView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut connection = workspace.connection(&request.name).await?;
    let new_name = check_name(&request.new_name)?;
    if new_name != connection.name {
        if workspace.store().connection_named(&new_name).await?.is_some() {
            return Err(name_taken(&new_name));
        }
        let hash = |chain: &Chain| crate::chains::hash(chain).ok();
        workspace.store().connection_rename(&connection.id, &new_name, hash).await?;
        workspace.events().emit(Event::ChainsChanged);
        connection.name = new_name;
        audit(&workspace, "connection_renamed", &connection).await;
        workspace.events().emit(Event::ConnectionChanged { id: connection.id.clone() });
    }
    view(&workspace, connection).await
}

/// On or off.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ConnectionPauseRequest {
    /// The connection.
    pub name: String,
    /// Off (`true`) or on.
    pub paused: bool,
}

/// Pauses or resumes a connection.
pub async fn pause(
    hub: &Hub,
    workspace: &str,
    request: ConnectionPauseRequest,
) -> Result<ConnectionView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut connection = workspace.connection(&request.name).await?;
    connection.paused = request.paused;
    let action = if request.paused { "connection_paused" } else { "connection_resumed" };
    save(&workspace, &connection, action).await?;
    if request.paused {
        workspace.stop_reading(&connection, None).await?;
    }
    view(&workspace, connection).await
}

/// How to disconnect.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisconnectRequest {
    /// The connection.
    pub name: String,
    /// Delete its signals too.
    #[serde(default)]
    pub with_signals: bool,
}

/// What disconnecting did.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DisconnectResponse {
    /// The connection that is gone.
    pub name: String,
    /// Signals that were deleted with it.
    pub signals_deleted: u64,
    /// Chains that use it and cannot run any more.
    pub chains: Vec<String>,
    /// Whether the service was told that the sign-in is over; none where it has no way to.
    pub revoked: Option<bool>,
}

/// Disconnects: credential and connection are deleted in one transaction.
pub async fn disconnect(
    hub: &Hub,
    workspace: &str,
    request: DisconnectRequest,
) -> Result<DisconnectResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    let signals = workspace.store().signal_count(&connection.id).await?;
    // Before renewals are kept out: telling the service may need one.
    crate::webhooks::let_go(hub, &workspace, &connection).await;
    // A renewal under way would bring tokens that nobody gives back.
    let _alone = workspace.authoriser().alone(&connection.id).await;
    let revoked = revoke(&workspace, &connection).await;
    workspace.stop_reading(&connection, None).await?;
    workspace.store().connection_delete(&connection.id, request.with_signals).await?;
    hub.gateway().refresh(workspace.name()).await?;
    audit(&workspace, "connection_deleted", &connection).await;
    workspace.events().emit(Event::ConnectionChanged { id: connection.id });
    Ok(DisconnectResponse {
        chains: crate::chains::using(&workspace, &request.name).await?,
        name: request.name,
        revoked,
        signals_deleted: if request.with_signals { signals } else { 0 },
    })
}

/// Gives the tokens back to the service. One that cannot be reached does not keep anybody here.
///
/// Where another connection uses the same account nothing is given back: many services then end everything
/// that the account has granted to this application.
async fn revoke(workspace: &Workspace, connection: &Connection) -> Option<bool> {
    let connector = Some(connection.connector.clone());
    let filter = ConnectionFilter { connector, limit: 1_000, ..ConnectionFilter::default() };
    let others = workspace.store().connection_list(filter).await.ok()?.items;
    let same = |other: &Connection| other.id != connection.id && other.account == connection.account;
    if connection.account.is_some() && others.iter().any(same) {
        return None;
    }
    match crate::revocation::revoke(workspace, connection).await {
        Ok(AtService::Revoked) => Some(true),
        Ok(AtService::NotOffered) => None,
        Ok(AtService::Failed) => Some(false),
        Err(problem) => {
            tracing::warn!(%problem, "the service could not be told that a sign-in is over");
            Some(false)
        }
    }
}

/// What a test gave.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TestResponse {
    /// The connection after the test.
    pub connection: ConnectionView,
    /// What the test saw.
    pub test: TestReport,
}

/// Tests a connection. A connection that does not work is an answer, not an error.
pub async fn test(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<TestResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let target = workspace.target(&request.name).await?;
    let test = workspace.engine().test(&target).await;
    // Read again: the test itself counts calls.
    let mut connection = workspace.connection(&request.name).await?;
    take_test(&mut connection, &test, hub.clock().now());
    save(&workspace, &connection, "connection_tested").await?;
    Ok(TestResponse { connection: view(&workspace, connection).await?, test })
}

pub(crate) async fn save(workspace: &Workspace, connection: &Connection, action: &str) -> Result<(), Problem> {
    workspace.store().connection_update(connection).await?;
    told(workspace, connection, action).await;
    Ok(())
}

/// Notes what was done to a connection, and tells the screens.
pub(crate) async fn told(workspace: &Workspace, connection: &Connection, action: &str) {
    audit(workspace, action, connection).await;
    workspace.events().emit(Event::ConnectionChanged { id: connection.id.clone() });
    // Only what works is worth another try before its time.
    if !connection.paused && connection.state.is_usable() && connection.last_error.is_none() {
        workspace.resume_reading(&connection.id).await;
    }
}

/// Notes who did what. The action itself has happened: a note that cannot be written is logged.
async fn audit(workspace: &Workspace, action: &str, connection: &Connection) {
    let detail = json!({ "connection": connection.id, "connector": connection.connector });
    note(workspace, action, &connection.name, &detail).await;
}

/// Notes that a key or sign-in did not work, and why.
pub(crate) async fn refused(workspace: &Workspace, action: &str, connection: &Connection, problem: &Problem) {
    let detail = json!({
        "connection": connection.id, "connector": connection.connector, "code": problem.code(),
    });
    note(workspace, action, &connection.name, &detail).await;
}

/// Notes an act with more about it. The act has happened: a note that cannot be written is logged.
pub(crate) async fn note(workspace: &Workspace, action: &str, subject: &str, detail: &Value) {
    if let Err(error) = workspace.store().audit(action, subject, detail).await {
        tracing::warn!(%error, action, "the audit note could not be written");
    }
}
