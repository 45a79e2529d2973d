//! The next page, for every way of paging. Pure.

use std::collections::HashSet;

use patchbay_map::Path;
use patchbay_model::descriptor::{Pagination, Paging, TokenPlace};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Headers, origin_of};
use serde_json::{Value, json};
use url::Url;

use crate::compiled::{Built, set_query};

/// Pages in one read where the connector does not say.
const MOST_PAGES: u32 = 10_000;

/// Steps through the pages of one read.
pub(crate) struct Pager<'d> {
    paging: Option<&'d Paging>,
    tool: &'d str,
    seen: HashSet<String>,
    pages: u32,
    items: u64,
}

impl<'d> Pager<'d> {
    pub(crate) fn new(paging: Option<&'d Paging>, tool: &'d str) -> Self {
        Self { paging, tool, seen: HashSet::new(), pages: 0, items: 0 }
    }

    /// Prepares the request for the first page.
    pub(crate) fn first(&mut self, mut request: Built) -> Built {
        if let Some(paging) = self.paging {
            if let (Some(param), Some(size)) = (&paging.size_param, paging.page_size) {
                set_query(&mut request.url, param, &size.to_string());
            }
            match &paging.next {
                Pagination::Page { param, start } => set_query(&mut request.url, param, &start.to_string()),
                Pagination::Offset { param } => set_query(&mut request.url, param, "0"),
                Pagination::None | Pagination::LinkHeader | Pagination::Cursor { .. } => {}
            }
        }
        self.seen.insert(fingerprint(&request));
        request
    }

    /// The request for the page after this one; none after the last. The same address or token twice
    /// in one read is an error, never a silent end.
    pub(crate) fn next(
        &mut self,
        request: &Built,
        headers: &Headers,
        body: &Value,
        items: usize,
    ) -> Result<Option<Built>, Problem> {
        self.pages += 1;
        self.items += items as u64;
        let Some(paging) = self.paging else {
            return Ok(None);
        };
        let mut next = request.clone();
        let short = paging.page_size.is_some_and(|size| items < size as usize);
        match &paging.next {
            Pagination::None => return Ok(None),
            Pagination::LinkHeader => {
                let Some(link) = headers.get("link").and_then(next_link) else {
                    return Ok(None);
                };
                let url = request.url.join(&link).map_err(|_| self.odd("its next page is not an address"))?;
                if origin_of(&url) != origin_of(&request.url) {
                    return Err(Problem::new(Code::RedirectRefused)
                        .with("tool", self.tool)
                        .with("host", url.host_str().unwrap_or_default())
                        .detail("the next page is at another origin"));
                }
                next.url = url;
            }
            Pagination::Cursor { cursor_path, param, place, has_more_path } => {
                let find = |path: &str| -> Result<Option<Value>, Problem> {
                    Ok(Path::compile(path).map_err(Problem::from)?.first(body).cloned())
                };
                if let Some(path) = has_more_path
                    && find(path)? != Some(json!(true))
                {
                    return Ok(None);
                }
                let token = match find(cursor_path)? {
                    Some(Value::String(text)) if !text.is_empty() => text,
                    Some(Value::Number(number)) => number.to_string(),
                    _ => return Ok(None),
                };
                match place {
                    TokenPlace::Query => set_query(&mut next.url, param, &token),
                    TokenPlace::Body => {
                        let members = next.body.get_or_insert_with(|| json!({}));
                        members[param.as_str()] = json!(token);
                    }
                }
            }
            Pagination::Page { .. } | Pagination::Offset { .. } if items == 0 || short => {
                return Ok(None);
            }
            Pagination::Page { param, start } => {
                set_query(&mut next.url, param, &(start + self.pages).to_string());
            }
            Pagination::Offset { param } => set_query(&mut next.url, param, &self.items.to_string()),
        }
        if self.pages >= paging.max_pages.unwrap_or(MOST_PAGES) {
            return Ok(None);
        }
        if !self.seen.insert(fingerprint(&next)) {
            return Err(self.odd("it gave the same page again, which would go on for ever"));
        }
        Ok(Some(next))
    }

    fn odd(&self, detail: &str) -> Problem {
        Problem::new(Code::MalformedResponse).with("tool", self.tool).detail(detail)
    }
}

fn fingerprint(request: &Built) -> String {
    match &request.body {
        None => request.url.to_string(),
        Some(body) => format!("{} {body}", request.url),
    }
}

/// The `next` target of a `Link` header (RFC 8288 section 3).
fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let end = after.find(", <").or_else(|| after.find(",<")).unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|parameter| {
            parameter.trim().split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = &after[end..];
    }
    None
}

/// The address without its query, for journals and messages.
pub(crate) fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> Built {
        Built { url: "https://a.example/items?state=all".parse().unwrap(), headers: Vec::new(), body: None }
    }

    fn paging(value: Value) -> Paging {
        serde_json::from_value(value).unwrap()
    }

    /// A service with `total` items that pages as asked.
    fn serve(request: &Built, total: usize, size: usize) -> (Headers, Value, Vec<usize>) {
        let query =
            |name: &str| request.url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        let from = match (query("page"), query("offset"), query("cursor")) {
            (Some(page), ..) => (page.parse::<usize>().unwrap() - 1) * size,
            (_, Some(offset), _) => offset.parse().unwrap(),
            (.., Some(cursor)) => cursor.parse().unwrap(),
            _ => 0,
        };
        let items: Vec<usize> = (from..total.min(from + size)).collect();
        let more = from + size < total;
        let link = format!("<https://a.example/items?page={}>; rel=\"next\", <x>; rel=last", from / size + 2);
        let headers = Headers::new(if more { vec![("Link".into(), link)] } else { Vec::new() });
        (
            headers,
            json!({"next": if more { json!((from + size).to_string()) } else { json!(null) }, "more": more}),
            items,
        )
    }

    fn read_all(paging: &Paging, total: usize, size: usize) -> Vec<usize> {
        let mut pager = Pager::new(Some(paging), "A");
        let mut request = pager.first(start());
        let mut all = Vec::new();
        loop {
            let (headers, body, items) = serve(&request, total, size);
            let count = items.len();
            all.extend(items);
            match pager.next(&request, &headers, &body, count).unwrap() {
                Some(next) => request = next,
                None => return all,
            }
        }
    }

    proptest! {
        #[test]
        fn no_way_of_paging_loses_or_doubles_an_item(total in 0usize..60, size in 1usize..12) {
            let kinds = [
                json!({"next": {"type": "link_header"}}),
                json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}}),
                json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor", "hasMorePath": "$.more"}}),
                json!({"next": {"type": "page", "param": "page"}, "sizeParam": "n", "pageSize": size}),
                json!({"next": {"type": "offset", "param": "offset"}, "pageSize": size}),
            ];
            for kind in kinds {
                prop_assert_eq!(read_all(&paging(kind), total, size), (0..total).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_repeated_token_another_origin_and_too_many_pages() {
        let cursor = paging(json!({"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}}));
        let mut pager = Pager::new(Some(&cursor), "A");
        let first = pager.first(start());
        let body = json!({"next": "same"});
        let second = pager.next(&first, &Headers::default(), &body, 1).unwrap().unwrap();
        let again = pager.next(&second, &Headers::default(), &body, 1).unwrap_err();
        assert_eq!(again.code(), Code::MalformedResponse);

        let link = paging(json!({"next": {"type": "link_header"}}));
        let mut pager = Pager::new(Some(&link), "A");
        let first = pager.first(start());
        let foreign = Headers::new(vec![("link".into(), "<https://evil.example/x>; rel=\"next\"".into())]);
        let refused = pager.next(&first, &foreign, &Value::Null, 1).unwrap_err();
        assert_eq!(refused.code(), Code::RedirectRefused);

        let few = paging(json!({"next": {"type": "page", "param": "page"}, "pageSize": 1, "maxPages": 2}));
        let mut pager = Pager::new(Some(&few), "A");
        let first = pager.first(start());
        let second = pager.next(&first, &Headers::default(), &Value::Null, 1).unwrap().unwrap();
        assert!(pager.next(&second, &Headers::default(), &Value::Null, 1).unwrap().is_none());
    }
}
