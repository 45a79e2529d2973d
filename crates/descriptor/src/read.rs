//! Text to descriptor, or every mistake with its place.

use patchbay_model::Descriptor;
use patchbay_model::descriptor::{BasicAuth, KeyAuth};
use patchbay_model::problem::{Code, Problem, Subject};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check::check;
use crate::locate::Positions;
use crate::migrate::migrate;
use crate::names::nearest;

/// The largest definition we read, in bytes.
pub const LARGEST: usize = 1 << 20;

/// A mistake at a place in the document.
pub(crate) struct Mistake {
    /// JSON pointer (RFC 6901).
    pub(crate) pointer: String,
    /// What is wrong and what is expected.
    pub(crate) message: String,
}

/// Reads a connector definition: parses, brings older forms forward, checks shape and meaning.
/// `file` is what messages call it. All mistakes of one stage are collected.
pub fn read(text: &str, file: &str) -> Result<Descriptor, Vec<Problem>> {
    let problem = |line: Option<usize>, column: Option<usize>, pointer: Option<String>, message: &str| {
        let place = line.map_or_else(String::new, |line| format!("Line {line}: "));
        Problem::new(Code::DescriptorInvalid)
            .with("message", format!("{place}{message}."))
            .about(Subject::File { path: file.to_owned(), line, column, pointer })
    };
    if text.len() > LARGEST {
        return Err(vec![problem(None, None, None, "the file is larger than 1 MiB")]);
    }
    let mut document: Value = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        vec![problem(Some(error.line()), Some(error.column()), None, &format!("this is not JSON: {message}"))]
    })?;
    let positions = Positions::of(text);
    migrate(&mut document);
    let located = |mistakes: Vec<Mistake>| -> Vec<Problem> {
        mistakes
            .into_iter()
            .map(|mistake| {
                let place = positions.get(&mistake.pointer);
                problem(place.map(|p| p.0), place.map(|p| p.1), Some(mistake.pointer), &mistake.message)
            })
            .collect()
    };
    let descriptor = shape(&document).map_err(|mistake| located(vec![mistake]))?;
    let mistakes = check(&descriptor);
    if mistakes.is_empty() { Ok(descriptor) } else { Err(located(mistakes)) }
}

/// Deserialises, with the place of the first thing that does not fit. Members that are told apart by
/// a tag are read by themselves first: the library's errors stop at the tag.
fn shape(document: &Value) -> Result<Descriptor, Mistake> {
    for (index, method) in document["auth"].as_array().into_iter().flatten().enumerate() {
        let prefix = format!("/auth/{index}");
        let Some(members) = method.as_object() else {
            continue;
        };
        let mut members = members.clone();
        let inner = match members.shift_remove("method").as_ref().and_then(Value::as_str) {
            Some("api_key" | "pat") => part::<KeyAuth>(&Value::Object(members), &prefix).err(),
            Some("basic") => part::<BasicAuth>(&Value::Object(members), &prefix).err(),
            Some(other) => Some(Mistake {
                pointer: format!("{prefix}/method"),
                message: format!("\"{other}\" is not a way to sign in; use api_key, pat or basic"),
            }),
            None => Some(Mistake {
                pointer: prefix,
                message: "a way to sign in needs \"method\": api_key, pat or basic".into(),
            }),
        };
        if let Some(mistake) = inner {
            return Err(mistake);
        }
    }
    part(document, "")
}

fn part<T: DeserializeOwned>(value: &Value, prefix: &str) -> Result<T, Mistake> {
    serde_path_to_error::deserialize::<_, T>(value).map_err(|error| {
        let mut pointer = prefix.to_owned();
        for segment in error.path() {
            match segment {
                serde_path_to_error::Segment::Seq { index } => {
                    pointer.push_str(&format!("/{index}"));
                }
                serde_path_to_error::Segment::Map { key } => {
                    pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")));
                }
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
            }
        }
        let message = error.inner().to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        explain(value, prefix, pointer, message)
    })
}

/// Points at the unknown field itself and suggests the one that was meant.
fn explain(value: &Value, prefix: &str, pointer: String, message: &str) -> Mistake {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let first = quoted.next().unwrap_or_default().to_owned();
    let mut text = message.replace('`', "\"");
    let mut pointer = pointer;
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let known: Vec<&str> = quoted.collect();
        if let Some(meant) = nearest(&first, known.iter().copied()) {
            text = format!("{text}. Did you mean \"{meant}\"?");
        }
        let inside = pointer.strip_prefix(prefix).unwrap_or_default();
        if message.starts_with("unknown field")
            && !pointer.ends_with(&format!("/{first}"))
            && value.pointer(inside).is_some_and(|v| v.get(&first).is_some())
        {
            pointer = format!("{pointer}/{first}");
        }
    }
    Mistake {
        pointer,
        message: text.trim_end_matches(['.', '?']).to_owned() + if text.ends_with('?') { "?" } else { "" },
    }
}
