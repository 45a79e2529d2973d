//! Events as lines of JSON, for as long as the browser listens.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use patchbay_api::Hub;
use patchbay_api::events::AppEvent;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// At most ten messages a second.
const PAUSE: Duration = Duration::from_millis(100);
/// Silence is broken by an empty line, so that a browser notices an engine that is gone.
const BEAT: Duration = Duration::from_secs(15);

/// First `{"seq": n}`: what a snapshot taken from now on includes. Then lines of events, each a list.
/// `{"lost": true}` where the browser was too slow and has to ask anew.
pub(crate) fn body(hub: &Hub) -> Body {
    let events = hub.events().subscribe();
    let first = line(&json!({ "seq": hub.events().seq() }));
    let queue = VecDeque::from([first]);
    Body::from_stream(stream::unfold((events, queue), |(mut events, mut queue)| async move {
        if queue.is_empty() {
            queue.push_back(next(&mut events).await?);
        }
        let bytes = queue.pop_front()?;
        Some((Ok::<_, std::convert::Infallible>(bytes), (events, queue)))
    }))
}

/// The next line; none when the engine ends.
async fn next(events: &mut Receiver<AppEvent>) -> Option<Bytes> {
    let first = match tokio::time::timeout(BEAT, events.recv()).await {
        Err(_) => return Some(Bytes::from_static(b"\n")),
        Ok(Ok(event)) => event,
        Ok(Err(RecvError::Lagged(_))) => return Some(line(&json!({ "lost": true }))),
        Ok(Err(RecvError::Closed)) => return None,
    };
    let mut batch = vec![first];
    tokio::time::sleep(PAUSE).await;
    while let Ok(event) = events.try_recv() {
        batch.push(event);
    }
    Some(line(&json!(batch)))
}

fn line(value: &serde_json::Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}
