//! Operations: one attempt, with an honest outcome; lists page by page; lookups.

use std::time::Duration;

use patchbay_map::format_time;
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{Idempotency, TimeFormat};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::Outcome;
use patchbay_store::CallKind;
use serde_json::{Value, json};

use crate::classify::Meaning;
use crate::engine::{Engine, Outgoing, Sent, Target};
use crate::paging::Pager;
use crate::plan::{Planned, plan};

/// The most items that one list call brings; a stream is for more.
const MOST_ITEMS: usize = 50_000;
/// How far a service's clock may be behind ours when we look for something it made.
const CLOCK_SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// What came of a call.
#[derive(Clone, Debug)]
pub struct CallResult {
    /// What became of it.
    pub outcome: Outcome,
    /// From the first byte sent to the last received, over all pages.
    pub took: Duration,
    /// Bytes received.
    pub bytes: u64,
    /// The last status code.
    pub status: Option<u16>,
}

impl Engine {
    /// Checks parameters and builds the request. Sends nothing.
    pub fn plan(&self, target: &Target, operation: &str, params: &Value) -> Result<Planned, Problem> {
        plan(target, operation, params)
    }

    /// Makes one attempt of a planned call. The first request is never repeated here: whoever called
    /// decides. Later pages of a list are repeated, for they only read.
    pub async fn call(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
    ) -> CallResult {
        let result = self.attempt(target, planned, key, timeout).await;
        let mut call = self.call_figure(target, &planned.operation, CallKind::Operation, result.took);
        call.bytes = result.bytes;
        match &result.outcome {
            Outcome::Done { output, .. } => {
                call.records = output.as_array().map_or(1, |items| items.len() as u64)
            }
            Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
                call.success = false;
                call.code = Some(problem.code());
            }
            Outcome::Skipped | Outcome::Shown { .. } => {}
        }
        self.record(target, call).await;
        result
    }

    async fn attempt(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
    ) -> CallResult {
        let Some(operation) = target.descriptor.descriptor().operation(&planned.operation) else {
            let problem =
                Problem::new(Code::NotFound).with("item", format!("The operation \"{}\"", planned.operation));
            return CallResult {
                outcome: Outcome::NotDone { problem },
                took: Duration::ZERO,
                bytes: 0,
                status: None,
            };
        };
        let key_header = match (&operation.idempotency, key) {
            (Idempotency::Header { name, .. }, Some(key)) => Some((name.as_str(), key)),
            _ => None,
        };
        let common = Outgoing {
            target,
            method: operation.request.method,
            built: &planned.built,
            effect: planned.effect,
            names_item: operation.request.path.contains("params."),
            refused_status: &operation.refused_status,
            key: key_header,
            timeout,
        };
        if !operation.verb.yields_items() {
            let sent = self.send(common).await;
            let outcome = outcome(target, &planned.operation, &sent);
            return CallResult { outcome, took: sent.took, bytes: sent.bytes, status: sent.status };
        }
        let mut pager = Pager::new(target.paging(operation.pagination.as_ref()), target.tool());
        let mut request = pager.first(planned.built.clone());
        let (mut items, mut took, mut bytes) = (Vec::new(), Duration::ZERO, 0);
        let mut tries = 1;
        loop {
            let (sent, _) = self.read(|| Outgoing { built: &request, ..common }, tries).await;
            took += sent.took;
            bytes += sent.bytes;
            let done = |outcome| CallResult { outcome, took, bytes, status: sent.status };
            let page = match outcome(target, &planned.operation, &sent) {
                Outcome::Done { output: Value::Array(page), .. } => page,
                Outcome::Done { .. } => Vec::new(),
                other => return done(other),
            };
            let count = page.len();
            items.extend(page);
            if items.len() > MOST_ITEMS {
                let problem = Problem::new(Code::PayloadTooLarge)
                    .with("tool", target.tool())
                    .detail(format!("the list has more than {MOST_ITEMS} items"));
                return done(Outcome::NotDone { problem });
            }
            match pager.next(&request, &sent.headers, &sent.body, count) {
                Ok(Some(next)) => request = next,
                Ok(None) => {
                    return done(Outcome::Done { output: Value::Array(items), output_missing: None });
                }
                Err(problem) => return done(Outcome::NotDone { problem }),
            }
            tries = 3;
        }
    }

    /// Asks whether a call happened, as its operation declares: `Some` result where it did, none where
    /// the service knows nothing of it. `sent_at` is when it was first sent.
    pub async fn lookup(
        &self,
        target: &Target,
        operation: &str,
        params: &Value,
        sent_at: Timestamp,
    ) -> Result<Option<Value>, Problem> {
        let missing = || Problem::new(Code::UnknownOutcome).with("tool", target.tool());
        let shape = target.descriptor.descriptor().operation(operation).ok_or_else(missing)?;
        let declared = shape.lookup.as_ref().ok_or_else(missing)?;
        let ready = target.descriptor.operations.get(operation).ok_or_else(missing)?;
        let (template, matches) = ready.lookup.as_ref().ok_or_else(missing)?;
        let params = plan(target, operation, params)?.params;
        let since = sent_at.checked_sub(CLOCK_SLACK).unwrap_or(sent_at);
        let sent = format_time(since, TimeFormat::Iso8601);
        let asked = template
            .render(&json!({ "params": params, "sentAt": sent }))
            .map_err(Problem::from)?
            .unwrap_or_else(|| json!({}));
        let question = plan(target, &declared.operation, &asked)?;
        let result = self.attempt(target, &question, None, Duration::from_secs(30)).await;
        let mut call = self.call_figure(target, &declared.operation, CallKind::Lookup, result.took);
        call.bytes = result.bytes;
        let found = match result.outcome {
            Outcome::Done { output: Value::Array(items), .. } => Ok(items),
            Outcome::Done { output, .. } => Ok(vec![output]),
            // What is asked for by its own address and is not there did not happen.
            Outcome::NotDone { problem } if problem.code() == Code::NotFound => Ok(Vec::new()),
            Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
                Err(problem)
            }
            Outcome::Skipped | Outcome::Shown { .. } => Ok(Vec::new()),
        };
        call.success = found.is_ok();
        call.code = found.as_ref().err().map(Problem::code);
        self.record(target, call).await;
        // The newest that fits: an older one of the same content may be someone else's.
        Ok(found?.into_iter().rev().find(|item| {
            let scope = json!({ "item": item, "params": params, "sentAt": sent });
            matches!(matches.value(&scope), Ok(Some(Value::Bool(true))))
        }))
    }
}

/// The outcome of one answer. Items of lists come out as a list.
pub(crate) fn outcome(target: &Target, operation: &str, sent: &Sent) -> Outcome {
    let lists = target.descriptor.descriptor().operation(operation).is_some_and(|o| o.verb.yields_items());
    match &sent.meaning {
        Meaning::Done => {
            let path = target.descriptor.operations.get(operation).and_then(|o| o.result.as_ref());
            let output = match (path, lists) {
                (Some(path), true) => path.all(&sent.body).into_iter().cloned().collect(),
                (Some(path), false) => path.first(&sent.body).cloned().unwrap_or(Value::Null),
                (None, _) => sent.body.clone(),
            };
            Outcome::Done { output, output_missing: None }
        }
        Meaning::Empty if lists => Outcome::Done { output: json!([]), output_missing: None },
        Meaning::Empty => Outcome::Done { output: Value::Null, output_missing: None },
        Meaning::DoneUnread(problem) => {
            Outcome::Done { output: Value::Null, output_missing: Some(problem.clone()) }
        }
        Meaning::NotDone(problem) => Outcome::NotDone { problem: problem.clone() },
        Meaning::Unknown(problem) => Outcome::Unknown { problem: problem.clone() },
    }
}
