//! Settings of the engine: what a person decides about background work and about how services are called, for
//! everything or for one connection. What is not set is as the connector says, else as usual.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use patchbay_ingest::jobs::Queue;
use patchbay_ingest::{Defaults, Knobs};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{ConnectionId, Event};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::hub::Hub;
use crate::workspace::Workspace;

/// One setting.
struct Kind {
    key: &'static str,
    /// What a person reads in a problem.
    title: &'static str,
    bounds: RangeInclusive<u64>,
    /// What holds where nothing is set and no connector says otherwise.
    usual: u64,
    /// Whether a connection may have one of its own.
    own: bool,
}

const fn kind(
    key: &'static str,
    title: &'static str,
    bounds: RangeInclusive<u64>,
    usual: u64,
    own: bool,
) -> Kind {
    Kind { key, title, bounds, usual, own }
}

/// Every setting that is a number.
const KINDS: &[Kind] = &[
    kind("pollSeconds", "The time between two reads", 10..=2_678_400, 300, false),
    kind("healthSeconds", "The time between two checks", 30..=86_400, 900, false),
    kind("jobTries", "The number of tries of background work", 1..=20, 5, false),
    kind("backfillAtOnce", "First reads at the same time", 1..=64, 2, false),
    kind("deltaAtOnce", "Reads at the same time", 1..=64, 5, false),
    kind("webhookAtOnce", "Deliveries at the same time", 1..=64, 10, false),
    kind("healthAtOnce", "Checks at the same time", 1..=64, 3, false),
    kind("runAtOnce", "Runs at the same time", 1..=64, 4, false),
];

/// Whose settings.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct EngineSettingsRequest {
    /// The connection; those for everything where absent.
    pub connection: Option<String>,
}

/// One setting as it is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SettingView {
    /// Its name.
    pub key: String,
    /// What was set here; none where nothing was.
    pub value: Option<Value>,
    /// What holds otherwise; none where the connector decides.
    pub usual: Option<Value>,
    /// The least that is allowed, of a number.
    pub least: Option<u64>,
    /// The most that is allowed, of a number.
    pub most: Option<u64>,
    /// What is allowed, of a choice.
    pub choices: Vec<String>,
}

/// The settings.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EngineSettingsResponse {
    /// Each.
    pub settings: Vec<SettingView>,
}

/// Shows the settings.
pub async fn show(
    hub: &Hub,
    workspace: &str,
    request: EngineSettingsRequest,
) -> Result<EngineSettingsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = match &request.connection {
        Some(name) => Some(workspace.connection(name).await?.id),
        None => None,
    };
    view(&workspace, connection.as_ref()).await
}

async fn view(
    workspace: &Workspace,
    connection: Option<&ConnectionId>,
) -> Result<EngineSettingsResponse, Problem> {
    let general = workspace.store().settings(None).await?;
    let own = match connection {
        Some(_) => workspace.store().settings(connection).await?,
        None => general.clone(),
    };
    let settings = KINDS.iter().filter(|kind| connection.is_none() || kind.own).map(|kind| SettingView {
        key: kind.key.to_owned(),
        value: own.get(kind.key).cloned(),
        usual: match connection {
            Some(_) => general.get(kind.key).cloned(),
            None => Some(json!(kind.usual)),
        },
        least: Some(*kind.bounds.start()),
        most: Some(*kind.bounds.end()),
        choices: Vec::new(),
    });
    Ok(EngineSettingsResponse { settings: settings.collect() })
}

/// What to set.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct EngineSettingsSetRequest {
    /// The connection; everything where absent.
    #[serde(default)]
    pub connection: Option<String>,
    /// Values by name; null goes back to what holds otherwise. Others stay.
    pub values: Map<String, Value>,
}

/// Changes settings. They hold from then on, in work under way too where that is possible.
pub async fn set(
    hub: &Hub,
    workspace: &str,
    request: EngineSettingsSetRequest,
) -> Result<EngineSettingsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let connection = match &request.connection {
        Some(name) => Some(workspace.connection(name).await?.id),
        None => None,
    };
    let values: BTreeMap<String, Value> = request.values.into_iter().collect();
    for (key, value) in &values {
        check(key, value, connection.is_some())?;
    }
    workspace.store().settings_set(connection.as_ref(), values.clone()).await?;
    let subject = request.connection.as_deref().unwrap_or(workspace.name());
    workspace.store().audit("settings_changed", subject, &json!(values)).await?;
    workspace.settings_changed().await?;
    if let Some(id) = connection.clone() {
        workspace.events().emit(Event::ConnectionChanged { id });
    }
    view(&workspace, connection.as_ref()).await
}

fn check(key: &str, value: &Value, of_connection: bool) -> Result<(), Problem> {
    let odd = |title: &str, message: String| {
        Problem::new(Code::InputInvalid)
            .with("field", title)
            .with("message", message)
            .about(Subject::Field { name: key.to_owned() })
    };
    let Some(kind) = KINDS.iter().find(|kind| kind.key == key && (kind.own || !of_connection)) else {
        return Err(odd("The settings", format!("There is no setting \"{key}\" here.")));
    };
    let fits = value.is_null() || value.as_u64().is_some_and(|number| kind.bounds.contains(&number));
    if fits {
        return Ok(());
    }
    let (least, most) = (kind.bounds.start(), kind.bounds.end());
    Err(odd(kind.title, format!("Choose a whole number from {least} to {most}.")))
}

fn number(settings: &BTreeMap<String, Value>, key: &str) -> Option<u64> {
    settings.get(key).and_then(Value::as_u64)
}

/// What was set about background work.
pub(crate) fn knobs(settings: &BTreeMap<String, Value>) -> Knobs {
    let usual = Defaults::default();
    let seconds =
        |key: &str, usual: u32| number(settings, key).and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
    let defaults = Defaults {
        poll_seconds: seconds("pollSeconds", usual.poll_seconds),
        health_seconds: seconds("healthSeconds", usual.health_seconds),
        tries: seconds("jobTries", usual.tries),
    };
    let at_once = Queue::ALL.into_iter().filter_map(|queue| {
        let most = number(settings, &format!("{}AtOnce", queue.as_str()))?;
        Some((queue, u32::try_from(most).ok()?))
    });
    Knobs { defaults, concurrency: at_once.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_numbers_are_those_that_hold() {
        let usual = |key: &str| KINDS.iter().find(|kind| kind.key == key).unwrap().usual;
        let defaults = Defaults::default();
        assert_eq!(usual("pollSeconds"), u64::from(defaults.poll_seconds));
        assert_eq!(usual("healthSeconds"), u64::from(defaults.health_seconds));
        assert_eq!(usual("jobTries"), u64::from(defaults.tries));
        for queue in Queue::ALL {
            assert_eq!(usual(&format!("{}AtOnce", queue.as_str())), u64::from(queue.usual_concurrency()));
        }
        assert_eq!(knobs(&BTreeMap::new()), Knobs::default());
    }

    #[test]
    fn what_is_out_of_bounds_or_unknown_is_refused() {
        for (key, value, own) in [
            ("pollSeconds", json!(9), false),
            ("pollSeconds", json!("60"), false),
            ("pollSeconds", json!(60.5), false),
            ("pollSeconds", json!(60), true),
            ("nothing", json!(1), false),
            ("deltaAtOnce", json!(0), false),
        ] {
            assert_eq!(check(key, &value, own).unwrap_err().code(), Code::InputInvalid, "{key} {value}");
        }
        for value in [json!(10), json!(2_678_400), Value::Null] {
            check("pollSeconds", &value, false).unwrap();
        }
    }
}
