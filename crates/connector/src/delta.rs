//! Where a stream goes on: what the checkpoint adds to a request, and how it moves. Pure.

use jiff::{SignedDuration, Timestamp};
use patchbay_map::format_time;
use patchbay_model::Signal;
use patchbay_model::descriptor::{Delta, TimeFormat};
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
    /// The greatest id. Ids that are not numbers have no order we could rely on: such a stream is
    /// read from its start each time, and known items are recognised.
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

    /// Whether a request asks only for what changed.
    pub(crate) fn is_continuing(&self) -> bool {
        matches!(self, Self::Time(Some(_)) | Self::Id(Some(_)))
    }

    /// Takes a signal in.
    pub(crate) fn take(&mut self, signal: &Signal) {
        match self {
            Self::Nothing => {}
            Self::Time(time) => *time = (*time).max(Some(signal.timestamp)),
            Self::Id(id) => *id = (*id).max(signal.external_id.parse().ok()),
        }
    }

    /// As a checkpoint to store; none where nothing was seen. Never in the future: one item with an
    /// odd date must not hide everything that happens until then.
    pub(crate) fn checkpoint(&self, now: Timestamp) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Time(time) => time.map(|time| json!({ "timestamp": time.min(now).to_string() })),
            Self::Id(id) => id.map(|id| json!({ "id": id })),
        }
    }

    /// Asks only for what changed. At least one unit of the service's own way of writing times is
    /// read again: a filter that means "after" would lose items of the very same time.
    pub(crate) fn ask(&self, delta: &Delta, request: &mut Built) {
        match (delta, self) {
            (Delta::TimestampFilter { param, format, look_back_seconds }, Self::Time(Some(time))) => {
                let back = SignedDuration::from_secs(i64::from(*look_back_seconds));
                let since = time.checked_sub(back.max(unit(*format))).unwrap_or(*time);
                let value = match format_time(since, *format) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                set_query(&mut request.url, param, &value);
            }
            (Delta::SinceId { param }, Self::Id(Some(id))) => {
                set_query(&mut request.url, param, &id.to_string());
            }
            _ => {}
        }
    }
}

/// The smallest step between two times that a format can tell apart.
fn unit(format: TimeFormat) -> SignedDuration {
    match format {
        TimeFormat::Iso8601 | TimeFormat::Unix => SignedDuration::from_secs(1),
        TimeFormat::UnixMs => SignedDuration::from_millis(1),
        TimeFormat::Date => SignedDuration::from_hours(24),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use patchbay_map::{Origin, SignalMapper};
    use patchbay_model::{ConnectionId, ConnectorId};
    use proptest::prelude::*;

    use super::*;

    fn delta(format: &str, look_back: u32) -> Delta {
        serde_json::from_value(json!({
            "type": "timestamp_filter", "param": "since", "format": format, "lookBackSeconds": look_back,
        }))
        .unwrap()
    }

    fn mapper() -> SignalMapper {
        SignalMapper::compile(
            &serde_json::from_value(json!({
                "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "timestampFormat": "unix_ms",
                "summaryTemplate": "{{id}}", "signalTypeRules": [], "defaultSignalType": "x",
            }))
            .unwrap(),
        )
        .unwrap()
    }

    fn signal(id: usize, millis: i64) -> Signal {
        let (connection, connector) = (ConnectionId::new("c"), ConnectorId::new("t"));
        let from = Origin { connection: &connection, connector: &connector, stream: "s" };
        let item = json!({"id": id, "at": millis});
        mapper().signal(&item, &from).unwrap().unwrap()
    }

    fn request() -> Built {
        Built { url: "https://a.example/items".parse().unwrap(), headers: Vec::new(), body: None }
    }

    fn since(reached: &Reached, delta: &Delta) -> Option<String> {
        let mut request = request();
        reached.ask(delta, &mut request);
        let mut pairs = request.url.query_pairs();
        pairs.next().map(|(_, value)| value.into_owned())
    }

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_asked_for_goes_back_by_the_look_back_or_one_unit() {
        let at: Timestamp = "2026-11-20T10:00:00.250Z".parse().unwrap();
        let reached = Reached::Time(Some(at));
        let cases = [
            ("iso8601", 0, "2026-11-20T09:59:59Z"),
            ("iso8601", 60, "2026-11-20T09:59:00Z"),
            ("unix", 0, "1795168799"),
            ("unix_ms", 0, "1795168800249"),
            ("date", 0, "2026-11-19"),
        ];
        for (format, look_back, want) in cases {
            let asked = since(&reached, &delta(format, look_back));
            assert_eq!(asked.as_deref(), Some(want), "{format}, {look_back}");
        }
        let fresh = Reached::from_checkpoint(&delta("unix", 0), None);
        assert_eq!(since(&fresh, &delta("unix", 0)), None, "the first read asks for everything");
        let by_id: Delta = serde_json::from_value(json!({"type": "since_id", "param": "after"})).unwrap();
        let reached = Reached::from_checkpoint(&by_id, Some(&json!({"id": 7})));
        assert_eq!(since(&reached, &by_id).as_deref(), Some("7"));
    }

    #[test]
    fn a_checkpoint_is_never_in_the_future_and_survives_storing() {
        let delta = delta("iso8601", 0);
        let mut reached = Reached::from_checkpoint(&delta, None);
        assert_eq!(reached.checkpoint(now()), None, "nothing seen, nothing to store");
        reached.take(&signal(1, 4_000_000_000_000));
        let stored = reached.checkpoint(now()).unwrap();
        assert_eq!(stored, json!({"timestamp": "2026-11-20T12:00:00Z"}));
        let again = Reached::from_checkpoint(&delta, Some(&stored));
        assert_eq!(again, Reached::Time(Some(now())));
        assert!(again.is_continuing());
        let odd = Reached::from_checkpoint(&delta, Some(&json!("from another version")));
        assert_eq!(odd, Reached::Time(None), "an unreadable place starts over");
    }

    /// Reads `items` (id, time in ms) as a service gives them that filters by time, page by page;
    /// stops after `stop` pages, as a kill does. What is stored is what reached the store.
    fn read(
        items: &[(usize, i64)],
        delta: &Delta,
        strict: bool,
        size: usize,
        stop: Option<usize>,
        checkpoint: &mut Option<Value>,
        stored: &mut BTreeSet<(usize, i64)>,
    ) {
        let mut reached = Reached::from_checkpoint(delta, checkpoint.as_ref());
        let from = since(&reached, delta).map(|text| {
            let format = match delta {
                Delta::TimestampFilter { format, .. } => *format,
                _ => TimeFormat::Iso8601,
            };
            let value = text.parse::<i64>().map_or(json!(text), |number| json!(number));
            patchbay_map::parse_time(&value, format).unwrap().as_millisecond()
        });
        let matching: Vec<_> = items
            .iter()
            .filter(|(_, at)| from.is_none_or(|from| if strict { *at > from } else { *at >= from }))
            .collect();
        for (number, page) in matching.chunks(size).enumerate() {
            if stop == Some(number) {
                return;
            }
            for (id, at) in page {
                let signal = signal(*id, *at);
                reached.take(&signal);
                stored.insert((*id, *at));
            }
        }
        *checkpoint = reached.checkpoint(now());
    }

    proptest! {
        /// In whatever order the pages come, however small they are, whenever reads are cut off, and
        /// however many items share one time.
        #[test]
        fn nothing_is_lost_over_cut_off_reads_and_equal_times(
            times in prop::collection::vec(0i64..4_000, 1..60),
            later in prop::collection::vec(0i64..4_000, 0..20),
            size in 1usize..9, stop in 0usize..8, strict: bool, newest_first: bool,
            format in prop::sample::select(vec!["iso8601", "unix", "unix_ms", "date"]),
        ) {
            let delta = delta(format, 0);
            let base = 1_700_000_000_000;
            let mut items: Vec<(usize, i64)> =
                times.iter().enumerate().map(|(id, at)| (id, base + at)).collect();
            items.sort_by_key(|(_, at)| if newest_first { -at } else { *at });
            let (mut checkpoint, mut stored) = (None, BTreeSet::new());
            read(&items, &delta, strict, size, Some(stop), &mut checkpoint, &mut stored);
            read(&items, &delta, strict, size, None, &mut checkpoint, &mut stored);
            prop_assert_eq!(stored.len(), items.len(), "the first reads lost something");
            // What happens later has no earlier time than the newest, and may share it.
            let newest = items.iter().map(|(_, at)| *at).max().unwrap();
            let first = items.len();
            items.extend(later.iter().enumerate().map(|(i, at)| (first + i, newest + at / 1_000)));
            read(&items, &delta, strict, size, None, &mut checkpoint, &mut stored);
            prop_assert_eq!(stored.len(), items.len(), "the next read lost something");
        }
    }
}
