//! What is in the granted folders: lists, and pages of what changed.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};

use cap_std::fs::{Dir, Metadata, MetadataExt as _, ReadDir};
use jiff::SignedDuration;
use nix::errno::Errno;
use patchbay_map::parse_any_time;
use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem};
use serde_json::{Value, json};

use super::place::{Granted, Relative, open_below, open_folder, time};
use super::{fault, invalid};

/// Files on a page.
const PAGE: usize = 200;
/// The deepest that folders are looked into.
const DEEPEST: usize = 16;
/// The most entries that are looked at for one page or list.
const MOST_SEEN: usize = 200_000;
/// The most files of one list.
const MOST_LISTED: usize = 10_000;
/// A file whose content is no older than this was new when it was written.
const NEW: SignedDuration = SignedDuration::from_secs(2);

/// When a file was touched and where it is: what pages are ordered by.
type Key = (Timestamp, String);

/// The files that changed or came since a time, the oldest first.
pub(super) fn page(granted: &Granted, asked: &Value) -> Result<Value, Problem> {
    let since = match &asked["since"] {
        Value::Null => None,
        value => Some(parse_any_time(value).ok_or_else(|| invalid("since", "It is not a time."))?),
    };
    let after = match asked["cursor"].as_str() {
        None => None,
        Some(cursor) => Some(key(cursor).ok_or_else(|| invalid("cursor", "It is not one of ours."))?),
    };
    // One more than fits, to know whether there is another page.
    let mut found: BTreeMap<Key, Value> = BTreeMap::new();
    for folder in granted.folders() {
        let name = folder.display().to_string();
        walk(open_folder(folder)?, "", true, &mut |path, meta| {
            let whole = format!("{name}/{path}");
            let at = touched_at(meta);
            let key = (at, whole.clone());
            if since.is_some_and(|since| at < since) || after.as_ref().is_some_and(|after| key <= *after) {
                return true;
            }
            if found.len() <= PAGE || found.last_key_value().is_some_and(|(last, _)| key < *last) {
                found.insert(key, item(&name, path, &whole, meta));
            }
            if found.len() > PAGE + 1 {
                found.pop_last();
            }
            true
        })?;
    }
    let more = found.len() > PAGE;
    if more {
        found.pop_last();
    }
    let next = found.last_key_value().filter(|_| more).map(|((at, path), _)| format!("{at} {path}"));
    Ok(json!({ "files": found.into_values().collect::<Vec<_>>(), "next": next }))
}

/// The files of a folder, by name.
pub(super) fn list(granted: &Granted, params: &Value) -> Result<Value, Problem> {
    let folder = granted.folder(&params["folder"])?;
    let name = folder.display().to_string();
    let below = params["within"].as_str().map(Relative::parse).transpose()?;
    let start = below.as_ref().map_or_else(String::new, |below| format!("{}/", below.as_str()));
    let dir = open_below(folder, below.as_ref())?;
    let mut found = BTreeMap::new();
    let mut full = false;
    walk(dir, &start, params["deep"] == true, &mut |path, meta| {
        found.insert(path.to_owned(), item(&name, path, &format!("{name}/{path}"), meta));
        full = found.len() > MOST_LISTED;
        !full
    })?;
    if full {
        return Err(too_many());
    }
    Ok(Value::Array(found.into_values().collect()))
}

fn item(folder: &str, path: &str, whole: &str, meta: &Metadata) -> Value {
    let at = changed_at(meta);
    let made = meta.created().map(|at| time(at.into_std()));
    json!({
        "id": whole, "folder": folder, "file": path, "name": path.rsplit('/').next(),
        "bytes": meta.len(), "changedAt": at.to_string(),
        "touchedAt": touched_at(meta).to_string(),
        "isNew": made.is_ok_and(|made| at.duration_since(made) <= NEW),
    })
}

fn changed_at(meta: &Metadata) -> Timestamp {
    meta.modified().map_or(Timestamp::UNIX_EPOCH, |at| time(at.into_std()))
}

/// When it was last changed or moved here, whichever is later: an older file that is moved in keeps
/// the time of its last change, and would never be noticed by that.
fn touched_at(meta: &Metadata) -> Timestamp {
    let nanos = i32::try_from(meta.ctime_nsec()).unwrap_or_default();
    let status = Timestamp::new(meta.ctime(), nanos).unwrap_or(Timestamp::UNIX_EPOCH);
    changed_at(meta).max(status)
}

/// A folder that is being looked through.
struct Inside {
    dir: Dir,
    path: String,
    /// The folders in it that are still to be looked into.
    folders: Vec<String>,
}

/// Visits plain files, depth first: no more folders are open than lie inside each other. Links, hidden
/// names and names that are not text are passed over; so is what goes away or is not for us. Ends
/// early where `visit` says no.
fn walk(
    dir: Dir,
    start: &str,
    deep: bool,
    visit: &mut dyn FnMut(&str, &Metadata) -> bool,
) -> Result<(), Problem> {
    use cap_fs_ext::DirExt as _;
    let mut seen = 0;
    let mut look = |(dir, entries): (Dir, ReadDir),
                    path: String,
                    into: bool|
     -> Result<Option<Inside>, Problem> {
        let failed = |error: Error| fault::of(&format!("\"{path}\""), &error);
        let mut folders = Vec::new();
        for entry in entries {
            seen += 1;
            if seen > MOST_SEEN {
                return Err(too_many());
            }
            let Ok(name) = entry.map_err(failed)?.file_name().into_string() else { continue };
            if name.starts_with('.') || name.contains(char::is_control) {
                continue;
            }
            let Some(meta) = unless_passed_over(dir.symlink_metadata(&name)).map_err(failed)? else { continue };
            if meta.is_dir() && into {
                folders.push(name);
            } else if meta.is_file() && !visit(&format!("{path}{name}"), &meta) {
                return Ok(None);
            }
        }
        Ok(Some(Inside { dir, path, folders }))
    };
    let read = |dir: Dir| dir.entries().map(|entries| (dir, entries));
    let outermost = read(dir).map_err(|error| fault::of(&format!("\"{start}\""), &error))?;
    let Some(outermost) = look(outermost, start.to_owned(), deep)? else { return Ok(()) };
    let mut open = vec![outermost];
    while let Some(inside) = open.last_mut() {
        let Some(name) = inside.folders.pop() else {
            open.pop();
            continue;
        };
        let path = format!("{}{name}/", inside.path);
        // Again without following: it may be a link by now.
        let inner = unless_passed_over(inside.dir.open_dir_nofollow(&name).and_then(read))
            .map_err(|error| fault::of(&format!("\"{path}\""), &error))?;
        let Some(inner) = inner else { continue };
        match look(inner, path, open.len() < DEEPEST)? {
            Some(inside) => open.push(inside),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// None for what is gone, not for us to see, or a link or file by now. Anything else, such as too many
/// open files or a failing disk, would leave files out without a word: it fails the read.
fn unless_passed_over<T>(result: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory
            ) || error.raw_os_error() == Some(Errno::ELOOP as i32) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn key(cursor: &str) -> Option<Key> {
    let (at, path) = cursor.split_once(' ')?;
    Some((at.parse().ok()?, path.to_owned()))
}

fn too_many() -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", "The folder")
        .with("message", "It holds too many files. Grant a folder further inside.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many files and folders below this one the process has open.
    fn open_below(root: &std::path::Path) -> usize {
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        open.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|path| path.starts_with(root))).count()
    }

    #[test]
    fn no_more_folders_are_open_than_lie_inside_each_other() {
        let bench = tempfile::tempdir().unwrap();
        let root = bench.path().canonicalize().unwrap();
        for n in 0..300 {
            let inner = root.join(format!("{n}/in/side"));
            std::fs::create_dir_all(&inner).unwrap();
            for file in [inner.join("a.txt"), root.join(format!("{n}/in/b.txt")), root.join(format!("{n}.txt"))]
            {
                std::fs::write(file, "x").unwrap();
            }
        }
        let (mut most, mut names) = (0, std::collections::BTreeSet::new());
        walk(open_folder(&root).unwrap(), "", true, &mut |path, _| {
            most = most.max(open_below(&root));
            names.insert(path.to_owned())
        })
        .unwrap();
        assert_eq!(names.len(), 900);
        // Four levels, and what reading the innermost takes.
        assert!((1..=6).contains(&most), "{most} are open");
    }

    #[test]
    fn only_what_is_gone_forbidden_or_a_link_is_passed_over() {
        let passed = |errno: Errno| unless_passed_over::<()>(Err(Error::from_raw_os_error(errno as i32)));
        for errno in [Errno::ENOENT, Errno::EACCES, Errno::EPERM, Errno::ELOOP, Errno::ENOTDIR] {
            assert!(matches!(passed(errno), Ok(None)), "{errno}");
        }
        for errno in [Errno::EMFILE, Errno::ENFILE, Errno::EIO, Errno::ENOMEM, Errno::ESTALE] {
            assert!(passed(errno).is_err(), "{errno}");
        }
    }
}
