//! Output: JSON for programs, sentences for people.

use std::io::Write;

use patchbay_model::problem::{Problem, Subject};
use serde_json::Value;

/// Writes to standard output. A reader that has gone away is no error of ours.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says something beside the answer, on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Asks something on standard error; the answer is typed behind it.
pub(crate) fn ask(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The answer as JSON.
pub(crate) fn json(value: &Value) {
    line(&format!("{value:#}"));
}

/// A problem: as JSON on standard output where JSON is asked for, and for people on standard error.
pub(crate) fn problem(as_json: bool, problem: &Problem) {
    if as_json {
        json(&serde_json::json!({ "problem": problem }));
    }
    note(&sentences(problem));
}

/// A problem for people: what, where, why, how to mend it.
pub(crate) fn sentences(problem: &Problem) -> String {
    let mut text = String::new();
    if let Some(Subject::File { path, line, column, pointer }) = problem.subject() {
        text.push_str(path);
        for number in [line, column].into_iter().flatten() {
            text.push_str(&format!(":{number}"));
        }
        if let Some(pointer) = pointer.as_ref().filter(|pointer| !pointer.is_empty()) {
            text.push_str(&format!(" {pointer}"));
        }
        text.push_str(": ");
    }
    text.push_str(&format!("{}. {} ({})", problem.title(), problem.hint(), problem.code()));
    if let Some(detail) = problem.technical() {
        text.push_str(&format!("\n  {detail}"));
    }
    text
}

/// A list as a table: the fields of each row, in this order.
pub(crate) fn table(rows: &Value, fields: &[(&str, &str)]) {
    let cell = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => patchbay_model::text::display_line(text, 60),
        Value::Array(items) => items.len().to_string(),
        other => patchbay_model::text::display_line(&other.to_string(), 60),
    };
    let rows: Vec<Vec<String>> = rows
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            fields.iter().map(|(_, pointer)| cell(row.pointer(pointer).unwrap_or(&Value::Null))).collect()
        })
        .collect();
    let width = |column: usize| {
        let longest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        longest.max(fields[column].0.chars().count())
    };
    let widths: Vec<usize> = (0..fields.len()).map(width).collect();
    let print = |cells: &[String]| {
        let padded: Vec<_> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(padded.join("  ").trim_end());
    };
    print(&fields.iter().map(|(title, _)| (*title).to_owned()).collect::<Vec<_>>());
    for row in &rows {
        print(row);
    }
}

/// Findings of a check, or of saving a chain.
pub(crate) fn findings(findings: &Value) {
    for finding in findings.as_array().into_iter().flatten() {
        let mark = match finding["level"].as_str() {
            Some("blocker") => "Must fix",
            Some("warning") => "Warning",
            Some("pass") => "Passed",
            _ => "Will do",
        };
        line(&format!("{mark:<9} {}", finding["text"].as_str().unwrap_or_default()));
    }
}

/// What a chain needs, reaches and does, before it is taken in.
pub(crate) fn chain_preview(shown: &Value) {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    line(&format!("\"{}\"", shown["name"].as_str().unwrap_or_default()));
    for about in [&shown["description"], &shown["starts"]] {
        line(&format!("  {}", about.as_str().unwrap_or_default()));
    }
    for place in shown["placeholders"].as_array().into_iter().flatten() {
        let name = place["name"].as_str().unwrap_or_default();
        match place["tool"].as_str() {
            Some(tool) => {
                line(&format!("Needs    {tool} for \"{name}\", at {}", texts(&place["origins"]).join(", ")))
            }
            None => line(&format!("Needs    {} for \"{name}\", which is not known here", place["connector"])),
        }
        for one in place["candidates"].as_array().into_iter().flatten() {
            let connection = one["name"].as_str().unwrap_or_default();
            line(&format!("           --use \"{name}={connection}\" ({})", texts(&one["origins"]).join(", ")));
        }
    }
    for effect in texts(&shown["effects"]) {
        line(&format!("Will do  {effect}"));
    }
    for chain in texts(&shown["chains"]) {
        line(&format!("Needs    the chain \"{chain}\""));
    }
}

/// Says what of a chain is at work, and gives the exit code.
pub(crate) fn at_work(as_json: bool, answer: &Value) -> u8 {
    if as_json {
        json(answer);
        return crate::exit::DONE;
    }
    let name = answer["name"].as_str().unwrap_or_default();
    let starts = answer["starts"].as_str().unwrap_or("by hand");
    line(&match (answer["published"].as_u64(), answer["on"] == serde_json::json!(true)) {
        (Some(version), true) => format!("\"{name}\" is on: version {version} starts {starts}."),
        (Some(version), false) => format!("\"{name}\" is off; version {version} is published."),
        (None, _) => format!("\"{name}\" is off; no version is published."),
    });
    if answer["paused"] == serde_json::json!(true) {
        line("Nothing starts until that is confirmed in the settings: the data came from another computer.");
    }
    crate::exit::DONE
}

/// Lists versions, each with what differs from the one before.
pub(crate) fn versions(versions: &Value) {
    for version in versions.as_array().into_iter().flatten() {
        let published = if version["published"] == serde_json::json!(true) { ", published" } else { "" };
        let saved = version["savedAt"].as_str().unwrap_or_default();
        line(&format!("Version {} ({saved}{published})", version["version"]));
        for change in version["changes"].as_array().into_iter().flatten() {
            line(&format!("  {}", change.as_str().unwrap_or_default()));
        }
    }
}
