//! Calls of the addresses of steps that wait: `/answers/{run}/{step}/{item}/{hash}`. The address is what a
//! caller proves himself by, and an earlier step of the run told it to the one who should call. What it
//! brings is durable before success is said, and the run finds it in the rows.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, header};
use patchbay_auth::webhook::AddressKey;
use patchbay_model::logic::Logic;
use patchbay_model::{EventKind, RunId, StepId};
use patchbay_store::NewTrigger;
use serde_json::{Value, json};
use url::Url;

use super::door::Site;
use super::outcome::Outcome;
use super::receive::{declared_length, read};
use super::{Gateway, Inner};

/// The largest body.
const LARGEST: usize = 256 * 1024;
/// Calls of one address that are kept: a step may wait past some of them.
const MOST_KEPT: u64 = 100;

/// An item of a step of a run, as its address names it.
struct Place {
    run: RunId,
    step: StepId,
    item: u32,
}

impl Place {
    /// What a path names, and the last part of it.
    fn of(path: &str) -> Option<(Self, &str)> {
        let mut parts = path.strip_prefix("/answers/")?.split('/');
        let (run, step, item, last) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let place = Self { run: RunId::from(run), step: StepId::from(step), item: item.parse().ok()? };
        // A number is written in one way.
        (place.item.to_string() == item).then_some((place, last))
    }

    fn text(&self) -> String {
        format!("{}/{}/{}", self.run, self.step, self.item)
    }
}

impl Gateway {
    /// The address of an item of a step: the one of the user's tunnel where there is one, else on this
    /// computer.
    pub fn step_address(&self, key: &AddressKey, run: &RunId, step: &StepId, item: u32) -> Option<Url> {
        let place = Place { run: run.clone(), step: step.clone(), item }.text();
        let path = format!("/answers/{place}/{}", key.last_part(&place));
        let settings = self.settings();
        if let Some(public) = settings.public_url {
            return public.join(&path).ok();
        }
        let port = self.state().listening.map_or(settings.port, |at| at.port());
        Url::parse(&format!("http://127.0.0.1:{port}{path}")).ok().filter(|_| port != 0)
    }
}

impl Inner {
    /// Keeps a call of a step's address.
    pub(super) async fn answer(&self, parts: &Parts, body: Body) -> Result<Outcome, Outcome> {
        let (place, last) = Place::of(parts.uri.path()).ok_or(Outcome::Address)?;
        let site = self.site_of(&place, last).ok_or(Outcome::Address)?;
        if parts.method != Method::POST && parts.method != Method::PUT {
            return Err(Outcome::Method);
        }
        let plain = |name: &header::HeaderName| parts.headers.get_all(name).iter().count() <= 1;
        if !plain(&header::CONTENT_TYPE) || parts.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(Outcome::ContentType);
        }
        let declared = declared_length(&parts.headers);
        if declared.is_some_and(|length| length > LARGEST) {
            return Err(Outcome::TooLarge);
        }
        let room = u32::try_from(declared.unwrap_or(LARGEST).div_ceil(1_024).max(1)).unwrap_or(u32::MAX);
        let _room = self.room.try_acquire_many(room).map_err(|_| Outcome::Busy)?;
        let run = site.store.run(&place.run).await.map_err(|_| Outcome::Storage)?;
        let waits = run.filter(|run| !run.state.is_final() && !run.dry_run).is_some_and(|run| {
            run.snapshot.step(&place.step).is_some_and(|(_, step)| {
                step.connection.is_empty() && matches!(step.logic, Some(Logic::Delivery { .. }))
            })
        });
        if !waits {
            return Err(Outcome::Off);
        }
        let kept = site.store.answers_kept(&place.run, &place.step, place.item).await;
        if kept.map_err(|_| Outcome::Storage)? >= MOST_KEPT {
            return Err(Outcome::TooManyFailures);
        }
        let media = parts.headers.get(header::CONTENT_TYPE).map(|media| media.to_str().unwrap_or("?"));
        let bytes = read(body, LARGEST).await?;
        let hash = patchbay_connector::sha256_hex(&bytes);
        let body = value(media, bytes)?;
        let event = NewTrigger {
            kind: EventKind::Answer.as_str().to_owned(),
            subject: place.run.to_string(),
            key: format!("{}/{}/{hash}", place.step, place.item),
            payload: json!({ "step": place.step, "item": place.item,
                "receivedAt": self.clock.now(), "body": body }),
        };
        match site.store.trigger_record(event, None).await {
            Ok(true) => Ok(Outcome::Accepted),
            Ok(false) => Ok(Outcome::Duplicate),
            Err(error) => {
                tracing::warn!(run = %place.run, %error, "a step's answer could not be kept");
                Err(Outcome::Storage)
            }
        }
    }

    /// The workspace whose address it is.
    fn site_of(&self, place: &Place, last: &str) -> Option<Site> {
        let sites = self.sites.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let text = place.text();
        sites.values().find(|open| open.site.addresses.fits(&text, last)).map(|open| open.site.clone())
    }
}

/// A body as a value: JSON, a form, or text. None where it was empty.
fn value(media: Option<&str>, bytes: Vec<u8>) -> Result<Value, Outcome> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let essence = media.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || essence.ends_with("+json");
    match essence.as_str() {
        _ if is_json => serde_json::from_slice(&bytes).map_err(|_| Outcome::Malformed),
        "application/x-www-form-urlencoded" => {
            let mut members = serde_json::Map::new();
            for (name, value) in url::form_urlencoded::parse(&bytes) {
                // The first of several stands.
                members.entry(name.into_owned()).or_insert_with(|| Value::String(value.into_owned()));
            }
            Ok(Value::Object(members))
        }
        "" | "text/plain" => String::from_utf8(bytes).map(Value::String).map_err(|_| Outcome::Malformed),
        _ => Err(Outcome::ContentType),
    }
}
