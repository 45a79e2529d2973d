//! What is kept in the data folder: contents as they were before a change, so that it can be undone,
//! and notes by which a repeated call is recognised. Both for 30 days, like payloads.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{fault, place};
use crate::sha256_hex;

/// How long it is kept. The descriptor's idempotency says the same.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The most that is kept of contents, in bytes.
const MOST_KEPT: u64 = 1 << 30;
/// How often to look for what is too old.
const TIDY_CHECK: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// What it gave; none where nobody can tell whether it happened.
    pub(super) result: Option<Value>,
}

/// The one change that is being made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct UnderWay {
    /// The name of its call's note.
    pub(super) note: String,
    /// The granted folder, and the file in it.
    pub(super) folder: (String, String),
    /// SHA-256 of what the file held; none where there was none.
    pub(super) before: Option<String>,
    /// SHA-256 of what it was to hold.
    pub(super) after: Option<String>,
    /// What the call gives.
    pub(super) result: Value,
}

/// The change that is being made.
const UNDER_WAY: &str = "under-way";
/// Changes that were cut off, where nobody could look at the file since.
const WAITING: &str = "waiting";

pub(super) struct Kept {
    folder: PathBuf,
    /// The most that is kept of contents, in bytes.
    most: u64,
    tidied: Mutex<Option<Timestamp>>,
}

impl Kept {
    pub(super) fn at(folder: PathBuf) -> Self {
        Self { folder, most: MOST_KEPT, tidied: Mutex::default() }
    }

    /// Keeps a content; gives its SHA-256, by which it is found again. Where it is too much in all,
    /// the oldest contents go.
    pub(super) fn keep(&self, content: &[u8]) -> Result<String, Problem> {
        let hash = sha256_hex(content);
        self.make_room(&hash, content.len() as u64).map_err(|error| storage(&error))?;
        // Written anew where it is there already: its time begins again.
        write(&self.folder.join("before"), &hash, content).map_err(|error| storage(&error))?;
        Ok(hash)
    }

    /// Deletes the oldest contents until one more fits.
    fn make_room(&self, name: &str, bytes: u64) -> std::io::Result<()> {
        let mut kept = Vec::new();
        let entries = match std::fs::read_dir(self.folder.join("before")) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // It is written anew.
            if entry.file_name() != name {
                let meta = entry.metadata()?;
                kept.push((meta.modified()?, meta.len(), entry.path()));
            }
        }
        kept.sort();
        let mut total = bytes + kept.iter().map(|(_, bytes, _)| bytes).sum::<u64>();
        for (_, bytes, path) in kept {
            if total <= self.most {
                break;
            }
            std::fs::remove_file(path)?;
            total -= bytes;
        }
        Ok(())
    }

    /// A content that was kept. `NOT_FOUND` would say that there is nothing to undo, so it is a
    /// conflict where it is gone.
    pub(super) fn content(&self, hash: &str) -> Result<Vec<u8>, Problem> {
        let gone = |detail: String| {
            fault::changed(
                "What was there before",
                "It is gone: it is kept for 30 days, and the oldest go where it is too much.",
            )
            .detail(detail)
        };
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(gone("this is not the name of anything that is kept".to_owned()));
        }
        let content = std::fs::read(self.folder.join("before").join(hash)).map_err(|e| gone(e.to_string()))?;
        // Never bring back what somebody else put there.
        if sha256_hex(&content) == hash { Ok(content) } else { Err(gone("it was changed".to_owned())) }
    }

    /// The note of an earlier attempt.
    pub(super) fn note(&self, name: &str) -> Result<Option<Note>, Problem> {
        read(&self.folder.join("notes").join(name))
    }

    /// The changes that were cut off: the one that was being made when the program ended, and those
    /// that wait until somebody can look.
    pub(super) fn cut_off(&self) -> Result<Vec<(PathBuf, UnderWay)>, Problem> {
        let mut paths = vec![self.folder.join(UNDER_WAY)];
        match std::fs::read_dir(self.folder.join(WAITING)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(storage(&error)),
            Ok(entries) => {
                for entry in entries {
                    let path = entry.map_err(|error| storage(&error))?.path();
                    // What is being written begins with a dot.
                    if !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                        paths.push(path);
                    }
                }
            }
        }
        let read = |path: PathBuf| read(&path).map(|change| Some((path, change?))).transpose();
        paths.into_iter().filter_map(read).collect()
    }

    /// Notes what is about to be done. Durable when this returns.
    pub(super) fn begin(&self, change: &UnderWay) -> Result<(), Problem> {
        put(&self.folder, UNDER_WAY, change)
    }

    /// Notes that the change under way happened, or forgets that it was tried.
    pub(super) fn finish(&self, happened: bool) -> Result<(), Problem> {
        let path = self.folder.join(UNDER_WAY);
        match read::<UnderWay>(&path)? {
            Some(change) if happened => self.settled(&path, &change, Some(change.result.clone())),
            Some(_) => forget(&path),
            None => Ok(()),
        }
    }

    /// Notes what became of a change that was cut off: what it gave, or that nobody can tell.
    pub(super) fn settled(&self, at: &Path, change: &UnderWay, result: Option<Value>) -> Result<(), Problem> {
        put(&self.folder.join("notes"), &change.note, &Note { result })?;
        forget(at)
    }

    /// Puts a change that was cut off where the next one does not cover it.
    pub(super) fn wait(&self, at: &Path, change: &UnderWay) -> Result<(), Problem> {
        let waiting = self.folder.join(WAITING);
        if at.parent() == Some(&waiting) {
            return Ok(());
        }
        put(&waiting, &change.note, change)?;
        forget(at)
    }

    /// Notes that the row which made a table was taken back.
    pub(super) fn maker_gone(&self, table: &str) -> Result<(), Problem> {
        put(&self.folder.join("makers"), table, &true)
    }

    /// Whether the row which made a table was taken back.
    pub(super) fn is_maker_gone(&self, table: &str) -> bool {
        self.folder.join("makers").join(table).exists()
    }

    /// The table is made anew.
    pub(super) fn forget_maker(&self, table: &str) -> Result<(), Problem> {
        match std::fs::remove_file(self.folder.join("makers").join(table)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(storage(&error)),
            _ => Ok(()),
        }
    }

    /// Lets go of what is too old, once a day.
    pub(super) fn tidy(&self, now: Timestamp) {
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        let due = tidied.is_none_or(|at| now.duration_since(at) >= TIDY_CHECK.try_into().unwrap_or_default());
        if !due {
            return;
        }
        *tidied = Some(now);
        for part in ["before", "notes", "makers", WAITING] {
            let entries = std::fs::read_dir(self.folder.join(part)).into_iter().flatten().flatten();
            for entry in entries {
                let age = entry
                    .metadata()
                    .and_then(|meta| meta.modified())
                    .map(|at| now.duration_since(place::time(at)));
                if age.is_ok_and(|age| age > KEEP.try_into().unwrap_or_default()) {
                    // What cannot be deleted today is tried tomorrow.
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Problem> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Problem::new(Code::Internal).detail(format!("{}: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(storage(&error)),
    }
}

/// Forgets a change that was under way or cut off: it did not happen, or what became of it is noted.
pub(super) fn forget(at: &Path) -> Result<(), Problem> {
    std::fs::remove_file(at)
        .and_then(|()| std::fs::File::open(at.parent().unwrap_or(at))?.sync_all())
        .map_err(|error| storage(&error))
}

fn put(folder: &Path, name: &str, content: &impl Serialize) -> Result<(), Problem> {
    let bytes =
        serde_json::to_vec(content).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    write(folder, name, &bytes).map_err(|error| storage(&error))
}

/// A file of our own, 0600 in a folder 0700, whole and durable or not there.
fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = folder.join(format!(".{name}.new"));
    let _ = std::fs::remove_file(&beside);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside, folder.join(name))?;
    std::fs::File::open(folder)?.sync_all()
}

fn storage(error: &std::io::Error) -> Problem {
    Problem::new(Code::StorageFull).detail(format!("nothing can be kept for undoing: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn the_oldest_contents_go_where_it_is_too_much() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept { most: 1_000, ..Kept::at(dir.path().to_owned()) };
        let content = |n: u8| vec![n; 300];
        let keep = |n: u8, age: u64| {
            let hash = kept.keep(&content(n)).unwrap();
            let file =
                std::fs::File::options().write(true).open(dir.path().join("before").join(&hash)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 - age)).unwrap();
            hash
        };
        let is_there = |hash: &String| kept.content(hash).is_ok();
        let (second, oldest, third) = (keep(2, 200), keep(1, 300), keep(3, 100));
        // What is there already takes no more room, and its time begins again.
        assert_eq!(keep(1, 50), oldest);
        assert!([&oldest, &second, &third].into_iter().all(is_there));
        let new = keep(4, 0);
        assert_eq!([&oldest, &second, &third, &new].map(is_there), [true, false, true, true]);
        // What is larger than all that may be kept is kept alone: it is what may have to be undone next.
        let large = kept.keep(&[5; 2_000]).unwrap();
        assert_eq!([&oldest, &third, &new, &large].map(is_there), [false, false, false, true]);
        assert_eq!(MOST_KEPT, 1024 * 1024 * 1024);
    }
}
