//! Another key, or another sign-in, in the place of a connection's own. Chains stay as they are.

use std::collections::BTreeMap;

use patchbay_connector::{Doing, TestReport};
use patchbay_model::SignInId;
use patchbay_model::connection::Connection;
use patchbay_model::descriptor::AuthMethod;
use patchbay_model::problem::{Code, Problem, Subject};
use serde::Deserialize;

use crate::connect_input::{as_entered, auth_method, credential};
use crate::connections::{ConnectResponse, refused, run_test, save, take_test, told, view};
use crate::drafts::begun_connection;
use crate::hub::Hub;
use crate::secrets::SecretInput;

/// A new key.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ReplaceKeyRequest {
    /// The connection.
    pub name: String,
    /// Secret values by field.
    pub secrets: BTreeMap<String, SecretInput>,
}

/// Replaces a connection's key in place. The old one stays where the new one fails its test.
pub async fn replace_key(
    hub: &Hub,
    workspace: &str,
    request: ReplaceKeyRequest,
) -> Result<ConnectResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut connection = workspace.connection(&request.name).await?;
    let compiled = workspace.connectors().get(&connection.connector)?;
    let method = auth_method(compiled.descriptor(), connection.auth_method.as_deref())?;
    if method.is_some_and(AuthMethod::has_tokens) {
        return Err(Problem::new(Code::NotOffered).detail("this connection signs in: reconnect it"));
    }
    let Some(values) = credential(method, request.secrets)? else {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The key")
            .with("message", "This connector needs no sign-in."));
    };
    let busy = workspace.engine().activity().begin(&connection.id, Doing::Testing);
    let test = run_test(&workspace, &compiled, &connection, Some(&values)).await;
    drop(busy);
    if let Some(problem) = test.problem.clone() {
        refused(&workspace, "auth_failed", &connection, &problem).await;
        return Err(problem.about(Subject::Connection { name: connection.name }));
    }
    same_account(&connection, &test, false)?;
    let sealing = workspace.seals().read().await;
    let sealed = workspace.authoriser().seal(&connection.id, &values).await.map_err(Problem::from)?;
    workspace.store().credential_replace(&connection.id, &sealed).await?;
    drop(sealing);
    take_test(&mut connection, &test, hub.clock().now());
    save(&workspace, &connection, "connection_key_replaced").await?;
    Ok(ConnectResponse { connection: view(&workspace, connection).await?, test })
}

/// Signing in again.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReconnectRequest {
    /// The connection.
    pub name: String,
    /// The sign-in whose tokens are used.
    pub sign_in: SignInId,
    /// Whether it may belong to another account from now on.
    #[serde(default)]
    pub other_account: bool,
}

/// Puts the tokens of a new sign-in in the place of the old ones. Chains stay as they are. The old ones stay
/// where the new ones fail their test or are another account's.
pub async fn reconnect(
    hub: &Hub,
    workspace: &str,
    request: ReconnectRequest,
) -> Result<ConnectResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let before = workspace.connection(&request.name).await?;
    let compiled = workspace.connectors().get(&before.connector)?;
    let descriptor = compiled.descriptor().clone();
    let claim = workspace.sign_ins().claim(&request.sign_in)?;
    let outcome = claim.outcome.clone();
    let method = descriptor.auth_method(Some(&outcome.method));
    if outcome.connector != before.connector || method.is_none() {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The sign-in")
            .with("message", "It is another connector's.")
            .about(Subject::Field { name: "signIn".into() }));
    }
    let mut connection = before.clone();
    let mut given = as_entered(&before.config);
    given.retain(|key, _| !descriptor.captured_settings().any(|own| own == key));
    let draft = begun_connection(hub, &compiled, method, &given, before.allow_private)?;
    if let Some(method) = method {
        outcome.serves(&draft, method)?;
    }
    connection.auth_method = Some(outcome.method.clone());
    outcome.enter(&mut connection, &compiled, method)?;
    let elsewhere = connection.config != before.config;
    patchbay_auth::consent::approve(&mut connection.metadata, method);
    let busy = workspace.engine().activity().begin(&connection.id, Doing::Testing);
    let test = run_test(&workspace, &compiled, &connection, Some(&outcome.credential)).await;
    drop(busy);
    if let Some(problem) = test.problem.clone() {
        refused(&workspace, "auth_failed", &connection, &problem).await;
        return Err(problem.about(Subject::Connection { name: connection.name }));
    }
    if request.other_account {
        connection.account = None;
    } else {
        same_account(&before, &test, elsewhere)?;
    }
    take_test(&mut connection, &test, hub.clock().now());
    let sealing = workspace.seals().read().await;
    let sealed =
        workspace.authoriser().seal(&connection.id, &outcome.credential).await.map_err(Problem::from)?;
    workspace.store().connection_reconnect(&connection, &sealed).await?;
    drop(sealing);
    claim.use_up();
    told(&workspace, &connection, "connection_reconnected").await;
    // Streams whose permission was granted, or is not any more.
    workspace.plans_changed();
    Ok(ConnectResponse { connection: view(&workspace, connection).await?, test })
}

/// Refuses a test that shows another account than the connection's.
/// `elsewhere` says that the sign-in leads to another site of it.
fn same_account(connection: &Connection, test: &TestReport, elsewhere: bool) -> Result<(), Problem> {
    let Some(before) = &connection.account else { return Ok(()) };
    let now = test.account.as_ref();
    if now.is_some_and(|now| before.id == now.id) && !elsewhere {
        return Ok(());
    }
    let label = now.map_or("which the service does not name", |now| &now.label);
    let message =
        format!("This connection belongs to {}. Make a new connection for another account.", before.label);
    Err(Problem::new(Code::Conflict)
        .with("item", format!("The account \"{label}\""))
        .with("message", message)
        .about(Subject::Connection { name: connection.name.clone() }))
}
