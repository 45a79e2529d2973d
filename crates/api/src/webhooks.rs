//! Webhooks of connections: the address, the secret, a test event, and what came.

mod captured;

use std::time::Duration;

use patchbay_auth::webhook::Scheme;
use patchbay_connector::Compiled;
use patchbay_ingest::gateway;
use patchbay_model::connection::Connection;
use patchbay_model::descriptor::{SecretSource, SignedPart, Verification, Webhook, signed_parts};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Event, Timestamp};
use patchbay_store::{DeliveryState, SeenDelivery, WebhookRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connections::ConnectionName;
use crate::gateway::GatewayView;
use crate::hub::{Hub, WeakHub};
use crate::secrets::SecretInput;
use crate::subscriptions;
use crate::workspace::Workspace;

pub use captured::{WebhookCaptured, captured};

/// How long a handshake that brings the secret is waited for.
const WAIT: Duration = Duration::from_secs(10 * 60);
/// The longest time that the secret before the current one may hold.
const MOST_HOURS: u32 = 24 * 7;
/// Deliveries that are shown.
const SHOWN: u32 = 20;
/// Refused calls are counted over so long.
const COUNTED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A connection's webhook.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    /// The connection.
    pub connection: String,
    /// The tool.
    pub tool: String,
    /// Whether deliveries are taken.
    pub enabled: bool,
    /// The address on this computer; none before the webhook was first switched on.
    pub local_url: Option<String>,
    /// The address to enter on the tool's pages, where the user has a tunnel.
    pub public_url: Option<String>,
    /// Whether the tool signs the address to which it sends, so that it must be the one that is set.
    pub signs_address: bool,
    /// How deliveries are told from forgeries: `hmac`, `token`, `standard_webhooks`, `asymmetric`, `none`.
    pub mode: String,
    /// Why nothing proves where a delivery comes from, where that is so.
    pub unverified: Option<String>,
    /// Its secret.
    pub secret: WebhookSecretView,
    /// What to do on the tool's pages.
    pub instructions: Vec<String>,
    /// The vendor's page about it.
    pub help_url: Option<String>,
    /// Whether a test event can be sent: where only the tool can sign, it cannot.
    pub can_test: bool,
    /// Whether an event of the tool's own has come.
    pub has_received: bool,
    /// The latest deliveries, the latest first.
    pub deliveries: Vec<DeliveryView>,
    /// Calls that were refused within seven days, by reason.
    pub refused: Vec<RefusedView>,
    /// Whether the tool can be told our address by calls.
    pub can_subscribe: bool,
    /// The subscription at the tool.
    pub subscription: Option<SubscriptionView>,
    /// How the gateway is.
    pub gateway: GatewayView,
}

/// A webhook's secret, without the secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WebhookSecretView {
    /// Who makes it; none where the tool signs nothing.
    pub source: Option<SecretSource>,
    /// What the tool's pages call it.
    pub label: String,
    /// One sentence below the field.
    pub help_text: Option<String>,
    /// When it was set; none where there is none.
    pub set_at: Option<Timestamp>,
    /// Until when the one before it holds too.
    pub previous_until: Option<Timestamp>,
    /// Until when the tool may bring it.
    pub waiting_until: Option<Timestamp>,
    /// Whether it can be shown now: the tool brought it a moment ago, and its pages ask for it.
    pub can_show: bool,
}

/// A delivery.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// When it came.
    pub at: Timestamp,
    /// `received`, `done`, `ignored` or `failed`.
    pub state: String,
    /// The kinds of events it tells of.
    pub kinds: Vec<String>,
    /// Signals that came of it.
    pub signals: u64,
    /// Items that were put aside.
    pub quarantined: u64,
    /// Why something did not fit.
    pub problem: Option<Problem>,
    /// Whether it was a test of ours.
    pub test: bool,
    /// How large it was, in bytes.
    pub bytes: u64,
}

impl DeliveryView {
    fn of(seen: SeenDelivery) -> Self {
        let result = seen.result.unwrap_or_default();
        let number = |name: &str| result[name].as_u64().unwrap_or_default();
        let state = match seen.state {
            DeliveryState::Received => "received",
            DeliveryState::Done => "done",
            DeliveryState::Ignored => "ignored",
            DeliveryState::Failed => "failed",
        };
        Self {
            at: seen.received_at,
            state: state.to_owned(),
            kinds: serde_json::from_value(result["kinds"].clone()).unwrap_or_default(),
            signals: number("signals"),
            quarantined: number("quarantined"),
            problem: serde_json::from_value(result["problem"].clone()).ok(),
            test: result["test"] == true,
            bytes: seen.bytes,
        }
    }
}

/// Calls that were refused for one reason.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RefusedView {
    /// The reason, such as `signature` or `stale`.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The last time.
    pub last_at: Timestamp,
}

/// A subscription at a tool.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView {
    /// When it ends; it does not where absent.
    pub expires_at: Option<Timestamp>,
}

/// A connection with its connector and its webhook.
struct Found {
    workspace: Workspace,
    connection: Connection,
    compiled: std::sync::Arc<Compiled>,
}

impl Found {
    async fn find(hub: &Hub, workspace: &str, name: &str) -> Result<Self, Problem> {
        let workspace = hub.workspace(workspace).await?;
        let connection = workspace.connection(name).await?;
        let compiled = workspace.connectors().get(&connection.connector)?;
        let found = Self { workspace, connection, compiled };
        found.shape()?;
        Ok(found)
    }

    fn shape(&self) -> Result<&Webhook, Problem> {
        self.compiled.webhook().map(patchbay_connector::webhook::CompiledWebhook::shape).ok_or_else(|| {
            Problem::new(Code::NotOffered)
                .with("tool", &self.compiled.descriptor().name)
                .with("message", "It sends no webhooks.")
                .about(Subject::Connection { name: self.connection.name.clone() })
        })
    }

    fn scheme(&self) -> Result<&Scheme, Problem> {
        self.shape()?;
        self.compiled
            .webhook()
            .map(patchbay_connector::webhook::CompiledWebhook::scheme)
            .ok_or_else(|| Problem::new(Code::Internal))
    }

    async fn row(&self) -> Result<Option<WebhookRow>, Problem> {
        Ok(self.workspace.store().webhook(&self.connection.id).await?)
    }

    /// The webhook's row, made where there is none.
    async fn made(&self) -> Result<WebhookRow, Problem> {
        if let Some(row) = self.row().await? {
            return Ok(row);
        }
        self.workspace.store().webhook_make(&self.connection.id, &gateway::token()?).await?;
        self.row().await?.ok_or_else(|| Problem::new(Code::NotFound).with("item", "The webhook"))
    }

    /// After a change: the gateway knows, it is written down, and the screens read anew.
    async fn changed(&self, hub: &Hub, action: &str) -> Result<(), Problem> {
        hub.gateway().refresh(self.workspace.name()).await?;
        let name = &self.connection.name;
        if let Err(error) = self.workspace.store().audit(action, name, &Value::Null).await {
            tracing::warn!(%error, action, "the audit note could not be written");
        }
        self.workspace.events().emit(Event::WebhookChanged { connection: self.connection.id.clone() });
        Ok(())
    }

    async fn view(&self, hub: &Hub) -> Result<WebhookView, Problem> {
        let shape = self.shape()?;
        let row = self.row().await?;
        let now = hub.clock().now();
        let store = self.workspace.store();
        let deliveries = store.inbox_list(&self.connection.id, SHOWN).await?;
        let deliveries: Vec<DeliveryView> = deliveries.into_iter().map(DeliveryView::of).collect();
        let since = now.checked_sub(COUNTED).unwrap_or(now);
        let refused = store
            .webhook_counts(since)
            .await?
            .into_iter()
            .filter(|count| count.connection.as_ref() == Some(&self.connection.id))
            .filter(|count| !["accepted", "duplicate", "handshake"].contains(&count.outcome.as_str()))
            .map(|count| RefusedView { reason: count.outcome, count: count.count, last_at: count.last_at })
            .collect();
        let (local, public) = match &row {
            Some(row) => hub.gateway().addresses(&self.connection.connector, &row.token),
            None => (None, None),
        };
        let signs_address = shape.verify.ways().iter().any(|way| {
            let signed = way.signed().and_then(|signed| signed_parts(signed).ok());
            signed.is_some_and(|parts| parts.contains(&SignedPart::Url))
        });
        let ahead = |time: Option<Timestamp>| time.filter(|time| now < *time);
        let needs_secret = shape.verify.needs_secret();
        Ok(WebhookView {
            connection: self.connection.name.clone(),
            tool: self.compiled.descriptor().name.clone(),
            enabled: row.as_ref().is_some_and(|row| row.enabled),
            local_url: local.map(String::from),
            public_url: public.map(String::from),
            signs_address,
            mode: shape.verify.mode().to_owned(),
            unverified: match &shape.verify {
                Verification::None(open) => Some(open.because.clone()),
                _ => None,
            },
            secret: WebhookSecretView {
                source: needs_secret.then_some(shape.secret.source),
                label: shape.secret.label.clone().unwrap_or_else(|| "Secret".to_owned()),
                help_text: shape.secret.help_text.clone(),
                set_at: row.as_ref().and_then(|row| row.secret_at),
                previous_until: ahead(row.as_ref().and_then(|row| row.previous_until)),
                waiting_until: ahead(row.as_ref().and_then(|row| row.capture_until)),
                can_show: row.as_ref().is_some_and(|row| captured::is_shown(shape, row, now)),
            },
            instructions: shape.instructions.clone(),
            help_url: shape.help_url.clone(),
            can_test: self.scheme()?.can_sign(),
            has_received: deliveries.iter().any(|delivery| !delivery.test),
            deliveries,
            refused,
            can_subscribe: shape.subscription.is_some(),
            subscription: row
                .filter(|row| row.subscription.is_some())
                .map(|row| SubscriptionView { expires_at: row.expires_at }),
            gateway: GatewayView::of(hub.gateway()),
        })
    }
}

/// Shows a connection's webhook.
pub async fn show(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookView, Problem> {
    Found::find(hub, workspace, &request.name).await?.view(hub).await
}

/// Whether a webhook takes deliveries.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct WebhookEnableRequest {
    /// The connection.
    pub name: String,
    /// Whether deliveries are taken from now on.
    pub enabled: bool,
}

/// Switches a connection's webhook on or off. Its address stays the same. Where the tool brings the
/// secret, it is waited for from now on.
pub async fn enable(hub: &Hub, workspace: &str, request: WebhookEnableRequest) -> Result<WebhookView, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    let row = found.made().await?;
    let (store, id) = (found.workspace.store(), &found.connection.id);
    store.webhook_enable(id, request.enabled).await?;
    if request.enabled && row.sealed.is_none() && found.shape()?.secret.source == SecretSource::Captured {
        store.webhook_capture(id, Some(hub.clock().now() + WAIT)).await?;
    }
    found.changed(hub, if request.enabled { "webhook_enabled" } else { "webhook_disabled" }).await?;
    found.view(hub).await
}

/// A secret for a webhook.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookSecretRequest {
    /// The connection.
    pub name: String,
    /// The secret that the tool's pages show; we make one where absent.
    #[serde(default)]
    pub secret: Option<SecretInput>,
    /// For how many hours the secret before it holds too, at most 168. Not at all where absent.
    #[serde(default)]
    pub keep_previous_hours: Option<u32>,
}

/// A webhook with its new secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WebhookSecretSet {
    /// The webhook.
    pub webhook: WebhookView,
    /// The secret, where we made it: to be entered on the tool's pages. It is shown this once.
    pub made: Option<String>,
}

/// Sets a webhook's secret: the one given, or one that we make, which is told this once.
pub async fn secret(
    hub: &Hub,
    workspace: &str,
    request: WebhookSecretRequest,
) -> Result<WebhookSecretSet, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    let row = found.made().await?;
    let invalid = |message: &str| {
        Problem::new(Code::InputInvalid)
            .with("field", "The secret")
            .with("message", message)
            .about(Subject::Field { name: "secret".into() })
    };
    let hours = request.keep_previous_hours.unwrap_or(0);
    if hours > MOST_HOURS {
        return Err(invalid("The one before it holds a week at most."));
    }
    let scheme = found.scheme()?;
    let (authoriser, id) = (found.workspace.authoriser(), &found.connection.id);
    let sealing = found.workspace.seals().read().await;
    let before = match (hours, row.sealed.as_ref()) {
        (0, _) | (_, None) => None,
        (_, sealed) => {
            Some(authoriser.webhook_secrets(id, sealed, row.previous_until).await.map_err(Problem::from)?)
        }
    };
    let (sealed, made) = if let Some(given) = request.secret {
        let given = given.into_secret();
        scheme.takes(&given).map_err(invalid)?;
        (authoriser.seal_webhook(id, &given, before.as_ref()).await.map_err(Problem::from)?, None)
    } else {
        let (sealed, made) =
            authoriser.make_webhook_secret(id, scheme, before.as_ref()).await.map_err(Problem::from)?;
        (sealed, Some(made))
    };
    let until = before.map(|_| hub.clock().now() + Duration::from_secs(u64::from(hours) * 3_600));
    found.workspace.store().webhook_secret_set(id, &sealed, until).await?;
    drop(sealing);
    found.changed(hub, "webhook_secret_set").await?;
    Ok(WebhookSecretSet {
        webhook: found.view(hub).await?,
        made: made.map(patchbay_auth::webhook::MadeSecret::show_once),
    })
}

/// Lets the secret before the current one hold no longer.
pub async fn end_previous(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookView, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    let row = found.made().await?;
    let (authoriser, id) = (found.workspace.authoriser(), &found.connection.id);
    let sealing = found.workspace.seals().read().await;
    let secrets =
        authoriser.webhook_secrets(id, row.sealed.as_ref(), row.previous_until).await.map_err(Problem::from)?;
    if let Some(sealed) = authoriser.end_previous(id, &secrets).await.map_err(Problem::from)? {
        found.workspace.store().webhook_secret_set(id, &sealed, None).await?;
    }
    drop(sealing);
    found.changed(hub, "webhook_previous_secret_ended").await?;
    found.view(hub).await
}

/// Waits ten minutes for the tool to bring its secret.
pub async fn wait(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookView, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    found.made().await?;
    if found.shape()?.secret.source != SecretSource::Captured {
        return Err(Problem::new(Code::NotOffered)
            .with("tool", &found.compiled.descriptor().name)
            .with("message", "It does not bring its secret by itself."));
    }
    let until = hub.clock().now() + WAIT;
    found.workspace.store().webhook_capture(&found.connection.id, Some(until)).await?;
    found.changed(hub, "webhook_secret_awaited").await?;
    found.view(hub).await
}

/// Gives a webhook another address. What is sent to the one before is refused from now on.
pub async fn new_address(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookView, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    found.made().await?;
    found.workspace.store().webhook_move(&found.connection.id, &gateway::token()?).await?;
    found.changed(hub, "webhook_address_changed").await?;
    found.view(hub).await
}

/// Asks the tool to send to our address.
pub async fn subscribe(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookView, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    let row = found.made().await?;
    if row.sealed.is_none() && found.shape()?.secret.source == SecretSource::Captured {
        // It comes while the tool is asked.
        let until = hub.clock().now() + WAIT;
        found.workspace.store().webhook_capture(&found.connection.id, Some(until)).await?;
        hub.gateway().refresh(found.workspace.name()).await?;
    }
    subscriptions::subscribe(hub, &found.workspace, &request.name).await?;
    found.changed(hub, "webhook_subscribed").await?;
    found.view(hub).await
}

/// Asks the tool to stop.
pub async fn unsubscribe(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookView, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    found.made().await?;
    if subscriptions::unsubscribe(hub, &found.workspace, &request.name).await? {
        found.changed(hub, "webhook_unsubscribed").await?;
    }
    found.view(hub).await
}

/// Tells a tool that is asked no more, when its connection ends. One that cannot be reached keeps nobody
/// here: what it still sends finds no address.
pub(crate) async fn let_go(hub: &Hub, workspace: &Workspace, connection: &Connection) {
    let subscribed = workspace.store().webhook(&connection.id).await.ok().flatten();
    if subscribed.is_none_or(|row| row.subscription.is_none()) {
        return;
    }
    if let Err(problem) = subscriptions::unsubscribe(hub, workspace, &connection.name).await {
        tracing::warn!(connection = %connection.id, %problem, "a subscription is not ended at the tool");
    }
}

/// How often to look whether a subscription is to be renewed.
const RENEWAL_CHECK: Duration = Duration::from_secs(10 * 60);

/// Renews subscriptions before they end, as long as the workspace is open.
pub(crate) async fn keep_subscribed(hub: WeakHub, workspace: String) {
    loop {
        tokio::time::sleep(RENEWAL_CHECK).await;
        let Some(hub) = hub.upgrade() else { return };
        if let Err(problem) = renew_due(&hub, &workspace).await {
            tracing::warn!(workspace, %problem, "subscriptions are not renewed now");
        }
    }
}

/// Renews what is due; one that fails does not keep the others back.
pub(crate) async fn renew_due(hub: &Hub, workspace: &str) -> Result<usize, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut renewed = 0;
    for row in workspace.store().webhooks().await? {
        let Some(connection) = workspace.store().connection(&row.connection).await? else { continue };
        let Ok(compiled) = workspace.connectors().get(&connection.connector) else { continue };
        let shape = compiled.webhook().map(patchbay_connector::webhook::CompiledWebhook::shape);
        let Some(subscription) = shape.and_then(|shape| shape.subscription.as_ref()) else { continue };
        if row.subscription.is_none() || !subscriptions::is_due(subscription, &row, hub.clock().now()) {
            continue;
        }
        let result = subscriptions::renew(hub, &workspace, &connection.name).await;
        subscriptions::note_renewal(&workspace, &connection, result.as_ref().err()).await?;
        match result {
            Ok(()) => renewed += 1,
            Err(problem) => {
                tracing::warn!(connection = %connection.id, %problem, "a subscription is not renewed now");
            }
        }
        workspace.events().emit(Event::WebhookChanged { connection: connection.id });
    }
    Ok(renewed)
}

/// What a test event showed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WebhookTested {
    /// The status with which the gateway answered.
    pub status: u16,
    /// Whether it was taken.
    pub accepted: bool,
    /// The signals that would come of it.
    pub signals: u64,
    /// The lines that these would have.
    pub summaries: Vec<String>,
    /// Why something did not fit.
    pub problem: Option<Problem>,
}

/// Sends a test event to a connection's webhook: signed with the stored secret, through the gateway itself.
/// Nothing of it is kept.
pub async fn test(hub: &Hub, workspace: &str, request: ConnectionName) -> Result<WebhookTested, Problem> {
    let found = Found::find(hub, workspace, &request.name).await?;
    found.made().await?;
    // A process that lives for one command only takes the workspace in for it.
    hub.begin_gateway_for(&found.workspace).await?;
    let sent = hub
        .gateway()
        .send_test(found.workspace.name(), &found.connection.id)
        .await
        .map_err(|problem| problem.about(Subject::Connection { name: found.connection.name.clone() }))?;
    let result = sent.result.unwrap_or_default();
    Ok(WebhookTested {
        status: sent.status,
        accepted: (200..300).contains(&sent.status),
        signals: result["signals"].as_u64().unwrap_or_default(),
        summaries: serde_json::from_value(result["summaries"].clone()).unwrap_or_default(),
        problem: serde_json::from_value(result["problem"].clone()).ok(),
    })
}
