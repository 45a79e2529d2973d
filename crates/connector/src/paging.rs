//! The next page, for every way of paging. Pure.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use patchbay_map::{MapError, Path, Test};
use patchbay_model::descriptor::{CursorSource, Pagination, Paging, TokenPlace, Until};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Headers, origin_of};
use serde_json::{Value, json};
use url::Url;

use crate::compiled::Built;

/// Pages in one read where the connector does not say.
const MOST_PAGES: u32 = 10_000;

/// A way of paging with its paths compiled.
#[derive(Debug)]
pub(crate) struct CompiledPaging {
    paging: Paging,
    /// To the token, the address or the number of pages.
    token: Option<Path>,
    has_more: Option<Path>,
    more: Option<Test>,
    total: Option<Path>,
}

impl CompiledPaging {
    pub(crate) fn new(paging: &Paging) -> Result<Self, MapError> {
        let path = |text: Option<&String>| text.map(|text| Path::compile(text)).transpose();
        let (token, has_more) = match &paging.next {
            Pagination::Cursor { cursor_path, has_more_path, .. } => {
                (Some(cursor_path), has_more_path.as_ref())
            }
            Pagination::NextUrl { url_path } => (Some(url_path), None),
            Pagination::Page { total_pages_path, .. } => (total_pages_path.as_ref(), None),
            Pagination::None
            | Pagination::LinkHeader { .. }
            | Pagination::HeaderCursor { .. }
            | Pagination::Offset { .. } => (None, None),
        };
        Ok(Self {
            token: path(token)?,
            has_more: path(has_more)?,
            more: paging.more.as_ref().map(Test::compile).transpose()?,
            total: path(paging.total_path.as_ref())?,
            paging: paging.clone(),
        })
    }

    /// Whether something other than the number of items says which page is the last.
    fn is_told(&self) -> bool {
        let pages = matches!(self.paging.next, Pagination::Page { .. }) && self.token.is_some();
        pages || self.more.is_some() || self.total.is_some() || self.paging.until.is_some()
    }

    /// Items per page that it asks for; none where it cannot.
    pub(crate) fn asked_size(&self) -> Option<u32> {
        self.paging.page_size.filter(|_| self.paging.size_param.is_some())
    }
}

/// What comes after a page.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Another one.
    Page(Built),
    /// Nothing: that was all.
    End,
    /// There is more, and the connector's bound is reached.
    Cut,
}

/// Steps through the pages of one read.
pub(crate) struct Pager<'d> {
    ready: Option<&'d CompiledPaging>,
    tool: &'d str,
    /// What was asked for, as fingerprints: a read has thousands of pages.
    seen: HashSet<u64>,
    last: Option<u64>,
    pages: u32,
    items: u64,
    /// Items per page, where not as the connector says.
    size: Option<u32>,
}

impl<'d> Pager<'d> {
    pub(crate) fn new(ready: Option<&'d CompiledPaging>, tool: &'d str) -> Self {
        Self { ready, tool, seen: HashSet::new(), last: None, pages: 0, items: 0, size: None }
    }

    /// The same with pages of so many items at most, where the connector can ask for that.
    pub(crate) fn with_pages_of(mut self, size: Option<u32>) -> Self {
        let usual = self.ready.and_then(CompiledPaging::asked_size);
        self.size = size.zip(usual).map(|(size, usual)| size.clamp(1, usual));
        self
    }

    fn is_short(&self, ready: &CompiledPaging, items: usize) -> bool {
        self.size.or(ready.paging.page_size).is_some_and(|size| items < size as usize)
    }

    /// Pages in one read: as many more as they are smaller.
    fn most_pages(&self, ready: &CompiledPaging) -> u32 {
        let most = ready.paging.max_pages.unwrap_or(MOST_PAGES);
        match (self.size, ready.asked_size()) {
            (Some(size), Some(usual)) => most.saturating_mul(usual.div_ceil(size.max(1))),
            _ => most,
        }
    }

    /// Prepares the request for the first page.
    pub(crate) fn first(&mut self, mut request: Built) -> Built {
        if let Some(CompiledPaging { paging, .. }) = self.ready {
            // A body without room for it is told when the second page is asked for.
            if let (Some(param), Some(size)) = (&paging.size_param, self.size.or(paging.page_size)) {
                request.put(paging.size_place, param, &json!(size));
            }
            if let Pagination::Page { param, start, place, send_first: true, .. }
            | Pagination::Offset { param, start, place, send_first: true } = &paging.next
            {
                request.put(*place, param, &json!(start));
            }
        }
        self.seen.insert(fingerprint(&request));
        request
    }

    /// Goes on where another one stopped: after so many pages and items.
    pub(crate) fn go_on(&mut self, (pages, items): (u32, u64)) {
        (self.pages, self.items) = (pages, items);
    }

    /// The pages and items so far.
    pub(crate) fn seen(&self) -> (u32, u64) {
        (self.pages, self.items)
    }

    /// What comes after this page. The same address, token or page twice in one read is an error,
    /// never a silent end.
    pub(crate) fn next(
        &mut self,
        request: &Built,
        headers: &Headers,
        body: &Value,
        items: &[&Value],
    ) -> Result<Next, Problem> {
        self.pages = self.pages.saturating_add(1);
        self.items += items.len() as u64;
        let Some(ready) = self.ready else {
            return Ok(Next::End);
        };
        if self.is_last(ready, body, items) {
            return Ok(Next::End);
        }
        let Some(next) = self.following(ready, request, headers, body, items)? else {
            return Ok(Next::End);
        };
        if !self.seen.insert(fingerprint(&next)) {
            return Err(self.endless());
        }
        if self.pages >= self.most_pages(ready) {
            return Ok(Next::Cut);
        }
        Ok(Next::Page(next))
    }

    /// What the answer and the number of items say, whatever the way of paging.
    fn is_last(&self, ready: &CompiledPaging, body: &Value, items: &[&Value]) -> bool {
        let by_count = match &ready.paging.next {
            Pagination::Page { .. } | Pagination::Offset { .. } => true,
            Pagination::Cursor { from, .. } => *from == CursorSource::LastItem,
            _ => false,
        };
        let total = ready.total.as_ref().and_then(|path| whole(path.first(body)?));
        ready.more.as_ref().is_some_and(|more| !more.holds(body))
            || ready.has_more.as_ref().is_some_and(|path| path.first(body) != Some(&Value::Bool(true)))
            || total.is_some_and(|total| self.items >= total)
            || match ready.paging.until {
                Some(Until::ShortPage) => items.is_empty() || self.is_short(ready, items.len()),
                Some(Until::EmptyPage) => items.is_empty(),
                None => {
                    by_count && (items.is_empty() || (!ready.is_told() && self.is_short(ready, items.len())))
                }
            }
    }

    fn following(
        &mut self,
        ready: &CompiledPaging,
        request: &Built,
        headers: &Headers,
        body: &Value,
        items: &[&Value],
    ) -> Result<Option<Built>, Problem> {
        let found = |value: &Value| ready.token.as_ref().and_then(|path| token(path.first(value)?));
        match &ready.paging.next {
            Pagination::None => Ok(None),
            Pagination::LinkHeader { flag } => match next_link(headers, flag.as_deref()) {
                Some(link) => self.at_address(request, &link).map(Some),
                None => Ok(None),
            },
            Pagination::NextUrl { .. } => match found(body) {
                Some(Value::String(link)) => self.at_address(request, &link).map(Some),
                Some(_) => Err(self.odd("its next page is not an address")),
                None => Ok(None),
            },
            Pagination::Cursor { param, place, from, .. } => {
                let token = match from {
                    CursorSource::Answer => found(body),
                    CursorSource::LastItem => items.last().and_then(|item| found(item)),
                };
                token.map(|token| self.with(request, *place, param, &token)).transpose()
            }
            Pagination::HeaderCursor { header, param, place } => headers
                .get(header)
                .filter(|token| !token.is_empty())
                .map(|token| self.with(request, *place, param, &json!(token)))
                .transpose(),
            Pagination::Page { param, start, place, .. } => {
                let pages = ready.token.as_ref().and_then(|path| whole(path.first(body)?));
                if pages.is_some_and(|pages| u64::from(self.pages) >= pages) {
                    return Ok(None);
                }
                self.differs(items)?;
                let number = start.saturating_add(self.pages);
                self.with(request, *place, param, &json!(number)).map(Some)
            }
            Pagination::Offset { param, start, place, .. } => {
                self.differs(items)?;
                let count = u64::from(*start) + self.items;
                self.with(request, *place, param, &json!(count)).map(Some)
            }
        }
    }

    /// The same request with another token.
    fn with(&self, request: &Built, place: TokenPlace, name: &str, value: &Value) -> Result<Built, Problem> {
        let mut next = request.clone();
        if next.put(place, name, value) {
            Ok(next)
        } else {
            Err(self.odd("its page token has no place in the request"))
        }
    }

    /// The same request at the address that an answer names; never at another origin.
    fn at_address(&self, request: &Built, link: &str) -> Result<Built, Problem> {
        let url = same_origin(&request.url, link, self.tool)?;
        Ok(Built { url, ..request.clone() })
    }

    /// A service that does not know the number's parameter gives its first page for ever. Only
    /// objects are compared: plain values may well be alike.
    fn differs(&mut self, items: &[&Value]) -> Result<(), Problem> {
        let mut hasher = DefaultHasher::new();
        items.hash(&mut hasher);
        let print = hasher.finish();
        let objects = items.iter().all(|item| item.is_object());
        if objects && self.last.replace(print) == Some(print) {
            return Err(self.endless());
        }
        Ok(())
    }

    fn endless(&self) -> Problem {
        self.odd("it gave the same page again, which would go on for ever")
    }

    fn odd(&self, detail: &str) -> Problem {
        Problem::new(Code::MalformedResponse).with("tool", self.tool).detail(detail)
    }
}

/// An address that a service gave, relative to the one that was asked; refused at another origin.
pub(crate) fn same_origin(asked: &Url, link: &str, tool: &str) -> Result<Url, Problem> {
    let url = asked.join(link).map_err(|_| {
        Problem::new(Code::MalformedResponse).with("tool", tool).detail("its next page is not an address")
    })?;
    if origin_of(&url).is_none() || origin_of(&url) != origin_of(asked) {
        return Err(Problem::new(Code::RedirectRefused)
            .with("tool", tool)
            .with("host", url.host_str().unwrap_or(url.scheme()))
            .detail("the next page is at another origin"));
    }
    Ok(url)
}

/// A token as it was given; none where there is none to go on with.
pub(crate) fn token(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(_) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(items) if items.is_empty() => None,
        other => Some(other.clone()),
    }
}

/// A count, as number or text.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn fingerprint(request: &Built) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&request.url, &request.headers, &request.body).hash(&mut hasher);
    hasher.finish()
}

/// The target of the first link whose relation is `next` (RFC 8288 section 3), over all `Link`
/// headers. `flag` names a parameter of the link that must be `true`.
fn next_link(headers: &Headers, flag: Option<&str>) -> Option<String> {
    let mut links = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link"));
    links.find_map(|(_, value)| next_in(value, flag))
}

fn next_in(header: &str, flag: Option<&str>) -> Option<String> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (target, after) = rest.strip_prefix('<')?.split_once('>')?;
        rest = after;
        let (mut relation, mut flagged): (Option<String>, _) = (None, flag.is_none());
        while let Some(after) = rest.trim_start().strip_prefix(';') {
            let (name, value, after) = parameter(after);
            flagged |= flag.is_some_and(|flag| name.eq_ignore_ascii_case(flag)) && value == "true";
            // Only the first `rel` of a link counts (section 3.3).
            if name.eq_ignore_ascii_case("rel") && relation.is_none() {
                relation = Some(value);
            }
            rest = after;
        }
        let is_next = relation.is_some_and(|relation| {
            relation.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case("next"))
        });
        if is_next && flagged {
            return Some(target.trim().to_owned());
        }
        rest = rest.trim_start().strip_prefix(',')?;
    }
}

/// One `name=value` or `name="quoted value"`, and what follows it.
fn parameter(text: &str) -> (&str, String, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('=').map(str::trim_start) else {
        return (name.trim(), String::new(), rest);
    };
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([';', ',']).unwrap_or(rest.len());
        return (name.trim(), rest[..end].trim().to_owned(), &rest[end..]);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (name.trim(), value, &quoted[at + 1..]),
            c => value.push(c),
        }
    }
    (name.trim(), value, "")
}

/// The address without its query, for journals and messages.
pub(crate) fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
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
}
