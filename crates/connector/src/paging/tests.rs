use patchbay_model::descriptor::BodyFormat;
use proptest::prelude::*;

use super::*;

fn start() -> Built {
    Built {
        here: None,
        method: patchbay_model::descriptor::Method::Get,
        url: "https://a.example/items?state=all".parse().unwrap(),
        headers: Vec::new(),
        body: None,
        body_format: BodyFormat::Json,
    }
}

fn paging(value: Value) -> CompiledPaging {
    CompiledPaging::new(&serde_json::from_value(value).unwrap()).unwrap()
}

fn link(value: &str) -> Headers {
    Headers::new(vec![("Link".into(), value.into())])
}

/// What a request carries under a name, wherever it stands.
fn carried(request: &Built, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    let query = pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    let header = request.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let body = request.body.as_ref().and_then(|body| {
        let member = body.get(name).or_else(|| body["variables"].get(name))?;
        Some(member.as_str().map_or_else(|| member.to_string(), str::to_owned))
    });
    query.or(header).or(body)
}

/// A service with `total` items that pages as asked.
fn serve(request: &Built, total: usize, size: usize) -> (Headers, Value) {
    let number = |name: &str| carried(request, name).map(|text| text.parse::<usize>().unwrap());
    let from = number("page")
        .map(|page| (page - 1) * size)
        .or_else(|| number("page0").map(|page| page * size))
        .or_else(|| number("offset"))
        .or_else(|| number("offset1").map(|offset| offset - 1))
        .or_else(|| number("cursor"))
        .or_else(|| number("after").map(|id| id + 1))
        .unwrap_or(0);
    let items: Vec<Value> = (from..total.min(from + size)).map(|id| json!({ "id": id })).collect();
    let more = from + size < total;
    let target = format!("https://a.example/items?page={}", from / size + 2);
    let mut headers = vec![(
        "Link".to_owned(),
        format!("<x>; rel=last; title=\"a, <b>\", <{target}>; rel=\"prev next\"; results=\"{more}\""),
    )];
    if more {
        headers.push(("X-Next".into(), (from + size).to_string()));
    } else {
        headers.push(("X-Next".into(), String::new()));
    }
    if !more && !request.headers.iter().any(|(name, _)| name == "keep-links") {
        headers[0].1 = "<x>; rel=first".into();
    }
    let next = if more { json!((from + size).to_string()) } else { json!(null) };
    let url = if more { json!(target.strip_prefix("https://a.example")) } else { json!("") };
    let body = json!({
        "items": items, "next": next, "number": more.then_some(from + size), "more": more, "last": !more,
        "url": url, "total": total, "pages": total.div_ceil(size).to_string(),
    });
    (Headers::new(headers), body)
}

fn read_all(paging: &CompiledPaging, total: usize, size: usize) -> Vec<u64> {
    let mut pager = Pager::new(Some(paging), "A");
    let mut request = pager.first(start());
    let mut all = Vec::new();
    loop {
        let (headers, body) = serve(&request, total, size);
        let items: Vec<&Value> = body["items"].as_array().unwrap().iter().collect();
        all.extend(items.iter().map(|item| item["id"].as_u64().unwrap()));
        match pager.next(&request, &headers, &body, &items).unwrap() {
            Next::Page(next) => request = next,
            Next::End => return all,
            Next::Cut => panic!("nothing bounds this read"),
        }
    }
}

proptest! {
    #[test]
    fn no_way_of_paging_loses_or_doubles_an_item(total in 0usize..60, size in 1usize..12) {
        let next = |next: Value| json!({"next": next});
        let told = |next: Value, name: &str, value: Value| json!({"next": next, name: value});
        let page = || json!({"type": "page", "param": "page"});
        let offset = || json!({"type": "offset", "param": "offset"});
        let kinds = [
            next(json!({"type": "link_header"})),
            next(json!({"type": "link_header", "flag": "results"})),
            next(json!({"type": "next_url", "urlPath": "$.url"})),
            next(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor"})),
            next(json!({"type": "cursor", "cursorPath": "$.number", "param": "cursor"})),
            next(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor", "place": "body"})),
            next(json!({"type": "cursor", "cursorPath": "$.number", "param": "/variables/cursor", "place": "body"})),
            next(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor", "place": "header"})),
            next(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor", "hasMorePath": "$.more"})),
            next(json!({"type": "cursor", "cursorPath": "$.id", "from": "last_item", "param": "after"})),
            told(json!({"type": "cursor", "cursorPath": "$.id", "from": "last_item", "param": "after"}), "pageSize", json!(size)),
            next(json!({"type": "header_cursor", "header": "x-next", "param": "cursor"})),
            json!({"next": page(), "sizeParam": "n", "pageSize": size}),
            json!({"next": page(), "sizeParam": "n", "sizePlace": "body", "pageSize": size, "until": "short_page"}),
            next(page()),
            told(page(), "until", json!("empty_page")),
            told(page(), "totalPath", json!("$.total")),
            told(page(), "more", json!({"path": "$.last", "operator": "equals", "value": false})),
            next(json!({"type": "page", "param": "page", "totalPagesPath": "$.pages"})),
            next(json!({"type": "page", "param": "page", "sendFirst": false})),
            next(json!({"type": "page", "param": "page0", "start": 0, "place": "body"})),
            told(offset(), "pageSize", json!(size)),
            told(offset(), "totalPath", json!("$.total")),
            next(offset()),
            next(json!({"type": "offset", "param": "offset1", "start": 1, "place": "header"})),
            next(json!({"type": "offset", "param": "offset", "sendFirst": false})),
        ];
        for kind in kinds {
            let all = read_all(&paging(kind.clone()), total, size);
            prop_assert_eq!(all, (0..total as u64).collect::<Vec<_>>(), "{}", kind);
        }
    }

    #[test]
    fn a_link_header_from_outside_never_panics(text in "[<>;,=\" a-z\\\\:/.?]{0,60}") {
        let _ = next_link(&link(&text), None);
    }
}

#[test]
fn the_next_link_is_found_as_the_standard_writes_it() {
    let cases = [
        ("<https://a/2>; rel=\"next\"", Some("https://a/2")),
        ("<https://a/2>; rel=next", Some("https://a/2")),
        ("<https://a/2>;REL=\"Next\"", Some("https://a/2")),
        ("<https://a/2> ; title=\"x\" ; rel=\"last next\"", Some("https://a/2")),
        ("<https://a/1>; rel=prev,<https://a/3>;rel=next", Some("https://a/3")),
        ("<https://a/1>; title=\"a, <b>; rel=next\"; rel=prev", None),
        ("<https://a/1>; title=\"a \\\" quote\"; rel=next", Some("https://a/1")),
        ("</items?page=2&x=a,b>; rel=\"next\"", Some("/items?page=2&x=a,b")),
        ("<https://a/1>; rel=prev; rel=next", None),
        ("<https://a/2>; rel=nextish", None),
        ("<https://a/2", None),
        ("", None),
    ];
    for (header, want) in cases {
        assert_eq!(next_link(&link(header), None).as_deref(), want, "{header}");
    }
    let two = Headers::new(vec![
        ("link".into(), "<https://a/1>; rel=first".into()),
        ("LINK".into(), "<https://a/2>; rel=next".into()),
    ]);
    assert_eq!(next_link(&two, None).as_deref(), Some("https://a/2"));
}

#[test]
fn a_page_that_comes_again_is_an_error_for_every_way_of_paging() {
    let item = json!({"id": 1});
    let kinds = [
        json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}}),
        json!({"next": {"type": "cursor", "cursorPath": "$.id", "from": "last_item", "param": "after"}}),
        json!({"next": {"type": "header_cursor", "header": "x-next", "param": "cursor", "place": "header"}}),
        json!({"next": {"type": "link_header"}}),
        json!({"next": {"type": "next_url", "urlPath": "$.url"}}),
        json!({"next": {"type": "page", "param": "page"}, "pageSize": 1}),
        json!({"next": {"type": "offset", "param": "offset"}, "pageSize": 1}),
    ];
    for kind in kinds {
        let ready = paging(kind.clone());
        let mut pager = Pager::new(Some(&ready), "A");
        let mut request = pager.first(start());
        let body = json!({"next": "same", "url": "/items?again"});
        let headers = Headers::new(vec![
            ("Link".into(), "<https://a.example/items?again>; rel=next".into()),
            ("X-Next".into(), "same".into()),
        ]);
        let mut pages = 0;
        let problem = loop {
            pages += 1;
            match pager.next(&request, &headers, &body, &[&item]) {
                Ok(Next::Page(next)) => request = next,
                Ok(other) => panic!("{kind}: {other:?}"),
                Err(problem) => break problem,
            }
        };
        assert_eq!(problem.code(), Code::MalformedResponse, "{kind}");
        assert_eq!(pages, 2, "{kind}: it is said at the first repetition");
    }
}

#[test]
fn a_next_page_elsewhere_is_refused() {
    let ready = paging(json!({"next": {"type": "link_header"}}));
    let in_body = paging(json!({"next": {"type": "next_url", "urlPath": "$.next"}}));
    for target in [
        "https://evil.example/x",
        "http://a.example/items",
        "https://a.example:8443/items",
        "//evil.example/x",
        "file:///etc/passwd",
        "https://a.example@evil.example/",
    ] {
        let mut pager = Pager::new(Some(&ready), "A");
        let first = pager.first(start());
        let refused =
            pager.next(&first, &link(&format!("<{target}>; rel=next")), &Value::Null, &[]).unwrap_err();
        assert_eq!(refused.code(), Code::RedirectRefused, "{target}");
        let mut pager = Pager::new(Some(&in_body), "A");
        let first = pager.first(start());
        let refused = pager.next(&first, &Headers::default(), &json!({"next": target}), &[]).unwrap_err();
        assert_eq!(refused.code(), Code::RedirectRefused, "{target} in the body");
    }
}

#[test]
fn a_short_page_is_not_the_last_where_the_service_leaves_items_out() {
    let item = json!({"id": 1});
    for (kind, goes_on) in [
        (json!({"next": {"type": "page", "param": "page"}, "pageSize": 9}), false),
        (json!({"next": {"type": "page", "param": "page"}, "pageSize": 9, "until": "empty_page"}), true),
        (json!({"next": {"type": "page", "param": "page"}, "pageSize": 9, "totalPath": "$.total"}), true),
        (json!({"next": {"type": "cursor", "cursorPath": "$.total", "param": "c"}}), true),
        (
            json!({"next": {"type": "cursor", "cursorPath": "$.total", "param": "c"}, "pageSize": 9, "until": "short_page"}),
            false,
        ),
    ] {
        let ready = paging(kind.clone());
        let mut pager = Pager::new(Some(&ready), "A");
        let first = pager.first(start());
        let next = pager.next(&first, &Headers::default(), &json!({"total": 5}), &[&item]).unwrap();
        assert_eq!(matches!(next, Next::Page(_)), goes_on, "{kind}");
    }
    let links = paging(json!({"next": {"type": "link_header"}, "until": "empty_page"}));
    let mut pager = Pager::new(Some(&links), "A");
    let first = pager.first(start());
    let more = link("<https://a.example/items?page=2>; rel=next");
    assert_eq!(pager.next(&first, &more, &Value::Null, &[]).unwrap(), Next::End);
}

#[test]
fn a_bound_that_leaves_pages_unread_is_told_from_the_end() {
    let ready = paging(json!({"next": {"type": "page", "param": "page"}, "pageSize": 1, "maxPages": 2}));
    let mut pager = Pager::new(Some(&ready), "A");
    let first = pager.first(start());
    let (one, two) = (json!({"id": 1}), json!({"id": 2}));
    let Next::Page(second) = pager.next(&first, &Headers::default(), &Value::Null, &[&one]).unwrap() else {
        panic!("there is a second page");
    };
    let cut = pager.next(&second, &Headers::default(), &Value::Null, &[&two]).unwrap();
    assert_eq!(cut, Next::Cut);
    let end = pager.next(&second, &Headers::default(), &Value::Null, &[]).unwrap();
    assert_eq!(end, Next::End);
}
