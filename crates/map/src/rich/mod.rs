//! Text from one way of writing to another: Markdown stands in the middle, as the only one that most
//! services can read and that people can read unchanged.

mod atlassian;
mod html;
mod markdown;
mod slack;

use patchbay_model::chain::{TextChange, TextForm};
use serde_json::Value;

use crate::error::MapError;
use crate::template::as_text;

/// The longest text that is changed, in bytes.
const LONGEST: usize = 1 << 20;

/// Writes a text in another way. What only looks (bold, sizes, colours) may be lost, words never are.
///
/// # Errors
/// The value is not a text of that kind, or is longer than 1 MiB.
pub fn rewrite(value: &Value, change: TextChange) -> Result<Value, MapError> {
    let failed = |reason: &str| MapError::Value { field: "The value".into(), reason: reason.to_owned() };
    let markdown = match (change.from, value) {
        (TextForm::Adf, Value::Object(_)) => atlassian::to_markdown(value),
        // Older interfaces give the same field as plain text.
        (_, Value::String(text)) if text.len() <= LONGEST => match change.from {
            TextForm::Plain | TextForm::Adf => return Ok(from_plain(text, change.to)),
            TextForm::Markdown => text.clone(),
            TextForm::Html => html::to_markdown(text),
            TextForm::Mrkdwn => slack::to_markdown(text),
        },
        (_, Value::String(_)) => return Err(failed("the text is longer than 1 MiB")),
        (TextForm::Plain, other) => return Ok(from_plain(&as_text(other), change.to)),
        _ => return Err(failed("it is not a text")),
    };
    Ok(match change.to {
        TextForm::Plain => markdown::to_plain(&markdown),
        TextForm::Markdown => markdown,
        TextForm::Html => markdown::to_html(&markdown),
        TextForm::Mrkdwn => slack::from_markdown(&markdown),
        TextForm::Adf => return Ok(atlassian::from_plain(&markdown::to_plain(&markdown))),
    }
    .into())
}

/// The form that a JSON Schema declares (`contentMediaType`, JSON Schema Validation section 8.4); plain
/// where it says nothing.
pub(crate) fn form_of(schema: &Value) -> TextForm {
    match schema["contentMediaType"].as_str() {
        Some("text/markdown") => TextForm::Markdown,
        Some("text/html") => TextForm::Html,
        Some("text/x-slack-mrkdwn") => TextForm::Mrkdwn,
        Some("application/vnd.atlassian.adf+json") => TextForm::Adf,
        _ => TextForm::Plain,
    }
}

fn from_plain(text: &str, to: TextForm) -> Value {
    match to {
        TextForm::Plain | TextForm::Markdown => text.into(),
        TextForm::Html => html::from_plain(text).into(),
        TextForm::Mrkdwn => slack::escaped(text).into(),
        TextForm::Adf => atlassian::from_plain(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn through(value: &Value, from: TextForm, to: TextForm) -> Value {
        rewrite(value, TextChange { from, to }).unwrap()
    }

    #[test]
    fn every_form_becomes_every_other() {
        use TextForm::{Adf, Html, Markdown, Mrkdwn, Plain};
        let adf = json!({"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [
                {"type": "text", "text": "See "},
                {"type": "text", "text": "this", "marks": [{"type": "strong"}]},
                {"type": "text", "text": " and "},
                {"type": "text", "text": "that", "marks": [{"type": "link", "attrs": {"href": "https://a.example/b"}}]}
            ]},
            {"type": "bulletList", "content": [
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]},
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "two"}]}]}
            ]}
        ]});
        let markdown = "See **this** and [that](https://a.example/b)\n\n- one\n- two";
        let html = "<p>See <strong>this</strong> and <a href=\"https://a.example/b\">that</a></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n";
        let mrkdwn = "See *this* and <https://a.example/b|that>\n\n• one\n• two";
        let plain = "See this and that (https://a.example/b)\n\n- one\n- two";
        for (value, from) in [(json!(markdown), Markdown), (json!(html), Html), (adf, Adf)] {
            assert_eq!(through(&value, from, Markdown), json!(markdown), "{from:?}");
            assert_eq!(through(&value, from, Html), json!(html), "{from:?}");
            assert_eq!(through(&value, from, Mrkdwn), json!(mrkdwn), "{from:?}");
            assert_eq!(through(&value, from, Plain), json!(plain), "{from:?}");
        }
        assert_eq!(
            through(&json!("See *this* and <https://a.example/b|that>"), Mrkdwn, Plain),
            json!("See this and that (https://a.example/b)")
        );
    }

    #[test]
    fn words_are_never_lost() {
        use TextForm::{Html, Markdown, Mrkdwn, Plain};
        let cases = [
            (json!("a < b & c"), Plain, Html, json!("<p>a &lt; b &amp; c</p>")),
            (json!("a < b & c"), Plain, Mrkdwn, json!("a &lt; b &amp; c")),
            (
                json!("<@U012AB3CD> said *yes* to <#C012|general>"),
                Mrkdwn,
                Plain,
                json!("@U012AB3CD said yes to #general"),
            ),
            (json!("a &lt;b&gt; &amp; c"), Mrkdwn, Plain, json!("a <b> & c")),
            (json!("first\nsecond"), Mrkdwn, Plain, json!("first\nsecond")),
            (json!("<p>a</p><script>bad()</script><p>b</p>"), Html, Plain, json!("a\n\nb")),
            (
                json!("# Head\n\n`x < y`\n\n```\nlet a;\n```"),
                Markdown,
                Mrkdwn,
                json!("*Head*\n\n`x &lt; y`\n\n```\nlet a;\n```"),
            ),
            (
                json!("<b>kept as it stands</b>"),
                Markdown,
                Html,
                json!("<p>&lt;b&gt;kept as it stands&lt;/b&gt;</p>\n"),
            ),
            (json!("1. a\n2. b"), Markdown, Plain, json!("1. a\n2. b")),
            (json!("~~gone~~ and | pipes |"), Markdown, Plain, json!("gone and | pipes |")),
            (json!(7), Plain, Html, json!("<p>7</p>")),
            (json!("[hi](!channel) [](!here)"), Markdown, Mrkdwn, json!("hi !here")),
            (json!("[x](javascript:alert(1))"), Markdown, Html, json!("<p><a href=\"\">x</a></p>\n")),
            (
                json!("[a](https://a.example/x|y>z)"),
                Markdown,
                Mrkdwn,
                json!("<https://a.example/x%7Cy&gt;z|a>"),
            ),
        ];
        for (value, from, to, want) in cases {
            assert_eq!(through(&value, from, to), want, "{value}: {from:?} to {to:?}");
        }
    }

    #[test]
    fn hostile_depth_and_length_end_in_words() {
        let deep = json!("<div>".repeat(100_000));
        assert_eq!(through(&deep, TextForm::Html, TextForm::Plain), json!(""));
        let mut tree = json!({"type": "text", "text": "x"});
        for _ in 0..100 {
            tree = json!({"type": "panel", "content": [tree]});
        }
        assert_eq!(through(&tree, TextForm::Adf, TextForm::Plain), json!(""));
        for hostile in ["<div></x>".repeat(50_000), "<div title=\"</div>\">".repeat(50_000)] {
            assert!(through(&json!(hostile), TextForm::Html, TextForm::Plain).is_string());
        }
        let lists = format!("{}x", "+ ".repeat(3_000));
        let plain = through(&json!(lists), TextForm::Markdown, TextForm::Plain);
        assert!(plain.as_str().unwrap().len() < 200_000, "grows with the square of its depth");
        let images = format!("{}x{}", "![".repeat(300), "](https://a.example)".repeat(300));
        through(&json!(images), TextForm::Markdown, TextForm::Mrkdwn);
        through(&json!("<".repeat(LONGEST)), TextForm::Mrkdwn, TextForm::Plain);
        let long = json!("x".repeat(LONGEST + 1));
        let change = TextChange { from: TextForm::Markdown, to: TextForm::Plain };
        assert!(rewrite(&long, change).unwrap_err().to_string().contains("1 MiB"));
        assert!(rewrite(&json!([1]), change).is_err());
        assert_eq!(through(&json!("> ".repeat(50_000)), TextForm::Markdown, TextForm::Plain), json!(""));
    }
}
