//! Which tools the connections that a chain names stood for when it ran.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_model::ConnectorId;
use patchbay_model::run::Fact;

/// The connectors that a run reached, by the name of the connection, from its journal. There are several where
/// a connection was replaced by one of another tool while the run waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached(BTreeMap<String, BTreeSet<ConnectorId>>);

impl Reached {
    /// Takes in what a fact says of them.
    pub fn take(&mut self, fact: &Fact) {
        let Fact::Started { connectors, .. } = fact else { return };
        for (name, connector) in connectors {
            self.0.entry(name.clone()).or_default().insert(connector.clone());
        }
    }

    /// Takes in what another run reached, whose connections are called otherwise now: by the names they had.
    pub fn join(&mut self, other: Self, called: &BTreeMap<String, String>) {
        for (name, connectors) in other.0 {
            let name = called.get(&name).cloned().unwrap_or(name);
            self.0.entry(name).or_default().extend(connectors);
        }
    }

    /// Those of a connection; none where the journal does not say.
    pub fn of(&self, connection: &str) -> impl Iterator<Item = &ConnectorId> {
        self.0.get(connection).into_iter().flatten()
    }
}
