//! The next page, for every way of paging. Pure.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use patchbay_map::{MapError, Path};
use patchbay_model::descriptor::{Pagination, Paging, TokenPlace};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Headers, origin_of};
use serde_json::{Value, json};
use url::Url;

use crate::compiled::{Built, set_query};

/// Pages in one read where the connector does not say.
const MOST_PAGES: u32 = 10_000;

/// A way of paging with its paths compiled.
#[derive(Debug)]
pub(crate) struct CompiledPaging {
    paging: Paging,
    cursor: Option<Path>,
    has_more: Option<Path>,
}

impl CompiledPaging {
    pub(crate) fn new(paging: &Paging) -> Result<Self, MapError> {
        let (cursor, has_more) = match &paging.next {
            Pagination::Cursor { cursor_path, has_more_path, .. } => {
                (Some(Path::compile(cursor_path)?), has_more_path.as_deref().map(Path::compile).transpose()?)
            }
            Pagination::None | Pagination::LinkHeader | Pagination::Page { .. } | Pagination::Offset { .. } => {
                (None, None)
            }
        };
        Ok(Self { paging: paging.clone(), cursor, has_more })
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
    seen: HashSet<String>,
    last: Option<u64>,
    pages: u32,
    items: u64,
}

impl<'d> Pager<'d> {
    pub(crate) fn new(ready: Option<&'d CompiledPaging>, tool: &'d str) -> Self {
        Self { ready, tool, seen: HashSet::new(), last: None, pages: 0, items: 0 }
    }

    /// Prepares the request for the first page.
    pub(crate) fn first(&mut self, mut request: Built) -> Built {
        if let Some(CompiledPaging { paging, .. }) = self.ready {
            if let (Some(param), Some(size)) = (&paging.size_param, paging.page_size) {
                set_query(&mut request.url, param, &size.to_string());
            }
            match &paging.next {
                Pagination::Page { param, start } => {
                    set_query(&mut request.url, param, &start.to_string());
                }
                Pagination::Offset { param } => set_query(&mut request.url, param, "0"),
                Pagination::None | Pagination::LinkHeader | Pagination::Cursor { .. } => {}
            }
        }
        self.seen.insert(address(&request));
        request
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
        let Some(next) = self.following(ready, request, headers, body, items)? else {
            return Ok(Next::End);
        };
        if !self.seen.insert(address(&next)) {
            return Err(self.endless());
        }
        if self.pages >= ready.paging.max_pages.unwrap_or(MOST_PAGES) {
            return Ok(Next::Cut);
        }
        Ok(Next::Page(next))
    }

    fn following(
        &mut self,
        ready: &CompiledPaging,
        request: &Built,
        headers: &Headers,
        body: &Value,
        items: &[&Value],
    ) -> Result<Option<Built>, Problem> {
        let mut next = request.clone();
        match &ready.paging.next {
            Pagination::None => return Ok(None),
            Pagination::LinkHeader => {
                let Some(link) = next_link(headers) else {
                    return Ok(None);
                };
                let url = request.url.join(&link).map_err(|_| self.odd("its next page is not an address"))?;
                if origin_of(&url).is_none() || origin_of(&url) != origin_of(&request.url) {
                    return Err(Problem::new(Code::RedirectRefused)
                        .with("tool", self.tool)
                        .with("host", url.host_str().unwrap_or(url.scheme()))
                        .detail("the next page is at another origin"));
                }
                next.url = url;
            }
            Pagination::Cursor { param, place, .. } => {
                if let Some(path) = &ready.has_more
                    && path.first(body) != Some(&Value::Bool(true))
                {
                    return Ok(None);
                }
                let token = match ready.cursor.as_ref().and_then(|path| path.first(body)) {
                    Some(Value::String(text)) if !text.is_empty() => text.clone(),
                    Some(Value::Number(number)) => number.to_string(),
                    _ => return Ok(None),
                };
                match place {
                    TokenPlace::Query => set_query(&mut next.url, param, &token),
                    TokenPlace::Body => {
                        let members = next.body.get_or_insert_with(|| json!({}));
                        let Value::Object(members) = members else {
                            return Err(self.odd("its page token has no place in the request"));
                        };
                        members.insert(param.clone(), json!(token));
                    }
                }
            }
            Pagination::Page { .. } | Pagination::Offset { .. }
                if items.is_empty() || is_short(&ready.paging, items.len()) =>
            {
                return Ok(None);
            }
            Pagination::Page { param, start } => {
                self.differs(items)?;
                let number = start.saturating_add(self.pages);
                set_query(&mut next.url, param, &number.to_string());
            }
            Pagination::Offset { param } => {
                self.differs(items)?;
                set_query(&mut next.url, param, &self.items.to_string());
            }
        }
        Ok(Some(next))
    }

    /// A service that does not know the number's parameter gives its first page for ever. Only
    /// objects are compared: plain values may well be alike.
    fn differs(&mut self, items: &[&Value]) -> Result<(), Problem> {
        let mut hasher = DefaultHasher::new();
        for item in items {
            item.to_string().hash(&mut hasher);
        }
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

fn is_short(paging: &Paging, items: usize) -> bool {
    paging.page_size.is_some_and(|size| items < size as usize)
}

fn address(request: &Built) -> String {
    match &request.body {
        None => request.url.to_string(),
        Some(body) => format!("{} {body}", request.url),
    }
}

/// The target of the first link whose relation is `next` (RFC 8288 section 3), over all `Link`
/// headers.
fn next_link(headers: &Headers) -> Option<String> {
    headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link")).find_map(|(_, value)| next_in(value))
}

fn next_in(header: &str) -> Option<String> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (target, after) = rest.strip_prefix('<')?.split_once('>')?;
        rest = after;
        let mut relation: Option<String> = None;
        while let Some(after) = rest.trim_start().strip_prefix(';') {
            let (name, value, after) = parameter(after);
            // Only the first `rel` of a link counts (section 3.3).
            if name.eq_ignore_ascii_case("rel") && relation.is_none() {
                relation = Some(value);
            }
            rest = after;
        }
        let is_next = relation.is_some_and(|relation| {
            relation.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case("next"))
        });
        if is_next {
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
    use proptest::prelude::*;

    use super::*;

    fn start() -> Built {
        Built { url: "https://a.example/items?state=all".parse().unwrap(), headers: Vec::new(), body: None }
    }

    fn paging(value: Value) -> CompiledPaging {
        CompiledPaging::new(&serde_json::from_value(value).unwrap()).unwrap()
    }

    fn link(value: &str) -> Headers {
        Headers::new(vec![("Link".into(), value.into())])
    }

    /// A service with `total` items that pages as asked.
    fn serve(request: &Built, total: usize, size: usize) -> (Headers, Value) {
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        let token = request.body.as_ref().and_then(|body| body["cursor"].as_str().map(str::to_owned));
        let from = match (query("page"), query("offset"), query("cursor").or(token)) {
            (Some(page), ..) => (page.parse::<usize>().unwrap() - 1) * size,
            (_, Some(offset), _) => offset.parse().unwrap(),
            (.., Some(cursor)) => cursor.parse().unwrap(),
            _ => 0,
        };
        let items: Vec<Value> = (from..total.min(from + size)).map(|id| json!({ "id": id })).collect();
        let more = from + size < total;
        let next = format!(
            "<x>; rel=last; title=\"a, <b>\", <https://a.example/items?page={}>; rel=\"prev next\"",
            from / size + 2
        );
        let headers = if more { link(&next) } else { link("<x>; rel=first") };
        let next = if more { json!((from + size).to_string()) } else { json!(null) };
        (headers, json!({"items": items, "next": next, "more": more}))
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
            let cursor = |more: Value| json!({"next": more});
            let kinds = [
                json!({"next": {"type": "link_header"}}),
                cursor(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor"})),
                cursor(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor", "place": "body"})),
                cursor(json!({"type": "cursor", "cursorPath": "$.next", "param": "cursor", "hasMorePath": "$.more"})),
                json!({"next": {"type": "page", "param": "page"}, "sizeParam": "n", "pageSize": size}),
                json!({"next": {"type": "page", "param": "page"}}),
                json!({"next": {"type": "offset", "param": "offset"}, "pageSize": size}),
                json!({"next": {"type": "offset", "param": "offset"}}),
            ];
            for kind in kinds {
                let all = read_all(&paging(kind.clone()), total, size);
                prop_assert_eq!(all, (0..total as u64).collect::<Vec<_>>(), "{}", kind);
            }
        }

        #[test]
        fn a_link_header_from_outside_never_panics(text in "[<>;,=\" a-z\\\\:/.?]{0,60}") {
            let _ = next_link(&link(&text));
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
            assert_eq!(next_link(&link(header)).as_deref(), want, "{header}");
        }
        let two = Headers::new(vec![
            ("link".into(), "<https://a/1>; rel=first".into()),
            ("LINK".into(), "<https://a/2>; rel=next".into()),
        ]);
        assert_eq!(next_link(&two).as_deref(), Some("https://a/2"));
    }

    #[test]
    fn a_page_that_comes_again_is_an_error_for_every_way_of_paging() {
        let item = json!({"id": 1});
        let kinds = [
            json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}}),
            json!({"next": {"type": "link_header"}}),
            json!({"next": {"type": "page", "param": "page"}, "pageSize": 1}),
            json!({"next": {"type": "offset", "param": "offset"}, "pageSize": 1}),
        ];
        for kind in kinds {
            let ready = paging(kind.clone());
            let mut pager = Pager::new(Some(&ready), "A");
            let mut request = pager.first(start());
            let body = json!({"next": "same"});
            let headers = link("<https://a.example/items?again>; rel=next");
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
        }
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
