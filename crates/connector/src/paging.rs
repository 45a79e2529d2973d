//! The next page, for every way of paging. Pure.

mod link;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use patchbay_map::{MapError, Path, Test};
use patchbay_model::descriptor::{CursorSource, Pagination, Paging, TokenPlace, Until};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Headers, origin_of};
use serde_json::{Value, json};
use url::Url;

use self::link::next_link;
use crate::compiled::Built;

/// Pages in one read where the connector does not say.
const MOST_PAGES: u32 = 10_000;

/// How many requests before it a page remembers that is asked for by itself: circles are short.
const RECENT: usize = 32;

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

/// What is left of a read whose pages are asked for one at a time.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) pages: u32,
    pub(crate) items: u64,
    /// The last requests, as fingerprints: a service that goes round in a circle comes back to one of them.
    pub(crate) recent: Vec<u64>,
    /// The last page's items likewise, where pages are told apart by a number.
    pub(crate) last: Option<u64>,
}

/// Steps through the pages of one read.
pub(crate) struct Pager<'d> {
    ready: Option<&'d CompiledPaging>,
    tool: &'d str,
    /// What was asked for, as fingerprints: a read has thousands of pages.
    seen: HashSet<u64>,
    last: Option<u64>,
    /// What was asked for before it went on from somewhere.
    recent: Vec<u64>,
    pages: u32,
    items: u64,
    /// Items per page, where not as the connector says.
    size: Option<u32>,
}

impl<'d> Pager<'d> {
    pub(crate) fn new(ready: Option<&'d CompiledPaging>, tool: &'d str) -> Self {
        Self {
            ready,
            tool,
            seen: HashSet::new(),
            last: None,
            recent: Vec::new(),
            pages: 0,
            items: 0,
            size: None,
        }
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

    /// Goes on where another one stopped, which began with `first` and would have asked for `request` next.
    pub(crate) fn go_on(&mut self, trail: Trail, first: &Built, request: &Built) {
        let first = self.first(first.clone());
        self.seen.extend([&first, request].map(fingerprint));
        self.seen.extend(&trail.recent);
        (self.pages, self.items, self.last, self.recent) = (trail.pages, trail.items, trail.last, trail.recent);
    }

    /// What it was asked so far, for whoever goes on with `next`.
    pub(crate) fn trail(&self, next: &Built) -> Trail {
        let mut recent = self.recent.clone();
        recent.push(fingerprint(next));
        recent.drain(..recent.len().saturating_sub(RECENT));
        Trail { pages: self.pages, items: self.items, recent, last: self.last }
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

/// The address without its query, for journals and messages.
pub(crate) fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests;
