//! Settings of the engine: what a person decides about background work and about how services are called, for
//! everything or for one connection. What is not set is as the connector says, else as usual.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::time::Duration;

use patchbay_connector::CallRules;
use patchbay_ingest::jobs::Queue;
use patchbay_ingest::{Defaults, Knobs, health_key, rhythm};
use patchbay_model::descriptor::Limits;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{ConnectionId, Event, Timestamp};
use patchbay_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::hub::Hub;
use crate::upkeep;
use crate::workspace::Workspace;

/// One setting.
struct Kind {
    key: &'static str,
    /// What a person reads in a problem.
    title: &'static str,
    bounds: RangeInclusive<u64>,
    /// What holds where nothing is set and no connector says otherwise; none where nothing does then.
    usual: Option<u64>,
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
    Kind { key, title, bounds, usual: Some(usual), own }
}

/// A setting that bounds nothing where nobody set it.
const fn cap(key: &'static str, title: &'static str, bounds: RangeInclusive<u64>) -> Kind {
    Kind { key, title, bounds, usual: None, own: true }
}

/// Between two checks.
const CHECKS: &str = "healthSeconds";

/// Every setting that is a number.
const KINDS: &[Kind] = &[
    kind("connectSeconds", "The time to connect", 1..=60, 5, true),
    kind("answerSeconds", "The time for an answer", 1..=600, 60, true),
    kind("readTries", "The number of tries of a read", 1..=11, 5, true),
    kind("circuitFaults", "The number of faults that open a circuit", 1..=100, 5, true),
    kind("circuitSeconds", "The time that a circuit stays open", 1..=900, 30, true),
    cap("callsPerMinute", "The number of calls in a minute", 1..=100_000),
    kind("callsAtOnce", "Calls at the same time", 1..=64, 4, true),
    kind("pollSeconds", "The time between two reads", 10..=2_678_400, 300, false),
    kind(CHECKS, "The time between two checks", 30..=86_400, 900, true),
    kind("jobTries", "The number of tries of background work", 1..=20, 5, false),
    kind("backfillAtOnce", "First reads at the same time", 1..=64, 2, false),
    kind("deltaAtOnce", "Reads at the same time", 1..=64, 5, false),
    kind("webhookAtOnce", "Deliveries at the same time", 1..=64, 10, false),
    kind("healthAtOnce", "Checks at the same time", 1..=64, 3, false),
    kind("runAtOnce", "Runs of events at the same time", 1..=64, 4, false),
    kind(upkeep::DAYS, "The number of days", 1..=3_650, upkeep::KEEP_DAYS, false),
    kind(upkeep::RUNS, "The number of runs", 100..=1_000_000, upkeep::KEEP_RUNS, false),
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
    /// What holds otherwise; none where nothing does then.
    pub usual: Option<Value>,
    /// Who says what holds otherwise.
    pub from: SettingSource,
    /// The least that is allowed, of a number.
    pub least: Option<u64>,
    /// The most that is allowed, of a number.
    pub most: Option<u64>,
    /// What is allowed, of a choice.
    pub choices: Vec<String>,
}

/// Who says what holds where nothing is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// What was set for everything.
    Workspace,
    /// The connector declares it.
    Connector,
    /// Nobody: as usual. A connector may declare another for its connections.
    Usual,
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
    view(&workspace, request.connection.as_deref()).await
}

async fn view(workspace: &Workspace, connection: Option<&str>) -> Result<EngineSettingsResponse, Problem> {
    let general = workspace.store().settings(None).await?;
    let Some(name) = connection else {
        let settings = KINDS.iter().map(|kind| {
            let usual = (kind.usual.map(Value::from), SettingSource::Usual);
            one(kind, general.get(kind.key), usual)
        });
        return Ok(EngineSettingsResponse { settings: settings.collect() });
    };
    let connection = workspace.connection(name).await?;
    let own = workspace.store().settings(Some(&connection.id)).await?;
    // A connector that is gone declares nothing.
    let descriptor = workspace.connectors().get(&connection.connector).ok();
    let limits = descriptor.as_ref().map(|compiled| &compiled.descriptor().limits);
    let settings = KINDS.iter().filter(|kind| kind.own).map(|kind| {
        let usual = match (general.get(kind.key), limits.and_then(|limits| declared(kind.key, limits))) {
            (Some(value), _) => (Some(value.clone()), SettingSource::Workspace),
            (None, Some(value)) => (Some(json!(value)), SettingSource::Connector),
            (None, None) => (kind.usual.map(Value::from), SettingSource::Usual),
        };
        one(kind, own.get(kind.key), usual)
    });
    Ok(EngineSettingsResponse { settings: settings.collect() })
}

fn one(kind: &Kind, value: Option<&Value>, (usual, from): (Option<Value>, SettingSource)) -> SettingView {
    SettingView {
        key: kind.key.to_owned(),
        value: value.cloned(),
        usual,
        from,
        least: Some(*kind.bounds.start()),
        most: Some(*kind.bounds.end()),
        choices: Vec::new(),
    }
}

/// What a connector declares of a setting, in the setting's unit. Its paces are no number; they hold beside
/// what is set.
fn declared(key: &str, limits: &Limits) -> Option<u64> {
    match key {
        "connectSeconds" => limits.connect_timeout_ms.map(|ms| ms.div_ceil(1_000)),
        "answerSeconds" => limits.timeout_ms.map(|ms| ms.div_ceil(1_000)),
        "readTries" => limits.retry.map(|retry| u64::from(retry.count) + 1),
        "callsAtOnce" => limits.concurrency.map(u64::from),
        _ => None,
    }
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
    if let Some(id) = connection.as_ref().filter(|_| values.contains_key(CHECKS)) {
        plan_check(&workspace, id, hub.clock().now()).await?;
    }
    match connection {
        Some(id) => workspace.events().emit(Event::ConnectionChanged { id }),
        None => workspace.events().emit(Event::JobsChanged),
    }
    view(&workspace, request.connection.as_deref()).await
}

/// Plans the next check of a connection by its own number: who chose a minute does not wait for the hour that
/// held before.
async fn plan_check(workspace: &Workspace, id: &ConnectionId, now: Timestamp) -> Result<(), Problem> {
    let key = health_key(id);
    let Some(schedule) = workspace.store().schedule(&key).await? else { return Ok(()) };
    let every = workspace.knobs().await?.defaults.health_seconds_of(id);
    let from = schedule.last_at.filter(|last| *last <= now).unwrap_or(now);
    let next = rhythm::next_after_failures(&schedule.rhythm, every, schedule.failures, from, 0.5);
    if let Some(next) = next {
        workspace.store().schedules_plan(vec![(key, next.max(now))]).await?;
        workspace.plans_changed();
    }
    Ok(())
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
pub(crate) async fn knobs(store: &Store) -> Result<Knobs, Problem> {
    let mut knobs = general_knobs(&store.settings(None).await?);
    let own = store.settings_of_connections().await?.into_iter().filter(|(_, key, _)| key == CHECKS);
    let seconds = own.filter_map(|(id, _, value)| Some((id, u32::try_from(value.as_u64()?).ok()?)));
    knobs.defaults.own_health_seconds = seconds.collect();
    Ok(knobs)
}

fn general_knobs(settings: &BTreeMap<String, Value>) -> Knobs {
    let usual = Defaults::default();
    let seconds =
        |key: &str, usual: u32| number(settings, key).and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
    let defaults = Defaults {
        poll_seconds: seconds("pollSeconds", usual.poll_seconds),
        health_seconds: seconds(CHECKS, usual.health_seconds),
        own_health_seconds: BTreeMap::new(),
        sync_paused: settings.get(crate::syncing::PAUSED).and_then(Value::as_bool).unwrap_or(false),
        tries: seconds("jobTries", usual.tries),
    };
    let at_once = Queue::ALL.into_iter().filter_map(|queue| {
        let most = number(settings, &format!("{}AtOnce", queue.as_str()))?;
        Some((queue, u32::try_from(most).ok()?))
    });
    Knobs { defaults, concurrency: at_once.collect() }
}

/// What was decided about calls for everything and for single connections.
pub(crate) async fn call_rules(
    store: &Store,
) -> Result<(CallRules, HashMap<ConnectionId, CallRules>), Problem> {
    let mut own: HashMap<ConnectionId, BTreeMap<String, Value>> = HashMap::new();
    for (connection, key, value) in store.settings_of_connections().await? {
        own.entry(connection).or_default().insert(key, value);
    }
    let own = own.into_iter().map(|(connection, settings)| (connection, rules(&settings))).collect();
    Ok((rules(&store.settings(None).await?), own))
}

fn rules(settings: &BTreeMap<String, Value>) -> CallRules {
    let seconds = |key: &str| number(settings, key).map(Duration::from_secs);
    let count = |key: &str| number(settings, key).and_then(|n| u32::try_from(n).ok());
    CallRules {
        connect: seconds("connectSeconds"),
        answer: seconds("answerSeconds"),
        tries: count("readTries"),
        circuit_faults: count("circuitFaults"),
        circuit_pause: seconds("circuitSeconds"),
        per_minute: count("callsPerMinute"),
        at_once: count("callsAtOnce"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::Clock as _;
    use patchbay_model::circuit::{Circuit, CircuitRules};
    use patchbay_model::time::ManualClock;

    use super::*;
    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[test]
    fn the_usual_numbers_are_those_that_hold() {
        let usual = |key: &str| KINDS.iter().find(|kind| kind.key == key).unwrap().usual.unwrap();
        let defaults = Defaults::default();
        assert_eq!(usual("pollSeconds"), u64::from(defaults.poll_seconds));
        assert_eq!(usual("healthSeconds"), u64::from(defaults.health_seconds));
        assert_eq!(usual("jobTries"), u64::from(defaults.tries));
        for queue in Queue::ALL {
            assert_eq!(usual(&format!("{}AtOnce", queue.as_str())), u64::from(queue.usual_concurrency()));
        }
        assert_eq!(general_knobs(&BTreeMap::new()), Knobs::default());
        let circuit = CircuitRules::default();
        assert_eq!(usual("circuitFaults"), u64::from(circuit.faults));
        assert_eq!(Duration::from_secs(usual("circuitSeconds")), circuit.pause);
        assert_eq!(rules(&BTreeMap::new()), CallRules::default());
    }

    #[test]
    fn every_setting_of_calls_reaches_them_within_its_bounds() {
        for kind in KINDS.iter().filter(|kind| kind.own && kind.key != CHECKS) {
            let most = *kind.bounds.end();
            let set = BTreeMap::from([(kind.key.to_owned(), json!(most))]);
            assert_ne!(rules(&set), CallRules::default(), "{} says nothing to anybody", kind.key);
            check(kind.key, &json!(most), true).unwrap();
            for odd in [0, most + 1] {
                assert_eq!(check(kind.key, &json!(odd), true).unwrap_err().code(), Code::InputInvalid);
            }
        }
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

    #[tokio::test]
    async fn what_is_set_reaches_the_next_call_and_a_connection_stands_before_everything() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call = async |command: &str, request: Value| dispatch(&hub, "default", command, request).await;
        call("sandbox_start", json!({})).await.unwrap();
        let faults = async |connection: &str| {
            let workspace = hub.workspace("default").await.unwrap();
            let id = workspace.connection(connection).await.unwrap().id;
            let circuits = workspace.store().limits_of(&id).into_iter().map(|(_, state)| state.circuit);
            circuits.into_iter().find(|circuit| *circuit != Circuit::default()).unwrap_or_default()
        };
        let set = json!({"values": {"readTries": 1, "circuitFaults": 40}});
        call("engine_settings_set", set).await.unwrap();
        let own = json!({"connection": "Sandbox Chat", "values": {"readTries": 2, "circuitSeconds": 7}});
        let shown = call("engine_settings_set", own).await.unwrap();
        let one = |key: &str| {
            let settings = shown["settings"].as_array().unwrap();
            settings.iter().find(|one| one["key"] == key).cloned().unwrap_or_default()
        };
        assert_eq!(
            (one("circuitFaults")["usual"].clone(), one("circuitFaults")["from"].clone()),
            (json!(40), json!("workspace"))
        );
        assert_eq!(
            (one("answerSeconds")["usual"].clone(), one("answerSeconds")["from"].clone()),
            (json!(60), json!("usual"))
        );
        assert_eq!(one("readTries")["value"], 2);
        assert_eq!(one(CHECKS)["usual"], 900);
        assert_eq!(one("pollSeconds"), Value::Null, "a connection has none of those");
        // One tool at a time makes trouble.
        for (tool, name) in [("tracker", "Sandbox Tracker"), ("chat", "Sandbox Chat")] {
            call("sandbox_fault", json!({"tool": tool, "fault": "down"})).await.unwrap();
            call("connection_test", json!({"name": name})).await.unwrap();
        }
        assert_eq!(
            faults("Sandbox Tracker").await,
            Circuit::Closed { faults: 1 },
            "one try, as for everything"
        );
        assert_eq!(faults("Sandbox Chat").await, Circuit::Closed { faults: 2 }, "two tries of its own");
        call("engine_settings_set", json!({"connection": "Sandbox Chat", "values": {"circuitFaults": 3}}))
            .await
            .unwrap();
        call("connection_test", json!({"name": "Sandbox Chat"})).await.unwrap();
        let Circuit::Open { pause, .. } = faults("Sandbox Chat").await else {
            panic!("the third fault opens it")
        };
        assert_eq!(pause, Duration::from_secs(14), "seven seconds, doubled by the second try");
        hub.shut_down().await;
    }
    #[tokio::test]
    async fn a_connection_is_checked_as_often_as_its_own_number_says_from_now_on() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call = async |command: &str, request: Value| dispatch(&hub, "default", command, request).await;
        call("sandbox_start", json!({})).await.unwrap();
        let workspace = hub.workspace("default").await.unwrap();
        let (chat, tracker) = ("Sandbox Chat", "Sandbox Tracker");
        let mut keys = Vec::new();
        for name in [chat, tracker] {
            let key = health_key(&workspace.connection(name).await.unwrap().id);
            workspace.store().schedule_add(&key, clock.now() + Duration::from_secs(700)).await.unwrap();
            workspace
                .store()
                .schedules_plan(vec![(key.clone(), clock.now() + Duration::from_secs(700))])
                .await
                .unwrap();
            keys.push(key);
        }
        let planned = async |key| {
            let next = workspace.store().schedule(key).await.unwrap().unwrap().next_at.unwrap();
            next.duration_since(clock.now()).as_secs()
        };
        let expected = async |name: &str| {
            call("health_detail", json!({ "connection": name })).await.unwrap()["expectedEverySeconds"].clone()
        };
        let own = json!({"connection": chat, "values": {CHECKS: 60}});
        call("engine_settings_set", own).await.unwrap();
        assert_eq!((planned(&keys[0]).await, planned(&keys[1]).await), (60, 700));
        let defaults = workspace.knobs().await.unwrap().defaults;
        let seconds = |key: &patchbay_store::ScheduleKey| defaults.health_seconds_of(&key.connection);
        assert_eq!((seconds(&keys[0]), seconds(&keys[1])), (60, 900));
        let shown =
            call("engine_settings_set", json!({"connection": chat, "values": {CHECKS: null}})).await.unwrap();
        assert!(
            shown["settings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["key"] == CHECKS && one["value"].is_null())
        );
        assert_eq!(planned(&keys[0]).await, 900);
        assert_eq!(expected(chat).await, 900);
        call("engine_settings_set", json!({"connection": chat, "values": {CHECKS: 86_400}})).await.unwrap();
        assert_eq!(
            expected(chat).await,
            86_400,
            "what is looked at once a day is not silent after half an hour"
        );
        hub.shut_down().await;
    }
}
