//! HTML. Scripts and styles are not text.

use std::sync::LazyLock;

use htmd::HtmlToMarkdown;
use htmd::options::{BulletListMarker, Options};

/// More elements than this are taken for an attack: what is inside each other is walked on the stack, and
/// what is left open is repeated by the parser in every paragraph.
const MOST: usize = 2_000;
/// Documents with more elements than this are walked on a stack of their own.
const FEW: usize = 64;
/// Its size, in bytes. Memory is taken only as far as it is used.
const STACK: usize = 64 << 20;

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
    let elements =
        html.as_bytes().windows(2).filter(|two| two[0] == b'<' && two[1].is_ascii_alphabetic()).count();
    let converted = match elements {
        0..=FEW => CONVERTER.convert(html).ok(),
        _ if elements <= MOST => {
            let html = html.to_owned();
            let work =
                std::thread::Builder::new().stack_size(STACK).spawn(move || CONVERTER.convert(&html).ok());
            work.ok().and_then(|work| work.join().ok()).flatten()
        }
        _ => None,
    };
    converted.unwrap_or_else(|| without_tags(html)).trim().to_owned()
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
