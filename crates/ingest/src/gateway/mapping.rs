//! Takes deliveries out of the inbox and stores what comes of them. What waits is always read from the
//! rows: a lost wake-up delays, and a kill loses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use patchbay_auth::webhook::Scheme;
use patchbay_connector::webhook::{MappedDelivery, Said, SaidHeaders};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Connection, Event, EventKind, Signal};
use patchbay_store::{
    DeliveryResult, DeliveryState, Merge, NewDelivery, NewTrigger, PageResult, Schedule, StoreError, UniqueJob,
    WaitingDelivery,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::door::Site;
use super::{Backlog, TEST};
use crate::schedule::{Defaults, sync_job, sync_key};

/// How often to look without being woken.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait after the database refused.
const PAUSE: Duration = Duration::from_secs(1);
/// How long hints gather before the read that they ask for.
const GATHER: Duration = Duration::from_secs(2);
/// So many are read at once.
const BATCH: u32 = 64;
/// So many of them are written in one commit.
const TOGETHER: usize = 8;
/// How long what comes while others are mapped gathers, so that it shares a commit too. What comes to an empty
/// inbox does not wait.
const BREATH: Duration = Duration::from_millis(15);
/// So many signals of a delivery are named in what is told of it.
const NAMED: usize = 5;

/// Works until it is dropped.
pub(super) async fn run(site: Site, wake: Arc<Notify>, backlog: Arc<Backlog>) {
    loop {
        match once(&site, &backlog).await {
            Ok(0) => {
                let _ = tokio::time::timeout(LOOK, wake.notified()).await;
            }
            Ok(count) if count < BATCH as usize => tokio::time::sleep(BREATH).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(workspace = site.workspace, %error, "deliveries wait: the database refuses");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Maps what waits, a batch at most, and says how many deliveries that was.
pub(super) async fn once(site: &Site, backlog: &Backlog) -> Result<usize, StoreError> {
    let waiting = site.store.inbox_waiting(BATCH).await?;
    let connections: Vec<_> = waiting.iter().map(|one| one.delivery.connection.clone()).collect();
    let mut known = BTreeMap::new();
    for id in &connections {
        if !known.contains_key(id) {
            known.insert(id.clone(), site.store.connection(id).await);
        }
    }
    let at_once = (site.at_once)().max(1) as usize;
    let known = &known;
    let mapped = stream::iter(waiting).map(|one| async move {
        // One that cannot be read stops its own deliveries alone.
        let connection = match known.get(&one.delivery.connection) {
            Some(Err(error)) => return Err(error.clone()),
            Some(Ok(connection)) => connection.as_ref(),
            None => None,
        };
        map(site, one, connection).await
    });
    let mapped: Vec<_> = mapped.buffered(at_once).collect().await;
    // Queued in their order, a few share a commit: what comes in meanwhile waits for no more than those.
    let mut finished = Vec::with_capacity(connections.len());
    let mut mapped = mapped.into_iter().peekable();
    while mapped.peek().is_some() {
        finished.extend(join_all(mapped.by_ref().take(TOGETHER).map(|mapped| finish(site, mapped))).await);
    }
    let mut refused = None;
    let count = connections.len();
    for (connection, finished) in connections.into_iter().zip(finished) {
        match finished {
            Ok(stored) => {
                backlog.less();
                if stored.new > 0 {
                    site.events
                        .emit(Event::SignalsArrived { connection: connection.clone(), count: stored.new });
                }
                site.events.emit(Event::WebhookChanged { connection });
            }
            // The connection went, and its deliveries with it.
            Err(StoreError::NotFound(_)) => backlog.less(),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) => Err(error),
        None => Ok(count),
    }
}

/// What a delivery comes to, before it is written.
struct Mapped {
    waiting: WaitingDelivery,
    is_test: bool,
    state: DeliveryState,
    result: Value,
    body: Option<Value>,
    delivery: MappedDelivery,
    read: Option<UniqueJob>,
}

/// Maps a delivery to its connection, where that is still there.
async fn map(
    site: &Site,
    waiting: WaitingDelivery,
    connection: Option<&Connection>,
) -> Result<Mapped, StoreError> {
    let delivery = &waiting.delivery;
    let is_test = delivery.delivery.starts_with(TEST);
    let mapped = match connection {
        None => return Err(StoreError::NotFound(delivery.connection.to_string())),
        Some(connection) => match site.definitions.compiled(&connection.connector) {
            None => Err(Problem::new(Code::NotFound)
                .with("item", format!("The connector \"{}\"", connection.connector))),
            Some(compiled) => match compiled.webhook() {
                None => Err(Problem::new(Code::NotOffered)
                    .with("tool", &compiled.descriptor().name)
                    .with("message", "It takes no webhooks any more.")),
                Some(webhook) => webhook.read(&delivery.content_type, &delivery.body).map(|mut body| {
                    hide(site, delivery, webhook.scheme(), &mut body);
                    let headers: SaidHeaders =
                        serde_json::from_value(delivery.headers.clone()).unwrap_or_default();
                    let said = Said { headers: &headers, body: &body, received_at: delivery.received_at };
                    let mapped = webhook.map(compiled.descriptor(), connection, said);
                    (body, mapped)
                }),
            },
        },
    };
    let (state, result, body, mapped) = match mapped {
        Err(problem) => (DeliveryState::Failed, json!({ "problem": problem }), None, MappedDelivery::default()),
        Ok((body, mapped)) => {
            let empty = mapped.signals.is_empty() && mapped.quarantined.is_empty() && !mapped.hint;
            let state = if empty { DeliveryState::Ignored } else { DeliveryState::Done };
            (state, told(&mapped, is_test), Some(body), mapped)
        }
    };
    let read = match mapped.stream.as_deref().filter(|_| mapped.hint && !is_test) {
        Some(stream) => asked_for(site, delivery, stream).await?,
        None => None,
    };
    Ok(Mapped { waiting, is_test, state, result, body, delivery: mapped, read })
}

/// Writes down what came of a delivery: a test shows what would, and leaves nothing behind.
async fn finish(site: &Site, mapped: Result<Mapped, StoreError>) -> Result<PageResult, StoreError> {
    let Mapped { waiting, is_test, state, result, body, delivery: mapped, read } = mapped?;
    let (signals, quarantined): (&[Signal], &[_]) =
        if is_test { (&[], &[]) } else { (&mapped.signals, &mapped.quarantined) };
    let asks = read.is_some();
    let stored = site
        .store
        .inbox_finish(DeliveryResult {
            id: waiting.id,
            connection: &waiting.delivery.connection,
            state,
            result,
            stream: mapped.stream.as_deref().filter(|_| !is_test && !mapped.hint),
            read,
            signals,
            quarantined,
            event: body.filter(|_| !is_test).map(|body| event(&waiting, &mapped, body)),
        })
        .await?;
    if asks {
        (site.asked)();
    }
    Ok(stored)
}

/// Takes secrets out of a delivery before it goes on to signals and chains: that by which it was known, at its
/// place, and those of its connection by their values.
fn hide(site: &Site, delivery: &NewDelivery, scheme: &Scheme, body: &mut Value) {
    scheme.hide(body);
    site.authoriser.redactor(&delivery.connection).clean(body);
    if let Some(redactor) = site.authoriser.webhook_redactor(&delivery.connection) {
        redactor.clean(body);
    }
}

/// The read that a hint asks for: soon, so that of many hints at once one read comes; once more after one
/// that is under way, which may have passed the change by. None where the stream is switched off or waits
/// for the user.
async fn asked_for(site: &Site, delivery: &NewDelivery, stream: &str) -> Result<Option<UniqueJob>, StoreError> {
    let schedule = site.store.schedule(&sync_key(&delivery.connection, stream)).await?;
    let due = delivery.received_at.checked_add(GATHER).unwrap_or(delivery.received_at);
    let tries = Defaults::default().tries;
    let read = |schedule: &Schedule| sync_job(schedule, due, 0, Merge::Sooner, tries);
    Ok(schedule.filter(|schedule| !schedule.switched_off && !schedule.stopped).as_ref().map(read))
}

/// What is told of a delivery: never its content, but of a test the lines that its signals would have.
fn told(mapped: &MappedDelivery, is_test: bool) -> Value {
    let lines = mapped.signals.iter().take(if is_test { NAMED } else { 0 });
    let summaries: Vec<&str> = lines.map(|signal| signal.summary.as_str()).collect();
    json!({
        "kinds": mapped.kinds,
        "stream": mapped.stream,
        "hint": mapped.hint,
        "signals": mapped.signals.len(),
        "quarantined": mapped.quarantined.len(),
        "filtered": mapped.filtered,
        "summaries": summaries,
        "problem": mapped.quarantined.first().map(|item| &item.problem),
        "test": is_test,
    })
}

/// The delivery as chains that wait for one see it.
fn event(waiting: &WaitingDelivery, mapped: &MappedDelivery, body: Value) -> NewTrigger {
    let delivery = &waiting.delivery;
    let mut payload = json!({
        "delivery": delivery.delivery,
        "receivedAt": delivery.received_at,
        "kinds": mapped.kinds,
        "stream": mapped.stream,
        "externalId": mapped.signals.first().map(|signal| &signal.external_id),
    });
    payload["body"] = body;
    NewTrigger {
        kind: EventKind::Webhook.as_str().to_owned(),
        subject: delivery.connection.to_string(),
        key: delivery.delivery.clone(),
        payload,
    }
}
