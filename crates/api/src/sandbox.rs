//! The built-in sandbox inside the engine: three connections and a chain without any account.

use std::collections::BTreeMap;

use patchbay_model::chain::{Chain, Step};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{ChainId, ConnectorId};
/// The pretend tools, for hosts that run them as a process of their own.
pub use patchbay_sandbox::{Access, Sandbox, SandboxOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::chains;
use crate::connections::{self, ConnectRequest, ConnectionPauseRequest, ConnectionSetRequest};
use crate::data::{self, SyncRequest};
use crate::hub::Hub;
use crate::replacement::{self, ReplaceKeyRequest};
use crate::secrets::SecretInput;
use crate::workspace::Workspace;
use crate::workspaces::Empty;

/// The connection to the pretend tracker.
pub const TRACKER: &str = "Sandbox Tracker";
/// The connection to the pretend chat.
pub const CHAT: &str = "Sandbox Chat";
/// The connection to the pretend sheet, which tells of its rows by webhooks.
pub const SHEET: &str = "Sandbox Sheet";
/// The chain that the demonstration runs.
pub const CHAIN: &str = "New issue to team message";

/// The sandbox, ready to be used.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SandboxReady {
    /// The chain to begin with.
    pub chain: ChainId,
    /// The connections that were made.
    pub connections: Vec<String>,
}

/// Starts the sandbox inside the engine, connects its tools and saves the chain to begin with. Doing
/// it again mends what was changed and makes nothing twice.
pub async fn start(hub: &Hub, workspace_name: &str, _: Empty) -> Result<SandboxReady, Problem> {
    let workspace = hub.workspace(workspace_name).await?;
    let access = running(hub, &workspace).await?;
    connect(hub, &workspace, workspace_name, &access).await?;
    connect_sheet(hub, &workspace, workspace_name, &access).await?;
    // What was switched off with the sandbox comes back with it; what a person paused while it was on stays.
    let off = off_mark(hub, workspace_name);
    for name in noted(&off) {
        pause(hub, &workspace, workspace_name, &name, false).await?;
    }
    remove(&off)?;
    crate::security::write(&mark(hub, workspace_name), b"").map_err(|error| {
        Problem::new(Code::Internal).detail(format!("the sandbox's folder cannot be written: {error}"))
    })?;
    // Something to see and to map on from the start; the connection works without it.
    let sync = SyncRequest { name: TRACKER.to_owned(), stream: None, max_pages: Some(1) };
    if let Err(problem) = data::sync(hub, workspace_name, sync).await {
        tracing::warn!(%problem, "the sandbox's first items could not be read");
    }
    let chain = match workspace.store().chain_named(CHAIN).await? {
        Some(kept) => kept.id,
        None => save_chain(&workspace).await?.id,
    };
    Ok(SandboxReady { chain, connections: vec![TRACKER.to_owned(), CHAT.to_owned(), SHEET.to_owned()] })
}

/// Says that this workspace uses the sandbox inside the engine, and not one that runs by itself.
fn mark(hub: &Hub, workspace_name: &str) -> std::path::PathBuf {
    hub.workspace_dir(workspace_name).join("sandbox").join("inside")
}

/// Says that the sandbox was switched off here, and names the connections that were with it.
fn off_mark(hub: &Hub, workspace_name: &str) -> std::path::PathBuf {
    hub.workspace_dir(workspace_name).join("sandbox").join("off")
}

fn remove(mark: &std::path::Path) -> Result<(), Problem> {
    match std::fs::remove_file(mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Problem::new(Code::Internal).detail(format!("the sandbox's folder cannot be written: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Switches the sandbox inside the engine off: its tools are gone, and its connections pause. They, their
/// chains and what they brought stay, and go on when it is started again.
pub async fn stop(hub: &Hub, workspace_name: &str, _: Empty) -> Result<SandboxState, Problem> {
    let workspace = hub.workspace(workspace_name).await?;
    let off = SandboxState { running: false, trouble: None };
    // A sandbox that runs by itself is not ours to end.
    if !mark(hub, workspace_name).exists() {
        return Ok(off);
    }
    // Noted before any of them is paused: what is paused without a note stays so when it is started again.
    let mark_off = off_mark(hub, workspace_name);
    let mut names = noted(&mark_off);
    for name in [TRACKER, CHAT, SHEET] {
        if !names.iter().any(|known| known == name) && is_other(&workspace, name, true).await? {
            names.push(name.to_owned());
        }
    }
    crate::security::write(&mark_off, names.join("\n").as_bytes()).map_err(|error| {
        Problem::new(Code::Internal).detail(format!("the sandbox's folder cannot be written: {error}"))
    })?;
    for name in &names {
        pause(hub, &workspace, workspace_name, name, true).await?;
    }
    remove(&mark(hub, workspace_name))?;
    let running = workspace.sandbox().await.take();
    if let Some(sandbox) = running {
        sandbox.stop().await;
    }
    Ok(off)
}

/// The connections that a note names; none where there is no note.
fn noted(mark: &std::path::Path) -> Vec<String> {
    std::fs::read_to_string(mark).map(|names| names.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// Whether a connection is one to a pretend tool, and not yet off or on as wanted. A tool of the user's own
/// that is called the same is left.
async fn is_other(workspace: &Workspace, name: &str, paused: bool) -> Result<bool, Problem> {
    let found = workspace.store().connection_named(name).await?;
    Ok(found.is_some_and(|one| one.connector.as_str().starts_with("sandbox-") && one.paused != paused))
}

/// Switches a connection to a pretend tool off or on.
async fn pause(
    hub: &Hub,
    workspace: &Workspace,
    workspace_name: &str,
    name: &str,
    paused: bool,
) -> Result<(), Problem> {
    if is_other(workspace, name, paused).await? {
        let request = ConnectionPauseRequest { name: name.to_owned(), paused };
        connections::pause(hub, workspace_name, request).await?;
    }
    Ok(())
}

/// Starts the sandbox again where this workspace is connected to it: its port is new at each start.
pub async fn resume(hub: &Hub, workspace_name: &str) -> Result<(), Problem> {
    if !mark(hub, workspace_name).exists() {
        return Ok(());
    }
    let workspace = hub.workspace(workspace_name).await?;
    for name in [TRACKER, CHAT] {
        if workspace.store().connection_named(name).await?.is_none() {
            return Ok(());
        }
    }
    let access = running(hub, &workspace).await?;
    connect(hub, &workspace, workspace_name, &access).await?;
    if workspace.store().connection_named(SHEET).await?.is_some() {
        connect_sheet(hub, &workspace, workspace_name, &access).await?;
    }
    Ok(())
}

/// Connects the pretend sheet. Its webhook is switched on by whoever wants to see it.
async fn connect_sheet(
    hub: &Hub,
    workspace: &Workspace,
    workspace_name: &str,
    access: &Access,
) -> Result<(), Problem> {
    let (url, key) = (&access.sheet_url, &access.sheet_key);
    connect_tool(hub, workspace, workspace_name, SHEET, "sandbox-sheet", url, key).await
}

/// The running sandbox of a workspace, started where it is not.
async fn running(hub: &Hub, workspace: &Workspace) -> Result<Access, Problem> {
    let mut sandbox = workspace.sandbox().await;
    if let Some(running) = sandbox.as_ref() {
        return Ok(running.access());
    }
    let state_dir = Some(hub.workspace_dir(workspace.name()).join("sandbox"));
    let started = Sandbox::start(SandboxOptions { port: 0, state_dir }, hub.clock().clone())
        .await
        .map_err(Problem::from)?;
    Ok(sandbox.insert(started).access())
}

/// Which trouble the sandbox is to make.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct SandboxFaultRequest {
    /// The tool.
    pub tool: SandboxTool,
    /// The trouble; none ends it.
    #[serde(default)]
    pub fault: Option<SandboxFault>,
}

/// A pretend tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SandboxTool {
    /// Sandbox Tracker.
    Tracker,
    /// Sandbox Chat.
    Chat,
    /// Sandbox Sheet.
    Sheet,
}

/// Trouble that the sandbox can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SandboxFault {
    /// The sign-in is refused.
    Expired,
    /// Answers take two seconds.
    Slow,
    /// It asks to wait ten seconds, three times.
    Limited,
    /// It does not work.
    Down,
    /// Its answers are not what was promised.
    OddData,
    /// It acts and breaks off without an answer, once.
    DiesAfterEffect,
}

/// Whether the sandbox runs and what trouble it makes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SandboxState {
    /// Whether it runs inside this engine.
    pub running: bool,
    /// The trouble that it makes now.
    pub trouble: Option<SandboxTrouble>,
}

/// One tool of the sandbox in trouble.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SandboxTrouble {
    /// The tool.
    pub tool: SandboxTool,
    /// What is wrong with it.
    pub fault: SandboxFault,
}

/// Tells whether the sandbox runs and what trouble it makes.
pub async fn show(hub: &Hub, workspace: &str, _: Empty) -> Result<SandboxState, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let sandbox = workspace.sandbox().await;
    Ok(sandbox.as_ref().map_or(SandboxState { running: false, trouble: None }, state))
}

fn state(sandbox: &Sandbox) -> SandboxState {
    // Faults that are only for tests have no word here and are no trouble that a person has made.
    let trouble = sandbox.faults().as_object().and_then(|tools| {
        tools.iter().find_map(|(tool, switches)| {
            serde_json::from_value(json!({"tool": tool, "fault": switches[0]["fault"]})).ok()
        })
    });
    SandboxState { running: true, trouble }
}

/// Lets the sandbox make trouble, or end it.
pub async fn fault(hub: &Hub, workspace: &str, request: SandboxFaultRequest) -> Result<SandboxState, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let sandbox = workspace.sandbox().await;
    let sandbox = sandbox.as_ref().ok_or_else(not_running)?;
    let switch = request.fault.map(|fault| match fault {
        SandboxFault::Expired => json!({"fault": "expired"}),
        SandboxFault::Slow => json!({"fault": "slow", "ms": 2_000}),
        SandboxFault::Limited => json!({"fault": "limited", "retryAfter": 10, "times": 3}),
        SandboxFault::Down => json!({"fault": "down"}),
        SandboxFault::OddData => json!({"fault": "odd_data", "odd": "mixed"}),
        SandboxFault::DiesAfterEffect => json!({"fault": "dies_after_effect", "times": 1, "on": "POST"}),
    });
    let switches: Vec<Value> = switch.into_iter().collect();
    // The other tool is left in peace: one trouble at a time is easier to understand.
    sandbox
        .set_faults(match request.tool {
            SandboxTool::Tracker => json!({"tracker": switches}),
            SandboxTool::Chat => json!({"chat": switches}),
            SandboxTool::Sheet => json!({"sheet": switches}),
        })
        .map_err(|error| Problem::new(Code::Internal).detail(error))?;
    Ok(state(sandbox))
}

/// Puts the sandbox back to how it was at first.
pub async fn reset(hub: &Hub, workspace: &str, _: Empty) -> Result<SandboxState, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let sandbox = workspace.sandbox().await;
    let sandbox = sandbox.as_ref().ok_or_else(not_running)?;
    sandbox.reset().map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    Ok(state(sandbox))
}

fn not_running() -> Problem {
    Problem::new(Code::NotFound).with("item", "The running sandbox").about(Subject::Computer)
}

/// Connects both tools, or points existing connections at where the sandbox is now.
pub(crate) async fn connect(
    hub: &Hub,
    workspace: &Workspace,
    workspace_name: &str,
    access: &Access,
) -> Result<(), Problem> {
    let Access { tracker_url, tracker_token, chat_url, chat_key, .. } = access;
    connect_tool(hub, workspace, workspace_name, TRACKER, "sandbox-tracker", tracker_url, tracker_token)
        .await?;
    connect_tool(hub, workspace, workspace_name, CHAT, "sandbox-chat", chat_url, chat_key).await
}

/// Saves the chain to begin with.
pub(crate) async fn save_chain(workspace: &Workspace) -> Result<chains::ChainSaved, Problem> {
    let existing = workspace.store().chain_named(CHAIN).await?.map(|found| found.id);
    chains::save(workspace, existing, chain()).await
}

/// Connects, or points an existing connection at where the sandbox is now: its port changes from
/// start to start, and its pretend key may not have outlived the last one.
async fn connect_tool(
    hub: &Hub,
    workspace: &Workspace,
    workspace_name: &str,
    name: &str,
    connector: &str,
    url: &str,
    secret: &str,
) -> Result<(), Problem> {
    let compiled = workspace.connectors().get(&ConnectorId::new(connector))?;
    let field = compiled
        .descriptor()
        .auth_method(None)
        .and_then(|method| method.credential_fields().first())
        .map_or_else(|| "token".to_owned(), |field| field.key.clone());
    let secrets = || BTreeMap::from([(field.clone(), SecretInput::new(secret))]);
    let config = BTreeMap::from([("baseUrl".to_owned(), url.to_owned())]);
    let Some(existing) = workspace.store().connection_named(name).await? else {
        let request = ConnectRequest {
            connector: ConnectorId::new(connector),
            name: name.to_owned(),
            auth: None,
            config,
            secrets: secrets(),
            allow_private: true,
            sign_in: None,
        };
        connections::create(hub, workspace_name, request).await?;
        return Ok(());
    };
    // A tool of the user's own that is called the same keeps its address and its key.
    if existing.connector.as_str() != connector {
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("A connection called \"{name}\""))
            .with("message", "It belongs to another tool. Rename it, then try the sandbox again.")
            .about(Subject::Connection { name: name.to_owned() }));
    }
    if existing.config.get("baseUrl").and_then(Value::as_str) != Some(url) {
        let request = ConnectionSetRequest { name: name.to_owned(), config, allow_private: Some(true) };
        connections::set(hub, workspace_name, request).await?;
    }
    let target = workspace.target(name).await?;
    match workspace.engine().health(&target).await {
        Err(problem) if problem.code().ends_sign_in() => {
            let request = ReplaceKeyRequest { name: name.to_owned(), secrets: secrets() };
            replacement::replace_key(hub, workspace_name, request).await?;
            Ok(())
        }
        // Other trouble is the check's to find and the report's to tell.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The demonstration's chain. Its mappings are left open on purpose: they are matched.
fn chain() -> Chain {
    let step = |id: &str, name: &str, connection: &str, operation: &str, for_each: Option<&str>| Step {
        name: Some(name.to_owned()),
        for_each: for_each.map(Into::into),
        ..Step::call(id, connection, operation)
    };
    Chain {
        description: "Tells the team of each open issue.".to_owned(),
        steps: vec![
            step("issues", "Read open issues", TRACKER, "list_issues", None),
            step("message", "Send a message", CHAT, "send_message", Some("issues")),
        ],
        ..Chain::named(CHAIN)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;

    use super::*;
    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn the_sandbox_is_switched_off_with_its_connections_and_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let engine = hub(dir.path(), &clock);
        let call = async |engine: &Hub, command: &str, request: Value| {
            dispatch(engine, "default", command, request).await.unwrap()
        };
        let paused = async |engine: &Hub| {
            let listed = call(engine, "connection_list", json!({})).await;
            let all = listed["connections"].as_array().unwrap().iter();
            all.map(|one| one["paused"].as_bool().unwrap()).collect::<Vec<_>>()
        };
        let ready = call(&engine, "sandbox_start", json!({})).await;
        assert_eq!(call(&engine, "sandbox_show", json!({})).await["running"], true);
        let url = call(&engine, "connection_show", json!({"name": CHAT})).await["config"]["baseUrl"].clone();
        let address = url.as_str().unwrap().trim_start_matches("http://").split('/').next().unwrap().to_owned();
        let listens = || std::net::TcpStream::connect(&address).is_ok();
        assert!(listens(), "{address}");

        assert_eq!(call(&engine, "sandbox_stop", json!({})).await["running"], false);
        assert_eq!(paused(&engine).await, [true; 3]);
        assert!(!listens(), "nobody listens for a sandbox that is off");
        let chains = call(&engine, "chain_list", json!({})).await;
        assert_eq!(chains["chains"][0]["id"], ready["chain"], "its chain stays");

        assert_eq!(call(&engine, "sandbox_start", json!({})).await, ready, "nothing is made twice");
        assert_eq!(paused(&engine).await, [false; 3]);
        let test = call(&engine, "connection_test", json!({"name": CHAT})).await;
        assert_eq!(test["test"]["problem"], Value::Null, "{test}");

        // What a person paused while it was on is nobody else's to switch on.
        call(&engine, "connection_pause", json!({"name": TRACKER, "paused": true})).await;
        for command in ["sandbox_start", "sandbox_stop", "sandbox_start"] {
            call(&engine, command, json!({})).await;
        }
        assert_eq!(paused(&engine).await.iter().filter(|paused| **paused).count(), 1);

        call(&engine, "sandbox_stop", json!({})).await;
        engine.shut_down().await;
        drop(engine);
        let engine = hub(dir.path(), &clock);
        resume(&engine, "default").await.unwrap();
        assert_eq!(call(&engine, "sandbox_show", json!({})).await["running"], false, "it stays off");
        engine.shut_down().await;
    }
}
