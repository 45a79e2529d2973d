//! The stream of events: a snapshot first, then events with a sequence number, so that a screen
//! that was reloaded catches up.

use std::sync::atomic::{AtomicU64, Ordering};

use patchbay_model::{Event, EventSink};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// An event with its place in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AppEvent {
    /// Counts from 1 since the engine started, without gaps. A screen that sees a gap asks anew.
    pub seq: u64,
    /// The workspace it happened in.
    pub workspace: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// How many events a slow reader may fall behind before it has to ask anew.
const BACKLOG: usize = 1_024;

/// Numbers events and passes them to whoever listens.
#[derive(Debug)]
pub struct Stream {
    seq: AtomicU64,
    out: broadcast::Sender<AppEvent>,
}

impl Default for Stream {
    fn default() -> Self {
        Self { seq: AtomicU64::new(0), out: broadcast::channel(BACKLOG).0 }
    }
}

impl Stream {
    /// Events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<AppEvent> {
        self.out.subscribe()
    }

    /// The number of the last event: what a snapshot taken now includes.
    pub fn seq(&self) -> u64 {
        self.seq.load(Ordering::Acquire)
    }

    fn emit(&self, workspace: &str, event: Event) {
        let seq = self.seq.fetch_add(1, Ordering::AcqRel) + 1;
        // Nobody listening is no error: a command line has no screen.
        let _ = self.out.send(AppEvent { seq, workspace: workspace.to_owned(), event });
    }
}

/// The stream as one workspace sees it.
pub(crate) struct WorkspaceEvents {
    pub(crate) workspace: String,
    pub(crate) stream: std::sync::Arc<Stream>,
}

impl EventSink for WorkspaceEvents {
    fn emit(&self, event: Event) {
        self.stream.emit(&self.workspace, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_are_numbered_without_gaps() {
        let stream = Stream::default();
        let mut reader = stream.subscribe();
        for _ in 0..3 {
            stream.emit("default", Event::ChainsChanged);
        }
        for want in 1..=3 {
            assert_eq!(reader.recv().await.unwrap().seq, want);
        }
        assert_eq!(stream.seq(), 3);
    }
}
