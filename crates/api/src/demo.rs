//! The first-run experience: sandbox, two connections, one chain, one run. Started again after a
//! kill it takes the run up where it was.

use std::collections::BTreeMap;

use patchbay_model::ConnectorId;
use patchbay_model::chain::{CHAIN_SCHEMA, Chain, Step, Trigger};
use patchbay_model::check::Finding;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::report::RunReport;
use patchbay_sandbox::{Access, Sandbox, SandboxOptions};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::connections::{self, ConnectRequest, ConnectionSetRequest, ReplaceKeyRequest};
use crate::hub::Hub;
use crate::secrets::SecretInput;
use crate::workspace::Workspace;
use crate::{chains, runs};

/// The connection to the pretend tracker.
pub const TRACKER: &str = "Sandbox Tracker";
/// The connection to the pretend chat.
pub const CHAT: &str = "Sandbox Chat";
/// The chain that the demonstration runs.
pub const CHAIN: &str = "New issue to team message";

/// What the demonstration showed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoResponse {
    /// `done`, `needs_you`, or the run's other state.
    pub state: patchbay_model::RunState,
    /// Whether a run of an earlier start was taken up.
    pub resumed: bool,
    /// Where the sandbox is.
    pub sandbox: String,
    /// What was matched automatically.
    pub matched: Vec<chains::MatchedField>,
    /// What was found when the chain was saved.
    pub findings: Vec<Finding>,
    /// The run's report.
    pub report: RunReport,
}

/// Runs the demonstration against the sandbox at an address, or against one of its own.
pub async fn demo(hub: &Hub, workspace_name: &str, sandbox: Option<&str>) -> Result<DemoResponse, Problem> {
    let workspace = hub.workspace(workspace_name).await?;
    let (own, access) = match sandbox {
        Some(address) => (None, access(hub, address).await?),
        None => {
            let state_dir = Some(hub.workspace_dir(workspace_name).join("sandbox"));
            let own = Sandbox::start(SandboxOptions { port: 0, state_dir }, hub.clock().clone())
                .await
                .map_err(Problem::from)?;
            let access = own.access();
            (Some(own), access)
        }
    };
    let result = with_sandbox(hub, &workspace, workspace_name, &access).await;
    if let Some(own) = own {
        own.stop().await;
    }
    result
}

async fn with_sandbox(
    hub: &Hub,
    workspace: &Workspace,
    workspace_name: &str,
    access: &Access,
) -> Result<DemoResponse, Problem> {
    forget_lost_keys(workspace).await?;
    connect(
        hub,
        workspace,
        workspace_name,
        TRACKER,
        "sandbox-tracker",
        &access.tracker_url,
        &access.tracker_token,
    )
    .await?;
    connect(hub, workspace, workspace_name, CHAT, "sandbox-chat", &access.chat_url, &access.chat_key).await?;
    let saved = chains::save(workspace, chain()).await?;
    let open = workspace.store().runs_open().await?.into_iter().find(|run| run.chain_id == saved.id);
    let resumed = open.is_some();
    let run = match open {
        Some(run) => run,
        None => {
            let version = chains::find(workspace, saved.id.as_str()).await?;
            runs::insert(hub, workspace, version, Value::Null, false).await?
        }
    };
    let state = workspace.wait(&run.id).await?;
    Ok(DemoResponse {
        state,
        resumed,
        sandbox: access.tracker_url.trim_end_matches("/tracker").to_owned(),
        matched: saved.matched,
        findings: saved.findings,
        report: runs::report_of(workspace, &run.id).await?,
    })
}

/// Pretend keys kept in memory are gone with the last start. Both connections are then made anew: one
/// alone would still stand for secrets that nothing opens. Their chain and its runs name them and go on.
async fn forget_lost_keys(workspace: &Workspace) -> Result<(), Problem> {
    let mut ours = Vec::new();
    let mut lost = false;
    for name in [TRACKER, CHAT] {
        if workspace.store().connection_named(name).await?.is_some() {
            let target = workspace.target(name).await?;
            lost |=
                matches!(workspace.engine().health(&target).await, Err(p) if p.code() == Code::SecretMissing);
            ours.push(target.connection.id);
        }
    }
    if lost {
        for id in ours {
            workspace.store().connection_delete(&id, false).await?;
        }
    }
    Ok(())
}

/// Connects, or points an existing connection at where the sandbox is now: its port changes from
/// start to start, and its pretend key may not have outlived the last one.
async fn connect(
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
        };
        connections::create(hub, workspace_name, request).await?;
        return Ok(());
    };
    if existing.config.get("baseUrl").and_then(Value::as_str) != Some(url) {
        let request = ConnectionSetRequest { name: name.to_owned(), config, allow_private: Some(true) };
        connections::set(hub, workspace_name, request).await?;
    }
    let target = workspace.target(name).await?;
    match workspace.engine().health(&target).await {
        Err(problem) if problem.code().ends_sign_in() => {
            let request = ReplaceKeyRequest { name: name.to_owned(), secrets: secrets() };
            connections::replace_key(hub, workspace_name, request).await?;
            Ok(())
        }
        // Other trouble is the check's to find and the report's to tell.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The demonstration's chain. Its mappings are left open on purpose: they are matched.
fn chain() -> Chain {
    let step = |id: &str, name: &str, connection: &str, operation: &str, for_each: Option<&str>| Step {
        id: id.into(),
        name: Some(name.to_owned()),
        connection: connection.to_owned(),
        operation: operation.to_owned(),
        for_each: for_each.map(Into::into),
        mapping: Vec::new(),
        policy: patchbay_model::chain::StepPolicy::default(),
    };
    Chain {
        schema: CHAIN_SCHEMA,
        name: CHAIN.to_owned(),
        description: "Tells the team of each open issue.".to_owned(),
        trigger: Trigger::Manual,
        steps: vec![
            step("issues", "Read open issues", TRACKER, "list_issues", None),
            step("message", "Send a message", CHAT, "send_message", Some("issues")),
        ],
    }
}

/// Asks a sandbox that runs elsewhere on this computer for its pretend keys.
async fn access(hub: &Hub, address: &str) -> Result<Access, Problem> {
    let invalid = |message: &str| {
        Problem::new(Code::InputInvalid)
            .with("field", "\"--sandbox\"")
            .with("message", message)
            .about(Subject::Field { name: "sandbox".into() })
    };
    let url = Url::parse(address)
        .and_then(|url| url.join("/control/access"))
        .map_err(|_| invalid("Give the sandbox's address, such as http://127.0.0.1:4319."))?;
    let origin = patchbay_net::origin_of(&url).ok_or_else(|| invalid("The address has no host."))?;
    let mut request = patchbay_net::Request::new(patchbay_model::descriptor::Method::Get, url);
    request.origins = vec![origin];
    request.allow_private = true;
    let answer = hub.net().send(request).await.map_err(Problem::from)?;
    let body = answer.body.map_err(Problem::from)?;
    serde_json::from_slice(&body).map_err(|_| {
        Problem::new(Code::UnexpectedContent)
            .with("tool", "The sandbox")
            .detail("no sandbox answers at this address")
    })
}
