//! The connectors at hand: those that ship with the program and the user's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patchbay_connector::{Adapters, Compiled};
use patchbay_descriptor::{Catalogue, read, refused};
use patchbay_model::ConnectorId;
use patchbay_model::descriptor::Descriptor;
use patchbay_model::problem::{Code, Problem, Subject};

use crate::own_definitions::OwnDefinitions;

/// The connectors at hand. Those that ship are compiled when they are first used, the user's own
/// when they are read.
pub struct Connectors {
    built_in: Catalogue,
    adapters: Adapters,
    compiled: Mutex<BTreeMap<ConnectorId, Arc<Compiled>>>,
    own: Mutex<OwnDefinitions>,
}

/// A connector and whether the user wrote it.
pub(crate) struct Known {
    pub(crate) descriptor: Arc<Descriptor>,
    pub(crate) mine: bool,
}

impl Connectors {
    /// Those that ship with the program and those in the data folder.
    ///
    /// A native one without an adapter that serves it is a problem and left out.
    pub(crate) fn open(data_dir: &Path, adapters: Adapters) -> Self {
        let connectors = Self {
            built_in: Catalogue::built_in().keeping(|descriptor| {
                adapters.of(descriptor).map(|_| ()).map_err(|why| (why.pointer, why.message))
            }),
            adapters,
            compiled: Mutex::default(),
            own: Mutex::new(OwnDefinitions::at(data_dir.join("connectors"))),
        };
        connectors.refresh();
        connectors
    }

    /// Reads the user's own again where their files have changed; says whether anything is different.
    pub(crate) fn refresh(&self) -> bool {
        self.own().refresh(&|id| self.is_built_in(id))
    }

    /// Whether it ships with the program.
    pub(crate) fn is_built_in(&self, id: &ConnectorId) -> bool {
        self.built_in.get(id).is_some()
    }

    /// The user's own.
    pub(crate) fn own(&self) -> MutexGuard<'_, OwnDefinitions> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every connector.
    pub(crate) fn all(&self) -> Vec<Known> {
        let built_in = self.built_in.all().map(|one| Known { descriptor: one.clone(), mine: false });
        let own = self.own();
        let mine = own.used().map(|one| Known { descriptor: one.compiled.descriptor().clone(), mine: true });
        built_in.chain(mine).collect()
    }

    /// Definitions that cannot be used; they hide none of the others.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.built_in.problems().to_vec();
        problems.extend(self.own().problems());
        problems
    }

    /// A definition's text, ready to be interpreted; every mistake where it is not.
    pub(crate) fn compile(&self, text: &str, file: &str) -> Result<Arc<Compiled>, Vec<Problem>> {
        let descriptor = read(text, file)?;
        if let Err(why) = self.adapters.of(&descriptor) {
            return Err(vec![refused(text, file, why.pointer, &why.message)]);
        }
        let compiled = Compiled::with(Arc::new(descriptor), &self.adapters);
        compiled.map(Arc::new).map_err(|error| vec![error.into()])
    }

    /// The connector, ready to be interpreted. `NOT_FOUND` where there is none.
    pub(crate) fn get(&self, id: &ConnectorId) -> Result<Arc<Compiled>, Problem> {
        if let Some(own) = self.own().get(id) {
            return Ok(own.compiled.clone());
        }
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = compiled.get(id) {
            return Ok(found.clone());
        }
        let descriptor = self.built_in.get(id).ok_or_else(|| unknown(id))?;
        let ready = Arc::new(Compiled::with(descriptor.clone(), &self.adapters).map_err(Problem::from)?);
        compiled.insert(id.clone(), ready.clone());
        Ok(ready)
    }
}

/// There is no connector with this identifier.
pub(crate) fn unknown(id: &ConnectorId) -> Problem {
    Problem::new(Code::NotFound)
        .with("item", format!("The connector \"{id}\""))
        .about(Subject::Connector { id: id.to_string() })
}

impl patchbay_ingest::Connectors for Connectors {
    fn compiled(&self, id: &ConnectorId) -> Result<Arc<Compiled>, Problem> {
        self.get(id)
    }
}

impl patchbay_chain::Connectors for Connectors {
    fn compiled(&self, id: &ConnectorId) -> Option<Arc<Compiled>> {
        self.get(id).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use patchbay_model::Event;
    use patchbay_model::time::ManualClock;

    use crate::events::Update;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn an_edit_made_elsewhere_reaches_the_screens() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let mut feed = hub.events().feed();
        feed.next().await;
        let folder = dir.path().join("connectors");
        std::fs::create_dir(&folder).unwrap();
        let text = patchbay_descriptor::STARTER;
        for (what, text) in [("added", text), ("broken", "{"), ("mended", text)] {
            std::fs::write(folder.join("my-tool.json"), text).unwrap();
            let told = tokio::time::timeout(Duration::from_secs(5), feed.next()).await.unwrap();
            let is_told =
                matches!(&told, Some(Update::Events(events)) if events[0].event == Event::CatalogueChanged);
            assert!(is_told, "{what}: {told:?}");
            let broken = usize::from(what == "broken");
            assert_eq!(hub.connectors().problems().len(), broken, "{what}");
            assert!(hub.connectors().get(&"my-tool".into()).is_ok(), "{what}: a good version stays in use");
        }
    }
}
