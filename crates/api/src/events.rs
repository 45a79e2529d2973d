//! The stream of events: a snapshot first, then events with a sequence number, so that a screen
//! that was reloaded catches up.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use patchbay_model::{Event, EventSink};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use tokio::time::Instant;

/// An event with its place in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AppEvent {
    /// Counts from 1 since the engine started, without gaps. A screen that sees a gap asks anew.
    pub seq: u64,
    /// The workspace it happened in; empty where it concerns them all.
    pub workspace: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What a screen is sent: `{"seq": n}`, `[event, …]` or `{"lost": true, "seq": n}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Update {
    /// First of all: what is read from now on includes every event up to this number.
    Start {
        /// The number of the last event.
        seq: u64,
    },
    /// What happened since, oldest first, without gaps; at least one.
    Events(Vec<AppEvent>),
    /// The screen fell too far behind and events are gone: everything on it has to be read anew,
    /// which then includes every event up to this number.
    Lost {
        /// Always true; tells it from the start.
        #[cfg_attr(feature = "ts", ts(type = "true"))]
        lost: bool,
        /// The number of the last event.
        seq: u64,
    },
}

/// How many events a slow reader may fall behind before it has to ask anew.
const BACKLOG: usize = 1_024;

/// The shortest time between two updates of a screen: nobody reads faster.
const INTERVAL: Duration = Duration::from_millis(100);

/// Numbers events and passes them to whoever listens.
#[derive(Debug)]
pub struct Stream {
    // Held while an event is numbered and sent, so that readers see the numbers in order.
    seq: Mutex<u64>,
    out: broadcast::Sender<AppEvent>,
}

impl Default for Stream {
    fn default() -> Self {
        Self { seq: Mutex::new(0), out: broadcast::channel(BACKLOG).0 }
    }
}

impl Stream {
    /// The number of the last event and every event after it.
    fn subscribe(&self) -> (u64, broadcast::Receiver<AppEvent>) {
        let seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        (*seq, self.out.subscribe())
    }

    /// The number of the last event: what a snapshot taken now includes.
    pub fn seq(&self) -> u64 {
        *self.seq.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Updates for one screen, from now on.
    pub fn feed(self: &Arc<Self>) -> Feed {
        Feed { stream: Arc::downgrade(self), reader: None, sent: None }
    }

    /// Passes on what concerns every workspace.
    pub(crate) fn emit_to_all(&self, event: Event) {
        self.emit("", event);
    }

    fn emit(&self, workspace: &str, event: Event) {
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        *seq += 1;
        // Nobody listening is no error: a command line has no screen.
        let _ = self.out.send(AppEvent { seq: *seq, workspace: workspace.to_owned(), event });
    }
}

/// The stream as one screen gets it: at most ten updates a second, the first without delay.
#[derive(Debug)]
pub struct Feed {
    // Ends with the engine, so it does not hold the stream.
    stream: Weak<Stream>,
    reader: Option<broadcast::Receiver<AppEvent>>,
    sent: Option<Instant>,
}

impl Feed {
    /// Waits for the next update; none when the engine has ended. Nothing is lost where the future
    /// is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Update> {
        if let Some(sent) = self.sent {
            tokio::time::sleep_until(sent + INTERVAL).await;
        }
        let update = match &mut self.reader {
            None => Update::Start { seq: self.listen()? },
            Some(reader) => match collect(reader).await {
                Ok(events) => Update::Events(events),
                Err(End::Lagged) => Update::Lost { lost: true, seq: self.listen()? },
                Err(End::Closed) => return None,
            },
        };
        self.sent = Some(Instant::now());
        Some(update)
    }

    fn listen(&mut self) -> Option<u64> {
        let (seq, reader) = self.stream.upgrade()?.subscribe();
        self.reader = Some(reader);
        Some(seq)
    }
}

/// Why there are no events to give.
enum End {
    Lagged,
    Closed,
}

/// The events at hand, once there is one.
async fn collect(reader: &mut broadcast::Receiver<AppEvent>) -> Result<Vec<AppEvent>, End> {
    let mut events = match reader.recv().await {
        Ok(event) => vec![event],
        Err(RecvError::Lagged(_)) => return Err(End::Lagged),
        Err(RecvError::Closed) => return Err(End::Closed),
    };
    loop {
        match reader.try_recv() {
            Ok(event) => events.push(event),
            Err(TryRecvError::Lagged(_)) => return Err(End::Lagged),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(events),
        }
    }
}

/// The stream as one workspace sees it.
pub(crate) struct WorkspaceEvents {
    pub(crate) workspace: String,
    pub(crate) stream: Arc<Stream>,
}

impl EventSink for WorkspaceEvents {
    fn emit(&self, event: Event) {
        self.stream.emit(&self.workspace, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emit(stream: &Stream, count: usize) {
        for _ in 0..count {
            stream.emit("default", Event::ChainsChanged);
        }
    }

    fn numbers(update: Option<Update>) -> Vec<u64> {
        match update {
            Some(Update::Events(events)) => events.iter().map(|event| event.seq).collect(),
            other => panic!("events were expected: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_screen_gets_the_number_first_then_every_event_in_batches() {
        let stream = Arc::new(Stream::default());
        emit(&stream, 2);
        let mut feed = stream.feed();
        assert_eq!(feed.next().await, Some(Update::Start { seq: 2 }));
        emit(&stream, 3);
        assert_eq!(numbers(feed.next().await), [3, 4, 5], "one update for what came together");
        emit(&stream, 1);
        assert_eq!(numbers(feed.next().await), [6]);
        assert_eq!(stream.seq(), 6);
        drop(stream);
        assert_eq!(feed.next().await, None, "ends with the engine");
    }

    #[tokio::test]
    async fn a_screen_gets_at_most_ten_updates_a_second() {
        let stream = Arc::new(Stream::default());
        let mut feed = stream.feed();
        feed.next().await;
        let from = Instant::now();
        for _ in 0..3 {
            emit(&stream, 1);
            feed.next().await;
        }
        assert!(from.elapsed() >= INTERVAL * 3, "{:?}", from.elapsed());
    }

    #[tokio::test]
    async fn a_screen_that_fell_behind_is_told_to_read_anew_and_goes_on_from_there() {
        let stream = Arc::new(Stream::default());
        let mut feed = stream.feed();
        feed.next().await;
        emit(&stream, BACKLOG + 1);
        assert_eq!(feed.next().await, Some(Update::Lost { lost: true, seq: BACKLOG as u64 + 1 }));
        emit(&stream, 1);
        assert_eq!(numbers(feed.next().await), [BACKLOG as u64 + 2]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn events_of_many_threads_arrive_in_order_without_gaps() {
        let stream = Arc::new(Stream::default());
        let mut feed = stream.feed();
        feed.next().await;
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let stream = stream.clone();
                tokio::task::spawn_blocking(move || emit(&stream, 200))
            })
            .collect();
        let mut seen = Vec::new();
        while seen.len() < 800 {
            seen.extend(numbers(feed.next().await));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(seen.iter().copied().eq(1..=800), "{seen:?}");
    }

    #[test]
    fn the_json_of_updates_is_pinned() {
        let event = AppEvent { seq: 3, workspace: "default".into(), event: Event::ChainsChanged };
        let cases = [
            (Update::Start { seq: 2 }, r#"{"seq":2}"#),
            (Update::Events(vec![event]), r#"[{"seq":3,"workspace":"default","event":"chains_changed"}]"#),
            (Update::Lost { lost: true, seq: 9 }, r#"{"lost":true,"seq":9}"#),
        ];
        for (update, want) in cases {
            assert_eq!(serde_json::to_string(&update).unwrap(), want);
        }
    }
}
