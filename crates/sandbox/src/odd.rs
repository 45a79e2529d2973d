//! Answers that are not what was promised.

use axum::Json;
use axum::body::to_bytes;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The largest answer that is bent, in bytes. Ours are far below.
const MOST: usize = 4 << 20;

/// What tries to get out of its place: markup, a text that runs backwards, terminal commands, a
/// formula, a template.
const HOSTILE: &str = "=1+1 <img src=x onerror=alert(1)> \u{202E}gpj.exe\u{1b}[31m\u{7} {{ 7 * 7 }} ";

/// Members that hold what people write.
const WRITTEN: [&str; 7] = ["title", "body", "text", "name", "topic", "login", "labels"];

/// Members without which an item is nothing.
const NEEDED: [&str; 7] = ["id", "number", "title", "text", "body", "name", "updated_at"];

/// In what way an answer is odd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Odd {
    /// A list of three: an item of wrong types, an item with hostile text, and no item at all.
    #[default]
    Mixed,
    /// The answer without the members that matter.
    MissingFields,
    /// The answer with numbers as text and text as lists.
    WrongTypes,
    /// The page of a sign-in portal, with status 200.
    Html,
    /// The answer with markup, bidirectional and control characters in what people write.
    HostileText,
}

/// Bends an answer. One without content, such as a 204, stays as it is but for `html`.
pub(crate) async fn bend(odd: Odd, response: Response) -> Response {
    match odd {
        Odd::Mixed => return Json(mixed()).into_response(),
        Odd::Html => {
            return Html("<!doctype html><title>Sign in</title><h1>Please sign in</h1>").into_response();
        }
        Odd::MissingFields | Odd::WrongTypes | Odd::HostileText => {}
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST).await.unwrap_or_default();
    let Ok(mut value) = serde_json::from_slice(&bytes) else {
        return (parts.status, bytes).into_response();
    };
    match odd {
        Odd::MissingFields => without_needed(&mut value),
        Odd::WrongTypes => other_types(&mut value),
        Odd::HostileText => hostile(&mut value, false),
        Odd::Mixed | Odd::Html => {}
    }
    let mut bent = (parts.status, Json(value)).into_response();
    // Paging goes on, or only the first page would be odd.
    if let Some(link) = parts.headers.get(axum::http::header::LINK) {
        bent.headers_mut().insert(axum::http::header::LINK, link.clone());
    }
    bent
}

fn mixed() -> Value {
    json!([
        { "number": "not a number", "title": null, "id": {} },
        { "number": 9, "title": "<img src=x onerror=alert(1)> \u{202E}gpj.exe\u{1b}[31m", "body": "{{ 7 * 7 }}",
          "state": "open", "priority": "high", "labels": ["a"], "author": { "login": "x" },
          "updated_at": "2026-09-21T20:13:20Z", "created_at": "2026-09-21T20:13:20Z",
          "url": "javascript:alert(1)", "text": "=1+1", "name": "\u{202E}" },
        "not an object"
    ])
}

fn without_needed(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_needed),
        Value::Object(members) => {
            members.retain(|name, _| !NEEDED.contains(&name.as_str()));
            members.values_mut().for_each(without_needed);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn other_types(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(other_types),
        Value::Object(members) => members.values_mut().for_each(other_types),
        Value::Null => {}
        Value::Bool(yes) => *value = json!(if *yes { "yes" } else { "no" }),
        Value::Number(_) => *value = json!("not a number"),
        Value::String(text) => *value = json!([text]),
    }
}

fn hostile(value: &mut Value, written: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hostile(item, written)),
        Value::Object(members) => {
            for (name, member) in members {
                hostile(member, WRITTEN.contains(&name.as_str()));
            }
        }
        Value::String(text) if written => text.insert_str(0, HOSTILE),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
