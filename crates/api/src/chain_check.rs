//! Whether a chain would run, and what it would do.

use patchbay_chain::Live;
use patchbay_chain::runner::{check as check_live, last_counts, plan_hash};
use patchbay_chain::spare::spare;
use patchbay_model::StepId;
use patchbay_model::check::{Finding, Level};
use patchbay_model::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::{chains, runs};

/// What the check found.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainCheckResponse {
    /// Whether a run would start.
    pub ready: bool,
    /// Blockers first, then warnings, passes, and what the run will do.
    pub findings: Vec<Finding>,
    /// The steps that a run could go without: no other one needs them.
    pub spare: Vec<StepId>,
    /// Stands for what a run would do: a run that is started with it does this or nothing.
    pub plan: Option<String>,
}

/// Which chain to check, and how far.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainCheckRequest {
    /// Its identifier or its name.
    pub chain: String,
    /// Only what can be said without asking any service.
    #[serde(default)]
    pub local: bool,
    /// Steps that the run would leave out; `CONFLICT` where another one needs them.
    #[serde(default)]
    pub without: Option<Vec<StepId>>,
}

/// Checks a chain without running it: connections are tested, mappings compiled.
pub async fn check(
    hub: &Hub,
    workspace: &str,
    request: ChainCheckRequest,
) -> Result<ChainCheckResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut version = chains::find(&workspace, &request.chain).await?;
    let spare = spare(&version.chain);
    runs::narrow(&workspace, &mut version, None, request.without.as_deref().unwrap_or_default()).await?;
    if request.local {
        let connectors = chains::connectors_of(&workspace, &version.chain).await?;
        let mut findings = chains::local_findings(&version.chain, &connectors);
        findings.extend(chains::lost(&workspace, &version, &connectors).await?);
        let ready = !findings.iter().any(|finding| finding.level == Level::Blocker);
        return Ok(ChainCheckResponse { ready, findings, spare, plan: None });
    }
    let (findings, plan) = match Live::of_chain(workspace.runner(), &version.chain).await {
        Ok(live) => {
            let counts = last_counts(workspace.runner(), &version.id).await;
            let mut findings =
                check_live(workspace.runner(), (&version.id, &version.chain), &live, &counts, true).await;
            let connectors = chains::connectors_of(&workspace, &version.chain).await?;
            findings.extend(chains::lost(&workspace, &version, &connectors).await?);
            (findings, Some(plan_hash(workspace.runner(), &version, &live).await))
        }
        Err(problems) => (problems.into_iter().map(chains::blocker).collect(), None),
    };
    let ready = !findings.iter().any(|finding| finding.level == Level::Blocker);
    Ok(ChainCheckResponse { ready, findings, spare, plan })
}
