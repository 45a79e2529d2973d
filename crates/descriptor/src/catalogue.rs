//! The connectors that ship with the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{ConnectorId, Descriptor};

use crate::catalogue::source::BUILT_IN;
use crate::read::{read, refused};

mod source {
    /// Name and text of each definition; listed by `build.rs`.
    pub(super) const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
}

/// The text of a definition that ships with the program, as its author wrote it.
pub fn built_in_text(id: &ConnectorId) -> Option<&'static str> {
    let file = format!("{id}.json");
    BUILT_IN.iter().find(|(name, _)| *name == file).map(|(_, text)| *text)
}

/// Connectors by identifier. A bad definition never hides a good one.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    connectors: BTreeMap<ConnectorId, Arc<Descriptor>>,
    problems: Vec<Problem>,
}

impl Catalogue {
    /// Those that ship with the program.
    pub fn built_in() -> Self {
        Self::checked_before(BUILT_IN)
    }

    /// Definitions that every check has passed already, as a test makes sure of those that ship: they
    /// are only brought into shape. What does not have it is read as any other.
    pub fn checked_before(definitions: &[(&str, &str)]) -> Self {
        let mut catalogue = Self::default();
        for (file, text) in definitions {
            match serde_json::from_str::<Descriptor>(text) {
                Ok(descriptor) => catalogue.add(descriptor, file),
                Err(_) => catalogue.read(text, file),
            }
        }
        catalogue
    }

    /// These definitions, by name of the file and text.
    pub fn of(definitions: &[(&str, &str)]) -> Self {
        let mut catalogue = Self::default();
        for (file, text) in definitions {
            catalogue.read(text, file);
        }
        catalogue
    }

    fn read(&mut self, text: &str, file: &str) {
        match read(text, file) {
            Ok(descriptor) => self.add(descriptor, file),
            Err(problems) => self.problems.extend(problems),
        }
    }

    /// The same with one more; a second of the same identifier is a problem and left out.
    #[must_use]
    pub fn with(mut self, descriptor: Descriptor) -> Self {
        let file = format!("{}.json", descriptor.id);
        self.add(descriptor, &file);
        self
    }

    /// Those that can be served. What cannot is a problem at its place: a JSON pointer, and what is
    /// wrong without a full stop.
    #[must_use]
    pub fn keeping(mut self, served: impl Fn(&Descriptor) -> Result<(), (&'static str, String)>) -> Self {
        let problems = &mut self.problems;
        self.connectors.retain(|id, descriptor| match served(descriptor) {
            Ok(()) => true,
            Err((pointer, message)) => {
                let text = built_in_text(id).unwrap_or_default();
                problems.push(refused(text, &format!("{id}.json"), pointer, &message));
                false
            }
        });
        self
    }

    fn add(&mut self, descriptor: Descriptor, file: &str) {
        if self.connectors.contains_key(&descriptor.id) {
            self.problems.push(
                Problem::new(Code::DescriptorInvalid)
                    .with("message", format!("There is another connector with the id \"{}\".", descriptor.id))
                    .about(Subject::File {
                        path: file.to_owned(),
                        line: None,
                        column: None,
                        pointer: Some("/id".to_owned()),
                    }),
            );
            return;
        }
        self.connectors.insert(descriptor.id.clone(), Arc::new(descriptor));
    }

    /// The connector with this identifier.
    pub fn get(&self, id: &ConnectorId) -> Option<&Arc<Descriptor>> {
        self.connectors.get(id)
    }

    /// All connectors, by identifier.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Descriptor>> {
        self.connectors.values()
    }

    /// Definitions that could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_that_ships_is_in_order() {
        let catalogue = Catalogue::of(BUILT_IN);
        assert_eq!(catalogue.problems(), []);
        assert!(catalogue.all().count() >= 3, "the catalogue is empty");
        let quick = Catalogue::built_in();
        assert!(quick.all().eq(catalogue.all()), "what is only brought into shape is what every check sees");
    }

    #[test]
    fn the_text_of_every_definition_is_at_hand() {
        for descriptor in Catalogue::built_in().all() {
            let text = built_in_text(&descriptor.id).unwrap_or_default();
            assert_eq!(read(text, "x.json").map(|read| read.id).ok().as_ref(), Some(&descriptor.id));
        }
    }

    #[test]
    fn a_bad_definition_hides_no_good_one() {
        let mut definitions = vec![("aaa.json", "{ \"id\": 7 }"), ("bbb.json", "not JSON")];
        definitions.extend(BUILT_IN);
        let catalogue = Catalogue::of(&definitions);
        assert_eq!(catalogue.all().count(), BUILT_IN.len());
        let files: Vec<_> = catalogue.problems().iter().map(Problem::subject).collect();
        let is = |subject: Option<&Subject>, name: &str| matches!(subject, Some(Subject::File { path, .. }) if path == name);
        assert!(is(files[0], "aaa.json") && files.iter().any(|f| is(*f, "bbb.json")), "{files:?}");
    }

    #[test]
    fn a_second_of_one_id_is_a_problem_and_hides_nothing() {
        let catalogue = Catalogue::built_in();
        let one = catalogue.all().next().unwrap().as_ref().clone();
        let count = catalogue.all().count();
        let catalogue = catalogue.with(one);
        assert_eq!((catalogue.all().count(), catalogue.problems().len()), (count, 1));
    }
}
