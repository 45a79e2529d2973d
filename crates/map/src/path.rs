//! JSONPath (RFC 9535), compiled once. With `strict`, the only place that knows the library behind it.

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use crate::error::MapError;
use crate::strict;

/// The longest path we read, in bytes.
const LONGEST: usize = 1_000;

/// A compiled path.
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Nothing but names: read and looked up without the library, which is most of what a run of a chain compiles.
    Names(Vec<String>),
    Query(JpQuery),
}

impl Path {
    /// Compiles a path. Refuses what RFC 9535 refuses, also where the library does not.
    pub fn compile(text: &str) -> Result<Self, MapError> {
        let invalid = |reason: String| MapError::Path { path: text.to_owned(), reason };
        if text.len() > LONGEST {
            return Err(invalid(format!("it is longer than {LONGEST} characters")));
        }
        if text.trim() != text || has_spaced_words(text) {
            return Err(invalid("it has a space where none may be".to_owned()));
        }
        if let Some(names) = plain_names(text) {
            return Ok(Self { text: text.to_owned(), kind: Kind::Names(names) });
        }
        let query = parse_json_path(text).map_err(|error| {
            let line = error.to_string();
            invalid(line.lines().last().unwrap_or_default().trim().trim_start_matches("= ").to_owned())
        })?;
        if let Some(reason) = strict::fault(&query) {
            return Err(invalid(reason.to_owned()));
        }
        Ok(Self { text: text.to_owned(), kind: Kind::Query(query) })
    }

    /// Every value that the path finds, in the order of the document.
    pub fn all<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match &self.kind {
            Kind::Names(names) => lookup(value, names).into_iter().collect(),
            // The library errs only on queries that yield values of their own, which paths are not.
            Kind::Query(query) => js_path_process(query, value)
                .map(|found| found.into_iter().map(|one| one.val).collect())
                .unwrap_or_default(),
        }
    }

    /// The first value that the path finds.
    pub fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match &self.kind {
            Kind::Names(names) => lookup(value, names),
            Kind::Query(_) => self.all(value).into_iter().next(),
        }
    }

    /// The names that the path begins with, one within the other; `$.a['b'][0].c` begins with `a` and `b`.
    pub fn names(&self) -> Vec<String> {
        let name = |segment: &Segment| match segment {
            Segment::Selector(Selector::Name(name)) => Some(name.clone()),
            _ => None,
        };
        match &self.kind {
            Kind::Names(names) => names.clone(),
            Kind::Query(query) => query.segments.iter().map_while(name).collect(),
        }
    }

    /// The path as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn lookup<'a>(value: &'a Value, names: &[String]) -> Option<&'a Value> {
    names.iter().try_fold(value, |value, name| value.as_object()?.get(name))
}

/// `$.a.b_c` as names; none for anything else.
fn plain_names(text: &str) -> Option<Vec<String>> {
    let rest = text.strip_prefix('$')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    rest.strip_prefix('.')?
        .split('.')
        .map(|name| {
            let mut chars = name.chars();
            let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            (starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| name.to_owned())
        })
        .collect()
}

/// Whether two words stand beside each other outside of quoted text, which no RFC 9535 path has; the
/// library reads them as one name.
fn has_spaced_words(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut quote, mut escaped, mut last, mut spaced) = (None, false, ' ', false);
    for c in text.chars() {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == open {
                quote = None;
            }
        } else if c.is_whitespace() {
            spaced = true;
        } else {
            if spaced && word(last) && word(c) {
                return true;
            }
            if matches!(c, '\'' | '"') {
                quote = Some(c);
            }
            (last, spaced) = (c, false);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn finds_what_it_names() {
        let value = json!({"a": [{"b": 1}, {"b": 2}], "c d": {"e": null}, "x": {"y": {"z": 5}}});
        let cases = [
            ("$.a[*].b", json!([1, 2])),
            ("$.a[?@.b > 1].b", json!([2])),
            ("$['c d'].e", json!([null])),
            ("$.x.y.z", json!([5])),
            ("$.x.missing.z", json!([])),
            ("$", json!([value.clone()])),
        ];
        for (path, want) in cases {
            let found: Vec<_> = Path::compile(path).unwrap().all(&value).into_iter().cloned().collect();
            assert_eq!(Value::from(found), want, "{path}");
        }
    }

    #[test]
    fn refuses_what_the_standard_refuses() {
        for path in
            ["", "a", "$.", "$[", " $.a", "$.a ", "$[01]", "$[-0]", "$[?count (@.a)>1]", "$[9007199254740993]"]
        {
            assert!(Path::compile(path).is_err(), "{path:?} was accepted");
        }
    }

    #[test]
    fn functions_are_used_as_the_standard_types_them() {
        let accepted = [
            "$[?length(@.a) > 1]",
            "$[?length(value(@..a)) > 1]",
            "$[?count(@.*) == 2 && match(@.b, 'x')]",
            "$[?!search(@['a b'], 'count(')]",
            "$[?(length(@.a) == 1)]",
            "$[? @.a == true]",
            "$[ 1 , 2 ]",
        ];
        for path in accepted {
            assert!(Path::compile(path).is_ok(), "{path} was refused: {:?}", Path::compile(path));
        }
        let refused = [
            "$[?length(@.a)]",
            "$[?!count(@.*)]",
            "$[?(value(@.a))]",
            "$[?length(@.*) > 1]",
            "$[?match(@.*, 'x')]",
            "$[?match(@.a, 'x') == true]",
            "$[?count(1) > 0]",
            "$[?@[?@.a]]",
            "$[?@.a in [1]]",
            "$.a b",
        ];
        for path in refused {
            assert!(Path::compile(path).is_err(), "{path} was accepted");
        }
    }

    proptest! {
        #[test]
        fn names_are_read_as_the_library_reads_them(names in prop::collection::vec("[a-c_][a-c0-9_]{0,2}|true|null", 0..4)) {
            let text = names.iter().fold("$".to_owned(), |text, name| format!("{text}.{name}"));
            let path = Path::compile(&text).unwrap();
            prop_assert!(matches!(path.kind, Kind::Names(_)));
            let query = Path { text: text.clone(), kind: Kind::Query(parse_json_path(&text).unwrap()) };
            let value = json!({"a": {"b": 1, "true": {"null": 2}}, "b": [3], "_": {"a": {"a": 4}}, "null": 5});
            prop_assert_eq!(path.all(&value), query.all(&value));
            prop_assert_eq!(path.first(&value), query.first(&value));
            prop_assert_eq!(path.names(), query.names());
        }

        #[test]
        fn compiling_never_panics(text in "\\PC{0,60}") {
            let _ = Path::compile(&text);
        }

        #[test]
        fn compiling_path_like_text_never_panics(text in "\\$[\\[\\]\\.\\*@\\?\\(\\)'a-c0-9:,<>=&|! -]{0,40}") {
            if let Ok(path) = Path::compile(&text) {
                let _ = path.all(&json!({"a": [1, {"b": "c"}], "b": null}));
            }
        }
    }
}
