//! Offline tests of chains: a run kept with its answers, and replayed without any network.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use patchbay_chain::journal;
use patchbay_chain::recorded::{ChainTest, Recording, TEST_SCHEMA, TestConnection, differences, replay};
use patchbay_model::chain::Chain;
use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::runs::{self, RunRef};

/// The largest file, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// A run as an offline test.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunTestResponse {
    /// A name for the file.
    pub name: String,
    /// What belongs into the file. Values of secrets are masked.
    pub test: Value,
}

/// Makes an offline test of a run that ended.
pub async fn make(hub: &Hub, workspace: &str, request: RunRef) -> Result<RunTestResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let run = runs::find(&workspace, &request.run).await?;
    let mut recording = Recording::of(&run)?;
    let mut bytes = 0;
    journal::until(workspace.store(), &run.id, |entry| {
        bytes += bytes_of(&entry.fact);
        recording.take(entry);
        if bytes > LARGEST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await?;
    let too_large = || {
        Problem::new(Code::InputInvalid)
            .with("field", "The test")
            .with("message", "It would be larger than 64 MiB. Choose a run with fewer items.")
            .about(Subject::Run { id: run.id.to_string(), step: None })
    };
    if bytes > LARGEST {
        return Err(too_large());
    }
    let mut connections = BTreeMap::new();
    let mut redactors = Vec::new();
    // The trigger's too: what it brought may carry a secret.
    for name in run.snapshot.connections() {
        let connection = workspace.connection(name).await?;
        let descriptor = workspace.connectors().get(&connection.connector)?;
        redactors.push(workspace.authoriser().redactor_of(&connection, descriptor.descriptor()).await?);
        if let Some(row) = workspace.store().webhook(&connection.id).await? {
            let secrets =
                workspace.authoriser().webhook_secrets(&connection.id, row.sealed.as_ref(), row.previous_until);
            redactors.push(Arc::new(secrets.await?.redactor()));
        }
        if run.snapshot.all_steps().all(|step| step.connection != name) {
            continue;
        }
        let used = TestConnection {
            connector: connection.connector,
            version: connection.descriptor_version,
            config: connection.config,
        };
        connections.insert(name.to_owned(), used);
    }
    let test = recording.finish(connections)?;
    let test =
        serde_json::to_value(test).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    let test = redactors.iter().fold(test, |test, redactor| redactor.value(&test));
    if bytes_of(&test) > LARGEST {
        return Err(too_large());
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = run.snapshot.name.chars().map(plain).take(60).collect();
    Ok(RunTestResponse { name: format!("{}.chain-test.json", name.trim_matches('-')), test })
}

/// How many bytes something has as JSON.
fn bytes_of(what: &impl Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // What cannot be written is refused where it is.
    let _ = serde_json::to_writer(&mut count, what);
    count.0
}

/// An offline test to be run.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainTestRequest {
    /// What the file holds.
    pub test: Value,
    /// The document to test; where absent, the workspace's chain of the same name, else the one in the file.
    #[serde(default)]
    pub chain: Option<Chain>,
}

/// What an offline test said.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainTestResponse {
    /// The chain.
    pub chain: String,
    /// The version of it that was tested; none where it is not the workspace's.
    pub version: Option<u32>,
    /// Whether it does what it did.
    pub passed: bool,
    /// What differs, each a sentence.
    pub differences: Vec<String>,
}

/// Replays an offline test. Nothing is sent, and nothing in the workspace is changed.
pub async fn test(hub: &Hub, workspace: &str, request: ChainTestRequest) -> Result<ChainTestResponse, Problem> {
    let name = workspace;
    let workspace = hub.workspace(workspace).await?;
    let invalid =
        |message: String| Problem::new(Code::InputInvalid).with("field", "The test").with("message", message);
    let test: ChainTest = serde_json::from_value(request.test).map_err(|error| invalid(format!("{error}.")))?;
    if test.schema != TEST_SCHEMA {
        return Err(invalid(format!(
            "Its shape has version {}; this program reads {TEST_SCHEMA}.",
            test.schema
        )));
    }
    let (chain, version) = match request.chain {
        Some(chain) => (chain, None),
        None => match workspace.store().chain_named(&test.chain.name).await? {
            Some(latest) => (latest.chain, Some(latest.version)),
            None => (test.chain.clone(), None),
        },
    };
    let folder = hub.workspace_dir(name).join("tests").join(patchbay_model::RunId::generate().as_str());
    let found = replay(workspace.runner(), &test, &chain, &folder).await;
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::warn!(%error, "the folder of an offline test stays behind");
    }
    let differences = differences(&test.expected, &found.map_err(Problem::from)?);
    Ok(ChainTestResponse { chain: chain.name, version, passed: differences.is_empty(), differences })
}
