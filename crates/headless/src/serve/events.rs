//! Events as lines of JSON, for as long as the browser listens.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use patchbay_api::Hub;

/// Silence is broken by an empty line, so that a browser notices an engine that is gone.
const BEAT: Duration = Duration::from_secs(15);

/// One update a line, as [`Update`](patchbay_api::events::Update) says; ends with the engine.
pub(crate) fn body(hub: &Hub) -> Body {
    Body::from_stream(stream::unfold(hub.events().feed(), |mut feed| async move {
        let line = match tokio::time::timeout(BEAT, feed.next()).await {
            Err(_) => Bytes::from_static(b"\n"),
            Ok(update) => line(&serde_json::to_value(update?).unwrap_or_default()),
        };
        Some((Ok::<_, std::convert::Infallible>(line), feed))
    }))
}

fn line(value: &serde_json::Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}
