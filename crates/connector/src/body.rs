//! How the body of a request is written. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_model::descriptor::BodyFormat;
use serde_json::{Map, Value};

use crate::compiled::plain;
use crate::sha256_hex;

/// The bytes of a body and their media type.
pub(crate) fn write(body: &Value, format: BodyFormat) -> (Vec<u8>, String) {
    match format {
        BodyFormat::Json => (body.to_string().into_bytes(), "application/json".to_owned()),
        BodyFormat::Form => (form(body).into_bytes(), "application/x-www-form-urlencoded".to_owned()),
        BodyFormat::FormBrackets => {
            (bracketed(body).into_bytes(), "application/x-www-form-urlencoded".to_owned())
        }
        BodyFormat::Text => (plain(body).into_bytes(), "text/plain; charset=utf-8".to_owned()),
        BodyFormat::Multipart => {
            // The same body is written the same way again; no content holds its own fingerprint.
            let boundary = format!("part-{}", &sha256_hex(body.to_string().as_bytes())[..40]);
            (multipart(body, &boundary), format!("multipart/form-data; boundary={boundary}"))
        }
    }
}

/// The members of an object as a form; a list repeats its name.
fn form(body: &Value) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields(body) {
        pairs.append_pair(name, &plain(value));
    }
    pairs.finish()
}

/// The same with what is nested in brackets, as `qs` and Rack read it; the elements of a list by their
/// place.
fn bracketed(body: &Value) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        nested(name, value, &mut pairs);
    }
    pairs.finish()
}

fn nested(name: &str, value: &Value, pairs: &mut url::form_urlencoded::Serializer<'_, String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            // What is null leaves no hole: some services take one for a value.
            let there = items.iter().filter(|item| !item.is_null()).enumerate();
            there.for_each(|(place, item)| nested(&format!("{name}[{place}]"), item, pairs));
        }
        Value::Object(members) => {
            members.iter().for_each(|(member, value)| nested(&format!("{name}[{member}]"), value, pairs));
        }
        one => {
            pairs.append_pair(name, &plain(one));
        }
    }
}

/// Name and value of each field; what is null is left out.
fn fields(body: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let all = body.as_object().into_iter().flatten().flat_map(|(name, value)| match value {
        Value::Array(items) => items.iter().map(|item| (name, item)).collect(),
        one => vec![(name, one)],
    });
    all.filter(|(_, value)| !value.is_null())
}

/// RFC 7578.
fn multipart(body: &Value, boundary: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields(body) {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(format!("Content-Disposition: form-data; name=\"{}\"", quoted(name)).as_bytes());
        match value {
            Value::Object(file) if file.contains_key("content") => {
                let (head, content) = file_part(file);
                out.extend_from_slice(head.as_bytes());
                out.extend_from_slice(&content);
            }
            value => {
                out.extend_from_slice(b"\r\n\r\n");
                out.extend_from_slice(plain(value).as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// The rest of a file's headers, and its content. What is not Base64 although it should be is sent as
/// it stands: the service says more of it than we could.
fn file_part(file: &Map<String, Value>) -> (String, Vec<u8>) {
    let text = |name: &str| file.get(name).map(plain).filter(|text| !text.is_empty());
    let filename = text("filename").unwrap_or_else(|| "file".to_owned());
    let media = text("contentType").unwrap_or_else(|| "application/octet-stream".to_owned());
    let media: String = media.chars().filter(|c| !c.is_control()).collect();
    let content = text("content").unwrap_or_default();
    let decoded =
        if file.get("base64") == Some(&Value::Bool(true)) { STANDARD.decode(&content).ok() } else { None };
    let head = format!("; filename=\"{}\"\r\nContent-Type: {media}\r\n\r\n", quoted(&filename));
    (head, decoded.unwrap_or_else(|| content.into_bytes()))
}

/// A name as a quoted text: no value can end it or begin another header (RFC 7578 section 5.1).
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_format_is_written_as_its_standard_says() {
        let body = json!({"a": "x y", "tags": ["1", null, 2], "gone": null});
        assert_eq!(write(&body, BodyFormat::Form).0, b"a=x+y&tags=1&tags=2");
        let deep = json!({"items": [{"price": "p 1", "n": 2}, null, {"price": "q"}], "meta": {"a": {"b": [1, true]}},
            "gone": null, "empty": [], "x": "y"});
        let (sent, media) = write(&deep, BodyFormat::FormBrackets);
        assert_eq!(media, "application/x-www-form-urlencoded");
        assert_eq!(
            String::from_utf8(sent).unwrap(),
            "items%5B0%5D%5Bprice%5D=p+1&items%5B0%5D%5Bn%5D=2&items%5B1%5D%5Bprice%5D=q\
            &meta%5Ba%5D%5Bb%5D%5B0%5D=1&meta%5Ba%5D%5Bb%5D%5B1%5D=true&x=y"
        );
        let (json, media) = write(&body, BodyFormat::Json);
        assert_eq!((json, media.as_str()), (body.to_string().into_bytes(), "application/json"));
        let body = json!({"note": "a\r\n--b", "file": {"filename": "a\"\r\nX: y", "contentType": "text/csv",
            "content": "aGk=", "base64": true}, "n": 5});
        let text = String::from_utf8(multipart(&body, "b")).unwrap();
        assert_eq!(
            text,
            "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na\r\n--b\r\n\
            --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22%0D%0AX: y\"\r\nContent-Type: text/csv\r\n\r\nhi\r\n\
            --b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n5\r\n--b--\r\n"
        );
        let (sent, media) = write(&body, BodyFormat::Multipart);
        let boundary = media.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(!body.to_string().contains(boundary), "no value holds the boundary");
        assert_eq!(write(&body, BodyFormat::Multipart).0, sent, "the same again");
    }
}
