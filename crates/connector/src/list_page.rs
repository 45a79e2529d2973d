//! One page of a list at a time, for whoever is done with a page before the next is asked for.

use std::time::Duration;

use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::Outcome;
use patchbay_store::CallKind;
use serde_json::{Value, json};
use url::Url;

use crate::compiled::Built;
use crate::copies::Copies;
use crate::engine::{Engine, TRIES};
use crate::exchange::Outgoing;
use crate::operation::{CallResult, names_item, outcome};
use crate::paging::{Next, Trail, same_origin};
use crate::plan::Planned;
use crate::target::Target;

/// Where a list goes on, without secrets: what differs from the request for its first page, and what tells a
/// list that never ends.
fn mark(built: &Built, trail: Trail) -> Value {
    let Trail { pages, items, recent, last } = trail;
    json!({
        "url": built.url.as_str(), "headers": built.headers, "body": built.body, "pages": pages, "items": items,
        "recent": recent, "last": last,
    })
}

/// The request that a mark stands for; none where it is no mark of this list.
fn marked(planned: &Planned, mark: &Value, tool: &str) -> Option<(Built, Trail)> {
    let url = mark["url"].as_str().and_then(|url| Url::parse(url).ok())?;
    let url = same_origin(&planned.built.url, url.as_str(), tool).ok()?;
    let headers = serde_json::from_value(mark["headers"].clone()).ok()?;
    let body = Some(mark["body"].clone()).filter(|body| !body.is_null());
    let trail = Trail {
        pages: u32::try_from(mark["pages"].as_u64()?).ok()?,
        items: mark["items"].as_u64()?,
        // Marks of earlier builds hold neither.
        recent: mark["recent"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect(),
        last: mark["last"].as_u64(),
    };
    Some((Built { url, headers, body, ..planned.built.clone() }, trail))
}

impl Engine {
    /// Reads one page of a list: the first, or the one that `from` stands for. Gives beside it what stands
    /// for the next one; none after the last. What is no list, or is read on this computer, is called as a
    /// whole.
    pub async fn call_page(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
        from: Option<&Value>,
    ) -> (CallResult, Option<Value>) {
        let shape = target.descriptor.descriptor().operation(&planned.operation);
        let ready = target.descriptor.operations.get(&planned.operation);
        let lists =
            shape.is_some_and(|operation| operation.verb.yields_items()) && planned.built.here.is_none();
        let Some((operation, ready)) = shape.zip(ready).filter(|_| lists) else {
            return (self.call(target, planned, key, timeout).await, None);
        };
        let mut pager = target.pager(ready.paging.as_ref());
        let request = match from {
            None => pager.first(planned.built.clone()),
            Some(from) => match marked(planned, from, target.tool()) {
                Some((built, trail)) => {
                    pager.go_on(trail, &planned.built, &built);
                    built
                }
                None => {
                    let problem = Problem::new(Code::CheckpointStale).with("tool", target.tool());
                    let outcome = Outcome::NotDone { problem };
                    let (took, bytes, status, held_at) = (Duration::ZERO, 0, None, None);
                    return (CallResult { outcome, took, bytes, status, held_at, secret: None }, None);
                }
            },
        };
        let ask = || Outgoing {
            declared: ready.request.as_ref(),
            effect: false,
            names_item: names_item(operation),
            refused_status: &operation.refused_status,
            timeout: Some(timeout),
            ..Outgoing::read(target, &request)
        };
        let (sent, retries) = self.read_kept(ask, TRIES, Copies::Confirmed).await;
        let mut outcome = outcome(target, &planned.operation, &sent);
        let mut next = None;
        if let Outcome::Done { output: Value::Array(page), .. } = &outcome {
            match pager.next(&request, &sent.headers, &sent.body, &page.iter().collect::<Vec<_>>()) {
                Ok(Next::Page(built)) => next = Some(mark(&built, pager.trail(&built))),
                Ok(Next::End | Next::Cut) => {}
                Err(problem) => outcome = Outcome::NotDone { problem },
            }
        }
        let mut call = self.call_figure(target, &planned.operation, CallKind::Operation, sent.took);
        (call.bytes, call.retries) = (sent.bytes, retries);
        let problem = match &outcome {
            Outcome::Done { output, .. } => {
                call.records = output.as_array().map_or(1, |items| items.len() as u64);
                None
            }
            Outcome::NotDone { problem } | Outcome::Unknown { problem } => Some(problem),
            _ => None,
        };
        self.note(target, call, problem);
        let (took, bytes, status, held_at) = (sent.took, sent.bytes, sent.status, sent.held_at);
        (CallResult { outcome, took, bytes, status, held_at, secret: None }, next)
    }
}
