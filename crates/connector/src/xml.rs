//! XML answers as JSON. Pure, in one pass, without a stack of calls: depth is bounded, and no entity
//! that a document declares is expanded.

use patchbay_model::problem::Code;
use patchbay_net::Failure;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// Elements within elements; as deep as JSON may be.
const DEEPEST: usize = 127;

/// An element whose end has not come yet.
struct Open {
    name: String,
    members: Map<String, Value>,
    text: String,
}

/// Reads a document. The root element is a member of its name. An element with text alone is that
/// text, without spaces at its ends; else it is an object: attributes as `@name`, elements by name,
/// text as `#text`. What comes several times, or is in `lists`, is a list.
pub(crate) fn xml_body(body: &[u8], lists: &[String]) -> Result<Value, Failure> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|error| odd(error.valid_up_to(), "it is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = Map::new();
    loop {
        let at = reader.buffer_position() as usize;
        // The library's words may repeat what the service sent.
        let event = reader.read_event().map_err(|_| odd(at, "it is not in order"))?;
        match event {
            Event::Start(start) => {
                if open.len() == DEEPEST || (open.is_empty() && !root.is_empty()) {
                    return Err(odd(at, "it is nested too deep, or has two roots"));
                }
                open.push(begin(&start, at, open.is_empty())?);
            }
            Event::Empty(start) => {
                let element = begin(&start, at, open.is_empty())?;
                close(element, &mut open, &mut root, lists);
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| odd(at, "an element ends that never began"))?;
                close(element, &mut open, &mut root, lists);
            }
            Event::Text(piece) => say(&mut open, &piece.xml_content(XmlVersion::Implicit1_0), at)?,
            Event::CData(piece) => say(&mut open, &piece.xml_content(XmlVersion::Implicit1_0), at)?,
            Event::GeneralRef(name) => {
                let one = name.resolve_char_ref().map_err(|_| odd(at, "a character is not one"))?;
                match (one, resolve_predefined_entity(&name)) {
                    (Some(one), _) => say(&mut open, one.encode_utf8(&mut [0; 4]), at)?,
                    (None, Some(text)) => say(&mut open, text, at)?,
                    (None, None) => return Err(odd(at, "it uses an entity of its own")),
                }
            }
            Event::DocType(kind) if kind.trim().to_ascii_lowercase().starts_with("html") => return Err(page()),
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
            Event::Eof if open.is_empty() && !root.is_empty() => return Ok(Value::Object(root)),
            Event::Eof => return Err(odd(at, "it is cut off")),
        }
    }
}

fn begin(start: &BytesStart<'_>, at: usize, is_root: bool) -> Result<Open, Failure> {
    let name = start.name().0.to_owned();
    if is_root && name.eq_ignore_ascii_case("html") {
        return Err(page());
    }
    let mut members = Map::new();
    // The library compares each name with all before it; the map does that better.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| odd(at, "an attribute is not in order"))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| odd(at, "an attribute is not in order"))?;
        let twice = members.insert(format!("@{}", attribute.key.0), Value::from(value.into_owned()));
        if twice.is_some() {
            return Err(odd(at, "an attribute comes twice"));
        }
    }
    Ok(Open { name, members, text: String::new() })
}

fn close(element: Open, open: &mut [Open], root: &mut Map<String, Value>, lists: &[String]) {
    let Open { name, mut members, text } = element;
    let text = text.trim();
    let value = if members.is_empty() {
        Value::from(text)
    } else {
        if !text.is_empty() {
            members.insert("#text".to_owned(), Value::from(text));
        }
        Value::Object(members)
    };
    let siblings = open.last_mut().map_or(root, |parent| &mut parent.members);
    match siblings.get_mut(&name) {
        Some(Value::Array(all)) => all.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None if lists.contains(&name) => {
            siblings.insert(name, Value::Array(vec![value]));
        }
        None => {
            siblings.insert(name, value);
        }
    }
}

/// Text belongs to the element that is open; outside of the root there is none.
fn say(open: &mut [Open], text: &str, at: usize) -> Result<(), Failure> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(odd(at, "there is text outside of it")),
    }
    Ok(())
}

/// Where it is, and nothing of what it says.
fn odd(at: usize, what: &str) -> Failure {
    Failure::new(Code::MalformedResponse, true, "").detail(format!("the XML at byte {at}: {what}"))
}

fn page() -> Failure {
    Failure::new(Code::UnexpectedContent, true, "").detail("a page for people came instead of data")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_members_and_lists() {
        let lists = ["entry".to_owned()];
        let cases = [
            ("<feed/>", json!({"feed": ""})),
            ("<feed></feed>", json!({"feed": ""})),
            ("<feed><entry>1</entry></feed>", json!({"feed": {"entry": ["1"]}})),
            ("<feed><entry>1</entry><entry/></feed>", json!({"feed": {"entry": ["1", ""]}})),
            ("<f><a>1</a><b/><a><c>2</c></a></f>", json!({"f": {"a": ["1", {"c": "2"}], "b": ""}})),
            (
                "<?xml version=\"1.0\"?>\n<!-- x --><a:f id=\"7\" x='&lt;&#65;'>\n t &amp; <![CDATA[<u>]]> \n</a:f>\n",
                json!({"a:f": {"@id": "7", "@x": "<A", "#text": "t & <u>"}}),
            ),
            ("\u{feff}<f>\u{e9}</f>", json!({"f": "\u{e9}"})),
        ];
        for (text, want) in cases {
            assert_eq!(xml_body(text.as_bytes(), &lists).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn what_is_not_xml_is_malformed_and_never_a_crash() {
        let billion = "<!DOCTYPE f [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]><f>&b;</f>";
        let cases = [
            ("nested very deep", "<a>".repeat(200_000)),
            ("closed properly", ["<a>".repeat(200_000), "</a>".repeat(200_000)].concat()),
            ("an entity of its own", billion.to_owned()),
            (
                "a file of this computer",
                "<!DOCTYPE f [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><f>&a;</f>".into(),
            ),
            ("cut off", "<f><a>1</a>".into()),
            ("crossed", "<f><a></f></a>".into()),
            ("two roots", "<f>1</f><g>2</g>".into()),
            ("text outside", "<f/>text".into()),
            ("twice", "<f a='1' a='2'/>".into()),
            ("nothing", String::new()),
            ("JSON", "{\"a\":1}".into()),
            ("no character", "<f>&#0;</f>".into()),
        ];
        for (name, text) in cases {
            let failure = xml_body(text.as_bytes(), &[]).expect_err(name);
            assert_eq!(failure.code, Code::MalformedResponse, "{name}");
        }
        let many = format!("<f {}/>", (0..100_000).map(|n| format!("a{n}=''")).collect::<Vec<_>>().join(" "));
        assert!(xml_body(many.as_bytes(), &[]).is_ok(), "many attributes take no long time");
        for text in ["<!DOCTYPE html><p>", "<html><body>Sign in</body></html>"] {
            assert_eq!(xml_body(text.as_bytes(), &[]).unwrap_err().code, Code::UnexpectedContent, "{text}");
        }
    }
}
