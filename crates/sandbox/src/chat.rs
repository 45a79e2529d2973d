//! Sandbox Chat: channels and messages.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::fault::refusal;
use crate::server::{Shared, page};
use crate::tracker::unwritten;
use crate::world::{Effect, Message};

/// The channels that are there.
const CHANNELS: [(&str, &str); 4] = [
    ("general", "Everyone"),
    ("support", "Customers' questions"),
    ("builds", "What the machines say"),
    ("lunch", "Where to eat"),
];

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me", get(me))
        .route("/channels", get(channels))
        .route("/channels/{channel}/messages", get(messages).post(send))
        .route("/channels/{channel}/announcements", post(announce))
        .route("/messages/{id}", delete(delete_message))
        .fallback(crate::server::unknown)
}

async fn me() -> Response {
    Json(json!({ "id": "bot-1", "name": "Patchbay", "team": "Example team" })).into_response()
}

#[derive(Deserialize)]
struct CursorQuery {
    cursor: Option<usize>,
    limit: Option<usize>,
}

async fn channels(Query(query): Query<CursorQuery>) -> Response {
    let all: Vec<_> =
        CHANNELS.iter().map(|(id, topic)| json!({ "id": id, "name": id, "topic": topic })).collect();
    let number = query.cursor.unwrap_or(1);
    let (items, more) = page(&all, number, query.limit.unwrap_or(3).clamp(1, 100));
    let next = if more { json!((number + 1).to_string()) } else { json!(null) };
    Json(json!({ "channels": items, "next_cursor": next })).into_response()
}

async fn messages(
    State(shared): State<Shared>,
    Path(channel): Path<String>,
    Query(query): Query<CursorQuery>,
) -> Response {
    if !is_channel(&channel) {
        return refusal(StatusCode::NOT_FOUND, "There is no such channel");
    }
    let all: Vec<Message> =
        shared.world().messages.iter().filter(|message| message.channel == channel).cloned().collect();
    let number = query.cursor.unwrap_or(1);
    let (items, more) = page(&all, number, query.limit.unwrap_or(50).clamp(1, 100));
    let next = if more { json!((number + 1).to_string()) } else { json!(null) };
    Json(json!({ "messages": items, "next_cursor": next })).into_response()
}

#[derive(Deserialize)]
struct NewMessage {
    text: String,
}

/// Recognises a repeated `Idempotency-Key` and then gives the first answer again. The same key with
/// another content is refused, as services that have such keys do.
async fn send(
    State(shared): State<Shared>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    Json(new): Json<NewMessage>,
) -> Response {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    post_message(&shared, channel, new.text, key, false)
}

/// Acts anew each time: there is no key and no way to ask.
async fn announce(
    State(shared): State<Shared>,
    Path(channel): Path<String>,
    Json(new): Json<NewMessage>,
) -> Response {
    post_message(&shared, channel, new.text, None, true)
}

fn is_channel(channel: &str) -> bool {
    CHANNELS.iter().any(|(id, _)| *id == channel)
}

fn post_message(
    shared: &Shared,
    channel: String,
    text: String,
    key: Option<String>,
    announcement: bool,
) -> Response {
    if !is_channel(&channel) {
        return refusal(StatusCode::NOT_FOUND, "There is no such channel");
    }
    if text.trim().is_empty() {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "A text is needed");
    }
    let sent_at = shared.clock.now();
    let mut world = shared.world();
    if let Some(first) = key.as_deref().and_then(|key| world.sent_with(key)).cloned() {
        if (&first.channel, &first.text) != (&channel, &text) {
            return refusal(StatusCode::UNPROCESSABLE_ENTITY, "This key was used for another message");
        }
        world.replayed(&first);
        return (StatusCode::OK, Json(first)).into_response();
    }
    let message = Message { id: world.new_id(), channel, text, announcement, sent_at };
    match world.perform(Effect::MessageSent { message: message.clone(), key }) {
        Ok(()) => (StatusCode::CREATED, Json(message)).into_response(),
        Err(error) => unwritten(&error),
    }
}

async fn delete_message(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    let mut world = shared.world();
    if !world.messages.iter().any(|message| message.id == id) {
        return refusal(StatusCode::NOT_FOUND, "There is no such message");
    }
    match world.perform(Effect::MessageDeleted { id }) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => unwritten(&error),
    }
}
