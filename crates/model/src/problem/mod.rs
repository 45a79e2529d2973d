//! What went wrong, as a value: a closed code, what it is about, and the words a person reads.
//!
//! Nobody matches on text. The words live in `words.en.json`, one entry per [`Code`]; a snapshot
//! pins them. The engine, the command line and the window all read the same file.

mod code;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::words::Words;
use crate::text::display_line;
use crate::time::Timestamp;

pub use code::{Code, HealthEffect, Retry};
pub(crate) use words::phrase;
pub use words::{Fix, FixAction};

/// What a problem is about, so that a screen can put the fix where the problem is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A connection, by its name.
    Connection {
        /// The connection's name, unique in its workspace.
        name: String,
    },
    /// A connector, by its id.
    Connector {
        /// The descriptor's id.
        id: String,
    },
    /// A place in a file the user gave us. Line and column count from 1.
    File {
        /// The file, as the user named it.
        path: String,
        /// Line, from 1.
        line: Option<usize>,
        /// Column in characters, from 1.
        column: Option<usize>,
        /// Where inside the document, as a JSON pointer (RFC 6901).
        pointer: Option<String>,
    },
    /// A chain, or one of its steps.
    Chain {
        /// The chain's id or name.
        id: String,
        /// The step within it.
        step: Option<String>,
    },
    /// A run, or one of its steps.
    Run {
        /// The run's id.
        id: String,
        /// The step within it.
        step: Option<String>,
    },
    /// A field of a form, a setting or a command-line option.
    Field {
        /// The field's name.
        name: String,
    },
    /// This computer: disk, keyring, port, clock.
    Computer,
}

/// One problem. Equal problems have equal codes and parameters, never equal sentences.
///
/// On the wire it carries code, parameters and the rendered text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(as = "WireProblem"))]
#[serde(into = "WireProblem", from = "WireProblem")]
#[error("{}", .0.sentence())]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: Code,
    params: BTreeMap<String, String>,
    subject: Option<Subject>,
    retry_at: Option<Timestamp>,
    detail: Option<String>,
    given_up: bool,
}

impl Inner {
    fn words(&self) -> Words {
        words::render(self.code, &self.params, self.given_up)
    }

    fn sentence(&self) -> String {
        let words = self.words();
        format!("{}. {}", words.title, words.hint)
    }
}

impl Problem {
    /// A problem with no parameters yet; the words then speak of "the service" in general.
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            params: BTreeMap::new(),
            subject: None,
            retry_at: None,
            detail: None,
            given_up: false,
        }))
    }

    /// Sets a parameter of the words, made safe to show and cut to 200 characters. Names in use:
    /// `tool`, `field`, `host`, `time`, `n`, `message`, `item`, `type`, `sample`, `name`, `permission`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.0.params.insert(name.to_owned(), display_line(value.as_ref(), 200));
        self
    }

    /// Sets a parameter unless a closer place has set it already.
    #[must_use]
    pub fn with_default(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.0.params.entry(name.to_owned()).or_insert_with(|| display_line(value.as_ref(), 200));
        self
    }

    /// Says what the problem is about.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.0.subject = Some(subject);
        self
    }

    /// Says when it is worth trying again.
    #[must_use]
    pub fn retry_at(mut self, at: Timestamp) -> Self {
        self.0.params.insert("time".to_owned(), at.strftime("%H:%M UTC").to_string());
        self.0.retry_at = Some(at);
        self
    }

    /// Adds folded technical detail. Must be free of secrets and URL queries; cut to 2,000 characters.
    #[must_use]
    pub fn detail(mut self, detail: impl AsRef<str>) -> Self {
        self.0.detail = Some(display_line(detail.as_ref(), 2_000));
        self
    }

    /// Says that nothing tries again by itself any more: the words then promise nothing that nobody does.
    #[must_use]
    pub fn given_up(mut self) -> Self {
        self.0.given_up = true;
        self
    }

    /// The closed code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What it is about, where known.
    pub fn subject(&self) -> Option<&Subject> {
        self.0.subject.as_ref()
    }

    /// When to try again, where known.
    pub fn when(&self) -> Option<Timestamp> {
        self.0.retry_at
    }

    /// A parameter of the words.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.0.params.get(name).map(String::as_str)
    }

    /// Folded technical detail.
    pub fn technical(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What happened, in at most eight words or so, without a code.
    pub fn title(&self) -> String {
        self.0.words().title
    }

    /// Why, as far as we know, and what to do.
    pub fn hint(&self) -> String {
        self.0.words().hint
    }

    /// The button that mends it.
    pub fn fix(&self) -> Fix {
        self.0.words().fix
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// The shape on the wire and in the journal. Rendered text is written for readers and ignored on
/// reading: the words of this version win.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "Problem"))]
#[serde(rename_all = "camelCase")]
struct WireProblem {
    code: Code,
    #[serde(default)]
    title: String,
    #[serde(default)]
    hint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fix: Option<Fix>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    given_up: bool,
}

impl From<Problem> for WireProblem {
    fn from(problem: Problem) -> Self {
        let words = problem.0.words();
        let Inner { code, params, subject, retry_at, detail, given_up } = *problem.0;
        Self {
            code,
            title: words.title,
            hint: words.hint,
            fix: Some(words.fix),
            retry: Some(code.retry()),
            retry_at,
            subject,
            params,
            detail,
            given_up,
        }
    }
}

impl From<WireProblem> for Problem {
    fn from(wire: WireProblem) -> Self {
        let WireProblem { code, params, subject, retry_at, detail, given_up, .. } = wire;
        Self(Box::new(Inner { code, params, subject, retry_at, detail, given_up }))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_code_has_words_and_a_fix_and_they_are_pinned() {
        let mut page = String::new();
        for code in Code::ALL {
            let p = Problem::new(*code);
            assert!(!p.title().is_empty() && !p.hint().is_empty(), "{code:?} has no words");
            assert!(!p.fix().label.is_empty(), "{code:?} has no fix");
            for text in [p.title(), p.hint(), p.fix().label] {
                assert!(!text.contains(['{', '}', '!']), "{code:?}: {text}");
            }
            assert!(p.title().split_whitespace().count() <= 9, "{code:?}: {}", p.title());
            writeln!(
                page,
                "{code}
  {}
  {}
  [{}]",
                p.title(),
                p.hint(),
                p.fix().label
            )
            .unwrap();
        }
        insta::assert_snapshot!(page);
    }

    #[test]
    fn what_is_given_up_promises_nothing() {
        let promises = ["try again", "next try", "carry on", "continues", "by itself once", "waits", "renewed"];
        for code in Code::ALL {
            let given_up = Problem::new(*code).given_up();
            let hint = given_up.hint().to_lowercase();
            for promise in promises {
                assert!(!hint.contains(promise), "{code:?}: {hint}");
            }
            assert_eq!(given_up.title(), Problem::new(*code).title(), "what happened stays what happened");
        }
        let down = Problem::new(Code::ServiceDown).with("tool", "Chat");
        assert_ne!(down.hint(), down.clone().given_up().hint());
        let json = serde_json::to_value(down.clone().given_up()).unwrap();
        let back: Problem = serde_json::from_value(json).unwrap();
        assert_eq!(back, down.given_up(), "and stays given up in the journal");
    }

    #[test]
    fn the_wire_shape_round_trips_and_carries_rendered_text() {
        let p = Problem::new(Code::AuthInvalid)
            .with("tool", "GitHub\u{202E}\n")
            .about(Subject::Connection { name: "work".into() })
            .detail("status 401");
        let json = serde_json::to_value(&p).unwrap();
        assert_eq!(json["code"], "AUTH_INVALID");
        assert_eq!(json["title"], "GitHub did not accept the key");
        assert_eq!(json["subject"]["name"], "work");
        let back: Problem = serde_json::from_value(json).unwrap();
        assert_eq!(back, p, "nothing of a problem is lost in the journal");
    }
}
