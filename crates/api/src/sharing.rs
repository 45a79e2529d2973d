//! Chains that are passed on: placeholders instead of connections, and what one would do before it is
//! taken in.

mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_chain::difference::trigger_words;
use patchbay_chain::runner::effect_words;
use patchbay_chain::{Plan, learned};
use patchbay_connector::Compiled;
use patchbay_model::ConnectorId;
use patchbay_model::chain::{Chain, FieldMap};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::sharing::{Placeholder, SHARED_SCHEMA, SharedChain};
use patchbay_store::ConnectionFilter;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::chains::{self, ChainRef};
use crate::hub::Hub;
use crate::titles;
use crate::workspace::Workspace;

/// Connections that are offered for placeholders.
const MOST: u32 = 500;

/// A document that can be taken in.
pub(crate) enum Document {
    /// A chain that names connections of this computer.
    Own(Box<Chain>),
    /// One that names placeholders.
    Shared(Box<SharedChain>),
}

/// Reads a document of either kind.
pub(crate) fn read(document: Value, file: Option<&str>) -> Result<Document, Problem> {
    let subject =
        || Subject::File { path: file.unwrap_or("chain").to_owned(), line: None, column: None, pointer: None };
    let invalid = |message: String| {
        Problem::new(Code::InputInvalid).with("field", "The chain").with("message", message).about(subject())
    };
    let checked = |chain: &Chain| {
        crate::chain_document::check_document(chain).map_err(|problem| problem.about(subject()))
    };
    if document.get("shared").is_none() {
        let chain: Chain = serde_json::from_value(document).map_err(|error| invalid(format!("{error}.")))?;
        checked(&chain)?;
        return Ok(Document::Own(Box::new(chain)));
    }
    let shared: SharedChain = serde_json::from_value(document).map_err(|error| invalid(format!("{error}.")))?;
    if shared.shared != SHARED_SCHEMA {
        return Err(invalid(format!("This version reads shared chains of schema {SHARED_SCHEMA}.")));
    }
    checked(&shared.chain)?;
    let known = |name: &str| shared.connections.iter().filter(|own| own.name == name).count() == 1;
    match shared.chain.connections().into_iter().find(|name| !known(name)) {
        Some(name) => Err(invalid(format!("\"{name}\" is not one of its placeholders, or is one twice."))),
        None => Ok(Document::Shared(Box::new(shared))),
    }
}

/// A chain with the connections that were chosen for its placeholders.
pub(crate) async fn filled(
    workspace: &Workspace,
    shared: SharedChain,
    chosen: &BTreeMap<String, String>,
) -> Result<Chain, Problem> {
    let needed = shared.chain.connections();
    for placeholder in shared.connections.iter().filter(|own| needed.contains(&own.name.as_str())) {
        let invalid = |message: String| {
            Problem::new(Code::InputInvalid)
                .with("field", format!("The placeholder \"{}\"", placeholder.name))
                .with("message", message)
                .about(Subject::Field { name: placeholder.name.clone() })
        };
        let tool = workspace.connectors().get(&placeholder.connector)?.descriptor().name.clone();
        let Some(name) = chosen.get(&placeholder.name) else {
            return Err(invalid(format!("Choose a connection of {tool} for it.")));
        };
        let connection = workspace.store().connection_named(name).await?.ok_or_else(|| {
            Problem::new(Code::NotFound)
                .with("item", format!("The connection \"{name}\""))
                .about(Subject::Connection { name: name.clone() })
        })?;
        if connection.connector != placeholder.connector {
            return Err(invalid(format!("\"{name}\" is not a connection of {tool}.")));
        }
    }
    Ok(shared.chain.with_connections(|name| chosen.get(name).cloned()))
}

/// A chain to be passed on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainShared {
    /// The document.
    pub document: SharedChain,
    /// Everything that somebody wrote into it: texts, conditions, questions, names. It goes along.
    pub values: Vec<WrittenValue>,
}

/// Something that somebody wrote into a chain.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WrittenValue {
    /// The step; empty for what the chain itself says.
    pub step: String,
    /// Where it stands, as people read it: the step and the field, or what it is.
    pub place: String,
    /// The parameter, as a JSON pointer (RFC 6901), or what it is in words.
    pub target: String,
    /// The value, the template or the text.
    pub value: Value,
}

/// Gives a chain's document to be passed on. Names and accounts of connections are not part of it.
pub async fn share(hub: &Hub, workspace: &str, request: ChainRef) -> Result<ChainShared, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let chain = chains::find(&workspace, &request.chain).await?.chain;
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut connections: Vec<Placeholder> = Vec::new();
    for name in chain.connections() {
        let connection = workspace.store().connection_named(name).await?.ok_or_else(|| {
            Problem::new(Code::NotFound)
                .with("item", format!("The connection \"{name}\""))
                .about(Subject::Connection { name: name.to_owned() })
        })?;
        let connector = connection.connector;
        let place = free_place(&connector, &connections);
        connections.push(Placeholder { name: place.clone(), connector });
        places.insert(name.to_owned(), place);
    }
    let values = words::written(&chain, &titles::known(&workspace, &chain).await?);
    let mut chain = chain.with_connections(|name| places.get(name).cloned());
    // Such a reason names another chain of the person.
    let names_a_chain = |map: &mut FieldMap| map.reason.as_deref().is_some_and(learned::names_a_chain);
    let maps = chain.all_steps_mut().flat_map(|step| &mut step.mapping);
    maps.filter_map(|map| names_a_chain(map).then_some(map)).for_each(|map| map.reason = None);
    Ok(ChainShared { document: SharedChain { shared: SHARED_SCHEMA, connections, chain }, values })
}

/// A placeholder's name: the connector's, with a number where that is taken. A connector may itself be called
/// as another one with a number.
fn free_place(connector: &ConnectorId, taken: &[Placeholder]) -> String {
    let mut place = connector.to_string();
    let mut number = 2_u32;
    while taken.iter().any(|own| own.name == place) {
        place = format!("{connector}-{number}");
        number += 1;
    }
    place
}

/// A document to look at.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainPreviewRequest {
    /// The document.
    pub chain: Value,
    /// Its file, for messages.
    #[serde(default)]
    pub file: Option<String>,
}

/// What a chain needs, reaches and does.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainPreview {
    /// Its name.
    pub name: String,
    /// One or two sentences.
    pub description: String,
    /// What starts it, once it is on.
    pub starts: String,
    /// What has to be connected with it; empty for a chain that names connections of this computer.
    pub placeholders: Vec<PlaceholderView>,
    /// What a run does, step by step. Empty also where that cannot be said yet: see `planned`.
    pub effects: Vec<String>,
    /// Whether it can be said what a run does: every tool that it uses is known here.
    pub planned: bool,
    /// Whether a chain here has its name.
    pub taken: bool,
    /// Other chains that it runs or follows, by name.
    pub chains: Vec<String>,
    /// Why it cannot be taken in, or not be run as it is.
    pub problems: Vec<Problem>,
}

/// A placeholder with what could stand for it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PlaceholderView {
    /// Its name in the document.
    pub name: String,
    /// The connector that it wants.
    pub connector: ConnectorId,
    /// What the tool is called; none where there is no such connector here.
    pub tool: Option<String>,
    /// Where requests go; empty where that is known only once a connection is chosen.
    pub origins: Vec<String>,
    /// The connections that fit.
    pub candidates: Vec<Candidate>,
}

/// A connection that could stand for a placeholder.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Whose account it uses.
    pub account: Option<String>,
    /// Where its requests go.
    pub origins: Vec<String>,
}

/// Shows what a chain would need, reach and do. Nothing is kept and nothing sent.
pub async fn preview(
    hub: &Hub,
    workspace: &str,
    request: ChainPreviewRequest,
) -> Result<ChainPreview, Problem> {
    let workspace = hub.workspace(workspace).await?;
    match read(request.chain, request.file.as_deref())? {
        Document::Own(chain) => {
            let connectors = chains::connectors_of(&workspace, &chain).await?;
            Ok(shown(&chain, &connectors, Vec::new(), is_taken(&workspace, &chain).await?))
        }
        Document::Shared(shared) => of_shared(&workspace, &shared).await,
    }
}

/// Shows a shared chain.
pub(crate) async fn of_shared(workspace: &Workspace, shared: &SharedChain) -> Result<ChainPreview, Problem> {
    let filter = ConnectionFilter { limit: MOST, ..ConnectionFilter::default() };
    let all = workspace.store().connection_list(filter).await?.items;
    let mut connectors = BTreeMap::new();
    let mut placeholders = Vec::new();
    for placeholder in &shared.connections {
        let compiled = workspace.connectors().get(&placeholder.connector).ok();
        let candidates: Vec<Candidate> = all
            .iter()
            .filter(|connection| connection.connector == placeholder.connector)
            .map(|connection| Candidate {
                name: connection.name.clone(),
                account: connection.account.as_ref().map(|account| account.label.clone()),
                origins: connection.origins.clone(),
            })
            .collect();
        placeholders.push(PlaceholderView {
            name: placeholder.name.clone(),
            connector: placeholder.connector.clone(),
            tool: compiled.as_ref().map(|compiled| compiled.descriptor().name.clone()),
            origins: compiled.as_deref().map(origins).unwrap_or_default(),
            candidates,
        });
        if let Some(compiled) = compiled {
            connectors.insert(placeholder.name.clone(), compiled);
        }
    }
    let taken = is_taken(workspace, &shared.chain).await?;
    Ok(shown(&shared.chain, &connectors, placeholders, taken))
}

async fn is_taken(workspace: &Workspace, chain: &Chain) -> Result<bool, Problem> {
    Ok(workspace.store().chain_named(&chain.name).await?.is_some())
}

/// Where a connector's requests go before anything is set; nothing where that depends on settings.
fn origins(compiled: &Compiled) -> Vec<String> {
    let method = compiled.descriptor().auth_method(None);
    let base = &compiled.descriptor().base_url;
    let fixed = || (!base.contains("{{")).then(|| base.clone()).into_iter().collect();
    compiled.origins(&Map::new(), method).unwrap_or_else(|_| fixed())
}

fn shown(
    chain: &Chain,
    connectors: &BTreeMap<String, Arc<Compiled>>,
    placeholders: Vec<PlaceholderView>,
    taken: bool,
) -> ChainPreview {
    let descriptor_of = |name: &str| connectors.get(name).map(|compiled| compiled.descriptor().as_ref());
    let (effects, planned, problems) = match Plan::of(chain, descriptor_of) {
        Ok(plan) => (effects(chain, &plan, connectors), true, Vec::new()),
        Err(problems) => (Vec::new(), false, problems),
    };
    // A person reads the tool's name, not the placeholder's.
    let tool = |name: &str| placeholders.iter().find(|place| place.name == name)?.tool.clone();
    let named = chain.clone().with_connections(tool);
    ChainPreview {
        name: chain.name.clone(),
        description: chain.description.clone(),
        starts: trigger_words(&named.trigger),
        placeholders,
        effects,
        planned,
        taken,
        chains: other_chains(chain),
        problems,
    }
}

fn effects(chain: &Chain, plan: &Plan, connectors: &BTreeMap<String, Arc<Compiled>>) -> Vec<String> {
    chain
        .all_steps()
        .zip(&plan.steps)
        .filter_map(|(step, planned)| {
            let descriptor = connectors.get(&step.connection)?.descriptor();
            let operation = descriptor.operation(&step.operation)?;
            Some(effect_words(&operation.title, &descriptor.name, planned, None))
        })
        .collect()
}

fn other_chains(chain: &Chain) -> Vec<String> {
    let follows = match &chain.trigger {
        patchbay_model::Trigger::Chain { chain, .. } => Some(chain.clone()),
        _ => None,
    };
    let runs = chain.all_steps().filter_map(|step| match &step.logic {
        Some(Logic::Chain { chain }) => Some(chain.clone()),
        _ => None,
    });
    let mut names: Vec<String> = follows.into_iter().chain(runs).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
#[path = "sharing/tests.rs"]
mod tests;
