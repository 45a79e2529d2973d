//! Where a stream goes on: what the checkpoint adds to a request, and how it moves. Pure.

use jiff::{SignedDuration, Timestamp};
use patchbay_map::format_time;
use patchbay_model::Signal;
use patchbay_model::descriptor::Delta;
use serde_json::{Value, json};

use crate::compiled::{Built, set_query};

/// The furthest point that a read has reached. It becomes the checkpoint only once the whole read is
/// stored: pages may come in any order, and a checkpoint never passes what is not stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reached {
    /// The connector keeps no place.
    Nothing,
    /// The newest time.
    Time(Option<Timestamp>),
    /// The greatest id.
    Id(Option<u64>),
}

impl Reached {
    /// From the stored checkpoint. One that cannot be read starts over: known items are recognised.
    pub(crate) fn from_checkpoint(delta: &Delta, checkpoint: Option<&Value>) -> Self {
        match delta {
            Delta::None => Self::Nothing,
            Delta::TimestampFilter { .. } => {
                Self::Time(checkpoint.and_then(|c| c["timestamp"].as_str()).and_then(|text| text.parse().ok()))
            }
            Delta::SinceId { .. } => Self::Id(checkpoint.and_then(|c| c["id"].as_u64())),
        }
    }

    /// Takes a signal in.
    pub(crate) fn take(&mut self, signal: &Signal) {
        match self {
            Self::Nothing => {}
            Self::Time(time) => *time = (*time).max(Some(signal.timestamp)),
            Self::Id(id) => *id = (*id).max(signal.external_id.parse().ok()),
        }
    }

    /// As a checkpoint to store; none where nothing was seen.
    pub(crate) fn checkpoint(&self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Time(time) => time.map(|time| json!({ "timestamp": time.to_string() })),
            Self::Id(id) => id.map(|id| json!({ "id": id })),
        }
    }

    /// Asks only for what changed.
    pub(crate) fn ask(&self, delta: &Delta, request: &mut Built) {
        match (delta, self) {
            (Delta::TimestampFilter { param, format, look_back_seconds }, Self::Time(Some(time))) => {
                let back = SignedDuration::from_secs(i64::from(*look_back_seconds));
                let since = time.checked_sub(back).unwrap_or(*time);
                let value = match format_time(since, *format) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                set_query(&mut request.url, param, &value);
            }
            (Delta::SinceId { param }, Self::Id(Some(id))) => {
                set_query(&mut request.url, param, &id.to_string())
            }
            _ => {}
        }
    }
}
