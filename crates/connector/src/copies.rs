//! Copies of answers: a service is asked only whether they still hold, and they answer in its place for
//! as long as the connector says. Never for effects, and never for a lookup.

use std::time::Duration;

use patchbay_map::canonical_json;
use patchbay_model::descriptor::{Cached, Method, Pagination};
use patchbay_model::problem::{Code, HealthEffect};
use patchbay_model::{Descriptor, Timestamp};
use patchbay_net::Headers;
use patchbay_store::KeptAnswer;
use serde_json::json;

use crate::classify::Meaning;
use crate::engine::Engine;
use crate::exchange::{Outgoing, Sent};
use crate::sha256_hex;
use crate::target::Target;

/// How far a copy may stand for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copies {
    /// Not at all.
    Never,
    /// Where the service says that it still holds.
    Confirmed,
    /// Also unasked while it is fresh, and where the service cannot be asked: its age is shown.
    Aged,
}

impl Engine {
    /// Sends a read that a kept answer may shorten or replace. Gives the number of repeats too.
    pub(crate) async fn read_kept<'a>(
        &self,
        send: impl Fn() -> Outgoing<'a>,
        tries: usize,
        copies: Copies,
    ) -> (Sent, u32) {
        let first = send();
        let target = first.target;
        let declared = first.declared.and_then(|declared| declared.cached);
        let keeps = first.built.method == Method::Get && !first.effect && target.is_stored();
        let Some(cached) = declared.filter(|_| keeps && copies != Copies::Never) else {
            return self.read(send, tries).await;
        };
        let connection = &target.connection.id;
        let key = key(&first);
        let copy = self.store.answer(connection, &key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a kept answer could not be read");
            None
        });
        let aged = |copy: &KeptAnswer, most: u32| {
            let age = self.clock.now().duration_since(copy.at);
            copies == Copies::Aged && !age.is_negative() && age.as_secs() < i64::from(most)
        };
        if let Some(copy) = copy.as_ref().filter(|copy| aged(copy, cached.fresh_seconds)) {
            return (of_copy(copy, Duration::ZERO, 0, copy.at), 0);
        }
        let conditional = copy.as_ref().filter(|copy| copy.etag.is_some() || copy.last_modified.is_some());
        let (sent, repeats) = self.read(|| Outgoing { copy: conditional, ..send() }, tries).await;
        match (&sent.meaning, &copy) {
            (Meaning::Empty, Some(copy)) if sent.status == Some(304) => {
                let now = self.clock.now();
                warn(self.store.answer_holds(connection, &key, now).await);
                (of_copy(copy, sent.took, sent.bytes, now), repeats)
            }
            (Meaning::Done, _) if sent.status == Some(200) => {
                if let Some(answer) = self.kept(target, cached, &sent) {
                    warn(self.store.answer_keep(connection, &key, &answer).await);
                }
                (sent, repeats)
            }
            (Meaning::NotDone(problem), Some(copy))
                if cannot_be_asked(problem.code()) && aged(copy, cached.stale_seconds) =>
            {
                (of_copy(copy, sent.took, sent.bytes, copy.at), repeats)
            }
            _ => (sent, repeats),
        }
    }

    /// What is kept of an answer; none where it could never be used again, or a header that leads on
    /// holds a secret.
    fn kept(&self, target: &Target, cached: Cached, sent: &Sent) -> Option<KeptAnswer> {
        let text = |name: &str| sent.headers.get(name).map(str::to_owned);
        let (etag, last_modified) = (text("etag"), text("last-modified"));
        if etag.is_none() && last_modified.is_none() && cached == Cached::default() {
            return None;
        }
        let redactor = self.redactor(target);
        let headers: Vec<(String, String)> = leading(target.descriptor.descriptor())
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), text(name)?)))
            .collect();
        let clean = |text: &String| redactor.text(text) == *text;
        let all_clean = headers.iter().map(|(_, text)| text).chain(&etag).chain(&last_modified).all(clean);
        all_clean.then(|| KeptAnswer {
            etag,
            last_modified,
            headers,
            body: sent.body.clone(),
            at: self.clock.now(),
        })
    }
}

/// A copy as an answer.
fn of_copy(copy: &KeptAnswer, took: Duration, bytes: u64, at: Timestamp) -> Sent {
    Sent {
        meaning: Meaning::Done,
        status: Some(200),
        answered: true,
        headers: Headers::new(copy.headers.clone()),
        body: copy.body.clone(),
        took,
        bytes,
        held_at: Some(at),
    }
}

/// A request and whose it is, as a fingerprint: what was asked with another account, in another way or
/// read in another format is something else. Secrets are no part of it.
fn key(send: &Outgoing<'_>) -> String {
    let connection = &send.target.connection;
    let mut headers = send.built.headers.clone();
    headers.sort();
    let format = send.declared.map(|declared| (declared.answer_format, &declared.xml_lists));
    let whole = json!([
        connection.id,
        connection.account.as_ref().map(|account| &account.id),
        connection.auth_method,
        send.built.url.as_str(),
        headers,
        format,
    ]);
    sha256_hex(canonical_json(&whole).as_bytes())
}

/// Headers that lead to the next page.
fn leading(descriptor: &Descriptor) -> Vec<&str> {
    let streams = descriptor.streams.iter().filter_map(|stream| stream.pagination.as_ref());
    let operations = descriptor.operations.iter().filter_map(|operation| operation.pagination.as_ref());
    let cursors = streams.chain(operations).chain(&descriptor.defaults.pagination).filter_map(|paging| {
        match &paging.next {
            Pagination::HeaderCursor { header, .. } => Some(header.as_str()),
            _ => None,
        }
    });
    let mut names: Vec<&str> = cursors.chain(["link"]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The service is not there, has a fault, or wants to be left alone: it said nothing against the copy.
fn cannot_be_asked(code: Code) -> bool {
    let paused = [
        Code::RateLimited,
        Code::LocalRateLimited,
        Code::QuotaExhausted,
        Code::CircuitOpen,
        Code::Offline,
        Code::ConnectionLost,
    ];
    code.health() == HealthEffect::Down || paused.contains(&code)
}

fn warn(done: Result<(), patchbay_store::StoreError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "an answer could not be kept");
    }
}
