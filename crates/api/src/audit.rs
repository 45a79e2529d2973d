//! The audit trail: looked through, and written to a file.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_store::{AuditEntry, AuditFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hub::Hub;
use crate::workspace::Workspace;

/// Acts in one answer where nobody says, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 1_000;

/// Which acts.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct AuditRequest {
    /// Not before then.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// About the connection with this name, whatever it was called at the time.
    pub connection: Option<String>,
    /// Only this action, such as `call_failed`.
    pub action: Option<String>,
    /// Only where action, subject or detail hold this text.
    pub text: Option<String>,
    /// Only those before the one with this number: the next page.
    pub before: Option<u64>,
    /// At most this many; 100 where absent, at most 1,000.
    pub limit: Option<u32>,
}

/// One act.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditAct {
    /// Its place in the trail.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More; null where there is none.
    pub detail: Value,
}

impl From<AuditEntry> for AuditAct {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, action, subject, detail } = entry;
        Self { id, at, action, subject, detail }
    }
}

/// Acts, the latest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditResponse {
    /// Those asked for.
    pub acts: Vec<AuditAct>,
    /// Where the next page goes on; none where there is none.
    pub before: Option<u64>,
}

/// Where to write the trail.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct AuditExportRequest {
    /// The file; must not be there yet.
    pub file: PathBuf,
    /// Which acts; all of them where absent. Its limit is not looked at.
    #[serde(default)]
    pub filter: AuditRequest,
}

/// What was written.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditExported {
    /// The file.
    pub file: PathBuf,
    /// How many acts.
    pub acts: u64,
}

async fn filter(workspace: &Workspace, request: &AuditRequest) -> Result<AuditFilter, Problem> {
    let connection = match &request.connection {
        // One that is gone is found by its name.
        Some(name) => workspace.store().connection_named(name).await?.map(|connection| connection.id),
        None => None,
    };
    Ok(AuditFilter {
        since: request.since,
        until: request.until,
        subject: request.connection.clone(),
        connection,
        action: request.action.clone(),
        text: request.text.clone(),
        before: request.before,
        limit: request.limit.unwrap_or(USUAL).clamp(1, MOST),
    })
}

/// Shows acts, the latest first. Calls are summarised up to this moment.
pub async fn list(hub: &Hub, workspace: &str, request: AuditRequest) -> Result<AuditResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    workspace.store().audit_calls().await?;
    let filter = filter(&workspace, &request).await?;
    let limit = filter.limit as usize;
    let acts: Vec<AuditAct> =
        workspace.store().audit_find(filter).await?.into_iter().map(AuditAct::from).collect();
    let before = acts.last().filter(|_| acts.len() == limit).map(|act| act.id);
    Ok(AuditResponse { acts, before })
}

/// Writes acts to a file, one JSON object a line (JSON Lines), the latest first.
pub async fn export(hub: &Hub, workspace: &str, request: AuditExportRequest) -> Result<AuditExported, Problem> {
    let workspace = hub.workspace(workspace).await?;
    workspace.store().audit_calls().await?;
    let AuditExportRequest { file, filter: wanted } = request;
    let unwritable = |error: std::io::Error| {
        let path = file.display().to_string();
        let code =
            if error.kind() == std::io::ErrorKind::AlreadyExists { Code::Conflict } else { Code::InputInvalid };
        Problem::new(code)
            .with("item", format!("The file \"{path}\""))
            .with("field", format!("The file \"{path}\""))
            .with("message", "It cannot be written there. Choose another one.")
            .detail(error.to_string())
            .about(Subject::File { path, line: None, column: None, pointer: None })
    };
    let out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    let mut out = std::io::BufWriter::new(out.map_err(unwritable)?);
    let mut next = AuditFilter { limit: MOST, ..filter(&workspace, &wanted).await? };
    let mut acts = 0;
    loop {
        let page = workspace.store().audit_find(next.clone()).await?;
        let last = page.last().map(|entry| entry.id);
        let whole = page.len() == MOST as usize;
        acts += page.len() as u64;
        for entry in page {
            let line = serde_json::to_string(&AuditAct::from(entry))
                .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
            writeln!(out, "{line}").map_err(unwritable)?;
        }
        if !whole {
            break;
        }
        next.before = last;
    }
    out.into_inner().map_err(|error| unwritable(error.into_error()))?.sync_all().map_err(unwritable)?;
    workspace.store().audit("audit_exported", workspace.name(), &Value::Null).await?;
    Ok(AuditExported { file, acts })
}
