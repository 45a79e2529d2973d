//! A step's fields with what fills them, for the mapping panel.

use std::sync::Arc;

use patchbay_chain::fields::StepFields;
use patchbay_connector::Compiled;
use patchbay_model::StepId;
use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::samples::SampleOrigin;
use crate::{chains, samples};

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
    let found = samples::of_chain(&workspace, Some(&version.id), &version.chain, descriptor_of).await?;
    let nth = request.sample.unwrap_or(0) as usize;
    let fields = patchbay_chain::fields::of_step(&version.chain, index, descriptor_of, &found.values, nth)
        .ok_or_else(missing)?;
    let earlier = || version.chain.steps.iter().take(index).map(|step| step.id.as_str());
    Ok(StepFieldsResponse {
        fields,
        origin: earlier().filter_map(|step| found.origin.get(step)).max().copied(),
        samples: earlier().filter_map(|step| found.values.get(step)).map(Vec::len).max().unwrap_or(0),
    })
}
