//! A webhook's secret that the tool brought, shown while its pages ask for it.

use patchbay_model::Timestamp;
use patchbay_model::descriptor::Webhook;
use patchbay_model::problem::{Code, Problem};
use patchbay_store::WebhookRow;
use serde::Serialize;

use super::{Found, WAIT};
use crate::connections::ConnectionName;
use crate::hub::Hub;

/// A webhook's secret that the tool brought.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WebhookCaptured {
    /// The secret, to be entered on the tool's pages.
    pub secret: String,
}

/// Whether a secret that the tool brought may be shown at `now`.
pub(super) fn is_shown(shape: &Webhook, row: &WebhookRow, now: Timestamp) -> bool {
    let since = row.secret_at.filter(|_| row.sealed.is_some());
    let fresh = since.is_some_and(|at| at.checked_add(WAIT).is_ok_and(|end| now < end));
    fresh && shape.handshakes.iter().any(|handshake| handshake.capture && handshake.shown)
}

/// Shows the secret that a tool has just brought, where its pages ask for it.
pub async fn captured(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookCaptured, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    let refused = || {
        Problem::new(Code::NotOffered)
            .with("tool", &found.compiled.descriptor().name)
            .with("message", "Its secret is shown for ten minutes after it came. Wait for it once more.")
    };
    let row = found.row().await?.ok_or_else(refused)?;
    if !is_shown(found.shape()?, &row, hub.clock().now()) {
        return Err(refused());
    }
    let authoriser = found.workspace.authoriser();
    let opened = authoriser.webhook_secrets(&found.connection.id, row.sealed.as_ref(), None);
    let secret = opened.await.map_err(Problem::from)?.shown().ok_or_else(refused)?;
    found.changed(hub, "webhook_secret_shown").await?;
    Ok(WebhookCaptured { secret: secret.show_once() })
}
