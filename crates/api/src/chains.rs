//! Chains: save and show.

use std::collections::BTreeMap;

use patchbay_chain::Plan;
use patchbay_chain::difference::trigger_words;
use patchbay_chain::learned::{Learned, learned};
use patchbay_chain::{drift, mapping};
use patchbay_connector::Compiled;
use patchbay_map::canonical_json;
use patchbay_model::chain::{Chain, ChainVersion, ChosenBy, Step};
use patchbay_model::check::{Finding, Level};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::{Run, RunState};
use patchbay_model::trigger::Trigger;
use patchbay_model::{ChainId, Event, Timestamp};
use patchbay_store::ChainState;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

use crate::chain_document::check_document;
use crate::hub::Hub;
use crate::samples;
use crate::sharing::{self, Document};
use crate::workspace::Workspace;
use crate::workspaces::Empty;

/// A chain to save.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainImportRequest {
    /// The document: a chain that names connections, or a shared one that names placeholders.
    pub chain: Value,
    /// Its file, for messages.
    #[serde(default)]
    pub file: Option<String>,
    /// The connection that stands for each placeholder of a shared chain.
    #[serde(default)]
    pub connections: BTreeMap<String, String>,
    /// What becomes of a chain here that has its name: where absent, a document of one's own that
    /// differs from it is refused (`CONFLICT`), and a shared one stands beside it.
    #[serde(default)]
    pub taken: Option<NameTaken>,
}

/// What becomes of a chain whose name another one has that is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NameTaken {
    /// It stays, and the other one gets a name that is free.
    KeepBoth,
    /// The other one is its next version. What its trigger runs stays what was published.
    Replace,
}

/// A saved chain.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChainSaved {
    /// Its identifier, the same for all versions.
    pub id: ChainId,
    /// Its name.
    pub name: String,
    /// Counts from 1; saving the same document again makes no new version.
    pub version: u32,
    /// What was matched automatically.
    pub matched: Vec<MatchedField>,
    /// What is missing or unsure.
    pub findings: Vec<Finding>,
    /// The document as it was saved.
    pub chain: Chain,
}

/// One field that was matched automatically.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MatchedField {
    /// The step.
    pub step: String,
    /// The parameter.
    pub target: String,
    /// Where its value comes from.
    pub source: patchbay_model::chain::Source,
    /// How sure, 0 to 100.
    pub confidence: u8,
    /// Why.
    pub reason: String,
}

/// Saves a chain. One of the same name gets a new version where that is asked for, and is a `CONFLICT`
/// otherwise. What its steps leave open is matched automatically. Problems with connections do not stop saving; they are found by the check.
///
/// A shared chain is a new one, under a name that is free, and off: it replaces nothing, unless that is
/// asked for, and starts nothing by itself.
pub async fn import(hub: &Hub, workspace: &str, request: ChainImportRequest) -> Result<ChainSaved, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let (mut chain, taken) = match sharing::read(request.chain, request.file.as_deref())? {
        Document::Own(chain) => {
            if request.taken.is_none() && replaced(&workspace, &chain).await?.is_some() {
                return Err(Problem::new(Code::Conflict)
                    .with("item", format!("A chain called \"{}\"", chain.name))
                    .with(
                        "message",
                        "There is another one of this name, and nothing was changed. Replace it (--replace), or \
                         take this one in beside it (--keep-both).",
                    )
                    .about(Subject::Field { name: "name".into() }));
            }
            (*chain, request.taken.unwrap_or(NameTaken::Replace))
        }
        Document::Shared(shared) => {
            let chain = sharing::filled(&workspace, *shared, &request.connections).await?;
            (chain, request.taken.unwrap_or(NameTaken::KeepBoth))
        }
    };
    let mut existing = None;
    match taken {
        NameTaken::Replace => {
            existing = workspace.store().chain_named(&chain.name).await?.map(|found| found.id);
        }
        NameTaken::KeepBoth => chain.name = free_name(&workspace, &chain.name).await?,
    }
    save(&workspace, existing, chain).await
}

/// The chain that a document would replace: one of the same name that is not the same.
async fn replaced(workspace: &Workspace, chain: &Chain) -> Result<Option<ChainVersion>, Problem> {
    let Some(existing) = workspace.store().chain_named(&chain.name).await? else { return Ok(None) };
    // What was completed when it was saved is completed in the same way now.
    let same =
        existing.chain == *chain || completed(workspace, Some(&existing.id), chain).await? == existing.chain;
    Ok((!same).then_some(existing))
}

/// The name, with a number where a chain has it already.
async fn free_name(workspace: &Workspace, wanted: &str) -> Result<String, Problem> {
    let mut name = wanted.to_owned();
    let mut number = 2_u32;
    while workspace.store().chain_named(&name).await?.is_some() {
        let end = format!(" {number}");
        name = format!("{}{end}", patchbay_model::text::display_line(wanted, 80 - end.len()).trim_end());
        number += 1;
    }
    Ok(name)
}

/// A chain as the editor has it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainSaveRequest {
    /// The chain; a new one where absent.
    #[serde(default)]
    pub id: Option<ChainId>,
    /// The document.
    pub chain: Chain,
    /// The version that was changed: where there is a later one that differs, nothing is saved
    /// (`CONFLICT`, about the chain). Saved whatever there is where absent.
    #[serde(default)]
    pub base: Option<u32>,
}

/// Saves a new version of a chain, or a new chain. A name that another chain has is `CONFLICT`, and so is
/// a version that was made in between.
pub async fn keep(hub: &Hub, workspace: &str, request: ChainSaveRequest) -> Result<ChainSaved, Problem> {
    let workspace = hub.workspace(workspace).await?;
    check_document(&request.chain)?;
    let mut base = request.base;
    if let Some(id) = &request.id {
        let latest = workspace.store().chain(id).await?.ok_or_else(|| {
            let about = Subject::Chain { id: id.to_string(), step: None };
            Problem::new(Code::NotFound).with("item", format!("The chain \"{id}\"")).about(about)
        })?;
        if latest.chain == request.chain {
            // Who wants what is there is not asked, whatever it began with.
            base = base.map(|base| base.max(latest.version));
        }
    }
    if let Some(other) = workspace.store().chain_named(&request.chain.name).await?
        && request.id.as_ref() != Some(&other.id)
    {
        return Err(Problem::new(Code::Conflict)
            .with("item", format!("A chain called \"{}\"", request.chain.name))
            .with("message", "There is one already. Choose another name.")
            .about(Subject::Field { name: "name".into() }));
    }
    save_upon(&workspace, request.id, base, request.chain).await
}

/// A chain with what its steps leave open matched.
async fn completed(workspace: &Workspace, existing: Option<&ChainId>, chain: &Chain) -> Result<Chain, Problem> {
    let connectors = connectors_of(workspace, chain).await?;
    let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
    let samples = samples::of_chain(workspace, existing, chain, descriptor_of).await?.values;
    let learned = learned_elsewhere(workspace, existing).await?;
    Ok(mapping::complete(chain, descriptor_of, &samples, &learned))
}

/// Completes and saves a chain.
pub(crate) async fn save(
    workspace: &Workspace,
    existing: Option<ChainId>,
    chain: Chain,
) -> Result<ChainSaved, Problem> {
    save_upon(workspace, existing, None, chain).await
}

/// The same, unless there is a later version than `base`.
async fn save_upon(
    workspace: &Workspace,
    existing: Option<ChainId>,
    base: Option<u32>,
    chain: Chain,
) -> Result<ChainSaved, Problem> {
    let connectors = connectors_of(workspace, &chain).await?;
    let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
    let samples = samples::of_chain(workspace, existing.as_ref(), &chain, descriptor_of).await?.values;
    let learned = learned_elsewhere(workspace, existing.as_ref()).await?;
    let chain = mapping::complete(&chain, descriptor_of, &samples, &learned);
    chain.steps.iter().try_for_each(|step| mapping::compile(&chain, step).map(drop))?;
    let hash = hash(&chain)?;
    let version = match (&existing, base) {
        (Some(id), Some(base)) => workspace.store().chain_save_upon(id, base, &chain, &hash).await?,
        _ => workspace.store().chain_save(existing.as_ref(), &chain, &hash).await?,
    };
    workspace.events().emit(Event::ChainsChanged);
    let mut findings = local_findings(&chain, &connectors);
    findings.extend(drift::findings(&chain, descriptor_of, &samples));
    Ok(ChainSaved {
        id: version.id,
        name: chain.name.clone(),
        version: version.version,
        matched: matched(&chain),
        findings,
        chain,
    })
}

/// What was chosen by hand in other chains.
async fn learned_elsewhere(workspace: &Workspace, except: Option<&ChainId>) -> Result<Vec<Learned>, Problem> {
    let mut found = Vec::new();
    for other in workspace.store().chain_list().await? {
        let chosen = |step: &Step| step.mapping.iter().any(|map| map.by == ChosenBy::Hand);
        if Some(&other.id) == except || !other.chain.all_steps().any(chosen) {
            continue;
        }
        let connectors = connectors_of(workspace, &other.chain).await?;
        let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
        found.extend(learned(&other.chain, descriptor_of));
    }
    Ok(found)
}

/// What of the mappings made by hand the latest samples do not have any more.
pub(crate) async fn lost(
    workspace: &Workspace,
    version: &ChainVersion,
    connectors: &BTreeMap<String, Arc<Compiled>>,
) -> Result<Vec<Finding>, Problem> {
    let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
    // What a person keeps of an earlier answer says nothing about what the service gives now.
    let samples = samples::latest(workspace, Some(&version.id), &version.chain, descriptor_of).await?;
    Ok(drift::findings(&version.chain, descriptor_of, &samples.values))
}

/// What can be said of a chain without asking any service.
pub(crate) fn local_findings(chain: &Chain, connectors: &BTreeMap<String, Arc<Compiled>>) -> Vec<Finding> {
    let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
    let mut findings = mapping::findings(chain, descriptor_of);
    if let Err(problems) = Plan::of(chain, descriptor_of) {
        findings.extend(problems.into_iter().map(blocker));
    }
    findings
}

pub(crate) fn blocker(problem: Problem) -> Finding {
    Finding::of(Level::Blocker, problem)
}

fn matched(chain: &Chain) -> Vec<MatchedField> {
    chain
        .steps
        .iter()
        .flat_map(|step| {
            step.mapping.iter().filter(|map| map.by == ChosenBy::Matcher).map(|map| MatchedField {
                step: step.id.to_string(),
                target: map.target.clone(),
                source: map.source.clone(),
                confidence: map.confidence.unwrap_or_default(),
                reason: map.reason.clone().unwrap_or_default(),
            })
        })
        .collect()
}

/// SHA-256 of the canonical document, in hexadecimal.
pub(crate) fn hash(chain: &Chain) -> Result<String, Problem> {
    let value =
        serde_json::to_value(chain).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    Ok(patchbay_connector::sha256_hex(canonical_json(&value).as_bytes()))
}

/// The connector behind each connection that a chain names; those that are missing are left out.
pub(crate) async fn connectors_of(
    workspace: &Workspace,
    chain: &Chain,
) -> Result<BTreeMap<String, Arc<Compiled>>, Problem> {
    let mut found = BTreeMap::new();
    for name in chain.connections() {
        if let Some(connection) = workspace.store().connection_named(name).await? {
            found.insert(name.to_owned(), workspace.connectors().get(&connection.connector)?);
        }
    }
    Ok(found)
}

/// A chain by identifier or name.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainRef {
    /// Its identifier or its name.
    pub chain: String,
}

/// Finds a chain by identifier or name.
pub(crate) async fn find(workspace: &Workspace, reference: &str) -> Result<ChainVersion, Problem> {
    let store = workspace.store();
    if let Some(chain) = store.chain(&ChainId::new(reference)).await? {
        return Ok(chain);
    }
    store.chain_named(reference).await?.ok_or_else(|| {
        Problem::new(Code::NotFound)
            .with("item", format!("The chain \"{reference}\""))
            .about(Subject::Chain { id: reference.to_owned(), step: None })
    })
}

/// Gives a chain's document. Connections are named, keys are not part of it.
pub async fn export(hub: &Hub, workspace: &str, request: ChainRef) -> Result<ChainVersion, Problem> {
    find(&hub.workspace(workspace).await?, &request.chain).await
}

/// Chains, sorted by name.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainListResponse {
    /// All of them.
    pub chains: Vec<ChainSummary>,
}

/// A chain as a list shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChainSummary {
    /// Its identifier.
    pub id: ChainId,
    /// Its name.
    pub name: String,
    /// Its latest version.
    pub version: u32,
    /// When that was saved.
    pub saved_at: Timestamp,
    /// Its steps: `connection: operation`.
    pub steps: Vec<String>,
    /// The connection of each step.
    pub connections: Vec<String>,
    /// What starts its latest version.
    pub trigger: Trigger,
    /// The same in words.
    pub starts: String,
    /// The version that the trigger runs.
    pub published: Option<u32>,
    /// Whether its trigger starts it.
    pub on: bool,
    /// How its last run went.
    pub last_run: Option<RunState>,
    /// When that was asked for.
    pub last_run_at: Option<Timestamp>,
    /// Of its last 20 runs that ended, how many ended well.
    pub ended_well: u32,
    /// How many of its last 20 runs ended.
    pub ended: u32,
}

/// The figures of a chain's last runs.
fn last_runs<'r>(runs: impl Iterator<Item = &'r Run>) -> (Option<(RunState, Timestamp)>, u32, u32) {
    let (mut last, mut ended, mut well) = (None, 0, 0);
    for run in runs.filter(|run| !run.dry_run).take(20) {
        last = last.or(Some((run.state, run.created_at)));
        ended += u32::from(run.state.is_final());
        well += u32::from(run.state == RunState::Done);
    }
    (last, ended, well)
}

/// Lists chains.
pub async fn list(hub: &Hub, workspace: &str, _: Empty) -> Result<ChainListResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let states: BTreeMap<ChainId, ChainState> = workspace.store().chain_states().await?.into_iter().collect();
    let mut chains = Vec::new();
    for version in workspace.store().chain_list().await? {
        let state = states.get(&version.id).copied().unwrap_or_default();
        let runs = workspace.store().runs_of(&version.id, 40).await?;
        let (last, ended, ended_well) = last_runs(runs.iter());
        let chain = version.chain;
        chains.push(ChainSummary {
            last_run: last.map(|(state, _)| state),
            last_run_at: last.map(|(_, at)| at),
            ended,
            ended_well,
            steps: chain.steps.iter().map(|s| format!("{}: {}", s.connection, s.operation)).collect(),
            connections: chain.steps.iter().map(|s| s.connection.clone()).collect(),
            starts: trigger_words(&chain.trigger),
            trigger: chain.trigger,
            published: state.published,
            on: state.is_on,
            id: version.id,
            name: chain.name,
            version: version.version,
            saved_at: version.saved_at,
        });
    }
    chains.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ChainListResponse { chains })
}

/// A chain that is gone.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainDeleted {
    /// Its name.
    pub name: String,
}

/// Deletes a chain. Runs keep their snapshot of it.
pub async fn delete(hub: &Hub, workspace: &str, request: ChainRef) -> Result<ChainDeleted, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = find(&workspace, &request.chain).await?;
    workspace.store().chain_delete(&version.id).await?;
    workspace.events().emit(Event::ChainsChanged);
    Ok(ChainDeleted { name: version.chain.name })
}

/// Whether a chain names a connection.
fn names(chain: &Chain, connection: &str) -> bool {
    chain.connections().contains(&connection)
}

/// The names of chains that use a connection.
pub(crate) async fn using(workspace: &Workspace, connection: &str) -> Result<Vec<String>, Problem> {
    let chains = workspace.store().chain_list().await?;
    Ok(chains.into_iter().filter(|c| names(&c.chain, connection)).map(|c| c.chain.name).collect())
}

#[cfg(test)]
mod tests;
