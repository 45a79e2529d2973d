//! Operations: one attempt, with an honest outcome; lists page by page; lookups.

use std::time::Duration;

use patchbay_auth::webhook::BroughtSecret;
use patchbay_map::format_time;
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{Idempotency, Operation, TimeFormat, TokenPlace};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::run::Outcome;
use patchbay_store::CallKind;
use serde_json::{Value, json};

use crate::activity::Doing;
use crate::classify::Meaning;
use crate::copies::Copies;
use crate::engine::{Engine, TRIES};
use crate::exchange::{Outgoing, Sent};
use crate::paging::Next;
use crate::plan::{Planned, plan};
use crate::target::Target;

/// The most items that one list call brings; a stream is for more.
const MOST_ITEMS: usize = 50_000;
/// The most bytes that the pages of one list call hold together.
const MOST_BYTES: u64 = 64 << 20;
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
    /// When the service last said so, where a copy of an earlier answer stands for this one; of several
    /// pages the oldest.
    pub held_at: Option<Timestamp>,
    /// The secret that the tool gave in its answer, where the connector says that it gives one. It stands
    /// in the outcome no more.
    pub secret: Option<BroughtSecret>,
}

/// One attempt, with what only this crate needs to know.
struct Attempt {
    result: CallResult,
    retries: u32,
    /// Whether a list was read to its end.
    complete: bool,
}

impl Attempt {
    fn unsent(problem: Problem) -> Self {
        let outcome = Outcome::NotDone { problem };
        let result =
            CallResult { outcome, took: Duration::ZERO, bytes: 0, status: None, held_at: None, secret: None };
        Self { result, retries: 0, complete: false }
    }
}

impl Engine {
    /// Checks parameters and builds the request. Sends nothing.
    pub fn plan(&self, target: &Target, operation: &str, params: &Value) -> Result<Planned, Problem> {
        let mut planned = plan(target, operation, params)?;
        self.redactor(target).hide(&mut planned.summary);
        Ok(planned)
    }

    /// Makes one attempt of a planned call. What only reads is repeated here while that may help and
    /// the time lasts; an effect never is: whoever called decides.
    pub async fn call(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
    ) -> CallResult {
        self.call_with(target, planned, key, timeout, Copies::Confirmed).await
    }

    /// The same for a person who sees how old the answer is: a copy may stand for one where the
    /// connector says so.
    pub async fn call_shown(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
    ) -> CallResult {
        self.call_with(target, planned, key, timeout, Copies::Aged).await
    }

    async fn call_with(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
        copies: Copies,
    ) -> CallResult {
        let _busy = self.busy(target, Doing::Using);
        let Attempt { result, retries, .. } = self.attempt(target, planned, key, timeout, copies).await;
        let mut call = self.call_figure(target, &planned.operation, CallKind::Operation, result.took);
        (call.bytes, call.retries) = (result.bytes, retries);
        let problem = match &result.outcome {
            Outcome::Done { output, .. } => {
                call.records = output.as_array().map_or(1, |items| items.len() as u64);
                None
            }
            Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
                Some(problem)
            }
            Outcome::Skipped | Outcome::Shown { .. } => None,
        };
        match copies {
            // Whoever looks at the answer looks at the figures next.
            Copies::Aged => self.record(target, call, problem).await,
            Copies::Never | Copies::Confirmed => self.note(target, call, problem),
        }
        result
    }

    async fn attempt(
        &self,
        target: &Target,
        planned: &Planned,
        key: Option<&str>,
        timeout: Duration,
        copies: Copies,
    ) -> Attempt {
        let shape = target.descriptor.descriptor().operation(&planned.operation);
        let ready = target.descriptor.operations.get(&planned.operation);
        let Some((operation, ready)) = shape.zip(ready) else {
            let problem =
                Problem::new(Code::NotFound).with("item", format!("The operation \"{}\"", planned.operation));
            return Attempt::unsent(problem);
        };
        let mut built = planned.built.clone();
        let carries = match (&operation.idempotency, key) {
            (Idempotency::Header { name, .. }, Some(key)) => built.put(TokenPlace::Header, name, &json!(key)),
            (Idempotency::Body { name, .. }, Some(key)) => built.put(TokenPlace::Body, name, &json!(key)),
            (Idempotency::Key { .. }, Some(key)) => {
                built.here.as_mut().map(|here| here.key = Some(key.to_owned())).is_some()
            }
            _ => true,
        };
        if !carries {
            // Sent without its key, a repeat would act twice.
            let problem = Problem::new(Code::DescriptorInvalid)
                .with("tool", target.tool())
                .detail("the body of the request has no room for its key");
            return Attempt::unsent(problem);
        }
        let common = Outgoing {
            declared: ready.request.as_ref(),
            effect: planned.effect,
            names_item: names_item(operation),
            refused_status: &operation.refused_status,
            timeout: Some(timeout),
            secret_at: planned.secret_at.as_deref(),
            ..Outgoing::read(target, &built)
        };
        let tries = if planned.effect { 1 } else { TRIES };
        if !operation.verb.yields_items() {
            let (sent, retries) = self.read_kept(|| common, tries, copies).await;
            let mut outcome = outcome(target, &planned.operation, &sent);
            let secret = take_secret(target, &planned.operation, &mut outcome);
            let (took, bytes, status) = (sent.took, sent.bytes, sent.status);
            let result = CallResult { outcome, took, bytes, status, held_at: sent.held_at, secret };
            return Attempt { result, retries, complete: true };
        }
        let mut pager = target.pager(ready.paging.as_ref());
        let mut request = pager.first(built.clone());
        let (mut items, mut took, mut bytes, mut retries) = (Vec::new(), Duration::ZERO, 0, 0);
        let mut held_at = None;
        loop {
            let ask = || Outgoing { built: &request, ..common };
            let (sent, repeats) = self.read_kept(ask, tries, copies).await;
            held_at = held_at.into_iter().chain(sent.held_at).min();
            took += sent.took;
            bytes += sent.bytes;
            retries += repeats;
            let end = |outcome, complete| Attempt {
                result: CallResult { outcome, took, bytes, status: sent.status, held_at, secret: None },
                retries,
                complete,
            };
            let page = match outcome(target, &planned.operation, &sent) {
                Outcome::Done { output: Value::Array(page), .. } => page,
                Outcome::Done { .. } => Vec::new(),
                other => return end(other, false),
            };
            let next = pager.next(&request, &sent.headers, &sent.body, &page.iter().collect::<Vec<_>>());
            items.extend(page);
            if items.len() > MOST_ITEMS || bytes > MOST_BYTES {
                let problem = Problem::new(Code::PayloadTooLarge)
                    .with("tool", target.tool())
                    .with("size", format!("{} MiB", MOST_BYTES >> 20))
                    .detail(format!("the list has more than {MOST_ITEMS} items or {MOST_BYTES} bytes"));
                return end(Outcome::NotDone { problem }, false);
            }
            let done = |items| Outcome::Done { output: Value::Array(items), output_missing: None };
            match next {
                Ok(Next::Page(next)) => request = next,
                Ok(Next::End) => return end(done(items), true),
                // The connector bounds its list on purpose; only who looks for something must know.
                Ok(Next::Cut) => return end(done(items), false),
                Err(problem) => return end(Outcome::NotDone { problem }, false),
            }
        }
    }

    /// Asks whether a call happened, as its operation declares: `Some` result where it did, none where
    /// the service knows nothing of it. `sent_at` is when it was first sent.
    ///
    /// None is said only after a whole and readable answer: what could not be looked at is an error,
    /// for "it did not happen" leads to sending it again.
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
        let sent = format_time(since, &TimeFormat::Iso8601);
        let asked = template
            .render(&json!({ "params": params, "sentAt": sent }))
            .map_err(Problem::from)?
            .unwrap_or_else(|| json!({}));
        let question = plan(target, &declared.operation, &asked)?;
        let Attempt { result, retries, complete } =
            self.attempt(target, &question, None, Duration::from_secs(30), Copies::Never).await;
        let mut call = self.call_figure(target, &declared.operation, CallKind::Lookup, result.took);
        (call.bytes, call.retries) = (result.bytes, retries);
        let (found, gone) = match result.outcome {
            Outcome::Done { output: Value::Array(items), .. } => (Ok(items), false),
            Outcome::Done { output: Value::Null, output_missing: Some(problem) } => (Err(problem), false),
            Outcome::Done { output, .. } => (Ok(vec![output]), false),
            // What is asked for by its own address and is not there did not happen.
            Outcome::NotDone { problem } if problem.code() == Code::NotFound => (Ok(Vec::new()), true),
            Outcome::NotDone { problem } | Outcome::Unknown { problem } | Outcome::Quarantined { problem } => {
                (Err(problem), false)
            }
            Outcome::Skipped | Outcome::Shown { .. } => (Err(missing()), false),
        };
        self.record(target, call, found.as_ref().err()).await;
        let found = found?;
        let scope = |item: &Value| json!({ "item": item, "params": params, "sentAt": sent });
        // An item that lacks what is compared does not fit. Where no item has it, the question itself
        // cannot be asked of this service.
        let (mut compared, mut failed) = (false, None);
        // The newest that fits: an older one of the same content may be someone else's.
        for item in found.iter().rev() {
            match matches.value(&scope(item)) {
                Ok(Some(Value::Bool(true))) => return Ok(Some(item.clone())),
                Ok(Some(Value::String(text))) if text == "true" => return Ok(Some(item.clone())),
                Ok(Some(_)) => compared = true,
                Ok(None) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if !found.is_empty() && !compared {
            return Err(
                failed.map_or_else(|| missing().detail("no item has what the lookup compares"), Problem::from)
            );
        }
        if complete || gone {
            Ok(None)
        } else {
            Err(missing().detail("the list that was looked through is longer than the connector reads"))
        }
    }
}

/// Takes the secret out of the answer to what tells a tool our address, whoever called it: a chain that does
/// must not bring it into its journal.
pub(crate) fn take_secret(target: &Target, operation: &str, outcome: &mut Outcome) -> Option<BroughtSecret> {
    let webhook = target.descriptor.webhook()?;
    let path = webhook.answered_secret(operation)?;
    let Outcome::Done { output, .. } = outcome else { return None };
    let secret = path.first(output).and_then(Value::as_str).filter(|text| !text.is_empty())?.to_owned();
    without(output, &secret);
    Some(BroughtSecret::new(secret))
}

/// Makes every text null that holds the secret, wherever else the answer repeats it.
fn without(value: &mut Value, secret: &str) {
    match value {
        Value::String(text) if text.contains(secret) => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, secret)),
        Value::Object(members) => {
            members.retain(|name, _| !name.contains(secret));
            members.values_mut().for_each(|member| without(member, secret));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the address names one thing, so that "not found" is about that thing.
pub(crate) fn names_item(operation: &Operation) -> bool {
    operation.request.as_ref().is_none_or(|request| request.path.contains("params."))
}

/// The outcome of one answer. Items of lists come out as a list.
pub(crate) fn outcome(target: &Target, operation: &str, sent: &Sent) -> Outcome {
    let lists = target.descriptor.descriptor().operation(operation).is_some_and(|o| o.verb.yields_items());
    match &sent.meaning {
        Meaning::Done => done(target, operation, lists, sent),
        Meaning::Empty if lists => Outcome::Done { output: json!([]), output_missing: None },
        Meaning::Empty => Outcome::Done { output: Value::Null, output_missing: None },
        Meaning::DoneUnread(problem) => {
            Outcome::Done { output: Value::Null, output_missing: Some(problem.clone()) }
        }
        Meaning::NotDone(problem) => Outcome::NotDone { problem: problem.clone() },
        Meaning::Unknown(problem) => Outcome::Unknown { problem: problem.clone() },
    }
}

fn done(target: &Target, operation: &str, lists: bool, sent: &Sent) -> Outcome {
    let odd = |detail: &str| Problem::new(Code::MalformedResponse).with("tool", target.tool()).detail(detail);
    let path = target.descriptor.operations.get(operation).and_then(|o| o.result.as_ref());
    let output = match (path, lists) {
        (Some(path), true) => path.all(&sent.body).into_iter().cloned().collect(),
        (Some(path), false) => path.first(&sent.body).cloned().unwrap_or(Value::Null),
        (None, true) if sent.body.is_null() => json!([]),
        // Taken for an empty list, everything in it would be lost without a word.
        (None, true) if !sent.body.is_array() => {
            return Outcome::NotDone { problem: odd("the answer is not a list") };
        }
        (None, _) => sent.body.clone(),
    };
    let declared = target.descriptor.descriptor().operation(operation);
    let promised = declared.is_some_and(|o| o.verb.has_effect() && o.result.is_some());
    let output_missing = (promised && output.is_null())
        .then(|| odd("the answer does not hold the result that the connector declares"));
    Outcome::Done { output, output_missing }
}
