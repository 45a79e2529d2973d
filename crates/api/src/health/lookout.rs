//! Keeps an eye on the connections of a workspace as long as the program stays: writes down when one
//! gets better or worse, and tells the screens.

use std::collections::HashSet;
use std::time::Duration;

use patchbay_model::{ConnectionId, Event, Problem};
use patchbay_store::{ConnectionFilter, HealthChange};
use tokio::time::{Instant, sleep, timeout_at};

use super::facts::{Judged, rules};
use crate::events::{Feed, Update};
use crate::hub::Hub;
use crate::workspace::{WeakWorkspace, Workspace};

/// Rules that look at the clock alone change their mind this late at most.
const ALL: Duration = Duration::from_secs(15);
/// What happens within this time is judged once.
const GATHER: Duration = Duration::from_millis(250);

/// Tells the screens what is done with connections: at most once per connection and moment.
pub(crate) async fn show_activity(workspace: WeakWorkspace, activity: patchbay_connector::Activity) {
    loop {
        let changed = activity.changes().await;
        let Some(workspace) = workspace.upgrade() else { return };
        for id in changed {
            workspace.events().emit(Event::ConnectionChanged { id });
        }
        drop(workspace);
        sleep(GATHER).await;
    }
}

/// Judges what has changed, and everything now and then.
pub(crate) async fn keep_watch(workspace: WeakWorkspace, hub: crate::hub::WeakHub, mut feed: Feed) {
    let mut last_all: Option<Instant> = None;
    loop {
        let due = last_all.map(|at| at + ALL);
        let mut changed = HashSet::new();
        if let Some(due) = due {
            match timeout_at(due, feed.next()).await {
                Ok(None) => return,
                Ok(Some(update)) => {
                    let Some(workspace) = workspace.upgrade() else { return };
                    changed = concerned(&update, workspace.name());
                    if changed.is_empty() && !matches!(update, Update::Lost { .. }) {
                        continue;
                    }
                }
                Err(_) => {}
            }
        }
        let (Some(workspace), Some(hub)) = (workspace.upgrade(), hub.upgrade()) else { return };
        if changed.is_empty() {
            last_all = Some(Instant::now());
        }
        if let Err(problem) = once(&hub, &workspace, &changed).await {
            tracing::warn!(%problem, "the health of connections is not judged now");
        }
        drop((workspace, hub));
        sleep(GATHER).await;
    }
}

/// The connections of this workspace that an update is about.
fn concerned(update: &Update, workspace: &str) -> HashSet<ConnectionId> {
    let Update::Events(events) = update else { return HashSet::new() };
    let own = events.iter().filter(|event| event.workspace == workspace);
    own.filter_map(|event| match &event.event {
        Event::ConnectionChanged { id } => Some(id.clone()),
        _ => None,
    })
    .collect()
}

/// Judges these connections, or all where none is named, and writes down what is different.
pub(crate) async fn once(
    hub: &Hub,
    workspace: &Workspace,
    only: &HashSet<ConnectionId>,
) -> Result<(), Problem> {
    let (store, clock) = (workspace.store(), hub.clock().as_ref());
    let rules = rules(store).await?;
    let usual = workspace.usual().read(store, clock.now()).await?;
    let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
    for connection in store.connection_list(filter).await?.items {
        if connection.paused || !(only.is_empty() || only.contains(&connection.id)) {
            continue;
        }
        let usual = usual.get(connection.id.as_str()).copied();
        let one = Judged::of(workspace, clock, &rules, usual, connection).await?;
        let change = HealthChange {
            connection: one.connection.id.clone(),
            at: clock.now(),
            state: one.verdict.state,
            reasons: one.verdict.reasons.iter().map(|reason| reason.words()).collect(),
        };
        if store.health_changed(&change).await? {
            workspace
                .events()
                .emit(Event::HealthChanged { connection: change.connection, state: change.state });
        }
    }
    Ok(())
}
