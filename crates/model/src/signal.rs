//! Signals: items that came in, in one shape whatever tool they came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{ConnectionId, ConnectorId};
use crate::time::Timestamp;

/// One normalised item. Unique in a workspace by connection, stream, external id and version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// The connection it came through.
    pub connection: ConnectionId,
    /// The connector that read it.
    pub connector: ConnectorId,
    /// The stream within the connector.
    pub stream: String,
    /// The service's own identifier, as text.
    pub external_id: String,
    /// Distinguishes versions of one item: its time in milliseconds, or a hash of its content.
    pub version: String,
    /// What kind of signal, such as `issue_created`.
    pub signal_type: String,
    /// When it happened or changed.
    pub timestamp: Timestamp,
    /// One line for people, safe to show.
    pub summary: String,
    /// How urgent.
    pub priority: Option<Priority>,
    /// People concerned.
    pub participants: Vec<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Related items.
    pub related: Vec<String>,
    /// The item's page for people.
    pub url: Option<String>,
    /// The item as the service sent it, or the fields that the connector keeps.
    pub raw: Value,
}

/// How urgent a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Now.
    Critical,
    /// Today.
    High,
    /// Soon.
    Medium,
    /// Some time.
    Low,
}

/// What a list of signals is narrowed to. Empty lists and absent values narrow nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SignalFilter {
    /// Words that all occur in the summary, among people or labels; the last one may be a beginning.
    pub text: Option<String>,
    /// Through one of these connections, by id.
    pub connections: Vec<ConnectionId>,
    /// Of one of these types.
    pub types: Vec<String>,
    /// As urgent as one of these.
    pub priorities: Vec<Priority>,
    /// Only those nobody has looked at.
    pub unread: bool,
    /// Those that were put away, in the place of those that were not.
    pub archived: bool,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}
