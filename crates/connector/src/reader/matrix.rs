//! Every way of paging with every way of going on, over one small service in memory: cut off after any
//! page, with items of one time on both sides of it, nothing is lost, and nothing comes twice in one
//! read.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_net::Headers;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Reader;
use super::tests::{BASE, at, tool};
use crate::compiled::Built;
use crate::target::Target;

/// Every way of paging, with what makes it fit any page size.
fn pagings(size: usize) -> Vec<Value> {
    vec![
        json!({"next": {"type": "link_header"}}),
        json!({"next": {"type": "link_header", "flag": "results"}}),
        json!({"next": {"type": "next_url", "urlPath": "$.url"}}),
        json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "from"}}),
        json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "from", "hasMorePath": "$.more"}}),
        json!({"next": {"type": "cursor", "cursorPath": "$.id", "from": "last_item", "param": "behind"}}),
        json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "from", "place": "header"}}),
        json!({"next": {"type": "header_cursor", "header": "x-next", "param": "from"}}),
        json!({"next": {"type": "page", "param": "page"}, "pageSize": size}),
        json!({"next": {"type": "page", "param": "page", "totalPagesPath": "$.pages"}}),
        json!({"next": {"type": "page", "param": "page", "sendFirst": false}, "until": "empty_page"}),
        json!({"next": {"type": "offset", "param": "from"}, "pageSize": size}),
        json!({"next": {"type": "offset", "param": "from"}, "totalPath": "$.total"}),
        json!({"next": {"type": "offset", "param": "from"},
            "more": {"path": "$.more", "operator": "equals", "value": true}}),
    ]
}

/// Every way of going on that does not depend on how pages are found.
fn deltas() -> Vec<Value> {
    vec![
        json!({"type": "none"}),
        json!({"type": "timestamp_filter", "param": "since", "format": "unix_ms"}),
        json!({"type": "timestamp_filter", "param": "since", "format": "unix_ms", "lookBackSeconds": 1}),
        json!({"type": "since_id", "param": "after"}),
        json!({"type": "delta_token", "tokenPath": "$.delta", "param": "delta"}),
        json!({"type": "delta_token", "tokenPath": "$.deltaUrl"}),
        json!({"type": "client_side"}),
        json!({"type": "client_side", "newestFirst": true}),
    ]
}

/// The service: what is there, in the order in which it came, and how it lists.
struct Service {
    /// Time of each item; its number is its id.
    times: Vec<i64>,
    newest_first: bool,
    size: usize,
}

impl Service {
    fn answer(&self, request: &Built) -> (Headers, Value) {
        let mut all: Vec<(usize, i64)> = self.times.iter().copied().enumerate().collect();
        if let Some(since) = number(request, "since") {
            all.retain(|(_, at)| *at >= since);
        }
        if let Some(after) = number(request, "after") {
            all.retain(|(id, _)| *id as i64 > after);
        }
        let known = number(request, "delta").unwrap_or(0) as usize;
        all.retain(|(id, _)| *id >= known);
        if self.newest_first {
            all.sort_by_key(|(id, at)| (-at, *id));
        }
        let behind = number(request, "behind");
        let from = match (number(request, "from"), number(request, "page"), behind) {
            (Some(from), ..) => from as usize,
            (None, Some(page), _) => (page as usize - 1) * self.size,
            (None, None, Some(id)) => 1 + all.iter().position(|(own, _)| *own as i64 == id).unwrap(),
            (None, None, None) => 0,
        };
        let items: Vec<Value> =
            all.iter().skip(from).take(self.size).map(|(id, at)| json!({"id": id, "at": at})).collect();
        let next = from + self.size;
        let more = next < all.len();
        let mut url = request.url.clone();
        crate::compiled::set_query(&mut url, "from", &next.to_string());
        // Some services give a next link on the last page too, and say elsewhere that it is the last.
        let link = format!("<{url}>; rel=\"next\"; results=\"{more}\"");
        let mut headers = vec![("X-Next".to_owned(), if more { next.to_string() } else { String::new() })];
        if more {
            headers.push(("Link".to_owned(), link));
        }
        let mut body = json!({
            "items": items, "more": more, "total": all.len(), "pages": all.len().div_ceil(self.size),
            "next": more.then(|| next.to_string()), "url": more.then(|| url.to_string()),
        });
        if !more {
            body["delta"] = json!(self.times.len().to_string());
            body["deltaUrl"] = json!(format!("/items?delta={}", self.times.len()));
        }
        (Headers::new(headers), body)
    }
}

fn number(request: &Built, name: &str) -> Option<i64> {
    let mut pairs = request.url.query_pairs();
    let query = pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned());
    let header = request.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    query.or(header).map(|text| text.parse().unwrap())
}

/// What the store has: each page's items and its checkpoint in one commit.
#[derive(Default)]
struct Kept {
    ids: BTreeSet<usize>,
    checkpoint: Option<Value>,
}

/// Reads until `stop` pages are stored; gives how often each item came, and whether that was all.
fn read(target: &Target, service: &Service, kept: &mut Kept, stop: usize) -> (BTreeMap<usize, usize>, bool) {
    let now = at(BASE + 100_000);
    let mut reader = Reader::new(target, "items", kept.checkpoint.clone(), now).unwrap();
    let mut came = BTreeMap::new();
    for stored in 0.. {
        assert!(stored < 500, "the read has an end");
        let Some(ask) = reader.ask().unwrap() else { break };
        if stored == stop {
            return (came, false);
        }
        let (headers, body) = service.answer(ask.built);
        let taken = reader.take(&headers, &body).unwrap();
        for signal in taken.page.iter().flat_map(|page| &page.signals) {
            let id = signal.external_id.parse().unwrap();
            *came.entry(id).or_default() += 1;
            kept.ids.insert(id);
        }
        kept.checkpoint = taken.checkpoint.or(kept.checkpoint.take());
        taken.after.unwrap();
    }
    assert!(reader.is_complete());
    (came, true)
}

/// One combination, cut off after `stop` pages, and then with more items.
fn check(paging: &Value, delta: &Value, times: &[i64], later: &[i64], size: usize, stop: usize) -> bool {
    let newest_first = delta["newestFirst"] == true;
    let target = tool(json!([{"id": "items", "delta": delta, "pagination": paging}]));
    let case = format!("{paging} with {delta}, {} items by {size}, cut after {stop}", times.len());
    let mut service = Service { times: times.iter().map(|at| BASE + at).collect(), newest_first, size };
    let mut kept = Kept::default();
    let (_, whole) = read(&target, &service, &mut kept, stop);
    // What comes meanwhile has no earlier time than the newest: it may share it.
    let newest = service.times.iter().copied().max().unwrap_or(BASE);
    let (soon, late) = later.split_at(later.len() / 2);
    service.times.extend(soon.iter().map(|more| newest + more));
    let (came, _) = read(&target, &service, &mut kept, usize::MAX);
    assert_eq!(kept.ids, (0..service.times.len()).collect(), "lost: {case}");
    assert!(came.values().all(|times| *times == 1), "twice in one read: {case}: {came:?}");
    let newest = service.times.iter().copied().max().unwrap_or(BASE);
    service.times.extend(late.iter().map(|more| newest + more));
    let (came, _) = read(&target, &service, &mut kept, usize::MAX);
    assert_eq!(kept.ids, (0..service.times.len()).collect(), "lost later: {case}");
    assert!(came.values().all(|times| *times == 1), "twice later: {case}: {came:?}");
    whole
}

#[test]
fn nothing_is_lost_wherever_any_read_is_cut_off() {
    // Two of one time on every page's edge.
    let (times, later) = ([0, 10, 10, 20, 20, 20, 30], [0, 0, 5, 0]);
    let (mut combinations, mut cuts) = (0, 0);
    for delta in deltas() {
        for paging in pagings(2) {
            combinations += 1;
            for stop in 0..12 {
                cuts += 1;
                if check(&paging, &delta, &times, &later, 2, stop) {
                    break;
                }
            }
        }
    }
    assert_eq!(combinations, 112, "a way of paging or of going on has come or gone");
    assert!(cuts > combinations * 4, "reads were cut off at every page: {cuts}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn nothing_is_lost_for_any_size_of_page(
        times in prop::collection::vec(0i64..6, 0..25), later in prop::collection::vec(0i64..3, 0..8),
        size in 1usize..9, stop in 0usize..12,
    ) {
        let mut times = times;
        times.sort_unstable();
        for delta in deltas() {
            for paging in pagings(size) {
                check(&paging, &delta, &times, &later, size, stop);
            }
        }
    }
}
