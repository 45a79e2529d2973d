//! Effects on disk: one line of JSON each, durable before the effect is answered.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// An append-only file of effects; none keeps nothing.
#[derive(Debug)]
pub(crate) struct Log(Option<File>);

impl Log {
    /// Opens the log of a folder and gives what it holds. A torn last line, as a kill leaves it, was
    /// never answered and is dropped.
    pub(crate) fn open<T: DeserializeOwned>(folder: Option<&Path>) -> std::io::Result<(Self, Vec<T>)> {
        let Some(folder) = folder else {
            return Ok((Self(None), Vec::new()));
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("effects.jsonl"))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let entries = text[..whole]
            .lines()
            .map(|line| serde_json::from_str(line).map_err(std::io::Error::from))
            .collect::<Result<Vec<T>, _>>()?;
        file.set_len(whole as u64)?;
        file.seek(std::io::SeekFrom::End(0))?;
        Ok((Self(Some(file)), entries))
    }

    /// Makes an entry durable.
    pub(crate) fn append(&mut self, entry: &impl Serialize) -> std::io::Result<()> {
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_data()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> std::io::Result<()> {
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        file.set_len(0)?;
        file.rewind()?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_and_a_torn_last_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, empty) = Log::open::<u32>(Some(folder.path())).unwrap();
        assert!(empty.is_empty());
        log.append(&1).unwrap();
        log.append(&2).unwrap();
        let file = folder.path().join("effects.jsonl");
        let mut torn = std::fs::read(&file).unwrap();
        torn.extend(b"3");
        std::fs::write(&file, torn).unwrap();
        let (mut log, entries) = Log::open::<u32>(Some(folder.path())).unwrap();
        assert_eq!(entries, [1, 2]);
        log.append(&4).unwrap();
        assert_eq!(Log::open::<u32>(Some(folder.path())).unwrap().1, [1, 2, 4]);
    }
}
