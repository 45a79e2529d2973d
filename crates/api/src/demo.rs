//! The first-run experience: sandbox, two connections, one chain, one run. Started again after a
//! kill it takes the run up where it was.

use patchbay_model::check::Finding;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::report::RunReport;
use patchbay_sandbox::{Access, Sandbox, SandboxOptions};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::hub::Hub;
use crate::workspace::Workspace;
use crate::{chains, runs, sandbox};

/// What the demonstration showed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
pub async fn demo(hub: &Hub, workspace_name: &str, address: Option<&str>) -> Result<DemoResponse, Problem> {
    let workspace = hub.workspace(workspace_name).await?;
    let (own, access) = match address {
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
    sandbox::connect(hub, workspace, workspace_name, access).await?;
    let saved = sandbox::save_chain(workspace).await?;
    let open = workspace.store().runs_open().await?.into_iter().find(|run| run.chain_id == saved.id);
    let resumed = open.is_some();
    let run = match open {
        Some(run) => run,
        None => {
            let version = chains::find(workspace, saved.id.as_str()).await?;
            let run = runs::fresh(hub, version, Value::Null, false);
            workspace.store().run_insert(&run).await?;
            run
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
