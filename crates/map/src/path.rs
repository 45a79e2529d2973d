//! JSONPath (RFC 9535), compiled once. The only file that knows the library behind it.

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use crate::error::MapError;

/// The longest path we read, in bytes.
const LONGEST: usize = 1_000;

/// A compiled path.
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    query: JpQuery,
    /// The names of a path that is nothing but names: looked up directly, without the library.
    names: Option<Vec<String>>,
}

impl Path {
    /// Compiles a path. Refuses what RFC 9535 refuses, also where the library does not.
    pub fn compile(text: &str) -> Result<Self, MapError> {
        let invalid = |reason: String| MapError::Path {
            path: text.to_owned(),
            reason,
        };
        if text.len() > LONGEST {
            return Err(invalid(format!("it is longer than {LONGEST} characters")));
        }
        if let Some(reason) = wrongly_accepted(text) {
            return Err(invalid(reason.to_owned()));
        }
        let query = parse_json_path(text).map_err(|error| {
            let line = error.to_string();
            invalid(
                line.lines()
                    .last()
                    .unwrap_or_default()
                    .trim()
                    .trim_start_matches("= ")
                    .to_owned(),
            )
        })?;
        Ok(Self {
            names: plain_names(text),
            text: text.to_owned(),
            query,
        })
    }

    /// Every value that the path finds, in the order of the document.
    pub fn all<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        if let Some(names) = &self.names {
            return lookup(value, names).into_iter().collect();
        }
        // The library errs only on queries that yield values of their own, which paths are not.
        js_path_process(&self.query, value)
            .map(|found| found.into_iter().map(|one| one.val).collect())
            .unwrap_or_default()
    }

    /// The first value that the path finds.
    pub fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match &self.names {
            Some(names) => lookup(value, names),
            None => self.all(value).into_iter().next(),
        }
    }

    /// The path as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn lookup<'a>(value: &'a Value, names: &[String]) -> Option<&'a Value> {
    names
        .iter()
        .try_fold(value, |value, name| value.as_object()?.get(name))
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
            let starts = chars
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            (starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_'))
                .then(|| name.to_owned())
        })
        .collect()
}

/// Forms that RFC 9535 forbids and the library lets through. Found by the compliance suite.
fn wrongly_accepted(text: &str) -> Option<&'static str> {
    if text.trim() != text {
        return Some("it begins or ends with a space");
    }
    let outside = outside_of_strings(text);
    // A function's name and its parenthesis stand together (RFC 9535 section 2.4).
    let bytes = outside.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'(' {
            let before = outside[..at].trim_end();
            let spaced = before.len() < at;
            if spaced
                && before
                    .ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            {
                return Some("a function's name and its parenthesis must stand together");
            }
        }
    }
    for name in ["count", "length", "value"] {
        for (at, _) in outside.match_indices(&format!("{name}(")) {
            let inside = &outside[at + name.len() + 1..];
            let close = closing(inside);
            let (argument, after) = (
                &inside[..close],
                inside.get(close + 1..).unwrap_or_default().trim_start(),
            );
            let compared = after.starts_with(['=', '!', '<', '>'])
                || outside[..at].trim_end().ends_with(['=', '<', '>']);
            let before = outside[..at].trim_end();
            let as_argument = before.ends_with(',')
                || before
                    .strip_suffix('(')
                    .is_some_and(|b| b.ends_with(|c: char| c.is_ascii_lowercase()));
            if !compared && !as_argument {
                return Some("what a function gives must be compared with something");
            }
            if name == "length"
                && !argument.trim_start().starts_with("value(")
                && (argument.contains(['*', ',', ':', '?']) || argument.contains(".."))
            {
                return Some("length() takes a path to one value");
            }
        }
    }
    // The library answers a filter inside a filter wrongly.
    if let Some(first) = outside.find('?') {
        let inside = &outside[first + 1..];
        let own = &inside[..closing(inside)];
        let nested = own.char_indices().any(|(at, c)| {
            c == '?' && own[..at].matches('[').count() > own[..at].matches(']').count()
        });
        if nested {
            return Some("a filter inside a filter is not supported");
        }
    }
    // A number is -0, 0 or does not begin with 0 (section 2.3.3.1); the same in slices.
    let mut rest = outside.as_str();
    while let Some(open) = rest.find('[') {
        let inside = &rest[open + 1..];
        let close = inside.find([']', '?']).unwrap_or(inside.len());
        for part in inside[..close].split([',', ':']) {
            let digits = part.trim();
            let bare = digits.strip_prefix('-').unwrap_or(digits);
            if !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit()) {
                if digits == "-0" || (bare.len() > 1 && bare.starts_with('0')) {
                    return Some("an index has no leading zero and is not -0");
                }
                if bare.parse::<u64>().is_ok_and(|n| n > 9_007_199_254_740_991) || bare.len() > 16 {
                    return Some("an index is larger than 2^53 - 1");
                }
            }
        }
        rest = &inside[close..];
    }
    None
}

/// Where the bracket or parenthesis that is open at the start closes.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' if depth == 0 => return at,
            ')' | ']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The text with the insides of quoted strings blanked out.
fn outside_of_strings(text: &str) -> String {
    let mut quote = None;
    let mut escaped = false;
    text.chars()
        .map(|c| match quote {
            Some(open) => {
                if escaped {
                    escaped = false;
                } else if c == '\\' {
                    escaped = true;
                } else if c == open {
                    quote = None;
                    return c;
                }
                'x'
            }
            None => {
                if matches!(c, '\'' | '"') {
                    quote = Some(c);
                }
                c
            }
        })
        .collect()
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
            let found: Vec<_> = Path::compile(path)
                .unwrap()
                .all(&value)
                .into_iter()
                .cloned()
                .collect();
            assert_eq!(Value::from(found), want, "{path}");
        }
    }

    #[test]
    fn refuses_what_the_standard_refuses() {
        for path in [
            "",
            "a",
            "$.",
            "$[",
            " $.a",
            "$.a ",
            "$[01]",
            "$[-0]",
            "$[?count (@.a)>1]",
            "$[9007199254740993]",
        ] {
            assert!(Path::compile(path).is_err(), "{path:?} was accepted");
        }
    }

    proptest! {
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
