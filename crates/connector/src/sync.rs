//! Streams: page by page into the store. Memory is bounded by one page.

use patchbay_map::{Origin, canonical_json};
use patchbay_model::descriptor::{Delta, Stream};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Signal, Timestamp};
use patchbay_store::{CallKind, PageCommit, Quarantined};
use serde::Serialize;
use serde_json::{Value, json};

use crate::compiled::CompiledStream;
use crate::delta::Reached;
use crate::engine::{Engine, TRIES};
use crate::exchange::Outgoing;
use crate::paging::Next;
use crate::sha256_hex;
use crate::target::Target;

/// How to read a stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncOptions {
    /// At most this many pages; all where absent.
    pub max_pages: Option<u32>,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SyncReport {
    /// The stream.
    pub stream: String,
    /// Pages read.
    pub pages: u32,
    /// Items seen.
    pub items: u64,
    /// Items passed over by the connector's filter.
    pub filtered: u64,
    /// Signals that are new.
    pub new: u64,
    /// Signals that were known.
    pub known: u64,
    /// Items that did not fit and are kept aside.
    pub quarantined: u64,
    /// Whether the stream was read to its end; only then does the checkpoint move.
    pub complete: bool,
    /// Whether the service had forgotten the checkpoint, and the stream was read from its start.
    pub started_over: bool,
    /// Requests beyond the first of a page.
    pub retries: u32,
    /// When it was read.
    pub at: Timestamp,
    /// The first reasons why items did not fit.
    pub problems: Vec<Problem>,
}

/// One page, mapped.
pub(crate) struct MappedPage {
    pub(crate) signals: Vec<Signal>,
    pub(crate) quarantined: Vec<Quarantined>,
    pub(crate) filtered: u64,
}

impl Engine {
    /// Reads what is new. Each page is stored before the next is asked for; the checkpoint moves with
    /// the last page. Interrupted at any point, nothing is lost and nothing comes twice.
    ///
    /// Where the service no longer knows the checkpoint, the stream is read once from its start; what
    /// is known is recognised.
    pub async fn sync(
        &self,
        target: &Target,
        stream: &str,
        options: SyncOptions,
    ) -> Result<SyncReport, Problem> {
        let about =
            |problem: Problem| problem.about(Subject::Connection { name: target.connection.name.clone() });
        match self.sync_once(target, stream, options).await {
            Err(problem) if problem.code() == Code::CheckpointStale => {
                self.store.checkpoint_clear(&target.connection.id, stream).await?;
                let report = self.sync_once(target, stream, options).await.map_err(about)?;
                Ok(SyncReport { started_over: true, ..report })
            }
            other => other.map_err(about),
        }
    }

    async fn sync_once(
        &self,
        target: &Target,
        stream: &str,
        options: SyncOptions,
    ) -> Result<SyncReport, Problem> {
        let (shape, ready) = find(target, stream)?;
        let connection = &target.connection.id;
        let stored = self.store.checkpoint(connection, stream).await?;
        let mut reached = Reached::from_checkpoint(&shape.delta, stored.as_ref());
        let continuing = reached.is_continuing();
        let mut built = target
            .descriptor
            .build(&ready.request, &target.connection.config, json!({}))
            .map_err(Problem::from)?;
        reached.ask(&shape.delta, &mut built);
        let mut pager = target.pager(ready.paging.as_ref());
        let mut request = pager.first(built);
        let mut report = SyncReport {
            stream: stream.to_owned(),
            pages: 0,
            items: 0,
            filtered: 0,
            new: 0,
            known: 0,
            quarantined: 0,
            complete: false,
            started_over: false,
            retries: 0,
            at: self.clock.now(),
            problems: Vec::new(),
        };
        loop {
            let page_request =
                || Outgoing { method: shape.request.method, continuing, ..Outgoing::read(target, &request) };
            let (sent, repeats) = self.read(page_request, TRIES).await;
            let mut call = self.call_figure(target, stream, CallKind::Sync, sent.took);
            (call.retries, call.bytes) = (repeats, sent.bytes);
            report.retries += repeats;
            let body = match sent.body() {
                Ok(body) => body,
                Err(problem) => {
                    self.record(target, call, Some(&problem)).await;
                    return Err(problem);
                }
            };
            let items = ready.mapper.items(body);
            let page = map_page(target, shape, ready, &items);
            call.records = page.signals.len() as u64;
            self.record(target, call, None).await;
            page.signals.iter().for_each(|signal| reached.take(signal));
            let next = pager.next(&request, &sent.headers, body, &items);
            let checkpoint = match next {
                Ok(Next::End) => reached.checkpoint(self.clock.now()),
                // What is not read yet may be older than what is.
                Ok(Next::Page(_) | Next::Cut) | Err(_) => None,
            };
            let stored = self
                .store
                .page_commit(PageCommit {
                    connection,
                    stream,
                    signals: &page.signals,
                    quarantined: &page.quarantined,
                    checkpoint: checkpoint.as_ref(),
                })
                .await?;
            report.pages += 1;
            report.items += items.len() as u64;
            report.filtered += page.filtered;
            report.new += stored.new;
            report.known += stored.known;
            report.quarantined += page.quarantined.len() as u64;
            let room = 5_usize.saturating_sub(report.problems.len());
            report.problems.extend(page.quarantined.into_iter().take(room).map(|q| q.problem));
            match next? {
                Next::End => {
                    report.complete = true;
                    return Ok(report);
                }
                Next::Cut => return Ok(report),
                Next::Page(_) if options.max_pages.is_some_and(|most| report.pages >= most) => {
                    return Ok(report);
                }
                Next::Page(next) => request = next,
            }
        }
    }
}

pub(crate) fn find<'t>(target: &'t Target, stream: &str) -> Result<(&'t Stream, &'t CompiledStream), Problem> {
    let shape = target.descriptor.descriptor().stream(stream);
    shape
        .zip(target.descriptor.streams.get(stream))
        .ok_or_else(|| Problem::new(Code::NotFound).with("item", format!("The stream \"{stream}\"")))
}

/// Maps the items of a page. One bad item is put aside; the others go on.
pub(crate) fn map_page(
    target: &Target,
    stream: &Stream,
    ready: &CompiledStream,
    items: &[&Value],
) -> MappedPage {
    let origin = Origin {
        connection: &target.connection.id,
        connector: &target.connection.connector,
        stream: &stream.id,
    };
    let mut page = MappedPage { signals: Vec::new(), quarantined: Vec::new(), filtered: 0 };
    for item in items {
        match ready.mapper.signal(item, &origin) {
            Ok(Some(mut signal)) => {
                if stream.delta == Delta::None {
                    // Everything comes every time: only another content makes another version.
                    let content = sha256_hex(canonical_json(&signal.raw).as_bytes());
                    content[..16].clone_into(&mut signal.version);
                }
                page.signals.push(signal);
            }
            Ok(None) => page.filtered += 1,
            Err(error) => page.quarantined.push(Quarantined {
                external_id: ready.mapper.external_id(item),
                problem: Problem::from(error).with("tool", target.tool()),
                raw: (*item).clone(),
            }),
        }
    }
    page
}
