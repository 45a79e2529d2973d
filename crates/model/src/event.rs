//! Domain events. They leave for the screen only after their transaction has committed.

use serde::{Deserialize, Serialize};

use crate::health::HealthState;
use crate::id::{ConnectionId, RunId, SignInId};
use crate::notice::Notice;
use crate::problem::Problem;
use crate::run::RunState;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A connection was made, changed or removed.
    ConnectionChanged {
        /// The connection.
        id: ConnectionId,
    },
    /// Somebody's sign-in went on or ended.
    SignInChanged {
        /// The sign-in.
        id: SignInId,
    },
    /// Signals were stored.
    SignalsArrived {
        /// The connection they came through.
        connection: ConnectionId,
        /// How many were new.
        count: u64,
    },
    /// Signals were looked at, put away or let go of, or a filter of them was kept.
    SignalsChanged,
    /// A stream began to be read, was read further, or came to an end; or what is planned for it changed.
    SyncChanged {
        /// The connection.
        connection: ConnectionId,
        /// The stream; none where it concerns them all.
        stream: Option<String>,
    },
    /// Jobs were given up, retried or dropped.
    JobsChanged,
    /// A delivery came to a connection's webhook, or was refused, or its settings changed.
    WebhookChanged {
        /// The connection.
        connection: ConnectionId,
    },
    /// The webhook gateway listens, or not, or elsewhere.
    GatewayChanged,
    /// A connector of the user's own was added, changed or removed, or its file has a new mistake.
    CatalogueChanged,
    /// A chain was saved or removed.
    ChainsChanged,
    /// A run moved.
    RunChanged {
        /// The run.
        id: RunId,
        /// Its state now.
        state: RunState,
        /// The journal's length now.
        facts: u64,
    },
    /// A connection is doing better or worse.
    HealthChanged {
        /// The connection.
        connection: ConnectionId,
        /// How it is doing now.
        state: HealthState,
    },
    /// Something happened that a person who does not look is told. The program shows it.
    Noticed {
        /// What is said.
        notice: Notice,
    },
    /// A check of all connections went on.
    HealthChecked {
        /// Checked so far.
        done: u32,
        /// In all.
        total: u32,
    },
    /// The secret store was locked, unlocked or exchanged, or what it locks was sealed anew.
    SecretsChanged,
    /// The way to services is another one, or is known again.
    NetworkChanged,
    /// Storage stopped taking work (`Some`) or takes it again (`None`).
    StorageChanged {
        /// Why it stopped.
        problem: Option<Problem>,
    },
}

/// Takes events on their way to the screen. Never blocks; may drop when nobody looks.
pub trait EventSink: Send + Sync {
    /// Passes one event on.
    fn emit(&self, event: Event);
}

/// Drops every event: for tests and one-shot commands.
#[derive(Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn emit(&self, _: Event) {}
}
