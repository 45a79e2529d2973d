//! Reads of services that filter, page and forget in every way, cut off at any page.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use patchbay_map::{format_time, parse_time};
use patchbay_model::descriptor::TimeFormat;
use proptest::prelude::*;

use super::*;
use crate::compiled::Compiled;
use crate::fixtures::unconnected;

/// 2023-11-14T22:13:20Z.
pub(super) const BASE: i64 = 1_700_000_000_000;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

/// A connector with these streams; each maps `id` and the time `at` in milliseconds.
pub(super) fn tool(streams: Value) -> Target {
    let Value::Array(mut streams) = streams else { panic!("streams are a list") };
    for stream in &mut streams {
        stream["title"] = json!("Items");
        let mapping = json!({
            "itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at", "timestampFormat": "unix_ms",
            "summaryTemplate": "{{id}}", "signalTypeRules": [], "defaultSignalType": "x",
        });
        let members = stream.as_object_mut().unwrap();
        members.entry("mapping").or_insert(mapping);
        members.entry("request").or_insert(json!({"path": "/items"}));
    }
    let document = json!({
        "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://a.example", "streams": streams, "healthCheck": {"request": {"path": "/me"}},
        "configFields": [{"key": "teams", "label": "Teams", "type": "list"}],
    });
    let descriptor = patchbay_descriptor::read(&document.to_string(), "tool.json").unwrap();
    unconnected(
        &Arc::new(Compiled::new(Arc::new(descriptor)).unwrap()),
        &BTreeMap::from([("teams".into(), "red\nblue".into())]),
    )
    .unwrap()
}

/// What reached the store, and the place that was stored with it.
#[derive(Default)]
struct Kept {
    signals: BTreeMap<(String, String), usize>,
    checkpoint: Option<Value>,
}

impl Kept {
    fn ids(&self) -> BTreeSet<String> {
        self.signals.keys().map(|(id, _)| id.clone()).collect()
    }
}

/// Reads `stream`; ends after `stop` pages without a word, as a kill does. Gives what was asked.
fn read(
    target: &Target,
    stream: &str,
    now: i64,
    stop: Option<usize>,
    kept: &mut Kept,
    serve: &dyn Fn(&Built) -> Value,
) -> Vec<Built> {
    let mut reader = Reader::new(target, stream, kept.checkpoint.clone(), at(now)).unwrap();
    let mut asked = Vec::new();
    while let Some(ask) = reader.ask().unwrap() {
        if stop == Some(asked.len()) {
            return asked;
        }
        assert!(asked.len() < 5_000, "the read has an end");
        let request = ask.built.clone();
        let body = serve(&request);
        asked.push(request);
        let taken = reader.take(&Headers::default(), &body).unwrap();
        for signal in taken.page.iter().flat_map(|page| &page.signals) {
            *kept.signals.entry((signal.external_id.clone(), signal.version.clone())).or_default() += 1;
        }
        if taken.checkpoint.is_some() {
            kept.checkpoint = taken.checkpoint;
        }
        taken.after.unwrap();
    }
    assert!(reader.is_complete());
    asked
}

fn query(request: &Built, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

fn number(request: &Built, name: &str) -> Option<usize> {
    query(request, name).map(|text| text.parse().unwrap())
}

fn page_of(all: &[&(usize, i64)], request: &Built, size: usize) -> Value {
    let from = number(request, "page").unwrap_or(0);
    let items: Vec<Value> =
        all.iter().skip(from).take(size).map(|(id, at)| json!({"id": id, "at": at})).collect();
    let next = (from + size < all.len()).then(|| (from + size).to_string());
    json!({ "items": items, "next": next })
}

fn paging() -> Value {
    json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "page"}})
}

fn time_format(name: &str) -> TimeFormat {
    serde_json::from_value(json!(name)).unwrap()
}

fn asked_time(request: &Built, name: &str, format: &TimeFormat) -> Option<i64> {
    let text = query(request, name)?;
    let value = text.parse::<i64>().map_or(json!(text), |number| json!(number));
    Some(parse_time(&value, format).unwrap().as_millisecond())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// In whatever order the pages come, however small they are, whenever reads are cut off, however
    /// many items share one time, and whether a filter means "from" or "after".
    #[test]
    fn a_time_filter_loses_nothing(
        times in prop::collection::vec(0i64..4_000, 1..50), later in prop::collection::vec(0i64..4_000, 0..20),
        size in 1usize..9, stop in 0usize..12, strict: bool, newest_first: bool,
        format in prop::sample::select(vec!["iso8601", "unix", "unix_ms", "date", "%Y-%m-%d %H:%M"]),
        window in prop::option::of(1u32..4),
    ) {
        let window = window.filter(|_| !matches!(format, "date" | "%Y-%m-%d %H:%M"));
        let mut delta = json!({"type": "timestamp_filter", "param": "since", "format": format});
        if let Some(seconds) = window {
            delta["endParam"] = json!("until");
            delta["windowSeconds"] = json!(seconds);
            delta["initial"] = json!("2023-11-14T22:13:20Z");
        }
        let target = tool(json!([{"id": "items", "delta": delta, "pagination": paging()}]));
        let format = time_format(format);
        let mut items: Vec<(usize, i64)> = times.iter().enumerate().map(|(id, at)| (id, BASE + at)).collect();
        let serve = |items: &Vec<(usize, i64)>, request: &Built| {
            let (from, until) = (asked_time(request, "since", &format), asked_time(request, "until", &format));
            let mut matching: Vec<_> = items.iter().filter(|(_, at)| {
                from.is_none_or(|from| if strict { *at > from } else { *at >= from })
                    && until.is_none_or(|until| if strict { *at < until } else { *at <= until })
            }).collect();
            matching.sort_by_key(|(_, at)| if newest_first { -at } else { *at });
            page_of(&matching, request, size)
        };
        let mut kept = Kept::default();
        let now = BASE + 5_000;
        read(&target, "items", now, Some(stop), &mut kept, &|request| serve(&items, request));
        read(&target, "items", now, None, &mut kept, &|request| serve(&items, request));
        // A strict filter that begins exactly there leaves out what happened at that very moment.
        let first = |at: &i64| !(strict && window.is_some() && *at == BASE);
        prop_assert_eq!(kept.ids().len(), items.iter().filter(|(_, at)| first(at)).count(), "the first reads lost something");
        // What happens later has no earlier time than the newest, and may share it; in windows, it
        // happens after the read.
        let newest = if window.is_some() { now } else { items.iter().map(|(_, at)| *at).max().unwrap() };
        let known = items.len();
        items.extend(later.iter().enumerate().map(|(i, at)| (known + i, newest + at / 1_000)));
        read(&target, "items", now + 9_000, None, &mut kept, &|request| serve(&items, request));
        prop_assert_eq!(kept.ids().len(), items.iter().filter(|(_, at)| first(at)).count(), "the next read lost something");
    }

    #[test]
    fn a_service_that_cannot_filter_loses_nothing_and_old_items_are_passed_over(
        times in prop::collection::vec(0i64..40, 1..50), later in prop::collection::vec(0i64..4, 0..20),
        size in 1usize..9, stop in 0usize..8, newest_first: bool,
    ) {
        let delta = json!({"type": "client_side", "newestFirst": newest_first});
        let target = tool(json!([{"id": "items", "delta": delta, "pagination": paging()}]));
        let mut items: Vec<(usize, i64)> = times.iter().enumerate().map(|(id, at)| (id, BASE + at)).collect();
        let serve = |items: &Vec<(usize, i64)>, request: &Built| {
            let mut all: Vec<_> = items.iter().collect();
            all.sort_by_key(|(id, at)| if newest_first { (-at, *id) } else { (0, *id) });
            page_of(&all, request, size)
        };
        let mut kept = Kept::default();
        read(&target, "items", BASE + 9_000, Some(stop), &mut kept, &|request| serve(&items, request));
        read(&target, "items", BASE + 9_000, None, &mut kept, &|request| serve(&items, request));
        prop_assert_eq!(kept.ids().len(), items.len());
        let newest = items.iter().map(|(_, at)| *at).max().unwrap();
        let known = items.len();
        items.extend(later.iter().enumerate().map(|(i, at)| (known + i, newest + at)));
        let mut again = Kept { checkpoint: kept.checkpoint.clone(), ..Kept::default() };
        let asked = read(&target, "items", BASE + 9_000, None, &mut again, &|request| serve(&items, request));
        let want: BTreeSet<String> =
            items.iter().filter(|(_, at)| *at >= newest).map(|(id, _)| id.to_string()).collect();
        prop_assert_eq!(again.ids(), want, "new ones, and those of the very same time");
        if newest_first {
            let needed = items.iter().filter(|(_, at)| *at >= newest).count() / size + 1;
            prop_assert!(asked.len() <= needed, "{} pages where {needed} would do", asked.len());
        }
    }

    #[test]
    fn a_cursor_goes_on_at_the_page_where_it_was_cut_off(
        total in 0usize..40, later in 0usize..20, size in 1usize..9, stop in 0usize..8, last_item: bool,
    ) {
        let (path, from) = if last_item { ("$.id", "last_item") } else { ("$.cursor", "answer") };
        let delta = json!({"type": "cursor", "cursorPath": path, "from": from, "param": "after"});
        let mut pagination = json!({"next": {"type": "cursor", "cursorPath": path, "from": from, "param": "after"}});
        if !last_item {
            pagination["more"] = json!({"path": "$.more", "operator": "equals", "value": true});
        }
        let target = tool(json!([{"id": "items", "delta": delta, "pagination": pagination}]));
        let total = Cell::new(total);
        let serve = |request: &Built| {
            let from = number(request, "after").map_or(0, |after| after + 1);
            let to = total.get().min(from + size);
            let items: Vec<Value> = (from..to).map(|id| json!({"id": id, "at": BASE})).collect();
            json!({"items": items, "cursor": to.checked_sub(1), "more": to < total.get()})
        };
        let mut kept = Kept::default();
        read(&target, "items", BASE, Some(stop), &mut kept, &serve);
        read(&target, "items", BASE, None, &mut kept, &serve);
        total.set(total.get() + later);
        read(&target, "items", BASE, None, &mut kept, &serve);
        prop_assert_eq!(kept.ids().len(), total.get());
        prop_assert!(kept.signals.values().all(|times| *times == 1), "nothing is asked for twice");
    }

    #[test]
    fn a_delta_token_is_kept_only_from_the_last_page(
        total in 0usize..40, later in 0usize..20, size in 1usize..9, stop in 0usize..8, whole_address: bool,
    ) {
        let mut delta = json!({"type": "delta_token", "tokenPath": "$.delta"});
        if !whole_address {
            delta["param"] = json!("delta");
        }
        let target = tool(json!([{"id": "items", "delta": delta, "pagination": paging()}]));
        let total = Cell::new(total);
        let serve = |request: &Built| {
            let start = number(request, "delta").unwrap_or(0);
            let all: Vec<(usize, i64)> = (start..total.get()).map(|id| (id, BASE)).collect();
            let mut page = page_of(&all.iter().collect::<Vec<_>>(), request, size);
            if page["next"].is_null() {
                let token = total.get().to_string();
                page["delta"] = if whole_address { json!(format!("/items?delta={token}")) } else { json!(token) };
            }
            page
        };
        let mut kept = Kept::default();
        read(&target, "items", BASE, Some(stop), &mut kept, &serve);
        read(&target, "items", BASE, None, &mut kept, &serve);
        prop_assert_eq!(kept.ids().len(), total.get());
        total.set(total.get() + later);
        let before: usize = kept.signals.values().sum();
        read(&target, "items", BASE, None, &mut kept, &serve);
        prop_assert_eq!(kept.ids().len(), total.get());
        prop_assert_eq!(kept.signals.values().sum::<usize>() - before, later, "only what is new is given");
    }

    #[test]
    fn ids_go_on_after_the_greatest(
        total in 1usize..40, later in 0usize..20, size in 1usize..9, stop in 0usize..8,
    ) {
        let delta = json!({"type": "since_id", "param": "after"});
        let target = tool(json!([{"id": "items", "delta": delta, "pagination": paging()}]));
        let total = Cell::new(total);
        let serve = |request: &Built| {
            let from = number(request, "after").map_or(0, |after| after + 1);
            let all: Vec<(usize, i64)> = (from..total.get()).map(|id| (id, BASE)).collect();
            page_of(&all.iter().collect::<Vec<_>>(), request, size)
        };
        let mut kept = Kept::default();
        read(&target, "items", BASE, Some(stop), &mut kept, &serve);
        read(&target, "items", BASE, None, &mut kept, &serve);
        total.set(total.get() + later);
        let before: usize = kept.signals.values().sum();
        read(&target, "items", BASE, None, &mut kept, &serve);
        prop_assert_eq!(kept.ids().len(), total.get());
        prop_assert_eq!(kept.signals.values().sum::<usize>() - before, later);
    }

    /// Three steps down, each level in pages of its own, cut off anywhere: each leaf is found, and
    /// each parent goes on where it was.
    #[test]
    fn streams_within_streams_lose_nothing_and_keep_a_place_for_each_parent(
        sizes in prop::collection::vec(1usize..4, 4), counts in prop::collection::vec(0usize..4, 3),
        stop in 0usize..60,
    ) {
        let path = |id: &str, path: &str, each: Value| {
            let mut stream = json!({"id": id, "request": {"path": path}, "pagination": paging()});
            if !each.is_null() {
                stream["forEach"] = each;
            }
            stream
        };
        let mut leaf = path("leaf", "/{{parent.team}}/{{parent.one}}/{{parent.two}}/leaves",
            json!({"stream": "two", "bind": {"two": "$.id"}, "idsPerParent": true}));
        leaf["delta"] = json!({"type": "timestamp_filter", "param": "since", "format": "unix_ms"});
        let target = tool(json!([
            path("zero", "/{{parent.team}}/zero", json!({"setting": "teams", "bind": {"team": "$"}})),
            path("one", "/{{parent.team}}/one", json!({"stream": "zero", "bind": {"zero": "$.id"}})),
            path("two", "/{{parent.team}}/{{parent.one}}/two", json!({"stream": "one", "bind": {"one": "$.id"}})),
            leaf,
        ]));
        let leaves = Cell::new(2_usize);
        let serve = |request: &Built| {
            let steps: Vec<&str> = request.url.path().trim_matches('/').split('/').collect();
            let (level, count) = match steps.last() {
                Some(&"zero") => (0, 1),
                Some(&"one") => (1, counts[0]),
                Some(&"two") => (2, counts[1]),
                _ => (3, counts[2] + leaves.get()),
            };
            let since = number(request, "since").unwrap_or(0) as i64;
            let all: Vec<(usize, i64)> =
                (0..count).map(|id| (id, BASE + id as i64 * 10)).filter(|(_, at)| level < 3 || *at > since).collect();
            page_of(&all.iter().collect::<Vec<_>>(), request, sizes[level])
        };
        let parents = 2 * counts[0] * counts[1];
        let mut kept = Kept::default();
        read(&target, "leaf", BASE + 900, Some(stop), &mut kept, &serve);
        read(&target, "leaf", BASE + 900, None, &mut kept, &serve);
        prop_assert_eq!(kept.ids().len(), parents * (counts[2] + 2));
        leaves.set(4);
        let asked = read(&target, "leaf", BASE + 900, None, &mut kept, &serve);
        prop_assert_eq!(kept.ids().len(), parents * (counts[2] + 4));
        let leaf_requests: Vec<_> = asked.iter().filter(|request| request.url.path().ends_with("/leaves")).collect();
        prop_assert!(leaf_requests.iter().all(|request| query(request, "since").is_some()), "each parent goes on");
    }
}

#[test]
fn what_is_asked_for_goes_back_by_the_look_back_or_one_unit() {
    let cases = [
        ("iso8601", 0, "2026-11-20T09:59:59Z"),
        ("iso8601", 60, "2026-11-20T09:59:00Z"),
        ("unix", 0, "1795168799"),
        ("unix_ms", 0, "1795168800249"),
        ("date", 0, "2026-11-19"),
        ("%Y-%m-%d %H:%M", 0, "2026-11-20 09:59"),
    ];
    let ask = |delta: Value, checkpoint: Option<Value>| {
        let target = tool(json!([{"id": "items", "delta": delta}]));
        let mut reader = Reader::new(&target, "items", checkpoint, at(BASE)).unwrap();
        let request = reader.ask().unwrap().map(|ask| ask.built.clone()).unwrap();
        query(&request, "since")
    };
    for (format, look_back, want) in cases {
        let delta = json!({"type": "timestamp_filter", "param": "since", "format": format, "lookBackSeconds": look_back});
        let asked = ask(delta.clone(), Some(json!({"timestamp": "2026-11-20T10:00:00.250Z"})));
        assert_eq!(asked.as_deref(), Some(want), "{format}, {look_back}");
        assert_eq!(ask(delta, None), None, "the first read asks for everything");
    }
    let from = |initial: &str| json!({"type": "timestamp_filter", "param": "since", "format": "date", "initial": initial});
    assert_eq!(ask(from("2026-01-31"), None).as_deref(), Some("2026-01-31"));
    assert_eq!(ask(from("{{now|date_add(-86400)}}"), None).as_deref(), Some("2023-11-13"));
}

#[test]
fn a_request_may_use_the_times_itself() {
    let target = tool(json!([{
        "id": "items", "request": {"path": "/search", "query": {"jql": "updated >= \"{{since}}\"", "to": "{{until}}"}},
        "delta": {"type": "timestamp_filter", "format": "%Y-%m-%d %H:%M", "initial": "2023-11-01"},
    }]));
    let mut reader = Reader::new(&target, "items", None, at(BASE)).unwrap();
    let request = reader.ask().unwrap().map(|ask| ask.built.clone()).unwrap();
    assert_eq!(query(&request, "jql").as_deref(), Some("updated >= \"2023-11-01 00:00\""));
    assert_eq!(query(&request, "to").as_deref(), Some("2023-11-14 22:14"), "a minute more than now");
}

#[test]
fn a_checkpoint_is_never_in_the_future_and_an_odd_one_starts_over() {
    let target = tool(json!([{"id": "items", "delta": {"type": "timestamp_filter", "param": "since"}}]));
    let mut kept = Kept::default();
    read(&target, "items", BASE, None, &mut kept, &|_| json!({"items": []}));
    assert_eq!(kept.checkpoint, None, "nothing seen, nothing to store");
    read(&target, "items", BASE, None, &mut kept, &|_| json!({"items": [{"id": 1, "at": BASE * 2}]}));
    assert_eq!(kept.checkpoint, Some(json!({"timestamp": "2023-11-14T22:13:20Z"})));
    kept.checkpoint = Some(json!("from another version"));
    let asked = read(&target, "items", BASE, None, &mut kept, &|_| json!({"items": []}));
    assert_eq!(query(&asked[0], "since"), None);
}

#[test]
fn a_token_that_leads_elsewhere_is_refused() {
    let target = tool(json!([{"id": "items", "delta": {"type": "delta_token", "tokenPath": "$.delta"}}]));
    let place = json!({"token": "https://evil.example/items"});
    let mut reader = Reader::new(&target, "items", Some(place), at(BASE)).unwrap();
    assert_eq!(reader.ask().err().map(|problem| problem.code()), Some(Code::RedirectRefused));
}

#[test]
fn an_item_has_what_was_bound_of_its_parent() {
    let target = tool(json!([{
        "id": "items", "request": {"path": "/{{parent.kind}}"},
        "forEach": {"values": ["new", "old"], "bind": {"kind": "$"}},
        "mapping": {"itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at", "timestampFormat": "date",
            "timestampFormats": ["unix_ms"], "summaryTemplate": "{{_parent.kind}} {{id}}", "defaultSignalType": "x",
            "signalTypeRules": [{"when": {"path": "$._parent.kind", "operator": "equals", "value": "old"}, "then": "y"}]},
    }]));
    let mut reader = Reader::new(&target, "items", None, at(BASE)).unwrap();
    let mut found = Vec::new();
    while reader.ask().unwrap().is_some() {
        let body = json!({"items": [{"id": 1, "at": BASE}]});
        let page = reader.take(&Headers::default(), &body).unwrap().page.unwrap();
        found.extend(page.signals.into_iter().map(|signal| (signal.summary, signal.signal_type)));
    }
    assert_eq!(found, [("new 1".to_owned(), "x".to_owned()), ("old 1".into(), "y".into())]);
    assert_eq!(format_time(at(BASE), &TimeFormat::Unix), json!(1_700_000_000));
}
