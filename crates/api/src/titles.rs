//! Steps as people read them: in the catalogue's words where nobody gave them a name.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_connector::Compiled;
use patchbay_model::chain::{Chain, Step};
use patchbay_model::problem::Problem;

use crate::workspace::Workspace;

/// What the catalogue calls what a step does: the tool and the operation. None for a step that works by itself,
/// and for what is not known here.
pub(crate) fn action(step: &Step, connectors: &BTreeMap<String, Arc<Compiled>>) -> Option<String> {
    let descriptor = connectors.get(&step.connection)?.descriptor();
    let operation = descriptor.operation(&step.operation)?;
    Some(format!("{}: {}", descriptor.name, operation.title))
}

/// The chain with a name for each of its steps that the catalogue has words for. It is for reading only: kept,
/// it would say of each step that a person had named it.
pub(crate) fn named(chain: &Chain, connectors: &BTreeMap<String, Arc<Compiled>>) -> Chain {
    let mut chain = chain.clone();
    for step in chain.all_steps_mut().filter(|step| step.name.is_none() && step.logic.is_none()) {
        step.name = action(step, connectors);
    }
    chain
}

/// The same with the connections of a workspace.
pub(crate) async fn titled(workspace: &Workspace, chain: &Chain) -> Result<Chain, Problem> {
    Ok(named(chain, &known(workspace, chain).await?))
}

/// The connectors of a chain's connections, as far as connection and connector are there.
pub(crate) async fn known(
    workspace: &Workspace,
    chain: &Chain,
) -> Result<BTreeMap<String, Arc<Compiled>>, Problem> {
    let mut connectors = BTreeMap::new();
    for name in chain.connections() {
        if let Some(connection) = workspace.store().connection_named(name).await?
            && let Ok(compiled) = workspace.connectors().get(&connection.connector)
        {
            connectors.insert(name.to_owned(), compiled);
        }
    }
    Ok(connectors)
}
