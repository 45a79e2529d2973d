//! A step's fields with what fills them, for the mapping panel.

use std::sync::Arc;

use patchbay_chain::fields::{StepFields, TargetField};
use patchbay_chain::reached::Reached;
use patchbay_connector::Compiled;
use patchbay_map::Schema;
use patchbay_model::StepId;
use patchbay_model::chain::{Chain, FieldMap};
use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hub::Hub;
use crate::privacy::Privacy;
use crate::samples::SampleOrigin;
use crate::{chains, runs, samples};

mod hidden;

/// One step of a chain.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ChainStepRequest {
    /// The chain, by identifier or name.
    pub chain: String,
    /// The step.
    pub step: StepId,
    /// Which sample to show, from 0.
    #[serde(default)]
    pub sample: Option<u32>,
    /// The signal that stands for what starts the chain, by its number.
    #[serde(default)]
    pub signal: Option<i64>,
    /// The run whose results stand for what steps give.
    #[serde(default)]
    pub run: Option<String>,
    /// Where one field comes from, tried in the place of what is kept. Nothing is saved.
    #[serde(default)]
    pub map: Option<FieldMap>,
}

/// A step's fields with what fills them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StepFieldsResponse {
    /// The fields.
    pub fields: StepFields,
    /// Where the samples come from; none where there are none.
    pub origin: Option<SampleOrigin>,
    /// How many samples there are.
    pub samples: usize,
    /// The sources that are private or hold something private, by their paths.
    pub private_sources: Vec<String>,
    /// The fields whose values are private or made of something private, by their targets.
    pub private_targets: Vec<String>,
}

/// Shows a step's fields with what fills them.
pub async fn fields(
    hub: &Hub,
    workspace: &str,
    request: ChainStepRequest,
) -> Result<StepFieldsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut version = chains::find(&workspace, &request.chain).await?;
    if let Some(map) = request.map {
        attempt(&mut version.chain, &request.step, map);
    }
    let version = version;
    let connectors = chains::connectors_of(&workspace, &version.chain).await?;
    let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
    let missing = || {
        Problem::new(Code::NotFound)
            .with("item", format!("The step \"{}\"", request.step))
            .about(Subject::Chain { id: request.chain.clone(), step: Some(request.step.to_string()) })
    };
    let (index, step) = version.chain.step(&request.step).ok_or_else(missing)?;
    let mut found = samples::of_chain(&workspace, Some(&version.id), &version.chain, descriptor_of).await?;
    if let Some(run) = &request.run {
        let run = runs::of_chain(&workspace, run, &version.id).await?;
        found.choose_run(&workspace, &run, &version.chain).await?;
    }
    if let Some(id) = request.signal
        && let Some(chosen) = workspace.store().signal(id).await?
    {
        found.choose(&chosen.signal);
    }
    let nth = request.sample.unwrap_or(0) as usize;
    let mut fields = patchbay_chain::fields::of_step(&version.chain, index, descriptor_of, &found.values, nth)
        .ok_or_else(missing)?;
    if let Some(operation) = descriptor_of(&step.connection).and_then(|own| own.operation(&step.operation)) {
        judge(&mut fields, &operation.params);
    }
    let privacy = Privacy::of_chain(&workspace, &version.chain, &Reached::default()).await?;
    let earlier = || {
        let steps = version.chain.steps.iter().take(index).map(|step| step.id.as_str());
        steps.chain(std::iter::once(patchbay_chain::mapping::TRIGGER))
    };
    Ok(StepFieldsResponse {
        origin: earlier().filter_map(|step| found.origin.get(step)).max().copied(),
        samples: earlier().filter_map(|step| found.values.get(step)).map(Vec::len).max().unwrap_or(0),
        private_sources: hidden::sources(&fields, step, &privacy),
        private_targets: hidden::targets(&fields, step, &privacy),
        fields,
    })
}

/// Puts a mapping first among those of a step: what is found for its field is this one.
fn attempt(chain: &mut Chain, step: &StepId, map: FieldMap) {
    if let Some(step) = chain.all_steps_mut().find(|own| own.id == *step) {
        step.mapping.retain(|own| own.target != map.target);
        step.mapping.insert(0, map);
    }
}

/// Says of each value that the action would refuse why it does. What is missing is said by the check. Nothing is
/// held against example data: the service has not given it.
fn judge(fields: &mut StepFields, params: &Value) {
    // A schema that cannot be used is a fault of the connector's definition, which has its own words.
    let Ok(schema) = Schema::compile(params) else { return };
    let mut sent = Value::Object(Map::new());
    for field in fields.targets.iter().filter(|own| !own.example) {
        if let (Some(value), None) = (&field.result, &field.trouble) {
            put(&mut sent, &field.target, value.clone());
        }
    }
    let Err(misfits) = schema.check(&sent) else { return };
    let given = |own: &&mut TargetField| own.result.is_some() && own.trouble.is_none() && !own.example;
    for field in fields.targets.iter_mut().filter(given) {
        let within = |pointer: &str| {
            pointer
                .strip_prefix(field.target.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        field.trouble =
            misfits.iter().find(|misfit| within(&misfit.pointer)).map(|misfit| misfit.message.clone());
    }
}

/// Puts a value where a JSON pointer (RFC 6901) leads, with the groups on the way.
fn put(into: &mut Value, pointer: &str, value: Value) {
    let mut at = into;
    for key in pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")) {
        let Value::Object(members) = at else { return };
        at = members.entry(key).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value;
}

#[cfg(test)]
mod tests {
    use patchbay_model::time::ManualClock;
    use serde_json::json;

    use super::*;
    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn a_signal_that_was_chosen_stands_for_what_starts_the_chain() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call =
            async |command: &str, request: Value| dispatch(&hub, "default", command, request).await.unwrap();
        call("sandbox_start", json!({})).await;
        call("connection_sync", json!({"name": "Sandbox Tracker"})).await;
        let found = call("signal_search", json!({"filter": {}})).await;
        let signals = found["signals"].as_array().unwrap();
        assert!(signals.len() > 2, "{found}");
        let chain = json!({"schema": 1, "name": "Tell", "trigger": {"type": "signal", "connection": "Sandbox Tracker"},
            "steps": [{"id": "tell", "connection": "Sandbox Chat", "operation": "send_message",
                "mapping": [{"target": "/text", "source": {"type": "path", "path": "$.input.summary"}}]}]});
        let id = call("chain_import", json!({ "chain": chain })).await["id"].clone();
        let fields = async |signal: Option<&Value>| {
            let request =
                json!({"chain": id, "step": "tell", "signal": signal.map(|signal| signal["id"].clone())});
            let answer = call("chain_fields", request).await;
            let text = answer["fields"]["targets"].as_array().unwrap().iter().find(|f| f["target"] == "/text");
            let result = text.unwrap()["result"].clone();
            let sources = answer["fields"]["sources"].as_array().unwrap().iter();
            let offered = sources.filter(|group| group["label"] == "What starts it").count();
            (answer["origin"].clone(), result, offered)
        };
        let last = signals.last().unwrap();
        assert_eq!(fields(Some(last)).await, (json!("chosen"), last["summary"].clone(), 1));
        let (origin, result, offered) = fields(None).await;
        assert_eq!((origin, offered), (json!("signals"), 1), "else the last signals of its connection");
        assert!(signals.iter().any(|signal| signal["summary"] == result), "{result}");
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn a_source_is_tried_without_being_saved_and_the_engine_says_what_is_wrong_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call =
            async |command: &str, request: Value| dispatch(&hub, "default", command, request).await.unwrap();
        call("sandbox_start", json!({})).await;
        call("connection_sync", json!({"name": "Sandbox Tracker"})).await;
        let kept = json!({"target": "/text", "source": {"type": "template", "template": "New"}});
        let chain = json!({"schema": 1, "name": "Tell", "trigger": {"type": "signal", "connection": "Sandbox Tracker"},
            "steps": [{"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "mapping": [kept]}]});
        let id = call("chain_import", json!({ "chain": chain })).await["id"].clone();
        let with = async |source: Value| {
            let map = json!({"target": "/text", "source": source});
            let answer = call("chain_fields", json!({"chain": id, "step": "tell", "map": map})).await;
            let targets = answer["fields"]["targets"].as_array().unwrap().clone();
            let field = targets.into_iter().find(|field| field["target"] == "/text").unwrap();
            (field["result"].clone(), field["trouble"].as_str().unwrap_or_default().to_owned())
        };
        let template = async |text: &str| with(json!({"type": "template", "template": text})).await;
        let (result, trouble) = template("A: {{ input.summary|upper }}").await;
        let text = result.as_str().unwrap();
        assert!(
            text.len() > 3 && text.starts_with("A: ") && text.to_uppercase() == text && trouble.is_empty(),
            "{text} {trouble}"
        );
        assert!(template("{{ input.summary").await.1.contains("do not match"), "what is not finished is said");
        assert!(template("{{ input.nothing }} x").await.1.contains("input.nothing is absent"));
        let (result, trouble) = with(json!({"type": "fixed", "value": 3})).await;
        assert_eq!(result, 3);
        assert!(trouble.contains("string"), "the action would refuse it: {trouble}");
        let document = call("chain_export", json!({"chain": id})).await;
        assert_eq!(document["version"], 1, "nothing was saved");
        assert_eq!(document["chain"]["steps"][0]["mapping"][0]["source"]["template"], "New");
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn where_no_data_was_seen_yet_the_example_that_stands_there_is_called_one() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call =
            async |command: &str, request: Value| dispatch(&hub, "default", command, request).await.unwrap();
        call("sandbox_start", json!({})).await;
        // One thing that was read: nobody has its samples before a run.
        let chain = json!({"schema": 1, "name": "Tell", "steps": [
            {"id": "get", "connection": "Sandbox Tracker", "operation": "get_issue"},
            {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "mapping": [
                {"target": "/text", "source": {"type": "template", "template": "New: {{ steps.get.title }}"}},
                {"target": "/channel", "source": {"type": "fixed", "value": 3}}]}]});
        let id = call("chain_import", json!({ "chain": chain })).await["id"].clone();
        let answer = call("chain_fields", json!({"chain": id, "step": "tell"})).await;
        assert_eq!((&answer["origin"], &answer["samples"]), (&Value::Null, &json!(0)), "{answer:#}");
        assert_eq!(answer["fields"]["sources"][0]["example"], json!(true));
        // A title need not be a number: that the example is none says nothing of what will come.
        let number = json!({"target": "/text", "convert": "number",
            "source": {"type": "path", "path": "$.steps.get.title"}});
        let tried = call("chain_fields", json!({"chain": id, "step": "tell", "map": number})).await;
        let targets = tried["fields"]["targets"].as_array().unwrap();
        let text = targets.iter().find(|field| field["target"] == "/text").unwrap();
        assert_eq!((&text["example"], &text["trouble"]), (&json!(true), &Value::Null), "{text:#}");
        let targets = answer["fields"]["targets"].as_array().unwrap();
        let of = |target: &str| targets.iter().find(|field| field["target"] == target).unwrap();
        assert_eq!(
            (&of("/text")["result"], &of("/text")["example"]),
            (&json!("New: Example title"), &json!(true))
        );
        assert_eq!(of("/channel")["example"], json!(false));
        assert!(of("/channel")["trouble"].is_string(), "what is no example is judged: {}", of("/channel"));
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn what_is_private_of_samples_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call =
            async |command: &str, request: Value| dispatch(&hub, "default", command, request).await.unwrap();
        call("sandbox_start", json!({})).await;
        let chain = json!({"schema": 1, "name": "Tell", "steps": [
            {"id": "find", "connection": "Sandbox Tracker", "operation": "list_issues"},
            {"id": "tell", "connection": "Sandbox Chat", "operation": "send_message", "forEach": "find"}]});
        let id = call("chain_import", json!({ "chain": chain })).await["id"].clone();
        let with = async |template: &str| {
            let map = json!({"target": "/text", "source": {"type": "template", "template": template}});
            let answer = call("chain_fields", json!({"chain": id, "step": "tell", "map": map})).await;
            let targets = answer["privateTargets"].as_array().unwrap().contains(&json!("/text"));
            (targets, answer["privateSources"].clone())
        };
        let (hidden, sources) = with("{{ item.author.email }} wrote").await;
        assert!(hidden, "a text with something private in it is private");
        assert_eq!(sources, json!(["$.item.author.email"]));
        assert!(!with("{{ item.title }}").await.0);
        for whole in ["{{ item }}", "{{ item|json }}", "{{ item.author }}"] {
            assert!(with(whole).await.0, "{whole} holds what is private");
        }
        hub.shut_down().await;
    }
}
