//! Connections: a connector set up with an account.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{ConnectionId, ConnectorId};
use crate::problem::{Code, HealthEffect, Problem};
use crate::time::Timestamp;

/// A connection as stored, without its credential.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Never changes.
    pub id: ConnectionId,
    /// What the user calls it; unique in the workspace.
    pub name: String,
    /// The connector.
    pub connector: ConnectorId,
    /// Version of the definition it was made with.
    pub descriptor_version: String,
    /// The chosen way to sign in; none where the connector needs none.
    pub auth_method: Option<String>,
    /// Settings by key, `baseUrl` among them where the user pointed elsewhere.
    pub config: Map<String, Value>,
    /// Origins (scheme, host, port) the user approved when connecting. Secrets go nowhere else.
    pub origins: Vec<String>,
    /// Whether the user allowed private and loopback addresses for this connection.
    pub allow_private: bool,
    /// How it is.
    pub state: ConnectionState,
    /// Switched off by the user, whatever its state.
    pub paused: bool,
    /// Permissions granted, where known.
    pub scopes: Vec<String>,
    /// Whose it is, where the service says.
    pub account: Option<Account>,
    /// Anything else worth keeping, such as a captured site id.
    pub metadata: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last became connected.
    pub last_connected_at: Option<Timestamp>,
    /// When it was last tested.
    pub last_tested_at: Option<Timestamp>,
    /// The last failure since it last worked.
    pub last_error: Option<Problem>,
    /// Calls that succeeded since it was made.
    pub calls_ok: u64,
    /// Calls that failed since it was made.
    pub calls_failed: u64,
}

impl Connection {
    /// One that was just begun: without a name, a key, settings or anything that it may reach, and never
    /// tried.
    pub fn new(connector: ConnectorId, descriptor_version: String, created_at: Timestamp) -> Self {
        Self {
            id: ConnectionId::generate(),
            name: String::new(),
            connector,
            descriptor_version,
            auth_method: None,
            config: Map::new(),
            origins: Vec::new(),
            allow_private: false,
            state: ConnectionState::default(),
            paused: false,
            scopes: Vec::new(),
            account: None,
            metadata: Map::new(),
            created_at,
            last_connected_at: None,
            last_tested_at: None,
            last_error: None,
            calls_ok: 0,
            calls_failed: 0,
        }
    }

    /// Who has the rate budget that its calls use up: the account, where the service said whose it is, so that
    /// several connections of one account share it; else the connection.
    pub fn budget_owner(&self) -> String {
        match &self.account {
            Some(account) => format!("{}:{}", self.connector, account.id),
            None => self.id.to_string(),
        }
    }
}

/// Whose account a connection uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Account {
    /// The service's lasting identifier.
    pub id: String,
    /// What people call it, safe to show.
    pub label: String,
}

/// How a connection is. "Paused" is a flag beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Set up, never tried or signed out.
    #[default]
    Disconnected,
    /// Reaching the service.
    Connecting,
    /// Signing in.
    Authenticating,
    /// Checking that it works.
    Testing,
    /// Works.
    Connected,
    /// Works, and a call is under way.
    Active,
    /// Does not work for a reason that may pass.
    Error,
    /// The sign-in ended; the user must act.
    Stale,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// The user starts connecting.
    Begin,
    /// The sign-in starts.
    SignIn,
    /// The test starts.
    Test,
    /// The test, or a call, succeeded.
    Succeeded,
    /// A call starts.
    CallStarted,
    /// A test or call failed with this code.
    Failed(Code),
    /// The user disconnects.
    Disconnect,
}

impl ConnectionState {
    /// The state after an event. Total: an event that changes nothing gives the same state.
    #[must_use]
    pub fn after(self, event: ConnectionEvent) -> Self {
        use ConnectionEvent as E;
        match (self, event) {
            (_, E::Disconnect) => Self::Disconnected,
            (Self::Disconnected | Self::Error | Self::Stale, E::Begin) => Self::Connecting,
            (Self::Disconnected | Self::Connecting | Self::Error | Self::Stale, E::SignIn) => {
                Self::Authenticating
            }
            (_, E::Test) => Self::Testing,
            (_, E::Succeeded) => Self::Connected,
            (Self::Connected | Self::Active, E::CallStarted) => Self::Active,
            (state, E::Failed(code)) => match code.health() {
                HealthEffect::User if code.ends_sign_in() => Self::Stale,
                HealthEffect::User | HealthEffect::Down => Self::Error,
                // Says nothing of the connection: a call ended, so it is at rest again.
                HealthEffect::Ok | HealthEffect::Warn | HealthEffect::Global => match state {
                    Self::Active => Self::Connected,
                    Self::Connecting | Self::Authenticating | Self::Testing => Self::Error,
                    same => same,
                },
            },
            (same, E::Begin | E::SignIn | E::CallStarted) => same,
        }
    }

    /// Whether calls may be tried.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Connected | Self::Active | Self::Error | Self::Testing)
    }
}

impl Code {
    /// Whether the failure means that the stored sign-in is of no more use.
    pub fn ends_sign_in(self) -> bool {
        matches!(self, Self::AuthRevoked | Self::AuthInvalid | Self::SecretMissing)
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionEvent as E;
    use super::ConnectionState as S;
    use super::*;

    #[test]
    fn every_transition() {
        let cases = [
            (S::Disconnected, E::Begin, S::Connecting),
            (S::Connecting, E::SignIn, S::Authenticating),
            (S::Authenticating, E::Test, S::Testing),
            (S::Testing, E::Succeeded, S::Connected),
            (S::Connected, E::CallStarted, S::Active),
            (S::Active, E::Succeeded, S::Connected),
            (S::Active, E::Failed(Code::NotFound), S::Connected),
            (S::Active, E::Failed(Code::RateLimited), S::Connected),
            (S::Active, E::Failed(Code::ServiceDown), S::Error),
            (S::Active, E::Failed(Code::AuthRevoked), S::Stale),
            (S::Active, E::Failed(Code::AuthInvalid), S::Stale),
            (S::Active, E::Failed(Code::PermissionDenied), S::Error),
            (S::Testing, E::Failed(Code::RateLimited), S::Error),
            (S::Error, E::Succeeded, S::Connected),
            (S::Error, E::Begin, S::Connecting),
            (S::Stale, E::Failed(Code::Offline), S::Stale),
            (S::Stale, E::SignIn, S::Authenticating),
            (S::Stale, E::Test, S::Testing),
            (S::Connected, E::Begin, S::Connected),
            (S::Disconnected, E::CallStarted, S::Disconnected),
            (S::Connected, E::Disconnect, S::Disconnected),
        ];
        for (from, event, want) in cases {
            assert_eq!(from.after(event), want, "{from:?} after {event:?}");
        }
    }

    #[test]
    fn global_trouble_never_blames_a_connection() {
        for code in Code::ALL.iter().filter(|c| c.health() == HealthEffect::Global) {
            assert_eq!(S::Connected.after(E::Failed(*code)), S::Connected, "{code}");
        }
    }
}
