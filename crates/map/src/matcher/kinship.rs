//! Whether a source can be what a parameter asks for: by what it identifies, by name, by meaning.

use super::field::Field;
use crate::words::{Meaning, affinity, tokens};

/// Words that say nothing about what a field holds.
const EMPTY: &[&str] = &["a", "at", "date", "has", "id", "is", "name", "of", "on", "the", "time", "type"];

/// Names of what identifies the item itself.
const IDENTIFIERS: &[&str] = &["gid", "iid", "key", "number", "time", "uuid"];

/// How near two fields are, 0 to 100, and why. None where one cannot stand for the other.
/// `here`: whether both are of one connection; an identifier means nothing elsewhere.
pub(super) fn kinship(from: &Field, to: &Field, required: bool, here: bool) -> Option<(u8, String)> {
    if from.unit != to.unit {
        return None;
    }
    if to.refers.is_some() && to.hint == Some(Meaning::Email) && from.meaning == Some(Meaning::Email) {
        // The service finds people by their address.
        let same_role = from.role().any(|word| to.name.contains(word));
        return same_role.then(|| (92, "the same person, by e-mail address".to_owned()));
    }
    if from.refers.is_some() || to.refers.is_some() {
        return reference(from, to, required, here);
    }
    let said = |points: u8, why: &str| Some((points, why.to_owned()));
    let conflict = match (from.meaning, to.meaning) {
        // Every tool has words of its own for these.
        (Some(Meaning::Priority | Meaning::Status), Some(_)) => !here,
        (Some(a), Some(b)) => a != b,
        _ => false,
    };
    let both_texts = |m| matches!(m, Some(Meaning::Message | Meaning::Body));
    if from.is_own() && from.name == to.name && both_texts(from.meaning) && both_texts(to.meaning) {
        return said(100, "same name");
    }
    if from.is_own() && !conflict {
        if from.name == to.name {
            // There may be a fuller one.
            return said(if from.meaning == Some(Meaning::PersonName) { 94 } else { 100 }, "same name");
        }
        if !to.label.is_empty() && (from.label == to.label || from.name == to.label) || from.label == to.name {
            return said(96, "same name");
        }
    }
    // `user.login` for `user_login`, `issue.number` for `issue_number`.
    if from.path == to.name && !conflict {
        return said(98, "same name");
    }
    if let (Some(a), Some(b)) = (from.meaning, to.meaning) {
        return by_meaning(from, to, a, b, here);
    }
    let meaningful = |word: &&String| !EMPTY.contains(&word.as_str());
    let shared = from.name.iter().filter(meaningful).filter(|word| to.name.contains(word)).count();
    if shared == 0 || !from.is_own() {
        return None;
    }
    let points = 90 * 2 * shared / (from.name.len() + to.name.len());
    u8::try_from(points).ok().and_then(|points| said(points, "similar name"))
}

/// An identifier of something in the same account, and nothing else.
fn reference(from: &Field, to: &Field, required: bool, here: bool) -> Option<(u8, String)> {
    if !here || from.refers.is_none() || from.refers != to.refers {
        return None;
    }
    let thing = from.refers.as_deref().unwrap_or_default();
    let of_thing = tokens(thing);
    // What is left of its path says in what part it has to do with the item: `parent`, `assignee`.
    let (mut named, mut other) = (false, false);
    for word in from.path.iter().filter(|word| !EMPTY.contains(&word.as_str())) {
        named |= to.name.contains(word);
        other |= !to.name.contains(word) && !of_thing.contains(word) && !IDENTIFIERS.contains(&word.as_str());
    }
    // Which of several persons or projects is meant, only their names say.
    match (named, from.is_own() && !other, required) {
        (true, _, _) => Some((97, format!("the same {thing}"))),
        (false, true, true) => Some((95, format!("the {thing} itself"))),
        (false, false, true) => Some((72, format!("the {thing} that it has to do with"))),
        (false, _, false) => None,
    }
}

fn by_meaning(from: &Field, to: &Field, a: Meaning, b: Meaning, here: bool) -> Option<(u8, String)> {
    let points = affinity(a, b);
    if points == 0 {
        return None;
    }
    if a != b {
        return Some((points, format!("a {} can serve as a {}", a.word(), b.word())));
    }
    let said = |points: u8| Some((points, format!("both are a {}", b.word())));
    match b {
        Meaning::Id | Meaning::Number | Meaning::Place | Meaning::Person => {
            // Two fields of one meaning and quite different things ("user id", "project id").
            let (qualified, shares) =
                (from.name.len() > 1 || to.name.len() > 1, from.name.iter().any(|word| to.name.contains(word)));
            if !here || (qualified && !shares) {
                None
            } else if to.name.len() > from.name.len() {
                said(60)
            } else {
                Some((95, "same meaning".to_owned()))
            }
        }
        Meaning::Status if !here => said(if to.closed { 80 } else { 55 }),
        Meaning::Priority if !here => said(if to.closed { 84 } else { 66 }),
        Meaning::Email => {
            let mut role = from.role().peekable();
            if role.peek().is_none() || role.any(|word| to.name.contains(word)) {
                Some((95, "same meaning".to_owned()))
            } else if from.is_own() {
                said(80)
            } else {
                said(62)
            }
        }
        _ => Some((95, "same meaning".to_owned())),
    }
}
