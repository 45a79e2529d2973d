//! What is being read at this moment, and by whom: one reader per stream, and how far it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_connector::SyncReport;
use patchbay_model::{Clock, ConnectionId, Event, EventSink, Timestamp};
use serde::Serialize;
use tokio::sync::OwnedMutexGuard;

/// How often a screen is told how far a read is, at most.
const TELL: Duration = Duration::from_secs(1);

/// How far a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// When it began.
    pub since: Timestamp,
    /// Pages read.
    pub pages: u32,
    /// Items seen.
    pub items: u64,
    /// Signals that are new.
    pub new: u64,
}

/// What is being read. Clones share it.
#[derive(Clone, Default)]
pub struct Reading {
    streams: Arc<Mutex<HashMap<(ConnectionId, String), Place>>>,
}

#[derive(Default)]
struct Place {
    turn: Arc<tokio::sync::Mutex<()>>,
    progress: Option<Progress>,
    told: Option<Duration>,
}

/// The right to read a stream. While it is held nobody else reads it.
pub struct Reader {
    reading: Reading,
    key: (ConnectionId, String),
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    _turn: OwnedMutexGuard<()>,
}

impl Reading {
    /// Waits until nobody reads the stream, and is its reader then.
    pub async fn begin(
        &self,
        connection: &ConnectionId,
        stream: &str,
        clock: &Arc<dyn Clock>,
        events: &Arc<dyn EventSink>,
    ) -> Reader {
        let key = (connection.clone(), stream.to_owned());
        let turn = self.with(&key, |place| place.turn.clone()).lock_owned().await;
        let reader =
            Reader { reading: self.clone(), key, clock: clock.clone(), events: events.clone(), _turn: turn };
        let progress = Progress { since: clock.now(), pages: 0, items: 0, new: 0 };
        self.with(&reader.key, |place| {
            place.progress = Some(progress);
            place.told = None;
        });
        reader.tell();
        reader
    }

    /// How far the read of a stream is; none while nobody reads it.
    pub fn progress(&self, connection: &ConnectionId, stream: &str) -> Option<Progress> {
        self.with(&(connection.clone(), stream.to_owned()), |place| place.progress)
    }

    fn with<T>(&self, key: &(ConnectionId, String), act: impl FnOnce(&mut Place) -> T) -> T {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        act(streams.entry(key.clone()).or_default())
    }
}

impl Reader {
    /// Takes in what has been read so far, and tells the screens now and then.
    pub fn went_on(&self, report: &SyncReport) {
        let now = self.clock.monotonic();
        let tell = self.reading.with(&self.key, |place| {
            if let Some(progress) = &mut place.progress {
                (progress.pages, progress.items, progress.new) = (report.pages, report.items, report.new);
            }
            let tell = place.told.is_none_or(|told| now.saturating_sub(told) >= TELL);
            if tell {
                place.told = Some(now);
            }
            tell
        });
        if tell {
            self.tell();
        }
    }

    fn tell(&self) {
        let (connection, stream) = self.key.clone();
        self.events.emit(Event::SyncChanged { connection, stream: Some(stream) });
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.reading.with(&self.key, |place| place.progress = None);
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use patchbay_model::time::ManualClock;

    use super::*;

    #[derive(Default)]
    struct Told(Mutex<u32>);

    impl EventSink for Told {
        fn emit(&self, _: Event) {
            *self.0.lock().unwrap() += 1;
        }
    }

    fn report(pages: u32) -> SyncReport {
        SyncReport {
            stream: "issues".into(),
            pages,
            items: u64::from(pages) * 10,
            filtered: 0,
            new: u64::from(pages),
            known: 0,
            quarantined: 0,
            complete: false,
            started_over: false,
            retries: 0,
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            problems: Vec::new(),
        }
    }

    #[tokio::test]
    async fn one_reads_at_a_time_and_screens_hear_of_it_once_a_second() {
        let manual = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let told = Arc::new(Told::default());
        let (clock, events): (Arc<dyn Clock>, Arc<dyn EventSink>) = (manual.clone(), told.clone());
        let reading = Reading::default();
        let id = ConnectionId::from("a");
        let first = reading.begin(&id, "issues", &clock, &events).await;
        let second = reading.begin(&id, "issues", &clock, &events);
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending(), "the stream is being read");
        assert!(reading.progress(&id, "other").is_none());
        for pages in 1..50 {
            first.went_on(&report(pages));
        }
        assert_eq!(reading.progress(&id, "issues").unwrap().items, 490);
        assert_eq!(*told.0.lock().unwrap(), 2, "the beginning and the first page");
        manual.advance(TELL);
        first.went_on(&report(50));
        assert_eq!(*told.0.lock().unwrap(), 3);
        drop(first);
        let second = second.await;
        assert_eq!(reading.progress(&id, "issues").unwrap().pages, 0, "it begins anew");
        drop(second);
        assert_eq!(reading.progress(&id, "issues"), None);
    }
}
