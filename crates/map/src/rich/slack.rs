//! Slack's markup: <https://docs.slack.dev/messaging/formatting-message-text>.

use pulldown_cmark::Tag;

use super::markdown::{Marks, is_link, write};

pub(super) fn from_markdown(text: &str) -> String {
    write(text, &Mrkdwn)
}

/// The three characters that Slack takes for its own.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

struct Mrkdwn;

impl Marks for Mrkdwn {
    fn text(&self, text: &str) -> String {
        escaped(text)
    }
    fn around(&self, tag: &Tag<'_>) -> &'static str {
        match tag {
            Tag::Strong | Tag::Heading { .. } => "*",
            Tag::Emphasis => "_",
            Tag::Strikethrough => "~",
            _ => "",
        }
    }
    fn code(&self) -> &'static str {
        "`"
    }
    fn block(&self) -> &'static str {
        "```"
    }
    fn bullet(&self) -> &'static str {
        "• "
    }
    fn link(&self, address: &str, words: &str) -> String {
        if !is_link(address) {
            return if words.is_empty() { escaped(address) } else { words.to_owned() };
        }
        let target = escaped(address).replace('|', "%7C");
        if words == address || words.is_empty() { format!("<{target}>") } else { format!("<{target}|{words}>") }
    }
}

/// Entities stay as they are: Markdown reads them too.
pub(super) fn to_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Odd pieces are between code fences.
    for (index, piece) in text.split("```").enumerate() {
        if index % 2 == 1 {
            out.push_str(&format!("\n```\n{}\n```\n", piece.trim_matches('\n')));
        } else {
            for (line, words) in piece.split('\n').enumerate() {
                if line > 0 {
                    out.push('\n');
                }
                // A heading or a number at the start of a line is neither in Slack.
                if words.starts_with(['#', '+', '=']) {
                    out.push('\\');
                }
                in_line(words, &mut out);
            }
        }
    }
    out
}

fn in_line(text: &str, out: &mut String) {
    let mut rest = text;
    // How much is left where the last end stands; more than there is where there is none.
    let last = text.rfind('>').map_or(usize::MAX, |at| text.len() - at);
    while let Some(c) = rest.chars().next() {
        match c {
            // Without an end none is looked for: that would take the square of the length.
            '<' if rest.len() < last => out.push_str("&lt;"),
            '<' => match rest[1..].split_once('>') {
                Some((inside, after)) => {
                    out.push_str(&reference(inside));
                    rest = after;
                    continue;
                }
                None => out.push_str("&lt;"),
            },
            '*' => out.push_str("**"),
            '~' => out.push_str("~~"),
            '•' => out.push('-'),
            '`' => match rest[1..].split_once('`') {
                Some((code, after)) => {
                    out.push_str(&format!("`{code}`"));
                    rest = after;
                    continue;
                }
                None => out.push('`'),
            },
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
}

/// What stands in angle brackets: a person, a channel, a group, or an address.
fn reference(inside: &str) -> String {
    let (target, words) = inside.split_once('|').unwrap_or((inside, ""));
    let shown = |sign: &str, id: &str| format!("{sign}{}", if words.is_empty() { id } else { words });
    match target.chars().next() {
        Some('@') => shown("@", &target[1..]),
        Some('#') => shown("#", &target[1..]),
        Some('!') => shown("@", target[1..].split('^').next().unwrap_or_default()),
        _ if words.is_empty() => format!("<{target}>"),
        _ => format!("[{words}]({target})"),
    }
}
