//! A bounded read by a definition that need not be saved, shown from request to signal.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_connector::{Compiled, Explained, MOST_EXPLAINED_PAGES, Target, TargetCredential, settings};
use patchbay_descriptor::refused;
use patchbay_model::descriptor::{AuthMethod, CredentialKind, Descriptor};
use patchbay_model::problem::{Code, Problem, Subject};
use serde::Deserialize;

use crate::catalogue::first;
use crate::connect_input::as_entered;
use crate::connections::ConnectRequest;
use crate::data::check_resumed;
use crate::drafts::draft_of;
use crate::hub::Hub;
use crate::secrets::SecretInput;
use crate::workspace::Workspace;

/// What the definition is called in messages.
const FILE: &str = "definition";

/// What to try: a definition's text, a connection, or both.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescriptorTryRequest {
    /// The definition; that of the connection where absent.
    #[serde(default)]
    pub text: Option<String>,
    /// The connection whose settings and sign-in are used. Its key goes to the origins that were
    /// approved for it and nowhere else, whatever the definition says.
    #[serde(default)]
    pub connection: Option<String>,
    /// Without a connection: the way to sign in; the recommended one where absent.
    #[serde(default)]
    pub auth: Option<String>,
    /// Without a connection: settings by key.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Without a connection: secret values by field. Where none is given, nothing is signed in.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretInput>,
    /// Without a connection: whether private and loopback addresses are allowed.
    #[serde(default)]
    pub allow_private: bool,
    /// The stream to read; the first where absent.
    #[serde(default)]
    pub stream: Option<String>,
    /// At most this many pages: 1 to 5, 2 where absent. At most 100 items are mapped.
    #[serde(default)]
    pub max_pages: Option<u32>,
}

/// Reads a stream from its start, stores nothing, shows everything.
pub async fn try_out(hub: &Hub, workspace: &str, request: DescriptorTryRequest) -> Result<Explained, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let pages = request.max_pages.unwrap_or(2);
    if !(1..=MOST_EXPLAINED_PAGES).contains(&pages) {
        return Err(invalid("maxPages", &format!("Use 1 to {MOST_EXPLAINED_PAGES} pages.")));
    }
    let wanted = request.stream.clone();
    let target = match &request.connection {
        Some(name) => with_connection(&workspace, name, request.text.as_deref()).await?,
        None => without_connection(hub, request)?,
    };
    let descriptor = target.descriptor.descriptor();
    let known: Vec<&str> = descriptor.streams.iter().map(|stream| stream.id.as_str()).collect();
    let Some(stream) = wanted.as_deref().or(known.first().copied()) else {
        return Err(invalid("stream", &format!("{} has nothing to read continuously.", descriptor.name)));
    };
    workspace.engine().explain(&target, stream, pages).await
}

/// Compiles a definition. `own` is that of the connection it is tried with: what is counted for an account is
/// counted by its own connector, and calls that run beside a try keep their pace.
fn compile(text: &str, own: Option<&Descriptor>) -> Result<Arc<Compiled>, Problem> {
    let mut descriptor = patchbay_descriptor::read(text, FILE).map_err(first)?;
    // By another text it could ask for more than its connection was granted.
    if descriptor.is_native() {
        let message = "native connectors are part of the program: try the connection itself";
        return Err(refused(text, FILE, "/kind", message));
    }
    if let Some(own) = own {
        descriptor.limits.rate.clone_from(&own.limits.rate);
        descriptor.limits.concurrency = own.limits.concurrency;
        for stream in &mut descriptor.streams {
            let known = own.stream(&stream.id).and_then(|own| own.request.as_ref());
            if let Some(request) = &mut stream.request {
                request.rate = known.map(|own| own.rate.clone()).unwrap_or_default();
            }
        }
    }
    Ok(Arc::new(Compiled::new(Arc::new(descriptor)).map_err(Problem::from)?))
}

/// The connection, by another definition where one is given.
async fn with_connection(workspace: &Workspace, name: &str, text: Option<&str>) -> Result<Target, Problem> {
    let mut target = match text {
        None => workspace.target(name).await?,
        Some(text) => {
            let connection = workspace.connection(name).await?;
            let own = workspace.connectors().get(&connection.connector)?;
            let compiled = compile(text, Some(own.descriptor()))?;
            check_hidden(own.descriptor(), compiled.descriptor())?;
            Target { descriptor: compiled, connection, credential: TargetCredential::Stored }
        }
    };
    check_resumed(&target)?;
    let descriptor = target.descriptor.descriptor().clone();
    // What the other definition does not know is left away, what it needs is filled in.
    let known = |key: &str| key == "baseUrl" || descriptor.config_fields.iter().any(|field| field.key == key);
    let mut given = as_entered(&target.connection.config);
    given.retain(|key, _| known(key));
    target.connection.config = settings(&descriptor, &given)?;
    Ok(target)
}

/// What the connection's own connector hides must stay hidden: a definition that called its key a
/// plain text would have it shown where the service repeats it.
fn check_hidden(own: &Descriptor, other: &Descriptor) -> Result<(), Problem> {
    let shown = |descriptor: &Descriptor| -> Vec<String> {
        let fields = descriptor.auth.iter().flat_map(AuthMethod::credential_fields);
        fields.filter(|field| field.kind == CredentialKind::Text).map(|field| field.key.clone()).collect()
    };
    let allowed = shown(own);
    match shown(other).into_iter().find(|key| !allowed.contains(key)) {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("This connection keeps \"{key}\" hidden. Leave its type away to try it here.");
            Err(invalid("connection", &message))
        }
    }
}

fn without_connection(hub: &Hub, request: DescriptorTryRequest) -> Result<Target, Problem> {
    let Some(text) = request.text.as_deref() else {
        return Err(invalid("text", "Give a definition, a connection, or both."));
    };
    let mut compiled = compile(text, None)?;
    if request.secrets.is_empty() && request.auth.is_none() && !compiled.descriptor().auth.is_empty() {
        // To see what the service says to a stranger.
        let mut open = compiled.descriptor().as_ref().clone();
        open.auth.clear();
        compiled = Arc::new(Compiled::new(Arc::new(open)).map_err(Problem::from)?);
    }
    let draft = ConnectRequest {
        connector: compiled.descriptor().id.clone(),
        name: FILE.to_owned(),
        auth: request.auth,
        config: request.config,
        secrets: request.secrets,
        allow_private: request.allow_private,
        sign_in: None,
    };
    Ok(draft_of(hub, compiled, draft, None)?.target())
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"{field}\""))
        .with("message", message)
        .about(Subject::Field { name: field.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::{Value, json};

    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn another_definition_that_is_tried_does_not_change_the_pace_of_its_connection() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        let call = async |command: &str, request: Value| dispatch(&hub, "default", command, request).await;
        call("sandbox_start", json!({})).await.unwrap();
        let name = "Sandbox Tracker";
        call("connection_test", json!({ "name": name })).await.unwrap();
        let workspace = hub.workspace("default").await.unwrap();
        let id = workspace.connection(name).await.unwrap().id;
        let paces = || -> Vec<_> {
            let kept = workspace.store().limits_of(&id).into_iter();
            kept.map(|(key, state)| (key, state.budget.windows())).collect()
        };
        let before = paces();
        let target = workspace.target(name).await.unwrap();
        let mut other = serde_json::to_value(target.descriptor.descriptor().as_ref()).unwrap();
        let hour = json!([{"calls": 1, "seconds": 3_600}]);
        other["limits"]["rate"] = hour.clone();
        other["limits"]["concurrency"] = json!(1);
        other["streams"][0]["request"]["rate"] = hour;
        let request = json!({"text": other.to_string(), "connection": name, "maxPages": 2});
        call("descriptor_try", request).await.unwrap();
        assert_eq!(paces(), before, "the pace that is kept is that of its own connector");
        call("connection_test", json!({ "name": name })).await.unwrap();
        hub.shut_down().await;
    }
}
