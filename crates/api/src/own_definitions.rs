//! The connectors that the user wrote: `connectors/*.json` in the data folder.
//!
//! A file that cannot be used hides no other. Where an edit broke it, the last version that was in
//! order stays in use, also after a new start: a copy is kept beside the files.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use patchbay_connector::Compiled;
use patchbay_descriptor::{LARGEST, read, refused};
use patchbay_model::ConnectorId;
use patchbay_model::problem::{Code, Problem, Subject};

/// Copies of the last versions that were in order.
const LAST_GOOD: &str = ".last-good";
/// An id that is a place in the window and so cannot be a connector's.
const RESERVED: &str = "new";

/// One definition in use.
pub(crate) struct Definition {
    pub(crate) compiled: Arc<Compiled>,
    /// The version in use, as its author wrote it.
    pub(crate) text: String,
}

impl Definition {
    pub(crate) fn id(&self) -> &ConnectorId {
        &self.compiled.descriptor().id
    }
}

/// The user's own definitions.
pub(crate) struct OwnDefinitions {
    folder: PathBuf,
    files: BTreeMap<String, File>,
    /// The file of each connector in use.
    by_id: BTreeMap<ConnectorId, String>,
    /// Files that repeat the id of another.
    doubles: Vec<Problem>,
}

struct File {
    stamp: Stamp,
    definition: Option<Definition>,
    problems: Vec<Problem>,
}

/// What changes when a file is written: time (seconds and nanoseconds), length, place on the disk.
type Stamp = (i64, i64, u64, u64);

impl OwnDefinitions {
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder, files: BTreeMap::new(), by_id: BTreeMap::new(), doubles: Vec::new() }
    }

    /// Those in use, by identifier.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Definition> {
        self.by_id.values().filter_map(|file| self.files.get(file)?.definition.as_ref())
    }

    /// The one with this identifier.
    pub(crate) fn get(&self, id: &ConnectorId) -> Option<&Definition> {
        self.files.get(self.by_id.get(id)?)?.definition.as_ref()
    }

    /// Its file's name.
    pub(crate) fn file(&self, id: &ConnectorId) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }

    /// Whether this identifier is in use, or the file that would be named after it is there.
    pub(crate) fn is_taken(&self, id: &ConnectorId) -> bool {
        self.by_id.contains_key(id) || self.files.contains_key(&file_name(id))
    }

    /// What is wrong with the file of this connector, while an earlier version stays in use.
    pub(crate) fn problems_of(&self, id: &ConnectorId) -> &[Problem] {
        self.by_id.get(id).and_then(|file| self.files.get(file)).map_or(&[], |file| &file.problems)
    }

    /// What is wrong with any of the files.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Problem> {
        self.files.values().flat_map(|file| &file.problems).chain(&self.doubles).cloned()
    }

    /// What the file of a connector holds now, be it in order or not.
    pub(crate) fn text(&self, id: &ConnectorId) -> Option<String> {
        let file = self.by_id.get(id)?;
        bounded(&self.folder.join(file)).ok().or_else(|| self.get(id).map(|one| one.text.clone()))
    }

    /// Reads what has changed; says whether anything did.
    pub(crate) fn refresh(&mut self, is_built_in: &dyn Fn(&ConnectorId) -> bool) -> bool {
        let found = self.found();
        let gone: Vec<String> = self.files.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
        let mut changed = !gone.is_empty();
        for name in gone {
            self.files.remove(&name);
            // Removed by hand: there is nothing to go back to.
            let _ = std::fs::remove_file(self.folder.join(LAST_GOOD).join(&name));
        }
        for (name, stamp) in found {
            if self.files.get(&name).is_some_and(|file| file.stamp == stamp) {
                continue;
            }
            changed = true;
            let earlier = self.files.remove(&name).and_then(|file| file.definition);
            let file = self.open(&name, stamp, earlier, is_built_in);
            self.files.insert(name, file);
        }
        if changed {
            self.settle();
        }
        changed
    }

    /// The files there are, hidden ones left out.
    fn found(&self) -> BTreeMap<String, Stamp> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let meta = std::fs::metadata(entry.path()).ok()?;
                let fits = Path::new(&name).extension().is_some_and(|e| e == "json")
                    && !name.starts_with('.')
                    && meta.is_file();
                fits.then(|| (name, (meta.mtime(), meta.mtime_nsec(), meta.len(), meta.ino())))
            })
            .collect()
    }

    fn open(
        &self,
        name: &str,
        stamp: Stamp,
        earlier: Option<Definition>,
        is_built_in: &dyn Fn(&ConnectorId) -> bool,
    ) -> File {
        let read_text = bounded(&self.folder.join(name)).map_err(|error| vec![unreadable(name, &error)]);
        match read_text.and_then(|text| definition(name, text, is_built_in)) {
            Ok(definition) => {
                if let Err(error) = write_private(&self.folder.join(LAST_GOOD), name, &definition.text) {
                    tracing::warn!(file = name, %error, "no copy of a definition can be kept");
                }
                File { stamp, definition: Some(definition), problems: Vec::new() }
            }
            Err(problems) => {
                let earlier = earlier.or_else(|| {
                    let text = bounded(&self.folder.join(LAST_GOOD).join(name)).ok()?;
                    definition(name, text, is_built_in).ok()
                });
                let problems = match earlier {
                    Some(_) => problems.into_iter().map(in_spite).collect(),
                    None => problems,
                };
                File { stamp, definition: earlier, problems }
            }
        }
    }

    /// Decides which file speaks for each identifier: the one that is named after it, else the first.
    fn settle(&mut self) {
        let mut order: Vec<(&String, &Definition)> =
            self.files.iter().filter_map(|(name, file)| Some((name, file.definition.as_ref()?))).collect();
        order.sort_by_key(|(name, one)| (**name != file_name(one.id()), (*name).clone()));
        let mut by_id = BTreeMap::new();
        let mut doubles = Vec::new();
        for (name, one) in order {
            match by_id.get(one.id()) {
                None => {
                    by_id.insert(one.id().clone(), name.clone());
                }
                Some(first) => {
                    let message = format!("the id \"{}\" is that of \"{first}\" already", one.id());
                    doubles.push(refused(&one.text, name, "/id", &message));
                }
            }
        }
        (self.by_id, self.doubles) = (by_id, doubles);
    }

    /// Writes a definition in the place of the one it replaces, or to a file named after it.
    pub(crate) fn write(&self, id: &ConnectorId, text: &str) -> Result<String, Problem> {
        let name = self.file(id).map_or_else(|| file_name(id), str::to_owned);
        write_private(&self.folder, &name, text).map_err(|error| storage(&name, &error))?;
        Ok(name)
    }

    /// Deletes a definition and the copy of it.
    pub(crate) fn delete(&self, id: &ConnectorId) -> Result<(), Problem> {
        let Some(name) = self.file(id) else { return Ok(()) };
        std::fs::remove_file(self.folder.join(name)).map_err(|error| storage(name, &error))
    }
}

/// A text as a definition of the user's own, or every reason why it cannot be one.
pub(crate) fn definition(
    file: &str,
    text: String,
    is_built_in: &dyn Fn(&ConnectorId) -> bool,
) -> Result<Definition, Vec<Problem>> {
    let descriptor = read(&text, file)?;
    let id = descriptor.id.clone();
    if is_built_in(&id) || id.as_str() == RESERVED {
        let message =
            format!("the id \"{id}\" is that of a connector that ships with Patchbay; choose another");
        return Err(vec![refused(&text, file, "/id", &message)]);
    }
    // A file can only say what is interpreted; what reaches into this computer ships with the program.
    if descriptor.is_native() {
        let message = "native connectors are part of the program; leave \"kind\" away";
        return Err(vec![refused(&text, file, "/kind", message)]);
    }
    let compiled = Compiled::new(Arc::new(descriptor))
        .map_err(|error| vec![Problem::from(error).about(place_of(file))])?;
    Ok(Definition { compiled: Arc::new(compiled), text })
}

fn file_name(id: &ConnectorId) -> String {
    format!("{id}.json")
}

fn place_of(file: &str) -> Subject {
    Subject::File { path: file.to_owned(), line: None, column: None, pointer: None }
}

/// The mistake, and that the version from before it is still used.
fn in_spite(problem: Problem) -> Problem {
    let message = problem.param("message").unwrap_or_default().to_owned();
    problem.with("message", format!("{message} The last version that was in order stays in use."))
}

/// A file's text, of which no more is read than a definition may have.
fn bounded(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    // What is cut off is refused for its length, whatever its last character has become.
    if bytes.len() > LARGEST {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

fn unreadable(file: &str, error: &std::io::Error) -> Problem {
    Problem::new(Code::DescriptorInvalid)
        .with("message", "The file cannot be read as text.")
        .detail(error.to_string())
        .about(place_of(file))
}

fn storage(file: &str, error: &std::io::Error) -> Problem {
    Problem::new(Code::StorageFull).detail(format!("{file}: {error}")).about(place_of(file))
}

/// Writes a file of the user's own, 0600 in a folder 0700, whole or not at all.
fn write_private(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = folder.join(format!(".{name}.new"));
    // A rest of a write that was cut off keeps the mode it had.
    let _ = std::fs::remove_file(&beside);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, folder.join(name))
}
