//! Export and import: a workspace's connections and chains as a file. Without secrets, or, where the
//! user says so, with them, sealed with a passphrase.
//!
//! What comes in is looked at before it is taken, never replaces anything, and runs nothing. A plain
//! file approves no address and no private network: anybody may have written it. A sealed one is the
//! user's own, for it opened with the user's passphrase.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use patchbay_auth::{Credential, open_copy};
use patchbay_connector::settings;
use patchbay_ingest::gateway;
use patchbay_model::chain::Chain;
use patchbay_model::connection::{Account, Connection, ConnectionState};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{ConnectorId, Event, Timestamp};
use patchbay_store::{ConnectionFilter, RestoredWebhook};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::connect_input::{as_entered, check_name};
use crate::hub::Hub;
use crate::secret_store::no_key;
use crate::secrets::PassphraseInput;
use crate::workspace::Workspace;
use crate::workspaces::names;

/// What tells an export from other files.
const FORMAT: &str = "patchbay-export";
/// The layout of an export.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    program: String,
    workspace: String,
    made_at: Timestamp,
    settings: ExportedSettings,
    connections: Vec<ExportedConnection>,
    chains: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExportedSettings {
    lock_after_minutes: u32,
    remind_after_days: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExportedConnection {
    name: String,
    connector: ConnectorId,
    connector_version: String,
    auth: Option<String>,
    config: Map<String, Value>,
    origins: Vec<String>,
    allow_private: bool,
    paused: bool,
    /// Only in a sealed file: whose the connection is, and what was granted and approved, says more than a
    /// file should that anybody may read or have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<OwnPart>,
}

/// What a sealed file says of a connection besides.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnPart {
    scopes: Vec<String>,
    account: Option<Account>,
    /// What was approved of the sign-in and what it is for, among others.
    metadata: Map<String, Value>,
    /// Its webhook, where that has secrets.
    webhook: Option<ExportedWebhook>,
}

/// A webhook in a sealed file; its secrets are beside the credentials.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExportedWebhook {
    token: String,
    previous_until: Option<Timestamp>,
}

/// What to write.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportRequest {
    /// The file; must not be there yet. Where absent the user is asked.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Gives the text back instead, for a page that saves files by itself.
    #[serde(default)]
    pub give_text: bool,
    /// With every secret, sealed with this passphrase: at least 12 characters.
    #[serde(default)]
    pub passphrase: Option<PassphraseInput>,
}

/// What was written.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExportResponse {
    /// The file; none where the user declined or the text was asked for.
    pub file: Option<PathBuf>,
    /// The text, where that was asked for.
    pub text: Option<String>,
    /// Connections in it.
    pub connections: usize,
    /// Chains in it.
    pub chains: usize,
    /// Whether it holds the secrets, sealed.
    pub sealed: bool,
}

/// Writes connections, chains and settings into a file. The file is read again and compared before it
/// is called made; one that does not give back what went in is removed.
pub async fn export(hub: &Hub, workspace: &str, request: ExportRequest) -> Result<ExportResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let sealed = request.passphrase.is_some();
    let document = document(hub, &workspace, sealed).await?;
    let (connections, chains) = (document.connections.len(), document.chains.len());
    let document = serde_json::to_value(&document).map_err(|error| internal(&error))?;
    let secret = request.passphrase.map(PassphraseInput::into_secret);
    let text = match &secret {
        Some(passphrase) => {
            workspace.authoriser().seal_copy(&document, passphrase.clone()).await.map_err(Problem::from)?
        }
        None => format!("{document:#}\n"),
    };
    let done = |file: Option<PathBuf>, text: Option<String>| ExportResponse {
        file,
        text,
        connections,
        chains,
        sealed,
    };
    let given_up = hub.data_dir().join("export.check");
    let file = match (request.give_text, request.file) {
        (true, _) => given_up.clone(),
        (false, Some(file)) if file.exists() => {
            return Err(about_file(Code::Conflict, &file, "Choose a file that is not there yet."));
        }
        (false, Some(file)) => file,
        (false, None) => match hub.host().place_file("patchbay-export.json")? {
            Some(file) => file,
            None => return Ok(done(None, None)),
        },
    };
    let written = keep(&file, &text, async |back: String| match &secret {
        Some(passphrase) => workspace
            .authoriser()
            .matches_copy(back, passphrase.clone(), &document)
            .await
            .map_err(Problem::from),
        None => Ok(serde_json::from_str::<Value>(&back).is_ok_and(|back| back == document)),
    })
    .await;
    if request.give_text {
        let _ = std::fs::remove_file(&given_up);
        written?;
        return Ok(done(None, Some(text)));
    }
    written?;
    workspace.note(if sealed { "exported_with_secrets" } else { "exported" }).await;
    Ok(done(Some(file), None))
}

/// Writes a file, reads it again, and removes it where `is_right` does not find in it what went in.
async fn keep(
    file: &Path,
    text: &str,
    is_right: impl AsyncFnOnce(String) -> Result<bool, Problem>,
) -> Result<(), Problem> {
    let unwritable = |error: std::io::Error| {
        about_file(Code::InputInvalid, file, "It cannot be written there. Choose another folder.")
            .detail(error.to_string())
    };
    crate::security::write(file, text.as_bytes()).map_err(unwritable)?;
    let checked = match std::fs::read_to_string(file) {
        Ok(back) => is_right(back).await,
        Err(error) => Err(unwritable(error)),
    };
    let problem = match checked {
        Ok(true) => return Ok(()),
        Ok(false) => Problem::new(Code::Internal)
            .detail("the file did not give back what was written into it, and was removed"),
        Err(problem) => problem,
    };
    let _ = std::fs::remove_file(file);
    Err(problem)
}

async fn document(hub: &Hub, workspace: &Workspace, sealed: bool) -> Result<Document, Problem> {
    let filter = ConnectionFilter { limit: 100_000, ..ConnectionFilter::default() };
    let connections = workspace.store().connection_list(filter).await?.items;
    let mut chains = Vec::new();
    for summary in workspace.store().chain_list().await? {
        if let Some(version) = workspace.store().chain(&summary.id).await? {
            chains.push(serde_json::to_value(&version.chain).map_err(|error| internal(&error))?);
        }
    }
    let mut webhooks = BTreeMap::new();
    for row in workspace.store().webhooks().await?.into_iter().filter(|row| row.sealed.is_some()) {
        let webhook = ExportedWebhook { token: row.token, previous_until: row.previous_until };
        webhooks.insert(row.connection, webhook);
    }
    let decisions = hub.security().decisions();
    Ok(Document {
        format: FORMAT.to_owned(),
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: workspace.name().to_owned(),
        made_at: hub.clock().now(),
        settings: ExportedSettings {
            lock_after_minutes: decisions.lock_after_minutes,
            remind_after_days: decisions.remind_after_days,
        },
        connections: connections
            .into_iter()
            .map(|one| ExportedConnection {
                own: sealed.then(|| OwnPart {
                    scopes: one.scopes,
                    account: one.account,
                    metadata: one.metadata,
                    webhook: webhooks.remove(&one.id),
                }),
                name: one.name,
                connector: one.connector,
                connector_version: one.descriptor_version,
                auth: one.auth_method,
                config: one.config,
                origins: one.origins,
                allow_private: one.allow_private,
                paused: one.paused,
            })
            .collect(),
        chains,
    })
}

/// What to take in.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The content of the file.
    pub text: String,
    /// Opens a sealed file.
    #[serde(default)]
    pub passphrase: Option<PassphraseInput>,
    /// Takes it in; else only says what would be.
    #[serde(default)]
    pub apply: bool,
}

/// What a file brings, and what of it is or would be taken.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ImportResponse {
    /// Whether it was taken in.
    pub applied: bool,
    /// Whether it is a sealed file.
    pub sealed: bool,
    /// The workspace it came from.
    pub workspace: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Its connections.
    pub connections: Vec<ImportedConnection>,
    /// Its chains.
    pub chains: Vec<ImportedChain>,
}

/// What becomes of a part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It is added.
    Added,
    /// There is one of this name, which stays as it is.
    Kept,
    /// It cannot be taken.
    Refused,
}

/// A connection of the file.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ImportedConnection {
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: ConnectorId,
    /// What becomes of it.
    pub taken: Taken,
    /// Why it is refused.
    pub problem: Option<Problem>,
    /// Whether it waits for its key afterwards.
    pub needs_key: bool,
    /// The addresses that wait for the user's approval afterwards.
    pub to_approve: Vec<String>,
}

/// A chain of the file.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportedChain {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub taken: Taken,
    /// Why it is refused.
    pub problem: Option<Problem>,
}

/// Takes connections and chains from a file, or says what that would do. Nothing that is here is
/// changed and nothing is run.
pub async fn import(hub: &Hub, workspace: &str, request: ImportRequest) -> Result<ImportResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let sealed = patchbay_vault::is_sealed_file(&request.text);
    let (document, mut credentials, mut webhooks) = match (sealed, request.passphrase) {
        (true, None) => {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "The passphrase")
                .with("message", "The file is sealed: give the passphrase it was made with.")
                .about(Subject::Field { name: "passphrase".into() }));
        }
        (true, Some(passphrase)) => {
            let unsealed = open_copy(request.text, passphrase.into_secret()).await.map_err(Problem::from)?;
            (unsealed.document, unsealed.credentials, unsealed.webhooks)
        }
        (false, _) => {
            let document = serde_json::from_str(&request.text).map_err(|error| not_ours(&error))?;
            (document, BTreeMap::new(), BTreeMap::new())
        }
    };
    let document: Document = serde_json::from_value(document).map_err(|error| not_ours(&error))?;
    if document.format != FORMAT || document.version != VERSION {
        return Err(not_ours(&"Another version of Patchbay wrote it"));
    }
    let _sealing = workspace.seals().read().await;
    let mut connections = Vec::new();
    let mut ready = Vec::new();
    for exported in document.connections {
        let credential = credentials.remove(&exported.name);
        let secrets = webhooks.remove(&exported.name);
        let webhook = exported.own.as_ref().and_then(|own| own.webhook.clone()).filter(|_| sealed);
        let (line, connection) = plan(hub, &workspace, exported, credential.is_some(), sealed).await?;
        if let Some(connection) = connection {
            let values = credential.filter(|_| connection.auth_method.is_some());
            // All are sealed before the first is stored: a store that is locked stops the whole import.
            let seal = match values.filter(|_| request.apply) {
                Some(values) => {
                    Some(workspace.authoriser().seal(&connection.id, &values).await.map_err(Problem::from)?)
                }
                None => None,
            };
            let webhook = match secrets.zip(webhook).filter(|_| request.apply) {
                Some((secrets, webhook)) => {
                    Some(restored(hub, &workspace, &connection, &secrets, webhook).await?)
                }
                None => None,
            };
            ready.push((connection, seal, webhook));
        }
        connections.push(line);
    }
    if request.apply {
        for (connection, seal, webhook) in ready {
            workspace.store().connection_restore(&connection, seal.as_ref(), webhook).await?;
            workspace.events().emit(Event::ConnectionChanged { id: connection.id });
            workspace.plans_changed();
        }
        if sealed {
            let ExportedSettings { lock_after_minutes, remind_after_days } = document.settings;
            hub.security().decide(|decisions| {
                decisions.lock_after_minutes = lock_after_minutes;
                decisions.remind_after_days = remind_after_days;
            })?;
            hub.events().emit_to_all(Event::SecretsChanged);
        }
        hub.gateway().refresh(workspace.name()).await?;
        workspace.note("imported").await;
    }
    // After the connections: what a chain leaves open is matched by what its tools offer.
    let mut chains = Vec::new();
    for value in document.chains {
        chains.push(take_chain(&workspace, value, request.apply).await?);
    }
    Ok(ImportResponse {
        applied: request.apply,
        sealed,
        workspace: document.workspace,
        made_at: document.made_at,
        connections,
        chains,
    })
}

/// A webhook of a sealed file, switched off: nothing runs by itself. Its address stays, so that nothing is to
/// be entered at the tool again, where nobody here has it.
async fn restored(
    hub: &Hub,
    workspace: &Workspace,
    connection: &Connection,
    secrets: &Credential,
    webhook: ExportedWebhook,
) -> Result<RestoredWebhook, Problem> {
    let mut token = webhook.token;
    for name in names(hub)? {
        let there = hub.workspace(&name).await?.store().webhooks().await?;
        if there.iter().any(|row| row.token == token) {
            token = gateway::token()?;
        }
    }
    let sealed = workspace.authoriser().seal_webhook_copy(&connection.id, secrets).await;
    let sealed = sealed.map_err(Problem::from)?;
    Ok(RestoredWebhook { token, sealed, previous_until: webhook.previous_until })
}

/// What becomes of a connection of the file, and the connection itself where it is added.
async fn plan(
    hub: &Hub,
    workspace: &Workspace,
    exported: ExportedConnection,
    has_key: bool,
    own: bool,
) -> Result<(ImportedConnection, Option<Connection>), Problem> {
    let mut line = ImportedConnection {
        name: patchbay_model::text::display_line(&exported.name, 80),
        connector: exported.connector.clone(),
        taken: Taken::Added,
        problem: None,
        needs_key: false,
        to_approve: Vec::new(),
    };
    if workspace.store().connection_named(&exported.name).await?.is_some() {
        line.taken = Taken::Kept;
        return Ok((line, None));
    }
    match built(hub, workspace, exported, has_key, own) {
        Ok((connection, wanted)) => {
            line.needs_key = connection.state == ConnectionState::Stale;
            line.to_approve =
                wanted.into_iter().filter(|origin| !connection.origins.contains(origin)).collect();
            Ok((line, Some(connection)))
        }
        Err(problem) => {
            line.taken = Taken::Refused;
            line.problem = Some(problem);
            Ok((line, None))
        }
    }
}

fn built(
    hub: &Hub,
    workspace: &Workspace,
    exported: ExportedConnection,
    has_key: bool,
    own: bool,
) -> Result<(Connection, Vec<String>), Problem> {
    let compiled = workspace.connectors().get(&exported.connector)?;
    let method = match exported.auth.as_deref() {
        Some(wanted) => crate::connect_input::auth_method(compiled.descriptor(), Some(wanted))?,
        None => None,
    };
    let given = as_entered(&exported.config);
    let config = settings(compiled.descriptor(), &given)?;
    let wanted = compiled.origins_to_sign_in(&config, method)?;
    // What the user has approved: the definition here may lead elsewhere, and is asked about then.
    let part = exported.own.filter(|_| own);
    let approved = own && !exported.origins.is_empty();
    let mut connection = Connection {
        name: check_name(&exported.name)?,
        auth_method: method.map(|method| method.id().to_owned()),
        origins: if own { exported.origins } else { Vec::new() },
        allow_private: approved && exported.allow_private,
        paused: exported.paused,
        config,
        ..Connection::new(exported.connector, exported.connector_version, hub.clock().now())
    };
    match part {
        Some(part) => {
            (connection.scopes, connection.account, connection.metadata) =
                (part.scopes, part.account, part.metadata);
        }
        None => patchbay_auth::consent::approve(&mut connection.metadata, method),
    }
    if connection.auth_method.is_some() && !has_key {
        connection.state = ConnectionState::Stale;
        connection.last_error = Some(no_key(&connection.name));
    }
    Ok((connection, wanted))
}

async fn take_chain(workspace: &Workspace, value: Value, apply: bool) -> Result<ImportedChain, Problem> {
    let chain = serde_json::from_value::<Chain>(value.clone()).map_err(|error| not_ours(&error));
    let chain = match chain.and_then(|chain| crate::chain_document::check_document(&chain).map(|()| chain)) {
        Ok(chain) => chain,
        Err(problem) => {
            let name = patchbay_model::text::display_line(value["name"].as_str().unwrap_or_default(), 80);
            return Ok(ImportedChain { name, taken: Taken::Refused, problem: Some(problem) });
        }
    };
    let name = chain.name.clone();
    if workspace.store().chain_named(&name).await?.is_some() {
        return Ok(ImportedChain { name, taken: Taken::Kept, problem: None });
    }
    if apply {
        crate::chains::save(workspace, None, chain).await?;
    }
    Ok(ImportedChain { name, taken: Taken::Added, problem: None })
}

fn not_ours(reason: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", "The file")
        .with("message", format!("It is no export that can be read: {reason}."))
}

fn about_file(code: Code, file: &Path, message: &str) -> Problem {
    let path = file.display().to_string();
    Problem::new(code)
        .with("item", format!("The file \"{path}\""))
        .with("field", format!("The file \"{path}\""))
        .with("message", message)
        .about(Subject::File { path, line: None, column: None, pointer: None })
}

fn internal(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::Internal).detail(error.to_string())
}

#[cfg(test)]
mod tests;
