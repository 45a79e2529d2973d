//! HTML. Scripts and styles are not text.

use std::sync::LazyLock;

use htmd::HtmlToMarkdown;
use htmd::options::{BulletListMarker, Options};

/// Elements inside each other beyond this are taken for an attack on the stack.
const DEEPEST: usize = 200;

static CONVERTER: LazyLock<HtmlToMarkdown> = LazyLock::new(|| {
    HtmlToMarkdown::builder()
        .skip_tags(vec!["script", "style", "head", "template", "noscript"])
        .options(Options {
            bullet_list_marker: BulletListMarker::Dash,
            ul_bullet_spacing: 1,
            ol_number_spacing: 1,
            ..Options::default()
        })
        .build()
});

pub(super) fn to_markdown(html: &str) -> String {
    if too_deep(html) {
        return without_tags(html).trim().to_owned();
    }
    CONVERTER.convert(html).unwrap_or_else(|_| without_tags(html)).trim().to_owned()
}

pub(super) fn from_plain(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| format!("<p>{}</p>", paragraph.trim_matches('\n').replace('\n', "<br>")))
        .collect();
    paragraphs.concat()
}

/// Whether more elements may be open at once than is taken. Elements that close themselves count as
/// open: too careful is safe, only formatting is lost.
fn too_deep(html: &str) -> bool {
    const VOID: [&str; 8] = ["br", "hr", "img", "input", "meta", "link", "col", "wbr"];
    let (mut open, mut rest) = (0_usize, html);
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let name: String = after.chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
        if after.starts_with('/') {
            open = open.saturating_sub(1);
        } else if !name.is_empty() && !VOID.contains(&name.to_ascii_lowercase().as_str()) {
            open += 1;
        }
        if open > DEEPEST {
            return true;
        }
    }
    false
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}
