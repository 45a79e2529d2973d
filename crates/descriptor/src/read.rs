//! Text to descriptor, or every mistake with its place.

use patchbay_model::Descriptor;
use patchbay_model::problem::{Code, Problem, Subject};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check::check;
use crate::locate::{Positions, escape};
use crate::migrate::{Moved, migrate};
use crate::tagged::take_mistaken;
use crate::words::plain;

/// The largest definition we read, in bytes.
pub const LARGEST: usize = 1 << 20;
/// Mistakes of shape that are looked for; after so many the file is something else.
const MOST_MISTAKES: usize = 50;

/// A mistake at a place in the document.
pub(crate) struct Mistake {
    /// JSON pointer (RFC 6901).
    pub(crate) pointer: String,
    /// What is wrong and what is expected, without a full stop.
    pub(crate) message: String,
}

/// Reads a connector definition: parses, brings older forms forward, checks shape and meaning.
/// `file` is what messages call it. All mistakes of one stage are collected.
pub fn read(text: &str, file: &str) -> Result<Descriptor, Vec<Problem>> {
    let (mut document, source) = Source::parse(text, file)?;
    let moved = migrate(&mut document).map_err(|mistake| source.problems(vec![mistake], &[]))?;
    let (descriptor, mut mistakes) = shape(&document);
    mistakes.extend(source.repeated());
    match descriptor {
        Some(descriptor) => {
            mistakes.extend(check(&descriptor));
            if mistakes.is_empty() { Ok(descriptor) } else { Err(source.problems(mistakes, &moved)) }
        }
        None => Err(source.problems(mistakes, &moved)),
    }
}

/// Why a definition that is in order by itself cannot be used, at its place in the text.
pub fn refused(text: &str, file: &str, pointer: &str, message: &str) -> Problem {
    let place = Source::parse(text, file).ok().and_then(|(_, source)| source.positions.get(pointer));
    problem(file, place, Some(pointer.to_owned()), message)
}

/// Reads any document of ours, with the place of what does not fit.
pub(crate) fn read_as<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, Vec<Problem>> {
    let (document, source) = Source::parse(text, file)?;
    let (value, mut mistakes) = parts::<T>(&document, "");
    mistakes.extend(source.repeated());
    match value {
        Some(value) if mistakes.is_empty() => Ok(value),
        _ => Err(source.problems(mistakes, &[])),
    }
}

/// A text that is JSON, and where everything stands in it.
struct Source<'t> {
    file: &'t str,
    positions: Positions,
}

impl<'t> Source<'t> {
    fn parse(text: &str, file: &'t str) -> Result<(Value, Self), Vec<Problem>> {
        if text.len() > LARGEST {
            return Err(vec![problem(file, None, None, "the file is larger than 1 MiB")]);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = serde_json::from_str(text).map_err(|error| {
            let message = error.to_string();
            let message = match message.split(" at line ").next().unwrap_or_default() {
                "recursion limit exceeded" => "the document is nested deeper than 127 levels".to_owned(),
                other => format!("this is not JSON: {other}"),
            };
            vec![problem(file, Some((error.line(), error.column())), None, &message)]
        })?;
        Ok((document, Self { file, positions: Positions::of(text) }))
    }

    fn repeated(&self) -> impl Iterator<Item = Mistake> {
        self.positions.repeated().iter().map(|pointer| Mistake {
            pointer: pointer.clone(),
            message: "this name is there already, and only one of the two would count".into(),
        })
    }

    fn problems(&self, mistakes: Vec<Mistake>, moved: &[Moved]) -> Vec<Problem> {
        mistakes
            .into_iter()
            .map(|Mistake { pointer, message }| {
                let pointer = Moved::back(moved, pointer);
                problem(self.file, self.positions.get(&pointer), Some(pointer), &message)
            })
            .collect()
    }
}

fn problem(file: &str, place: Option<(usize, usize)>, pointer: Option<String>, message: &str) -> Problem {
    let line = place.map_or_else(String::new, |(line, _)| format!("Line {line}: "));
    let stop = if message.ends_with(['.', '?']) { "" } else { "." };
    Problem::new(Code::DescriptorInvalid).with("message", format!("{line}{message}{stop}")).about(
        Subject::File {
            path: file.to_owned(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            pointer,
        },
    )
}

/// The descriptor as far as it can be read, and what does not fit.
fn shape(document: &Value) -> (Option<Descriptor>, Vec<Mistake>) {
    let mut document = document.clone();
    let mut mistakes = take_mistaken(&mut document);
    let (descriptor, others) = parts(&document, "");
    mistakes.extend(others);
    // With a member taken out, what refers to it would be blamed for its absence.
    (descriptor.filter(|_| mistakes.is_empty()), mistakes)
}

/// Deserialises `value`, which stands at `prefix`. An unknown field is noted and passed over, so that
/// one mistyped name does not hide the next.
pub(crate) fn parts<T: DeserializeOwned>(value: &Value, prefix: &str) -> (Option<T>, Vec<Mistake>) {
    let mut value = value.clone();
    let mut mistakes = Vec::new();
    while mistakes.len() < MOST_MISTAKES {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return (Some(read), mistakes),
            Err(error) => error,
        };
        // `inside` is the place within `value`, where a tag stands as a member of its own.
        let (mut inside, mut pointer) = (String::new(), prefix.to_owned());
        for segment in error.path() {
            let (name, is_tag) = match segment {
                serde_path_to_error::Segment::Seq { index } => (index.to_string(), false),
                serde_path_to_error::Segment::Map { key } => (escape(key), false),
                serde_path_to_error::Segment::Enum { variant } => (escape(variant), true),
                serde_path_to_error::Segment::Unknown => break,
            };
            if !is_tag {
                pointer.push_str(&format!("/{name}"));
            }
            inside.push_str(&format!("/{name}"));
        }
        let found = plain(&error.inner().to_string());
        let stranger = found.stranger.map(|name| (escape(&name), name));
        if let Some((escaped, name)) = &stranger {
            // The path ends at the field or at what holds it, as the library pleases.
            for place in [&mut inside, &mut pointer] {
                if place.ends_with(&format!("/{escaped}")) {
                    place.truncate(place.len() - escaped.len() - 1);
                }
            }
            let holder = value.pointer_mut(&inside).and_then(Value::as_object_mut);
            let taken = holder.and_then(|members| members.shift_remove(name)).is_some();
            if taken {
                pointer.push_str(&format!("/{escaped}"));
            }
            mistakes.push(Mistake { pointer, message: found.message });
            if taken {
                continue;
            }
        } else {
            mistakes.push(Mistake { pointer, message: found.message });
        }
        break;
    }
    (None, mistakes)
}
