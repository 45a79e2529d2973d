//! Sandbox Sheet: rows of a sheet, and webhooks that tell of them.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::fault::refusal;
use crate::server::{Shared, page};
use crate::tracker::unwritten;
use crate::world::Effect;

/// How long a hook lives, in seconds, and the longest that may be asked for.
const HOOK_SECONDS: i64 = 3 * 24 * 60 * 60;

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) amount: f64,
    pub(crate) status: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// An address that is told of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) url: String,
    /// `whsec_` and base64 (standardwebhooks.com). Never told again.
    pub(crate) secret: String,
    pub(crate) expires_at: Timestamp,
}

impl Hook {
    fn told(&self) -> Value {
        json!({ "id": self.id, "url": self.url, "expires_at": self.expires_at })
    }
}

/// The rows that are there at first.
pub(crate) fn seed() -> Vec<Row> {
    let begin = Timestamp::from_second(1_790_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
    [("Paper", 12.5, "paid"), ("Ink", 48.0, "open"), ("Coffee", 23.9, "open")]
        .into_iter()
        .zip(1..)
        .map(|((name, amount, status), id)| {
            let at = begin + SignedDuration::from_hours(id * 3);
            Row {
                id: id as u64,
                name: name.to_owned(),
                amount,
                status: status.to_owned(),
                created_at: at,
                updated_at: at,
            }
        })
        .collect()
}

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me", get(me))
        .route("/rows", get(rows).post(add))
        .route("/rows/{id}", patch(change).delete(remove))
        .route("/hooks", post(add_hook).get(hooks))
        .route("/hooks/{id}", patch(renew_hook).delete(remove_hook))
        .fallback(crate::server::unknown)
}

async fn me() -> Response {
    Json(json!({ "id": "sheet-1", "name": "Example sheet" })).into_response()
}

#[derive(Deserialize)]
struct RowsQuery {
    since: Option<Timestamp>,
    page: Option<usize>,
    per_page: Option<usize>,
}

async fn rows(State(shared): State<Shared>, Query(query): Query<RowsQuery>) -> Response {
    let mut all: Vec<Row> = shared
        .world()
        .rows
        .iter()
        .filter(|row| query.since.is_none_or(|since| row.updated_at >= since))
        .cloned()
        .collect();
    all.sort_by_key(|row| (row.updated_at, row.id));
    let number = query.page.unwrap_or(1);
    let (items, more) = page(&all, number, query.per_page.unwrap_or(50).clamp(1, 100));
    Json(json!({ "rows": items, "more": more })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRow {
    name: String,
    #[serde(default)]
    amount: f64,
    #[serde(default)]
    status: Option<String>,
}

async fn add(State(shared): State<Shared>, Json(new): Json<NewRow>) -> Response {
    if new.name.trim().is_empty() {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "A name is needed");
    }
    let at = shared.clock.now();
    let row = {
        let mut world = shared.world();
        let row = Row {
            id: world.new_id(),
            name: new.name,
            amount: new.amount,
            status: new.status.unwrap_or_else(|| "open".to_owned()),
            created_at: at,
            updated_at: at,
        };
        if let Err(error) = world.perform(Effect::RowAdded { row: row.clone() }) {
            return unwritten(&error);
        }
        row
    };
    shared.tell("row.added", &row);
    (StatusCode::CREATED, Json(row)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    amount: Option<f64>,
    #[serde(default)]
    status: Option<String>,
}

async fn change(State(shared): State<Shared>, Path(id): Path<u64>, Json(change): Json<RowChange>) -> Response {
    let row = {
        let mut world = shared.world();
        let Some(mut row) = world.rows.iter().find(|row| row.id == id).cloned() else {
            return refusal(StatusCode::NOT_FOUND, "There is no such row");
        };
        row.name = change.name.unwrap_or(row.name);
        row.amount = change.amount.unwrap_or(row.amount);
        row.status = change.status.unwrap_or(row.status);
        row.updated_at = shared.clock.now();
        if let Err(error) = world.perform(Effect::RowChanged { row: row.clone() }) {
            return unwritten(&error);
        }
        row
    };
    shared.tell("row.changed", &row);
    Json(row).into_response()
}

async fn remove(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    let row = {
        let mut world = shared.world();
        let Some(row) = world.rows.iter().find(|row| row.id == id).cloned() else {
            return refusal(StatusCode::NOT_FOUND, "There is no such row");
        };
        if let Err(error) = world.perform(Effect::RowRemoved { id }) {
            return unwritten(&error);
        }
        row
    };
    shared.tell("row.removed", &row);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewHook {
    url: String,
    secret: String,
    #[serde(default)]
    until: Option<Timestamp>,
}

/// When a hook ends: as asked for, and in three days at the latest.
fn end(shared: &Shared, asked: Option<Timestamp>) -> Timestamp {
    let latest = shared.clock.now() + SignedDuration::from_secs(HOOK_SECONDS);
    asked.map_or(latest, |asked| asked.min(latest))
}

async fn add_hook(State(shared): State<Shared>, Json(new): Json<NewHook>) -> Response {
    // Only this computer is told: nothing leaves it.
    let here = Url::parse(&new.url).is_ok_and(|url| {
        url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
    });
    if !here {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "The address is not one of this computer");
    }
    if crate::delivery::key(&new.secret).is_none() {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "The secret is whsec_ and base64");
    }
    let expires_at = end(&shared, new.until);
    let mut world = shared.world();
    let hook = Hook { id: world.new_id(), url: new.url, secret: new.secret, expires_at };
    match world.perform(Effect::HookAdded { hook: hook.clone() }) {
        Ok(()) => (StatusCode::CREATED, Json(hook.told())).into_response(),
        Err(error) => unwritten(&error),
    }
}

async fn hooks(State(shared): State<Shared>) -> Response {
    let told: Vec<Value> = shared.world().hooks.iter().map(Hook::told).collect();
    Json(json!({ "hooks": told })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewal {
    #[serde(default)]
    until: Option<Timestamp>,
}

async fn renew_hook(
    State(shared): State<Shared>,
    Path(id): Path<u64>,
    Json(renewal): Json<Renewal>,
) -> Response {
    let expires_at = end(&shared, renewal.until);
    let mut world = shared.world();
    let Some(mut hook) = world.hooks.iter().find(|hook| hook.id == id).cloned() else {
        return refusal(StatusCode::NOT_FOUND, "There is no such hook");
    };
    hook.expires_at = expires_at;
    match world.perform(Effect::HookAdded { hook: hook.clone() }) {
        Ok(()) => Json(hook.told()).into_response(),
        Err(error) => unwritten(&error),
    }
}

async fn remove_hook(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    let mut world = shared.world();
    if !world.hooks.iter().any(|hook| hook.id == id) {
        return refusal(StatusCode::NOT_FOUND, "There is no such hook");
    }
    match world.perform(Effect::HookRemoved { id }) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => unwritten(&error),
    }
}
