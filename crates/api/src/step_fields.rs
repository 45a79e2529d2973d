//! A step's fields with what fills them, for the mapping panel.

use std::sync::Arc;

use patchbay_chain::fields::StepFields;
use patchbay_connector::Compiled;
use patchbay_model::StepId;
use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::samples::SampleOrigin;
use crate::{chains, runs, samples};

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
}

/// A step's fields with what fills them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StepFieldsResponse {
    /// The fields.
    pub fields: StepFields,
    /// Where the samples come from; none where there are none.
    pub origin: Option<SampleOrigin>,
    /// How many samples there are.
    pub samples: usize,
}

/// Shows a step's fields with what fills them.
pub async fn fields(
    hub: &Hub,
    workspace: &str,
    request: ChainStepRequest,
) -> Result<StepFieldsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let version = chains::find(&workspace, &request.chain).await?;
    let connectors = chains::connectors_of(&workspace, &version.chain).await?;
    let descriptor_of = |name: &str| connectors.get(name).map(|c: &Arc<Compiled>| c.descriptor().as_ref());
    let missing = || {
        Problem::new(Code::NotFound)
            .with("item", format!("The step \"{}\"", request.step))
            .about(Subject::Chain { id: request.chain.clone(), step: Some(request.step.to_string()) })
    };
    let (index, _) = version.chain.step(&request.step).ok_or_else(missing)?;
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
    let fields = patchbay_chain::fields::of_step(&version.chain, index, descriptor_of, &found.values, nth)
        .ok_or_else(missing)?;
    let earlier = || {
        let steps = version.chain.steps.iter().take(index).map(|step| step.id.as_str());
        steps.chain(std::iter::once(patchbay_chain::mapping::TRIGGER))
    };
    Ok(StepFieldsResponse {
        fields,
        origin: earlier().filter_map(|step| found.origin.get(step)).max().copied(),
        samples: earlier().filter_map(|step| found.values.get(step)).map(Vec::len).max().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use patchbay_model::time::ManualClock;
    use serde_json::{Value, json};

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
}
