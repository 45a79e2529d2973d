//! Atlassian's document format:
//! <https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>.

use serde_json::{Value, json};

/// Longer documents are cut, in bytes.
const LONGEST: usize = 1 << 20;

/// Nodes inside each other beyond this are left out.
const DEEPEST: usize = 64;

/// A document as Markdown. Pictures and attachments have no words and are left out.
pub(super) fn to_markdown(document: &Value) -> String {
    let mut out = String::new();
    blocks(document, 0, &mut out);
    out.trim().to_owned()
}

/// A document of paragraphs.
pub(super) fn from_plain(text: &str) -> Value {
    let line = |line: &str| {
        let words = (!line.is_empty()).then(|| json!({"type": "text", "text": line}));
        json!({"type": "paragraph", "content": words.into_iter().collect::<Vec<_>>()})
    };
    json!({"type": "doc", "version": 1, "content": text.split('\n').map(line).collect::<Vec<_>>()})
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node["content"].as_array().into_iter().flatten()
}

fn blocks(node: &Value, depth: usize, out: &mut String) {
    if depth > DEEPEST || out.len() > LONGEST {
        return;
    }
    match node["type"].as_str().unwrap_or_default() {
        "paragraph" => {
            out.push_str(&words(node, depth));
            out.push_str("\n\n");
        }
        "heading" => {
            let level = node["attrs"]["level"].as_u64().unwrap_or(1).clamp(1, 6) as usize;
            out.push_str(&format!("{} {}\n\n", "#".repeat(level), words(node, depth)));
        }
        "codeBlock" => {
            let code: String = children(node).filter_map(|text| text["text"].as_str()).collect();
            out.push_str(&format!("```\n{code}\n```\n\n"));
        }
        "rule" => out.push_str("---\n\n"),
        kind @ ("bulletList" | "orderedList" | "taskList" | "decisionList") => {
            for (index, item) in children(node).enumerate() {
                let mark = match kind {
                    "orderedList" => format!("{}. ", index + 1),
                    "taskList" if item["attrs"]["state"] == "DONE" => "- [x] ".to_owned(),
                    "taskList" => "- [ ] ".to_owned(),
                    _ => "- ".to_owned(),
                };
                let mut inner = String::new();
                if children(item).any(|child| child["type"] == "paragraph") {
                    children(item).for_each(|child| blocks(child, depth + 2, &mut inner));
                } else {
                    inner = words(item, depth);
                }
                let text = inner.trim().replace("\n\n", "\n").replace('\n', "\n  ");
                out.push_str(&format!("{mark}{text}\n"));
            }
            out.push('\n');
        }
        "tableRow" => {
            let cells: Vec<String> = children(node)
                .map(|cell| {
                    let mut inner = String::new();
                    children(cell).for_each(|child| blocks(child, depth + 2, &mut inner));
                    inner.trim().replace('\n', " ")
                })
                .collect();
            out.push_str(&format!("{}\n\n", cells.join(" | ")));
        }
        "blockquote" => {
            let mut inner = String::new();
            children(node).for_each(|child| blocks(child, depth + 1, &mut inner));
            let quoted: Vec<String> = inner.trim().lines().map(|line| format!("> {line}")).collect();
            out.push_str(&format!("{}\n\n", quoted.join("\n")));
        }
        "text" | "mention" | "emoji" | "inlineCard" | "status" | "date" | "hardBreak" => {
            out.push_str(&inline(node));
        }
        "blockCard" | "embedCard" => {
            out.push_str(&format!("<{}>\n\n", node["attrs"]["url"].as_str().unwrap_or_default()));
        }
        // A document, a panel, a column: what is inside counts.
        _ => children(node).for_each(|child| blocks(child, depth + 1, out)),
    }
}

fn words(node: &Value, depth: usize) -> String {
    if depth > DEEPEST {
        return String::new();
    }
    children(node).map(inline).collect()
}

fn inline(node: &Value) -> String {
    let attribute = |name: &str| node["attrs"][name].as_str().unwrap_or_default();
    match node["type"].as_str().unwrap_or_default() {
        "text" => marked(node),
        "hardBreak" => "\n".to_owned(),
        "mention" | "status" => attribute("text").to_owned(),
        "emoji" if attribute("text").is_empty() => attribute("shortName").to_owned(),
        "emoji" => attribute("text").to_owned(),
        "inlineCard" => format!("<{}>", attribute("url")),
        // Milliseconds since 1970, as text.
        "date" => attribute("timestamp")
            .parse()
            .ok()
            .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
            .map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string()),
        _ => String::new(),
    }
}

fn marked(node: &Value) -> String {
    let text = node["text"].as_str().unwrap_or_default();
    let marks = || node["marks"].as_array().into_iter().flatten();
    if marks().any(|mark| mark["type"] == "code") {
        return format!("`{text}`");
    }
    let mut words = escaped(text);
    for mark in marks() {
        words = match mark["type"].as_str().unwrap_or_default() {
            "strong" => format!("**{words}**"),
            "em" => format!("_{words}_"),
            "strike" => format!("~~{words}~~"),
            "link" => format!("[{words}]({})", mark["attrs"]["href"].as_str().unwrap_or_default()),
            _ => words,
        };
    }
    words
}

/// What Markdown would take for marks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '`' | '[' | ']' | '<' | '#' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
