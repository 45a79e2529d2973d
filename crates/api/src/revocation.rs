//! Telling services that a sign-in is over. Whatever they answer, nothing here waits for it for long, and
//! nothing that the user wants gone here stays for it.

use std::time::Duration;

use patchbay_model::Connection;
use patchbay_model::problem::{Code, Problem};
use patchbay_store::ConnectionFilter;
use serde::Serialize;

use crate::workspace::Workspace;

/// How long a service is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a sign-in at its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AtService {
    /// The service ended it.
    Revoked,
    /// The service could not be told: it may still hold there.
    Failed,
    /// There is no way to tell the service: a key, or a sign-in that ends on the service's own pages.
    NotOffered,
}

/// A connection whose key or sign-in is gone here, and what became of it there.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EndedSignIn {
    /// The connection.
    pub connection: String,
    /// The tool.
    pub tool: String,
    /// What became of it at the tool.
    pub there: AtService,
    /// Why it could not be told.
    pub problem: Option<Problem>,
}

/// Gives a connection's tokens back to the service.
pub(crate) async fn revoke(workspace: &Workspace, connection: &Connection) -> Result<AtService, Problem> {
    revoke_within(workspace, connection, PATIENCE).await
}

async fn revoke_within(
    workspace: &Workspace,
    connection: &Connection,
    patience: Duration,
) -> Result<AtService, Problem> {
    let compiled = workspace.connectors().get(&connection.connector)?;
    let descriptor = compiled.descriptor().clone();
    let told = tokio::time::timeout(patience, workspace.authoriser().revoke(connection, &descriptor)).await;
    let tool = |problem: Problem| problem.with_default("tool", &descriptor.name);
    match told {
        Ok(Ok(true)) => Ok(AtService::Revoked),
        Ok(Ok(false)) => Ok(AtService::NotOffered),
        Ok(Err(error)) => Err(tool(Problem::from(error))),
        Err(_) => Err(tool(Problem::new(Code::TimeoutResponse))),
    }
}

/// Gives the tokens of every connection of a workspace back, all at the same time. While the caller holds
/// the second part of the answer no renewal begins.
pub(crate) async fn revoke_all(
    workspace: &Workspace,
    patience: Duration,
) -> Result<(Vec<EndedSignIn>, Vec<impl Drop + use<>>), Problem> {
    let filter = ConnectionFilter { limit: 100_000, ..ConnectionFilter::default() };
    let kept = workspace.store().credentials_kept().await?;
    let all = workspace.store().connection_list(filter).await?.items;
    let mut work = tokio::task::JoinSet::new();
    for connection in all.into_iter().filter(|one| kept.iter().any(|kept| kept.connection == one.id)) {
        let workspace = workspace.clone();
        work.spawn(async move {
            // A renewal under way would bring tokens that nobody gives back.
            let alone = tokio::time::timeout(patience, workspace.authoriser().alone(&connection.id)).await;
            let told = revoke_within(&workspace, &connection, patience).await;
            let compiled = workspace.connectors().get(&connection.connector);
            let tool = compiled.map_or_else(
                |_| connection.connector.to_string(),
                |compiled| compiled.descriptor().name.clone(),
            );
            let (there, problem) = match told {
                Ok(there) => (there, None),
                Err(problem) => (AtService::Failed, Some(problem)),
            };
            (EndedSignIn { connection: connection.name, tool, there, problem }, alone.ok())
        });
    }
    let (mut ended, mut alone) = (Vec::new(), Vec::new());
    while let Some(done) = work.join_next().await {
        let (one, held) = done.map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
        ended.push(one);
        alone.extend(held);
    }
    ended.sort_by(|a, b| a.connection.cmp(&b.connection));
    Ok((ended, alone))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Instant;

    use patchbay_auth::Credential;
    use patchbay_model::{ConnectorId, SystemClock};
    use patchbay_vault::{MemoryStore, Secret};
    use serde_json::json;

    use super::*;
    use crate::hub::{Hub, HubOptions};
    use crate::secrets::SecretsChoice;
    use crate::workspace::tests::Nobody;
    use crate::workspaces::DEFAULT;

    /// A connector whose sign-in is given back at this port.
    fn definition(port: u16) -> String {
        let url = format!("http://127.0.0.1:{port}");
        json!({
            "id": "mute", "name": "Mute", "description": "Says nothing.", "category": "custom",
            "version": "1.0.0", "baseUrl": url, "healthCheck": {"request": {"path": "/me"}},
            "auth": [{"method": "oauth2", "id": "oauth", "label": "Sign in",
                "client": {"type": "public", "id": "patchbay"}, "authorizationUrl": format!("{url}/authorize"),
                "tokenUrl": format!("{url}/token"), "revocationUrl": format!("{url}/revoke")}],
            "operations": [{"id": "get", "title": "Get", "verb": "get", "entity": "thing",
                "params": {"type": "object"}, "request": {"path": "/things"}}],
        })
        .to_string()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_service_that_says_nothing_is_not_waited_for() {
        #[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let connectors = dir.path().join("connectors");
        std::fs::create_dir_all(&connectors).unwrap();
        let port = silent.local_addr().unwrap().port();
        std::fs::write(connectors.join("mute.json"), definition(port)).unwrap();
        let hub = Hub::start(HubOptions {
            data_dir: dir.path().to_owned(),
            secrets: SecretsChoice::Kept(Arc::new(MemoryStore::new())),
            clock: Arc::new(SystemClock::new()),
            host: Arc::new(Nobody),
        })
        .unwrap();
        let workspace = hub.workspace(DEFAULT).await.unwrap();
        for name in ["one", "two", "three"] {
            let mut connection = Connection::new(ConnectorId::from("mute"), "1.0.0".into(), hub.clock().now());
            connection.name = name.to_owned();
            connection.auth_method = Some("oauth".into());
            connection.origins = vec![format!("http://127.0.0.1:{port}")];
            connection.allow_private = true;
            let tokens = ["accessToken", "refreshToken"]
                .map(|kind| (kind.to_owned(), Secret::new(format!("canary-{kind}"))));
            let credential = Credential::new(BTreeMap::from(tokens));
            let sealed = workspace.authoriser().seal(&connection.id, &credential).await.unwrap();
            workspace.store().connection_insert(&connection, Some(&sealed)).await.unwrap();
        }
        let started = Instant::now();
        let patience = Duration::from_millis(200);
        let forgot = crate::secret_store::forget_within(&hub, patience).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(10), "all of them at once, and not for long");
        assert_eq!(forgot.connections, 3);
        for one in &forgot.ended {
            let code = one.problem.as_ref().map(Problem::code);
            assert_eq!((one.there, code), (AtService::Failed, Some(Code::TimeoutResponse)), "{one:?}");
        }
        assert!(workspace.store().credentials().await.unwrap().is_empty(), "they are gone here all the same");
        silent.set_nonblocking(true).unwrap();
        assert!(silent.accept().is_ok(), "the service was asked");
        hub.shut_down().await;
    }
}
