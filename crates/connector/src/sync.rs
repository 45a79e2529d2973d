//! Streams: page by page into the store. Memory is bounded by one page.

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_store::{CallKind, Came, PageCommit, Seen};
use serde::Serialize;

use crate::activity::Doing;
use crate::copies::Copies;
use crate::engine::{Engine, TRIES};
use crate::reader::Reader;
use crate::target::Target;

/// So many reasons are told of one read.
const MOST_PROBLEMS: usize = 5;

/// How to read a stream.
#[derive(Clone, Copy, Default)]
pub struct SyncOptions<'w> {
    /// At most this many pages; all where absent.
    pub max_pages: Option<u32>,
    /// Items per page, where the connector can ask for fewer than it usually does.
    pub page_size: Option<u32>,
    /// Whether a checkpoint that the service has forgotten is no reason to read from the start: the caller
    /// has done so often enough.
    pub keep_place: bool,
    /// Is shown what has been read so far, after each page.
    pub watch: Option<&'w (dyn Fn(&SyncReport) + Send + Sync)>,
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
    /// Whether everything was read: to the end, for every parent.
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

impl Engine {
    /// Reads what is new. Each page is stored before the next is asked for, together with the checkpoint
    /// where the page moves it: a cursor's with every page, a window's and a parent's with its last one.
    /// Interrupted at any point, nothing is lost and nothing comes twice.
    ///
    /// Where the service no longer knows the checkpoint, the stream is read once from its start; what
    /// is known is recognised.
    pub async fn sync(
        &self,
        target: &Target,
        stream: &str,
        options: SyncOptions<'_>,
    ) -> Result<SyncReport, Problem> {
        let about =
            |problem: Problem| problem.about(Subject::Connection { name: target.connection.name.clone() });
        let _busy = self.busy(target, Doing::Using);
        match self.sync_once(target, stream, options).await {
            Err(problem) if problem.code() == Code::CheckpointStale && !options.keep_place => {
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
        options: SyncOptions<'_>,
    ) -> Result<SyncReport, Problem> {
        let connection = &target.connection.id;
        let checkpoint = self.store.checkpoint(connection, stream).await?;
        let mut reader =
            Reader::new(target, stream, checkpoint, self.clock.now())?.with_pages_of(options.page_size);
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
        let mut skipped: Option<Problem> = None;
        loop {
            let Some(ask) = reader.ask()? else {
                report.complete = reader.is_complete() && skipped.is_none();
                return match skipped {
                    // None could be read: that is no matter of one.
                    Some(problem) if report.pages == 0 => Err(problem),
                    _ => Ok(report),
                };
            };
            if options.max_pages.is_some_and(|most| report.pages >= most) {
                return Ok(report);
            }
            let (sent, repeats) = self.read_kept(|| ask.outgoing(target), TRIES, Copies::Confirmed).await;
            let mut call = self.call_figure(target, stream, CallKind::Sync, sent.took);
            (call.retries, call.bytes) = (repeats, sent.bytes);
            report.retries += repeats;
            let body = match sent.body() {
                Ok(body) => body,
                // An item that is gone has nothing below it any more; the others have.
                Err(problem) if problem.code() == Code::NotFound && reader.skip() => {
                    self.record(target, call, None).await;
                    continue;
                }
                // One that may not be read, or not so, is no reason to leave the others unread.
                Err(problem) if is_about_one(&problem) && reader.skip() => {
                    self.record(target, call, Some(&problem)).await;
                    skipped.get_or_insert_with(|| problem.clone());
                    if report.problems.len() < MOST_PROBLEMS {
                        report.problems.push(problem);
                    }
                    continue;
                }
                Err(problem) => {
                    self.record(target, call, Some(&problem)).await;
                    return Err(problem);
                }
            };
            let taken = reader.take(&sent.headers, body)?;
            let Some(page) = taken.page else {
                self.record(target, call, None).await;
                continue;
            };
            call.records = page.signals.len() as u64;
            let commit = PageCommit {
                connection,
                stream,
                signals: &page.signals,
                quarantined: &page.quarantined,
                checkpoint: taken.checkpoint.as_ref(),
                call: target.is_stored().then_some((call, Seen::Works)),
                came: Came::Asked,
            };
            let stored = self.store.page_commit(commit).await?;
            report.pages += 1;
            report.items += taken.items.len() as u64;
            report.filtered += page.filtered;
            report.new += stored.new;
            report.known += stored.known + page.old;
            report.quarantined += page.quarantined.len() as u64;
            let room = MOST_PROBLEMS.saturating_sub(report.problems.len());
            report.problems.extend(page.quarantined.into_iter().take(room).map(|q| q.problem));
            if let Some(watch) = options.watch {
                watch(&report);
            }
            taken.after?;
        }
    }
}

/// Whether a problem is about the one item or value that is read for.
fn is_about_one(problem: &Problem) -> bool {
    matches!(
        problem.code(),
        Code::NotFound | Code::PermissionDenied | Code::InvalidConfig | Code::SchemaMismatch | Code::Conflict
    )
}
