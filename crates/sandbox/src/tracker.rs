//! Sandbox Tracker: issues and comments.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::Deserialize;

use crate::account::Caller;
use crate::fault::refusal;
use crate::server::{Shared, page};
use crate::world::{Comment, Effect, Issue, IssueChange};

/// The states of an issue.
const STATES: [&str; 2] = ["open", "closed"];

/// How urgent an issue may be.
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me", get(me))
        .route("/issues", get(list).post(create))
        .route("/issues/{number}", get(show).patch(change))
        .route("/issues/{number}/comments", get(comments).post(comment))
        .route("/comments/{id}", delete(delete_comment))
        .fallback(crate::server::unknown)
}

async fn me(Extension(caller): Extension<Caller>) -> Response {
    Json(caller.told()).into_response()
}

#[derive(Deserialize)]
struct ListQuery {
    state: Option<String>,
    since: Option<Timestamp>,
    page: Option<usize>,
    per_page: Option<usize>,
}

async fn list(State(shared): State<Shared>, Query(query): Query<ListQuery>) -> Response {
    if query.state.as_deref().is_some_and(|state| state != "all" && !STATES.contains(&state)) {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "The state is open, closed or all");
    }
    let mut issues: Vec<Issue> = shared
        .world()
        .issues
        .iter()
        .filter(|issue| query.state.as_deref().is_none_or(|state| state == "all" || state == issue.state))
        .filter(|issue| query.since.is_none_or(|since| issue.updated_at >= since))
        .cloned()
        .collect();
    issues.sort_by_key(|issue| (issue.updated_at, issue.number));
    let number = query.page.unwrap_or(1).max(1);
    let size = query.per_page.unwrap_or(5).clamp(1, 100);
    let (items, more) = page(&issues, number, size);
    let mut response = Json(items).into_response();
    if more {
        let mut address = format!("{}/issues?page={}&per_page={size}", shared.access.tracker_url, number + 1);
        if let Some(state) = &query.state {
            address.push_str(&format!("&state={state}"));
        }
        if let Some(since) = query.since {
            address.push_str(&format!("&since={since}"));
        }
        if let Ok(value) = HeaderValue::from_str(&format!("<{address}>; rel=\"next\"")) {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    response
}

async fn show(State(shared): State<Shared>, Path(number): Path<u64>) -> Response {
    match shared.world().issues.iter().find(|issue| issue.number == number) {
        Some(issue) => Json(issue).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "There is no such issue"),
    }
}

#[derive(Deserialize)]
struct NewIssue {
    title: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    labels: Vec<String>,
}

async fn create(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewIssue>,
) -> Response {
    if new.title.trim().is_empty() {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "A title is needed");
    }
    let now = shared.clock.now();
    let mut world = shared.world();
    let number = world.issues.iter().map(|issue| issue.number).max().unwrap_or(0) + 1;
    let issue = Issue {
        number,
        title: new.title,
        body: new.body,
        state: "open".to_owned(),
        priority: "medium".to_owned(),
        labels: new.labels,
        author: caller.person(),
        url: format!("https://tracker.example.test/issues/{number}"),
        created_at: now,
        updated_at: now,
    };
    match world.perform(Effect::IssueCreated { issue: issue.clone() }) {
        Ok(()) => (StatusCode::CREATED, Json(issue)).into_response(),
        Err(error) => unwritten(&error),
    }
}

async fn change(
    State(shared): State<Shared>,
    Path(number): Path<u64>,
    Json(change): Json<IssueChange>,
) -> Response {
    let odd =
        |value: &Option<String>, known: &[&str]| value.as_deref().is_some_and(|value| !known.contains(&value));
    let wrong = if change == IssueChange::default() {
        Some("Nothing to change is given")
    } else if odd(&change.state, &STATES) {
        Some("The state is open or closed")
    } else if odd(&change.priority, &PRIORITIES) {
        Some("The priority is low, medium, high or critical")
    } else if change.title.as_deref().is_some_and(|title| title.trim().is_empty()) {
        Some("A title is needed")
    } else {
        None
    };
    if let Some(message) = wrong {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, message);
    }
    let at = shared.clock.now();
    let mut world = shared.world();
    if !world.issues.iter().any(|issue| issue.number == number) {
        return refusal(StatusCode::NOT_FOUND, "There is no such issue");
    }
    if let Err(error) = world.perform(Effect::IssueChanged { number, change, at }) {
        return unwritten(&error);
    }
    let issue = world.issues.iter().find(|issue| issue.number == number).cloned();
    Json(issue).into_response()
}

async fn comments(State(shared): State<Shared>, Path(number): Path<u64>) -> Response {
    let world = shared.world();
    if !world.issues.iter().any(|issue| issue.number == number) {
        return refusal(StatusCode::NOT_FOUND, "There is no such issue");
    }
    let comments: Vec<&Comment> = world.comments.iter().filter(|comment| comment.issue == number).collect();
    Json(comments).into_response()
}

#[derive(Deserialize)]
struct NewComment {
    body: String,
}

async fn comment(
    State(shared): State<Shared>,
    Path(number): Path<u64>,
    Json(new): Json<NewComment>,
) -> Response {
    if new.body.trim().is_empty() {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "A text is needed");
    }
    let created_at = shared.clock.now();
    let mut world = shared.world();
    if !world.issues.iter().any(|issue| issue.number == number) {
        return refusal(StatusCode::NOT_FOUND, "There is no such issue");
    }
    let comment = Comment { id: world.new_id(), issue: number, body: new.body, created_at };
    match world.perform(Effect::CommentAdded { comment: comment.clone() }) {
        Ok(()) => (StatusCode::CREATED, Json(comment)).into_response(),
        Err(error) => unwritten(&error),
    }
}

async fn delete_comment(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    let mut world = shared.world();
    if !world.comments.iter().any(|comment| comment.id == id) {
        return refusal(StatusCode::NOT_FOUND, "There is no such comment");
    }
    match world.perform(Effect::CommentDeleted { id }) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => unwritten(&error),
    }
}

/// The effect could not be made durable, so it did not happen.
pub(crate) fn unwritten(error: &std::io::Error) -> Response {
    tracing::error!(%error, "an effect could not be written down");
    refusal(StatusCode::SERVICE_UNAVAILABLE, "The sandbox cannot write its state")
}
