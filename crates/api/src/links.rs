//! Pages that open in the system's browser.

use patchbay_model::Problem;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// A page to open.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct UrlOpenRequest {
    /// Its address. The host opens `https:` only, and `http:` on this computer.
    pub url: String,
}

/// The page was handed to the browser.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct UrlOpened {
    /// Its address.
    pub url: String,
}

/// Opens a page in the system's browser.
pub async fn open(hub: &Hub, _: &str, request: UrlOpenRequest) -> Result<UrlOpened, Problem> {
    hub.host().open_url(&request.url)?;
    Ok(UrlOpened { url: request.url })
}
