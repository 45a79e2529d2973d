//! What of a chain is at work: the published version, On and Off, versions with what differs, and what
//! became of the events that it waited for.

use patchbay_chain::difference::{titled_difference, trigger_words};
use patchbay_chain::{Plan, mapping};
use patchbay_map::{Template, Test};
use patchbay_model::chain::{Chain, ChainVersion};
use patchbay_model::check::{Finding, Level};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::trigger::{Firing, Trigger};
use patchbay_model::{ChainId, Event, Timestamp};
use serde::{Deserialize, Serialize};

use crate::chains::{self, ChainRef};
use crate::hub::Hub;
use crate::titles;
use crate::workspace::Workspace;

/// Versions in one answer.
const VERSIONS: u32 = 20;
/// Events in one answer.
const FIRINGS: u32 = 100;

/// Which version to publish.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainPublishRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// The version; the latest where absent.
    #[serde(default)]
    pub version: Option<u32>,
}

/// Whether the trigger starts it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ChainSwitchRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// On or off.
    pub on: bool,
}

/// What of a chain is at work.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainAtWork {
    /// Its identifier.
    pub id: ChainId,
    /// Its name.
    pub name: String,
    /// The latest version: the draft, where it is not the published one.
    pub latest: u32,
    /// The version that the trigger runs.
    pub published: Option<u32>,
    /// Whether its trigger starts it.
    pub on: bool,
    /// What starts the published version, in words.
    pub starts: Option<String>,
    /// Nothing is started: the data came from another computer and waits to be confirmed.
    pub paused: bool,
}

/// Makes a version the one that the trigger runs. Refused where it could not run.
pub async fn publish(hub: &Hub, workspace: &str, request: ChainPublishRequest) -> Result<ChainAtWork, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let latest = chains::find(&workspace, &request.chain).await?;
    let version = match request.version.filter(|wanted| *wanted != latest.version) {
        None => latest.clone(),
        Some(wanted) => workspace.store().chain_version(&latest.id, wanted).await?.ok_or_else(|| {
            Problem::new(Code::NotFound)
                .with("item", format!("Version {wanted} of \"{}\"", latest.chain.name))
                .about(Subject::Chain { id: latest.id.to_string(), step: None })
        })?,
    };
    ready(&workspace, &version).await?;
    workspace.store().chain_publish(&version).await?;
    workspace.chains_changed();
    workspace.events().emit(Event::ChainsChanged);
    at_work(&workspace, &latest).await
}

/// Lets the trigger start a chain, or keeps it from doing so. Turned on, a chain that was never published
/// is published as it is.
pub async fn switch(hub: &Hub, workspace: &str, request: ChainSwitchRequest) -> Result<ChainAtWork, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let latest = chains::find(&workspace, &request.chain).await?;
    if request.on {
        let published = workspace.store().chain_published(&latest.id).await?;
        let version = published.as_ref().unwrap_or(&latest);
        if version.chain.trigger.kind().is_none() {
            return Err(invalid("trigger", "Only you start this chain. Choose what starts it first.")
                .about(Subject::Chain { id: latest.id.to_string(), step: None }));
        }
        ready(&workspace, version).await?;
        if published.is_none() {
            workspace.store().chain_publish(version).await?;
        }
    }
    workspace.store().chain_switch(&latest.id, request.on).await?;
    workspace.chains_changed();
    workspace.events().emit(Event::ChainsChanged);
    at_work(&workspace, &latest).await
}

/// Shows what of a chain is at work.
pub async fn show(hub: &Hub, workspace: &str, request: ChainRef) -> Result<ChainAtWork, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let latest = chains::find(&workspace, &request.chain).await?;
    at_work(&workspace, &latest).await
}

async fn at_work(workspace: &Workspace, latest: &ChainVersion) -> Result<ChainAtWork, Problem> {
    let state = workspace.store().chain_state(&latest.id).await?;
    let published = workspace.store().chain_published(&latest.id).await?;
    Ok(ChainAtWork {
        id: latest.id.clone(),
        name: latest.chain.name.clone(),
        latest: latest.version,
        published: state.published,
        on: state.is_on,
        starts: published.map(|version| trigger_words(&version.chain.trigger)),
        paused: workspace.store().triggers_paused(),
    })
}

/// Whether a version could run: what nobody watches has to be right before it starts.
async fn ready(workspace: &Workspace, version: &ChainVersion) -> Result<(), Problem> {
    let about = |problem: Problem| problem.about(Subject::Chain { id: version.id.to_string(), step: None });
    check_trigger(&version.chain).map_err(about)?;
    if let Some(name) = version.chain.trigger.connection()
        && workspace.store().connection_named(name).await?.is_none()
    {
        return Err(about(
            Problem::new(Code::NotFound).with("item", format!("The connection \"{name}\" of the trigger")),
        ));
    }
    if let Trigger::Chain { chain, .. } = &version.chain.trigger {
        let found = workspace.store().chain_named(chain).await?;
        match found {
            None => {
                return Err(about(
                    Problem::new(Code::NotFound).with("item", format!("The chain \"{chain}\" of the trigger")),
                ));
            }
            Some(other) if other.id == version.id => {
                return Err(about(invalid("trigger", "A chain cannot start after itself.")));
            }
            Some(_) => {}
        }
    }
    let found = blockers(workspace, &version.chain).await?;
    match found.into_iter().next() {
        None => Ok(()),
        Some(blocker) => Err(blocker.problem.unwrap_or_else(|| about(invalid("steps", &blocker.text)))),
    }
}

/// What keeps a chain from running, as far as this computer alone can tell.
async fn blockers(workspace: &Workspace, chain: &Chain) -> Result<Vec<Finding>, Problem> {
    let connectors = chains::connectors_of(workspace, chain).await?;
    let descriptor_of = |name: &str| {
        connectors.get(name).map(|c: &std::sync::Arc<_>| patchbay_connector::Compiled::descriptor(c).as_ref())
    };
    let mut found = mapping::findings(chain, descriptor_of);
    if let Err(problems) = Plan::of(chain, descriptor_of) {
        found.extend(problems.into_iter().map(chains::blocker));
    }
    found.retain(|finding| finding.level == Level::Blocker);
    Ok(found)
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid).with("field", field).with("message", message)
}

/// Whether a trigger and what it says of overlapping runs can be used.
pub(crate) fn check_trigger(chain: &Chain) -> Result<(), Problem> {
    let filter = match &chain.trigger {
        Trigger::Signal { filter, .. } | Trigger::Webhook { filter, .. } => filter.as_slice(),
        Trigger::Schedule { cron, zone, .. } => {
            if cron.split_whitespace().count() != 5 {
                return Err(invalid(
                    "trigger",
                    "A schedule has five fields: minute, hour, day of month, month, day of week.",
                ));
            }
            if zone.trim().is_empty() {
                return Err(invalid("trigger", "A schedule needs its time zone, such as Europe/London."));
            }
            &[]
        }
        Trigger::Interval { seconds: 0..10, .. } => {
            return Err(invalid("trigger", "An interval has at least 10 seconds."));
        }
        Trigger::Manual { input: Some(schema) } => {
            patchbay_map::Schema::compile(schema)
                .map_err(|error| invalid("trigger", &format!("Its input has no readable schema: {error}.")))?;
            &[]
        }
        Trigger::Manual { input: None }
        | Trigger::Interval { .. }
        | Trigger::Chain { .. }
        | Trigger::File { .. } => &[],
    };
    for predicate in filter {
        Test::compile(predicate)
            .map_err(|error| invalid("trigger", &format!("Its filter cannot be used: {error}.")))?;
    }
    let policy = &chain.concurrency;
    if let Some(key) = &policy.key {
        Template::compile(key)
            .map_err(|error| invalid("concurrency", &format!("Its key cannot be used: {error}.")))?;
    }
    if !(1..=64).contains(&policy.most) || policy.effects_per_day == 0 {
        return Err(invalid("concurrency", "1 to 64 runs at a time, and at least one effect a day."));
    }
    Ok(())
}

/// Versions of a chain, the latest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainVersionsResponse {
    /// At most 20.
    pub versions: Vec<ChainVersionView>,
}

/// One version of a chain.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChainVersionView {
    /// Counts from 1.
    pub version: u32,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// Whether the trigger runs it.
    pub published: bool,
    /// What differs from the one before, in words; empty for the oldest that is shown.
    pub changes: Vec<String>,
    /// The document.
    pub chain: Chain,
}

/// Lists the versions of a chain with what differs from one to the next.
pub async fn versions(hub: &Hub, workspace: &str, request: ChainRef) -> Result<ChainVersionsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let latest = chains::find(&workspace, &request.chain).await?;
    let state = workspace.store().chain_state(&latest.id).await?;
    let kept = workspace.store().chain_versions(&latest.id, VERSIONS + 1).await?;
    let mut named = Vec::with_capacity(kept.len());
    for version in &kept {
        named.push(titles::titled(&workspace, &version.chain).await?);
    }
    let versions = kept.iter().enumerate().take(VERSIONS as usize).map(|(at, version)| ChainVersionView {
        version: version.version,
        saved_at: version.saved_at,
        published: state.published == Some(version.version),
        changes: kept.get(at + 1).map_or_else(Vec::new, |before| {
            titled_difference((&named[at + 1], &named[at]), (&before.chain, &version.chain))
        }),
        chain: version.chain.clone(),
    });
    Ok(ChainVersionsResponse { versions: versions.collect() })
}

/// What became of events.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainFiringsResponse {
    /// The latest first, at most 100.
    pub firings: Vec<Firing>,
}

/// Lists what became of the events that a chain waited for.
pub async fn firings(hub: &Hub, workspace: &str, request: ChainRef) -> Result<ChainFiringsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let latest = chains::find(&workspace, &request.chain).await?;
    Ok(ChainFiringsResponse { firings: workspace.store().firings(&latest.id, FIRINGS).await? })
}

#[cfg(test)]
mod tests;
