//! Between values and the columns that hold them: times as milliseconds, closed sets as words,
//! everything else as JSON text.

use patchbay_model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::StoreError;

/// Milliseconds since 1970 UTC. What is finer is dropped.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(crate) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| unreadable("time", &error))
}

pub(crate) fn optional_time(millis: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    millis.map(time).transpose()
}

/// As it will be read back.
pub(crate) fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

pub(crate) fn json<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(what, &error))
}

/// The same, behind what is there already.
pub(crate) fn append_json<T: Serialize + ?Sized>(
    what: &'static str,
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    serde_json::to_writer(out, value).map_err(|error| unreadable(what, &error))
}

pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(what, &error))
}

/// The name that a value of a closed set has on the wire.
pub(crate) fn word<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Ok(word),
        Ok(_) => Err(unreadable(what, &"not a word")),
        Err(error) => Err(unreadable(what, &error)),
    }
}

pub(crate) fn from_word<T: DeserializeOwned>(what: &'static str, word: String) -> Result<T, StoreError> {
    serde_json::from_value(Value::String(word)).map_err(|error| unreadable(what, &error))
}

/// Counts are never negative; a damaged one reads as zero.
pub(crate) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// The largest count SQLite holds stands for any larger one.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn unreadable(what: &'static str, why: &impl ToString) -> StoreError {
    StoreError::Unreadable { what, why: why.to_string() }
}
