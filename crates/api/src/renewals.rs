//! Keeps sign-ins alive that nobody uses: some services let refresh tokens die that were not used for a
//! while. Only where the program stays: a command that looks and goes asks no service for anything.

use std::sync::Arc;
use std::time::Duration;

use patchbay_auth::Authoriser;
use patchbay_model::connection::ConnectionEvent;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Connection, ConnectionState, Event, EventSink};
use patchbay_store::{ConnectionFilter, Store};
use serde_json::json;

use crate::connectors::Connectors;

/// Tokens are renewed once they have not been for this long: so that each is at least daily.
const UNUSED: Duration = Duration::from_secs(20 * 60 * 60);
/// How often to look.
const LOOK: Duration = Duration::from_secs(60 * 60);

/// What the work needs of a workspace.
pub(crate) struct Renewals {
    pub(crate) store: Store,
    pub(crate) authoriser: Authoriser,
    pub(crate) connectors: Arc<Connectors>,
    pub(crate) events: Arc<dyn EventSink>,
}

impl Renewals {
    /// Looks again and again.
    pub(crate) async fn run(self) {
        loop {
            if let Err(problem) = self.once().await {
                tracing::warn!(%problem, "sign-ins that nobody uses are not renewed now");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Renews what is due; a connection that fails does not keep the others back.
    pub(crate) async fn once(&self) -> Result<(), Problem> {
        let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
        for connection in self.store.connection_list(filter).await?.items {
            if connection.state == ConnectionState::Stale {
                continue;
            }
            let Ok(compiled) = self.connectors.get(&connection.connector) else { continue };
            let renewed = self.authoriser.renew_unused(&connection, compiled.descriptor(), UNUSED).await;
            if let Err(error) = renewed {
                let problem = Problem::from(error).with_default("tool", &compiled.descriptor().name);
                self.failed(connection, problem).await?;
            }
        }
        Ok(())
    }

    /// A sign-in that has ended is said at once, not when the next chain fails.
    async fn failed(&self, connection: Connection, problem: Problem) -> Result<(), Problem> {
        if problem.code() != Code::AuthRevoked {
            tracing::info!(connection = %connection.id, %problem, "a sign-in is not renewed now");
            return Ok(());
        }
        let Some(mut connection) = self.store.connection(&connection.id).await? else { return Ok(()) };
        connection.state = connection.state.after(ConnectionEvent::Failed(problem.code()));
        connection.last_error = Some(problem.about(Subject::Connection { name: connection.name.clone() }));
        self.store.connection_update(&connection).await?;
        let detail = json!({ "connection": connection.id, "code": Code::AuthRevoked });
        self.store.audit("auth_failed", &connection.name, &detail).await?;
        self.events.emit(Event::ConnectionChanged { id: connection.id });
        Ok(())
    }
}
