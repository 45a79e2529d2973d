//! Markdown: CommonMark with tables and strike-through.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Lists and links inside each other beyond this are not told apart any more.
const DEEPEST: usize = 16;

/// Whether an address leads to a page or a person. Others stand for something in some tools (`!channel`) or
/// do something (`javascript:`): of a link to them only the words are kept.
pub(super) fn is_link(address: &str) -> bool {
    let address = address.trim_start().to_ascii_lowercase();
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| address.starts_with(scheme))
}

/// The parser that every way out of Markdown uses.
pub(super) fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS)
}

/// As HTML. HTML inside is shown as the text that it is, never passed on.
pub(super) fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    let events = parser(text).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) if !is_link(&dest_url) => {
            Event::Start(Tag::Link { link_type, dest_url: "".into(), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) if !is_link(&dest_url) => {
            Event::Start(Tag::Image { link_type, dest_url: "".into(), title, id })
        }
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        other => other,
    });
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

/// As plain text: links keep their address in brackets, lists their dashes.
pub(super) fn to_plain(text: &str) -> String {
    write(text, &Plain)
}

/// How a way to write text shows what Markdown can say.
pub(super) trait Marks {
    /// Words.
    fn text(&self, text: &str) -> String;
    /// Around bold, emphasis, strike-through and code.
    fn around(&self, tag: &Tag<'_>) -> &'static str;
    /// Around a piece of code in a line.
    fn code(&self) -> &'static str;
    /// Around a block of code.
    fn block(&self) -> &'static str;
    /// Before an entry of a list without numbers.
    fn bullet(&self) -> &'static str;
    /// A link with its words.
    fn link(&self, address: &str, words: &str) -> String;
}

struct Plain;

impl Marks for Plain {
    fn text(&self, text: &str) -> String {
        text.to_owned()
    }
    fn around(&self, _: &Tag<'_>) -> &'static str {
        ""
    }
    fn code(&self) -> &'static str {
        ""
    }
    fn block(&self) -> &'static str {
        ""
    }
    fn bullet(&self) -> &'static str {
        "- "
    }
    fn link(&self, address: &str, words: &str) -> String {
        if words == address || words.is_empty() { address.to_owned() } else { format!("{words} ({address})") }
    }
}

/// Writes Markdown with other marks.
pub(super) fn write(text: &str, marks: &dyn Marks) -> String {
    let mut writer =
        Writer { marks, out: String::with_capacity(text.len()), lists: Vec::new(), links: Vec::new(), open: 0 };
    for event in parser(text) {
        writer.event(event);
    }
    writer.out.trim().to_owned()
}

struct Writer<'m> {
    marks: &'m dyn Marks,
    out: String,
    /// The next number of each open list; none where it has dots.
    lists: Vec<Option<u64>>,
    /// Where the words of each open link begin, and its address.
    links: Vec<(usize, String)>,
    /// How many links are open; of those too deep inside each other only the words are kept.
    open: usize,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.out.push_str(&self.marks.text(&text));
            }
            Event::Code(text) => {
                let words = self.marks.text(&text);
                let mark = self.marks.code();
                self.out.push_str(&format!("{mark}{words}{mark}"));
            }
            Event::SoftBreak | Event::HardBreak => self.out.push('\n'),
            Event::Rule => self.paragraph(),
            Event::TaskListMarker(done) => self.out.push_str(if done { "[x] " } else { "[ ] " }),
            _ => {}
        }
    }

    /// A line of its own begins.
    fn line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// A paragraph begins or ends.
    fn paragraph(&mut self) {
        self.line();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.paragraph()
                } else {
                    self.line()
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.line();
                // Deeper ones stand below each other: their indent would grow with the square of their number.
                self.out.push_str(&"  ".repeat(self.lists.len().saturating_sub(1).min(DEEPEST)));
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        self.out.push_str(&format!("{number}. "));
                        *number += 1;
                    }
                    _ => self.out.push_str(self.marks.bullet()),
                }
            }
            Tag::CodeBlock(_) => {
                self.paragraph();
                if !self.marks.block().is_empty() {
                    self.out.push_str(self.marks.block());
                    self.out.push('\n');
                }
            }
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::Table(_) if self.lists.is_empty() => self.paragraph(),
            Tag::TableRow => self.line(),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.open += 1;
                if self.links.len() < DEEPEST {
                    self.links.push((self.out.len(), dest_url.into_string()));
                }
            }
            Tag::Heading { .. } => {
                self.paragraph();
                self.out.push_str(self.marks.around(&tag));
            }
            tag => self.out.push_str(self.marks.around(&tag)),
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Paragraph if self.lists.is_empty() => self.paragraph(),
            TagEnd::Heading(level) => {
                let tag = Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() };
                self.out.push_str(self.marks.around(&tag));
                self.paragraph();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() { self.paragraph() } else { self.line() }
            }
            TagEnd::CodeBlock => {
                self.line();
                self.out.push_str(self.marks.block());
                self.paragraph();
            }
            TagEnd::TableCell => self.out.push_str(" | "),
            TagEnd::TableRow | TagEnd::TableHead | TagEnd::Item => self.line(),
            TagEnd::Link | TagEnd::Image => {
                self.open -= 1;
                if self.open < self.links.len()
                    && let Some((from, address)) = self.links.pop()
                {
                    let words = self.out.split_off(from);
                    self.out.push_str(&self.marks.link(&address, &words));
                }
            }
            TagEnd::Strong => self.out.push_str(self.marks.around(&Tag::Strong)),
            TagEnd::Emphasis => self.out.push_str(self.marks.around(&Tag::Emphasis)),
            TagEnd::Strikethrough => self.out.push_str(self.marks.around(&Tag::Strikethrough)),
            _ => {}
        }
    }
}
