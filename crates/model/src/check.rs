//! Findings of the check before a run (pre-flight): what must be mended, what may surprise, what is
//! in order, and what the run will do.

use serde::{Deserialize, Serialize};

use crate::id::StepId;
use crate::problem::{Problem, Subject};

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How serious.
    pub level: Level,
    /// The step it is about; none where it is about the chain or a connection as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// What a person reads: one or two sentences.
    pub text: String,
    /// The problem behind it, with its fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// What mends it, where no problem says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

impl Finding {
    /// A problem as a finding, in the problem's own words.
    pub fn of(level: Level, problem: Problem) -> Self {
        // Where nothing starts, nothing is tried again by itself.
        let problem = if level == Level::Blocker { problem.given_up() } else { problem };
        Self { level, step: None, text: problem.to_string(), problem: Some(problem), remedy: None }
    }

    /// What is wrong with a connection. Its name is said once a sentence: where it holds the tool's name it stands
    /// for it, else it stands behind it.
    pub fn of_connection(level: Level, name: &str, tool: &str, problem: Problem) -> Self {
        let mut problem = problem.with_default("tool", tool).with_default("name", name);
        if problem.param("tool") == Some(tool) {
            let holds = name.to_lowercase().contains(&tool.to_lowercase());
            problem = problem.with("tool", if holds { name.to_owned() } else { format!("{tool} ({name})") });
        }
        let mut found = Self::of(level, problem.about(Subject::Connection { name: name.to_owned() }));
        // A host that does not answer, or a value that is not there, may be that of any connection.
        if !found.text.to_lowercase().contains(&name.to_lowercase()) {
            found.text.push_str(&format!(" It is about the connection \"{name}\"."));
        }
        found
    }
}

/// What mends a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Remedy {
    /// A look at where a field comes from.
    Field {
        /// The field, as a JSON pointer (RFC 6901) into the parameters.
        target: String,
    },
    /// Fewer items.
    FewerItems,
    /// The settings of webhooks.
    Webhooks,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The run does not start.
    Blocker,
    /// The run starts and may surprise.
    Warning,
    /// In order.
    Pass,
    /// What the run will do.
    Effect,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn said(code: Code, name: &str, tool: &str) -> String {
        Finding::of_connection(Level::Blocker, name, tool, Problem::new(code).with("host", "api.tool.example"))
            .text
    }

    #[test]
    fn a_finding_names_its_connection_once_a_sentence() {
        for (code, name, text) in [
            (
                Code::ServiceDown,
                "Sandbox Chat",
                "Sandbox Chat is not answering properly. Sandbox Chat has a problem of its own. This is not tried \
                 again by itself.",
            ),
            (
                Code::TimeoutResponse,
                "Sandbox Chat 2",
                "Sandbox Chat 2 did not answer in time. The request was sent, and no answer came.",
            ),
            (
                Code::TimeoutResponse,
                "Work",
                "Sandbox Chat (Work) did not answer in time. The request was sent, and no answer came.",
            ),
            (
                Code::TimeoutResponse,
                "my sandbox chat",
                "My sandbox chat did not answer in time. The request was sent, and no answer came.",
            ),
            (
                Code::ConnectionRefused,
                "Work",
                "Nothing answers at api.tool.example. The address may be wrong, or the service is not running. \
                 Nothing was sent. It is about the connection \"Work\".",
            ),
        ] {
            assert_eq!(said(code, name, "Sandbox Chat"), text);
        }
    }

    #[test]
    fn who_was_named_closer_to_the_problem_keeps_its_name() {
        let problem = Problem::new(Code::TimeoutResponse).with("tool", "The sign-in page");
        let found = Finding::of_connection(Level::Warning, "Work", "Chat", problem);
        assert_eq!(
            found.text,
            "The sign-in page did not answer in time. The request was sent, and no answer came. It is about the \
             connection \"Work\"."
        );
        assert_eq!(
            found.problem.and_then(|problem| problem.subject().cloned()),
            Some(Subject::Connection { name: "Work".to_owned() })
        );
    }
}
