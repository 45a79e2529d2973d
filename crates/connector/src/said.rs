//! What a service says about a failure, made fit to show: one line, without addresses' queries and
//! without the inner life of its programs. Pure.

use patchbay_model::text::display_line;
use serde_json::Value;

/// The longest that is kept, in characters.
const LONGEST: usize = 200;

/// Where services usually put their words, as JSON pointers.
const USUAL: [&str; 9] = [
    "/error/message",
    "/message",
    "/error_description",
    "/error",
    "/errors/0/message",
    "/errors/0/detail",
    "/errors/0",
    "/detail",
    "/title",
];

/// Where a stack trace begins.
const TRACES: [&str; 9] = [
    "Traceback (most recent",
    "Exception in thread",
    "panicked at",
    "goroutine ",
    "Stack trace",
    "stack trace",
    "stacktrace",
    "Call stack",
    " at java.",
];

/// The service's words, where it uses one of the usual members or nothing but words.
pub(crate) fn in_body(body: &Value) -> Option<String> {
    if let Some(words) = body.as_str() {
        return plainly(words);
    }
    USUAL.iter().filter_map(|pointer| body.pointer(pointer)?.as_str()).find_map(plainly)
}

/// The field that the service complains about, where it names one.
pub(crate) fn field(body: &Value) -> Option<String> {
    ["/errors/0/field", "/errors/0/path", "/errors/0/param", "/field", "/error/param"]
        .iter()
        .find_map(|pointer| body.pointer(pointer)?.as_str())
        .map(|text| display_line(text, 60))
        .filter(|text| !text.is_empty())
}

/// One line of plain words; none where nothing is left.
pub(crate) fn plainly(text: &str) -> Option<String> {
    // Frames of a stack follow on lines of their own.
    let first = text.trim_start().lines().next().unwrap_or_default();
    let end = TRACES.iter().filter_map(|mark| first.find(mark)).min();
    let first = first[..end.unwrap_or(first.len())].trim_end_matches([' ', ':', ';', ',']);
    let words: Vec<&str> = first.split_whitespace().map(without_query).collect();
    let line = display_line(&words.join(" "), LONGEST);
    (!line.is_empty()).then_some(line)
}

/// A word that is an address, without what may be a secret in it.
fn without_query(word: &str) -> &str {
    let Some((before, after)) = word.split_once('?') else {
        return word;
    };
    let is_address = before.contains("://") || before.contains('/') || after.contains('=');
    if is_address { before } else { word }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_one_line_without_queries_and_stack_traces() {
        let cases = [
            ("Not found", Some("Not found")),
            ("  Two\nlines  ", Some("Two")),
            ("See https://a.example/x?token=canary for more", Some("See https://a.example/x for more")),
            ("GET /v1/items?key=canary failed", Some("GET /v1/items failed")),
            ("Are you sure?", Some("Are you sure?")),
            ("NullPointerException\n\tat com.example.A(A.java:1)", Some("NullPointerException")),
            ("Traceback (most recent call last): File \"x.py\"", None),
            ("Oops: thread 'main' panicked at src/main.rs:1", Some("Oops: thread 'main'")),
            ("", None),
            ("\u{1b}[31mred\u{202E}", Some("[31mred")),
        ];
        for (text, want) in cases {
            assert_eq!(plainly(text).as_deref(), want, "{text:?}");
        }
        assert!(plainly(&"x".repeat(9_000)).is_some_and(|line| line.chars().count() <= LONGEST + 1));
    }

    #[test]
    fn the_usual_places_are_looked_at() {
        let cases = [
            (json!({"message": "a"}), Some("a")),
            (json!({"error": {"message": "a", "code": 5}}), Some("a")),
            (json!({"error": "invalid_grant", "error_description": "a"}), Some("a")),
            (json!({"error": "a"}), Some("a")),
            (json!({"errors": [{"detail": "a"}]}), Some("a")),
            (json!({"errors": ["a"]}), Some("a")),
            (json!({"title": "a", "type": "about:blank"}), Some("a")),
            (json!("a"), Some("a")),
            (json!({"message": 5}), None),
            (json!([]), None),
            (Value::Null, None),
        ];
        for (body, want) in cases {
            assert_eq!(in_body(&body).as_deref(), want, "{body}");
        }
        assert_eq!(field(&json!({"errors": [{"field": "title"}]})).as_deref(), Some("title"));
        assert_eq!(field(&json!({"message": "no"})), None);
    }
}
