//! A bounded read that is shown from request to signal, for whoever writes a connector. Stores
//! nothing; by the same interpreter that reads for real.

use std::collections::BTreeSet;
use std::time::Duration;

use patchbay_model::Signal;
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Headers, Request};
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::{Engine, TRIES_WHILE_WAITED_FOR};
use crate::exchange::{Outgoing, Sent};
use crate::reader::{Reader, find};
use crate::target::Target;
use crate::test::latest;

/// The most pages of one explained read.
pub const MOST_PAGES: u32 = 5;
/// The most items of one explained read, over all pages.
const MOST_ITEMS: usize = 100;
/// Requests of one explained read; those for parents count.
const MOST_REQUESTS: u32 = 12;
/// Whole time of one page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(15);
/// Values of one answer that are shown.
const MOST_VALUES: usize = 4_000;
/// Characters of one text that are shown.
const LONGEST_TEXT: usize = 2_000;
/// What stands in a secret's place.
const MASK: &str = "•••";

/// What a bounded read saw.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The stream that was read.
    pub stream: String,
    /// The pages, in the order in which they were read.
    pub pages: Vec<ExplainedPage>,
    /// Whether the service has more than was read.
    pub more: bool,
    /// Why the read ended early; none where it did not.
    pub problem: Option<Problem>,
}

/// One page from request to signals.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExplainedPage {
    /// What was sent, without secrets.
    pub request: ExplainedRequest,
    /// The status code; none where no answer came.
    pub status: Option<u16>,
    /// The answer's headers, without cookies.
    pub headers: Vec<ShownHeader>,
    /// The answer's body, without secrets, cut where it is long.
    pub body: Value,
    /// Whether the body is longer than what is shown.
    pub cut: bool,
    /// From the first byte sent to the last received, in milliseconds.
    pub took_ms: u64,
    /// Items on the page.
    pub found: u64,
    /// Items whose id no earlier page had.
    pub fresh: u64,
    /// Items that are shown, as the service sent them.
    pub items: Vec<Value>,
    /// What they became.
    pub signals: Vec<Signal>,
    /// Items that the connector's filter passed over.
    pub filtered: u64,
    /// Why items did not fit.
    pub aside: Vec<Problem>,
}

/// A request as it was sent, without secrets.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExplainedRequest {
    /// The method.
    pub method: String,
    /// The whole address; secret parameters are masked.
    pub url: String,
    /// The headers; secret values are masked.
    pub headers: Vec<ShownHeader>,
    /// The body, where there is one.
    pub body: Option<String>,
}

/// One header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ShownHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Engine {
    /// Reads at most `pages` pages of a stream from its start (of one that is read in windows, the last
    /// window) and shows everything about them. What
    /// goes wrong is part of the answer: the request that led to it is worth seeing. The pages of what
    /// a stream is read for are shown too.
    pub async fn explain(&self, target: &Target, stream: &str, pages: u32) -> Result<Explained, Problem> {
        let (shape, _) = find(target, stream)?;
        let now = self.clock.now();
        let mut reader = Reader::new(target, stream, latest(shape, now), now)?;
        let mut explained =
            Explained { stream: stream.to_owned(), pages: Vec::new(), more: false, problem: None };
        let mut seen = BTreeSet::new();
        let (mut room, mut own) = (MOST_ITEMS, 0);
        for request in 0.. {
            let Some(ask) = reader.ask()? else {
                explained.more = !reader.is_complete();
                return Ok(explained);
            };
            if own >= pages || room == 0 || request >= MOST_REQUESTS {
                explained.more = true;
                return Ok(explained);
            }
            let send = || Outgoing { timeout: Some(PAGE_TIMEOUT), ..ask.outgoing(target) };
            let shown = self.shown_request(target, send().request(&self.bounds(target))).await;
            let (sent, _) = self.read(send, TRIES_WHILE_WAITED_FOR).await;
            let ids = ask.ids(&sent.body);
            let mut page = self.shown_answer(target, shown, &sent);
            let outcome = match sent.problem() {
                Some(problem) => Err(problem.clone()),
                None => reader.take(&sent.headers, &sent.body),
            };
            let after = match outcome {
                Err(problem) => Err(problem),
                Ok(taken) => {
                    if taken.number == 1 {
                        seen.clear();
                    }
                    page.found = taken.items.len() as u64;
                    page.fresh = ids.difference(&seen).count() as u64;
                    // Some services answer every page with the first one.
                    let repeats = !seen.is_empty() && !ids.is_empty() && page.fresh == 0;
                    seen.extend(ids);
                    page.items = taken.items.iter().take(room).map(|item| (*item).clone()).collect();
                    if let Some(mapped) = taken.page {
                        own += 1;
                        page.signals = mapped.signals.into_iter().take(room).collect();
                        page.filtered = mapped.filtered;
                        page.aside = mapped.quarantined.into_iter().take(room).map(|q| q.problem).collect();
                    }
                    room -= page.items.len();
                    let problem = Problem::new(Code::MalformedResponse).with("tool", target.tool()).detail(
                        "this page has no item that an earlier page has not: later items would be missed",
                    );
                    if repeats { Err(problem) } else { taken.after }
                }
            };
            explained.pages.push(page);
            if let Err(problem) = after {
                explained.problem = Some(problem);
                return Ok(explained);
            }
        }
        Ok(explained)
    }

    /// A page of which nothing is known but its answer.
    fn shown_answer(&self, target: &Target, request: ExplainedRequest, sent: &Sent) -> ExplainedPage {
        let redactor = self.redactor(target);
        let mut left = MOST_VALUES;
        let body = cut(&sent.body, &mut left);
        ExplainedPage {
            request,
            status: sent.status,
            headers: shown_headers(&sent.headers, |text| redactor.text(text)),
            cut: body != sent.body,
            body,
            took_ms: sent.took.as_millis() as u64,
            found: 0,
            fresh: 0,
            items: Vec::new(),
            signals: Vec::new(),
            filtered: 0,
            aside: Vec::new(),
        }
    }

    /// The request with its secrets masked. Where they cannot be had it is shown without them; the
    /// read itself then says why.
    async fn shown_request(&self, target: &Target, mut request: Request) -> ExplainedRequest {
        let redactor = match self.authorise(target, &mut request).await {
            Ok(authorised) => authorised.redactor,
            Err(_) => self.redactor(target),
        };
        let mut url = request.url.clone();
        let names = request.secret_query.iter().map(|(name, _)| name.as_str());
        for name in names {
            url.query_pairs_mut().append_pair(name, MASK);
        }
        let plain = request.headers.iter().map(|(name, value)| (name.clone(), redactor.text(value)));
        let secret = request.secret_headers.iter().map(|(name, value)| (name.clone(), masked(value)));
        let media = request.content_type.map(|media| ("Content-Type".to_owned(), media));
        ExplainedRequest {
            method: request.method.as_str().to_owned(),
            // The mask is to be read, not to be sent.
            url: redactor.text(url.as_str()).replace("%E2%80%A2", "•"),
            headers: plain
                .chain(secret)
                .chain(media)
                .map(|(name, value)| ShownHeader { name, value })
                .collect(),
            body: request.body.map(|body| redactor.text(&String::from_utf8_lossy(&body))),
        }
    }
}

/// A secret header's value: its scheme may be seen, nothing else.
fn masked(value: &str) -> String {
    let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
    let known = ["basic", "bearer", "token", "bot", "apikey", "key"].contains(&scheme.to_lowercase().as_str());
    if known { format!("{scheme} {MASK}") } else { MASK.to_owned() }
}

fn shown_headers(headers: &Headers, clean: impl Fn(&str) -> String) -> Vec<ShownHeader> {
    headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("set-cookie"))
        .map(|(name, value)| ShownHeader { name: name.to_owned(), value: clean(value) })
        .collect()
}

/// The beginning of a value: `left` counts down the values that may still be shown.
fn cut(value: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(1);
    match value {
        Value::String(text) if text.chars().count() > LONGEST_TEXT => {
            json!(format!("{}…", text.chars().take(LONGEST_TEXT).collect::<String>()))
        }
        Value::Array(items) => {
            let mut kept = Vec::new();
            for item in items.iter().take(MOST_ITEMS) {
                if *left == 0 {
                    break;
                }
                kept.push(cut(item, left));
            }
            Value::Array(kept)
        }
        Value::Object(members) => {
            let mut kept = serde_json::Map::new();
            for (name, member) in members {
                if *left == 0 {
                    break;
                }
                kept.insert(name.clone(), cut(member, left));
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_of_an_answer_is_shown_than_fits() {
        let small = json!({"items": [{"id": 1, "text": "short"}], "next": null});
        assert_eq!(cut(&small, &mut MOST_VALUES.clone()), small);
        let large = json!({"items": vec![json!({"id": 1}); 5_000], "text": "x".repeat(10_000)});
        let shown = cut(&large, &mut MOST_VALUES.clone());
        assert_eq!(shown["items"].as_array().map(Vec::len), Some(MOST_ITEMS));
        assert_eq!(shown["text"].as_str().map(|text| text.chars().count()), Some(LONGEST_TEXT + 1));
        let mut left = 10;
        cut(&large["items"], &mut left);
        assert_eq!(left, 0);
    }

    #[test]
    fn a_secret_header_shows_its_scheme_at_most() {
        for (value, want) in [
            ("Bearer abc", "Bearer •••"),
            ("Basic dXNlcjpwYXNz", "Basic •••"),
            ("abc", "•••"),
            ("correct horse battery", "•••"),
        ] {
            assert_eq!(masked(value), want);
        }
    }
}
