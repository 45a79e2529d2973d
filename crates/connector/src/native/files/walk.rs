//! What is in the granted folders: lists, and pages of what changed.

use std::collections::{BTreeMap, VecDeque};

use cap_std::fs::{Dir, Metadata};
use jiff::SignedDuration;
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

/// A file and where it is: what pages are ordered by.
type Key = (Timestamp, String);

/// The files that changed since a time, the oldest first.
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
            let at = changed_at(meta);
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
        "isNew": made.is_ok_and(|made| at.duration_since(made) <= NEW),
    })
}

fn changed_at(meta: &Metadata) -> Timestamp {
    meta.modified().map_or(Timestamp::UNIX_EPOCH, |at| time(at.into_std()))
}

/// Visits plain files, folder by folder. Links, hidden names and names that are not text are passed
/// over; so is what goes away or cannot be opened on the way. Ends early where `visit` says no.
fn walk(
    dir: Dir,
    start: &str,
    deep: bool,
    visit: &mut dyn FnMut(&str, &Metadata) -> bool,
) -> Result<(), Problem> {
    use cap_fs_ext::DirExt as _;
    let mut waiting = VecDeque::from([(dir, start.to_owned(), 0)]);
    let mut seen = 0;
    while let Some((dir, path, depth)) = waiting.pop_front() {
        let entries = match dir.entries() {
            Ok(entries) => entries,
            Err(_) if depth > 0 => continue,
            Err(error) => return Err(fault::of(&format!("\"{path}\""), &error)),
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MOST_SEEN {
                return Err(too_many());
            }
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(meta) = dir.symlink_metadata(&name) else { continue };
            if name.starts_with('.') || name.contains(char::is_control) {
                continue;
            }
            if meta.is_dir() && deep && depth < DEEPEST {
                // Again without following: it may be a link by now.
                if let Ok(inner) = dir.open_dir_nofollow(&name) {
                    waiting.push_back((inner, format!("{path}{name}/"), depth + 1));
                }
            } else if meta.is_file() && !visit(&format!("{path}{name}"), &meta) {
                return Ok(());
            }
        }
    }
    Ok(())
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
