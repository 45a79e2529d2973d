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

/// Acts in one file that goes through the screen.
const MOST_IN_A_FILE: u64 = 50_000;

/// How acts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat {
    /// A list of objects.
    #[default]
    Json,
    /// A table with a line of names (RFC 4180).
    Csv,
}

/// Which acts a file is to hold, and how.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct AuditFileRequest {
    /// How; JSON where absent.
    pub format: Option<AuditFormat>,
    /// Which; all of them where absent. Its limit is not looked at.
    pub filter: AuditRequest,
}

/// The content of a file.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditFile {
    /// What it is proposed to be called.
    pub name: String,
    /// What it holds.
    pub text: String,
    /// How many acts.
    pub acts: u64,
    /// There are more, earlier ones.
    pub cut: bool,
}

/// Gives acts as the content of a file, the latest first; at most 50,000.
pub async fn file(hub: &Hub, workspace: &str, request: AuditFileRequest) -> Result<AuditFile, Problem> {
    let workspace = hub.workspace(workspace).await?;
    workspace.store().audit_calls().await?;
    let format = request.format.unwrap_or_default();
    let mut next = AuditFilter { limit: MOST, ..filter(&workspace, &request.filter).await? };
    let mut acts: Vec<AuditAct> = Vec::new();
    let cut = loop {
        let page = workspace.store().audit_find(next.clone()).await?;
        let whole = page.len() == MOST as usize;
        next.before = page.last().map(|entry| entry.id);
        acts.extend(page.into_iter().map(AuditAct::from));
        if !whole || acts.len() as u64 >= MOST_IN_A_FILE {
            break whole;
        }
    };
    let (text, ending) = match format {
        AuditFormat::Json => (serde_json::to_string_pretty(&acts).map_err(|error| unwritten(&error))?, "json"),
        AuditFormat::Csv => (table(&acts)?, "csv"),
    };
    workspace.store().audit("audit_exported", workspace.name(), &Value::Null).await?;
    let name = format!("patchbay-audit-{}.{ending}", hub.clock().now().strftime("%Y-%m-%d"));
    Ok(AuditFile { name, text, acts: acts.len() as u64, cut })
}

fn unwritten(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::Internal).detail(error.to_string())
}

/// Acts as a table. A cell that a spreadsheet would take for a formula is made a text (OWASP, CSV Injection).
fn table(acts: &[AuditAct]) -> Result<String, Problem> {
    let plain = |text: &str| match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    };
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["id", "at", "action", "subject", "detail"]).map_err(|error| unwritten(&error))?;
    for act in acts {
        let detail = if act.detail.is_null() { String::new() } else { act.detail.to_string() };
        let cells =
            [act.id.to_string(), act.at.to_string(), plain(&act.action), plain(&act.subject), plain(&detail)];
        rows.write_record(cells).map_err(|error| unwritten(&error))?;
    }
    let bytes = rows.into_inner().map_err(|error| unwritten(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritten(&error))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::json;

    use super::*;
    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn a_file_holds_what_the_filter_lets_through_in_either_form() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let store = hub.workspace("default").await.unwrap().store().clone();
        for nth in 0..1_203 {
            store.audit("settings_changed", "a \"b\", c", &json!({ "nth": nth })).await.unwrap();
        }
        store.audit("job_dropped", "=HYPERLINK(1)", &Value::Null).await.unwrap();
        let file = async |request: Value| dispatch(&hub, "default", "audit_file", request).await.unwrap();
        let json_file = file(json!({"filter": {"action": "settings_changed"}})).await;
        let acts: Vec<Value> = serde_json::from_str(json_file["text"].as_str().unwrap()).unwrap();
        assert_eq!(
            (acts.len(), json_file["acts"].as_u64(), json_file["cut"].as_bool()),
            (1_203, Some(1_203), Some(false))
        );
        assert_eq!(acts[0]["detail"]["nth"], 1_202, "the latest first");
        assert_eq!(json_file["name"], "patchbay-audit-2026-11-20.json");
        let csv_file = file(json!({"format": "csv"})).await;
        let text = csv_file["text"].as_str().unwrap().to_owned();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1_205, "the export before it is an act too");
        assert_eq!(&rows[0][2], "audit_exported");
        assert_eq!((&rows[1][2], &rows[1][3]), ("job_dropped", "'=HYPERLINK(1)"), "no formula");
        assert_eq!((&rows[2][3], &rows[2][4]), ("a \"b\", c", r#"{"nth":1202}"#));
        hub.shut_down().await;
    }
}
