//! How large the window shows everything.

use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// The smallest and the largest size.
const RANGE: std::ops::RangeInclusive<f64> = 0.5..=3.0;

/// How large.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Zoom {
    /// 1 is the usual size; 0.5 to 3.
    pub factor: f64,
}

/// Shows everything larger or smaller.
pub async fn set(hub: &Hub, _: &str, request: Zoom) -> Result<Zoom, Problem> {
    if !RANGE.contains(&request.factor) {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The size")
            .with("message", "Use 0.5 to 3.")
            .about(Subject::Field { name: "factor".into() }));
    }
    hub.host().zoom(request.factor)?;
    Ok(request)
}
