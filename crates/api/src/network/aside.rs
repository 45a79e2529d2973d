//! What cannot be read is kept under another name before another decision takes its place.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use patchbay_model::Timestamp;

/// A way to keep a file under another name that nothing has.
type Keep = fn(&Path, &Path) -> Result<()>;

/// The best first. A link and a copy leave the file in its place until another one takes it: in between, a
/// start would find nothing and take the usual way. There are no links on some file systems, nor of somebody
/// else's file. What is no file, or cannot even be copied, has to move.
const WAYS: [Keep; 3] =
    [|file, aside| std::fs::hard_link(file, aside), copy, |file, aside| std::fs::rename(file, aside)];

/// Keeps it under a name that says when. Where it is now.
pub(super) fn keep(file: &Path, now: Timestamp) -> Result<PathBuf> {
    keep_by(&WAYS, file, now)
}

fn keep_by(ways: &[Keep], file: &Path, now: Timestamp) -> Result<PathBuf> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let name = |number: u8| {
        let more = if number == 0 { String::new() } else { format!("-{number}") };
        file.with_file_name(format!("network.json.unreadable-{stamp}{more}"))
    };
    let is_free = |aside: &PathBuf| aside.symlink_metadata().is_err();
    let aside = (0..=u8::MAX).map(name).find(is_free).ok_or(ErrorKind::AlreadyExists)?;
    let mut failed = Error::from(ErrorKind::Unsupported);
    for way in ways {
        match way(file, &aside) {
            Ok(()) => return Ok(aside),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn copy(file: &Path, aside: &Path) -> Result<()> {
    if !file.metadata()?.is_file() {
        return Err(ErrorKind::Unsupported.into());
    }
    let mut from = File::open(file)?;
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(aside)?;
    let copied = std::io::copy(&mut from, &mut to).and_then(|_| to.sync_all());
    if copied.is_err() {
        let _ = std::fs::remove_file(aside);
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_no_links_it_is_copied_and_where_it_cannot_be_read_it_moves() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let refused: Keep = |_, _| Err(ErrorKind::PermissionDenied.into());
        let text = |file: &Path| std::fs::read_to_string(file).ok();
        let [link, copy, rename] = WAYS;
        for (ways, stays) in [
            ([link, refused, refused], true),
            ([refused, copy, refused], true),
            ([refused, refused, rename], false),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("network.json");
            let before = dir.path().join("network.json.unreadable-20261120T120000Z");
            std::fs::write(&file, "{").unwrap();
            std::fs::write(&before, "kept before").unwrap();
            let aside = keep_by(&ways, &file, now).unwrap();
            assert_eq!((text(&aside).as_deref(), text(&before).as_deref()), (Some("{"), Some("kept before")));
            assert_eq!(text(&file).is_some(), stays);
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("network.json");
        std::fs::create_dir(&file).unwrap();
        keep_by(&[refused, copy], &file, now).unwrap_err();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left of a copy that failed");
    }
}
