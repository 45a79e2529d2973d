//! The words for problems, read from the one file that every face of the product shares.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Code;
use crate::text::display_line;

/// The button that mends a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Fix {
    /// What the button says.
    pub label: String,
    /// What it does; a screen maps it to a place.
    pub action: FixAction,
}

/// What a fix button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FixAction {
    /// Allow the address for this connection.
    AllowTarget,
    /// Confirm that this computer runs the triggers.
    ConfirmMoved,
    /// Copy a report without secrets.
    CopyReport,
    /// Open the file at the place.
    EditFile,
    /// Correct what was entered.
    EditInput,
    /// Open the field's mapping.
    EditMapping,
    /// Open the connection's or application's settings.
    EditSettings,
    /// Make room on the disk.
    FreeSpace,
    /// Open the network settings.
    NetworkSettings,
    /// Open the service's own page.
    OpenTool,
    /// Sign in again.
    Reconnect,
    /// Enter a new key in place.
    ReplaceKey,
    /// Answer the question of an unknown outcome.
    Resolve,
    /// Try again now.
    Retry,
    /// Set a passphrase for the vault.
    SetPassphrase,
    /// Show the details.
    ShowDetails,
    /// Bring the running one to the front.
    ShowRunning,
    /// Unlock the keyring or enter the passphrase.
    Unlock,
    /// Get the newer version.
    Update,
    /// Go on by itself when allowed.
    Wait,
}

/// Title, hint and fix with every parameter filled in.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) hint: String,
    pub(super) fix: Fix,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
struct File {
    defaults: BTreeMap<String, String>,
    problems: BTreeMap<Code, Entry>,
    /// Sentences that are no problem of their own, by what they are about.
    phrases: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
struct Entry {
    title: String,
    hint: String,
    /// The hint once nothing tries again by itself any more; the same where absent.
    #[serde(default)]
    given_up: Option<String>,
    fix: Fix,
}

/// A constant, parsed once: the file is compiled in and a test reads every entry of it.
fn file() -> Option<&'static File> {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    FILE.get_or_init(|| serde_json::from_str(include_str!("words.en.json")).ok()).as_ref()
}

pub(super) fn render(code: Code, params: &BTreeMap<String, String>, given_up: bool) -> Words {
    let Some((file, entry)) = file().and_then(|f| Some((f, f.problems.get(&code)?))) else {
        // Unreachable while the tests pass; a bare code still beats a crash.
        let fix = Fix { label: "Show details".into(), action: FixAction::ShowDetails };
        return Words { title: code.as_str().to_owned(), hint: String::new(), fix };
    };
    let fill = |template: &str| fill(template, params, &file.defaults);
    let hint = entry.given_up.as_ref().filter(|_| given_up).unwrap_or(&entry.hint);
    Words {
        title: sentence_case(&fill(&entry.title)),
        hint: fill(hint).split_inclusive(". ").map(sentence_case).collect::<String>(),
        fix: Fix { label: fill(&entry.fix.label), action: entry.fix.action },
    }
}

/// A sentence that is no problem of its own, such as why a connection is degraded.
pub(crate) fn phrase(about: &str, name: &str, params: &[(&str, String)]) -> String {
    let Some(file) = file() else { return name.to_owned() };
    let Some(template) = file.phrases.get(about).and_then(|group| group.get(name)) else {
        return name.to_owned();
    };
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), display_line(value, 200))).collect();
    fill(template, &params, &BTreeMap::new())
}

/// Replaces `{name}` by its parameter. One pass: a value that contains braces stays as it is.
fn fill(template: &str, params: &BTreeMap<String, String>, defaults: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        let value = params.get(name).or_else(|| defaults.get(name)).map_or("", String::as_str);
        // Sentences end once, whether or not the value brought its own full stop.
        out.push_str(if tail.starts_with('.') { value.trim_end_matches('.') } else { value });
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
