//! Fixtures: what a connector does with what a service says, as data. `docs/descriptor.md` shows one
//! of each kind; `patchbay-cli test-descriptor` runs them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::read::read_as;

/// One case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fixture {
    /// The folder's name.
    #[serde(default, skip_deserializing)]
    pub name: String,
    /// What backs it.
    pub proof: Proof,
    /// Settings of the connection.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// What is played.
    pub case: Box<Case>,
}

/// What backs a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The same request and answer are checked against the vendor's published schema.
    VendorSchema,
    /// A recorded exchange is replayed.
    Recorded,
    /// Only this file, written by hand in the vendor's shape.
    FixtureOnly,
}

/// What is played.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Case {
    /// Pages of a stream become signals.
    Stream {
        /// The stream.
        stream: String,
        /// The answers, page by page.
        pages: Vec<Response>,
        /// The signals that come out, in order: the members given must be equal.
        signals: Vec<Value>,
        /// How many items are put aside.
        #[serde(default)]
        quarantined: usize,
    },
    /// Parameters become a request, an answer becomes a result.
    Operation {
        /// The operation.
        operation: String,
        /// Its parameters.
        params: Value,
        /// The request that is built. What an adapter does here needs none.
        #[serde(default)]
        request: Option<ExpectedRequest>,
        /// The answer.
        response: Response,
        /// The result that comes out; only compared where given.
        #[serde(default)]
        result: Option<Value>,
        /// The code of the problem that comes out instead.
        #[serde(default)]
        problem: Option<Code>,
    },
    /// A delivery becomes signals, or a handshake is answered.
    Webhook {
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its media type; `application/json` where absent.
        #[serde(default)]
        content_type: Option<String>,
        /// Its body: JSON, or the text of a form.
        body: Value,
        /// What its signature is checked with; not checked where absent.
        #[serde(default)]
        secret: Option<String>,
        /// When it comes, and its signature is checked; the beginning of 1970 where absent.
        #[serde(default)]
        at: Option<Timestamp>,
        /// The signals that come out, in order: the members given must be equal.
        #[serde(default)]
        signals: Vec<Value>,
        /// How many items are put aside.
        #[serde(default)]
        quarantined: usize,
        /// Nothing comes of it.
        #[serde(default)]
        ignored: bool,
        /// The stream that is read at once, where it says only that something changed.
        #[serde(default)]
        hint: Option<String>,
        /// What the handshake is answered with, where it is one.
        #[serde(default)]
        answer: Option<Value>,
    },
    /// An answer to the health check becomes a verdict.
    Health {
        /// The answer.
        response: Response,
        /// Whether the connection works.
        healthy: bool,
        /// "Signed in as".
        #[serde(default)]
        identity: Option<String>,
        /// The code of the problem.
        #[serde(default)]
        problem: Option<Code>,
    },
}

/// An answer of a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Response {
    /// The status code; 200 where absent.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body; none where absent.
    #[serde(default)]
    pub body: Option<Value>,
}

fn ok() -> u16 {
    200
}

/// A request as it must come out. Query and headers may hold more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedRequest {
    /// The method.
    pub method: String,
    /// The path below the base address.
    pub path: String,
    /// Query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body; compared whole where given.
    #[serde(default)]
    pub body: Option<Value>,
}

/// Loads the fixtures of one connector: `<folder>/<case>/fixture.json`. Sorted by name; none where
/// there is no such folder.
///
/// A folder without a fixture that can be read is a problem: a case with a mistyped file name would
/// never be played, and nobody would know.
pub fn load(folder: &Path) -> Result<Vec<Fixture>, Problem> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let mut fixtures = Vec::new();
    for entry in entries {
        let case = entry.map_err(|error| unreadable(folder, &error))?.path();
        if !case.is_dir() {
            continue;
        }
        let file = case.join("fixture.json");
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
        let mut fixture: Fixture = read_as(&text, &file.display().to_string()).map_err(first)?;
        if let Some(message) = contradiction(&fixture.case) {
            return Err(invalid(&file, message));
        }
        fixture.name = case.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        fixtures.push(fixture);
    }
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(fixtures)
}

/// What a case says that cannot hold at once, or that it says nothing.
fn contradiction(case: &Case) -> Option<&'static str> {
    match case {
        Case::Stream { pages, .. } if pages.is_empty() => Some("A stream is played with at least one page."),
        Case::Operation { result: Some(_), problem: Some(_), .. } => {
            Some("An operation ends in a result or in a problem, not in both.")
        }
        Case::Health { healthy: true, problem: Some(_), .. } => Some("A healthy connection has no problem."),
        Case::Health { healthy: false, identity: Some(_), .. } => {
            Some("Who is signed in is known only of a healthy connection.")
        }
        Case::Webhook { ignored: false, signals, quarantined: 0, hint: None, answer: None, .. }
            if signals.is_empty() =>
        {
            Some("Say what comes of a delivery: signals, a hint, an answer, or that it is ignored.")
        }
        Case::Webhook { ignored: true, signals, .. } if !signals.is_empty() => {
            Some("No signals come of a delivery that is ignored.")
        }
        Case::Stream { .. } | Case::Operation { .. } | Case::Webhook { .. } | Case::Health { .. } => None,
    }
}

fn invalid(file: &Path, message: &str) -> Problem {
    Problem::new(Code::DescriptorInvalid).with("message", message).about(Subject::File {
        path: file.display().to_string(),
        line: None,
        column: None,
        pointer: None,
    })
}

fn unreadable(file: &Path, error: &std::io::Error) -> Problem {
    invalid(file, "The fixture cannot be read.").detail(error.to_string())
}

fn first(problems: Vec<Problem>) -> Problem {
    problems.into_iter().next().unwrap_or_else(|| Problem::new(Code::DescriptorInvalid))
}
