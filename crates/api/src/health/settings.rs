//! Where the lines are drawn, and what is told to a person who does not look. Rows of the workspace.

use patchbay_model::health::HealthRules;
use patchbay_model::notice::NoticeSettings;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::facts::{rules, setting};
use crate::hub::Hub;
use crate::workspaces::Empty;

/// What can be decided about health and notifications.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HealthSettings {
    /// Where the lines are drawn.
    pub rules: HealthRules,
    /// What is told.
    pub notices: NoticeSettings,
}

/// What is decided anew; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct HealthSettingsRequest {
    /// Where the lines are drawn: all of them.
    pub rules: Option<HealthRules>,
    /// What is told: all of it.
    pub notices: Option<NoticeSettings>,
}

/// What is told to a person who does not look.
pub(crate) async fn notices(store: &Store) -> Result<NoticeSettings, Problem> {
    setting(store, "notices").await
}

/// Shows what is decided.
pub async fn show(hub: &Hub, workspace: &str, _: Empty) -> Result<HealthSettings, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let store = workspace.store();
    Ok(HealthSettings { rules: rules(store).await?, notices: notices(store).await? })
}

/// Decides anew. Holds from the next judgement on.
pub async fn set(
    hub: &Hub,
    workspace: &str,
    request: HealthSettingsRequest,
) -> Result<HealthSettings, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let store = workspace.store();
    if let Some(rules) = &request.rules {
        if let Some((field, message)) = rules.mistake() {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", format!("\"{field}\""))
                .with("message", message)
                .about(Subject::Field { name: field.to_owned() }));
        }
        keep(store, "health", &json!(rules)).await?;
    }
    if let Some(notices) = &request.notices {
        keep(store, "notices", &json!(notices)).await?;
    }
    Ok(HealthSettings { rules: rules(store).await?, notices: notices(store).await? })
}

async fn keep(store: &Store, name: &str, value: &serde_json::Value) -> Result<(), Problem> {
    store.settings_set(None, [(name.to_owned(), value.clone())].into()).await?;
    store.audit("settings_changed", name, value).await?;
    Ok(())
}
