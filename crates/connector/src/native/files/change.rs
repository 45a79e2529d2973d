//! Changing a file: as a whole or not at all, and once however often it is tried.

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};
use patchbay_model::problem::{Code, Problem};
use serde_json::{Value, json};

use std::io::Write as _;

use super::kept::{self, Kept, Note, UnderWay};
use super::place::{Granted, OpenPlace, Relative};
use super::{LARGEST_FILE, fault};
use crate::classify::Meaning;
use crate::native::Answer;
use crate::sha256_hex;

/// What a file is to hold, and what the operation gives.
pub(super) struct Changed {
    /// None where there is to be no file.
    pub(super) content: Option<Vec<u8>>,
    /// Members of the operation's result.
    pub(super) result: Value,
}

/// From what a file holds to what it is to hold. Pure, but for what it keeps.
pub(super) type Change<'c> = Box<dyn FnOnce(Option<&[u8]>) -> Result<Changed, Problem> + 'c>;

/// Changes one file. `note` is the name under which a repeated call is recognised.
pub(super) fn change(
    granted: &Granted,
    params: &Value,
    kept: &Kept,
    note: Option<&str>,
    change: Change<'_>,
) -> Answer {
    let file = params["file"].as_str().unwrap_or_default();
    let prepared = Relative::parse(file).and_then(|file| {
        settle(granted, params, kept, note, &file)?;
        prepare(granted, params, kept, note, &file, change)
    });
    let (place, content, result) = match prepared {
        Err(problem) => return Answer::not_done(problem),
        Ok(Prepared::Unknown(problem)) => return unknown(problem),
        Ok(Prepared::Already(result)) => return Answer::done(result),
        Ok(Prepared::Ready { place, content, result }) => (place, content, result),
    };
    match put(&place, content.as_deref()) {
        Ok(()) => {
            // Where that fails the next change finds it, as after a kill.
            if let Err(problem) = kept.finish(true) {
                tracing::warn!(%problem, "what was done could not be noted");
            }
            Answer::done(result)
        }
        Err(Failed::Before(problem)) => {
            if let Err(problem) = kept.finish(false) {
                tracing::warn!(%problem, "what was not done could not be noted");
            }
            Answer::not_done(problem)
        }
        Err(Failed::During(problem)) => unknown(problem),
    }
}

fn unknown(problem: Problem) -> Answer {
    Answer { meaning: Meaning::Unknown(problem), body: Value::Null }
}

/// Finds out what became of changes that were cut off, before another one covers their traces. Where
/// a file cannot be looked at its change waits: a folder that is away for a while is no reason to say
/// that nobody can tell. The same call and others to the same file fail meanwhile, with nothing
/// written; those to other files go on.
fn settle(
    granted: &Granted,
    params: &Value,
    kept: &Kept,
    note: Option<&str>,
    file: &Relative,
) -> Result<(), Problem> {
    for (path, change) in kept.cut_off()? {
        let UnderWay { folder: (folder, name), before, after, result, .. } = &change;
        let its = Granted::these(vec![folder.into()]);
        let now = Relative::parse(name)
            .and_then(|name| its.place(&json!(folder), &name))
            .and_then(|(_, place)| place.read(LARGEST_FILE));
        match now.map(|now| now.map(|read| sha256_hex(&read.content))) {
            Ok(state) if state == *after => kept.settled(&path, &change, Some(result.clone()))?,
            Ok(state) if state == *before => kept::forget(&path)?,
            // Somebody else changed it meanwhile.
            Ok(_) => kept.settled(&path, &change, None)?,
            Err(problem) => {
                let same_file = name == file.as_str()
                    && granted.folder(&params["folder"])?.display().to_string() == *folder;
                if same_file || note == Some(change.note.as_str()) {
                    return Err(problem);
                }
                kept.wait(&path, &change)?;
            }
        }
    }
    Ok(())
}

enum Prepared {
    /// It happened at an earlier attempt, or there is nothing to change.
    Already(Value),
    /// Nobody can tell whether it happened at an earlier attempt.
    Unknown(Problem),
    Ready {
        place: OpenPlace,
        content: Option<Vec<u8>>,
        result: Value,
    },
}

fn prepare(
    granted: &Granted,
    params: &Value,
    kept: &Kept,
    note: Option<&str>,
    file: &Relative,
    change: Change<'_>,
) -> Result<Prepared, Problem> {
    match note.map(|name| kept.note(name)).transpose()?.flatten() {
        Some(Note { result: Some(result) }) => return Ok(Prepared::Already(result)),
        Some(Note { result: None }) => {
            return Ok(Prepared::Unknown(
                Problem::new(Code::UnknownOutcome)
                    .with("item", format!("The change of {file}"))
                    .detail("an earlier try was cut off, and the file was changed since"),
            ));
        }
        None => {}
    }
    let (folder, place) = granted.place(&params["folder"], file)?;
    let now = place.read(LARGEST_FILE)?.map(|read| read.content);
    let Changed { content, mut result } = change(now.as_deref())?;
    if content.as_ref().is_some_and(|content| content.len() > LARGEST_FILE) {
        return Err(fault::too_large(&file.to_string(), LARGEST_FILE));
    }
    if let Value::Object(members) = &mut result {
        members.insert("folder".to_owned(), json!(folder));
        members.insert("file".to_owned(), json!(file.as_str()));
    }
    let same = now == content;
    if let Some(name) = note {
        let hash = |content: Option<&[u8]>| content.map(sha256_hex);
        // Durable before the file: who finds it changed finds what changed it.
        kept.begin(&UnderWay {
            note: name.to_owned(),
            folder: (folder, file.as_str().to_owned()),
            before: hash(now.as_deref()),
            after: hash(content.as_deref()),
            result: result.clone(),
        })?;
        if same {
            kept.finish(true)?;
        }
    }
    if same { Ok(Prepared::Already(result)) } else { Ok(Prepared::Ready { place, content, result }) }
}

enum Failed {
    /// The file is as it was.
    Before(Problem),
    /// The step itself failed: it may or may not outlive a power cut.
    During(Problem),
}

/// Writes beside, makes it durable, takes the old file's place in one step.
fn put(place: &OpenPlace, content: Option<&[u8]>) -> Result<(), Failed> {
    let OpenPlace { dir, name } = place;
    let what = format!("\"{name}\"");
    let before = |error: std::io::Error| Failed::Before(fault::of(&what, &error));
    let Some(content) = content else {
        dir.remove_file(name).map_err(before)?;
        return durable(dir, &what);
    };
    // Hidden, and the same for every attempt: what was cut off is written over, not left about.
    let beside = format!(".{}.patchbay-new", &sha256_hex(name.as_bytes())[..16]);
    let _ = dir.remove_file(&beside);
    let written = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        let mut file = dir.open_with(&beside, &options)?;
        file.write_all(content)?;
        if let Ok(old) = dir.symlink_metadata(name)
            && old.is_file()
        {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        dir.rename(&beside, dir, name)
    };
    written().map_err(|error| {
        let _ = dir.remove_file(&beside);
        before(error)
    })?;
    durable(dir, &what)
}

/// A name in a folder is durable once the folder is.
fn durable(dir: &Dir, what: &str) -> Result<(), Failed> {
    // The folder as it is held may only be looked through (`O_PATH`); this is the same one, opened.
    let synced = dir.open(".").and_then(|open| open.sync_all());
    synced.map_err(|error| {
        Failed::During(
            Problem::new(Code::UnknownOutcome)
                .with("item", format!("The change of {what}"))
                .detail(format!("the folder could not be made durable: {error}")),
        )
    })
}
