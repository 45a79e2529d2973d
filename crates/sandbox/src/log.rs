//! What is kept on disk. Effects are one line of JSON each, durable before the effect is answered.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Replaces a whole file, readable by this user only. Beside and in place: a kill leaves the old
/// content or the new, never half of one.
pub(crate) fn replace(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    out.write_all(content)?;
    out.sync_all()?;
    std::fs::rename(&beside, file)?;
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// An append-only file of effects; none keeps nothing.
#[derive(Debug)]
pub(crate) struct Log(Option<Effects>);

#[derive(Debug)]
struct Effects {
    file: File,
    /// Bytes up to the end of the last durable line.
    length: u64,
    /// Whether something half written may follow them.
    torn: bool,
}

impl Log {
    /// Opens the log of a folder and gives what it holds. A torn last line, as a kill leaves it, was
    /// never answered and is dropped; a whole line that cannot be read is an error, for a witness
    /// must not count too little in silence. `WouldBlock` where another sandbox has the folder.
    pub(crate) fn open<T: DeserializeOwned>(folder: Option<&Path>) -> std::io::Result<(Self, Vec<T>)> {
        let Some(folder) = folder else {
            return Ok((Self(None), Vec::new()));
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(folder.join("effects.jsonl"))?;
        // Two writers would give out the same numbers twice. A killed process holds no lock.
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
            TryLockError::Error(error) => error,
        })?;
        // The file's name must be as durable as what is written to it.
        File::open(folder)?.sync_all()?;
        // As bytes: a line may be torn within a letter.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let entries = bytes[..whole]
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| serde_json::from_slice(line).map_err(std::io::Error::from))
            .collect::<Result<Vec<T>, _>>()?;
        let torn = whole < bytes.len();
        Ok((Self(Some(Effects { file, length: whole as u64, torn })), entries))
    }

    /// Makes an entry durable. After an error it is neither now nor after the next start.
    pub(crate) fn append(&mut self, entry: &impl Serialize) -> std::io::Result<()> {
        let Some(effects) = &mut self.0 else {
            return Ok(());
        };
        effects.mend()?;
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let written = effects.file.write_all(&line).and_then(|()| effects.file.sync_data());
        if let Err(error) = written {
            // What a full disk cut off must not spoil the next line. Where this fails too, the next
            // entry tries it again before anything else.
            effects.torn = true;
            let _ = effects.mend();
            return Err(error);
        }
        effects.length += line.len() as u64;
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> std::io::Result<()> {
        let Some(effects) = &mut self.0 else {
            return Ok(());
        };
        effects.file.set_len(0)?;
        effects.length = 0;
        effects.torn = false;
        effects.file.sync_data()
    }
}

impl Effects {
    /// Cuts off what is half written.
    fn mend(&mut self) -> std::io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.file.sync_data()?;
            self.torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append_raw(folder: &Path, bytes: &[u8]) {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("effects.jsonl"))
            .unwrap()
            .write_all(bytes)
            .unwrap();
    }

    fn entries(folder: &Path) -> Vec<String> {
        Log::open(Some(folder)).unwrap().1
    }

    #[test]
    fn entries_survive_and_a_torn_last_line_is_dropped() {
        // The second is torn within the two bytes of "é".
        for torn in [&b"\"thr"[..], &b"\"caf\xc3"[..], &b"\"whole but for its end\""[..]] {
            let folder = tempfile::tempdir().unwrap();
            let (mut log, empty) = Log::open::<String>(Some(folder.path())).unwrap();
            assert!(empty.is_empty());
            log.append(&"one").unwrap();
            log.append(&"two").unwrap();
            drop(log);
            append_raw(folder.path(), torn);
            let (mut log, kept) = Log::open::<String>(Some(folder.path())).unwrap();
            assert_eq!(kept, ["one", "two"], "{torn:?}");
            log.append(&"four").unwrap();
            drop(log);
            assert_eq!(entries(folder.path()), ["one", "two", "four"], "{torn:?}");
        }
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_an_error_and_never_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        append_raw(folder.path(), b"\"one\"\n\"tw\n\"three\"\n");
        assert!(Log::open::<String>(Some(folder.path())).is_err());
    }

    #[test]
    fn what_a_failed_write_left_behind_neither_counts_nor_spoils_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = Log::open::<String>(Some(folder.path())).unwrap();
        log.append(&"one").unwrap();
        append_raw(folder.path(), b"\"half of a li");
        log.0.as_mut().unwrap().torn = true;
        log.append(&"two").unwrap();
        drop(log);
        assert_eq!(entries(folder.path()), ["one", "two"]);
    }

    #[test]
    fn a_folder_has_one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Log::open::<String>(Some(folder.path())).unwrap();
        let second = Log::open::<String>(Some(folder.path()));
        assert_eq!(second.unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(first);
        assert!(Log::open::<String>(Some(folder.path())).is_ok());
    }
}
