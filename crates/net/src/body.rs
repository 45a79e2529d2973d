//! Secrets that go into a body: put there as late as the headers' are. Pure.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::request::Request;

/// A body as it is sent, and its media type.
type Written<'r> = (Option<Vec<u8>>, Option<Cow<'r, str>>);

/// The body as it is sent. None where there is no room for a secret: the request
/// carries no body, or its body is none with members.
pub(crate) fn body_with_secrets(request: &Request) -> Option<Written<'_>> {
    let media = request.content_type.as_deref().map(Cow::Borrowed);
    if request.secret_members.is_empty() {
        return Some((request.body.clone(), media));
    }
    if request.method.is_safe() {
        return None;
    }
    let media = media.unwrap_or(Cow::Borrowed("application/json"));
    let body = request.body.as_deref().unwrap_or_default();
    let kind = media.split(';').next().unwrap_or_default().trim();
    let body = match kind {
        "application/x-www-form-urlencoded" => in_form(body, request),
        "multipart/form-data" => in_parts(body, media.split_once("boundary=")?.1, request)?,
        _ => in_json(body, request)?,
    };
    Some((Some(body), Some(media)))
}

fn in_form(body: &[u8], request: &Request) -> Vec<u8> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::from_utf8_lossy(body).into_owned());
    for (name, secret) in &request.secret_members {
        pairs.append_pair(name, secret);
    }
    pairs.finish().into_bytes()
}

/// One more part each, before the closing boundary (RFC 2046 section 5.1.1).
fn in_parts(body: &[u8], boundary: &str, request: &Request) -> Option<Vec<u8>> {
    let end = format!("--{boundary}--\r\n");
    let mut parts = body.strip_suffix(end.as_bytes())?.to_vec();
    for (name, secret) in &request.secret_members {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        parts.extend_from_slice(part.as_bytes());
        parts.extend_from_slice(secret.as_bytes());
        parts.extend_from_slice(b"\r\n");
    }
    parts.extend_from_slice(end.as_bytes());
    Some(parts)
}

fn in_json(body: &[u8], request: &Request) -> Option<Vec<u8>> {
    let mut value =
        if body.is_empty() { Value::Object(Map::new()) } else { serde_json::from_slice(body).ok()? };
    for (name, secret) in &request.secret_members {
        if !put_member(&mut value, name, &Value::String(secret.to_string())) {
            return None;
        }
    }
    serde_json::to_vec(&value).ok()
}

/// Puts a value at a member's name or a JSON pointer (RFC 6901) of a body. False where something that
/// is no object is in the way.
pub fn put_member(body: &mut Value, name: &str, value: &Value) -> bool {
    let mut at = body;
    let path = name.strip_prefix('/').map_or_else(|| vec![name], |rest| rest.split('/').collect());
    for step in path {
        let Value::Object(members) = at else { return false };
        let step = step.replace("~1", "/").replace("~0", "~");
        at = members.entry(step).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value.clone();
    true
}

#[cfg(test)]
mod tests {
    use patchbay_model::descriptor::Method;
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_secret_finds_its_place_in_every_kind_of_body() {
        let boundary = "multipart/form-data; boundary=b";
        let parts = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
        let with = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
            --b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nc&=\"\r\n--b--\r\n";
        let cases = [
            (None, None, "key", Some("{\"key\":\"c&=\\\"\"}")),
            (Some("application/json"), Some("{\"a\":1}"), "key", Some("{\"a\":1,\"key\":\"c&=\\\"\"}")),
            (Some("application/json"), Some("{\"a\":{}}"), "/a/k~1y", Some("{\"a\":{\"k/y\":\"c&=\\\"\"}}")),
            (Some("application/json"), Some("[1]"), "key", None),
            (Some("application/x-www-form-urlencoded"), Some("a=1"), "key", Some("a=1&key=c%26%3D%22")),
            (Some("application/x-www-form-urlencoded"), Some(""), "key", Some("key=c%26%3D%22")),
            (Some(boundary), Some(parts), "key", Some(with)),
            (Some(boundary), Some("cut off"), "key", None),
        ];
        for (media, body, name, want) in cases {
            let mut request = Request::new(Method::Post, "https://a.example/".parse().unwrap());
            request.content_type = media.map(str::to_owned);
            request.body = body.map(|body| body.as_bytes().to_vec());
            request.secret_members = vec![(name.to_owned(), Zeroizing::new("c&=\"".to_owned()))];
            let sent = body_with_secrets(&request).map(|(body, _)| String::from_utf8(body.unwrap()).unwrap());
            assert_eq!(sent.as_deref(), want, "{media:?} {body:?}");
            request.method = Method::Get;
            assert!(body_with_secrets(&request).is_none(), "GET carries no body");
        }
    }
}
