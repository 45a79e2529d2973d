//! What is kept of what came in: how long, for whom, and letting go of everything about somebody.

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Event, Timestamp};
use patchbay_store::{AuditFilter, Erased, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::upkeep::kept;

/// How long what services sent is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// For ever.
    All,
    /// Only until no chain waits for it.
    Nothing,
    /// For so many days, from 1 to 3,650.
    Days(u32),
}

impl Keep {
    /// What was said of a connection; `usual` days where nothing was.
    fn of(value: Option<&Value>, usual: u64) -> Self {
        match value {
            Some(Value::String(word)) if word == "all" => Self::All,
            Some(Value::String(word)) if word == "nothing" => Self::Nothing,
            value => {
                let days = value.and_then(Value::as_u64).unwrap_or(usual);
                Self::Days(u32::try_from(days).unwrap_or(u32::MAX))
            }
        }
    }

    fn value(self) -> Result<Value, Problem> {
        match self {
            Self::All => Ok(json!("all")),
            Self::Nothing => Ok(json!("nothing")),
            Self::Days(days) if (1..=3_650).contains(&days) => Ok(json!(days)),
            Self::Days(_) => Err(Problem::new(Code::InputInvalid)
                .with("field", "The number of days")
                .with("message", "Use a number from 1 to 3,650.")
                .about(Subject::Field { name: "keep".into() })),
        }
    }
}

/// What is kept of one connection.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Keeping {
    /// The connection's name.
    pub name: String,
    /// How long what the service sent is kept. The signals' own lines stay.
    pub keep: Keep,
    /// Its signals are not made ready to be searched.
    pub private: bool,
}

/// A connection by its name.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct KeepingRef {
    /// The name.
    pub name: String,
}

/// Says what is kept of a connection.
pub async fn show(hub: &Hub, workspace: &str, request: KeepingRef) -> Result<Keeping, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = workspace.connection(&request.name).await?;
    let settings = workspace.store().settings(Some(&connection.id)).await?;
    let (usual, _) = kept(workspace.store()).await?;
    Ok(Keeping {
        name: connection.name,
        keep: Keep::of(settings.get("keep"), usual),
        private: settings.get("private") == Some(&json!(true)),
    })
}

/// What is to be kept of a connection.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct KeepingSetRequest {
    /// The connection's name.
    pub name: String,
    /// How long; as it is where absent.
    #[serde(default)]
    pub keep: Option<Keep>,
    /// Whether its signals are kept out of the index of words; as it is where absent.
    #[serde(default)]
    pub private: Option<bool>,
}

/// Sets what is kept of a connection.
pub async fn set(hub: &Hub, workspace: &str, request: KeepingSetRequest) -> Result<Keeping, Problem> {
    {
        let workspace = hub.workspace(workspace).await?;
        let connection = workspace.connection(&request.name).await?;
        let mut values = std::collections::BTreeMap::new();
        if let Some(keep) = request.keep {
            values.insert("keep".to_owned(), keep.value()?);
        }
        if let Some(private) = request.private {
            values.insert("private".to_owned(), json!(private));
        }
        workspace.store().settings_set(Some(&connection.id), values).await?;
        if request.private.is_some() {
            workspace.store().signal_words_forget(&connection.id).await?;
            workspace.events().emit(Event::SignalsChanged);
        }
        workspace.note("keeping_changed").await;
        workspace.events().emit(Event::ConnectionChanged { id: connection.id });
    }
    show(hub, workspace, KeepingRef { name: request.name }).await
}

/// Whom or what to let go of.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct EraseRequest {
    /// An address, a name: every text that holds it goes, whatever its case. At least 4 characters.
    pub about: String,
    /// Do it; without this it is only counted.
    #[serde(default)]
    pub confirm: bool,
}

/// What holds it, and what went.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EraseResponse {
    /// It went; else it was only counted.
    pub erased: bool,
    /// Signals.
    pub signals: u64,
    /// Items put aside.
    pub quarantined: u64,
    /// Deliveries of tools.
    pub deliveries: u64,
    /// Kept answers and events of chains.
    pub others: u64,
    /// Ended runs with their journals.
    pub runs: u64,
    /// Runs that are not over: they keep it until they are.
    pub open_runs: u64,
    /// Copies of the database from before, which still hold it: they go one by one, the last within a week.
    pub copies: u64,
    /// How often something was exported to a file, which may hold it: files of the user's are left alone.
    pub exports: u64,
    /// When that was last.
    pub exported_at: Option<Timestamp>,
}

/// What writes down what is kept here in a file of the user's, as the audit trail calls it.
const EXPORTS: [&str; 3] = ["exported", "exported_with_secrets", "audit_exported"];
/// More exports are not counted.
const MOST_EXPORTS: u32 = 1_000;

/// How often something was exported, and when last.
async fn exports(store: &Store) -> Result<(u64, Option<Timestamp>), Problem> {
    let (mut count, mut last) = (0, None);
    for action in EXPORTS {
        let filter =
            AuditFilter { action: Some(action.to_owned()), limit: MOST_EXPORTS, ..AuditFilter::default() };
        let found = store.audit_find(filter).await?;
        count += found.len() as u64;
        last = last.max(found.first().map(|entry| entry.at));
    }
    Ok((count, last))
}

/// Lets go of everything about an address, or counts it. What was exported to files is the user's.
pub async fn erase(hub: &Hub, workspace: &str, request: EraseRequest) -> Result<EraseResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let about = request.about.trim();
    if about.chars().count() < 4 {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "What to erase")
            .with("message", "Enter at least 4 characters, such as an e-mail address.")
            .about(Subject::Field { name: "about".into() }));
    }
    let store = workspace.store();
    let found = if request.confirm { store.erase(about).await? } else { store.holding(about).await? };
    let copies = store.backups()?.len() as u64;
    let (exports, exported_at) = exports(store).await?;
    if request.confirm {
        // How much, and not about whom: that would keep it.
        let Erased { signals, quarantined, deliveries, answers, events, runs, open_runs } = found;
        let detail = json!({ "signals": signals, "quarantined": quarantined, "deliveries": deliveries,
            "answers": answers, "events": events, "runs": runs, "openRuns": open_runs, "exports": exports });
        store.audit("data_erased", "about an address", &detail).await?;
        workspace.events().emit(Event::SignalsChanged);
    }
    Ok(EraseResponse {
        erased: request.confirm,
        signals: found.signals,
        quarantined: found.quarantined,
        deliveries: found.deliveries,
        others: found.answers + found.events,
        runs: found.runs,
        open_runs: found.open_runs,
        copies,
        exports,
        exported_at,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::json;

    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn letting_go_of_everything_says_which_files_may_hold_it_and_is_noted() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let call = async |name: &str, request| dispatch(&hub, "default", name, request).await.unwrap();
        let erase = async |confirm: bool| {
            call("data_erase", json!({"about": "amira@example.test", "confirm": confirm})).await
        };
        assert_eq!(erase(false).await["exports"], 0);
        call("audit_export", json!({"file": dir.path().join("audit.csv")})).await;
        let found = erase(true).await;
        assert_eq!((&found["exports"], &found["exportedAt"]), (&json!(1), &json!("2026-11-20T12:00:00Z")));
        let trail = call("audit_list", json!({"action": "data_erased"})).await;
        assert_eq!(trail["acts"][0]["detail"]["exports"], 1, "{trail}");
        assert!(!trail.to_string().contains("amira"), "how much, and not about whom");
        hub.shut_down().await;
    }
}
