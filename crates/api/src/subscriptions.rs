//! Subscriptions of webhooks: tools that are told our address by calls, told again in time, and told no
//! more when the connection ends.

use std::collections::BTreeMap;
use std::time::Duration;

use patchbay_connector::Target;
use patchbay_connector::webhook::CompiledWebhook;
use patchbay_map::{JsonTemplate, Path, parse_time};
use patchbay_model::descriptor::{Subscription, Webhook};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::Outcome;
use patchbay_model::{Connection, Timestamp};
use patchbay_store::{AuditEntry, AuditFilter, WebhookRow};
use serde::Serialize;
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::workspace::Workspace;

/// How long to wait for the tool.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks the tool to send to our address, and notes what it says.
pub(crate) async fn subscribe(hub: &Hub, workspace: &Workspace, name: &str) -> Result<(), Problem> {
    let (target, webhook, row) = found(workspace, name).await?;
    let subscription = declared(&target, &webhook)?;
    let subscribe = &subscription.subscribe;
    let scope = scope(hub, &target, subscription, &row, None)?;
    let mut planned = plan(workspace, &target, &subscribe.operation, &subscribe.params, &scope)?;
    if let Some(pointer) = &subscribe.secret_at {
        planned = planned.with_webhook_secret(pointer);
    }
    let called = workspace.engine().call(&target, &planned, None, PATIENCE).await;
    let result = done(called.outcome)?;
    let id = Path::compile(&subscribe.id_path)
        .map_err(Problem::from)?
        .first(&result)
        .filter(|id| id.is_string() || id.is_number())
        .cloned()
        .ok_or_else(|| {
            Problem::new(Code::SchemaMismatch)
                .with("tool", &target.descriptor.descriptor().name)
                .with("field", &subscribe.id_path)
                .with("message", "The answer does not say what the subscription is called.")
        })?;
    let ends = ends(subscription, &result)?;
    let kept = json!({ "id": id, "at": hub.clock().now(), "address": scope["webhook"]["address"] });
    let connection = &target.connection.id;
    // First what lets us end it again, whatever becomes of the secret.
    workspace.store().webhook_subscribed(connection, Some(&kept), ends).await?;
    let Some(path) = &subscribe.secret_path else { return Ok(()) };
    let secret = called.secret.ok_or_else(|| {
        Problem::new(Code::SchemaMismatch)
            .with("tool", &target.descriptor.descriptor().name)
            .with("field", path)
            .with("message", "The answer does not bring the secret. Enter it where the tool's pages show it.")
    })?;
    let sealing = workspace.seals().read().await;
    let scheme = target.descriptor.webhook().map(CompiledWebhook::scheme).ok_or(Code::Internal)?;
    let authoriser = workspace.authoriser();
    let sealed = authoriser.seal_brought(connection, scheme, &secret).await.map_err(Problem::from)?;
    workspace.store().webhook_secret_set(connection, &sealed, None).await?;
    drop(sealing);
    hub.gateway().refresh(workspace.name()).await?;
    Ok(())
}

/// Asks the tool to go on, where it has to be asked, and notes until when.
pub(crate) async fn renew(hub: &Hub, workspace: &Workspace, name: &str) -> Result<(), Problem> {
    let (target, webhook, row) = found(workspace, name).await?;
    let subscription = declared(&target, &webhook)?;
    let Some(renew) = &subscription.renew else { return Ok(()) };
    let scope = scope(hub, &target, subscription, &row, row.subscription.as_ref())?;
    let planned = plan(workspace, &target, &renew.operation, &renew.params, &scope)?;
    match done(workspace.engine().call(&target, &planned, None, PATIENCE).await.outcome) {
        Ok(result) => {
            let ends = ends(subscription, &result)?;
            workspace
                .store()
                .webhook_subscribed(&target.connection.id, row.subscription.as_ref(), ends)
                .await?;
            Ok(())
        }
        // It has ended at the tool: another one takes its place.
        Err(problem) if problem.code() == Code::NotFound => subscribe(hub, workspace, name).await,
        Err(problem) => Err(problem),
    }
}

/// Asks the tool to stop, where it was asked to send; says whether it was.
pub(crate) async fn unsubscribe(hub: &Hub, workspace: &Workspace, name: &str) -> Result<bool, Problem> {
    let (target, webhook, row) = found(workspace, name).await?;
    let Some(kept) = &row.subscription else { return Ok(false) };
    let subscription = declared(&target, &webhook)?;
    if let Some(end) = &subscription.unsubscribe {
        let scope = scope(hub, &target, subscription, &row, Some(kept))?;
        let planned = plan(workspace, &target, &end.operation, &end.params, &scope)?;
        match done(workspace.engine().call(&target, &planned, None, PATIENCE).await.outcome) {
            Ok(_) => {}
            Err(problem) if problem.code() == Code::NotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    workspace.store().webhook_subscribed(&target.connection.id, None, None).await?;
    Ok(true)
}

/// From when on a subscription is renewed: a while before its end, and never later than halfway. None for one
/// that does not end, or that nobody renews.
fn renewed_from(subscription: &Subscription, row: &WebhookRow) -> Option<Timestamp> {
    let (renew, ends) = (subscription.renew.as_ref()?, row.expires_at?);
    let begun: Option<Timestamp> = row.subscription.as_ref().and_then(|kept| kept["at"].as_str()?.parse().ok());
    let half = begun.map_or(0, |begun| ends.duration_since(begun).as_secs().max(0) / 2);
    let before = u64::from(renew.before_seconds).min(u64::try_from(half).unwrap_or(0));
    ends.checked_sub(Duration::from_secs(before)).ok()
}

/// Whether a subscription is to be renewed at `now`.
pub(crate) fn is_due(subscription: &Subscription, row: &WebhookRow, now: Timestamp) -> bool {
    renewed_from(subscription, row).is_some_and(|from| now >= from)
}

/// How a subscription is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionHealth {
    /// When it ends; none where it does not end by itself.
    pub ends_at: Option<Timestamp>,
    /// From when on it is renewed; none where nobody renews it.
    pub renewed_from: Option<Timestamp>,
    /// Why it was not renewed the last time; none where it was.
    pub problem: Option<Problem>,
}

/// How the subscription of a connection's webhook is; none where there is none.
pub(crate) async fn health(
    workspace: &Workspace,
    connection: &Connection,
) -> Result<Option<SubscriptionHealth>, Problem> {
    let Some(row) = workspace.store().webhook(&connection.id).await? else { return Ok(None) };
    if row.subscription.is_none() {
        return Ok(None);
    }
    let compiled = workspace.connectors().get(&connection.connector).ok();
    let shape = compiled.as_ref().and_then(|compiled| Some(compiled.webhook()?.shape()));
    let declared = shape.and_then(|shape| shape.subscription.as_ref());
    let last = last_renewal(workspace, connection).await?;
    Ok(Some(SubscriptionHealth {
        ends_at: row.expires_at,
        renewed_from: declared.and_then(|subscription| renewed_from(subscription, &row)),
        problem: last
            .filter(|act| act.action == NOT_RENEWED)
            .and_then(|act| serde_json::from_value(act.detail["problem"].clone()).ok()),
    }))
}

const RENEWED: &str = "webhook_renewed";
const NOT_RENEWED: &str = "webhook_renewal_failed";

/// What the trail says of the last renewal.
async fn last_renewal(workspace: &Workspace, connection: &Connection) -> Result<Option<AuditEntry>, Problem> {
    let of = async |action: &str| {
        let filter = AuditFilter {
            subject: Some(connection.name.clone()),
            connection: Some(connection.id.clone()),
            action: Some(action.to_owned()),
            limit: 1,
            ..AuditFilter::default()
        };
        workspace.store().audit_find(filter).await
    };
    let mut acts = of(RENEWED).await?;
    acts.extend(of(NOT_RENEWED).await?);
    // Made anew by hand, what went before is over.
    acts.extend(of("webhook_subscribed").await?);
    Ok(acts.into_iter().max_by_key(|act| act.id))
}

/// Writes down what came of a renewal. One that fails for the same reason as before is there already.
pub(crate) async fn note_renewal(
    workspace: &Workspace,
    connection: &Connection,
    problem: Option<&Problem>,
) -> Result<(), Problem> {
    let Some(problem) = problem else {
        let detail = json!({ "connection": connection.id });
        workspace.store().audit(RENEWED, &connection.name, &detail).await?;
        return Ok(());
    };
    let last = last_renewal(workspace, connection).await?;
    let code = json!(problem.code());
    if last.is_some_and(|act| act.action == NOT_RENEWED && act.detail["problem"]["code"] == code) {
        return Ok(());
    }
    let detail = json!({ "connection": connection.id, "problem": problem });
    workspace.store().audit(NOT_RENEWED, &connection.name, &detail).await?;
    Ok(())
}

async fn found(workspace: &Workspace, name: &str) -> Result<(Target, Webhook, WebhookRow), Problem> {
    let target = workspace.target(name).await?;
    let not_found = || {
        Problem::new(Code::NotFound)
            .with("item", "The webhook")
            .about(Subject::Connection { name: name.to_owned() })
    };
    let webhook = target.descriptor.webhook().ok_or_else(not_found)?.shape().clone();
    let row = workspace.store().webhook(&target.connection.id).await?.ok_or_else(not_found)?;
    Ok((target, webhook, row))
}

fn declared<'w>(target: &Target, webhook: &'w Webhook) -> Result<&'w Subscription, Problem> {
    webhook.subscription.as_ref().ok_or_else(|| {
        Problem::new(Code::NotOffered)
            .with("tool", &target.descriptor.descriptor().name)
            .with("message", "Its address is entered on the tool's own pages.")
    })
}

/// What the parameters may use.
fn scope(
    hub: &Hub,
    target: &Target,
    subscription: &Subscription,
    row: &WebhookRow,
    kept: Option<&Value>,
) -> Result<Value, Problem> {
    let (local, public) = hub.gateway().addresses(&target.connection.connector, &row.token);
    // A tool on this computer reaches us here; any other needs the tunnel.
    let near = target.connection.origins.iter().all(|origin| {
        ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|start| origin.starts_with(start))
    });
    let address = if near { local } else { public }.map(|address| address.to_string());
    // A tunnel that is gone keeps nobody from telling the tool to stop.
    let told = || kept.and_then(|kept| kept["address"].as_str()).map(str::to_owned);
    let address = address.or_else(told).ok_or_else(|| {
        Problem::new(Code::InvalidConfig)
            .with("field", "The public address")
            .with("message", "Set the address of your tunnel in Settings, under Webhook gateway, first.")
            .about(Subject::Field { name: "publicUrl".into() })
    })?;
    let mut scope = json!({
        "webhook": { "address": address },
        "config": target.descriptor.descriptor().settings_in_templates(&target.connection.config),
    });
    if let Some(seconds) = subscription.subscribe.lifetime_seconds {
        let until = hub.clock().now() + Duration::from_secs(u64::from(seconds));
        let whole = Timestamp::from_second(until.as_second()).unwrap_or(until);
        scope["webhook"]["until"] = json!(whole.to_string());
    }
    if let Some(kept) = kept {
        scope["subscription"] = json!({ "id": kept["id"] });
    }
    Ok(scope)
}

fn plan(
    workspace: &Workspace,
    target: &Target,
    operation: &str,
    params: &BTreeMap<String, Value>,
    scope: &Value,
) -> Result<patchbay_connector::Planned, Problem> {
    let template = JsonTemplate::compile(&Value::Object(params.clone().into_iter().collect()))?;
    let params = template.render(scope)?.unwrap_or_else(|| json!({}));
    workspace.engine().plan(target, operation, &params)
}

fn done(outcome: Outcome) -> Result<Value, Problem> {
    match outcome {
        Outcome::Done { output, .. } => Ok(output),
        Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
            Err(problem)
        }
        Outcome::Skipped | Outcome::Shown { .. } => Err(Problem::new(Code::Internal)),
    }
}

fn ends(subscription: &Subscription, result: &Value) -> Result<Option<Timestamp>, Problem> {
    let Some(path) = &subscription.subscribe.expires_path else { return Ok(None) };
    let found = Path::compile(path)?;
    Ok(found.first(result).and_then(|value| parse_time(value, &subscription.subscribe.expires_format)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;

    use super::*;
    use crate::commands::dispatch;
    use crate::webhooks::renew_due;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn health_tells_until_when_a_tool_sends_and_whether_it_was_asked_to_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call =
            async |command: &str, request: Value| dispatch(&hub, "default", command, request).await.unwrap();
        let shown = async || {
            let detail = call("health_detail", json!({"connection": "Sandbox Sheet"})).await;
            detail["subscription"].clone()
        };
        call("sandbox_start", json!({})).await;
        assert_eq!(shown().await, Value::Null, "nothing was asked of the tool yet");
        call("webhook_enable", json!({"name": "Sandbox Sheet", "enabled": true})).await;
        call("webhook_secret", json!({"name": "Sandbox Sheet"})).await;
        call("webhook_subscribe", json!({"name": "Sandbox Sheet"})).await;
        assert_eq!(
            shown().await,
            json!({"endsAt": "2026-11-23T12:00:00Z", "renewedFrom": "2026-11-22T12:00:00Z", "problem": null})
        );
        assert_eq!(renew_due(&hub, "default").await.unwrap(), 0, "it is not time yet");
        clock.advance(Duration::from_secs(49 * 3_600));
        call("sandbox_fault", json!({"tool": "sheet", "fault": "down"})).await;
        for _ in 0..2 {
            assert_eq!(renew_due(&hub, "default").await.unwrap(), 0, "the tool does not answer");
        }
        assert_eq!(shown().await["problem"]["code"], "SERVICE_DOWN");
        let acts = call("audit_list", json!({"connection": "Sandbox Sheet", "action": NOT_RENEWED})).await;
        assert_eq!(acts["acts"].as_array().unwrap().len(), 1, "the same is said once");
        call("sandbox_fault", json!({"tool": "sheet", "fault": null})).await;
        assert_eq!(renew_due(&hub, "default").await.unwrap(), 1);
        let renewed = shown().await;
        assert_eq!((&renewed["endsAt"], &renewed["problem"]), (&json!("2026-11-25T13:00:00Z"), &Value::Null));
        hub.shut_down().await;
    }
}

#[cfg(test)]
mod disconnecting {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use patchbay_auth::Credential;
    use patchbay_model::{ConnectorId, SystemClock};
    use patchbay_vault::{MemoryStore, Secret};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::commands::dispatch;
    use crate::hub::HubOptions;
    use crate::secrets::SecretsChoice;
    use crate::workspace::tests::Nobody;
    use crate::workspaces::DEFAULT;

    /// A tool whose sign-in is renewed, and which sends to an address until it is told to stop.
    fn definition(port: u16) -> String {
        let url = format!("http://127.0.0.1:{port}");
        let hook = |id: &str, verb: &str, method: &str, path: &str, required: &[&str]| {
            json!({"id": id, "title": id, "verb": verb, "entity": "hook",
                "params": {"type": "object", "properties": {"id": {"type": "string"}}, "required": required},
                "request": {"method": method, "path": path}})
        };
        json!({
            "id": "hooks", "name": "Hooks", "description": "Sends.", "category": "custom", "version": "1.0.0",
            "baseUrl": url, "healthCheck": {"request": {"path": "/me"}},
            "auth": [{"method": "oauth2", "id": "oauth", "label": "Sign in",
                "client": {"type": "public", "id": "patchbay"}, "authorizationUrl": format!("{url}/authorize"),
                "tokenUrl": format!("{url}/token"), "revocationUrl": format!("{url}/revoke")}],
            "streams": [{"id": "things", "title": "Things", "request": {"path": "/things"}, "mapping": {
                "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{id}}",
                "signalTypeRules": [], "defaultSignalType": "thing"}}],
            "operations": [hook("add_hook", "create", "POST", "/hooks", &[]),
                hook("end_hook", "delete", "DELETE", "/hooks/{{params.id}}", &["id"])],
            "webhook": {"verify": {"mode": "standard_webhooks"}, "secret": {"source": "generated"},
                "eventType": {"path": "$.type"}, "events": [{"types": ["thing.*"], "stream": "things"}],
                "subscription": {"subscribe": {"operation": "add_hook", "params": {}, "idPath": "$.id"},
                    "unsubscribe": {"operation": "end_hook", "params": {"id": "{{subscription.id}}"}}}},
        })
        .to_string()
    }

    /// Refuses the first token, gives another, and writes down what it was asked. Its port.
    async fn tool(asked: Arc<Mutex<Vec<String>>>) -> u16 {
        #[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let asked = asked.clone();
                tokio::spawn(async move {
                    let mut read = vec![0; 16_384];
                    let length = stream.read(&mut read).await.unwrap_or(0);
                    let request = String::from_utf8_lossy(&read[..length]).into_owned();
                    let line = request.split(" HTTP").next().unwrap_or_default().to_owned();
                    let is_old = request.to_ascii_lowercase().contains("bearer canary-accesstoken");
                    let (status, body) = match line.as_str() {
                        "POST /token" => (
                            "200 OK",
                            r#"{"access_token": "b", "refresh_token": "c", "token_type": "Bearer", "expires_in": 3600}"#,
                        ),
                        _ if is_old => ("401 Unauthorized", "{}"),
                        _ => ("200 OK", "{}"),
                    };
                    asked.lock().unwrap().push(format!("{line} {}", &status[..3]));
                    let answer = format!(
                        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        port
    }

    /// Telling the tool needs the renewal of a token; disconnecting keeps renewals out. One after the other.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn disconnecting_does_not_wait_for_a_renewal_that_it_keeps_out_itself() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let port = tool(asked.clone()).await;
        let dir = tempfile::tempdir().unwrap();
        let connectors = dir.path().join("connectors");
        std::fs::create_dir_all(&connectors).unwrap();
        let text = definition(port);
        patchbay_descriptor::read(&text, "hooks.json").unwrap();
        std::fs::write(connectors.join("hooks.json"), text).unwrap();
        let hub = Hub::start(HubOptions {
            data_dir: dir.path().to_owned(),
            secrets: SecretsChoice::Kept(Arc::new(MemoryStore::new())),
            clock: Arc::new(SystemClock::new()),
            host: Arc::new(Nobody),
        })
        .unwrap();
        let workspace = hub.workspace(DEFAULT).await.unwrap();
        let mut connection = Connection::new(ConnectorId::from("hooks"), "1.0.0".into(), hub.clock().now());
        connection.name = "one".to_owned();
        connection.auth_method = Some("oauth".into());
        connection.origins = vec![format!("http://127.0.0.1:{port}")];
        connection.allow_private = true;
        let descriptor = workspace.connectors().get(&connection.connector).unwrap();
        let method = descriptor.descriptor().auth_method_of(&connection);
        patchbay_auth::consent::approve(&mut connection.metadata, method);
        let tokens = ["accessToken", "refreshToken"]
            .map(|kind| (kind.to_owned(), Secret::new(format!("canary-{kind}"))));
        let sealed = workspace
            .authoriser()
            .seal(&connection.id, &Credential::new(BTreeMap::from(tokens)))
            .await
            .unwrap();
        workspace.store().connection_insert(&connection, Some(&sealed)).await.unwrap();
        workspace.store().webhook_make(&connection.id, "address").await.unwrap();
        let kept = json!({"id": "h1", "address": "http://127.0.0.1:4310/webhooks/hooks/address"});
        workspace.store().webhook_subscribed(&connection.id, Some(&kept), None).await.unwrap();
        let gone = dispatch(&hub, DEFAULT, "connection_disconnect", json!({"name": "one"}));
        let gone =
            tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it waits for itself").unwrap();
        assert_eq!(gone["revoked"], true, "{gone:#}");
        let asked = asked.lock().unwrap().clone();
        let hooks: Vec<_> =
            asked.iter().filter(|one| !one.starts_with("POST /revoke")).map(String::as_str).collect();
        assert_eq!(hooks, ["DELETE /hooks/h1 401", "POST /token 200", "DELETE /hooks/h1 200"]);
        assert!(workspace.store().credentials().await.unwrap().is_empty());
        hub.shut_down().await;
    }
}
