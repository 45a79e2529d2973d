//! Chains as they are passed on: without anybody's connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::id::ConnectorId;

/// The version of the shared document's shape that this program writes.
pub const SHARED_SCHEMA: u32 = 1;

/// A chain to be passed on. Its steps name placeholders instead of connections; whoever takes it in says
/// which connection stands for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SharedChain {
    /// Version of the document's shape; 1.
    pub shared: u32,
    /// What it has to be connected with.
    pub connections: Vec<Placeholder>,
    /// The chain.
    pub chain: Chain,
}

/// What stands for a connection in a shared chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Placeholder {
    /// Its name in the chain: the connector's identifier, with a number where it has several.
    pub name: String,
    /// The connector that the connection has to be of.
    pub connector: ConnectorId,
}

impl Chain {
    /// The connections that it names, each once, in the order in which they come: its trigger's, then
    /// those of its steps.
    pub fn connections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let steps = self.all_steps().map(|step| step.connection.as_str());
        for name in self.trigger.connection().into_iter().chain(steps).filter(|name| !name.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The same with other connections: `other` gives the name that comes into the place of one.
    #[must_use]
    pub fn with_connections(mut self, other: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(name) = self.trigger.connection_mut()
            && let Some(next) = other(name)
        {
            *name = next;
        }
        for step in self.all_steps_mut() {
            if let Some(next) = other(&step.connection) {
                step.connection = next;
            }
        }
        self
    }
}
